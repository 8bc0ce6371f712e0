"""If this fails, a daemon that is killed loses a layer version that it had acknowledged, gives a number twice, or a function its layers."""

import base64
import hashlib
import random
import shutil
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

from botocore.exceptions import BotoCoreError

sys.path.insert(0, str(Path(__file__).resolve().parent))

from packages import make_zip  # noqa: E402
from slices import rounds  # noqa: E402
from test_kill import SEED  # noqa: E402
from watched_daemon import Function, WatchedDaemon  # noqa: E402

ROUNDS = rounds(2, 6)
PUBLISHERS = 3
READER = {"function.py": "def handler(event, context):\n    return [open('/opt/content').read(), open('/opt/other').read()]\n"}


class Publisher(threading.Thread):
    """Publishes and deletes versions of one layer, which others publish to as well, until the daemon is gone."""

    def __init__(self, client, seed):
        super().__init__()
        self.client = client
        self.random = random.Random(seed)
        self.published = {}   # number → content
        self.deleted = set()  # acknowledged or asked for
        self.asked = None     # the number whose deletion was not answered

    def run(self):
        try:
            while True:
                self.step()
        except BotoCoreError:
            pass  # the connection broke: the daemon has been killed

    def step(self):
        content = "%d" % self.random.getrandbits(64)
        answer = self.client.publish_layer_version(LayerName="shared", Content={"ZipFile": make_zip({"content": content})})
        assert answer["Version"] not in self.published
        self.published[answer["Version"]] = content
        if self.random.random() < 0.3:
            self.asked = self.random.choice(sorted(self.published.keys() - self.deleted))
            self.client.delete_layer_version(LayerName="shared", VersionNumber=self.asked)
            self.deleted.add(self.asked)
            self.asked = None


def test_kill_while_layers_are_published():
    chance = random.Random(SEED)
    print("seed", SEED)
    folder = tempfile.mkdtemp(prefix="mayfly-crash-")
    alive, highest, functions = {}, 0, {}
    try:
        with WatchedDaemon(data_dir=Path(folder, "data")) as daemon:
            for number in range(ROUNDS):
                client = daemon.client("lambda", key="000000000000", read_timeout=20)
                publishers = [Publisher(client, chance.random()) for _ in range(PUBLISHERS)]
                for publisher in publishers:
                    publisher.start()
                wait = threading.Event()
                wait.wait(chance.uniform(0.05, 0.6))
                if alive:
                    functions["f%d" % number] = make_function(client, "f%d" % number, *chance.choice(sorted(alive.items())))
                daemon.kill()
                for publisher in publishers:
                    publisher.join(30)
                    assert not publisher.is_alive()
                given = [version for publisher in publishers for version in publisher.published]
                assert len(given) == len(set(given)) and not set(given) & set(alive) and min(given, default=highest + 1) > highest
                daemon.start()
                client = daemon.client("lambda", key="000000000000", read_timeout=20)
                unsure = {publisher.asked for publisher in publishers}
                for publisher in publishers:
                    alive.update({version: content for version, content in publisher.published.items() if version not in publisher.deleted})
                listed = {item["Version"] for page in client.get_paginator("list_layer_versions").paginate(LayerName="shared") for item in page["LayerVersions"]}
                assert set(alive) - unsure <= listed
                assert not listed & {version for publisher in publishers for version in publisher.deleted}
                for version in [version for version in alive if version not in listed]:
                    del alive[version]
                for version in chance.sample(sorted(alive), min(5, len(alive))):
                    check_content(client, version, alive[version])
                highest = client.publish_layer_version(LayerName="shared", Content={"ZipFile": make_zip({"content": "last"})})["Version"]
                assert highest > max([0, *given, *listed])
                alive[highest] = "last"
                for name, content in functions.items():
                    assert Function(client, name).call() == [content, "other"]
    finally:
        shutil.rmtree(folder)


def make_function(client, name, version, content):
    other = client.publish_layer_version(LayerName="other", Content={"ZipFile": make_zip({"content": "covered", "other": "other"})})
    arn = other["LayerArn"].rpartition(":")[0] + ":shared:%d" % version
    Function.create(client, name, make_zip(READER), Layers=[other["LayerVersionArn"], arn])
    client.delete_layer_version(LayerName="other", VersionNumber=other["Version"])
    return content


def check_content(client, version, content):
    answer = client.get_layer_version(LayerName="shared", VersionNumber=version)["Content"]
    package = urllib.request.urlopen(answer["Location"]).read()
    assert base64.b64decode(answer["CodeSha256"]) == hashlib.sha256(package).digest()
    assert package == make_zip({"content": content})
