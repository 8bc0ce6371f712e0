"""Code packages for tests: zip files, and the small functions that most tests need."""
import io
import zipfile


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
