"""Programs written for PyTorch run unmodified, and learn."""

import pytest
from running import losses, run


@pytest.mark.parametrize("options", [[], ["--dtype='bfloat16'"], ["--compile=True"]])
def test_gpt(options):
    lines = run("gpt", *options)
    found = losses(lines, "loss")
    assert found[0] > 2.7 and found[-1] < 2.2
    sample = lines[-1].removeprefix("sample: ")
    assert len(sample) == 41 and set(sample) <= set("abcdefghijklmnopqrstuvwxyz, .")


def test_adder():
    found = losses(run("adder"))
    assert found[0] > 2 and found[-1] < 0.5


def test_names():
    lines = run("names")
    models = [i for i, line in enumerate(lines) if line.endswith("parameters")]
    assert len(models) == 6
    for first, last in zip(models, [*models[1:], len(lines)]):
        found = losses(lines[first:last])
        assert found[-1] < found[0], lines[first]


def test_digits():
    lines = run("digits")
    tests = [line for line in lines if line.startswith("Test set")]
    assert int(tests[-1].split()[-1].partition("/")[0]) > 60
    assert tests[-1] == tests[-2]
    assert "<All keys matched successfully>" in lines


def test_vae():
    found = losses(run("vae"), "Average loss")
    assert found[-1] < found[0]


def test_scalars():
    assert len(run("scalars")) == 4


def test_reinforce():
    lines = run("reinforce", "--episodes", "5")
    assert len(lines) == 10
