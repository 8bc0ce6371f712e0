"""Tests of this folder make network namespaces of their own."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import watched_daemon  # finds `daemon`  # noqa: E402,F401
from daemon import BIN  # noqa: E402


@pytest.fixture(autouse=True, scope="session")
def programs():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if not (BIN / "vpc_setups").exists():
        pytest.fail("%s/vpc_setups is not built: run ninja -C build/release vpc_setups" % BIN, pytrace=False)
