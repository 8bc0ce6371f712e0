"""If these fail, topic rules are not those of AWS IoT to an unmodified SDK, or what is published does not reach the functions, queues, topics and buckets
of the rules that want it."""
import base64
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon import ACCOUNT, REGION, Daemon, wait_until
from test_sns import Refused, Square, sqs_arn

counter = itertools.count()
ROLE = f"arn:aws:iam::{ACCOUNT}:role/iot"


class Field(Square):
    """A daemon's topic rules, and what hears of messages."""

    def __init__(self, daemon):
        super().__init__(daemon)
        self.iot, self.data = daemon.client("iot"), daemon.client("iot-data")
        self.rules = []

    def topic_name(self):
        return f"t{os.getpid()}/{next(counter)}"

    def rule(self, sql, *actions, name=None, tags=None, **settings):
        name = name or f"rule_{os.getpid()}_{next(counter)}"
        payload = {"sql": sql, "actions": list(actions), "awsIotSqlVersion": "2016-03-23", **settings}
        self.iot.create_topic_rule(ruleName=name, topicRulePayload=payload, **({"tags": tags} if tags else {}))
        self.rules.append(name)
        return name

    def to_queue(self, **settings):
        url = self.queue()
        return {"sqs": {"roleArn": ROLE, "queueUrl": url, **settings}}, url

    def arn(self, rule):
        return f"arn:aws:iot:{REGION}:{ACCOUNT}:rule/{rule}"

    def publish(self, topic, payload, **settings):
        self.data.publish(topic=topic, payload=json.dumps(payload) if isinstance(payload, (dict, list)) else payload, **settings)

    def clean(self):
        for rule in self.rules:
            try:
                self.iot.delete_topic_rule(ruleName=rule)
            except self.iot.exceptions.UnauthorizedException:
                pass  # the test has deleted it
        super().clean()


@pytest.fixture
def field(daemon):
    made = Field(daemon)
    yield made
    made.clean()


def test_a_message_reaches_a_queue_as_the_sql_makes_it(field):
    action, url = field.to_queue()
    topic = field.topic_name()
    field.rule(f"SELECT temp, topic(2) AS number, timestamp() > 0 AS now FROM '{topic}/+' WHERE temp > 50 AND state.on", action)
    field.publish(f"{topic}/a", {"temp": 40, "state": {"on": True}})
    field.publish(f"{topic}/a/b", {"temp": 60, "state": {"on": True}})
    field.publish(f"{topic}/a", b"no json")
    field.publish(f"{topic}/a", {"temp": 60.5, "state": {"on": True}}, qos=1)
    assert [json.loads(body) for body in field.bodies(url)] == [{"temp": 60.5, "number": topic.split("/")[1], "now": True}]
    assert field.is_empty(url)


def test_a_function_must_let_the_rule_in(field):
    aws, topic = field.daemon.client("lambda"), field.topic_name()
    function = field.functions()
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
    answers, failures = field.queue(), field.queue()
    aws.put_function_event_invoke_config(FunctionName=function, DestinationConfig={"OnSuccess": {"Destination": sqs_arn(answers)}})
    rule = field.rule(f"SELECT *, topic() AS topic FROM '{topic}'", {"lambda": {"functionArn": arn}},
                      errorAction={"sqs": {"roleArn": ROLE, "queueUrl": failures}})
    field.publish(topic, {"n": 1})
    [failure] = [json.loads(body) for body in field.bodies(failures)]
    assert (failure["ruleName"], failure["topic"]) == (rule, topic) and json.loads(base64.b64decode(failure["base64OriginalPayload"])) == {"n": 1}
    [failed] = failure["failures"]
    assert (failed["failedAction"], failed["failedResource"]) == ("LambdaAction", arn) and "not authorized" in failed["errorMessage"]
    aws.add_permission(FunctionName=function, StatementId="iot", Action="lambda:InvokeFunction", Principal="iot.amazonaws.com", SourceArn=field.arn(rule),
                       SourceAccount=ACCOUNT)
    field.publish(topic, {"n": 2})
    [record] = [json.loads(body) for body in field.bodies(answers)]
    assert record["requestPayload"] == {"n": 2, "topic": topic}


def test_an_error_action_may_publish_to_a_topic(field):
    action, url = field.to_queue()
    topic = field.topic_name()
    field.rule(f"SELECT ruleName, topic() AS topic FROM '{topic}/failed'", action)
    missing = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:none"
    rule = field.rule(f"SELECT * FROM '{topic}'", {"lambda": {"functionArn": missing}}, errorAction={"republish": {"roleArn": ROLE, "topic": topic + "/failed"}})
    field.publish(topic, {})
    assert [json.loads(body) for body in field.bodies(url)] == [{"ruleName": rule, "topic": topic + "/failed"}]


