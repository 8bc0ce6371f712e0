"""Tests of this folder run bench/run; it starts its own daemons."""

import os

import pytest

import watched_daemon  # noqa: F401  finds the next one
from daemon import BIN


@pytest.fixture(autouse=True, scope="session")
def programs():
    if os.geteuid() != 0:
        pytest.skip("the daemon needs root to make sandboxes")
    if not (BIN / "mayfly").exists():
        pytest.fail("%s/mayfly is not built: run ./dev build" % BIN, pytrace=False)
