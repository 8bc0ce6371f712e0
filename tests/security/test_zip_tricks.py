"""If one of these fails, a package can write outside its folder, exhaust the disk, or bring more into a cage than its files."""

import functools
import io
import os
import secrets
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from packages import make_zip
from daemon import wait_until  # noqa: E402
from watched_daemon import ROLE, Function, WatchedDaemon

HANDLER = b"""
import os, stat
def handler(event, context):
    found = {}
    for folder, folders, files in os.walk("/var/task"):
        for name in folders + files:
            path = os.path.join(folder, name)
            found[path] = stat.filemode(os.lstat(path).st_mode)
    return found
"""


def local_header(name, data, flags, method, crc, packed, size):
    return struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, flags, method, 0, 0x5C21, crc, packed, size, len(name), 0) + name + data


def central_header(name, flags, method, crc, packed, size, mode, offset, made_by=3):
    return struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, made_by << 8 | 20, 20, flags, method, 0, 0x5C21, crc, packed, size, len(name), 0, 0, 0, 0,
                       mode << 16, offset) + name


def raw_zip(entries, comment=b"", count=None):
    """Zip bytes by hand, because no library writes what follows. `entries`: dicts with name, data and what is to be false."""
    body, directory = b"", b""
    for entry in entries:
        name, data = entry["name"], entry.get("data", b"")
        packed = entry.get("packed", data)
        crc = entry.get("crc", zlib.crc32(data))
        size = entry.get("size", len(data))
        flags, method = entry.get("flags", 0), entry.get("method", 0)
        directory += central_header(name, flags, method, crc, len(packed), size, entry.get("mode", 0o100644), entry.get("offset", len(body)))
        body += local_header(entry.get("local_name", name), packed, flags, method, crc, len(packed), size)
    total = len(entries) if count is None else count
    return body + directory + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, total & 0xFFFF, total & 0xFFFF, len(directory), len(body), len(comment)) + comment


GOOD = {"name": b"function.py", "data": HANDLER}


def with_good(*entries):
    return raw_zip([GOOD] + list(entries))


def link(name, target):
    return {"name": name, "data": target, "mode": 0o120777}


@functools.cache
def deflated_zeros(mib):
    """(zeros as one deflate stream, their checksum): one mebibyte is compressed, and stands there often."""
    data = bytes(1 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)  # refers to nothing before it
    crc = functools.reduce(lambda crc, _: zlib.crc32(data, crc), range(mib), 0)
    return piece * mib + packer.flush(), crc


def bomb(size, copies=1):
    packed, crc = deflated_zeros(size >> 20)
    return [{"name": b"bomb%d" % number, "packed": packed, "crc": crc, "size": size, "method": 8} for number in range(copies)]


def lying_bomb():
    """Says 1 MiB, holds 1 GiB."""
    return dict(bomb(1 << 30)[0], size=1 << 20)


def encrypted():
    return with_good({"name": b"secret", "data": b"x" * 30, "flags": 1})


