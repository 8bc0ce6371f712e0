"""If one of these fails, a function whose code is a container image is not created, run or described as AWS does it."""
import base64
import importlib.util
import json
import os
import random
import tarfile
import threading
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from conftest import ROLE
from daemon import Daemon, wait_until
from images import BOOTSTRAP, DOCKER, Image, Registry, compile_static, digest_of, entry, folder, hardlink, libraries_of, python_entries, symlink

CONFIG = {"Entrypoint": ["/bootstrap"], "Cmd": ["app.handler", "second"], "Env": ["FROM_IMAGE=yes", "PATH=/tools:/bin", "AWS_REGION=nowhere"],
          "WorkingDir": "/work dir"}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return compile_static(BOOTSTRAP, tmp_path_factory.mktemp("bootstrap") / "bootstrap")


@pytest.fixture(scope="module")
def registry():
    with Registry(redirect=True) as running:
        yield running


@pytest.fixture(scope="module")
def daemon(registry, tmp_path_factory):
    credentials = tmp_path_factory.mktemp("credentials") / "config.json"
    auth = base64.b64encode(f"{registry.USER}:{registry.PASSWORD}".encode()).decode()
    credentials.write_text(json.dumps({"auths": {registry.host: {"auth": auth}}}))
    with Daemon("--registry-mirror", f"*.dkr.ecr.*.amazonaws.com=http://{registry.host}", "--registry-mirror", "layouts.example.com=oci:mirrored",
                "--registry-mirror", "down.example.com=http://127.0.0.1:1", "--registry-credentials", str(credentials)) as running:
        yield running


@pytest.fixture(scope="module")
def aws(daemon):
    return daemon.client("lambda")


@pytest.fixture(scope="module")
def directory(daemon):
    made = daemon.data_dir / "images"
    made.mkdir(exist_ok=True)
    return made


@pytest.fixture(scope="module")
def plain(program):
    """The program, and little else."""
    return Image([[entry("bootstrap", program, 0o755), folder("work dir")]], CONFIG)


@pytest.fixture
def create(aws, name):
    made = []

    def make(uri, wait="Active", **settings):
        function = f"{name}-{len(made)}"
        answer = aws.create_function(FunctionName=function, PackageType="Image", Code={"ImageUri": uri}, Role=ROLE, **settings)
        made.append(function)
        assert answer["State"] == "Pending" and answer["PackageType"] == "Image"
        if wait:
            await_state(aws, function, wait)
        return function
    yield make
    for function in made:
        aws.delete_function(FunctionName=function)


def await_state(aws, function, state):
    def settled():
        configuration = aws.get_function_configuration(FunctionName=function)
        return configuration["State"] != "Pending" and configuration.get("LastUpdateStatus") != "InProgress" and configuration
    configuration = wait_until(settled, 60, f"{function} is still Pending")
    assert configuration["State"] == state, configuration
    return configuration


def call(aws, function, event=None, **settings):
    answer = aws.invoke(FunctionName=function, Payload=json.dumps(event or {}), **settings)
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload


def fail(aws, function):
    answer = aws.invoke(FunctionName=function, Payload="{}")
    assert answer.get("FunctionError"), answer["Payload"].read()
    return json.loads(answer["Payload"].read())


def refused(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


# --- where images come from ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("uri", ["oci:plain", "oci:plain:latest", "oci-archive:plain.tar", "oci-archive:plain.tar:latest", "docker-archive:saved.tar",
                                 "docker-archive:saved.tar:app:latest", "layouts.example.com/team/plain:latest", "absolute"])
def test_local_images(aws, create, directory, daemon, plain, uri):
    """An image in the directory of images cannot be used."""
    plain.write_layout(directory / "plain")
    plain.write_layout(directory / "mirrored" / "team" / "plain")
    plain.write_oci_archive(directory / "plain.tar")
    plain.write_docker_archive(directory / "saved.tar")
    uri = f"oci:{daemon.data_dir}/images/plain" if uri == "absolute" else uri
    function = create(uri)
    assert call(aws, function, {"a": 1})["event"] == {"a": 1}
    code = aws.get_function(FunctionName=function)["Code"]
    digest = digest_of(plain.config) if uri.startswith("docker-archive") else plain.digest
    assert code["RepositoryType"] == "ECR" and code["ImageUri"] == uri and code["ResolvedImageUri"].endswith("@" + digest)
    assert "Location" not in code


