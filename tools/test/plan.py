"""What there is to do: the tasks of `./dev test`, what each needs, and how much it takes. Nothing is run here.

A suite that is new is one row of SUITES; a folder of tests/ that has none is run with the defaults.
"""
import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path

PYTHON = "build/test-cache/venv/bin/python"
WORKERS = int(os.environ.get("MAYFLY_TEST_WORKERS", (os.cpu_count() or 2) + 1))  # most tests wait for processes to start and end


MOST_AGAIN = 5  # tests that failed beside others and are tried again alone; more are no accident


class Unknown(Exception):
    """The caller named a suite that is not there."""


@dataclass
class Task:
    name: str
    command: list
    about: str = ""
    needs: tuple = ()       # names of tasks that must have gone well before
    slots: int = 0          # how many of the workers it takes; builds and installations take none, since suites wait for them
    alone: bool = False     # nothing else runs meanwhile: it measures time
    holds: str = ""         # what only one task may hold at a time: two of ninja in one folder would undo each other
    kind: str = "step"      # pytest, gtest or check: what its results look like; a step is no test
    niceness: int = 0
    environment: dict = field(default_factory=dict)


@dataclass
class Suite:
    about: str
    needs: tuple = ("programs", "python clients")
    workers: int = 1        # pytest-xdist's, which share its files out
    alone: bool = False


SUITES = {
    "tidy": Suite("tools/tidy finds what it must find", needs=("python clients",)),
    "runner": Suite("tools/test forgets and overlooks nothing", needs=("python clients",)),
    "model": Suite("the models are the SDKs' own descriptions", needs=("python clients", "node clients")),
    "runtime_clients": Suite("the runtime clients against a scripted Runtime API", needs=("python clients", "node clients"), workers=2),
    "security": Suite("what hostile functions try", needs=("programs", "python clients", "SDKs")),
    "sdk": Suite("a real daemon and unmodified clients", needs=("programs", "python clients", "node clients", "SDKs"), workers=2),
    "matrix": Suite("every runtime and everything that happens to a function", needs=("programs", "python clients", "node clients", "SDKs")),
    "networks": Suite("the rules of VPCs in the kernel", needs=("programs", "python clients", "network setups")),
    "crash": Suite("daemons that are killed lose nothing", needs=("programs", "python clients", "SDKs")),
    "performance": Suite("no figure shows a design error", needs=("programs", "benchmarks", "python clients", "SDKs"), alone=True),
}
# Files that measure how long something takes, or fill the machine: they run with nothing beside them.
ALONE = {"security": ["tests/security/test_resources.py"]}


def make(root, options):
    """The tasks for what the caller named, in the order in which they are best begun."""
    wanted = Wanted(root, options)
    tasks = wanted.tests()
    needed, open_ends = set(), [need for task in tasks for need in task.needs]
    steps = {step.name: step for step in [*_steps(options), *wanted.room_builds()]}
    while open_ends:
        name = open_ends.pop()
        if name not in needed:
            needed.add(name)
            open_ends.extend(steps[name].needs)
    return [step for step in steps.values() if step.name in needed] + tasks


def again(root, failed, options):
    """One task for tests that failed beside others, with nothing beside it; None where there are none, or too many for an accident."""
    if options.once or not 0 < len(failed) <= MOST_AGAIN:
        return None
    nodes = [node(root, test.name) for test in failed]
    return Wanted(root, options).again([one for one in nodes if one])


def node(root, name):
    """How pytest calls a test that its results call tests.sdk.test_tags.TestClass.test_name[parameter]."""
    path, bracket, parameter = name.partition("[")
    parts = path.split(".")
    end = next((i for i in range(len(parts), 0, -1) if Path(root, *parts[:i - 1], parts[i - 1] + ".py").is_file()), None)
    return "::".join(["/".join(parts[:end]) + ".py", *parts[end:]]) + bracket + parameter if end else None


def describe(tasks):
    lines = ["%-18s %s%s" % (task.name, task.about or shlex.join(task.command), "  (alone)" if task.alone else "")
             + ("\n%18s needs %s" % ("", ", ".join(task.needs)) if task.needs else "") for task in tasks]
    return "\n".join(lines)


