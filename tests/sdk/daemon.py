"""Runs a real daemon for a test, and proves that nothing of it is left behind.

    with Daemon() as daemon:
        daemon.client("lambda").list_functions()

Leaving the block sends SIGTERM, and fails when the daemon does not end with 0, or leaves a process, cgroup, mount, network
interface or named network namespace.
"""
import base64
import ctypes
import hashlib
import http.client
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("MAYFLY_BIN", ROOT / "build" / "release" / "bin"))
READY_SECONDS = 30
END_SECONDS = 60
PR_SET_CHILD_SUBREAPER = 36
ACCOUNT = "000000000000"
REGION = "us-east-1"


def skip_without_daemon(items, folder):
    """For pytest_collection_modifyitems: marks the tests below `folder` where no daemon can be run."""
    import pytest
    missing = None
    if os.geteuid() != 0:
        missing = "the daemon needs root to make sandboxes"
    elif not (BIN / "mayfly").exists() and os.environ.get("CI") != "true":
        missing = f"{BIN}/mayfly is not built: run ./dev build"
    for item in items if missing else []:
        if folder in Path(item.fspath).parents:
            item.add_marker(pytest.mark.skip(reason=missing))


@dataclass
class Answer:
    """What the wire showed."""
    status: int
    headers: dict  # names in lower case
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.headers.get("x-amzn-errortype", "").split(":")[0]

    def __str__(self):
        return f"{self.status} {self.headers}\n{self.body[:2000]!r}"


