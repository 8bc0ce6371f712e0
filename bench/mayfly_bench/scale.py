"""A hundred thousand functions with three versions each: start, memory, lists, and whether an invocation notices.

The rows are written straight into the store (bench/catalog_seed.cc), since the API would take minutes. The functions have no
packages: those that are invoked are created beside them.
"""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from . import load, machine, programs
from .daemon import FUNCTIONS, Daemon
from .http_connection import Connection
from .programs import find_program
from .rows import Row
from .warm import latency

FUNCTIONS_MANY, VERSIONS = 100_000, 3
SETTLE_SECONDS = 8.0  # the survey of all functions runs after the start


def seed(folder, count):
    """Fills the data directory of a daemon that has ended; its files keep their owner."""
    owner = (folder / "control.db").stat()
    for name in ("control.db", "control.db-wal", "control.db-shm"):
        (folder / name).unlink(missing_ok=True)
    subprocess.run([find_program("catalog_seed"), "fill", str(folder), str(count), str(VERSIONS)], check=True, capture_output=True)
    for path in folder.glob("control.db*"):
        os.chown(path, owner.st_uid, owner.st_gid)


def scan_seconds(folder):
    copy = Path(str(folder) + "-copy")
    shutil.copytree(folder, copy)
    try:
        done = subprocess.run([find_program("catalog_seed"), "scan", str(copy)], check=True, capture_output=True, text=True)
        return json.loads(done.stdout)["seconds"]
    finally:
        shutil.rmtree(copy)


def times(values, factor):
    return {"best": min(values) * factor, "median": sorted(values)[len(values) // 2] * factor}


def scale(settings):
    """No rows where catalog_seed is not built."""
    if not find_program("catalog_seed"):
        return []
    count = FUNCTIONS_MANY // 10 if settings.quick else FUNCTIONS_MANY
    rows = []
    with load.echo() as echo, Daemon() as few, Daemon() as many:
        many.restart(lambda folder: None)
        time.sleep(SETTLE_SECONDS)
        empty_kib = machine.resident_kib(many.pid)
        many.restart(lambda folder: seed(folder, count))
        starts, scans = [many.ready_seconds], []
        for _ in range(1 if settings.quick else 3):
            many.restart(lambda folder: scans.append(scan_seconds(folder)))
            starts.append(many.ready_seconds)
        few.restart(lambda folder: None)
        per_100k = 100_000 / count
        rows.append(Row("start_100k", "start with 100,000 functions of 3 versions", "s", times(starts, per_100k),
                        "a scan of all rows", times(scans, per_100k), {"empty_start_s": few.ready_seconds, "functions": count}))
        time.sleep(SETTLE_SECONDS)
        kib = (machine.resident_kib(many.pid) - empty_kib) / count
        rows.append(Row("memory_100k", "daemon's memory per function with 3 versions", "KiB", {"best": kib, "median": kib}))
        page = load.Load(connections=1, batches=settings.batches, requests=200, warm_up=100)
        request = many.request("GET", f"{FUNCTIONS}?MaxItems=50")
        with Connection(many.port) as connection:
            answer_bytes = len(connection.exchange(request)[2])
        small, _ = load.compare(page, echo, many, request)
        reference, subject = load.compare(page, echo, many, request, many.request("POST", "/", b"x" * answer_bytes))
        rows.append(Row("list_100k", "ListFunctions, a page of 50 of 100,000", "µs", {"best": subject["best_p50_us"], "median": subject["median_p50_us"]},
                        "echo of as many bytes, p50", {"best": reference["best_p50_us"], "median": reference["median_p50_us"]},
                        {"answer_bytes": answer_bytes, "empty_echo_us": small["best_p50_us"], "cpu_us": subject["cpu_us"]}))
        invoked = []
        for daemon in (few, many):
            daemon.create_function("native", programs.native())
            daemon.invoke("native", {})
            invoked.append(latency("warm", "warm", daemon, echo, "native", settings))
        rows.append(Row("warm_100k", "warm invoke beside 100,000 functions", "× echo", invoked[1].ratio, "the same daemon without them", invoked[0].ratio))
    return rows
