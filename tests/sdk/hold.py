"""Functions that hold their invocations until the test lets them go: the tag `released` of their function says when."""
import json
from concurrent.futures import ThreadPoolExecutor

from daemon import wait_until

HOLD = '''
import datetime, hashlib, hmac, http.client, json, os, time, urllib.parse

STARTED = os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]


def tags(arn):
    """ListTags, signed with the environment's own credentials."""
    region, host = os.environ["AWS_REGION"], "169.254.100.2"
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    path = "/2017-03-31/tags/" + urllib.parse.quote(arn, safe="")
    headers = {"host": host, "x-amz-date": stamp, "x-amz-security-token": os.environ["AWS_SESSION_TOKEN"]}
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\\n" for name in sorted(headers))
    request = "\\n".join(["GET", urllib.parse.quote(path, safe="/"), "", lines, names, hashlib.sha256(b"").hexdigest()])
    scope = f"{day}/{region}/lambda/aws4_request"
    text = "\\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = b"AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"].encode()
    for part in (day, region, "lambda", "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
                                f"SignedHeaders={names}, Signature={key.hex()}")
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, body
    return json.loads(body)["Tags"]


def handler(event, context):
    if event.get("crash"):
        os._exit(1)
    while event.get("hold") and "released" not in tags(":".join(context.invoked_function_arn.split(":")[:7])):
        time.sleep(0.05)
    return {"type": STARTED, "stream": context.log_stream_name, "version": context.function_version}
'''


class Holder:
    """Invocations that a test begins, counts and lets go."""

    def __init__(self, daemon, client, threads=64):
        self.daemon, self.client = daemon, client
        self.pool = ThreadPoolExecutor(threads)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pool.shutdown()

    def running(self):
        return json.loads(self.daemon.send("GET", "/_mayfly/status").body)["invocations_running"]

    def begin(self, name, count=1, **settings):
        """Returns their futures when they run, and nothing else has ended meanwhile."""
        before = self.running()
        futures = [self.pool.submit(self.call, name, {"hold": True}, **settings) for _ in range(count)]
        wait_until(lambda: self.running() == before + count, 60, "the invocations do not run")
        return futures

    def call(self, name, event=None, **settings):
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event or {}).encode(), **settings)
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload

    def release(self, name, futures):
        arn = self.client.get_function_configuration(FunctionName=name)["FunctionArn"]
        self.client.tag_resource(Resource=arn, Tags={"released": "yes"})
        results = [future.result(60) for future in futures]
        self.client.untag_resource(Resource=arn, TagKeys=["released"])
        return results


def throttle_of(call):
    """What the wire shows of a refused invocation."""
    try:
        call()
    except Exception as error:  # of a client made for another endpoint, so its class has no name here
        response = getattr(error, "response", None)
        assert response, error
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 429, response
        return response
    raise AssertionError("it was not refused")


def metric(daemon, name, **labels):
    """A figure of /_mayfly/metrics with exactly these labels."""
    for line in daemon.send("GET", "/_mayfly/metrics").body.decode().splitlines():
        head, _, value = line.rpartition(" ")
        if not head.startswith(name + "{"):
            continue
        found = dict(part.split("=", 1) for part in head[len(name) + 1:-1].split(","))
        if {key: text.strip('"') for key, text in found.items()} == labels:
            return float(value)
    return None
