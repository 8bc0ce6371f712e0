"""A scripted Runtime API: hands out events in order, records what a runtime client sends, and can refuse answers.

One instance per test. Thread-safe: its own threads serve, the test reads the records after waiting. Bounds: a request
head of 4 MiB and a body of 64 MiB; beyond them the connection is closed and the test sees the client fail.
"""

import json
import socket
import threading
import time

HEAD_BYTES_MAX = 4 << 20
BODY_BYTES_MAX = 64 << 20
REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3f%02x"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:sample"


class Event(object):
    """One invocation to hand out, and how its answer is to be treated."""

    def __init__(self, value=None, body=None, headers=None, remove=(), status=202, close_after_answer=False,
                 hold_answer_until_next=False, refuse_early=False, chunked=False, timeout_ms=30000):
        self.body = json.dumps(value).encode() if body is None else body
        self.headers = headers or {}
        self.remove = remove
        self.status = status
        self.close_after_answer = close_after_answer
        self.hold_answer_until_next = hold_answer_until_next
        self.refuse_early = refuse_early  # answers and closes after the head, before the body has been read
        self.chunked = chunked
        self.timeout_ms = timeout_ms


class Request(object):
    """`chunks`: the pieces in which a chunked body came; None of any other. `trailers`: what stood behind them, names in lower case."""

    def __init__(self, method, path, headers, body, chunks=None, trailers=None):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.chunks, self.trailers = chunks, trailers or {}
        self.time = time.time()

    def json(self):
        return json.loads(self.body.decode("utf-8"))

    def __repr__(self):
        return "%s %s %r" % (self.method, self.path, self.body[:300])


class FakeRuntimeApi(object):
    """`requests` holds all requests in order; `answers` those that end an invocation or the init."""

    def __init__(self, events, init_error_status=202):
        self._events = list(events)
        self._handed_out = 0
        self._init_error_status = init_error_status
        self.requests = []
        self.answers = []
        self.connections = 0
        self.pipelined = 0  # answers whose GET next had been received before they were acknowledged
        self._progress = threading.Condition()
        self._stopped = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self._served = []  # connections with their threads
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def wait_for(self, condition, seconds):
        """Waits until `condition(self)` holds; False when `seconds` have passed."""
        with self._progress:
            return self._progress.wait_for(lambda: condition(self) or self._stopped, seconds)

    def waits_for_event(self):
        """Whether a client hangs in GET next with nothing left to do."""
        return bool(self.requests) and self.requests[-1].path.endswith("/next") and self._handed_out == len(self._events) \
            and sum(1 for r in self.requests if r.path.endswith("/next")) == len(self._events) + 1

    def stop(self):
        with self._progress:
            self._stopped = True
            self._progress.notify_all()
        # A thread that is still in accept or recv when its descriptor is closed would go on with whatever gets that number next.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()
        for connection, serving in self._served:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended already
            serving.join()
            connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            serving = threading.Thread(target=self._serve, args=(_Reader(connection),), daemon=True)
            self._served.append((connection, serving))
            serving.start()

    def _serve(self, reader):
        try:
            while True:
                request = reader.read_request(self._refuses_early)
                if request is None:
                    return
                self._record(request)
                if not self._answer(reader, request):
                    reader.connection.close()
                    return
        except (OSError, ValueError):
            reader.connection.close()

    def _refuses_early(self, path):
        return "/response" in path and self._current().refuse_early

    def _current(self):
        return self._events[self._handed_out - 1]

    def _record(self, request):
        with self._progress:
            self.requests.append(request)
            if request.method == "POST":
                self.answers.append(request)
            self._progress.notify_all()

    def _answer(self, reader, request):
        if request.path == "/2018-06-01/runtime/invocation/next":
            return self._hand_out(reader.connection)
        if request.path == "/2018-06-01/runtime/init/error":
            return _reply(reader.connection, self._init_error_status)
        event = self._current()
        if event.hold_answer_until_next:
            following = reader.read_request(lambda path: False)
            self.pipelined += 1
            self._record(following)
            _reply(reader.connection, event.status)
            return self._hand_out(reader.connection)
        if event.close_after_answer or event.refuse_early:
            _reply(reader.connection, event.status, b"Connection: close\r\n")
            return False
        return _reply(reader.connection, event.status)

    def _hand_out(self, connection):
        with self._progress:
            if self._handed_out == len(self._events):
                self._progress.notify_all()
                self._progress.wait_for(lambda: self._stopped)
                return False
            event = self._events[self._handed_out]
            index = self._handed_out
            self._handed_out += 1
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": REQUEST_ID % index,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + event.timeout_ms),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e7%02x;Parent=9a9197af755a6419;Sampled=1" % index,
        }
        headers.update(event.headers)
        for name in event.remove:
            headers.pop(name)
        headers["Transfer-Encoding" if event.chunked else "Content-Length"] = "chunked" if event.chunked else str(len(event.body))
        head = "HTTP/1.1 200 OK\r\n" + "".join("%s: %s\r\n" % pair for pair in headers.items()) + "\r\n"
        connection.sendall(head.encode() + (_chunks(event.body) if event.chunked else event.body))
        return True


def _chunks(body):
    pieces = [body[i:i + 1000] for i in range(0, len(body), 1000)]
    return b"".join(b"%x;x=y\r\n%b\r\n" % (len(p), p) for p in pieces) + b"0\r\nTrailer: t\r\n\r\n"


def _reply(connection, status, extra=b""):
    body = b'{"status":"OK"}\n' if status == 202 else b'{"errorMessage":"refused","errorType":"Refused"}'
    connection.sendall(b"HTTP/1.1 %d Some reason\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b"
                       % (status, extra, len(body), body))
    return True


class _Reader(object):
    def __init__(self, connection):
        self.connection = connection
        self._buffer = b""

    def read_request(self, stops_after_head):
        """The next request, or None at the end of the connection."""
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > HEAD_BYTES_MAX or not self._more():
                return None
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ")
        headers = {name.strip().lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
        if stops_after_head(path):
            return Request(method, path, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            return self._read_chunks(method, path, headers)
        size = int(headers.get("content-length", "0"))
        if size > BODY_BYTES_MAX:
            return None
        pieces, have = [self._buffer], len(self._buffer)
        while have < size:
            chunk = self.connection.recv(1 << 18)
            if not chunk:
                return None
            pieces.append(chunk)
            have += len(chunk)
        data = b"".join(pieces)
        body, self._buffer = data[:size], data[size:]
        return Request(method, path, headers, body)

    def _read_chunks(self, method, path, headers):
        chunks = []
        while True:
            line = self._line()
            size = int(line, 16)
            if size == 0:
                break
            while len(self._buffer) < size + 2:
                if len(self._buffer) > BODY_BYTES_MAX or not self._more():
                    return None
            assert self._buffer[size:size + 2] == b"\r\n"
            chunks.append(self._buffer[:size])
            self._buffer = self._buffer[size + 2:]
        trailers = {}
        while True:
            line = self._line().decode("latin-1")
            if not line:
                return Request(method, path, headers, b"".join(chunks), chunks, trailers)
            name, value = line.split(":", 1)
            trailers[name.strip().lower()] = value.strip()

    def _line(self):
        while b"\r\n" not in self._buffer:
            if not self._more():
                raise ValueError("the connection ended within a chunked body")
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line

    def _more(self):
        chunk = self.connection.recv(1 << 16)
        self._buffer += chunk
        return bool(chunk)
