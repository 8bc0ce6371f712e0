"""If these fail, functions with runtimes that AWS has blocked are made or changed, or those that exist cannot be used."""
import re

from conftest import ROLE, Functions
from daemon import Daemon
from packages import ECHO, make_zip
from test_errors import refused
from test_lifecycle import FAST


def blocked(runtime):
    return (f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions.")


def create(aws, name, runtime):
    return aws.create_function(FunctionName=name, Runtime=runtime, Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(ECHO)})


def test_what_aws_has_blocked_is_refused(aws, functions, name):
    for runtime in ("python2.7", "python3.6", "nodejs8.10", "nodejs", "dotnetcore3.1", "ruby2.5"):
        refused(lambda: create(aws, name, runtime), 400, "InvalidParameterValueException", blocked(runtime))
    unknown = re.compile(r"Value python9\.9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
                         r"\[(?=.*python3\.14)(?=.*nodejs24\.x)(?!.*python2\.7).*\] or be a valid ARN")
    refused(lambda: create(aws, name, "python9.9"), 400, "InvalidParameterValueException", unknown)
    made = functions()
    refused(lambda: aws.update_function_configuration(FunctionName=made, Runtime="python3.6"), 400, "InvalidParameterValueException", blocked("python3.6"))
    refused(lambda: aws.update_function_configuration(FunctionName=made, Runtime="python9.9"), 400, "InvalidParameterValueException", unknown)


def test_old_functions_when_the_dates_are_ignored_and_enforced_again():
    with Daemon("--runtime-deprecation", "ignore") as daemon:
        make = Functions(daemon.client())
        name = make(Runtime="python3.6")
        assert make.aws.invoke(FunctionName=name, Payload=b"1")["Payload"].read() == b"1"
        make.aws.update_function_configuration(FunctionName=name, Timeout=5)
        make.aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
        daemon.stop()
        daemon.arguments = ["--runtime-deprecation", "enforce"]
        daemon.start()
        aws = daemon.client()
        refused(lambda: aws.update_function_configuration(FunctionName=name, Timeout=6), 400, "InvalidParameterValueException", blocked("python3.6"))
        refused(lambda: aws.update_function_code(FunctionName=name, ZipFile=make_zip(ECHO)), 400, "InvalidParameterValueException", blocked("python3.6"))
        assert aws.invoke(FunctionName=name, Payload=b"2")["Payload"].read() == b"2"  # what exists goes on running
        aws.update_function_configuration(FunctionName=name, Runtime="python3.12")
        aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
        aws.update_function_code(FunctionName=name, ZipFile=make_zip(ECHO))
