"""If one of these fails, a function of one account can learn about, or harm, a function of another, the daemon or its own pid 1."""

import os
import socket
import subprocess
import time

import pytest


@pytest.fixture(autouse=True)
def victim_is_unharmed(victim):
    """Whatever was tried, the victim answers from the environment it had before."""
    yield
    victim.check()


@pytest.fixture
def host_pids(daemon, victim):
    """Numbers that mean something on the machine: the victim's processes, the daemon, its jail."""
    return victim.pids + [daemon.process.pid, daemon.footprint.jail_pid]


# --- its code, files and memory ---

def test_code_of_another_function(attacker, victim):
    """The victim's package can be found somewhere below the attacker's root."""
    def attempt():
        import os
        found, seen = [], 0
        for folder, folders, files in os.walk("/", followlinks=False):
            folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/usr", "/var/lang")]
            seen += len(files)
            found += [os.path.join(folder, name) for name in files if name.startswith("marker_of_the_victim")]
        return found, seen
    found, seen = attacker.run(attempt)
    assert found == [] and seen > 10


def test_temporary_files_of_another_function(attacker, victim):
    """What the victim wrote to /tmp or /dev/shm is readable by the attacker."""
    def attempt():
        return look("/tmp/secret"), look("/dev/shm/secret"), look("/var/tmp")  # noqa: F821
    assert attacker.run(attempt) == [{"error": "ENOENT"}, {"error": "ENOENT"}, {"seen": []}]


def test_secrets_in_proc(attacker, victim):
    """The victim's environment or memory can be read through /proc."""
    def attempt(secret):
        import os
        found, read = [], 0
        for name in os.listdir("/proc"):
            for file in ("environ", "cmdline", "status", "maps", "mountinfo", "stack", "io", "fdinfo", "net/unix", "net/tcp"):
                try:
                    with open("/proc/%s/%s" % (name, file), "rb") as opened:
                        read += 1
                        if secret.encode() in opened.read():
                            found.append((name, file))
                except OSError:
                    pass
        return found, read
    # Split, because the event itself is in the attacker's memory.
    found, read = attacker.run(attempt, secret=victim.secret)
    assert found == [] and read > 3


def test_processes_of_others(attacker, daemon, victim):
    """Processes of the machine or of the victim can be listed."""
    def attempt():
        import os
        return sorted(int(name) for name in os.listdir("/proc") if name.isdigit()), os.getpid()
    pids, own = attacker.run(attempt)
    assert pids == sorted({1, own})


@pytest.mark.parametrize("program", ["/usr/bin/ps", "/usr/bin/top"])
def test_ps_shows_only_its_own(attacker, program):
    """The tools of the machine show more than /proc does."""
    def attempt(program):
        import os
        import subprocess
        if not os.path.exists(program):
            return None
        arguments = ["-eo", "pid"] if program.endswith("ps") else ["-bn1"]
        return subprocess.run([program] + arguments, capture_output=True, text=True, timeout=10).stdout
    shown = attacker.run(attempt, program=program)
    if shown is None:
        pytest.skip("not installed on this machine")
    assert "mayflyd" not in shown and "serve" not in shown and len(shown.splitlines()) < 15


# --- reaching its processes ---

def test_signals_to_numbers_of_the_machine(attacker, host_pids):
    """A signal reaches a process outside the cage."""
    def attempt(pids):
        import os
        import signal
        own = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        return [tried(os.kill, pid, signal.SIGKILL) for pid in pids if pid not in own]  # noqa: F821
    assert set(attacker.run(attempt, pids=host_pids)) == {"ESRCH"}


def test_signals_to_everybody(own_attacker):
    """kill(-1) leaves the cage, or kills its pid 1."""
    def attempt():
        import os
        import signal
        import subprocess
        sleeper = subprocess.Popen(["/usr/bin/sleep", "60"])
        child = os.fork()
        if child == 0:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.kill(-1, signal.SIGTERM)
            os._exit(0)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.waitpid(child, 0)
        return sleeper.wait(timeout=10)
    attacker = own_attacker()
    # The runtime itself dies of SIGTERM unless it was faster to ignore it: both are right.
    error, payload = attacker.invoke(attempt)
    assert payload == -15 or error == "Unhandled"
    assert attacker.evaluate("1 + 1") == 2


def test_every_number_is_tried(attacker):
    """Some process number of the machine exists in the cage."""
    def attempt():
        import os
        own = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        return [pid for pid in range(2, 65536) if pid not in own and tried(os.kill, pid, 9) != "ESRCH"]  # noqa: F821
    assert attacker.run(attempt) == []


