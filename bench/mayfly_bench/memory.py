"""Memory of idle environments, beside as many bare interpreters that wait.

Each environment belongs to a function of its own with the same package, has answered once, and is frozen by the daemon. Its share
is the PSS of all processes of its sandbox. What the kernel keeps for it (page tables, stacks, network namespace, cgroups) is an
estimate: the growth of the whole machine's kernel memory while the environments were made, divided by their number.
"""

import subprocess
import time

from . import machine, programs
from .daemon import Daemon
from .rows import Row

SETTLE_SECONDS = 1.0  # the daemon freezes after 0.1 s; the kernel returns what it does not need a little later


def bare_pss_kib(command, count):
    """Mean PSS of `count` processes that all live at once."""
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) for _ in range(count)]
    try:
        time.sleep(SETTLE_SECONDS)
        return sum(machine.pss_kib(process.pid) for process in processes) / count
    finally:
        for process in processes:
            process.stdin.close()
        for process in processes:
            process.wait()


def measure(package, count):
    key = package.title.lower()
    with Daemon() as daemon:
        daemon.create_function("first", package)  # boots the zygote, fills caches; its environment ends with it
        daemon.invoke("first", {})
        daemon.delete_function("first")
        names = [f"idle-{number}" for number in range(count)]
        for name in names:
            daemon.create_function(name, package, memory_mib=128)
        time.sleep(SETTLE_SECONDS)
        daemon_before, kernel_before = machine.resident_kib(daemon.pid), machine.kernel_memory_kib()
        for name in names:
            daemon.invoke(name, {})
        time.sleep(SETTLE_SECONDS)
        kernel = max(0, machine.kernel_memory_kib() - kernel_before) / count
        cages = daemon.cages()
        if len(cages) != count:
            raise RuntimeError(f"{len(cages)} environments live instead of {count}")
        pss = [sum(machine.pss_kib(pid) for pid in pids) for pids in cages.values()]
        daemon_after = machine.resident_kib(daemon.pid)
    whole = [(value + kernel) / 1024 for value in pss]
    reference = bare_pss_kib(package.idles, count) / 1024 if package.idles else None
    details = {"environments": count, "pss_mib": sum(pss) / count / 1024, "kernel_mib_estimate": kernel / 1024,
               "daemon_rss_mib": daemon_after / 1024, "daemon_rss_growth_kib_per_environment": (daemon_after - daemon_before) / count}
    subject = {"best": min(whole), "median": sorted(whole)[len(whole) // 2]}
    return Row(f"memory_{key}", f"memory of an idle environment, {package.title}", "MiB", subject,
               f"bare {package.idles[0].rsplit('/', 1)[1]}, PSS" if reference else "",
               {"best": reference, "median": reference} if reference else None, details)


def memory(settings):
    packages = [programs.native(), programs.python()]
    if programs.node() and not settings.quick:
        packages.append(programs.node())
    rows = [measure(package, settings.environments) for package in packages]
    rss = max(row.details["daemon_rss_mib"] for row in rows)
    return rows + [Row("memory_daemon", f"daemon, resident, {settings.environments} idle environments", "MiB", {"best": rss, "median": rss})]
