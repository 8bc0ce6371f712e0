"""If these fail, an unmodified SDK cannot use Mayfly's queues as it uses Amazon SQS: a new one, which speaks json-1.0, or one of
before 2023, which speaks query."""
import hashlib
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from daemon import ACCOUNT, REGION, Daemon, wait_until
from query_botocore import QueryClient, QueryError

counter = itertools.count()
MIB = 1024 * 1024


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
def queue(sqs, request):
    """Makes queues, and deletes them after the test."""
    made = []

    def make(name=None, **attributes):
        name = name or f"queue-{os.getpid()}-{next(counter)}"
        url = sqs.create_queue(QueueName=name, Attributes={key: str(value) for key, value in attributes.items()})["QueueUrl"]
        made.append(url)
        return url
    yield make
    for url in made:
        try:
            sqs.delete_queue(QueueUrl=url)
        except (ClientError, QueryError):
            pass


class Refused:
    def __init__(self, code, text="", status=400):
        self.code, self.text, self.status = code, text, status

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        assert error is not None, f"nothing was refused, but {self.code} was to come"
        if not isinstance(error, (ClientError, QueryError)):
            return False
        response = error.response
        assert response["Error"]["Code"] == self.code, response
        assert self.text in response["Error"]["Message"], response
        assert response["ResponseMetadata"]["HTTPStatusCode"] == self.status, response
        assert response["Error"].get("Type", "Sender") == "Sender", response
        return True


def md5(text):
    return hashlib.md5(text if isinstance(text, bytes) else text.encode()).hexdigest()


def arn_of(url):
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rsplit('/', 1)[1]}"


def attributes_of(sqs, url, *names):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"])["Attributes"]


def counts(sqs, url):
    found = attributes_of(sqs, url)
    return tuple(int(found["ApproximateNumberOf" + name]) for name in ("Messages", "MessagesNotVisible", "MessagesDelayed"))


def receive(sqs, url, **settings):
    return sqs.receive_message(QueueUrl=url, **settings).get("Messages", [])


# --- queues -------------------------------------------------------------------------------------------------------------


def test_a_queue_is_made_found_listed_and_deleted(sqs, daemon, queue):
    url = queue("life-" + sqs.protocol)
    assert url == f"{daemon.url}/{ACCOUNT}/life-{sqs.protocol}"
    assert sqs.get_queue_url(QueueName="life-" + sqs.protocol)["QueueUrl"] == url
    assert url in sqs.list_queues(QueueNamePrefix="life-")["QueueUrls"]
    sqs.delete_queue(QueueUrl=url)
    with Refused("AWS.SimpleQueueService.NonExistentQueue"):
        sqs.get_queue_url(QueueName="life-" + sqs.protocol)
    with Refused("AWS.SimpleQueueService.NonExistentQueue"):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="life-")
    assert queue("life-" + sqs.protocol) == url


def test_creating_again_is_the_same_queue_unless_an_attribute_differs(sqs, queue):
    url = queue("again-" + sqs.protocol, DelaySeconds=5, VisibilityTimeout=60)
    assert queue("again-" + sqs.protocol) == url
    assert queue("again-" + sqs.protocol, DelaySeconds=5) == url
    with Refused("QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute DelaySeconds"):
        queue("again-" + sqs.protocol, DelaySeconds=6)


def test_many_create_one_queue_at_once(daemon, sqs, queue):
    outcomes = []

    def create():
        outcomes.append(daemon.client("sqs").create_queue(QueueName=f"at-once-{sqs.protocol}")["QueueUrl"])
    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 8 and len(set(outcomes)) == 1
    queue(f"at-once-{sqs.protocol}")


@pytest.mark.parametrize("name", ["", "with space", "dots.are.not", "x" * 81, "ünicode"])
def test_bad_names_are_refused(sqs, name):
    with Refused("InvalidParameterValue", "1 to 80 in length"):
        sqs.create_queue(QueueName=name)


def test_lists_come_in_pages(sqs, queue):
    prefix = f"page-{sqs.protocol}-"
    urls = sorted(queue(prefix + str(number)) for number in range(5))
    assert sorted(sqs.list_queues(QueueNamePrefix=prefix)["QueueUrls"]) == urls
    seen, token, pages = [], None, 0
    while True:
        page = sqs.list_queues(QueueNamePrefix=prefix, MaxResults=2, **({"NextToken": token} if token else {}))
        seen += page["QueueUrls"]
        pages += 1
        token = page.get("NextToken")
        if not token:
            break
    assert (sorted(seen), pages) == (urls, 3)
    with Refused("InvalidParameterValue", "MaxResults"):
        sqs.list_queues(MaxResults=1001)


# --- attributes ---------------------------------------------------------------------------------------------------------


