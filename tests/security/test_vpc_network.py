"""What functions in VPCs try: the networks of everybody else, others' VPCs, other senders' addresses, the machine, the daemon's doors."""
import subprocess

import pytest

from network_world import INTERNET, OFFICE, PUBLIC, World, tell_peer
from packages import make_zip
from conftest import ATTACKER_FILES, CANARY, Attacker
from daemon import BIN
from watched_daemon import Function, WatchedDaemon
from test_network import REFUSED, Inside, connect

ACCOUNT, OTHER = "111111111111", "222222222222"


@pytest.fixture(scope="module")
def world():
    with World() as made:
        yield made


@pytest.fixture(scope="module")
def inner_daemon(world):
    with world.machine.inside():
        running = WatchedDaemon("--function-name-server", world.resolver).start()  # where functions without a VPC reach the most
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


class Member:
    """An attacker in a VPC of its account, with a group that lets everything out."""

    def __init__(self, world, daemon, account, name):
        with world.machine.inside():
            self.ec2 = daemon.client("ec2", key=account)
            self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
            self.subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
            self.group = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
            self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
            function = Function.create(daemon.account(account), name, make_zip(ATTACKER_FILES), MemorySize=1024, Timeout=60,
                                       VpcConfig={"SubnetIds": [self.subnet], "SecurityGroupIds": [self.group]})
        self.attacker = Attacker(Inside(world, function))
        self.run = self.attacker.run


@pytest.fixture(scope="module")
def member(world, inner_daemon):
    return Member(world, inner_daemon, ACCOUNT, "member")


@pytest.fixture(scope="module")
def outsider(world, inner_daemon):
    """A function without a VPC: what the others must not be."""
    with world.machine.inside():
        function = Function.create(inner_daemon.account(OTHER), "outsider", make_zip(ATTACKER_FILES), MemorySize=1024, Timeout=60)
    return Attacker(Inside(world, function))


def test_the_default_network(member, outsider, world):
    """A function in a VPC reaches what functions without one reach."""
    service = world.machine.listen("127.0.0.1", 0, tell_peer)
    for host, port in ((INTERNET, world.web), (OFFICE, world.database), ("169.254.100.4", service)):
        assert outsider.run(connect, host=host, port=port) not in REFUSED, host  # it is there
        assert member.run(connect, host=host, port=port) in REFUSED, host


@pytest.mark.parametrize("address", [PUBLIC, "10.77.0.1", "169.254.100.1", "169.254.100.3", "169.254.100.4", "169.254.1.1", "169.254.169.254"])
def test_the_machine(member, world, inner_daemon, address):
    """A function in a VPC reaches the daemon's API, the relay's own port, or a service of the machine."""
    service = world.machine.listen("0.0.0.0", 0, tell_peer)
    for port in (service, inner_daemon.port, 1, 22):
        assert member.run(connect, host=address, port=port) in REFUSED, port


def test_other_environments(member, outsider):
    """A function in a VPC reaches another environment, in its VPC or in none, or one without reaches it."""
    def listen():
        import socket
        global kept
        kept = socket.create_server(("0.0.0.0", 5000))
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.connect(("203.0.113.1", 9))
        return probe.getsockname()[0]
    theirs = outsider.run(listen)
    own = member.run(listen)
    assert member.run(connect, host=theirs, port=5000) in REFUSED
    assert outsider.run(connect, host=own, port=5000) in REFUSED
    assert member.run(connect, host="10.0.1.4", port=5000) in REFUSED  # the interface itself


def test_ipv6_is_no_way_round(member):
    """What IPv4 is refused gets through as IPv6."""
    for address in ("2001:db8:2::10", "fd6d:6179:666c:7900::a9fe:6500", "fc00::1", "64:ff9b::a00:105", "fe80::1"):
        assert member.run(connect, host=address, port=80) in REFUSED | {"EINVAL", "EADDRNOTAVAIL"}, address


def test_datagrams(member, world):
    """What TCP is refused gets through as UDP, or to the name servers of the world."""
    def attempt(goals):
        import socket
        outcomes = []
        for address, port in goals:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.settimeout(20)
                one.connect((address, port))
                one.send(b"hello")
                outcomes.append(tried(one.recv, 100))  # noqa: F821
        return outcomes
    assert set(member.run(attempt, goals=[[INTERNET, 53], [OFFICE, 80], [PUBLIC, 80], ["10.0.1.9", 53]])) <= REFUSED


def test_sending_as_somebody_else(member):
    """A function in a VPC sends with the address of an environment that is in none."""
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
                outcomes.append(tried(one.setsockopt, socket.IPPROTO_IP, 19, 1))  # IP_TRANSPARENT  # noqa: F821
                outcomes.append(tried(one.bind, (address, 0)))  # noqa: F821
        return outcomes
    assert set(member.run(attempt, addresses=["169.254.101.1", "169.254.101.2", "10.0.1.4", PUBLIC])) <= {"EPERM", "EINVAL", "EADDRNOTAVAIL"}


def test_what_is_attached_to_another_vpc(member, world, inner_daemon):
    """A function reaches, by its address, what is attached to another account's VPC with the same addresses."""
    other = Member(world, inner_daemon, OTHER, "neighbour")
    with world.machine.inside():
        done = subprocess.run([BIN / "mayfly", "vpc", "attach", other.subnet, "--address", "10.0.1.10", "--to", "%s:%d" % (OFFICE, world.database),
                               "--groups", other.group, "--endpoint", inner_daemon.url], capture_output=True, text=True,
                              env={"AWS_ACCESS_KEY_ID": OTHER, "AWS_SECRET_ACCESS_KEY": "x", "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done
    assert other.run(connect, host="10.0.1.10", port=80) not in REFUSED
    assert member.run(connect, host="10.0.1.10", port=80) in REFUSED


def test_what_only_the_operator_attaches(world):
    """In strict mode whoever has an account opens the machine's networks to functions."""
    with world.machine.inside(), WatchedDaemon("--function-name-server", world.resolver, auth="strict") as strict:
        for method in ("POST", "DELETE", "GET"):
            answer = strict.send(method, "/_mayfly/vpc", body=b"{}")
            assert answer.status == 403, str(answer)
