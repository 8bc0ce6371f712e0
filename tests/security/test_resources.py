"""If one of these fails, one function can take memory, processes, disk, descriptors or processor time from others or the daemon, or
leave something behind."""

import os
import secrets
import threading
import time
from pathlib import Path

import pytest

from daemon import wait_until
from watched_daemon import command_name


def while_it_runs(attempt, act):
    """Runs `attempt` in a thread and calls `act` again and again meanwhile; (what it gave, the slowest act in seconds)."""
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(attempt()))
    thread.start()
    slowest = 0.0
    while thread.is_alive():
        started = time.monotonic()
        act()
        slowest = max(slowest, time.monotonic() - started)
        thread.join(0.05)
    assert outcome, "the attempt did not come to an end"
    return outcome[0], slowest


@pytest.fixture
def sing(canary):
    def act():
        assert canary.call({"a": 20, "b": 22}) == {"sum": 42}
    act()
    return act


def pids_in_cage_of(daemon, pid_namespace):
    found = []
    for pid in daemon.cage_processes():
        try:
            if os.readlink("/proc/%d/ns/pid" % pid) == pid_namespace:
                found.append(pid)
        except OSError:
            pass
    return found


def cage_of(attacker):
    return attacker.evaluate("__import__('os').readlink('/proc/self/ns/pid')")


# --- processes ---

def test_fork_bomb(daemon, own_attacker, sing):
    """Forking without end fills the machine's process table, or its processes survive the timeout."""
    def attempt():
        import os
        import time
        for _ in range(10):
            try:
                os.fork()
            except OSError:
                break
        while True:
            try:
                os.fork()
            except OSError:
                time.sleep(0.01)
    attacker = own_attacker(Timeout=3)
    cage = cage_of(attacker)
    most = []

    def act():
        sing()
        most.append(len(pids_in_cage_of(daemon, cage)))
    (error, payload), slowest = while_it_runs(lambda: attacker.invoke(attempt), act)
    assert error == "Unhandled", payload
    assert max(most) <= 1024 and max(most) > 50, max(most)
    assert slowest < 15.0
    wait_until(lambda: len(pids_in_cage_of(daemon, cage)) <= 2, 10, "the bomb's processes have ended")
    assert attacker.evaluate("1 + 1") == 2


def test_thread_bomb(own_attacker, sing):
    """Threads without end are not bounded."""
    def attempt():
        import threading
        import time
        started, stop = 0, threading.Event()
        threading.stack_size(64 * 1024)
        try:
            while started < 5000:
                threading.Thread(target=stop.wait, daemon=True).start()
                started += 1
        except RuntimeError:
            pass
        stop.set()
        time.sleep(0.5)
        return started
    attacker = own_attacker(Timeout=20)
    (error, started), slowest = while_it_runs(lambda: attacker.invoke(attempt), sing)
    assert error is None and 100 < started < 1024 and slowest < 10.0
    assert attacker.evaluate("1 + 1") == 2


def test_children_end_with_the_environment(daemon, own_attacker):
    """A double fork in a session of its own outlives the function's environment."""
    name = "mf" + secrets.token_hex(4)

    def attempt(name):
        import os
        import signal
        import time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                    signal.signal(number, signal.SIG_IGN)
                with open("/proc/self/comm", "w") as file:
                    file.write(name)
                for descriptor in range(3, 64):
                    try:
                        os.close(descriptor)
                    except OSError:
                        pass
                while True:
                    time.sleep(1)
            os._exit(0)
        os.wait()
        return "forked"
    attacker = own_attacker()
    assert attacker.run(attempt, name=name) == "forked"

    def demons():
        return [pid for pid in daemon.cage_processes() if command_name(pid) == name]
    wait_until(demons, 5, "the attempt's process is there")
    attacker.function.delete()
    wait_until(lambda: not demons(), 10, "it has gone with the function")
    attacker.function.delete = lambda: None  # done already