REFUSED = {
    "an absolute path": lambda: with_good({"name": b"/etc/cron.d/mayfly-test", "data": b"x"}),
    "an absolute path with more slashes": lambda: with_good({"name": b"//tmp/mayfly-test", "data": b"x"}),
    "a path upwards": lambda: with_good({"name": b"../../../../../../tmp/mayfly-escaped", "data": b"x"}),
    "a path upwards in the middle": lambda: with_good({"name": b"a/../../mayfly-escaped", "data": b"x"}),
    "only dots": lambda: with_good({"name": b"..", "data": b"x"}),
    "an empty name": lambda: with_good({"name": b"", "data": b"x"}),
    "a zero byte in a name": lambda: with_good({"name": b"a\x00.py", "data": b"x"}),
    "a line feed in a name": lambda: with_good({"name": b"a\nb", "data": b"x"}),
    "a name that is not UTF-8": lambda: with_good({"name": b"\xff\xfe", "data": b"x"}),
    "a name of 10,000 bytes": lambda: with_good({"name": b"n" * 10000, "data": b"x"}),
    "a path of 10,000 folders": lambda: with_good({"name": b"a/" * 10000 + b"x", "data": b"x"}),
    "a link to an absolute path": lambda: with_good(link(b"link", b"/etc/shadow")),
    "a link upwards": lambda: with_good(link(b"link", b"../../control.db")),
    "a link out through another link": lambda: with_good(link(b"a", b"."), link(b"b", b"a/../../x")),
    "a link and a file through it": lambda: with_good(link(b"out", b"/tmp"), {"name": b"out/mayfly-escaped", "data": b"x"}),
    "a file through a harmless link": lambda: with_good({"name": b"folder/"}, link(b"to", b"folder"), {"name": b"to/x", "data": b"x"}),
    "links in a circle": lambda: with_good(link(b"a", b"b"), link(b"b", b"a")),
    "links that multiply": lambda: with_good(*[link(b"l%d" % n, b"l%d/../l%d" % (n + 1, n + 1)) for n in range(39)], {"name": b"l39/"}),
    "a link with an endless target": lambda: with_good(link(b"a", b"b/" * 5000)),
    "a character device": lambda: with_good({"name": b"mem", "mode": 0o020666}),
    "a block device": lambda: with_good({"name": b"disk", "mode": 0o060666}),
    "a pipe": lambda: with_good({"name": b"pipe", "mode": 0o010666}),
    "a socket": lambda: with_good({"name": b"socket", "mode": 0o140666}),
    "the same name twice": lambda: with_good(GOOD),
    "the same name, written otherwise": lambda: with_good({"name": b"./function.py", "data": b"x"}),
    "a file where a folder is": lambda: with_good({"name": b"a", "data": b"x"}, {"name": b"a/b", "data": b"x"}),
    "an encrypted entry": encrypted,
    "an unknown method": lambda: with_good({"name": b"x", "data": b"x", "method": 97}),
    "a wrong checksum": lambda: with_good({"name": b"x", "data": b"x", "crc": 1}),
    "a wrong length": lambda: with_good({"name": b"x", "data": b"x", "size": 2}),
    "other names in front": lambda: raw_zip([dict(GOOD, local_name=b"../function")]),
    "overlapping entries": lambda: with_good({"name": b"again.py", "data": HANDLER, "offset": 0}),
    "an offset past the end": lambda: with_good({"name": b"x", "data": b"x", "offset": 1 << 30}),
    "more entries than there are": lambda: raw_zip([GOOD], count=1000),
    "cut off in the middle": lambda: with_good({"name": b"x", "data": os.urandom(1000)})[:700],
    "cut off at the end": lambda: with_good()[:-10],
    "no zip at all": lambda: os.urandom(10000),
    "the end record alone": lambda: b"PK\x05\x06" + bytes(18),
    "an end record that lies": lambda: b"PK\x05\x06" + b"\xff" * 16 + bytes(2),
    "a tar file": lambda: b"function.py" + bytes(246) + b"ustar\x0000" + bytes(10000),
    "garbage in the deflated data": lambda: with_good({"name": b"x", "packed": b"\xff" * 100, "size": 100, "crc": 0, "method": 8}),
    "a bomb of 1 GiB": lambda: raw_zip([GOOD] + bomb(1 << 30)),
    "many bombs that overlap no other": lambda: raw_zip([GOOD] + bomb(64 << 20, copies=16)),
    "a bomb that lies about its size": lambda: with_good(lying_bomb()),
    "200,000 entries": lambda: zip_of_empty_files(200000),
}


def zip_of_empty_files(count):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("function.py", HANDLER)
        for number in range(count):
            archive.writestr("%d" % number, b"")
    return memory.getvalue()


def places_outside():
    return [Path(path) for path in ("/etc/cron.d/mayfly-test", "/tmp/mayfly-test", "/tmp/mayfly-escaped")]


def state_of(daemon):
    """Names in the data directory and its code store, without packages."""
    names = set(os.listdir(daemon.data_dir))
    code = set(os.listdir(daemon.data_dir / "code"))
    return names, {name for name in code if len(name) != 64}, len(code)


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_refused(daemon, make):
    """The package is accepted, or something of it stays on the disk, inside or outside the data directory."""
    package = make()
    client = daemon.account("111111111111")
    name = "tricked-" + secrets.token_hex(4)
    before, memory = state_of(daemon), daemon.resident_mib()
    with pytest.raises(ClientError) as raised:
        client.create_function(FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="function.handler", Code={"ZipFile": package})
    error = raised.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400 and error["Error"]["Code"] == "InvalidParameterValueException", error
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName=name)
    assert state_of(daemon) == before
    assert [path for path in places_outside() if path.exists()] == []
    assert daemon.resident_mib() < memory + 200


@pytest.mark.parametrize("make", [REFUSED["a path upwards"], REFUSED["a link and a file through it"], REFUSED["a wrong checksum"],
                                  REFUSED["a bomb of 1 GiB"]], ids=["a path upwards", "a link and a file", "a wrong checksum", "a bomb"])
