"""If these fail, an operator cannot let a container image serve a runtime, or functions find something else in it than on AWS."""
import base64
import importlib.util
import json
import subprocess
from pathlib import Path

import pytest

from conftest import ROLE
from daemon import BIN, Daemon, wait_until
from images import BOOTSTRAP, Image, Registry, compile_static, digest_of, entry, folder, libraries_of, python_entries, symlink
from packages import make_zip


def runtime(daemon, *arguments, fails=0):
    done = subprocess.run([BIN / "mayfly", "runtime", *arguments, "--data-dir", str(daemon.data_dir)], capture_output=True, text=True)
    assert done.returncode == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def trees(daemon):
    return sorted(path.name for path in (daemon.data_dir / "runtimes").iterdir())


def renamed(entries, old, new):
    for info, data in entries:
        if info.name == old or info.name.startswith(old + "/"):
            info.name = new + info.name[len(old):]
        yield info, data


def lambda_python():
    """What public.ecr.aws/lambda/python looks like: an interpreter in /var/lang, AWS's client, a shell script that starts it."""
    python = renamed(renamed(python_entries(), "usr/lib/python3.11", "var/lang/lib/python3.11"), "usr/bin/python3.11", "var/lang/bin/python3.11")
    root = Path(importlib.util.find_spec("awslambdaric").origin).parents[1]
    extension = next(root.glob("runtime_client*.so"))
    client = [path for name in ("awslambdaric", "simplejson", "snapshot_restore_py.py", extension.name)
              for path in ([root / name] if (root / name).is_file() else sorted((root / name).rglob("*"))) if path.is_file() and "__pycache__" not in path.parts]
    script = "#!/bin/sh\nexport PYTHONPATH=/opt/python:/var/runtime\nexec /var/lang/bin/python3.11 -B -m awslambdaric \"$_HANDLER\"\n"
    system = [*python, entry("bin/sh", Path("/bin/dash").read_bytes(), 0o755), *libraries_of("/bin/dash", extension)]
    started = [entry("var/runtime/bootstrap", script, 0o755), *(entry("var/runtime/" + str(path.relative_to(root)), path.read_bytes(), 0o644) for path in client),
               entry("lambda-entrypoint.sh", "#!/bin/sh\nexit 9\n", 0o755), folder("var/task"), entry("var/task/of-the-image", "x")]
    return Image([system, started], {"Entrypoint": ["/lambda-entrypoint.sh"], "WorkingDir": "/var/task",
                                     "Env": ["LANG=en_US.UTF-8", "PATH=/var/lang/bin:/usr/bin:/bin", "LAMBDA_TASK_ROOT=/var/task", "FROM_IMAGE=yes"]})


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return compile_static(BOOTSTRAP, tmp_path_factory.mktemp("bootstrap") / "bootstrap")


@pytest.fixture(scope="module")
def dotnet(program):
    """Stands in for the host of a runtime that Mayfly has no client for."""
    return Image([[entry("var/runtime/host", program, 0o755), symlink("var/runtime/bootstrap", "/var/runtime/host"), entry("opt/of-the-image", "x"),
                   symlink("var/task", "/etc")]], {"Env": ["DOTNET_ROOT=/var/lang/bin", "AWS_EXECUTION_ENV=other", "_HANDLER=other"]})


@pytest.fixture
def stopped():
    with Daemon("--runtime-deprecation", "ignore") as daemon:
        daemon.stop()
        yield daemon


def make(aws, name, identifier, files, **settings):
    aws.create_function(FunctionName=name, Runtime=identifier, Handler="app.handler", Role=ROLE, Code={"ZipFile": make_zip(files)}, Timeout=20,
                        **{"MemorySize": 512, **settings})
    aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1})


def call(aws, name, event=None):
    answer = aws.invoke(FunctionName=name, Payload=json.dumps(event or {}), LogType="Tail")
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, (payload, base64.b64decode(answer["LogResult"]).decode())
    return payload, base64.b64decode(answer["LogResult"]).decode()


