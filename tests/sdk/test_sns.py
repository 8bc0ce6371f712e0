"""If these fail, topics are not those of Amazon SNS to an unmodified SDK, or messages reach their subscribers otherwise than on AWS: lost, in
another shape, or where a policy forbids it."""
import base64
import hashlib
import http.server
import itertools
import json
import os
import queue as queues
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from conftest import Functions
from daemon import ACCOUNT, REGION, Daemon, wait_until

counter = itertools.count()
SECONDS = 60  # for what takes no time when the machine is idle


class Refused:
    def __init__(self, code, text="", status=None):
        self.code, self.text, self.status = code, text, status

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        assert error is not None, f"nothing was refused, but {self.code} was to come"
        if not isinstance(error, ClientError):
            return False
        assert error.response["Error"]["Code"] == self.code, error.response
        assert self.text in error.response["Error"]["Message"], error.response
        if self.status:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == self.status
        return True


def sqs_arn(url):
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rsplit('/', 1)[1]}"


class Square:
    """A daemon's topics, and the queues and functions that listen to them."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.sns, self.sqs = daemon.client("sns"), daemon.client("sqs")
        self.functions = Functions(daemon.client("lambda"))
        self.topics, self.urls = [], []

    def name(self):
        return f"t-{os.getpid()}-{next(counter)}"

    def topic(self, name=None, tags=None, **attributes):
        settings = {"Tags": tags} if tags else {}
        arn = self.sns.create_topic(Name=name or self.name(), Attributes=attributes, **settings)["TopicArn"]
        self.topics.append(arn)
        return arn

    def fifo(self, **attributes):
        return self.topic(self.name() + ".fifo", FifoTopic="true", **attributes)

    def queue(self, topic=None, fifo=False, allow=True, **attributes):
        """A queue; where a topic is named, one that lets it in."""
        name = self.name() + (".fifo" if fifo else "")
        if fifo:
            attributes["FifoQueue"] = "true"
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.urls.append(url)
        if topic and allow:
            self.allow(url, topic)
        return url

    def allow(self, url, source):
        statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": sqs_arn(url),
                     "Condition": {"ArnEquals": {"aws:SourceArn": source}}}
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})})

    def subscribe(self, topic, url, **attributes):
        return self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=sqs_arn(url), Attributes=attributes)["SubscriptionArn"]

    def listener(self, topic, **attributes):
        url = self.queue(topic)
        self.subscribe(topic, url, **attributes)
        return url

    def messages(self, url, count=1, **settings):
        """So many messages that have come to the queue, deleted."""
        got = []

        def more():
            answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, AttributeNames=["All"],
                                              MessageAttributeNames=["All"], **settings)
            for message in answer.get("Messages", []):
                got.append(message)
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return got if len(got) >= count else None
        return wait_until(more, SECONDS, f"{count} messages do not come, only {got}")

    def bodies(self, url, count=1):
        return [message["Body"] for message in self.messages(url, count)]

    def is_empty(self, url):
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return found["ApproximateNumberOfMessages"] == found["ApproximateNumberOfMessagesNotVisible"] == "0"

    def settle(self, topic):
        """Until what was published before has been delivered: a last message has come through."""
        url = self.listener(topic, RawMessageDelivery="true")
        self.sns.publish(TopicArn=topic, Message="the last")
        assert self.bodies(url) == ["the last"]

    def outbox(self):
        return json.loads(self.daemon.send("GET", "/_mayfly/outbox?limit=1000").body)["messages"]

    def clean(self):
        for arn in self.topics:
            self.sns.delete_topic(TopicArn=arn)
        for url in self.urls:
            self.sqs.delete_queue(QueueUrl=url)
        self.functions.delete_all()


@pytest.fixture
def square(daemon):
    made = Square(daemon)
    yield made
    made.clean()


@pytest.fixture
def clocked():
    with Daemon() as running:
        made = Square(running)
        yield made
        made.clean()


class WebServer:
    """Listens where HTTP subscriptions end. `answers`: what it says to the next requests, 200 afterwards."""

    def __init__(self):
        self.requests, self.answers = queues.Queue(), []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                status = outer.answers.pop(0) if outer.answers else 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                outer.requests.put((dict(self.headers.items()), body))

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def next(self):
        headers, body = self.requests.get(timeout=SECONDS)
        return {name.lower(): value for name, value in headers.items()}, body

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def web():
    server = WebServer()
    yield server
    server.close()


def get(url):
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        return answer.read()


def openssl(arguments, given):
    return subprocess.run(["openssl", *arguments], input=given, stdout=subprocess.PIPE, check=True, timeout=SECONDS).stdout


def verify(message, url_name="SigningCertURL"):
    """As AWS's validators do it."""
    kind = message["Type"]
    names = (["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"] if kind == "Notification"
             else ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"])
    text = "".join(f"{name}\n{message[name]}\n" for name in names if message.get(name) is not None)
    digest = "-sha1" if message["SignatureVersion"] == "1" else "-sha256"
    with tempfile.TemporaryDirectory() as folder:
        key, signature = Path(folder, "key.pem"), Path(folder, "signature")
        key.write_bytes(openssl(["x509", "-pubkey", "-noout"], get(message[url_name])))
        signature.write_bytes(base64.b64decode(message["Signature"]))
        assert openssl(["dgst", digest, "-verify", str(key), "-signature", str(signature)], text.encode()) == b"Verified OK\n"


# --- topics -------------------------------------------------------------------------------------------------------------------


def test_a_topic_is_made_once_found_and_deleted(square):
    sns, name = square.sns, square.name()
    arn = square.topic(name, DisplayName="shown")
    assert arn == f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"
    assert square.topic(name, DisplayName="shown") == square.topic(name) == arn
    with Refused("InvalidParameter", "Invalid parameter: Attributes Reason: Topic already exists with different attributes", 400):
        square.topic(name, DisplayName="another")
    with Refused("InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags"):
        square.topic(name, tags=[{"Key": "k", "Value": "v"}])
    assert arn in [topic["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for topic in page["Topics"]]
    sns.delete_topic(TopicArn=arn)
    sns.delete_topic(TopicArn=arn)
    with Refused("NotFound", "Topic does not exist", 404):
        sns.get_topic_attributes(TopicArn=arn)


def test_attributes_have_the_defaults_of_aws(square):
    arn = square.topic()
    found = square.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    policy = json.loads(found.pop("Policy"))
    assert policy["Id"] == "__default_policy_ID" and policy["Statement"][0]["Resource"] == arn
    effective = json.loads(found.pop("EffectiveDeliveryPolicy"))["http"]["defaultHealthyRetryPolicy"]
    assert (effective["numRetries"], effective["minDelayTarget"], effective["backoffFunction"]) == (3, 20, "linear")
    assert found == {"TopicArn": arn, "Owner": ACCOUNT, "DisplayName": "", "SubscriptionsPending": "0", "SubscriptionsConfirmed": "0",
                     "SubscriptionsDeleted": "0"}
    square.sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="new")
    assert square.sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "new"
    fifo = square.fifo(ContentBasedDeduplication="true")
    found = square.sns.get_topic_attributes(TopicArn=fifo)["Attributes"]
    assert (found["FifoTopic"], found["ContentBasedDeduplication"]) == ("true", "true")


@pytest.mark.parametrize("call, code, text", [
    (lambda sns: sns.create_topic(Name="with space"), "InvalidParameter", "Invalid parameter: Topic Name"),
    (lambda sns: sns.create_topic(Name="named.fifo"), "InvalidParameter", "Invalid parameter: Topic Name"),
    (lambda sns: sns.create_topic(Name="plain", Attributes={"FifoTopic": "true"}), "InvalidParameter", "Invalid parameter: Topic Name"),
    (lambda sns: sns.create_topic(Name="odd", Attributes={"Unknown": "x"}), "InvalidParameter", "Invalid parameter: AttributeName"),
    (lambda sns: sns.get_topic_attributes(TopicArn="nothing"), "InvalidParameter",
     "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"),
    (lambda sns: sns.publish(TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:not-there", Message="x"), "NotFound", "Topic does not exist"),
    (lambda sns: sns.publish(PhoneNumber="none", Message="x"), "InvalidParameter",
     "Invalid parameter: PhoneNumber Reason: none is not valid to publish to"),
    (lambda sns: sns.get_subscription_attributes(SubscriptionArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:t:00000000-0000-0000-0000-000000000000"),
     "NotFound", "Subscription does not exist"),
    (lambda sns: sns.create_platform_application(Name="n", Platform="GCM", Attributes={}), "NotImplemented", "needs a push service"),
])
def test_what_is_refused(daemon, call, code, text):
    with Refused(code, text):
        call(daemon.client("sns"))


def test_tags(square):
    sns, arn = square.sns, square.topic(tags=[{"Key": "a", "Value": "1"}])
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "3"}])
    assert {tag["Key"]: tag["Value"] for tag in sns.list_tags_for_resource(ResourceArn=arn)["Tags"]} == {"a": "3", "b": "2"}
    sns.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    with Refused("ResourceNotFound", "Resource does not exist", 404):
        sns.list_tags_for_resource(ResourceArn=arn + "x")


def test_permissions_are_statements_by_label(square):
    sns, arn = square.sns, square.topic()
    sns.add_permission(TopicArn=arn, Label="other", AWSAccountId=["111111111111"], ActionName=["Publish"])
    statements = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])["Statement"]
    assert [one["Sid"] for one in statements] == ["__default_statement_ID", "other"]
    assert statements[1]["Principal"] == {"AWS": "arn:aws:iam::111111111111:root"} and statements[1]["Action"] == "SNS:Publish"
    with Refused("InvalidParameter", "Invalid parameter: Statement already exists"):
        sns.add_permission(TopicArn=arn, Label="other", AWSAccountId=["111111111111"], ActionName=["Publish"])
    with Refused("InvalidParameter", "Invalid parameter: Policy statement action out of service scope!"):
        sns.add_permission(TopicArn=arn, Label="odd", AWSAccountId=["111111111111"], ActionName=["Fly"])
    other = square.daemon.client("sns", key="111111111111")
    other.publish(TopicArn=arn, Message="let in")
    with Refused("AuthorizationError", "", 403):
        other.get_topic_attributes(TopicArn=arn)
    sns.remove_permission(TopicArn=arn, Label="other")
    with Refused("AuthorizationError", "", 403):
        other.publish(TopicArn=arn, Message="kept out")


