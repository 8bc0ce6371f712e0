"""If these fail, an operation does not give an error that the API documents for it, or gives it in another form."""
import hashlib
import json
import re
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from daemon import ACCOUNT, REGION, ROOT, Daemon, wait_until
from documented_errors import (DOCUMENTED, ERRORS, NO_CONFIG, NOT_HERE, ON_THE_WIRE, PUBLISHER, QUEUE, UNKNOWN, WORKING, arn, is_excluded,
                               valid_arguments)
from documented_world import World, random_bytes, tamper
from packages import ECHO, make_zip
from test_code_signing import Publisher

ELSEWHERE = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:"
WAIT = """
import time
def handler(event, context):
    print("BEGIN")
    time.sleep(event["seconds"])
"""


@pytest.fixture(scope="module")
def world(daemon):
    made = World(daemon).fill()
    yield made
    made.functions.delete_all()


@pytest.fixture(scope="module")
def slow():
    """Everything that is created or changed stays Pending, InProgress or Creating."""
    with Daemon("--update-delay", "600") as daemon:
        yield World(daemon, wait=False).fill()


@pytest.fixture(scope="module")
def throttled():
    """Every call but the first of its kind comes too early, and there is room for one invocation."""
    with Daemon("--control-plane-rate", "0.0001", "--account-concurrency", "1", "--drain", "0") as daemon:
        made = World(daemon)
        made.functions(WAIT, name=made.function, wait=False, Timeout=600)
        made.aws.get_function(FunctionName=made.function)
        for missing in ("no-such-function",) * 2:
            with pytest.raises(ClientError):
                made.aws.get_policy(FunctionName=missing)
        yield made


@pytest.fixture(scope="module")
def small():
    """There is room for one package only."""
    with Daemon("--code-storage-max", "1") as daemon:
        made = World(daemon)
        made.functions({"index.py": ECHO, "data": random_bytes(700_000)}, name=made.function)
        yield made


PROVOKED = {}
INVOCATIONS = ("Invoke", "InvokeWithResponseStream")


def provokes(error, *operations):
    """Marks how `error` comes about in these operations: a function of the fixtures that it names and the operation."""
    def add(function):
        for operation in operations:
            assert (operation, error) not in PROVOKED, (operation, error)
            PROVOKED[operation, error] = function
        return function
    return add


def operations_with(error, but=()):
    return [name for name, named in sorted(DOCUMENTED) if named == error and name not in but and not is_excluded(name, error)]


# --- what is not there ------------------------------------------------------------------------------------------------------

MISSING = {"FunctionName": "no-such-function", "LayerName": "no-such-layer", "UUID": UNKNOWN, "CodeSigningConfigArn": NO_CONFIG,
           "Resource": arn("no-such-function"), "ResourceArn": arn("no-such-function"), "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:no-such-layer:1"}
IN_ANOTHER_REGION = {"CreateFunction": {"FunctionName": ELSEWHERE + "function:f"}, "PublishLayerVersion": {"LayerName": ELSEWHERE + "layer:l"},
                     "CreateEventSourceMapping": {"FunctionName": ELSEWHERE + "function:f"},
                     "ListEventSourceMappings": {"FunctionName": ELSEWHERE + "function:f"}}


@provokes("ResourceNotFound", *operations_with("ResourceNotFound"))
def nothing_of_that_name(world, operation):
    if operation in IN_ANOTHER_REGION:
        return world.refuses(operation, **IN_ANOTHER_REGION[operation])
    named = valid_arguments(operation, world)
    if "FunctionName" in named:
        named = {"FunctionName": None}
    return world.refuses(operation, **{name: value for name, value in MISSING.items() if name in named})


@provokes("CodeSigningConfigNotFound", "CreateFunction", "PutFunctionCodeSigningConfig")
def no_such_configuration(world, operation):
    return world.refuses(operation, CodeSigningConfigArn=NO_CONFIG)


@provokes("ProvisionedConcurrencyConfigNotFound", "GetProvisionedConcurrencyConfig")
def nothing_provisioned(world, operation):
    return world.refuses(operation)


