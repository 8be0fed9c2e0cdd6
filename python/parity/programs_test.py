"""The same programs with PyTorch and with rushlight print the same numbers for the same seed."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "programs"))

from running import PROGRAMS, numbers, run  # noqa: E402

# What rounding grows to over a program's steps.
TOLERANCES = {"gpt": 2e-2, "adder": 5e-2, "reinforce": 5e-2}


@pytest.mark.parametrize("program", PROGRAMS)
def test_losses_follow_pytorchs(program):
    expected = numbers(run(program, with_torch=True))
    got = numbers(run(program))
    tolerance = TOLERANCES.get(program, 1e-2)
    assert got == [pytest.approx(x, rel=tolerance, abs=tolerance / 10) for x in expected]