# --- subscriptions --------------------------------------------------------------------------------------------------------------


def test_subscriptions_are_made_once_listed_and_removed(square):
    sns, arn = square.sns, square.topic()
    url = square.queue(arn)
    subscription = square.subscribe(arn, url)
    assert square.subscribe(arn, url) == subscription and subscription.startswith(arn + ":")
    with Refused("InvalidParameter", "Subscription already exists with different attributes"):
        square.subscribe(arn, url, RawMessageDelivery="true")
    listed = {"SubscriptionArn": subscription, "Owner": ACCOUNT, "Protocol": "sqs", "Endpoint": sqs_arn(url), "TopicArn": arn}
    assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] == [listed]
    assert listed in [one for page in sns.get_paginator("list_subscriptions").paginate() for one in page["Subscriptions"]]
    found = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert {name: found[name] for name in ("PendingConfirmation", "ConfirmationWasAuthenticated", "RawMessageDelivery", "Owner")} == {
        "PendingConfirmation": "false", "ConfirmationWasAuthenticated": "true", "RawMessageDelivery": "false", "Owner": ACCOUNT}
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true")
    assert sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]["RawMessageDelivery"] == "true"
    sns.unsubscribe(SubscriptionArn=subscription)
    assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] == []


def test_lists_come_in_pages_of_a_hundred(square):
    arn = square.topic()
    wanted = {square.sns.subscribe(TopicArn=arn, Protocol="sms", Endpoint=f"+1555010{number:04}")["SubscriptionArn"] for number in range(101)}
    first = square.sns.list_subscriptions_by_topic(TopicArn=arn)
    second = square.sns.list_subscriptions_by_topic(TopicArn=arn, NextToken=first["NextToken"])
    assert (len(first["Subscriptions"]), len(second["Subscriptions"]), second.get("NextToken")) == (100, 1, None)
    assert {one["SubscriptionArn"] for one in first["Subscriptions"] + second["Subscriptions"]} == wanted
    with Refused("InvalidParameter", "Invalid parameter: NextToken"):
        square.sns.list_subscriptions_by_topic(TopicArn=arn, NextToken="none of ours")


