"""A container image of a gigabyte: from CreateFunction to the first answer, and again with everything there, beside `tar` unpacking the
same bytes onto the same disk.

The image is an OCI layout made here: four layers, gzip, files from 2 KiB to 4 MiB of which half can be compressed, and a static program
that speaks the Runtime API. Both sides end with their bytes on the disk (syncfs). One after the other, `rounds` times, in turns.
"""

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "sdk"))

from .daemon import FUNCTIONS, ROLE, Daemon
from .http_connection import Connection
from .rows import Row, quantile

LAYERS = 4


def make_layers(images, mib):
    """Lists of entries, `mib` MiB in all."""
    chance = random.Random(1)
    block = chance.randbytes(4 << 20)
    for layer in range(LAYERS):
        entries, left, number = [], (mib << 20) // LAYERS, 0
        while left > 0:
            size = min(left, int(2048 * 2 ** chance.uniform(0, 11)))
            start = chance.randrange(len(block) - size // 2)
            entries.append(images.entry("data/%d/%d/%d" % (layer, number % 50, number), block[start:start + size // 2] + bytes(size - size // 2)))
            left, number = left - size, number + 1
        yield entries


def unpack_with_tar(layers, folder):
    begin = time.perf_counter()
    for layer in layers:
        subprocess.run(["tar", "-xzf", layer, "-C", folder], check=True)
    subprocess.run(["sync", "-f", folder], check=True)
    return time.perf_counter() - begin


def times(values):
    return {"best": min(values), "median": quantile(values, 0.5)}


def first_answer(daemon, connection, name):
    """Seconds from CreateFunction to the answer of the first invocation; and those until the function was Active."""
    body = {"FunctionName": name, "PackageType": "Image", "Code": {"ImageUri": "oci:big"}, "Role": ROLE, "Timeout": 30}
    begin = time.perf_counter()
    status, _, answer = connection.exchange(daemon.request("POST", FUNCTIONS, json.dumps(body).encode()))
    if status != 201:
        raise RuntimeError(answer)
    while True:
        _, _, answer = connection.exchange(daemon.request("GET", FUNCTIONS + "/" + name + "/configuration"))
        state = json.loads(answer)["State"]
        if state == "Active":
            break
        if state != "Pending":
            raise RuntimeError(answer)
        time.sleep(0.005)
    active = time.perf_counter() - begin
    status, head, answer = connection.exchange(daemon.invocation(name, b"{}"))
    if status != 200 or b"x-amz-function-error" in head.lower():
        raise RuntimeError(answer)
    return time.perf_counter() - begin, active


def image(settings):
    import images
    mib, rounds = (64, 2) if settings.quick else (1024, 3)
    work = Path(tempfile.mkdtemp(prefix="mayfly-bench-image-"))
    firsts, seconds, tars, details = [], [], [], {"mib": mib, "layers": LAYERS}
    try:
        bootstrap = images.entry("bootstrap", images.compile_static(images.BOOTSTRAP, work / "bootstrap"), 0o755)
        made = images.Image([[bootstrap], *make_layers(images, mib)], {"Entrypoint": ["/bootstrap"]})
        details["packed_mib"] = sum(map(len, made.layers)) >> 20
        layers = []
        for number, layer in enumerate(made.layers):
            layers.append(work / ("%d.tar.gz" % number))
            layers[-1].write_bytes(layer)
        for number in range(rounds):
            folder = work / "unpacked"
            folder.mkdir()
            tars.append(unpack_with_tar(layers, folder))
            shutil.rmtree(folder)
            with Daemon() as daemon, Connection(daemon.port) as connection:
                made.write_layout(daemon.data_directory / "images" / "big")
                subprocess.run(["sync", "-f", str(daemon.data_directory)], check=True)
                first, active = first_answer(daemon, connection, "first")
                again, _ = first_answer(daemon, connection, "second")
                firsts.append(first)
                seconds.append(again)
                details["first_invoke_ms"] = (first - active) * 1e3
    finally:
        shutil.rmtree(work, ignore_errors=True)
    title = "tar -xzf of the same layers, and sync"
    return [Row("image_first", "image of %d MiB, CreateFunction to first answer" % mib, "s", times(firsts), title, times(tars), details),
            Row("image_second", "the same image again", "s", times(seconds), title, times(tars), details)]
