"""Push sources: Publish to a queue and PutEvents among many rules beside SendMessage; from PutObject to the handler beside fdatasync and a warm invoke.

One connection and one request after the other, in turns: a request is durable before its answer, and so is what it leads to. The CPU figures are the
daemon's, with everything that a request leads to (the delivery to the queue) in them.
"""

import http.client
import json
import os
import tempfile
import time
from urllib.parse import urlencode

from . import programs, warm
from .mapping import ACCOUNT, Queue, handler_times
from .objects import files_per_second
from .rows import Row, rates, spread

REGION = "us-east-1"
RULES = (100, 1000)
CLOCK = """
import time
def handler(event, context):
    now = time.time()
    for record in event["Records"]:
        print("LATE", now - float(record["s3"]["object"]["key"]))
"""


def signed(service):
    return {"x-amz-date": "20260101T000000Z",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"}


class Caller:
    def __init__(self, daemon):
        self.connection = http.client.HTTPConnection("127.0.0.1", daemon.port)

    def send(self, method, path, body, headers):
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if not 200 <= answer.status < 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return text

    def events(self, operation, **parameters):
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"AWSEvents.{operation}", **signed("events")}
        answer = json.loads(self.send("POST", "/", json.dumps(parameters), headers) or "{}")
        if answer.get("FailedEntryCount"):
            raise RuntimeError(f"{operation}: {answer}")
        return answer

    def sns(self, action, **parameters):
        body = urlencode({"Action": action, "Version": "2010-03-31", **parameters})
        return self.send("POST", "/", body, {"Content-Type": "application/x-www-form-urlencoded", **signed("sns")}).decode()

    def s3(self, method, path, body=b""):
        return self.send(method, path, body, signed("s3"))


def allow(queue, service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage", "Resource": queue.arn}
    queue.call("SetQueueAttributes", Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})})



def timed(daemon, request, count):
    """Requests per second, and the daemon's CPU microseconds for each."""
    cpu, begin = daemon.cpu_seconds(), time.monotonic()
    for _ in range(count):
        request()
    seconds = time.monotonic() - begin
    time.sleep(0.3)  # what is owed is on its way
    return count / seconds, (daemon.cpu_seconds() - cpu) / count * 1e6


def beside_sends(daemon, settings, queue, request, name, title):
    count = max(100, settings.requests // 5)
    subjects, references, cpu, send_cpu = [], [], [], []
    for _ in range(settings.rate_rounds):
        rate, used = timed(daemon, lambda: queue.call("SendMessage", MessageBody="x" * 100), count)
        references.append(rate)
        send_cpu.append(used)
        rate, used = timed(daemon, request, count)
        subjects.append(rate)
        cpu.append(used)
    return Row(name, title, "per second", rates(subjects), "SendMessage", rates(references),
               {"requests": count, "rounds": settings.rate_rounds, "cpu_us": round(min(cpu)), "cpu_us_of_SendMessage": round(min(send_cpu))})


def publish(settings):
    with warm.Daemon() as daemon:
        caller, queue, target = Caller(daemon), Queue(daemon, "sent"), Queue(daemon, "target")
        allow(target, "sns.amazonaws.com")
        topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:bench"
        caller.sns("CreateTopic", Name="bench")
        caller.sns("Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=target.arn)
        return beside_sends(daemon, settings, queue, lambda: caller.sns("Publish", TopicArn=topic, Message="x" * 100), "push_publish",
                            "Publish per second to a topic with a queue, 1 connection")


def put_events(settings, rules):
    with warm.Daemon() as daemon:
        caller, queue, target = Caller(daemon), Queue(daemon, "sent"), Queue(daemon, "target")
        allow(target, "events.amazonaws.com")
        for number in range(rules):
            caller.events("PutRule", Name=f"r{number}", EventPattern=json.dumps({"source": [f"app.{number}"], "detail": {"kind": ["a", "b"]}}))
        caller.events("PutTargets", Rule="r7", Targets=[{"Id": "q", "Arn": target.arn}])
        entry = {"Source": "app.7", "DetailType": "d", "Detail": json.dumps({"kind": "a", "text": "x" * 80})}
        return beside_sends(daemon, settings, queue, lambda: caller.events("PutEvents", Entries=[entry]), f"push_events_{rules}",
                            f"PutEvents per second among {rules:,} rules, one of which has a queue, 1 connection")


def object_latency(settings):
    samples = settings.cold_samples
    invokes, syncs = [], []
    with warm.Daemon() as daemon, tempfile.TemporaryDirectory() as folder:
        caller = Caller(daemon)
        package = programs.Package("Python", programs.python().runtime, "index.handler", programs.make_zip({"index.py": (CLOCK, 0o644)}), ())
        daemon.create_function("clock", package)
        daemon.create_function("plain", programs.python())
        daemon.call("POST", "/2015-03-31/functions/clock/policy", {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"})
        caller.s3("PUT", "/bench")
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:clock"
        caller.s3("PUT", "/bench?notification", (f"<NotificationConfiguration><CloudFunctionConfiguration><CloudFunction>{arn}</CloudFunction>"
                                                 "<Event>s3:ObjectCreated:*</Event></CloudFunctionConfiguration></NotificationConfiguration>").encode())
        for done in range(samples):
            syncs.append(1e6 / files_per_second(folder, 1024, 0.02))
            begin = time.monotonic()
            daemon.invoke("plain", {})
            invokes.append((time.monotonic() - begin) * 1e6)
            caller.s3("PUT", f"/bench/{time.time()}", os.urandom(1024))
            while len(handler_times(daemon)) <= done:
                time.sleep(0.005)
        late = handler_times(daemon)
    reference = {key: spread(syncs)[key] + spread(invokes)[key] for key in ("best", "median")}
    subject = spread([seconds * 1e6 for seconds in late[3:]])
    return Row("push_object_latency", "from PutObject (1 KiB) to the handler, Python", "µs", {key: subject[key] for key in ("best", "median")},
               "file written and fdatasync + warm invoke", reference, {"samples": samples, "p90_us": subject["p90"]})


def push(settings):
    yield publish(settings)
    for rules in RULES:
        yield put_events(settings, rules)
    yield object_latency(settings)
