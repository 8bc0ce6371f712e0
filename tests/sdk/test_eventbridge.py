"""If these fail, rules do not bring events to their targets as EventBridge does, or buses are another's to write to."""
import itertools
import json
import os
import subprocess
import sys

import pytest

from daemon import ACCOUNT, REGION, Daemon, wait_until
from test_sts import refused

SECONDS = 60  # loose: the machine may be busy
counter = itertools.count()
DEFAULT_BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"


def fresh(prefix="test"):
    return f"{prefix}-{os.getpid()}-{next(counter)}"


class World:
    """Buses, rules and queues of one test, removed after it."""

    def __init__(self, daemon):
        self.events = daemon.client("events")
        self.sqs = daemon.client("sqs")
        self.rules, self.queues, self.buses = [], [], []

    def queue(self, policy=True, **attributes):
        name = fresh() + (".fifo" if attributes.get("FifoQueue") else "")
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        if policy:
            statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})})
        self.queues.append(url)
        return url, arn

    def bus(self):
        name = fresh("bus")
        self.events.create_event_bus(Name=name)
        self.buses.append(name)
        return name

    def rule(self, pattern=None, bus="default", targets=(), **settings):
        name = fresh("rule")
        if pattern is not None:
            settings["EventPattern"] = json.dumps(pattern)
        arn = self.events.put_rule(Name=name, EventBusName=bus, **settings)["RuleArn"]
        self.rules.append((bus, name))
        if targets:
            assert self.events.put_targets(Rule=name, EventBusName=bus, Targets=list(targets))["FailedEntryCount"] == 0
        return name, arn

    def put(self, source, detail=None, bus=None, kind="kind", **more):
        entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail if detail is not None else {}), **more}
        if bus:
            entry["EventBusName"] = bus
        answer = self.events.put_events(Entries=[entry])
        assert answer["FailedEntryCount"] == 0, answer
        return answer["Entries"][0]["EventId"]

    def receive(self, url, count=1):
        found = []

        def enough():
            answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageAttributeNames=["All"], AttributeNames=["All"])
            for message in answer.get("Messages", []):
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(message)
            return len(found) >= count
        wait_until(enough, SECONDS, f"{count} messages in {url}")
        return found

    def is_empty(self, url):
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return found["ApproximateNumberOfMessages"] == found["ApproximateNumberOfMessagesNotVisible"] == "0"

    def close(self):
        for bus, rule in self.rules:
            ids = [target["Id"] for target in self.events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]]
            if ids:
                self.events.remove_targets(Rule=rule, EventBusName=bus, Ids=ids)
            self.events.delete_rule(Name=rule, EventBusName=bus)
        for bus in self.buses:
            self.events.delete_event_bus(Name=bus)
        for url in self.queues:
            self.sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def world(daemon):
    world = World(daemon)
    yield world
    world.close()


def test_an_event_reaches_the_queue_of_its_rule(world):
    url, arn = world.queue()
    source = fresh("app")
    world.rule({"source": [source], "detail": {"n": [{"numeric": [">", 1]}]}}, targets=[{"Id": "q", "Arn": arn}])
    world.put(source, {"n": 1})
    event_id = world.put(source, {"n": 1.50}, Resources=["r:1"])
    [message] = world.receive(url)
    envelope = json.loads(message["Body"])
    assert '"n":1.5}' in message["Body"]
    assert envelope.pop("time").endswith("Z") and "." not in envelope.get("time", "")
    assert envelope == {"version": "0", "id": event_id, "detail-type": "kind", "source": source, "account": ACCOUNT, "region": REGION,
                        "resources": ["r:1"], "detail": {"n": 1.5}}


def test_a_function_gets_the_event_when_its_policy_allows_the_rule(world, daemon, functions):
    name = functions("""
import json
def handler(event, context):
    print("GOT " + json.dumps(event))
""")
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    dead_url, dead_arn = world.queue()
    source = fresh("app")
    rule, rule_arn = world.rule({"source": [source]}, targets=[{"Id": "f", "Arn": arn, "DeadLetterConfig": {"Arn": dead_arn}}])
    world.put(source, {"a": 1})
    [letter] = world.receive(dead_url)
    attributes = {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()}
    assert attributes.pop("ERROR_MESSAGE")
    assert attributes == {"RULE_ARN": rule_arn, "TARGET_ARN": arn, "ERROR_CODE": "NO_PERMISSIONS", "RETRY_ATTEMPTS": "0"}
    assert json.loads(letter["Body"])["detail"] == {"a": 1}
    daemon.client("lambda").add_permission(FunctionName=name, StatementId="rule", Action="lambda:InvokeFunction", Principal="events.amazonaws.com",
                                           SourceArn=rule_arn)
    world.put(source, {"a": 2})
    wait_until(lambda: '"a": 2' in log_of(daemon, name), SECONDS, "the function's log")


