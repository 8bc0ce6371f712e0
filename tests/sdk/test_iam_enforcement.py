"""If these fail, functions, users or other accounts do what no policy allows them, or are refused what one allows."""
import json
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

from daemon import ACCOUNT, BIN, REGION, Daemon
from packages import FULL_CPU_MIB, make_zip

OTHER = "111122223333"
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}

# Does what the event says: [[service, method, parameters], …]; gives for each what came of it.
CALLER = """
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
once = Config(retries={"total_max_attempts": 1})

def handler(event, context):
    answers = []
    for service, method, parameters in event:
        try:
            getattr(boto3.client(service, config=once), method)(**parameters)
            answers.append("done")
        except ClientError as error:
            answers.append(error.response["Error"]["Code"] + ": " + error.response["Error"]["Message"])
    return answers
"""


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*"):
    return {"Effect": "Deny", "Action": action, "Resource": resource}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def implicit(who, action, resource, kind="identity-based"):
    return f"User: {who} is not authorized to perform: {action} on resource: {resource} because no {kind} policy allows the {action} action"


class Account:
    """The root of an account, and what it makes."""

    def __init__(self, daemon, key, account=ACCOUNT):
        self.daemon, self.key, self.id = daemon, key, account
        self.iam = self("iam")

    def __call__(self, service, key=None):
        return self.daemon.client(service, *(key or self.key))

    def role(self, name, *statements, trust=None):
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust or TRUST))["Role"]["Arn"]
        if statements:
            self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*statements))
        return arn

    def user(self, name, *statements):
        """The ARN and a key of a new user."""
        arn = self.iam.create_user(UserName=name)["User"]["Arn"]
        if statements:
            self.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return arn, (key["AccessKeyId"], key["SecretAccessKey"])

    def function(self, name, role):
        aws = self("lambda")
        aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=role, Code={"ZipFile": make_zip(CALLER)},
                            MemorySize=FULL_CPU_MIB, Timeout=60)
        aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
        return lambda *calls: self.run(name, calls)

    def run(self, name, calls):
        answer = self("lambda").invoke(FunctionName=name, Payload=json.dumps(calls).encode())
        value = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, value
        return value


@pytest.fixture(scope="module", params=["strict", "soft"])
def world(request):
    with Daemon("--iam", request.param, auth="strict") as daemon:
        key = json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"][0]
        account = Account(daemon, (key["access_key_id"], key["secret_access_key"]))
        account.mode = request.param
        account("s3").create_bucket(Bucket="shelf")
        account("s3").put_object(Bucket="shelf", Key="a/1", Body=b"1")
        account.queue = account("sqs").create_queue(QueueName="q")["QueueUrl"]
        account.topic = account("sns").create_topic(Name="t")["TopicArn"]
        yield account


def check(world, answers, wanted):
    """In soft mode everything passes."""
    assert answers == (["done"] * len(wanted) if world.mode == "soft" else wanted)


