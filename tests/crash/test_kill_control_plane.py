"""If this fails, a daemon that is killed in the midst of a change keeps half of it, or loses one that it had acknowledged."""

import random
import sys
import threading
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

sys.path.insert(0, str(Path(__file__).resolve().parent))

from packages import make_zip  # noqa: E402
from slices import rounds  # noqa: E402
from test_kill import SEED, data_directory  # noqa: E402,F401
from watched_daemon import Function, WatchedDaemon  # noqa: E402

ROUNDS = rounds(3, 8)
NAME = "changed"
PACKAGE = make_zip({"function.py": "def handler(event, context):\n    return 1\n"})
QUEUE = "arn:aws:sqs:us-east-1:000000000000:queue"
PUBLISHER = "arn:aws:signer:us-east-1:000000000000:/signing-profiles/somebody/ABCDEFGHIJ"


class Cell(object):
    """One thing that can be set to a number, or removed (None). `write` and `read` take a client."""

    def __init__(self, write, read):
        self.write, self.read = write, read
        self.acknowledged = None
        self.asked = None
        self.has_asked = False


def or_none(read, *missing):
    def call(client):
        try:
            return read(client)
        except ClientError as error:
            if error.response["Error"]["Code"] in missing + ("ResourceNotFoundException",):
                return None
            raise
    return call


def upsert(create, update, delete, exists):
    """A write for resources that are made by one operation and changed by another."""
    def write(client, value):
        if value is None:
            if exists(client):
                delete(client)
        elif exists(client):
            update(client, value)
        else:
            create(client, value)
    return write


def alias():
    key = {"FunctionName": NAME, "Name": "live"}
    read = or_none(lambda client: int(client.get_alias(**key)["Description"]))
    return Cell(upsert(lambda client, value: client.create_alias(FunctionVersion="$LATEST", Description=str(value), **key),
                       lambda client, value: client.update_alias(Description=str(value), **key),
                       lambda client: client.delete_alias(**key), lambda client: read(client) is not None), read)


def reserved_concurrency():
    def write(client, value):
        if value is None:
            client.delete_function_concurrency(FunctionName=NAME)
        else:
            client.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=value)
    return Cell(write, lambda client: client.get_function_concurrency(FunctionName=NAME).get("ReservedConcurrentExecutions"))


def event_invoke_config():
    read = or_none(lambda client: client.get_function_event_invoke_config(FunctionName=NAME)["MaximumEventAgeInSeconds"])

    def write(client, value):
        if value is not None:
            client.put_function_event_invoke_config(FunctionName=NAME, MaximumEventAgeInSeconds=60 + value)
        elif read(client) is not None:
            client.delete_function_event_invoke_config(FunctionName=NAME)
    return Cell(write, lambda client: (lambda age: age and age - 60)(read(client)))


def function_url():
    read = or_none(lambda client: client.get_function_url_config(FunctionName=NAME)["Cors"]["MaxAge"])
    return Cell(upsert(lambda client, value: client.create_function_url_config(FunctionName=NAME, AuthType="NONE", Cors={"MaxAge": value}),
                       lambda client, value: client.update_function_url_config(FunctionName=NAME, Cors={"MaxAge": value}),
                       lambda client: client.delete_function_url_config(FunctionName=NAME), lambda client: read(client) is not None), read)