@pytest.mark.parametrize("protocol, endpoint, attributes, text", [
    ("smoke", "signal", {}, "Invalid parameter: Amazon SNS does not support this protocol string: smoke"),
    ("http", "https://example.com/", {}, "Invalid parameter: Endpoint must match the specified protocol"),
    ("sqs", "http://127.0.0.1/queue", {}, "Invalid parameter: SQS endpoint ARN"),
    ("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q.fifo", {},
     "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"),
    ("sms", "nobody", {}, "Invalid parameter: Invalid SMS endpoint: nobody"),
    ("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", {"FilterPolicyScope": "Nowhere"},
     "Invalid parameter: Attributes Reason: FilterPolicyScope: Invalid value [Nowhere]. Please use either MessageBody or MessageAttributes"),
    ("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", {"RawMessageDelivery": "maybe"},
     "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [maybe]. Must be true or false."),
    ("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", {"RedrivePolicy": '{"deadLetterTargetArn": "nothing"}'},
     "Invalid parameter: Attributes Reason: RedrivePolicy: deadLetterTargetArn is an invalid arn"),
    ("http", "http://127.0.0.1/", {"DeliveryPolicy": '{"healthyRetryPolicy": {"numRetries": 5}}'},
     "DeliveryPolicy: healthyRetryPolicy.minDelayTarget must be specified"),
    ("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", {"FilterPolicy": "{"}, "Invalid parameter: Attributes Reason: FilterPolicy: failed to parse JSON."),
    ("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", {"FilterPolicy": '{"a": {"b": ["c"]}}'},
     "Filter policy scope MessageAttributes does not support nested filter policy"),
    ("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", {"FilterPolicy": json.dumps({key: ["v"] for key in "abcdef"})},
     "Filter policy can not have more than 5 keys"),
    ("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", {"FilterPolicy": json.dumps({key: list(range(13)) for key in "ab"})}, "Filter policy is too complex"),
    ("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", {"FilterPolicy": '{"a": [{"smells": "like"}]}'}, "Unrecognized match type smells"),
    ("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", {"FilterPolicy": '{"a": [1000000001]}'}, "FilterPolicy: Value must be between -1.0E9 and 1.0E9, inclusive"),
])
def test_subscriptions_that_are_refused(square, protocol, endpoint, attributes, text):
    with Refused("InvalidParameter", text):
        square.sns.subscribe(TopicArn=square.topic(), Protocol=protocol, Endpoint=endpoint, Attributes=attributes)


