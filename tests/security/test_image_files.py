"""If one of these fails, a container image gives its function, or those whose runtime it serves, more than a package would have: power, files
of the machine, or a way out."""

import os
import secrets
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from conftest import ATTACKER_ACCOUNT, ATTACKER_FILES, Attacker, RawCaller
from daemon import BIN
from images import BOOTSTRAP, Image, compile_static, entry, folder, hardlink, python_entries, symlink
from packages import make_zip
from watched_daemon import ROLE, Function, WatchedDaemon

CLIENT = """
import json, os, sys, urllib.request
sys.path.insert(0, "/var/task")
import function
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as event:
        request, payload = event.headers["Lambda-Runtime-Aws-Request-Id"], json.load(event)
    answer = json.dumps(function.handler(payload, None)).encode()
    urllib.request.urlopen(urllib.request.Request(api + request + "/response", answer))
"""
WHERE = ["/etc", "/root", "/var/lib", "/run"]

# What an image may hold to get out or to get power. None of it may keep the image from running, or do anything.
HOSTILE = [
    entry("su", "#!/bin/sh\n", 0o6755), folder("open", 0o7777), entry("open/file", "x", 0o666),
    entry("able", Path("/usr/bin/true").read_bytes(), 0o755, pax_headers={
        "SCHILY.xattr.security.capability": "\1\0\0\2" + "\x7f\x7f\x7f\x7f\0\0\0\0" * 2, "SCHILY.xattr.user.note": "x"}),
    entry("etc/passwd", "root::0:0::/:/bin/sh\nsbx_user1051::0:0::/:/bin/sh\n"), entry("etc/shadow", "root::1::::::\n", 0o666),
    entry("etc/ld.so.preload", "/evil.so\n"),
    entry("disk", type=tarfile.BLKTYPE, devmajor=254, devminor=0, mode=0o666), entry("memory", type=tarfile.CHRTYPE, devmajor=1, devminor=1, mode=0o666),
    entry("pipe", type=tarfile.FIFOTYPE, mode=0o666),
    symlink("out", "/../../../../../../.."), symlink("proc-root", "/proc/1/root"), symlink("up", "../../.."),
    symlink("proc", "/etc"), symlink("dev", "/open"), symlink("tmp", "/etc"), symlink("mnt", "/proc"), symlink("sys", "/proc/sys"),
    entry(".wh..wh..opq"), entry("/.wh.etc"), entry("//etc//.wh.hosts"),
]

POWER = [entry("client.py", CLIENT), entry("suid", Path("/usr/bin/true").read_bytes(), 0o6755, uid=0, gid=0)]


def image_of(directory, name, layers, **config):
    Image(layers, config).write_layout(directory / name)
    return "oci:" + name


def make_function(daemon, uri, **settings):
    client = daemon.account(ATTACKER_ACCOUNT)
    name = "image-" + secrets.token_hex(4)
    client.create_function(FunctionName=name, PackageType="Image", Code={"ImageUri": uri}, Role=ROLE, **{"MemorySize": 1024, "Timeout": 30, **settings})
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    return Function(client, name)


@pytest.fixture(scope="module")
def daemon():
    """With python3.13 served by an image that tries everything, too."""
    started = WatchedDaemon()
    (started.data_dir / "images").mkdir(parents=True)
    (started.data_dir / "secret").write_text("the daemon's secret")
    hostile = [symlink("var/task", "/etc"), symlink("opt", "/proc/1/root"), entry("var/runtime/bootstrap", "#!/usr/bin/python3.11 -B\n" + CLIENT, 0o6755)]
    image_of(started.data_dir / "images", "runtime", [[*python_entries(), *HOSTILE], [*hostile, *POWER]])
    subprocess.run([BIN / "mayfly", "runtime", "add", "python3.13", "--image", "oci:%s/images/runtime" % started.data_dir, "--data-dir", started.data_dir], check=True)
    with started as running:
        yield running


