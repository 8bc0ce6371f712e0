"""If these fail, events that were accepted with 202 are not run, not retried, not told to their destinations, or run for ever."""
import base64
import json
import re
import threading

import pytest
from botocore.exceptions import ClientError

from conftest import Functions
from daemon import Daemon, wait_until
from test_lifecycle import arn

SETTINGS = ("--async-retry-delays", "0.2,0.4", "--async-backoff-min", "0.05", "--async-backoff-max", "0.5")
SECONDS = 60  # loose: the machine may be busy
EVENTS = "/2015-03-31/functions/{}/invocations"
OLD_EVENTS = "/2014-11-13/functions/{}/invoke-async"

# Tells in its log what it got; fails when the event says so.
WITNESS = """
import json, os
def handler(event, context):
    client = context.client_context
    print("GOT " + json.dumps({"id": context.aws_request_id, "event": event, "arn": context.invoked_function_arn,
                               "version": context.function_version, "custom": client.custom if client else None,
                               "trace": os.environ.get("_X_AMZN_TRACE_ID")}))
    if isinstance(event, dict) and event.get("fail"):
        raise ValueError(event["fail"])
    return {"answer": event}
"""

# Tells only what it is, and of its event only the size.
QUIET = """
import json
def handler(event, context):
    print("GOT " + json.dumps({"id": context.aws_request_id, "size": len(json.dumps(event))}))
"""

# Calls itself, in the way that its event names, and says how deep it was when it was refused.
SELF = """
import json, boto3
client = boto3.client("lambda")
def handler(event, context):
    print("DEPTH %d" % event["depth"])
    if event["depth"] >= event.get("until", 40):
        return {"refused_at": None, "code": "the end"}
    down = json.dumps({**event, "depth": event["depth"] + 1})
    try:
        answer = client.invoke(FunctionName=context.function_name, InvocationType=event["type"], Payload=down)
    except client.exceptions.RecursiveInvocationException as error:
        return {"refused_at": event["depth"] + 1, "code": error.response["Error"]["Code"], "status": error.response["ResponseMetadata"]["HTTPStatusCode"]}
    return json.loads(answer["Payload"].read() or b"null")
"""


@pytest.fixture(scope="module")
def quick():
    """A daemon that tries again after tenths of seconds instead of minutes."""
    with Daemon(*SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def client(quick):
    return quick.client("lambda")


@pytest.fixture
def made(client):
    made = Functions(client)
    yield made
    made.delete_all()


def log_of(daemon, name):
    return daemon.send("GET", f"/_mayfly/logs?function={name}&limit=10000").body.decode()


def got(daemon, name):
    """What the function has told of its invocations, in their order."""
    return [json.loads(line) for line in re.findall(r"GOT (\{.*\})", log_of(daemon, name))]


def wait_got(daemon, name, count):
    wait_until(lambda: len(got(daemon, name)) >= count, SECONDS, f"{count} invocations of {name}")
    return got(daemon, name)


def figure(daemon, metric, name):
    for line in daemon.send("GET", "/_mayfly/metrics").body.decode().splitlines():
        if line.startswith(f"aws_lambda_{metric}_sum{{") and f'function_name="{name}"' in line and "resource=" not in line:
            return float(line.split()[-1])
    return 0


def wait_idle(daemon):
    """No event is at work or waits in memory."""
    def idle():
        events = json.loads(daemon.send("GET", "/_mayfly/status").body)["events"]
        return events["held"] == 0
    wait_until(idle, SECONDS, "events are done")


def send(client, name, event, **more):
    answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode(), **more)
    assert answer["StatusCode"] == 202
    return answer["ResponseMetadata"]["RequestId"]


# ---------------------------------------------------------------- the answer

def test_an_event_is_accepted_with_202_and_run(quick, client, made):
    name = made(WITNESS)
    context = base64.b64encode(b'{"custom": {"k": "v"}}').decode()
    answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"a": 1}', ClientContext=context)
    assert answer["StatusCode"] == 202 and answer["Payload"].read() == b""
    assert not {"FunctionError", "ExecutedVersion", "LogResult"} & set(answer)
    [told] = wait_got(quick, name, 1)
    assert told["event"] == {"a": 1} and told["id"] == answer["ResponseMetadata"]["RequestId"] and told["custom"] == {"k": "v"}
    assert told["arn"] == arn(name) and told["version"] == "$LATEST"
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=[0-9a-f]{8}:0", told["trace"])
    assert figure(quick, "async_events_received", name) == 1


