"""If these fail, the rules that are made of a VPC let pass what AWS refuses, or refuse what passes there.

vpc_setups makes networks from seeds, with what the rule model says of connections in them (src/vpc/reachability.h). Each is built here of network
namespaces: a router with the ruleset, a namespace per interface, one for all that is outside; then every connection is tried at once.
"""
import ctypes
import errno
import json
import os
import selectors
import shutil
import socket
import subprocess
import time

import pytest

from daemon import BIN
from slices import ALL

COUNT = 200 if ALL else 6
PER_TEST = 20 if ALL else 3
SECONDS = 60  # until what passes has passed
GRACE = 0.3   # for what does not

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def call(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Namespace:
    """A network namespace of its own; with it, this thread is inside. It goes when it is closed, and what is open in it."""

    def __init__(self):
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            call(libc.unshare(CLONE_NEWNET))
            self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        finally:
            call(libc.setns(before, CLONE_NEWNET))
            os.close(before)

    def __enter__(self):
        self.before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        call(libc.setns(self.fd, CLONE_NEWNET))
        return self

    def __exit__(self, *_):
        call(libc.setns(self.before, CLONE_NEWNET))
        os.close(self.before)

    def path(self):
        return f"/proc/{os.getpid()}/fd/{self.fd}"


def ip(*commands):
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True, capture_output=True)


class World:
    """One setup in namespaces."""

    def __init__(self, setup):
        self.setup, self.sockets = setup, []
        self.router = Namespace()
        legs = {one["id"]: [one["address"]] for one in setup["interfaces"]}
        self.legs = {name: Namespace() for name in [*legs, "outside"]}
        self.addresses = {**legs, "outside": setup["outside"]}
        with self.router:
            with open("/proc/sys/net/ipv4/ip_forward", "w") as forward:
                forward.write("1")
            ip("link set lo up", *(line for number, name in enumerate(self.legs) for line in self.leg(number, name)))
            subprocess.run(["nft", "-f", "-"], input=setup["rules"], text=True, check=True, capture_output=True)
        for name, leg in self.legs.items():
            with leg:
                ip("link set lo up", "link set eth0 up", *(f"addr add {address}/32 dev eth0" for address in self.addresses[name]),
                   "route add 169.254.1.1 dev eth0", "route add default via 169.254.1.1 dev eth0 onlink")
                for address in self.addresses[name]:
                    for port in {probe["port"] for probe in setup["probes"]}:
                        self.listen(address, port)

    def leg(self, number, name):
        yield f"link add leg{number} type veth peer name eth0 netns {self.legs[name].path()}"
        yield f"addr add 169.254.1.1/32 dev leg{number}"
        yield f"link set leg{number} up"
        for address in self.addresses[name]:
            yield f"route add {address} dev leg{number}"

    def listen(self, address, port):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            server = socket.socket(socket.AF_INET, kind)
            server.setblocking(False)
            server.bind((address, port))
            if kind == socket.SOCK_STREAM:
                server.listen(64)
            else:
                self.echoes = getattr(self, "echoes", []) + [server]
            self.sockets.append(server)

    def close(self):
        for one in self.sockets:
            one.close()
        for namespace in [self.router, *self.legs.values()]:
            os.close(namespace.fd)

    def start(self, probe):
        """A connection that is on its way."""
        with self.legs[probe["from"]]:
            client = socket.socket(socket.AF_INET, socket.SOCK_STREAM if probe["protocol"] == "tcp" else socket.SOCK_DGRAM)
        client.setblocking(False)
        client.bind((self.addresses[probe["from"]][0], probe["source_port"]))
        self.sockets.append(client)
        if client.connect_ex((probe["to"], probe["port"])) not in (0, errno.EINPROGRESS):
            return None
        if probe["protocol"] == "udp":
            client.send(b"?")
        return client

    def passed(self):
        """Numbers of the connections that came about: an answer has come back."""
        selector = selectors.DefaultSelector()
        for server in self.echoes:
            selector.register(server, selectors.EVENT_READ, None)
        for number, probe in enumerate(self.setup["probes"]):
            client = self.start(probe)
            if client:
                selector.register(client, selectors.EVENT_WRITE if probe["protocol"] == "tcp" else selectors.EVENT_READ, number)
        expected = {number for number, probe in enumerate(self.setup["probes"]) if probe["passes"]}
        passed, deadline, resend = set(), time.monotonic() + SECONDS, time.monotonic() + 1
        end = None  # once all that is expected has passed
        while time.monotonic() < (end or deadline):
            for key, _ in selector.select(0.05):
                if key.data is None:
                    answer, peer = key.fileobj.recvfrom(16)
                    key.fileobj.sendto(answer, peer)
                    continue
                selector.unregister(key.fileobj)
                if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    passed.add(key.data)
            if end is None and expected <= passed:
                end = time.monotonic() + GRACE
            if end is None and time.monotonic() > resend:  # a datagram may be lost where a neighbour was not known yet
                resend = time.monotonic() + 1
                for key in list(selector.get_map().values()):
                    if key.data is not None and self.setup["probes"][key.data]["protocol"] == "udp":
                        key.fileobj.send(b"?")
        selector.close()
        return passed


def setups(first, count):
    program = BIN / "vpc_setups"
    made = subprocess.run([str(program), str(first), str(count)], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in made.splitlines()]


@pytest.mark.parametrize("first", range(1, COUNT + 1, PER_TEST))
def test_the_kernel_does_what_the_model_says(first):
    if not shutil.which("nft"):
        pytest.fail("nft is missing: apt-get install nftables", pytrace=False)
    wrong = []
    for setup in setups(first, PER_TEST):
        world = World(setup)
        try:
            passed = world.passed()
        finally:
            world.close()
        wrong += [f"seed {setup['seed']}: {probe['from']} → {probe['to']}:{probe['port']}/{probe['protocol']} {'passed' if number in passed else 'did not pass'}; "
                  f"the model: {probe['rule']}" for number, probe in enumerate(setup["probes"]) if probe["passes"] != (number in passed)]
    assert not wrong, "\n".join(wrong)


def test_the_setups_are_of_both_kinds():
    """Else the test above shows nothing."""
    probes = [probe for setup in setups(1, COUNT) for probe in setup["probes"]]
    passing = sum(probe["passes"] for probe in probes)
    assert len(probes) / 20 < passing < len(probes) * 19 / 20, f"{passing} of {len(probes)} pass"
