"""What the engines before ours tested, or should have tested: values and gradients."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from judge import CASES, load, load_inputs


def same(ours, theirs, atol, what):
    np.testing.assert_allclose(
        ours.numpy(), theirs.detach().numpy(), rtol=1e-6, atol=atol, err_msg=what
    )


@pytest.mark.parametrize("case", CASES["acceptance"], ids=lambda c: c["name"])
def test_acceptance(case):
    inputs = load_inputs(case["in"])
    scope = {"torch": torch, "F": F} | {f"x{i}": x for i, x in enumerate(inputs)}
    output = eval(case["torch"], scope)
    same(load(case["out"][0]), output, case["atol"], "value")
    output.backward(load(case["weights"][0]))
    for i, (x, entry) in enumerate(zip(inputs, case["first"])):
        if x.requires_grad:
            atol = case["atol"] * max(1.0, x.grad.abs().max().item())
            same(load(entry), x.grad, atol, f"gradient of input {i}")
