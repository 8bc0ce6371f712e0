"""If these fail, tests of what takes long must wait for it, or moving the clock ends what has only begun."""
import json
import subprocess
import threading

import pytest

from conftest import Functions
from daemon import BIN, Daemon, wait_until
from invocations import call
from test_lifecycle import arn

FAILING = "def handler(event, context):\n    raise ValueError('no luck')\n"
SLOW = "import time\ndef handler(event, context):\n    print('BEGIN', flush=True)\n    time.sleep(2)\n    return 'done'\n"


@pytest.fixture(scope="module")
def clocked():
    """A daemon of its own: a moved clock is moved for everybody."""
    with Daemon() as running:
        yield running


@pytest.fixture(scope="module")
def sqs(clocked):
    return clocked.client("sqs")


@pytest.fixture
def made(clocked):
    made = Functions(clocked.client("lambda"))
    yield made
    made.delete_all()


def receive(sqs, url, **settings):
    return sqs.receive_message(QueueUrl=url, **settings).get("Messages", [])


def test_it_shows_where_it_stands_and_goes_forward_only(clocked):
    before = clocked.clock()
    assert clocked.advance(90)["advanced_seconds"] == pytest.approx(before["advanced_seconds"] + 90)
    moved = clocked.clock()
    assert 90 <= moved["epoch_seconds"] - before["epoch_seconds"] < 120
    wanted = int(moved["epoch_seconds"]) + 3600
    answer = clocked.send("POST", "/_mayfly/clock", json.dumps({"set": wanted}))
    assert answer.status == 200 and 0 <= answer.json["epoch_seconds"] - wanted < 10
    for wrong in ({"advance_seconds": -1}, {"set": wanted - 7200}, {"advance_seconds": "1"}, {"advance_seconds": 1e12}, {}, [], {"advance_seconds": 1, "set": wanted}):
        assert clocked.send("POST", "/_mayfly/clock", json.dumps(wrong)).status == 400, wrong
    assert clocked.send("POST", "/_mayfly/clock", "{").status == 400 and clocked.send("DELETE", "/_mayfly/clock").status == 405


def test_nobody_moves_it_in_strict_mode():
    with Daemon(auth="strict") as daemon:
        key = json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"][0]
        sign = (key["access_key_id"], key["secret_access_key"])
        for method in ("GET", "POST"):
            assert daemon.raw(method, "/_mayfly/clock", "{}", sign=sign).status == 403
            assert daemon.raw(method, "/_mayfly/clock", "{}", sign=None).status == 403


def test_the_command_line_moves_it(clocked):
    before = clocked.clock()["advanced_seconds"]
    shown = subprocess.run([BIN / "mayfly", "clock", "advance", "2h", "--endpoint", clocked.url], capture_output=True, text=True)
    assert shown.returncode == 0 and shown.stdout.endswith("Z\n"), shown
    assert clocked.clock()["advanced_seconds"] == pytest.approx(before + 7200)
    wrong = subprocess.run([BIN / "mayfly", "clock", "advance", "soon", "--endpoint", clocked.url], capture_output=True, text=True)
    assert wrong.returncode == 2 and "expected a number" in wrong.stderr


