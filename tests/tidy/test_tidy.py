"""If these fail, tools/tidy lets a layer violation, a banned call or a machine's path through, or cries wolf."""
import importlib.machinery
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "tidy" / "tidy"


def load():
    loader = importlib.machinery.SourceFileLoader("tidy", str(TOOL))
    spec = importlib.util.spec_from_loader("tidy", loader)
    module = importlib.util.module_from_spec(spec)
    write_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = write_bytecode
    return module


tidy = load()


def findings(path, body, namespace="mayfly::x"):
    head = "#pragma once\n" if path.endswith(".h") else "\n"
    return tidy.check_file(path, f"{head}namespace {namespace} {{\n{body}\n}}\n")


def about(path, body, namespace):
    return " | ".join(what for _, what in findings(path, body, namespace))


@pytest.mark.parametrize("path, namespace, include", [
    ("src/base/a.cc", "mayfly", "net/http_message.h"),
    ("src/net/a.cc", "mayfly::http", "store/store.h"),
    ("src/identity/a.cc", "mayfly::identity", "wire/json.h"),
    ("src/runtime/a.cc", "mayfly::runtime", "catalog/function.h"),
    ("src/sandbox/a.cc", "mayfly::sandbox", "runtime/environment.h"),
    ("src/catalog/a.cc", "mayfly::catalog", "invoke/invoker.h"),
    ("src/invoke/a.cc", "mayfly::invoke", "sources/poller.h"),
    ("src/services/lambda/a.cc", "mayfly::lambda", "services/sqs/queue.h"),
    ("src/services/lambda/a.cc", "mayfly::lambda", "edge/edge.h"),
    ("src/services/a.cc", "mayfly::services", "services/sqs/queue.h"),
    ("src/edge/a.cc", "mayfly::edge", "mayflyd/wiring.h"),
    ("src/jail/a.cc", "mayfly::jail", "sandbox/sandbox.h"),
    ("src/jail/a.cc", "mayfly::jail", "net/http_message.h"),
])
def test_refuses_an_include_of_a_later_room(path, namespace, include):
    body = f'#include "{include}"'
    assert "include" in about(path, body, namespace)


@pytest.mark.parametrize("path, namespace, include", [
    ("src/net/a.cc", "mayfly::http", "base/task.h"),
    ("src/runtime/a.cc", "mayfly::runtime", "sandbox/sandbox.h"),
    ("src/sources/a.cc", "mayfly::sources", "invoke/invoker.h"),
    ("src/services/lambda/a.cc", "mayfly::lambda", "services/service.h"),
    ("src/services/lambda/a.cc", "mayfly::lambda", "services/lambda/api.h"),
    ("src/services/lambda/a.cc", "mayfly::lambda", "wire/lambda.h"),
    ("src/jail/a.cc", "mayfly::jail", "sandbox/jail_protocol.h"),
    ("src/mayflyd/a.cc", "mayfly::daemon", "services/lambda/api.h"),
])
def test_allows_an_include_of_an_earlier_room(path, namespace, include):
    assert findings(path, f'#include "{include}"', namespace) == []


@pytest.mark.parametrize("call", [
    "std::this_thread::sleep_for(x);", "usleep(1);", "::sleep(1);", "system(x);", "std::system(x);", "popen(x, y);", "rand();",
    "strcpy(a, b);", "sprintf(a, b);", "std::thread t;", "std::jthread t;", "auto t = std::chrono::steady_clock::now();",
    "system_clock::now();", "time(nullptr);", "t.detach();", "using namespace std;", "printf(x);", "std::cerr << x;",
    "#include <boost/asio.hpp>"])
def test_refuses_banned_calls(call):
    found = findings("src/invoke/a.cc", call, "mayfly::invoke")
    assert [line for line, _ in found] == [3], found


@pytest.mark.parametrize("text", [
    "// sleep(1) would be wrong here", "/* system(x)\n rand() */", 'auto s = "printf(x)";', "file_system(x);", "snprintf(a, 1, b);",
    "clock.time(nullptr_t{});", "auto n = 1'000'000; // rand()", "loop.sleep_until;", "queue.system(x);",
    "using namespace std::chrono_literals;", 'R"(popen(x))";'])
def test_keeps_quiet_about_words_that_only_look_alike(text):
    assert findings("src/invoke/a.cc", text, "mayfly::invoke") == []