# --- what is in the way -----------------------------------------------------------------------------------------------------

@provokes("ResourceConflict", "CreateFunction", "CreateAlias", "CreateEventSourceMapping")
def it_is_there_already(world, operation):
    return world.refuses(operation, **{"CreateFunction": {"FunctionName": world.function}, "CreateAlias": {"Name": "live"},
                                       "CreateEventSourceMapping": {"EventSourceArn": QUEUE + "-0"}}[operation])


@provokes("ResourceConflict", "AddPermission", "AddLayerVersionPermission", "CreateFunctionUrlConfig")
def it_has_been_made_before(world, operation):
    world.call(operation)
    return world.refuses(operation)


@provokes("ResourceConflict", "UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion")
def it_is_still_being_made(slow, operation):
    return slow.refuses(operation)


@provokes("ResourceConflict", "DeleteFunction")
def an_alias_points_to_it(world, operation):
    return world.refuses(operation, Qualifier="1")


@provokes("ResourceConflict", "DeleteCodeSigningConfig")
def a_function_uses_it(world, operation):
    made = World(world.daemon)
    made.config = world.aws.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": [PUBLISHER]})["CodeSigningConfig"]["CodeSigningConfigArn"]
    name = world.functions(CodeSigningConfigArn=made.config)
    refusal = made.refuses(operation)
    world.aws.delete_function_code_signing_config(FunctionName=name)
    world.aws.delete_code_signing_config(CodeSigningConfigArn=made.config)
    return refusal


@provokes("ResourceConflict", "PutProvisionedConcurrencyConfig")
def the_alias_points_to_a_provisioned_version(world, operation):
    name = world.functions(ECHO, Publish=True)
    world.aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    world.call(operation, FunctionName=name)
    return world.refuses(operation, FunctionName=name, Qualifier="live")


@provokes("ResourceInUse", "UpdateEventSourceMapping", "DeleteEventSourceMapping")
def it_is_on_its_way_to_another_state(slow, operation):
    return slow.refuses(operation)


@provokes("PreconditionFailed", *operations_with("PreconditionFailed"))
def another_revision(world, operation):
    if operation in ("RemovePermission", "RemoveLayerVersionPermission", "DeleteResourcePolicy"):
        name = world.functions(wait=False)
        changes = {"LayerName": name} if "Layer" in operation else {"FunctionName": name}
        if "Layer" in operation:
            world.aws.publish_layer_version(LayerName=name, Content={"ZipFile": make_zip(ECHO)})
        world.call("AddLayerVersionPermission" if "Layer" in operation else "AddPermission", **changes)
        changes = {"ResourceArn": arn(name)} if operation == "DeleteResourcePolicy" else changes
        return world.refuses(operation, RevisionId=UNKNOWN, **changes)
    return world.refuses(operation, RevisionId=UNKNOWN, **({"StatementId": "other"} if "Permission" in operation else {}))


# --- limits -----------------------------------------------------------------------------------------------------------------

@provokes("TooManyRequests", *operations_with("TooManyRequests", but=INVOCATIONS))
def more_often_than_the_rate_allows(throttled, operation):
    return throttled.refuses(operation)


@provokes("TooManyRequests", *INVOCATIONS)
def more_at_once_than_the_account_may(throttled, operation):
    keep_busy(throttled)
    return throttled.refuses(operation, Payload=b'{"seconds": 0}')


def keep_busy(world):
    """One invocation runs until the daemon's end. An event is tried again where the place is still taken."""
    if not has_begun(world):
        world.aws.invoke(FunctionName=world.function, InvocationType="Event", Payload=b'{"seconds": 600}')
        wait_until(lambda: has_begun(world), 60, "the invocation begins")


def has_begun(world):
    return "BEGIN" in world.daemon.raw("GET", f"/_mayfly/logs?function={world.function}").body.decode()


