"""Bursts: many invocations at once of a function that has no environment, each of which needs one of its own.

The function tells when it was entered, then holds its environment until the burst is over. Beside it, in turns: as many bare
starts of the same program, all alive at once: posix_spawn of the native one; bare forks of Mayfly's own Python zygote, without any
sandbox, each of which imports the handler and enters it.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from . import programs
from .daemon import Daemon
from .rows import Row, rates

ROUNDS = 3
HANDLER = "Slice Handle(Slice event) { return event; }"
HOLDING_HANDLER = """Slice Handle(Slice) {
  static char text[64];
  timespec now, hold{%d, 0};
  clock_gettime(CLOCK_REALTIME, &now);
  nanosleep(&hold, nullptr);
  return {text, static_cast<size_t>(snprintf(text, sizeof text, "%%lld.%%09ld", static_cast<long long>(now.tv_sec), now.tv_nsec))};
}"""
HOLDING_PYTHON = """
import time
def handler(event, context):
    entered = time.time()
    time.sleep(%d)
    return entered
"""


def holding_native(seconds):
    """(package, path of the program): examples/bootstrap-cpp with a handler that holds."""
    folder = Path(tempfile.mkdtemp(prefix="mayfly-bench-burst-"))
    source = (programs.ROOT / "examples/bootstrap-cpp/bootstrap.cc").read_text()
    if HANDLER not in source:
        raise RuntimeError("examples/bootstrap-cpp has another handler than this benchmark knows")
    (folder / "bootstrap.cc").write_text("#include <time.h>\n" + source.replace(HANDLER, HOLDING_HANDLER % seconds))
    shutil.copy(programs.ROOT / "examples/bootstrap-cpp/build.sh", folder)
    subprocess.run(["sh", str(folder / "build.sh"), str(folder)], check=True, stdout=subprocess.DEVNULL)
    return programs.Package("native", "provided.al2023", "bootstrap", (folder / "function.zip").read_bytes(), (str(folder / "bootstrap"),)), folder


def holding_python(seconds):
    return programs.Package("Python", programs.python().runtime, "index.handler",
                            programs.make_zip({"index.py": (HOLDING_PYTHON % seconds, 0o644)}), ())


def spawn_rate(command, count):
    """Processes per second until all have been spawned, and have ended."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, descriptor) for descriptor in (0, 1, 2)]
    begin = time.perf_counter()
    pids = [os.posix_spawn(command[0], command, {"PATH": os.defpath}, file_actions=actions) for _ in range(count)]
    for pid in pids:
        os.waitpid(pid, 0)  # without a Runtime API the program ends at once
    seconds = time.perf_counter() - begin
    os.close(null)
    return count / seconds


FORKING = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
import zygote
parent = zygote.Zygote()
parent.preload()
sys.path.insert(0, sys.argv[2])
count = int(sys.argv[3])
out, into = os.pipe()
begin = time.perf_counter()
for _ in range(count):
    if os.fork() == 0:
        import importlib, json
        importlib.import_module("index").handler(json.loads('{"name": "you"}'), None)
        os.write(into, b".")
        time.sleep(600)
seen = 0
while seen < count:
    seen += len(os.read(out, 4096))
print(count / (time.perf_counter() - begin), flush=True)
os.killpg(0, 9)
"""


def fork_rate(count):
    client = Path(programs.program("mayflyd")).parent.parent / "share/mayfly/runtime/python"
    with tempfile.TemporaryDirectory(prefix="mayfly-bench-burst-") as folder:
        (Path(folder) / "index.py").write_text("def handler(event, context):\n    return event\n")
        command = [programs.python().exits[0], "-I", "-S", "-B", "-c", FORKING, str(client), folder, str(count)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            return float(process.stdout.readline())
        finally:
            process.stdout.close()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def read_answer(connection):
    data = b""
    while True:
        head, separator, body = data.partition(b"\r\n\r\n")
        if separator:
            length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
            if len(body) >= length:
                return int(head[9:12]), head, body
        piece = connection.recv(1 << 16)
        if not piece:
            raise ConnectionError("the server closed the connection")
        data += piece


def burst_rate(daemon, name, count):
    """Environments per second, from the first request until the handler was entered in the last of them."""
    request = daemon.invocation(name, b"{}")
    connections = [socket.create_connection(("127.0.0.1", daemon.port), 120) for _ in range(count)]
    begin = time.time()
    for connection in connections:
        connection.sendall(request)
    entered = []
    for connection in connections:
        status, head, body = read_answer(connection)
        if status != 200 or b"x-amz-function-error" in head.lower():
            raise RuntimeError(f"invoke: {status} {body[:300]!r}")
        entered.append(float(json.loads(body)))
        connection.close()
    return count / (max(entered) - begin)


def measure(name, title, package, count, reference_title, reference):
    subjects, references = [], []
    started = 0
    for turn in range(ROUNDS):
        references.append(reference(count))
        # A daemon of its own: nothing is warm, and the teardown of the last burst is over.
        with Daemon("--environments-max", str(count + 50)) as daemon:
            daemon.create_function("first", programs.python() if package.title == "Python" else programs.native())
            daemon.invoke("first", {})  # boots what the daemon boots once
            daemon.create_function("burst", package)
            before = daemon.environments_started()
            subjects.append(burst_rate(daemon, "burst", count))
            started = daemon.environments_started() - before
            if started != count:
                raise RuntimeError(f"{started} environments were started for a burst of {count}: they did not hold long enough")
    return Row(name, title, "per second", rates(subjects), reference_title, rates(references), {"burst": count, "rounds": ROUNDS})


def burst(settings):
    count, hold = (100, 15) if settings.quick else (500, 30)
    native, folder = holding_native(hold)
    try:
        return [measure("burst_python", f"burst 0→{count}, Python: environments", holding_python(hold), count, "bare fork of the same zygote", fork_rate),
                measure("burst_native", f"burst 0→{count}, native: environments", native, count, "posix_spawn and exit of the same program",
                        lambda number: spawn_rate(native.exits, number))]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
