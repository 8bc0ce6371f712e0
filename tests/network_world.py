"""A machine of the test's own, with an internet and an office network around it: network namespaces that end with the test.

    with World() as world:
        with world.machine.inside():          # this thread: its sockets, and the processes that it starts
            daemon = Daemon("--function-name-server", world.resolver); …

The internet has 203.0.113.10 and 2001:db8:2::10 and no way to any address but the machine's public ones; the office is 10.77.0.2.
Nothing has a name that the machine's other tests could see.
"""

import contextlib
import ctypes
import os
import signal
import socket
import struct
import subprocess
import threading

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
INTERNET, INTERNET_V6 = "203.0.113.10", "2001:db8:2::10"
PUBLIC, PUBLIC_V6 = "198.51.100.2", "2001:db8:1::2"
OFFICE = "10.77.0.2"


def enter(descriptor):
    if LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Namespace(object):
    """A network namespace, held by a process that sleeps."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec sleep infinity"], stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.descriptor = os.open("/proc/%d/ns/net" % self.holder.pid, os.O_RDONLY | os.O_CLOEXEC)
        self.run("link set lo up")

    def run(self, commands):
        for command in commands.strip().splitlines():
            with self.inside():
                subprocess.run(["ip"] + command.split(), check=True)

    @contextlib.contextmanager
    def inside(self):
        """This thread is in there; what it makes stays in there."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            enter(self.descriptor)
            yield self
        finally:
            enter(before)
            os.close(before)

    def setting(self, name):
        with self.inside():
            return open("/proc/sys/net/" + name).read().strip()

    def links(self):
        with self.inside():
            return sorted(name for _, name in socket.if_nameindex())

    def listen(self, address, port, answer):
        """A TCP server, `answer(connection, peer)` for each connection; its port."""
        with self.inside():
            listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(512)

        def serve():
            while True:
                try:
                    connection, peer = listener.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection, peer), daemon=True).start()
        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    def close(self):
        os.close(self.descriptor)
        self.holder.send_signal(signal.SIGKILL)
        self.holder.wait()
        self.holder.stdout.close()


def tell_peer(connection, peer):
    """Answers with the address that the connection comes from, and what was sent."""
    with connection:
        said = connection.recv(1000)
        connection.sendall(peer[0].encode() + b" " + said)


def hold(connection, peer):
    with connection:
        connection.recv(1)


class NameServer(object):
    """A resolver of the internet's: A and AAAA of a few names, over UDP and TCP."""

    RECORDS = {
        "api.example.com": {1: [socket.inet_pton(socket.AF_INET, INTERNET)], 28: [socket.inet_pton(socket.AF_INET6, INTERNET_V6)]},
        "db.corp.example": {1: [socket.inet_pton(socket.AF_INET, OFFICE)]},
        "rebind.example.com": {1: [socket.inet_pton(socket.AF_INET, "169.254.169.254")]},
        "many.example.com": {1: [bytes([203, 0, 113, i]) for i in range(200)]},
    }

    def __init__(self, namespace, address):
        self.asked = []
        with namespace.inside():
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind((address, 53))
        threading.Thread(target=self.serve, daemon=True).start()
        namespace.listen(address, 53, self.answer_stream)

    def serve(self):
        while True:
            query, peer = self.udp.recvfrom(4096)
            self.udp.sendto(self.answer(query, 512), peer)

    def answer_stream(self, connection, peer):
        with connection:
            head = connection.recv(2)
            while len(head) == 2:
                query = connection.recv(struct.unpack(">H", head)[0])
                answer = self.answer(query, 65535)
                connection.sendall(struct.pack(">H", len(answer)) + answer)
                head = connection.recv(2)

    def answer(self, query, size):
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        name, question = ".".join(labels).lower(), query[12:at + 5]
        kind = struct.unpack(">H", query[at + 1:at + 3])[0]
        self.asked.append((name, kind))
        found = self.RECORDS.get(name)
        records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data for data in (found or {}).get(kind, []))
        code, count = (0 if found else 3), len((found or {}).get(kind, []))
        if 12 + len(question) + len(records) > size:
            return query[:2] + struct.pack(">HHHHH", 0x8380, 1, 0, 0, 0) + question  # cut
        return query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, count, 0, 0) + question + records


class World(object):
    def __init__(self):
        self.machine, self.internet, self.office = Namespace(), Namespace(), Namespace()
        machine, internet, office = (one.holder.pid for one in (self.machine, self.internet, self.office))
        self.machine.run("""
            link add wan type veth peer name machine netns %d
            link add lan type veth peer name machine netns %d
            address add 198.51.100.2/24 dev wan
            address add 2001:db8:1::2/64 dev wan nodad
            address add 10.77.0.1/24 dev lan
            link set wan up
            link set lan up
            route add default via 198.51.100.1
        """ % (internet, office))
        self.internet.run("""
            address add 198.51.100.1/24 dev machine
            address add 2001:db8:1::1/64 dev machine nodad
            address add %s/32 dev lo
            address add %s/128 dev lo nodad
            link set machine up
        """ % (INTERNET, INTERNET_V6))
        self.office.run("address add %s/24 dev machine\nlink set machine up" % OFFICE)
        self.machine.run("-6 route add default via 2001:db8:1::1")
        assert machine
        self.resolver = INTERNET
        self.names = NameServer(self.internet, INTERNET)
        self.web = self.internet.listen(INTERNET, 0, tell_peer)
        self.web_v6 = self.internet.listen(INTERNET_V6, 0, tell_peer)
        self.database = self.office.listen(OFFICE, 0, tell_peer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in (self.machine, self.internet, self.office):
            one.close()