@provokes("CodeStorageExceeded", "CreateFunction", "UpdateFunctionCode", "PublishVersion", "PublishLayerVersion")
def no_room_for_more_code(small, operation):
    package = make_zip({"index.py": ECHO, "data": random_bytes(1_100_000)})
    return small.refuses(operation, **{"CreateFunction": {"Code": {"ZipFile": package}}, "UpdateFunctionCode": {"ZipFile": package},
                                       "PublishVersion": {}, "PublishLayerVersion": {"Content": {"ZipFile": package}}}[operation])


@provokes("PolicyLengthExceeded", "AddPermission", "AddLayerVersionPermission")
def one_statement_too_many(world, operation):
    name = world.functions(wait=False)
    changes = {"LayerName": name} if "Layer" in operation else {"FunctionName": name, "SourceArn": f"arn:aws:s3:::{'b' * 900}"}
    if "Layer" in operation:
        world.aws.publish_layer_version(LayerName=name, Content={"ZipFile": make_zip(ECHO)})
    for number in range(200):
        try:
            world.call(operation, StatementId=f"{'s' * 90}{number}", **changes)
        except ClientError:
            return world.refuses(operation, StatementId=f"{'s' * 90}{number}", **changes)
    raise AssertionError("a policy may be as long as one likes")


@provokes("RequestTooLarge", *INVOCATIONS)
def a_payload_that_is_too_large(world, operation):
    return world.refuses(operation, Payload=b'"' + b"x" * 6_291_455 + b'"')


# --- what makes no sense ----------------------------------------------------------------------------------------------------

@provokes("InvalidRequestContent", *INVOCATIONS, "InvokeAsync")
def a_payload_that_is_no_json(world, operation):
    return world.refuses(operation, **{"InvokeArgs" if operation == "InvokeAsync" else "Payload": b"{"})


@provokes("RecursiveInvocation", *operations_with("RecursiveInvocation"))
def a_chain_that_has_been_here_before(world, operation):
    seen = hashlib.sha256(arn(world.function).encode()).hexdigest()[:8]

    def add_lineage(request, **_):
        request.headers["X-Amzn-Trace-Id"] = f"Root=1-5e1b4151-5ac6c58a5ac6c58a5ac6c58a;Lineage={seen}:15"

    world.aws.meta.events.register("before-send.lambda", add_lineage)
    try:
        return world.refuses(operation)
    finally:
        world.aws.meta.events.unregister("before-send.lambda", add_lineage)


@provokes("InvalidRuntime", *INVOCATIONS)
def an_interpreter_that_is_not_there_any_more(operation):
    with Daemon() as first:
        world = World(first)
        world.functions(ECHO, name=world.function, Runtime="python3.15")
        first.stop()
        with Daemon("--runtime-match", "strict", data_dir=first.data_dir) as second:
            again = World(second)
            return again.refuses(operation)


