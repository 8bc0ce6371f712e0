"""If these fail, settings of asynchronous invocation are lost, or destinations are accepted that AWS refuses."""
import pytest

from conftest import Functions
from daemon import Daemon
from test_errors import refused
from test_lifecycle import arn

INVALID = "InvalidParameterValueException"
GONE = "The function doesn't exist."
NOTHING = "You must specify at least one of error handling or destination setting."
QUEUE = "arn:aws:sqs:us-east-1:000000000000:queue"
TOPIC = "arn:aws:sns:us-east-1:000000000000:topic"
BUS = "arn:aws:events:us-east-1:000000000000:event-bus/bus"
BUCKET = "arn:aws:s3:::bucket"
EMPTY = {"OnSuccess": {}, "OnFailure": {}}


@pytest.fixture
def name(aws, functions):
    made = functions(Publish=True)
    aws.create_alias(FunctionName=made, Name="live", FunctionVersion="1")
    return made


def body(answer):
    return {key: value for key, value in answer.items() if key not in ("ResponseMetadata", "LastModified")}


def none(name, qualifier="$LATEST"):
    return f"The function {arn(name)}:{qualifier} doesn't have an EventInvokeConfig"


def to(success=None, failure=None):
    config = {}
    if success is not None:
        config["OnSuccess"] = {"Destination": success}
    if failure is not None:
        config["OnFailure"] = {"Destination": failure}
    return config


def test_put_replaces_update_merges(aws, daemon, name):
    put = aws.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1, DestinationConfig=to(QUEUE))
    assert abs(put["LastModified"].timestamp() - daemon.now()) < 60
    expected = {"FunctionArn": arn(name) + ":$LATEST", "MaximumRetryAttempts": 1, "DestinationConfig": {"OnSuccess": {"Destination": QUEUE}, "OnFailure": {}}}
    assert body(put) == expected
    read = aws.get_function_event_invoke_config(FunctionName=name)
    assert body(read) == expected and read["LastModified"] == put["LastModified"]
    merged = aws.update_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=60, DestinationConfig=to(failure=TOPIC))
    assert body(merged) == {**expected, "MaximumEventAgeInSeconds": 60,
                            "DestinationConfig": {"OnSuccess": {"Destination": QUEUE}, "OnFailure": {"Destination": TOPIC}}}
    assert body(aws.update_function_event_invoke_config(FunctionName=name, DestinationConfig=to("", "")))["DestinationConfig"] == EMPTY
    replaced = aws.put_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=120)
    assert body(replaced) == {"FunctionArn": arn(name) + ":$LATEST", "MaximumEventAgeInSeconds": 120, "DestinationConfig": EMPTY}
    assert aws.delete_function_event_invoke_config(FunctionName=name)["ResponseMetadata"]["HTTPStatusCode"] == 204
    refused(lambda: aws.get_function_event_invoke_config(FunctionName=name), 404, "ResourceNotFoundException", none(name))
    refused(lambda: aws.delete_function_event_invoke_config(FunctionName=name), 404, "ResourceNotFoundException", none(name))
    refused(lambda: aws.update_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0), 404, "ResourceNotFoundException", none(name))


def test_last_modified_is_a_number(daemon, aws, name):
    aws.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    answer = daemon.raw("GET", f"/2019-09-25/functions/{name}/event-invoke-config")
    assert isinstance(answer.json["LastModified"], (int, float))


def test_each_qualifier_has_its_own(aws, name):
    for attempts, qualifier in enumerate(("$LATEST", "1", "live")):
        put = aws.put_function_event_invoke_config(FunctionName=name, Qualifier=qualifier, MaximumRetryAttempts=attempts)
        assert put["FunctionArn"] == f"{arn(name)}:{qualifier}"
    assert aws.get_function_event_invoke_config(FunctionName=name)["MaximumRetryAttempts"] == 0
    assert aws.get_function_event_invoke_config(FunctionName=f"{name}:1")["MaximumRetryAttempts"] == 1
    assert aws.get_function_event_invoke_config(FunctionName=f"{arn(name)}:live")["MaximumRetryAttempts"] == 2
    pages = list(aws.get_paginator("list_function_event_invoke_configs").paginate(FunctionName=name, PaginationConfig={"PageSize": 2}))
    listed = [config["FunctionArn"] for page in pages for config in page["FunctionEventInvokeConfigs"]]
    assert listed == [f"{arn(name)}:{qualifier}" for qualifier in ("$LATEST", "1", "live")] and len(pages) == 2
    aws.delete_alias(FunctionName=name, Name="live")
    aws.delete_function(FunctionName=name, Qualifier="1")
    listed = aws.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
    assert [config["FunctionArn"] for config in listed] == [arn(name) + ":$LATEST"]