def permission():
    """The number is the statement's id; there is one statement at most."""
    import json
    read = or_none(lambda client: [int(one["Sid"]) for one in json.loads(client.get_policy(FunctionName=NAME)["Policy"])["Statement"]])

    def write(client, value):
        for number in read(client) or []:
            client.remove_permission(FunctionName=NAME, StatementId=str(number))
        if value is not None:
            client.add_permission(FunctionName=NAME, StatementId=str(value), Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    return Cell(write, lambda client: (lambda found: max(found) if found else None)(read(client)))


def tag():
    arn = "arn:aws:lambda:us-east-1:000000000000:function:" + NAME

    def write(client, value):
        if value is None:
            client.untag_resource(Resource=arn, TagKeys=["number"])
        else:
            client.tag_resource(Resource=arn, Tags={"number": str(value)})
    return Cell(write, lambda client: (lambda text: text and int(text))(client.list_tags(Resource=arn)["Tags"].get("number")))


def mapping():
    def found(client):
        return next(iter(client.list_event_source_mappings(EventSourceArn=QUEUE)["EventSourceMappings"]), None)

    def write(client, value):
        one = found(client)
        if value is not None and not one:
            client.create_event_source_mapping(FunctionName=NAME, EventSourceArn=QUEUE, BatchSize=1 + value % 10, Enabled=False)
        elif value is not None:
            client.update_event_source_mapping(UUID=one["UUID"], BatchSize=1 + value % 10)
    return Cell(write, lambda client: (lambda one: one and one["BatchSize"] - 1)(found(client)))


def signing_config():
    def found(client):
        return next(iter(client.list_code_signing_configs()["CodeSigningConfigs"]), None)

    def write(client, value):
        one = found(client)
        if value is None and one:
            client.delete_code_signing_config(CodeSigningConfigArn=one["CodeSigningConfigArn"])
        elif value is not None and one:
            client.update_code_signing_config(CodeSigningConfigArn=one["CodeSigningConfigArn"], Description=str(value))
        elif value is not None:
            client.create_code_signing_config(Description=str(value), AllowedPublishers={"SigningProfileVersionArns": [PUBLISHER]})
    return Cell(write, lambda client: (lambda one: one and int(one["Description"]))(found(client)))


def timeout_setting():
    """Of $LATEST: never absent, so None leaves it."""
    def write(client, value):
        if value is not None:
            client.get_waiter("function_updated_v2").wait(FunctionName=NAME, WaiterConfig={"Delay": 0.02, "MaxAttempts": 500})
            client.update_function_configuration(FunctionName=NAME, Timeout=1 + value)
    return Cell(write, lambda client: client.get_function_configuration(FunctionName=NAME)["Timeout"] - 1)


CELLS = {"alias": alias, "reserved concurrency": reserved_concurrency, "event invoke config": event_invoke_config, "function URL": function_url,
         "permission": permission, "tag": tag, "mapping": mapping, "signing config": signing_config, "timeout": timeout_setting}
NEVER_ABSENT = {"mapping", "timeout"}


def change(client, cell, chance, failures, may_remove):
    """Changes one cell until the daemon is gone."""
    for _ in range(2000):
        value = None if may_remove and chance.random() < 0.2 else chance.randint(0, 9)
        cell.asked, cell.has_asked = value, True
        try:
            cell.write(client, value)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 409 and error.response["Error"]["Code"] != "ResourceInUseException":
                failures.append(error)
                return
            continue  # busy with its last change: it may have been made half of ours (a delete before a create), so ask again
        except BotoCoreError:
            return  # the daemon has been killed
        cell.acknowledged, cell.has_asked = value, False


def test_kill_in_the_midst_of_every_kind_of_change(data_directory):  # noqa: F811
    chance = random.Random(SEED)
    print("\nseed %d" % SEED)
    cells = {name: make() for name, make in CELLS.items()}
    with WatchedDaemon(data_dir=data_directory) as daemon:
        Function.create(daemon.account(), NAME, PACKAGE)
        daemon.client("sqs", key="000000000000").create_queue(QueueName="queue", Attributes={"VisibilityTimeout": "900"})
        for cell in cells.values():
            cell.acknowledged = cell.read(daemon.account())
        for number in range(ROUNDS):
            failures = []
            client = daemon.client("lambda", key="000000000000", read_timeout=20)
            threads = [threading.Thread(target=change, args=(client, cell, random.Random(chance.random()), failures, name not in NEVER_ABSENT))
                       for name, cell in cells.items()]
            for thread in threads:
                thread.start()
            threading.Event().wait(chance.uniform(0.05, 0.8))
            daemon.kill()
            for thread in threads:
                thread.join(30)
                assert not thread.is_alive()
            assert failures == []
            daemon.start()
            client = daemon.account()
            client.get_waiter("function_updated_v2").wait(FunctionName=NAME, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200})
            for name, cell in cells.items():
                found = cell.read(client)
                # Some writes are two operations, so what is between them (nothing) is right as well.
                allowed = {cell.acknowledged, cell.asked, None} if cell.has_asked else {cell.acknowledged}
                assert found in allowed, "round %d: %s is %r, expected one of %r" % (number, name, found, allowed)
                cell.acknowledged, cell.has_asked = found, False
            if cells["reserved concurrency"].acknowledged == 0:  # the function is switched off
                with pytest.raises(client.exceptions.TooManyRequestsException):
                    client.invoke(FunctionName=NAME)
            else:
                assert client.invoke(FunctionName=NAME)["Payload"].read() == b"1"
