"""`python -m rushlight`: what this installation is; `--cmake-dir`: where C++ programs find it."""

import argparse
import pathlib

from rushlight import _C


def cmake_dir():
    """The folder of the CMake package: for CMAKE_PREFIX_PATH, or as rush_DIR."""
    folder = pathlib.Path(_C.__file__).resolve().parent / "lib" / "cmake" / "rush"
    if not folder.is_dir():
        raise SystemExit(
            f"rushlight: there is no CMake package in {folder.parent.parent}; only an installed "
            "package has one: pip install rushlight"
        )
    return folder


def main():
    """Prints what the options ask for; without any, version, processor and libraries."""
    parser = argparse.ArgumentParser(prog="python -m rushlight", description=__doc__)
    parser.add_argument("--version", action="version", version=_C.__version__)
    parser.add_argument("--cmake-dir", action="store_true", help="print where find_package looks")
    if parser.parse_args().cmake_dir:
        print(cmake_dir())
        return
    for name, value in _C._build().items():
        print(f"{name:12}{value}")


if __name__ == "__main__":
    main()
