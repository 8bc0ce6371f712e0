"""The matrix: every runtime family × everything that can happen to a function. One daemon, one function per cell; the cells that
were selected run a few at a time, and each test takes its own out."""
import concurrent.futures
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent, HERE.parent / "sdk"):
    sys.path.insert(0, str(folder))

from cells import CELLS, Stage  # noqa: E402
from families import FAMILIES  # noqa: E402
from slices import ALL  # noqa: E402
from daemon import Daemon, skip_without_daemon  # noqa: E402

AT_ONCE = 4


SLICE = 4  # one cell in so many; those of one family are other ones than its neighbour's


def is_in_slice(family, cell):
    return cell.__name__ == "echo" or (FAMILIES.index(family) + CELLS.index(cell)) % SLICE == 0


def is_cell(item):
    return "outcomes" in getattr(item, "fixturenames", ()) and hasattr(item, "callspec")


def pytest_collection_modifyitems(config, items):
    skip_without_daemon(items, Path(__file__).resolve().parent)
    if ALL or config.option.keyword or any("::" in argument for argument in config.args):
        return  # whoever names cells wants them
    left_out = [item for item in items if is_cell(item) and not is_in_slice(**item.callspec.params)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def matrix_daemon():
    with Daemon() as running:
        yield running


@pytest.fixture(scope="session")
def outcomes(request, matrix_daemon):
    """{(family, cell): future}. Those of one family begin after its package is there."""
    stage = Stage(matrix_daemon)
    chosen = [item.callspec.params for item in request.session.items if is_cell(item)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        yield {(one["family"].name, one["cell"].__name__): pool.submit(stage.run, one["family"], one["cell"]) for one in chosen}
        pool.shutdown(cancel_futures=True)