# --- what queues and functions get ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_queue_gets_the_envelope_of_aws_and_its_signature_verifies(square, version):
    arn = square.topic(SignatureVersion=version)
    url = square.queue(arn)
    subscription = square.subscribe(arn, url)
    sent = square.sns.publish(TopicArn=arn, Message='a "message" \n🐝', Subject="About", MessageAttributes={
        "kind": {"DataType": "String", "StringValue": "ü"}, "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}})
    (body,) = square.bodies(url)
    message = json.loads(body)
    assert list(message) == ["Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature", "SigningCertURL",
                             "UnsubscribeURL", "MessageAttributes"]
    assert body.startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')
    assert (message["MessageId"], message["Message"], message["Subject"]) == (sent["MessageId"], 'a "message" \n🐝', "About")
    assert message["SignatureVersion"] == version
    assert message["MessageAttributes"] == {"kind": {"Type": "String", "Value": "ü"}, "bytes": {"Type": "Binary", "Value": "AP8="}}
    assert message["UnsubscribeURL"].endswith(f"/Unsubscribe?SubscriptionArn={subscription}")
    verify(message)


def test_raw_messages_have_the_attributes_of_the_queue(square):
    arn = square.topic()
    url = square.listener(arn, RawMessageDelivery="true")
    square.sns.publish(TopicArn=arn, Message="just this", MessageAttributes={
        "list": {"DataType": "String.Array", "StringValue": '["a", 1]'}, "n": {"DataType": "Number", "StringValue": "3.5"}})
    (message,) = square.messages(url)
    assert message["Body"] == "just this"
    assert message["MessageAttributes"] == {"list": {"DataType": "String.Array", "StringValue": '["a", 1]'},
                                            "n": {"DataType": "Number", "StringValue": "3.5"}}
    assert message["MD5OfBody"] == hashlib.md5(b"just this").hexdigest()


def test_a_function_gets_the_event_of_aws(square):
    arn = square.topic()
    name = square.functions("import json\ndef handler(event, context):\n    print('SEEN ' + json.dumps(event))\n")
    aws = square.daemon.client("lambda")
    function = aws.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    aws.add_permission(FunctionName=name, StatementId="topic", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", SourceArn=arn)
    subscription = square.sns.subscribe(TopicArn=arn, Protocol="lambda", Endpoint=function)["SubscriptionArn"]
    sent = square.sns.publish(TopicArn=arn, Message="hello", MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}})

    def seen():
        lines = square.daemon.send("GET", f"/_mayfly/logs?function={name}").body.decode().splitlines()
        return [json.loads(line[line.index("SEEN ") + 5:]) for line in lines if "SEEN " in line]
    (event,) = wait_until(seen, SECONDS, "the function is not invoked")
    (record,) = event["Records"]
    assert list(record) == ["EventSource", "EventVersion", "EventSubscriptionArn", "Sns"]
    assert (record["EventSource"], record["EventVersion"], record["EventSubscriptionArn"]) == ("aws:sns", "1.0", subscription)
    assert list(record["Sns"]) == ["Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature", "SigningCertUrl",
                                   "UnsubscribeUrl", "MessageAttributes"]
    assert (record["Sns"]["MessageId"], record["Sns"]["Message"], record["Sns"]["Subject"]) == (sent["MessageId"], "hello", None)
    assert record["Sns"]["MessageAttributes"] == {"k": {"Type": "String", "Value": "v"}}
    verify(record["Sns"], "SigningCertUrl")


def test_messages_may_differ_by_protocol(square):
    arn = square.topic()
    url = square.listener(arn, RawMessageDelivery="true")
    square.sns.publish(TopicArn=arn, Message=json.dumps({"default": "all", "sqs": "queues", "email": "people"}), MessageStructure="json")
    assert square.bodies(url) == ["queues"]
    with Refused("InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body"):
        square.sns.publish(TopicArn=arn, Message="{}", MessageStructure="json")
    with Refused("InvalidParameter", "Invalid parameter: Message Structure - JSON message body failed to parse"):
        square.sns.publish(TopicArn=arn, Message="no JSON", MessageStructure="json")


@pytest.mark.parametrize("settings, code, text", [
    ({"Message": ""}, "InvalidParameter", "Invalid parameter: Empty message"),
    ({"Message": "x" * 262_145}, "InvalidParameter", "Invalid parameter: Message too long"),
    ({"Message": "x", "Subject": "two\nlines"}, "InvalidParameter", "Invalid parameter: Subject"),
    ({"Message": "x", "Subject": "s" * 101}, "InvalidParameter", "Invalid parameter: Subject"),
    ({"Message": "x", "MessageDeduplicationId": "d"}, "InvalidParameter", "MessageDeduplicationId parameter that is not valid for this topic type"),
    ({"Message": "x", "MessageAttributes": {"k": {"DataType": "Odd", "StringValue": "v"}}}, "ParameterValueInvalid",
     "The message attribute 'k' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."),
    ({"Message": "x", "MessageAttributes": {"k": {"DataType": "String", "StringValue": ""}}}, "ParameterValueInvalid",
     "must contain non-empty message attribute value"),
    ({"Message": "x", "MessageAttributes": {"k": {"DataType": "String", "BinaryValue": b"v"}}}, "ParameterValueInvalid",
     "The message attribute 'k' with type 'String' must use field 'String'."),
    *[({"Message": "x", "MessageAttributes": {"k": {"DataType": "Number", "StringValue": number}}}, "ParameterValueInvalid",
       "Could not cast message attribute 'k' value to number.") for number in ("NaN", "Infinity", "-inf", "1e999", "1" * 39)],
    *[({"Message": text}, "InvalidParameter", "Invalid parameter: Message Reason: Invalid characters found.") for text in ("a\0b", "\x1f", "\ufffe")],
    ({"Message": '{"default": "x", "sqs": "\\u0000"}', "MessageStructure": "json"}, "InvalidParameter", "Message Reason: Invalid characters found."),
    ({"Message": "x", "MessageAttributes": {"k": {"DataType": "String", "StringValue": "\0"}}}, "ParameterValueInvalid",
     "Invalid characters found in the value of message attribute 'k'."),
])
def test_messages_that_are_refused(square, settings, code, text):
    with Refused(code, text):
        square.sns.publish(TopicArn=square.topic(), **settings)


def test_a_batch_tells_of_each_message(square):
    arn = square.topic()
    url = square.listener(arn, RawMessageDelivery="true")
    answer = square.sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=[
        {"Id": "a", "Message": "one"}, {"Id": "b", "Message": "two", "Subject": "\n"}, {"Id": "c", "Message": "three"}])
    assert [entry["Id"] for entry in answer["Successful"]] == ["a", "c"]
    assert [(entry["Id"], entry["Code"], entry["SenderFault"]) for entry in answer["Failed"]] == [("b", "InvalidParameter", True)]
    assert sorted(square.bodies(url, 2)) == ["one", "three"]
    for entries, code in (([{"Id": str(n), "Message": "m"} for n in range(11)], "TooManyEntriesInBatchRequest"),
                          ([{"Id": "a", "Message": "m"}] * 2, "BatchEntryIdsNotDistinct"), ([{"Id": "a b", "Message": "m"}], "InvalidBatchEntryId"),
                          ([{"Id": str(n), "Message": "m" * 150_000} for n in range(2)], "BatchRequestTooLong")):
        with Refused(code):
            square.sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=entries)


