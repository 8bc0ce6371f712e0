"""HTTP/1.1 to the Runtime API over one kept-alive connection.

Used by one thread, the one that runs the invoke loop. The request for the next invocation travels in the same
send as the answer to the current one, so a warm invocation costs one send and one receive.

Blocks without a timeout: waiting for the next event is the normal state of an idle environment.

Errors: RuntimeApiError when the platform refuses something that must work, or the connection ends. Both mean
that this process cannot go on; the caller lets it exit. A refused *answer* (413 and other 4xx) is not an
error: it is reported through `on_refusal(status, reason)` and the loop goes on.

Limits: 1 MiB of response head, 256 MiB of event. Beyond these the platform is not what it claims to be: RuntimeApiError.
"""

import _socket  # socket.py costs 5 ms of imports at boot and adds nothing that is needed here

HEAD_BYTES_MAX = 1 << 20
EVENT_BYTES_MAX = 256 << 20
RECEIVE_BYTES = 1 << 16
COPY_BYTES_MAX = 1 << 16  # a body up to this size is copied into one buffer; a larger one is sent by scatter

VERSION_PATH = b"/2018-06-01/runtime/"


class RuntimeApiError(Exception):
    """The Runtime API cannot be used any more."""


class Invocation(object):
    """One event: `headers` has lower-case names and str values; `body` is bytes, or a bytearray when it is large."""

    __slots__ = ("request_id", "headers", "body")

    def __init__(self, headers, body):
        self.request_id = headers["lambda-runtime-aws-request-id"]
        self.headers = headers
        self.body = body


class _Answer(object):
    __slots__ = ("status", "headers", "body")

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body


