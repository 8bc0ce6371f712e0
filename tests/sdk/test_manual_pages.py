"""If these fail, the manual pages are missing what the programs have, or cannot be shown."""
import re
import shutil
import subprocess

import pytest

from daemon import BIN


def page(name):
    return subprocess.run([BIN / "mayfly", "man", name], check=True, capture_output=True, text=True, timeout=60).stdout


def test_mayflyd_has_every_option():
    shown = page("mayflyd").replace("\\-", "-")
    flags = re.findall(r"^ +--([a-z0-9-]+) .*\(Env:", subprocess.run([BIN / "mayflyd", "--help"], check=True, capture_output=True, text=True).stdout, re.M)
    assert len(flags) > 60
    assert [flag for flag in flags if f"\\fB--{flag}\\fR" not in shown] == []


def test_mayfly_has_every_command():
    shown = page("mayfly").replace("\\-", "-")
    for command in ("serve", "logs", "runtime add", "doctor", "status", "man", "sign"):
        assert f".SS mayfly {command}" in shown, command
    assert "\\fB--follow\\fR" in shown or "--follow" in shown


@pytest.mark.parametrize("name", ["mayfly", "mayflyd"])
def test_pages_can_be_shown(name):
    groff = shutil.which("groff") or shutil.which("nroff")
    if not groff:
        pytest.skip("neither groff nor nroff is installed")
    done = subprocess.run([groff, "-man", "-Tascii", "-ww"] if groff.endswith("groff") else [groff, "-man"], input=page(name), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done.stderr