def test_children_end_with_a_timeout(daemon, own_attacker):
    """What a timed-out invocation has started goes on in the environment that the next invocation gets."""
    def attempt():
        import subprocess
        import time
        subprocess.Popen(["/usr/bin/sleep", "1000"], start_new_session=True)
        time.sleep(60)
    attacker = own_attacker(Timeout=2)
    cage = cage_of(attacker)
    error, payload = attacker.invoke(attempt)
    assert error == "Unhandled" and payload["errorType"] == "Sandbox.Timedout", payload
    wait_until(lambda: not [pid for pid in pids_in_cage_of(daemon, cage) if command_name(pid) == "sleep"], 5, "the child has ended")


def test_ignoring_sigterm(own_attacker):
    """A function that ignores every signal outlives its timeout."""
    def attempt():
        import signal
        import time
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass
    attacker = own_attacker(Timeout=1)
    started = time.monotonic()
    error, payload = attacker.invoke(attempt)
    assert error == "Unhandled" and payload["errorType"] == "Sandbox.Timedout"
    assert 0.9 < time.monotonic() - started < 20.0
    assert attacker.evaluate("1 + 1") == 2


def test_stopping_itself(own_attacker):
    """A stopped process is never ended."""
    def attempt():
        import os
        import signal
        os.kill(os.getpid(), signal.SIGSTOP)
    attacker = own_attacker(Timeout=1)
    started = time.monotonic()
    error, _ = attacker.invoke(attempt)
    assert error == "Unhandled" and time.monotonic() - started < 20.0
    assert attacker.evaluate("1 + 1") == 2


def test_work_after_the_answer(own_attacker, sing):
    """A thread that goes on after the answer disturbs the next invocation, or answers for it."""
    def attempt():
        import threading
        import time

        def after(request_id):
            for _ in range(200):
                for verb in ("response", "error"):
                    answer_of("POST", "/2018-06-01/runtime/invocation/%s/%s" % (request_id, verb), b'"late"')  # noqa: F821
                print("still here")
                time.sleep(0.005)
        threading.Thread(target=after, args=(context.aws_request_id,), daemon=True).start()  # noqa: F821
        return "answered"
    attacker = own_attacker()
    # The thread may be faster than the handler: that is still the function's own answer to its own invocation.
    error, payload = attacker.invoke(attempt)
    assert (error, payload) in ((None, "answered"), (None, "late")) or error == "Unhandled", (error, payload)
    for number in range(30):
        assert attacker.evaluate(str(number)) == number
    sing()


# --- memory ---

def memory_attempts():
    def touch_pages():
        held = []
        while True:
            held.append(b"x" * (8 << 20))

    def share_memory():
        with open("/dev/shm/bomb", "wb") as shared:
            for _ in range(63):
                shared.write(b"x" * (1 << 20))
        held = []
        while True:
            held.append(bytearray(b"x" * (4 << 20)))

    def fill_tmp():
        with open("/tmp/bomb", "wb") as file:
            while True:
                file.write(b"x" * (1 << 20))

    def from_children():
        import os
        import time
        for _ in range(16):
            if os.fork() == 0:
                held = [b"x" * (1 << 20) for _ in range(40)]
                time.sleep(60)
                os._exit(len(held))
        time.sleep(60)

    def map_files():
        import mmap
        import os
        maps = []
        while True:
            descriptor = os.memfd_create("bomb")
            os.ftruncate(descriptor, 32 << 20)
            maps.append(mmap.mmap(descriptor, 32 << 20))
            maps[-1][:] = b"x" * (32 << 20)
            os.close(descriptor)
    return [touch_pages, share_memory, fill_tmp, from_children, map_files]


