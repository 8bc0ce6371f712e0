"""If these fail, a start that fails or a process that ends is told in other words than on AWS, or fails an invocation that it never took."""
import base64
import json

import pytest

from packages import make_zip

ANSWER = """
while true; do
  headers=$(mktemp)
  event=$(curl -sS -D "$headers" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
  id=$(tr -d '\\r' < "$headers" | sed -n 's/^lambda-runtime-aws-request-id: *//Ip')
  eval "$(echo "$event" | tr -d '"')"
  curl -sS -o /dev/null -d "\\"$0\\"" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response"
done
"""


def call(aws, name, event=None):
    answer = aws.invoke(FunctionName=name, Payload=json.dumps(event).encode(), LogType="Tail")
    return answer.get("FunctionError"), json.loads(answer["Payload"].read()), answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]


@pytest.fixture
def layer(aws, name):
    return aws.publish_layer_version(LayerName=name, Content={"ZipFile": make_zip({"bootstrap": "#!/bin/bash\n" + ANSWER}, mode=0o755)})["LayerVersionArn"]


@pytest.mark.parametrize("text,mode,why", [
    ("#!/bin/sh\n", 0o644, "permission denied"),
    ("#!/nowhere/sh\n", 0o755, "no such file or directory"),
    ("no format", 0o755, "exec format error"),
    ("#!/etc/hosts\n", 0o755, "permission denied"),
])
def test_a_bootstrap_that_cannot_be_executed(aws, functions, layer, text, mode, why):
    name = functions(make_zip({"bootstrap": text}, mode=mode), Runtime="provided.al2023", Handler="any", Layers=[layer])
    error, told, request_id = call(aws, name)
    assert error == "Unhandled" and told == {"errorType": "Runtime.InvalidEntrypoint",
                                             "errorMessage": f"RequestId: {request_id} Error: fork/exec /var/task/bootstrap: {why}"}


def test_a_folder_is_no_bootstrap(aws, functions, layer):
    name = functions({"bootstrap/file": "x"}, Runtime="provided.al2023", Handler="any", Layers=[layer])
    assert call(aws, name, "true")[1] == "/opt/bootstrap"
    name = functions({"bootstrap/file": "x"}, Runtime="provided.al2023", Handler="any")
    error, told, request_id = call(aws, name)
    assert told == {"errorType": "Runtime.InvalidEntrypoint", "errorMessage":
                    f"RequestId: {request_id} Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"}


@pytest.mark.parametrize("command,why", [
    ("exit 7", "Runtime exited with error: exit status 7"), ("exit 0", "Runtime exited without providing a reason"),
    ("kill -USR1 $$", "Runtime exited with error: signal: user defined signal 1"), ("kill -KILL $$", "Runtime exited with error: signal: killed"),
    ("kill -HUP $$", "Runtime exited with error: signal: hangup"), ("kill -PIPE $$", "Runtime exited with error: signal: broken pipe"),
    ("kill -40 $$", "Runtime exited with error: signal: signal 40"),
])
def test_an_end_in_an_invocation(aws, functions, command, why):
    name = functions(make_zip({"bootstrap": "#!/bin/bash\n" + ANSWER}, mode=0o755), Runtime="provided.al2023", Handler="any")
    error, told, request_id = call(aws, name, command)
    assert told == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: {why}"}
    assert call(aws, name, "true")[1] == "/var/task/bootstrap"


def test_an_unhandled_rejection_behind_the_answer_fails_no_other_invocation(aws, functions):
    name = functions({"index.js": "exports.handler = async (event) => { if (event) Promise.reject(new Error('late')); return event; };"}, Runtime="nodejs20.x")
    for _ in range(20):
        assert call(aws, name, 1)[:2] == (None, 1)
        assert call(aws, name, 0)[:2] == (None, 0)


def test_a_large_event_that_was_not_read_is_given_to_another_process(aws, functions):
    name = functions({"index.js": "exports.handler = async (event) => { if (event.end) Promise.reject(new Error('late')); return Object.keys(event); };"},
                     Runtime="nodejs20.x")
    for _ in range(5):
        assert call(aws, name, {"end": 1})[:2] == (None, ["end"])
        assert call(aws, name, {"large": "x" * 2_000_000})[:2] == (None, ["large"])


@pytest.mark.parametrize("runtime", ["nodejs16.x", "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x"])
def test_a_promise_that_never_settles(aws, functions, runtime):
    name = functions({"index.js": "exports.handler = async (event) => (event ? event : new Promise(() => {}));"}, Runtime=runtime)
    error, told, _ = call(aws, name, None)
    if runtime == "nodejs16.x":
        assert (error, told) == (None, None)
    else:
        assert error == "Unhandled" and told["errorType"] == "Runtime.NodejsExit" and "never settled" in told["errorMessage"], told
    assert call(aws, name, 1)[:2] == (None, 1)


def test_a_wrapper_that_cannot_be_executed_names_no_program_of_ours(aws, functions):
    for wrapper, text, status in (("/opt/nowhere", "/opt/nowhere: does not exist", 127), ("/var/task/index.py", "/var/task/index.py: is not an executable", 126)):
        name = functions("def handler(event, context): return 1\n", Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": wrapper}})
        answer = aws.invoke(FunctionName=name, LogType="Tail")
        log = base64.b64decode(answer["LogResult"]).decode()
        told = json.loads(answer["Payload"].read())
        assert told["errorType"] == "Runtime.ExitError" and told["errorMessage"].endswith(f"Runtime exited with error: exit status {status}"), told
        assert text + "\n" in log and "mayfly" not in log.lower(), log
