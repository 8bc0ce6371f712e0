"""If one of these fails, one function can use up what the kernel counts for the whole machine or for one of its users, or hold memory that
nobody counts.

The other function of each test is in another account; it must have its own share while the first holds all that it could get."""

import os
import threading

import pytest

import slices
from daemon import wait_until
from watched_daemon import read

LINGER = """
def attempt(take, hold):
    import os, time
    scope = dict(globals())
    exec(take, scope)
    got = scope["take"]()
    open("/tmp/taken", "w").write(str(got))
    time.sleep(hold)
    return got
"""


def shares(own_attacker, neighbour, take, hold=6):
    """(what the first got, what the other got while the first held it)."""
    import inspect
    import textwrap
    source = textwrap.dedent(inspect.getsource(take)).replace("def %s(" % take.__name__, "def take(", 1)
    first = own_attacker(MemorySize=1024)
    event = {"source": LINGER, "name": "attempt", "arguments": {"take": source, "hold": hold}}
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(first.function.invoke(event)))
    thread.start()
    try:
        neighbour.evaluate("1 + 1")
        neighbour.evaluate("__import__('time').sleep(2)")
        (error, got) = neighbour.function.invoke({**event, "arguments": {"take": source, "hold": 0}})
        assert error is None, got
        assert thread.is_alive(), "the first let go before the other had tried"
    finally:
        thread.join()
    error, held = outcome[0]
    assert error is None, held
    return held, got


def test_inotify_instances(own_attacker, neighbour):
    """One function takes the inotify instances of everybody (they are counted for the owner of its user namespace)."""
    def instances():
        import ctypes
        import os
        libc = ctypes.CDLL(None)
        held = []
        while len(held) < 900:
            descriptor = libc.inotify_init1(0)
            if descriptor < 0:
                break
            held.append(descriptor)
        globals()["kept"] = held
        return len(held)
    held, got = shares(own_attacker, neighbour, instances)
    assert held == got > 0


def test_message_queues(own_attacker, neighbour):
    """One function takes the bytes that POSIX message queues may hold."""
    def queues():
        import ctypes
        import os
        libc = ctypes.CDLL(None)
        libc.mq_open.restype = ctypes.c_int

        class Attributes(ctypes.Structure):
            _fields_ = [(name, ctypes.c_long) for name in ("flags", "maxmsg", "msgsize", "curmsgs", "a", "b", "c", "d")]
        count = 0
        while count < 200:
            attributes = Attributes(0, 10, 8192)
            if libc.mq_open(b"/q%d" % count, os.O_CREAT | os.O_RDWR, 0o600, ctypes.byref(attributes)) < 0:
                break
            count += 1
        return count
    held, got = shares(own_attacker, neighbour, queues)
    assert held == got > 0


def test_pipe_pages(own_attacker, neighbour):
    """One function takes the pages that pipes of one user may have."""
    def pipes():
        import fcntl
        import os
        total = 0
        held = []
        for _ in range(400):
            held.append(os.pipe())
            try:
                total += fcntl.fcntl(held[-1][0], 1031, 1 << 20)  # F_SETPIPE_SZ
            except OSError:
                break
        globals()["kept"] = held
        return total
    held, got = shares(own_attacker, neighbour, pipes)
    # An environment's own pipes count, too, and not all of them are there at every moment: the last pipe may not fit.
    assert got > 0 and abs(held - got) <= 1 << 20, (held, got)


def test_pending_signals(own_attacker, neighbour):
    """One function takes the queued signals of one user."""
    def signals():
        import ctypes
        import os
        import signal
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN + 3])
        libc = ctypes.CDLL(None)
        count = 0
        while count < 5000 and libc.sigqueue(os.getpid(), signal.SIGRTMIN + 3, ctypes.c_void_p(1)) == 0:
            count += 1
        return count
    held, got = shares(own_attacker, neighbour, signals)
    assert held == got > 0


def test_epoll_watches(own_attacker, neighbour):
    """One function takes the epoll watches of one user."""
    def watches():
        import os
        import select
        descriptors = [os.eventfd(0) for _ in range(300)]
        pollers = [select.epoll() for _ in range(300)]
        globals()["kept"] = (descriptors, pollers)
        count = 0
        try:
            for poller in pollers:
                for descriptor in descriptors:
                    poller.register(descriptor, select.EPOLLIN)
                    count += 1
        except OSError:
            pass
        return count
    held, got = shares(own_attacker, neighbour, watches)
    assert held == got > 0


