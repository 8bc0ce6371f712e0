"""If this fails, some order of changes breaks a rule of functions, versions and aliases that each change alone keeps.

Random sequences of operations, answered by the daemon and by a small model of the rules: who may change what, which numbers and
revisions come, what a version holds for ever. A failure prints its seed: MAYFLY_RULES_SEED=… repeats it.
"""
import os
import random

import pytest
from botocore.exceptions import ClientError

from conftest import ROLE
from daemon import Daemon, sha256_base64
from packages import make_zip
from test_lifecycle import FAST

STEPS = 250
SEED = int(os.environ.get("MAYFLY_RULES_SEED", random.randrange(1 << 32)))
PACKAGES = [make_zip(f"def handler(event, context):\n    return {number}\n") for number in range(3)]
NAMES = ["f", "g"]
ALIASES = ["live", "next"]


class Model:
    """What a function should be."""

    def __init__(self, package, timeout):
        self.package, self.timeout, self.description = package, timeout, ""
        self.versions = {}  # number: (package, timeout, description, what was published)
        self.published = 0
        self.aliases = {}  # name: (version, {version: weight})

    def content(self):
        return self.package, self.timeout, self.description

    def newest(self):
        return max(self.versions, default=0)

    def publish(self, description):
        newest = self.newest()
        if newest and self.versions[newest][3] == self.content():
            return newest
        self.published += 1
        self.versions[self.published] = (self.package, self.timeout, self.description if description is None else description, self.content())
        return self.published

    def users(self, version):
        return [name for name, (main, weights) in self.aliases.items() if version == main or version in weights]


