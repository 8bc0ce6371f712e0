"""How much of the long campaigns and of the matrices runs: all of it with `./dev test --all`, otherwise a slice in which every kind occurs at
least once. docs/testing.md says what that leaves out."""

import os

ALL = os.environ.get("MAYFLY_TEST_ALL") == "1"


def rounds(some, many):
    """How often a campaign kills. MAYFLY_CRASH_ROUNDS, for a night of them, is more than both."""
    return int(os.environ.get("MAYFLY_CRASH_ROUNDS", many if ALL else some))
