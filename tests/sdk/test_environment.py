"""If these fail, code that looks around in its environment finds another one than on AWS (the reference, §2.2)."""
import json
import re

import pytest

from daemon import ACCOUNT, REGION
from invocations import call
from packages import make_zip

LOOK = """
import grp, http.client, os, pwd, resource, stat, sys

def limits():
    names = ("NOFILE", "NPROC", "MEMLOCK", "STACK", "CORE", "FSIZE", "DATA", "AS", "CPU")
    return {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in names}

def folder(path):
    status = os.stat(path)
    return [oct(stat.S_IMODE(status.st_mode)), status.st_uid, status.st_gid]

def metadata(token, method="GET"):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_METADATA_API"])
    connection.request(method, "/2026-01-15/metadata/execution-environment", headers={"Authorization": "Bearer " + token})
    answer = connection.getresponse()
    return [answer.status, answer.read().decode()]

def handler(event, context):
    token = os.environ["AWS_LAMBDA_METADATA_TOKEN"]
    return {
        "environment": dict(os.environ), "path": sys.path, "cwd": os.getcwd(), "limits": limits(), "umask": os.umask(0o22),
        "user": pwd.getpwuid(os.getuid()).pw_name, "group": os.getgid() == os.getuid(), "groups": os.getgroups(),
        "folders": {path: folder(path) for path in ("/", "/var/task", "/opt", "/tmp", "/var/runtime", "/dev/shm")},
        "processors": os.cpu_count() > 0, "descriptors": sorted(int(fd) for fd in os.listdir("/proc/self/fd"))[:3],
        "session": os.getsid(0) == os.getpid() or os.getsid(0) > 0, "hostname": os.uname().nodename, "machine": os.uname().machine,
        "metadata": [metadata(token), metadata("wrong"), metadata(token, "POST")]}
"""


@pytest.fixture(scope="module")
def seen(daemon):
    from conftest import Functions
    functions = Functions(daemon.client("lambda"))
    name = functions(LOOK, Environment={"Variables": {"OWN": "value"}}, MemorySize=256, Timeout=10)
    answer = call(functions.aws, name)
    assert answer.error == "", answer
    yield name, answer.payload
    functions.delete_all()