@pytest.mark.parametrize("compression", ["tar", "gzip", "zstd"])
def test_compressions(aws, create, directory, program, compression):
    """A layer that is packed in one of the ways that images know cannot be read."""
    Image([[entry("bootstrap", program, 0o755)], [entry("data", "content")]], {"Entrypoint": ["/bootstrap"]}, compression).write_layout(directory / compression)
    assert call(aws, create("oci:" + compression), {"read": "/data"})["read"] == "content"


@pytest.mark.parametrize("as_index", [False, True], ids=["manifest", "list"])
def test_pull_from_a_registry(aws, create, registry, program, as_index):
    """An ECR URI does not lead to its mirror, or the protocol with tokens and redirects is not understood."""
    image = Image([[entry("bootstrap", program, 0o755)], [entry("which", "%s" % as_index)]], {"Entrypoint": ["/bootstrap"]}, types=DOCKER)
    registry.push("team/app", "v%d" % as_index, image, as_index)
    uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app:v%d" % as_index
    function = create(uri)
    assert call(aws, function, {"read": "/which"})["read"] == str(as_index)
    answer = aws.get_function(FunctionName=function)
    assert answer["Code"]["ResolvedImageUri"] == f"123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app@{image.digest}"
    assert answer["Configuration"]["CodeSha256"] == image.digest[7:] and answer["Configuration"]["CodeSize"] == 0
    assert "Runtime" not in answer["Configuration"] and "Handler" not in answer["Configuration"]


def test_shared_layers_are_fetched_once(aws, create, registry, program):
    """Layers that two images share are fetched or unpacked twice."""
    base = [entry("bootstrap", program, 0o755), entry("base", "shared")]
    first = Image([base, [entry("own", "1")]], {"Entrypoint": ["/bootstrap"]})
    second = Image([base, [entry("own", "2")]], {"Entrypoint": ["/bootstrap"]})
    for tag, image in (("1", first), ("2", second)):
        registry.push("team/shared", tag, image)
    functions = [create("1.dkr.ecr.x.amazonaws.com/team/shared:" + tag) for tag in "12"]
    fetched = [path for path in registry.requests if path == "/v2/team/shared/blobs/" + digest_of(first.layers[0])]
    assert len([path for path in fetched]) == 1 and first.layers[0] == second.layers[0]
    answers = [call(aws, function, {"read": "/base"}) for function in functions]
    assert [answer["read"] for answer in answers] == ["shared"] * 2 and answers[0]["links"] == 3  # the layer's and two images'
    assert [call(aws, function, {"read": "/own"})["read"] for function in functions] == ["1", "2"]


# --- running --------------------------------------------------------------------------------------------------------------


def test_environment_of_an_image(aws, create, directory, plain):
    """ENTRYPOINT, CMD, ENV or WORKDIR of the image, or the platform's variables, are not what the program sees."""
    plain.write_layout(directory / "plain")
    function = create("oci:plain", Environment={"Variables": {"FROM_FUNCTION": "1", "FROM_IMAGE": "overridden"}}, MemorySize=256)
    seen = call(aws, function)
    assert seen["arguments"] == ["/bootstrap", "app.handler", "second"] and seen["cwd"] == "/work dir" and seen["uid"] == 993
    environment = seen["environment"]
    assert environment["_HANDLER"] == "app.handler" and environment["PATH"] == "/tools:/bin" and environment["FROM_IMAGE"] == "overridden"
    assert environment["AWS_REGION"] == "us-east-1" and environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256" and environment["FROM_FUNCTION"] == "1"
    assert environment["AWS_LAMBDA_RUNTIME_API"] == "127.0.0.1:9001" and environment["AWS_ACCESS_KEY_ID"]
    assert "AWS_EXECUTION_ENV" not in environment
    assert call(aws, function, {"write": "/tmp/file"})["write"] == 0
    assert call(aws, function, {"write": "/file"})["write"] == 30  # EROFS
    assert "127.0.0.1 localhost" in call(aws, function, {"read": "/etc/hosts"})["read"]
    assert sorted(call(aws, function, {"list": "/"})["list"]) == ["bootstrap", "dev", "etc", "mnt", "proc", "tmp", "work dir"]