def test_attributes_have_the_defaults_of_aws(sqs, queue):
    before = int(time.time())
    url = queue()
    found = attributes_of(sqs, url)
    assert before - 1 <= int(found.pop("CreatedTimestamp")) <= time.time() + 1
    assert int(found.pop("LastModifiedTimestamp")) >= before - 1
    assert found == {"QueueArn": arn_of(url), "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0",
                     "ApproximateNumberOfMessagesDelayed": "0", "VisibilityTimeout": "30", "MaximumMessageSize": "1048576",
                     "MessageRetentionPeriod": "345600", "DelaySeconds": "0", "ReceiveMessageWaitTimeSeconds": "0", "SqsManagedSseEnabled": "true"}
    assert attributes_of(sqs, url, "DelaySeconds", "QueueArn") == {"DelaySeconds": "0", "QueueArn": arn_of(url)}
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url)
    with Refused("InvalidAttributeName", "Unknown Attribute Nonsense."):
        attributes_of(sqs, url, "Nonsense")


RANGES = {"VisibilityTimeout": (0, 43200), "MaximumMessageSize": (1024, MIB), "MessageRetentionPeriod": (60, 1209600), "DelaySeconds": (0, 900),
          "ReceiveMessageWaitTimeSeconds": (0, 20), "KmsDataKeyReusePeriodSeconds": (60, 86400)}


@pytest.mark.parametrize("name", RANGES)
def test_attributes_keep_their_ranges(sqs, queue, name):
    low, high = RANGES[name]
    url = queue()
    for value in (low, high):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: str(value)})
        if not name.startswith("Kms"):
            assert attributes_of(sqs, url, name) == {name: str(value)}
    for value in (low - 1, high + 1, "x", "", "1.5"):
        with Refused("InvalidAttributeValue", f"Invalid value for the parameter {name}."):
            sqs.set_queue_attributes(QueueUrl=url, Attributes={name: str(value)})
    with Refused("InvalidAttributeName", "Unknown Attribute Nonsense."):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Nonsense": "1"})
    with Refused("InvalidAttributeName", "Unknown Attribute QueueArn."):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"QueueArn": "x"})


def test_encryption_is_one_of_two(sqs, queue):
    url = queue(KmsMasterKeyId="alias/mine", KmsDataKeyReusePeriodSeconds=600)
    found = attributes_of(sqs, url, "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled")
    assert found == {"KmsMasterKeyId": "alias/mine", "KmsDataKeyReusePeriodSeconds": "600", "SqsManagedSseEnabled": "false"}
    with Refused("InvalidAttributeName", "You can use one type of server-side encryption (SSE) at one time."):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": "a", "SqsManagedSseEnabled": "true"})


# --- messages -----------------------------------------------------------------------------------------------------------


def test_a_message_is_sent_received_and_deleted(sqs, queue):
    url = queue()
    body = "hello <&> \"world\" ü 🎉\n\ttabs\r\n"
    sent = sqs.send_message(QueueUrl=url, MessageBody=body)
    assert sent["MD5OfMessageBody"] == md5(body)
    assert counts(sqs, url) == (1, 0, 0)
    [message] = receive(sqs, url, AttributeNames=["All"])
    assert (message["MessageId"], message["Body"], message["MD5OfBody"]) == (sent["MessageId"], body, md5(body))
    attributes = message["Attributes"]
    assert set(attributes) == {"SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"}
    assert (attributes["SenderId"], attributes["ApproximateReceiveCount"]) == (ACCOUNT, "1")
    now = time.time() * 1000
    assert now - 60_000 < int(attributes["SentTimestamp"]) <= int(attributes["ApproximateFirstReceiveTimestamp"]) <= now + 1000
    assert receive(sqs, url) == []
    assert counts(sqs, url) == (0, 1, 0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert counts(sqs, url) == (0, 0, 0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])  # once more is no error


def test_message_attributes_have_the_checksums_that_sdks_compare(sqs, queue):
    url = queue()
    attributes = {"General": {"DataType": "String", "StringValue": "Kenobi"}, "Hello": {"DataType": "String", "StringValue": "There"},
                  "Help.Me": {"DataType": "String", "StringValue": "Me"}}
    sent = sqs.send_message(QueueUrl=url, MessageBody="msg", MessageAttributes=attributes)
    assert sent["MD5OfMessageAttributes"] == "4c360f3fdafd970e05fae2f149d997f5"  # what AWS answers

    def wanted(*names):
        [message] = receive(sqs, url, VisibilityTimeout=0, MessageAttributeNames=list(names))
        return sorted(message.get("MessageAttributes", {})), message.get("MD5OfMessageAttributes")
    assert wanted() == ([], None)
    everything = (["General", "Hello", "Help.Me"], "4c360f3fdafd970e05fae2f149d997f5")
    assert wanted("All") == everything
    assert wanted(".*") == everything
    assert wanted("Nobody") == ([], None)
    assert wanted("Hello", "General") == (["General", "Hello"], "fca026605781cb4126a1e9044df24232")
    assert wanted("Hello", "Nobody") == (["Hello"], "a311262e065454b75da111d535b8dacd")
    assert wanted("Hel.*") == (["Hello", "Help.Me"], "83fee93c1bcd8b9a5a923ffacdc636c7")