def test_descriptors_in_flight(own_attacker, neighbour):
    """One function takes the descriptors that one user may have on their way through Unix sockets."""
    def in_flight():
        import array
        import socket
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(100)]
        globals()["kept"] = pairs
        sent = array.array("i", [0] * 200)
        count = 0
        try:
            for one, _ in pairs:
                for _ in range(8):
                    one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, sent)], socket.MSG_DONTWAIT)
                    count += len(sent)
        except OSError:
            pass
        return count
    held, got = shares(own_attacker, neighbour, in_flight)
    assert held == got > 0


REFUSED = [
    ("asynchronous files, of which the machine has one number", "io_setup 1024 z:8", "ENOSYS"),
    ("a seccomp filter, whose code is counted for the machine", "seccomp 1 0 z:16", "ENOSYS"),
    ("a seccomp filter by the old call", "prctl 22 2 z:16 0 0", "EINVAL"),
    ("huge pages of the operator", "mmap 0 0x200000 3 0x40022 -1 0", "ENOMEM"),
    ("huge pages of the operator in a file", "memfd_create s:huge 4", "ENOSYS"),
    ("huge pages of the operator as shared memory", "shmget 1 0x200000 0x9b6", "EPERM"),
    ("making all disks of the machine write", "syncfs o:/usr", "ENOSYS"),
    ("what others have read of a file", "number 451 o:/usr z:0 z:64 0", "ENOSYS"),
]


