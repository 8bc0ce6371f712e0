"""If these fail, a layer is used by accounts that its owner has not let in, or tools that share layers see other answers than AWS's."""
import json

import pytest

from daemon import ACCOUNT, REGION
from packages import make_zip
from test_errors import refused

STRANGER = "222222222222"
STALE = ("The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the latest Revision Id")


@pytest.fixture
def layer(aws, name):
    aws.publish_layer_version(LayerName=name, Content={"ZipFile": make_zip({"python/shared.py": "VALUE = 1\n"})})
    yield name
    aws.delete_layer_version(LayerName=name, VersionNumber=1)


def arn(layer, number=1):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{layer}:{number}"


def add(aws, layer, sid="s1", number=1, **more):
    return aws.add_layer_version_permission(**{"LayerName": layer, "VersionNumber": number, "StatementId": sid, "Action": "lambda:GetLayerVersion",
                                               "Principal": "*", **more})


def test_the_life_of_a_layers_policy(aws, layer):
    version = {"LayerName": layer, "VersionNumber": 1}
    refused(lambda: aws.get_layer_version_policy(**version), 404, "ResourceNotFoundException", "No policy is associated with the given resource.")
    added = add(aws, layer)
    one = '{"Sid":"s1","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion","Resource":"%s"}' % arn(layer)
    assert (added["ResponseMetadata"]["HTTPStatusCode"], added["Statement"]) == (201, one)
    shown = aws.get_layer_version_policy(**version)
    assert shown["Policy"] == '{"Version":"2012-10-17","Id":"default","Statement":[' + one + "]}"
    assert shown["RevisionId"] == added["RevisionId"]
    second = add(aws, layer, "s2", Principal=STRANGER, OrganizationId="o-a1b2c3d4e5f", RevisionId=added["RevisionId"])
    assert json.loads(second["Statement"])["Principal"] == {"AWS": f"arn:aws:iam::{STRANGER}:root"}
    assert json.loads(second["Statement"])["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5f"}}
    refused(lambda: add(aws, layer, "s3", RevisionId=added["RevisionId"]), 412, "PreconditionFailedException", STALE)
    refused(lambda: add(aws, layer), 409, "ResourceConflictException",
            "The statement id (s1) provided already exists. Please provide a new statement id, or remove the existing statement.")
    remove = lambda sid, **more: aws.remove_layer_version_permission(StatementId=sid, **version, **more)  # noqa: E731
    refused(lambda: remove("none"), 404, "ResourceNotFoundException", "Statement none is not found in resource policy.")
    refused(lambda: remove("s1", RevisionId=added["RevisionId"]), 412, "PreconditionFailedException", STALE)
    assert remove("s2", RevisionId=second["RevisionId"])["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert aws.get_layer_version_policy(**version)["RevisionId"] not in (added["RevisionId"], second["RevisionId"])
    remove("s1")
    refused(lambda: aws.get_layer_version_policy(**version), 404, "ResourceNotFoundException", "No policy is associated with the given resource.")


def test_layer_versions_that_do_not_exist(aws, layer):
    for name, number in ((layer, 2), (layer + "-none", 1)):
        message = f"Layer version {arn(name, number)} does not exist."
        calls = (lambda: add(aws, name, number=number), lambda: aws.get_layer_version_policy(LayerName=name, VersionNumber=number),
                 lambda: aws.remove_layer_version_permission(LayerName=name, VersionNumber=number, StatementId="s1"))
        for call in calls:
            refused(call, 404, "ResourceNotFoundException", message)
    refused(lambda: add(aws, layer, number=0), 400, "InvalidParameterValueException", "Layer Version Cannot be less than 1")


def test_a_stranger_uses_a_layer_by_permission(aws, daemon, layer):
    stranger = daemon.client(key=STRANGER)  # in open mode an access key id of 12 digits names the account
    refusal = (f"User: arn:aws:iam::{STRANGER}:root is not authorized to perform: lambda:{{0}} on resource: {{1}} "
               "because no resource-based policy allows the lambda:{0} action")
    whole = arn(layer).rsplit(":", 1)[0]
    get = lambda: stranger.get_layer_version_by_arn(Arn=arn(layer))  # noqa: E731
    refused(get, 403, "AccessDeniedException", refusal.format("GetLayerVersion", arn(layer)))
    add(aws, layer, Principal=STRANGER)
    assert get()["LayerVersionArn"] == arn(layer)
    assert stranger.get_layer_version(LayerName=whole, VersionNumber=1)["Version"] == 1
    refused(lambda: stranger.list_layer_versions(LayerName=whole), 403, "AccessDeniedException", refusal.format("ListLayerVersions", whole))
    refused(lambda: stranger.delete_layer_version(LayerName=whole, VersionNumber=1), 403, "AccessDeniedException",
            refusal.format("DeleteLayerVersion", arn(layer)))
    refused(lambda: add(stranger, whole, "mine"), 403, "AccessDeniedException", refusal.format("AddLayerVersionPermission", arn(layer)))
