"""If one of these fails, who has read secrets of a process's memory layout in one account's function knows them for another account's."""

import pytest

from daemon import wait_until
from packages import make_zip
from watched_daemon import Function, WatchedDaemon

FIRST, SECOND = "111111111111", "222222222222"
# What the kernel gave the program when it was executed: the stack canary and the pointer guard are made of it.
RANDOM_BYTES = """
import ctypes
libc = ctypes.CDLL(None)
libc.getauxval.restype = ctypes.c_ulong
def handler(event, context):
    return ctypes.string_at(libc.getauxval(25), 16).hex()
"""


class Accounts(object):
    """Each value comes from an environment of its own."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.count = 0

    def random_bytes(self, account):
        self.count += 1
        return Function.create(self.daemon.account(account), "f%d" % self.count, make_zip({"function.py": RANDOM_BYTES})).call()

    def forked(self, account):
        """Of an environment that was forked: two of them have the same. Before the zygote is up, environments boot their own interpreter."""
        found = []

        def same():
            found[:] = [self.random_bytes(account), self.random_bytes(account)]
            return found[0] == found[1]
        wait_until(same, 30, "two environments of one zygote")
        return found[0]



@pytest.mark.parametrize("sharing", ["shared", "account"])
def test_accounts_share_a_zygote_only_when_they_may(sharing):
    with WatchedDaemon("--zygotes", sharing) as daemon:
        accounts = Accounts(daemon)
        assert (accounts.forked(FIRST) == accounts.forked(SECOND)) == (sharing == "shared")


def test_beyond_the_bound_environments_boot_their_own():
    """A zygote that was used just now is not ended for another account's sake: there, each environment has random bytes of its own."""
    with WatchedDaemon("--zygotes", "account", "--zygotes-max", "1") as daemon:
        accounts = Accounts(daemon)
        first = accounts.forked(FIRST)
        others = [accounts.random_bytes(SECOND) for _ in range(3)]
        assert len(set(others)) == 3 and first not in others, (first, others)
        assert accounts.random_bytes(FIRST) == first
