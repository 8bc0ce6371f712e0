"""Objects: PutObject beside writing and syncing a file of its own, GetObject beside sendfile of the same bytes from the same disk.

A put is durable before its answer. Little objects of many connections share the store's syncs; large ones have a file each. The reference of
reading is a server that does nothing but sendfile (as nginx does for a file that it knows already).
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time

from .clients import done_per_second
from .daemon import Daemon
from .http_connection import Connection
from .rows import Row, rates

UNCHECKED = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00"
MIB = 1024 * 1024
CLIENTS = 2

SENDFILE = r"""
import os, socket, sys, threading
path = sys.argv[1]
file = os.open(path, os.O_RDONLY)
size = os.fstat(file).st_size
head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
def serve(peer):
    while peer.recv(65536):
        peer.sendall(head, socket.MSG_MORE)
        sent = 0
        while sent < size:
            sent += os.sendfile(peer.fileno(), file, sent, size - sent)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


def request(port, method, path, body=b""):
    return (f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {UNCHECKED}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


def exchange(connection, data):
    status, _, body = connection.exchange(data)
    if not 200 <= status < 300:
        raise RuntimeError(f"S3: {status} {body[:300]!r}")
    return body


def put_many(port, name, connections, size, seconds, start, result):
    """Connections that each have one request on its way; keys come again, as those of a working set do."""
    body = os.urandom(size)
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Connection(port)) for _ in range(connections)]
        start.wait()
        begin, done, number = time.monotonic(), 0, 0
        while time.monotonic() - begin < seconds:
            for index, peer in enumerate(peers):
                peer.send(request(port, "PUT", f"/bench/{name}-{index}-{number % 50}", body))
            for peer in peers:
                status, _, answer = peer.receive()
                if status != 200:
                    raise RuntimeError(f"PutObject: {status} {answer[:300]!r}")
            done += len(peers)
            number += 1
        result.put((done, time.monotonic() - begin))


def get_many(port, path, seconds, start, result):
    data = request(port, "GET", path)
    with Connection(port) as connection:
        start.wait()
        begin, done = time.monotonic(), 0
        while time.monotonic() - begin < seconds:
            exchange(connection, data)
            done += 1
        result.put((done, time.monotonic() - begin))


def files_per_second(folder, size, seconds):
    """A file each: written, synced, one after the other."""
    body = os.urandom(size)
    begin, done = time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        file = os.open(os.path.join(folder, str(done % 50)), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.write(file, body)
        os.fdatasync(file)
        os.close(file)
        done += 1
    return done / (time.monotonic() - begin)


@contextlib.contextmanager
def sendfile_server(path):
    process = subprocess.Popen([sys.executable, "-c", SENDFILE, path], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def put_row(daemon, folder, settings, rounds, size, connections):
    seconds = settings.create_seconds / 4
    per_client = max(1, connections // CLIENTS)
    clients = min(CLIENTS, connections)
    subjects, references = [], []
    for number in range(rounds):
        references.append(files_per_second(folder, size, seconds))
        subjects.append(done_per_second(put_many, [(daemon.port, f"{size}-{number}-{client}", per_client, size, seconds) for client in range(clients)]))
    kind = f"{size // 1024} KiB" if size < MIB else f"{size // MIB} MiB"
    plural = "s" if connections > 1 else ""
    return Row(f"s3_put_{kind.replace(' ', '').lower()}_{connections}", f"PutObject of {kind} per second, durable, {connections} connection{plural}", "per second",
               rates(subjects), "file written and fdatasync", rates(references), {"client": "Python processes", "rounds": rounds})


def get_row(daemon, folder, settings, rounds, size):
    seconds = settings.create_seconds / 4
    body = os.urandom(size)
    path = os.path.join(folder, "sent")
    with open(path, "wb") as file:
        file.write(body)
    with Connection(daemon.port) as connection:
        exchange(connection, request(daemon.port, "PUT", "/bench/get", body))
    subjects, references = [], []
    with sendfile_server(path) as port:
        for _ in range(rounds):
            references.append(done_per_second(get_many, [(port, "/", seconds)] * CLIENTS))
            subjects.append(done_per_second(get_many, [(daemon.port, "/bench/get", seconds)] * CLIENTS))
    kind = f"{size // 1024} KiB" if size < MIB else f"{size // MIB} MiB"
    return Row(f"s3_get_{kind.replace(' ', '').lower()}", f"GetObject of {kind} per second, {CLIENTS} connections", "per second", rates(subjects), "sendfile",
               rates(references), {"client": "Python processes", "rounds": rounds})


def objects(settings):
    rounds = 1 if settings.quick else 4
    with Daemon() as daemon, tempfile.TemporaryDirectory(prefix="mayfly-bench-s3-") as folder, Connection(daemon.port) as connection:
        exchange(connection, request(daemon.port, "PUT", "/bench"))
        rows = [put_row(daemon, folder, settings, rounds, 4096, connections) for connections in (1, 64)]
        rows += [put_row(daemon, folder, settings, rounds, MIB, 1)]
        rows += [get_row(daemon, folder, settings, rounds, size) for size in (4096, MIB)]
    return rows