def test_exceptions_hold_only_where_they_are_meant():
    assert findings("src/base/blocking_pool.h", "std::thread t;", "mayfly") == []
    assert findings("src/base/clock.h", "steady_clock::now();", "mayfly") == []
    assert findings("src/net/asio.cc", "#include <boost/asio.hpp>", "mayfly::http") == []
    assert findings("src/net/asio.h", "#include <boost/asio.hpp>", "mayfly::http") != []
    assert findings("src/catalog/a_test.cc", "std::thread t;", "mayfly::catalog") == []
    assert findings("src/catalog/a_test.cc", "usleep(1);", "mayfly::catalog") != []
    assert findings("src/net/a_test.cc", "usleep(1);", "mayfly::http") == []
    assert findings("src/net/server_fixture.h", "std::thread t;", "mayfly::http") == []
    assert findings("src/cli/a.cc", "printf(x);", "mayfly::cli") == []


def test_headers_and_namespaces():
    assert tidy.check_file("src/store/a.h", "namespace mayfly::store {}\n")[0][1].startswith("a header begins")
    assert "namespace" in about("src/store/a.cc", "", "other")
    assert "namespace" in about("src/store/a.cc", "", "mayfly::catalog")
    assert findings("src/store/a.cc", "", "mayfly::store::internal") == []
    assert tidy.check_file("src/unheard/a.cc", "") != []


@pytest.mark.parametrize("text, found", [
    ('auto s = "QueueUrl";', True), ("SqsQueue q;", True), ("LambdaApi api;", True),
    ("std::function<void()> f;", False), ("// as Lambda does it", False), ("Queue queue;", False), ("[](auto snsr) {};", False)])
def test_rooms_of_the_ground_know_no_service(text, found):
    assert ("service's word" in about("src/wire/a.cc", text, "mayfly::wire")) == found
    assert findings("src/services/sqs/a.cc", text, "mayfly::sqs") == []


def test_a_headers_name_stands_once():
    assert [name for name, _, _ in tidy.check_names(["src/net/a.h", "src/wire/a.h", "src/wire/b.h", "tests/b.h"])] == ["src/net/a.h", "src/wire/a.h"]
    assert list(tidy.check_names(["src/services/service.h", "src/services/sqs/service.h"])) == []


def test_a_source_draws_in_few_headers():
    chain = {f"src/base/h{i}.h": f'#include "base/h{i + 1}.h"\n' for i in range(tidy.HEADERS_MAX + 1)}
    sources = {**chain, "src/base/few.cc": '#include "base/h1.h"\n#include "base/h1.h"\n', "src/base/many.cc": '#include "base/h0.h"\n'}
    assert [name for name, _, _ in tidy.check_reach(sources)] == ["src/base/many.cc"]
    long = "// x\n" * (tidy.TEXT_MAX // 10)
    sources = {"src/base/long.h": long, "src/base/a.cc": long, "src/base/b.cc": '#include "base/long.h"\n' + long + "// and more"}
    assert [name for name, _, _ in tidy.check_reach(sources)] == ["src/base/b.cc"]


def test_texts_that_belong_to_one_machine():
    host = "registry." + "npmjs.org"
    folder = "/wo" + "rk/main/x"
    word = "TO" + "DO"
    for path, text in (("docs/a.md", f"see https://{host}/x"), ("docs/a.md", f"in {folder}"), ("src/cli/main.cc", f"// {word}: later")):
        assert len(tidy.check_file(path, text)) == 1, text
    for path, text in (("docs/a.md", "the workers of /works and home/work"), ("docs/a.md", f"a {word} row"), ("docs/a.md", "${X}/work/a")):
        assert tidy.check_file(path, text) == [], text


def test_program_names_line_and_reason_and_fails(tmp_path):
    bad = tmp_path / "src" / "store"
    bad.mkdir(parents=True)
    (bad / "a.cc").write_text('#include "edge/edge.h"\nnamespace mayfly::store {\nvoid f() { usleep(1); }\n}\n')
    run = subprocess.run([sys.executable, TOOL, "--root", tmp_path], capture_output=True, text=True)
    assert run.returncode == 1
    assert "src/store/a.cc:1: includes edge/edge.h" in run.stdout
    assert "src/store/a.cc:3: usleep(" in run.stdout
    (bad / "a.cc").write_text("namespace mayfly::store {}\n")
    assert subprocess.run([sys.executable, TOOL, "--root", tmp_path], capture_output=True).returncode == 0


def test_explain_prints_the_table():
    run = subprocess.run([sys.executable, TOOL, "--explain"], capture_output=True, text=True)
    assert run.returncode == 0 and "sources" in run.stdout and "invoke" in run.stdout