def error_of(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"]


def test_a_function_does_what_its_role_may(world):
    """The execution role's policies do not decide about what the function does with its own credentials."""
    bucket = "arn:aws:s3:::shelf"
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    role = world.role("worker", allow("s3:GetObject", f"{bucket}/a/*"), allow("s3:ListBucket", bucket, Condition={"StringLike": {"s3:prefix": "a/*"}}),
                      allow("sqs:*", queue), deny("sqs:PurgeQueue", queue), allow("sns:Publish", world.topic))
    ask = world.function("works", role)
    me = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/works"
    check(world, ask(["s3", "get_object", {"Bucket": "shelf", "Key": "a/1"}],
                     ["s3", "head_object", {"Bucket": "shelf", "Key": "a/1"}],
                     ["s3", "list_objects_v2", {"Bucket": "shelf", "Prefix": "a/"}],
                     ["s3", "list_objects_v2", {"Bucket": "shelf"}],
                     ["s3", "put_object", {"Bucket": "shelf", "Key": "a/2", "Body": "2"}],
                     ["s3", "list_buckets", {}],
                     ["sqs", "send_message", {"QueueUrl": world.queue, "MessageBody": "m"}],
                     ["sqs", "receive_message", {"QueueUrl": world.queue}],
                     ["sqs", "list_queues", {}],
                     ["sns", "publish", {"TopicArn": world.topic, "Message": "m"}],
                     ["sns", "subscribe", {"TopicArn": world.topic, "Protocol": "sqs", "Endpoint": queue}],
                     ["lambda", "list_functions", {}],
                     ["lambda", "get_function", {"FunctionName": "works"}],
                     ["sts", "get_caller_identity", {}],
                     ["sqs", "purge_queue", {"QueueUrl": world.queue}]),
          ["done", "done", "done",
           "AccessDenied: " + implicit(me, "s3:ListBucket", bucket),
           "AccessDenied: " + implicit(me, "s3:PutObject", f"{bucket}/a/2"),
           f"AccessDenied: User: {me} is not authorized to perform: s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action",
           "done", "done",
           "AccessDenied: " + implicit(me, "sqs:ListQueues", f"arn:aws:sqs:{REGION}:{ACCOUNT}:"),
           "done",
           "AuthorizationError: " + implicit(me, "SNS:Subscribe", world.topic).replace("SNS:", "sns:"),
           "AccessDeniedException: " + implicit(me, "lambda:ListFunctions", "*"),
           "AccessDeniedException: " + implicit(me, "lambda:GetFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:works"),
           "done",
           f"AccessDenied: User: {me} is not authorized to perform: sqs:PurgeQueue on resource: {queue} with an explicit deny in an identity-based policy"])


def test_a_changed_policy_counts_at_once(world):
    """What was allowed, or refused, before is remembered longer than the policy holds."""
    ask = world.function("changes", world.role("changing"))
    call = ["sqs", "get_queue_attributes", {"QueueUrl": world.queue}]
    refused = ["AccessDenied: " + implicit(f"arn:aws:sts::{ACCOUNT}:assumed-role/changing/changes", "sqs:GetQueueAttributes", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")]
    check(world, ask(call), refused)
    world.iam.put_role_policy(RoleName="changing", PolicyName="late", PolicyDocument=document(allow("sqs:Get*")))
    assert ask(call, call) == ["done", "done"]
    world.iam.delete_role_policy(RoleName="changing", PolicyName="late")
    check(world, ask(call), refused)


def test_users_do_what_their_policies_allow(world):
    """A user's own policies, or the boundary, do not decide about it."""
    arn, key = world.user("ann", allow("lambda:List*"), allow("s3:*", "arn:aws:s3:::${aws:username}-*"))
    world("lambda", key).list_functions()
    if world.mode == "soft":
        world("lambda", key).list_event_source_mappings()
        return
    assert error_of(world("lambda", key).get_account_settings) == (403, "AccessDeniedException", implicit(arn, "lambda:GetAccountSettings", "*"))
    assert error_of(world("s3", key).create_bucket, Bucket="bob-files") == (403, "AccessDenied", implicit(arn, "s3:CreateBucket", "arn:aws:s3:::bob-files"))
    world("s3", key).create_bucket(Bucket="ann-files")
    status, code, message = error_of(world("ec2", key).describe_vpcs)
    assert (status, code) == (403, "UnauthorizedOperation")
    assert message.startswith("You are not authorized to perform this operation. " + implicit(arn, "ec2:DescribeVpcs", "*"))
    boundary = world.iam.create_policy(PolicyName="only-s3", PolicyDocument=document(allow("s3:*")))["Policy"]["Arn"]
    world.iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=boundary)
    assert error_of(world("lambda", key).list_functions)[2] == implicit(arn, "lambda:ListFunctions", "*", kind="permissions boundary").replace("boundary policy", "boundary")


def test_roles_are_passed_by_whom_may_pass_them(world):
    """Somebody gives a function, a schedule or a rule a role that it may not pass on, and has its power."""
    strong = world.role("strong", allow("*"), trust={"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com", "events.amazonaws.com"]}, "Action": "sts:AssumeRole"}]})
    arn, key = world.user("maker", allow(["lambda:*", "scheduler:*", "events:*"]))
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"

    def make(name):
        return world("lambda", key).create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=strong, Code={"ZipFile": make_zip(CALLER)})

    def schedule(name):
        return world("scheduler", key).create_schedule(Name=name, ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"}, Target={"Arn": queue, "RoleArn": strong})
    if world.mode == "soft":
        make("made-softly")
        return
    refused = implicit(arn, "iam:PassRole", strong)
    assert error_of(make, name="made") == (403, "AccessDeniedException", refused)
    assert error_of(schedule, name="made")[1:] == ("AccessDeniedException", refused)
    world.iam.put_user_policy(UserName="maker", PolicyName="pass", PolicyDocument=document(
        allow("iam:PassRole", strong, Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}})))
    make("made")
    assert error_of(schedule, name="made")[1:] == ("AccessDeniedException", refused)
    across = f"arn:aws:iam::{OTHER}:role/theirs"
    assert error_of(world("lambda", key).update_function_configuration, FunctionName="made", Role=across)[2] == "Cross-account pass role is not allowed."