# --- filters --------------------------------------------------------------------------------------------------------------------


def attributes(**values):
    def one(value):
        if isinstance(value, list):
            return {"DataType": "String.Array", "StringValue": json.dumps(value)}
        return {"DataType": "Number" if isinstance(value, (int, float)) else "String", "StringValue": str(value)}
    return {name: one(value) for name, value in values.items()}


@pytest.mark.parametrize("policy, wanted, unwanted", [
    ({"kind": ["a", "b"]}, {"kind": "a"}, {"kind": "c"}),
    ({"kind": ["a"], "n": [1]}, {"kind": "a", "n": 1.0}, {"kind": "a", "n": 2}),
    ({"kind": [{"prefix": "ab"}]}, {"kind": "abc"}, {"kind": "bc"}),
    ({"kind": [{"suffix": "bc"}]}, {"kind": "abc"}, {"kind": "ab"}),
    ({"kind": [{"equals-ignore-case": "ABC"}]}, {"kind": "abc"}, {"kind": "ab"}),
    ({"kind": [{"wildcard": "a*c"}]}, {"kind": "abc"}, {"kind": "ab"}),
    ({"kind": [{"anything-but": ["a", "b"]}]}, {"kind": "c"}, {"kind": "a"}),
    ({"kind": [{"anything-but": {"prefix": "a"}}]}, {"kind": "ba"}, {"kind": "ab"}),
    ({"kind": [{"exists": True}]}, {"kind": "x"}, {"other": "x"}),
    ({"kind": [{"exists": False}]}, {"other": "x"}, {"kind": "x"}),
    ({"kind": [{"exists": False}]}, {"other": "x"}, {}),
    ({"n": [{"numeric": [">", 0, "<=", 5]}]}, {"n": 5}, {"n": 0}),
    ({"ip": [{"cidr": "10.0.0.0/8"}]}, {"ip": "10.1.2.3"}, {"ip": "11.1.2.3"}),
    ({"list": ["b"]}, {"list": ["a", "b"]}, {"list": ["a"]}),
    ({"$or": [{"kind": ["a"]}, {"n": [{"numeric": ["=", 3]}]}]}, {"kind": "x", "n": 3}, {"kind": "x", "n": 4}),
    ({"kind": ["1"]}, {"kind": "1"}, {"kind": 1}),
])
def test_policies_over_attributes(square, policy, wanted, unwanted):
    arn = square.topic()
    url = square.listener(arn, RawMessageDelivery="true", FilterPolicy=json.dumps(policy))
    square.sns.publish(TopicArn=arn, Message="unwanted", MessageAttributes=attributes(**unwanted))
    square.sns.publish(TopicArn=arn, Message="wanted", MessageAttributes=attributes(**wanted))
    assert square.bodies(url) == ["wanted"]
    square.settle(arn)
    assert square.is_empty(url)


def test_policies_over_the_body(square):
    arn = square.topic()
    url = square.listener(arn, RawMessageDelivery="true", FilterPolicyScope="MessageBody",
                          FilterPolicy=json.dumps({"order": {"items": {"price": [{"numeric": [">", 10]}]}}, "shop": ["here"]}))
    good = json.dumps({"shop": "here", "order": {"items": [{"price": 3}, {"price": 30}]}})
    for message in ("no JSON", json.dumps({"shop": "here"}), json.dumps({"shop": "there", "order": {"items": [{"price": 30}]}}), good):
        square.sns.publish(TopicArn=arn, Message=message)
    assert square.bodies(url) == [good]
    subscription = square.sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"][0]["SubscriptionArn"]
    square.sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue="{}")
    assert "FilterPolicy" not in square.sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    square.sns.publish(TopicArn=arn, Message="anything")
    assert square.bodies(url) == ["anything"]