def test_topics_buckets_and_further_topics(field):
    s3, bucket, topic = field.daemon.client("s3"), f"iot-{os.getpid()}-{next(counter)}", field.topic_name()
    s3.create_bucket(Bucket=bucket)
    sns = field.topic()
    url = field.listener(sns, RawMessageDelivery="true")
    encoded, encoded_url = field.to_queue(useBase64=True)
    field.rule(f"SELECT * FROM '{topic}'", {"sns": {"targetArn": sns, "roleArn": ROLE, "messageFormat": "RAW"}},
               {"s3": {"roleArn": ROLE, "bucketName": bucket, "key": "in/${topic(2)}/${id}.json"}},
               {"republish": {"roleArn": ROLE, "topic": topic + "/again/${id}", "qos": 1}})
    field.rule(f"SELECT id, topic(4) AS last, qos() AS qos FROM '{topic}/again/#'", encoded)
    field.publish(topic, {"id": "x1"})
    assert field.bodies(url) == ['{"id": "x1"}']
    [body] = field.bodies(encoded_url)
    assert json.loads(base64.b64decode(body)) == {"id": "x1", "last": "x1", "qos": 1}
    key = f"in/{topic.split('/')[1]}/x1.json"
    wait_until(lambda: s3.list_objects_v2(Bucket=bucket).get("Contents"), 60, "no object comes")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b'{"id": "x1"}'
    s3.delete_object(Bucket=bucket, Key=key)
    s3.delete_bucket(Bucket=bucket)


def test_a_rule_that_republishes_to_itself_ends(field):
    action, url = field.to_queue()
    topic = field.topic_name()
    field.rule(f"SELECT *, topic() AS t FROM '{topic}'", action, {"republish": {"roleArn": ROLE, "topic": topic}})
    field.publish(topic, {})
    assert len(field.bodies(url, 17)) == 17


def test_basic_ingest_and_any_bytes(field):
    action, url = field.to_queue()
    rule = field.rule("SELECT encode(*, 'base64') AS data, topic() AS topic", action)
    field.publish(f"$aws/rules/{rule}/line/1", b"\x00\xff")
    assert [json.loads(body) for body in field.bodies(url)] == [{"data": "AP8=", "topic": "line/1"}]


def test_rules(field):
    iot, topic = field.iot, field.topic_name()
    action, url = field.to_queue()
    rule = field.rule(f"SELECT * FROM '{topic}/#'", action, description="first", tags="a=1&b=2")
    got = iot.get_topic_rule(ruleName=rule)
    assert got["ruleArn"] == field.arn(rule)
    assert {name: value for name, value in got["rule"].items() if name != "createdAt"} == {
        "ruleName": rule, "sql": f"SELECT * FROM '{topic}/#'", "description": "first", "actions": [action], "ruleDisabled": False, "awsIotSqlVersion": "2016-03-23"}
    [listed] = [found for found in iot.list_topic_rules(topic=f"{topic}/x")["rules"] if found["ruleName"] == rule]
    assert (listed["ruleArn"], listed["topicPattern"], listed["ruleDisabled"]) == (field.arn(rule), f"{topic}/#", False)
    assert rule not in [found["ruleName"] for found in iot.list_topic_rules(topic="other")["rules"]]
    iot.disable_topic_rule(ruleName=rule)
    assert iot.get_topic_rule(ruleName=rule)["rule"]["ruleDisabled"]
    field.publish(f"{topic}/x", {"n": 1})
    iot.enable_topic_rule(ruleName=rule)
    field.publish(f"{topic}/x", {"n": 2})
    assert field.bodies(url) == ['{"n": 2}']
    iot.replace_topic_rule(ruleName=rule, topicRulePayload={"sql": f"SELECT n FROM '{topic}'", "actions": []})
    assert iot.get_topic_rule(ruleName=rule)["rule"]["actions"] == []
    tags = iot.list_tags_for_resource(resourceArn=field.arn(rule))["tags"]
    assert tags == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    iot.tag_resource(resourceArn=field.arn(rule), tags=[{"Key": "c", "Value": "3"}])
    iot.untag_resource(resourceArn=field.arn(rule), tagKeys=["a", "b"])
    assert iot.list_tags_for_resource(resourceArn=field.arn(rule))["tags"] == [{"Key": "c", "Value": "3"}]
    assert iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"] == field.daemon.url.removeprefix("http://")