def test_image_config(aws, create, directory, program):
    """ImageConfig does not take the place of what the image says, or cannot be changed."""
    Image([[entry("usr/bin/other", program, 0o755), folder("elsewhere")]], {**CONFIG, "Env": []}).write_layout(directory / "configured")
    settings = {"EntryPoint": ["other"], "Command": ["mine"], "WorkingDirectory": "/elsewhere"}
    function = create("oci:configured", ImageConfig=settings)
    seen = call(aws, function)
    assert (seen["arguments"], seen["cwd"], seen["environment"]["_HANDLER"]) == (["other", "mine"], "/elsewhere", "mine")
    assert aws.get_function_configuration(FunctionName=function)["ImageConfigResponse"] == {"ImageConfig": settings}
    aws.update_function_configuration(FunctionName=function, ImageConfig={"EntryPoint": ["/usr/bin/other", "x"], "WorkingDirectory": "/"})
    await_state(aws, function, "Active")
    seen = call(aws, function)
    assert (seen["arguments"], seen["cwd"], seen["environment"]["_HANDLER"]) == (["/usr/bin/other", "x", "app.handler", "second"], "/", "app.handler")


@pytest.mark.parametrize("settings, kind, text", [
    ({"EntryPoint": ["/nothing"]}, "Runtime.InvalidEntrypoint", "fork/exec /nothing: no such file or directory"),
    ({"EntryPoint": ["nothing"]}, "Runtime.InvalidEntrypoint", 'exec: "nothing": executable file not found in $PATH'),
    ({"EntryPoint": ["/etc/hosts"]}, "Runtime.InvalidEntrypoint", "fork/exec /etc/hosts: permission denied"),
    ({"EntryPoint": ["/text"]}, "Runtime.InvalidEntrypoint", "fork/exec /text: exec format error"),
    ({"WorkingDirectory": "/nowhere"}, "Runtime.InvalidWorkingDir", "chdir /nowhere: no such file or directory")])
def test_bad_starts(aws, create, directory, program, settings, kind, text):
    """An image that cannot be started is not reported as AWS does."""
    Image([[entry("bootstrap", program, 0o755), entry("text", "no program", 0o755)]], {"Entrypoint": ["/bootstrap"]}).write_layout(directory / "bad")
    error = fail(aws, create("oci:bad", ImageConfig=settings))
    assert error["errorType"] == kind and error["errorMessage"].endswith("Error: " + text), error


def test_layers_over_each_other(aws, create, directory, program):
    """Whiteouts, hard links, replaced files or links between layers do not come out as with other tools."""
    first = [folder("a"), entry("a/gone", "1"), entry("a/kept", "kept"), folder("opaque"), entry("opaque/old", "1"), symlink("lib", "usr/lib"),
             folder("usr/lib"), entry("usr/lib/one", "1"), entry("secret", "s", 0o600), entry("changed", "old"), entry("bootstrap", program, 0o755)]
    second = [entry("a/.wh.gone"), entry("opaque/.wh..wh..opq"), entry("opaque/new", "2"), entry("lib/two", "2"), entry("changed", "new"),
              hardlink("a/again", "a/kept"), entry("./umlaut-ä", "ä"), entry("dev/strange", type=tarfile.CHRTYPE, devmajor=1, devminor=3)]
    Image([first, second], {"Entrypoint": ["/bootstrap"]}).write_layout(directory / "layered")
    function = create("oci:layered")

    def read(path):
        return call(aws, function, {"read": path})["read"]
    assert sorted(call(aws, function, {"list": "/a"})["list"]) == ["again", "kept"] and read("/a/again") == "kept"
    assert call(aws, function, {"list": "/opaque"})["list"] == ["new"]
    assert sorted(call(aws, function, {"list": "/usr/lib"})["list"]) == ["one", "two"] and read("/lib/two") == "2"
    assert read("/changed") == "new" and read("/secret") is None  # only root's, as on AWS
    assert "strange" not in call(aws, function, {"list": "/dev"})["list"]