def test_tracing_and_memory_of_numbers_of_the_machine(attacker, host_pids):
    """The memory of a process outside can be traced, read or written."""
    def attempt(pids):
        outcomes = []
        for pid in pids:
            for file in ("mem", "environ", "root", "cwd", "fd", "maps", "ns/net"):
                outcomes.append(look("/proc/%d/%s" % (pid, file)).get("error"))  # noqa: F821
            outcomes.append(libc("ptrace", 16, pid, 0, 0))  # noqa: F821
            outcomes.append(libc("process_vm_readv", pid, None, 0, None, 0, 0))  # noqa: F821
            outcomes.append(libc("syscall", 434, pid, 0))  # pidfd_open  # noqa: F821
        return outcomes
    own = set(attacker.evaluate("[int(name) for name in __import__('os').listdir('/proc') if name.isdigit()]"))
    outcomes = attacker.run(attempt, pids=[pid for pid in host_pids if pid not in own])
    assert set(outcomes) == {"ENOENT", "EPERM", "ESRCH"}


def test_shared_memory_of_others(attacker, victim):
    """System V shared memory, semaphores or message queues reach across cages."""
    assert victim.first["shared"] >= 0

    def attempt():
        return libc("shmget", 4242, 4096, 0), libc("shmat", 0, None, 0), libc("msgget", 4242, 0), look("/dev/shm/secret")  # noqa: F821
    found, attached, queue, file = attacker.run(attempt)
    assert (found, queue) == ("ENOENT", "ENOENT") and attached in ("EINVAL", "EIDRM") and file == {"error": "ENOENT"}


# --- sockets ---

@pytest.fixture
def abstract_listener():
    """An abstract Unix socket of the machine."""
    name = "\0mayfly-test-%d" % os.getpid()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name)
        listener.listen()
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(name)  # it is really there
        yield name


def test_abstract_sockets(attacker, abstract_listener, victim):
    """Abstract Unix sockets of the machine or of another function can be reached."""
    def attempt(names):
        import socket
        outcomes = [tried(socket.socket(socket.AF_UNIX).connect, name) for name in names]  # noqa: F821
        return outcomes, open("/proc/net/unix").read().count("@")
    outcomes, listed = attacker.run(attempt, names=[abstract_listener, "\0mayfly-victim", "\0/tmp/.X11-unix/X0"])
    assert set(outcomes) == {"ECONNREFUSED"} and listed == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1", "0.0.0.0"])
def test_the_daemons_api_on_loopback(attacker, daemon, address):
    """The daemon's API answers inside a cage, where anybody would be its administrator."""
    def attempt(address, port):
        import socket
        return tried(socket.create_connection, (address, port), 3)  # noqa: F821
    assert attacker.run(attempt, address=address, port=daemon.port) in {"ECONNREFUSED", "EADDRNOTAVAIL", "ENETUNREACH"}


def test_other_addresses(attacker):
    """A function reaches metadata of a cloud, or the machine by its own addresses (test_network.py tries the rest)."""
    addresses = ["169.254.169.254", "169.254.100.3", "169.254.79.129", "224.0.0.1", "255.255.255.255"]
    addresses += subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()

    def attempt(addresses):
        import socket
        # The X-Ray daemon's address is the cage's own: nothing but datagrams on its port is taken there.
        outcomes = [tried(socket.socket().connect, ("169.254.100.1", port)) for port in (80, 2000, 9001)]  # noqa: F821
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            outcomes.append(tried(socket.socket(family, socket.SOCK_STREAM).connect, (address, 80)))  # noqa: F821
        return outcomes, sorted(name for _, name in socket.if_nameindex())
    outcomes, interfaces = attacker.run(attempt, addresses=addresses)
    assert set(outcomes) <= {"ENETUNREACH", "EHOSTUNREACH", "EACCES", "ECONNREFUSED"}
    assert interfaces in (["eth0", "lo"], ["lo"])  # the second: this machine lets nobody make networks


def test_names_do_not_keep_a_function_waiting(attacker):
    """A lookup of a name waits for resolvers that are not there."""
    def attempt():
        import socket
        import time
        started = time.monotonic()
        try:
            return socket.getaddrinfo("example.com", 80), 0
        except socket.gaierror:
            return None, time.monotonic() - started
    _, seconds = attacker.run(attempt)
    assert seconds < 25


def test_the_only_listeners_are_its_runtime_api_and_the_aws_endpoint(attacker):
    """Something else listens inside, or another function's Runtime API does."""
    def attempt():
        listening = []
        for file in ("/proc/net/tcp", "/proc/net/tcp6"):
            for line in open(file).read().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A":
                    listening.append(fields[1])
        return listening
    assert sorted(attacker.run(attempt)) == ["0100007F:2329", "0264FEA9:0050"]  # 127.0.0.1:9001, 169.254.100.2:80


def test_answering_for_the_victim(attacker, victim):
    """With the id of a foreign request, a function can answer in its place."""
    request_id = victim.function.call()["request_id"]

    def attempt(request_id):
        path = "/2018-06-01/runtime/invocation/%s/" % request_id
        return [answer_of("POST", path + verb, b'"stolen"')[0] for verb in ("response", "error")]  # noqa: F821
    assert attacker.run(attempt, request_id=request_id) == [400, 400]


