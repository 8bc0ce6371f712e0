"""If these fail, a function does not find the AWS SDK that its runtime carries on AWS."""
import json
from pathlib import Path

import pytest

from daemon import BIN

FETCHED = Path(BIN).parent / "share" / "mayfly" / "runtime"
PYTHON = {"index.py": "import sys, boto3, botocore\ndef handler(event, context):\n    return [list(sys.version_info[:2]), boto3.__file__, "
                      "boto3.client('sqs').meta.service_model.service_name]\n"}
NODE = {"index.js": """
exports.handler = async () => {
  const v2 = (() => { try { const sdk = require('aws-sdk'); return [sdk.VERSION, typeof new sdk.S3().getObject]; } catch (error) { return error.code; } })();
  return [v2, process.env.NODE_PATH, typeof require('@aws-sdk/client-sqs').SQSClient];
};
"""}


def invoke(aws, name):
    return json.loads(aws.invoke(FunctionName=name)["Payload"].read())


@pytest.mark.parametrize("runtime", [f"python3.{minor}" for minor in range(8, 15)])
def test_boto3_is_there_for_every_python(aws, functions, runtime):
    if not (FETCHED / "sdk" / "python").exists():
        pytest.skip("tools/sdk has fetched nothing")
    try:
        name = functions(PYTHON, Runtime=runtime)
    except aws.exceptions.InvalidParameterValueException as why:
        pytest.skip(str(why))
    told = invoke(aws, name)
    version = "python%d.%d" % tuple(told[0])
    if version in ("python3.8", "python3.9") and not (FETCHED / "sdk" / version).exists():
        pytest.skip("tools/sdk has fetched nothing for " + version)
    assert told[1].startswith("/var/runtime/sdk/python") and told[2] == "sqs", told


@pytest.mark.parametrize("runtime,has_v2", [("nodejs16.x", True), ("nodejs18.x", False), ("nodejs20.x", False)])
def test_the_sdk_of_node_is_that_of_the_identifier(aws, functions, runtime, has_v2):
    if not (FETCHED / "sdk" / "nodejs16").exists():
        pytest.skip("tools/sdk has fetched no SDK v2")
    v2, node_path, v3 = invoke(aws, functions(NODE, Runtime=runtime))
    major = runtime[6:8]
    assert node_path == f"/opt/nodejs/node{major}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"
    assert v2[0].startswith("2.") and v2[1] == "function" if has_v2 else v2 == "MODULE_NOT_FOUND"
    assert v3 == "function"
