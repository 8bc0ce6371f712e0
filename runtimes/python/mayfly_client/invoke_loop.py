"""The life of one execution environment: load the handler, then invoke it for each event until the platform ends."""

import json
import os
import sys

from .event_json import EventJson
from .function_errors import RuntimeFault, describe
from .function_logs import FunctionLogs
from .handler_loader import load
from .lambda_context import LambdaContext, function_fields
from .runtime_api import RuntimeApi, RuntimeApiError

INIT_WARNING = ("LAMBDA_WARNING: Unhandled exception while the function was loaded. The error below comes from the function's "
                "code or its packages.\r")


def run(library_path, variables, logs=None):
    """Serves invocations; `library_path` is the standard library's part of sys.path, `variables` the environment's, `logs` what a
    zygote has made (FunctionLogs).
    Ends by SystemExit only: code 1 when the function cannot be loaded or the platform is gone, the function's own code when it
    calls sys.exit."""
    logs = logs or FunctionLogs()
    logs.read(variables)
    api = RuntimeApi(variables["AWS_LAMBDA_RUNTIME_API"], _log_refusal)
    try:
        logs.set_up_when_imported(library_path)
        handler = load(variables["_HANDLER"])
    except Exception as error:
        _fail_init(api, logs, error)
    try:
        Loop(api, logs, handler, variables).serve()
    except RuntimeApiError as error:
        _exit_without_platform(error)


class Loop(object):
    def __init__(self, api, logs, handler, variables):
        self._api = api
        self._logs = logs
        self._handler = handler
        self._json = EventJson(variables)
        self._function_fields = function_fields(variables)

    def serve(self):
        api = self._api
        invocation = api.next()
        while True:
            self._enter(invocation)
            try:
                body, content_type = self._invoke(invocation)
            except Exception as error:
                failure, cause = describe(error, invocation.request_id)
                error = None  # its traceback would keep the handler's locals until the next event
                self._logs.log_error(failure)
                _flush()
                invocation = api.fail_and_next(invocation, _error_body(failure), failure["errorType"], cause)
            else:
                _flush()
                invocation = api.respond_and_next(invocation, body, content_type)

    def _enter(self, invocation):
        headers = invocation.headers
        self._logs.request_id = invocation.request_id
        self._logs.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        trace_id = headers.get("lambda-runtime-trace-id")
        if trace_id is not None:
            os.environ["_X_AMZN_TRACE_ID"] = trace_id
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)

    def _invoke(self, invocation):
        headers = invocation.headers
        context = LambdaContext(
            self._function_fields, invocation,
            _parse_header(headers.get("lambda-runtime-client-context"), "Client Context"),
            _parse_header(headers.get("lambda-runtime-cognito-identity"), "Cognito Identity"))
        return self._marshal(self._handler(self._event(invocation), context))

    def _event(self, invocation):
        if invocation.headers.get("content-type", "application/json") != "application/json":
            return bytes(invocation.body)
        try:
            return self._json.decode(invocation.body)
        except Exception as error:
            raise RuntimeFault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error)

    def _marshal(self, value):
        if isinstance(value, bytes):
            return value, b"application/unknown"
        try:
            return self._json.encode(value), b"application/json"
        except Exception as error:
            raise RuntimeFault("Runtime.MarshalError", "Unable to marshal response: %s" % error)


def _parse_header(text, name):
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise RuntimeFault("Runtime.LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (name, error))


def _error_body(failure):
    # A message may hold lone surrogates (os.fsdecode of a strange file name): those are escaped, not refused.
    return json.dumps(failure, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # a stream that the function has replaced or closed
            pass


def _log_refusal(status, body):
    if status == 413:
        sys.stderr.write("LAMBDA_RUNTIME Failed to post handler success response. Http response code: 413.\n")
    else:
        sys.stderr.write("LAMBDA_RUNTIME Failed to post handler response. Http response code: %d. %s\n"
                         % (status, body[:500].decode("utf-8", "replace")))
    sys.stderr.flush()


def _fail_init(api, logs, error):
    failure, _ = describe(error, None)
    import logging
    logging.warning(INIT_WARNING)
    logs.log_error(failure)
    _flush()
    try:
        api.report_init_error(_error_body(failure), failure["errorType"])
    except RuntimeApiError as unreachable:
        _exit_without_platform(unreachable)
    sys.exit(1)


def _exit_without_platform(error):
    sys.stderr.write("LAMBDA_RUNTIME %s\n" % error)
    _flush()
    sys.exit(1)
