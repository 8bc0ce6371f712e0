"""Code packages for tests: zip files, and the small functions that most tests need."""
import io
import zipfile


FULL_CPU_MIB = 1769  # with less, a function has a part of a CPU: with AWS's default of 128, 7 %


def make_zip(files, mode=0o644):
    """`files`: {name: text or bytes}, or one text that becomes index.py."""
    if isinstance(files, (str, bytes)):
        files = {"index.py": files}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, (2026, 1, 31, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o100000 | mode) << 16
            archive.writestr(info, data)
    return out.getvalue()


def collect(root, names):
    """{path in the package: bytes} of files and folders below `root`."""
    files = {}
    for name in names:
        path = root / name
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                files[str(file.relative_to(root))] = file.read_bytes()
    return files


ECHO = """
def handler(event, context):
    return event
"""

TELL = """
import json, os
def handler(event, context):
    print("printed line", event)
    client = context.client_context
    return {"event": event, "environment": {k: os.environ.get(k) for k in event.get("variables", [])},
            "request_id": context.aws_request_id, "arn": context.invoked_function_arn, "name": context.function_name,
            "version": context.function_version, "memory": context.memory_limit_in_mb,
            "client": {"custom": client.custom, "env": client.env} if client else None,
            "remaining": context.get_remaining_time_in_millis(), "trace": os.environ.get("_X_AMZN_TRACE_ID")}
"""

NODE_ECHO = """
export const handler = async (event, context) => ({ event, requestId: context.awsRequestId, name: context.functionName });
"""

# An external extension: it takes every event, and says so in the function's log.
EXTENSION = """#!/usr/bin/python3.11 -IS
import http.client, json
api = http.client.HTTPConnection("127.0.0.1", 9001)
def call(method, path, body=None, **headers):
    api.request(method, "/2020-01-01/extension/" + path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = api.getresponse()
    return answer.headers, json.loads(answer.read())
headers, _ = call("POST", "register", json.dumps({"events": ["INVOKE", "SHUTDOWN"]}), Lambda_Extension_Name="agent")
while True:
    _, event = call("GET", "event/next", Lambda_Extension_Identifier=headers["Lambda-Extension-Identifier"])
    print("agent saw", event["eventType"], event.get("requestId") or event.get("shutdownReason"), flush=True)
    if event["eventType"] == "SHUTDOWN":
        break
"""
