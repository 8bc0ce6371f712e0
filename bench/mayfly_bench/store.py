"""The embedded store alone: durable commits beside the disk's own fdatasync (bench/store_bench.cc)."""

import json
import subprocess
import tempfile

from .programs import find_program
from .rows import Row

TITLES = {"commits_1": "store: durable commits, 1 writer", "commits_64": "store: durable commits, 64 writers",
          "enqueues_64": "store: durable enqueues, 64 writers", "lease_and_acknowledge_64": "store: lease and acknowledge, 64 at a time"}


def store(settings):
    """No rows where store_bench is not built."""
    path = find_program("store_bench")
    if not path:
        return []
    with tempfile.TemporaryDirectory(prefix="mayfly-bench-store-") as folder:
        done = subprocess.run([path, folder, "1" if settings.quick else "5"], check=True, capture_output=True, text=True)
    figures = json.loads(done.stdout)
    return [Row("store_" + key, title, "per second", figures[key], "fdatasync of one page", figures["fdatasync"],
                {"value_bytes": figures["value_bytes"]}) for key, title in TITLES.items()]
