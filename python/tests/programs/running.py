"""Runs the programs beside the tests with rushlight, or with PyTorch, and reads what they print."""

import os
import re
import subprocess
import sys
from pathlib import Path

import rushlight

FIXTURES = Path(__file__).parent / "fixtures"
PROGRAMS = sorted(path.stem for path in FIXTURES.glob("*.py"))
_NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?|-?\binf\b|\bnan\b")


def run(program, *arguments, with_torch=False):
    """The program's lines; AssertionError with its errors if it fails."""
    start = [] if with_torch else ["-m", "rushlight.as_torch"]
    package = str(Path(rushlight.__file__).parents[1])
    result = subprocess.run(
        [sys.executable, *start, str(FIXTURES / f"{program}.py"), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": package},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def numbers(lines):
    """The numbers with a point, in order."""
    return [float(text) for line in lines for text in _NUMBER.findall(line)]


def losses(lines, word="loss"):
    """The first number after a word in each line that has it."""
    found = [re.search(rf"{word}:? (-?[\d.]+)", line, re.IGNORECASE) for line in lines]
    return [float(match[1]) for match in found if match]
