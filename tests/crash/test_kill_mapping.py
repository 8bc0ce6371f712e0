"""If this fails, a daemon that is killed while a function works off a queue loses messages that it had acknowledged."""

import json
import random
import sys
import threading
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

sys.path.insert(0, str(Path(__file__).resolve().parent))

from daemon import wait_until  # noqa: E402
from packages import make_zip  # noqa: E402
from slices import rounds  # noqa: E402
from test_kill import SEED, data_directory  # noqa: E402,F401
from watched_daemon import Function, WatchedDaemon  # noqa: E402

ROUNDS = rounds(3, 8)
SENDERS = 2
VISIBILITY_SECONDS = 60  # a daemon that was killed holds messages so long

# Notes what it has processed where a crash cannot take it away: in another queue, before it answers.
NOTARY = make_zip({"function.py": """
import json
import boto3
sqs = boto3.client("sqs")
notes = sqs.get_queue_url(QueueName="notes")["QueueUrl"]
def handler(event, context):
    bodies = [record["body"] for record in event["Records"]]
    sqs.send_message(QueueUrl=notes, MessageBody=json.dumps(bodies))
"""})


def send(client, url, name, acknowledged):
    """Sends messages until the daemon is gone; those that it has acknowledged are noted."""
    for number in range(100000):
        bodies = ["%s-%d-%d" % (name, number, i) for i in range(10)]
        try:
            answer = client.send_message_batch(QueueUrl=url, Entries=[{"Id": str(i), "MessageBody": body} for i, body in enumerate(bodies)])
        except (BotoCoreError, ClientError):
            return
        acknowledged.extend(bodies[int(one["Id"])] for one in answer["Successful"])
        time.sleep(0.005)  # the function is to keep up


def queue_client(daemon):
    return daemon.client("sqs", key="000000000000", read_timeout=20)


def url_of(client, name):
    return client.get_queue_url(QueueName=name)["QueueUrl"]


def take_notes(client, noted):
    url = url_of(client, "notes")
    while True:
        messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60).get("Messages", [])
        if not messages:
            return
        for message in messages:
            noted.update(json.loads(message["Body"]))
        client.delete_message_batch(QueueUrl=url, Entries=[{"Id": str(i), "ReceiptHandle": one["ReceiptHandle"]} for i, one in enumerate(messages)])


def messages_left(client, url):
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])


def work_off(daemon, client, url):
    """Until the queue is empty, however much there is, as long as it becomes less."""
    daemon.advance(VISIBILITY_SECONDS)
    while left := messages_left(client, url):
        wait_until(lambda: messages_left(client, url) < left, 60, "%d messages are not worked off" % left)
        time.sleep(0.1)


def test_kill_while_a_function_works_off_a_queue(data_directory):  # noqa: F811
    chance = random.Random(SEED)
    print("\nseed %d" % SEED)
    acknowledged, noted = [], set()
    with WatchedDaemon(data_dir=data_directory) as daemon:
        client = queue_client(daemon)
        url = client.create_queue(QueueName="work", Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS)})["QueueUrl"]
        client.create_queue(QueueName="notes")
        Function.create(daemon.account(), "notary", NOTARY, Timeout=VISIBILITY_SECONDS)
        daemon.account().create_event_source_mapping(FunctionName="notary", EventSourceArn="arn:aws:sqs:us-east-1:000000000000:work",
                                                      ScalingConfig={"MaximumConcurrency": 4})
        for number in range(ROUNDS):
            client = queue_client(daemon)
            url = url_of(client, "work")
            threads = [threading.Thread(target=send, args=(queue_client(daemon), url, "%d-%d" % (number, sender), acknowledged)) for sender in range(SENDERS)]
            for thread in threads:
                thread.start()
            threading.Event().wait(chance.uniform(0.1, 1.5))
            daemon.kill()
            for thread in threads:
                thread.join(30)
                assert not thread.is_alive()
            daemon.start()
        client = queue_client(daemon)
        url = url_of(client, "work")
        work_off(daemon, client, url)
        take_notes(client, noted)
        assert acknowledged, "nothing was sent"
        lost = set(acknowledged) - noted
        assert not lost, "%d of %d acknowledged messages were never processed, e.g. %s" % (len(lost), len(acknowledged), sorted(lost)[:3])
        print("%d messages through %d crashes" % (len(acknowledged), ROUNDS))
