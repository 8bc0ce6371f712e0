"""If this fails, a daemon that is killed loses events that it had taken (PutEvents): on their way to the targets of their rules, or of their archive.

MAYFLY_CRASH_RULE_KILLS says how often it is killed (a few times by default, two hundred with ./dev test --all), MAYFLY_CRASH_SEED when.
"""

import json
import os
import random
import shutil
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

sys.path.insert(0, str(Path(__file__).resolve().parent))

from daemon import wait_until  # noqa: E402
from slices import rounds  # noqa: E402
from watched_daemon import WatchedDaemon  # noqa: E402

KILLS = int(os.environ.get("MAYFLY_CRASH_RULE_KILLS", rounds(4, 200)))
SEED = int(os.environ.get("MAYFLY_CRASH_SEED", random.randrange(1 << 32)))
SENDERS = 3
ACCOUNT, REGION = "000000000000", "us-east-1"
DEFAULT_BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
SETTINGS = ("--async-backoff-min", "0.05", "--async-backoff-max", "1")


class Sender(threading.Thread):
    """Puts events until the daemon is gone. `acknowledged`: the numbers of those that were answered."""

    def __init__(self, client, numbers):
        super().__init__()
        self.client, self.numbers = client, numbers
        self.acknowledged = []
        self.failure = None

    def run(self):
        try:
            for number in self.numbers:
                entry = {"Source": "crash", "DetailType": "d", "Detail": json.dumps({"n": number})}
                assert self.client.put_events(Entries=[entry])["FailedEntryCount"] == 0
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


def set_up(daemon):
    """A rule on the default bus that sends to a second bus, whose rule has a queue: each event is owed twice on its way."""
    events, sqs = daemon.client("events"), daemon.client("sqs")
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
    sqs.create_queue(QueueName="q", Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}), "VisibilityTimeout": "3600"})
    events.create_archive(ArchiveName="all", EventSourceArn=DEFAULT_BUS)
    bus = events.create_event_bus(Name="second")["EventBusArn"]
    for name, target in {"default": bus, "second": arn}.items():
        events.put_rule(Name="r", EventBusName=name, EventPattern='{"source":["crash"]}')
        events.put_targets(Rule="r", EventBusName=name, Targets=[{"Id": "t", "Arn": target}])


def replayed(daemon):
    """The numbers of the events that the archive gives back; the daemon is killed on the way."""
    events, sqs = daemon.client("events"), daemon.client("sqs")
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:again"
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
    sqs.create_queue(QueueName="again", Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}), "VisibilityTimeout": "3600"})
    rule = events.put_rule(Name="again", EventPattern='{"replay-name":["all"]}')["RuleArn"]
    events.put_targets(Rule="again", Targets=[{"Id": "t", "Arn": arn}])
    events.start_replay(ReplayName="all", EventSourceArn=f"arn:aws:events:{REGION}:{ACCOUNT}:archive/all", EventStartTime=1, EventEndTime=4e9,
                        Destination={"Arn": DEFAULT_BUS, "FilterArns": [rule]})
    threading.Event().wait(0.2)
    daemon.kill()
    daemon.start()
    events = daemon.client("events")
    wait_until(lambda: events.describe_replay(ReplayName="all")["State"] == "COMPLETED", 120, "the end of the replay")
    return events.describe_archive(ArchiveName="all")["EventCount"]


def receive_all(daemon, received, queue="q"):
    sqs = daemon.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        received.update(json.loads(message["Body"])["detail"]["n"] for message in messages)
    return received


def test_no_acknowledged_event_is_lost(data_directory):
    print("\nseed %d" % SEED)
    chance = random.Random(SEED)
    acknowledged, received, next_number = set(), set(), 1
    with WatchedDaemon(*SETTINGS, data_dir=data_directory) as daemon:
        set_up(daemon)
        for _ in range(KILLS):
            client = daemon.client("events", read_timeout=20)
            senders = [Sender(client, range(next_number + i, next_number + 300, SENDERS)) for i in range(SENDERS)]
            next_number += 300
            for sender in senders:
                sender.start()
            threading.Event().wait(chance.uniform(0.02, 0.5))
            daemon.kill()
            for sender in senders:
                sender.join(30)
                assert not sender.is_alive() and sender.failure is None, sender.failure
                acknowledged.update(sender.acknowledged)
            daemon.start()
        try:
            wait_until(lambda: acknowledged <= receive_all(daemon, received), 120, "every acknowledged event has arrived")
        except AssertionError:
            raise AssertionError("lost: %s\n%s" % (sorted(acknowledged - received), daemon.log_text())) from None
        kept, again = replayed(daemon), set()
        wait_until(lambda: acknowledged <= receive_all(daemon, again, "again"), 120, "every acknowledged event has come out of the archive")
        assert kept >= len(acknowledged), f"the archive counts {kept} of {len(acknowledged)} events"
        assert len(acknowledged) >= KILLS, "hardly an event was accepted: this has tested nothing"
