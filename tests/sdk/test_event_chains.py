"""If these fail, services do not reach one another: an object's event a topic or a bus, a rule or a schedule a topic, a topic a function."""
import json

import pytest

from daemon import ACCOUNT, REGION
from s3_fixtures import bucket, buckets, s3  # noqa: F401
from test_eventbridge import World

KEEP = """
import boto3, json, os
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
"""


@pytest.fixture
def world(daemon):
    made = World(daemon)
    yield made
    made.close()


@pytest.fixture
def topic(daemon, name):
    sns = daemon.client("sns")
    arn = sns.create_topic(Name=name)["TopicArn"]
    yield sns, arn
    sns.delete_topic(TopicArn=arn)


def let(topic, service, **condition):
    sns, arn = topic
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sns:Publish", "Resource": arn, **condition}
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def queue_of(world, topic):
    """A queue that gets what the topic gets, bare."""
    url, arn = world.queue(policy=False)
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
                 "Condition": {"ArnEquals": {"aws:SourceArn": topic[1]}}}
    world.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})})
    topic[0].subscribe(TopicArn=topic[1], Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    return url


def only(world, url):
    [message] = world.receive(url)
    return json.loads(message["Body"])


def test_an_object_tells_a_topic(s3, buckets, world, topic):
    bucket = buckets()
    let(topic, "s3.amazonaws.com", Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}})
    url = queue_of(world, topic)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "TopicConfigurations": [{"TopicArn": topic[1], "Events": ["s3:ObjectCreated:*"]}]})
    assert only(world, url)["Event"] == "s3:TestEvent"
    s3.put_object(Bucket=bucket, Key="a b", Body=b"x")
    [record] = only(world, url)["Records"]
    assert (record["eventName"], record["s3"]["object"]["key"]) == ("ObjectCreated:Put", "a+b")


def test_an_object_tells_the_default_bus(s3, buckets, world):
    bucket = buckets()
    url, arn = world.queue()
    world.rule({"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}, targets=[{"Id": "1", "Arn": arn}])
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    s3.put_object(Bucket=bucket, Key="key", Body=b"four")
    event = only(world, url)
    assert (event["source"], event["detail-type"], event["account"], event["region"]) == ("aws.s3", "Object Created", ACCOUNT, REGION)
    assert event["resources"] == [f"arn:aws:s3:::{bucket}"]
    assert event["detail"]["object"]["key"] == "key" and event["detail"]["object"]["size"] == 4 and event["detail"]["reason"] == "PutObject"


def test_a_rule_tells_a_topic_that_tells_a_function(world, topic, daemon, functions, name):
    let(topic, "events.amazonaws.com")
    url, _ = world.queue()
    aws = daemon.client("lambda")
    function = functions(KEEP, name=name, Environment={"Variables": {"QUEUE": url}})
    aws.add_permission(FunctionName=name, StatementId="sns", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", SourceArn=topic[1])
    topic[0].subscribe(TopicArn=topic[1], Protocol="lambda", Endpoint=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
    world.rule({"source": [name]}, targets=[{"Id": "1", "Arn": topic[1], "InputPath": "$.detail"}])
    world.put(name, {"n": 1})
    [record] = only(world, url)["Records"]
    assert record["EventSource"] == "aws:sns" and json.loads(record["Sns"]["Message"]) == {"n": 1}, function


def test_a_function_tells_a_topic_where_it_ended(world, topic, daemon, functions, name):
    url = queue_of(world, topic)
    functions("def handler(event, context): return 7", name=name)
    aws = daemon.client("lambda")
    aws.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": topic[1]}})
    aws.invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    record = only(world, url)
    assert record["requestContext"]["condition"] == "Success" and record["responsePayload"] == 7


def test_a_function_tells_a_bus_where_it_ended(world, daemon, functions, name):
    url, arn = world.queue()
    bus = world.bus()
    world.rule({"source": ["lambda"]}, bus=bus, targets=[{"Id": "1", "Arn": arn}])
    functions("def handler(event, context): return 7", name=name)
    aws = daemon.client("lambda")
    aws.put_function_event_invoke_config(FunctionName=name, DestinationConfig={
        "OnSuccess": {"Destination": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{bus}"}})
    aws.invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    event = only(world, url)
    assert event["detail-type"] == "Lambda Function Invocation Result - Success" and event["detail"]["responsePayload"] == 7
