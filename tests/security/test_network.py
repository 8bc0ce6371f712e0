"""What functions try with their network, in open mode, where it lets them do most: others' environments, the daemon, other senders'
addresses, the machine's neighbours, names that turn around, and using up what all share."""
import os
import socket

import pytest

from network_world import INTERNET, OFFICE, PUBLIC, World, hold, tell_peer
from packages import make_zip
from conftest import ATTACKER_FILES, CANARY, Attacker, RawCaller
from watched_daemon import Function, WatchedDaemon

REFUSED = {"ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH", "EACCES", "EPERM"}
STRICTLY = ["--function-network", "internet", "--function-connections", "40", "--function-connections-of-all", "2000"]


class Inside(object):
    """Calls happen in the machine of the test's world."""

    def __init__(self, world, called):
        self.world, self.called = world, called

    def __getattr__(self, name):
        def call(*arguments, **named):
            with self.world.machine.inside():
                return getattr(self.called, name)(*arguments, **named)
        return call


@pytest.fixture(scope="module")
def world():
    with World() as made:
        yield made


@pytest.fixture(scope="module")
def inner_daemon(world):
    with world.machine.inside():
        running = WatchedDaemon("--function-name-server", world.resolver, *STRICTLY).start()
    yield running
    with world.machine.inside():
        running.__exit__(None, None, None)


@pytest.fixture(scope="module")
def daemon(world, inner_daemon):
    return Inside(world, inner_daemon)


@pytest.fixture(scope="module")
def canary(world, inner_daemon):
    with world.machine.inside():
        return Inside(world, Function.create(inner_daemon.account("333333333333"), "canary", make_zip({"function.py": CANARY})))


def make(world, daemon, name, account="111111111111"):
    with world.machine.inside():
        function = Function.create(daemon.account(account), name, make_zip(ATTACKER_FILES), MemorySize=1024, Timeout=60)
    return Attacker(Inside(world, function))


@pytest.fixture(scope="module")
def attacker(world, inner_daemon):
    return make(world, inner_daemon, "attacker")


@pytest.fixture(scope="module")
def raw_caller(world, inner_daemon, raw_program):
    package = make_zip({"bootstrap": raw_program}, mode=0o755)
    with world.machine.inside():
        return RawCaller(Inside(world, Function.create(inner_daemon.account("111111111111"), "raw", package, runtime="provided.al2023", Timeout=10)))


def connect(host, port):
    import socket
    return tried(socket.create_connection, (host, port), 20)  # noqa: F821


def test_the_way_out_is_there(attacker, world):
    """A control: without a network every attempt fails."""
    assert attacker.run(connect, host=INTERNET, port=world.web) not in REFUSED


def test_other_environments(attacker, world, inner_daemon):
    """A function reaches what listens in another environment."""
    def listen():
        import socket
        global kept
        kept = socket.create_server(("0.0.0.0", 5000))
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.connect(("203.0.113.1", 9))
        return probe.getsockname()[0]
    other = make(world, inner_daemon, "listener", "222222222222")
    address = other.run(listen)
    assert address.startswith("169.254.")
    assert attacker.run(connect, host=address, port=5000) in REFUSED
    assert other.run(connect, host=address, port=5000) not in REFUSED  # it does listen


@pytest.mark.parametrize("address", ["host.mayfly.internal", "169.254.100.4", PUBLIC, "10.77.0.1", "127.0.0.1"])
def test_the_daemon_and_the_machine(attacker, world, inner_daemon, address):
    """The daemon's API, or a service of the machine, answers a function although nobody has allowed it."""
    service = world.machine.listen("0.0.0.0", 0, tell_peer)
    for port in (service, inner_daemon.port, 22):
        assert attacker.run(connect, host=address, port=port) in REFUSED, port


@pytest.mark.parametrize("address", ["169.254.169.254", "169.254.170.2", "169.254.1.1", "169.254.100.3", OFFICE, "172.17.0.1", "192.168.0.1",
                                     "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.1", "240.0.0.1"])
def test_addresses_that_are_nobodys_business(attacker, address):
    """Metadata of a cloud, the office, or groups are reached from a strict daemon."""
    assert attacker.run(connect, host=address, port=80) in REFUSED


