"""The context object that a handler gets as its second argument."""

import sys
import time

TRACE_CONTEXT_FIELDS = ("traceparent", "tracestate", "baggage")


class _Record(object):
    """An object whose attributes are its __slots__, filled from a dict and shown by repr."""

    __slots__ = ()

    def __init__(self, values):
        for name in self.__slots__:
            setattr(self, name, values.get(name))

    def __repr__(self):
        fields = ",".join(name + "=" + str(getattr(self, name, None)) for name in self.__slots__)
        return type(self).__name__ + "([" + fields + "])"


class CognitoIdentity(_Record):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(_Record):
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext(_Record):
    __slots__ = ("custom", "env", "client")


class LambdaContext(object):
    """Made for one invocation; belongs to the handler afterwards.

    Attributes and methods are those of AWS's Python runtimes. `memory_limit_in_mb` is a str. `client_context` is None
    unless the caller sent one; `identity` is always there, with None inside when the caller has none.
    """

    def __init__(self, function_fields, invocation, client_context, cognito_identity):
        """`function_fields` come from function_fields(); the last two are the parsed headers, or None."""
        headers = invocation.headers
        self.__dict__.update(function_fields)
        self.aws_request_id = invocation.request_id
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self._trace_context = _take_trace_context(client_context)
        self.client_context = _client_context(client_context)
        self.identity = CognitoIdentity({} if cognito_identity is None else {
            "cognito_identity_id": cognito_identity.get("cognitoIdentityId"),
            "cognito_identity_pool_id": cognito_identity.get("cognitoIdentityPoolId"),
        })
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms") or 0)

    def get_remaining_time_in_millis(self):
        """Milliseconds until the function's timeout; 0 when it has passed."""
        return max(self._deadline_ms - int(time.time() * 1000), 0)

    def w3c(self):
        """The W3C trace context of the caller: a dict with some of traceparent, tracestate, baggage."""
        return dict(self._trace_context)

    def log(self, message):
        """Writes to the function's log, without a line end of its own."""
        logging = sys.modules.get("logging")
        for handler in logging.getLogger().handlers if logging else ():
            if hasattr(handler, "log_sink"):
                handler.log_sink.log(str(message))
                return
        sys.stdout.write(str(message))

    def __repr__(self):
        names = ("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb",
                 "function_version", "invoked_function_arn", "client_context", "identity", "tenant_id")
        fields = ",".join(name + "=" + str(getattr(self, name, None)) for name in names)
        return type(self).__name__ + "([" + fields + "])"


def function_fields(variables):
    """What is the same in every context of an environment, from the environment variables."""
    return {
        "log_group_name": variables.get("AWS_LAMBDA_LOG_GROUP_NAME"),
        "log_stream_name": variables.get("AWS_LAMBDA_LOG_STREAM_NAME"),
        "function_name": variables.get("AWS_LAMBDA_FUNCTION_NAME"),
        "memory_limit_in_mb": variables.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
        "function_version": variables.get("AWS_LAMBDA_FUNCTION_VERSION"),
    }


def _client_context(values):
    if values is None:
        return None
    context = ClientContext(values)
    if context.client is not None:
        context.client = Client(context.client)
    return context


def _take_trace_context(client_context):
    # The trace context rides in the client context and is not shown there.
    carried = client_context.pop("w3c", None) if isinstance(client_context, dict) else None
    if not isinstance(carried, dict):
        return {}
    return {name: carried[name] for name in TRACE_CONTEXT_FIELDS if isinstance(carried.get(name), str)}
