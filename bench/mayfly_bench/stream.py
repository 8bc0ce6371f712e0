"""Streamed answers, through InvokeWithResponseStream and through a function URL: how fast, and how soon the first byte.

The reference is bench/chunked_echo.cc: the client sends it the same bytes in the same chunks and reads them back, so that both carry
every byte over two connections and through one server. What the client reads is checked only for its size and its end.
"""

import contextlib
import json
import socket
import threading
import time

from . import load, machine
from .daemon import FUNCTIONS, Daemon
from .programs import stream_native
from .rows import Row, quantile, rates
from .warm import pinned

CHUNK_BYTES = 64 * 1024
MIB = 1 << 20
OPERATION = "/2021-11-15/functions/streamer/response-streaming-invocations"
FIRST_BYTES = 1000


class Client:
    """One connection to a server whose answers are chunked."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), 60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(256 * 1024)

    def close(self):
        self._socket.close()

    def exchange(self, send):
        """Calls send(socket) and reads one answer: (seconds to the first byte of its body, seconds to its end, bytes of body and framing)."""
        begin = time.perf_counter()
        send(self._socket)
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._receive()
        if not head.startswith(b"HTTP/1.1 200 ") or b"ransfer-" not in head:
            raise RuntimeError(f"no streamed answer: {head[:500]!r}")
        tail = head.partition(b"\r\n\r\n")[2]
        if not tail:
            tail = self._receive()
        first = time.perf_counter() - begin
        count = len(tail)
        while not tail.endswith(b"\r\n0\r\n\r\n"):
            piece = self._receive()
            count += len(piece)
            tail = (tail[-8:] + piece)[-8:]
        return first, time.perf_counter() - begin, count

    def _receive(self):
        count = self._socket.recv_into(self._buffer)
        if not count:
            raise ConnectionError("the server closed the connection")
        return bytes(memoryview(self._buffer)[:count])


def whole(request):
    return lambda connection: connection.sendall(request)


def echoed(size):
    """Sends a chunked body of that size, from a thread of its own as soon as it is more than one chunk."""
    head = b"POST / HTTP/1.1\r\nHost: echo\r\nTransfer-Encoding: chunked\r\n\r\n"
    data = b"x" * min(size, CHUNK_BYTES)
    chunk = b"%x\r\n%b\r\n" % (len(data), data)
    count = max(1, size // CHUNK_BYTES)

    def write(connection):
        for _ in range(count):
            connection.sendall(chunk)
        connection.sendall(b"0\r\n\r\n")

    def send(connection):
        connection.sendall(head)
        if count == 1:
            write(connection)
        else:
            threading.Thread(target=write, args=(connection,), daemon=True).start()
    return send


def url_request(daemon, event):
    for statement in ({"StatementId": "url", "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
                      {"StatementId": "invoke", "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True}):
        daemon.call("POST", f"{FUNCTIONS}/streamer/policy", {"Principal": "*", **statement})
    url = daemon.call("POST", "/2021-10-31/functions/streamer/url", {"AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM"})["FunctionUrl"]
    host = url.split("/")[2]

    def request(body):
        return f"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    return request


def throughput(name, title, client, reference, request, size, settings):
    """MiB of the function's bytes per second."""
    subject_rates, reference_rates = [], []
    for _ in range(settings.rate_rounds + 1):
        for sends, target, found in ((echoed(size), reference, reference_rates), (whole(request), client, subject_rates)):
            _, seconds, count = target.exchange(sends)
            if count < size:
                raise RuntimeError(f"{title}: {count} of {size} bytes")
            found.append(size / MIB / seconds)
    return Row(name, title, "MiB per second", rates(subject_rates[1:]), "chunked echo of the same bytes", rates(reference_rates[1:]),
               {"mib_per_answer": size // MIB, "rounds": settings.rate_rounds})


def first_byte(name, title, client, reference, request, settings):
    """The p50 of each batch, in µs, warm and on one connection."""
    subject, echo = [], []
    count = max(50, settings.requests // 4)
    for _ in range(settings.batches // 2):
        for sends, target, found in ((echoed(FIRST_BYTES), reference, echo), (whole(request), client, subject)):
            found.append(quantile([target.exchange(sends)[0] * 1e6 for _ in range(count)], 0.5))
    return Row(name, title, "µs", {"best": min(subject), "median": quantile(subject, 0.5)}, "chunked echo's first byte",
               {"best": min(echo), "median": quantile(echo, 0.5)}, {"batches": len(subject), "requests_per_batch": count})


def stream(settings):
    size = (32 if settings.quick else 128) * MIB
    rows = []
    with load.echo("chunked_echo") as echo, Daemon() as daemon:
        daemon.create_function("streamer", stream_native())
        url = url_request(daemon, 1)
        requests = {
            "stream": ("InvokeWithResponseStream", lambda count: daemon.request("POST", OPERATION, json.dumps(count).encode())),
            "stream_url": ("streaming function URL", lambda count: url(json.dumps(count).encode())),
        }
        for name, (title, request) in requests.items():
            with contextlib.closing(Client(daemon.port)) as client, contextlib.closing(Client(echo.port)) as reference:
                before = machine.cpu_seconds(daemon.pid)
                row = throughput(f"{name}_rate", f"{title}, {size // MIB} MiB", client, reference, request(size), size, settings)
                row.details["daemon_cpu_ms_per_mib"] = (machine.cpu_seconds(daemon.pid) - before) * 1000 / (size / MIB * (settings.rate_rounds + 1))
                rows.append(row)
                with pinned(daemon.pid, echo.pid):
                    rows.append(first_byte(f"{name}_first_byte", f"first byte, {title}", client, reference, request(FIRST_BYTES), settings))
    return rows
