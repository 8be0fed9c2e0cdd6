#!/usr/bin/env python3
"""Keeps files and the core small: warns over 400 lines a file, fails over 600 (tests: 800), and
fails when the core (base, tensor, core, autograd; without tests) is over 6,650 lines, graph over
5,000 or its passes over 3,000."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WARN, LIMIT, TEST_LIMIT = 400, 600, 800
# What a reader takes in as one piece: its folders and their lines together.
PIECES = {("base", "tensor", "core", "autograd"): 6750, ("graph",): 5000, ("graph/passes",): 3000}


def is_test(path):
    return path.stem.endswith("_test") or path.parent.name in ("cases", "testing")


def main():
    errors = []
    totals = dict.fromkeys(PIECES, 0)
    for path in sorted((ROOT / "rush").rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        name = path.relative_to(ROOT).as_posix()
        lines = len(path.read_text().splitlines())
        for folders in PIECES:
            if not is_test(path) and path.parent.relative_to(ROOT / "rush").as_posix() in folders:
                totals[folders] += lines
        limit = TEST_LIMIT if is_test(path) else LIMIT
        if lines > limit:
            errors.append(f"{name}: {lines} lines, the limit is {limit}")
        elif lines > WARN and not is_test(path):
            print(f"{name}: {lines} lines, look whether it is one thing")
    for folders, most in PIECES.items():
        if totals[folders] > most:
            errors.append(f"{', '.join(folders)}: {totals[folders]} lines, the limit is {most}")
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