def test_python_of_this_machine(aws, create, directory):
    """An interpreter in an image, with a runtime client of its own, does not run."""
    client = """
import json, os, sys, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
module, _, name = os.environ["_HANDLER"].rpartition(".")
sys.path.insert(0, os.getcwd())
handler = getattr(__import__(module), name)
print("the client runs", flush=True)
while True:
    with urllib.request.urlopen(api + "next") as event:
        request, payload = event.headers["Lambda-Runtime-Aws-Request-Id"], json.load(event)
    urllib.request.urlopen(urllib.request.Request(api + request + "/response", json.dumps(handler(payload, None)).encode()))
"""
    code = [entry("client.py", client), entry("function/app.py", "import sys\ndef handler(event, context):\n    return {'sum': event['a'] + event['b'], 'version': list(sys.version_info[:2])}\n")]
    Image([python_entries(), code], {"Entrypoint": ["python3.11", "/client.py"], "Cmd": ["app.handler"], "WorkingDir": "/function", "Env": ["PATH=/usr/bin"]}).write_layout(
        directory / "python")
    function = create("oci:python", MemorySize=1769, Timeout=60)
    assert call(aws, function, {"a": 2, "b": 3}) == {"sum": 5, "version": [3, 11]}


def test_awss_own_client(aws, create, directory):
    """An image as AWS's guide builds one, with its runtime interface client behind an entry point script, does not run."""
    root = Path(importlib.util.find_spec("awslambdaric").origin).parents[1]
    extension = next(root.glob("runtime_client*.so"))
    parts = ["awslambdaric", "simplejson", "snapshot_restore_py.py", extension.name]
    client = [entry("ric/" + str(file.relative_to(root)), file.read_bytes(), 0o755) for part in parts
              for file in ([root / part] if (root / part).is_file() else sorted((root / part).rglob("*"))) if file.is_file() and "__pycache__" not in file.parts]
    script = "#!/bin/sh\nif [ -z \"${AWS_LAMBDA_RUNTIME_API}\" ]; then exit 9; fi\nexec /usr/bin/python3.11 -m awslambdaric \"$@\"\n"
    code = [entry("lambda-entrypoint.sh", script, 0o755), entry("bin/sh", Path("/bin/dash").read_bytes(), 0o755), *libraries_of("/bin/dash", extension),
            entry("var/task/app.py", "def handler(event, context):\n    print('a line')\n    return [event, context.function_name, context.invoked_function_arn]\n")]
    Image([python_entries(), client, code], {"Entrypoint": ["/lambda-entrypoint.sh"], "Cmd": ["app.handler"], "WorkingDir": "/var/task",
                                             "Env": ["PYTHONPATH=/ric", "LAMBDA_TASK_ROOT=/var/task"]}).write_layout(directory / "ric")
    function = create("oci:ric", MemorySize=1769, Timeout=60)
    event, name, arn = call(aws, function, {"ü": [1]})
    assert event == {"ü": [1]} and name == function and arn.endswith(":function:" + function)


def test_extensions_of_an_image(aws, create, directory, program):
    """Extensions in the image's /opt/extensions are not started."""
    extension = """#!/bin/sh
echo never-registers
exit 3
"""
    Image([[entry("bootstrap", program, 0o755), entry("opt/extensions/mine", extension, 0o755)]], {"Entrypoint": ["/bootstrap"]}).write_layout(directory / "extended")
    error = fail(aws, create("oci:extended"))
    assert error["errorType"] == "Extension.LaunchError" or "Extension" in error["errorType"], error


