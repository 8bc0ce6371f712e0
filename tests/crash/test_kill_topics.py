"""If this fails, a daemon that is killed loses a message that it had acknowledged to its publisher, for one of its subscribers."""
import json
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
PUBLISHERS = 3
SEED = int(os.environ.get("MAYFLY_CRASH_SEED", random.randrange(1 << 32)))
GONE = (ClientError, BotoCoreError, OSError)


def publish(sns, topic, ordered, sent, worker, life):
    """To both topics. The ordered one's messages are repeated until they are acknowledged, as its numbers go on over all lives."""
    number = 0
    while True:
        body = f"{life}/{worker}/{number}"
        number += 1
        try:
            sns.publish(TopicArn=topic, Message=body)
            sent["standard"].add(body)
            step = sent["ordered"][worker]
            sns.publish(TopicArn=ordered, Message=str(step), MessageGroupId=f"w{worker}", MessageDeduplicationId=f"{worker}-{step}")
            sent["ordered"][worker] = step + 1
        except GONE:
            return


def settle(client, url, most=120):
    """All that comes to the queue, until nothing is owed any more."""
    got, quiet, end = [], 0, time.monotonic() + most
    while quiet < 3 and time.monotonic() < end:
        messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, VisibilityTimeout=300,
                                          AttributeNames=["All"]).get("Messages", [])
        quiet = 0 if messages else quiet + 1
        for message in messages:
            got.append(message)
            client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return got


def make(daemon):
    sns, sqs = daemon.client("sns", read_timeout=20), daemon.client("sqs", read_timeout=30)
    topic = sns.create_topic(Name="crash")["TopicArn"]
    ordered = sns.create_topic(Name="crash.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    urls = {}
    for name, arn in (("crash-a", topic), ("crash-b", topic), ("crash.fifo", ordered)):
        attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        urls[name] = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        queue = arn.rsplit(":", 1)[0].replace(":sns:", ":sqs:") + ":" + name
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
                                                          "Action": "sqs:SendMessage", "Resource": queue}]}
        sqs.set_queue_attributes(QueueUrl=urls[name], Attributes={"Policy": json.dumps(policy)})
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    return sns, sqs, topic, ordered, urls


def test_what_was_published_is_delivered():
    folder = tempfile.mkdtemp(prefix="mayfly-crash-topics-")
    chance = random.Random(SEED)
    sent = {"standard": set(), "ordered": [0] * PUBLISHERS}
    daemon = WatchedDaemon(data_dir=Path(folder, "data"))
    try:
        for life in range(ROUNDS):
            daemon.start()
            sns, sqs, topic, ordered, urls = make(daemon)
            threads = [threading.Thread(target=publish, args=(sns, topic, ordered, sent, worker, life)) for worker in range(PUBLISHERS)]
            for thread in threads:
                thread.start()
            threading.Event().wait(chance.uniform(0.1, 0.8))  # how long a life lasts
            daemon.kill()
            for thread in threads:
                thread.join(30)
        daemon.start()
        sns, sqs, topic, ordered, urls = make(daemon)
        for name in ("crash-a", "crash-b"):
            lost = sent["standard"] - {message["Body"] for message in settle(sqs, urls[name])}
            assert not lost, f"seed {SEED}: {name} misses {len(lost)}, e.g. {sorted(lost)[:5]}"
        check_order(settle(sqs, urls["crash.fifo"]), sent["ordered"])
        daemon.stop()
    finally:
        shutil.rmtree(folder)
    assert len(sent["standard"]) > 10 * ROUNDS, "the load was none"


def check_order(messages, counts):
    for worker, count in enumerate(counts):
        numbers = [int(message["Body"]) for message in messages if message["Attributes"]["MessageGroupId"] == f"w{worker}"]
        assert numbers in (list(range(count)), list(range(count + 1))), f"seed {SEED}: {numbers[:50]} of {count}"
