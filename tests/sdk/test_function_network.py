"""Functions reach the world around the machine, as far as the operator lets them."""
import contextlib
import os
import signal
import subprocess

import pytest

from daemon import BIN, children_of, read, wait_until
from network_machine import Machine
from network_world import INTERNET, INTERNET_V6, OFFICE, PUBLIC, PUBLIC_V6, World, hold, tell_peer


@pytest.fixture(scope="module")
def world():
    with World() as made:
        yield made


@pytest.fixture(scope="module")
def machine(world):
    with Machine(world) as running:
        yield running


def test_the_internet_by_name(machine, world):
    """A function calls no other API: it has no address, no way out, or no names."""
    assert machine.say("api.example.com", world.web) == PUBLIC + " hello"
    assert machine.say(INTERNET, world.web) == PUBLIC + " hello"


def test_the_internet_by_ipv6(machine, world):
    """A service that has an IPv6 address only is not reached, though the machine reaches it."""
    assert machine.say(INTERNET_V6, world.web_v6) == PUBLIC_V6 + " hello"


def test_names_that_do_not_exist(machine):
    """A name that does not exist is waited for, or found."""
    assert machine.say("nobody.example.com", 80) == "no name"
    assert machine.say("other.mayfly.internal", 80) == "no name"


def test_answers_that_need_tcp(machine):
    """A name with many addresses has none, since its answer does not fit into a datagram."""
    assert machine.ask("len(socket.gethostbyname_ex('many.example.com')[2])") == 200


def test_the_office(machine, world):
    """A developer's database in the office network is not reached."""
    assert machine.say("db.corp.example", world.database).endswith(" hello")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_services_of_this_machine(machine, world, address):
    """A database on the developer's own machine, on loopback, is not reached by host.mayfly.internal."""
    port = world.machine.listen(address, 0, tell_peer)
    assert machine.say("host.mayfly.internal", port) == address + " hello"


def test_closed_ports_of_this_machine(machine):
    """A connection to a service of the machine that is not there waits."""
    assert machine.say("host.mayfly.internal", 9) in ("ECONNRESET", "ECONNREFUSED")


def test_the_daemons_own_port(machine, world):
    """In open mode a function reaches the daemon's API, as everybody's administrator."""
    port = int(machine.daemon.url.rpartition(":")[2])
    for address in ("host.mayfly.internal", PUBLIC, "10.77.0.1", "169.254.100.1", "127.0.0.1"):
        assert machine.say(address, port) in ("ECONNREFUSED", "ECONNRESET"), address


def test_refused_connections_are_a_figure(machine, world):
    """Nobody sees that a function tries what it must not."""
    before = machine.refused()
    assert machine.say("169.254.169.254", 80) == "ECONNREFUSED"
    assert machine.refused() == before + 1


def test_why(machine, world):
    """What mayfly net explain says is not what the kernel does."""
    service = world.machine.listen("127.0.0.1", 0, tell_peer)
    own = int(machine.daemon.url.rpartition(":")[2])
    for host, port in ((INTERNET, world.web), (OFFICE, world.database), ("host.mayfly.internal", service), ("host.mayfly.internal", own),
                       (PUBLIC, service), ("169.254.169.254", 80), ("169.254.100.3", 53), ("169.254.100.3", 54)):
        [told] = machine.explain(host, port)
        assert told["rule"]
        assert told["passes"] == (machine.say(host, port) not in ("ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH")), (host, port, told)


def test_the_command_explains(machine):
    """mayfly net explain is not there, or does not say by its exit code what it says in words."""
    with machine.world.machine.inside():
        for target, code, words in ((INTERNET + ":443", 0, "internet"), ("169.254.169.254:80", 1, "link-local")):
            done = subprocess.run([BIN / "mayfly", "net", "explain", "tool", target, "--endpoint", machine.daemon.url], capture_output=True, text=True)
            assert done.returncode == code and words in done.stdout, done


def test_the_status_page_says_what_is_reached(machine):
    """An operator does not see what functions may reach."""
    network = machine.get("/_mayfly/status").json["network"]
    assert network["reach"].startswith("internet,private,host=1-") and network["ipv6"] is True and "warning" not in network


def test_strict_refuses_private_ranges_and_the_machine(world):
    """What is open on a developer's machine is open on a server."""
    service = world.machine.listen("127.0.0.1", 0, tell_peer)
    other = world.machine.listen("127.0.0.1", 0, tell_peer)
    with Machine(world, "--function-network", "internet,host=%d,allow=%s:%d" % (service, OFFICE, world.database)) as machine:
        assert machine.say(INTERNET, world.web) == PUBLIC + " hello"
        assert machine.say("host.mayfly.internal", service) == "127.0.0.1 hello"
        assert machine.say("host.mayfly.internal", other) == "ECONNREFUSED"
        assert machine.say(OFFICE, world.database).endswith(" hello")
        assert machine.say(OFFICE, world.database + 1) == "ECONNREFUSED"
        assert machine.say("10.1.2.3", 80) == "ECONNREFUSED"


def test_none(world):
    """Functions have a network that the operator does not want."""
    with Machine(world, "--function-network", "none") as machine:
        assert machine.ask("[name for _, name in socket.if_nameindex()]") == ["lo"]
        assert machine.say(INTERNET, world.web) == "ENETUNREACH"
        assert machine.get("/_mayfly/status").json["network"] == {"reach": "nothing", "why": "--function-network none"}
        assert not [name for name in world.machine.links() if name == machine.link()]