@pytest.mark.parametrize("call, error", [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(raw_caller, call, error):
    """A call that takes from a store of the whole machine is made."""
    assert raw_caller.call(call) == (None, error)


def test_packet_filters(attacker):
    """Programs of packet filters are compiled into memory that the machine has once."""
    def attempt():
        import ctypes
        import socket
        import struct
        one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xffff))
        program = struct.pack("HxxxxxxP", 1, ctypes.addressof(code))
        found = {}
        for option in (26, 50, 51, 52):
            found[option] = tried(one.setsockopt, socket.SOL_SOCKET, option, program)  # noqa: F821
        found["else"] = tried(one.setsockopt, socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # noqa: F821
        return found
    assert attacker.run(attempt) == {"26": "EPERM", "50": "EPERM", "51": "EPERM", "52": "EPERM", "else": "done"}


# --- memory of the kernel's ---

def tcp():
    import socket
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(8)
    pairs, total = [], 0
    while len(pairs) < 400:
        try:
            one = socket.create_connection(listener.getsockname())
            two, _ = listener.accept()
            pairs.append((one, two))
            for end in (one, two):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
                end.setblocking(False)
            for end in (one, two):
                for _ in range(200):
                    total += end.send(b"x" * 262144)
        except BlockingIOError:
            pass
        except OSError:
            break
        yield total


def udp():
    import socket
    held, total = [], 0
    while len(held) < 900:
        try:
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
            one.bind(("127.0.0.1", 0))
            one.setblocking(False)
            held.append(one)
            for _ in range(200):
                one.sendto(b"x" * 60000, one.getsockname())
        except OSError:
            pass
        total = 0
        yield len(held)


def unix():
    import socket
    held, total = [], 0
    while len(held) < 450:
        try:
            one, two = socket.socketpair()
            held.append((one, two))
            for end in (one, two):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
                end.setblocking(False)
            for end in (one, two):
                for _ in range(200):
                    total += end.send(b"x" * 65536)
        except BlockingIOError:
            pass
        except OSError:
            break
        yield total


def pipes():
    import fcntl
    import os
    held, total = [], 0
    while len(held) < 450:
        try:
            reader, writer = os.pipe()
            held.append((reader, writer))
            fcntl.fcntl(writer, 1031, 1 << 20)
        except OSError:
            pass
        os.set_blocking(writer, False)
        try:
            while True:
                total += os.write(writer, b"x" * 65536)
        except OSError:
            pass
        yield total


def machine_memory():
    """Bytes that the machine can still give, and those in buffers of TCP and UDP."""
    available = int(next(line for line in read("/proc/meminfo").splitlines() if line.startswith("MemAvailable")).split()[1]) << 10
    sockets = sum(int(line.split()[line.split().index("mem") + 1]) << 12 for line in read("/proc/net/sockstat").splitlines() if " mem " in line)
    return available, sockets


@pytest.mark.parametrize("kind", [tcp, udp, unix, pipes], ids=lambda kind: kind.__name__)
def test_kernel_memory_counts(own_attacker, kind):
    """Buffers of sockets or pipes are memory that no limit counts, or may be as large as memory and /tmp together."""
    import inspect
    import textwrap
    source = textwrap.dedent(inspect.getsource(kind)) + """
def attempt():
    import time
    total = 0
    for total in NAME():
        pass
    time.sleep(1.5)
    return total
""".replace("NAME", kind.__name__)
    attacker = own_attacker(MemorySize=128, Timeout=25, EphemeralStorage={"Size": 2048})
    attacker.evaluate("1")
    before_available, before_sockets = machine_memory()
    worst, most = 0, 0
    done = []
    thread = threading.Thread(target=lambda: done.append(attacker.function.invoke({"source": source, "name": "attempt", "arguments": {}})))
    thread.start()
    while thread.is_alive():
        available, sockets = machine_memory()
        worst, most = max(worst, before_available - available), max(most, sockets - before_sockets)
        thread.join(0.02)
    error, payload = done[0]
    print(kind.__name__, error, payload, "took", worst >> 20, "MiB, sockets", most >> 20, "MiB")
    assert most < 200 << 20
    assert worst < 500 << 20, "others use memory meanwhile, but not so much"
    # The kernel may free the buffers of what was killed late: the next one has a sandbox of its own.
    error, payload = attacker.function.invoke({"source": "def attempt():\n    return 2", "name": "attempt", "arguments": {}})
    assert error is None, payload


@pytest.mark.skipif(not slices.ALL, reason="a minute of a small function: ./dev test --all")
def test_names_that_are_looked_for(own_attacker):
    """The kernel remembers names that are not there, for whoever asks, in memory that no limit counts."""
    def attempt():
        import os
        for number in range(1_200_000):
            try:
                os.stat("/usr/%d" % number + "x" * 60)
            except OSError:
                pass

    def remembered():
        lines = dict(line.split(":") for line in read("/proc/meminfo").splitlines())
        return sum(int(lines[name].split()[0]) << 10 for name in ("SReclaimable", "SUnreclaim"))
    attacker = own_attacker(MemorySize=128, Timeout=60)
    attacker.evaluate("1")
    before, worst, done = remembered(), 0, []
    thread = threading.Thread(target=lambda: done.append(attacker.invoke(attempt)))
    thread.start()
    while thread.is_alive():
        worst = max(worst, remembered() - before)
        thread.join(0.05)
    print(done, worst >> 20, "MiB")
    assert worst < 250 << 20, "its memory is 128 MiB, and others use some meanwhile"


# --- who is killed first ---

def test_functions_go_first(daemon, attacker):
    """When the machine has no memory left, the kernel kills the daemon or the jail before a function."""
    own = attacker.evaluate("int(open('/proc/self/oom_score_adj').read())")
    assert own == 1000
    for pid in [daemon.process.pid] + [pid for pid in daemon.cage_processes() if read("/proc/%d/comm" % pid).strip() == "mayfly-init"]:
        score = int(read("/proc/%d/oom_score_adj" % pid))
        assert score <= 0, (pid, read("/proc/%d/comm" % pid))


# --- what lies on the disk ---

def test_the_data_directory_is_closed(daemon, attacker):
    """Another user of this machine reads messages, events, environment variables or logs in the data directory."""
    attacker.evaluate("1")
    child = os.fork()
    if child == 0:
        seen = 0
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            for root in [daemon.data_dir] + [daemon.data_dir / name for name in ("code", "logs", "runtimes", "control.db", "queues.db", "events.db")]:
                try:
                    os.listdir(root) if os.path.isdir(root) else os.close(os.open(root, os.O_RDONLY))
                    seen += 1
                except OSError:
                    pass
        finally:
            os._exit(min(seen, 100))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    for name in os.listdir(daemon.data_dir):
        status = os.lstat(daemon.data_dir / name)
        if status.st_uid == os.stat(daemon.data_dir).st_uid:
            assert status.st_mode & 0o077 == 0, (name, oct(status.st_mode))


def test_older_directories_are_closed_at_the_start(tmp_path_factory):
    """What an earlier version left open to others stays open."""
    from watched_daemon import WatchedDaemon
    with WatchedDaemon() as daemon:
        daemon.account("111111111111").list_functions()
        os.chmod(daemon.data_dir, 0o755)
        for name in os.listdir(daemon.data_dir):
            os.chmod(daemon.data_dir / name, 0o755 if os.path.isdir(daemon.data_dir / name) else 0o644)
        daemon.kill()
        wait_until(lambda: daemon.footprint.wait_until_clean() == [], 20, "nothing of the first is left")
        daemon.start()
        assert os.stat(daemon.data_dir).st_mode & 0o777 == 0o700
        for name in os.listdir(daemon.data_dir):
            assert os.lstat(daemon.data_dir / name).st_mode & 0o077 == 0, name


# --- memory of all together ---

def test_tmp_of_idle_environments_counts(tmp_path_factory):
    """Idle environments keep in /tmp what the bound on all environments does not let them have."""
    from packages import make_zip
    from watched_daemon import Function, WatchedDaemon
    code = ("def handler(event, context):\n    with open('/tmp/x', 'wb') as file:\n"
            "        for _ in range(event): file.write(b'x' * (1 << 20))\n    return event\n")
    with WatchedDaemon("--memory-max", "700") as daemon:
        client = daemon.account("111111111111")
        functions = [Function.create(client, "f%d" % number, make_zip({"function.py": code}), MemorySize=512, Timeout=60) for number in range(5)]
        for function in functions:
            assert function.call(300) == 300

        status = daemon.status()
        assert 1 <= status["environments_idle"] <= 2, status


# --- locks, which the kernel charges to nobody ---

LOCKER = """
def attempt(locks, processes=1, hold=0):
    import fcntl, os, time
    for _ in range(processes - 1):
        if os.fork() == 0:
            break
    made = 0
    while made < locks:
        file = os.open("/tmp/locked-%d-%d" % (os.getpid(), made), os.O_RDWR | os.O_CREAT)
        for place in range(min(500, locks - made)):
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 2 * place)
            made += 1
    time.sleep(hold)
    return made
"""


def locks_of_ranges():
    return read("/proc/locks").count("POSIX")


@pytest.mark.parametrize("processes", [1, 4])
def test_locks_are_bounded(own_attacker, neighbour, processes):
    """A function fills the kernel's memory with locks of ranges, which no limit counts."""
    before = locks_of_ranges()
    first = own_attacker(Timeout=60)
    event = {"source": LOCKER, "name": "attempt", "arguments": {"locks": 450000, "processes": processes, "hold": 20}}
    neighbour.evaluate("1")
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(first.function.invoke(event)))
    thread.start()
    held = {"source": LOCKER, "name": "attempt", "arguments": {"locks": 1000, "hold": 1}}
    while thread.is_alive():
        assert neighbour.function.invoke(held) == (None, 1000), "another function has lost its share"
    error, payload = outcome[0]
    assert error == "Unhandled" and "killed" in payload["errorMessage"], (error, payload)
    wait_until(lambda: locks_of_ranges() <= before + 1000, 20, "the locks have gone with the processes")
    assert first.function.invoke({**held, "arguments": {"locks": 10}}) == (None, 10)


