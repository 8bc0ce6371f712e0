"""Which errors the model documents for each operation, a valid call of each, and which errors cannot happen on one's own server.

test_documented_errors.py provokes every pair that NOT_HERE does not name.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from daemon import ACCOUNT, REGION, ROOT
from packages import ECHO, make_zip

ROLE = f"arn:aws:iam::{ACCOUNT}:role/test"
PUBLISHER = f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/somebody/ABCDEFGHIJ"
UNKNOWN = "6b06b9a6-2f2b-4b44-9d9c-b8a0b2d1f0aa"
NO_CONFIG = f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-00000000000000000"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:documented-errors"


def read_model():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        subprocess.run([sys.executable, str(ROOT / "tools/modelc"), str(ROOT / "model/lambda.model"), "--json", str(path)], check=True)
        return json.loads(path.read_text())


MODEL = read_model()
WORKING = {name: operation for name, operation in MODEL["operations"].items() if not operation["todo"]}
ERRORS = {name.removesuffix("Exception"): shape for name, shape in MODEL["errors"].items()}
DOCUMENTED = {(name, error.removesuffix("Exception")) for name, operation in WORKING.items() for error in operation["errors"]}

# Why an error cannot happen: of all operations, or of one.
COMPUTERS = "there is no such service of AWS between the caller and the function here"
CONCURRENT = ("only while another change of the very row is on its way to the disk: ResourceTableTest.AStaleOrBusyRowIsNotChanged in "
              "src/resources/resource_table_test.cc")
NOT_HERE = {
    "Service": "a fault of the daemon, e.g. a full disk: EndpointTest.TellsTheObserverWhatClientsDoNotSee in src/wire/endpoint_test.cc",
    "PublicPolicy": "there is no Block Public Access for functions on one's own server",
    "AliasLimitExceeded": "the number of aliases has no limit of its own",
    "FunctionVersionsPerCapacityProviderLimitExceeded": "capacity providers are not built",
    **{error: COMPUTERS for error in (
        "CodeArtifactUserDeleted", "CodeArtifactUserFailed", "CodeArtifactUserPending", "EC2AccessDenied", "EC2Throttled", "EC2Unexpected",
        "ENILimitReached", "ENINotReady", "InvalidSecurityGroupID", "InvalidSubnetID", "KMSAccessDenied", "KMSDisabled", "KMSInvalidState",
        "KMSNotFound", "S3FilesMountConnectivity", "S3FilesMountFailure", "S3FilesMountTimeout", "SubnetIPAddressLimitReached", "ServiceQuotaExceeded")},
    **{error: "needs a daemon whose file systems' servers have gone: test_servers_that_do_not_answer in tests/sdk/test_file_systems.py" for error in (
        "EFSIO", "EFSMountConnectivity", "EFSMountFailure", "EFSMountTimeout")},
    **{error: "comes with durable functions, managed instances or SnapStart" for error in (
        "DurableExecutionAlreadyStarted", "ModeNotSupported", "NoPublishedVersion", "SnapStart", "SnapStartNotReady",
        "SnapStartRegenerationFailure", "SnapStartTimeout")},
    "RuntimeAliasDeleted": "runtimes are the host's interpreters, which have no aliases",
    "RuntimeVersionDeleted": "runtimes are the host's interpreters, which have no versions",
    "InvalidZipFile": "a package is unpacked when it is deployed, and refused then",
    "UnsupportedMediaType": "the body alone says whether it is JSON: SDKs send application/octet-stream and more",
    "ResourceNotReady": "an environment that is not ready is waited for",
    **{(operation, "ResourceConflict"): "a function that is still Pending is waited for (docs/differences.md)" for operation in (
        "Invoke", "InvokeWithResponseStream")},
    **{(operation, "ResourceConflict"): CONCURRENT for operation in (
        "UpdateAlias", "DeleteAlias", "RemoveLayerVersionPermission", "PutResourcePolicy", "DeleteResourcePolicy", "UpdateEventSourceMapping",
        "DeleteEventSourceMapping", "PutFunctionConcurrency", "DeleteFunctionConcurrency", "DeleteProvisionedConcurrencyConfig",
        "UpdateFunctionUrlConfig", "DeleteFunctionUrlConfig", "PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig",
        "DeleteFunctionEventInvokeConfig", "PutFunctionCodeSigningConfig", "DeleteFunctionCodeSigningConfig", "PutRuntimeManagementConfig",
        "PutFunctionRecursionConfig", "TagResource", "UntagResource")},
    **{(operation, "InvalidParameterValue"): "whatever makes no sense breaks a limit of the model: ValidationException" for operation in (
        "CreateCodeSigningConfig", "GetCodeSigningConfig", "UpdateCodeSigningConfig", "DeleteCodeSigningConfig", "GetEventSourceMapping",
        "DeleteEventSourceMapping", "PutFunctionRecursionConfig", "GetFunctionRecursionConfig", "GetAlias", "DeleteAlias",
        "GetResourcePolicy", "DeleteResourcePolicy")},
    ("DeleteLayerVersion", "ResourceNotFound"): "deleting what is not there is no error, as on AWS",
    ("PutResourcePolicy", "PolicyLengthExceeded"): "a policy that is too long breaks a limit of the model: ValidationException",
    ("ListLayerVersions", "ResourceNotFound"): "a layer that is not there has no versions: an empty list, as on AWS",
    **{(operation, "SerializedRequestEntityTooLarge"): "of a request only the payload has a limit" for operation in (
        "Invoke", "InvokeWithResponseStream")},
    **{("InvokeAsync", error): "an event is accepted before its function is looked at: the attempts find out" for error in (
        "InvalidRuntime", "ResourceConflict")},
    **{(operation, "CodeSigningConfigNotFound"): "a configuration that a function uses cannot be deleted" for operation in (
        "UpdateFunctionCode", "UpdateFunctionConfiguration", "GetFunctionCodeSigningConfig", "DeleteFunctionCodeSigningConfig")},
}
# AWS's own answers have another code than its documentation (recorded: reference of the API, §1.8).
ON_THE_WIRE = {"RequestTooLarge": "RequestEntityTooLargeException"}


def is_excluded(operation, error):
    return error in NOT_HERE or (operation, error) in NOT_HERE


def arn(name):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def valid_arguments(operation, w):
    """A call of the operation that the service would carry out. `w` names what there is: function, layer, mapping, config."""
    function = {"FunctionName": w.function}
    layer = {"LayerName": w.layer, "VersionNumber": 1}
    resource = {"ResourceArn": arn(w.function)}
    calls = {
        "InvokeAsync": {**function, "InvokeArgs": b"{}"},
        "CreateFunction": {"FunctionName": w.function + "-new", "Runtime": "python3.11", "Handler": "index.handler", "Role": ROLE,
                           "Code": {"ZipFile": make_zip(ECHO)}},
        "UpdateFunctionCode": {**function, "ZipFile": make_zip(ECHO)}, "UpdateFunctionConfiguration": {**function, "Timeout": 4},
        "ListFunctions": {}, "GetAccountSettings": {}, "ListLayers": {}, "ListCodeSigningConfigs": {},
        "CreateAlias": {**function, "Name": "new", "FunctionVersion": "1"},
        **{name: {**function, "Name": "live"} for name in ("GetAlias", "UpdateAlias", "DeleteAlias")},
        "PublishLayerVersion": {"LayerName": w.layer, "Content": {"ZipFile": make_zip(ECHO)}}, "ListLayerVersions": {"LayerName": w.layer},
        **{name: layer for name in ("GetLayerVersion", "DeleteLayerVersion", "GetLayerVersionPolicy")},
        "GetLayerVersionByArn": {"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{w.layer}:1"},
        "AddLayerVersionPermission": {**layer, "StatementId": "s", "Action": "lambda:GetLayerVersion", "Principal": "*"},
        "RemoveLayerVersionPermission": {**layer, "StatementId": "s"},
        "AddPermission": {**function, "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"},
        "RemovePermission": {**function, "StatementId": "s"},
        "GetResourcePolicy": resource, "DeleteResourcePolicy": resource,
        "PutResourcePolicy": {**resource, "Policy": json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": arn(w.function)}]})},
        "CreateEventSourceMapping": {**function, "EventSourceArn": QUEUE},
        **{name: {"UUID": w.mapping} for name in ("GetEventSourceMapping", "UpdateEventSourceMapping", "DeleteEventSourceMapping")},
        "PutFunctionConcurrency": {**function, "ReservedConcurrentExecutions": 1},
        "PutProvisionedConcurrencyConfig": {**function, "Qualifier": "1", "ProvisionedConcurrentExecutions": 1},
        **{name: {**function, "Qualifier": "1"} for name in ("GetProvisionedConcurrencyConfig", "DeleteProvisionedConcurrencyConfig")},
        "CreateFunctionUrlConfig": {**function, "AuthType": "NONE"},
        **{name: {**function, "MaximumRetryAttempts": 1} for name in ("PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig")},
        "CreateCodeSigningConfig": {"AllowedPublishers": {"SigningProfileVersionArns": [PUBLISHER]}},
        **{name: {"CodeSigningConfigArn": w.config} for name in ("GetCodeSigningConfig", "UpdateCodeSigningConfig", "DeleteCodeSigningConfig",
                                                                 "ListFunctionsByCodeSigningConfig")},
        "PutFunctionCodeSigningConfig": {**function, "CodeSigningConfigArn": w.config},
        "PutRuntimeManagementConfig": {**function, "UpdateRuntimeOn": "Auto"}, "PutFunctionRecursionConfig": {**function, "RecursiveLoop": "Allow"},
        "TagResource": {"Resource": arn(w.function), "Tags": {"a": "b"}}, "UntagResource": {"Resource": arn(w.function), "TagKeys": ["a"]},
        "ListTags": {"Resource": arn(w.function)},
    }
    return dict(calls.get(operation, function))
