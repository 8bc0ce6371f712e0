"""If these fail, Ruby functions get another event, context or environment than on AWS, or callers another answer."""
import base64
import json
import re
import shutil

import pytest

from conftest import Functions
from daemon import wait_until
from packages import make_zip

pytestmark = pytest.mark.skipif(not shutil.which("ruby"), reason="no ruby here: apt-get install ruby")

TELL = """
require 'json'
def handler(event:, context:)
  puts "printed line #{event}"
  raise ArgumentError, 'no luck' if event == 'raise'
  undefined_name if event == 'name'
  exit 3 if event == 'exit'
  exit! 3 if event == 'exit!'
  sleep 60 if event == 'sleep'
  if event == 'memory'
    kept = []
    loop { kept << ('x' * 1_000_000) }
  end
  return 'x' * 6_291_556 if event == 'large'
  return event unless event.is_a?(Hash) && event['variables']
  { environment: event['variables'].to_h { |name| [name, ENV[name]] }, request_id: context.aws_request_id, arn: context.invoked_function_arn,
    name: context.function_name, version: context.function_version, memory: context.memory_limit_in_mb, group: context.log_group_name,
    stream: context.log_stream_name, client: context.client_context, remaining: context.get_remaining_time_in_millis,
    encoding: Encoding.default_external.to_s, frozen: RUBY_VERSION }
end

module Shop
  class Till
    def self.count(event:, context:)
      event['items'].sum
    end
  end
end
"""


@pytest.fixture(scope="module")
def made(aws):
    functions = Functions(aws)
    yield functions
    functions.delete_all()


@pytest.fixture(scope="module")
def tell(made):
    return made({"index.rb": TELL}, Runtime="ruby3.3", MemorySize=256, Timeout=20, Environment={"Variables": {"OWN": "value"}})


def call(aws, name, event=None, **arguments):
    answer = aws.invoke(FunctionName=name, Payload=json.dumps(event).encode(), **arguments)
    answer["Payload"] = json.loads(answer["Payload"].read())
    return answer


def failed(aws, name, event=None):
    answer = call(aws, name, event)
    assert answer["FunctionError"] == "Unhandled", answer
    return answer["Payload"]


@pytest.mark.parametrize("event", [None, True, 0, -1.5, "text", "ünïcode \u2603 \U0001f600", [], {}, {"deep": [{"a": [1, 2, {"b": None}]}]}, 12345678901234567890])
def test_events_come_back_as_they_were_sent(aws, tell, event):
    answer = call(aws, tell, event)
    assert answer["Payload"] == event and "FunctionError" not in answer


def test_context_and_environment(aws, tell):
    client = base64.b64encode(json.dumps({"custom": {"k": "v"}}).encode()).decode()
    answer = call(aws, tell, {"variables": ["OWN", "AWS_EXECUTION_ENV", "_HANDLER", "RUBYLIB", "GEM_PATH", "AWS_REGION"]}, ClientContext=client)
    told = answer["Payload"]
    assert told["request_id"] == answer["ResponseMetadata"]["RequestId"]
    assert (told["name"], told["version"], told["memory"], told["group"]) == (tell, "$LATEST", "256", f"/aws/lambda/{tell}")
    assert told["arn"].endswith(f":function:{tell}") and told["client"] == {"custom": {"k": "v"}}
    assert 1000 < told["remaining"] <= 20000 and re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", told["stream"])
    assert told["encoding"] == "UTF-8"
    environment = told["environment"]
    assert (environment["OWN"], environment["AWS_EXECUTION_ENV"], environment["_HANDLER"]) == ("value", "AWS_Lambda_ruby3.3", "index.handler")
    assert environment["GEM_PATH"].startswith("/var/task/vendor/bundle/ruby/3.3.0:") and "/opt/ruby/gems/3.3.0" in environment["GEM_PATH"]
    assert environment["RUBYLIB"] == "/var/task:/var/runtime/lib:/opt/ruby/lib"


