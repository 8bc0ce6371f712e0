"""If this fails, a daemon that is killed loses a parameter that it had accepted, or keeps half of a change."""
import os
import random
import shutil
import tempfile
import threading
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from watched_daemon import WatchedDaemon

ROUNDS = int(os.environ.get("MAYFLY_CRASH_ROUNDS", 8))
WRITERS = 4
SEED = int(os.environ.get("MAYFLY_CRASH_SEED", random.randrange(1 << 32)))
GONE = (ClientError, BotoCoreError, OSError)


class Written:
    """What one writer was promised of its parameter, over all lives of the daemon: its value is the number of its version."""

    def __init__(self, name, kind):
        self.name, self.kind = name, kind
        self.accepted = 0  # the highest version that was answered
        self.asked = 0     # and that was asked for

    def write(self, client):
        while True:
            self.asked = max(self.asked, self.accepted + 1)
            try:
                number = client.put_parameter(Name=self.name, Value=str(self.accepted + 1), Type=self.kind, Overwrite=True)["Version"]
            except GONE:
                return
            assert number == self.accepted + 1
            self.accepted = number

    def check(self, client):
        try:
            shown = client.get_parameter(Name=self.name, WithDecryption=True)["Parameter"]
        except client.exceptions.ParameterNotFound:
            assert self.accepted == 0, f"seed {SEED}: {self.name} is lost"
            return
        assert self.accepted <= shown["Version"] <= self.asked, f"seed {SEED}: {self.name} is {shown['Version']}, {self.accepted} was accepted"
        self.accepted = shown["Version"]  # what was asked for, and not answered, may have happened
        history = [page for page in client.get_paginator("get_parameter_history").paginate(Name=self.name, WithDecryption=True)]
        versions = [(one["Version"], one["Value"]) for page in history for one in page["Parameters"]]
        first = max(1, self.accepted - 99)
        assert versions == [(number, str(number)) for number in range(first, self.accepted + 1)], f"seed {SEED}: {versions}"


def test_no_accepted_parameter_is_lost():
    folder = tempfile.mkdtemp(prefix="mayfly-crash-parameters-")
    chance = random.Random(SEED)
    daemon = WatchedDaemon(data_dir=Path(folder, "data"))
    all_written = [Written(f"/crash/{number}", "SecureString" if number % 2 else "String") for number in range(WRITERS)]
    try:
        for _ in range(ROUNDS):
            daemon.start()
            client = daemon.client("ssm", read_timeout=20)
            for written in all_written:
                written.check(client)
            threads = [threading.Thread(target=written.write, args=(client,)) for written in all_written]
            for thread in threads:
                thread.start()
            threading.Event().wait(chance.uniform(0.1, 1.0))  # how long a life lasts
            daemon.kill()
            for thread in threads:
                thread.join(30)
        daemon.start()
        client = daemon.client("ssm")
        for written in all_written:
            written.check(client)
        daemon.stop()
    finally:
        shutil.rmtree(folder)
    assert sum(written.accepted for written in all_written) > 10 * ROUNDS, "the load was none"
