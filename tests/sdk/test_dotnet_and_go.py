"""If these fail, functions of dotnet… do not start on the machine's own .NET as AWS starts them, or those of go1.x not at all."""
import json
import os
import shutil
import subprocess

import pytest

from conftest import ROLE
from daemon import BIN, Daemon
from images import BOOTSTRAP, compile_static
from packages import make_zip

# What a .NET host is asked: which runtimes it has, and to execute an assembly. The assemblies here are programs of Python.
DOTNET = """#!/bin/sh
if [ "$1" = --list-runtimes ]; then
  echo "Microsoft.AspNetCore.App 8.0.11 [/somewhere]"
  echo "Microsoft.NETCore.App 6.0.36 [/somewhere]"
  echo "Microsoft.NETCore.App 8.0.4 [/somewhere]"
  echo "Microsoft.NETCore.App 8.0.11 [/somewhere]"
  exit
fi
[ "$1" = exec ] || exit 90
shift
export SEEN="$*"
while [ "${1#--}" != "$1" ]; do shift 2; done
exec /usr/bin/python3.11 -S "$@"
"""
ASSEMBLY = """
import http.client, json, os
while True:
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    event = api.getresponse()
    body, request = event.read(), event.getheader("Lambda-Runtime-Aws-Request-Id")
    seen = {name: os.environ.get(name) for name in ("SEEN", "DOTNET_ROOT", "DOTNET_ROLL_FORWARD", "AWS_EXECUTION_ENV", "WRAPPED", "_LAMBDA_TELEMETRY_LOG_FD")}
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    api.request("POST", f"/2018-06-01/runtime/invocation/{request}/response", json.dumps({**seen, "event": json.loads(body)}))
    api.getresponse().read()
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dotnet")
    for parent in (folder, folder.parent):
        parent.chmod(0o755)
    (folder / "dotnet").write_text(DOTNET)
    (folder / "dotnet").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def daemon(host):
    with Daemon("--runtime-deprecation", "ignore") as running:
        running.stop()
        for identifier in ("dotnet8", "dotnet6"):
            added = subprocess.run([BIN / "mayfly", "runtime", "add", identifier, "--root", host, "--data-dir", running.data_dir], capture_output=True, text=True)
            assert added.returncode == 0, added.stderr
        refused = subprocess.run([BIN / "mayfly", "runtime", "add", "dotnet10", "--root", host, "--data-dir", running.data_dir], capture_output=True, text=True)
        assert refused.returncode == 1, refused.stdout
        running.start()
        yield running


def make(daemon, name, files, handler, runtime="dotnet8", **settings):
    aws = daemon.client()
    aws.create_function(FunctionName=name, Runtime=runtime, Handler=handler, Role=ROLE, Code={"ZipFile": make_zip(files, mode=0o755)}, Timeout=20, MemorySize=512, **settings)
    aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1})
    answer = aws.invoke(FunctionName=name, Payload=b'{"n": 1}')
    log = daemon.raw("GET", f"/_mayfly/logs?function={name}").body.decode()
    return json.loads(answer["Payload"].read()), answer.get("FunctionError"), log


def test_an_assembly_with_a_main(daemon):
    """An assembly is not found by its name, or is not executed on the version that is there."""
    for name, handler in (("main", "App"), ("main-dll", "App.dll")):
        seen, error, log = make(daemon, name, {"App.dll": ASSEMBLY}, handler)
        assert error is None, (seen, log)
        assert seen["SEEN"] == "/var/task/App.dll" and seen["event"] == {"n": 1}
        assert seen["DOTNET_ROOT"] == "/var/lang" and seen["DOTNET_ROLL_FORWARD"] is None and seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_dotnet8"
        assert seen["_LAMBDA_TELEMETRY_LOG_FD"]  # RuntimeSupport writes its log there
        assert "Runtime Version: dotnet:8.0.11" in log
    assert make(daemon, "six", {"App.dll": ASSEMBLY}, "App", "dotnet6")[2].count("dotnet:6.0.36") == 1


def test_the_nearest_runtime_is_told_to_roll_forward(daemon):
    """An assembly of another major version is refused by the host, which would run it."""
    seen, error, log = make(daemon, "ten", {"App.dll": ASSEMBLY}, "App", "dotnet10")
    assert error is None and seen["DOTNET_ROLL_FORWARD"] == "Major" and "(serves dotnet10)" in log, (seen, log)


def test_a_program_instead_of_an_assembly(daemon, tmp_path):
    """A native program (AOT) that has the handler's name is not started."""
    program = compile_static(BOOTSTRAP, tmp_path / "App")
    seen, error, log = make(daemon, "native", {"App": program}, "App")
    assert error is None and seen["arguments"] == ["/var/task/App"], log


