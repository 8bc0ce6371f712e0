"""If these fail, FIFO queues are not those of Amazon SQS to an unmodified SDK: order, groups, deduplication, or what they refuse."""
import hashlib
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon import REGION, Daemon, wait_until
from query_botocore import QueryClient
from test_sqs import Refused, arn_of, attributes_of, counts, queue, receive  # noqa: F401

counter = itertools.count()


@pytest.fixture(scope="module", params=["json", "query"])
def sqs(request, daemon):
    if request.param == "json":
        client = daemon.client("sqs")
        client.protocol = "json"
        yield client
        return
    if not QueryClient.available():
        pytest.skip("no botocore of before 2023: apt-get install awscli (Debian 12)")
    client = QueryClient(daemon.url)
    client.protocol = "query"
    yield client
    client.close()


@pytest.fixture
def fifo(queue):
    def make(name=None, **attributes):
        return queue(name or f"q-{os.getpid()}-{next(counter)}.fifo", FifoQueue="true", **attributes)
    return make


def send(sqs, url, body, group="g", **settings):
    settings.setdefault("MessageDeduplicationId", body)
    return sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, **settings)


def bodies(messages):
    return [message["Body"] for message in messages]


# --- the queue ----------------------------------------------------------------------------------------------------------------


def test_a_fifo_queue_says_what_it_is(sqs, fifo):
    url = fifo("says-" + sqs.protocol + ".fifo", ContentBasedDeduplication="true")
    found = attributes_of(sqs, url)
    assert {name: found[name] for name in ("FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")} == {
        "FifoQueue": "true", "ContentBasedDeduplication": "true", "DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue"}
    assert found["QueueArn"].endswith(f":says-{sqs.protocol}.fifo")
    assert fifo("says-" + sqs.protocol + ".fifo", ContentBasedDeduplication="true") == url
    with Refused("QueueAlreadyExists", "a different value for attribute ContentBasedDeduplication"):
        fifo("says-" + sqs.protocol + ".fifo", ContentBasedDeduplication="false")


@pytest.mark.parametrize("name, attributes, code, text", [
    ("plain", {"FifoQueue": "true"}, "InvalidParameterValue", "must end with .fifo suffix and be 1 to 80 in length"),
    ("x" * 76 + ".fifo", {"FifoQueue": "true"}, "InvalidParameterValue", "must end with .fifo suffix"),
    ("named.fifo", {}, "InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"),
    ("plain", {"FifoQueue": "false"}, "InvalidAttributeName", "Unknown Attribute FifoQueue."),
    ("plain", {"ContentBasedDeduplication": "true"}, "InvalidAttributeName",
     "You can specify the ContentBasedDeduplication only when FifoQueue is set to true."),
    ("bad.fifo", {"FifoQueue": "true", "DeduplicationScope": "group"}, "InvalidAttributeValue", "DeduplicationScope"),
    ("bad.fifo", {"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId"}, "InvalidAttributeValue", "FifoThroughputLimit"),
    ("bad.fifo", {"FifoQueue": "true", "ContentBasedDeduplication": "maybe"}, "InvalidAttributeValue", "ContentBasedDeduplication"),
])
def test_what_is_no_fifo_queue_is_refused(sqs, name, attributes, code, text):
    with Refused(code, text):
        sqs.create_queue(QueueName=name, Attributes=attributes)


def test_settings_change_and_the_type_does_not(sqs, fifo, queue):
    url = fifo()
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"})
    found = attributes_of(sqs, url, "DeduplicationScope", "FifoThroughputLimit")
    assert found == {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    with Refused("InvalidAttributeValue", "FifoThroughputLimit"):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"DeduplicationScope": "queue"})
    with Refused("InvalidAttributeValue", "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"FifoQueue": "false"})
    with Refused("InvalidAttributeName", "Unknown Attribute FifoQueue."):
        sqs.set_queue_attributes(QueueUrl=queue(), Attributes={"FifoQueue": "true"})


# --- sending ------------------------------------------------------------------------------------------------------------------


def test_messages_have_groups_ids_and_rising_numbers(sqs, fifo):
    url = fifo()
    first, second = send(sqs, url, "one"), send(sqs, url, "two")
    assert len(first["SequenceNumber"]) == 20 and first["SequenceNumber"].isdigit()
    assert first["SequenceNumber"] < second["SequenceNumber"]
    messages = receive(sqs, url, MaxNumberOfMessages=10, AttributeNames=["All"])
    assert bodies(messages) == ["one", "two"]
    attributes = messages[0]["Attributes"]
    assert (attributes["MessageGroupId"], attributes["MessageDeduplicationId"], attributes["SequenceNumber"]) == (
        "g", "one", first["SequenceNumber"])


@pytest.mark.parametrize("settings, code, text", [
    ({}, "MissingParameter", "The request must contain the parameter MessageGroupId."),
    ({"MessageGroupId": "g"}, "InvalidParameterValue",
     "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"),
    ({"MessageGroupId": "with space", "MessageDeduplicationId": "d"}, "InvalidParameterValue",
     "Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length."),
    ({"MessageGroupId": "g", "MessageDeduplicationId": "d" * 129}, "InvalidParameterValue",
     "Reason: MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length."),
    ({"MessageGroupId": "g", "MessageDeduplicationId": "d", "DelaySeconds": 5}, "InvalidParameterValue",
     "Value 5 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type."),
])
def test_what_a_fifo_queue_does_not_take(sqs, fifo, settings, code, text):
    with Refused(code, text):
        sqs.send_message(QueueUrl=fifo(), MessageBody="x", **settings)


def test_standard_queues_have_groups_but_no_ids_and_attempts(sqs, queue):
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="fair")
    with Refused("InvalidParameterValue", "not valid for this queue type"):
        sqs.send_message(QueueUrl=url, MessageBody="x", MessageDeduplicationId="d")
    with Refused("InvalidParameterValue", "not valid for this queue type"):
        receive(sqs, url, ReceiveRequestAttemptId="a")