def test_visibility_delay_and_retention_follow(clocked, sqs):
    url = sqs.create_queue(QueueName="clocked", Attributes={"VisibilityTimeout": "43200", "MessageRetentionPeriod": "1209600"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hidden for half a day")
    assert receive(sqs, url) and not receive(sqs, url)
    clocked.advance(43200)
    assert receive(sqs, url, WaitTimeSeconds=10)
    sqs.send_message(QueueUrl=url, MessageBody="in a quarter of an hour", DelaySeconds=900)
    assert not receive(sqs, url)
    clocked.advance(900)
    assert [one["Body"] for one in receive(sqs, url, WaitTimeSeconds=10)] == ["in a quarter of an hour"]
    clocked.advance(14 * 86400)
    assert not receive(sqs, url, MaxNumberOfMessages=10)
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (attributes["ApproximateNumberOfMessages"], attributes["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_one_who_waits_for_a_message_gets_it_when_the_clock_moves(clocked, sqs):
    url = sqs.create_queue(QueueName="waited")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=10)
    got = []
    waiting = threading.Thread(target=lambda: got.extend(receive(sqs, url, WaitTimeSeconds=20)))
    waiting.start()
    clocked.advance(10)
    waiting.join(8)
    assert [one["Body"] for one in got] == ["later"]


def test_a_wait_after_a_move_is_no_longer_than_it_was_asked_for(clocked, sqs):
    clocked.advance(3600)
    url = sqs.create_queue(QueueName="empty")["QueueUrl"]
    waiting = threading.Thread(target=lambda: receive(sqs, url, WaitTimeSeconds=1), daemon=True)
    waiting.start()
    waiting.join(10)
    assert not waiting.is_alive()


def test_retries_of_events_and_their_age_follow(clocked, made):
    client = clocked.client("lambda")
    failing, old, sink = made(FAILING), made(FAILING), made("def handler(event, context):\n    print('TOLD', event['requestContext']['condition'])\n")
    for name, settings in ((failing, {}), (old, {"MaximumEventAgeInSeconds": 60})):
        client.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnFailure": {"Destination": arn(sink)}}, **settings)

    def attempts(name):
        return clocked.send("GET", f"/_mayfly/logs?function={name}").body.decode().count("START RequestId")

    def told():
        return clocked.send("GET", f"/_mayfly/logs?function={sink}").body.decode()

    client.invoke(FunctionName=failing, InvocationType="Event", Payload=b"{}")
    for done, pause in ((1, 60), (2, 120)):  # what AWS waits before the second and the third attempt
        wait_until(lambda: attempts(failing) == done and not client_is_busy(clocked), 30, f"attempt {done}")
        clocked.advance(pause)
    wait_until(lambda: attempts(failing) == 3 and "TOLD RetriesExhausted" in told(), 30, "the last attempt, and what is told of it")
    client.invoke(FunctionName=old, InvocationType="Event", Payload=b"{}")
    wait_until(lambda: attempts(old) == 1 and not client_is_busy(clocked), 30, "its only attempt")
    clocked.advance(61)
    wait_until(lambda: "TOLD EventAgeExceeded" in told(), 30, "it is too old")
    assert attempts(old) == 1


def client_is_busy(daemon):
    return daemon.send("GET", "/_mayfly/status").json["invocations_running"] > 0


def test_a_running_function_keeps_its_time(clocked, made):
    """Its limit is of the real world, and so is that of who waits for it."""
    client = clocked.client("lambda")
    name = made(SLOW, Timeout=5)
    answers = []
    running = threading.Thread(target=lambda: answers.append(call(client, name)))
    running.start()
    wait_until(lambda: "BEGIN" in clocked.send("GET", f"/_mayfly/logs?function={name}").body.decode(), 30, "it runs")
    clocked.advance(3600)
    running.join(30)
    assert (answers[0].payload, answers[0].error) == ("done", "")
    again = call(client, name)
    assert again.payload == "done" and again.report["init"] is None, "its environment was not idle for an hour"


def test_a_mapping_goes_on_after_a_move(clocked, sqs, made):
    client = clocked.client("lambda")
    name = made("def handler(event, context):\n    for one in event['Records']: print('GOT', one['body'])\n    if any(one['body'] == 'bad' for one in event['Records']): raise ValueError()\n")
    url = sqs.create_queue(QueueName="mapped", Attributes={"VisibilityTimeout": "3600"})["QueueUrl"]
    mapping = client.create_event_source_mapping(FunctionName=name, EventSourceArn="arn:aws:sqs:us-east-1:000000000000:mapped", BatchSize=1)

    def log():
        return clocked.send("GET", f"/_mayfly/logs?function={name}").body.decode()

    wait_until(lambda: client.get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Enabled", 30, "it is enabled")
    clocked.advance(3600)
    sqs.send_message(QueueUrl=url, MessageBody="bad")
    wait_until(lambda: log().count("GOT bad") == 1 and not client_is_busy(clocked), 30, "it fails once")
    clocked.advance(3600)
    wait_until(lambda: log().count("GOT bad") == 2, 30, "it is there again after its visibility timeout")
    sqs.send_message(QueueUrl=url, MessageBody="good")
    wait_until(lambda: "GOT good" in log(), 30, "others go on")
    client.delete_event_source_mapping(UUID=mapping["UUID"])