def log_of(daemon, name):
    return daemon.send("GET", f"/_mayfly/logs?function={name}&limit=10000").body.decode()


def test_input_and_transformers(world):
    url, arn = world.queue()
    source = fresh("app")
    transformer = {"InputPathsMap": {"id": "$.detail.id", "list": "$.detail.l"},
                   "InputTemplate": '{"who": <id>, "text": "it is <id>", "list": <list>, "rule": "<aws.events.rule-name>"}'}
    name, _ = world.rule({"source": [source]}, targets=[{"Id": "constant", "Arn": arn, "Input": '{"x": 1}'},
                                                        {"Id": "path", "Arn": arn, "InputPath": "$.detail"},
                                                        {"Id": "template", "Arn": arn, "InputTransformer": transformer}])
    world.put(source, {"id": "i-1", "l": [1, 2]})
    bodies = sorted(message["Body"] for message in world.receive(url, 3))
    assert bodies == sorted(['{"x": 1}', '{"id":"i-1","l":[1,2]}', '{"who": "i-1", "text": "it is i-1", "list": [1,2], "rule": "%s"}' % name])


def test_what_targets_must_be(world):
    rule, _ = world.rule({"source": ["x"]})
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"

    def put(**target):
        return world.events.put_targets(Rule=rule, Targets=[{"Id": "t", "Arn": arn, **target}])
    with refused("ValidationException") as how:
        put(Input="1", InputPath="$.detail")
    assert how.text == "Only one of Input, InputPath, or InputTransformer must be provided for target t."
    with refused("ValidationException") as how:
        put(InputTransformer={"InputPathsMap": {"a": "$.detail"}, "InputTemplate": "<a> <b>"})
    assert how.text == "InputTemplate for target t contains invalid placeholder b."
    for path in ("detail", "$.", "$.detail[", "$.a..b", "$.list[x]"):
        with refused("ValidationException") as how:
            put(InputPath=path)
        assert how.text == "Invalid InputPath for target t."
        with refused("ValidationException") as how:
            put(InputTransformer={"InputPathsMap": {"a": path}, "InputTemplate": "<a>"})
        assert how.text == f"Invalid InputPath for target t: {path}."
    for template in ('{"a": <a>', "<a> and <a>", '{"a": b}', '"<a>'):
        with refused("ValidationException") as how:
            put(InputTransformer={"InputPathsMap": {"a": "$.detail"}, "InputTemplate": template})
        assert how.text.startswith("Invalid InputTemplate for target t : ")
    with refused("ValidationException") as how:
        world.events.put_targets(Rule=rule, Targets=[{"Id": "t", "Arn": arn}, {"Id": "t", "Arn": arn + "2"}])
    assert how.text == "Targets must have different Ids, and t is there twice."
    assert world.events.list_targets_by_rule(Rule=rule)["Targets"] == []
    with refused("ValidationException") as how:
        put(Arn=arn + ".fifo")
    assert how.text == "Parameter(s) SqsParameters must be specified for target: t."
    with refused("ValidationException") as how:
        put(Arn="no arn")
    assert how.text == "Parameter no arn is not valid. Reason: Provided Arn is not in correct format."
    with refused("LimitExceededException") as how:
        world.events.put_targets(Rule=rule, Targets=[{"Id": str(i), "Arn": arn} for i in range(6)])
    assert how.text == "The requested resource exceeds the maximum number allowed."
    with refused("ResourceNotFoundException") as how:
        world.events.put_targets(Rule="none", Targets=[{"Id": "t", "Arn": arn}])
    assert how.text == "Rule none does not exist on EventBus default."


