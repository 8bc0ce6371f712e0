"""If this fails, a daemon that is killed loses a user, role, policy or access key that it had accepted, or keeps one that it had removed."""
import json
import os
import random
import shutil
import tempfile
import threading
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from watched_daemon import WatchedDaemon

ROUNDS = int(os.environ.get("MAYFLY_CRASH_ROUNDS", 6))
WRITERS = 4
SEED = int(os.environ.get("MAYFLY_CRASH_SEED", random.randrange(1 << 32)))
GONE = (ClientError, BotoCoreError, OSError)
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
ALL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


class Writer:
    """Makes roles with policies and users with keys, one after the other; what was answered is there, with all that was answered of it."""

    def __init__(self, number):
        self.number, self.made, self.roles, self.keys, self.removed = number, 0, {}, {}, set()

    def write(self, iam):
        try:
            while True:
                self.made += 1
                name = f"w{self.number}-{self.made}"
                iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
                self.roles[name] = set()
                iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=ALL)
                self.roles[name].add("inline")
                iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
                self.roles[name].add("AmazonS3FullAccess")
                iam.create_user(UserName=name)
                self.keys[name] = iam.create_access_key(UserName=name)["AccessKey"]
                if self.made % 3 == 0:
                    key = self.keys.pop(name)["AccessKeyId"]  # what is not answered may have happened or not
                    iam.delete_access_key(UserName=name, AccessKeyId=key)
                    self.removed.add(key)
        except GONE:
            return

    def check(self, daemon, iam):
        for name, policies in self.roles.items():
            iam.get_role(RoleName=name)
            has = set(iam.list_role_policies(RoleName=name)["PolicyNames"]) | {one["PolicyName"] for one in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]}
            assert policies <= has, f"seed {SEED}: {name} has {has}, {policies} were accepted"
        for name, key in random.Random(SEED).sample(sorted(self.keys.items()), min(3, len(self.keys))):
            who = daemon.client("sts", key["AccessKeyId"], key["SecretAccessKey"]).get_caller_identity()
            assert who["Arn"].endswith(f":user/{name}"), f"seed {SEED}: {who}"
        listed = {key["AccessKeyId"] for name in self.keys for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]}
        assert not listed & self.removed and {key["AccessKeyId"] for key in self.keys.values()} <= listed, f"seed {SEED}"


def test_no_accepted_identity_is_lost():
    folder = tempfile.mkdtemp(prefix="mayfly-crash-identities-")
    chance = random.Random(SEED)
    daemon = WatchedDaemon(data_dir=Path(folder, "data"), auth="strict")
    writers = [Writer(number) for number in range(WRITERS)]
    try:
        for _ in range(ROUNDS):
            daemon.start()
            root = json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"][0]
            iam = daemon.client("iam", root["access_key_id"], root["secret_access_key"], read_timeout=20)
            for writer in writers:
                writer.check(daemon, iam)
            threads = [threading.Thread(target=writer.write, args=(iam,)) for writer in writers]
            for thread in threads:
                thread.start()
            threading.Event().wait(chance.uniform(0.3, 1.5))  # how long a life lasts
            daemon.kill()
            for thread in threads:
                thread.join(30)
        daemon.start()
        iam = daemon.client("iam", root["access_key_id"], root["secret_access_key"])
        for writer in writers:
            writer.check(daemon, iam)
        daemon.stop()
    finally:
        shutil.rmtree(folder)
    assert sum(len(writer.roles) for writer in writers) > ROUNDS, "the load was none"
