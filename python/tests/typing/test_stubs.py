"""The stubs are those of the functions there are, and type checkers use them."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What mypy says of the programs here, by strict rules."""
    cache = tmp_path_factory.mktemp("mypy")
    environment = {**os.environ, "MYPYPATH": str(ROOT / "python"), "MYPY_CACHE_DIR": str(cache)}
    # Only the programs are judged; of the package's own files the stubs.
    command = ["mypy", "--strict", "--no-pretty", "--follow-imports=silent"]
    return subprocess.run(
        [sys.executable, "-m", *command, "program.py", "mistakes.py"],
        capture_output=True,
        text=True,
        env=environment,
        cwd=HERE,
    ).stdout


FORMATTER = pathlib.Path(sys.executable).with_name("ruff")


@pytest.mark.skipif(not FORMATTER.exists(), reason="the formatter is not installed")
def test_stubs_are_fresh():
    result = subprocess.run(
        [sys.executable, ROOT / "tools" / "make_stubs.py", "--check"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr


def test_nothing_is_wrong_in_a_users_program_nor_in_the_stubs(found):
    elsewhere = [line for line in found.splitlines() if not line.startswith("mistakes.py")]
    assert len(elsewhere) == 1 and elsewhere[0].startswith("Found"), found


def test_mistakes_are_found(found):
    for number, line in enumerate((HERE / "mistakes.py").read_text().splitlines(), 1):
        wanted = re.search(r"# expect: ([\w-]+)", line)
        errors = re.findall(rf"mistakes.py:{number}: error: .*\[([\w-]+)\]", found)
        if wanted:
            assert any(wanted[1] in error for error in errors), (line, found)
        else:
            assert not errors, found
