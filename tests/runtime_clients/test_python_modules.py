"""If these fail, `import` gives a Python function another module than on AWS: ours or the standard library's for its own, or its own for one
that AWS's client has loaded before. AWS's own client passes them as well."""

from fake_runtime_api import Event

NAMES_OF_CLIENTS = ("bootstrap", "starting", "zygote", "mayfly_client", "invoke_loop", "function_errors", "log_handler")


def test_no_name_of_the_client_is_taken(any_python_function):
    for name in NAMES_OF_CLIENTS:
        any_python_function.write(name + ("/__init__.py" if name == "mayfly_client" else ".py"), "OWN = __file__\n")
    any_python_function.write("mayfly_client/log_handler.py", "OWN = __file__\n")
    any_python_function.write("app.py", """
import sys
from mayfly_client import log_handler as beside
import bootstrap, starting, zygote, mayfly_client, invoke_loop, function_errors, log_handler
import logging
logging.getLogger().warning("logged")
def handler(event, context):
    try:
        raise KeyError("told")
    except KeyError:
        logging.exception("caught")
    if event:
        raise ValueError("no")
    return [m.OWN for m in (bootstrap, starting, zygote, mayfly_client, invoke_loop, function_errors, log_handler, beside)]
""")
    outcome = any_python_function.run("app.handler", [Event(0), Event(1)])
    assert all(path.startswith(str(any_python_function.folder)) for path in outcome.response()), outcome.response()
    assert outcome.error(1)["errorType"] == "ValueError"
    assert "[WARNING]" in outcome.stdout and "[ERROR]" in outcome.stdout and "KeyError" in outcome.stdout


def test_a_handler_in_a_module_of_such_a_name(any_python_function):
    any_python_function.write("bootstrap.py", "def handler(event, context):\n    return __name__\n")
    assert any_python_function.run("bootstrap.handler", [Event()]).response() == "bootstrap"


def test_the_client_is_not_to_be_seen(python_function):
    python_function.write("app.py", """
import sys, importlib
def handler(event, context):
    seen = [name for name in sys.modules if "mayfly" in name or name in ("bootstrap", "starting", "zygote")]
    found = [name for name in ("bootstrap", "zygote", "mayfly_client", "invoke_loop") if importlib.import_module("importlib.util").find_spec(name)]
    return [seen, found, [path for path in sys.path + list(sys.path_importer_cache) if "/python" in path and "runtime" in path and "sdk" not in path]]
""")
    assert python_function.run("app.handler", [Event()]).response() == [[], [], []]


def test_packed_modules_win_where_aws_has_not_loaded_them(any_python_function):
    names = ("uuid", "queue", "csv", "base64", "random", "typing", "dataclasses", "calendar", "copy", "secrets")
    for name in names:
        any_python_function.write(name + ".py", "OWN = __file__\n")
    any_python_function.write("http/__init__.py", "OWN = __file__\n")
    any_python_function.write("app.py", "import http, %s\ndef handler(event, context):\n    return [m.OWN for m in (http, %s)]\n" % (
        ", ".join(names), ", ".join(names)))
    found = any_python_function.run("app.handler", [Event()]).response()
    assert all(path.startswith(str(any_python_function.folder)) for path in found), found


def test_the_standard_library_wins_where_aws_has_loaded_it(python_function):
    any_python_function = python_function  # AWS's own, started here with -m, looks into the function's folder from the first
    names = ("json", "logging", "decimal", "traceback", "enum", "re", "string", "functools", "threading", "time", "warnings")
    for name in names:
        any_python_function.write(name + ".py", "raise RuntimeError('%s of the function')\n" % name)
    any_python_function.write("app.py", "import %s\ndef handler(event, context):\n    return [hasattr(m, '__spec__') for m in (%s)]\n" % (
        ", ".join(names), ", ".join(names)))
    assert any_python_function.run("app.handler", [Event()]).response() == [True] * len(names)


def test_a_folder_that_the_function_adds_later_wins_as_well(any_python_function):
    any_python_function.write("vendored/calendar.py", "OWN = True\n")
    any_python_function.write("vendored/email/__init__.py", "OWN = True\n")
    any_python_function.write("app.py", """
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "vendored"))
import calendar, email
def handler(event, context):
    return [calendar.OWN, email.OWN]
""")
    assert any_python_function.run("app.handler", [Event()]).response() == [True, True]


def test_what_is_loaded_before_the_function_is_what_aws_loads(python_function):
    python_function.write("app.py", """
import sys
loaded = [name for name in sys.modules]
def handler(event, context):
    return loaded
""")
    loaded = set(python_function.run("app.handler", [Event()]).response())
    assert not loaded & {"csv", "uuid", "queue", "socket", "ssl", "http", "http.client", "urllib.request", "subprocess", "tempfile", "random",
                         "typing", "dataclasses", "pathlib", "concurrent", "zoneinfo", "inspect", "shutil"}
    assert {"json", "os", "sys", "time"} <= loaded
    if python_function.name.startswith("zygote"):
        assert {"logging", "decimal", "traceback", "enum", "re", "site"} <= loaded


def test_modules_that_wait_work_as_if_they_were_loaded(python_function):
    python_function.write("app.py", """
import importlib, pkgutil, sys
def handler(event, context):
    import concurrent.futures, csv, email.utils, http.client, inspect, urllib.request, xml, datetime, uuid, ssl, encodings.idna
    from concurrent import futures
    with futures.ThreadPoolExecutor(2) as pool:
        told = list(pool.map(str, [1, 2]))
    names = ["concurrent.futures", "csv", "email.utils", "http.client", "inspect", "urllib.request", "datetime", "uuid", "ssl"]
    modules = [sys.modules[name] for name in names]
    specs = [module.__spec__.name for module in modules]
    kept = importlib.reload(csv) is csv and csv.__spec__.name == "csv"
    del sys.modules["csv"]
    again = importlib.import_module("csv")
    return [told, specs == names, kept, again is not csv, "é.example".encode("idna").decode(), uuid.UUID(int=1).hex[-1],
            datetime.datetime.strptime("2026", "%Y").year, inspect.getsource(csv.Sniffer)[:5], urllib.request.Request("http://x").host,
            "csv" in [m.name for m in pkgutil.iter_modules()]]
""")
    assert python_function.run("app.handler", [Event()]).response() == [
        ["1", "2"], True, True, True, "xn--9ca.example", "1", 2026, "class", "x", True]


def test_deep_events_and_halves_of_surrogate_pairs_pass(python_function):
    python_function.write("app.py", "def handler(event, context):\n    return event\n")
    texts = [b"[" * 1000 + b"]" * 1000, b'{"a": ' * 1000 + b"1" + b"}" * 1000, b'{"cut": "\\ud83d", "\\udc00": ["\\ud83d x"]}']
    for identifier in ("AWS_Lambda_python3.11", "AWS_Lambda_python3.13"):
        outcome = python_function.run("app.handler", [Event(body=text) for text in texts], {"AWS_EXECUTION_ENV": identifier})
        assert [answer.body for answer in outcome.answers] == texts
