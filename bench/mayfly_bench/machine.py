"""Facts of the machine and of its processes, read from /proc."""

import os
import platform
import time
from pathlib import Path


def read(path):
    """Text of a file that may go away at any time."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def field_kib(text, name):
    """The number of the line `name: 123 kB`; 0 without such a line."""
    for line in text.splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


def describe():
    model = next((line.split(":", 1)[1].strip() for line in read("/proc/cpuinfo").splitlines() if line.startswith("model name")), "")
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "cpu": model or platform.machine(),
        "cores": os.cpu_count(),
        "memory_mib": field_kib(read("/proc/meminfo"), "MemTotal") // 1024,
        "kernel": platform.release(),
        "load": read("/proc/loadavg").split()[:3],
    }


def cpu_seconds(pid):
    """CPU time of a process's threads that live now, in nanosecond resolution. Threads that have ended are not in it."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        words = read(task / "schedstat").split()
        total += int(words[0]) if words else 0
    return total / 1e9


def pin(pid, cpus):
    """Every thread of the process; threads that it starts later inherit it."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            os.sched_setaffinity(int(task.name), cpus)
        except ProcessLookupError:
            pass


def pins():
    """(client's CPUs, server's CPUs) for latency; (None, None) on a machine with one CPU."""
    cpus = sorted(os.sched_getaffinity(0))
    return ({cpus[1]}, {cpus[0]}) if len(cpus) > 1 else (None, None)


def children(pid):
    return [int(word) for task in Path(f"/proc/{pid}/task").glob("*/children") for word in read(task).split()]


def descendants(pid):
    found, queue = [], [pid]
    while queue:
        for child in children(queue.pop()):
            found.append(child)
            queue.append(child)
    return found


def command(pid):
    return read(f"/proc/{pid}/comm").strip()


def pss_kib(pid):
    """Proportional set size: shared pages are divided among those who share them."""
    return field_kib(read(f"/proc/{pid}/smaps_rollup"), "Pss")


def resident_kib(pid):
    return field_kib(read(f"/proc/{pid}/status"), "VmRSS")


def kernel_memory_kib():
    """What the kernel itself uses on this machine, over all processes: only differences mean something."""
    text = read("/proc/meminfo")
    return sum(field_kib(text, name) for name in ("Slab", "KernelStack", "PageTables", "Percpu"))
