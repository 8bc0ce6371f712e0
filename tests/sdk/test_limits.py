"""If these fail, a limit that code on AWS lives with is not there, is another one, or is reported in other words."""
import os

import pytest

from daemon import read, wait_until
from invocations import call

# Code of a function whose process `wait_for_limits` finds by its name.
NAMED = """
with open("/proc/self/comm", "w") as file: file.write("test-of-limits")
"""


def wait_for_limits():
    """On cgroup v1 a forked interpreter joins the group of its environment some milliseconds after its first event: what it takes before
    counts for nobody (docs/differences.md)."""
    def limited():
        named = [pid for pid in os.listdir("/proc") if pid.isdigit() and read(f"/proc/{pid}/comm") == "test-of-limits\n"]
        groups = [dict(line.split(":", 2)[1:] for line in read(f"/proc/{pid}/cgroup").splitlines()) for pid in named]
        return named and all("/cage-" in group.get("memory", group.get("", "")) for group in groups)
    wait_until(limited, 30, "the function's process does not join its cgroup")


EAT = NAMED + """
kept = []
def handler(event, context):
    kept.append(bytearray(event << 20))
    for page in range(0, event << 20, 4096): kept[-1][page] = 1
    return len(kept)
"""


def test_max_memory_used_is_what_was_used(aws, functions):
    """Within 8 MB of what the function asked for, above what Python itself takes."""
    name = functions(EAT, MemorySize=512, Timeout=60)
    base = int(call(aws, name, 0).report["used"])
    assert 1 <= base <= 60
    wait_for_limits()
    for asked, total in ((50, 50), (100, 150), (0, 150)):
        used = int(call(aws, name, asked).report["used"])
        assert abs(used - base - total) <= 8, (asked, used, base)


def test_max_memory_used_is_honest(aws, functions):
    """A function shows less than it has resident, because pages that it shares with others do not count; or /tmp counts."""
    code = NAMED + """
import os, subprocess
def handler(event, context):
    if event == "tmp":
        with open("/tmp/x", "wb") as file:
            for _ in range(60): file.write(b"x" * (1 << 20))
    if event == "child":
        subprocess.run(["/usr/bin/python3", "-I", "-S", "-c", "x = b'x' * (60 << 20)"], check=True)
    status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024
"""
    name = functions(code, MemorySize=256, Timeout=60)
    first = call(aws, name, None)
    assert abs(int(first.report["used"]) - first.payload) <= 4, (first.report, first.payload)
    wait_for_limits()
    tmp = call(aws, name, "tmp")
    assert int(tmp.report["used"]) <= tmp.payload + 8, "what lies in /tmp is no memory"
    assert int(call(aws, name, "child").report["used"]) >= first.payload + 50, "a child's memory is the function's"


def test_the_same_figure_is_limited(aws, functions):
    """A function gets its size beside what it shares, so that what runs here is killed on AWS."""
    code = NAMED + """
def resident():
    status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
    return int(status["VmRSS"].split()[0]) / 1024
kept = []
def handler(event, context):
    while True:
        kept.append(bytearray(1 << 20))
        for page in range(0, 1 << 20, 4096): kept[-1][page] = 1
        import time
        if event: time.sleep(0.01)
        if event and resident() > event: return resident()
"""
    name = functions(code, MemorySize=192, Timeout=60)
    fits = call(aws, name, 170)
    assert fits.error == "" and fits.payload > 170, fits
    beyond = call(aws, name, 400)
    assert beyond.payload["errorType"] == "Runtime.OutOfMemory" and int(beyond.report["used"]) == 192, beyond


def test_max_memory_used_is_the_peak(aws, functions):
    code = NAMED + "def handler(event, context):\n    held = bytearray(b'x' * (event << 20))\n    del held\n"
    name = functions(code, MemorySize=512, Timeout=60)
    base = int(call(aws, name, 0).report["used"])
    wait_for_limits()
    assert int(call(aws, name, 200).report["used"]) >= base + 190
    assert int(call(aws, name, 0).report["used"]) >= base + 190, "as on AWS: the most since the environment began"


def test_out_of_memory_is_exact(aws, functions):
    """What fits runs; 40 MB more do not."""
    name = functions(EAT, MemorySize=256, Timeout=60)
    base = int(call(aws, name, 0).report["used"])
    wait_for_limits()
    assert call(aws, name, 256 - base - 24).error == ""
    beyond = call(aws, name, 64)
    assert (beyond.error, beyond.payload["errorType"]) == ("Unhandled", "Runtime.OutOfMemory"), beyond
    assert beyond.report["status"] == "error" and beyond.report["error"] == "Runtime.OutOfMemory" and int(beyond.report["used"]) >= 254


