"""What came out: results of pytest and GoogleTest as they write them, and the report at the end."""
import shutil
import sys
import time
import xml.etree.ElementTree as xml
from dataclasses import dataclass

SLOWEST = 10
SHOWN_LINES = 150  # of a failed task's log


@dataclass
class Test:
    suite: str
    name: str
    seconds: float
    is_of_pytest: bool
    outcome: str  # passed, failed, skipped, or unsteady: failed beside others, passed alone


@dataclass
class Times:
    wall: float
    cpu: float  # of what was waited for: functions in cages are their daemons' children, and not all of them are

    def __str__(self):
        return "%d s (%d s of CPU)" % (self.wall, self.cpu)


def read_junit(path, suite, is_of_pytest):
    """The tests of one file that pytest or GoogleTest wrote. What GoogleTest did not run (DISABLED_) is none."""
    found = []
    for case in xml.parse(path).getroot().iter("testcase"):
        if case.get("status") == "notrun":
            continue
        outcome = "failed" if case.find("failure") is not None or case.find("error") is not None else "passed"
        if case.find("skipped") is not None or case.get("result") == "skipped":
            outcome = "skipped"
        found.append(Test(suite, "%s.%s" % (case.get("classname"), case.get("name")), float(case.get("time") or 0), is_of_pytest, outcome))
    return found


class Report:
    def __init__(self, root):
        self.folder = root / "build" / "test" / "results"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.began = time.monotonic()
        self.tests = []
        self.steps = {}   # name: Times, of builds and installations
        self.suites = {}  # name: Times
        self.extra_failures = []  # what is no test of a suite: a build, a suite that did not get as far as its results
        self.leftovers = []

    # --- while tasks run ---

    def environment(self, task):
        """Where a task is to write its results."""
        if task.kind == "gtest":
            return {"GTEST_OUTPUT": "xml:%s/" % self._place(task)}
        return {"PYTEST_ADDOPTS": "--junit-xml=%s/results.xml -o junit_duration_report=total" % self._place(task)} if task.kind == "pytest" else {}

    def add(self, task, code, times, log):
        """Takes in how a task ended; gives the line about it."""
        if task.kind == "step":
            self.steps[task.name] = times
            if code != 0:
                self.add_step_failure("%s ended with %d" % (task.name, code), log)
            return "%s in %s" % ("done" if code == 0 else "FAILED", times)
        tests = self._read(task, code, times.wall)
        self.tests += tests
        self.suites[task.name] = times
        failed = [test for test in tests if test.outcome == "failed"]
        if code != 0 and not failed and not (task.kind == "pytest" and code == 5):  # 5: nothing was selected
            self.add_step_failure("%s ended with %d" % (task.name, code), log)
        elif failed:
            self._show(log)
        count = {outcome: sum(test.outcome == outcome for test in tests) for outcome in ("passed", "failed", "skipped")}
        return "%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % count + " in %s" % times

    def add_step_failure(self, text, log=None):
        self.extra_failures.append(text)
        if log:
            self._show(log)

    def failed_tests(self):
        """Those that failed, of suites of pytest; none where something failed that is no test."""
        failed = [test for test in self.tests if test.outcome == "failed"]
        return [] if self.extra_failures or any(not test.is_of_pytest for test in failed) else failed

    def take_second_attempts(self, task):
        """The tests that `task` ran again: those that passed are unsteady, and told of as that. The task's own count is not one of the run."""
        passed = {test.name for test in self.tests if test.suite == task.name and test.outcome == "passed"}
        self.tests = [test for test in self.tests if test.suite != task.name]
        for test in self.tests:
            if test.outcome == "failed" and test.name in passed:
                test.outcome = "unsteady"

    def add_leftovers(self, found):
        self.leftovers = found

    # --- at the end ---

    def finish(self):
        """Prints the report; 0 when all is well."""
        say = lambda text="": print(text, file=sys.stderr)  # noqa: E731
        count = lambda outcome, suite=None: sum(t.outcome == outcome and suite in (None, t.suite) for t in self.tests)  # noqa: E731
        say("\n%-24s %7s %7s %7s %8s %8s" % ("", "passed", "failed", "skipped", "seconds", "CPU s"))
        for step, times in self.steps.items():
            say("%-48s %8d %8d" % (step, times.wall, times.cpu))
        for suite, times in self.suites.items():
            counts = tuple(count(outcome, suite) for outcome in ("passed", "failed", "skipped"))
            say("%-24s %7d %7d %7d %8d %8d" % (suite, *counts, times.wall, times.cpu))
        cpu = sum(times.cpu for times in [*self.steps.values(), *self.suites.values()])
        say("\nthe ten slowest tests")
        for test in sorted(self.tests, key=lambda test: -test.seconds)[:SLOWEST]:
            say("%7.1f s  %s  %s" % (test.seconds, test.suite, test.name))
        failures = ["%s  %s" % (test.suite, test.name) for test in self.tests if test.outcome == "failed"] + self.extra_failures
        failures += ["left behind: " + what for what in self.leftovers]
        if failures:
            say("\nfailed (logs are in build/test)")
            for failure in failures:
                say("  " + failure)
        unsteady = [test for test in self.tests if test.outcome == "unsteady"]
        if unsteady:
            say("\nunsteady: failed beside others, passed alone (each is a fault of a test or of the product: mend it)")
            for test in unsteady:
                say("  %s  %s" % (test.suite, test.name))
        minutes, seconds = divmod(int(time.monotonic() - self.began), 60)
        say("\n%d min %d s, and %d min of CPU" % (minutes, seconds, cpu / 60))
        sys.stderr.flush()
        print("%d passed, %d failed" % (count("passed") + len(unsteady), len(failures)), flush=True)
        return 1 if failures else 0

    def _place(self, task):
        place = self.folder / task.name.replace("/", "_").replace(" ", "_").replace(":", "_")
        place.mkdir(exist_ok=True)
        return place

    def _read(self, task, code, seconds):
        if task.kind == "check":
            return [Test(task.name, task.about, seconds, False, "passed" if code == 0 else "failed")]
        return [test for path in sorted(self._place(task).glob("*.xml")) for test in read_junit(path, task.name, task.kind == "pytest")]

    def _show(self, log):
        """The end of a log, from where pytest begins to tell of failures."""
        lines = log.read_text(errors="replace").splitlines()
        begin = next((i for i, line in enumerate(lines) if line.startswith("=") and (" FAILURES " in line or " ERRORS " in line)), 0)
        lines = lines[begin:]
        skipped = len(lines) - SHOWN_LINES
        print("--- %s%s" % (log, ", its last %d lines" % SHOWN_LINES if skipped > 0 else ""), file=sys.stderr)
        print("\n".join(lines[-SHOWN_LINES:]), file=sys.stderr)
