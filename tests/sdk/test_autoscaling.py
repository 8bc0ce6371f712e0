"""If these fail, provisioned concurrency does not scale as clients of Application Auto Scaling ask."""
import datetime
import re

import pytest

from conftest import Functions
from daemon import ACCOUNT, REGION, Daemon, wait_until
from hold import HOLD, Holder
from test_errors import refused
from test_lifecycle import FAST
from test_provisioned_concurrency import get

DIMENSION = "lambda:function:ProvisionedConcurrency"


@pytest.fixture(scope="module")
def scaling():
    """A daemon whose minutes last a tenth of a second."""
    with Daemon("--scaling-period", "0.1") as running:
        yield running


@pytest.fixture
def client(scaling):
    return scaling.client("application-autoscaling")


@pytest.fixture
def target(scaling):
    """(function name, the members that name its alias live as a scalable target)."""
    aws = scaling.client()
    made = Functions(aws)
    name = made(HOLD, Publish=True, Timeout=120)
    aws.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1", WaiterConfig=FAST)
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    yield name, {"ServiceNamespace": "lambda", "ResourceId": f"function:{name}:live", "ScalableDimension": DIMENSION}
    made.delete_all()


def requested(scaling, name):
    aws = scaling.client()
    try:
        return get(aws, name, "live")["RequestedProvisionedConcurrentExecutions"]
    except aws.exceptions.ProvisionedConcurrencyConfigNotFoundException:
        return 0


def track(client, where, name="follow", value=0.5, **settings):
    metric = {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}
    return client.put_scaling_policy(PolicyName=name, PolicyType="TargetTrackingScaling", **where, TargetTrackingScalingPolicyConfiguration={
        "TargetValue": value, "PredefinedMetricSpecification": metric, **settings})


def test_register_describe_and_deregister(scaling, client, daemon, target):
    name, where = target
    made = client.register_scalable_target(MinCapacity=1, MaxCapacity=4, Tags={"team": "a"}, **where)["ScalableTargetARN"]
    assert re.fullmatch(rf"arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/\w+", made)
    shown, = client.describe_scalable_targets(ServiceNamespace="lambda", ResourceIds=[where["ResourceId"]])["ScalableTargets"]
    assert {key: shown[key] for key in where} == where
    assert (shown["MinCapacity"], shown["MaxCapacity"], shown["ScalableTargetARN"]) == (1, 4, made)
    assert shown["SuspendedState"] == {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False}
    assert abs(daemon.now() - shown["CreationTime"].timestamp()) < 120
    wait_until(lambda: requested(scaling, name) == 1, 20, "the minimum is not provisioned")
    assert client.register_scalable_target(MinCapacity=2, **where)["ScalableTargetARN"] == made
    wait_until(lambda: requested(scaling, name) == 2, 20, "the new minimum is not provisioned")
    activity = client.describe_scaling_activities(ServiceNamespace="lambda", ResourceId=where["ResourceId"])["ScalingActivities"][0]
    assert (activity["StatusCode"], activity["Description"]) == ("Successful", "Setting desired capacity to 2.")
    assert client.list_tags_for_resource(ResourceARN=made)["Tags"] == {"team": "a"}
    client.tag_resource(ResourceARN=made, Tags={"team": "b", "x": "y"})
    client.untag_resource(ResourceARN=made, TagKeys=["x"])
    assert client.list_tags_for_resource(ResourceARN=made)["Tags"] == {"team": "b"}
    client.deregister_scalable_target(**where)
    assert client.describe_scalable_targets(ServiceNamespace="lambda", ResourceIds=[where["ResourceId"]])["ScalableTargets"] == []
    assert requested(scaling, name) == 2  # what is there stays
    refused(lambda: client.deregister_scalable_target(**where), 400, "ObjectNotFoundException",
            f"No scalable target registered for service namespace: lambda, resource ID: {where['ResourceId']}, scalable dimension: {DIMENSION}")