class RuntimeApi(object):
    def __init__(self, address, on_refusal):
        """`address` is host:port, as in AWS_LAMBDA_RUNTIME_API. Connects at the first request."""
        host, _, port = address.rpartition(":")
        self._host = host or address
        self._port = int(port) if host else 80
        self._on_refusal = on_refusal
        self._socket = None
        self._buffer = bytearray()
        self._accepted = None  # the bytes of a plain 202 as this platform writes it: most answers are the same again
        self._low_water_mark = 1  # SO_RCVLOWAT: a receive sleeps until this many bytes are there
        host_line = b" HTTP/1.1\r\nHost: " + address.encode("ascii") + b"\r\n"
        self._next_request = b"GET " + VERSION_PATH + b"invocation/next" + host_line + b"\r\n"
        self._post_start = b"POST " + VERSION_PATH
        self._post_middle = host_line + b"Content-Type: "

    def next(self):
        """Waits for the next invocation."""
        self._connect()
        self._send((self._next_request,))
        return self._receive_next()

    def respond_and_next(self, invocation, body, content_type):
        """Answers `invocation` with `body` (bytes) and waits for the next one."""
        return self._answer_and_next(invocation, b"/response", body, content_type, b"")

    def fail_and_next(self, invocation, body, error_type, cause):
        """Reports a function error for `invocation` and waits for the next one. `cause`: X-Ray JSON in ASCII, or None."""
        extra = _error_headers(error_type, cause)
        return self._answer_and_next(invocation, b"/error", body, b"application/json", extra)

    def report_init_error(self, body, error_type):
        """Tells that the function could not be loaded. The process has to exit afterwards."""
        self._connect()
        self._send((self._post_head(b"init/error", body, b"application/json", _error_headers(error_type, None)), body))
        answer = self._receive_answer()
        if answer.status != 202:
            raise RuntimeApiError("the platform refused the init error: %d %r" % (answer.status, answer.body[:200]))

    # ---- requests

    def _answer_and_next(self, invocation, kind, body, content_type, extra):
        invocation_id = invocation.headers.get("lambda-runtime-invocation-id")
        if invocation_id:
            extra += b"Lambda-Runtime-Invocation-Id: " + invocation_id.encode("latin-1") + b"\r\n"
        path = b"invocation/" + _path_segment(invocation.request_id) + kind
        self._send((self._post_head(path, body, content_type, extra), body, self._next_request))
        self._receive_acknowledgement()
        if self._socket is None:  # the platform closed after its answer: the request for the next event went unheard
            return self.next()
        return self._receive_next()

    def _post_head(self, path, body, content_type, extra):
        return b"%b%b%b%b\r\nContent-Length: %d\r\n%b\r\n" % (
            self._post_start, path, self._post_middle, content_type, len(body), extra)

    def _refused(self, answer):
        if answer.status >= 500:
            raise RuntimeApiError("the platform failed: %d %r" % (answer.status, answer.body[:200]))
        self._on_refusal(answer.status, answer.body)

    def _receive_next(self):
        answer = self._receive_answer()
        if answer.status != 200:
            raise RuntimeApiError("no next invocation: %d %r" % (answer.status, answer.body[:200]))
        if "lambda-runtime-aws-request-id" not in answer.headers:
            raise RuntimeApiError("the next invocation has no request id")
        return Invocation(answer.headers, answer.body)

    # ---- the connection

    def _connect(self):
        if self._socket is not None:
            return
        connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
        try:
            connection.connect((self._host, self._port))
            connection.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            raise RuntimeApiError("cannot connect to %s:%d: %s" % (self._host, self._port, error))
        self._socket = connection
        self._accepted = None
        self._low_water_mark = 1
        self._buffer.clear()

    def _disconnect(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, parts):
        # A send that breaks may have an early answer (413, then close) waiting to be read: the failure is left to
        # the receive that follows, which either finds that answer or the end of the connection.
        try:
            total = sum(map(len, parts))
            if total <= COPY_BYTES_MAX:
                self._socket.sendall(b"".join(parts))
                return
            sent = self._socket.sendmsg(parts)
            for part in parts:
                if sent >= len(part):
                    sent -= len(part)
                    continue
                self._socket.sendall(memoryview(part)[sent:])
                sent = 0
        except OSError:
            pass

    def _wait_for_at_least(self, count):
        if self._low_water_mark != count:
            self._socket.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVLOWAT, count)
            self._low_water_mark = count

    def _receive_more(self):
        self._wait_for_at_least(1)
        self._append_received()

    def _append_received(self):
        try:
            chunk = self._socket.recv(RECEIVE_BYTES)
        except OSError as error:
            raise RuntimeApiError("the connection broke: %s" % error)
        if not chunk:
            raise RuntimeApiError("the platform closed the connection")
        self._buffer += chunk

    def _receive_acknowledgement(self):
        buffer = self._buffer
        if self._accepted and not buffer:
            # Sleeps until the acknowledgement and the next event are both there: one wake-up less for each invocation.
            self._wait_for_at_least(len(self._accepted) + 1)
            self._append_received()
        elif not buffer:
            self._receive_more()
        if self._accepted and buffer.startswith(self._accepted):
            del buffer[:len(self._accepted)]
            return
        seen = bytes(buffer)
        answer = self._receive_answer()
        if answer.status != 202:
            self._refused(answer)
        elif self._socket is not None and not buffer and seen.endswith(b"\r\n\r\n" + answer.body):
            self._accepted = seen

    def _receive_answer(self):
        while True:
            status, headers = self._receive_head()
            if status >= 200:
                break
        if "chunked" in headers.get("transfer-encoding", "").lower():
            body = self._receive_chunked()
        else:
            body = self._receive_bytes(_size(headers.get("content-length", "0"), 10))
        if headers.get("connection", "").lower() == "close":
            self._disconnect()
        return _Answer(status, headers, body)

    def _receive_head(self):
        buffer = self._buffer
        end = buffer.find(b"\r\n\r\n")
        while end < 0:
            if len(buffer) > HEAD_BYTES_MAX:
                raise RuntimeApiError("response head too large")
            self._receive_more()
            end = buffer.find(b"\r\n\r\n")
        lines = buffer[:end].decode("utf-8", "replace").split("\r\n")
        del buffer[:end + 4]
        start = lines[0].split(" ", 2)
        if len(start) < 2 or not start[0].startswith("HTTP/1.") or not start[1].isdigit():
            raise RuntimeApiError("not an HTTP response: %r" % lines[0][:100])
        headers = {}
        for index in range(1, len(lines)):
            name, _, value = lines[index].partition(":")
            headers[name.lower()] = value.strip(" \t")
        return int(start[1]), headers

    def _receive_bytes(self, count):
        buffer = self._buffer
        if count > EVENT_BYTES_MAX:
            raise RuntimeApiError("event too large: %d bytes" % count)
        have = len(buffer)
        if have >= count:
            body = bytes(buffer[:count])
            del buffer[:count]
            return body
        body = bytearray(count)
        body[:have] = buffer
        buffer.clear()
        view = memoryview(body)
        self._wait_for_at_least(1)
        while have < count:
            try:
                received = self._socket.recv_into(view[have:])
            except OSError as error:
                raise RuntimeApiError("the connection broke: %s" % error)
            if received == 0:
                raise RuntimeApiError("the platform closed the connection inside an event")
            have += received
        view.release()
        return body

    def _receive_line(self):
        buffer = self._buffer
        end = buffer.find(b"\r\n")
        while end < 0:
            if len(buffer) > HEAD_BYTES_MAX:
                raise RuntimeApiError("chunk line too large")
            self._receive_more()
            end = buffer.find(b"\r\n")
        line = bytes(buffer[:end])
        del buffer[:end + 2]
        return line

    def _receive_chunked(self):
        pieces = []
        total = 0
        while True:
            size = _size(self._receive_line().split(b";", 1)[0].strip().decode("latin-1"), 16)
            if size == 0:
                while self._receive_line():
                    pass
                return b"".join(pieces)
            total += size
            if total > EVENT_BYTES_MAX:
                raise RuntimeApiError("event too large: more than %d bytes" % EVENT_BYTES_MAX)
            pieces.append(self._receive_bytes(size))
            self._receive_line()


def _size(text, base):
    try:
        value = int(text, base)
    except ValueError:
        value = -1
    if value < 0:
        raise RuntimeApiError("bad length: %r" % text[:40])
    return value


def _path_segment(request_id):
    if request_id.replace("-", "").isalnum() and request_id.isascii():
        return request_id.encode("ascii")
    return b"".join(b"%%%02X" % byte for byte in request_id.encode("utf-8"))


def _error_headers(error_type, cause):
    safe_type = "".join(c if " " <= c <= "~" else "?" for c in error_type)
    headers = b"Lambda-Runtime-Function-Error-Type: " + safe_type.encode("ascii") + b"\r\n"
    if cause:
        headers += b"Lambda-Runtime-Function-XRay-Error-Cause: " + cause.encode("ascii") + b"\r\n"
    return headers