# --- states and rules -----------------------------------------------------------------------------------------------------


def test_update_serves_the_old_image_until_the_new_one_is_there(aws, create, registry, program):
    """While an update brings its image, invocations fail or are served by what is not there yet."""
    old = Image([[entry("bootstrap", program, 0o755), entry("which", "old")]], {"Entrypoint": ["/bootstrap"]})
    new = Image([[entry("bootstrap", program, 0o755), entry("which", "new")]], {"Entrypoint": ["/bootstrap"]})
    registry.push("team/updated", "old", old)
    registry.push("team/updated", "new", new)
    function = create("1.dkr.ecr.x.amazonaws.com/team/updated:old")
    gate, asked = threading.Event(), threading.Event()

    def hold(digest):
        if digest == digest_of(new.layers[0]):
            asked.set()
            gate.wait(60)
    registry.before_blob = hold
    try:
        answer = aws.update_function_code(FunctionName=function, ImageUri="1.dkr.ecr.x.amazonaws.com/team/updated:new", Publish=True)
        assert answer["Version"] == "1" and answer["CodeSha256"] == new.digest[7:] and answer["State"] == "Pending"
        assert asked.wait(60)
        assert call(aws, function, {"read": "/which"})["read"] == "old"
        assert aws.get_function_configuration(FunctionName=function)["LastUpdateStatus"] == "InProgress"
    finally:
        gate.set()
        registry.before_blob = None
    assert await_state(aws, function, "Active")["LastUpdateStatus"] == "Successful"
    assert call(aws, function, {"read": "/which"})["read"] == "new"
    wait_until(lambda: aws.get_function_configuration(FunctionName=function, Qualifier="1")["State"] == "Active", 30, "version 1 is not Active")
    assert call(aws, function, {"read": "/which"}, Qualifier="1")["read"] == "new"


def test_damaged_layers(aws, create, registry, program, directory):
    """A layer that is not what its digest says is used, or its function does not say what is wrong."""
    image = Image([[entry("bootstrap", program, 0o755)], [entry("file", "x" * 1000)]], {"Entrypoint": ["/bootstrap"]})
    registry.push("team/damaged", "1", image)
    digest = digest_of(image.layers[1])
    del registry.blobs[digest]
    registry.broken[digest] = image.layers[1][:-1] + b"x"
    configuration = await_state(aws, create("1.dkr.ecr.x.amazonaws.com/team/damaged:1", wait=None), "Failed")
    assert configuration["StateReasonCode"] == "InvalidImage" and "digest" in configuration["StateReason"]
    registry.broken.pop(digest)
    function = create("1.dkr.ecr.x.amazonaws.com/team/damaged:1", wait="Failed")
    assert aws.get_function_configuration(FunctionName=function)["StateReasonCode"] == "ImageDeleted"
    code, text = refused(aws.invoke, FunctionName=function)
    assert code == "ResourceConflictException" and "Failed" in text
    wrong = Image([[entry("bootstrap", program, 0o755)]], {"Entrypoint": ["/bootstrap"]}, diff_ids=["sha256:" + "1" * 64])
    wrong.write_layout(directory / "wrong")
    assert await_state(aws, create("oci:wrong", wait=None), "Failed")["StateReasonCode"] == "InvalidImage"
    # It recovers with an image that can be used.
    registry.push("team/damaged", "2", Image([[entry("bootstrap", program, 0o755)]], {"Entrypoint": ["/bootstrap"]}))
    aws.update_function_code(FunctionName=function, ImageUri="1.dkr.ecr.x.amazonaws.com/team/damaged:2")
    await_state(aws, function, "Active")
    call(aws, function)


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_transfer_that_breaks_off_goes_on(aws, create, registry, program, knows_ranges):
    """A layer whose connection is cut fails its function, is fetched from its start where the registry knows ranges, or is put together wrongly."""
    noise = random.Random(knows_ranges).randbytes(3 << 20)
    image = Image([[entry("bootstrap", program, 0o755), entry("noise", noise), entry("which", "after the cuts")]], {"Entrypoint": ["/bootstrap"]})
    tag = f"cut-{knows_ranges}"
    registry.push("team/cut", tag, image)
    digest = digest_of(image.layers[0])
    registry.cuts[digest] = [2 << 20, 500_000, 0]
    registry.knows_ranges = knows_ranges
    try:
        function = create(f"1.dkr.ecr.x.amazonaws.com/team/cut:{tag}")
    finally:
        registry.knows_ranges = True
    asked = [header for sent, header in registry.ranges if sent == digest]
    assert len(asked) == 4 and asked[0] is None
    assert asked[1] == f"bytes={2 << 20}-"
    assert asked[2:] == ([f"bytes={(2 << 20) + 500_000}-"] * 2 if knows_ranges else ["bytes=500000-", None])
    assert call(aws, function, {"read": "/which"})["read"] == "after the cuts"


