"""If one of these fails, function code has more power over the machine than an ordinary user without any."""

import os
import re
from pathlib import Path

import pytest

from watched_daemon import command_name

BOTH_STARTS = pytest.mark.parametrize("start", ["attacker", "booted_attacker"], ids=["zygote", "exec"])


@pytest.fixture
def caged(request, start):
    return request.getfixturevalue(start)


def status_of(attacker, who="self"):
    def attempt(who):
        pairs = (line.partition(":") for line in open("/proc/%s/status" % who))
        return {name: value.strip() for name, _, value in pairs}
    return attacker.run(attempt, who=who)


@BOTH_STARTS
def test_no_capabilities(caged):
    """A function process holds a capability, or could get one."""
    status = status_of(caged)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0, (name, status[name])


@BOTH_STARTS
def test_no_new_privileges_and_a_filter(caged):
    """A setuid program could raise it, or system calls are not filtered."""
    status = status_of(caged)
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


@BOTH_STARTS
def test_an_ordinary_user(caged):
    """It runs as root, or in groups of the machine."""
    status = status_of(caged)
    assert status["Uid"].split() == ["993"] * 4 and status["Gid"].split() == ["993"] * 4
    assert status["Groups"] in ("", "993")


def test_pid_1_has_no_power_either(attacker):
    """Whoever takes over pid 1 of the cage gains something."""
    status = status_of(attacker, "1")
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert status["Uid"].split() == ["993"] * 4


def cages_of(daemon):
    """{pid namespace: pids of the machine} of all cages; not of those that the jail is just making."""
    cages = {}
    for pid in daemon.cage_processes():
        try:
            if command_name(pid) == "mayfly-jail":
                continue
            cages.setdefault(os.readlink("/proc/%d/ns/pid" % pid), []).append(pid)
        except OSError:
            pass  # it has gone
    return cages


def test_an_own_range_of_users(daemon, attacker, victim):
    """Two environments share a user of the machine, or a function's user is one that the machine gives out."""
    attacker.evaluate("1")
    ranges = {}
    for cage, pids in cages_of(daemon).items():
        text = "".join(Path("/proc/%d/status" % pid).read_text() for pid in pids)
        users = {int(user) for line in re.findall(r"^[UG]id:(.*)", text, re.M) for user in line.split()}
        assert len(users) == 1 and min(users) >= 1_000_000_000, users
        ranges[cage] = users.pop() // 65536
    assert len(ranges) >= 3 and len(set(ranges.values())) == len(ranges), ranges


def test_namespaces_are_its_own(daemon, attacker, victim):
    """A function shares a namespace with the machine or with another function."""
    kinds = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
    seen = [os.readlink("/proc/self/ns/" + kind) for kind in kinds]
    cages = cages_of(daemon)
    assert len(cages) >= 3
    for pids in cages.values():
        seen += [os.readlink("/proc/%d/ns/%s" % (pids[0], kind)) for kind in kinds]
    assert len(seen) == len(set(seen)), seen


@pytest.mark.parametrize("program", [["/usr/bin/su", "-c", "id -u"], ["/usr/bin/mount", "-t", "tmpfs", "none", "/tmp"], ["/usr/bin/umount", "/tmp"],
                                     ["/usr/bin/unshare", "-r", "id", "-u"], ["/usr/bin/newgrp", "root"], ["/usr/bin/passwd", "-d", "root"],
                                     ["/usr/bin/chsh"], ["/usr/bin/nsenter", "-t", "1", "-a", "id", "-u"], ["/usr/sbin/chroot", "/tmp", "id", "-u"]],
                         ids=lambda program: program[0].rpartition("/")[2])
def test_setuid_and_system_programs(attacker, program):
    """A program of the machine gives the function its power."""
    def attempt(program):
        import os
        import subprocess
        if not os.path.exists(program[0]):
            return None
        run = subprocess.run(program, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)
        return [run.returncode, run.stdout]
    ran = attacker.run(attempt, program=program)
    if ran is None:
        pytest.skip("not installed on this machine")
    code, output = ran
    assert code != 0 and output.strip() != "0", ran


