"""Makes what tests of several folders share importable: this folder's modules."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
