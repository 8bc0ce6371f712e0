"""What becomes of a function's logging and of the errors that the runtime logs.

The root logger gets one handler in AWS's text or JSON format (AWS_LAMBDA_LOG_FORMAT, AWS_LAMBDA_LOG_LEVEL). The
`logging` package is loaded and set up only when the function imports it: loading it takes longer than the rest of the boot.
Lines go to a sink (log_sinks).
"""

import json
import os
import sys
import time

from .log_sinks import FRAME_JSON, FRAME_TEXT, JSON_TIME, FramedSink, StandardOutputSink

NO_BREAK_SPACE = "\u00a0"


class FunctionLogs(object):
    """One per process; a zygote makes and sets it up for its children, and each of them reads its own environment variables.
    `request_id` and `tenant_id` are set by the invoke loop for each invocation."""

    def __init__(self):
        self.sink = StandardOutputSink()
        self.is_json = False
        self.level = ""
        self.request_id = None
        self.tenant_id = None
        self._handler = None  # the root logger's, once `logging` is set up

    @property
    def frame(self):
        return FRAME_JSON if self.is_json else FRAME_TEXT

    def read(self, variables):
        """Takes format, level and descriptor from the environment variables."""
        descriptor = variables.get("_LAMBDA_TELEMETRY_LOG_FD")
        if descriptor:
            del os.environ["_LAMBDA_TELEMETRY_LOG_FD"]
            self.sink = FramedSink(int(descriptor))
        self.is_json = variables.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
        level = variables.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
        self.level = "DEBUG" if level == "TRACE" else level
        if self._handler is not None:
            self._handler.follow(self)

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
        """Sets `logging` up now if it is loaded, else as soon as it is: always the one below `library_path`. Not twice."""
        if self._handler is not None:
            return
        if "logging" in sys.modules:
            self.set_up(sys.modules["logging"])
        else:
            sys.meta_path.insert(0, _LoggingWatcher(self, library_path))

    def set_up(self, logging):
        """Gives the root logger its handler."""
        logging.Formatter.converter = time.gmtime
        self._handler = _load_beside("log_handler").LambdaLoggerHandler(self)
        self._handler.follow(self)
        logging.getLogger().addHandler(self._handler)


def _load_beside(name):
    """The client's module `name`, past sys.modules: when this is called, the client's package may be a function's own."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    loader = sys.modules["_frozen_importlib_external"].SourceFileLoader(name, path)
    module = type(sys)(name)
    module.__file__ = path
    loader.exec_module(module)
    return module


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
