"""Queues: durable SendMessage beside the echo (the same bytes) and beside the disk's own fdatasync; receiving and deleting.

A send is durable before its answer, so that one connection can be no faster than the disk; many share its syncs.
"""

import json
import time

from . import load
from .clients import done_per_second
from .control import syncs_per_second
from .daemon import Daemon
from .http_connection import Connection
from .rows import Row, rates

BODY = "m" * 512
BATCH = 10
RECEIVERS = 4


def call(daemon, operation, **members):
    """The bytes of one request of the JSON protocol."""
    body = json.dumps(members).encode()
    plain = daemon.request("POST", "/", body)
    head, _, rest = plain.partition(b"\r\n\r\n")
    head = head.replace(b"application/json", b"application/x-amz-json-1.0") + b"\r\nX-Amz-Target: AmazonSQS." + operation.encode()
    return head + b"\r\n\r\n" + rest


def answer(connection, request):
    status, _, body = connection.exchange(request)
    if status != 200:
        raise RuntimeError(f"SQS: {status} {body[:300]!r}")
    return json.loads(body) if body else {}


def make_queue(daemon, connection, name):
    return answer(connection, call(daemon, "CreateQueue", QueueName=name))["QueueUrl"]


def fill(daemon, connection, url, count):
    entries = [{"Id": str(number), "MessageBody": BODY} for number in range(BATCH)]
    request = call(daemon, "SendMessageBatch", QueueUrl=url, Entries=entries)
    for _ in range(count // BATCH):
        answer(connection, request)


def drain(daemon, url, start, result):
    """One receiver: ten messages and their deletion, until the queue is empty."""
    receive = call(daemon, "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=BATCH)
    with Connection(daemon.port) as connection:
        start.wait()
        begin, done = time.monotonic(), 0
        while messages := answer(connection, receive).get("Messages"):
            entries = [{"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(messages)]
            answer(connection, call(daemon, "DeleteMessageBatch", QueueUrl=url, Entries=entries))
            done += len(messages)
        result.put((done, time.monotonic() - begin))


def drained_per_second(daemon, connection, name, count):
    url = make_queue(daemon, connection, name)
    fill(daemon, connection, url, count)
    return done_per_second(drain, [(daemon, url)] * RECEIVERS)


def sqs(settings):
    rounds = 1 if settings.quick else 4
    syncs, drained, rows = [], [], []
    with load.echo() as echo, Daemon() as daemon, Connection(daemon.port) as connection:
        url = make_queue(daemon, connection, "bench")
        send = call(daemon, "SendMessage", QueueUrl=url, MessageBody=BODY)
        for connections, requests in ((1, settings.rate_requests // 20), (64, settings.rate_requests)):
            shape = load.Load(connections=connections, batches=1, requests=requests, warm_up=200)
            references, subjects, cpu = [], [], []
            for _ in range(rounds):
                syncs.append(syncs_per_second(settings.create_seconds / 4))
                reference, subject = load.compare(shape, echo, daemon, send)
                references.append(reference["requests_per_second"])
                subjects.append(subject["requests_per_second"])
                cpu.append(subject["cpu_us"])
            plural = "s" if connections > 1 else ""
            details = {"daemon_cpu_us_per_message": min(cpu), "body_bytes": len(BODY), "rounds": rounds}
            title = f"SendMessage per second, durable, {connections} connection{plural}"
            rows.append(Row(f"sqs_send_{connections}_echo", title, "per second", rates(subjects), f"echo, {connections} connection{plural}", rates(references), details))
            rows.append(Row(f"sqs_send_{connections}", title, "per second", rates(subjects), "fdatasync of one page", rates(syncs), details))
        for number in range(rounds):
            drained.append(drained_per_second(daemon, connection, f"drain-{number}", settings.rate_requests // 4))
    rows.append(Row("sqs_drain", f"messages received and deleted per second, {RECEIVERS} receivers, tens", "per second", rates(drained), "fdatasync of one page",
                    rates(syncs), {"client": "Python processes"}))
    return rows
