"""If these fail, AWS's own runtime clients, which container images and custom runtimes bring along, do not run on Mayfly."""
import importlib.util
import json
import os
import shutil
from pathlib import Path

import pytest

from packages import collect, make_zip

CACHE = Path(os.environ.get("MAYFLY_TEST_CACHE", Path(__file__).resolve().parents[2] / "build" / "test-cache"))


def check(aws, name, raised):
    for event in ({"a": 1}, "ünï", [1, None]):
        answer = aws.invoke(FunctionName=name, Payload=json.dumps(event).encode())
        body = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, body
        assert body["event"] == event and body["name"] == name
    failed = aws.invoke(FunctionName=name, Payload=b'"raise"')
    assert failed["FunctionError"] == "Unhandled"
    error = json.loads(failed["Payload"].read())
    assert (error["errorType"], error["errorMessage"]) == raised


def test_awslambdaric(aws, functions):
    root = Path(importlib.util.find_spec("awslambdaric").origin).parents[1]
    extension = next(root.glob("runtime_client*.so")).name
    files = collect(root, ["awslambdaric", "simplejson", "snapshot_restore_py.py", extension])
    files["bootstrap"] = b"#!/bin/sh\nexec /usr/bin/python3 -m awslambdaric app.handler\n"
    files["app.py"] = (b"def handler(event, context):\n"
                       b"    if event == 'raise': raise ValueError('as asked')\n"
                       b"    return {'event': event, 'name': context.function_name}\n")
    name = functions(make_zip(files, mode=0o755), Runtime="provided.al2023", Handler="app.handler", Timeout=20)
    check(aws, name, ("ValueError", "as asked"))


def test_aws_lambda_ric(aws, functions):
    modules = CACHE / "aws-lambda-ric" / "node_modules"
    if not (modules / "aws-lambda-ric" / "dist" / "rapid-client.node").exists() or not shutil.which("node"):
        pytest.skip("the older aws-lambda-ric is compiled by ./dev test --all")
    files = collect(modules.parent, ["node_modules"])
    files["bootstrap"] = b"#!/bin/sh\nexec node node_modules/aws-lambda-ric/bin/index.mjs app.handler\n"
    files["app.js"] = (b"exports.handler = async (event, context) => {\n"
                       b"  if (event === 'raise') throw new RangeError('as asked');\n"
                       b"  return { event, name: context.functionName };\n};\n")
    name = functions(make_zip(files, mode=0o755), Runtime="provided.al2023", Handler="app.handler", Timeout=20)
    check(aws, name, ("RangeError", "as asked"))


def test_aws_lambda_ric_streams(aws, functions):
    modules = CACHE / "node" / "node_modules"
    if not (modules / "aws-lambda-ric" / "rapid-client.node").is_file() or not shutil.which("node"):
        pytest.skip("aws-lambda-ric is not installed beside the other packages of tests/package.json")
    files = collect(modules.parent, ["node_modules/aws-lambda-ric/" + name for name in ("package.json", "index.mjs", "rapid-client.node")])
    files["bootstrap"] = b"#!/bin/sh\nexec node node_modules/aws-lambda-ric/index.mjs app.handler\n"
    files["app.js"] = (b"exports.handler = awslambda.streamifyResponse(async (event, stream) => {\n"
                       b"  stream.setContentType('text/plain');\n"
                       b"  if (event === 'early') throw new RangeError('early');\n"
                       b"  stream.write('begun ');\n"
                       b"  if (event === 'late') throw new RangeError('late');\n"
                       b"  stream.write('x'.repeat(300000));\n"
                       b"  stream.end();\n});\n")
    name = functions(make_zip(files, mode=0o755), Runtime="provided.al2023", Handler="app.handler", Timeout=20)
    for event, body, error in (("go", b"begun " + b"x" * 300000, None), ("late", b"begun ", "late"), ("early", b"", "early"),
                               ("go", b"begun " + b"x" * 300000, None)):
        answer = aws.invoke_with_response_stream(FunctionName=name, Payload=json.dumps(event).encode())
        assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-remapped-content-type"] == "text/plain" or error == "early"
        events = list(answer["EventStream"])
        assert b"".join(each["PayloadChunk"]["Payload"] for each in events[:-1]) == body
        complete = events[-1]["InvokeComplete"]
        if error:
            assert complete["ErrorCode"] == "Unhandled" and json.loads(complete["ErrorDetails"])["errorMessage"] == error
        else:
            assert complete == {}