def test_target_tracking_follows_the_load(scaling, client, target):
    name, where = target
    client.register_scalable_target(MinCapacity=1, MaxCapacity=3, **where)
    answer = track(client, where)
    assert re.fullmatch(rf"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:[0-9a-f-]+:resource/lambda/{where['ResourceId']}:policyName/follow",
                        answer["PolicyARN"])
    assert len(answer["Alarms"]) == 2
    aws = scaling.client()
    wait_until(lambda: (config := ready_count(aws, name)) == 1 and config, 20, "the minimum is not there")
    with Holder(scaling, aws) as holder:
        held = holder.begin(name, 1, Qualifier="live")
        wait_until(lambda: requested(scaling, name) == 2, 30, "it does not scale out")  # one of one is in use; half of two would be
        # What comes before the second one is there spills over, and does not count as its use.
        wait_until(lambda: ready_count(aws, name) == 2, 30, "what it scaled out to is not there")
        held += holder.begin(name, 2, Qualifier="live")
        wait_until(lambda: requested(scaling, name) == 3, 30, "it does not scale out to its maximum")
        assert {result["version"] for result in holder.release(name, held)} == {"1"}
    wait_until(lambda: requested(scaling, name) == 1, 60, "it does not scale in")
    cause = client.describe_scaling_activities(ServiceNamespace="lambda", ResourceId=where["ResourceId"])["ScalingActivities"][0]["Cause"]
    assert cause.startswith(f"monitor alarm TargetTracking-{where['ResourceId']}-AlarmLow-") and cause.endswith("in state ALARM triggered policy follow")


def ready_count(aws, name):
    try:
        config = get(aws, name, "live")
    except aws.exceptions.ProvisionedConcurrencyConfigNotFoundException:
        return 0
    return config["AvailableProvisionedConcurrentExecutions"] if config["Status"] == "READY" else 0


def test_policies(client, target):
    _, where = target
    refused(lambda: track(client, where), 400, "ObjectNotFoundException",
            f"No scalable target registered for service namespace: lambda, resource ID: {where['ResourceId']}, scalable dimension: {DIMENSION}")
    client.register_scalable_target(MinCapacity=0, MaxCapacity=2, **where)
    arn = track(client, where, value=0.7, ScaleInCooldown=60, ScaleOutCooldown=0, DisableScaleIn=True)["PolicyARN"]
    steps = {"AdjustmentType": "ChangeInCapacity", "Cooldown": 30, "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}]}
    client.put_scaling_policy(PolicyName="steps", PolicyType="StepScaling", StepScalingPolicyConfiguration=steps, **where)
    shown = client.describe_scaling_policies(ServiceNamespace="lambda", ResourceId=where["ResourceId"])["ScalingPolicies"]
    assert [policy["PolicyName"] for policy in shown] == ["follow", "steps"]
    assert shown[0]["PolicyARN"] == arn and shown[0]["TargetTrackingScalingPolicyConfiguration"] == {
        "TargetValue": 0.7, "PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"},
        "ScaleOutCooldown": 0, "ScaleInCooldown": 60, "DisableScaleIn": True}
    assert shown[1]["StepScalingPolicyConfiguration"] == steps
    assert track(client, where, value=0.6)["PolicyARN"] == arn
    pages = list(client.get_paginator("describe_scaling_policies").paginate(ServiceNamespace="lambda", ResourceId=where["ResourceId"],
                                                                            PaginationConfig={"PageSize": 1}))
    assert [policy["PolicyName"] for page in pages for policy in page["ScalingPolicies"]] == ["follow", "steps"]
    client.delete_scaling_policy(PolicyName="steps", **where)
    with pytest.raises(client.exceptions.ObjectNotFoundException):
        client.delete_scaling_policy(PolicyName="steps", **where)
    with pytest.raises(client.exceptions.ValidationException, match="greater than 0 and at most 1"):
        track(client, where, value=70)