def test_binary_and_number_attributes_come_back(sqs, queue):
    url = queue()
    trace = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"
    sqs.send_message(QueueUrl=url, MessageBody="test", MessageAttributes={"attr1": {"DataType": "Binary", "BinaryValue": trace}})
    [message] = receive(sqs, url, MessageAttributeNames=["All"])
    assert message["MD5OfMessageAttributes"] == "8cbe4db156db8a94db8b801b7addb984"  # what AWS answers
    assert message["MessageAttributes"] == {"attr1": {"DataType": "Binary", "BinaryValue": trace}}
    mixed = {"n": {"DataType": "Number.int", "StringValue": "-12.5e3"}, "p": {"DataType": "Binary.png", "BinaryValue": bytes(range(256))},
             "s": {"DataType": "String.json", "StringValue": "{\"a\": \"<>\"}"}}
    sqs.send_message(QueueUrl=url, MessageBody="mixed", MessageAttributes=mixed)
    [message] = receive(sqs, url, MessageAttributeNames=["All"])
    assert message["MessageAttributes"] == mixed


def test_bad_message_attributes_are_refused(sqs, queue):
    url = queue()

    def refused(code, text, **attributes):
        with Refused(code, text):
            sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=attributes)
    good = {"DataType": "String", "StringValue": "v"}
    refused("InvalidParameterValue", "can only contain", **{"with space": good})
    refused("InvalidParameterValue", "AWS.", **{"aws.mine": good})
    refused("InvalidParameterValue", "start or end with", **{".dot": good})
    refused("InvalidParameterValue", "supported type prefixes", a={"DataType": "Text", "StringValue": "v"})
    refused("InvalidParameterValue", "non-empty value", a={"DataType": "String", "StringValue": ""})
    refused("InvalidParameterValue", "number", a={"DataType": "Number", "StringValue": "ten"})
    refused("InvalidParameterValue", "must use field", a={"DataType": "String", "BinaryValue": b"x"})
    refused("InvalidParameterValue", "maximum", **{f"a{number}": good for number in range(11)})
    assert counts(sqs, url) == (0, 0, 0)


def test_the_trace_header_is_a_system_attribute(sqs, queue):
    url = queue()
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    value = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    sent = sqs.send_message(QueueUrl=url, MessageBody="x", MessageSystemAttributes=value)
    assert len(sent["MD5OfMessageSystemAttributes"]) == 32
    [message] = receive(sqs, url, AttributeNames=["AWSTraceHeader"])
    assert message["Attributes"] == {"AWSTraceHeader": trace}


def test_bodies_keep_their_limits(sqs, queue):
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x" * MIB)
    [message] = receive(sqs, url)
    assert message["MD5OfBody"] == md5("x" * MIB)
    with Refused("InvalidParameterValue", "Message must be shorter than 1048576 bytes."):
        sqs.send_message(QueueUrl=url, MessageBody="x" * (MIB + 1))
    with Refused("InvalidParameterValue", "Message must be shorter than 1048576 bytes."):
        sqs.send_message(QueueUrl=url, MessageBody="x" * (MIB - 8), MessageAttributes={"a": {"DataType": "String", "StringValue": "vv"}})
    small = queue(MaximumMessageSize=1024)
    with Refused("InvalidParameterValue", "Message must be shorter than 1024 bytes."):
        sqs.send_message(QueueUrl=small, MessageBody="ü" * 513)
    with Refused("MissingParameter", "The request must contain the parameter MessageBody."):
        sqs.send_message(QueueUrl=url, MessageBody="")
    for character in ("\x00", "\x08", "\x1f", "\uffff", "\ufffe"):
        with Refused("InvalidMessageContents", "Invalid characters found"):
            sqs.send_message(QueueUrl=url, MessageBody="a" + character)


def test_parameters_of_receiving_keep_their_ranges(sqs, queue):
    url = queue()
    for parameter, value, reason in (("MaxNumberOfMessages", 11, "Must be between 1 and 10, if provided."),
                                     ("MaxNumberOfMessages", 0, "Must be between 1 and 10, if provided."),
                                     ("WaitTimeSeconds", 21, "Must be >= 0 and <= 20, if provided."),
                                     ("VisibilityTimeout", 43201, "VisibilityTimeout"), ("VisibilityTimeout", -1, "VisibilityTimeout")):
        with Refused("InvalidParameterValue", reason):
            receive(sqs, url, **{parameter: value})
    with Refused("InvalidParameterValue", "DelaySeconds"):
        sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=901)