@pytest.mark.parametrize("size", [512, 700])
def test_tmp_has_the_configured_size(aws, functions, size):
    code = """
import os
def handler(event, context):
    written = 0
    with open("/tmp/fill", "wb") as file:
        try:
            while True:
                os.posix_fallocate(file.fileno(), written, 1 << 20)
                written += 1 << 20
        except OSError as error:
            reason = error.strerror
    os.unlink("/tmp/fill")
    return [written >> 20, reason, os.statvfs("/tmp").f_blocks * os.statvfs("/tmp").f_frsize >> 20]
"""
    name = functions(code, EphemeralStorage={"Size": size}, MemorySize=1769, Timeout=30)
    assert call(aws, name).payload == [size, "No space left on device", size]


def test_processes_and_threads(aws, functions):
    code = """
import threading
def handler(event, context):
    done = threading.Event()
    threads = []
    try:
        while len(threads) < 3000:
            threads.append(threading.Thread(target=done.wait))
            threads[-1].start()
    except RuntimeError as error:
        reason = str(error)
        threads.pop()
    done.set()
    for thread in threads: thread.join()
    return [len(threads), reason]
"""
    count, reason = call(aws, functions(code, MemorySize=1769, Timeout=30)).payload
    assert 900 <= count <= 1024 and reason == "can't start new thread"


def test_timeouts_are_kept_to_20_ms(aws, functions):
    """The best of them: on a loaded machine some may be late, and none may be early."""
    name = functions("import time\ndef handler(event, context):\n    if event: time.sleep(30)\n", Timeout=1)
    late = []
    for _ in range(7):
        call(aws, name, 0)  # so that the second is the handler's alone
        answer = call(aws, name, 1)
        assert answer.payload["errorType"] == "Sandbox.Timedout"
        late.append(float(answer.report["duration"]) - 1000)
    assert 0 <= min(late) < 20, late


def test_remaining_time_and_deadline_agree(aws, functions):
    name = functions("def handler(event, context):\n    return context.get_remaining_time_in_millis()\n", Timeout=60)
    call(aws, name)
    assert 55_000 < call(aws, name).payload <= 60_000


def lines_of(daemon, name):
    return daemon.raw("GET", f"/_mayfly/logs?function={name}&limit=10000").body.decode().splitlines()


def test_long_lines_are_cut_at_256_kb(daemon, aws, functions):
    name = functions("def handler(event, context):\n    print('x' * event + 'end')\n", Timeout=60)
    call(aws, name, 600 * 1024)
    pieces = [len(line) for line in lines_of(daemon, name) if line.startswith("x")]
    assert pieces == [256 * 1024, 256 * 1024, 88 * 1024 + 3], pieces


def test_more_than_the_log_takes_is_dropped_and_counted(daemon, aws, functions):
    code = """
import sys
def handler(event, context):
    line = "y" * 1023 + "\\n"
    for _ in range(event): sys.stdout.write(line * 1024)
    return "written"
"""
    name = functions(code, MemorySize=1769, Timeout=60)
    answer = call(aws, name, 40)
    assert answer.payload == "written"
    dropped = [line for line in answer.log.splitlines() if line.startswith("LOGS_DROPPED")]
    assert len(dropped) == 1 and "Reason: the function wrote faster than its log limit" in dropped[0], answer.log[-1000:]
    assert sum(line.startswith("y" * 100) for line in lines_of(daemon, name)) > 8000, "the burst of 8 MiB is kept"


def test_the_environment_may_hold_4_kb_and_the_function_sees_all_of_it(aws, functions):
    value = "x" * (4096 - len('{"a_name":""}'))
    name = functions("import os\ndef handler(event, context):\n    return os.environ['a_name']\n", Environment={"Variables": {"a_name": value}})
    assert call(aws, name).payload == value


def test_cpu_grows_with_memory(aws, functions):
    """Half a processor takes twice as long, as far as the machine lets it."""
    code = """
import time
def handler(event, context):
    began, cpu = time.monotonic(), time.process_time()
    while time.process_time() - cpu < 0.3: pass
    return time.monotonic() - began
"""
    small, large = functions(code, MemorySize=177, Timeout=60), functions(code, MemorySize=1769, Timeout=60)
    for name in (small, large): call(aws, name)
    assert call(aws, small).payload > 1.5, "a tenth of a processor: 0.3 s of it take 3 s"
    assert call(aws, large).payload < 2.5
