"""A backlog of events of one function, a million or MAYFLY_BENCH_BACKLOG: the daemon's memory, its next start, a neighbour's
events beside it, and how fast it shrinks."""

import base64
import os
import sys
import time

from . import load, machine
from .daemon import Daemon
from .events import CLOCK, SLEEP, Client, event_request, python, spread
from .rows import Row, quantile
from .warm import EVENT

COUNT = int(os.environ.get("MAYFLY_BENCH_BACKLOG", "1000000"))
COUNT_QUICK = 20_000
STEP = 100_000
FAST = "def handler(event, context):\n    pass\n"


def resident_mib(daemon):
    return machine.field_kib(machine.read(f"/proc/{daemon.pid}/status"), "RssAnon") / 1024


def fill(daemon, count):
    """The most memory that the daemon had on the way."""
    peak = 0
    with load.echo() as echo:
        for done in range(0, count, STEP):
            shape = load.Load(connections=64, batches=1, requests=min(STEP, count - done), warm_up=0)
            load.compare(shape, echo, daemon, event_request(daemon, "other", EVENT))
            peak = max(peak, resident_mib(daemon))
            if sys.stderr.isatty():
                print(f"\r{done + shape.requests:,} events", end="", file=sys.stderr)
    return peak


def dispatch_microseconds(daemon, count=100):
    """From sending to the handler's entry, of another function's events."""
    client = Client(daemon)
    sent = {}
    for number in range(count):
        sent[number] = client.send("clock", {"n": number}, **{"X-Amz-Invocation-Type": "Event"})[0]
        time.sleep(0.005)
    until = time.monotonic() + 30
    while not sent.keys() <= (entered := client.entered("clock")).keys():
        if time.monotonic() > until:
            raise RuntimeError("the neighbour's events were not run")
        time.sleep(0.05)
    return quantile([(entered[n] - sent[n]) / 1e3 for n in sent], 0.5)


def depth(daemon):
    return daemon.call("GET", "/_mayfly/status")["events"]["stored"]


def drained_per_second(daemon, seconds):
    before, begin = depth(daemon), time.monotonic()
    time.sleep(seconds)
    return (before - depth(daemon)) / (time.monotonic() - begin)


def backlog(settings):
    count = COUNT_QUICK if settings.quick else COUNT
    with Daemon("--drain", "0") as daemon:
        daemon.create_function("clock", python(CLOCK))
        daemon.create_function("other", python(SLEEP))
        daemon.call("PUT", "/2015-03-31/functions/other/configuration", {"Timeout": 10})  # so that its end can be waited for
        daemon.call("PUT", "/2017-10-31/functions/other/concurrency", {"ReservedConcurrentExecutions": 1})
        daemon.invoke("clock", {"n": -1})
        empty, alone, start_empty = resident_mib(daemon), dispatch_microseconds(daemon), daemon.ready_seconds
        peak = fill(daemon, count)
        full = resident_mib(daemon)
        daemon.restart(lambda directory: None)
        start_full = daemon.ready_seconds
        if depth(daemon) < 0.999 * count:  # some of them have had their three attempts
            raise RuntimeError(f"{depth(daemon)} of {count} events are left")
        daemon.invoke("clock", {"n": -1})
        beside = dispatch_microseconds(daemon)
        daemon.call("PUT", "/2015-03-31/functions/other/code", {"ZipFile": base64.b64encode(python(FAST).zip_bytes).decode()})
        daemon.call("DELETE", "/2017-10-31/functions/other/concurrency")
        full_depth, until = depth(daemon), time.monotonic() + 30
        while depth(daemon) == full_depth and time.monotonic() < until:
            time.sleep(0.05)
        rate = drained_per_second(daemon, 2 if settings.quick else 20)
        size = sum(path.stat().st_size for path in daemon.data_directory.glob("events.db*"))
        after = resident_mib(daemon)
    details = {"events": count, "peak_mib": round(peak, 1), "while_it_shrinks_mib": round(after, 1), "file_mib": round(size / 2**20)}
    return [Row("backlog_memory", f"the daemon's own memory more with {count:,} events waiting", "MiB", {"best": full - empty, "median": full - empty},
                details=details),
            Row("backlog_start", "start with that backlog", "s", {"best": start_full, "median": start_full}, "start without it",
                {"best": start_empty, "median": start_empty}),
            Row("backlog_neighbour", "sending to handler of another function's events, Python", "µs", spread([beside]), "without it", spread([alone])),
            Row("backlog_drain", "events of it run, Python", "per second", {"best": rate, "median": rate})]