def test_a_class_library(daemon):
    """A class library's handler does not reach AWS's program with what it needs, or nobody says where that is to be had."""
    package = {"Shop.dll": "x", "Shop.deps.json": "{}", "Shop.runtimeconfig.json": "{}"}
    seen, error, log = make(daemon, "library", package, "Shop::Shop.Till::Pay")
    assert error and "class library's" in log and "mayfly runtime add" in log, log
    layer = daemon.client().publish_layer_version(LayerName="support", Content={"ZipFile": make_zip({"dotnet/Amazon.Lambda.RuntimeSupport.dll": ASSEMBLY})})
    seen, error, log = make(daemon, "supported", package, "Shop::Shop.Till::Pay", Layers=[layer["LayerVersionArn"]])
    assert error is None, log
    assert seen["SEEN"] == ("--depsfile /var/task/Shop.deps.json --runtimeconfig /var/task/Shop.runtimeconfig.json "
                            "/opt/dotnet/Amazon.Lambda.RuntimeSupport.dll Shop::Shop.Till::Pay")
    # Files of another name, when there is one of each.
    other = {"Shop.dll": "x", "Other.deps.json": "{}", "Other.runtimeconfig.json": "{}"}
    assert "/var/task/Other.deps.json" in make(daemon, "other", other, "Shop::Shop.Till::Pay", Layers=[layer["LayerVersionArn"]])[0]["SEEN"]
    for name, files, said in (("none", {"App.dll": ASSEMBLY}, "missing the required .deps.json"), ("two", {**other, "More.deps.json": "{}"}, "missing the required .deps.json"),
                              ("half", {"Shop.deps.json": "{}"}, "missing the required .runtimeconfig.json")):
        _, error, log = make(daemon, name, files, "Shop::Shop.Till::Pay")
        assert error and said in log, log


def test_an_assembly_that_is_not_there(daemon):
    """A function whose assembly is not there fails without a reason."""
    _, error, log = make(daemon, "absent", {"Other.dll": "x"}, "App")
    assert error and "executable assembly /var/task/App.dll or binary /var/task/App not found" in log


def test_a_wrapper(daemon):
    """AWS_LAMBDA_EXEC_WRAPPER wraps a shell script of ours, or nothing."""
    wrapper = '#!/bin/sh\nexport WRAPPED="$1 $2"\nexec "$@"\n'
    seen, error, log = make(daemon, "wrapped", {"App.dll": ASSEMBLY, "wrap": wrapper}, "App", Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrap"}})
    assert error is None and seen["WRAPPED"] == "/var/lang/dotnet exec", (seen, log)


def test_doctor_and_list_name_it(daemon, host):
    """Nobody sees that .NET is there, or how it would be."""
    listed = subprocess.run([BIN / "mayfly", "runtime", "list", "--data-dir", daemon.data_dir], capture_output=True, text=True).stdout
    lines = {line.split()[0]: line for line in listed.splitlines() if line}
    assert "8.0.11" in lines["dotnet8"] and f"{host}/dotnet" in lines["dotnet8"] and " ~ " in lines["dotnet10"]
    checked = subprocess.run([BIN / "mayfly", "doctor", "--data-dir", daemon.data_dir], capture_output=True, text=True).stdout
    assert f"8.0.11 at {host}/dotnet, seen by functions as /var/lang/dotnet" in checked
    without = subprocess.run([BIN / "mayfly", "doctor", "--data-dir", "/nonexistent/data"], capture_output=True, text=True).stdout
    if not shutil.which("dotnet"):
        assert "dotnet8" in without and "mayfly runtime install dotnet8" in without


def test_go_runs_the_program_that_is_called_as_the_handler(daemon, tmp_path):
    """go1.x needs an image, or starts a bootstrap instead of the handler's program."""
    program = compile_static(BOOTSTRAP, tmp_path / "main")
    seen, error, log = make(daemon, "go", {"bin/main": program, "bootstrap": "#!/bin/sh\nexit 9\n"}, "bin/main", "go1.x")
    assert error is None, (seen, log)
    assert seen["arguments"] == ["/var/task/bin/main"] and seen["environment"]["AWS_EXECUTION_ENV"] == "AWS_Lambda_go1.x" and seen["environment"]["_HANDLER"] == "bin/main"
    failed, error, _ = make(daemon, "go-absent", {"other": program}, "main", "go1.x")
    assert error, failed


def test_real_dotnet():
    """The real host is not recognised."""
    program = shutil.which("dotnet")
    if not program:
        pytest.skip("no .NET on this machine")
    runtimes = subprocess.run([program, "--list-runtimes"], capture_output=True, text=True, check=True).stdout
    majors = {line.split()[1].split(".")[0] for line in runtimes.splitlines() if line.startswith("Microsoft.NETCore.App ")} & {"6", "8", "10"}
    if not majors or os.stat(os.path.realpath(program)).st_uid != 0:
        pytest.skip("none of root's own with a runtime that Lambda has")
    listed = subprocess.run([BIN / "mayfly", "runtime", "list", "--data-dir", "/nonexistent/data"], capture_output=True, text=True).stdout
    lines = {line.split()[0]: line for line in listed.splitlines() if line}
    for major in majors:
        assert " = " in lines[f"dotnet{major}"], lines
