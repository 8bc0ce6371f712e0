"""What tests of security and of crashes need beside the plain daemon of tests/sdk/daemon.py: which processes, cgroups, mounts and
namespaces of this machine belong to it, and functions that are called in one line."""

import glob
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "sdk"))

from daemon import Daemon, children_of, descendants_of  # noqa: E402
from packages import FULL_CPU_MIB  # noqa: E402

ROLE = "arn:aws:iam::000000000000:role/tests"
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


class WatchedDaemon(Daemon):
    """A Daemon that knows what belongs to it. After kill() it may be started again on the same data directory."""

    ready_seconds = 0.0  # from exec to the line `ready`
    footprint = None

    def start(self):
        started = time.monotonic()
        super().start()
        self.ready_seconds = time.monotonic() - started
        self.footprint = Footprint(self.process.pid, self.data_dir)
        self._clients = {}
        return self

    def kill(self):
        self.footprint.refresh()
        super().kill()

    def stop(self, check=True):
        self.footprint.refresh()
        super().stop(check)
        left = self.footprint.wait_until_clean()
        assert left == [], "the daemon left behind %s\n%s" % (left, self.log_text())

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    def account(self, account="000000000000", **settings):
        """A Lambda client of one account: an access key of twelve digits names it."""
        key = (account, tuple(sorted(settings.items())))
        if key not in self._clients:
            self._clients[key] = self.client("lambda", key=account, **settings)
        return self._clients[key]

    def health(self):
        """The answer of GET /_mayfly/health; fails the test unless it is 200 with status ok."""
        answer = self.send("GET", "/_mayfly/health")
        assert answer.status == 200 and answer.json["status"] == "ok", str(answer)
        return answer.json

    def status(self):
        answer = self.send("GET", "/_mayfly/status")
        assert answer.status == 200, str(answer)
        return answer.json

    def resident_mib(self):
        """Memory of the daemon process alone."""
        return resident_mib(self.process.pid)

    def open_descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def cage_processes(self):
        """Pids, as this machine sees them, of everything that runs in cages."""
        return [pid for pid in all_pids() if self.footprint.is_caged(pid)]


class Function(object):
    """One function of a daemon."""

    def __init__(self, client, name):
        self.client = client
        self.name = name

    @staticmethod
    def create(client, name, package, handler="function.handler", runtime="python3.11", **settings):
        settings = {"MemorySize": FULL_CPU_MIB, **settings}
        client.create_function(FunctionName=name, Runtime=runtime, Role=ROLE, Handler=handler, Code={"ZipFile": package}, **settings)
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
        return Function(client, name)

    def invoke(self, event=None, **parameters):
        """(function error or None, payload as an object)."""
        answer = self.client.invoke(FunctionName=self.name, Payload=json.dumps(event).encode(), **parameters)
        body = answer["Payload"].read()
        return answer.get("FunctionError"), json.loads(body) if body else None

    def call(self, event=None):
        """The payload; an error of the function fails the test."""
        error, payload = self.invoke(event)
        assert error is None, payload
        return payload

    def delete(self):
        self.client.delete_function(FunctionName=self.name)


# --- processes of this machine ---

def read(path):
    """The text of a file that may go away at any time; names of processes may be any bytes."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def start_time(pid):
    """With the pid it names a process for good; None when there is none (a zombie counts as none)."""
    fields = read("/proc/%d/stat" % pid).rpartition(")")[2].split()
    return None if not fields or fields[0] in "ZX" else int(fields[19])


def resident_mib(pid):
    for line in read("/proc/%d/status" % pid).splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


def command_name(pid):
    return read("/proc/%d/comm" % pid).strip()


def _namespaces(pid):
    found = set()
    for kind in NAMESPACES:
        try:
            found.add(os.readlink("/proc/%d/ns/%s" % (pid, kind)))
        except OSError:
            pass
    return found


def reap_orphans():
    """Does what a machine's init does: a Daemon makes this process the reaper of what daemons leave. Daemons themselves are waited for by
    those who started them."""
    for pid in children_of(os.getpid()):
        if command_name(pid) != "mayfly":
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass


class Footprint(object):
    """What belongs to one run of a daemon: the end of its cgroups' names, its processes, its namespaces.

    Other daemons may run on the machine at the same time: nothing of theirs is counted.
    """

    def __init__(self, pid, data_directory):
        self.pid = pid
        self.data_directory = str(data_directory)
        # Its helpers have its name too and, where process numbers have wrapped around, lower ones: they are no children of the daemon.
        jails = [child for child in children_of(pid) if command_name(child) == "mayfly-jail"]
        assert len(jails) == 1, "the daemon has %d mayfly-jail" % len(jails)
        self.jail_pid = jails[0]
        self.cgroup = ".%d.%d" % (self.jail_pid, start_time(self.jail_pid))
        self.processes = set()
        self.namespaces = set()
        self.refreshed = 0  # when, in clock ticks since boot
        self.refresh()

    def refresh(self):
        """Adds what lives now. Call it right before the daemon ends."""
        self.refreshed = int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))
        own = _namespaces(os.getpid())
        for pid in descendants_of(self.pid) | {self.pid}:
            started = start_time(pid)
            if started is not None:
                self.processes.add((pid, started))
                self.namespaces |= _namespaces(pid) - own

    def is_caged(self, pid):
        return self.cgroup in read("/proc/%d/cgroup" % pid)

    def owns(self, pid, started):
        return (pid, started) in self.processes or self.is_caged(pid)

    def left(self, successor=None):
        """What still exists, one text each; empty when all is clean. What belongs to the footprint `successor`, a later daemon on the same
        data directory, does not count."""
        found, namespaces, mounts, successors = [], set(), {}, set()
        orphans = descendants_of(os.getpid())  # what a daemon leaves comes to us
        for pid in all_pids():
            started = start_time(pid)
            if started is None:
                continue
            if successor and successor.owns(pid, started):
                successors |= _namespaces(pid)
                continue
            if self.owns(pid, started):
                found.append("process %d %s" % (pid, command_name(pid)))
            its_namespaces = _namespaces(pid)
            # The kernel gives the numbers of namespaces again: a younger process has another one, and so have those of other trees.
            namespaces |= its_namespaces if started <= self.refreshed and pid in orphans else set()
            for name in its_namespaces:
                if name.startswith("mnt:"):
                    mounts.setdefault(name, pid)
        for name, pid in mounts.items():
            found += ["mount seen by %d: %s" % (pid, line) for line in read("/proc/%d/mountinfo" % pid).splitlines() if self.data_directory in line]
        found += ["namespace " + name for name in sorted((namespaces & self.namespaces) - successors)]
        for folder, names, _ in os.walk("/sys/fs/cgroup"):
            found += ["cgroup %s/%s" % (folder, name) for name in names if name.startswith("mayfly-") and name.endswith(self.cgroup)]
        found += ["loop device " + path for path in glob.glob("/sys/block/loop*/loop/backing_file") if self.data_directory in read(path)]
        return found

    def wait_until_clean(self, seconds=15, successor=None):
        """What is left after at most `seconds`: the kernel tells nobody when it has torn down a namespace."""
        end = time.monotonic() + seconds
        while True:
            if successor:
                successor.refresh()
            reap_orphans()
            found = self.left(successor)
            if not found or time.monotonic() > end:
                return found
            time.sleep(0.1)
