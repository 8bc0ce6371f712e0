"""If these fail, logs are not where LoggingConfig puts them, or not in the form that tools parse (the reference, §2.6)."""
import json
import re

import pytest

from invocations import call, change
from packages import FULL_CPU_MIB, make_zip

FAILING = """
import json, os, sys, time
def handler(event, context):
    if event == "error": raise ValueError("as asked")
    if event == "exit": os._exit(3)
    if event == "sleep": time.sleep(30)
    print("plain line")
    return event
"""
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def logs(daemon, name, **query):
    query = "&".join(f"{key}={value}" for key, value in {"function": name, **query}.items())
    return daemon.raw("GET", f"/_mayfly/logs?{query}").body.decode()


# --- text ---------------------------------------------------------------------------------------------------------------------

def test_lines_of_a_text_log(daemon, aws, functions):
    name = functions(FAILING)
    answer = call(aws, name, "well")
    lines = answer.log.split("\n")
    assert lines[0:3] == [f"START RequestId: {answer.request_id} Version: $LATEST", "plain line", f"END RequestId: {answer.request_id}"]
    assert lines[3].startswith(f"REPORT RequestId: {answer.request_id}\t") and answer.report["status"] is None
    assert re.search(r"INIT_START Runtime Version: python:3\.11\.\d+\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}\n",
                     logs(daemon, name)), "the group has what was before"


@pytest.mark.parametrize("event, status, error", [("error", None, None), ("exit", "error", "Runtime.ExitError"), ("sleep", "timeout", None)])
def test_how_a_text_log_reports_failures(aws, functions, event, status, error):
    name = functions(FAILING, Timeout=1)
    answer = call(aws, name, event)
    assert (answer.report["status"], answer.report["error"]) == (status, error), answer.log
    assert answer.log.count("START RequestId") == answer.log.count("END RequestId") == answer.log.count("REPORT RequestId") == 1
    if event == "sleep":
        assert re.search(rf"^{STAMP} {answer.request_id} Task timed out after 1\.00 seconds$", answer.log, re.M), answer.log
    if event == "exit":
        assert f"RequestId: {answer.request_id} Error: Runtime exited with error: exit status 3\nRuntime.ExitError\n" in answer.log


@pytest.mark.parametrize("code, phase_error", [("raise ValueError('at load')", "ValueError"), ("import os; os._exit(4)", "Runtime.ExitError")])
def test_init_that_fails_is_reported_in_both_of_its_phases(daemon, aws, functions, code, phase_error):
    name = functions(code + "\n")
    answer = call(aws, name)
    assert answer.error == "Unhandled"
    found = re.findall(r"^INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: (\w+)\tStatus: (\w+)\tError Type: ([\w.]+)\t$", answer.log, re.M)
    expected = "Runtime.Unknown" if phase_error == "ValueError" else phase_error  # no "Runtime.X" or "Function.X": reported as unknown
    assert found == [("init", "error", expected), ("invoke", "error", expected)], answer.log
    assert logs(daemon, name).count("INIT_START") == 2 and answer.report["init"] is None


def test_a_log_group_of_ones_own(daemon, aws, functions):
    code = "import os\ndef handler(event, context):\n    print('line of ' + context.log_group_name)\n    return os.environ['AWS_LAMBDA_LOG_GROUP_NAME']\n"
    name, other = functions(code, LoggingConfig={"LogGroup": "/shared/group#1"}), functions(code)
    assert call(aws, name).payload == "/shared/group#1" and call(aws, other).payload == f"/aws/lambda/{other}"
    assert "line of /shared/group#1" in logs(daemon, name) and "line of /shared" not in logs(daemon, other)
    change(aws, other, LoggingConfig={"LogGroup": "/shared/group#1"})
    call(aws, other)
    shared = logs(daemon, name)
    assert shared.count("line of /shared/group#1") == 2, "two functions may share one"
    assert aws.get_function_configuration(FunctionName=other)["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/shared/group#1"}


# --- JSON ---------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def structured(functions):
    return functions(FAILING, Timeout=1, LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "DEBUG", "ApplicationLogLevel": "TRACE"})


def test_every_record_has_its_time_and_type(daemon, aws, structured):
    answer = call(aws, structured, "well")
    assert [one["type"] for one in answer.records if "type" in one] == ["platform.start", "platform.runtimeDone", "platform.report"]
    records = {}
    for line in logs(daemon, structured).splitlines():
        one = json.loads(line[line.index("{"):]) if "{" in line else {}
        if "type" in one:
            assert set(one) == {"time", "type", "record"} and re.fullmatch(STAMP, one["time"]), one
            records[one["type"]] = one["record"]
    assert list(records) == ["platform.initStart", "platform.initRuntimeDone", "platform.initReport", "platform.start", "platform.runtimeDone",
                             "platform.report"]
    start = records["platform.initStart"]
    assert (start["initializationType"], start["phase"], start["functionName"], start["functionVersion"]) == ("on-demand", "init", structured, "$LATEST")
    assert start["runtimeVersion"].startswith("python:3.11") and start["instanceMaxMemory"] == FULL_CPU_MIB
    done = records["platform.initRuntimeDone"]
    assert done == {"initializationType": "on-demand", "phase": "init", "status": "success"}
    assert records["platform.initReport"]["metrics"]["durationMs"] > 0
    begun = answer.record("platform.start")
    assert begun["requestId"] == answer.request_id and begun["version"] == "$LATEST"
    assert "INIT_START" not in answer.log and "START RequestId" not in answer.log


