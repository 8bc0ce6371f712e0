"""Runs a runtime client as a real process against the fake Runtime API, and tells what came of it."""

import os
import signal
import subprocess
import tempfile

from fake_runtime_api import FakeRuntimeApi

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PYTHON_CLIENT = os.path.join(REPOSITORY, "runtimes", "python")
NODE_CLIENT = os.path.join(REPOSITORY, "runtimes", "node")
SECONDS_MAX = 30


class Outcome(object):
    """`answers`: requests that ended an invocation or the init. `code`: the exit code, None when the client was still serving."""

    def __init__(self, api, stdout, stderr, code):
        self.api = api
        self.answers = api.answers
        self.stdout = stdout
        self.stderr = stderr
        self.code = code

    def lines(self):
        return self.stdout.split("\n")[:-1]

    def response(self, index=0):
        """The value that invocation `index` returned."""
        answer = self.answers[index]
        assert answer.path.endswith("/response"), "%r\nstdout: %s\nstderr: %s" % (answer, self.stdout, self.stderr)
        return answer.json()

    def error(self, index=0):
        answer = self.answers[index]
        assert answer.path.endswith("/error"), "%r\nstdout: %s\nstderr: %s" % (answer, self.stdout, self.stderr)
        return answer.json()


def function_environment(api, folder, handler, extra=None):
    """The variables that the platform sets for a function."""
    variables = {
        "_HANDLER": handler,
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_LAMBDA_FUNCTION_NAME": "sample",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/sample",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
        "LAMBDA_TASK_ROOT": str(folder),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",
    }
    variables.update(extra or {})
    return {name: value for name, value in variables.items() if value is not None}


def run_client(command, folder, handler, events, environment=None, init_error_status=202, pass_fds=()):
    """Starts `command` in `folder`, serves `events`, and ends it when it waits for another event or has exited.

    Nothing of the process outlives the call.
    """
    api = FakeRuntimeApi(events, init_error_status)
    variables = function_environment(api, folder, handler, environment)
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(command, cwd=str(folder), env=variables, stdin=subprocess.DEVNULL, stdout=stdout,
                                   stderr=stderr, start_new_session=True, pass_fds=pass_fds)
        try:
            code = _serve(api, process)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # a session of its own: the client and what it started
            process.wait()
            api.stop()
        return Outcome(api, _text(stdout), _text(stderr), code)


def _serve(api, process):
    for _ in range(SECONDS_MAX * 20):
        if api.wait_for(lambda a: a.waits_for_event(), 0.05):
            return None
        if process.poll() is not None:
            return process.returncode
    raise AssertionError("the client neither waits for an event nor has ended: %r" % api.requests[-3:])


def _text(file):
    file.seek(0)
    return file.read().decode("utf-8")
