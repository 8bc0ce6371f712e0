"""If this fails, a daemon that is killed loses a mail or a message of a device that it had accepted, for a rule that wants it."""
import json
import os
import random
import shutil
import tempfile
import threading
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from slices import rounds
from test_kill_topics import settle
from watched_daemon import WatchedDaemon

ROUNDS = rounds(2, 50)
SEED = int(os.environ.get("MAYFLY_CRASH_SEED", random.randrange(1 << 32)))
GONE = (ClientError, BotoCoreError, OSError)
ROLE = "arn:aws:iam::000000000000:role/iot"


def publish(data, sent, life):
    number = 0
    while True:
        try:
            data.publish(topic=f"crash/{life}/{number}", payload=json.dumps({"n": f"{life}/{number}"}))
            sent["messages"].add(f"{life}/{number}")
            number += 1
        except GONE:
            return


def send(ses, sent, life):
    number = 0
    while True:
        try:
            ses.send_email(Source="a@crash.example.com", Destination={"ToAddresses": ["b@crash.example.com"]},
                           Message={"Subject": {"Data": f"{life}/{number}"}, "Body": {"Text": {"Data": "t"}}})
            sent["mails"].add(f"{life}/{number}")
            number += 1
        except GONE:
            return


def make(daemon):
    """What there is in each life; what an earlier one has left is as good."""
    clients = {name: daemon.client(name, read_timeout=30) for name in ("ses", "sns", "sqs", "iot", "iot-data")}
    urls = {name: clients["sqs"].create_queue(QueueName=name)["QueueUrl"] for name in ("mails", "messages")}
    topic = clients["sns"].create_topic(Name="mails")["TopicArn"]
    queue = topic.replace(":sns:", ":sqs:")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": queue}]}
    clients["sqs"].set_queue_attributes(QueueUrl=urls["mails"], Attributes={"Policy": json.dumps(policy)})
    clients["sns"].subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    clients["ses"].verify_domain_identity(Domain="crash.example.com")
    try:
        clients["ses"].create_receipt_rule_set(RuleSetName="crash")
        clients["ses"].create_receipt_rule(RuleSetName="crash", Rule={"Name": "r", "Enabled": True, "Actions": [{"SNSAction": {"TopicArn": topic}}]})
        clients["iot"].create_topic_rule(ruleName="crash", topicRulePayload={
            "sql": "SELECT n FROM 'crash/#'", "actions": [{"sqs": {"roleArn": ROLE, "queueUrl": urls["messages"]}}]})
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("AlreadyExists", "ResourceAlreadyExistsException"), error
    clients["ses"].set_active_receipt_rule_set(RuleSetName="crash")
    return clients, urls


def test_what_was_accepted_is_delivered():
    folder = tempfile.mkdtemp(prefix="mayfly-crash-triggers-")
    chance = random.Random(SEED)
    sent = {"mails": set(), "messages": set()}
    daemon = WatchedDaemon(data_dir=Path(folder, "data"))
    try:
        for life in range(ROUNDS):
            daemon.start()
            clients, urls = make(daemon)
            threads = [threading.Thread(target=publish, args=(clients["iot-data"], sent, life)), threading.Thread(target=send, args=(clients["ses"], sent, life))]
            for thread in threads:
                thread.start()
            threading.Event().wait(chance.uniform(0.2, 0.8))  # how long a life lasts
            daemon.kill()
            for thread in threads:
                thread.join(30)
        daemon.start()
        clients, urls = make(daemon)
        mails = {json.loads(message["Body"])["mail"]["commonHeaders"]["subject"] for message in settle(clients["sqs"], urls["mails"])}
        messages = {json.loads(message["Body"])["n"] for message in settle(clients["sqs"], urls["messages"])}
        for name, lost in (("mails", sent["mails"] - mails), ("messages", sent["messages"] - messages)):
            assert not lost, f"seed {SEED}: {len(lost)} {name} are lost, e.g. {sorted(lost)[:5]}"
        daemon.stop()
    finally:
        shutil.rmtree(folder)
    assert sent["mails"] and sent["messages"], "the load was none"