def test_a_transfer_that_never_ends_well_fails(aws, create, registry, program):
    """The daemon asks a registry that cuts every connection for ever, or its function stays Pending."""
    image = Image([[entry("bootstrap", program, 0o755), entry("never", "x" * 50)]], {"Entrypoint": ["/bootstrap"]})
    registry.push("team/cut", "never", image)
    digest = digest_of(image.layers[0])
    registry.cuts[digest] = [10] * 100
    configuration = await_state(aws, create("1.dkr.ecr.x.amazonaws.com/team/cut:never", wait=None), "Failed")
    assert configuration["StateReasonCode"] == "InternalError", configuration
    assert len(registry.cuts.pop(digest)) == 95


def test_layers_are_fetched_at_once_and_only_once(aws, create, registry, program):
    """Layers come one after the other, or one that is there already, or stands twice in the image, is fetched again."""
    layers = [[entry("bootstrap", program, 0o755), entry("of-this-test", "x")], *([entry("n", str(number))] for number in range(4))]
    image = Image([*layers, layers[1], layers[2]], {"Entrypoint": ["/bootstrap"]})
    registry.push("team/parallel", "1", image)
    wanted, together = {digest_of(layer) for layer in image.layers}, threading.Barrier(3)
    first = {digest_of(layer) for layer in image.layers[:3]}

    def meet(digest):
        if digest in first:
            together.wait(60)  # all three have to be asked for before one is answered
    registry.before_blob = meet
    try:
        function = create("1.dkr.ecr.x.amazonaws.com/team/parallel:1")
    finally:
        registry.before_blob = None
    assert call(aws, function, {"read": "/n"})["read"] == "1"
    assert sorted(sent for sent, _ in registry.ranges if sent in wanted) == sorted(wanted)
    # A further image of the same layers fetches its own only.
    more = Image([*layers, [entry("m", "new")]], {"Entrypoint": ["/bootstrap"]})
    registry.push("team/parallel", "2", more)
    before = len(registry.ranges)
    assert call(aws, create("1.dkr.ecr.x.amazonaws.com/team/parallel:2"), {"read": "/m"})["read"] == "new"
    assert [sent for sent, _ in registry.ranges[before:] if sent != digest_of(more.config)] == [digest_of(more.layers[-1])]