def test_a_message_comes_back_after_its_visibility_timeout(sqs, queue):
    url = queue(VisibilityTimeout=1)
    sqs.send_message(QueueUrl=url, MessageBody="again")
    began = time.monotonic()
    [first] = receive(sqs, url)
    [second] = receive(sqs, url, WaitTimeSeconds=20, AttributeNames=["ApproximateReceiveCount"])
    assert 1 <= time.monotonic() - began < 15
    assert second["MessageId"] == first["MessageId"] and second["ReceiptHandle"] != first["ReceiptHandle"]
    assert second["Attributes"] == {"ApproximateReceiveCount": "2"}
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])  # an old handle still deletes
    assert counts(sqs, url) == (0, 0, 0)


def test_visibility_is_changed_while_a_message_is_in_flight(sqs, queue):
    url = queue(VisibilityTimeout=600)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    [message] = receive(sqs, url)
    handle = message["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    assert counts(sqs, url) == (1, 0, 0)
    with Refused("AWS.SimpleQueueService.MessageNotInflight"):
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=10)
    [message] = receive(sqs, url)
    handle = message["ReceiptHandle"]
    for seconds in (43201, -1):
        with Refused("InvalidParameterValue", "VisibilityTimeout"):
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=seconds)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    with Refused("InvalidParameterValue", "Message does not exist or is not available for visibility timeout change."):
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=10)
    with Refused("ReceiptHandleIsInvalid", status=404):
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle="made-up", VisibilityTimeout=10)


def test_handles_of_other_queues_are_invalid(sqs, queue):
    one, two = queue(), queue()
    sqs.send_message(QueueUrl=one, MessageBody="x")
    [message] = receive(sqs, one)
    handle = message["ReceiptHandle"]
    for wrong in ("made-up", handle[:-4] + "AAAA", "AQEB" + "A" * 50):
        with Refused("ReceiptHandleIsInvalid", "is not a valid receipt handle", status=404):
            sqs.delete_message(QueueUrl=one, ReceiptHandle=wrong)
    with Refused("ReceiptHandleIsInvalid", status=404):
        sqs.delete_message(QueueUrl=two, ReceiptHandle=handle)
    assert counts(sqs, one) == (0, 1, 0)


def test_delays_hide_messages_at_first(sqs, queue):
    url = queue(DelaySeconds=1)
    sqs.send_message(QueueUrl=url, MessageBody="later")
    sqs.send_message(QueueUrl=url, MessageBody="much later", DelaySeconds=900)
    sqs.send_message(QueueUrl=url, MessageBody="now", DelaySeconds=0)
    assert [message["Body"] for message in receive(sqs, url, MaxNumberOfMessages=10)] == ["now"]
    assert counts(sqs, url)[2] == 2
    [message] = receive(sqs, url, WaitTimeSeconds=10)
    assert message["Body"] == "later"
    assert counts(sqs, url) == (0, 2, 1)


def test_a_long_poll_ends_with_the_message(sqs, daemon, queue):
    url = queue()
    began = time.monotonic()
    sender = threading.Timer(0.5, lambda: daemon.client("sqs").send_message(QueueUrl=url, MessageBody="at last"))
    sender.start()
    [message] = receive(sqs, url, WaitTimeSeconds=20)
    sender.join()
    assert message["Body"] == "at last" and time.monotonic() - began < 15
    began = time.monotonic()
    assert receive(sqs, url, WaitTimeSeconds=1) == [] and time.monotonic() - began >= 1


def test_the_queues_own_wait_time_counts(sqs, queue):
    url = queue(ReceiveMessageWaitTimeSeconds=4)
    began = time.monotonic()
    assert receive(sqs, url) == [] and time.monotonic() - began >= 4
    began = time.monotonic()
    assert receive(sqs, url, WaitTimeSeconds=0) == [] and time.monotonic() - began < 4


def test_deleting_a_queue_ends_long_polls(sqs, daemon, queue):
    url = queue()
    failure = []

    def poll():
        try:
            daemon.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)
        except ClientError as error:
            failure.append(error.response["Error"]["Code"])
    poller = threading.Thread(target=poll)
    poller.start()
    time.sleep(0.3)
    sqs.delete_queue(QueueUrl=url)
    poller.join(10)
    assert failure == ["AWS.SimpleQueueService.NonExistentQueue"]


def test_every_message_goes_to_one_of_many_receivers(sqs, daemon, queue):
    url = queue(VisibilityTimeout=120)
    got = []

    def poll():
        client = daemon.client("sqs")
        while messages := client.receive_message(QueueUrl=url, WaitTimeSeconds=3, MaxNumberOfMessages=10).get("Messages"):
            got.extend(message["Body"] for message in messages)
            client.delete_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)])
    pollers = [threading.Thread(target=poll) for _ in range(6)]
    for poller in pollers:
        poller.start()
    for first in range(0, 200, 10):
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": str(n)} for n in range(first, first + 10)])
    for poller in pollers:
        poller.join(60)
    assert sorted(map(int, got)) == list(range(200))


# --- batches ------------------------------------------------------------------------------------------------------------


