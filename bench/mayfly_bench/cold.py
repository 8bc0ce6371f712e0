"""Cold starts: the first invocation of a function that has no environment, beside the bare boot of the same runtime.

The client is Python on a raw socket; the warm median, measured by the same client, is taken off, so what the client itself costs
is not in the figure. Every sample has a function of its own, made before; the daemon's counter of started environments proves
that each was cold.
"""

import os
import time

from . import programs
from .daemon import Daemon
from .http_connection import Connection
from .rows import Row, quantile, spread

PAUSE_SECONDS = 0.06  # lets the pool of sandboxes be refilled
PAYLOAD = b'{"name": "you"}'
WARM_INVOKES = 200


def milliseconds(action):
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1e3


def boot_and_end(command, null):
    """posix_spawn until the process has ended. Its output goes nowhere; its environment is empty but for PATH."""
    actions = [(os.POSIX_SPAWN_DUP2, null, descriptor) for descriptor in (0, 1, 2)]
    pid = os.posix_spawn(command[0], command, {"PATH": os.defpath}, file_actions=actions)
    os.waitpid(pid, 0)


def checked(connection, request):
    status, head, body = connection.exchange(request)
    if status != 200 or b"x-amz-function-error" in head.lower() or body.replace(b" ", b"") != PAYLOAD.replace(b" ", b""):
        raise RuntimeError(f"invoke: {status} {body[:300]!r}")


def measure(name, title, package, count, *daemon_arguments):
    """`count` samples after one that does not count: it boots what the daemon boots once (the interpreter's zygote)."""
    colds, boots = [], []
    null = os.open(os.devnull, os.O_RDWR)
    try:
        with Daemon(*daemon_arguments) as daemon, Connection(daemon.port) as connection:
            names = [f"cold-{number}" for number in range(count + 1)]
            for function in names:
                daemon.create_function(function, package)
            for function in names:
                request = daemon.invocation(function, PAYLOAD)
                boots.append(milliseconds(lambda: boot_and_end(package.exits, null)))
                time.sleep(PAUSE_SECONDS)
                colds.append(milliseconds(lambda: checked(connection, request)))
                time.sleep(PAUSE_SECONDS)
            if daemon.environments_started() != len(names):
                raise RuntimeError(f"{daemon.environments_started()} environments were started for {len(names)} cold starts")
            warm = quantile([milliseconds(lambda: checked(connection, request)) for _ in range(WARM_INVOKES)], 0.5)
    finally:
        os.close(null)
    reference_title = "posix_spawn and exit of the same program" if len(package.exits) == 1 else " ".join(
        (os.path.basename(package.exits[0]), *package.exits[1:]))
    return Row(name, title, "ms", spread([cold - warm for cold in colds[1:]]), reference_title, spread(boots[1:]),
               {"samples": count, "warm_p50_ms": warm, "first_ms": colds[0] - warm})


def cold(settings):
    rows = [measure("cold_python", "cold start, Python", programs.python(), settings.cold_samples),
            measure("cold_native", "cold start, native", programs.native(), settings.cold_samples)]
    if settings.quick:
        return rows
    if programs.node():
        rows.append(measure("cold_node", "cold start, Node", programs.node(), settings.cold_samples))
    rows.append(measure("cold_python_exec", "cold start, Python, --isolation exec", programs.python(), settings.cold_samples,
                        "--isolation", "exec"))
    return rows
