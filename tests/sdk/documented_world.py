"""A daemon with one of each resource, whose operations are called by name: for test_documented_errors.py."""
import io
import random
import zipfile
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from conftest import Functions
from documented_errors import NO_CONFIG, PUBLISHER, QUEUE, UNKNOWN, WORKING, valid_arguments
from packages import ECHO, make_zip
from test_lifecycle import FAST


@dataclass
class Refusal:
    operation: str
    status: int
    code: str
    members: list  # of the body


class World:
    """A daemon, and one of each resource in it."""

    def __init__(self, daemon, *, wait=True):
        self.daemon, self.wait = daemon, wait
        self.aws = daemon.client("lambda", parameter_validation=False)
        self.known = self.aws.meta.service_model.operation_names
        self.functions = Functions(self.aws)
        self.function, self.layer, self.mapping, self.config = "documented", "documented", UNKNOWN, NO_CONFIG

    def fill(self):
        aws = self.aws
        self.functions(ECHO, name=self.function, Publish=self.wait, wait=self.wait)
        if self.wait:
            aws.get_waiter("published_version_active").wait(FunctionName=self.function, Qualifier="1", WaiterConfig=FAST)
        aws.create_alias(FunctionName=self.function, Name="live", FunctionVersion="1" if self.wait else "$LATEST")
        aws.publish_layer_version(LayerName=self.layer, Content={"ZipFile": make_zip(ECHO)})
        for queue in (QUEUE, QUEUE + "-0"):
            self.daemon.client("sqs").create_queue(QueueName=queue.rsplit(":", 1)[1])
        self.mapping = aws.create_event_source_mapping(FunctionName=self.function, EventSourceArn=QUEUE + "-0")["UUID"]
        made = aws.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": [PUBLISHER]})
        self.config = made["CodeSigningConfig"]["CodeSigningConfigArn"]
        return self

    def call(self, operation, **changes):
        """The valid call with some members changed (None: left out)."""
        arguments = {**valid_arguments(operation, self), **changes}
        arguments = {name: value for name, value in arguments.items() if value is not None}
        if operation not in self.known:
            return self.call_raw(operation, arguments)
        return self.aws._make_api_call(operation, arguments)

    def call_raw(self, operation, arguments):
        """Operations that this botocore does not know: those of resource policies."""
        model = WORKING[operation]
        path = model["path"].replace("{ResourceArn}", quote(arguments.pop("ResourceArn"), safe=""))
        if "RevisionId" in arguments and model["method"] == "DELETE":
            path += "?RevisionId=" + quote(arguments.pop("RevisionId"))
        answer = self.daemon.raw(model["method"], path, arguments or b"")
        if answer.status < 300:
            return answer.json if answer.body else {}
        raise ClientError({**answer.json, "Error": {"Code": answer.code}, "ResponseMetadata": {"HTTPStatusCode": answer.status}}, operation)

    def refuses(self, operation, **changes):
        with pytest.raises(ClientError) as caught:
            self.call(operation, **changes)
        answer = caught.value.response
        return Refusal(operation, answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], list(answer))


def random_bytes(count):
    return random.Random(count).randbytes(count)


def tamper(package):
    """Another file in the place of one that was signed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as signed, zipfile.ZipFile(out, "w") as changed:
        for info in signed.infolist():
            changed.writestr(info, b"B" * 64 if info.filename == "mark" else signed.read(info))
    return out.getvalue()
