"""If these fail, a client sees another status, code or text than AWS gives: tools match on them."""
import json
import re

import boto3
import pytest
from botocore.exceptions import ClientError

from conftest import ROLE
from daemon import ACCOUNT, REGION
from packages import ECHO, make_zip

FUNCTIONS = "/2015-03-31/functions"
MODEL = boto3.client("lambda", region_name=REGION).meta.service_model


def create(aws, name, **changes):
    request = {"FunctionName": name, "Runtime": "python3.11", "Handler": "index.handler", "Role": ROLE, "Code": {"ZipFile": make_zip(ECHO)}, **changes}
    return aws.create_function(**{key: value for key, value in request.items() if value is not None})


def refused(call, status, code, message):
    """`message`: a text, or a pattern (re.Pattern)."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (status, code), answer
    if isinstance(message, re.Pattern):
        assert message.fullmatch(answer["Error"]["Message"]), answer
    else:
        assert answer["Error"]["Message"] == message
    return answer


def arn(name):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


# --- not there, there already ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("operation, arguments", [
    ("get_function", {}), ("get_function_configuration", {}), ("update_function_code", {"ZipFile": make_zip(ECHO)}),
    ("update_function_configuration", {"Timeout": 3}), ("delete_function", {})])
def test_a_missing_function(aws, name, operation, arguments):
    refused(lambda: getattr(aws, operation)(FunctionName=name, **arguments), 404, "ResourceNotFoundException",
            f"Function not found: {arn(name)}")


@pytest.mark.parametrize("operation", ["get_function", "get_function_configuration", "invoke"])
def test_a_missing_version(aws, functions, operation):
    name = functions(wait=False)
    refused(lambda: getattr(aws, operation)(FunctionName=name, Qualifier="7"), 404, "ResourceNotFoundException",
            f"Function not found: {arn(name)}:7")


def test_the_same_name_twice(aws, functions):
    name = functions()
    refused(lambda: create(aws, name), 409, "ResourceConflictException", f"Function already exist: {name}")


def test_latest_is_deleted_only_with_its_function(aws, functions):
    name = functions()
    refused(lambda: aws.delete_function(FunctionName=name, Qualifier="$LATEST"), 400, "InvalidParameterValueException",
            "$LATEST version cannot be deleted without deleting the function.")


def test_two_qualifiers_that_differ(aws, functions):
    name = functions(wait=False)
    refused(lambda: aws.get_function(FunctionName=f"{name}:$LATEST", Qualifier="1"), 400, "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.")


def test_another_region(aws, name):
    refused(lambda: aws.get_function(FunctionName=arn(name).replace(REGION, "eu-west-1")), 404, "ResourceNotFoundException",
            f"Functions from 'eu-west-1' are not reachable in this region ('{REGION}')")


# --- constraints of the model ---------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def unchecked(daemon):
    """A client that sends what botocore itself would refuse."""
    return daemon.client("lambda", parameter_validation=False)


def constraint(value, member, text):
    return f"1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: {text}"


@pytest.mark.parametrize("changes, value, member, text", [
    ({"MemorySize": 127}, "'127'", "memorySize", "Member must have value greater than or equal to 128"),
    ({"MemorySize": 32769}, "'32769'", "memorySize", "Member must have value less than or equal to 32768"),
    ({"Timeout": 0}, "'0'", "timeout", "Member must have value greater than or equal to 1"),
    ({"Timeout": 901}, "'901'", "timeout", "Member must have value less than or equal to 900"),
    ({"Description": "d" * 257}, f"'{'d' * 257}'", "description", "Member must have length less than or equal to 256"),
    ({"Handler": "h" * 129}, f"'{'h' * 129}'", "handler", "Member must have length less than or equal to 128"),
    ({"EphemeralStorage": {"Size": 511}}, "'511'", "ephemeralStorage.size", "Member must have value greater than or equal to 512"),
    ({"PackageType": "Tar"}, "'Tar'", "packageType", "Member must satisfy enum value set: [Image, Zip]"),
    ({"TracingConfig": {"Mode": "On"}}, "'On'", "tracingConfig.mode", "Member must satisfy enum value set: [Active, PassThrough]"),
    ({"Role": "nobody"}, "'nobody'", "role",
     "Member must satisfy regular expression pattern: " + MODEL.shape_for("RoleArn").metadata["pattern"]),
    ({"Handler": "two words"}, "'two words'", "handler",
     "Member must satisfy regular expression pattern: " + MODEL.shape_for("Handler").metadata["pattern"]),
])
def test_constraints_have_aws_texts(unchecked, name, changes, value, member, text):
    with pytest.raises(ClientError) as caught:
        create(unchecked, name, **changes)
    error = caught.value.response
    assert (error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"]) == (400, "ValidationException"), error
    expected = constraint(value, member, text)
    if "enum value set" in text:  # AWS prints a set in the order of its hash
        order = r"\[(.*)\]$"
        assert sorted(re.search(order, error["Error"]["Message"])[1].split(", ")) == sorted(re.search(order, expected)[1].split(", "))
        assert error["Error"]["Message"].split("[")[0] == expected.split("[")[0]
    else:
        assert error["Error"]["Message"] == expected


def test_several_constraints_in_one_answer(unchecked, name):
    with pytest.raises(ClientError) as caught:
        create(unchecked, name, MemorySize=1, Timeout=0)
    message = caught.value.response["Error"]["Message"]
    assert message.startswith("2 validation errors detected: ")
    for part in (constraint("'1'", "memorySize", "Member must have value greater than or equal to 128"),
                 constraint("'0'", "timeout", "Member must have value greater than or equal to 1")):
        assert part.replace("1 validation error detected: ", "") in message


def test_a_name_that_is_too_long(aws):
    name = "n" * 65
    with pytest.raises(ClientError) as caught:
        create(aws, name)
    answer = caught.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (400, "InvalidParameterValueException")
    assert "Member must have length less than or equal to 64" in answer["Error"]["Message"]


def test_a_name_with_other_characters(daemon):
    answer = daemon.raw("GET", f"{FUNCTIONS}/not%20a%20name")
    assert (answer.status, answer.code) == (400, "ValidationException"), answer
    assert answer.json["message"].startswith("1 validation error detected: Value 'not a name' at 'functionName' failed to satisfy constraint: "
                                             "Member must satisfy regular expression pattern: ")
    assert "Type" not in answer.json


def test_members_that_must_be_there(daemon, name):
    answer = daemon.raw("POST", FUNCTIONS, {"FunctionName": name, "Code": {}})
    assert (answer.status, answer.code) == (400, "ValidationException"), answer
    assert answer.json["message"] == constraint("null", "role", "Member must not be null")


def test_max_items(aws):
    refused(lambda: aws.list_functions(MaxItems=10001), 400, "ValidationException",
            constraint("'10001'", "maxItems", "Member must have value less than or equal to 10000"))


# --- meaning --------------------------------------------------------------------------------------------------------------

def test_runtimes_that_do_not_exist(aws, name):
    refused(lambda: create(aws, name, Runtime="python9.9"), 400, "InvalidParameterValueException",
            re.compile(r"Value python9\.9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[.*python3\.14.*\] or be a valid ARN"))


def test_runtimes_that_are_gone(aws, name):
    refused(lambda: create(aws, name, Runtime="python2.7"), 400, "InvalidParameterValueException",
            "The runtime parameter of python2.7 is no longer supported for creating or updating AWS Lambda functions. We recommend you use "
            "a supported runtime while creating or updating functions.")


@pytest.mark.parametrize("missing", ["Runtime", "Handler"])
def test_zip_functions_need_runtime_and_handler(aws, name, missing):
    refused(lambda: create(aws, name, **{missing: None}), 400, "InvalidParameterValueException",
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.")


def test_environment_of_more_than_4_kb(aws, name, functions):
    fits = {"a_name": "x" * (4096 - len('{"a_name":""}'))}
    functions(Environment={"Variables": fits}, wait=False)
    over = {"a_name": fits["a_name"] + "x"}
    refused(lambda: create(aws, name, Environment={"Variables": over}), 400, "InvalidParameterValueException",
            "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB "
            "limit. String measured: " + json.dumps(over, separators=(",", ":")))


def test_reserved_variables(aws, name):
    refused(lambda: create(aws, name, Environment={"Variables": {"AWS_REGION": "x"}}), 400, "InvalidParameterValueException",
            "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved "
            "keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION")


def test_too_many_layers(aws, name):
    layers = [f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:l{number}:1" for number in range(6)]
    refused(lambda: create(aws, name, Layers=layers), 400, "InvalidParameterValueException", "Cannot reference more than 5 layers.")


def test_image_of_a_zip_function(aws, functions):
    name = functions()
    refused(lambda: aws.update_function_code(FunctionName=name, ImageUri="000000000000.dkr.ecr.us-east-1.amazonaws.com/x:1"), 400,
            "InvalidParameterValueException", "Please don't provide ImageUri when updating a function with packageType Zip.")


# --- invoke ---------------------------------------------------------------------------------------------------------------

def test_payloads_that_are_no_json(aws, functions):
    name = functions()
    refused(lambda: aws.invoke(FunctionName=name, Payload=b"{not json"), 400, "InvalidRequestContentException",
            re.compile("Could not parse request body into json: .*", re.S))


def test_payloads_that_are_too_large(aws, functions):
    name = functions()
    refused(lambda: aws.invoke(FunctionName=name, Payload=b'"' + b"x" * 6291455 + b'"'), 413, "RequestEntityTooLargeException",
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation")


def test_invocation_types_that_do_not_exist(aws, functions):
    name = functions(wait=False)
    with pytest.raises(ClientError) as caught:
        aws.invoke(FunctionName=name, InvocationType="Sometimes")
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert "'invocationType'" in caught.value.response["Error"]["Message"]


def test_client_context_that_is_too_long_or_no_json(aws, functions):
    name = functions()
    for context in ("A" * 3584, "bm8ganNvbg=="):
        with pytest.raises(ClientError) as caught:
            aws.invoke(FunctionName=name, ClientContext=context)
        assert caught.value.response["Error"]["Code"] == "InvalidRequestContentException"


# --- shape of the answer --------------------------------------------------------------------------------------------------

def test_errors_name_their_code_in_the_header_and_spell_the_message_as_aws_does(daemon, functions, name):
    missing = daemon.raw("GET", f"{FUNCTIONS}/{name}")
    assert (missing.status, missing.code) == (404, "ResourceNotFoundException"), missing
    assert missing.json == {"Type": "User", "Message": f"Function not found: {arn(name)}"}
    assert missing.headers["content-type"] == "application/json"
    assert re.fullmatch(r"[0-9a-f-]{36}", missing.headers["x-amzn-requestid"])

    known = functions(wait=False)
    conflict = daemon.raw("POST", FUNCTIONS, {"FunctionName": known, "Runtime": "python3.11", "Handler": "a.b", "Role": ROLE, "Code": {"ZipFile": ""}})
    assert conflict.json == {"Type": "User", "message": f"Function already exist: {known}"}, conflict


@pytest.mark.parametrize("method, target, body", [
    ("GET", "/", b""), ("GET", "/2015-03-31/nothing", b""), ("PATCH", f"{FUNCTIONS}/x", b"{}"), ("POST", "/2015-03-31/functions/x/y/z", b"{}")])
def test_paths_and_methods_of_no_operation(daemon, method, target, body):
    answer = daemon.raw(method, target, body)
    assert answer.status in (403, 404, 405), answer
    assert "json" in answer.headers["content-type"] and answer.json, answer


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"\xff\xfe", b'{"FunctionName": 5}', b'{"FunctionName": "x", "Timeout": "soon"}',
                                  b"[" * 100000, b'{"Code": {"ZipFile": "not base64 at all!"}}'])
def test_bodies_that_cannot_be_read(daemon, body):
    answer = daemon.raw("POST", FUNCTIONS, body)
    assert answer.status == 400, answer
    assert answer.code in ("SerializationException", "ValidationException", "InvalidRequestContentException", "InvalidParameterValueException"), answer


def test_operations_that_are_not_built_yet_say_so(daemon, aws):
    answer = daemon.raw("DELETE", "/2025-11-30/capacity-providers/one")
    assert (answer.status, answer.code) == (501, "NotImplementedException"), answer
    refused(lambda: aws.list_capacity_providers(), 501, "NotImplementedException", re.compile(".*ListCapacityProviders.*", re.S))
