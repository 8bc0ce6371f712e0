"""How failures of a function are told: to the caller as JSON, to the log as text, to X-Ray as a cause.

An error report is the dict that AWS posts: errorMessage, errorType, requestId, stackTrace. Frames of this client at
the start of a trace are left out, so a trace begins in the function's code.
"""

import json
import os

OWN_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
CAUSE_BYTES_MAX = 32 << 10
CAUSE_FRAMES_MAX = 50


class RuntimeFault(Exception):
    """A failure that the runtime itself names, such as Runtime.HandlerNotFound."""

    def __init__(self, error_type, message, trace=None):
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.trace = trace or []


def report(error_type, message, stack_trace, request_id):
    """The error report. `stack_trace` is a list of str, `request_id` a str or None."""
    return {
        "errorMessage": message or "",
        "errorType": error_type or "",
        "requestId": request_id or "",
        "stackTrace": stack_trace or [],
    }


def describe(error, request_id):
    """(error report, X-Ray cause) of an exception that left the function's code, or of a RuntimeFault."""
    if isinstance(error, RuntimeFault):
        return (report(error.error_type, error.message, error.trace, request_id),
                _cause("LambdaValidationError", error.message, []))
    import traceback
    frames = _frames_of_the_function(traceback.extract_tb(error.__traceback__))
    message = _text(error)
    stack = traceback.format_list([(f.filename, f.lineno, f.name, f.line) for f in frames])
    name = type(error).__name__
    return report(name, message, stack, request_id), _cause(name, message, frames)


def _text(error):
    try:
        return str(error)
    except Exception as second:  # a __str__ of the function's own that fails
        return "<exception str() failed: " + type(second).__name__ + ">"


def _frames_of_the_function(frames):
    for index, frame in enumerate(frames):
        if not frame.filename.startswith(OWN_FOLDER):
            return frames[index:]
    return frames


def _cause(error_type, message, frames):
    shown = frames[-CAUSE_FRAMES_MAX:]
    text = json.dumps({
        "working_directory": os.getcwd(),
        "exceptions": [{
            "message": message[:4096],
            "type": error_type,
            "stack": [{"label": f.name, "path": f.filename, "line": f.lineno} for f in shown],
        }],
        "paths": sorted({f.filename for f in shown}),
    })
    return text if len(text) <= CAUSE_BYTES_MAX else None