@pytest.fixture(scope="module")
def directory(daemon):
    made = daemon.data_dir / "images"
    made.mkdir(exist_ok=True)
    return made


@pytest.fixture(scope="module", params=["of a function", "of a runtime"])
def attacker(request, daemon, directory):
    """Python in an image that tries everything that an image can."""
    if request.param == "of a runtime":
        return Attacker(Function.create(daemon.account(ATTACKER_ACCOUNT), "of-a-runtime", make_zip(ATTACKER_FILES), runtime="python3.13", MemorySize=1024, Timeout=30))
    system = [*python_entries(), *HOSTILE]
    code = [entry("var/task/function.py", ATTACKER_FILES["function.py"], 0o666), *POWER]
    uri = image_of(directory, "attacker", [system, code], Entrypoint=["/usr/bin/python3.11", "-B", "/client.py"], User="0:0")
    return Attacker(make_function(daemon, uri))


@pytest.fixture(scope="module")
def raw_caller(daemon, directory, raw_program):
    """The raw calls, in an image of which they are all."""
    uri = image_of(directory, "raw", [[entry("bootstrap", raw_program, 0o4755), folder("a", 0o777)]], Entrypoint=["/bootstrap"])
    return RawCaller(make_function(daemon, uri))


def test_no_power(attacker):
    """The root of an image comes with a capability, another user, new privileges, or without the filter."""
    def attempt():
        return dict((name, value.strip()) for name, _, value in (line.partition(":") for line in open("/proc/self/status")))
    status = attacker.run(attempt)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert status["Uid"].split() == ["993"] * 4 and status["Gid"].split() == ["993"] * 4


def test_setuid_programs_of_the_image(attacker):
    """A setuid program of the image keeps its bit, or runs as somebody else."""
    def attempt():
        import os
        found = {path: os.lstat(path).st_mode & 0o7000 for path in ("/su", "/suid", "/open", "/open/file")}
        with open("/proc/self/mountinfo") as file:
            options = [line.split()[5] for line in file if line.split()[4] == "/"]
        return found, options
    modes, options = attacker.run(attempt)
    assert set(modes.values()) == {0}, modes
    assert len(options) == 1 and {"ro", "nosuid", "nodev"} <= set(options[0].split(",")), options


def test_capabilities_of_files_are_dropped(attacker, daemon):
    """A file of the image has a capability, or another attribute that the kernel heeds."""
    def attempt():
        import os
        return os.listxattr("/able"), os.access("/able", os.X_OK)
    assert attacker.run(attempt) == [[], True]
    kept = {path: os.listxattr(path, follow_symlinks=False) for path in stored(daemon)}
    assert kept and not any(kept.values()), kept


def test_no_devices_of_the_image(attacker):
    """A device or pipe of the image is there, or /dev is the image's."""
    def attempt():
        import os
        return sorted(os.listdir("/")), sorted(os.listdir("/dev")), [os.path.islink(path) for path in ("/proc", "/dev", "/tmp", "/mnt", "/etc")]
    root, devices, links = attacker.run(attempt)
    assert not {"disk", "memory", "pipe"} & set(root) and links == [False] * 5
    assert devices == ["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"]


@pytest.mark.parametrize("path", ["/out", "/up", "/proc-root", "/proc/1/root", "/proc/1/cwd", "/proc/self/root", "/proc/self/cwd/../../..", "/var/lang", "/var/runtime"])
def test_links_stay_inside(attacker, daemon, path):
    """A link of the image, or of /proc, shows the machine or the root that the cage had before."""
    def attempt(path):
        import os
        return look(path), [look(path + name) for name in ("/etc/machine-id", "/store", "/template", "/masks", "/roots", "/usr/share")], os.path.exists("/client.py")  # noqa: F821
    found, others, control = attacker.run(attempt, path=path)
    assert control
    assert "error" in found or sorted(found["seen"]) == sorted(attacker.run(list_root)) or (path, found["seen"]) == ("/var/runtime", ["bootstrap"]), found
    assert all("error" in other for other in others), others