@pytest.mark.parametrize("attempt", memory_attempts(), ids=lambda attempt: attempt.__name__)
def test_memory_bomb(own_attacker, sing, attempt):
    """Memory beyond the function's size is given, or the lack of it hits others."""
    attacker = own_attacker(MemorySize=128, Timeout=40, EphemeralStorage={"Size": 512})
    (error, payload), slowest = while_it_runs(lambda: attacker.invoke(attempt), sing)
    # A full /tmp is an ordinary error to the function (ENOSPC at its 512 MB), not the end of its memory.
    wanted = ("OSError",) if attempt.__name__ == "fill_tmp" else ("Runtime.OutOfMemory", "Runtime.ExitError", "Sandbox.Timedout")
    assert error == "Unhandled" and payload["errorType"] in wanted, payload
    if attempt.__name__ == "touch_pages":
        assert payload["errorType"] == "Runtime.OutOfMemory", payload
    assert slowest < 15.0
    assert attacker.evaluate("1 + 1") == 2


# --- disk ---

def test_tmp_is_full_at_its_size(own_attacker):
    """/tmp holds more than the function was given, or less."""
    def attempt():
        written = 0
        try:
            with open("/tmp/flood", "wb", buffering=0) as file:
                while written < 800 << 20:
                    written += file.write(b"x" * (1 << 20))
        except OSError as error:
            return written, error.strerror
        return written, None
    written, reason = own_attacker(MemorySize=1536, Timeout=30).run(attempt)
    assert reason == "No space left on device" and written == 512 << 20


def test_number_of_files_in_tmp(own_attacker):
    """Empty files without end fill the kernel's memory."""
    def attempt():
        import os
        made = 0
        try:
            while made < 200000:
                os.close(os.open("/tmp/%d" % made, os.O_CREAT | os.O_WRONLY))
                made += 1
        except OSError as error:
            return made, error.strerror
        return made, None
    made, reason = own_attacker(MemorySize=1769, Timeout=60).run(attempt)
    assert reason in ("No space left on device", "Cannot allocate memory") and 1000 < made < 70000


# --- logs ---

def log_of(daemon, function):
    return sum(path.stat().st_size for path in Path(daemon.data_dir, "logs").rglob("*") if path.is_file())


def log_attempts():
    def gigabyte_of_lines():
        import os
        line = b"x" * 127 + b"\n"
        block = line * 8192
        for _ in range(1024):
            os.write(1, block)
        return "written"

    def one_endless_line():
        import os
        block = b"x" * 1048576
        for _ in range(512):
            os.write(2, block)
        return "written"

    def empty_lines():
        import os
        block = b"\n" * 65536
        for _ in range(256):
            os.write(1, block)
        return "written"

    def control_bytes():
        import os
        block = bytes(range(256)) * 4096
        for _ in range(64):
            os.write(1, block)
        return "written"

    def forged_lines():
        for _ in range(1000):
            print("END RequestId: 00000000-0000-0000-0000-000000000000")
            print("REPORT RequestId: 00000000-0000-0000-0000-000000000000\tDuration: 0.00 ms\tBilled Duration: 0 ms")
        return "written"
    return [gigabyte_of_lines, one_endless_line, empty_lines, control_bytes, forged_lines]


@pytest.mark.parametrize("attempt", log_attempts(), ids=lambda attempt: attempt.__name__)
def test_log_flood(daemon, own_attacker, sing, attempt):
    """Output without end fills the disk or the daemon's memory, or blocks the function or others."""
    attacker = own_attacker(MemorySize=1769, Timeout=60)
    attacker.evaluate("1")
    memory, disk = daemon.resident_mib(), log_of(daemon, attacker)
    (error, payload), slowest = while_it_runs(lambda: attacker.invoke(attempt), sing)
    assert (error, payload) == (None, "written")
    assert slowest < 10.0
    assert daemon.resident_mib() < memory + 150
    assert log_of(daemon, attacker) < disk + (64 << 20)
    assert attacker.evaluate("1 + 1") == 2


def test_log_tail_is_bounded(own_attacker):
    """The tail of the log that a client asks for is longer than 4 KiB."""
    import base64
    import json
    attacker = own_attacker()
    event = {"source": "def attempt():\n    print('x' * 1000000)\n    return 1", "name": "attempt", "arguments": {}}
    answer = attacker.function.client.invoke(FunctionName=attacker.function.name, LogType="Tail", Payload=json.dumps(event))
    tail = base64.b64decode(answer["LogResult"])
    assert 0 < len(tail) <= 4096 and b"REPORT RequestId" in tail


