"""If these fail, functions that bring their own bootstrap (C++, Go, Rust) do not run."""
import json

import pytest

from built_examples import package_of


@pytest.mark.parametrize("runtime", ["provided.al2023", "provided.al2"])
@pytest.mark.parametrize("language", ["cpp", "go", "rust"])
def test_bootstrap(aws, functions, language, runtime):
    name = functions(package_of(f"bootstrap-{language}").read_bytes(), Runtime=runtime, Handler="any")
    for event in ({"a": 1}, [1, "two", None], "ünï"):
        answer = aws.invoke(FunctionName=name, Payload=json.dumps(event).encode())
        assert "FunctionError" not in answer, answer["Payload"].read()
        assert event in _values(json.loads(answer["Payload"].read()))


def _values(answer):
    """The event itself, or an object that holds it."""
    return [answer, *(answer.values() if isinstance(answer, dict) else ())]


def test_a_package_without_bootstrap(aws, functions):
    name = functions({"readme.txt": "nothing to run"}, Runtime="provided.al2023", Handler="any")
    answer = aws.invoke(FunctionName=name)
    error = json.loads(answer["Payload"].read())
    assert answer["FunctionError"] == "Unhandled" and error["errorType"] == "Runtime.InvalidEntrypoint", error
