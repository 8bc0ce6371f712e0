"""Tests of this folder kill daemons; each starts its own."""

import os

import pytest

import watched_daemon  # finds the next one  # noqa: F401
from daemon import BIN


@pytest.fixture(autouse=True, scope="session")
def programs():
    if os.geteuid() != 0:
        pytest.skip("the daemon needs root to make sandboxes")
    if not (BIN / "mayfly").exists():
        pytest.fail("%s/mayfly is not built: run ./dev build" % BIN, pytrace=False)
