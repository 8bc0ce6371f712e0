"""If this fails, the AWS SDK for JavaScript v3 cannot drive Mayfly; the test itself is js/lambda.test.mjs."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from packages import NODE_ECHO, make_zip

NODE_STREAM = """
import { setTimeout as sleep } from 'node:timers/promises';
import { LambdaClient, ListTagsCommand } from '@aws-sdk/client-lambda';
const client = new LambdaClient();
export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
  stream.write('first ');
  if (event.fail) throw new RangeError('as asked');
  while (!(await client.send(new ListTagsCommand({ Resource: context.invokedFunctionArn }))).Tags?.go) await sleep(10);
  stream.end('second');
});
"""

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("MAYFLY_TEST_CACHE", HERE.parents[1] / "build" / "test-cache"))
MODULES = CACHE / "node" / "node_modules"


def test_javascript_sdk(daemon, tmp_path):
    if not (MODULES / "@aws-sdk" / "client-lambda").exists():
        assert "MAYFLY_TEST_CACHE" not in os.environ, f"./dev test did not install tests/package.json into {MODULES}"
        pytest.skip(f"npm packages of tests/package.json are not in {MODULES}: run ./dev test")
    # Modules are looked for beside the program, so it runs where they are.
    shutil.copytree(HERE / "js", tmp_path / "js")
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "function.zip").write_bytes(make_zip({"index.mjs": NODE_ECHO}))
    (tmp_path / "streaming.zip").write_bytes(make_zip({"index.mjs": NODE_STREAM}))
    (tmp_path / "changed.zip").write_bytes(make_zip({"index.mjs": "export const handler = async () => 'changed';"}))
    environment = {**os.environ, "MAYFLY_URL": daemon.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    done = subprocess.run(["node", "--test", *sorted(str(path) for path in (tmp_path / "js").glob("*.test.mjs"))], cwd=tmp_path, env=environment,
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "# pass 0" not in done.stdout and "# fail 0" in done.stdout, done.stdout[-2000:]