def test_an_image_serves_what_mayfly_has_no_client_for(dotnet, stopped, tmp_path):
    """dotnet8 stays unserved, or its functions do not find their package, layers and variables where they are on AWS."""
    tmp_path.chmod(0o755)
    said = runtime(stopped, "add", "dotnet8", "--image", f"oci:{dotnet.write_layout(stopped.data_dir / 'dotnet')}:latest")
    assert "1 of 1 layers" in said and dotnet.digest in said
    assert dotnet.digest in runtime(stopped, "list")
    stopped.start()
    aws = stopped.client()
    layer = aws.publish_layer_version(LayerName="layer", Content={"ZipFile": make_zip({"in-layer": "1"})})["LayerVersionArn"]
    make(aws, "f", "dotnet8", {"app.dll": "of the package"}, Layers=[layer], Environment={"Variables": {"MINE": "1"}})
    seen, _ = call(aws, "f", {"read": "/var/task/app.dll", "list": "/opt"})
    assert (seen["read"], seen["list"], seen["uid"], seen["cwd"]) == ("of the package", ["in-layer"], 993, "/var/task")
    assert seen["arguments"] == ["/var/runtime/bootstrap"]
    environment = seen["environment"]
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_dotnet8" and environment["_HANDLER"] == "app.handler"
    assert environment["DOTNET_ROOT"] == "/var/lang/bin" and environment["MINE"] == "1"
    assert f"Runtime Version: dotnet8:{dotnet.digest[:19]}" in stopped.raw("GET", "/_mayfly/logs?function=f").body.decode()
    assert call(aws, "f", {"list": "/var/task"})[0]["list"] == ["app.dll"]
    make(aws, "bare", "dotnet8", {"app.dll": "x"})
    assert call(aws, "bare", {"list": "/opt"})[0]["list"] == ["of-the-image"]
    assert call(aws, "bare", {"write": "/opt/new"})[0]["write"] == 30
    # An update of the code, and a restart.
    aws.update_function_code(FunctionName="f", ZipFile=make_zip({"app.dll": "newer"}))
    aws.get_waiter("function_updated_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.1})
    assert call(aws, "f", {"read": "/var/task/app.dll"})[0]["read"] == "newer"
    stopped.stop()
    stopped.start()
    assert call(stopped.client(), "f", {"read": "/var/task/app.dll"})[0]["read"] == "newer"


def test_a_base_image_runs_with_its_own_interpreter_and_client(stopped, program):
    """A base image of AWS's shape does not run, from a registry that wants a token, beside what the machine serves itself."""
    image = lambda_python()
    stopped.data_dir.mkdir(exist_ok=True)
    with Registry(redirect=True) as registry:
        registry.push("lambda/python", "3.14", image, as_index=True)
        arguments = ["add", "python3.14", "--image", "public.ecr.aws/lambda/python:3.14"]
        mirror = ["--registry-mirror", f"public.ecr.aws=http://{registry.host}"]
        assert "401" in runtime(stopped, *arguments, *mirror, fails=1)
        credentials = Path(stopped.folder) / "config.json"
        credentials.write_text(json.dumps({"auths": {registry.host: {"auth": base64.b64encode(f"{registry.USER}:{registry.PASSWORD}".encode()).decode()}}}))
        credentials.chmod(0o600)
        said = runtime(stopped, *arguments, *mirror, "--registry-credentials", str(credentials))
        assert "2 of 2 layers" in said and f"public.ecr.aws/lambda/python@{image.digest}" in said
        fetched = len(registry.requests)
        runtime(stopped, *arguments, *mirror, "--registry-credentials", str(credentials))
        assert not [path for path in registry.requests[fetched:] if any(digest_of(layer) in path for layer in image.layers)]
    stopped.start()
    aws = stopped.client()
    code = """
import os, sys
import in_layer
def handler(event, context):
    print("a line\\nof two")
    if event == "raise": raise ValueError("as asked")
    return {"program": sys.executable, "layer": in_layer.NAME, "task": sorted(os.listdir("/var/task")), "image": os.environ["FROM_IMAGE"], "usr": os.path.exists("/usr/bin"),
            "name": context.function_name, "environment": os.environ["AWS_EXECUTION_ENV"]}
"""
    layer = aws.publish_layer_version(LayerName="layer", Content={"ZipFile": make_zip({"python/in_layer.py": "NAME = 'layer'"})})["LayerVersionArn"]
    make(aws, "f", "python3.14", {"app.py": code}, Layers=[layer])
    seen, log = call(aws, "f")
    assert seen == {"program": "/var/lang/bin/python3.11", "layer": "layer", "task": ["app.py"], "image": "yes", "usr": False, "name": "f",
                    "environment": "AWS_Lambda_python3.14"}
    assert "a line" in log
    failed = aws.invoke(FunctionName="f", Payload='"raise"')
    assert json.loads(failed["Payload"].read())["errorType"] == "ValueError"
    # Other identifiers of the family stay with the machine's interpreter.
    make(aws, "g", "python3.11", {"app.py": "import os\ndef handler(event, context): return os.path.exists('/usr/bin')"})
    assert call(aws, "g")[0] is True


def test_the_systems_of_provided(stopped, program):
    """The bootstrap of a package runs on this machine's libraries although an image was added for it; extensions of its layers do not run."""
    runtime(stopped, "add", "provided.al2023", "--image", "oci:" + str(Image([[entry("etc/system-release", "Amazon Linux")]]).write_layout(stopped.data_dir / "al")))
    stopped.start()
    aws = stopped.client()
    aws.create_function(FunctionName="f", Runtime="provided.al2023", Handler="h", Role=ROLE, Code={"ZipFile": make_zip({"bootstrap": program}, mode=0o755)})
    aws.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.1})
    seen = call(aws, "f", {"read": "/etc/system-release", "list": "/"})[0]
    assert seen["read"] == "Amazon Linux" and seen["arguments"] == ["/var/task/bootstrap"]
    assert sorted(seen["list"]) == ["dev", "etc", "mnt", "opt", "proc", "tmp", "var"]
    layer = aws.publish_layer_version(LayerName="layer", Content={"ZipFile": make_zip({"bootstrap": program}, mode=0o755)})["LayerVersionArn"]
    make(aws, "of-layer", "provided.al2023", {"x": "x"}, Layers=[layer])
    assert call(aws, "of-layer")[0]["arguments"] == ["/opt/bootstrap"]