# --- what the daemon and the jail leave in a cage ---

@pytest.mark.parametrize("start", ["attacker", "booted_attacker"], ids=["zygote", "exec"])
def test_no_descriptor_leaks(request, start):
    """A socket to the jail, a folder of the machine or another descriptor of the platform is open in a function process."""
    def attempt():
        import os
        found = {}
        for name in os.listdir("/proc/self/fd"):
            try:
                found[int(name)] = os.readlink("/proc/self/fd/" + name)
            except OSError:
                pass  # the listing's own
        import socket
        peers = []
        for fd, target in found.items():
            if target.startswith("socket:"):
                with socket.socket(fileno=os.dup(fd)) as one:
                    peers.append([fd, int(one.family), one.getpeername()])
        return {str(fd): target for fd, target in found.items() if not target.startswith("socket:")}, peers
    others, peers = request.getfixturevalue(start).run(attempt)
    assert [peer[1:] for peer in peers] == [[socket.AF_INET, ["127.0.0.1", 9001]]], peers
    assert others.pop("0") == "/dev/null"
    assert others.pop("1").startswith("pipe:") and others.pop("2").startswith("pipe:")
    assert all(target.startswith("/proc/") for target in others.values()), others  # the listing's own folder


def test_environment_holds_nothing_of_the_daemon(attacker, booted_attacker):
    """Variables of whoever started the daemon reach functions."""
    for caged in (attacker, booted_attacker):
        names = set(caged.evaluate("sorted(__import__('os').environ)"))
        leaked = {name for name in os.environ if name not in ("PATH", "LANG", "TZ", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHASHSEED", "LC_CTYPE")} & names
        assert {name for name in leaked if not name.startswith("AWS_")} == set()


def test_command_line_tells_nothing(attacker, daemon):
    """Paths of the machine stand in the command line of a process in the cage."""
    lines = attacker.evaluate("[open('/proc/%s/cmdline' % name).read() for name in __import__('os').listdir('/proc') if name.isdigit()]")
    assert lines and not any(str(daemon.data_dir) in line or "/build/" in line for line in lines)


# --- its own pid 1 ---

@pytest.mark.parametrize("number", [9, 19, 15, 1, 11, 17, 12])
def test_signals_to_pid_1(attacker, number):
    """A signal kills or stops pid 1, and the environment with it."""
    def attempt(number):
        import os
        outcome = tried(os.kill, 1, number)  # noqa: F821
        state = open("/proc/1/stat").read().rpartition(")")[2].split()[0]
        return outcome, state
    outcome, state = attacker.run(attempt, number=number)
    assert outcome in ("done", "EPERM") and state in "SR"
    assert attacker.evaluate("1 + 1") == 2


def test_memory_of_pid_1(attacker):
    """Pid 1 has the function's user; its memory or its socket to the jail could be taken over."""
    def attempt():
        import os

        def write_memory():
            os.close(os.open("/proc/1/mem", os.O_RDWR))
        outcomes = [tried(write_memory), libc("ptrace", 16, 1, 0, 0), libc("process_vm_writev", 1, None, 0, None, 0, 0)]  # noqa: F821
        outcomes += [look("/proc/1/" + name).get("error") for name in ("fd", "maps", "environ", "auxv", "map_files", "fd/3")]  # noqa: F821
        pidfd = os.pidfd_open(1) if hasattr(os, "pidfd_open") else -1
        outcomes.append(libc("syscall", 438, pidfd, 3, 0))  # pidfd_getfd  # noqa: F821
        return outcomes
    assert set(attacker.run(attempt)) <= {"EACCES", "EPERM", "ENOENT"}


def test_limits_of_pid_1(attacker):
    """With prlimit a function takes pid 1 its descriptors or its memory."""
    def attempt():
        import resource
        return tried(resource.prlimit, 1, resource.RLIMIT_NOFILE, (0, 0)), tried(resource.prlimit, 1, resource.RLIMIT_AS, (1, 1))  # noqa: F821
    assert attacker.run(attempt) == ["EPERM", "EPERM"]
    # The next process is started by pid 1, too.
    error, payload = attacker.function.invoke({"source": "def attempt():\n    __import__('os').kill(-1, 9)", "name": "attempt", "arguments": {}})
    assert error == "Unhandled", payload
    assert attacker.evaluate("1 + 1") == 2


def test_freezing_by_time(attacker, victim):
    """While the attacker spins, the victim does not get an answer."""
    def attempt():
        import threading
        import time
        end = time.monotonic() + 8
        def spin():
            while time.monotonic() < end:
                pass
        threads = [threading.Thread(target=spin) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return "spun"
    import threading
    spinning = threading.Thread(target=attacker.run, args=(attempt,))
    spinning.start()
    times = []
    while spinning.is_alive():
        started = time.monotonic()
        victim.check()
        times.append(time.monotonic() - started)
    assert max(times) < 6.0, times
