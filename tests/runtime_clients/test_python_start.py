"""If these fail, a Python function starts in the wrong world: import path, environment, modules, or a secret shared by
children of one zygote."""

import os
import subprocess
import sys

import pytest

from client_run import PYTHON_CLIENT, run_client
from clients import python_interpreters
from fake_runtime_api import Event


@pytest.fixture(params=list(python_interpreters().values()), ids=list(python_interpreters()))
def interpreter(request):
    return request.param


def test_import_path(python_function):
    extra = python_function.folder / "extra"
    python_function.write("extra/helper.py", "VALUE = 'from PYTHONPATH'\n")
    python_function.write("app.py", """
import sys, helper
def handler(event, context):
    return [sys.path, helper.VALUE, sys.version_info[:2]]
""")
    outcome = python_function.run("app.handler", [Event()], {
        "PYTHONPATH": "/var/runtime:%s" % extra, "AWS_EXECUTION_ENV": "AWS_Lambda_python3.14"})
    path, value, version = outcome.response()
    own = "/opt/python/lib/python3.%d/site-packages" % version[1]
    layers = ["/opt/python/lib/python3.14/site-packages", own]
    expected = [str(python_function.folder)] + list(dict.fromkeys(layers)) + ["/opt/python", "/var/runtime", str(extra)]
    assert path[:len(expected)] == expected
    assert any(entry.endswith("lib-dynload") for entry in path[len(expected):])
    assert not any(entry.endswith("-packages") for entry in path[len(expected):])
    assert value == "from PYTHONPATH" and python_function.name.endswith("3.%d" % version[1])


def test_world_is_that_of_a_fresh_interpreter(python_function):
    python_function.write("app.py", """
import builtins, gc, locale, os, signal, sys, threading, time, logging
def handler(event, context):
    logging.warning("x")
    return {"cwd": os.getcwd(), "seen": sorted(os.environ), "getenv": os.popen("echo $SHOP; echo $ZYGOTE_ONLY").read().split(),
            "timezone": time.strftime("%H", time.localtime(0)), "argv": [os.path.basename(a) for a in sys.argv],
            "main": os.path.basename(sys.modules["__main__"].__file__), "threads": threading.active_count(),
            "encodings": [sys.stdout.encoding, sys.stderr.encoding], "gc": gc.isenabled(), "exit": hasattr(builtins, "exit"),
            "term": signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, "int": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
            "mask": [int(s) for s in signal.pthread_sigmask(signal.SIG_BLOCK, ())],
            "relative": logging.LogRecord("n", 10, "p", 1, "m", (), None).relativeCreated < 20000}
""")
    outcome = python_function.run("app.handler", [Event()], {"SHOP": "flowers", "TZ": "Asia/Tokyo"})
    world = outcome.response()
    assert world["cwd"] == str(python_function.folder)
    assert "ZYGOTE_ONLY" not in world["seen"] and world["getenv"] == ["flowers"]
    assert world["timezone"] == "09"
    assert world["argv"] == ["bootstrap.py"] and world["main"] == "bootstrap.py"
    assert world["threads"] == 1 and world["gc"] and world["exit"] and world["term"] and world["int"] and world["mask"] == []
    assert world["encodings"] == ["utf-8", "utf-8"] and world["relative"]


def test_packed_modules_win_over_preloaded_ones(python_function):
    python_function.write("uuid.py", "PACKED = True\n")
    python_function.write("zoneinfo/__init__.py", "PACKED = True\n")
    python_function.write("app.py", """
import uuid, zoneinfo, urllib.request, json, random
def handler(event, context):
    return [uuid.PACKED, zoneinfo.PACKED, json.loads("1"), random.random() < 1]
""")
    assert python_function.run("app.handler", [Event()]).response() == [True, True, 1, True]


def test_path_files_beside_the_packages_are_obeyed(python_function):
    python_function.write("more.pth", "parts\nimport builtins; builtins.obeyed = True\n")
    python_function.write("parts/in_parts.py", "where = 'parts'\n")
    python_function.write("app.py", "import in_parts\ndef handler(event, context):\n    return [in_parts.where, obeyed]\n")
    assert python_function.run("app.handler", [Event()]).response() == ["parts", True]


def test_sitecustomize_of_a_layer_runs(python_function):
    layer = python_function.folder / "layer"
    python_function.write("layer/sitecustomize.py", "import builtins\nbuiltins.customized = True\n")
    python_function.write("app.py", "import builtins\nwas = builtins.customized\ndef handler(event, context):\n    return was\n")
    assert python_function.run("app.handler", [Event()], {"PYTHONPATH": str(layer)}).response() is True


