#!/usr/bin/env python3
"""Keeps files and the core small: warns over 400 lines a file, fails over 600 (tests: 800), and
fails when the core (base, tensor, core, autograd, graph; without tests) is over 6,000 lines."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WARN, LIMIT, TEST_LIMIT = 400, 600, 800
CORE, CORE_LIMIT = ("base", "tensor", "core", "autograd", "graph"), 6000


def is_test(path):
    return path.stem.endswith("_test") or path.parent.name in ("cases", "testing")


def main():
    errors = []
    core = 0
    for path in sorted((ROOT / "rush").rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        name = path.relative_to(ROOT).as_posix()
        lines = len(path.read_text().splitlines())
        if not is_test(path) and name.split("/")[1] in CORE:
            core += lines
        limit = TEST_LIMIT if is_test(path) else LIMIT
        if lines > limit:
            errors.append(f"{name}: {lines} lines, the limit is {limit}")
        elif lines > WARN and not is_test(path):
            print(f"{name}: {lines} lines, look whether it is one thing")
    if core > CORE_LIMIT:
        errors.append(f"the core ({', '.join(CORE)}) has {core} lines, the limit is {CORE_LIMIT}")
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
