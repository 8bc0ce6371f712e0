"""If one of these fails, a function cannot use a file system that was configured for it, or is told something else than on AWS."""
import errno
import os
import shutil
import stat
import subprocess

import pytest
from botocore.exceptions import ClientError

from conftest import ROLE
from daemon import ACCOUNT, Daemon
from images import BOOTSTRAP, Image, compile_static, entry
from packages import make_zip

CODE = """
import os
def handler(event, context):
    path = event["path"]
    try:
        if "write" in event:
            with open(path, "w") as file:
                file.write(event["write"])
        return {"text": open(path).read(), "owner": os.stat(path).st_uid}
    except OSError as error:
        return {"error": error.errno}
"""


def arn(number):
    return f"arn:aws:elasticfilesystem:us-east-1:{ACCOUNT}:access-point/fsap-{number:017x}"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}
    for name, owner in (("data", 1234), ("read", 0)):
        made[name] = tmp_path_factory.mktemp("mounts") / name
        made[name].mkdir()
        os.chown(made[name], owner, owner)
        (made[name] / "hello").write_text("hello")
    made["data"].chmod(0o700)
    return made


@pytest.fixture(scope="module")
def daemon(folders):
    with Daemon("--file-system", f"{arn(1)}={folders['data']},uid=1234,gid=1234", "--file-system", f"{arn(2)}={folders['read']},ro",
                "--file-system", f"{arn(3)}={folders['data']}/not-there") as running:
        yield running


@pytest.fixture(scope="module")
def aws(daemon):
    return daemon.client("lambda")


def call(aws, name, **event):
    import json
    answer = aws.invoke(FunctionName=name, Payload=json.dumps(event))
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload


def test_two_functions_share_files(aws, functions, folders):
    """What a function writes is not there for another, or belongs to somebody else than the access point says."""
    configs = [{"Arn": arn(1), "LocalMountPath": "/mnt/shared.data"}]
    writer = functions(CODE, FileSystemConfigs=configs)
    reader = functions(CODE, FileSystemConfigs=[{"Arn": arn(1), "LocalMountPath": "/mnt/other"}])
    assert call(aws, writer, path="/mnt/shared.data/file", write="content") == {"text": "content", "owner": 993}
    assert call(aws, reader, path="/mnt/other/file") == {"text": "content", "owner": 993}
    status = (folders["data"] / "file").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 1234, 0o644)
    assert aws.get_function_configuration(FunctionName=writer)["FileSystemConfigs"] == configs
    # An update takes it away, and gives another.
    aws.update_function_configuration(FunctionName=writer, FileSystemConfigs=[])
    aws.get_waiter("function_updated_v2").wait(FunctionName=writer, WaiterConfig={"Delay": 0.1})
    assert call(aws, writer, path="/mnt/shared.data/file") == {"error": 2}
    assert "FileSystemConfigs" not in aws.get_function_configuration(FunctionName=writer)
    aws.update_function_configuration(FunctionName=writer, FileSystemConfigs=[{"Arn": arn(2), "LocalMountPath": "/mnt/ro"}])
    aws.get_waiter("function_updated_v2").wait(FunctionName=writer, WaiterConfig={"Delay": 0.1})
    assert call(aws, writer, path="/mnt/ro/hello") == {"text": "hello", "owner": 0}
    assert call(aws, writer, path="/mnt/ro/new", write="x") == {"error": 30}


def test_in_an_image(aws, daemon, folders, name, tmp_path):
    """A function whose code is an image does not get its file system."""
    images = daemon.data_dir / "images"
    images.mkdir(exist_ok=True)
    program = compile_static(BOOTSTRAP, tmp_path / "bootstrap")
    Image([[entry("bootstrap", program, 0o755), entry("mnt/image", "of the image")]], {"Entrypoint": ["/bootstrap"]}).write_layout(images / "mounting")
    for config, listed in (([{"Arn": arn(1), "LocalMountPath": "/mnt/x"}], ["x"]), ([], ["image"])):
        aws.create_function(FunctionName=name, PackageType="Image", Code={"ImageUri": "oci:mounting"}, Role=ROLE, FileSystemConfigs=config)
        aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1})
        assert call(aws, name, list="/mnt")["list"] == listed
        if config:
            assert call(aws, name, write="/mnt/x/of-image")["write"] == 0
            assert (folders["data"] / "of-image").stat().st_uid == 1234
        aws.delete_function(FunctionName=name)


