"""If this fails, a daemon that is killed loses events that it had answered with 202, or never comes to the end of them.

MAYFLY_CRASH_EVENT_KILLS says how often it is killed (a few times by default, ten with ./dev test --all; some hundred take minutes), MAYFLY_CRASH_SEED when.
"""

import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

sys.path.insert(0, str(Path(__file__).resolve().parent))

from daemon import wait_until  # noqa: E402
from packages import FULL_CPU_MIB, make_zip  # noqa: E402
from slices import rounds  # noqa: E402
from watched_daemon import ROLE, WatchedDaemon  # noqa: E402

KILLS = int(os.environ.get("MAYFLY_CRASH_EVENT_KILLS", rounds(4, 10)))
SEED = int(os.environ.get("MAYFLY_CRASH_SEED", random.randrange(1 << 32)))
SENDERS = 3
SECONDS_PER_EVENT = 0.2  # at the end, for what is left; loose: both processors may be busy with other things
SETTINGS = ("--async-retry-delays", "0.2", "--async-backoff-min", "0.05", "--async-backoff-max", "1", "--async-concurrency", "4")

# What it has run is an alias, since logs of the last second are not kept over a kill. Every fifth event fails at first.
WITNESS = """
import boto3, time
client = boto3.client("lambda")
def make(context, name):
    while True:
        try:
            client.create_alias(FunctionName=context.function_name, Name=name, FunctionVersion="1")
            return True
        except client.exceptions.ResourceConflictException as error:
            if "already exists" in str(error):
                return False
            time.sleep(0.01)  # another invocation changes the function at this moment
def handler(event, context):
    if event["n"] % 5 == 0 and make(context, "tried-%s" % event["n"]):
        raise ValueError("the first attempt fails")
    make(context, "done-%s" % event["n"])
"""


class Sender(threading.Thread):
    """Sends events until the daemon is gone. `acknowledged`: the numbers of those that were answered."""

    def __init__(self, client, function, numbers):
        super().__init__()
        self.client, self.function, self.numbers = client, function, numbers
        self.acknowledged = []
        self.failure = None

    def run(self):
        try:
            for number in self.numbers:
                answer = self.client.invoke(FunctionName=self.function, InvocationType="Event", Payload=json.dumps({"n": number}).encode())
                assert answer["StatusCode"] == 202
                self.acknowledged.append(number)
        except BotoCoreError:
            pass  # the connection broke: the daemon has been killed
        except (AssertionError, ClientError) as error:
            self.failure = error


@pytest.fixture
def data_directory():
    folder = tempfile.mkdtemp(prefix="mayfly-crash-")
    yield Path(folder, "data")
    shutil.rmtree(folder)


def done(daemon, function):
    pages = daemon.account().get_paginator("list_aliases").paginate(FunctionName=function)
    return {int(alias["Name"].partition("-")[2]) for page in pages for alias in page["Aliases"] if alias["Name"].startswith("done-")}


def stored(daemon):
    """Events in the file of a daemon that has ended."""
    with sqlite3.connect("file:%s?mode=ro" % (daemon.data_dir / "events.db"), uri=True) as file:
        return file.execute("SELECT count(*) FROM queue_items").fetchone()[0]


def test_no_accepted_event_is_lost(data_directory):
    """kill -9 at any moment loses an event that was answered with 202, or one that waits for its next attempt."""
    print("\nseed %d" % SEED)
    chance = random.Random(SEED)
    acknowledged, next_number = set(), 1
    with WatchedDaemon(*SETTINGS, data_dir=data_directory) as daemon:
        client = daemon.account()
        client.create_function(FunctionName="witness", Runtime="python3.11", Role=ROLE, Handler="index.handler", Timeout=60, Publish=True,
                               Code={"ZipFile": make_zip(WITNESS)}, MemorySize=FULL_CPU_MIB)
        client.get_waiter("function_active_v2").wait(FunctionName="witness", WaiterConfig={"Delay": 0.02, "MaxAttempts": 500})
        client.put_function_event_invoke_config(FunctionName="witness", MaximumRetryAttempts=2)
        for number in range(KILLS):
            client = daemon.client("lambda", key="000000000000", read_timeout=20)
            senders = [Sender(client, "witness", range(next_number + i, next_number + 60, SENDERS)) for i in range(SENDERS)]
            next_number += 60
            for sender in senders:
                sender.start()
            threading.Event().wait(chance.uniform(0.02, 0.8))
            daemon.kill()
            for sender in senders:
                sender.join(30)
                assert not sender.is_alive() and sender.failure is None, sender.failure
                acknowledged.update(sender.acknowledged)
            daemon.start()
        print("%d kills, %d events acknowledged, %d of them done" % (KILLS, len(acknowledged), len(acknowledged & done(daemon, "witness"))))
        def missing():
            return acknowledged - done(daemon, "witness")
        try:
            wait_until(lambda: not missing(), 30 + SECONDS_PER_EVENT * next_number, "every accepted event has been run")
        except AssertionError:
            raise AssertionError("lost: %s\n%s\n%s" % (sorted(missing()), daemon.status()["events"], daemon.log_text())) from None
        wait_until(lambda: daemon.status()["events"]["held"] == 0, 30, "nothing is at work")
        daemon.stop()
        assert stored(daemon) == 0
        assert len(acknowledged) >= KILLS, "hardly an event was accepted: this has tested nothing"