def test_own_setuid_program(attacker):
    """A setuid file that a function makes changes its user."""
    def attempt():
        import os
        import shutil
        import subprocess
        shutil.copy("/usr/bin/id", "/tmp/id")
        outcome = [tried(os.chown, "/tmp/id", 0, 0), tried(os.chmod, "/tmp/id", 0o6755)]  # noqa: F821
        return outcome + [subprocess.run(["/tmp/id", "-u"], capture_output=True, text=True, timeout=10).stdout.strip()]
    chown, chmod, user = attacker.run(attempt)
    assert chown == "EPERM" and user == "993"


def test_file_capabilities(attacker):
    """A function can put capabilities onto a file."""
    def attempt():
        import os
        open("/tmp/program", "w").close()
        value = bytes.fromhex("0100000200002000000000000000000000000000")  # cap_sys_admin+ep
        return tried(os.setxattr, "/tmp/program", "security.capability", value)  # noqa: F821
    assert attacker.run(attempt) in {"EPERM", "ENOTSUP"}


def test_resource_limits_cannot_be_raised(attacker):
    """A function lifts its own limits."""
    def attempt():
        import resource
        limits = {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in ("NOFILE", "NPROC", "CORE", "MEMLOCK", "RTPRIO", "NICE")}
        raised = []
        for name, (_, hard) in limits.items():
            try:
                resource.setrlimit(getattr(resource, "RLIMIT_" + name), (hard + 1, hard + 1))
                raised.append(name)
            except (ValueError, OSError):
                pass
        return limits, raised
    limits, raised = attacker.run(attempt)
    assert raised == []
    assert limits["NOFILE"] == [1024, 1024] and limits["NPROC"][1] <= 1024 and limits["CORE"] in ([0, 0], [1, 1])


def test_out_of_memory_order(attacker):
    """A function makes itself less likely to be killed than the machine's own processes when memory runs out."""
    def attempt():
        def write(value):
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write(value)
        return int(open("/proc/self/oom_score_adj").read()), tried(write, "-1000"), tried(write, "-1"), tried(write, "500")  # noqa: F821
    own, lowest, lower, back = attacker.run(attempt)
    power = int(next(line for line in open("/proc/self/status") if line.startswith("CapBnd")).split()[1], 16)
    kept = "EACCES" if power >> 24 & 1 else "done"  # CAP_SYS_RESOURCE; without it a function takes back what it was raised by, and no more
    assert own == 1000 and (lowest, lower, back) == ("EACCES", "EACCES", kept)


def test_routing_netlink_changes_nothing(attacker):
    """Through the one netlink family that is allowed, a function can configure interfaces."""
    def attempt():
        import socket
        import struct
        netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        # RTM_NEWADDR: 10.9.8.7/8 on interface 1
        body = struct.pack("BBBBI", 2, 8, 0, 0, 1) + struct.pack("HH4s", 8, 2, bytes([10, 9, 8, 7]))
        netlink.send(struct.pack("IHHII", 16 + len(body), 20, 0x605, 1, 0) + body)
        return struct.unpack_from("i", netlink.recv(4096), 16)[0]
    assert attacker.run(attempt) == -1  # EPERM


def test_cpu_affinity_stays_its_own(attacker):
    """A function can change how pid 1 or a foreign process is scheduled."""
    def attempt():
        import os
        return [tried(os.setpriority, os.PRIO_PROCESS, 0, -1), tried(os.sched_setaffinity, 0, os.sched_getaffinity(0)),  # noqa: F821
                tried(os.kill, 2 ** 22, 0)]  # noqa: F821
    priority, affinity, kill = attacker.run(attempt)
    assert (priority, affinity, kill) == ("EACCES", "done", "ESRCH")
