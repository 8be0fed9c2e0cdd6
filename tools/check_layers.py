#!/usr/bin/env python3
"""Checks that #include lines point one way only:

base <- profile <- tensor <- core <- ops <- autograd <- vmap <- graph <- {nn, optim}
<- {io, dist, view} <- programs

data and kernels need base, profile and tensor only. The kernel contract
rush/kernels/kernel.h stands on base alone, so tensor may include it; from core on, rush/kernels
may be included, but never a device's folder in it. Folders in one pair of braces do not know each
other. Tests, and the op cases with their runner, may include anything.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s+["<](rush/[^">]+)[">]')
FREE = re.compile(r"_test\.(h|cc)$|/cases/|/testing/")
DEVICES = ("cpu", "cuda")
CONTRACT = "rush/kernels/kernel.h"

ORDER = [
    ["base"],
    ["profile"],
    ["tensor"],
    ["core"],
    ["ops"],
    ["autograd"],
    ["vmap"],
    ["graph"],
    ["nn", "optim"],
]
LAST = ["io", "dist", "view"]


def allowed_folders():
    """Folder of rush/ -> the folders it may include, itself among them."""
    allowed = {}
    left = []
    for level in ORDER:
        for folder in level:
            allowed[folder] = {folder, *left}
        left += level
    for folder in LAST:
        allowed[folder] = {folder, "data", *left}
    for folder in ("data", "kernels"):
        allowed[folder] = {folder, "base", "profile", "tensor"}
    return allowed


def may_include(folder, included, allowed):
    """`included` is a path such as rush/tensor/tensor.h."""
    parts = included.split("/")
    if len(parts) < 3:
        return False  # the umbrella rush/rush.h is for programs
    target = parts[1]
    if included == CONTRACT and folder not in ("base", "profile", "data"):
        return True
    if target == "kernels" and folder != "kernels":
        return parts[2] not in DEVICES and folder not in ("base", "profile", "tensor", "data")
    return target in allowed[folder]


def main():
    allowed = allowed_folders()
    errors = []
    for path in sorted((ROOT / "rush").rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix not in (".h", ".cc") or FREE.search(name) or name.count("/") < 2:
            continue
        folder = name.split("/")[1]
        if folder not in allowed:
            errors.append(f"{name}: the folder rush/{folder} has no layer; add it to {sys.argv[0]}")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            included = match.group(1)
            fine = may_include(folder, included, allowed)
            if name == CONTRACT:
                fine = included.startswith("rush/base/")
            if not fine:
                errors.append(f"{name}:{number}: {folder} must not include {included}")
    for error in errors:
        print(error)
    if errors:
        print(f"check_layers: {len(errors)} includes against the direction of the layers")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