def test_what_the_wire_shows(quick, made):
    name = made(WITNESS)
    answer = quick.raw("POST", EVENTS.format(name), '{"raw": true}', headers={"X-Amz-Invocation-Type": "Event"})
    assert (answer.status, answer.body, answer.headers["content-length"]) == (202, b"", "0")
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-amzn-requestid"]) and "x-amz-executed-version" not in answer.headers
    answer = quick.raw("POST", EVENTS.format(name), b"", headers={"X-Amz-Invocation-Type": "Event"})
    assert answer.status == 202
    assert sorted(str(told["event"]) for told in wait_got(quick, name, 2)) == ["{'raw': True}", "{}"]  # side by side, in any order


def test_invoke_async(quick, client, made):
    name = made(WITNESS)
    assert client.invoke_async(FunctionName=name, InvokeArgs=b'{"old": 1}')["Status"] == 202
    assert wait_got(quick, name, 1)[0]["event"] == {"old": 1}
    assert quick.raw("POST", OLD_EVENTS.format(name), "{").code == "InvalidRequestContentException"
    assert quick.raw("POST", OLD_EVENTS.format(name + "-none"), "{}").code == "ResourceNotFoundException"
    assert quick.raw("POST", OLD_EVENTS.format(name), '"' + "x" * 1048576 + '"').status == 413


def test_what_is_refused(quick, client, made):
    name = made(QUIET)
    limit = 1048576
    send(client, name, "x" * (limit - 2))
    with pytest.raises(ClientError) as caught:
        send(client, name, "x" * (limit - 1))
    error = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("RequestEntityTooLargeException", 413)
    assert error["Error"]["Message"] == "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"
    for target, code in ((name, "InvalidRequestContentException"), (name + "-none", "ResourceNotFoundException"), (name + ":none", "ResourceNotFoundException")):
        body = "{" if target == name else "{}"
        assert quick.raw("POST", EVENTS.format(target), body, headers={"X-Amz-Invocation-Type": "Event"}).code == code
    assert [told["size"] for told in wait_got(quick, name, 1)] == [limit]


def test_an_event_for_a_function_that_is_being_made(quick, client, made):
    name = made(WITNESS, wait=False)
    send(client, name, 1)
    wait_got(quick, name, 1)


def test_the_javascript_function_and_many_events(quick, client, made):
    name = made({"index.mjs": "export const handler = async (event) => { console.log('N', event.n); };"}, Runtime="nodejs20.x")
    for number in range(200):
        send(client, name, {"n": number})
    wait_until(lambda: len(set(re.findall(r"N (\d+)", log_of(quick, name)))) == 200, 2 * SECONDS, "all events were run")


# ---------------------------------------------------------------- retries

def test_a_failing_event_is_run_three_times_with_one_request_id(quick, client, made):
    name = made(WITNESS)
    request_id = send(client, name, {"fail": "no luck"})
    told = wait_got(quick, name, 3)
    assert [one["id"] for one in told] == [request_id] * 3
    wait_until(lambda: figure(quick, "async_events_dropped", name) == 1, SECONDS, "it is given up")
    wait_idle(quick)
    assert len(got(quick, name)) == 3


@pytest.mark.parametrize("retries", [0, 1])
def test_maximum_retry_attempts(quick, client, made, retries):
    name = made(WITNESS)
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=retries)
    send(client, name, {"fail": "no luck"})
    wait_until(lambda: figure(quick, "async_events_dropped", name) == 1, SECONDS, "it is given up")
    wait_idle(quick)
    assert len(got(quick, name)) == retries + 1


