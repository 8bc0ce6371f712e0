"""If one of these fails, function code can read or change files of the machine."""

import os
import secrets
from pathlib import Path

import pytest

# Not there, or closed.
CLOSED = {"ENOENT", "EACCES", "EPERM", "ENOTDIR", "ENXIO", "ELOOP"}

UNREADABLE = [
    "/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/ssh", "/etc/ssl/private", "/etc/machine-id", "/etc/fstab", "/root", "/var/lib",
    "/var/log", "/var/cache", "/var/spool", "/boot", "/srv", "/media", "/run/mayfly", "/run/docker.sock", "/run/systemd", "/run/lock", "/sys",
    "/sys/fs/cgroup", "/sys/kernel/debug", "/sys/class/net", "/proc/1/root", "/proc/1/environ", "/proc/1/cwd", "/proc/1/fd", "/proc/1/mem",
    "/proc/1/maps", "/proc/1/ns/mnt", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/hostname",
    "/proc/sys/kernel/yama", "/proc/sys/fs/binfmt_misc", "/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg", "/dev/kvm", "/dev/fuse", "/dev/loop-control",
    "/dev/loop0", "/dev/sda", "/dev/vda", "/dev/nvme0n1", "/dev/net/tun", "/dev/console", "/dev/tty", "/dev/tty1", "/dev/ptmx", "/dev/pts", "/dev/userfaultfd",
    "/dev/hpet", "/dev/vhost-net", "/dev/uinput", "/dev/log", "/template", "/store", "/roots", "/masks",
]

# There, because programs stumble without them, but they tell nothing.
EMPTY = ["/proc/kcore", "/proc/kmsg", "/proc/kallsyms", "/proc/keys", "/proc/key-users", "/proc/sysrq-trigger", "/proc/timer_list", "/proc/modules",
         "/proc/iomem", "/proc/ioports", "/proc/interrupts", "/proc/slabinfo", "/proc/vmallocinfo", "/proc/pagetypeinfo", "/proc/sched_debug",
         "/proc/cmdline", "/proc/config.gz", "/proc/partitions", "/proc/diskstats", "/proc/swaps", "/proc/locks", "/proc/acpi", "/proc/bus", "/proc/irq",
         "/proc/fs", "/proc/scsi", "/proc/driver", "/proc/tty", "/proc/sysvipc", "/home/sbx_user1051", "/opt", "/run", "/mnt"]

UNWRITABLE = [
    "/x", "/usr/bin/x", "/usr/lib/x", "/bin/x", "/etc/x", "/etc/passwd", "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/ssl/certs/x", "/var/x", "/var/tmp/x",
    "/var/task/x", "/var/task/function.py", "/var/runtime/x", "/var/runtime/python/bootstrap.py", "/var/lang/x", "/opt/x", "/home/sbx_user1051/x", "/run/x",
    "/dev/x", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/random/boot_id",
    "/proc/sys/vm/overcommit_memory", "/proc/sys/net/core/somaxconn", "/proc/1/oom_score_adj", "/proc/1/comm", "/proc/1/clear_refs",
    "/proc/self/uid_map", "/proc/self/gid_map", "/proc/self/setgroups", "/sys/fs/cgroup/cgroup.procs", "/sys/power/state",
]


@pytest.mark.parametrize("path", UNREADABLE)
def test_unreadable(attacker, path):
    """A file, folder or device of the machine can be opened from inside."""
    def attempt(path):
        return look(path)  # noqa: F821
    found = attacker.run(attempt, path=path)
    assert found.get("error") in CLOSED, found


@pytest.mark.parametrize("path", EMPTY)
def test_empty(attacker, path):
    """A file of /proc tells about the machine, or a folder shows what is in it."""
    def attempt(path):
        return look(path)  # noqa: F821
    found = attacker.run(attempt, path=path)
    assert found.get("error") in CLOSED or not found["seen"], found


@pytest.mark.parametrize("path", UNWRITABLE)
def test_unwritable(attacker, path):
    """Something outside /tmp can be created or opened for writing."""
    def attempt(path):
        import os
        outcomes = [tried(os.open, path, os.O_WRONLY), tried(os.open, path, os.O_WRONLY | os.O_CREAT, 0o666)]  # noqa: F821
        try:
            with open(path, "w") as file:
                file.write("x")
            outcomes.append("done")
        except OSError as error:
            outcomes.append(error.strerror)
        return outcomes
    outcomes = attacker.run(attempt, path=path)
    assert outcomes[2] != "done" and "EROFS" in outcomes or outcomes[2] in ("Permission denied", "Operation not permitted", "No such file or directory",
                                                                           "Read-only file system"), outcomes


def test_tmp_is_writable(attacker):
    """The instrument is broken: it cannot write where functions may."""
    def attempt():
        with open("/tmp/mine", "w") as file:
            file.write("x")
        return look("/tmp/mine")  # noqa: F821
    assert attacker.run(attempt) == {"seen": "x"}


