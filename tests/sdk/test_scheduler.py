"""If these fail, schedules do not run when and as EventBridge Scheduler runs them, or do not survive a restart."""
import datetime
import json
import time

import pytest

from daemon import ACCOUNT, REGION, Daemon, wait_until
from test_eventbridge import World, fresh
from test_sts import refused

ROLE = f"arn:aws:iam::{ACCOUNT}:role/scheduler"
OFF = {"Mode": "OFF"}


@pytest.fixture
def scheduler(daemon):
    return daemon.client("scheduler")


@pytest.fixture
def world(daemon):
    world = World(daemon)
    yield world
    world.close()


def test_what_is_said_of_a_schedule_is_shown(scheduler):
    name = fresh("schedule")
    target = {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "RoleArn": ROLE, "Input": "text", "RetryPolicy": {"MaximumRetryAttempts": 3}}
    given = {"Name": name, "ScheduleExpression": "cron(0 10 * * ? *)", "ScheduleExpressionTimezone": "Europe/Berlin", "Description": "daily",
             "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}, "Target": target}
    arn = scheduler.create_schedule(**given, ClientToken="one")["ScheduleArn"]
    assert arn == f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{name}"
    assert scheduler.create_schedule(**given, ClientToken="one")["ScheduleArn"] == arn
    with refused("ConflictException", 409) as how:
        scheduler.create_schedule(**given, ClientToken="two")
    assert how.text == f"Schedule {name} already exists."
    shown = scheduler.get_schedule(Name=name)
    assert shown["Target"] == {**target, "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 3}}
    assert {key: shown[key] for key in given if key != "Target"} == {key: given[key] for key in given if key != "Target"}
    assert (shown["State"], shown["ActionAfterCompletion"], shown["GroupName"], shown["Arn"]) == ("ENABLED", "NONE", "default", arn)
    scheduler.update_schedule(Name=name, ScheduleExpression="rate(5 minute)", FlexibleTimeWindow=OFF, Target=target, State="DISABLED")
    shown = scheduler.get_schedule(Name=name)
    assert "Description" not in shown and shown["State"] == "DISABLED" and shown["ScheduleExpressionTimezone"] == "UTC"
    listed = scheduler.list_schedules(NamePrefix=name, State="DISABLED")["Schedules"]
    assert [(one["Name"], one["Target"]) for one in listed] == [(name, {"Arn": target["Arn"]})]
    scheduler.delete_schedule(Name=name)
    with refused("ResourceNotFoundException", 404) as how:
        scheduler.get_schedule(Name=name)
    assert how.text == f"Schedule {name} does not exist."


def test_groups_and_their_tags(scheduler):
    group = fresh("group")
    arn = scheduler.create_schedule_group(Name=group, Tags=[{"Key": "a", "Value": "b"}])["ScheduleGroupArn"]
    scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    scheduler.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    assert scheduler.get_schedule_group(Name=group)["State"] == "ACTIVE"
    assert {"default", group} <= {one["Name"] for one in scheduler.list_schedule_groups()["ScheduleGroups"]}
    scheduler.create_schedule(Name="in", GroupName=group, ScheduleExpression="rate(1 day)", FlexibleTimeWindow=OFF, State="DISABLED",
                              Target={"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "RoleArn": ROLE})
    assert [one["GroupName"] for one in scheduler.list_schedules(GroupName=group)["Schedules"]] == [group]
    scheduler.delete_schedule_group(Name=group)
    with refused("ResourceNotFoundException", 404):
        scheduler.get_schedule(Name="in", GroupName=group)
    with refused("ValidationException"):
        scheduler.delete_schedule_group(Name="default")


@pytest.mark.parametrize("expression", ["at(2026-01-01)", "rate(0 minutes)", "cron(* * * * * *)", "every day"])
def test_expressions_that_are_none(scheduler, expression):
    with refused("ValidationException") as how:
        scheduler.create_schedule(Name="bad", ScheduleExpression=expression, FlexibleTimeWindow=OFF, Target={"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "RoleArn": ROLE})
    assert how.text == f"Invalid Schedule Expression {expression}."


@pytest.mark.parametrize("arn", ["arn:aws:scheduler:::aws-sdk:sqs:receiveMessage", "arn:aws:scheduler:::aws-sdk:sqs", "nothing"])
def test_targets_that_are_none(scheduler, arn):
    with refused("ValidationException"):
        scheduler.create_schedule(Name="bad", ScheduleExpression="rate(1 day)", FlexibleTimeWindow=OFF, Target={"Arn": arn, "RoleArn": ROLE})


def test_a_rate_begins_at_once(world, scheduler):
    url, arn = world.queue(policy=False)
    name = fresh("schedule")
    text = "<aws.scheduler.schedule-arn> <aws.scheduler.attempt-number>"
    made = scheduler.create_schedule(Name=name, ScheduleExpression="rate(1 day)", FlexibleTimeWindow=OFF, Target={"Arn": arn, "RoleArn": ROLE, "Input": text})
    [message] = world.receive(url)
    assert message["Body"] == f"{made['ScheduleArn']} 1"
    scheduler.delete_schedule(Name=name)


def test_an_operation_of_a_service(world, scheduler):
    url, _ = world.queue(policy=False)
    name = fresh("schedule")
    scheduler.create_schedule(Name=name, ScheduleExpression="rate(1 day)", FlexibleTimeWindow=OFF, Target={
        "Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "RoleArn": ROLE, "Input": json.dumps({"QueueUrl": url, "MessageBody": "universal"})})
    [message] = world.receive(url)
    assert message["Body"] == "universal"
    scheduler.delete_schedule(Name=name)


def test_an_event_for_a_bus(world, scheduler):
    url, arn = world.queue()
    source, name = fresh("app"), fresh("schedule")
    world.rule({"source": [source]}, targets=[{"Id": "q", "Arn": arn}])
    made = scheduler.create_schedule(Name=name, ScheduleExpression="rate(1 day)", FlexibleTimeWindow=OFF, Target={
        "Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default", "RoleArn": ROLE, "Input": '{"a":1}',
        "EventBridgeParameters": {"Source": source, "DetailType": "kind"}})
    envelope = json.loads(world.receive(url)[0]["Body"])
    assert (envelope["detail"], envelope["detail-type"], envelope["resources"]) == ({"a": 1}, "kind", [made["ScheduleArn"]])
    scheduler.delete_schedule(Name=name)


def in_an_hour():
    return (datetime.datetime.fromtimestamp(time.time(), datetime.timezone.utc) + datetime.timedelta(hours=1)).replace(microsecond=0)


def test_once_then_gone_and_a_dead_letter_for_what_nobody_takes():
    with Daemon() as daemon:
        world, scheduler = World(daemon), daemon.client("scheduler")
        dead_url, dead_arn = world.queue(policy=False)
        due = in_an_hour()
        missing = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:missing"
        scheduler.create_schedule(Name="once", ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})", FlexibleTimeWindow=OFF, ActionAfterCompletion="DELETE",
                                  Target={"Arn": missing, "RoleArn": ROLE, "Input": '{"a":1}', "DeadLetterConfig": {"Arn": dead_arn}})
        daemon.advance(3600)
        [letter] = world.receive(dead_url)
        attributes = {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()}
        assert (attributes["TARGET_ARN"], attributes["ERROR_CODE"], letter["Body"]) == (missing, "ResourceNotFoundException", '{"a":1}')
        assert attributes["SCHEDULED_TIME"] == f"{due:%Y-%m-%dT%H:%M:%SZ}"
        wait_until(lambda: not scheduler.list_schedules(NamePrefix="once")["Schedules"], 60, "the schedule to be deleted")


def test_schedules_go_on_after_a_restart():
    with Daemon() as daemon:
        world, scheduler = World(daemon), daemon.client("scheduler")
        url, arn = world.queue(policy=False)
        target = {"Arn": arn, "RoleArn": ROLE}
        scheduler.create_schedule(Name="hourly", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow=OFF, Target={**target, "Input": "hourly"})
        world.receive(url)
        daemon.advance(3600)
        world.receive(url)
        due = in_an_hour() + datetime.timedelta(hours=1)
        scheduler.create_schedule(Name="once", ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})", FlexibleTimeWindow=OFF, Target={**target, "Input": "once"})
        daemon.kill()
        daemon.start()
        daemon.advance(2 * 3600 + 60)  # a daemon that starts again has the machine's time
        assert sorted(message["Body"] for message in World(daemon).receive(url, 2)) == ["hourly", "once"]
