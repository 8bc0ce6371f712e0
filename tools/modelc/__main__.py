"""modelc: turns service models into C++, documentation or JSON.

   python3 tools/modelc model/lambda.model --header OUT.h --source OUT.cc
   python3 tools/modelc model/lambda.model --json OUT.json
   python3 tools/modelc model/lambda.model model/sqs.model --compatibility docs/compatibility.md

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
    parser.add_argument("model", nargs="+", help="several only for the compatibility page")
    parser.add_argument("--header", metavar="FILE", help="structs and the handler class")
    parser.add_argument("--fake", metavar="FILE", help="a handler for tests of which nothing works")
    parser.add_argument("--source", metavar="FILE", help="descriptor tables")
    parser.add_argument("--compatibility", metavar="FILE", help="the compatibility page")
    parser.add_argument("--json", metavar="FILE", help="the whole model as JSON")
    options = parser.parse_args()
    of_one = ((options.header, header), (options.fake, fake), (options.source, source),
              (options.json, lambda value: json.dumps(dump(value), indent=1, ensure_ascii=False) + "\n"))
    if len(options.model) > 1 and any(path for path, _ in of_one):
        parser.error("code and JSON are made of one model at a time")
    try:
        models = [parse_file(path) for path in options.model]
        for model in models:
            check(model)
    except (ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for path, make in of_one:
        if path:
            write_if_changed(path, make(models[0]))
    if options.compatibility:
        write_if_changed(options.compatibility, compatibility(models))
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
