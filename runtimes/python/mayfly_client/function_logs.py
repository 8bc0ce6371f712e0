"""What becomes of a function's logging and of the errors that the runtime logs.

The root logger gets one handler in AWS's text or JSON format (AWS_LAMBDA_LOG_FORMAT, AWS_LAMBDA_LOG_LEVEL). The
`logging` package is loaded and set up only when the function imports it: loading it takes longer than the rest of the boot.

Lines go to a sink: standard output, or the framed descriptor of _LAMBDA_TELEMETRY_LOG_FD, which keeps a message of
several lines in one piece. On standard output the lines of an error report are joined by carriage returns for that.
"""

import json
import os
import sys
import time

FRAME_TEXT = 0xA55A0003
FRAME_JSON = 0xA55A0002
FRAME_LEVELS = {10: 0x08, 20: 0x0C, 30: 0x10, 40: 0x14, 50: 0x18}  # by logging's level numbers
TEXT_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
TEXT_TIME = "%Y-%m-%dT%H:%M:%S"
JSON_TIME = "%Y-%m-%dT%H:%M:%SZ"
NO_BREAK_SPACE = "\u00a0"

# Attributes that every record has; what else a record carries came through `extra` and is logged in JSON.
RECORD_FIELDS = frozenset((
    "name", "msg", "args", "levelname", "levelno", "pathname", "filename", "module", "exc_info", "exc_text", "stack_info",
    "lineno", "funcName", "created", "msecs", "relativeCreated", "thread", "threadName", "processName", "process",
    "taskName", "aws_request_id", "tenant_id"))


class StandardOutputSink(object):
    def log(self, text, level=0, frame=FRAME_TEXT):
        sys.stdout.write(text)

    def log_lines(self, lines, frame):
        sys.stdout.write("\r".join(lines) + "\n")


class FramedSink(object):
    """Frames: type, length (4 bytes each), microseconds (8 bytes), text; big-endian. One write each."""

    def __init__(self, descriptor):
        self._descriptor = descriptor

    def log(self, text, level=0, frame=FRAME_TEXT):
        body = text.encode("utf-8", "replace")
        head = (frame | FRAME_LEVELS.get(level, 0)).to_bytes(4, "big") + len(body).to_bytes(4, "big")
        data = memoryview(head + int(time.time() * 1000000).to_bytes(8, "big") + body)
        while data:
            data = data[os.write(self._descriptor, data):]

    def log_lines(self, lines, frame):
        self.log("\n".join(lines), 40, frame)


class FunctionLogs(object):
    """One per process. `request_id` and `tenant_id` are set by the invoke loop for each invocation."""

    def __init__(self):
        environ = os.environ
        descriptor = environ.pop("_LAMBDA_TELEMETRY_LOG_FD", None)
        self.sink = FramedSink(int(descriptor)) if descriptor else StandardOutputSink()
        self.is_json = environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
        level = environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
        self.level = "DEBUG" if level == "TRACE" else level
        self.request_id = None
        self.tenant_id = None

    def log_error(self, report):
        """Logs an error report (function_errors.report)."""
        if self.is_json:
            record = {"timestamp": time.strftime(JSON_TIME, time.gmtime()), "level": "ERROR"}
            record.update(report)
            self.sink.log_lines([json.dumps(record, ensure_ascii=False, default=str)], FRAME_JSON)
            return
        title = ": ".join(part for part in (report["errorType"], report["errorMessage"]) if part)
        lines = [("[ERROR] " + title).rstrip(" "), "Traceback (most recent call last):"]
        for entry in report["stackTrace"]:
            lines.extend(_visible_indent(line) for line in entry.splitlines() or [""])
        self.sink.log_lines(lines, FRAME_TEXT)

    def set_up_when_imported(self, library_path):
        """Sets `logging` up now if it is loaded, else as soon as it is: always the one below `library_path`."""
        if "logging" in sys.modules:
            self.set_up(sys.modules["logging"])
        else:
            sys.meta_path.insert(0, _LoggingWatcher(self, library_path))

    def set_up(self, logging):
        """Gives the root logger its handler."""
        logging.Formatter.converter = time.gmtime
        handler = _handler_class(logging)(self)
        handler.setFormatter(_json_formatter(logging) if self.is_json else logging.Formatter(TEXT_FORMAT, TEXT_TIME))
        root = logging.getLogger()
        if self.level in logging._nameToLevel:
            root.setLevel(self.level)
        root.addHandler(handler)


def _visible_indent(line):
    # Log viewers drop leading blanks.
    text = line.lstrip(" ")
    return NO_BREAK_SPACE * (len(line) - len(text)) + text


class _LoggingWatcher(object):
    """A finder that is asked about every import until `logging` comes, sets it up after its load, and is gone."""

    def __init__(self, logs, library_path):
        self._logs = logs
        self._library_path = list(library_path)

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        spec = sys.modules["_frozen_importlib_external"].PathFinder.find_spec(name, self._library_path)
        execute, logs = spec.loader.exec_module, self._logs

        def execute_and_set_up(module):
            execute(module)
            logs.set_up(module)

        spec.loader.exec_module = execute_and_set_up
        return spec


def _handler_class(logging):
    class LambdaLoggerHandler(logging.Handler):
        def __init__(self, logs):
            super().__init__()
            self.logs = logs
            self.log_sink = logs.sink
            self._frame = FRAME_JSON if logs.is_json else FRAME_TEXT
            self._levels_are_framed = logs.is_json or bool(logs.level)
            self.addFilter(LambdaLoggerFilter(logs))

        def emit(self, record):
            try:
                level = min(50, max(0, record.levelno)) // 10 * 10 if self._levels_are_framed else 0
                self.log_sink.log(self.format(record), level, self._frame)
            except Exception:
                self.handleError(record)

    class LambdaLoggerFilter(logging.Filter):
        def __init__(self, logs):
            super().__init__()
            self._logs = logs

        def filter(self, record):
            record.aws_request_id = self._logs.request_id or ""
            record.tenant_id = self._logs.tenant_id
            return True

    return LambdaLoggerHandler


def _json_formatter(logging):
    class JsonFormatter(logging.Formatter):
        def format(self, record):
            return json.dumps(_json_record(self, logging, record), ensure_ascii=False, default=str) + "\n"

    return JsonFormatter(datefmt=JSON_TIME)


def _json_record(formatter, logging, record):
    level = min(50, max(0, record.levelno)) // 10 * 10
    values = {
        "timestamp": formatter.formatTime(record, formatter.datefmt),
        "level": logging.getLevelName(level),
        "message": record.msg if isinstance(record.msg, dict) and not record.args else record.getMessage(),
        "logger": record.name,
    }
    error = record.exc_info
    if error and error[0] is not None:
        import traceback
        values["stackTrace"] = traceback.format_tb(error[2])
        values["errorType"] = error[0].__name__
        values["errorMessage"] = str(error[1])
    values["requestId"] = record.aws_request_id
    if error and error[0] is not None:
        values["location"] = "%s:%s:%s" % (record.pathname, record.funcName, record.lineno)
    values["tenantId"] = record.tenant_id
    for name, value in record.__dict__.items():
        if name not in RECORD_FIELDS and name not in values:
            values[name] = value
    return {name: value for name, value in values.items() if value is not None}