def test_an_update_with_a_bad_package_changes_nothing(daemon, make):
    """A refused update leaves the function with other code than before, or none."""
    client = daemon.account("111111111111")
    function = Function.create(client, "updated", make_zip({"function.py": "def handler(event, context): return 'old'\n"}))
    before = client.get_function_configuration(FunctionName="updated")
    with pytest.raises(client.exceptions.InvalidParameterValueException):
        client.update_function_code(FunctionName="updated", ZipFile=make())
    after = client.get_function_configuration(FunctionName="updated")
    assert (before["CodeSha256"], before["RevisionId"]) == (after["CodeSha256"], after["RevisionId"])
    assert function.call() == "old"
    function.delete()


def test_dangerous_modes_vanish(daemon):
    """Setuid, setgid, sticky or world-writable bits of a package come to life in the cage or in the code store."""
    package = with_good({"name": b"setuid", "data": b"#!/bin/sh\nid -u\n", "mode": 0o106755}, {"name": b"open", "data": b"x", "mode": 0o100777},
                        {"name": b"closed", "data": b"x", "mode": 0o100000}, {"name": b"sticky/", "mode": 0o043777})
    function = Function.create(daemon.account("111111111111"), "modes", package)
    found = function.call()
    assert found["/var/task/setuid"] == "-rwxr-xr-x"
    assert found["/var/task/open"] == "-rwxr-xr-x"
    assert found["/var/task/closed"].startswith("-r--r--r--") or found["/var/task/closed"] == "-rw-r--r--"
    assert found["/var/task/sticky"] == "drwxr-xr-x"
    for path in (daemon.data_dir / "code").rglob("*"):
        assert not stat.S_IMODE(path.lstat().st_mode) & 0o7022 or path.is_symlink(), path
    function.delete()


def test_links_inside_the_package_work_and_stay_inside(daemon):
    """A harmless link is refused, or leads somewhere else in the cage."""
    package = with_good({"name": b"folder/real.txt", "data": b"real"}, link(b"alias.txt", b"folder/real.txt"), link(b"folder/up", b"../function.py"),
                        link(b"dangling", b"not/there"))
    function = Function.create(daemon.account("111111111111"), "links", package)
    found = function.call()
    assert found["/var/task/alias.txt"] == "lrwxrwxrwx" and found["/var/task/folder/up"] == "lrwxrwxrwx"
    function.delete()


def test_100_000_entries(daemon, canary):
    """A large but permitted package blocks the daemon while it is unpacked, or is not removed with its function."""
    import threading
    import time
    package = zip_of_empty_files(100000)
    client = daemon.account("111111111111", read_timeout=120)
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(Function.create(client, "entries", package, Timeout=60)))
    thread.start()
    slowest = 0.0
    while thread.is_alive():
        started = time.monotonic()
        assert canary.call({"a": 1, "b": 1}) == {"sum": 2}
        slowest = max(slowest, time.monotonic() - started)
        thread.join(0.05)
    assert outcome and slowest < 15.0
    assert len(outcome[0].call()) == 100001
    outcome[0].delete()


def test_the_same_package_in_two_accounts(daemon):
    """Shared code lets one account's delete take the other's package away."""
    package = make_zip({"function.py": "def handler(event, context): return 'shared'\n"})
    one = Function.create(daemon.account("111111111111"), "shared", package)
    two = Function.create(daemon.account("222222222222"), "shared", package)
    assert one.call() == two.call() == "shared"
    one.delete()
    two.client.update_function_configuration(FunctionName="shared", Timeout=9)
    two.client.get_waiter("function_updated_v2").wait(FunctionName="shared", WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
    assert two.call() == "shared"
    two.delete()


def test_packages_go_with_their_functions():
    """Packages of functions that were deleted stay on the disk for ever, also beyond the next start."""
    with WatchedDaemon() as running:
        client = running.account("111111111111")
        kept = Function.create(client, "kept", make_zip({"function.py": "def handler(event, context): return 1\n"}))
        for number in range(10):
            Function.create(client, "short-%d" % number, make_zip({"function.py": "N = %d\n" % number})).delete()
        running.stop()
        running.start()
        wait_until(lambda: state_of(running)[2] == 1, 10, "unused packages are gone: the daemon looks for them while it serves")
        assert Function(running.account("111111111111"), kept.name).call() == 1