# --- descriptors, processor, time ---

def test_descriptors(own_attacker, daemon):
    """Open files are not bounded, or a function that has none left takes the daemon with it."""
    def attempt():
        import os
        held = []
        try:
            while len(held) < 5000:
                held.append(os.open("/dev/null", os.O_RDONLY))
        except OSError as error:
            reason = error.strerror
        count = len(held)
        for descriptor in held:
            os.close(descriptor)
        return count, reason
    before = daemon.open_descriptors()
    count, reason = own_attacker().run(attempt)
    assert 900 < count < 1024 and reason == "Too many open files"
    assert daemon.open_descriptors() < before + 50


def test_spinning(own_attacker, sing):
    """A function that spins on all processors keeps others from running."""
    def attempt():
        import os
        for _ in range(8):
            if os.fork() == 0:
                while True:
                    pass
        while True:
            pass
    (error, payload), slowest = while_it_runs(lambda: own_attacker(MemorySize=512, Timeout=8).invoke(attempt), sing)
    assert error == "Unhandled" and payload["errorType"] == "Sandbox.Timedout"
    assert slowest < 6.0


def test_sleeping_past_the_timeout(own_attacker):
    """The timeout is not kept."""
    def attempt():
        import time
        time.sleep(100)
    attacker = own_attacker(Timeout=1)
    started = time.monotonic()
    error, payload = attacker.invoke(attempt)
    assert error == "Unhandled" and "Task timed out after 1.00 seconds" in payload["errorMessage"]
    assert 0.9 < time.monotonic() - started < 20.0


def test_deep_and_large_answers(own_attacker):
    """An answer that is deep JSON, or 6 MB and more, harms the daemon."""
    def deep():
        import os
        path = "/2018-06-01/runtime/invocation/%s/response" % context.aws_request_id  # noqa: F821
        return answer_of("POST", path, b"[" * 1000000)[0] or os.getpid()  # noqa: F821

    def large():
        return "x" * (7 << 20)
    attacker = own_attacker()
    answer = attacker.function.client.invoke(FunctionName=attacker.function.name, Payload=_event(deep))
    answer["Payload"].read()
    error, payload = attacker.invoke(large)
    assert error == "Unhandled" and payload["errorType"] == "Function.ResponseSizeTooLarge", (error, str(payload)[:200])
    assert attacker.evaluate("1 + 1") == 2


def _event(attempt):
    import inspect
    import json
    import textwrap
    return json.dumps({"source": textwrap.dedent(inspect.getsource(attempt)), "name": attempt.__name__, "arguments": {}})


def test_crashing_again_and_again(own_attacker, sing):
    """A function that crashes in every way leaves its environment or the daemon unusable."""
    crashes = {"segmentation fault": "__import__('ctypes').string_at(0)", "abort": "__import__('os').abort()", "exit": "__import__('os')._exit(3)",
               "killed": "__import__('os').kill(__import__('os').getpid(), 9)"}
    attacker = own_attacker()
    for expression in crashes.values():
        error, payload = attacker.function.invoke({"source": "def attempt():\n    " + expression, "name": "attempt", "arguments": {}})
        assert error == "Unhandled" and payload["errorType"] == "Runtime.ExitError", payload
        assert attacker.evaluate("1 + 1") == 2
    sing()


def test_many_functions_at_once(daemon, sing):
    """Thirty floods at the same time are more than the daemon bears."""
    from packages import make_zip
    from watched_daemon import Function
    source = "import os\ndef handler(event, context):\n    for _ in range(64):\n        os.write(1, b'y' * 65536)\n    return event\n"
    client = daemon.account("444444444444")
    functions = [Function.create(client, "flood-%d" % number, make_zip({"function.py": source}), Timeout=60) for number in range(30)]
    answers = {}
    threads = [threading.Thread(target=lambda one=one: answers.__setitem__(one.name, one.call(one.name))) for one in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {one.name: one.name for one in functions}
    for one in functions:
        one.delete()