# --- policies of targets, dead letters -------------------------------------------------------------------------------------------


def test_a_queue_that_does_not_let_the_topic_in_gets_nothing_and_its_dead_letters_do(square):
    arn, other = square.topic(), square.topic()
    closed, dead = square.queue(other), square.queue(arn)
    square.subscribe(arn, closed, RawMessageDelivery="true", RedrivePolicy=json.dumps({"deadLetterTargetArn": sqs_arn(dead)}))
    square.sns.publish(TopicArn=arn, Message="kept out")
    (letter,) = square.messages(dead)
    assert letter["Body"] == "kept out"
    assert set(letter["MessageAttributes"]) == {"RequestID", "ErrorCode", "ErrorMessage"}
    assert letter["MessageAttributes"]["ErrorCode"]["StringValue"] == "AccessDeniedException"
    assert square.is_empty(closed)


def test_a_function_without_permission_is_not_invoked(square):
    arn = square.topic()
    dead = square.queue(arn)
    name = square.functions("def handler(event, context):\n    print('SEEN')\n")
    function = square.daemon.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    square.sns.subscribe(TopicArn=arn, Protocol="lambda", Endpoint=function,
                         Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": sqs_arn(dead)})})
    square.sns.publish(TopicArn=arn, Message="x")
    (letter,) = square.messages(dead)
    assert json.loads(letter["Body"])["Records"][0]["Sns"]["Message"] == "x"
    assert "SEEN" not in square.daemon.send("GET", f"/_mayfly/logs?function={name}").body.decode()


def test_destinations_and_dead_letters_of_functions_reach_topics(square):
    arn = square.topic()
    url = square.listener(arn, RawMessageDelivery="true")
    name = square.functions("def handler(event, context):\n    return event\n")
    aws = square.daemon.client("lambda")
    aws.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": arn}})
    aws.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"a": 1}')
    (record,) = square.bodies(url)
    assert json.loads(record)["requestContext"]["condition"] == "Success"
    failing = square.functions("def handler(event, context):\n    raise ValueError('no')\n", DeadLetterConfig={"TargetArn": arn})
    aws.put_function_event_invoke_config(FunctionName=failing, MaximumRetryAttempts=0)
    aws.invoke(FunctionName=failing, InvocationType="Event", Payload=b'{"b": 2}')
    (letter,) = square.messages(url)
    assert json.loads(letter["Body"]) == {"b": 2}
    assert "ErrorMessage" in letter["MessageAttributes"]


# --- web servers, addresses ------------------------------------------------------------------------------------------------------


def test_a_web_server_confirms_gets_messages_and_may_come_back(square, web):
    sns, arn = square.sns, square.topic()
    answer = sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=web.url)
    assert answer["SubscriptionArn"] == "pending confirmation"
    assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"][0]["SubscriptionArn"] == "PendingConfirmation"
    headers, body = web.next()
    request = json.loads(body)
    assert list(request) == ["Type", "MessageId", "Token", "TopicArn", "Message", "SubscribeURL", "Timestamp", "SignatureVersion", "Signature",
                             "SigningCertURL"]
    assert (headers["x-amz-sns-message-type"], headers["x-amz-sns-topic-arn"]) == ("SubscriptionConfirmation", arn)
    assert (headers["user-agent"], headers["content-type"]) == ("Amazon Simple Notification Service Agent", "text/plain; charset=UTF-8")
    assert "x-amz-sns-subscription-arn" not in headers
    verify(request)
    with Refused("InvalidParameter", "Invalid parameter: Token"):
        sns.confirm_subscription(TopicArn=arn, Token="0" * 256)
    confirmed = get(request["SubscribeURL"]).decode()
    subscription = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"][0]["SubscriptionArn"]
    assert f"<SubscriptionArn>{subscription}</SubscriptionArn>" in confirmed
    assert sns.confirm_subscription(TopicArn=arn, Token=request["Token"])["SubscriptionArn"] == subscription
    sns.publish(TopicArn=arn, Message="hello")
    headers, body = web.next()
    assert (headers["x-amz-sns-message-type"], headers["x-amz-sns-subscription-arn"]) == ("Notification", subscription)
    verify(json.loads(body))
    get(json.loads(body)["UnsubscribeURL"])
    assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] == []
    headers, body = web.next()
    assert headers["x-amz-sns-message-type"] == "UnsubscribeConfirmation"
    verify(json.loads(body))
    get(json.loads(body)["SubscribeURL"])
    assert [one["SubscriptionArn"] for one in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]] == [subscription]


