"""Runs the command on a pseudo terminal, as a person does."""
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

from daemon import BIN

ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TERM": "xterm-256color"}


def on_terminal(arguments, environment=None, columns=100, rows=30, until=None, seconds=30):
    """What a person sees: the command runs on a pseudo terminal. `until`: a text after which it is ended."""
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # which a shell in the background has ignored
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.execve(BIN / "mayfly", ["mayfly", *arguments], {**ENVIRONMENT, **(environment or {})})
    seen = b""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if not ready:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        seen += piece
        if not piece:
            break
        if until and until(seen.decode(errors="replace")):
            os.write(terminal, b"\x03")  # ^C
            until = None
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return seen.decode(errors="replace"), os.waitstatus_to_exitcode(status)
