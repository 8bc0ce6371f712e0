"""Runs tasks side by side: those whose needs are met, as long as there are workers for them; what measures time runs alone."""
import os
import re
import shlex
import signal
import subprocess
import sys
import time

from results import Times

TELL_EVERY_SECONDS = 30
LOOK_EVERY_SECONDS = 0.1
PROGRESS = re.compile(rb"\[ *\d+%\]|\[\d+/\d+\]")


class Running:
    def __init__(self, task, root, log, environment):
        self.task = task
        self.log = log
        self.began = time.monotonic()
        command = ["nice", "-n", str(task.niceness), *task.command] if task.niceness else task.command
        with open(log, "wb") as output:
            # A session of its own: everything that it starts ends with it.
            self.process = subprocess.Popen(command, cwd=root, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                            env={**os.environ, **environment, **task.environment}, start_new_session=True)

    def has_ended(self):
        """Once it has, `code`, and `cpu_seconds` of it and of all that it has waited for, are known."""
        pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
        if pid != 0:
            self.code = self.process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_seconds = usage.ru_utime + usage.ru_stime
        return pid != 0

    def seconds(self):
        return time.monotonic() - self.began

    def progress(self):
        with open(self.log, "rb") as file:
            file.seek(max(0, os.path.getsize(self.log) - 4096))
            marks = PROGRESS.findall(file.read())
        return marks[-1].decode().strip("[] ") if marks else ""


class Scheduler:
    def __init__(self, root, workers, report):
        self.root = root
        self.workers = workers
        self.report = report
        self.folder = root / "build" / "test"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.began = time.monotonic()
        self.waiting, self.running = [], []
        self.done, self.failed = set(), set()

    def run(self, tasks):
        self.waiting = list(tasks)
        told = time.monotonic()
        try:
            while self.waiting or self.running:
                self._give_up_the_hopeless()
                self._begin()
                time.sleep(LOOK_EVERY_SECONDS)
                for one in [one for one in self.running if one.has_ended()]:
                    self._end(one)
                    told = time.monotonic()
                if time.monotonic() - told > TELL_EVERY_SECONDS:
                    told = time.monotonic()
                    self._say("running: " + ", ".join("%s %s" % (one.task.name, one.progress() or "%d s" % one.seconds()) for one in self.running))
        except KeyboardInterrupt:
            self._say("interrupted")
            self.report.add_step_failure("interrupted")
        finally:
            self._stop_all()

    def _begin(self):
        for task in list(self.waiting):
            if all(need in self.done for need in task.needs) and self._has_room(task):
                self.waiting.remove(task)
                self.running.append(Running(task, self.root, self._log(task), self.report.environment(task)))
                self._say("%s: %s" % (task.name, shlex.join(task.command)))

    def _has_room(self, task):
        if any(one.task.alone or (task.holds and one.task.holds == task.holds) for one in self.running):
            return False
        if task.alone:  # last, when nothing is left that it could disturb or be disturbed by
            return not self.running and all(other.alone for other in self.waiting if not self._is_hopeless(other))
        taken = sum(one.task.slots for one in self.running)
        return task.slots == 0 or taken == 0 or taken + task.slots <= self.workers

    def _end(self, one):
        self.running.remove(one)
        summary = self.report.add(one.task, one.code, Times(one.seconds(), one.cpu_seconds), one.log)
        ok = one.code == 0 or one.task.kind != "step"  # tests that fail keep nobody waiting
        (self.done if ok else self.failed).add(one.task.name)
        self._say("%s: %s" % (one.task.name, summary))

    def _is_hopeless(self, task):
        return any(need in self.failed for need in task.needs)

    def _give_up_the_hopeless(self):
        for task in [task for task in self.waiting if self._is_hopeless(task)]:
            self.waiting.remove(task)
            self.failed.add(task.name)
            if task.kind != "step":
                self.report.add_step_failure("%s: not run, since %s failed" % (task.name, next(need for need in task.needs if need in self.failed)))

    def _stop_all(self):
        for one in self.running:
            try:
                os.killpg(one.process.pid, signal.SIGTERM)
                one.process.wait(30)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                one.process.kill()
                one.process.wait()

    def _log(self, task):
        return self.folder / (re.sub(r"[^\w.-]+", "-", task.name) + ".log")

    def _say(self, text):
        seconds = int(time.monotonic() - self.began)
        sys.stderr.write("[%2d:%02d] %s\n" % (seconds // 60, seconds % 60, text if len(text) < 400 else text[:400] + "…"))
        sys.stderr.flush()
