"""If these fail, a daemon that is killed loses something that it had acknowledged, keeps half of a change, or leaves something behind."""

import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from load import Worker, make_promises, observe, sha256_of  # noqa: E402
from daemon import wait_until  # noqa: E402
from slices import rounds  # noqa: E402
from watched_daemon import WatchedDaemon, reap_orphans  # noqa: E402

ROUNDS = rounds(3, 12)
WORKERS = 4
READY_SECONDS_MAX = 10.0  # loose: both processors may be busy with other things
SEED = int(os.environ.get("MAYFLY_CRASH_SEED", random.randrange(1 << 32)))


@pytest.fixture
def data_directory():
    folder = tempfile.mkdtemp(prefix="mayfly-crash-")
    yield Path(folder, "data")
    shutil.rmtree(folder)


def kill_daemon(daemon):
    daemon.kill()


def kill_jail(daemon):
    """The daemon cannot go on without its jail: it must end by itself."""
    daemon.footprint.refresh()
    os.kill(daemon.footprint.jail_pid, signal.SIGKILL)
    assert daemon.process.wait(15) != 0


def kill_both(daemon):
    """Nobody is left who could clean up: the kernel and the next start do it."""
    daemon.footprint.refresh()
    for pid in (daemon.footprint.jail_pid, daemon.process.pid):
        os.kill(pid, signal.SIGKILL)
    daemon.process.wait()


def run_load(daemon, promises, chance, kill):
    """Starts the load, kills at a random moment, and returns how many changes had been acknowledged."""
    client = daemon.client("lambda", key="000000000000", read_timeout=20)
    workers = [Worker(client, own, chance.random()) for own in promises]
    for worker in workers:
        worker.start()
    moment = threading.Event()
    moment.wait(chance.uniform(0.05, 1.2))
    kill(daemon)
    for worker in workers:
        worker.join(30)
        assert not worker.is_alive(), "a client waits for ever for a dead daemon"
        assert worker.failure is None, worker.failure
    return sum(worker.acknowledged for worker in workers)


def check_promises(daemon, promises):
    """Every acknowledged change is there; others are there wholly or not at all. Returns the states."""
    client = daemon.account()
    states = []
    for promise in promises:
        state = observe(client, promise)
        assert state in promise.outcomes(), "%s is %s, expected one of %s" % (promise.name, state, promise.outcomes())
        promise.acknowledged, promise.asked, promise.has_asked = state, None, False
        if state is not None:
            states.append(state)
    listed = [one["FunctionName"] for page in client.get_paginator("list_functions").paginate() for one in page["Functions"]]
    assert sorted(listed) == sorted(promise.name for promise in promises if promise.acknowledged is not None)
    return states


def check_code_store(daemon, states):
    """No half-written package, none missing; those that nobody uses go while the daemon serves already."""
    used = {sha256_of(state.code).hex() for state in states}
    assert used <= set(os.listdir(daemon.data_dir / "code"))
    wait_until(lambda: set(os.listdir(daemon.data_dir / "code")) == used, 10, "unused packages are gone")


@pytest.mark.parametrize("victims", [[kill_daemon], [kill_jail], [kill_daemon, kill_jail, kill_both]],
                         ids=["the daemon", "the jail", "any"])
def test_kill_under_load(data_directory, victims):
    """kill -9 at any moment loses an acknowledged change, leaves half of one, or leaves processes, cgroups, mounts or namespaces."""
    times = ROUNDS if victims == [kill_daemon] else max(ROUNDS // 3, len(victims))
    print("\nseed %d" % SEED)
    chance = random.Random(SEED)
    promises = make_promises(WORKERS)
    flat = [promise for own in promises for promise in own]
    with WatchedDaemon(data_dir=data_directory) as daemon:
        for number in range(times):
            acknowledged = run_load(daemon, promises, chance, victims[number % len(victims)])
            before = daemon.footprint
            daemon.start()
            started = time.monotonic()
            states = check_promises(daemon, flat)
            print("round %d: %d changes acknowledged, ready after %.2f s, %d functions checked in %.2f s"
                  % (number, acknowledged, daemon.ready_seconds, len(states), time.monotonic() - started))
            assert daemon.ready_seconds < READY_SECONDS_MAX
            check_code_store(daemon, states)
            assert before.wait_until_clean(successor=daemon.footprint) == []


def test_kill_while_starting(data_directory):
    """A daemon that is killed while it starts leaves the data directory unusable, or something behind."""
    with WatchedDaemon(data_dir=data_directory) as daemon:
        promise = make_promises(1)[0][0]
        Worker(daemon.account(), [promise], SEED).create(promise)
        daemon.stop()
        chance = random.Random(SEED)
        for _ in range(rounds(3, 6)):
            start_and_kill(daemon, chance.uniform(0.01, 0.25))
        daemon.start()
        check_promises(daemon, [promise])
        wait_until(lambda: reap_orphans() or cgroups_of_others(daemon) == [], 15, "cgroups of the killed daemons are gone")


def start_and_kill(daemon, seconds):
    """kill -9 so many seconds after the start has begun."""
    def start():
        try:
            daemon.start()
        except AssertionError:
            pass  # killed before it was ready
    starting = threading.Thread(target=start)
    starting.start()
    threading.Event().wait(seconds)
    if daemon.process.poll() is None:
        daemon.process.kill()
    starting.join(30)
    if daemon.process.poll() is None:
        daemon.process.kill()
    daemon.process.wait()


def cgroups_of_others(daemon):
    """Cgroups of earlier daemons on the same data directory: their names begin alike."""
    names = {name for _, folders, _ in os.walk("/sys/fs/cgroup") for name in folders if name.startswith("mayfly-")}
    own = next(name for name in names if name.endswith(daemon.footprint.cgroup))
    return [name for name in names if name.startswith(own.split(".")[0] + ".") and name != own]
