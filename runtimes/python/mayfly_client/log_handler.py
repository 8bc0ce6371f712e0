"""The handler of the root logger, in AWS's text or JSON format. Loaded with `logging`, and not before: that takes long. It imports nothing
of the client, whose package is out of sight by then."""

import json
import logging

JSON_TIME = "%Y-%m-%dT%H:%M:%SZ"
TEXT_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
TEXT_TIME = "%Y-%m-%dT%H:%M:%S"

# Attributes that every record has; what else a record carries came through `extra` and is logged in JSON.
RECORD_FIELDS = frozenset((
    "name", "msg", "args", "levelname", "levelno", "pathname", "filename", "module", "exc_info", "exc_text", "stack_info",
    "lineno", "funcName", "created", "msecs", "relativeCreated", "thread", "threadName", "processName", "process",
    "taskName", "aws_request_id", "tenant_id"))


class LambdaLoggerHandler(logging.Handler):
    def __init__(self, logs):
        super().__init__()
        self.addFilter(LambdaLoggerFilter(logs))

    def follow(self, logs):
        """Writes to the sink of `logs` (FunctionLogs), in its format and from its level on."""
        self.logs = logs
        self.log_sink = logs.sink
        self._frame = logs.frame
        self._levels_are_framed = logs.is_json or bool(logs.level)
        self.formatter = _json_formatter if logs.is_json else _text_formatter
        if logs.level in logging._nameToLevel:
            logging.getLogger().setLevel(logs.level)

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


class JsonFormatter(logging.Formatter):
    def format(self, record):
        return json.dumps(_json_record(self, record), ensure_ascii=False, default=str) + "\n"


def _json_record(formatter, record):
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


_text_formatter = logging.Formatter(TEXT_FORMAT, TEXT_TIME)
_json_formatter = JsonFormatter(datefmt=JSON_TIME)
