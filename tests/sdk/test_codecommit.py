"""If these fail, repositories and triggers are not those of AWS CodeCommit to an unmodified SDK, or a push does not reach the functions and topics of its
triggers."""
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from daemon import ACCOUNT, REGION, Daemon
from test_sns import Refused, Square, sqs_arn

counter = itertools.count()
GIT = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.c", "GIT_CONFIG_GLOBAL": "/dev/null",
       "GIT_CONFIG_SYSTEM": "/dev/null", "PATH": os.environ["PATH"], "HOME": "/nonexistent"}


def git(folder, *arguments):
    done = subprocess.run(["git", "-C", str(folder), *arguments], env=GIT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class House(Square):
    """A daemon that sees bare repositories, and a clone from which is pushed."""

    def __init__(self, daemon, folder):
        super().__init__(daemon)
        self.codecommit, self.folder = daemon.client("codecommit"), Path(folder)

    def repository(self, bare=True):
        name = f"repo-{os.getpid()}-{next(counter)}"
        if bare:
            path = self.folder / ACCOUNT / f"{name}.git"
            path.parent.mkdir(exist_ok=True)
            git(self.folder, "init", "-q", "--bare", "-b", "main", str(path))
            work = self.folder / f"work-{name}"
            git(self.folder, "init", "-q", "-b", "main", str(work))
            git(work, "remote", "add", "origin", str(path))
        self.codecommit.create_repository(repositoryName=name)
        return name

    def push(self, name, branch="main"):
        work = self.folder / f"work-{name}"
        git(work, "commit", "-q", "--allow-empty", "-m", "x")
        git(work, "push", "-q", "origin", f"HEAD:refs/heads/{branch}")
        return git(work, "rev-parse", "HEAD")

    def arn(self, name):
        return f"arn:aws:codecommit:{REGION}:{ACCOUNT}:{name}"

    def trigger(self, name, topic, trigger="t", events=("all",), **settings):
        return {"name": trigger, "destinationArn": topic, "events": list(events), **settings}

    def records(self, url, count=1):
        return [json.loads(body)["Records"][0] for body in self.bodies(url, count)]


@pytest.fixture(scope="module")
def watching():
    with tempfile.TemporaryDirectory(prefix="mayfly-git-") as folder:
        os.chmod(folder, 0o755)
        with Daemon("--codecommit-repositories", folder) as running:
            yield running, folder


@pytest.fixture
def house(watching):
    made = House(*watching)
    yield made
    made.clean()


def test_a_push_reaches_a_function_and_a_topic(house):
    name, aws = house.repository(), house.daemon.client("lambda")
    house.push(name)  # before there are triggers
    function = house.functions()
    function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
    aws.add_permission(FunctionName=function, StatementId="cc", Action="lambda:InvokeFunction", Principal="codecommit.amazonaws.com", SourceArn=house.arn(name))
    answers = house.queue()
    aws.put_function_event_invoke_config(FunctionName=function, DestinationConfig={"OnSuccess": {"Destination": sqs_arn(answers)}})
    topic = house.topic()
    url = house.listener(topic, RawMessageDelivery="true")
    configuration = house.codecommit.put_repository_triggers(repositoryName=name, triggers=[
        house.trigger(name, function_arn, "f", customData="mine"), house.trigger(name, topic, "new", ["createReference"], branches=["feature"])])["configurationId"]
    commit = house.push(name)
    [answer] = [json.loads(body) for body in house.bodies(answers)]
    [record] = answer["requestPayload"]["Records"]
    assert record.pop("eventId") and record.pop("eventTime").endswith("+0000")
    assert record == {"awsRegion": REGION, "codecommit": {"references": [{"commit": commit, "ref": "refs/heads/main"}]}, "customData": "mine",
                      "eventName": "ReferenceChanges", "eventPartNumber": 1, "eventSource": "aws:codecommit", "eventSourceARN": house.arn(name),
                      "eventTotalParts": 1, "eventTriggerConfigId": configuration, "eventTriggerName": "f", "eventVersion": "1.0",
                      "userIdentityARN": f"arn:aws:iam::{ACCOUNT}:root"}
    commit = house.push(name, "feature")
    [record] = house.records(url)
    assert record["codecommit"]["references"] == [{"commit": commit, "created": True, "ref": "refs/heads/feature"}] and "customData" not in record


def test_a_branch_that_goes_is_told_of(house):
    name, topic = house.repository(), house.topic()
    url = house.listener(topic, RawMessageDelivery="true")
    commit = house.push(name, "old")
    house.codecommit.put_repository_triggers(repositoryName=name, triggers=[house.trigger(name, topic, events=["deleteReference"])])
    git(house.folder / f"work-{name}", "push", "-q", "origin", ":refs/heads/old")
    [record] = house.records(url)
    assert record["codecommit"]["references"] == [{"commit": commit, "deleted": True, "ref": "refs/heads/old"}]


def test_branches_are_those_of_the_bare_repository(house):
    name = house.repository()
    assert house.codecommit.list_branches(repositoryName=name)["branches"] == []
    commit = house.push(name)
    house.push(name, "b/c")
    git(house.folder / ACCOUNT / f"{name}.git", "pack-refs", "--all")
    assert house.codecommit.list_branches(repositoryName=name)["branches"] == ["b/c", "main"]
    assert house.codecommit.get_branch(repositoryName=name, branchName="main")["branch"] == {"branchName": "main", "commitId": commit}
    assert house.codecommit.get_repository(repositoryName=name)["repositoryMetadata"]["defaultBranch"] == "main"
    with Refused("BranchDoesNotExistException", "Branch none does not exist", 400):
        house.codecommit.get_branch(repositoryName=name, branchName="none")


def test_triggers_are_tried(house):
    name, topic = house.repository(bare=False), house.topic()
    url = house.listener(topic, RawMessageDelivery="true")
    missing = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:none"
    answer = house.codecommit.test_repository_triggers(repositoryName=name, triggers=[house.trigger(name, topic), house.trigger(name, missing, "bad")])
    assert answer["successfulExecutions"] == ["t"] and [failed["trigger"] for failed in answer["failedExecutions"]] == ["bad"]
    [record] = house.records(url)
    assert record["eventName"] == "TriggerEventTest" and record["codecommit"]["references"][0]["commit"] == "0" * 40


def test_repositories(house):
    codecommit, name, topic = house.codecommit, house.repository(bare=False), house.topic()
    codecommit.update_repository_description(repositoryName=name, repositoryDescription="what it is")
    metadata = codecommit.get_repository(repositoryName=name)["repositoryMetadata"]
    assert (metadata["Arn"], metadata["accountId"], metadata["repositoryDescription"]) == (house.arn(name), ACCOUNT, "what it is")
    triggers = [house.trigger(name, topic, branches=["main"], customData="c")]
    configuration = codecommit.put_repository_triggers(repositoryName=name, triggers=triggers)["configurationId"]
    got = codecommit.get_repository_triggers(repositoryName=name)
    assert (got["configurationId"], got["triggers"]) == (configuration, triggers)
    codecommit.update_repository_name(oldName=name, newName=name + "-2")
    assert codecommit.get_repository_triggers(repositoryName=name + "-2")["triggers"] == triggers
    assert {"repositoryName": name + "-2", "repositoryId": metadata["repositoryId"]} in codecommit.list_repositories(sortBy="lastModifiedDate", order="descending")["repositories"]
    arn = house.arn(name + "-2")
    codecommit.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    codecommit.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert codecommit.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    with Refused("RepositoryDoesNotExistException", f"{name} does not exist", 400):
        codecommit.get_repository(repositoryName=name)
    with Refused("RepositoryNameExistsException", f"Repository named {name}-2 already exists"):
        codecommit.create_repository(repositoryName=name + "-2")
    with Refused("InvalidRepositoryTriggerDestinationArnException"):
        codecommit.put_repository_triggers(repositoryName=name + "-2", triggers=[house.trigger(name, f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")])
    with Refused("NotImplementedException", "CreateCommit is not implemented by Mayfly yet", 501):
        codecommit.create_commit(repositoryName=name + "-2", branchName="main")
    assert codecommit.delete_repository(repositoryName=name + "-2")["repositoryId"] == metadata["repositoryId"]
    assert "repositoryId" not in codecommit.delete_repository(repositoryName=name + "-2")


def test_a_push_while_the_daemon_does_not_run_is_told_of():
    with tempfile.TemporaryDirectory(prefix="mayfly-git-") as folder:
        os.chmod(folder, 0o755)
        with Daemon("--codecommit-repositories", folder) as daemon:
            house = House(daemon, folder)
            name, topic = house.repository(), house.topic()
            url = house.listener(topic, RawMessageDelivery="true")
            house.codecommit.put_repository_triggers(repositoryName=name, triggers=[house.trigger(name, topic)])
            daemon.kill()
            commit = house.push(name)
            daemon.start()
            again = House(daemon, folder)
            url = again.sqs.get_queue_url(QueueName=url.rsplit("/", 1)[1])["QueueUrl"]
            [record] = again.records(url)
            assert record["codecommit"]["references"] == [{"commit": commit, "created": True, "ref": "refs/heads/main"}]


@pytest.mark.parametrize("program", ["/usr/bin/aws", str(Path(sys.executable).parent / "aws")])
def test_the_command_line(house, program, tmp_path):
    if not os.path.exists(program):
        pytest.skip(f"{program} is not installed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}

    def aws(*arguments):
        command = [program, "--endpoint-url", house.daemon.url, "--output", "json", "codecommit", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}
    name = f"cli-{next(counter)}"
    assert aws("create-repository", "--repository-name", name)["repositoryMetadata"]["Arn"] == house.arn(name)
    topic = house.topic()
    assert aws("put-repository-triggers", "--repository-name", name, "--triggers", json.dumps([house.trigger(name, topic)]))["configurationId"]
    assert aws("get-repository-triggers", "--repository-name", name)["triggers"][0]["destinationArn"] == topic
    aws("delete-repository", "--repository-name", name)