def test_events_that_are_too_old():
    with Daemon("--async-retry-delays", "60", "--async-event-age-max", "1") as daemon:
        client = daemon.client("lambda")
        functions = Functions(client)
        name, sink = functions(WITNESS), functions(WITNESS)
        client.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnFailure": {"Destination": arn(sink)}})
        send(client, name, {"fail": "no luck"})
        record = wait_got(daemon, sink, 1)[0]["event"]
        assert record["requestContext"]["condition"] == "EventAgeExceeded" and record["requestContext"]["approximateInvokeCount"] == 1
        assert "responseContext" not in record and len(got(daemon, name)) == 1


# ---------------------------------------------------------------- destinations

def test_records_of_success_and_failure(quick, client, made):
    name, good, bad = made(WITNESS, Publish=True), made(WITNESS), made(WITNESS)
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1, DestinationConfig={
        "OnSuccess": {"Destination": arn(good)}, "OnFailure": {"Destination": arn(bad)}})
    first = send(client, name, {"order": 1})
    record = wait_got(quick, good, 1)[0]["event"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("timestamp"))
    assert record == {"version": "1.0", "requestContext": {"requestId": first, "functionArn": arn(name) + ":$LATEST", "condition": "Success",
                                                           "approximateInvokeCount": 1},
                      "requestPayload": {"order": 1}, "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
                      "responsePayload": {"answer": {"order": 1}}}
    second = send(client, name, {"fail": "no luck"})
    record = wait_got(quick, bad, 1)[0]["event"]
    assert record["requestContext"] == {"requestId": second, "functionArn": arn(name) + ":$LATEST", "condition": "RetriesExhausted",
                                        "approximateInvokeCount": 2}
    assert record["requestPayload"] == {"fail": "no luck"}
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert (record["responsePayload"]["errorType"], record["responsePayload"]["errorMessage"]) == ("ValueError", "no luck")
    assert len(got(quick, good)) == 1


def test_the_configuration_is_that_of_the_qualifier(quick, client, made):
    name, sink = made(WITNESS, Publish=True), made(WITNESS)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    client.put_function_event_invoke_config(FunctionName=name, Qualifier="live", MaximumRetryAttempts=0,
                                            DestinationConfig={"OnFailure": {"Destination": arn(sink)}})
    send(client, name, {"fail": "alias"}, Qualifier="live")
    record = wait_got(quick, sink, 1)[0]["event"]
    assert record["requestContext"]["functionArn"] == arn(name) + ":live" and record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responseContext"]["executedVersion"] == "1"
    assert got(quick, name)[0]["arn"] == arn(name) + ":live" and got(quick, name)[0]["version"] == "1"
    send(client, name, {"fail": "version"}, Qualifier="1")
    wait_until(lambda: len([one for one in got(quick, name) if one["event"] == {"fail": "version"}]) == 3, SECONDS, "the default is two retries")
    wait_idle(quick)
    assert len(got(quick, sink)) == 1


def test_a_function_without_concurrency_fails_its_events_at_once(quick, client, made):
    name, sink = made(WITNESS), made(WITNESS)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    client.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnFailure": {"Destination": arn(sink)}})
    request_id = send(client, name, {"a": 1})
    record = wait_got(quick, sink, 1)[0]["event"]
    assert record["requestContext"] == {"requestId": request_id, "functionArn": arn(name) + ":$LATEST", "condition": "ZeroReservedConcurrency",
                                        "approximateInvokeCount": 0}
    assert not {"responseContext", "responsePayload"} & set(record) and record["requestPayload"] == {"a": 1}
    assert got(quick, name) == []


# ---------------------------------------------------------------- queues

@pytest.fixture
def queues(quick):
    """Makes queues, and deletes them after the test: (client, make) where make gives URL and ARN."""
    sqs = quick.client("sqs")
    urls = []

    def make(name):
        urls.append(sqs.create_queue(QueueName=name)["QueueUrl"])
        return urls[-1], sqs.get_queue_attributes(QueueUrl=urls[-1], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    yield sqs, make
    for url in urls:
        sqs.delete_queue(QueueUrl=url)


def receive(sqs, url):
    """The one message of a queue, with everything that belongs to it."""
    messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20, MessageAttributeNames=["All"], AttributeNames=["All"]).get("Messages", [])
    assert len(messages) == 1, messages
    sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
    return messages[0]


