"""An SQS client of before 2023, when SDKs spoke the query protocol: Debian's botocore, in a process of its own.

As a program (started by QueryClient, with the system's Python): reads one call a line as JSON, prints its outcome.
"""
import base64
import json
import os
import subprocess
import sys
import threading

PYTHON = "/usr/bin/python3"


def pack(value):
    """JSON with bytes in it, both ways."""
    if isinstance(value, bytes):
        return {"__bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: pack(item) for key, item in value.items()}
    return [pack(item) for item in value] if isinstance(value, list) else value


def unpack(value):
    if isinstance(value, dict):
        return base64.b64decode(value["__bytes"]) if "__bytes" in value else {key: unpack(item) for key, item in value.items()}
    return [unpack(item) for item in value] if isinstance(value, list) else value


class QueryError(Exception):
    """As botocore's ClientError."""

    def __init__(self, response):
        super().__init__(str(response["Error"]))
        self.response = response


class QueryClient:
    """Looks like a boto3 client. One call at a time."""

    def __init__(self, url, region="us-east-1", key="test", secret="test"):
        command = [PYTHON, os.path.abspath(__file__), url, region, key, secret]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lock = threading.Lock()

    @staticmethod
    def available():
        check = "import awscli.botocore.session as s; assert s.get_session().get_service_model('sqs').protocol == 'query'"
        return os.path.exists(PYTHON) and subprocess.run([PYTHON, "-c", check], capture_output=True).returncode == 0

    def __getattr__(self, operation):
        def call(**arguments):
            with self.lock:
                self.process.stdin.write(json.dumps([operation, pack(arguments)]) + "\n")
                self.process.stdin.flush()
                outcome = unpack(json.loads(self.process.stdout.readline()))
            if "failed" in outcome:
                raise QueryError(outcome["failed"])
            return outcome["answered"]
        return call

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


def main():
    import awscli.botocore.session
    from awscli.botocore.config import Config

    url, region, key, secret = sys.argv[1:]
    client = awscli.botocore.session.get_session().create_client(
        "sqs", endpoint_url=url, region_name=region, aws_access_key_id=key, aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 1}, read_timeout=60))
    for line in sys.stdin:
        operation, arguments = json.loads(line)
        try:
            outcome = {"answered": getattr(client, operation)(**unpack(arguments))}
        except Exception as error:  # the class depends on how the package was renamed
            if not hasattr(error, "response"):
                raise
            outcome = {"failed": error.response}
        print(json.dumps(pack(outcome), default=str), flush=True)


if __name__ == "__main__":
    main()