def test_a_batch_keeps_its_order_and_tells_of_each(sqs, fifo):
    url = fifo(ContentBasedDeduplication="true")
    answer = sqs.send_message_batch(QueueUrl=url, Entries=[
        {"Id": "a", "MessageBody": "one", "MessageGroupId": "g"}, {"Id": "b", "MessageBody": "none"},
        {"Id": "c", "MessageBody": "two", "MessageGroupId": "g"}, {"Id": "d", "MessageBody": "one", "MessageGroupId": "g"}])
    sent = {entry["Id"]: entry for entry in answer["Successful"]}
    assert [(entry["Id"], entry["Code"]) for entry in answer["Failed"]] == [("b", "MissingParameter")]
    assert sent["a"]["SequenceNumber"] == sent["d"]["SequenceNumber"] < sent["c"]["SequenceNumber"]
    assert sent["a"]["MessageId"] == sent["d"]["MessageId"] != sent["c"]["MessageId"]
    assert bodies(receive(sqs, url, MaxNumberOfMessages=10)) == ["one", "two"]


def test_duplicates_are_known_by_id_or_by_body(sqs, fifo):
    url = fifo(ContentBasedDeduplication="true")
    first = sqs.send_message(QueueUrl=url, MessageBody="same", MessageGroupId="a")
    again = sqs.send_message(QueueUrl=url, MessageBody="same", MessageGroupId="b", MessageAttributes={
        "other": {"DataType": "String", "StringValue": "attributes do not count"}})
    assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    send(sqs, url, "same", MessageDeduplicationId="explicit")
    (one,) = receive(sqs, url, AttributeNames=["All"])
    assert one["Attributes"]["MessageDeduplicationId"] == hashlib.sha256(b"same").hexdigest()
    sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    sqs.send_message(QueueUrl=url, MessageBody="same", MessageGroupId="a")  # of a message that is gone, too
    assert counts(sqs, url) == (1, 0, 0)


def test_groups_may_have_ids_of_their_own(sqs, fifo):
    url = fifo(DeduplicationScope="messageGroup")
    for group in ("a", "b", "a"):
        send(sqs, url, group, group=group, MessageDeduplicationId="same")
    assert bodies(receive(sqs, url, MaxNumberOfMessages=10)) == ["a", "b"]


# --- receiving ----------------------------------------------------------------------------------------------------------------


def test_a_group_waits_for_what_is_in_flight(sqs, fifo):
    url = fifo()
    for body in ("a1", "a2", "a3"):
        send(sqs, url, body, group="a")
    send(sqs, url, "b1", group="b")
    first = receive(sqs, url, MaxNumberOfMessages=2)
    assert bodies(first) == ["a1", "a2"]
    assert bodies(receive(sqs, url, MaxNumberOfMessages=10)) == ["b1"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first[0]["ReceiptHandle"])
    assert receive(sqs, url) == []
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=first[1]["ReceiptHandle"], VisibilityTimeout=0)
    assert bodies(receive(sqs, url, MaxNumberOfMessages=10)) == ["a2", "a3"]
    assert counts(sqs, url) == (0, 3, 0)


def test_an_expired_handle_deletes_nothing(sqs, fifo):
    url = fifo()
    for body in ("a", "b"):
        send(sqs, url, body, group=body)
    old = receive(sqs, url, MaxNumberOfMessages=10)
    for message in old:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    (new,) = receive(sqs, url)
    with Refused("InvalidParameterValue", "Reason: The receipt handle has expired."):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=old[0]["ReceiptHandle"])
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "old", "ReceiptHandle": old[1]["ReceiptHandle"]},
                                                             {"Id": "new", "ReceiptHandle": new["ReceiptHandle"]}])
    assert [entry["Id"] for entry in answer["Successful"]] == ["new"]
    assert [(entry["Id"], entry["Code"]) for entry in answer["Failed"]] == [("old", "InvalidParameterValue")]


