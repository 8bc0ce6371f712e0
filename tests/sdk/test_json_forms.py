"""If these fail, JSON that AWS's parsers take is refused here, or changes on its way: halves of surrogate pairs, and deep nesting."""
import json

import pytest
from botocore.exceptions import ClientError

from conftest import Functions
from daemon import wait_until
from test_urls import urls  # a fixture  # noqa: F401

# What JSON.stringify writes for a cut emoji, alone and among other text, as key and as value.
HALVES = [r'"\ud83d"', r'["\ude00","x\ud83dy"]', r'{"\ud83d":{"a":"\udfff"}}', r'{"text":"cut \ud83d","pair":"\ud83d\ude00"}']
LEVELS_MAX = 1000
NODE = {"Runtime": "nodejs20.x"}
# Gives back what it got, as text: what the client library makes of it is not the point.
RAW = "export const handler = async (event) => event;\n"


@pytest.fixture(scope="module")
def node(aws):
    made = Functions(aws)
    yield made({"index.mjs": RAW}, **NODE)
    made.delete_all()


@pytest.mark.parametrize("payload", HALVES)
def test_halves_of_surrogate_pairs_there_and_back(aws, node, payload):
    answer = aws.invoke(FunctionName=node, Payload=payload.encode())
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read()) == json.loads(payload)


@pytest.mark.parametrize("payload", HALVES)
def test_halves_in_events_and_their_records(aws, node, daemon, payload, name):
    """The record that a destination gets carries the event as a string."""
    sqs = daemon.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.put_function_event_invoke_config(FunctionName=node, DestinationConfig={"OnSuccess": {"Destination": arn}})
    assert aws.invoke(FunctionName=node, InvocationType="Event", Payload=payload.encode())["StatusCode"] == 202
    messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages", [])
    assert len(messages) == 1
    body = messages[0]["Body"]
    assert f'"requestPayload":{payload}' in body, "byte for byte: " + body
    assert json.loads(body)["responsePayload"] == json.loads(payload)
    aws.delete_function_event_invoke_config(FunctionName=node)
    sqs.delete_queue(QueueUrl=url)


def test_halves_in_answers_of_function_urls(urls):
    """An answer with a cut emoji is a 502."""
    node = urls({"index.mjs": r"export const handler = async () => ({ statusCode: 200, headers: { 'x-cut': 'a\ud83d' }, body: 'cut \ud83d' });"}, settings=NODE)
    answer = node()
    assert (answer.status, answer.body.decode()) == (200, "cut \ufffd")
    plain = urls({"index.mjs": r"export const handler = async () => ({ text: 'cut \ud83d' });"}, settings=NODE)()
    assert (plain.status, plain.body) == (200, rb'{"text":"cut \ud83d"}')


def test_halves_in_what_filters_see(aws, daemon, functions, name):
    """A message with a cut emoji passes no filter, or takes the poller down."""
    sqs = daemon.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    function = functions({"index.mjs": RAW}, **NODE)
    made = aws.create_event_source_mapping(EventSourceArn=arn, FunctionName=function, FilterCriteria={"Filters": [{"Pattern": r'{"body":{"text":["cut \ud83d"]}}'}]})
    try:
        sqs.send_message(QueueUrl=url, MessageBody=r'{"text":"other"}')
        sqs.send_message(QueueUrl=url, MessageBody=r'{"text":"cut \ud83d"}')

        def left():
            numbers = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            return int(numbers["ApproximateNumberOfMessages"]) + int(numbers["ApproximateNumberOfMessagesNotVisible"])
        wait_until(lambda: left() == 0, 60, "both messages are done with")
    finally:
        aws.delete_event_source_mapping(UUID=made["UUID"])
        sqs.delete_queue(QueueUrl=url)


def test_halves_that_are_no_json(aws, node):
    for payload in (rb'"\ud83"', rb'"\ud8zz"', b'"\xed\xa0\xbd"'):
        with pytest.raises(ClientError) as refused:
            aws.invoke(FunctionName=node, Payload=payload)
        assert refused.value.response["Error"]["Code"] == "InvalidRequestContentException", payload


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")])
def test_a_thousand_levels(aws, node, opening, closing):
    """Deep events are refused before AWS's parser would."""
    innermost = "[]" if opening == "[" else "{}"
    fine = opening * (LEVELS_MAX - 1) + innermost + closing * (LEVELS_MAX - 1)
    answer = aws.invoke(FunctionName=node, Payload=fine.encode())
    assert "FunctionError" not in answer and answer["Payload"].read().decode() == fine
    with pytest.raises(ClientError) as refused:
        aws.invoke(FunctionName=node, Payload=(opening + fine + closing).encode())
    error = refused.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("InvalidRequestContentException", 400)