def test_refusals(aws, name):
    for call in (aws.put_function_event_invoke_config, aws.update_function_event_invoke_config):
        refused(lambda: call(FunctionName="nobody"), 400, INVALID, NOTHING)
        refused(lambda: call(FunctionName="nobody", MaximumRetryAttempts=1), 404, "ResourceNotFoundException", GONE)
        refused(lambda: call(FunctionName=name, Qualifier="9", MaximumRetryAttempts=1), 404, "ResourceNotFoundException", GONE)
        refused(lambda: call(FunctionName=f"{name}:1", Qualifier="live", MaximumRetryAttempts=1), 400, INVALID,
                "The derived qualifier from the function name does not match the specified qualifier.")
    refused(lambda: aws.list_function_event_invoke_configs(FunctionName="nobody"), 404, "ResourceNotFoundException", GONE)
    refused(lambda: aws.get_function_event_invoke_config(FunctionName="nobody"), 404, "ResourceNotFoundException", none("nobody"))
    refused(lambda: aws.get_function_event_invoke_config(FunctionName=name, Qualifier="1"), 404, "ResourceNotFoundException", none(name, "1"))
    refused(lambda: aws.delete_function_event_invoke_config(FunctionName="nobody"), 404, "ResourceNotFoundException", none("nobody"))


def test_destinations(aws, functions, name):
    other = functions()

    def put(config):
        return aws.put_function_event_invoke_config(FunctionName=name, DestinationConfig=config)

    for destination in (QUEUE, TOPIC, BUS, arn(other)):
        assert put(to(destination, destination))["DestinationConfig"]["OnSuccess"] == {"Destination": destination}
    assert put(to(failure=BUCKET))["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": BUCKET}}
    for itself in (arn(name), arn(name) + ":live"):
        refused(lambda: put(to(itself)), 400, INVALID, "You can't specify the function as a destination for itself.")
    for missing in (arn("nobody"), arn(other) + ":7", arn(other, region="eu-west-1")):
        refused(lambda: put(to(failure=missing)), 400, INVALID, f"The destination ARN {missing} is invalid.")
    table = "arn:aws:dynamodb:us-east-1:000000000000:table/t"
    refused(lambda: put(to(table)), 400, INVALID,
            f"The provided destination config DestinationConfig(onSuccess=OnSuccess(destination={table}), onFailure=null) is invalid.")
    refused(lambda: put(to(BUCKET, QUEUE)), 400, INVALID, "The provided destination config DestinationConfig("
            f"onSuccess=OnSuccess(destination={BUCKET}), onFailure=OnFailure(destination={QUEUE})) is invalid.")
    assert aws.get_function_event_invoke_config(FunctionName=name)["DestinationConfig"]["OnFailure"] == {"Destination": BUCKET}


def test_survives_a_restart_but_not_its_function():
    with Daemon() as daemon:
        aws = daemon.client()
        make = Functions(aws)
        name = make()
        aws.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0, DestinationConfig=to(failure=QUEUE))
        before = aws.get_function_event_invoke_config(FunctionName=name)
        daemon.kill()
        daemon.start()
        aws = make.aws = daemon.client()
        after = aws.get_function_event_invoke_config(FunctionName=name)
        assert (body(after), after["LastModified"]) == (body(before), before["LastModified"])
        aws.delete_function(FunctionName=name)
        make(name=name)
        refused(lambda: aws.get_function_event_invoke_config(FunctionName=name), 404, "ResourceNotFoundException", none(name))