def test_who_confirms_may_demand_a_signature_for_the_end(square, web):
    sns, arn = square.sns, square.topic()
    subscription = sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=web.url, ReturnSubscriptionArn=True,
                                 Attributes={"RawMessageDelivery": "true"})["SubscriptionArn"]
    token = json.loads(web.next()[1])["Token"]
    sns.confirm_subscription(TopicArn=arn, Token=token, AuthenticateOnUnsubscribe="true")
    sns.publish(TopicArn=arn, Message="raw")
    headers, body = web.next()
    assert (body, headers["x-amz-sns-rawdelivery"]) == ("raw", "true")
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"{square.daemon.url}/_mayfly/sns/Unsubscribe?SubscriptionArn={subscription}")
    assert refused.value.code == 403
    sns.unsubscribe(SubscriptionArn=subscription)
    with Refused("NotFound", "Subscription does not exist"):
        sns.get_subscription_attributes(SubscriptionArn=subscription)


def test_a_web_server_is_tried_again_by_its_policy_and_not_after_a_refusal(clocked, web):
    sns, arn = clocked.sns, clocked.topic()
    dead = clocked.queue(arn)
    policy = {"healthyRetryPolicy": {"minDelayTarget": 30, "maxDelayTarget": 30, "numRetries": 2}}
    subscription = sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=web.url, ReturnSubscriptionArn=True, Attributes={
        "DeliveryPolicy": json.dumps(policy), "RawMessageDelivery": "true",
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": sqs_arn(dead)})})["SubscriptionArn"]
    sns.confirm_subscription(TopicArn=arn, Token=json.loads(web.next()[1])["Token"])
    effective = json.loads(sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]["EffectiveDeliveryPolicy"])
    assert effective["healthyRetryPolicy"]["numRetries"] == 2
    web.answers = [503, 429, 500]
    sns.publish(TopicArn=arn, Message="three times")
    for _ in range(3):
        assert web.next()[1] == "three times"
        # The end of this attempt is noted before the next one's time begins: moved until it comes, or the letter is there.
        wait_until(lambda: clocked.daemon.advance(31) or not web.requests.empty() or not clocked.is_empty(dead), SECONDS, "it is not tried again")
    assert clocked.bodies(dead) == ["three times"]
    web.answers = [404]
    sns.publish(TopicArn=arn, Message="once")
    assert web.next()[1] == "once"
    assert clocked.bodies(dead) == ["once"]


def test_addresses_and_numbers_have_their_messages_in_the_outbox(square):
    sns, arn = square.sns, square.topic()
    address = f"{square.name()}@example.com"
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=address)
    sns.subscribe(TopicArn=arn, Protocol="sms", Endpoint="+15550100")

    def of(endpoint, count):
        found = [message for message in square.outbox() if message["endpoint"] == endpoint and message.get("topicArn", "") in ("", arn)]
        return found if len(found) >= count else None
    (request,) = wait_until(lambda: of(address, 1), SECONDS, "no confirmation is asked for")
    sns.confirm_subscription(TopicArn=arn, Token=json.loads(request["body"])["Token"])
    sns.publish(TopicArn=arn, Message="hello", Subject="Hi")
    newest = wait_until(lambda: of(address, 2), SECONDS, "no e-mail")[0]
    assert (newest["protocol"], newest["subject"], newest["body"], newest["type"]) == ("email", "Hi", "hello", "Notification")
    assert wait_until(lambda: of("+15550100", 1), SECONDS, "no text message")[0]["body"] == "hello"
    number = f"+1555{os.getpid() % 10_000_000:07}"
    sent = sns.publish(PhoneNumber=number, Message="direct")
    assert wait_until(lambda: of(number, 1), SECONDS, "no direct message")[0]["id"] == sent["MessageId"]


def test_what_is_not_confirmed_in_two_days_is_gone(clocked):
    sns, arn = clocked.sns, clocked.topic()
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="late@example.com")
    token = json.loads(wait_until(clocked.outbox, SECONDS, "no confirmation")[0]["body"])["Token"]
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SubscriptionsPending"] == "1"
    clocked.daemon.advance(48 * 3600 + 1)
    with Refused("InvalidParameter", "Invalid parameter: Token"):
        sns.confirm_subscription(TopicArn=arn, Token=token)


# --- FIFO topics ----------------------------------------------------------------------------------------------------------------


def test_a_fifo_topic_keeps_the_order_of_each_group(square):
    arn = square.fifo()
    url = square.queue(arn, fifo=True)
    square.subscribe(arn, url, RawMessageDelivery="true")
    numbers = []
    for number in range(20):
        sent = square.sns.publish(TopicArn=arn, Message=str(number), MessageGroupId="ab"[number % 2], MessageDeduplicationId=f"d{number}")
        numbers.append(sent["SequenceNumber"])
    assert numbers == sorted(set(numbers)) and all(len(number) == 20 for number in numbers)
    by_group = {"a": [], "b": []}
    for message in square.messages(url, 20):
        by_group[message["Attributes"]["MessageGroupId"]].append(int(message["Body"]))
        assert message["Attributes"]["MessageDeduplicationId"] == f"d{message['Body']}"
    assert by_group == {"a": list(range(0, 20, 2)), "b": list(range(1, 20, 2))}


