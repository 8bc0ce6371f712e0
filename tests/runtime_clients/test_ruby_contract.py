"""If these fail, a Ruby handler gets or gives back something else than on AWS."""

import os
import shutil

import pytest

from client_run import REPOSITORY
from conftest import Function
from fake_runtime_api import Event


@pytest.fixture
def ruby_function(tmp_path):
    if shutil.which("ruby") is None:
        pytest.skip("ruby is not installed")
    bootstrap = os.path.join(REPOSITORY, "runtimes", "ruby", "bootstrap.rb")
    return Function(tmp_path, lambda folder, handler: ["ruby", "-E", "UTF-8", bootstrap], "ruby")


def test_deep_events_and_halves_of_surrogate_pairs_pass(ruby_function):
    ruby_function.write("app.rb", "def handler(event:, context:)\n  event\nend\n")
    texts = [b"[" * 1000 + b"]" * 1000, b'{"a":' * 1000 + b"1" + b"}" * 1000, b'{"cut":"\\ud83d","x\\udc00":["\\ud83d x"]}',
             b"[" * 200 + b'"\\udfff \\\\ud83d"' + b"]" * 200]
    outcome = ruby_function.run("app.handler", [Event(body=text) for text in texts])
    assert [answer.body for answer in outcome.answers] == texts


def test_names_of_the_client_are_the_functions_own(ruby_function):
    ruby_function.write("mayfly_client/invoke_loop.rb", "OWN = __FILE__\n")
    ruby_function.write("app.rb", """
require 'mayfly_client/invoke_loop'
seen = Object.constants.map(&:to_s).grep(/Mayfly/)
class MayflyClient; def self.own = 'mine'; end
SEEN = seen
def handler(event:, context:)
  raise 'no' if event == 1
  [OWN, SEEN, MayflyClient.own]
end
""")
    outcome = ruby_function.run("app.handler", [Event(0), Event(1), Event(0)])
    assert outcome.response() == [str(ruby_function.folder / "mayfly_client" / "invoke_loop.rb"), [], "mine"]
    assert outcome.error(1)["errorType"] == "Function<RuntimeError>"
    assert outcome.response(2)[2] == "mine"
