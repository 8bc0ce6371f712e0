"""Where lines of a function's log go: standard output, or the framed descriptor of _LAMBDA_TELEMETRY_LOG_FD, which keeps a message
of several lines in one piece. On standard output the lines of an error report are joined by carriage returns for that."""

import os
import sys
import time

FRAME_TEXT = 0xA55A0003
FRAME_JSON = 0xA55A0002
FRAME_LEVELS = {10: 0x08, 20: 0x0C, 30: 0x10, 40: 0x14, 50: 0x18}  # by logging's level numbers
JSON_TIME = "%Y-%m-%dT%H:%M:%SZ"


class StandardOutputSink(object):
    def log(self, text, level=0, frame=FRAME_TEXT):
        sys.stdout.write(text)

    def log_lines(self, lines, frame):
        sys.stdout.write("\r".join(lines) + "\n")


class FramedSink(object):
    """Frames: type, length (4 bytes each), microseconds (8 bytes), text; big-endian. One write each."""

    def __init__(self, descriptor):
        self._descriptor = descriptor

    def log(self, text, level=0, frame=FRAME_TEXT):
        body = text.encode("utf-8", "replace")
        head = (frame | FRAME_LEVELS.get(level, 0)).to_bytes(4, "big") + len(body).to_bytes(4, "big")
        data = memoryview(head + int(time.time() * 1000000).to_bytes(8, "big") + body)
        while data:
            data = data[os.write(self._descriptor, data):]

    def log_lines(self, lines, frame):
        self.log("\n".join(lines), 40, frame)
