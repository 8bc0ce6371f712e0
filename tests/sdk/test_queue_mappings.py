"""If these fail, functions do not get the messages of their queues as on AWS: lost, in another shape, twice, or not deleted."""
import base64
import hashlib
import itertools
import json
import os
import time

import pytest

from conftest import Functions
from daemon import ACCOUNT, REGION, Daemon, wait_until
from test_errors import refused
from test_mappings import settled

counter = itertools.count()
SECONDS = 60  # for what takes no time when the machine is idle

# Prints what it gets, and does what the bodies say.
WORKER = """
import json, time
def handler(event, context):
    failed, begin = [], time.time()
    bodies = [record["body"] for record in event["Records"]]
    for record, body in zip(event["Records"], bodies):
        if body.startswith("sleep "):
            time.sleep(float(body.split()[1]))
        if body.startswith("fail"):
            failed.append({"itemIdentifier": record["messageId"]})
    print("SEEN " + json.dumps({"event": event, "arn": context.invoked_function_arn, "begin": begin, "end": time.time()}))
    if "raise" in bodies:
        raise ValueError("as asked")
    return {"batchItemFailures": failed}
"""


class Workshop:
    """A daemon's queues, functions and mappings, and what the functions saw."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.aws = daemon.client("lambda")
        self.sqs = daemon.client("sqs")
        self.functions = Functions(self.aws)
        self.urls, self.uuids = [], []

    def queue(self, name=None, **attributes):
        name = name or f"q-{os.getpid()}-{next(counter)}"
        self.urls.append(self.sqs.create_queue(QueueName=name, Attributes={key: str(value) for key, value in attributes.items()})["QueueUrl"])
        return self.urls[-1]

    def map(self, url, function, wait=True, **settings):
        uuid = self.aws.create_event_source_mapping(EventSourceArn=arn_of(url), FunctionName=function, **settings)["UUID"]
        self.uuids.append(uuid)
        if wait:
            settled(self.aws, uuid)
        return uuid

    def send(self, url, *bodies):
        for first in range(0, len(bodies), 10):
            entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(bodies[first:first + 10])]
            assert not self.sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")

    def counts(self, url):
        """(visible, in flight)"""
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"]), int(attributes["ApproximateNumberOfMessagesNotVisible"])

    def is_idle(self):
        return self.daemon.send("GET", "/_mayfly/status").json["invocations_running"] == 0

    def is_empty(self, url):
        return self.counts(url) == (0, 0)

    def seen(self, function):
        text = self.daemon.send("GET", f"/_mayfly/logs?function={function}&limit=10000").body.decode()
        return [json.loads(line[line.index("SEEN ") + 5:]) for line in text.splitlines() if "SEEN " in line]

    def bodies(self, function):
        return [[record["body"] for record in invocation["event"]["Records"]] for invocation in self.seen(function)]

    def wait_bodies(self, function, expected):
        """Until every body was seen; the batches, in the order of the log."""
        def complete():
            batches = self.bodies(function)
            return batches if set(expected) <= {body for batch in batches for body in batch} else None
        return wait_until(complete, SECONDS, f"{function} does not see all of {expected[:5]}…")

    def clean(self):
        for uuid in self.uuids:
            try:
                settled(self.aws, uuid)
                self.aws.delete_event_source_mapping(UUID=uuid)
            except self.aws.exceptions.ResourceNotFoundException:
                pass
        self.functions.delete_all()
        for url in self.urls:
            try:
                self.sqs.delete_queue(QueueUrl=url)
            except self.sqs.exceptions.QueueDoesNotExist:
                pass


def arn_of(url):
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rsplit('/', 1)[1]}"


@pytest.fixture
def shop(daemon):
    made = Workshop(daemon)
    yield made
    made.clean()


@pytest.fixture(scope="module")
def clocked():
    """A daemon whose clock the tests move."""
    with Daemon() as running:
        yield running


@pytest.fixture
def clocked_shop(clocked):
    made = Workshop(clocked)
    yield made
    made.clean()


# --- what the function sees --------------------------------------------------------------------------------------------------

def test_the_event_is_that_of_aws(shop):
    url, function = shop.queue(), shop.functions(WORKER)
    attributes = {"kind": {"DataType": "String", "StringValue": "ürgent"}, "count": {"DataType": "Number", "StringValue": "7"},
                  "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    body = 'a "body"\nwith\\everything 🐝'
    before = time.time()
    sent = shop.sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)
    shop.map(url, function)
    shop.wait_bodies(function, [body])
    (invocation,) = shop.seen(function)
    assert list(invocation["event"]) == ["Records"]
    (record,) = invocation["event"]["Records"]
    assert list(record) == ["messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfMessageAttributes", "md5OfBody",
                            "eventSource", "eventSourceARN", "awsRegion"]
    assert record["messageId"] == sent["MessageId"]
    assert record["receiptHandle"]
    assert record["body"] == body
    assert record["md5OfBody"] == sent["MD5OfMessageBody"] == hashlib.md5(body.encode()).hexdigest()
    assert record["md5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert (record["eventSource"], record["eventSourceARN"], record["awsRegion"]) == ("aws:sqs", arn_of(url), REGION)
    empty = {"stringListValues": [], "binaryListValues": []}
    assert record["messageAttributes"] == {
        "kind": {"stringValue": "ürgent", **empty, "dataType": "String"}, "count": {"stringValue": "7", **empty, "dataType": "Number"},
        "bytes": {"binaryValue": base64.b64encode(b"\x00\xff").decode(), **empty, "dataType": "Binary"}}
    system = record["attributes"]
    assert list(system) == ["ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"]
    assert system["ApproximateReceiveCount"] == "1"
    assert before - 5 < int(system["SentTimestamp"]) / 1000 <= int(system["ApproximateFirstReceiveTimestamp"]) / 1000 < time.time() + 5
    assert invocation["arn"].endswith(f":function:{function}")


def test_a_trace_goes_along(shop):
    url, function = shop.queue(), shop.functions("import os\ndef handler(event, context):\n    print('TRACE', os.environ['_X_AMZN_TRACE_ID'])\n")
    root = "1-5e1b4151-5ac6c58d5f4b3f9b1a2c3d4e"
    shop.sqs.send_message(QueueUrl=url, MessageBody="x", MessageSystemAttributes={
        "AWSTraceHeader": {"DataType": "String", "StringValue": f"Root={root};Parent=53995c3f42cd8ad8;Sampled=1"}})
    shop.map(url, function)
    wait_until(lambda: f"TRACE Root={root}" in shop.daemon.send("GET", f"/_mayfly/logs?function={function}").body.decode(), SECONDS, "no trace")


def test_messages_are_deleted_when_they_are_processed(shop):
    url, function = shop.queue(), shop.functions(WORKER)
    bodies = [f"body {i}" for i in range(57)]
    shop.send(url, *bodies[:25])
    uuid = shop.map(url, function)
    assert "LastProcessingResult" not in shop.aws.get_event_source_mapping(UUID=uuid) or shop.bodies(function)
    shop.send(url, *bodies[25:])
    batches = shop.wait_bodies(function, bodies)
    assert sorted(body for batch in batches for body in batch) == sorted(bodies), "each exactly once"
    assert max(len(batch) for batch in batches) <= 10
    wait_until(lambda: shop.is_empty(url), SECONDS, "processed messages stay in the queue")
    assert shop.aws.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "OK"


def test_a_window_collects(shop):
    url, function = shop.queue(), shop.functions(WORKER)
    shop.map(url, function, BatchSize=100, MaximumBatchingWindowInSeconds=5)
    bodies = [f"body {i}" for i in range(40)]
    shop.send(url, *bodies)
    batches = shop.wait_bodies(function, bodies)
    assert len(batches) <= 2, batches


def test_the_alias_that_the_mapping_names_is_invoked(shop):
    url, function = shop.queue(), shop.functions(WORKER)
    shop.aws.publish_version(FunctionName=function)
    shop.aws.create_alias(FunctionName=function, Name="live", FunctionVersion="1")
    shop.map(url, function + ":live")
    shop.send(url, "x")
    shop.wait_bodies(function, ["x"])
    assert shop.seen(function)[0]["arn"].endswith(f":function:{function}:live")


# --- failures --------------------------------------------------------------------------------------------------------------------

def test_what_fails_comes_back_and_ends_in_the_dead_letter_queue(clocked_shop):
    shop, dead = clocked_shop, clocked_shop.queue()
    url = shop.queue(VisibilityTimeout=600, RedrivePolicy=json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": 2}))
    function = shop.functions(WORKER, Timeout=4)
    uuid = shop.map(url, function)
    shop.send(url, "raise")
    for times in (1, 2):
        wait_until(lambda: len(shop.bodies(function)) == times and shop.is_idle(), SECONDS, "it is not tried")
        shop.daemon.advance(600)
    wait_until(lambda: shop.counts(dead) == (1, 0), SECONDS, "no dead letter")
    assert shop.bodies(function) == [["raise"], ["raise"]]
    counts = [invocation["event"]["Records"][0]["attributes"]["ApproximateReceiveCount"] for invocation in shop.seen(function)]
    assert counts == ["1", "2"]
    assert shop.is_empty(url)
    assert shop.aws.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "PROBLEM: Function call failed"
    shop.send(url, "fine")
    shop.wait_bodies(function, ["fine"])
    wait_until(lambda: shop.aws.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "OK", SECONDS, "no OK")


def test_items_that_failed_come_back_alone(clocked_shop):
    shop = clocked_shop
    url, function = shop.queue(VisibilityTimeout=600), shop.functions(WORKER, Timeout=6)
    shop.send(url, "a", "fail", "b")
    shop.map(url, function, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumBatchingWindowInSeconds=1)
    wait_until(lambda: shop.counts(url) == (0, 1) and shop.is_idle(), SECONDS, "the others are not deleted")
    shop.daemon.advance(600)
    batches = wait_until(lambda: len(shop.bodies(function)) > 1 and shop.bodies(function), SECONDS, "the item does not come back")
    first = [body for batch in batches for body in batch if body != "fail"]
    assert sorted(first) == ["a", "b"]
    assert batches[-1] == ["fail"]


def test_without_the_setting_reports_mean_nothing(shop):
    url, function = shop.queue(VisibilityTimeout=6), shop.functions(WORKER, Timeout=6)
    shop.map(url, function)
    shop.send(url, "fail")
    shop.wait_bodies(function, ["fail"])
    wait_until(lambda: shop.is_empty(url), SECONDS, "it is not deleted")
    assert shop.bodies(function) == [["fail"]]


def test_messages_that_the_filter_refuses_are_deleted_unseen(shop):
    url, function = shop.queue(), shop.functions(WORKER)
    patterns = [{"body": {"temperature": [{"numeric": [">", 30]}]}}, {"messageAttributes": {"kind": {"stringValue": ["urgent"]}}}]
    shop.map(url, function, FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]})
    shop.send(url, '{"temperature": 29}', '{"temperature": 31}', "plain", '{"temperature": "31"}')
    shop.sqs.send_message(QueueUrl=url, MessageBody="urgent", MessageAttributes={"kind": {"DataType": "String", "StringValue": "urgent"}})
    batches = shop.wait_bodies(function, ['{"temperature": 31}', "urgent"])
    wait_until(lambda: shop.is_empty(url), SECONDS, "filtered messages stay")
    assert sorted(body for batch in batches for body in batch) == ["urgent", '{"temperature": 31}']


LOOP = """
import boto3
sqs = boto3.client("sqs")
def handler(event, context):
    print("ROUND")
    for record in event["Records"]:
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=record["body"])["QueueUrl"], MessageBody=record["body"])
"""


def rounds(shop, function):
    return shop.daemon.send("GET", f"/_mayfly/logs?function={function}&limit=10000").body.decode().count("ROUND")


def test_a_loop_through_a_queue_is_stopped(shop):
    dead = shop.queue()
    url = shop.queue(VisibilityTimeout=30, RedrivePolicy=json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": 1}))
    function = shop.functions(LOOP, Timeout=30)
    shop.map(url, function)
    shop.send(url, url.rsplit("/", 1)[1])
    wait_until(lambda: shop.counts(dead) == (1, 0), SECONDS, "the loop is not stopped")
    assert rounds(shop, function) == 16


# --- limits ------------------------------------------------------------------------------------------------------------------------

def overlap(invocations):
    """How many ran at once, by the functions' own clocks."""
    edges = sorted([(one["begin"], 1) for one in invocations] + [(one["end"], -1) for one in invocations])
    return max(itertools.accumulate(step for _, step in edges))


