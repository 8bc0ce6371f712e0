"""If these fail, a daemon that is killed loses a key or a secret that it had accepted, or leaves secrets on its disk for everybody to read."""
import os
import random
import shutil
import tempfile
import threading
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from watched_daemon import WatchedDaemon

ROUNDS = int(os.environ.get("MAYFLY_CRASH_ROUNDS", 4))
SEED = int(os.environ.get("MAYFLY_CRASH_SEED", random.randrange(1 << 32)))
GONE = (ClientError, BotoCoreError, OSError)
ROLE = "arn:aws:iam::000000000000:role/test"


@pytest.fixture
def folder():
    path = tempfile.mkdtemp(prefix="mayfly-crash-secrets-")
    yield Path(path)
    shutil.rmtree(path)


def put_everywhere(daemon, word):
    """The word in each place where something is said to lie sealed. Gives what reads all of them again."""
    from packages import ECHO, make_zip
    kms, ssm, secrets = (daemon.client(service) for service in ("kms", "ssm", "secretsmanager"))
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=word.encode())["CiphertextBlob"]
    ssm.put_parameter(Name="/secret", Value=word, Type="SecureString")
    secrets.create_secret(Name="secret", SecretString=word)
    daemon.client("lambda").create_function(FunctionName="secret", Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(ECHO)},
                                            Environment={"Variables": {"SECRET": word}}, Publish=True)
    queue = daemon.client("sqs").create_queue(QueueName="secret")["QueueUrl"]
    daemon.client("sqs").send_message(QueueUrl=queue, MessageBody=word)

    def read(living):
        functions, queues = living.client("lambda"), living.client("sqs")
        yield living.client("kms").decrypt(CiphertextBlob=blob)["Plaintext"].decode()
        yield living.client("ssm").get_parameter(Name="/secret", WithDecryption=True)["Parameter"]["Value"]
        yield living.client("secretsmanager").get_secret_value(SecretId="secret")["SecretString"]
        for version in ("$LATEST", "1"):
            yield functions.get_function_configuration(FunctionName="secret", Qualifier=version)["Environment"]["Variables"]["SECRET"]
        yield queues.receive_message(QueueUrl=queues.get_queue_url(QueueName="secret")["QueueUrl"])["Messages"][0]["Body"]
    return read


def files_with(folder, text):
    return [str(path) for path in folder.rglob("*") if path.is_file() and text in path.read_bytes()]


def test_nothing_secret_can_be_read_on_the_disk(folder):
    word = f"correct-horse-{SEED}-battery-staple"
    daemon = WatchedDaemon(data_dir=folder / "data")
    daemon.start()
    read = put_everywhere(daemon, word)
    daemon.kill()
    assert (folder / "data" / "control.db-wal").exists(), "nothing of it lies in the log of the store"
    assert files_with(folder, word.encode()) == []
    assert word not in daemon.log_text()
    daemon.start()
    assert set(read(daemon)) == {word}
    daemon.stop()
    assert files_with(folder, word.encode()) == []


def test_a_daemon_without_its_master_key_does_not_start(folder):
    data, passphrase = folder / "data", folder / "passphrase"
    passphrase.write_text("a long passphrase of the operator\n")
    daemon = WatchedDaemon(data_dir=data)
    daemon.start()
    blob = daemon.client("kms").encrypt(KeyId="alias/aws/lambda", Plaintext=b"x")["CiphertextBlob"]
    daemon.stop()
    plain = (data / "master-key").read_text()
    assert (data / "master-key").stat().st_mode & 0o777 == 0o600
    sealed = WatchedDaemon("--master-key-file", str(passphrase), data_dir=data)
    sealed.start()
    assert sealed.client("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    sealed.stop()
    assert plain[20:60] not in (data / "master-key").read_text()
    with pytest.raises(AssertionError, match="is sealed with a passphrase"):
        daemon.start()
    (data / "master-key").rename(folder / "kept")
    with pytest.raises(AssertionError, match="the master key of this data directory is gone"):
        daemon.start()
    assert not (data / "master-key").exists(), "a new key has been made instead"


class Written:
    """What one writer was promised of its secret, over all lives of the daemon: its value is how often it was written."""

    def __init__(self, name):
        self.name = name
        self.accepted = 0  # the highest that was answered
        self.asked = 0     # and that was asked for

    def write(self, client):
        while True:
            self.asked = max(self.asked, self.accepted + 1)
            try:
                if self.accepted == 0:
                    client.create_secret(Name=self.name, SecretString="1", ClientRequestToken="0" * 32)
                else:
                    client.put_secret_value(SecretId=self.name, SecretString=str(self.asked))
            except GONE:
                return
            self.accepted = self.asked

    def check(self, client):
        try:
            value = int(client.get_secret_value(SecretId=self.name)["SecretString"])
        except client.exceptions.ResourceNotFoundException:
            assert self.accepted == 0, f"seed {SEED}: {self.name} is lost"
            return
        assert self.accepted <= value <= self.asked, f"seed {SEED}: {self.name} is {value}, {self.accepted} was accepted"
        self.accepted = value  # what was asked for, and not answered, may have happened
        stages = [stage for version in client.describe_secret(SecretId=self.name)["VersionIdsToStages"].values() for stage in version]
        assert sorted(stages) == ["AWSCURRENT"] + ["AWSPREVIOUS"] * (value > 1), f"seed {SEED}: {stages}"


def test_no_accepted_secret_is_lost(folder):
    chance = random.Random(SEED)
    daemon = WatchedDaemon(data_dir=folder / "data")
    all_written = [Written(f"crash/{number}") for number in range(3)]
    for _ in range(ROUNDS):
        daemon.start()
        client = daemon.client("secretsmanager", read_timeout=20)
        for written in all_written:
            written.check(client)
        threads = [threading.Thread(target=written.write, args=(client,)) for written in all_written]
        for thread in threads:
            thread.start()
        threading.Event().wait(chance.uniform(0.2, 1.0))  # how long a life lasts
        daemon.kill()
        for thread in threads:
            thread.join(30)
    daemon.start()
    client = daemon.client("secretsmanager")
    for written in all_written:
        written.check(client)
    daemon.stop()
    assert sum(written.accepted for written in all_written) > 3 * ROUNDS, "the load was none"
