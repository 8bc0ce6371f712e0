"""The compiled load client and the echo that everything is compared with."""

import contextlib
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass

from . import machine
from .programs import program


@contextlib.contextmanager
def echo(name="echo_reference"):
    """Port and pid of a running reference server."""
    process = subprocess.Popen([program(name)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        words = process.stdout.readline().split()
        if len(words) != 2 or words[0] != b"ready":
            raise RuntimeError(f"{name} did not get ready")
        yield EchoProcess(int(words[1]), process.pid)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@dataclass(frozen=True)
class EchoProcess:
    port: int
    pid: int


@dataclass(frozen=True)
class Load:
    """What the client does: `batches` of `requests` for each server, alternating, after `warm_up` requests that do not count."""
    connections: int
    batches: int
    requests: int
    warm_up: int
    cpus: object = None  # of the client; None: all

    @property
    def requests_per_server(self):
        return self.warm_up + self.batches * self.requests


def compare(load, echo_process, daemon, request, echo_request=None):
    """Runs the client on echo and daemon. Its JSON's two targets, each with cpu_us: the server's CPU time per request."""
    pids = (echo_process.pid, daemon.pid)
    with tempfile.TemporaryDirectory(prefix="mayfly-bench-request-") as folder:
        files = []
        for number, data in enumerate((echo_request or request, request)):
            files.append(os.path.join(folder, str(number)))
            with open(files[-1], "wb") as file:
                file.write(data)
        before = [machine.cpu_seconds(pid) for pid in pids]
        command = [program("http_bench_client"), "--connections", str(load.connections), "--batches", str(load.batches),
                   "--requests", str(load.requests), "--warm-up", str(load.warm_up), "--request", files[0], "--request2", files[1],
                   str(echo_process.port), str(daemon.port)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if load.cpus:
            machine.pin(process.pid, load.cpus)
        out, error = process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"http_bench_client: {error[:800]}")
        after = [machine.cpu_seconds(pid) for pid in pids]
    targets = json.loads(out)["targets"]
    for target, start, end in zip(targets, before, after):
        target["cpu_us"] = (end - start) / load.requests_per_server * 1e6
    return targets