@pytest.mark.parametrize("event, done, report, error", [
    ("well", "success", "success", None), ("error", "error", "success", "Function.Unknown"), ("exit", "error", "error", "Runtime.ExitError"),
    ("sleep", "timeout", "timeout", "Sandbox.Timedout")])
def test_how_a_json_log_reports_every_status(aws, structured, event, done, report, error):
    call(aws, structured, "well")
    answer = call(aws, structured, event)
    ended, reported = answer.record("platform.runtimeDone"), answer.record("platform.report")
    assert ended["requestId"] == reported["requestId"] == answer.request_id
    assert (ended["status"], reported["status"]) == (done, report), answer.log
    assert ended.get("errorType") == error, ended
    assert (reported.get("errorType") is not None) == (report in ("error", "timeout")), reported
    metrics = reported["metrics"]
    assert metrics["billedDurationMs"] >= metrics["durationMs"] > 0 and metrics["memorySizeMB"] == FULL_CPU_MIB and "initDurationMs" not in metrics
    if event == "well":
        assert ended["metrics"]["producedBytes"] == len('"well"') and {span["name"] for span in ended["spans"]} == {
            "responseLatency", "responseDuration", "runtimeOverhead"}
    assert ("producedBytes" in ended["metrics"]) == (event in ("well", "error"))


def test_json_lines_of_the_runtime(aws, functions):
    code = """
import logging
logger = logging.getLogger("shop")
def handler(event, context):
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        logger.log(level, "at %s", logging.getLevelName(level))
    try:
        raise KeyError("lost")
    except KeyError:
        logger.exception("with trace")
"""
    def messages(level):
        change(aws, name, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": level, "SystemLogLevel": "WARN"})
        answer = call(aws, name)
        for one in answer.records:
            assert one["requestId"] == answer.request_id and one["logger"] == "shop" and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one["timestamp"]), one
        return [(one["level"], one["message"]) for one in answer.records], answer.records[-1]

    name = functions(code, LoggingConfig={"LogFormat": "JSON"})
    everything = [("DEBUG", "at DEBUG"), ("INFO", "at INFO"), ("WARNING", "at WARNING"), ("ERROR", "at ERROR"), ("CRITICAL", "at CRITICAL"), ("ERROR", "with trace")]
    assert messages("DEBUG")[0] == everything
    assert messages("INFO")[0] == everything[1:]
    assert messages("WARN")[0] == everything[2:]
    kept, last = messages("ERROR")
    assert kept == everything[3:] and last["errorType"] == "KeyError" and last["errorMessage"] == "'lost'" and last["stackTrace"]
    assert messages("FATAL")[0] == everything[4:5]


def test_system_level_warn_keeps_failures_alone(aws, functions):
    name = functions(FAILING, Timeout=1, LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "WARN", "ApplicationLogLevel": "FATAL"})
    assert call(aws, name, "well").log == ""
    assert [one["type"] for one in call(aws, name, "exit").records if "type" in one][-2:] == ["platform.runtimeDone", "platform.report"]


def test_levels_without_json_are_refused(aws, functions, name):
    for settings in ({"LogFormat": "Text", "ApplicationLogLevel": "INFO"}, {"LogFormat": "Text", "SystemLogLevel": "WARN"}):
        with pytest.raises(aws.exceptions.InvalidParameterValueException):
            functions(FAILING, name=name, LoggingConfig=settings, wait=False)


@pytest.mark.parametrize("runtime, files", [
    ("nodejs20.x", {"index.js": "exports.handler = async () => { console.debug('d'); console.info('i %d', 5); console.error(new RangeError('e')); };"}),
    ("ruby3.3", {"index.rb": "def handler(event:, context:)\n  puts 'plain'\nend\n"})])
def test_json_logs_of_other_languages(aws, functions, runtime, files):
    name = functions(make_zip(files), Runtime=runtime, Timeout=30, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO"})
    answer = call(aws, name)
    assert answer.record("platform.report")["status"] == "success"
    if runtime.startswith("nodejs"):
        lines = [one for one in answer.records if "level" in one]
        assert [(one["level"], one["message"]) for one in lines] == [("INFO", "i 5"), ("ERROR", "e")] or lines[0]["message"] == "i 5", lines
        assert all(one["requestId"] == answer.request_id for one in lines)
    else:
        assert "plain" in answer.log


def test_the_log_of_a_function_is_json_to_its_last_line(daemon, aws, structured):
    ids = {event: call(aws, structured, event).request_id for event in ("well", "exit", "error", "sleep")}
    records = [json.loads(line) for line in logs(daemon, structured).splitlines() if line != "plain line"]
    faults = {one["requestId"]: one for one in records if one.get("level") == "WARN"}
    assert set(faults) == {ids["exit"], ids["sleep"]}
    assert re.fullmatch(rf"{STAMP} {ids['sleep']} Task timed out after 1\.00 seconds", faults[ids["sleep"]]["message"])
    assert faults[ids["exit"]]["message"] == f"RequestId: {ids['exit']} Error: Runtime exited with error: exit status 3\nRuntime.ExitError"
    assert all(set(one) == {"timestamp", "level", "message", "requestId"} and re.fullmatch(STAMP, one["timestamp"]) for one in faults.values())