def test_one_environment_takes_no_more_than_its_connections(world):
    """One function takes all the connections that the machine can follow."""
    port = world.internet.listen(INTERNET, 0, hold)
    with Machine(world, "--function-connections", "20") as machine:
        ask = """[s := [socket.socket() for _ in range(30)], [errno.errorcode.get(one.connect_ex((%r, %d)), "ok") for one in s]][1]"""
        outcomes = machine.ask(ask % (INTERNET, port))
        assert outcomes[:15] == ["ok"] * 15 and set(outcomes[21:]) == {"ECONNREFUSED"}, outcomes
        machine.make("another")
        assert machine.ask("say(%r, %r)" % (INTERNET, world.web), "another") == PUBLIC + " hello"


def test_all_environments_take_no_more_than_all_may(world):
    """Many functions together take all the connections that the machine can follow."""
    port = world.internet.listen(INTERNET, 0, hold)
    with Machine(world, "--function-connections-of-all", "64") as machine:
        ask = """[s := [socket.socket() for _ in range(300)], [errno.errorcode.get(one.connect_ex((%r, %d)), "ok") for one in s]][1]"""
        outcomes = machine.ask(ask % (INTERNET, port))
        assert 50 <= outcomes.count("ok") <= 200 and set(outcomes) == {"ok", "ECONNREFUSED"}, outcomes


def test_bandwidth(world):
    """One function takes the machine's whole line, though the operator has given it a part."""
    def pour(connection, peer):
        with connection, contextlib.suppress(OSError):
            connection.sendall(bytes(4 << 20))
    port = world.internet.listen(INTERNET, 0, pour)
    with Machine(world, "--function-bandwidth", "1024") as machine:
        received, seconds = machine.ask("drain(%r, %d)" % (INTERNET, port))
        assert received == 4 << 20 and seconds > 2  # the first second's worth comes at once


def test_beside_the_firewalls_of_others(world):
    """An operator's own rules are changed, or an operator is not told that these keep functions from the network."""
    def nft(*words):
        with world.machine.inside():
            return subprocess.run(["nft", *words], check=True, capture_output=True, text=True).stdout
    nft("add table ip filter; add chain ip filter FORWARD { type filter hook forward priority filter; policy drop; }; "
        "add rule ip filter FORWARD iifname docker0 accept")
    try:
        before = nft("list", "table", "ip", "filter")
        with Machine(world) as machine:
            assert "DOCKER-USER" in machine.get("/_mayfly/status").json["network"]["warning"]
            nft("add rule ip filter FORWARD iifname mf-* accept; add rule ip filter FORWARD oifname mf-* accept")
            assert machine.say(INTERNET, world.web) == PUBLIC + " hello"
            nft("flush chain ip filter FORWARD; add rule ip filter FORWARD iifname docker0 accept")
        assert nft("list", "table", "ip", "filter") == before
    finally:
        nft("delete table ip filter")


def test_a_machine_that_forwards_already(world):
    """Forwarding of an operator's own, switched on before or while functions use it, is switched off."""
    def forward(value):
        with world.machine.inside():
            open("/proc/sys/net/ipv4/ip_forward", "w").write(value)
    with Machine(world) as machine:
        forward("1")
        assert machine.say(INTERNET, world.web) == PUBLIC + " hello"
    try:
        assert world.machine.setting("ipv4/ip_forward") == "1" and world.machine.setting("ipv4/conf/wan/forwarding") == "1"
    finally:
        forward("0")


def test_the_machine_is_as_it_was(world):
    """Links, rules or settings of the machine stay behind, or the operator's own are changed."""
    assert world.machine.setting("ipv4/ip_forward") == "0"
    before = (world.machine.links(), world.machine.setting("ipv4/conf/wan/forwarding"))
    with Machine(world) as machine:
        assert machine.link() in world.machine.links()
        assert machine.say(INTERNET, world.web) == PUBLIC + " hello"
        assert world.machine.setting("ipv4/ip_forward") == "0"
    wait_until(lambda: machine.link() not in world.machine.links(), 30, "the link is gone")
    assert (world.machine.links(), world.machine.setting("ipv4/conf/wan/forwarding"))[0] == before[0]


def test_after_kill_9_the_next_start_cleans_up():
    """A daemon that was killed leaves its link, its rules or its settings, or cannot be started again because of them."""
    with World() as world:
        assert world.machine.setting("ipv4/conf/wan/forwarding") == "0"
        with contextlib.ExitStack() as stack:
            machine = stack.enter_context(Machine(world))
            assert world.machine.setting("ipv4/conf/wan/forwarding") == "1"
            [router] = [part for part in children_of(machine.daemon.process.pid) if read("/proc/%d/comm" % part).strip() == "mayfly-router"]
            os.kill(router, signal.SIGKILL)
            with world.machine.inside():
                machine.daemon.kill()
                machine.daemon.start()
                machine.client = machine.daemon.client("lambda")
            assert machine.say(INTERNET, world.web) == PUBLIC + " hello"
        wait_until(lambda: machine.link() not in world.machine.links(), 30, "the link is gone")
        assert world.machine.setting("ipv4/conf/wan/forwarding") == "0"
        assert world.machine.setting("ipv6/conf/wan/force_forwarding") == "0"
        with world.machine.inside():
            assert "mayfly" not in subprocess.run(["nft", "list", "tables"], capture_output=True, text=True).stdout
