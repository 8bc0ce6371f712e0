"""If these fail, what a Python function logs looks different from AWS: formats, levels, order, or lines get lost."""

import json
import os
import re
import struct

import pytest

from fake_runtime_api import REQUEST_ID, Event

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"

LOGGING_HANDLER = """
import logging
logger = logging.getLogger("shop")
def handler(event, context):
    logger.debug("debug %d", 1)
    logger.info("info")
    logger.warning("warning Gr\\u00fc\\u00dfe")
    try:
        raise KeyError("k")
    except KeyError:
        logger.exception("caught")
    logging.critical({"a": 1})
    logger.error("with extra", extra={"order": 7})
    return [h.__class__.__name__ for h in logging.getLogger().handlers] + [logging.getLogger().level]
"""


def test_text_format(any_python_function):
    any_python_function.write("app.py", LOGGING_HANDLER)
    outcome = any_python_function.run("app.handler", [Event(), Event()])
    assert outcome.response() == ["LambdaLoggerHandler", 30]
    text = outcome.stdout.split("[CRITICAL]")[0]
    assert re.match(r"\[WARNING\]\t" + TIME + "\t" + REQUEST_ID % 0 + "\twarning Grüße\n"
                    r"\[ERROR\]\t" + TIME + "\t" + REQUEST_ID % 0 + "\tcaught\nTraceback \\(most recent call last\\):\n  File ", text)
    assert len(re.findall(REQUEST_ID % 1, outcome.stdout)) == 4


def test_json_format_and_level(any_python_function):
    path = any_python_function.write("app.py", LOGGING_HANDLER + "def fail(e, c):\n    raise ValueError('end')\n")
    outcome = any_python_function.run("app.handler", [Event(headers={"Lambda-Runtime-Aws-Tenant-Id": "blue"})],
                                      {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"})
    assert outcome.response()[-1] == 20
    records = [json.loads(line) for line in outcome.lines()]
    assert [r["level"] for r in records] == ["INFO", "WARNING", "ERROR", "CRITICAL", "ERROR"]
    assert list(records[0]) == ["timestamp", "level", "message", "logger", "requestId", "tenantId"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", records[0]["timestamp"])
    assert (records[0]["message"], records[0]["logger"], records[0]["requestId"], records[0]["tenantId"]) == (
        "info", "shop", REQUEST_ID % 0, "blue")
    assert records[2]["errorType"] == "KeyError" and records[2]["errorMessage"] == "'k'"
    assert records[2]["stackTrace"][0].startswith('  File "%s", line 9, in handler\n' % path)
    assert records[2]["location"] == "%s:handler:11" % path
    assert records[3]["message"] == {"a": 1} and records[4]["order"] == 7
    failed = any_python_function.run("app.fail", [Event()], {"AWS_LAMBDA_LOG_FORMAT": "JSON"})
    record = json.loads(failed.lines()[0])
    assert list(record) == ["timestamp", "level", "errorMessage", "errorType", "requestId", "stackTrace"]
    assert (record["level"], record["errorType"], record["requestId"]) == ("ERROR", "ValueError", REQUEST_ID % 0)


def test_framed_log_descriptor(any_python_function):
    any_python_function.write("app.py", """
import logging
def handler(event, context):
    print("plain")
    logging.warning("one\\ntwo")
    raise ValueError("three")
""")
    reader, writer = os.pipe()
    outcome = any_python_function.run("app.handler", [Event()], {"_LAMBDA_TELEMETRY_LOG_FD": str(writer)}, pass_fds=(writer,))
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        data = file.read()
    frames = []
    while data:
        kind, size, micros = struct.unpack(">IIQ", data[:16])
        frames.append((kind, data[16:16 + size].decode()))
        assert 1.6e15 < micros < 9e15
        data = data[16 + size:]
    assert frames[0][0] == 0xA55A0003 and frames[0][1].endswith("\t" + REQUEST_ID % 0 + "\tone\ntwo\n")
    assert frames[1][0] == 0xA55A0017 and frames[1][1].startswith("[ERROR] ValueError: three\nTraceback (most recent call last):\n")
    assert len(frames) == 2 and outcome.stdout == "plain\n"


def test_print_comes_before_the_answer_and_in_order(any_python_function):
    any_python_function.write("app.py", """
import os, sys
print("at import")
def handler(event, context):
    print("first")
    os.write(1, b"second\\n")
    sys.stdout.write("no line end")
    print("to stderr Gr\\u00fc\\u00dfe", file=sys.stderr)
    context.log("logged\\n")
""")
    outcome = any_python_function.run("app.handler", [Event()], {"LANG": "C"})
    assert outcome.stdout == "at import\nfirst\nsecond\nno line endlogged\n"
    assert outcome.stderr == "to stderr Grüße\n"


LATE_LOGGING = """
import sys
loaded = "logging" in sys.modules
def handler(event, context):
    import logging
    logging.warning("late")
    return [loaded, any(type(f).__name__ == "_LoggingWatcher" for f in sys.meta_path), logging.__file__]
"""


@pytest.mark.parametrize("packs_one", [False, True])
def test_logging_is_set_up_whenever_it_is_imported(python_function, packs_one):
    # The function loads the package late, and may pack a module of that name, which must not be taken for it.
    if packs_one:
        python_function.write("logging.py", "raise RuntimeError('the wrong logging')\n")
    python_function.write("app.py", LATE_LOGGING)
    outcome = python_function.run("app.handler", [Event()])
    loaded, watched, file = outcome.response()
    assert loaded == (packs_one or python_function.name.startswith("zygote")) and not watched
    assert str(python_function.folder) not in file
    assert outcome.lines()[0].endswith("\t" + REQUEST_ID % 0 + "\tlate")
