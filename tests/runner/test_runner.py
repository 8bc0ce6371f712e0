"""If these fail, ./dev test forgets a suite, counts wrongly, disturbs what measures time, or does not see what tests leave behind."""
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "test"))

import plan  # noqa: E402
from leftovers import MARK, Leftovers  # noqa: E402
from plan import Task  # noqa: E402
from results import Report  # noqa: E402
from scheduler import Scheduler  # noqa: E402


def options(*suites, all=False, pytest=(), once=False):
    return Namespace(suites=list(suites), all=all, pytest=list(pytest), once=once)


def names(tasks):
    return [task.name for task in tasks]


def shell(name, script, **settings):
    return Task(name, ["bash", "-c", script], **settings)


def suite(name, passed=1, failed=0, **settings):
    """A task that writes what pytest would write."""
    cases = '<testcase classname="c" name="good" time="0.5"/>' * passed
    cases += '<testcase classname="c" name="bad" time="2.5"><failure>no</failure></testcase>' * failed
    script = """file=${PYTEST_ADDOPTS#--junit-xml=}; file=${file%% *}; echo '<testsuite>CASES</testsuite>' >$file; exit FAILED""".replace("CASES", cases)
    return shell(name, script.replace("FAILED", str(min(failed, 1))), kind="pytest", slots=1, **settings)


@pytest.fixture
def run(tmp_path, capfd):
    """Runs tasks; gives (exit code, last line, all that was said)."""
    def go(*tasks, workers=2):
        report = Report(tmp_path)
        Scheduler(tmp_path, workers, report).run(tasks)
        code = report.finish()
        out, err = capfd.readouterr()
        return code, out.splitlines()[-1], err
    return go


def test_every_suite_of_the_tree_is_run():
    found = names(plan.make(ROOT, options()))
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}
    assert folders <= set(found) and {"unit", "layers"} <= set(found)


def test_only_what_is_needed_is_built():
    assert names(plan.make(ROOT, options("tidy"))) == ["python clients", "layers", "tidy"]
    store = plan.make(ROOT, options("store"))
    assert names(store) == ["tests of store", "unit store"] and store[0].command[-1] == "store_test"
    assert "unit tests" not in names(plan.make(ROOT, options("tests/sdk/test_tags.py")))


def test_a_name_that_is_none_is_refused():
    with pytest.raises(plan.Unknown, match="no suite and no room is named nonsense"):
        plan.make(ROOT, options("nonsense"))


def test_results_are_counted_and_the_last_line_is_plain(run):
    code, last, said = run(suite("one", passed=3), suite("two", passed=2, failed=1))
    assert (code, last) == (1, "5 passed, 1 failed")
    assert "two  c.bad" in said and said.index("2.5 s  two  c.bad") < said.index("0.5 s  one  c.good")
    code, last, _ = run(suite("one", passed=3))
    assert (code, last) == (0, "3 passed, 0 failed")


def test_a_suite_that_dies_without_results_has_failed(run):
    code, last, said = run(shell("crashed", "echo its last words; exit 2", kind="pytest"))
    assert (code, last) == (1, "0 passed, 1 failed") and "its last words" in said and "crashed ended with 2" in said


def test_what_a_failed_build_was_for_is_not_run_and_has_failed(run, tmp_path):
    code, last, said = run(shell("build", "exit 1"), suite("sdk", needs=("build",)), suite("other"))
    assert (code, last) == (1, "1 passed, 2 failed") and "sdk: not run, since build failed" in said


def test_what_measures_time_runs_alone_and_last(run, tmp_path):
    note = "echo begin %s >>notes; sleep 0.3; echo end %s >>notes"
    tasks = [shell(name, note % (name, name), slots=1, alone=name == "alone") for name in ("alone", "a", "b")]
    assert run(*tasks)[0] == 0
    lines = (tmp_path / "notes").read_text().split("\n")
    assert set(lines[:2]) == {"begin a", "begin b"} and lines[4:6] == ["begin alone", "end alone"]


def test_no_more_run_at_once_than_there_are_workers(run, tmp_path):
    note = "ls running-* 2>/dev/null | wc -l >>counts; touch running-%s; sleep 0.2; rm running-%s"
    assert run(*[shell(name, note % (name, name), slots=1) for name in "abcd"], workers=1)[0] == 0
    assert set((tmp_path / "counts").read_text().split()) == {"0"}


def test_two_builds_in_one_folder_never_run_at_once(run, tmp_path):
    note = "ls running-* 2>/dev/null | wc -l >>counts; touch running-%s; sleep 0.2; rm running-%s"
    assert run(*[shell(name, note % (name, name), holds="build") for name in "abc"], workers=3)[0] == 0
    assert set((tmp_path / "counts").read_text().split()) == {"0"}
    assert {task.holds for task in plan.make(ROOT, options("store", "sdk", "performance")) if task.command[0] == "ninja"} == {"build/release"}


def test_a_process_that_was_left_is_named(monkeypatch):
    monkeypatch.setattr("leftovers.PATIENCE_SECONDS", 0.5)
    monkeypatch.setenv(MARK, "of the run that this test belongs to")
    with Leftovers(own_tmp=False) as leftovers:
        left = subprocess.Popen(["sleep", "60"])
    try:
        assert leftovers.found() == ["process %d sleep 60 " % left.pid]
    finally:
        left.kill()
        left.wait()
    assert leftovers.found() == []


UNSTEADY = """
import pathlib
def test_unsteady():
    mark = pathlib.Path(__file__).with_name("mark")
    assert mark.exists() or mark.touch()
def test_broken():
    assert BROKEN
"""


@pytest.mark.parametrize("broken", [False, True])
def test_what_fails_gets_one_second_attempt_and_is_told_of(tmp_path, capfd, broken):
    """A test that passes alone is named as unsteady; one that fails again has failed."""
    folder = tmp_path / "tests" / "sdk"
    folder.mkdir(parents=True)
    (folder / "test_it.py").write_text(UNSTEADY.replace("BROKEN", str(not broken)))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(tmp_path), "tests/sdk"]
    report = Report(tmp_path)
    scheduler = Scheduler(tmp_path, 2, report)
    scheduler.run([Task("sdk", command, kind="pytest", slots=1)])
    assert plan.again(tmp_path, report.failed_tests(), options(once=True)) is None
    again = plan.again(tmp_path, report.failed_tests(), options())
    assert again.alone and "tests/sdk/test_it.py::test_unsteady" in again.command
    again.command[0] = sys.executable
    again.command += ["-c", "/dev/null", "--rootdir", str(tmp_path)]
    scheduler.run([again])
    report.take_second_attempts(again)
    assert report.finish() == int(broken)
    out, err = capfd.readouterr()
    assert out.splitlines()[-1] == ("1 passed, 1 failed" if broken else "2 passed, 0 failed")
    assert "unsteady" in err and "sdk  tests.sdk.test_it.test_unsteady" in err


def test_too_many_failures_are_no_accident(tmp_path):
    many = [Namespace(name="tests.sdk.test_tags.test_%d" % i) for i in range(plan.MOST_AGAIN + 1)]
    assert plan.again(ROOT, many, options()) is None and plan.again(ROOT, many[1:], options())
    assert plan.node(ROOT, "tests.sdk.test_tags.TestIt.test_it[a.b]") == "tests/sdk/test_tags.py::TestIt::test_it[a.b]"
