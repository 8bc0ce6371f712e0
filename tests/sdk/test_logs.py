"""If these fail, what functions and programs log is not found by CloudWatch Logs' clients, or is shown as AWS does not show it."""
import json
import os
import subprocess
import time

import pytest

from daemon import ACCOUNT, REGION, Daemon, wait_until
from test_eventbridge import fresh
from test_sts import refused

LOGGER = """
import json, time
def handler(event, context):
    for line in event.get("lines", []):
        print(line)
    return context.log_stream_name
"""
COLLECTOR = """
import base64, gzip, json
def handler(event, context):
    print("GOT " + gzip.decompress(base64.b64decode(event["awslogs"]["data"])).decode())
"""
NO_GROUP = "The specified log group does not exist."


@pytest.fixture(scope="module")
def logs(daemon):
    return daemon.client("logs")


@pytest.fixture
def now(daemon):
    """The daemon's calendar in milliseconds; other tests move it."""
    return int(daemon.clock()["epoch_seconds"] * 1000)


@pytest.fixture
def group(logs):
    name = "/test/" + fresh("group")
    logs.create_log_group(logGroupName=name)
    yield name
    try:
        logs.delete_log_group(logGroupName=name)
    except logs.exceptions.ResourceNotFoundException:
        pass


def put(logs, group, stream, messages, at):
    return logs.put_log_events(logGroupName=group, logStreamName=stream,
                               logEvents=[{"timestamp": at + i, "message": message} for i, message in enumerate(messages)])


def messages(events):
    return [event["message"] for event in events]


def test_groups_are_made_listed_and_deleted(logs, now):
    base = "/test/" + fresh("listed")
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{base}/a"
    logs.create_log_group(logGroupName=base + "/a", tags={"team": "x"})
    logs.create_log_group(logGroupName=base + "/b", logGroupClass="INFREQUENT_ACCESS", deletionProtectionEnabled=True)
    with refused("ResourceAlreadyExistsException", 400) as how:
        logs.create_log_group(logGroupName=base + "/a")
    assert how.text == "The specified log group already exists"
    first, second = logs.describe_log_groups(logGroupNamePrefix=base)["logGroups"]
    assert (first["logGroupName"], first["arn"], first["logGroupArn"], first["logGroupClass"]) == (base + "/a", arn + ":*", arn, "STANDARD")
    assert first["metricFilterCount"] == 0 and "retentionInDays" not in first and abs(first["creationTime"] - now) < 600_000
    assert second["deletionProtectionEnabled"] and second["logGroupClass"] == "INFREQUENT_ACCESS"
    page = logs.describe_log_groups(logGroupNamePrefix=base, limit=1)
    assert [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePrefix=base, limit=1, nextToken=page["nextToken"])["logGroups"]] == [base + "/b"]
    assert [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePattern=base[6:] + "/b")["logGroups"]] == [base + "/b"]
    assert [g["logGroupArn"] for g in logs.list_log_groups(logGroupNamePattern="^" + base[:24])["logGroups"] if g["logGroupName"] == base + "/a"] == [arn]
    with refused("InvalidParameterException", 400):
        logs.describe_log_groups(logGroupNamePrefix="a", logGroupNamePattern="b")
    with refused("ValidationException", 400):
        logs.delete_log_group(logGroupName=base + "/b")
    logs.put_log_group_deletion_protection(logGroupIdentifier=base + "/b", deletionProtectionEnabled=False)
    for name in ("/a", "/b"):
        logs.delete_log_group(logGroupName=base + name)
    with refused("ResourceNotFoundException", 400) as how:
        logs.delete_log_group(logGroupName=base + "/a")
    assert how.text == NO_GROUP


