"""Changes of the control plane: CreateFunction, durable when it is answered, beside the disk's own fdatasync.

The clients are Python processes on raw sockets with requests made before the clock starts, so that their share of the CPU is
small; at 16 of them on two cores they still take some of what the daemon could use.
"""

import json
import os
import tempfile
import time

from . import warm
from .clients import done_per_second
from .daemon import FUNCTIONS, Daemon, create_parameters
from .http_connection import Connection
from .programs import Package, make_zip
from .rows import Row, rates

PACKAGE_BYTES = 10_000
ROUNDS = 3


def make_package():
    """About 10 kB of zip that does not compress, and that no other function has."""
    return Package("Python", "python3.11", "index.handler", make_zip({
        "index.py": ("def handler(event, context):\n    return event\n", 0o644), "data": (os.urandom(PACKAGE_BYTES - 400), 0o644)}), ())


def create_many(port, requests, seconds, start, result):
    """One client: sends until the time is over or its requests are used up, tells how many were created in how long."""
    with Connection(port) as connection:
        start.wait()
        begin = time.monotonic()
        done = 0
        for request in requests:
            status, _, body = connection.exchange(request)
            if status != 201:
                raise RuntimeError(f"CreateFunction: {status} {body[:300]!r}")
            done += 1
            if time.monotonic() - begin > seconds:
                break
        result.put((done, time.monotonic() - begin))


def creates_per_second(daemon, clients, seconds, label):
    """Each function has a package of its own, or only the first would be unpacked."""
    # More than a client gets through; should they run out before the time, the rate is still right.
    per_client = int(seconds * (1000 if clients == 1 else 4000 / clients))
    arguments = ((daemon.port, [daemon.request("POST", FUNCTIONS, json.dumps(create_parameters(f"{label}-{client}-{number}", make_package(), 128)).encode())
                                for number in range(per_client)], seconds) for client in range(clients))
    return done_per_second(create_many, arguments)


def syncs_per_second(seconds):
    """A growing file, one page and one fdatasync at a time."""
    page = b"p" * 4096
    with tempfile.NamedTemporaryFile(prefix="mayfly-bench-sync-") as file:
        begin, count = time.monotonic(), 0
        while time.monotonic() - begin < seconds:
            os.write(file.fileno(), page)
            os.fdatasync(file.fileno())
            count += 1
        return count / (time.monotonic() - begin)


def control(settings):
    rows = warm.get_function(settings)
    syncs, one, many = [], [], []
    with Daemon() as daemon:
        for number in range(1 if settings.quick else ROUNDS):
            syncs.append(syncs_per_second(settings.create_seconds / 2))
            one.append(creates_per_second(daemon, 1, settings.create_seconds, f"one-{number}"))
            many.append(creates_per_second(daemon, 16, settings.create_seconds, f"many-{number}"))
    for name, title, values in (("create_1", "CreateFunction (10 kB zip) per second, 1 client", one),
                                ("create_16", "CreateFunction (10 kB zip) per second, 16 clients", many)):
        rows.append(Row(name, title, "per second", rates(values), "fdatasync of one page", rates(syncs), {"client": "Python processes"}))
    return rows