def test_targets_are_listed_as_they_were_put(world):
    targets = [{"Id": str(i), "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q{i}", "RetryPolicy": {"MaximumRetryAttempts": i}} for i in range(5)]
    rule, _ = world.rule({"source": ["x"]}, targets=targets)
    pages = world.events.list_targets_by_rule(Rule=rule, Limit=3)
    rest = world.events.list_targets_by_rule(Rule=rule, Limit=3, NextToken=pages["NextToken"])
    assert pages["Targets"] + rest["Targets"] == targets and "NextToken" not in rest
    assert world.events.list_rule_names_by_target(TargetArn=targets[4]["Arn"])["RuleNames"] == [rule]
    failed = world.events.remove_targets(Rule=rule, Ids=["1", "9"])
    assert failed["FailedEntries"] == [{"TargetId": "9", "ErrorCode": "ResourceNotFoundException",
                                        "ErrorMessage": f"Rule '{rule}' does not have a target with the Id '9'."}]
    with refused("ValidationException") as how:
        world.events.delete_rule(Name=rule)
    assert how.text == "Rule can't be deleted since it has targets."


def test_rules_are_replaced_and_described(world):
    name, arn = world.rule({"source": ["a"]}, Description="first", Tags=[{"Key": "k", "Value": "v"}])
    assert arn == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"
    world.events.put_rule(Name=name, EventPattern='{"source":["b"]}', State="DISABLED")
    shown = world.events.describe_rule(Name=name)
    assert {key: shown.get(key) for key in ("EventPattern", "State", "Description", "EventBusName", "CreatedBy")} == {
        "EventPattern": '{"source":["b"]}', "State": "DISABLED", "Description": None, "EventBusName": "default", "CreatedBy": ACCOUNT}
    assert world.events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "k", "Value": "v"}]
    world.events.enable_rule(Name=name)
    assert [rule["State"] for rule in world.events.list_rules(NamePrefix=name)["Rules"]] == ["ENABLED"]
    bus = world.bus()
    for text, settings in {"Parameter(s) EventPattern or ScheduleExpression must be specified.": {},
                           "ScheduleExpression is supported only on the default event bus.": {"EventBusName": bus, "ScheduleExpression": "rate(1 day)"},
                           "Parameter ScheduleExpression is not valid.": {"ScheduleExpression": "rate(1 days)"}}.items():
        with refused("ValidationException") as how:
            world.events.put_rule(Name="bad", **settings)
        assert how.text == text
    with refused("InvalidEventPatternException") as how:
        world.events.put_rule(Name="bad", EventPattern='{"a": "b"}')
    assert how.text == 'Event pattern is not valid. Reason: "a" must be an object or an array'


def test_entries_fail_one_by_one(world):
    good = {"Source": "s", "DetailType": "d", "Detail": "{}"}
    entries = [good, {**good, "Detail": "[]"}, {"DetailType": "d", "Detail": "{}"}, {**good, "Source": "aws.ec2"}, {**good, "EventBusName": "no-such-bus"}]
    answer = world.events.put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 3
    assert [entry.get("ErrorCode", "fine") for entry in answer["Entries"]] == ["fine", "MalformedDetail", "InvalidArgument",
                                                                              "NotAuthorizedForSourceException", "fine"]
    assert answer["Entries"][2]["ErrorMessage"] == "Parameter Source is not valid. Reason: Source is a required argument."
    with refused("ValidationException") as how:
        world.events.put_events(Entries=[good] * 11)
    assert "Member must have length less than or equal to 10" in how.text
    with refused("ValidationException") as how:
        world.events.put_events(Entries=[{**good, "Detail": json.dumps({"x": "y" * 500_000})}] * 3)
    assert how.text == "Total size of the entries in the request is over the limit."


def test_buses_and_their_policies(world):
    bus = world.bus()
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{bus}"
    with refused("ResourceAlreadyExistsException") as how:
        world.events.create_event_bus(Name=bus)
    assert how.text == f"Event bus {bus} already exists."
    with refused("ValidationException"):
        world.events.delete_event_bus(Name="default")
    with refused("ResourceNotFoundException") as how:
        world.events.describe_event_bus(Name="none")
    assert how.text == "Event bus none does not exist."
    world.events.put_permission(EventBusName=bus, Action="events:PutEvents", Principal="111122223333", StatementId="other")
    statement = {"Sid": "other", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "events:PutEvents", "Resource": arn}
    assert json.loads(world.events.describe_event_bus(Name=arn)["Policy"])["Statement"] == [statement]
    assert bus in [one["Name"] for one in world.events.list_event_buses()["EventBuses"]]
    with refused("ResourceNotFoundException") as how:
        world.events.remove_permission(EventBusName=bus, StatementId="none")
    assert how.text == "Statement with the provided id does not exist."
    world.events.remove_permission(EventBusName=bus, StatementId="other")
    assert "Policy" not in world.events.describe_event_bus(Name=bus)
    world.events.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
    world.events.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert world.events.list_tags_for_resource(ResourceARN=arn)["Tags"] == []