def test_errors(aws, functions, name):
    """An access point that is not there is taken, or is reported in other words than AWS's."""
    request = {"FunctionName": name, "Runtime": "python3.11", "Handler": "index.handler", "Role": ROLE, "Code": {"ZipFile": make_zip(CODE)}}

    def refused(config):
        with pytest.raises(ClientError) as error:
            aws.create_function(**request, FileSystemConfigs=[config])
        return error.value.response["Error"]
    assert refused({"Arn": arn(9), "LocalMountPath": "/mnt/x"})["Code"] == "InvalidParameterValueException"
    assert refused({"Arn": arn(1), "LocalMountPath": "/mnt/.."})["Code"] == "InvalidParameterValueException"
    assert refused({"Arn": arn(1), "LocalMountPath": "/srv/x"})["Code"] == "ValidationException"
    assert refused({"Arn": "arn:aws:s3:::x", "LocalMountPath": "/mnt/x"})["Code"] == "ValidationException"
    function = functions(CODE, FileSystemConfigs=[{"Arn": arn(3), "LocalMountPath": "/mnt/x"}])
    with pytest.raises(aws.exceptions.EFSMountFailureException) as error:
        aws.invoke(FunctionName=function, Payload="{}")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_configuration_that_goes(functions, folders, tmp_path_factory):
    """A function whose access point was taken out of the configuration runs without it, or a restart forgets the mount."""
    settings = ["--file-system", f"{arn(1)}={folders['data']},uid=1234,gid=1234"]
    with Daemon(*settings) as daemon:
        aws = daemon.client("lambda")
        aws.create_function(FunctionName="f", Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(CODE)},
                            FileSystemConfigs=[{"Arn": arn(1), "LocalMountPath": "/mnt/x"}])
        daemon.stop()
        daemon.start()
        assert call(daemon.client("lambda"), "f", path="/mnt/x/new", write="y") == {"text": "y", "owner": 993}
        daemon.stop()
        daemon.arguments = []
        daemon.start()
        aws = daemon.client("lambda")
        with pytest.raises(aws.exceptions.EFSMountFailureException):
            aws.invoke(FunctionName="f", Payload="{}")


STAT = r"""
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
extern "C" int stat(const char* path, struct stat* status) noexcept {
  using Stat = int (*)(const char*, struct stat*);
  static const Stat real = reinterpret_cast<Stat>(dlsym(RTLD_NEXT, "stat"));
  const char* at = strstr(path, "/server-");
  if (!at) return real(path, status);
  errno = atoi(at + 8);
  if (errno == 0) for (;;) pause();
  return -1;
}
"""


def test_servers_that_do_not_answer(name, tmp_path, monkeypatch):
    """A directory whose server is slow, gone or broken keeps the daemon from starting, or its functions are told something else than on AWS.

    The C library's stat answers for the server: what an NFS client gives for a server that has gone is not to be had in a test.
    """
    compiler = shutil.which("clang++-19") or shutil.which("g++") or shutil.which("c++")
    subprocess.run([compiler, "-shared", "-fPIC", "-x", "c++", "-o", tmp_path / "stat.so", "-"], input=STAT, text=True, check=True)
    servers = [(0, "EFSMountTimeoutException", 408), (errno.ETIMEDOUT, "EFSMountTimeoutException", 408), (errno.EHOSTUNREACH, "EFSMountConnectivityException", 408),
               (errno.ECONNREFUSED, "EFSMountConnectivityException", 408), (errno.EIO, "EFSIOException", 410), (errno.ESTALE, "EFSMountConnectivityException", 408),
               (errno.EACCES, "EFSMountFailureException", 403)]
    settings = [part for number, (error, _, _) in enumerate(servers) for part in ("--file-system", f"{arn(number)}=/server-{error}")]
    with Daemon(*settings) as daemon:
        daemon.stop()
        with monkeypatch.context() as patch:
            patch.setenv("LD_PRELOAD", str(tmp_path / "stat.so"))
            daemon.start()
        aws = daemon.client("lambda")
        for number, (error, code, status) in enumerate(servers):
            aws.create_function(FunctionName=f"{name}-{number}", Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(CODE)},
                                FileSystemConfigs=[{"Arn": arn(number), "LocalMountPath": "/mnt/x"}])
            with pytest.raises(ClientError) as refused:
                aws.invoke(FunctionName=f"{name}-{number}", Payload="{}")
            answer = refused.value.response
            assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status), os.strerror(error)


@pytest.mark.parametrize("setting", ["", "x=/tmp", "arn:aws:elasticfilesystem:us-east-1:1:access-point/fsap-1=relative", f"{arn(1)}=/tmp,uid=99999", f"{arn(1)}=/tmp,what"])
def test_bad_settings(setting):
    """The daemon starts with a setting that it does not understand."""
    with pytest.raises(AssertionError, match="expected ARN=/directory"):
        with Daemon("--file-system", setting):
            pass