def test_tags_in_both_ways(logs, group):
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
    logs.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    logs.tag_log_group(logGroupName=group, tags={"c": "3"})
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    logs.untag_log_group(logGroupName=group, tags=["b"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"c": "3"} == logs.list_tags_log_group(logGroupName=group)["tags"]
    with refused("ResourceNotFoundException", 400):
        logs.tag_resource(resourceArn=arn + "x", tags={"a": "1"})


def test_events_are_put_and_read_page_by_page_in_both_directions(logs, group, now):
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    assert put(logs, group, "s", [str(i) for i in range(5)], now)["nextSequenceToken"]
    newest = logs.get_log_events(logGroupName=group, logStreamName="s", limit=2)
    assert messages(newest["events"]) == ["3", "4"]
    older = logs.get_log_events(logGroupName=group, logStreamName="s", limit=2, nextToken=newest["nextBackwardToken"])
    assert messages(older["events"]) == ["1", "2"]
    end = logs.get_log_events(logGroupName=group, logStreamName="s", nextToken=newest["nextForwardToken"])
    assert end["events"] == [] and end["nextForwardToken"] == newest["nextForwardToken"] and newest["nextForwardToken"].startswith("f/")
    first = logs.get_log_events(logGroupIdentifier=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}", logStreamName="s", limit=3, startFromHead=True)
    assert messages(first["events"]) == ["0", "1", "2"]
    assert messages(logs.get_log_events(logGroupName=group, logStreamName="s", nextToken=first["nextForwardToken"])["events"]) == ["3", "4"]
    put(logs, group, "s", ["later"], now + 10)
    assert messages(logs.get_log_events(logGroupName=group, logStreamName="s", nextToken=end["nextForwardToken"])["events"]) == ["later"]
    at = first["events"][1]["timestamp"]
    assert messages(logs.get_log_events(logGroupName=group, logStreamName="s", startTime=at, endTime=at + 1)["events"]) == ["1"]
    assert first["events"][0]["ingestionTime"] >= first["events"][0]["timestamp"]


def test_what_put_refuses_and_what_it_leaves_out(logs, group, now):
    with refused("ResourceNotFoundException", 400) as how:
        put(logs, group, "missing", ["x"], now)
    assert how.text == "The specified log stream does not exist."
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    with refused("ResourceAlreadyExistsException", 400) as how:
        logs.create_log_stream(logGroupName=group, logStreamName="s")
    assert how.text == "The specified log stream already exists"
    day = 24 * 3600 * 1000
    with refused("InvalidParameterException", 400) as how:
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now, "message": "a"}, {"timestamp": now - 10_000, "message": "b"}])
    assert how.text == "Log events in a single PutLogEvents request must be in chronological order."
    with refused("InvalidParameterException", 400) as how:
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now - 2 * day, "message": "a"}, {"timestamp": now, "message": "b"}])
    assert how.text == "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    with refused("InvalidParameterException", 400):
        put(logs, group, "s", ["x" * 600_000, "y" * 600_000], now)
    answer = logs.put_log_events(logGroupName=group, logStreamName="s",
                                 logEvents=[{"timestamp": now, "message": "kept"}, {"timestamp": now + 3 * 3600 * 1000, "message": "too new"}])
    assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    answer = logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now - 15 * day, "message": "too old"}])
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    put(logs, group, "s", ["large " + "z" * 1_000_000], now)
    assert [message[:5] for message in messages(logs.get_log_events(logGroupName=group, logStreamName="s")["events"])] == ["kept", "large"]


def test_filtering_over_streams(logs, group, now):
    for stream in ("a/1", "a/2", "b/1"):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    start = now
    for i in range(4):
        put(logs, group, ("a/1", "a/2")[i % 2], [json.dumps({"n": i, "level": "ERROR" if i == 2 else "INFO"})], start + i)
    put(logs, group, "b/1", ["plain ERROR line"], start + 10)
    found = logs.filter_log_events(logGroupName=group)
    assert [(e["logStreamName"], e["message"][:6]) for e in found["events"]][-1] == ("b/1", "plain ") and found["searchedLogStreams"] == []
    assert [e["timestamp"] - start for e in found["events"]] == [0, 1, 2, 3, 10]
    assert len({e["eventId"] for e in found["events"]}) == 5 and all(len(e["eventId"]) == 56 for e in found["events"])
    assert len(logs.filter_log_events(logGroupName=group, filterPattern="ERROR")["events"]) == 2
    assert [json.loads(m)["n"] for m in messages(logs.filter_log_events(logGroupName=group, filterPattern='{ $.level = "ERROR" || $.n > 2 }')["events"])] == [2, 3]
    assert len(logs.filter_log_events(logGroupName=group, logStreamNamePrefix="a/")["events"]) == 4
    assert messages(logs.filter_log_events(logGroupName=group, logStreamNames=["b/1"])["events"]) == ["plain ERROR line"]
    assert len(logs.filter_log_events(logGroupName=group, startTime=start + 1, endTime=start + 3)["events"]) == 3
    pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName=group, PaginationConfig={"PageSize": 2}))
    assert [len(page["events"]) for page in pages][:2] == [2, 2] and sum(len(page["events"]) for page in pages) == 5
    with refused("InvalidParameterException", 400) as how:
        logs.filter_log_events(logGroupName=group, filterPattern="{ nonsense")
    assert how.text == "Invalid filter pattern"
    with refused("InvalidParameterException", 400):
        logs.filter_log_events(logGroupName=group, logStreamNames=["b/1"], logStreamNamePrefix="a")
    matches = logs.test_metric_filter(filterPattern="[host, code = 5*]", logEventMessages=["a 500", "b 200"])["matches"]
    assert matches == [{"eventNumber": 1, "eventMessage": "a 500", "extractedValues": {"$host": "a", "$code": "500"}}]


