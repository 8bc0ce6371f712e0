"""Event source mappings: messages per second by batch size beside synchronous invocations, and from SendMessage to the handler."""

import http.client
import json
import threading
import time

from . import load, programs, warm
from .rows import Row, rates, spread

ACCOUNT = "000000000000"
SENDERS = 4
BODY = "x" * 100
CLOCK = """
import time
def handler(event, context):
    now = time.time()
    for record in event["Records"]:
        print("LATE", now - float(record["body"]))
"""


class Queue:
    """One queue of a daemon, over json-1.0."""

    def __init__(self, daemon, name):
        self.daemon = daemon
        self.url = call_sqs(self.connect(), "CreateQueue", {"QueueName": name, "Attributes": {"VisibilityTimeout": "60"}})["QueueUrl"]
        self.arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
        self.connection = self.connect()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.daemon.port)

    def call(self, operation, **parameters):
        return call_sqs(self.connection, operation, {"QueueUrl": self.url, **parameters})

    def left(self):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return sum(int(value) for value in self.call("GetQueueAttributes", AttributeNames=names)["Attributes"].values())

    def fill(self, messages):
        entries = [{"Id": str(i), "MessageBody": BODY} for i in range(10)]

        def send():
            connection = self.connect()
            for _ in range(messages // SENDERS // 10):
                call_sqs(connection, "SendMessageBatch", {"QueueUrl": self.url, "Entries": entries})
            connection.close()
        threads = [threading.Thread(target=send) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def call_sqs(connection, operation, parameters):
    connection.request("POST", "/", json.dumps(parameters), {
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{operation}", "x-amz-date": "20260101T000000Z",
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{operation}: {answer.status} {body[:300]!r}")
    return json.loads(body) if body else {}


def set_enabled(daemon, uuid, enabled):
    path = f"/2015-03-31/event-source-mappings/{uuid}"
    daemon.call("PUT", path, {"Enabled": enabled})
    while daemon.call("GET", path)["State"] != ("Enabled" if enabled else "Disabled"):
        time.sleep(0.002)


def drain(daemon, queue, uuid, messages):
    """Messages per second, from the moment when the mapping is enabled until the last message is deleted."""
    queue.fill(messages)
    begin = time.monotonic()
    set_enabled(daemon, uuid, True)
    while queue.left() > 0:
        time.sleep(0.01)
    seconds = time.monotonic() - begin
    set_enabled(daemon, uuid, False)
    return messages / seconds


def throughput(settings, echo, batch):
    """Eight batches at once on one native function, as the eight connections of `rate`."""
    messages = settings.mapping_messages * min(batch, 20)
    shape = load.Load(connections=8, batches=1, requests=settings.rate_requests // 2, warm_up=1000)
    invokes, records, cpu = [], [], []
    with warm.Daemon() as daemon:
        daemon.create_function("native", programs.native())
        queue = Queue(daemon, "q")
        uuid = daemon.call("POST", "/2015-03-31/event-source-mappings", {
            "FunctionName": "native", "EventSourceArn": queue.arn, "BatchSize": batch, "Enabled": False,
            "MaximumBatchingWindowInSeconds": 1 if batch > 10 else 0, "ScalingConfig": {"MaximumConcurrency": 8}})["UUID"]
        for _ in range(settings.rate_rounds):
            _, direct = load.compare(shape, echo, daemon, daemon.invocation("native", warm.EVENT))
            invokes.append(direct["requests_per_second"])
            before = daemon.cpu_seconds()
            records.append(drain(daemon, queue, uuid, messages))
            cpu.append((daemon.cpu_seconds() - before) / messages * 1e6)
    return Row(f"mapping_{batch}", f"messages of a queue per second, batches of {batch}, native", "per second", rates(records),
               "invokes per second, 8 connections", rates(invokes),
               {"messages": messages, "body_bytes": len(BODY), "daemon_cpu_us_per_message_sent_and_processed": min(cpu)})


def latency(settings):
    """One message after the other, each when the last one is done."""
    samples = settings.cold_samples * 3
    sends, invokes = [], []
    with warm.Daemon() as daemon:
        package = programs.Package("Python", programs.python().runtime, "index.handler", programs.make_zip({"index.py": (CLOCK, 0o644)}), ())
        daemon.create_function("clock", package)
        daemon.create_function("plain", programs.python())
        queue = Queue(daemon, "q")
        other = Queue(daemon, "other")
        daemon.call("POST", "/2015-03-31/event-source-mappings", {"FunctionName": "clock", "EventSourceArn": queue.arn})
        for _ in range(samples):
            begin = time.monotonic()
            other.call("SendMessage", MessageBody=str(time.time()))
            sends.append((time.monotonic() - begin) * 1e6)
            begin = time.monotonic()
            daemon.invoke("plain", {})
            invokes.append((time.monotonic() - begin) * 1e6)
            queue.call("SendMessage", MessageBody=str(time.time()))
            while queue.left() > 0:
                time.sleep(0.001)
        late = handler_times(daemon)
    reference = {key: spread(sends)[key] + spread(invokes)[key] for key in ("best", "median")}
    subject = spread([seconds * 1e6 for seconds in late[3:]])
    return Row("mapping_latency", "from SendMessage to the handler, Python", "µs", {key: subject[key] for key in ("best", "median")},
               "SendMessage + warm invoke", reference, {"samples": samples, "p90_us": subject["p90"]})


def handler_times(daemon):
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port)
    connection.request("GET", "/_mayfly/logs?function=clock&limit=100000")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    return [float(line.rsplit(" ", 1)[1]) for line in lines if "LATE " in line]


def mapping(settings):
    with load.echo() as echo:
        rows = [throughput(settings, echo, batch) for batch in (1, 10, 100)]
    return [*rows, latency(settings)]
