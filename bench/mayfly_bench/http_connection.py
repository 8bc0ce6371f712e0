"""A keep-alive HTTP/1.1 connection on a raw socket: the least Python that can stand between a clock and a server."""

import socket


class Connection:
    """Sends whole requests as bytes and reads whole answers. Closed by close() or at the end of a `with` block."""

    def __init__(self, port, timeout_seconds=60):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout_seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def exchange(self, request):
        """(status, header block, body). Chunked answers are not understood; none of the daemon's fixed ones is."""
        self.send(request)
        return self.receive()

    def send(self, request):
        self._socket.sendall(request)

    def receive(self):
        """The answer to the oldest request that has none yet, as exchange gives it. The next is not sent before."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
        pieces, left = [body], length - len(body)
        while left > 0:
            pieces.append(self._receive())
            left -= len(pieces[-1])
        return int(head[9:12]), head, b"".join(pieces)

    def _receive(self):
        piece = self._socket.recv(1 << 16)
        if not piece:
            raise ConnectionError("the server closed the connection")
        return piece
