"""If this fails, an image that somebody has damaged or forged at random brings the daemon down, or comes to life half unpacked."""

import json
import os
import random

from conftest import ATTACKER_ACCOUNT
from daemon import wait_until
from images import Image, digest_of, entry, folder, hardlink, make_tar, symlink
from watched_daemon import ROLE

SEED = int(os.environ.get("MAYFLY_MUTATION_SEED", random.randrange(1 << 32)))
COUNT = int(os.environ.get("MAYFLY_MUTATIONS", 60))
OUTSIDE = "outside-%d" % SEED
NAMES = ["a", "a/b", "a/b/c", "../" + OUTSIDE, "/" + OUTSIDE, "l/" + OUTSIDE, "/etc/passwd", "a/.wh.b", "a/.wh..wh..opq", ".wh.a", "proc", "dev/null", "tmp", "opt/extensions/e", "ä" * 40, "l/x", "l"]


def random_layer(chance):
    entries = []
    for _ in range(chance.randrange(12)):
        name = chance.choice(NAMES)
        entries.append(chance.choice([lambda: entry(name, chance.randbytes(chance.randrange(3000)), chance.randrange(0o10000)), lambda: folder(name, chance.randrange(0o10000)),
                                      lambda: symlink(name, chance.choice(["..", "/", "a", "l", "/proc/self/root", "/tmp", "../../..", "x" * 300])),
                                      lambda: hardlink(name, chance.choice(NAMES))])())
    return make_tar(entries)


def damaged(chance, data):
    data = bytearray(data)
    for _ in range(chance.randrange(1, 6)):
        kind = chance.randrange(4)
        at = chance.randrange(len(data)) if data else 0
        if kind == 0 and data:
            data[at] = chance.randrange(256)
        elif kind == 1:
            del data[at:at + chance.randrange(1, 600)]
        elif kind == 2:
            data[at:at] = chance.randbytes(chance.randrange(1, 600))
        else:
            data[at:at + 12] = b"%011o\0" % chance.getrandbits(33)
    return bytes(data)


def forge(chance):
    """An image whose digests are right, as an attacker would make it, or not even that."""
    layers = [random_layer(chance) for _ in range(chance.randrange(1, 4))]
    if chance.random() < 0.6:
        layers[0] = damaged(chance, layers[0])
    image = Image(layers, {"Entrypoint": ["/a"]}, chance.choice(["tar", "gzip"]))
    if chance.random() < 0.3:  # damage in a document, or in what is packed, with digests made anew
        which = chance.choice(["config", "manifest", "layer"])
        if which == "layer":
            image.layers[0] = damaged(chance, image.layers[0])
            manifest = json.loads(image.manifest)
            manifest["layers"][0].update(digest=digest_of(image.layers[0]), size=len(image.layers[0]))
            image.manifest = json.dumps(manifest).encode()
        elif which == "config":
            image.config = damaged(chance, image.config)
            manifest = json.loads(image.manifest)
            manifest["config"].update(digest=digest_of(image.config), size=len(image.config))
            image.manifest = json.dumps(manifest).encode()
        else:
            image.manifest = damaged(chance, image.manifest)
    return image


def test_forged_images(daemon):
    chance = random.Random(SEED)
    print("seed", SEED)
    client = daemon.account(ATTACKER_ACCOUNT)
    directory = daemon.data_dir / "images"
    directory.mkdir(exist_ok=True)
    states = {"refused": 0, "Active": 0, "Failed": 0}
    for number in range(COUNT):
        forge(chance).write_layout(directory / ("forged%d" % number))
        name = "forged%d" % number
        try:
            client.create_function(FunctionName=name, PackageType="Image", Code={"ImageUri": "oci:" + name}, Role=ROLE)
        except client.exceptions.InvalidParameterValueException:
            states["refused"] += 1
            continue
        configuration = wait_until(lambda name=name: (c := client.get_function_configuration(FunctionName=name))["State"] != "Pending" and c, 30, name)
        assert configuration["State"] == "Active" or configuration["StateReasonCode"] == "InvalidImage", configuration["StateReason"]
        states[configuration["State"]] += 1
        client.delete_function(FunctionName=name)
    print(states)
    assert states["Active"] and states["Failed"], states
    daemon.health()
    left = [path.name for path in (daemon.data_dir / "code").iterdir() if path.name.startswith(".new-")]
    assert left == []
    for folder_outside in ("/", "/tmp", "/proc/self/root", daemon.data_dir, daemon.data_dir / "code"):
        assert not os.path.lexists(os.path.join(folder_outside, OUTSIDE)), folder_outside