def test_gems_that_ruby_comes_with(aws, made):
    """A function cannot load what every Ruby has: the AWS SDK, say, finds no reader of XML."""
    name = made({"index.rb": "require 'rexml/document'\nrequire 'matrix'\ndef handler(event:, context:)\n"
                             "  [REXML::Document.new('<a>1</a>').root.text, Matrix[[1, 2]].to_a]\nend\n"}, Runtime="ruby3.3")
    assert call(aws, name)["Payload"] == ["1", [[1, 2]]]


def test_methods_of_classes(aws, made):
    name = made({"lib/shop.rb": TELL}, Runtime="ruby3.2", Handler="lib/shop.Shop::Till.count")
    assert call(aws, name, {"items": [1, 2, 3]})["Payload"] == 6


def test_errors_of_the_function(aws, tell):
    error = failed(aws, tell, "raise")
    assert (error["errorType"], error["errorMessage"]) == ("Function<ArgumentError>", "no luck")
    assert error["stackTrace"] == ["/var/task/index.rb:5:in `handler'"]
    assert call(aws, tell, 1)["Payload"] == 1


def test_errors_end_up_in_the_log(aws, tell):
    text = base64.b64decode(call(aws, tell, "raise", LogType="Tail")["LogResult"]).decode()
    assert "Error raised from handler method\n{\n" in text and '"errorType": "Function<ArgumentError>"' in text and "printed line raise" in text


@pytest.mark.parametrize("event, error_type", [("name", "Function<NameError>"), ("exit", "Function<SystemExit>")])
def test_errors_after_which_the_process_ends(aws, tell, event, error_type):
    assert failed(aws, tell, event)["errorType"] == error_type
    wait_until(lambda: call(aws, tell, 1)["Payload"] == 1, 5, "no fresh process serves")


def test_a_handler_that_is_not_there(aws, made):
    error = failed(aws, made({"index.rb": "X = 1\n"}, Runtime="ruby3.3"))
    assert error["errorType"] in ("Function<NoMethodError>", "Function<NameError>") and "handler" in error["errorMessage"]


@pytest.mark.parametrize("files, handler, error_type", [
    ({"other.rb": "X = 1\n"}, "index.handler", "Init<LoadError>"),
    ({"index.rb": "def handler(\n"}, "index.handler", "Init<SyntaxError>"),
    ({"index.rb": "raise 'not today'\n"}, "index.handler", "Init<RuntimeError>"),
    ({"index.rb": "def handler(**) = 1\n"}, "index", "Init<ArgumentError>"),
])
def test_functions_that_cannot_be_loaded(aws, functions, files, handler, error_type):
    error = failed(aws, functions(files, Runtime="ruby3.3", Handler=handler))
    assert error["errorType"] == error_type, error


def test_exit_without_a_word(aws, tell):
    error = failed(aws, tell, "exit!")
    assert error["errorType"] == "Runtime.ExitError" and error["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")


def test_timeout(aws, made):
    name = made({"index.rb": TELL}, Runtime="ruby3.3", Timeout=1)
    error = failed(aws, name, "sleep")
    assert error["errorType"] == "Sandbox.Timedout" and error["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert call(aws, name, 1)["Payload"] == 1


def test_out_of_memory(aws, tell):
    assert failed(aws, tell, "memory")["errorType"] == "Runtime.OutOfMemory"


def test_payloads_up_to_6_mb_and_beyond(aws, made):
    name = made({"index.rb": TELL}, Runtime="ruby3.3", Timeout=30)
    text = "x" * (6291456 - 2)
    assert call(aws, name, text)["Payload"] == text
    assert failed(aws, name, "large")["errorType"] == "Function.ResponseSizeTooLarge"


def test_wrapper_scripts(aws, functions):
    package = make_zip({"index.rb": TELL, "wrap": "#!/bin/sh\nexport OWN=wrapped\nexec \"$@\"\n"}, mode=0o755)
    name = functions(package, Runtime="ruby3.3", Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrap"}})
    answer = call(aws, name, {"variables": ["OWN"]})
    assert answer["Payload"].get("environment") == {"OWN": "wrapped"}, answer
    gone = functions(package, Runtime="ruby3.3", Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/none"}})
    error = failed(aws, gone)
    assert error["errorType"] == "Runtime.ExitError" and "exit status 127" in error["errorMessage"]
