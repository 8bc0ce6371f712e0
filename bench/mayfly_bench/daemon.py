"""A real daemon in a temporary folder, as each benchmark wants it, and the few calls that they make."""

import base64
import json
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

from . import machine, signing
from .http_connection import Connection
from .programs import program

ROLE = "arn:aws:iam::000000000000:role/bench"
FUNCTIONS = "/2015-03-31/functions"
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
READY_SECONDS = 60
END_SECONDS = 60


class Daemon:
    """`with Daemon("--isolation", "exec") as daemon:`; it has ended, and its folder is gone, after the block."""

    def __init__(self, *arguments, auth="open"):
        self._arguments = arguments
        self._auth = auth
        self._key = None

    def __enter__(self):
        # Of its own user, because that user must reach the data below.
        self._folder = Path(tempfile.mkdtemp(prefix="mayfly-bench-"))
        self._folder.chmod(0o755)
        self._log = open(self._folder / "log", "wb")
        return self._start()

    def _start(self):
        command = [program("mayfly"), "serve", "--listen", "127.0.0.1:0", "--data-dir", str(self._folder / "data"), "--auth", self._auth,
                   "--requests-per-concurrency", "0"]  # AWS's 10,000 a second are below what is measured
        self._process = subprocess.Popen([*command, *self._arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log)
        begin = time.monotonic()
        try:
            self.port = self._wait_ready()
            self.ready_seconds = time.monotonic() - begin
            self._connection = Connection(self.port)
            if self._auth == "strict":
                self._make_role()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_):
        self._connection.close()
        self._end()

    @property
    def data_directory(self):
        return self._folder / "data"

    def restart(self, change):
        """Ends the daemon, calls change(its data directory), and starts it again."""
        self._connection.close()
        self._stop()
        change(self._folder / "data")
        self._start()

    @property
    def pid(self):
        return self._process.pid

    def _wait_ready(self):
        ready, _, _ = select.select([self._process.stdout], [], [], READY_SECONDS)
        line = self._process.stdout.readline().decode() if ready else ""
        found = re.fullmatch(r"ready http://127\.0\.0\.1:(\d+)\n", line)
        if not found:
            raise RuntimeError(f"the daemon did not get ready: {line!r}\n{machine.read(self._folder / 'log')[-2000:]}")
        return int(found[1])

    def _end(self):
        self._stop()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _stop(self):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process.stdout.close()

    def _make_role(self):
        """In strict mode a function's role must be there, and trust Lambda."""
        is_first = self._key is None
        self._key = json.loads((self._folder / "data" / "access-keys.json").read_text())["keys"][0]
        if not is_first:
            return
        form = {"Action": "CreateRole", "Version": "2010-05-08", "RoleName": ROLE.rsplit("/", 1)[1], "AssumeRolePolicyDocument": json.dumps(TRUST)}
        status, _, answer = self._connection.exchange(self.request("POST", "/", urllib.parse.urlencode(form).encode(), service="iam", kind="application/x-www-form-urlencoded"))
        if status != 200:
            raise RuntimeError(f"CreateRole: {status} {answer[:500]!r}")

    # --- requests ---

    def request(self, method, path, body=b"", service=signing.SERVICE, kind="application/json"):
        """The bytes of one request: with a signature that is valid now (strict), or one that nobody checks (open)."""
        host = f"127.0.0.1:{self.port}"
        headers = {"Host": host, "Content-Type": kind, "User-Agent": "mayfly-bench"}
        if self._key:
            headers.update(signing.sign(method, path, host, body, self._key["access_key_id"], self._key["secret_access_key"], service))
        else:
            headers.update({"x-amz-date": "20260101T000000Z", "Authorization": signing.UNCHECKED})
        if body:
            headers["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body

    def call(self, method, path, body=None):
        """The answer's JSON. Anything but 2xx ends the benchmark: a wrong answer must not look fast."""
        data = json.dumps(body).encode() if body is not None else b""
        status, head, answer = self._connection.exchange(self.request(method, path, data))
        if not 200 <= status < 300 or b"x-amz-function-error" in head.lower():
            raise RuntimeError(f"{method} {path}: {status} {answer[:500]!r}\n{machine.read(self._folder / 'log')[-1000:]}")
        return json.loads(answer) if answer else None

    def invocation(self, name, payload):
        return self.request("POST", f"{FUNCTIONS}/{name}/invocations", payload)

    def invoke(self, name, event):
        return self.call("POST", f"{FUNCTIONS}/{name}/invocations", event)

    def create_function(self, name, package, memory_mib=1769):
        """Waits until the function is Active. `package` is of packages.py."""
        self.call("POST", FUNCTIONS, create_parameters(name, package, memory_mib))
        end = time.monotonic() + 30
        while self.call("GET", f"{FUNCTIONS}/{name}/configuration")["State"] != "Active":
            if time.monotonic() > end:
                raise RuntimeError(f"{name} does not become Active")
            time.sleep(0.002)

    def delete_function(self, name):
        self.call("DELETE", f"{FUNCTIONS}/{name}")

    def environments_started(self):
        return self.call("GET", "/_mayfly/status")["environments_started"]

    # --- its processes ---

    def cpu_seconds(self):
        return machine.cpu_seconds(self.pid)

    def cages(self):
        """{cage: its pids} of sandboxes in which something runs; those made ahead hold mayfly-init alone."""
        found = {}
        for pid in machine.descendants(self.pid):
            cage = re.search(r"/mayfly-\S+/(cage-\d+)", machine.read(f"/proc/{pid}/cgroup"))
            if cage:
                found.setdefault(cage[1], []).append(pid)
        return {cage: pids for cage, pids in found.items() if any(machine.command(pid) != "mayfly-init" for pid in pids)}


def create_parameters(name, package, memory_mib):
    return {"FunctionName": name, "Runtime": package.runtime, "Handler": package.handler, "Role": ROLE, "MemorySize": memory_mib,
            "Timeout": 60, "Code": {"ZipFile": base64.b64encode(package.zip_bytes).decode()}}
