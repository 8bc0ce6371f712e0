"""One invocation as a caller and a reader of its log see it."""
import base64
import json
import re
from dataclasses import dataclass

REPORT = re.compile(
    r"REPORT RequestId: (?P<id>[0-9a-f-]{36})\tDuration: (?P<duration>\d+\.\d\d) ms\tBilled Duration: (?P<billed>\d+) ms\t"
    r"Memory Size: (?P<size>\d+) MB\tMax Memory Used: (?P<used>\d+) MB\t(?:Init Duration: (?P<init>\d+\.\d\d) ms\t)?"
    r"(?:Status: (?P<status>\w+)\t(?:Error Type: (?P<error>[\w.]+)\t)?)?\n"
    r"(?:XRAY TraceId: (?P<trace>\S+)\tSegmentId: (?P<segment>[0-9a-f]{16})\tSampled: true\t\n)?")
FAST = {"Delay": 0.1, "MaxAttempts": 600}


@dataclass
class Answer:
    payload: object
    error: str  # X-Amz-Function-Error
    request_id: str
    log: str    # its last 4 KB

    @property
    def report(self):
        """The members of the REPORT line; None for what it does not have."""
        found = REPORT.search(self.log)
        assert found, f"no REPORT line as AWS writes it:\n{self.log}"
        assert found["id"] == self.request_id
        return found.groupdict()

    @property
    def records(self):
        """The objects of a JSON log; what a function prints plainly stays as it is."""
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]

    def record(self, kind):
        """The one record of a platform event; None when it is not logged."""
        found = [one["record"] for one in self.records if one.get("type") == kind]
        assert len(found) <= 1, found
        return found[0] if found else None


def send(client, name, payload, **settings):
    answer = client.invoke(FunctionName=name, Payload=payload, LogType="Tail", **settings)
    return Answer(json.loads(answer["Payload"].read()), answer.get("FunctionError", ""), answer["ResponseMetadata"]["RequestId"],
                  base64.b64decode(answer["LogResult"]).decode())


def call(client, name, event=None, **settings):
    return send(client, name, json.dumps(event).encode(), **settings)


def change(client, name, **settings):
    """Changes the configuration, and waits until that is done."""
    client.update_function_configuration(FunctionName=name, **settings)
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