class Sequence:
    def __init__(self, aws, seed):
        self.aws, self.chance = aws, random.Random(seed)
        self.functions = {}
        self.revisions = {}  # name: every RevisionId that its $LATEST ever had

    def expect(self, code, call):
        """Calls; `code`: the error that must come, None for success."""
        try:
            answer = call()
        except ClientError as error:
            assert error.response["Error"]["Code"] == code, error
            return None
        assert code is None, f"{code} was expected, not {answer}"
        return answer

    def step(self):
        name = self.chance.choice(NAMES)
        action = self.chance.choice([self.create, self.code, self.code, self.settings, self.publish, self.publish, self.put_alias, self.put_alias,
                                     self.delete_alias, self.delete_version, self.delete, self.stale])
        action(name, self.functions.get(name))

    def settle(self, name):
        self.aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
        revision = self.aws.get_function_configuration(FunctionName=name)["RevisionId"]
        self.revisions.setdefault(name, []).append(revision)

    def create(self, name, model):
        package, publish = self.chance.randrange(3), self.chance.random() < 0.5
        made = self.expect("ResourceConflictException" if model else None, lambda: self.aws.create_function(
            FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": PACKAGES[package]}, Publish=publish))
        if made:
            self.functions[name] = Model(package, 3)
            self.aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=FAST)
            if publish:
                assert made["Version"] == "1" == str(self.functions[name].publish(None))
                self.aws.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1", WaiterConfig=FAST)

    def code(self, name, model):
        package, publish = self.chance.randrange(3), self.chance.random() < 0.3
        answer = self.expect(None if model else "ResourceNotFoundException",
                             lambda: self.aws.update_function_code(FunctionName=name, ZipFile=PACKAGES[package], Publish=publish))
        if answer:
            model.package = package
            assert answer["Version"] == (str(model.publish(None)) if publish else "$LATEST")
            self.settle(name)
            if publish:
                self.aws.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=answer["Version"], WaiterConfig=FAST)

    def settings(self, name, model):
        timeout, description = self.chance.randint(3, 5), self.chance.choice(["", "a", "b"])
        if self.expect(None if model else "ResourceNotFoundException",
                       lambda: self.aws.update_function_configuration(FunctionName=name, Timeout=timeout, Description=description)):
            model.timeout, model.description = timeout, description
            self.settle(name)

    def publish(self, name, model):
        description = self.chance.choice([None, None, "given"])
        request = {"FunctionName": name, **({"Description": description} if description else {})}
        answer = self.expect(None if model else "ResourceNotFoundException", lambda: self.aws.publish_version(**request))
        if answer:
            known = set(model.versions)
            assert answer["Version"] == str(model.publish(description))
            if set(model.versions) != known:
                self.revisions.setdefault(name, []).append(self.aws.get_function_configuration(FunctionName=name)["RevisionId"])

    def stale(self, name, model):
        """A revision that the function had before."""
        old = self.revisions.get(name, [])[:-1]
        if model and old and self.revisions[name][-1] == self.aws.get_function_configuration(FunctionName=name)["RevisionId"]:
            revision = self.chance.choice(old)
            self.expect("PreconditionFailedException", lambda: self.aws.publish_version(FunctionName=name, RevisionId=revision))
            self.expect("PreconditionFailedException", lambda: self.aws.update_function_configuration(FunctionName=name, Timeout=9, RevisionId=revision))

    def put_alias(self, name, model):
        alias = self.chance.choice(ALIASES)
        versions = [str(number) for number in range(1, 5)] + ["$LATEST"]
        main, weights = self.chance.choice(versions), {}
        if self.chance.random() < 0.4:
            weights = {self.chance.choice(versions[:-1]): 0.5}
        known = {str(number) for number in model.versions} | {"$LATEST"} if model else set()
        exists = bool(model) and alias in model.aliases
        if not model:
            code = "ResourceNotFoundException"
        elif weights and (main in weights or main == "$LATEST"):
            code = "InvalidParameterValueException"
        elif not {main, *weights} <= known:
            code = "ResourceNotFoundException"
        else:
            code = None
        call = self.aws.update_alias if exists else self.aws.create_alias
        if self.expect(code, lambda: call(FunctionName=name, Name=alias, FunctionVersion=main, RoutingConfig={"AdditionalVersionWeights": weights})):
            model.aliases[alias] = (main, weights)
            self.expect("ResourceConflictException", lambda: self.aws.create_alias(FunctionName=name, Name=alias, FunctionVersion=main))

    def delete_alias(self, name, model):
        alias = self.chance.choice(ALIASES)
        self.expect(None if model else "ResourceNotFoundException", lambda: self.aws.delete_alias(FunctionName=name, Name=alias))
        if model:
            model.aliases.pop(alias, None)

    def delete_version(self, name, model):
        version = str(self.chance.randint(1, 4))
        code = "ResourceNotFoundException" if not model else "ResourceConflictException" if model.users(version) else None
        self.expect(code, lambda: self.aws.delete_function(FunctionName=name, Qualifier=version))
        if code is None:
            model.versions.pop(int(version), None)  # to delete what is not there is no error

    def delete(self, name, model):
        if self.chance.random() < 0.7:
            return
        self.expect(None if model else "ResourceNotFoundException", lambda: self.aws.delete_function(FunctionName=name))
        self.functions.pop(name, None)
        self.revisions.pop(name, None)

    def check(self):
        assert [one["FunctionName"] for one in self.aws.list_functions()["Functions"]] == sorted(self.functions)
        for name, model in self.functions.items():
            listed = {one["Version"]: one for one in self.aws.list_versions_by_function(FunctionName=name)["Versions"]}
            expected = {"$LATEST": (*model.content(), None), **{str(number): held for number, held in model.versions.items()}}
            assert {version: (one["CodeSha256"], one["Timeout"], one["Description"]) for version, one in listed.items()} == {
                version: (sha256_base64(PACKAGES[held[0]]), *held[1:3]) for version, held in expected.items()}
            aliases = {one["Name"]: (one["FunctionVersion"], one.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))
                       for one in self.aws.list_aliases(FunctionName=name)["Aliases"]}
            assert aliases == model.aliases
            for qualifier in [*expected, *aliases]:
                answer = self.aws.invoke(FunctionName=name, Qualifier=qualifier)
                allowed = {qualifier} if qualifier in expected else {aliases[qualifier][0], *aliases[qualifier][1]}
                assert answer["ExecutedVersion"] in allowed
                assert int(answer["Payload"].read()) == expected[answer["ExecutedVersion"]][0]


@pytest.mark.parametrize("account", ["888800000001", "888800000002"])
def test_random_sequences_keep_the_rules(account):
    seed = SEED + int(account[-1])
    print("MAYFLY_RULES_SEED=%d" % SEED)
    with Daemon() as daemon:
        sequence = Sequence(daemon.client("lambda", key=account), seed)
        for step in range(STEPS):
            sequence.step()
            if step % 25 == 24:
                sequence.check()
            if step == STEPS // 2:
                daemon.kill()
                daemon.start()
                sequence.aws = daemon.client("lambda", key=account)
                for name in sequence.functions:
                    sequence.aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=FAST)
                sequence.check()
