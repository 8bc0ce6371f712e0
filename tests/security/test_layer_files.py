"""If one of these fails, a function can change the files of its layers, which others share, or a layer reaches out of its tree."""

import os
import secrets
from pathlib import Path

import pytest

from conftest import ATTACKER_ACCOUNT, make_attacker
from packages import make_zip

FILES = {"python/module_of_layer.py": "WHO = 'layer'\n", "bin/tool": "#!/bin/sh\necho tool\n", "data/file": "content\n"}


def publish(client, name, files, mode=0o777):
    answer = client.publish_layer_version(LayerName=name, Content={"ZipFile": make_zip(files, mode)})
    return answer["LayerVersionArn"]


@pytest.fixture(scope="module", params=[1, 2], ids=["one layer", "two layers"])
def layered(request, daemon):
    """An attacker with layers whose zips made every file writable for everybody."""
    client = daemon.account(ATTACKER_ACCOUNT)
    name = "layer-" + secrets.token_hex(4)
    arns = [publish(client, name, FILES)] + [publish(client, name + "-more", {"data/more": "more"})] * (request.param - 1)
    made = make_attacker(daemon, "layered-" + secrets.token_hex(4), Layers=arns)
    yield made
    made.function.delete()


def stored(daemon):
    """Every file of every package, as it lies on the disk: path → (mode, time, owner, content)."""
    found = {}
    for folder, _, files in os.walk(daemon.data_dir / "code"):
        for name in files:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            content = os.readlink(path) if os.path.islink(path) else Path(path).read_bytes()
            found[path] = (status.st_mode, status.st_mtime_ns, status.st_uid, content)
    return found


def test_layers_cannot_be_written(daemon, layered):
    """A file of a layer can be written, replaced, removed, renamed, linked, touched or given another mode, or a new one made."""
    before = stored(daemon)

    def attempt():
        import os
        path, new = "/opt/data/file", "/opt/data/new"
        outcomes = {}
        for name, call in {
            "open": lambda: os.open(path, os.O_WRONLY), "append": lambda: os.open(path, os.O_RDWR | os.O_APPEND),
            "truncate": lambda: os.truncate(path, 0), "create": lambda: os.open(new, os.O_WRONLY | os.O_CREAT, 0o666),
            "create above": lambda: os.open("/opt/new", os.O_WRONLY | os.O_CREAT, 0o666), "unlink": lambda: os.unlink(path),
            "rename": lambda: os.rename(path, new), "mkdir": lambda: os.mkdir("/opt/new"), "rmdir": lambda: os.rmdir("/opt/data"),
            "symlink": lambda: os.symlink("/tmp", new), "link": lambda: os.link(path, new), "link out": lambda: os.link(path, "/tmp/out"),
            "chmod": lambda: os.chmod(path, 0o666), "chown": lambda: os.chown(path, os.getuid(), -1), "utime": lambda: os.utime(path),
            "xattr": lambda: os.setxattr(path, "user.x", b"1"), "proc": lambda: os.open("/proc/self/root" + path, os.O_WRONLY),
        }.items():
            try:
                call()
                outcomes[name] = "done"
            except OSError as error:
                outcomes[name] = error.errno and os.strerror(error.errno)
        return outcomes
    outcomes = layered.run(attempt)
    assert not [name for name, outcome in outcomes.items() if outcome == "done"], outcomes
    assert stored(daemon) == before


def test_the_mount_stays_as_it_is(layered):
    """/opt can be mounted anew, over, away, or without its restrictions."""
    def attempt():
        import ctypes
        import os
        libc = ctypes.CDLL(None, use_errno=True)
        outcomes = [libc.mount(b"none", b"/opt", None, 4096 | 32, None), libc.mount(b"tmpfs", b"/opt", b"tmpfs", 0, None), libc.umount2(b"/opt", 2)]
        with open("/proc/self/mountinfo") as file:
            flags = [line.split()[5] for line in file if line.split()[4] == "/opt"]
        return outcomes, flags, os.listdir("/opt/data")
    outcomes, flags, listed = layered.run(attempt)
    assert outcomes == [-1, -1, -1] and "file" in listed
    assert len(flags) == 1 and {"ro", "nosuid", "nodev"} <= set(flags[0].split(",")), flags


def test_links_of_layers_meet_inside_the_sandbox(daemon):
    """Links that are harmless alone lead the daemon out of the tree when layers are merged, or show a function files of the machine."""
    import io
    import zipfile

    def zip_of(*entries):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, data, mode in entries:
                info = zipfile.ZipInfo(name)
                info.external_attr = mode << 16
                archive.writestr(info, data)
        return out.getvalue()

    def look_around():
        import os
        with open("/opt/out/planted") as file:
            return [sorted(os.listdir("/opt")), os.path.islink("/opt/d"), os.path.exists("/opt/up"), file.read()]
    folder, link, file = 0o040755, 0o120777, 0o100644
    layers = [zip_of(("d/", "", folder), ("out", "d/../code", link), ("up", "d/../d/../package.zip", link)),
              zip_of(("d", ".", link)),
              zip_of(("out/planted", "x", file))]
    client = daemon.account(ATTACKER_ACCOUNT)
    before = stored(daemon)
    name = "links-" + secrets.token_hex(4)
    arns = [client.publish_layer_version(LayerName=f"{name}-{number}", Content={"ZipFile": data})["LayerVersionArn"] for number, data in enumerate(layers)]
    attacker = make_attacker(daemon, name, Layers=arns)
    try:
        assert attacker.run(look_around) == [["d", "out", "up"], True, False, "x"]
    finally:
        attacker.function.delete()
    after = stored(daemon)
    assert {path: after.get(path) for path in before} == before
    assert not [path for path in after if path.endswith("planted") and "out/planted" not in path]


def test_layers_of_others_stay_closed(daemon):
    """A layer of another account can be used, read or deleted without that account's leave."""
    from botocore.exceptions import ClientError
    owner = daemon.account("222222222222")
    arn = publish(owner, "private-" + secrets.token_hex(4), FILES)
    layer, _, version = arn.rpartition(":")
    attacker = daemon.account(ATTACKER_ACCOUNT)
    for call in (lambda: attacker.get_layer_version(LayerName=layer, VersionNumber=int(version)), lambda: attacker.get_layer_version_by_arn(Arn=arn),
                 lambda: attacker.delete_layer_version(LayerName=layer, VersionNumber=int(version)), lambda: make_attacker(daemon, "thief", Layers=[arn])):
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert owner.get_layer_version_by_arn(Arn=arn)["Version"] == 1