def list_root():
    import os
    return os.listdir("/")


def test_nothing_can_be_written(attacker, daemon):
    """A file or folder of the image that is writable for everybody can be written: other functions have the same."""
    before = stored(daemon)

    def attempt():
        import os
        outcomes = {}
        for path in ("/open/file", "/open/new", "/var/task/function.py", "/var/task/new", "/opt/new", "/var/runtime/bootstrap", "/etc/shadow", "/new", "/mnt/new", "/etc/hosts", "/etc/resolv.conf", "/dev/new",
                     "/proc/sys/kernel/core_pattern"):
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666))
                outcomes[path] = "done"
            except OSError as error:
                outcomes[path] = error.errno
        for name, call in {"chmod": lambda: os.chmod("/open/file", 0o7777), "unlink": lambda: os.unlink("/open/file"), "link": lambda: os.link("/open/file", "/tmp/x"),
                           "rename": lambda: os.rename("/open/file", "/open/x"), "utime": lambda: os.utime("/open/file")}.items():
            try:
                call()
                outcomes[name] = "done"
            except OSError as error:
                outcomes[name] = error.errno
        open("/tmp/file", "w").close()
        return outcomes
    outcomes = attacker.run(attempt)
    assert not [what for what, outcome in outcomes.items() if outcome == "done"], outcomes
    assert stored(daemon) == before


def stored(daemon):
    found = {}
    for store in ("code", "runtimes"):
        for where, folders, files in os.walk(daemon.data_dir / store):
            for name in folders + files:
                status = os.lstat(os.path.join(where, name))
                found[os.path.join(where, name)] = (status.st_mode, status.st_mtime_ns, status.st_uid, status.st_size)
    return found


def test_what_lies_in_the_store(attacker, daemon):
    """Unpacking an image puts a setuid file, a device, or something that leads out of its folder onto the machine's disk."""
    kinds = set()
    for path, (mode, _, owner, _) in stored(daemon).items():
        assert not mode & 0o7000, path
        kinds.add(stat.S_IFMT(mode))
        assert owner != 0 or os.geteuid() != 0, path
    assert kinds == {stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}
    for where in WHERE:
        assert not os.path.exists(os.path.join(where, "evil"))


def test_proc_is_masked(attacker):
    """The image's root shows of /proc what packages do not see."""
    def attempt():
        return {path: look(path) for path in ("/proc/kcore", "/proc/kallsyms", "/proc/cmdline", "/proc/timer_list", "/proc/irq", "/proc/sys/kernel/hostname")}  # noqa: F821
    for path, found in attacker.run(attempt).items():
        assert "error" in found or not found["seen"], (path, found)


@pytest.mark.parametrize("call", ["mount s:none s:/a s:tmpfs 0 0", "umount2 s:/proc 2", "umount2 s:/ 2", "pivot_root s:/a s:/a", "chroot s:/a", "unshare 0x10000000",
                                  "mknod s:/tmp/disk 0x61b6 0xfe00", "open_tree -100 s:/ 1", "mount s:none s:/ s: 0x1020 0", "setuid 0"])
def test_raw_calls(raw_caller, call):
    """A program in an image of its own may make a call that programs of packages may not."""
    assert raw_caller.call("getpid")[0] > 0
    result, error = raw_caller.call(call)
    assert result is None and error in ("EPERM", "ENOSYS", "EACCES"), (result, error)


@pytest.mark.parametrize("name, entries", [
    ("dots", [entry("../../evil", "x")]), ("deep dots", [entry("a/../../../evil", "x")]),
    ("hard link out", [hardlink("evil", "/etc/passwd")]), ("hard link up", [hardlink("evil", "../../../../etc/passwd")]),
    ("hard link by a link", [symlink("a", "/etc"), hardlink("evil", "a/passwd")]),
    ("round", [symlink("a", "b"), symlink("b", "a"), entry("a/evil", "x")])])
