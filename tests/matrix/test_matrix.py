"""If a cell fails, code that runs on AWS Lambda in that language sees, or makes its callers see, something else here."""
import pytest

from builds import Unavailable
from cells import CELLS
from families import FAMILIES


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.__name__)
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_cell(outcomes, family, cell):
    try:
        outcomes[family.name, cell.__name__].result(timeout=600)
    except Unavailable as why:
        pytest.skip(str(why))
