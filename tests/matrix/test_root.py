"""If these fail, programs do not find here what they look for on Amazon Linux 2023 (docs/runtimes.md has the list)."""
import json
from pathlib import Path

import pytest

from cells import ROLE
from packages import FULL_CPU_MIB, make_zip

# The file, and the file of this machine without which there is nothing to show.
FILES = {
    "/bin/sh": None, "/etc/passwd": None, "/etc/group": None, "/etc/hosts": None, "/etc/resolv.conf": None, "/etc/nsswitch.conf": None,
    "/etc/mtab": None, "/dev/null": None, "/dev/urandom": None, "/dev/fd": None, "/dev/shm": None, "/proc/self/exe": None, "/tmp": None,
    "/etc/os-release": "/etc/os-release", "/etc/system-release": "/etc/os-release", "/usr/lib/os-release": "/usr/lib/os-release",
    "/etc/services": "/etc/services", "/etc/protocols": "/etc/protocols", "/etc/localtime": "/etc/localtime",
    "/usr/share/zoneinfo/Europe/Paris": "/usr/share/zoneinfo/Europe/Paris", "/etc/ssl/certs": "/etc/ssl/certs",
    **dict.fromkeys(("/etc/ssl/cert.pem", "/etc/pki/tls/cert.pem", "/etc/pki/tls/certs/ca-bundle.crt", "/var/runtime/ca-cert.pem",
                     "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"), "/etc/ssl/certs/ca-certificates.crt"),
}
LOOK = """
import json, os, stat, subprocess
def handler(event, context):
    return {"files": {path: os.access(path, os.R_OK) for path in event}, "release": open("/etc/os-release").read(),
            "system": open("/etc/system-release").read(),
            "owners": {path: [os.stat(path).st_uid, os.stat(path).st_gid] for path in ("/", "/usr", "/etc", "/usr/bin/env", "/var/task",
                                                                                      "/var/task/index.py", "/var/runtime", "/opt", "/opt/in_layer.txt")},
            "denied": [path for path in ("/var/task/index.py", "/opt/in_layer.txt", "/etc/hosts", "/usr/bin/env") if not refuses(path)]}
def refuses(path):
    for attempt in (lambda: open(path, "r+"), lambda: os.chmod(path, 0o777), lambda: os.chown(path, 993, 993), lambda: os.unlink(path), lambda: os.setuid(0)):
        try:
            attempt()
            return False
        except OSError:
            pass
    return True
"""
BOOTSTRAP = """#!/bin/sh
set -euo pipefail
while true; do
  headers=$(mktemp)
  curl -sS -o /dev/null -D "$headers" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next"
  id=$(tr -d '\\r' < "$headers" | sed -n 's/^lambda-runtime-aws-request-id: *//Ip')
  words=(one two); [[ "$0" == /var/task/bootstrap ]]
  curl -sS -o /dev/null -d "[\\"${words[1]}\\",\\"$(/usr/bin/sh -c 'echo ${BASH_VERSION:+bash}')\\",\\"$(sh -c 'echo ${BASH_VERSION:+bash}')\\"]" \\
    "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response"
done
"""


def make(daemon, name, files, mode=0o644, **settings):
    client = daemon.client("lambda")
    client.create_function(FunctionName=name, Role=ROLE, Code={"ZipFile": make_zip(files, mode=mode)}, MemorySize=FULL_CPU_MIB, Timeout=30, **settings)
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    return lambda event: json.loads(client.invoke(FunctionName=name, Payload=json.dumps(event).encode())["Payload"].read())


@pytest.fixture(scope="session")
def seen(matrix_daemon):
    layer = matrix_daemon.client("lambda").publish_layer_version(LayerName="root", Content={"ZipFile": make_zip({"in_layer.txt": "x"})})
    look = make(matrix_daemon, "root-files", {"index.py": LOOK}, Runtime="python3.11", Handler="index.handler", Layers=[layer["LayerVersionArn"]])
    return look(list(FILES))


@pytest.mark.parametrize("path", FILES)
def test_file_is_there(seen, path):
    if FILES[path] and not Path(FILES[path]).exists():
        pytest.skip("this machine has no " + FILES[path])
    assert seen["files"][path]


def test_release_is_that_of_the_root_that_is_mounted(seen):
    assert seen["release"] == Path("/etc/os-release").read_text()
    pretty = [line.split("=", 1)[1].strip('"') for line in seen["release"].splitlines() if line.startswith("PRETTY_NAME=")]
    assert seen["system"] == pretty[0] + "\n"


def test_files_belong_to_root(seen):
    assert set(map(tuple, seen["owners"].values())) == {(0, 0)}, seen["owners"]
    assert seen["denied"] == [], "and are nobody's to change"


def test_shell_is_bash(matrix_daemon):
    if not Path("/usr/bin/bash").exists():
        pytest.skip("this machine has no bash")
    call = make(matrix_daemon, "root-shell", {"bootstrap": BOOTSTRAP}, mode=0o755, Runtime="provided.al2023", Handler="any")
    assert call({}) == ["two", "bash", "bash"]