def test_an_attempt_is_repeated(sqs, fifo):
    url = fifo()
    send(sqs, url, "one")
    first = receive(sqs, url, ReceiveRequestAttemptId="try-1")
    assert receive(sqs, url) == []
    again = receive(sqs, url, ReceiveRequestAttemptId="try-1")
    assert [message["ReceiptHandle"] for message in again] == [message["ReceiptHandle"] for message in first]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first[0]["ReceiptHandle"])
    assert receive(sqs, url, ReceiveRequestAttemptId="try-1") == []
    with Refused("InvalidParameterValue", "ReceiveRequestAttemptId"):
        receive(sqs, url, ReceiveRequestAttemptId="with space")


# --- dead letters, purging ----------------------------------------------------------------------------------------------------


def test_dead_letters_go_to_a_fifo_queue_and_come_back(sqs, fifo, queue, daemon):
    tasks = daemon.client("sqs")  # the old client knows none
    dead = fifo()
    policy = json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": 1})
    url = fifo(RedrivePolicy=policy)
    with Refused("InvalidParameterValue", "Dead-letter queue must be same type of queue as the source."):
        queue(RedrivePolicy=policy)
    send(sqs, url, "bad")
    send(sqs, url, "good")
    (bad,) = receive(sqs, url)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=bad["ReceiptHandle"], VisibilityTimeout=0)
    (good,) = receive(sqs, url)
    assert good["Body"] == "good"
    (letter,) = receive(sqs, dead, VisibilityTimeout=0, AttributeNames=["All"])
    attributes = letter["Attributes"]
    assert (letter["Body"], attributes["MessageGroupId"], attributes["MessageDeduplicationId"]) == ("bad", "g", "bad")
    assert attributes["DeadLetterQueueSourceArn"] == arn_of(url)
    with Refused("InvalidParameterValue", "same type"):
        tasks.start_message_move_task(SourceArn=arn_of(dead), DestinationArn=arn_of(queue()))
    sqs.delete_message(QueueUrl=url, ReceiptHandle=good["ReceiptHandle"])
    tasks.start_message_move_task(SourceArn=arn_of(dead))
    back = wait_until(lambda: receive(sqs, url), 30, "the dead letter does not come back")
    assert bodies(back) == ["bad"]


def test_a_purge_empties_the_queue_and_remembers_ids(sqs, fifo):
    url = fifo()
    send(sqs, url, "one")
    receive(sqs, url)
    sqs.purge_queue(QueueUrl=url)
    send(sqs, url, "one")
    send(sqs, url, "two")
    assert bodies(receive(sqs, url, MaxNumberOfMessages=10)) == ["two"]


def test_ids_and_numbers_outlive_the_daemon():
    with Daemon() as daemon:
        client = daemon.client("sqs")
        url = client.create_queue(QueueName="kept.fifo", Attributes={"FifoQueue": "true", "DelaySeconds": "60"})["QueueUrl"]
        first = send(client, url, "one")
        daemon.kill()
        daemon.start()
        client = daemon.client("sqs")
        url = client.get_queue_url(QueueName="kept.fifo")["QueueUrl"]
        again, second = send(client, url, "one"), send(client, url, "two")
        assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
        assert second["SequenceNumber"] > first["SequenceNumber"]
        assert counts(client, url) == (0, 0, 2)
        daemon.advance(61)
        assert bodies(receive(client, url, MaxNumberOfMessages=10)) == ["one", "two"]
        daemon.advance(300)
        third = send(client, url, "one")
        assert third["SequenceNumber"] > second["SequenceNumber"], "five minutes are over"


@pytest.mark.parametrize("program", ["/usr/bin/aws", str(Path(sys.executable).parent / "aws")])
def test_the_command_line_sends_and_receives(daemon, program, tmp_path):
    if not os.path.exists(program):
        pytest.skip(f"{program} is not installed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}

    def aws(*arguments):
        command = [program, "--endpoint-url", daemon.url, "--output", "json", "sqs", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    name = f"cli-{Path(program).parent.parent.name}.fifo"
    url = aws("create-queue", "--queue-name", name, "--attributes", "FifoQueue=true,ContentBasedDeduplication=true")["QueueUrl"]
    sent = aws("send-message", "--queue-url", url, "--message-body", "hello", "--message-group-id", "g")
    received = aws("receive-message", "--queue-url", url, "--attribute-names", "All")["Messages"][0]
    assert received["Attributes"]["SequenceNumber"] == sent["SequenceNumber"]