def test_streams_are_listed_and_deleted(logs, group, now):
    for stream in ("x", "y", "z"):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    start = now
    put(logs, group, "z", ["1"], start)
    put(logs, group, "x", ["2", "3"], start + 5)
    listed = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert [s["logStreamName"] for s in listed] == ["x", "y", "z"] and "firstEventTimestamp" not in listed[1]
    assert (listed[0]["firstEventTimestamp"], listed[0]["lastEventTimestamp"]) == (start + 5, start + 6)
    assert listed[0]["arn"] == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:log-stream:x"
    by_time = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True, limit=1)
    assert [s["logStreamName"] for s in by_time["logStreams"]] == ["x"]
    rest = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True, nextToken=by_time["nextToken"])
    assert [s["logStreamName"] for s in rest["logStreams"]] == ["z", "y"]
    with refused("InvalidParameterException", 400) as how:
        logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", logStreamNamePrefix="x")
    assert how.text == "Cannot order by LastEventTime with a logStreamNamePrefix."
    logs.delete_log_stream(logGroupName=group, logStreamName="x")
    assert messages(logs.filter_log_events(logGroupName=group)["events"]) == ["1"]
    with refused("ResourceNotFoundException", 400):
        logs.get_log_events(logGroupName=group, logStreamName="x")
    logs.create_log_stream(logGroupName=group, logStreamName="x")
    put(logs, group, "x", ["again"], now)
    assert messages(logs.get_log_events(logGroupName=group, logStreamName="x")["events"]) == ["again"]


def test_a_functions_group_is_there_when_it_has_logged(daemon, logs, aws, functions):
    name = functions(LOGGER)
    group = f"/aws/lambda/{name}"
    answer = aws.invoke(FunctionName=name, Payload=json.dumps({"lines": ["hello", "ERROR here"]}))
    stream = json.loads(answer["Payload"].read())
    found = logs.filter_log_events(logGroupName=group, filterPattern="ERROR")["events"]
    assert [(e["logStreamName"], e["message"]) for e in found] == [(stream, "ERROR here\n")]
    assert [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]] == [group]
    assert [s["logStreamName"] for s in logs.describe_log_streams(logGroupName=group)["logStreams"]] == [stream]
    text = messages(logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"])
    assert [line.split()[0] for line in text] == ["INIT_START", "START", "hello", "ERROR", "END", "REPORT"]
    assert text[2] == "hello\n" and text[-1].endswith("\t\n")
    with refused("ResourceAlreadyExistsException", 400):
        logs.create_log_group(logGroupName=group)
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
    command = ["/usr/bin/aws", "--endpoint-url", daemon.url, "logs", "tail", group, "--format", "short", "--since", "3h"]
    tail = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True).stdout
    assert "hello" in tail and "REPORT RequestId" in tail
    logs.delete_log_group(logGroupName=group)
    with refused("ResourceNotFoundException", 400) as how:
        logs.filter_log_events(logGroupName=group)
    assert how.text == NO_GROUP


def test_a_function_writes_with_its_own_client(logs, aws, functions, group, now):
    """Programs in functions put events as anybody does."""
    name = functions("""
import boto3
def handler(event, context):
    logs = boto3.client("logs")
    logs.create_log_stream(logGroupName=event["group"], logStreamName="own")
    logs.put_log_events(logGroupName=event["group"], logStreamName="own", logEvents=[{"timestamp": event["now"], "message": "from inside"}])
""")
    assert "FunctionError" not in aws.invoke(FunctionName=name, Payload=json.dumps({"group": group, "now": now}))
    assert messages(logs.get_log_events(logGroupName=group, logStreamName="own")["events"]) == ["from inside"]


