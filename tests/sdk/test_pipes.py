"""If these fail, pipes lose messages, send what nobody asked for, or send it in another form than EventBridge Pipes does."""
import json

import pytest

from daemon import ACCOUNT, REGION, wait_until
from test_eventbridge import World, fresh, log_of
from test_sts import refused

ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipe"
SECONDS = 60


class Pipes(World):
    def __init__(self, daemon):
        super().__init__(daemon)
        self.pipes = daemon.client("pipes")
        self.names = []

    def pipe(self, source, target, **settings):
        name = fresh("pipe")
        answer = self.pipes.create_pipe(Name=name, Source=source, Target=target, RoleArn=ROLE, **settings)
        assert answer["DesiredState"] == answer["CurrentState"]
        self.names.append(name)
        return name

    def send(self, url, *bodies):
        for body in bodies:
            self.sqs.send_message(QueueUrl=url, MessageBody=body if isinstance(body, str) else json.dumps(body))

    def is_empty(self, url):
        numbers = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"])
        return set(numbers["Attributes"].values()) == {"0"}

    def close(self):
        for name in self.names:
            self.pipes.delete_pipe(Name=name)
        super().close()


@pytest.fixture
def world(daemon):
    world = Pipes(daemon)
    yield world
    world.close()


def test_from_queue_to_queue_by_filter_and_template(world):
    from_url, from_arn = world.queue(policy=False)
    to_url, to_arn = world.queue(policy=False)
    name = world.pipe(from_arn, to_arn, SourceParameters={"FilterCriteria": {"Filters": [{"Pattern": '{"body":{"kind":["a"]}}'}]}},
                      TargetParameters={"InputTemplate": '{"n": <$.body.n>, "pipe": "<aws.pipes.pipe-name>"}'})
    world.send(from_url, {"kind": "b", "n": 1}, {"kind": "a", "n": 2}, "no JSON")
    [message] = world.receive(to_url)
    assert message["Body"] == '{"n": 2, "pipe": "%s"}' % name
    wait_until(lambda: world.is_empty(from_url), SECONDS, "what no filter wants is deleted as well")


def test_without_a_template_a_record_is_sent(world):
    from_url, from_arn = world.queue(policy=False)
    to_url, to_arn = world.queue(policy=False)
    world.pipe(from_arn, to_arn)
    world.send(from_url, "plain text")
    record = json.loads(world.receive(to_url)[0]["Body"])
    assert (record["body"], record["eventSource"], record["eventSourceARN"], record["awsRegion"]) == ("plain text", "aws:sqs", from_arn, REGION)


def test_a_function_enriches_and_a_bus_gets_it(world, functions):
    from_url, from_arn = world.queue(policy=False)
    to_url, to_arn = world.queue()
    source = fresh("app")
    world.rule({"source": [source]}, targets=[{"Id": "q", "Arn": to_arn}])
    name = functions("""
import json
def handler(events, context):
    return [{"twice": 2 * event["n"]} for event in events for _ in range(event["n"])]
""")
    world.pipe(from_arn, f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default", Enrichment=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
               EnrichmentParameters={"InputTemplate": '{"n": <$.body.n>}'},
               TargetParameters={"EventBridgeEventBusParameters": {"Source": source, "DetailType": "enriched"}})
    world.send(from_url, {"n": 0}, {"n": 2})
    envelopes = [json.loads(message["Body"]) for message in world.receive(to_url, 2)]
    assert [(envelope["detail"], envelope["detail-type"]) for envelope in envelopes] == [({"twice": 4}, "enriched")] * 2
    wait_until(lambda: world.is_empty(from_url), SECONDS, "the messages are deleted")


def test_a_function_gets_a_list_and_says_what_failed(world, daemon, functions):
    from_url, from_arn = world.queue(policy=False, VisibilityTimeout="1")
    name = functions("""
import json
seen = set()
def handler(events, context):
    print("GOT " + json.dumps([event["body"] for event in events]))
    failed = [event["messageId"] for event in events if event["body"] == "again" and event["messageId"] not in seen]
    seen.update(failed)
    return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}
""")
    world.pipe(from_arn, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
    world.send(from_url, "again")
    wait_until(lambda: log_of(daemon, name).count('GOT [\\"again\\"]') + log_of(daemon, name).count('GOT ["again"]') >= 2, SECONDS, "the second attempt")
    wait_until(lambda: world.is_empty(from_url), SECONDS, "it is deleted then")


def test_pipes_are_shown_changed_stopped_and_listed(world):
    _, from_arn = world.queue(policy=False)
    _, to_arn = world.queue(policy=False)
    name = world.pipe(from_arn, to_arn, DesiredState="STOPPED", Description="d", Tags={"a": "b"}, SourceParameters={"SqsQueueParameters": {"BatchSize": 5}})
    shown = world.pipes.describe_pipe(Name=name)
    arn = f"arn:aws:pipes:{REGION}:{ACCOUNT}:pipe/{name}"
    assert {key: shown[key] for key in ("Arn", "CurrentState", "Source", "Target", "SourceParameters", "Tags", "Description")} == {
        "Arn": arn, "CurrentState": "STOPPED", "Source": from_arn, "Target": to_arn, "SourceParameters": {"SqsQueueParameters": {"BatchSize": 5}},
        "Tags": {"a": "b"}, "Description": "d"}
    with refused("ConflictException", 409):
        world.pipes.stop_pipe(Name=name)
    assert world.pipes.start_pipe(Name=name)["CurrentState"] == "STARTING"
    world.pipes.update_pipe(Name=name, RoleArn=ROLE, SourceParameters={"SqsQueueParameters": {"BatchSize": 3}}, DesiredState="STOPPED")
    shown = world.pipes.describe_pipe(Name=name)
    assert (shown["CurrentState"], shown["SourceParameters"]["SqsQueueParameters"]) == ("STOPPED", {"BatchSize": 3})
    assert [pipe["Name"] for pipe in world.pipes.list_pipes(NamePrefix=name, CurrentState="STOPPED", SourcePrefix=from_arn)["Pipes"]] == [name]
    world.pipes.tag_resource(resourceArn=arn, tags={"c": "d"})
    world.pipes.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert world.pipes.list_tags_for_resource(resourceArn=arn)["tags"] == {"c": "d"}
    with refused("ConflictException", 409):
        world.pipes.create_pipe(Name=name, Source=from_arn, Target=to_arn, RoleArn=ROLE)
    with refused("NotFoundException", 404):
        world.pipes.describe_pipe(Name="none")


def test_what_a_pipe_must_be(world):
    _, arn = world.queue(policy=False)

    def create(**settings):
        world.pipes.create_pipe(**{"Name": "bad", "Source": arn, "Target": arn, "RoleArn": ROLE, **settings})
    with refused("ValidationException") as how:
        create(SourceParameters={"FilterCriteria": {"Filters": [{"Pattern": '{"body":[{"wildcard":"a*"}]}'}]}})
    assert how.text == "Event pattern is not valid. Reason: Unrecognized match type wildcard"
    with refused("ValidationException"):
        create(SourceParameters={"SqsQueueParameters": {"BatchSize": 11}})
    for parameters in ({"InputTemplate": '{"a": <$.body.a>'}, {"InputTemplate": "<$.body[>"}, {"InputTemplate": "<aws.pipes.moon>"},
                       {"SqsQueueParameters": {"MessageGroupId": "$.body["}}):
        with refused("ValidationException"):
            world.pipe(arn, arn, TargetParameters=parameters)
    with refused("NotImplementedException", 501):
        create(Source=f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s")
