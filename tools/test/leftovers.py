"""What tests have left on this machine: processes, cgroups, mounts, named namespaces, interfaces, loop devices and files in /tmp.

Other daemons and other test runs may be on the machine; nothing of theirs counts. Ours are known by a mark in the environment of every
process that we start, and cgroups by the jail that made them, whose process id is in their names: a thread looks for them.
"""
import glob
import os
import re
import secrets
import threading
import time

MARK = "MAYFLY_TEST_RUN"
LOOK_EVERY_SECONDS = 0.5
PATIENCE_SECONDS = 15  # the kernel tells nobody when it has torn something down
NOT_OURS = re.compile(r"hsperfdata_\w+$")  # every JVM of a user makes this folder and leaves it
CGROUP = re.compile(r"mayfly-[a-z0-9-]+\.(\d+)\.")


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _cgroups():
    """{(path, name, pid of its maker)} of what Mayfly has made in all hierarchies."""
    found = set()
    for parent, folders, _ in os.walk("/sys/fs/cgroup"):
        for folder in folders:
            match = CGROUP.match(folder)
            if match:
                found.add((os.path.join(parent, folder), int(match[1])))
    return found


def _mounts():
    return {line.split(" ")[4] for line in _read("/proc/self/mountinfo").decode().splitlines()}


def _interfaces():
    """Without the links of daemons that run: these are of other tests on the same machine, or go with their daemon."""
    instances = set()
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        words = _read(path).split(b"\0")
        if words[0].endswith(b"/mayfly-router") and b"--instance" in words:
            instances.add("mf-" + words[words.index(b"--instance") + 1].decode())
    return _listed("/sys/class/net") - instances


def _listed(folder):
    return {name for name in os.listdir(folder) if not NOT_OURS.match(name)} if os.path.isdir(folder) else set()


class Leftovers:
    """With it, run tests; afterwards found() says what they left. `own_tmp`: /tmp is nobody else's, so files there are looked at."""

    def __init__(self, own_tmp):
        self.own_tmp = own_tmp

    def __enter__(self):
        self.mark = secrets.token_hex(8)
        os.environ[MARK] = self.mark
        self.before = self._names()
        self.makers = set()
        self.strangers = {pid for _, pid in _cgroups()}  # jails that ran before us
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def found(self):
        end = time.monotonic() + PATIENCE_SECONDS
        while (left := self._look()) and time.monotonic() < end:
            time.sleep(0.2)
        return left

    def _names(self):
        return {"mount": _mounts(), "network namespace": _listed("/run/netns"), "interface": _interfaces(),
                "file in /tmp": _listed("/tmp") if self.own_tmp else set(),
                "loop device of": {_read(path).decode().strip() for path in glob.glob("/sys/block/loop*/loop/backing_file")}}

    def _watch(self):
        while not self.ended.wait(LOOK_EVERY_SECONDS):
            for _, pid in _cgroups():
                if pid not in self.strangers and pid not in self.makers and self._is_ours(pid):
                    self.makers.add(pid)

    def _is_ours(self, pid):
        return ("%s=%s" % (MARK, self.mark)).encode() in _read("/proc/%d/environ" % pid).split(b"\0")

    def _look(self):
        left = ["process %s %s" % (pid, _read("/proc/%s/cmdline" % pid).replace(b"\0", b" ").decode(errors="replace")[:200])
                for pid in os.listdir("/proc") if pid.isdigit() and int(pid) != os.getpid() and self._is_ours(int(pid))]
        left += ["cgroup " + path for path, pid in sorted(_cgroups()) if pid in self.makers]
        for what, names in self._names().items():
            left += ["%s %s" % (what, name) for name in sorted(names - self.before[what])]
        return left
