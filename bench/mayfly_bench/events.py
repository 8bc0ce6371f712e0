"""Asynchronous invocation: durable enqueues beside the echo, a syncing echo and PostgreSQL; how soon an event is run; neighbours."""

import contextlib
import http.client
import json
import re
import subprocess
import sys
import tempfile
import time

from . import load, postgres, programs, signing
from .daemon import FUNCTIONS, Daemon
from .programs import make_zip, program
from .rows import Row, quantile, rates
from .warm import EVENT, pinned

# Says when it was entered, by the clock that the client reads too.
CLOCK = "import time\ndef handler(event, context):\n    now = time.monotonic_ns()\n    print('ENTERED', event['n'], now)\n"
SLEEP = "import time\ndef handler(event, context):\n    time.sleep(600)\n"
FAIL = "def handler(event, context):\n    raise ValueError('no')\n"


def spread(values):
    """Of times."""
    return {"best": min(values), "median": quantile(values, 0.5)}


def python(code):
    return programs.Package("Python", programs.python().runtime, "index.handler", make_zip({"index.py": (code, 0o644)}), ())


def event_request(daemon, name, payload):
    head, blank, body = daemon.invocation(name, payload).partition(b"\r\n\r\n")
    return head + b"\r\nX-Amz-Invocation-Type: Event" + blank + body