def test_children_of_a_zygote_share_no_randomness(interpreter, tmp_path):
    # Worst case: the zygote and every child are process 1 of their namespaces, so OpenSSL cannot see the fork by its pid.
    program = tmp_path / "children.py"
    program.write_text("""
import ctypes, os, sys
sys.path.insert(0, sys.argv[1])
import zygote
parent = zygote.Zygote()
parent.preload()
libc = ctypes.CDLL(None)
CLONE_NEWPID = 0x20000000
own = os.open("/proc/self/ns/pid", os.O_RDONLY)
for _ in range(2):
    assert libc.unshare(CLONE_NEWPID) == 0
    child = os.fork()
    if child == 0:
        parent.become(zygote.Configuration(["bootstrap.py"], {"LAMBDA_TASK_ROOT": "/nowhere"}, "/"))
        import random, ssl, tempfile, uuid
        print(os.getpid(), ssl.RAND_bytes(8).hex(), random.getrandbits(64), uuid.uuid4().hex, uuid.uuid1().hex[:16],
              next(tempfile._get_candidate_names()))
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
    assert libc.setns(own, CLONE_NEWPID) == 0
""")
    done = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", interpreter, "-I", "-S", str(program), PYTHON_CLIENT],
                          capture_output=True, text=True)
    if done.returncode != 0 and "unshare" in done.stderr:
        pytest.skip("needs the right to make a pid namespace: " + done.stderr.strip())
    assert done.returncode == 0, done.stderr
    first, second = (line.split() for line in done.stdout.splitlines())
    assert first[0] == second[0] == "1"
    assert all(a != b for a, b in zip(first[1:], second[1:]))


def test_zygote_has_no_threads_and_little_memory(interpreter):
    program = ("import sys, os; sys.path.insert(0, %r); import zygote; z = zygote.Zygote(); z.preload();"
               "print(len(os.listdir('/proc/self/task')), int(open('/proc/self/statm').read().split()[1]) * 4)" % PYTHON_CLIENT)
    done = subprocess.run([interpreter, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    threads, kilobytes = map(int, done.stdout.split())
    assert threads == 1
    assert kilobytes < 30000


@pytest.mark.parametrize("data", [
    b"", b"\1\0\0\0", b"\1\0\0\0\0\0\0\0", b"\1\0\0\0\0\0\0\0a\0", b"\1\0\0\0\0\0\0\0a\0/", b"\xff\xff\xff\xff\xff\xff\xff\xffa\0/\0",
    b"\0\0\0\0\0\0\0\0/\0left over\0"])
def test_broken_configuration_is_refused(data):
    zygote = _load_zygote()
    with pytest.raises(ValueError):
        zygote.parse_configuration(data)


def test_configuration():
    zygote = _load_zygote()
    parsed = zygote.parse_configuration(b"\2\0\0\0\3\0\0\0py\0boot\0A=1\0B=x=\xc3\xa9\0EMPTY=\0/var/task\0")
    assert parsed.arguments == ["py", "boot"] and parsed.working_directory == "/var/task"
    assert parsed.environment == {"A": "1", "B": "x=\u00e9", "EMPTY": ""}


def _load_zygote():
    sys.path.insert(0, PYTHON_CLIENT)
    try:
        import zygote
        return zygote
    finally:
        sys.path.remove(PYTHON_CLIENT)


def test_zygote_ends_when_its_control_descriptor_does(interpreter):
    program = ("import sys; sys.path.insert(0, %r); import zygote; z = zygote.Zygote(); z.preload();"
               "z.serve(5, lambda descriptor: -1 if descriptor == 5 else 99); print('ended')" % PYTHON_CLIENT)
    done = subprocess.run([interpreter, "-I", "-S", "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "ended\n")


def test_prepared_folder_needs_no_compiling(interpreter, tmp_path):
    runtime = tmp_path / "runtime"
    subprocess.run([os.path.join(PYTHON_CLIENT, "prepare.sh"), str(runtime), interpreter], check=True)
    (tmp_path / "app.py").write_text("""
import sys
def handler(e, c):
    caller = sys._getframe(1).f_globals
    return [caller["__cached__"], caller["__file__"]]
""")
    (runtime / "mayfly_client" / "event_json.py").write_text("raise SystemExit('the source was read')\n")
    outcome = run_client([interpreter, "-S", str(runtime / "bootstrap.py")], tmp_path, "app.handler", [Event()])
    cached, source = outcome.response()
    assert os.path.exists(cached) and source == str(runtime / "mayfly_client" / "invoke_loop.py")