def test_from_bus_to_bus(world):
    url, arn = world.queue()
    bus = world.bus()
    source = fresh("app")
    world.rule({"source": [source]}, targets=[{"Id": "b", "Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{bus}"}])
    world.rule({"source": [source]}, bus=bus, targets=[{"Id": "q", "Arn": arn}])
    event_id = world.put(source, {"a": [1, None]}, Resources=["x"])
    [message] = world.receive(url)
    envelope = json.loads(message["Body"])
    assert (envelope["id"], envelope["detail"], envelope["resources"], envelope["source"]) == (event_id, {"a": [1, None]}, ["x"], source)


def test_destinations_of_functions_are_events(world, daemon, functions):
    url, arn = world.queue()
    name = functions("def handler(event, context):\n    return 'done'\n")
    function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    aws = daemon.client("lambda")
    aws.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": DEFAULT_BUS}})
    world.rule({"source": ["lambda"], "detail": {"requestContext": {"functionArn": [f"{function_arn}:$LATEST"]}}}, targets=[{"Id": "q", "Arn": arn}])
    aws.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"a":1}')
    [message] = world.receive(url)
    envelope = json.loads(message["Body"])
    assert envelope["detail-type"] == "Lambda Function Invocation Result - Success"
    assert envelope["resources"] == [f"{function_arn}:$LATEST", DEFAULT_BUS]
    assert (envelope["detail"]["responsePayload"], envelope["detail"]["requestPayload"]) == ("done", {"a": 1})


def test_patterns_can_be_tried(world):
    event = {"id": "1", "account": ACCOUNT, "source": "s", "time": "2026-01-01T00:00:00Z", "region": REGION, "resources": [], "detail-type": "d",
             "detail": {"n": 3}}

    def matches(pattern):
        return world.events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))["Result"]
    assert matches({"source": ["s"], "detail": {"n": [3.0]}})
    assert not matches({"source": [{"anything-but": {"prefix": "s"}}]})
    with refused("ValidationException"):
        world.events.test_event_pattern(EventPattern='{"source":["s"]}', Event="{}")


def test_schedules_follow_the_calendar():
    with Daemon() as daemon:
        world = World(daemon)
        url, arn = world.queue()
        rule, rule_arn = world.rule(ScheduleExpression="rate(1 hour)", targets=[{"Id": "q", "Arn": arn}])
        daemon.advance(3600)
        [message] = world.receive(url)
        envelope = json.loads(message["Body"])
        assert (envelope["source"], envelope["detail-type"], envelope["detail"], envelope["resources"]) == ("aws.events", "Scheduled Event", {}, [rule_arn])
        world.events.disable_rule(Name=rule)
        daemon.advance(3600 * 3)
        world.events.enable_rule(Name=rule)
        daemon.advance(3600)
        assert len(world.receive(url)) == 1
        world.close()


def test_retries_end_and_leave_a_dead_letter():
    with Daemon("--async-backoff-min", "1") as daemon:
        world = World(daemon)
        dead_url, dead_arn = world.queue()
        missing = f"arn:aws:sqs:{REGION}:{ACCOUNT}:missing"
        world.rule({"source": ["x"]}, targets=[{"Id": "q", "Arn": missing, "DeadLetterConfig": {"Arn": dead_arn}}])
        world.put("x")
        [letter] = world.receive(dead_url)
        assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] in ("NO_RESOURCE", "NO_PERMISSIONS")
        world.close()


def test_the_command_line(daemon):
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": daemon.url}
    entries = json.dumps([{"Source": "cli", "DetailType": "d", "Detail": "{}"}])
    done = subprocess.run([sys.executable, "-m", "awscli", "events", "put-events", "--entries", entries], env=environment, capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["FailedEntryCount"] == 0