def test_variables_are_those_of_aws_and_no_others(seen):
    name, told = seen
    environment = told["environment"]
    exact = {
        "OWN": "value", "_HANDLER": "index.handler", "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}", "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "LAMBDA_TASK_ROOT": "/var/task", "LAMBDA_RUNTIME_DIR": "/var/runtime", "LANG": "en_US.UTF-8", "TZ": ":UTC", "PYTHONPATH": "/var/runtime",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin", "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000", "_AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1", "_AWS_XRAY_DAEMON_PORT": "2000",
        "AWS_LAMBDA_METADATA_API": "127.0.0.1:9001", "AWS_ENDPOINT_URL": "http://169.254.100.2"}
    forms = {
        "AWS_LAMBDA_LOG_STREAM_NAME": r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", "AWS_ACCESS_KEY_ID": r"ASIA[A-Z2-7]{16}",
        "AWS_SECRET_ACCESS_KEY": r"[A-Za-z0-9+/]{40}", "AWS_SESSION_TOKEN": r"[A-Za-z0-9+/=]{100,}", "AWS_LAMBDA_METADATA_TOKEN": r"[0-9a-f]{64}",
        "_X_AMZN_TRACE_ID": r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0.*"}
    assert {key: environment.get(key) for key in exact} == exact
    for key, form in forms.items():
        assert re.fullmatch(form, environment.get(key, "")), (key, environment.get(key))
    assert set(environment) == set(exact) | set(forms)


def test_paths_and_files(seen):
    _, told = seen
    assert told["cwd"] == "/var/task" and told["path"][0] == "/var/task" and "/opt/python" in told["path"]
    folders = told["folders"]
    for path in ("/var/task", "/opt", "/var/runtime"):
        assert folders[path][0] == "0o755", (path, folders)
    assert folders["/tmp"][0] == "0o1777" and told["umask"] == 0o22
    assert told["descriptors"] == [0, 1, 2]


def test_who_it_is(seen):
    _, told = seen
    assert told["user"] == "sbx_user1051" and told["group"] and set(told["groups"]) <= {993}
    assert re.fullmatch(r"169-254-\d+-\d+", told["hostname"]), told["hostname"]


def test_limits(seen):
    _, told = seen
    limits = told["limits"]
    assert limits["NOFILE"] == [1024, 1024] and limits["MEMLOCK"] == [65536, 65536] and limits["STACK"][0] == 8 << 20
    assert limits["NPROC"] == [1024, 1024] and limits["CORE"] in ([0, 0], [1, 1])  # at 1 the kernel runs no program for cores; docs/differences.md: AWS has 742, and core files
    for name in ("FSIZE", "DATA", "AS", "CPU"):
        assert limits[name] == [-1, -1], name


def test_the_metadata_endpoint(seen):
    _, told = seen
    good, wrong, posted = told["metadata"]
    assert good == [200, '{"AvailabilityZoneID":"use1-az1"}'] and wrong[0] == 401 and posted[0] == 405


@pytest.mark.parametrize("runtime, files, expected", [
    ("nodejs20.x", {"index.js": "exports.handler = async () => ({ ...process.env });"},
     {"NODE_PATH": "/opt/nodejs/node20/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task",
      "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs20.x", "PYTHONPATH": None, "NODE_OPTIONS": None}),
    ("ruby3.3", {"index.rb": "def handler(event:, context:) = ENV.to_h\n"},
     {"RUBYLIB": "/var/task:/var/runtime/lib:/opt/ruby/lib", "AWS_EXECUTION_ENV": "AWS_Lambda_ruby3.3", "PYTHONPATH": None}),
])
def test_variables_of_other_languages(aws, functions, runtime, files, expected):
    seen = call(aws, functions(make_zip(files), Runtime=runtime, MemorySize=256, Timeout=10)).payload
    assert {name: seen.get(name) for name in expected} == expected


def test_what_may_be_overridden_is_and_what_may_not_is_refused(aws, functions, name):
    own = {"LANG": "C.UTF-8", "TZ": "Europe/Berlin", "PATH": "/var/task/bin:/usr/bin", "PYTHONPATH": "/var/task/lib", "AWS_XRAY_CONTEXT_MISSING": "RUNTIME_ERROR",
           "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:3000", "LD_LIBRARY_PATH": "/var/task/lib"}
    code = "import os, time\ndef handler(event, context):\n    return {'zone': time.strftime('%Z', time.gmtime(0)) and time.tzname[0], **os.environ}\n"
    seen = call(aws, functions(code, Environment={"Variables": own})).payload
    assert {key: seen.get(key) for key in own} == own and seen["zone"] == "CET"
    for reserved in ("_HANDLER", "AWS_LAMBDA_FUNCTION_NAME", "AWS_SESSION_TOKEN", "LAMBDA_TASK_ROOT", "AWS_LAMBDA_METADATA_TOKEN"):
        with pytest.raises(aws.exceptions.ClientError) as refused:
            functions(Environment={"Variables": {reserved: "x"}}, name=name, wait=False)
        assert refused.value.response["Error"]["Code"] in ("InvalidParameterValueException", "ValidationException"), reserved


def test_versions_see_their_own_number(aws, functions):
    code = "import os\ndef handler(event, context):\n    return [os.environ['AWS_LAMBDA_FUNCTION_VERSION'], os.environ['AWS_LAMBDA_LOG_STREAM_NAME']]\n"
    name = functions(code)
    version = aws.publish_version(FunctionName=name)["Version"]
    aws.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=version, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    told, stream = call(aws, name, Qualifier=version).payload
    assert told == version and f"/[{version}]" in stream


def test_account_ids_are_told_nowhere_but_in_arns(seen):
    _, told = seen
    assert [key for key, value in told["environment"].items() if ACCOUNT in value] == []
    json.dumps(told)
