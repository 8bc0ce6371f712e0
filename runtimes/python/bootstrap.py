"""Starts Mayfly's Python runtime client: `python3.x -S /var/runtime/python/bootstrap.py` (starting.py says more). Short, because a script is
compiled each time that it runs."""

import sys

sys.path.insert(0, __file__.rpartition("/")[0] or ".")
import starting  # noqa: E402

sys.path.pop(0)
del sys.modules["starting"]  # a function may have one

if __name__ == "__main__":
    starting.main()