def test_batches_tell_each_entrys_outcome(sqs, queue):
    url = queue(MaximumMessageSize=1024)
    entries = [{"Id": "good", "MessageBody": "one"}, {"Id": "long", "MessageBody": "x" * 1025}, {"Id": "late", "MessageBody": "two", "DelaySeconds": 1000},
               {"Id": "bad", "MessageBody": "\x01"},
               {"Id": "with", "MessageBody": "three", "MessageAttributes": {"k": {"DataType": "String", "StringValue": "v"}}}]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert {entry["Id"]: entry["MD5OfMessageBody"] for entry in answer["Successful"]} == {"good": md5("one"), "with": md5("three")}
    assert {entry["Id"]: (entry["Code"], entry["SenderFault"]) for entry in answer["Failed"]} == {
        "long": ("InvalidParameterValue", True), "late": ("InvalidParameterValue", True), "bad": ("InvalidMessageContents", True)}
    messages = receive(sqs, url, MaxNumberOfMessages=10)
    assert sorted(message["Body"] for message in messages) == ["one", "three"]
    changes = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 5} for n, message in enumerate(messages)]
    answer = sqs.change_message_visibility_batch(QueueUrl=url, Entries=changes + [{"Id": "x", "ReceiptHandle": "no", "VisibilityTimeout": 5}])
    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "1"]
    assert [(entry["Id"], entry["Code"]) for entry in answer["Failed"]] == [("x", "ReceiptHandleIsInvalid")]
    deletions = [{"Id": change["Id"], "ReceiptHandle": change["ReceiptHandle"]} for change in changes]
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=deletions + [{"Id": "x", "ReceiptHandle": "no"}])
    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "1"] and [entry["Id"] for entry in answer["Failed"]] == ["x"]
    assert counts(sqs, url) == (0, 0, 0)


def test_bad_batches_are_refused_whole(sqs, queue):
    url = queue()

    def refused(code, text, entries):
        with Refused(code, text):
            sqs.send_message_batch(QueueUrl=url, Entries=entries)
    entries = [{"Id": str(number), "MessageBody": "x"} for number in range(11)]
    refused("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent 11.", entries)
    refused("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Id 1 repeated.", [entries[1], entries[1]])
    for wrong in ("", "with space", "x" * 81, "no:colon"):
        refused("AWS.SimpleQueueService.InvalidBatchEntryId", "at most 80 letters", [{"Id": wrong, "MessageBody": "x"}])
    half = "x" * (MIB // 2)
    refused("AWS.SimpleQueueService.BatchRequestTooLong", f"Batch requests cannot be longer than {MIB} bytes. You have sent {MIB + 1} bytes.",
            [{"Id": "1", "MessageBody": half}, {"Id": "2", "MessageBody": half + "x"}])
    if sqs.protocol == "json":
        refused("AWS.SimpleQueueService.EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request.", [])
    assert counts(sqs, url) == (0, 0, 0)


# --- purging, retention, dead letters -----------------------------------------------------------------------------------


def test_purging_removes_everything_once_a_minute(sqs, queue):
    url = queue()
    for body in ("one", "two"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    [message] = receive(sqs, url)
    sqs.purge_queue(QueueUrl=url)
    assert counts(sqs, url) == (0, 0, 0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    sqs.send_message(QueueUrl=url, MessageBody="new")
    assert [message["Body"] for message in receive(sqs, url)] == ["new"]
    with Refused("AWS.SimpleQueueService.PurgeQueueInProgress", "is allowed every 60 seconds.", status=403):
        sqs.purge_queue(QueueUrl=url)


def test_a_message_that_fails_too_often_becomes_a_dead_letter(sqs, queue):
    dead = queue()
    url = queue(VisibilityTimeout=0, RedrivePolicy=json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": 2}))
    sent = sqs.send_message(QueueUrl=url, MessageBody="poison", MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}})
    assert len(receive(sqs, url)) == 1 and len(receive(sqs, url)) == 1
    assert receive(sqs, url) == []
    assert (counts(sqs, url), counts(sqs, dead)) == ((0, 0, 0), (1, 0, 0))
    [message] = receive(sqs, dead, AttributeNames=["All"], MessageAttributeNames=["All"])
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "poison")
    assert message["MessageAttributes"]["k"]["StringValue"] == "v"
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == arn_of(url)
    assert message["Attributes"]["ApproximateReceiveCount"] == "3"
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]