def wait_until(condition, seconds, what):
    """Polls, because the kernel and other processes tell nobody when they are done."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"after {seconds} s: {what}"
        time.sleep(0.02)


def read(path):
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def children_of(pid):
    found = []
    try:
        tasks = list(Path(f"/proc/{pid}/task").glob("*/children"))
    except OSError:
        return found  # it has ended meanwhile
    for task in tasks:
        found.extend(int(child) for child in read(task).split())
    return found


def descendants_of(pid):
    found, queue = set(), [pid]
    while queue:
        for child in children_of(queue.pop()):
            if child not in found:
                found.add(child)
                queue.append(child)
    return found


def cgroups_of(pids):
    """Folders mayfly-<instance>.<pid>.… in all hierarchies that were made by one of `pids`."""
    found = set()
    # os.walk passes over folders of other daemons that go meanwhile.
    for parent, folders, _ in os.walk("/sys/fs/cgroup"):
        for folder in folders:
            match = re.match(r"mayfly-[a-z0-9-]+\.(\d+)\.", folder)
            if match and int(match[1]) in pids:
                found.add(os.path.join(parent, folder))
    return found


def mounts():
    return {line.split(" ")[4] for line in read("/proc/self/mountinfo").splitlines()}


def kernel_names():
    interfaces = set(os.listdir("/sys/class/net"))
    namespaces = set(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else set()
    return interfaces, namespaces


class Daemon:
    running = set()  # process ids of the daemons of this test run

    def __init__(self, *arguments, auth="open", data_dir=None):
        self.arguments = list(arguments)
        if auth == "strict" and "--iam" not in arguments:
            self.arguments += ["--iam", "open"]  # most tests of who may call are about no policy; those that are say it
        self.auth = auth
        # Not below pytest's own folders: those are closed to the user that the daemon becomes.
        self.folder = None if data_dir else tempfile.mkdtemp(prefix="mayfly-test-")
        self.data_dir = Path(data_dir or Path(self.folder) / "data")
        self.process = None
        self.log = None
        self.url = ""

    # --- life ---------------------------------------------------------------------------------------------------------

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise

    def __exit__(self, kind, error, trace):
        try:
            if self.process and self.process.poll() is None:
                self.stop(check=kind is None)
        finally:
            if self.process and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.log.close()
            if self.folder:
                shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        # Orphans of the daemon come to us instead of init: that is how a left process is seen.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.before = (mounts(), kernel_names())
        self.children_before = set(children_of(os.getpid()))
        if not self.log:  # one for all its starts
            self.log = tempfile.NamedTemporaryFile(prefix="mayfly-log-")
        command = [str(BIN / "mayfly"), "serve", "--listen", "127.0.0.1:0", "--data-dir", str(self.data_dir), "--auth", self.auth]
        self.process = subprocess.Popen(command + self.arguments, stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL)
        Daemon.running.add(self.process.pid)
        self.url = self.wait_ready()
        self.pids = descendants_of(self.process.pid) | {self.process.pid}
        return self

    def wait_ready(self):
        end = time.monotonic() + READY_SECONDS
        line = b""
        while not line.endswith(b"\n"):
            left = end - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(left, 0))
            piece = os.read(self.process.stdout.fileno(), 1) if ready else b""
            if not piece:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"the daemon did not get ready: {line!r}\n{self.log_text()}")
            line += piece
        match = re.fullmatch(r"ready (http://127\.0\.0\.1:\d+)\n", line.decode())
        assert match, f"not the ready line: {line!r}"
        return match[1]

    def stop(self, check=True):
        """SIGTERM, then the proof that nothing is left."""
        self.pids |= descendants_of(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the daemon did not end within {END_SECONDS} s of SIGTERM\n{self.log_text()}") from None
        if check:
            assert code == 0, f"the daemon ended with {code}\n{self.log_text()}"
            self.check_nothing_left()

    def kill(self):
        """kill -9, as a crash does it. The jail ends by itself."""
        self.pids |= descendants_of(self.process.pid)
        self.process.kill()
        self.process.wait()

    def check_nothing_left(self):
        def left():
            # Reap what was reparented to us and is dead already.
            for pid in set(children_of(os.getpid())) - self.children_before - Daemon.running:
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    pass
            strangers = set(children_of(os.getpid())) - self.children_before - Daemon.running
            processes = {pid: read(f"/proc/{pid}/cmdline").replace("\0", " ") for pid in strangers}
            groups = cgroups_of(self.pids)
            new_mounts = {path for path in mounts() - self.before[0] if "mayfly" in path or path.startswith("/run/netns")}
            interfaces, namespaces = kernel_names()
            new_names = {name for name in namespaces - self.before[1][1] if name.startswith("mayfly")} | (interfaces & {self.link()})
            return [f"{what}: {found}" for what, found in (("processes", processes), ("cgroups", groups), ("mounts", new_mounts),
                                                           ("interfaces or namespaces", new_names)) if found]
        end = time.monotonic() + 10
        while found := left():
            assert time.monotonic() < end, f"the daemon left behind {'; '.join(found)}\n{self.log_text()}"
            time.sleep(0.05)

    def link(self):
        """The name of its link in the machine's network; other daemons have others."""
        return "mf-" + hashlib.sha256(os.path.realpath(self.data_dir).encode()).hexdigest()[:8]

    def log_text(self):
        return "--- the daemon's log ends with\n" + read(self.log.name)[-4000:]

    # --- talking to it --------------------------------------------------------------------------------------------------

    def client(self, service="lambda", key="test", secret="test", region=REGION, token=None, **config):
        """An unmodified boto3 client. Without retries, so that a test sees every error once."""
        config = {"retries": {"total_max_attempts": 1}, "read_timeout": 120, "max_pool_connections": 60, **config}
        return boto3.client(service, endpoint_url=self.url, region_name=region, aws_access_key_id=key, aws_secret_access_key=secret,
                            aws_session_token=token, config=Config(**config))

    def clock(self):
        """Where the daemon's calendar stands."""
        answer = self.send("GET", "/_mayfly/clock")
        assert answer.status == 200, str(answer)
        return answer.json

    def now(self):
        """The time that the daemon writes down, in seconds since 1970; tests that share it move it."""
        return self.clock()["epoch_seconds"]

    def advance(self, seconds):
        """Moves the daemon's calendar forward, instead of waiting: retries, schedules, visibility and retention follow. It is moved for
        everybody who uses this daemon."""
        answer = self.send("POST", "/_mayfly/clock", json.dumps({"advance_seconds": seconds}))
        assert answer.status == 200, str(answer)
        return answer.json

    def raw(self, method, target, body=b"", headers=None, sign=("test", "test"), region=REGION, service="lambda"):
        """One HTTP request just as given; signed with SigV4 unless `sign` is None."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        body = body.encode() if isinstance(body, str) else body
        headers = dict(headers or {})
        if sign:
            request = AWSRequest(method=method, url=self.url + target, data=body, headers=headers)
            SigV4Auth(Credentials(*sign), service, region).add_auth(request)
            headers = dict(request.headers.items())
        return self.send(method, target, body, headers)

    def send(self, method, target, body=b"", headers=None):
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        finally:
            connection.close()


def sha256_base64(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()