def _steps(options):
    """Builds and installations. Those that wait for the network run beside the compiler."""
    return [
        _build("programs", "the daemon and what it needs", "programs"),
        Task("python clients", ["./dev", "clients", "python"], "boto3, the AWS CLI, pytest"),
        Task("node clients", ["./dev", "clients", "node"], "the JavaScript SDK"),
        Task("fetched SDKs", ["./dev", "clients", "sdk"], "what functions find without packing it"),
        Task("SDKs", ["./dev", "clients", "sdk"], "the same, laid beside the programs", needs=("programs", "fetched SDKs")),
        _build("network setups", "generated VPCs for the suite networks", "vpc_setups", needs=("programs",)),
        _build("unit tests", "one program per room", "unit_tests", needs=("programs",), niceness=10),
        _build("benchmarks", "reference programs", *(["benchmarks"] if options.all else ["echo_reference", "http_bench_client"]), needs=("programs",),
               niceness=10),
    ]


def _build(name, about, *targets, **settings):
    return Task(name, ["ninja", "-C", "build/release", *targets], about, holds="build/release", **settings)


class Wanted:
    """What the caller asked for, as tasks that are tests."""

    def __init__(self, root, options):
        self.root = root
        self.options = options
        self.folders = {path.parent.name for path in Path(root, "tests").glob("*/test_*.py")}
        self.rooms = sorted({path.parent.relative_to(root / "src").as_posix() for path in Path(root, "src").glob("**/*_test.cc")})

    def tests(self):
        if not self.options.suites:
            order = [name for name in SUITES if name in self.folders] + sorted(self.folders - SUITES.keys())
            tests = [self._check(), self._unit()] if not self.options.pytest else []
            return tests + [task for name in order for task in self._suite(name)]
        return [task for name in self.options.suites for task in self._named(name)]

    def room_builds(self):
        return [_build("tests of " + room, "the room's program", room.replace("/", "_") + "_test") for room in self.rooms]

    def _named(self, name):
        if name == "unit":
            return [self._unit()]
        path = name.split("::")[0].rstrip("/")
        folder = path.removeprefix("tests/").split("/")[0]
        if folder in self.folders and path in (folder, "tests/" + folder):
            return [self._check(), *self._suite(folder)] if folder == "tidy" else self._suite(folder)
        if folder in self.folders and Path(self.root, path).exists():
            return [self._pytest(folder, name, [name], workers=1, alone=SUITES[folder].alone)]
        if path.removeprefix("src/") in self.rooms:
            return [self._unit(path.removeprefix("src/"))]
        raise Unknown("no suite and no room is named %s; there are: unit %s; rooms: %s" % (name, " ".join(sorted(self.folders)), " ".join(self.rooms)))

    def again(self, nodes):
        task = self._pytest("", "second attempt", nodes, workers=1, alone=True)
        task.needs = ()  # they are there: the tests have run
        return task

    def _check(self):
        return Task("layers", ["tools/tidy/tidy"], "layers, banned calls and names", kind="check")

    def _unit(self, room=None):
        only = ["-R", "^%s$" % room.replace("/", "_")] if room else []
        command = ["ctest", "--test-dir", "build/release", "--output-on-failure", "--progress", "-j2", *only]
        return Task("unit" if not room else "unit " + room, command, "unit and simulation tests beside the code", needs=("tests of " + room if room else "unit tests",), slots=2, kind="gtest")

    def _suite(self, name):
        suite = SUITES.get(name, Suite("tests/" + name))
        alone = [] if suite.alone else ALONE.get(name, [])
        ignored = ["--ignore=" + path for path in alone]
        tasks = [self._pytest(name, name, ["tests/" + name, *ignored], suite.workers, suite.alone)]
        return tasks + [self._pytest(name, "%s alone" % name, alone, 1, True)] if alone else tasks

    def _pytest(self, folder, title, what, workers, alone):
        suite = SUITES.get(folder, Suite("tests/" + folder))
        command = [PYTHON, "-m", "pytest", "-v", "-p", "no:cacheprovider", "-o", "console_output_style=progress", "--tb=short", *what]
        if workers > 1:
            command += ["-n", str(workers), "--dist", "loadfile"]
        return Task(title, command + self.options.pytest, suite.about, needs=suite.needs, slots=workers, alone=alone, kind="pytest",
                    environment={"MAYFLY_TEST_ALL": "1"} if self.options.all else {})