def test_redrive_policies_are_checked(sqs, queue):
    url, dead = queue(), queue()

    def refused(policy, text):
        with Refused("InvalidParameterValue", text):
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy if isinstance(policy, str) else json.dumps(policy)})
    refused({"deadLetterTargetArn": "dummy", "maxReceiveCount": 42},
            'Value {"deadLetterTargetArn": "dummy", "maxReceiveCount": 42} for parameter RedrivePolicy is invalid. '
            "Reason: Invalid value for deadLetterTargetArn.")
    for count in (0, 1001, "x"):
        refused({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": count}, "maxReceiveCount")
    refused({"deadLetterTargetArn": arn_of(dead)}, "maxReceiveCount")
    refused({"maxReceiveCount": 3}, "deadLetterTargetArn")
    refused("[]", "JSON map")
    refused({"deadLetterTargetArn": arn_of(dead) + "-missing", "maxReceiveCount": 3}, "does not exist")
    policy = json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": "5"})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})
    assert attributes_of(sqs, url, "RedrivePolicy") == {"RedrivePolicy": policy}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert "RedrivePolicy" not in attributes_of(sqs, url)
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"})})
    refused({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": 3}, "redrive allow policy")
    allow = json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [arn_of(url)]})
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": allow})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})


def test_move_tasks_bring_dead_letters_back(sqs, daemon, queue):
    client = daemon.client("sqs")  # the older SDK does not know these operations
    dead, other = queue(), queue()
    url = queue(VisibilityTimeout=0, RedrivePolicy=json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": 1}))
    for number in range(5):
        client.send_message(QueueUrl=url, MessageBody=str(number))
    wait_until(lambda: not receive(sqs, url, MaxNumberOfMessages=10) and counts(sqs, dead)[0] == 5, 10, "the messages are no dead letters")
    with Refused("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."):
        client.start_message_move_task(SourceArn=arn_of(url))
    with Refused("ResourceNotFoundException", "SourceArn parameter doesn't exist.", status=404):
        client.start_message_move_task(SourceArn=arn_of(dead) + "-missing")
    with Refused("ResourceNotFoundException", "DestinationArn parameter doesn't exist.", status=404):
        client.start_message_move_task(SourceArn=arn_of(dead), DestinationArn=arn_of(dead) + "-missing")
    client.start_message_move_task(SourceArn=arn_of(dead), DestinationArn=arn_of(other))

    def finished():
        [task] = client.list_message_move_tasks(SourceArn=arn_of(dead))["Results"]
        return task if task["Status"] != "RUNNING" else None
    task = wait_until(finished, 10, "the task does not end")
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"], task["ApproximateNumberOfMessagesToMove"]) == ("COMPLETED", 5, 5)
    assert (task["SourceArn"], task["DestinationArn"]) == (arn_of(dead), arn_of(other)) and "TaskHandle" not in task
    messages = receive(sqs, other, MaxNumberOfMessages=10, AttributeNames=["All"])
    assert sorted(message["Body"] for message in messages) == list("01234")
    assert all(message["Attributes"]["ApproximateReceiveCount"] == "1" for message in messages)


def test_a_slow_move_task_is_cancelled(sqs, daemon, queue):
    client = daemon.client("sqs")
    dead = queue()
    url = queue(RedrivePolicy=json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": 1}))
    for number in range(10):
        client.send_message(QueueUrl=dead, MessageBody=str(number))
    handle = client.start_message_move_task(SourceArn=arn_of(dead), DestinationArn=arn_of(url), MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    with Refused("InvalidParameterValue", "There is already a task running."):
        client.start_message_move_task(SourceArn=arn_of(dead), DestinationArn=arn_of(url))
    [task] = client.list_message_move_tasks(SourceArn=arn_of(dead))["Results"]
    assert (task["Status"], task["TaskHandle"], task["MaxNumberOfMessagesPerSecond"]) == ("RUNNING", handle, 1)
    assert "ApproximateNumberOfMessagesMoved" in client.cancel_message_move_task(TaskHandle=handle)
    wait_until(lambda: client.list_message_move_tasks(SourceArn=arn_of(dead))["Results"][0]["Status"] == "CANCELLED", 10, "it is not cancelled")
    assert counts(sqs, dead)[0] >= 7
    with Refused("InvalidParameterValue", "Value for parameter TaskHandle is invalid."):
        client.cancel_message_move_task(TaskHandle="made-up")


# --- tags, permissions, accounts ----------------------------------------------------------------------------------------


def test_tags_are_kept(sqs):
    name = "tagged-" + sqs.protocol
    url = sqs.create_queue(QueueName=name, tags={"team": "a", "cost": "<1>"})["QueueUrl"]
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "a", "cost": "<1>"}
    sqs.tag_queue(QueueUrl=url, Tags={"team": "b", "new": ""})
    sqs.untag_queue(QueueUrl=url, TagKeys=["cost", "never"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "b", "new": ""}
    with Refused("InvalidParameterValue", "Too many tags"):
        sqs.tag_queue(QueueUrl=url, Tags={str(number): "x" for number in range(60)})
    sqs.untag_queue(QueueUrl=url, TagKeys=["team", "new"])
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)
    sqs.delete_queue(QueueUrl=url)


def test_permissions_let_other_accounts_in(sqs, daemon, queue):
    url = queue()
    other = daemon.client("sqs", key="123456789012")
    with pytest.raises(ClientError) as refused:
        other.send_message(QueueUrl=url, MessageBody="x")
    assert refused.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    sqs.add_permission(QueueUrl=url, Label="share", AWSAccountIds=["123456789012"], Actions=["SendMessage", "GetQueueUrl"])
    policy = json.loads(attributes_of(sqs, url, "Policy")["Policy"])
    assert policy["Id"] == arn_of(url) + "/SQSDefaultPolicy" and policy["Version"] == "2008-10-17"
    assert policy["Statement"] == [{"Sid": "share", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                                    "Action": ["SQS:SendMessage", "SQS:GetQueueUrl"], "Resource": arn_of(url)}]
    other.send_message(QueueUrl=url, MessageBody="from another account")
    with pytest.raises(ClientError):
        other.receive_message(QueueUrl=url)
    with pytest.raises(ClientError):
        other.delete_queue(QueueUrl=url)
    with Refused("InvalidParameterValue", "Value share for parameter Label is invalid. Reason: Already exists."):
        sqs.add_permission(QueueUrl=url, Label="share", AWSAccountIds=["123456789012"], Actions=["SendMessage"])
    with Refused("InvalidParameterValue", "Value SQS:Dance for parameter ActionName is invalid."):
        sqs.add_permission(QueueUrl=url, Label="two", AWSAccountIds=["123456789012"], Actions=["Dance"])
    with Refused("OverLimit", "8 Actions were found, maximum allowed is 7.", status=403):
        sqs.add_permission(QueueUrl=url, Label="two", AWSAccountIds=["123456789012"], Actions=["SendMessage"] * 8)
    sqs.remove_permission(QueueUrl=url, Label="share")
    assert "Policy" not in attributes_of(sqs, url)
    with Refused("InvalidParameterValue", "can't find label on existing policy."):
        sqs.remove_permission(QueueUrl=url, Label="share")
    [message] = receive(sqs, url, AttributeNames=["SenderId"])
    assert message["Attributes"] == {"SenderId": "123456789012"}


def test_regions_and_accounts_are_worlds_of_their_own(daemon):
    name = f"world-{os.getpid()}"
    clients = [daemon.client("sqs"), daemon.client("sqs", region="eu-west-1"), daemon.client("sqs", key="111122223333")]
    for number, client in enumerate(clients):
        url = client.create_queue(QueueName=name)["QueueUrl"]
        client.send_message(QueueUrl=url, MessageBody=str(number))
    for number, client in enumerate(clients):
        url = client.get_queue_url(QueueName=name)["QueueUrl"]
        assert [message["Body"] for message in client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]] == [str(number)]
        client.delete_queue(QueueUrl=url)


# --- the wire -----------------------------------------------------------------------------------------------------------


def test_the_wire_of_json(daemon):
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.GetQueueUrl"}
    answer = daemon.raw("POST", "/", '{"QueueName":"not-there"}', headers, service="sqs")
    assert answer.status == 400 and answer.headers["content-type"] == "application/x-amz-json-1.0"
    assert answer.json == {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The specified queue does not exist."}
    assert answer.headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert answer.headers["x-amzn-requestid"]
    answer = daemon.raw("POST", "/", "{}", headers, service="sqs")
    assert answer.headers["x-amzn-query-error"] == "MissingParameter;Sender" and "QueueName" in answer.json["message"]
    answer = daemon.raw("POST", "/", "{", headers, service="sqs")
    assert (answer.status, answer.json["__type"]) == (400, "com.amazon.coral.service#SerializationException")
    answer = daemon.raw("POST", "/", "{}", {**headers, "X-Amz-Target": "AmazonSQS.Dance"}, service="sqs")
    assert answer.json["__type"].endswith("#UnknownOperationException")


def test_the_wire_of_query(daemon):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = daemon.raw("POST", "/", "Action=CreateQueue&QueueName=wire&Attribute.1.Name=DelaySeconds&Attribute.1.Value=0&Version=2012-11-05", form, service="sqs")
    assert answer.status == 200 and answer.headers["content-type"] == "text/xml"
    url = f"{daemon.url}/{ACCOUNT}/wire"
    text = answer.body.decode()
    assert text.startswith('<?xml version="1.0"?><CreateQueueResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><CreateQueueResult>')
    assert f"<QueueUrl>{url}</QueueUrl></CreateQueueResult><ResponseMetadata><RequestId>" in text and text.endswith("</CreateQueueResponse>")
    # to the queue's URL, without QueueUrl; by GET (which wants a signature) and without a signature
    answer = daemon.raw("GET", f"/{ACCOUNT}/wire?Action=SendMessage&MessageBody=by%20GET%21", service="sqs")
    assert answer.status == 200 and md5("by GET!") in answer.body.decode()
    answer = daemon.send("POST", f"/{ACCOUNT}/wire", "Action=ReceiveMessage&AttributeName=All", form)
    assert "<Body>by GET!</Body>" in answer.body.decode() and "<Attribute><Name>SenderId</Name>" in answer.body.decode()
    answer = daemon.send("POST", f"/{ACCOUNT}/nowhere", "Action=ReceiveMessage", form)
    assert answer.status == 400
    assert "<Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in answer.body.decode()
    answer = daemon.send("POST", "/", "Action=Dance", form)
    assert "<Code>InvalidAction</Code>" in answer.body.decode() and answer.body.decode().endswith("</ErrorResponse>")
    assert "<Code>MissingAction</Code>" in daemon.send("POST", "/", "x=1", form).body.decode()
    daemon.client("sqs").delete_queue(QueueUrl=url)


def test_any_host_in_a_queues_url_will_do(sqs, queue):
    url = queue()
    name = url.rsplit("/", 1)[1]
    for other in (f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{name}", f"https://queue.amazonaws.com/{ACCOUNT}/{name}"):
        if sqs.protocol == "json":  # the older SDK sends to that host
            sqs.send_message(QueueUrl=other, MessageBody="x")
            assert len(receive(sqs, url)) == 1
    with Refused("InvalidAddress", status=404):
        sqs.send_message(QueueUrl="http://host/", MessageBody="x") if sqs.protocol == "json" else sqs.get_queue_attributes(QueueUrl=url + "/..")


def test_strict_mode_checks_the_signatures_of_queues_too():
    with Daemon(auth="strict") as daemon:
        key = json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"][0]
        root = (key["access_key_id"], key["secret_access_key"])
        client = daemon.client("sqs", *root)
        url = client.create_queue(QueueName="strict")["QueueUrl"]
        client.send_message(QueueUrl=url, MessageBody="x" * MIB)  # a body that is read in pieces
        assert client.receive_message(QueueUrl=url)["Messages"][0]["MD5OfBody"] == md5("x" * MIB)
        for wrong in ((root[0], "wrong"), ("AKIAUNKNOWN000000000", "x")):
            with pytest.raises(ClientError) as refused:
                daemon.client("sqs", *wrong).list_queues()
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = daemon.send("POST", "/", "Action=ListQueues", form)
        assert answer.status == 403 and "<Code>MissingAuthenticationToken</Code>" in answer.body.decode()
        answer = daemon.raw("POST", "/", "Action=ListQueues", form, sign=root, service="sqs")
        assert answer.status == 200 and url in answer.body.decode()


def test_queues_survive_a_restart_with_what_is_hidden():
    with Daemon() as daemon:
        client = daemon.client("sqs")
        url = client.create_queue(QueueName="kept", Attributes={"VisibilityTimeout": "600"}, tags={"a": "b"})["QueueUrl"]
        for body in ("one", "two"):
            client.send_message(QueueUrl=url, MessageBody=body)
        client.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=900)
        [message] = client.receive_message(QueueUrl=url)["Messages"]
        daemon.kill()
        daemon.start()
        client = daemon.client("sqs")
        url = client.get_queue_url(QueueName="kept")["QueueUrl"]
        assert counts(client, url) == (1, 1, 1)
        assert client.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "b"}
        assert [other["Body"] for other in client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]] == ["two"]
        client.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
        [again] = receive(client, url, AttributeNames=["ApproximateReceiveCount"])
        assert (again["Body"], again["Attributes"]) == ("one", {"ApproximateReceiveCount": "2"})


def test_a_daemon_that_ends_answers_long_polls():
    with Daemon() as daemon:
        client = daemon.client("sqs")
        url = client.create_queue(QueueName="ending")["QueueUrl"]
        answers = []
        poller = threading.Thread(target=lambda: answers.append(client.receive_message(QueueUrl=url, WaitTimeSeconds=20)))
        poller.start()
        threading.Event().wait(0.5)
        began = time.monotonic()
        daemon.stop()
        poller.join(10)
        assert time.monotonic() - began < 10 and len(answers) == 1 and "Messages" not in answers[0]
        daemon.start()


@pytest.mark.parametrize("program", ["/usr/bin/aws", str(Path(sys.executable).parent / "aws")], ids=["debian", "current"])
def test_the_command_line(daemon, tmp_path, program):
    if not os.path.exists(program):
        pytest.skip(f"{program} is not installed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}

    def aws(*arguments):
        done = subprocess.run([program, "--endpoint-url", daemon.url, "sqs", *arguments], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}
    url = aws("create-queue", "--queue-name", f"cli-{os.getpid()}-{next(counter)}", "--attributes", "VisibilityTimeout=60")["QueueUrl"]
    attributes = json.dumps({"color": {"DataType": "String", "StringValue": "red"}})
    sent = aws("send-message", "--queue-url", url, "--message-body", "from a shell", "--message-attributes", attributes)
    assert sent["MD5OfMessageBody"] == md5("from a shell")
    [message] = aws("receive-message", "--queue-url", url, "--attribute-names", "All", "--message-attribute-names", "All")["Messages"]
    assert (message["Body"], message["MessageAttributes"]["color"]["StringValue"]) == ("from a shell", "red")
    aws("delete-message", "--queue-url", url, "--receipt-handle", message["ReceiptHandle"])
    aws("delete-queue", "--queue-url", url)
