"""If this fails, a FIFO queue whose daemon is killed loses acknowledged messages, takes one twice, or gives them out in another order."""
import os
import random
import shutil
import tempfile
import threading
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from slices import rounds
from watched_daemon import WatchedDaemon

ROUNDS = rounds(4, 200)
GROUPS, VISIBILITY = 4, 1
SEED = int(os.environ.get("MAYFLY_CRASH_SEED", random.randrange(1 << 32)))
GONE = (ClientError, BotoCoreError, OSError)


class Group:
    """One sender's own: what it sends is numbered, and sent again until it is acknowledged."""

    def __init__(self, name):
        self.name, self.next, self.numbers, self.seen = name, 0, {}, []


def send(client, url, group):
    while True:
        body = str(group.next)
        try:
            answer = client.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group.name,
                                         MessageDeduplicationId=f"{group.name}-{body}")
        except GONE:
            return  # the next life sends it again: it is there once, whether or not this one took it
        group.numbers[group.next] = answer["SequenceNumber"]
        group.next += 1


def receive(client, url, groups, failures):
    while True:
        try:
            answer = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, AttributeNames=["All"])
            for message in answer.get("Messages", []):
                note(groups[message["Attributes"]["MessageGroupId"]], message, failures)
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        except GONE:
            return


def note(group, message, failures):
    """One receiver per life, which deletes in order: a message is the next one, or the last one again, whose deletion was not answered."""
    number = int(message["Body"])
    again = bool(group.seen) and number == group.seen[-1]
    if not again and number != len(group.seen):
        failures.append(f"{group.name}: {number} after {group.seen[-3:]}")
    if not again:
        group.seen.append(number)
    if group.numbers.get(number, message["Attributes"]["SequenceNumber"]) != message["Attributes"]["SequenceNumber"]:
        failures.append(f"{group.name}: the number of {number} has changed")


def test_order_and_deduplication_outlive_kills():
    folder = tempfile.mkdtemp(prefix="mayfly-crash-fifo-")
    chance, failures = random.Random(SEED), []
    groups = {name: Group(name) for name in (f"g{number}" for number in range(GROUPS))}
    daemon = WatchedDaemon(data_dir=Path(folder, "data"))
    try:
        for _ in range(ROUNDS):
            daemon.start()
            client, url = queue_of(daemon)
            threads = [threading.Thread(target=send, args=(client, url, group)) for group in groups.values()]
            threads.append(threading.Thread(target=receive, args=(client, url, groups, failures)))
            for thread in threads:
                thread.start()
            threading.Event().wait(chance.uniform(0.1, 0.8))  # how long a life lasts
            daemon.kill()
            for thread in threads:
                thread.join(30)
            assert not failures, (SEED, failures[:5])
        daemon.start()
        client, url = queue_of(daemon)
        drain(client, url, groups, failures)
        daemon.stop()
    finally:
        shutil.rmtree(folder)
    assert not failures, (SEED, failures[:5])
    for group in groups.values():
        numbers = [group.numbers[number] for number in sorted(group.numbers)]
        assert numbers == sorted(set(numbers)), f"seed {SEED}: the numbers of {group.name} do not rise"
        assert len(group.seen) >= group.next, f"seed {SEED}: {group.name} has lost some of {group.next}"
    assert sum(group.next for group in groups.values()) > 10 * ROUNDS, "the load was none"


def queue_of(daemon):
    client = daemon.client("sqs", read_timeout=20)
    attributes = {"FifoQueue": "true", "VisibilityTimeout": str(VISIBILITY)}
    return client, client.create_queue(QueueName="crash.fifo", Attributes=attributes)["QueueUrl"]


def drain(client, url, groups, failures):
    end = time.monotonic() + 120
    while True:
        counts = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        if counts["ApproximateNumberOfMessages"] == counts["ApproximateNumberOfMessagesNotVisible"] == "0":
            return
        assert time.monotonic() < end, (SEED, counts)
        for message in client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2, VisibilityTimeout=60,
                                              AttributeNames=["All"]).get("Messages", []):
            note(groups[message["Attributes"]["MessageGroupId"]], message, failures)
            client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