def test_queues_as_destinations(quick, client, made, queues):
    sqs, make = queues
    name = made(WITNESS)
    (good, good_arn), (bad, bad_arn) = make(name + "-good"), make(name + "-bad")
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={
        "OnSuccess": {"Destination": good_arn}, "OnFailure": {"Destination": bad_arn}})
    first, second = send(client, name, {"order": 1}), send(client, name, {"fail": "no luck"})
    success, failure = (json.loads(receive(sqs, url)["Body"]) for url in (good, bad))
    assert (success["requestContext"]["requestId"], success["requestContext"]["condition"]) == (first, "Success")
    assert success["responsePayload"] == {"answer": {"order": 1}}
    assert (failure["requestContext"]["requestId"], failure["requestContext"]["condition"]) == (second, "RetriesExhausted")
    assert failure["responsePayload"]["errorMessage"] == "no luck"


def test_dead_letters(quick, client, made, queues):
    sqs, make = queues
    name = made(WITNESS)
    url, queue_arn = make(name + "-dead")
    client.update_function_configuration(FunctionName=name, DeadLetterConfig={"TargetArn": queue_arn})
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    request_id = send(client, name, {"fail": "no luck " * 200})
    message = receive(sqs, url)
    assert json.loads(message["Body"]) == {"fail": "no luck " * 200}
    shown = {key: (value["DataType"], value["StringValue"]) for key, value in message["MessageAttributes"].items()}
    assert shown == {"RequestID": ("String", request_id), "ErrorCode": ("Number", "200"), "ErrorMessage": ("String", ("no luck " * 200)[:1024])}
    assert re.search("Lineage=[0-9a-f]{8}:0", message["Attributes"]["AWSTraceHeader"])
    assert len(got(quick, name)) == 2


def test_a_queue_that_does_not_exist_is_counted(quick, client, made, queues):
    name = made(WITNESS, DeadLetterConfig={"TargetArn": "arn:aws:sqs:us-east-1:000000000000:not-there"})
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    send(client, name, {"a": 1})
    wait_until(lambda: figure(quick, "dead_letter_errors", name) == 1, SECONDS, "the dead letter is counted")


def test_a_queue_whose_policy_denies_the_execution_role_takes_nothing(quick, client, made, queues):
    sqs, make = queues
    name = made(WITNESS)
    url, queue_arn = make(name + "-closed")
    denies = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue_arn,
              "Condition": {"ArnEquals": {"aws:PrincipalArn": client.get_function_configuration(FunctionName=name)["Role"]}}}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [denies]})})
    client.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": queue_arn}})
    send(client, name, {"a": 1})
    wait_until(lambda: figure(quick, "destination_delivery_failures", name) == 1, SECONDS, "the record is counted")
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"] == {"ApproximateNumberOfMessages": "0"}


def test_a_stopped_loop_leaves_its_event_in_the_dead_letter_queue(quick, client, made, queues):
    sqs, make = queues
    name = made(SELF, Timeout=60)
    url, queue_arn = make(name + "-dead")
    client.update_function_configuration(FunctionName=name, DeadLetterConfig={"TargetArn": queue_arn})
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    send(client, name, {"depth": 1, "type": "Event"})
    message = receive(sqs, url)
    assert json.loads(message["Body"]) == {"depth": 17, "type": "Event"}
    assert message["MessageAttributes"]["ErrorCode"]["StringValue"] == "400"
    assert "recursive loop" in message["MessageAttributes"]["ErrorMessage"]["StringValue"]


def test_what_no_target_takes_is_counted(quick, client, made):
    name = made(WITNESS, DeadLetterConfig={"TargetArn": "arn:aws:sns:us-east-1:000000000000:nobody"})
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={
        "OnFailure": {"Destination": "arn:aws:events:us-east-1:000000000000:event-bus/none"}})
    send(client, name, {"fail": "no luck"})
    wait_until(lambda: figure(quick, "dead_letter_errors", name) == 1, SECONDS, "the dead letter is counted")
    wait_until(lambda: figure(quick, "destination_delivery_failures", name) == 1, SECONDS, "the record is counted")