def test_locks_whose_owner_cannot_be_seen(own_attacker):
    """Locks of open files name no process, nor do those of a process that has ended and whose descriptors live on elsewhere."""
    def attempt():
        import ctypes
        import fcntl
        import os
        import struct
        libc = ctypes.CDLL(None, use_errno=True)
        file = os.open("/tmp/file", os.O_RDWR | os.O_CREAT)
        lock = struct.pack("hhlliI", fcntl.F_WRLCK, 0, 0, 1, 0, 0)
        found = {str(command): tried(fcntl.fcntl, file, command, lock) for command in (36, 37, 38)}  # noqa: F821
        clone = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
        if libc.syscall(clone, 0x400 | 17, 0, 0, 0, 0) == 0:  # CLONE_FILES | SIGCHLD
            os._exit(0)
        found["clone"] = ctypes.get_errno()
        return found
    assert own_attacker().run(attempt) == {"36": "EINVAL", "37": "EINVAL", "38": "EINVAL", "clone": 1}


def test_sqlite_locks(own_attacker):
    """Programs that lock ranges of files, as SQLite does, fail."""
    def attempt():
        import sqlite3
        writers = [sqlite3.connect("/tmp/data.db", isolation_level=None) for _ in range(20)]
        writers[0].execute("create table t (x)")
        for number, one in enumerate(writers):
            one.execute("begin immediate")
            one.execute("insert into t values (?)", (number,))
            other = writers[number - 1]
            other.execute("pragma busy_timeout = 1")
            try:
                other.execute("begin immediate")
                return "two at once"
            except sqlite3.OperationalError:
                pass
            one.execute("commit")
        return writers[5].execute("select count(*) from t").fetchone()[0]
    assert own_attacker().run(attempt) == 20