@pytest.mark.parametrize("where", ["/tmp", "/var/lib", "/var/tmp", "/root", "/home", "/run", "/opt", "/etc"])
def test_secrets_of_the_machine(attacker, where):
    """A file that was put on the machine is visible inside under its own name."""
    path = Path(where, "mayfly-test-secret-" + secrets.token_hex(8))
    path.write_text("secret")
    path.chmod(0o666)
    try:
        def attempt(path):
            import os
            folder, name = os.path.split(path)
            listed = name in os.listdir(folder) if os.access(folder, os.R_OK) else False
            return [look(path), look("/proc/self/root" + path), look("/proc/self/cwd/../.." + path), listed]  # noqa: F821
        *looks, listed = attacker.run(attempt, path=str(path))
        assert [found.get("error") in CLOSED for found in looks] == [True] * 3, looks
        assert not listed
    finally:
        path.unlink()


def test_data_directory(attacker, daemon):
    """The daemon's state can be reached from inside."""
    assert (daemon.data_dir / "control.db").exists() and (daemon.data_dir / "secret").exists()

    def attempt(paths):
        return [look(path) for path in paths]  # noqa: F821
    paths = [str(daemon.data_dir), str(daemon.data_dir / "secret"), str(daemon.data_dir / "control.db"), str(daemon.data_dir / "code"),
             "/run/mayfly/secret", "/run/mayfly/code"]
    assert {found.get("error") for found in attacker.run(attempt, paths=paths)} <= CLOSED


def test_nothing_of_the_daemon_below_the_root(attacker, daemon):
    """Some path that nobody thought of leads to the code store or the data directory."""
    def attempt(names):
        import os
        found, seen = [], 0
        for folder, folders, files in os.walk("/", followlinks=False):
            folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/usr", "/var/lang")]
            seen += len(files)
            found += [os.path.join(folder, name) for name in folders + files if name in names]
        return found, seen
    found, seen = attacker.run(attempt, names=["package.zip", "control.db", "control.db-wal", "access-keys.json", "secret", "blobs"])
    assert found == [] and seen > 10


def test_only_harmless_devices(attacker):
    """/dev holds a device that functions do not need."""
    def attempt():
        import os
        import stat
        devices = {}
        for name in os.listdir("/dev"):
            status = os.lstat("/dev/" + name)
            if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
                devices[name] = [os.major(status.st_rdev), os.minor(status.st_rdev)]
        return sorted(os.listdir("/dev")), devices
    names, devices = attacker.run(attempt)
    assert set(names) == {"fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"}
    assert devices == {"null": [1, 3], "zero": [1, 5], "full": [1, 7], "random": [1, 8], "urandom": [1, 9]}


def test_passwd_is_made_up(attacker):
    """Users of the machine are visible inside."""
    def attempt():
        return look("/etc/passwd")["seen"], look("/etc/hosts")["seen"]  # noqa: F821
    passwd, hosts = attacker.run(attempt)
    assert [line.split(":")[0] for line in passwd.splitlines()] == ["root", "sbx_user1051", "nobody"]
    assert os.uname().nodename not in hosts


def test_hostname_is_not_the_machines(attacker):
    """The machine's name is visible inside."""
    assert attacker.evaluate("__import__('os').uname().nodename") != os.uname().nodename


def test_mounts(attacker):
    """A mount is writable that should not be, or honours setuid bits or devices."""
    def attempt():
        with open("/proc/self/mountinfo") as file:
            return [line.split() for line in file]
    writable = []
    for fields in attacker.run(attempt):
        place, options = fields[4], fields[5].split(",")
        if "rw" in options:
            writable.append(place)
        # Settings of /proc/sys are files that nobody can execute.
        assert "nosuid" in options or place.startswith("/proc/sys/"), fields
        assert "nodev" in options or place.startswith(("/dev", "/proc/sys/")), fields
    assert sorted(writable) == ["/dev/shm", "/proc", "/tmp"]


def test_hard_links_out_of_the_package(attacker):
    """A file of a read-only place can be linked to where its copy is writable."""
    def attempt():
        import os
        return [tried(os.link, path, "/tmp/link") for path in ("/var/task/function.py", "/usr/bin/python3", "/etc/passwd")]  # noqa: F821
    assert set(attacker.run(attempt)) <= {"EXDEV", "EPERM", "EROFS"}


def test_writing_to_its_own_code(attacker):
    """A package in the code store, which other environments share, can be changed through a mapping, a mode or an attribute."""
    def attempt():
        import os
        import mmap

        def map_writable():
            descriptor = os.open("/var/task/function.py", os.O_RDONLY)
            try:
                mmap.mmap(descriptor, 10, mmap.MAP_SHARED, mmap.PROT_WRITE)
            finally:
                os.close(descriptor)

        def reopen_writable():
            descriptor = os.open("/var/task/function.py", os.O_RDONLY)
            try:
                os.open("/proc/self/fd/%d" % descriptor, os.O_RDWR)
            finally:
                os.close(descriptor)
        return [tried(*call) for call in (  # noqa: F821
            (map_writable,), (reopen_writable,), (os.chmod, "/var/task", 0o777), (os.chmod, "/var/task/function.py", 0o666),
            (os.unlink, "/var/task/function.py"), (os.rename, "/var/task/function.py", "/var/task/x"), (os.truncate, "/var/task/function.py", 0),
            (os.utime, "/var/task/function.py", (0, 0)), (os.setxattr, "/var/task/function.py", "user.x", b"x"), (os.symlink, "/etc", "/var/task/x"))]
    assert set(attacker.run(attempt)) <= {"EROFS", "EACCES", "EPERM", "ENOTSUP"}