def test_hostile_archives_are_refused(daemon, directory, name, entries):
    """A layer that reaches out of the image is unpacked."""
    client = daemon.account(ATTACKER_ACCOUNT)
    uri = image_of(directory, name.replace(" ", "-"), [entries], Entrypoint=["/x"])
    function = "hostile-" + secrets.token_hex(4)
    client.create_function(FunctionName=function, PackageType="Image", Code={"ImageUri": uri}, Role=ROLE)
    from daemon import wait_until
    configuration = wait_until(lambda: (c := client.get_function_configuration(FunctionName=function))["State"] != "Pending" and c, 30, "still Pending")
    assert (configuration["State"], configuration["StateReasonCode"]) == ("Failed", "InvalidImage"), configuration
    client.delete_function(FunctionName=function)


@pytest.mark.parametrize("entries, path", [
    ([symlink("a", "/etc"), entry("a/evil", "inside")], "/etc/evil"), ([symlink("a", "../../../../run"), entry("a/evil", "inside")], "/run/evil"),
    ([symlink("usr", "/"), entry("usr/evil", "inside")], "/evil"), ([entry("//srv/evil", "inside")], "/srv/evil")])
def test_what_goes_by_links_stays_inside(daemon, directory, tmp_path_factory, entries, path):
    """A file below a link of its own layer is written where the link leads on the machine, instead of in the image."""
    program = compile_static(BOOTSTRAP, tmp_path_factory.mktemp("program") / "bootstrap")
    uri = image_of(directory, "links" + secrets.token_hex(4), [[entry("bootstrap", program, 0o755), folder("run"), *entries]], Entrypoint=["/bootstrap"])
    function = make_function(daemon, uri)
    assert function.call({"read": path})["read"] == "inside"
    assert not os.path.exists(path)
    function.delete()


def test_a_function_sees_only_its_own_mounts(tmp_path_factory):
    """A function reaches a file system that was not given to it, or works in one as somebody else."""
    folders = [Path(tmp_path_factory.mktemp("mounts")) / name for name in "ab"]
    for number, made in enumerate(folders):
        made.mkdir()
        (made / "secret").write_text("secret of %d" % number)
        os.chown(made, 2000 + number, 2000 + number)
        os.chown(made / "secret", 2000 + number, 2000 + number)
        os.chmod(made, 0o700)
        os.chmod(made / "secret", 0o600)
    arns = ["arn:aws:elasticfilesystem:us-east-1:%s:access-point/fsap-%017d" % (ATTACKER_ACCOUNT, number) for number in range(2)]
    settings = [part for number, made in enumerate(folders) for part in ("--file-system", "%s=%s,uid=%d,gid=%d" % (arns[number], made, 2000 + number, 2000 + number))]
    source = "import os\ndef handler(event, context):\n    found = {}\n    for where, folders, files in os.walk('/mnt'):\n" \
             "        for name in files: found[os.path.join(where, name)] = open(os.path.join(where, name)).read()\n" \
             "    mounts = sorted([line.split()[1] for line in open('/proc/self/mounts') if '/mnt' in line])\n    return found, mounts\n"
    with WatchedDaemon(*settings) as daemon:
        client = daemon.account(ATTACKER_ACCOUNT)
        functions = [Function.create(client, "f%d" % number, make_zip({"function.py": source}), **({"FileSystemConfigs": [
            {"Arn": arns[number], "LocalMountPath": "/mnt/data"}]} if number < 2 else {})) for number in range(3)]
        for number in range(2):
            assert functions[number].call() == [{"/mnt/data/secret": "secret of %d" % number}, ["/mnt", "/mnt/data"]]
        assert functions[2].call() == [{}, []]
