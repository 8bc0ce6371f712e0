"""If this fails, a daemon that is killed loses messages that it had acknowledged, brings back deleted ones, or forgets who holds them."""
import os
import random
import shutil
import tempfile
import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from slices import rounds
from watched_daemon import WatchedDaemon

ROUNDS = rounds(6, 20)
SENDERS, RECEIVERS = 3, 3
VISIBILITY = 2
SEED = int(os.environ.get("MAYFLY_CRASH_SEED", random.randrange(1 << 32)))
GONE = (ClientError, BotoCoreError, OSError)


class Books:
    """What clients were promised, over all lives of the daemon."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent, self.asked = set(), set()                # acknowledged; asked for, and never answered
        self.deleted, self.delete_asked = {}, set()         # when its deletion was acknowledged
        self.counts, self.floor = {}, {}                    # the highest receive count seen; in earlier lives
        self.failures = []

    def fail(self, text):
        with self.lock:
            self.failures.append(text)


def send(client, url, books, worker, life, chance):
    number = 0
    while True:
        bodies = [f"{life}/{worker}/{number + offset}" for offset in range(chance.choice((1, 1, 3, 10)))]
        number += len(bodies)
        with books.lock:
            books.asked.update(bodies)
        try:
            if len(bodies) == 1:
                client.send_message(QueueUrl=url, MessageBody=bodies[0])
            else:
                client.send_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)])
        except GONE:
            return
        with books.lock:
            books.sent.update(bodies)


def receive(client, url, books, chance):
    while True:
        try:
            began = time.monotonic()
            messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=VISIBILITY, WaitTimeSeconds=1,
                                              MessageSystemAttributeNames=["ApproximateReceiveCount"]).get("Messages", [])
            for message in messages:
                note(books, message, began)
            chosen = [message for message in messages if chance.random() < 0.7]
            if not chosen:
                continue
            with books.lock:
                books.delete_asked.update(message["Body"] for message in chosen)
            answer = client.delete_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]}
                                                                        for n, message in enumerate(chosen)])
            if "Failed" in answer:
                books.fail(f"handles were refused: {answer['Failed']}")
            with books.lock:
                books.deleted.update((message["Body"], time.monotonic()) for message in chosen)
        except GONE:
            return


def note(books, message, began):
    """`began`: when the receive was asked for. Receivers may be late with what they tell, so only what came before counts."""
    body, count = message["Body"], int(message["Attributes"]["ApproximateReceiveCount"])
    with books.lock:
        if body not in books.asked:
            books.failures.append(f"{body} was never sent")
        if books.deleted.get(body, began) < began:
            books.failures.append(f"{body} came back after its deletion was acknowledged")
        if count <= books.floor.get(body, 0):
            books.failures.append(f"{body} was received with count {count} after {books.floor[body]} in an earlier life")
        books.counts[body] = max(count, books.counts.get(body, 0))


def test_no_acknowledged_message_is_lost():
    folder = tempfile.mkdtemp(prefix="mayfly-crash-queues-")
    chance, books = random.Random(SEED), Books()
    daemon = WatchedDaemon(data_dir=Path(folder, "data"))
    try:
        for life in range(ROUNDS):
            daemon.start()
            books.floor = dict(books.counts)
            client = daemon.client("sqs", read_timeout=20)
            url = client.create_queue(QueueName="crash", Attributes={"VisibilityTimeout": str(VISIBILITY)})["QueueUrl"]
            threads = [threading.Thread(target=send, args=(client, url, books, worker, life, random.Random(chance.random()))) for worker in range(SENDERS)]
            threads += [threading.Thread(target=receive, args=(client, url, books, random.Random(chance.random()))) for _ in range(RECEIVERS)]
            for thread in threads:
                thread.start()
            threading.Event().wait(chance.uniform(0.1, 1.0))  # how long a life lasts
            daemon.kill()
            for thread in threads:
                thread.join(30)
            assert not books.failures, (SEED, books.failures[:5])
        daemon.start()
        drain(daemon, books)
        daemon.stop()
    finally:
        shutil.rmtree(folder)
    assert not books.failures, (SEED, books.failures[:5])
    assert len(books.sent) > 10 * ROUNDS, "the load was none"


def drain(daemon, books):
    """Everything that is left comes out once more, and nothing that should be there is missing."""
    client = daemon.client("sqs")
    url = client.get_queue_url(QueueName="crash")["QueueUrl"]
    left = set()
    end = time.monotonic() + 120
    while True:
        counts = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        if counts["ApproximateNumberOfMessages"] == counts["ApproximateNumberOfMessagesNotVisible"] == "0":
            break
        assert time.monotonic() < end, (SEED, counts)
        began = time.monotonic()
        messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=3, VisibilityTimeout=60,
                                          MessageSystemAttributeNames=["ApproximateReceiveCount"]).get("Messages", [])
        for message in messages:
            note(books, message, began)
            left.add(message["Body"])
        if messages:
            client.delete_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages)])
    lost = books.sent - left - books.delete_asked
    assert not lost, f"seed {SEED}: {len(lost)} acknowledged messages are lost, e.g. {sorted(lost)[:5]}"
