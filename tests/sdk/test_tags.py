"""If these fail, tags are lost, or what they are put on is disturbed by it."""
from concurrent.futures import ThreadPoolExecutor

from conftest import ROLE, Functions
from daemon import Daemon
from packages import ECHO, make_zip
from test_errors import refused
from test_lifecycle import arn

INVALID = "InvalidParameterValueException"
QUALIFIED = "Tags on function aliases and versions are not supported. Please specify a function ARN."
TOO_MANY = "Number of tags exceeds resource tag limit."
RESERVED = "aws: prefixed tag key names are not allowed for external use."


def tags(aws, name):
    return aws.list_tags(Resource=arn(name))["Tags"]


def test_tag_list_untag(aws, functions):
    name = functions(Tags={"made": "with it"}, Publish=True)
    assert tags(aws, name) == {"made": "with it"}
    assert aws.tag_resource(Resource=arn(name), Tags={"team": "blue", "made": "again", "ümläut": ""})["ResponseMetadata"]["HTTPStatusCode"] == 204
    everything = {"made": "again", "team": "blue", "ümläut": ""}
    assert tags(aws, name) == everything
    assert aws.get_function(FunctionName=name)["Tags"] == everything
    assert aws.get_function(FunctionName=name, Qualifier="1")["Tags"] == everything
    assert aws.untag_resource(Resource=arn(name), TagKeys=["team", "nothing", "ümläut"])["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert tags(aws, name) == {"made": "again"}
    aws.untag_resource(Resource=arn(name), TagKeys=["made"])
    assert tags(aws, name) == {}
    assert "Tags" not in aws.get_function(FunctionName=name)


def test_only_the_revision_of_the_function_changes(aws, functions):
    name = functions()
    before = aws.get_function_configuration(FunctionName=name)
    aws.tag_resource(Resource=arn(name), Tags={"a": "b"})
    after = aws.get_function_configuration(FunctionName=name)
    assert after.pop("RevisionId") != before.pop("RevisionId")
    assert {**after, "ResponseMetadata": 0} == {**before, "ResponseMetadata": 0}
    first = aws.publish_version(FunctionName=name)["Version"]
    aws.untag_resource(Resource=arn(name), TagKeys=["a"])
    assert aws.publish_version(FunctionName=name)["Version"] == first  # neither code nor configuration has changed


def test_limits(aws, functions, name):
    made = functions()
    aws.tag_resource(Resource=arn(made), Tags={f"k{i}": "v" for i in range(50)})
    refused(lambda: aws.tag_resource(Resource=arn(made), Tags={"one more": "v"}), 400, INVALID, TOO_MANY)
    aws.tag_resource(Resource=arn(made), Tags={"k7": "other"})
    assert len(tags(aws, made)) == 50 and tags(aws, made)["k7"] == "other"
    for key in ("aws:x", "AWS:x"):
        refused(lambda: aws.tag_resource(Resource=arn(made), Tags={key: "v"}), 400, INVALID, RESERVED)
    refused(lambda: aws.tag_resource(Resource=arn(made), Tags={}), 400, INVALID, "An error occurred and the request cannot be processed.")

    def create(many):
        return aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(ECHO)}, Tags=many)

    refused(lambda: create({f"k{i}": "v" for i in range(51)}), 400, INVALID, TOO_MANY)
    refused(lambda: create({"aws:x": "v"}), 400, INVALID, RESERVED)


def test_refusals(aws, functions):
    name = functions(Publish=True)
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    mapping = "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:5dbbdc1c-9fd9-4ba1-a4ba-cb9ef94a5f3b"
    for call in (lambda resource: aws.tag_resource(Resource=resource, Tags={"a": "b"}), lambda resource: aws.list_tags(Resource=resource),
                 lambda resource: aws.untag_resource(Resource=resource, TagKeys=["a"])):
        for qualifier in ("1", "live", "$LATEST"):
            refused(lambda: call(f"{arn(name)}:{qualifier}"), 400, INVALID, QUALIFIED)
        refused(lambda: call(arn("nobody")), 404, "ResourceNotFoundException", f"Function not found: {arn('nobody')}")
        provider = "arn:aws:lambda:us-east-1:000000000000:capacity-provider:none"
        refused(lambda: call(provider), 404, "ResourceNotFoundException", f"Capacity provider not found: {provider}")
        refused(lambda: call(arn(name, region="eu-west-1")), 404, "ResourceNotFoundException",
                "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')")
        answer = refused_code(lambda: call(mapping))
        assert answer == (404, "ResourceNotFoundException")


def refused_code(call):
    from botocore.exceptions import ClientError
    try:
        call()
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    return None


def test_tags_and_state_changes_at_once_lose_nothing(aws, functions):
    name = functions(wait=False)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: aws.tag_resource(Resource=arn(name), Tags={f"k{i}": "v"}), range(24)))
    assert tags(aws, name) == {f"k{i}": "v" for i in range(24)}
    aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 50})


def test_they_survive_a_restart_but_not_their_function():
    with Daemon() as daemon:
        make = Functions(daemon.client())
        name = make()
        make.aws.tag_resource(Resource=arn(name), Tags={"a": "b"})
        daemon.kill()
        daemon.start()
        aws = make.aws = daemon.client()
        assert tags(aws, name) == {"a": "b"}
        aws.delete_function(FunctionName=name)
        make(name=name)
        assert tags(aws, name) == {}