@contextlib.contextmanager
def sync_echo():
    with tempfile.TemporaryDirectory(prefix="mayfly-bench-sync-") as folder:
        process = subprocess.Popen([program("sync_echo"), folder + "/file"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        try:
            yield load.EchoProcess(int(process.stdout.readline().split()[1]), process.pid)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


@contextlib.contextmanager
def accepting():
    """A daemon whose function "busy" is at its first event for ever, so that enqueuing is all that happens."""
    with Daemon("--account-concurrency", "1", "--drain", "0") as daemon:
        daemon.create_function("busy", python(SLEEP))
        yield daemon


def enqueue_latency(settings):
    shape = dict(connections=1, batches=settings.batches, requests=max(100, settings.requests // 6), warm_up=100)
    with sync_echo() as reference, accepting() as daemon, pinned(daemon.pid, reference.pid) as cpus:
        synced, subject = load.compare(load.Load(**shape, cpus=cpus), reference, daemon, event_request(daemon, "busy", EVENT))
    return Row("event_1", "event accepted (202), 1 connection", "µs",
               {"best": subject["best_p50_us"], "median": subject["median_p50_us"], "p99": subject["p99_us"]}, "fdatasync and echo",
               {"best": synced["best_p50_us"], "median": synced["median_p50_us"], "p99": synced["p99_us"]}, {"daemon_cpu_us_per_event": subject["cpu_us"]})


def enqueue_rate(settings):
    """64 connections beside the echo, and beside 64 clients of PostgreSQL."""
    shape = load.Load(connections=64, batches=1, requests=settings.rate_requests, warm_up=500)
    echoes, subjects, inserts, cpu = [], [], [], []
    with load.echo() as echo, accepting() as daemon, postgres.server() as database:
        for _ in range(settings.rate_rounds):
            reference, subject = load.compare(shape, echo, daemon, event_request(daemon, "busy", EVENT))
            echoes.append(reference["requests_per_second"])
            subjects.append(subject["requests_per_second"])
            cpu.append(subject["cpu_us"])
            if database:
                inserts.append(database.inserts_per_second(64, 1 if settings.quick else 3, len(EVENT) + 300))
    details = {"daemon_cpu_us_per_event": min(cpu), "rounds": settings.rate_rounds}
    rows = [Row("event_64", "events accepted per second, 64 connections", "per second", rates(subjects), "echo, 64 connections", rates(echoes), details)]
    if inserts:
        rows.append(Row("event_64_postgres", "events accepted per second, 64 connections", "per second", rates(subjects),
                        "PostgreSQL inserts, 64 clients", rates(inserts)))
    else:
        print("\nbench/run: PostgreSQL is not installed: no comparison with it", file=sys.stderr)
    return rows


class Client:
    """One keep-alive connection, whose times are taken around whole exchanges."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.connection = http.client.HTTPConnection("127.0.0.1", daemon.port)

    def send(self, name, event, **headers):
        headers = {"Content-Type": "application/json", "Authorization": signing.UNCHECKED, "x-amz-date": "20260101T000000Z", **headers}
        begin = time.monotonic_ns()
        self.connection.request("POST", f"{FUNCTIONS}/{name}/invocations", json.dumps(event), headers)
        answer = self.connection.getresponse()
        answer.read()
        end = time.monotonic_ns()
        if answer.status // 100 != 2:
            raise RuntimeError(f"{name}: {answer.status}")
        return begin, end

    def entered(self, name):
        self.connection.request("GET", f"/_mayfly/logs?function={name}&limit=10000")
        text = self.connection.getresponse().read().decode()
        return {int(number): int(at) for number, at in re.findall(r"ENTERED (\d+) (\d+)", text)}


def dispatch_latency(settings):
    """From the client's having its 202 to the handler's first line; the reference is a whole synchronous invocation of it."""
    batches, size = (4, 60) if settings.quick else (settings.batches, 200)
    sync, later = [], []
    with Daemon() as daemon:
        daemon.create_function("clock", python(CLOCK))
        client = Client(daemon)
        number = 0
        for batch in range(batches + 1):
            times, answered = [], {}
            for _ in range(size):
                number += 1
                begin, end = client.send("clock", {"n": number})
                times.append((end - begin) / 1e3)
            for _ in range(size):
                number += 1
                answered[number] = client.send("clock", {"n": number}, **{"X-Amz-Invocation-Type": "Event"})[1]
                time.sleep(0.002)  # the next one begins when nothing is at work
            until = time.monotonic() + 10
            while not answered.keys() <= (entered := client.entered("clock")).keys():
                if time.monotonic() > until:
                    raise RuntimeError("events were not run")
                time.sleep(0.05)
            if batch:  # the first warms up
                sync.append(quantile(times, 0.5))
                # 1: the handler was entered before the client had read its answer.
                later.append(max(1, quantile([(entered[n] - answered[n]) / 1e3 for n in answered], 0.5)))
    return Row("event_dispatch", "202 to handler entered, Python, warm", "µs", spread(later), "synchronous warm p50 of the same function", spread(sync))


def neighbour(settings):
    """p50 of a function while another one's events are throttled by the thousand, or fail and wait for their retries."""
    requests = max(200, settings.requests // 6)
    rows = []
    for kind, title in (("throttled", "warm p50 beside a throttled backlog"), ("failing", "warm p50 beside failed events that wait")):
        alone, beside = [], []
        with Daemon() as quiet, Daemon("--async-retry-delays", "3600") as busy:  # so that they wait for as long as is measured
            for daemon in (quiet, busy):
                daemon.create_function("fine", programs.native())
                daemon.invoke("fine", {})
            busy.create_function("other", python(SLEEP if kind == "throttled" else FAIL))
            if kind == "throttled":
                busy.call("PUT", "/2017-10-31/functions/other/concurrency", {"ReservedConcurrentExecutions": 1})
            shape = load.Load(connections=8, batches=1, requests=2000, warm_up=0)
            with load.echo() as echo:
                load.compare(shape, echo, busy, event_request(busy, "other", EVENT))
            settle(busy, kind)
            with pinned(quiet.pid, busy.pid) as cpus:
                for _ in range(4 if settings.quick else settings.batches):
                    shape = load.Load(connections=1, batches=1, requests=requests, warm_up=20, cpus=cpus)
                    first, second = load.compare(shape, quiet, busy, busy.invocation("fine", EVENT), quiet.invocation("fine", EVENT))
                    alone.append(first["best_p50_us"])
                    beside.append(second["best_p50_us"])
        rows.append(Row(f"event_neighbour_{kind}", title, "µs", spread(beside), "without it", spread(alone)))
    return rows


def settle(daemon, kind):
    """Until the first attempts of all failing events are over."""
    until = time.monotonic() + 60
    while kind == "failing" and daemon.call("GET", "/_mayfly/status")["events"]["held"] > 0:
        if time.monotonic() > until:
            raise RuntimeError("the events do not come to rest")
        time.sleep(0.1)


def events(settings):
    return [enqueue_latency(settings), *enqueue_rate(settings), dispatch_latency(settings), *neighbour(settings)]