def test_scheduled_actions(scaling, client, target):
    name, where = target
    client.register_scalable_target(MinCapacity=0, MaxCapacity=5, **where)
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    client.put_scheduled_action(ScheduledActionName="soon", Schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})", ScalableTargetAction={"MinCapacity": 2}, **where)
    client.put_scheduled_action(ScheduledActionName="nightly", Schedule="cron(0 3 * * ? *)", ScalableTargetAction={"MinCapacity": 0, "MaxCapacity": 1}, **where)
    shown = client.describe_scheduled_actions(ServiceNamespace="lambda", ResourceId=where["ResourceId"])["ScheduledActions"]
    assert [(action["ScheduledActionName"], action["ScalableTargetAction"]) for action in shown] == [
        ("nightly", {"MinCapacity": 0, "MaxCapacity": 1}), ("soon", {"MinCapacity": 2})]
    wait_until(lambda: requested(scaling, name) == 2, 30, "the scheduled action does not happen")
    registered, = client.describe_scalable_targets(ServiceNamespace="lambda", ResourceIds=[where["ResourceId"]])["ScalableTargets"]
    assert (registered["MinCapacity"], registered["MaxCapacity"]) == (2, 5)
    client.delete_scheduled_action(ScheduledActionName="soon", **where)
    with pytest.raises(client.exceptions.ObjectNotFoundException):
        client.delete_scheduled_action(ScheduledActionName="soon", **where)
    client.put_scheduled_action(ScheduledActionName="nightly", Timezone="Pacific/Tahiti", **where)
    shown = client.describe_scheduled_actions(ServiceNamespace="lambda", ScheduledActionNames=["nightly"])["ScheduledActions"]
    assert [(one["Schedule"], one["Timezone"]) for one in shown] == [("cron(0 3 * * ? *)", "Pacific/Tahiti")]
    with pytest.raises(client.exceptions.ValidationException, match="Unsupported timezone Mars/Olympus"):
        client.put_scheduled_action(ScheduledActionName="nightly", Timezone="Mars/Olympus", **where)
    with pytest.raises(client.exceptions.ValidationException, match="Invalid schedule expression"):
        client.put_scheduled_action(ScheduledActionName="bad", Schedule="cron(0 3 * * * *)", ScalableTargetAction={"MinCapacity": 0}, **where)


def test_what_cannot_scale(client, target):
    name, where = target
    for wrong in ({"ResourceId": f"function:{name}"}, {"ResourceId": f"function:{name}:none"}, {"ResourceId": f"function:{name}:$LATEST"},
                  {"ScalableDimension": "ecs:service:DesiredCount"}, {"ServiceNamespace": "ecs"}):
        with pytest.raises(client.exceptions.ValidationException):
            client.register_scalable_target(MinCapacity=1, MaxCapacity=2, **{**where, **wrong})
    with pytest.raises(client.exceptions.ValidationException, match="Maximum capacity cannot be less than minimum capacity"):
        client.register_scalable_target(MinCapacity=3, MaxCapacity=2, **where)
    with pytest.raises(client.exceptions.ValidationException, match="Both MinCapacity and MaxCapacity"):
        client.register_scalable_target(MinCapacity=3, **where)


def test_a_restart_keeps_targets_policies_and_actions():
    with Daemon() as daemon:
        aws = daemon.client()
        name = Functions(aws)(Publish=True)
        aws.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1", WaiterConfig=FAST)
        where = {"ServiceNamespace": "lambda", "ResourceId": f"function:{name}:1", "ScalableDimension": DIMENSION}
        client = daemon.client("application-autoscaling")
        client.register_scalable_target(MinCapacity=0, MaxCapacity=5, **where)
        track(client, where)
        client.put_scheduled_action(ScheduledActionName="nightly", Schedule="rate(1 day)", ScalableTargetAction={"MaxCapacity": 1}, **where)
        before = [client.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"],
                  client.describe_scaling_policies(ServiceNamespace="lambda")["ScalingPolicies"],
                  client.describe_scheduled_actions(ServiceNamespace="lambda")["ScheduledActions"]]
        daemon.kill()
        daemon.start()
        client = daemon.client("application-autoscaling")
        assert before == [client.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"],
                          client.describe_scaling_policies(ServiceNamespace="lambda")["ScalingPolicies"],
                          client.describe_scheduled_actions(ServiceNamespace="lambda")["ScheduledActions"]]
        assert all(before)
