"""Warm invocations: latency (p50) and rate, beside the echo."""

import contextlib
import os

from . import load, machine, programs
from .daemon import FUNCTIONS, Daemon
from .rows import Row, rates

EVENT = b'{"name": "you", "numbers": [1, 2, 3]}'


@contextlib.contextmanager
def pinned(*pids):
    """Servers on one CPU and the client (the yielded set) on another, so that a batch measures the same wake-ups as the next one."""
    client, server = machine.pins()
    everything = os.sched_getaffinity(0)
    if server:
        for pid in pids:
            machine.pin(pid, server)
    try:
        yield client
    finally:
        for pid in pids:
            machine.pin(pid, everything)


def latency(name, title, daemon, echo, function, settings):
    load_settings = dict(connections=1, batches=settings.batches, requests=settings.requests, warm_up=settings.requests)
    with pinned(daemon.pid, echo.pid) as client_cpus:
        reference, subject = load.compare(load.Load(**load_settings, cpus=client_cpus), echo, daemon, daemon.invocation(function, EVENT))
    return Row(name, title, "µs", {"best": subject["best_p50_us"], "median": subject["median_p50_us"], "p99": subject["p99_us"]}, "echo p50",
               {"best": reference["best_p50_us"], "median": reference["median_p50_us"], "p99": reference["p99_us"]},
               {"daemon_cpu_us_per_invoke": subject["cpu_us"], "echo_cpu_us_per_request": reference["cpu_us"],
                "batches": settings.batches, "requests_per_batch": settings.requests})


def warm(settings):
    """Full-speed functions of 1,769 MB through one connection, then the least memory there is, then checked signatures."""
    packages = [programs.native(), programs.python()] + ([programs.node()] if programs.node() else [])
    rows = []
    with load.echo() as echo:
        with Daemon() as daemon:
            for package in packages:
                key = package.title.lower()
                daemon.create_function(key, package)
                daemon.invoke(key, {})
                rows.append(latency(f"warm_{key}", f"warm invoke, {package.title}", daemon, echo, key, settings))
            if not settings.quick:
                daemon.create_function("small", programs.native(), memory_mib=128)
                rows.append(latency("warm_native_128", "warm invoke, native, 128 MB (7 % of a CPU)", daemon, echo, "small", settings))
        with Daemon(auth="strict") as daemon:
            daemon.create_function("native", programs.native())
            rows.append(latency("warm_native_strict", "warm invoke, native, signatures checked", daemon, echo, "native", settings))
    return rows


def rate(settings):
    """Eight clients at once on one native function: eight environments. Nothing is pinned."""
    shape = load.Load(connections=8, batches=1, requests=settings.rate_requests, warm_up=1000)
    references, subjects, cpu = [], [], []
    with load.echo() as echo, Daemon() as daemon:
        daemon.create_function("native", programs.native())
        for _ in range(settings.rate_rounds):
            reference, subject = load.compare(shape, echo, daemon, daemon.invocation("native", EVENT))
            references.append(reference["requests_per_second"])
            subjects.append(subject["requests_per_second"])
            cpu.append(subject["cpu_us"])
        environments = daemon.environments_started()
    return [Row("rate_native", "invokes per second, native, 8 connections", "per second", rates(subjects), "echo, 8 connections",
                rates(references), {"environments": environments, "daemon_cpu_us_per_invoke": min(cpu), "rounds": settings.rate_rounds})]


def get_function(settings):
    """GetFunction with 16 connections; the echo gets the same bytes."""
    shape = load.Load(connections=16, batches=1, requests=settings.rate_requests // 2, warm_up=500)
    references, subjects, cpu = [], [], []
    with load.echo() as echo, Daemon() as daemon:
        daemon.create_function("known", programs.python())
        for _ in range(settings.rate_rounds):
            reference, subject = load.compare(shape, echo, daemon, daemon.request("GET", f"{FUNCTIONS}/known"))
            references.append(reference["requests_per_second"])
            subjects.append(subject["requests_per_second"])
            cpu.append(subject["cpu_us"])
    return [Row("get_function", "GetFunction per second, 16 connections", "per second", rates(subjects), "echo, 16 connections",
                rates(references), {"daemon_cpu_us_per_request": min(cpu), "rounds": settings.rate_rounds})]