@pytest.mark.parametrize("change, code, text, status", [
    ({"sql": "SELECT FROM 'a'"}, "SqlParseException", "Unexpected 'FROM' where an expression was expected at position 7", 400),
    ({"actions": [{"republish": {"roleArn": ROLE, "topic": "a/${"}}]}, "SqlParseException", "", 400),
    ({"actions": [{"kinesis": {"roleArn": ROLE, "streamName": "s"}}]}, "NotImplementedException", "Actions other than lambda", 501),
    ({"awsIotSqlVersion": "1999-01-01"}, "InvalidRequestException", "Invalid SQL version", 400),
    ({"actions": [{"sqs": {"roleArn": "nobody", "queueUrl": "http://x/1/q"}}]}, "InvalidRequestException", "Invalid role ARN", 400),
])
def test_what_rules_may_not_be(field, change, code, text, status):
    with Refused(code, text, status):
        field.iot.create_topic_rule(ruleName="bad", topicRulePayload={"sql": "SELECT * FROM 'a'", "actions": [], **change})


def test_rules_that_are_not_there(field):
    with Refused("UnauthorizedException", "Access to topic rule 'none' was denied", 401):
        field.iot.get_topic_rule(ruleName="none")
    rule = field.rule("SELECT * FROM 'a'")
    with Refused("ResourceAlreadyExistsException", status=409):
        field.iot.create_topic_rule(ruleName=rule, topicRulePayload={"sql": "SELECT * FROM 'a'", "actions": []})
    with Refused("NotImplementedException", "CreateThing is not implemented by Mayfly yet", 501):
        field.iot.create_thing(thingName="thing")
    with Refused("InvalidRequestException", "The topic is invalid."):
        field.data.publish(topic="a/+", payload=b"x")


def test_retained_messages(field):
    data, topic = field.data, field.topic_name()
    field.publish(topic, b"\x00kept", retain=True, qos=1, userProperties=[{"device": "one"}])
    got = data.get_retained_message(topic=topic)
    assert (got["topic"], got["payload"], got["qos"], json.loads(got["userProperties"])) == (topic, b"\x00kept", 1, [{"device": "one"}])
    [listed] = [found for found in data.list_retained_messages()["retainedTopics"] if found["topic"] == topic]
    assert (listed["payloadSize"], listed["qos"]) == (5, 1) and listed["lastModifiedTime"] == got["lastModifiedTime"]
    data.publish(topic=topic, retain=True)
    with Refused("ResourceNotFoundException", status=404):
        data.get_retained_message(topic=topic)


def test_rules_and_what_they_owe_outlive_the_daemon():
    with Daemon() as daemon:
        field = Field(daemon)
        action, url = field.to_queue()
        rule = field.rule("SELECT n FROM 'kept/+'", action)
        for number in range(20):
            field.publish(f"kept/{number}", {"n": number}, retain=True)
        daemon.kill()
        daemon.start()
        again = Field(daemon)
        url = again.sqs.get_queue_url(QueueName=url.rsplit("/", 1)[1])["QueueUrl"]
        assert {json.loads(body)["n"] for body in again.bodies(url, 20)} == set(range(20))
        assert again.iot.get_topic_rule(ruleName=rule)["rule"]["sql"] == "SELECT n FROM 'kept/+'"
        assert len(again.data.list_retained_messages()["retainedTopics"]) == 20
        assert daemon.send("POST", "/_mayfly/reset").status == 200
        assert again.iot.list_topic_rules()["rules"] == [] and again.data.list_retained_messages()["retainedTopics"] == []


@pytest.mark.parametrize("program", ["/usr/bin/aws", str(Path(sys.executable).parent / "aws")])
def test_the_command_line(field, program, tmp_path):
    if not os.path.exists(program):
        pytest.skip(f"{program} is not installed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}

    def aws(*arguments):
        command = [program, "--endpoint-url", field.daemon.url, "--output", "json", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}
    action, url = field.to_queue()
    topic, rule = field.topic_name(), f"cli_{next(counter)}"
    field.rules.append(rule)
    aws("iot", "create-topic-rule", "--rule-name", rule, "--topic-rule-payload", json.dumps({"sql": f"SELECT * FROM '{topic}'", "actions": [action]}))
    assert aws("iot", "get-topic-rule", "--rule-name", rule)["rule"]["ruleName"] == rule
    aws("iot-data", "publish", "--topic", topic, "--payload", base64.b64encode(b'{"from": "cli"}').decode() if "venv" not in program else '{"from": "cli"}')
    [body] = field.bodies(url)
    assert json.loads(body if body.startswith("{") else base64.b64decode(body)) == {"from": "cli"}