@pytest.mark.parametrize("address", ["fd00:ec2::254", "fe80::1", "fd6d:6179:666c:7900::a9fe:6500", "fc00::1", "::ffff:169.254.169.254",
                                     "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "ff02::1"])
def test_ipv6_addresses_that_are_nobodys_business(attacker, address):
    """Metadata of a cloud, or IPv4 written as IPv6, is reached."""
    assert attacker.run(connect, host=address, port=80) in REFUSED | {"EINVAL", "EADDRNOTAVAIL"}


def test_datagrams_are_refused_too(attacker):
    """What TCP is refused gets through as UDP."""
    def attempt(addresses):
        import socket
        outcomes = []
        for address in addresses:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.settimeout(20)
                one.connect((address, 80))
                one.send(b"hello")
                outcomes.append(tried(one.recv, 100))  # noqa: F821
        return outcomes
    assert set(attacker.run(attempt, addresses=["169.254.169.254", OFFICE, PUBLIC])) <= REFUSED


def test_names_that_turn_to_the_cloud(attacker, world):
    """DNS rebinding: a name of the attacker's becomes the address of the cloud's metadata."""
    assert attacker.run(connect, host="rebind.example.com", port=80) in REFUSED
    assert ("rebind.example.com", 1) in world.names.asked


def test_sending_as_somebody_else(attacker):
    """A function sends with the address of another environment, or of the machine."""
    def attempt(addresses):
        import socket
        outcomes = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.connect(("203.0.113.10", 9))
            own = one.getsockname()[0]
        for address in addresses:
            if address == own:
                continue
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND
                bound = tried(one.bind, (address, 0))  # noqa: F821
                outcomes.append(tried(one.sendto, b"hello", ("203.0.113.10", 9)) if not isinstance(bound, str) or not bound.startswith("E") else bound)  # noqa: F821
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                outcomes.append(tried(one.setsockopt, socket.IPPROTO_IP, 19, 1))  # IP_TRANSPARENT  # noqa: F821
        return outcomes
    assert set(attacker.run(attempt, addresses=["169.254.101.1", "169.254.101.2", PUBLIC, "8.8.8.8"])) <= {"EPERM", "EINVAL", "EADDRNOTAVAIL", "ENETUNREACH"}


def test_raw_and_packet_sockets(attacker):
    """A function writes frames, ARP or router advertisements of its own."""
    def attempt():
        import socket
        kinds = [(socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_INET, socket.SOCK_RAW, 255), (socket.AF_INET6, socket.SOCK_RAW, 58),
                 (17, socket.SOCK_RAW, 0x300), (17, socket.SOCK_DGRAM, 0x300), (17, socket.SOCK_RAW, 0x608)]
        return [tried(socket.socket, *kind) for kind in kinds]  # noqa: F821
    assert set(attacker.run(attempt)) <= {"EPERM", "EACCES", "EAFNOSUPPORT"}


def test_its_link_is_not_its_own(attacker):
    """A function gives itself an address, a route, a neighbour or another hardware address."""
    def attempt():
        import fcntl
        import socket
        outcomes = [tried(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW, 0)]  # noqa: F821
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            for request in (0x8916, 0x8914, 0x8924, 0x890B, 0x8955):  # address, flags, hardware address, route, ARP
                outcomes.append(tried(fcntl.ioctl, one, request, b"eth0".ljust(40, b"\0")))  # noqa: F821
        return outcomes
    assert set(attacker.run(attempt)[1:]) <= {"EPERM", "EACCES", "EINVAL", "ENODEV", "EAFNOSUPPORT"}


def test_router_advertisements_are_not_heard(attacker, world):
    """A neighbour of the machine, or of the cage, becomes its router."""
    def attempt():
        return sorted(line.split()[9] for line in open("/proc/net/ipv6_route") if line.split()[1] == "00" and line.split()[9] != "lo")
    assert attacker.run(attempt) == ["eth0"]
    for name in ("all", "default", "up"):
        assert name  # the router's namespace takes none: accept_ra is 0, and no rule lets ICMPv6 in
    setting = "def attempt():\n    import os\n    return os.path.exists('/proc/sys/net/ipv6')"
    assert attacker.function.call({"source": setting, "name": "attempt", "arguments": {}}) is False


def test_one_function_cannot_take_all_connections(attacker, world, inner_daemon):
    """Connection tracking or ports are used up by one function, and others have none."""
    port = world.internet.listen(INTERNET, 0, hold)

    def attempt(host, port):
        import socket
        global kept
        kept = [socket.socket() for _ in range(300)]
        return [tried(one.connect, (host, port)) for one in kept]  # noqa: F821
    outcomes = attacker.run(attempt, host=INTERNET, port=port)
    assert sum(one in REFUSED for one in outcomes) >= 255
    other = make(world, inner_daemon, "modest", "222222222222")
    assert other.run(connect, host=INTERNET, port=world.web) not in REFUSED


def test_a_flood_of_names(attacker, world, inner_daemon):
    """Queries that nobody answers use up the name server, and others get no names."""
    def attempt(server):
        import os
        import socket
        flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for i in range(5000):
            flood.sendto(os.urandom(2) + b"\x01\x00\x00\x01\0\0\0\0\0\0" + b"\x08" + b"%08d" % i + b"\x04dark\0\0\x01\0\x01", (server, 53))
        for size in (0, 1, 11, 12, 13, 600, 4000):
            flood.sendto(os.urandom(size), (server, 53))
    attacker.run(attempt, server="169.254.100.3")
    other = make(world, inner_daemon, "asker", "222222222222")

    def look_up():
        import socket
        return socket.gethostbyname("api.example.com")
    assert other.run(look_up) == INTERNET