def test_a_duplicate_is_taken_and_not_delivered(square):
    arn = square.fifo(ContentBasedDeduplication="true")
    url, standard = square.queue(arn, fifo=True), square.queue(arn)
    for one in (url, standard):
        square.subscribe(arn, one)
    first = square.sns.publish(TopicArn=arn, Message="same", MessageGroupId="g")
    again = square.sns.publish(TopicArn=arn, Message="same", MessageGroupId="g")
    assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    square.sns.publish(TopicArn=arn, Message="other", MessageGroupId="g")
    for one in (url, standard):
        envelopes = [json.loads(body) for body in square.bodies(one, 2)]
        assert sorted(envelope["Message"] for envelope in envelopes) == ["other", "same"]
        assert all("Signature" not in envelope for envelope in envelopes)
        assert first["SequenceNumber"] in [envelope["SequenceNumber"] for envelope in envelopes]


@pytest.mark.parametrize("settings, text", [
    ({}, "The MessageGroupId parameter is required for FIFO topics"),
    ({"MessageGroupId": "g"}, "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"),
])
def test_what_a_fifo_topic_asks_for(square, settings, text):
    with Refused("InvalidParameter", text):
        square.sns.publish(TopicArn=square.fifo(), Message="x", **settings)


def test_settings_of_text_messages_and_numbers_are_kept(square):
    sns = square.sns
    with Refused("InvalidParameter", "Colour is not a valid attribute"):
        sns.set_sms_attributes(attributes={"Colour": "red"})
    with Refused("InvalidParameter", "Invalid parameter: DefaultSMSType"):
        sns.set_sms_attributes(attributes={"DefaultSMSType": "Loud"})
    sns.set_sms_attributes(attributes={"DefaultSMSType": "Transactional", "MonthlySpendLimit": "5"})
    sns.set_sms_attributes(attributes={"MonthlySpendLimit": "7"})
    assert sns.get_sms_attributes()["attributes"] == {"DefaultSMSType": "Transactional", "MonthlySpendLimit": "7"}
    assert sns.get_sms_attributes(attributes=["MonthlySpendLimit"])["attributes"] == {"MonthlySpendLimit": "7"}
    number = "+15550100777"
    sns.create_sms_sandbox_phone_number(PhoneNumber=number)
    assert sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"] == [{"PhoneNumber": number, "Status": "Pending"}]
    [code] = [message["body"].rstrip(".").rsplit(" ", 1)[1] for message in square.outbox() if message["endpoint"] == number]
    with Refused("VerificationException", "one-time password"):
        sns.verify_sms_sandbox_phone_number(PhoneNumber=number, OneTimePassword="00000" if code != "00000" else "11111")
    sns.verify_sms_sandbox_phone_number(PhoneNumber=number, OneTimePassword=code)
    assert sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"] == [{"PhoneNumber": number, "Status": "Verified"}]
    sns.delete_sms_sandbox_phone_number(PhoneNumber=number)
    assert sns.get_sms_sandbox_account_status()["IsInSandbox"] is False
    assert sns.check_if_phone_number_is_opted_out(phoneNumber=number)["isOptedOut"] is False
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == []


def test_a_data_protection_policy_is_kept_with_its_topic(square):
    arn = square.topic()
    policy = json.dumps({"Name": "p", "Version": "2021-06-01", "Statement": []})
    assert "DataProtectionPolicy" not in square.sns.get_data_protection_policy(ResourceArn=arn)
    square.sns.put_data_protection_policy(ResourceArn=arn, DataProtectionPolicy=policy)
    assert square.sns.get_data_protection_policy(ResourceArn=arn)["DataProtectionPolicy"] == policy
    with Refused("InvalidParameter", "DataProtectionPolicy"):
        square.sns.put_data_protection_policy(ResourceArn=arn, DataProtectionPolicy="{}")


# --- the daemon, the command line -------------------------------------------------------------------------------------------------


def test_topics_and_what_is_owed_outlive_the_daemon():
    with Daemon() as daemon:
        square = Square(daemon)
        arn = square.topic(DisplayName="kept")
        url = square.listener(arn, RawMessageDelivery="true")
        for number in range(20):
            square.sns.publish(TopicArn=arn, Message=str(number))
        daemon.kill()
        daemon.start()
        again = Square(daemon)
        assert again.sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "kept"
        url = again.sqs.get_queue_url(QueueName=url.rsplit("/", 1)[1])["QueueUrl"]
        came = set()  # some of them twice: the daemon was killed between a delivery and its note of it
        while came != set(range(20)):
            came.update(int(body) for body in again.bodies(url))
        assert daemon.send("POST", "/_mayfly/reset").status == 200
        assert again.sns.list_topics()["Topics"] == []


@pytest.mark.parametrize("program", ["/usr/bin/aws", str(Path(sys.executable).parent / "aws")])
def test_the_command_line(square, program, tmp_path):
    if not os.path.exists(program):
        pytest.skip(f"{program} is not installed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}

    def aws(*arguments):
        command = [program, "--endpoint-url", square.daemon.url, "--output", "json", "sns", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}
    arn = aws("create-topic", "--name", square.name())["TopicArn"]
    square.topics.append(arn)
    url = square.queue(arn)
    aws("subscribe", "--topic-arn", arn, "--protocol", "sqs", "--notification-endpoint", sqs_arn(url), "--attributes", "RawMessageDelivery=true")
    sent = aws("publish", "--topic-arn", arn, "--message", "from the command line")
    assert sent["MessageId"] and square.bodies(url) == ["from the command line"]
