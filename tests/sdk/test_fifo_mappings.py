"""If these fail, a function does not get the messages of a FIFO queue as on AWS: out of their order, two batches of a group at once,
or in another shape."""
import itertools
import os

import pytest

from daemon import Daemon, wait_until
from test_errors import refused
from test_queue_mappings import SECONDS, WORKER, Workshop, arn_of

counter = itertools.count()


class FifoWorkshop(Workshop):
    def queue(self, **attributes):
        return super().queue(f"f-{os.getpid()}-{next(counter)}.fifo", FifoQueue="true", ContentBasedDeduplication="true", **attributes)

    def put(self, url, *messages):
        """Messages are (group, body)."""
        for first in range(0, len(messages), 10):
            entries = [{"Id": str(i), "MessageBody": body, "MessageGroupId": group} for i, (group, body) in enumerate(messages[first:first + 10])]
            assert not self.sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")


@pytest.fixture
def shop(daemon):
    made = FifoWorkshop(daemon)
    yield made
    made.clean()


@pytest.fixture
def clocked_shop():
    with Daemon() as running:
        made = FifoWorkshop(running)
        yield made
        made.clean()


def test_the_record_says_group_id_and_number(shop):
    url, function = shop.queue(), shop.functions(WORKER)
    sent = shop.sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="d")
    shop.map(url, function)
    shop.wait_bodies(function, ["x"])
    (record,) = shop.seen(function)[0]["event"]["Records"]
    assert list(record["attributes"]) == ["ApproximateReceiveCount", "SentTimestamp", "SequenceNumber", "MessageGroupId", "SenderId",
                                          "MessageDeduplicationId", "ApproximateFirstReceiveTimestamp"]
    assert record["attributes"]["SequenceNumber"] == sent["SequenceNumber"]
    assert (record["attributes"]["MessageGroupId"], record["attributes"]["MessageDeduplicationId"]) == ("g", "d")
    assert record["eventSourceARN"] == arn_of(url)
    wait_until(lambda: shop.is_empty(url), SECONDS, "the message is not deleted")


def test_each_group_is_processed_in_its_order_and_one_batch_at_a_time(shop):
    url, function = shop.queue(), shop.functions(WORKER)
    messages = [(group, f"sleep 0.0{number % 3} {group} {number}") for number in range(12) for group in "abc"]
    shop.put(url, *messages)
    shop.map(url, function, BatchSize=2)
    shop.wait_bodies(function, [body for _, body in messages])
    running = {}
    for invocation in sorted(shop.seen(function), key=lambda one: one["begin"]):
        for record in invocation["event"]["Records"]:
            group, number = record["body"].split()[2:]
            last_end, last_number = running.get(group, (0, -1))
            assert int(number) == last_number + 1, (group, number)
            running[group] = (last_end, int(number))
        for group in {record["body"].split()[2] for record in invocation["event"]["Records"]}:
            assert invocation["begin"] >= running[group][0], f"two batches of {group} at once"
            running[group] = (invocation["end"], running[group][1])
    assert {group: number for group, (_, number) in running.items()} == {"a": 11, "b": 11, "c": 11}


def test_a_failed_batch_holds_up_its_group_alone(clocked_shop):
    shop = clocked_shop
    url, function = shop.queue(VisibilityTimeout=40), shop.functions(WORKER)
    shop.put(url, ("a", "raise"))
    uuid = shop.map(url, function, BatchSize=1)
    wait_until(lambda: shop.bodies(function) == [["raise"]], SECONDS, "the first is not processed")
    shop.put(url, ("a", "behind"), ("b", "free"))
    shop.wait_bodies(function, ["free"])
    assert ["behind"] not in shop.bodies(function)
    wait_until(shop.is_idle, SECONDS, "it goes on")
    shop.daemon.advance(41)
    wait_until(lambda: shop.bodies(function).count(["raise"]) == 2, SECONDS, "the first does not come again")
    assert ["behind"] not in shop.bodies(function)
    assert uuid


def test_after_the_first_failure_the_rest_of_the_group_has_failed(clocked_shop):
    shop = clocked_shop
    url, function = shop.queue(VisibilityTimeout=40), shop.functions(WORKER)
    shop.put(url, ("a", "a1"), ("a", "fail a2"), ("b", "b1"), ("a", "a3"))
    shop.map(url, function, FunctionResponseTypes=["ReportBatchItemFailures"])
    shop.wait_bodies(function, ["a3"])
    wait_until(lambda: shop.counts(url) == (0, 2), SECONDS, "a2 and a3 are to be left")
    shop.daemon.advance(41)
    wait_until(lambda: shop.bodies(function)[1:2] == [["fail a2", "a3"]], SECONDS, "they do not come again, in order")


def test_what_mappings_of_fifo_queues_may_not_have(shop):
    url, function = shop.queue(), shop.functions(WORKER)

    def make(**settings):
        return lambda: shop.aws.create_event_source_mapping(EventSourceArn=arn_of(url), FunctionName=function, **settings)
    refused(make(MaximumBatchingWindowInSeconds=1), 400, "InvalidParameterValueException", "Batching window is not supported for FIFO queues")
    refused(make(BatchSize=11), 400, "InvalidParameterValueException", "Maximum batch size must be between 1 and 10 inclusive")
    missing = arn_of(url).replace(".fifo", "-none.fifo")
    refused(lambda: shop.aws.create_event_source_mapping(EventSourceArn=missing, FunctionName=function), 400, "InvalidParameterValueException",
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue "
            "does not exist.")
