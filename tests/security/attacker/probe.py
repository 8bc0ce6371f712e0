"""Tells what the process that starts it may do; its answer is JSON. Runs without site packages."""
import ctypes
import errno
import json
import os
import socket
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
EVENT = json.load(sys.stdin)
RUNTIME = os.getppid()


def outcome(call):
    try:
        call()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return "done"


def libc(name, *arguments):
    def call():
        ctypes.set_errno(0)
        if getattr(LIBC, name)(*arguments) == -1:
            raise OSError(ctypes.get_errno(), name)
    return outcome(call)


def status(pid):
    pairs = (line.partition(":") for line in open("/proc/%s/status" % pid))
    return {name: value.strip() for name, _, value in pairs}


def read(path):
    return outcome(lambda: os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK)))


def write(path):
    return outcome(lambda: os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)))


def connect(address):
    def call():
        with socket.socket() as connection:
            connection.settimeout(3)
            connection.connect(address)
    return outcome(call)


def command(pid):
    try:
        return open("/proc/%s/comm" % pid).read().strip()
    except OSError:
        return "gone"


def descriptors():
    found = []
    for number in os.listdir("/proc/%d/fd" % RUNTIME):
        try:
            found.append(os.readlink("/proc/%d/fd/%s" % (RUNTIME, number)))
        except OSError:
            pass
    return sorted(found)


secret, data = EVENT["secret"], EVENT["data"]
print(json.dumps({
    "status": {"process": status("self"), "runtime": status(RUNTIME)},
    "calls": {
        "setuid": libc("setuid", 0), "setgroups": libc("setgroups", 0, None), "mount": libc("mount", b"none", b"/tmp", b"tmpfs", 0, None),
        "unshare": libc("unshare", 0x10000000), "chroot": libc("chroot", b"/tmp"), "sethostname": libc("sethostname", b"x", 1),
        "reboot": libc("reboot", 0x01234567), "swapon": libc("swapon", b"/tmp/x", 0), "mknod": libc("mknod", b"/tmp/device", 0o60666, 0x801),
        "init_module": libc("syscall", 175, None, 0, b""),
        "bpf": libc("syscall", 321, 0, None, 0), "perf": libc("syscall", 298, None, 0, -1, -1, 0)},
    "reads": {path: read(path) for path in (
        secret, data, os.path.join(data, "control.db"), "/proc/1/root" + secret, "/proc/self/root" + secret, "/var/task/../../.." + secret,
        os.path.join("/root", ".bashrc"), "/etc/shadow", "/proc/kcore", "/dev/mem", "/dev/kmsg", "/dev/sda", "/proc/1/mem", "/sys/kernel/security")},
    "root": os.listdir("/"),
    "writes": {path: write(path) for path in ("/tmp/probe", "/probe", "/var/task/probe", "/opt/probe", "/usr/bin/probe", "/etc/probe", "/var/runtime/probe",
                                              "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/var/probe")},
    "processes": {pid: command(pid) for pid in os.listdir("/proc") if pid.isdigit()},
    "descriptors": descriptors(),
    "network": {"%s:%d" % address: connect(address) for address in (
        ("127.0.0.1", 9001), ("169.254.100.2", 80), ("127.0.0.1", EVENT["port"]), ("169.254.100.2", EVENT["port"]), ("169.254.100.3", 80), ("169.254.169.254", 80))},
    "interfaces": [name for _, name in socket.if_nameindex()],
}))
