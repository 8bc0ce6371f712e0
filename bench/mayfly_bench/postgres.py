"""PostgreSQL of the distribution, in a temporary folder, as the yardstick of durable inserts on the same disk."""

import contextlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

USER = "postgres"
INSERT = "INSERT INTO events(queue, due, payload) VALUES ('q', now(), decode(repeat('61', %d), 'hex'));\n"


def folder():
    """Of its programs, or None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    return next((path for path in reversed(found) if (path / "initdb").exists() and (path / "pgbench").exists()), None)


class Server:
    def __init__(self, programs, data):
        self._programs, self._data = programs, data
        self._user = pwd.getpwnam(USER)

    def run(self, program, *arguments):
        """As its own user, since it refuses to run as root."""
        return subprocess.run([str(self._programs / program), *arguments], check=True, capture_output=True, text=True, user=self._user.pw_uid,
                              group=self._user.pw_gid, extra_groups=[], cwd="/", env={"PATH": os.environ["PATH"], "PGHOST": str(self._data)})

    def start(self):
        self.run("initdb", "-D", str(self._data), "-A", "trust", "--no-instructions")
        # Over a socket, with its defaults for durability (fsync, synchronous_commit).
        self.run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._data / "log"), "-o",
                 f"-c listen_addresses='' -c unix_socket_directories={self._data} -c max_connections=100", "start")
        self.run("psql", "-d", "postgres", "-c",
                 "CREATE TABLE events(id bigserial PRIMARY KEY, queue text, due timestamptz, payload bytea); CREATE INDEX ON events(queue, due, id)")

    def stop(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")

    def inserts_per_second(self, clients, seconds, payload_bytes):
        script = self._data / "insert.sql"
        script.write_text(INSERT % payload_bytes)
        os.chmod(script, 0o644)
        done = self.run("pgbench", "-n", "-c", str(clients), "-j", "1", "-T", str(seconds), "-M", "prepared", "-f", str(script), "postgres")
        return float(re.search(r"tps = ([\d.]+) ", done.stdout)[1])


@contextlib.contextmanager
def server():
    """None where PostgreSQL is not installed."""
    programs = folder()
    if not programs:
        yield None
        return
    parent = Path(tempfile.mkdtemp(prefix="mayfly-bench-postgres-"))
    user = pwd.getpwnam(USER)
    os.chown(parent, user.pw_uid, user.pw_gid)
    running = Server(programs, parent / "data")
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(parent, ignore_errors=True)