def test_a_subscription_sends_what_matches_to_a_function(logs, aws, functions, group, now):
    collector = functions(COLLECTOR)
    arn = aws.get_function(FunctionName=collector)["Configuration"]["FunctionArn"]
    given = {"logGroupName": group, "filterName": "errors", "filterPattern": '{ $.level = "ERROR" }', "destinationArn": arn}
    with refused("InvalidParameterException", 400) as how:
        logs.put_subscription_filter(**given)
    assert how.text == "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function."
    aws.add_permission(FunctionName=collector, StatementId="logs", Action="lambda:InvokeFunction", Principal="logs.amazonaws.com",
                       SourceArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*")
    logs.put_subscription_filter(**given)
    [shown] = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    assert {key: shown[key] for key in given} == given and shown["distribution"] == "ByLogStream"
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    put(logs, group, "s", [json.dumps({"level": "INFO"}), json.dumps({"level": "ERROR", "n": 1})], now)
    own = f"/aws/lambda/{collector}"
    def got():
        try:
            return [m for m in messages(logs.filter_log_events(logGroupName=own, filterPattern="GOT")["events"])]
        except logs.exceptions.ResourceNotFoundException:
            return []
    [line] = wait_until(got, 30, "the function has been told")
    message = json.loads(line[4:])
    [event] = message.pop("logEvents")
    assert message == {"messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logGroup": group, "logStream": "s", "subscriptionFilters": ["errors"]}
    assert json.loads(event["message"]) == {"level": "ERROR", "n": 1} and event["extractedFields"] == {"$.level": "ERROR"} and len(event["id"]) == 56
    logs.delete_subscription_filter(logGroupName=group, filterName="errors")
    assert logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"] == []


def test_a_rule_writes_events_to_a_group_that_lets_it(daemon, logs):
    events, group = daemon.client("events"), "/aws/events/" + fresh("group")
    logs.create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
    policy, rule = fresh("policy"), fresh("rule")
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
                                                                   "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": arn + ":*"}]})
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn}])
    def send(detail):
        assert events.put_events(Entries=[{"Source": rule, "DetailType": "t", "Detail": json.dumps(detail)}])["FailedEntryCount"] == 0
    send({"n": "refused"})
    given = logs.put_resource_policy(policyName=policy, policyDocument=document)["resourcePolicy"]
    assert given["policyName"] == policy and given["policyDocument"] == document
    assert policy in [p["policyName"] for p in logs.describe_resource_policies()["resourcePolicies"]]
    send({"n": "let in"})
    [event] = wait_until(lambda: logs.filter_log_events(logGroupName=group, filterPattern="{ $.detail.n = * }")["events"], 30, "the event is in the group")
    assert json.loads(event["message"])["detail"] == {"n": "let in"}
    with refused("InvalidParameterException", 400):
        logs.put_resource_policy(policyName=policy, policyDocument="{}")
    logs.delete_resource_policy(policyName=policy)
    with refused("ResourceNotFoundException", 400):
        logs.delete_resource_policy(policyName=policy)
    events.remove_targets(Rule=rule, Ids=["1"])
    events.delete_rule(Name=rule)
    logs.delete_log_group(logGroupName=group)


def test_retention_acts_and_everything_put_survives_a_kill(tmp_path):
    with Daemon(data_dir=tmp_path / "data") as own:
        logs = own.client("logs")
        logs.create_log_group(logGroupName="kept")
        logs.create_log_stream(logGroupName="kept", logStreamName="s")
        with refused("InvalidParameterException", 400):
            logs.put_retention_policy(logGroupName="kept", retentionInDays=2)
        logs.put_retention_policy(logGroupName="kept", retentionInDays=1)
        put(logs, "kept", "s", ["one"], int(time.time() * 1000))
        own.kill()
        own.start()
        logs = own.client("logs")
        assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 1
        assert messages(logs.get_log_events(logGroupName="kept", logStreamName="s")["events"]) == ["one"]
        own.advance(25 * 3600)
        assert logs.filter_log_events(logGroupName="kept")["events"] == []
        wait_until(lambda: logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 0, 30, "what is old has gone from the disk")


def test_what_is_not_there_yet_says_so(logs, group):
    with refused("NotImplementedException", 501):
        logs.start_query(logGroupName=group, startTime=0, endTime=1, queryString="fields @message")