def test_conditions_see_the_request(world):
    """Conditions on tags, addresses and the transport do not see what the request says."""
    arn, key = world.user("tagger", allow("sqs:CreateQueue", "*", Condition={"StringEquals": {"aws:RequestTag/team": "red"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}),
                          allow("sqs:ListQueues", "*", Condition={"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}, "Bool": {"aws:SecureTransport": "false"}}),
                          allow("sqs:PurgeQueue", "*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    sqs = world("sqs", key)
    sqs.list_queues()
    sqs.create_queue(QueueName="red", tags={"team": "red"})
    if world.mode == "soft":
        return
    for name, tags in (("blue", {"team": "blue"}), ("more", {"team": "red", "x": "y"}), ("none", {})):
        assert error_of(sqs.create_queue, QueueName=name, tags=tags)[2] == implicit(arn, "sqs:CreateQueue", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
    assert error_of(sqs.purge_queue, QueueUrl=world.queue)[2] == implicit(arn, "sqs:PurgeQueue", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")


def test_resource_policies_let_users_in(world):
    """A resource's own policy does not let a user of its account in, or lets the whole account in where it only names it."""
    if world.mode == "soft":
        return
    arn, key = world.user("guest")
    queue = world("sqs").create_queue(QueueName="open")["QueueUrl"]
    queue_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:open"

    def policy(principal):
        world("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sqs:SendMessage", "Resource": queue_arn}]})})
    guest = world("sqs", key)
    policy(f"arn:aws:iam::{ACCOUNT}:root")
    assert error_of(guest.send_message, QueueUrl=queue, MessageBody="m")[2] == implicit(arn, "sqs:SendMessage", queue_arn)
    policy(arn)
    guest.send_message(QueueUrl=queue, MessageBody="m")
    assert error_of(guest.receive_message, QueueUrl=queue)[2] == implicit(arn, "sqs:ReceiveMessage", queue_arn)


def test_the_smallest_policy_that_a_function_needs(world):
    """`mayfly policy` leaves out what a function has asked for, or --diff does not tell what its role lacks and what it never used."""
    role = world.role("guessed", allow("sqs:ListQueues"), allow("dynamodb:*"))
    ask = world.function("asks", role)
    ask(["sqs", "list_queues", {}], ["s3", "get_object", {"Bucket": "shelf", "Key": "a/1"}], ["s3", "get_object", {"Bucket": "shelf", "Key": "top"}],
        ["sns", "publish", {"TopicArn": world.topic, "Message": "m"}])
    environment = {"AWS_ACCESS_KEY_ID": world.key[0], "AWS_SECRET_ACCESS_KEY": world.key[1], "AWS_REGION": REGION, "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}

    def mayfly(*arguments):
        return subprocess.run([BIN / "mayfly", "policy", "asks", "--endpoint", world.daemon.url, *arguments], capture_output=True, text=True, env=environment)
    done = mayfly()
    assert done.returncode == 0, done
    statements = json.loads(done.stdout)["Statement"]
    assert {"Effect": "Allow", "Action": "sns:Publish", "Resource": world.topic} in statements
    assert {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:"} in statements
    objects = [one for one in statements if one["Action"] == "s3:GetObject"]
    assert objects and set(objects[0]["Resource"]) == {"arn:aws:s3:::shelf/a/*", "arn:aws:s3:::shelf/top"}
    done = mayfly("--diff")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert f"+ sns:Publish on {world.topic}" in lines and "- dynamodb:* on *" in lines
    assert not [line for line in lines if "sqs:ListQueues" in line]
    world.iam.put_role_policy(RoleName="guessed", PolicyName="p", PolicyDocument=mayfly().stdout)
    assert mayfly("--diff").returncode == 0, mayfly("--diff").stdout


def test_mappings_need_a_role_that_may_poll(world):
    """A mapping is made although the function's role cannot read the queue: it would never get on, and nobody would know why."""
    world.function("polls", world.role("poller"))

    def make():
        return world("lambda").create_event_source_mapping(FunctionName="polls", EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:slow")["UUID"]
    world("sqs").create_queue(QueueName="slow", Attributes={"VisibilityTimeout": "900"})
    if world.mode == "strict":
        assert error_of(make) == (400, "InvalidParameterValueException", "The provided execution role does not have permissions to call ReceiveMessage on SQS")
        world.iam.put_role_policy(RoleName="poller", PolicyName="p", PolicyDocument=document(allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"])))
    make()


def test_a_refusal_does_not_tell_what_there_is(world):
    """Who may do nothing learns from an answer whether a function, bucket, queue or topic exists."""
    if world.mode == "soft":
        return
    arn, key = world.user("curious")
    world("sqs").create_queue(QueueName="known")
    for service, method, parameter, known, unknown in (
            ("lambda", "get_function", "FunctionName", "works", "no-such"), ("s3", "head_bucket", "Bucket", "shelf", "no-such-shelf"),
            ("s3", "get_bucket_location", "Bucket", "shelf", "no-such-shelf"), ("sqs", "get_queue_url", "QueueName", "known", "no-such"),
            ("sns", "get_topic_attributes", "TopicArn", world.topic, world.topic + "x"), ("ssm", "get_parameter", "Name", "/a", "/b")):
        answers = {error_of(getattr(world(service, key), method), **{parameter: value})[:2] for value in (known, unknown)}
        assert len(answers) == 1, (method, answers)


def test_what_was_done_is_on_record(world):
    """The trail leaves out who changed what, or what was refused."""
    arn, key = world.user("watched", allow("sqs:CreateQueue"))
    world("sqs", key).create_queue(QueueName="recorded")
    if world.mode == "strict":
        error_of(world("sqs", key).delete_queue, QueueUrl=world.queue)
    trail = world("cloudtrail")
    events = trail.lookup_events(LookupAttributes=[{"AttributeKey": "Username", "AttributeValue": "watched"}])["Events"]
    names = [event["EventName"] for event in events]
    assert names[-1] == "CreateQueue" and ("DeleteQueue" in names) == (world.mode == "strict"), names
    made = json.loads(events[-1]["CloudTrailEvent"])
    assert made["userIdentity"]["arn"] == arn and made["userIdentity"]["type"] == "IAMUser"
    assert made["eventSource"] == "sqs.amazonaws.com" and made["requestParameters"]["queueName"] == "recorded"
    assert made["sourceIPAddress"] == "127.0.0.1" and made["userAgent"].startswith("Boto3/") and not made["readOnly"]
    if world.mode == "strict":
        refused = json.loads(events[0]["CloudTrailEvent"])
        assert refused["errorCode"].startswith("AccessDenied") and "sqs:DeleteQueue" in refused["errorMessage"]
    pages = list(trail.get_paginator("lookup_events").paginate(PaginationConfig={"PageSize": 3, "MaxItems": 9}))
    times = [event["EventTime"] for page in pages for event in page["Events"]]
    assert len(times) == 9 and times == sorted(times, reverse=True)
    file, = (world.daemon.data_dir / "trail").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600 and b"SecretAccessKey" not in file.read_bytes()


def test_other_accounts_need_both_sides():
    """A caller of another account gets in by its own policies, or by the resource's, alone."""
    with Daemon("--iam", "strict", auth="open") as daemon:
        home, abroad = Account(daemon, (ACCOUNT, "x")), Account(daemon, (OTHER, "x"), OTHER)
        arn, key = abroad.user("eve", allow("s3:*"))
        home("s3").create_bucket(Bucket="both")
        home("s3").put_object(Bucket="both", Key="k", Body=b"v")
        eve = abroad("s3", key)
        assert error_of(eve.get_object, Bucket="both", Key="k")[2] == implicit(arn, "s3:GetObject", "arn:aws:s3:::both/k", kind="resource-based")
        home("s3").put_bucket_policy(Bucket="both", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::both/*"}]}))
        assert eve.get_object(Bucket="both", Key="k")["Body"].read() == b"v"
        abroad.iam.put_user_policy(UserName="eve", PolicyName="p", PolicyDocument=document(allow("sqs:*")))
        assert error_of(eve.get_object, Bucket="both", Key="k")[2] == implicit(arn, "s3:GetObject", "arn:aws:s3:::both/k")


def test_a_grant_of_a_group_is_one_of_its_streams(world):
    """What CDK and templates grant for a group, its ARN with ":*", does not let a function write to the group's streams."""
    world("logs").create_log_group(logGroupName="/app/granted")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/app/granted"
    who, key = world.user("writer", allow(["logs:CreateLogStream", "logs:PutLogEvents"], group + ":*"))
    logs = world("logs", key)
    logs.create_log_stream(logGroupName="/app/granted", logStreamName="s")
    logs.put_log_events(logGroupName="/app/granted", logStreamName="s", logEvents=[{"timestamp": int(time.time() * 1000), "message": "m"}])
    if world.mode == "strict":
        assert error_of(logs.get_log_events, logGroupName="/app/granted", logStreamName="s") == (
            400, "AccessDeniedException", implicit(who, "logs:GetLogEvents", group + ":log-stream:s"))
        assert error_of(logs.create_log_stream, logGroupName="/app/other", logStreamName="s")[1] == "AccessDeniedException"