def test_a_destination_that_was_deleted(quick, client, made):
    name, sink = made(WITNESS), made(WITNESS)
    client.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": arn(sink)}})
    client.delete_function(FunctionName=sink)
    send(client, name, {"a": 1})
    wait_until(lambda: figure(quick, "destination_delivery_failures", name) == 1, SECONDS, "the record is counted")


def test_events_of_a_deleted_function_are_discarded(quick, client, made):
    name = made(WITNESS)
    send(client, name, {"fail": "no luck"})
    wait_got(quick, name, 1)
    client.delete_function(FunctionName=name)
    wait_until(lambda: figure(quick, "async_events_dropped", name) == 1, SECONDS, "it is discarded")


# ---------------------------------------------------------------- loops

@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
def test_a_function_that_calls_itself_is_stopped_after_sixteen_invocations(quick, client, made, kind):
    name = made(SELF, Timeout=60)
    event = {"depth": 1, "type": kind}
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    payload = json.loads(answer["Payload"].read() or b"null")
    if kind == "RequestResponse":
        assert payload == {"refused_at": 17, "code": "RecursiveInvocationException", "status": 400}, payload
    wait_until(lambda: figure(quick, "recursive_invocations_dropped", name) == 1, SECONDS, "the loop is stopped")
    wait_idle(quick)
    assert sorted(map(int, re.findall(r"DEPTH (\d+)", log_of(quick, name)))) == list(range(1, 17))


def test_a_loop_that_is_allowed_goes_on(quick, client, made):
    name = made(SELF, Timeout=60)
    client.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")
    client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"depth": 1, "type": "Event", "until": 20}).encode())
    wait_until(lambda: "DEPTH 20" in log_of(quick, name), SECONDS, "it goes on")


def test_functions_that_are_destinations_of_each_other_are_stopped(quick, client, made):
    one, other = made(QUIET), made(QUIET)
    client.put_function_event_invoke_config(FunctionName=one, DestinationConfig={"OnSuccess": {"Destination": arn(other)}})
    client.put_function_event_invoke_config(FunctionName=other, DestinationConfig={"OnSuccess": {"Destination": arn(one)}})
    send(client, one, {"a": 1})
    wait_until(lambda: figure(quick, "recursive_invocations_dropped", one) == 1, SECONDS, "the loop is stopped")
    assert len(got(quick, one)) == len(got(quick, other)) == 16


# ---------------------------------------------------------------- ends and starts

def test_events_go_on_after_a_restart_and_after_a_kill():
    with Daemon("--async-retry-delays", "1,1", "--drain", "5") as daemon:
        name = Functions(daemon.client("lambda"))(WITNESS)
        for end in (daemon.stop, daemon.kill):
            before = len(got(daemon, name))
            send(daemon.client("lambda"), name, {"fail": "first"})
            wait_got(daemon, name, before + 1)
            end()
            daemon.start()
            told = wait_got(daemon, name, before + 3)[before:]
            assert len({one["id"] for one in told}) == 1 and {one["event"]["fail"] for one in told} == {"first"}
        wait_idle(daemon)


def test_a_stop_waits_for_the_event_that_runs():
    slow = "import time\ndef handler(event, context):\n    print('BEGIN')\n    time.sleep(1.5)\n    print('END OF IT')\n"
    with Daemon("--drain", "20") as daemon:
        name = Functions(daemon.client("lambda"))(slow, Timeout=10)
        send(daemon.client("lambda"), name, {})
        wait_until(lambda: "BEGIN" in log_of(daemon, name), SECONDS, "it runs")
        daemon.stop()
        daemon.start()
        wait_until(lambda: "END OF IT" in log_of(daemon, name), SECONDS, "it has ended")
        wait_idle(daemon)
        assert log_of(daemon, name).count("BEGIN") == 1


def test_one_functions_failures_do_not_delay_another(quick, client, made):
    failing, fine = made(WITNESS), made(WITNESS)
    threads = [threading.Thread(target=lambda: [send(client, failing, {"fail": "x"}) for _ in range(40)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    send(client, fine, {"n": 1})
    wait_got(quick, fine, 1)
    for thread in threads:
        thread.join()
    wait_until(lambda: figure(quick, "async_events_dropped", failing) == 160, 2 * SECONDS, "all are given up")
