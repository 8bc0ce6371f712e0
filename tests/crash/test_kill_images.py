"""If this fails, a daemon that is killed while it brings an image keeps half of it, never brings it, or loses the image that served."""

import random
import shutil
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from daemon import wait_until  # noqa: E402
from images import BOOTSTRAP, Image, Registry, compile_static, entry  # noqa: E402
from slices import rounds  # noqa: E402
from test_kill import SEED  # noqa: E402
from watched_daemon import ROLE, Function, WatchedDaemon  # noqa: E402

ROUNDS = rounds(2, 6)
REPOSITORY = "1.dkr.ecr.x.amazonaws.com/crash"


def settled(client, name):
    configuration = client.get_function_configuration(FunctionName=name)
    return configuration["State"] != "Pending" and configuration.get("LastUpdateStatus") != "InProgress" and configuration


def test_kill_while_images_are_brought():
    chance = random.Random(SEED)
    print("seed", SEED)
    folder = tempfile.mkdtemp(prefix="mayfly-crash-")
    asked = threading.Event()
    try:
        program = compile_static(BOOTSTRAP, Path(folder, "bootstrap"))
        with Registry(token_required=False) as registry:
            images = []
            for number in range(ROUNDS + 1):
                many = [entry("files/%d-%d" % (number, i), chance.randbytes(chance.randrange(20000))) for i in range(300)]
                images.append(Image([[entry("bootstrap", program, 0o755)], many, [entry("which", "%d" % number)]], {"Entrypoint": ["/bootstrap"]}))
                registry.push("crash", "%d" % number, images[-1])
            registry.before_blob = lambda digest: asked.set()
            with WatchedDaemon("--registry-mirror", "*.dkr.ecr.*.amazonaws.com=http://" + registry.host, data_dir=Path(folder, "data")) as daemon:
                client = daemon.client("lambda", key="000000000000", read_timeout=20)
                client.create_function(FunctionName="updated", PackageType="Image", Code={"ImageUri": REPOSITORY + ":0"}, Role=ROLE)
                wait_until(lambda: settled(client, "updated"), 60, "the first image is not there")
                for number in range(1, ROUNDS + 1):
                    asked.clear()
                    client.update_function_code(FunctionName="updated", ImageUri="%s:%d" % (REPOSITORY, number))
                    client.create_function(FunctionName="created%d" % number, PackageType="Image", Code={"ImageUri": "%s:%d" % (REPOSITORY, number)}, Role=ROLE)
                    assert asked.wait(30)
                    threading.Event().wait(chance.uniform(0, 0.25))
                    daemon.kill()
                    daemon.start()
                    client = daemon.client("lambda", key="000000000000", read_timeout=20)
                    # Whatever served before the kill serves now, until the new one is there.
                    assert Function(client, "updated").call({"read": "/which"})["read"] in ("%d" % (number - 1), "%d" % number)
                    for name in ("updated", "created%d" % number):
                        configuration = wait_until(lambda name=name: settled(client, name), 60, "%s never settles" % name)
                        assert (configuration["State"], configuration["LastUpdateStatus"]) == ("Active", "Successful"), configuration
                        assert configuration["CodeSha256"] == images[number].digest[7:]
                        function = Function(client, name)
                        assert function.call({"read": "/which"})["read"] == "%d" % number
                        assert len(function.call({"list": "/files"})["list"]) == 300
                    left = [path.name for path in (daemon.data_dir / "code").iterdir() if path.name.startswith(".new-")]
                    assert left == []
    finally:
        shutil.rmtree(folder)
