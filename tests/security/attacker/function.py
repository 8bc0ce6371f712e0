"""The attacker's side: runs the attempt that a test sends, with some tools at hand, and answers what came of it."""

import ctypes
import errno
import os
import socket
import time

LIBC = ctypes.CDLL(None, use_errno=True)
RUNTIME_API = ("127.0.0.1", 9001)


def handler(event, context):
    scope = {"tried": tried, "libc": libc, "look": look, "say": say, "answer_of": answer_of, "context": context}
    exec(compile(event["source"], "attempt", "exec"), scope)
    return scope[event["name"]](**event["arguments"])


def tried(call, *arguments):
    """"done" or the name of the error with which `call` failed."""
    try:
        call(*arguments)
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return "done"


def libc(name, *arguments):
    """Result of a C function, or the name of its errno when it gave -1."""
    ctypes.set_errno(0)
    result = getattr(LIBC, name)(*arguments)
    return errno.errorcode.get(ctypes.get_errno(), "?") if result == -1 else result


def look(path):
    """What can be seen of a file or folder: {"error": name} or {"seen": text or list}."""
    try:
        if os.path.isdir(path):
            return {"seen": sorted(os.listdir(path))}
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            return {"seen": os.read(descriptor, 4096).decode("utf-8", "replace")}
        finally:
            os.close(descriptor)
    except OSError as error:
        return {"error": errno.errorcode[error.errno]}


def say(data, seconds=5.0, address=RUNTIME_API):
    """Sends bytes to the Runtime API on a connection of their own and gives all that comes back, "" when it hangs up silently."""
    with socket.create_connection(address, timeout=seconds) as connection:
        received = b""
        try:
            connection.sendall(data)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                piece = connection.recv(65536)
                if not piece:
                    break
                received += piece
                if complete(received):
                    break
        except socket.timeout:
            return "timeout after " + received.decode("latin-1")
        except OSError:
            pass
        return received.decode("latin-1")


def complete(received):
    head, found, body = received.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if found and line.lower().startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
    return False


def answer_of(method, path, body=b"", headers=()):
    """(status, body) of one request to the Runtime API."""
    head = "%s %s HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nContent-Length: %d\r\n" % (method, path, len(body))
    head += "".join("%s: %s\r\n" % pair for pair in headers)
    answer = say(head.encode() + b"\r\n" + body)
    first, _, rest = answer.partition("\r\n")
    return int(first.split()[1]) if first.startswith("HTTP/1.1 ") else first, rest.partition("\r\n\r\n")[2]