def test_no_more_at_once_than_the_mapping_allows(shop):
    url, function = shop.queue(), shop.functions(WORKER)
    bodies = [f"sleep 0.2 {i}" for i in range(20)]
    shop.send(url, *bodies)
    shop.map(url, function, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    shop.wait_bodies(function, bodies)
    assert overlap(shop.seen(function)) == 2


def test_throttled_batches_are_tried_again():
    with Daemon("--account-concurrency", "2") as daemon:
        shop = Workshop(daemon)
        url, function = shop.queue(), shop.functions(WORKER)
        bodies = [f"sleep 0.05 {i}" for i in range(40)]
        shop.send(url, *bodies)
        shop.map(url, function, BatchSize=1)
        batches = shop.wait_bodies(function, bodies)
        assert sorted(body for batch in batches for body in batch) == sorted(bodies), "each exactly once: nothing had to wait for its visibility"
        assert overlap(shop.seen(function)) <= 2
        wait_until(lambda: shop.is_empty(url), SECONDS, "processed messages stay in the queue")


# --- life ----------------------------------------------------------------------------------------------------------------------------

def test_disabled_and_enabled_while_messages_come(shop):
    url, function = shop.queue(), shop.functions(WORKER)
    uuid = shop.map(url, function, Enabled=False)
    shop.send(url, "early")
    assert shop.counts(url) == (1, 0)
    shop.aws.update_event_source_mapping(UUID=uuid, Enabled=True)
    shop.wait_bodies(function, ["early"])
    settled(shop.aws, uuid)
    shop.aws.update_event_source_mapping(UUID=uuid, Enabled=False)
    shop.send(url, "late")
    settled(shop.aws, uuid)
    assert shop.bodies(function) == [["early"]]
    assert shop.counts(url) == (1, 0), "it is hidden: somebody has received it"
    shop.aws.update_event_source_mapping(UUID=uuid, Enabled=True, BatchSize=1)
    shop.wait_bodies(function, ["late"])


def test_changes_while_it_runs_lose_nothing_and_repeat_nothing(shop):
    url, function = shop.queue(), shop.functions(WORKER)
    uuid = shop.map(url, function)
    bodies = [f"sleep 0.01 {i}" for i in range(200)]
    for round_number in range(10):
        shop.send(url, *bodies[round_number * 20:(round_number + 1) * 20])
        settled(shop.aws, uuid)
        shop.aws.update_event_source_mapping(UUID=uuid, BatchSize=1 + round_number, Enabled=round_number % 3 != 1)
    settled(shop.aws, uuid)
    shop.aws.update_event_source_mapping(UUID=uuid, Enabled=True)
    batches = shop.wait_bodies(function, bodies)
    assert sorted(body for batch in batches for body in batch) == sorted(bodies)
    wait_until(lambda: shop.is_empty(url), SECONDS, "processed messages stay in the queue")


def test_a_deleted_queue_and_its_return(shop):
    url, function = shop.queue(), shop.functions(WORKER)
    uuid = shop.map(url, function)
    shop.sqs.delete_queue(QueueUrl=url)
    wait_until(lambda: shop.aws.get_event_source_mapping(UUID=uuid).get("LastProcessingResult", "").startswith("PROBLEM: "), SECONDS, "no PROBLEM")
    shop.queue(url.rsplit("/", 1)[1])
    shop.send(url, "back")
    shop.wait_bodies(function, ["back"])


def test_a_deleted_function_leaves_its_messages(shop):
    url, function = shop.queue(), shop.functions(WORKER)
    uuid = shop.map(url, function)
    shop.aws.delete_function(FunctionName=function)
    shop.send(url, "x")
    wait_until(lambda: shop.aws.get_event_source_mapping(UUID=uuid).get("LastProcessingResult", "").startswith("PROBLEM: "), SECONDS, "no PROBLEM")
    wait_until(lambda: shop.counts(url) == (1, 0), SECONDS, "the message is gone or hidden")
    shop.functions(WORKER, name=function)
    shop.wait_bodies(function, ["x"])


def test_a_restarted_daemon_goes_on():
    with Daemon() as daemon:
        shop = Workshop(daemon)
        url, function = shop.queue(), shop.functions(WORKER)
        uuid = shop.map(url, function)
        shop.send(url, "before")
        shop.wait_bodies(function, ["before"])
        shop.aws.update_event_source_mapping(UUID=uuid, Enabled=False)
        settled(shop.aws, uuid)
        shop.send(url, "between")
        shop.aws.update_event_source_mapping(UUID=uuid, Enabled=True)  # whether it is Enabled before the end or after does not matter
        daemon.stop()
        daemon.start()
        again = Workshop(daemon)
        again.wait_bodies(function, ["between"])
        url = again.sqs.get_queue_url(QueueName=url.rsplit("/", 1)[1])["QueueUrl"]
        again.send(url, "after")
        again.wait_bodies(function, ["after"])
        assert [batch for batch in again.bodies(function) if batch == ["before"]] == [["before"]]


# --- what is refused, and figures ----------------------------------------------------------------------------------------------

def test_the_queue_is_looked_at(shop):
    function = shop.functions(WORKER, Timeout=60)
    refused(lambda: shop.map(f"{shop.daemon.url}/{ACCOUNT}/there-is-none", function), 400, "InvalidParameterValueException",
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified "
            "queue does not exist.")
    url = shop.queue()
    refused(lambda: shop.map(url, function), 400, "InvalidParameterValueException",
            "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds")
    shop.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    shop.map(url, function)


def test_metrics_where_the_mapping_asks_for_them(shop):
    url, function = shop.queue(), shop.functions(WORKER)
    uuid = shop.map(url, function, MetricsConfig={"Metrics": ["EventCount"]}, FilterCriteria={"Filters": [{"Pattern": '{"body":["yes"]}'}]})
    shop.send(url, "yes", "no", "yes")

    def figures():
        lines = shop.daemon.send("GET", "/_mayfly/metrics").body.decode().splitlines()
        return {line.split("{")[0]: float(line.rsplit(" ", 1)[1]) for line in lines if uuid in line and "_sum{" in line}
    expected = {"polled_event_count": 3, "filtered_out_event_count": 1, "invoked_event_count": 2, "deleted_event_count": 2}
    wait_until(lambda: {f"aws_lambda_{name}_sum": value for name, value in expected.items()}.items() <= figures().items(), SECONDS,
               f"not {expected}: {figures()}")
    assert figures().get("aws_lambda_failed_invoke_event_count_sum", 0) == 0