def test_credential_helpers(program, tmp_path, monkeypatch):
    """A registry whose password a helper of Docker's keeps is asked without it, or one helper that hangs or fails keeps the daemon from starting."""
    image = Image([[entry("bootstrap", program, 0o755)]], {"Entrypoint": ["/bootstrap"]})
    helpers = {"good": 'read server; echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"%s\\",\\"Secret\\":\\"%s-$1-$server\\"}"',
               "hangs": "exec sleep 1000", "fails": "echo no credentials; exit 1", "talks": "exec cat /dev/zero"}
    with Registry() as registry:
        registry.PASSWORD = "secret-get-" + registry.host
        for name, script in helpers.items():
            program_path = tmp_path / ("docker-credential-" + name)
            program_path.write_text("#!/bin/sh\n" + (script % (registry.USER, "secret") if name == "good" else script) + "\n")
            program_path.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"auths": {"store.example": {}}, "credsStore": "fails", "credHelpers": {
            registry.host: "good", "hangs.example": "hangs", "talks.example": "talks", "none.example": "is-not-there", "sh.example": "../../bin/sh"}}))
        registry.push("team/helped", "1", image)
        with Daemon("--registry-mirror", f"images.example.com=http://{registry.host}", "--registry-credentials", str(config)) as daemon:
            aws = daemon.client("lambda")
            aws.create_function(FunctionName="f", PackageType="Image", Code={"ImageUri": "images.example.com/team/helped:1"}, Role=ROLE)
            await_state(aws, "f", "Active")
            text = daemon.log_text()
            for host in ("store.example", "hangs.example", "talks.example", "none.example"):
                assert f"credentials for {host}: " in text, host
            assert "secret-get" not in text


def test_access_is_denied_later(aws, create, registry, program):
    """A registry that lets nobody in any more is told as another fault, or takes down what serves."""
    good, denied = (Image([[entry("bootstrap", program, 0o755), entry("which", which)]], {"Entrypoint": ["/bootstrap"]}) for which in ("good", "denied"))
    registry.push("team/denied", "good", good)
    registry.push("team/denied", "denied", denied)
    function = create("1.dkr.ecr.x.amazonaws.com/team/denied:good")
    layer = digest_of(denied.layers[0])
    registry.denied.add(layer)
    aws.update_function_code(FunctionName=function, ImageUri="1.dkr.ecr.x.amazonaws.com/team/denied:denied")
    configuration = await_state(aws, function, "Active")
    assert (configuration["LastUpdateStatus"], configuration["LastUpdateStatusReasonCode"]) == ("Failed", "ImageAccessDenied")
    assert "permission" in configuration["LastUpdateStatusReason"]
    assert call(aws, function, {"read": "/which"})["read"] == "good"
    configuration = await_state(aws, create("1.dkr.ecr.x.amazonaws.com/team/denied:denied", wait=None), "Failed")
    assert configuration["StateReasonCode"] == "ImageAccessDenied"
    registry.denied = {denied.digest, "denied"}
    code, text = refused(aws.update_function_code, FunctionName=function, ImageUri="1.dkr.ecr.x.amazonaws.com/team/denied:denied")
    assert code == "InvalidParameterValueException" and "does not have permission to access the ECR image" in text
    registry.denied = set()
    aws.update_function_code(FunctionName=function, ImageUri="1.dkr.ecr.x.amazonaws.com/team/denied:denied")
    await_state(aws, function, "Active")
    assert call(aws, function, {"read": "/which"})["read"] == "denied"


def test_failed_update_keeps_the_old_image(aws, create, registry, program):
    """An update whose image cannot be brought takes the function down."""
    for tag, text in (("good", "1"), ("gone", "2")):
        image = Image([[entry("bootstrap", program, 0o755), entry("which", text)]], {"Entrypoint": ["/bootstrap"]})
        registry.push("team/failing", tag, image)
    function = create("1.dkr.ecr.x.amazonaws.com/team/failing:good")
    del registry.blobs[digest_of(image.layers[0])]
    aws.update_function_code(FunctionName=function, ImageUri="1.dkr.ecr.x.amazonaws.com/team/failing:gone")
    configuration = await_state(aws, function, "Active")
    assert (configuration["LastUpdateStatus"], configuration["LastUpdateStatusReasonCode"]) == ("Failed", "ImageDeleted")
    assert call(aws, function, {"read": "/which"})["read"] == "1"
    assert aws.get_function(FunctionName=function)["Code"]["ImageUri"].endswith(":good")


