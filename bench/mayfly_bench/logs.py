"""What functions may write to their logs: lines per second through the pipe of their standard output, and through the framed
descriptor of AWS's runtime clients; the daemon's CPU time for it.

bench/log_writer.cc is both the function and the reference, which writes the same bytes through a pipe to a process that appends them to
a file in pieces of the same size. The log limit is as high as it goes. What counts is what the log kept: a dropped line ends the benchmark.
"""

import subprocess
import tempfile
from pathlib import Path

from . import machine
from .daemon import Daemon
from .http_connection import Connection
from .programs import Package, make_zip, program
from .rows import Row, rates

MIB = 1 << 20
LINE_BYTES = {"pipe": 128, "framed": 128, "long": 4096}
FORMS = {"pipe": "plain", "framed": "framed", "long": "plain"}
LIMIT_KIB = 1_000_000  # per second: the most that the option takes, and more than is reached


def writer():
    path = Path(program("log_writer"))
    return Package("log writer", "provided.al2023", "bootstrap", make_zip({"bootstrap": (path.read_bytes(), 0o755)}), (str(path),))


def reference_seconds(folder, lines, size, form):
    file = Path(folder) / "log"
    done = subprocess.run([program("log_writer"), file, str(lines), str(size), form], check=True, capture_output=True, text=True)
    file.unlink()
    return int(done.stdout) / 1e9


def read_log(daemon, text):
    """Lines of the log with this text. Ends when all that was appended is in the files."""
    with Connection(daemon.port) as connection:
        status, _, body = connection.exchange(daemon.request("GET", f"/_mayfly/logs?function=logger&limit=10&filter={text}"))
    if status != 200:
        raise RuntimeError(f"the log: {status} {body[:500]!r}")
    return body.decode().splitlines()


def measure(daemon, folder, name, lines, rounds):
    size, form = LINE_BYTES[name], FORMS[name]
    subject, reference = [], []
    daemon.invoke("logger", f"1 {size} {form}")
    before = machine.cpu_seconds(daemon.pid)
    for _ in range(rounds):
        reference.append(lines / reference_seconds(folder, lines, size, form))
        subject.append(lines / (daemon.invoke("logger", f"{lines} {size} {form}") / 1e9))
        for text in ("LOGS_DROPPED", "log%20lines%20are%20missing"):
            if read_log(daemon, text):
                raise RuntimeError(f"{name}: the log has dropped lines: {read_log(daemon, text)}")
    mib = rounds * lines * size / MIB
    details = {"mib_per_second": max(subject) * size / MIB, "daemon_cpu_ms_per_mib": (machine.cpu_seconds(daemon.pid) - before) * 1000 / mib,
               "lines": lines, "rounds": rounds}
    title = {"pipe": "log lines of 128 bytes by the pipe", "framed": "the same by the framed descriptor", "long": "log lines of 4 KiB by the pipe"}[name]
    return Row(f"logs_{name}", title, "lines per second", rates(subject), "pipe, appended to a file", rates(reference), details)


def logs(settings):
    with tempfile.TemporaryDirectory(prefix="mayfly-bench-logs-") as folder, Daemon("--function-log-rate", str(LIMIT_KIB)) as daemon:
        daemon.create_function("logger", writer())
        return [measure(daemon, folder, name, settings.log_bytes // LINE_BYTES[name], settings.rate_rounds) for name in LINE_BYTES]
