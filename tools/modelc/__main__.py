"""modelc: turns a service model into C++, documentation or JSON.

   python3 tools/modelc model/lambda.model --header OUT.h --source OUT.cc
   python3 tools/modelc model/lambda.model --compatibility docs/compatibility.md
   python3 tools/modelc model/lambda.model --json OUT.json

Without an output it only checks the model. A file that would not change is not written, so that a build stays incremental.
Exit status 1 and `file:line: what is wrong` on standard error when the model does not hold together.
"""

from __future__ import annotations

import argparse
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from check import check  # noqa: E402
from compatibility import compatibility  # noqa: E402
from cpp_header import fake, header  # noqa: E402
from cpp_source import source  # noqa: E402
from dump import dump  # noqa: E402
from model import ModelError  # noqa: E402
from parse import parse_file  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(prog="modelc", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--header", metavar="FILE", help="structs and the handler class")
    parser.add_argument("--fake", metavar="FILE", help="a handler for tests of which nothing works")
    parser.add_argument("--source", metavar="FILE", help="descriptor tables")
    parser.add_argument("--compatibility", metavar="FILE", help="the compatibility page")
    parser.add_argument("--json", metavar="FILE", help="the whole model as JSON")
    options = parser.parse_args()
    try:
        model = parse_file(options.model)
        check(model)
    except (ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for path, make in ((options.header, header), (options.fake, fake), (options.source, source), (options.compatibility, compatibility),
                       (options.json, lambda value: json.dumps(dump(value), indent=1, ensure_ascii=False) + "\n")):
        if path:
            write_if_changed(path, make(model))
    return 0


def write_if_changed(path: str, text: str) -> None:
    """For build steps a fresh time stamp matters even when the text is the same; ninja's restat handles that."""
    try:
        with open(path, encoding="utf-8") as old:
            if old.read() == text:
                return
    except OSError:
        pass
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w", encoding="utf-8") as new:
        new.write(text)


if __name__ == "__main__":
    sys.exit(main())
