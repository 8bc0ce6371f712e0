"""If these fail, changes of objects do not reach functions and queues as Amazon S3 tells them, lifecycle rules do nothing, or functions
cannot be made from packages in a bucket."""
import json

import pytest

from conftest import ROLE
from daemon import ACCOUNT, REGION, Daemon, wait_until
from packages import ECHO, make_zip
from s3_fixtures import body_of, bucket, buckets, s3  # noqa: F401
from test_sts import refused


@pytest.fixture
def queue(daemon, name):
    sqs = daemon.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    yield sqs, url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    sqs.delete_queue(QueueUrl=url)


def allow(queue, bucket):
    sqs, url, arn = queue
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
                 "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})})


def received(queue, count):
    """The bodies of so many messages."""
    sqs, url, _ = queue
    bodies = []

    def enough():
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
            bodies.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(bodies) >= count
    wait_until(enough, 60, f"{count} messages")
    return bodies


def configuration_of(arn, events, **filters):
    rules = [{"Name": name, "Value": value} for name, value in filters.items()]
    one = {"QueueArn": arn, "Events": events, "Id": "rule"}
    if rules:
        one["Filter"] = {"Key": {"FilterRules": rules}}
    return {"QueueConfigurations": [one]}


def test_a_queue_is_told(s3, buckets, queue):
    bucket = buckets(versioning=True)
    arn = queue[2]
    wanted = configuration_of(arn, ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"], prefix="in/", suffix=".txt")
    with refused("InvalidArgument") as how:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)
    assert how.text == "Unable to validate the following destination configurations"
    allow(queue, bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)
    shown = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"][0]
    assert shown["Filter"]["Key"]["FilterRules"] == [{"Name": "Prefix", "Value": "in/"}, {"Name": "Suffix", "Value": ".txt"}]
    (test,) = received(queue, 1)
    assert (test["Event"], test["Bucket"]) == ("s3:TestEvent", bucket)
    s3.put_object(Bucket=bucket, Key="out/a.txt")
    put = s3.put_object(Bucket=bucket, Key="in/a b.txt", Body=b"hello")
    deleted = s3.delete_object(Bucket=bucket, Key="in/a b.txt")
    records = sorted((body["Records"][0] for body in received(queue, 2)), key=lambda record: record["s3"]["object"]["sequencer"])
    created, marked = records
    assert created["eventName"] == "ObjectCreated:Put" and created["eventSource"] == "aws:s3" and created["awsRegion"] == REGION
    assert created["responseElements"]["x-amz-request-id"] == put["ResponseMetadata"]["HTTPHeaders"]["x-amz-request-id"]
    assert created["responseElements"]["x-amz-id-2"] == put["ResponseMetadata"]["HTTPHeaders"]["x-amz-id-2"]
    assert created["userIdentity"] == {"principalId": ACCOUNT}
    s3_part = created["s3"]
    assert s3_part["configurationId"] == "rule" and s3_part["bucket"] == {"name": bucket, "ownerIdentity": {"principalId": ACCOUNT}, "arn": f"arn:aws:s3:::{bucket}"}
    sequencer = s3_part["object"].pop("sequencer")
    assert s3_part["object"] == {"key": "in/a+b.txt", "size": 5, "eTag": put["ETag"].strip('"'), "versionId": put["VersionId"]}
    assert marked["eventName"] == "ObjectRemoved:DeleteMarkerCreated" and marked["s3"]["object"]["versionId"] == deleted["VersionId"]
    assert marked["s3"]["object"]["sequencer"] > sequencer


def test_what_may_not_be_configured(s3, bucket, queue):
    allow(queue, bucket)
    arn = queue[2]
    overlapping = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}, {"QueueArn": arn, "Events": ["s3:ObjectCreated:Put"]}]}
    with refused("InvalidArgument") as how:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=overlapping)
    assert how.text.startswith("Configuration is ambiguously defined.")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["EventBridgeConfiguration"] == {}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)


TELLER = """
import boto3, json, os
def handler(event, context):
    record = event["Records"][0]
    boto3.client("s3").put_object(Bucket=record["s3"]["bucket"]["name"], Key="told/" + record["s3"]["object"]["key"], Body=json.dumps(event).encode())
"""


def test_a_function_is_invoked_and_writes_back(aws, functions, s3, bucket):
    """From a package in a bucket to its answer in the bucket, as any thumbnail example."""
    s3.put_object(Bucket=bucket, Key="code/teller.zip", Body=make_zip(TELLER))
    name = f"teller-{bucket}"
    aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"S3Bucket": bucket, "S3Key": "code/teller.zip"}, Timeout=30)
    functions.names.append(name)
    arn = aws.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    wanted = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"],
                                                "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}}}]}
    with refused("InvalidArgument"):
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)
    aws.add_permission(FunctionName=name, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
                       SourceArn=f"arn:aws:s3:::{bucket}", SourceAccount=ACCOUNT)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)
    s3.put_object(Bucket=bucket, Key="in/picture", Body=b"x" * 20_000)

    def told():
        return s3.list_objects_v2(Bucket=bucket, Prefix="told/").get("KeyCount")
    wait_until(told, 60, "the function wrote its answer")
    event = json.loads(body_of(s3, bucket, "told/in/picture"))
    assert event["Records"][0]["s3"]["object"]["size"] == 20_000


def test_code_of_a_bucket(aws, s3, bucket):
    missing = dict(FunctionName="none", Runtime="python3.11", Handler="index.handler", Role=ROLE)
    with refused("InvalidParameterValueException") as how:
        aws.create_function(**missing, Code={"S3Bucket": bucket, "S3Key": "none.zip"})
    assert "NoSuchKey" in how.text
    layer = aws.publish_layer_version(LayerName="of-a-bucket", Content={"S3Bucket": bucket, "S3Key": put_zip(s3, bucket)})
    aws.delete_layer_version(LayerName="of-a-bucket", VersionNumber=layer["Version"])


def put_zip(s3, bucket):
    s3.put_object(Bucket=bucket, Key="layer.zip", Body=make_zip(ECHO))
    return "layer.zip"


def test_lifecycles_act_on_the_daemons_clock():
    with Daemon() as daemon:  # its clock is moved
        s3 = daemon.client("s3")
        s3.create_bucket(Bucket="aging")
        s3.put_bucket_lifecycle_configuration(Bucket="aging", LifecycleConfiguration={"Rules": [
            {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 1}},
            {"ID": "uploads", "Status": "Enabled", "Filter": {"Prefix": ""}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}]})
        assert 'rule-id="logs"' in s3.put_object(Bucket="aging", Key="logs/old")["Expiration"]
        s3.put_object(Bucket="aging", Key="data/old")
        s3.create_multipart_upload(Bucket="aging", Key="never")
        daemon.advance(3 * 24 * 3600)
        wait_until(lambda: [one["Key"] for one in s3.list_objects_v2(Bucket="aging")["Contents"]] == ["data/old"], 30, "the old log has gone")
        wait_until(lambda: "Uploads" not in s3.list_multipart_uploads(Bucket="aging"), 30, "the upload has gone")
