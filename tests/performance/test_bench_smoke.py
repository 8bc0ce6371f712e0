"""bench/run works, and no figure shows a design error. Machines are noisy: a figure has three tries to be within its bound."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from daemon import BIN
from slices import ALL

ROOT = Path(__file__).resolve().parents[2]
TRIES = 3
QUICK_SECONDS = 900  # under 150 on a quiet machine


def bench(*arguments):
    """The completed process of `bench/run --quick …`, and the results that it wrote; the file is removed."""
    environment = {**os.environ, "MAYFLY_BIN": str(BIN)}
    done = subprocess.run([str(ROOT / "bench" / "run"), "--quick", *arguments], capture_output=True, text=True, timeout=QUICK_SECONDS,
                          env=environment)
    assert done.returncode in (0, 3), "bench/run ended with %d\n%s\n%s" % (done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    path = Path(re.search(r"^(/.*\.json)$", done.stderr, re.M)[1])
    results = json.loads(path.read_text())
    path.unlink()
    return done, {row["name"]: row for row in results["rows"]}


def within(benchmark, name, bound):
    """Whether the row's better ratio of some try is at most `bound`; the ratios seen."""
    seen = []
    for _ in range(TRIES):
        seen.append(min(bench(benchmark)[1][name]["ratio"].values()))
        if seen[-1] <= bound:
            break
    return seen[-1] <= bound, seen


@pytest.mark.skipif(not ALL, reason="./dev test --all runs every benchmark, which takes minutes")
def test_the_whole_quick_run_measures_every_row():
    """Broken: somebody who runs ./dev bench gets an error, or a table with holes."""
    done, rows = bench("--spec")
    expected = {"warm_native", "warm_native_strict", "warm_python", "rate_native", "cold_python", "cold_native", "burst_python", "burst_native", "memory_python",
                "memory_native", "memory_daemon", "get_function", "create_1", "create_16",
                "stream_rate", "stream_first_byte", "stream_url_rate", "stream_url_first_byte", "logs_pipe", "logs_framed", "logs_long"}
    assert expected <= set(rows), sorted(expected - set(rows))
    for name, row in rows.items():
        assert row["subject"]["best"] > 0 and row["subject"]["median"] > 0, row
        assert name in done.stdout, "the table of SPEC.md lacks %s" % name
    assert 4 <= rows["rate_native"]["details"]["environments"] <= 16  # eight clients at once


@pytest.mark.parametrize("benchmark, name, bound", [("warm", "warm_native", 6.0), ("cold", "cold_python", 1.0)])
def test_no_design_error(benchmark, name, bound):
    """Broken: the warm path or the cold start has a step that does not belong there (SPEC.md, error bounds)."""
    ok, seen = within(benchmark, name, bound)
    assert ok, "%s: ratios %s, the bound is %g" % (name, seen, bound)