def test_refusals(aws, directory, name, plain, program):
    """What cannot be an image function is taken, or refused in other words than AWS's."""
    plain.write_layout(directory / "plain")
    Image([[entry("a")]], architecture="arm64").write_layout(directory / "arm")
    base = {"FunctionName": name, "Role": ROLE, "PackageType": "Image"}
    invalid = "InvalidParameterValueException"

    def create(**settings):
        return refused(aws.create_function, **{**base, **settings})
    for uri in ("app:latest", "example.com/app:1", "oci:../plain", "oci:/etc", "oci:", "1.dkr.ecr.x.amazonaws.com/UPPER", "1.dkr.ecr.x.amazonaws.com/a@sha256:1"):
        assert create(Code={"ImageUri": uri}) == (invalid, f"Source image {uri} is not valid. Provide a valid source image."), uri
    for uri in ("oci:nothing", "oci:plain:other", "docker-archive:nothing.tar", "1.dkr.ecr.x.amazonaws.com/no/such:1", "layouts.example.com/none:1"):
        assert create(Code={"ImageUri": uri}) == (invalid, f"Source image {uri} does not exist. Provide a valid source image."), uri
    assert create(Code={"ImageUri": "oci:arm"}) == (invalid, "The image manifest, config or layer media type for the source image oci:arm is not supported.")
    assert create(Code={"ZipFile": b"x"}) == (invalid, "Please provide ImageUri when creating a function with packageType Image.")
    text = "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."
    for settings in ({"Runtime": "python3.12"}, {"Handler": "a.b"}, {"Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:x:1"]}):
        assert create(Code={"ImageUri": "oci:plain"}, **settings) == (invalid, text)
    code, text = create(Code={"ImageUri": "down.example.com/a:1"})
    assert code == invalid and text.startswith("Source image down.example.com/a:1 cannot be fetched: ") and "--registry-mirror" in text
    with pytest.raises(aws.exceptions.ResourceNotFoundException):
        aws.get_function(FunctionName=name)


def test_updates_of_the_wrong_kind(aws, create, directory, plain, functions, name):
    """A package takes the place of an image, or the other way round."""
    plain.write_layout(directory / "plain")
    image, package = create("oci:plain"), functions()
    invalid = "InvalidParameterValueException"
    assert refused(aws.update_function_code, FunctionName=image, ZipFile=b"x") == (
        invalid, "Please provide ImageUri when updating a function with packageType Image.")
    assert refused(aws.update_function_code, FunctionName=package, ImageUri="oci:plain") == (
        invalid, "Please don't provide ImageUri when updating a function with packageType Zip.")
    assert refused(aws.update_function_configuration, FunctionName=image, Handler="a.b")[0] == invalid
    assert refused(aws.update_function_configuration, FunctionName=package, ImageConfig={"Command": ["a"]})[0] == invalid
    answer = aws.update_function_code(FunctionName=image, ImageUri="oci:plain", DryRun=True)
    assert answer["CodeSha256"] == plain.digest[7:]
    aws.publish_version(FunctionName=image, CodeSha256=plain.digest[7:])


def test_unused_images_are_removed_at_start(directory, program, tmp_path):
    """Images that no function has any more stay for ever, or one that is used goes."""
    with Daemon() as daemon:
        aws = daemon.client("lambda")
        images = daemon.data_dir / "images"
        images.mkdir()
        base = [entry("bootstrap", program, 0o755)]
        for which in ("kept", "gone"):
            Image([base, [entry("which", which)]], {"Entrypoint": ["/bootstrap"]}).write_layout(images / which)
            aws.create_function(FunctionName=which, PackageType="Image", Code={"ImageUri": "oci:" + which}, Role=ROLE)
            await_state(aws, which, "Active")
        store = daemon.data_dir / "code"
        assert len(list(store.iterdir())) == 5  # three layers, two trees
        aws.delete_function(FunctionName="gone")
        daemon.stop()
        daemon.start()
        wait_until(lambda: len(list(store.iterdir())) == 3, 10, "unused layers and trees are still there")
        assert call(daemon.client("lambda"), "kept", {"read": "/which"})["read"] == "kept"