BAD_VALUES = {
    "CreateFunction": {"Runtime": "python9.9"}, "UpdateFunctionConfiguration": {"Runtime": "python9.9"}, "UpdateFunctionCode": {"ZipFile": b"no zip"},
    "PublishVersion": {"CodeSha256": "other"}, "CreateAlias": {"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}},
    "UpdateAlias": {"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}},
    "PublishLayerVersion": {"Content": {}}, "DeleteFunction": {"Qualifier": "$LATEST"},
    **{name: {"VersionNumber": 0} for name in ("GetLayerVersion", "DeleteLayerVersion", "GetLayerVersionPolicy", "AddLayerVersionPermission",
                                               "RemoveLayerVersionPermission")},
    "GetLayerVersionByArn": {"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:documented:0"},
    "AddPermission": {"Principal": "nobody"}, "PutResourcePolicy": {"Policy": "no policy"},
    "CreateEventSourceMapping": {"BatchSize": 100}, "UpdateEventSourceMapping": {"BatchSize": 100},
    "PutFunctionConcurrency": {"ReservedConcurrentExecutions": 1000}, "PutProvisionedConcurrencyConfig": {"Qualifier": "$LATEST"},
    "PutFunctionEventInvokeConfig": {"MaximumRetryAttempts": None}, "UpdateFunctionEventInvokeConfig": {"MaximumRetryAttempts": None},
    "PutRuntimeManagementConfig": {"UpdateRuntimeOn": "Manual"},
    **{name: {"Resource": arn("documented") + ":1"} for name in ("TagResource", "UntagResource", "ListTags")},
}


@provokes("InvalidParameterValue", *operations_with("InvalidParameterValue"))
def a_value_that_makes_no_sense(world, operation):
    members = WORKING[operation]["input"]
    if operation in BAD_VALUES:
        return world.refuses(operation, **BAD_VALUES[operation])
    if "Marker" in members:
        return world.refuses(operation, Marker="?")
    if "Qualifier" in members:
        return world.refuses(operation, FunctionName=world.function + ":live", Qualifier="other")
    return world.refuses(operation, FunctionName=arn(world.function) + ":1")


# --- signatures -------------------------------------------------------------------------------------------------------------

@provokes("CodeVerificationFailed", "CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration")
def nobody_signed_it(signed, operation):
    return signed.refuses_code(operation, make_zip("CODE = 2"))


@provokes("InvalidCodeSignature", "CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration")
def the_signature_is_of_something_else(signed, operation):
    return signed.refuses_code(operation, signed.tampered)


@pytest.fixture
def signed(world, tmp_path):
    """A function whose code must be signed, and a package that was changed after it was signed."""
    publisher = Publisher(world.daemon, tmp_path, "documented")
    config = world.aws.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": [publisher.arn]},
                                                  CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"})["CodeSigningConfig"]
    arguments = {"CodeSigningConfigArn": config["CodeSigningConfigArn"]}
    name = world.functions(publisher.sign(make_zip(ECHO)), **arguments)

    def refuses_code(operation, package):
        if operation == "CreateFunction":
            return world.refuses(operation, Code={"ZipFile": package}, **arguments)
        if operation == "UpdateFunctionCode":
            return world.refuses(operation, FunctionName=name, ZipFile=package)
        layer = world.aws.publish_layer_version(LayerName=name, Content={"ZipFile": package})["LayerVersionArn"]
        return world.refuses(operation, FunctionName=name, Layers=[layer])

    good = publisher.sign(make_zip({"index.py": ECHO, "mark": "A" * 64}))
    made = SimpleNamespace(refuses_code=refuses_code, tampered=tamper(good))
    yield made
    world.aws.delete_function_code_signing_config(FunctionName=name)
    world.aws.delete_code_signing_config(**arguments)


# --- all of them ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("operation, error", sorted(pair for pair in DOCUMENTED if not is_excluded(*pair)))
def test_a_documented_error(request, operation, error):
    provoke = PROVOKED.get((operation, error))
    assert provoke, f"nothing here provokes {error} of {operation}, and NOT_HERE does not say why"
    wanted = [name for name in provoke.__code__.co_varnames[:provoke.__code__.co_argcount] if name != "operation"]
    refusal = provoke(**{name: request.getfixturevalue(name) for name in wanted}, operation=operation)
    shape = ERRORS[error]
    assert refusal.operation == operation
    assert (refusal.status, refusal.code) == (shape["status"], ON_THE_WIRE.get(error, error + "Exception"))
    if error not in ON_THE_WIRE:
        assert shape["message"] in refusal.members, refusal
    if error == "TooManyRequests":
        assert "Reason" in refusal.members


def test_the_tables_are_true():
    """What is provoked is documented, nothing is both provoked and impossible, and what stands for it is there."""
    assert set(PROVOKED) <= DOCUMENTED
    assert not [pair for pair in PROVOKED if is_excluded(*pair)]
    for what, reason in NOT_HERE.items():
        assert what in DOCUMENTED or any(error == what for _, error in DOCUMENTED), f"{what} is documented for no operation that works"
        named = re.search(r"(\w+)\.(\w+) in (\S+)", reason)
        assert not named or re.search(rf"TEST\w*\({named[1]}, {named[2]}\)", (ROOT / named[3]).read_text()), reason
