"""The stage of the attacks: a daemon, an attacker and a victim in different accounts, a canary that must always sing.

After every test the daemon must be healthy and the canary's answer right; after every module nothing of the daemon may be left.
"""

import inspect
import os
import random
import secrets
import shutil
import subprocess
import tempfile
import textwrap
from pathlib import Path

import pytest

import watched_daemon  # finds the next two  # noqa: F401
from daemon import BIN
from packages import make_zip
from watched_daemon import Function, WatchedDaemon

HERE = Path(__file__).resolve().parent
ATTACKER_ACCOUNT = "111111111111"
VICTIM_ACCOUNT = "222222222222"
ATTACKER_FILES = {"function.py": (HERE / "attacker" / "function.py").read_text()}

CANARY = """
def handler(event, context):
    return {"sum": event["a"] + event["b"]}
"""

VICTIM = """
import ctypes, os, secrets, socket, marker_of_the_victim

instance = secrets.token_hex(8)
in_memory = bytearray(os.environ["SECRET"].encode() * 1000)
abstract = socket.socket(socket.AF_UNIX)
abstract.bind("\\0mayfly-victim")
abstract.listen()
libc = ctypes.CDLL(None, use_errno=True)
shared = libc.shmget(4242, 4096, 0o1666)

def handler(event, context):
    for path in ("/tmp/secret", "/dev/shm/secret"):
        with open(path, "w") as file:
            os.fchmod(file.fileno(), 0o666)
            file.write(os.environ["SECRET"])
    return {"instance": instance, "request_id": context.aws_request_id, "shared": shared, "code": marker_of_the_victim.CODE,
            "cage": os.readlink("/proc/self/ns/pid")}
"""


class Attacker(object):
    """A function that runs what tests send it."""

    def __init__(self, function):
        self.function = function

    def run(self, attempt, **arguments):
        """`attempt` is a Python function; its source runs inside the cage, with the tools of attacker/function.py in scope."""
        error, payload = self.invoke(attempt, **arguments)
        assert error is None, payload
        return payload

    def invoke(self, attempt, **arguments):
        source = textwrap.dedent(inspect.getsource(attempt))
        return self.function.invoke({"source": source, "name": attempt.__name__, "arguments": arguments})

    def evaluate(self, expression):
        """The value of one expression inside the cage."""
        return self.function.call({"source": "def attempt():\n    return " + expression, "name": "attempt", "arguments": {}})


class RawCaller(object):
    """A static C program that makes one raw system call per invocation."""

    def __init__(self, function):
        self.function = function

    def call(self, text):
        """(result, None) or (None, name of the errno)."""
        import errno
        answer = self.function.call(text)
        return answer.get("result"), errno.errorcode.get(answer["errno"], answer["errno"]) if "errno" in answer else None


@pytest.fixture(scope="module")
def daemon():
    if os.geteuid() != 0:
        pytest.skip("the daemon needs root to make sandboxes")
    if not (BIN / "mayfly").exists():
        pytest.fail("%s/mayfly is not built: run ./dev build" % BIN, pytrace=False)
    with WatchedDaemon() as running:
        (running.data_dir / "secret").write_text("the daemon's secret")
        yield running


def make_attacker(daemon, name, account=ATTACKER_ACCOUNT, **settings):
    settings = {"MemorySize": 1024, "Timeout": 30, **settings}
    return Attacker(Function.create(daemon.account(account), name, make_zip(ATTACKER_FILES), **settings))


@pytest.fixture(scope="module")
def attacker(daemon):
    """Python, forked from a zygote."""
    return make_attacker(daemon, "attacker")


@pytest.fixture(scope="module")
def booted_attacker(daemon):
    """Python, booted by exec: the variable is one that an interpreter reads at boot."""
    return make_attacker(daemon, "booted-attacker", Environment={"Variables": {"PYTHONHASHSEED": "0"}})


@pytest.fixture
def own_attacker(daemon):
    """own_attacker(**settings): an attacker of the test's own, for attempts that wreck it."""
    made = []

    def make(**settings):
        made.append(make_attacker(daemon, "attacker-" + secrets.token_hex(4), **settings))
        return made[-1]

    yield make
    for one in made:
        one.function.delete()


@pytest.fixture
def neighbour(daemon):
    """An attacker of the test's own, in the victim's account."""
    made = make_attacker(daemon, "neighbour-" + secrets.token_hex(4), VICTIM_ACCOUNT)
    yield made
    made.function.delete()


class Victim(object):
    """A function with secrets, idle but alive."""

    def __init__(self, daemon, function, secret, code):
        self.daemon = daemon
        self.function = function
        self.secret = secret
        self.code = code
        self.first = function.call()
        self.pids = [pid for pid in daemon.cage_processes() if self._is_mine(pid)]
        assert len(self.pids) >= 2, "the victim's processes are not to be found"

    def _is_mine(self, pid):
        try:
            return os.readlink("/proc/%d/ns/pid" % pid) == self.first["cage"]
        except OSError:
            return False

    def check(self):
        """It still answers rightly, and from the same environment: nobody has killed or changed it."""
        answer = self.function.call()
        assert answer["instance"] == self.first["instance"]
        assert answer["code"] == self.code


@pytest.fixture(scope="module")
def victim(daemon):
    secret, code = secrets.token_hex(16), secrets.token_hex(16)
    package = make_zip({"function.py": VICTIM, "marker_of_the_victim.py": "CODE = '%s'\n" % code})
    function = Function.create(daemon.account(VICTIM_ACCOUNT), "victim", package, Environment={"Variables": {"SECRET": secret}})
    return Victim(daemon, function, secret, code)


@pytest.fixture(scope="session")
def raw_program():
    """The static C program."""
    folder = tempfile.mkdtemp(prefix="mayfly-raw-")
    program = Path(folder, "bootstrap")
    compiler = shutil.which("cc") or shutil.which("clang-19")
    assert compiler, "a C compiler is needed (./dev installs one)"
    subprocess.run([compiler, "-O1", "-static", "-o", program, HERE / "attacker" / "raw_calls.c"], check=True)
    yield program.read_bytes()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def raw_caller(daemon, raw_program):
    package = make_zip({"bootstrap": raw_program}, mode=0o755)
    return RawCaller(Function.create(daemon.account(ATTACKER_ACCOUNT), "raw", package, runtime="provided.al2023", Timeout=10))


@pytest.fixture(scope="module")
def canary(daemon):
    return Function.create(daemon.account("333333333333"), "canary", make_zip({"function.py": CANARY}))


@pytest.fixture(autouse=True)
def all_is_well_afterwards(daemon, canary):
    """Whatever a test did: the daemon is healthy, and another function answers rightly."""
    yield
    daemon.health()
    a, b = random.randrange(1 << 30), random.randrange(1 << 30)
    assert canary.call({"a": a, "b": b}) == {"sum": a + b}