def test_an_entry_point_gets_the_handler(stopped, program):
    """An image that has only an ENTRYPOINT is not started by it, or not told the handler as Lambda's CMD is."""
    image = Image([[entry("client", program, 0o755)]], {"Entrypoint": ["/client", "--run"], "Cmd": ["other"]})
    image.write_docker_archive(stopped.data_dir / "saved.tar")
    runtime(stopped, "add", "go1.x", "--image", f"docker-archive:{stopped.data_dir}/saved.tar")
    assert "go1.x" in runtime(stopped, "list")
    stopped.start()
    make(stopped.client(), "f", "go1.x", {"main": "x"})
    assert call(stopped.client(), "f")[0]["arguments"] == ["/client", "--run", "app.handler"]


def test_an_image_stays_until_it_is_removed(stopped, dotnet, program):
    """The removal of unused images takes one that serves a runtime, or leaves one that does not any more."""
    other = Image([[entry("var/runtime/bootstrap", program, 0o755)], [entry("second", "x")]])
    for identifier, image in (("dotnet8", dotnet), ("dotnet6", other)):
        runtime(stopped, "add", identifier, "--image", "oci:" + str(image.write_layout(stopped.data_dir / identifier)))
    assert len(trees(stopped)) == 5  # three layers, two trees
    stopped.start()
    aws = stopped.client()
    make(aws, "f", "dotnet6", {"app.dll": "x"})
    assert "is served by" in runtime(stopped, "add", "dotnet10", "--image", "oci:" + str(stopped.data_dir / "dotnet8"))  # beside the daemon
    runtime(stopped, "remove", "dotnet6")
    assert call(aws, "f", {"read": "/second"})[0]["read"] == "x"  # until the next start
    stopped.stop()
    stopped.start()
    wait_until(lambda: len(trees(stopped)) == 2, 10, "the tree of the removed image is still there")
    aws = stopped.client()
    with pytest.raises(aws.exceptions.ClientError) as error:
        aws.invoke(FunctionName="f")
    assert error.value.response["Error"]["Code"] == "NotImplementedException" and "mayfly runtime add dotnet6" in str(error.value)
    make(aws, "g", "dotnet10", {"app.dll": "x"})
    assert call(aws, "g")[0]["uid"] == 993


def test_what_cannot_be_added(stopped, program, plain_files=(("bootstrap", 0o755), ("var/runtime/bootstrap", 0o644))):
    """An image that could never start a function is taken, or the operator is not told why it is not."""
    stopped.data_dir.mkdir(exist_ok=True)
    for number, (name, mode) in enumerate(plain_files):
        layout = Image([[entry(name, program, mode)]]).write_layout(stopped.data_dir / str(number))
        assert "neither a program /var/runtime/bootstrap nor an ENTRYPOINT" in runtime(stopped, "add", "dotnet8", "--image", f"oci:{layout}", fails=1)
    assert "no such image" in runtime(stopped, "add", "dotnet8", "--image", f"oci:{layout}:other", fails=1)
    assert "No such file" in runtime(stopped, "add", "dotnet8", "--image", "oci:/not/there", fails=1)
    assert "names no registry" in runtime(stopped, "add", "dotnet8", "--image", "dotnet:8", fails=1)
    assert "127.0.0.1:1" in runtime(stopped, "add", "dotnet8", "--image", "127.0.0.1:1/lambda/dotnet:8", fails=1)
    assert "neither --root nor --image" in runtime(stopped, "add", "python3.12", fails=1)
    assert "no identifier" in runtime(stopped, "add", "cobol85", "--image", f"oci:{layout}", fails=1)
    assert not (stopped.data_dir / "runtimes.json").exists()


def test_a_tree_that_has_gone_or_became_a_link(stopped, dotnet):
    """A tree that somebody has taken away, or put a link in place of, keeps the daemon from starting, or is mounted."""
    runtime(stopped, "add", "dotnet8", "--image", "oci:" + str(dotnet.write_layout(stopped.data_dir / "dotnet")))
    tree = json.loads((stopped.data_dir / "runtimes.json").read_text())["runtimes"][0]["tree"]
    (stopped.data_dir / "runtimes" / tree).rename(stopped.data_dir / "moved")
    (stopped.data_dir / "runtimes" / tree).symlink_to(stopped.data_dir / "moved")
    stopped.start()
    assert "add it again" in stopped.log_text()
    with pytest.raises(stopped.client().exceptions.ClientError, match="no .NET for dotnet8"):
        make(stopped.client(), "f", "dotnet8", {"app.dll": "x"})
