"""Recurrent layers and cells: names and shapes of their weights, results and all gradients."""

import pytest
import torch
from judge import CASES, load
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

BOUND = 1e-10


def same(ours, theirs, what):
    torch.testing.assert_close(ours, theirs.detach(), rtol=BOUND, atol=BOUND, msg=what)


def wanting(entry):
    return None if entry is None else load(entry).requires_grad_()


def results_of(case, layer, x, states):
    state = states[0] if len(states) == 1 else tuple(states)
    arguments = (x, state) if states else (x,)
    if case["layer"].endswith("Cell"):
        out = layer(*arguments)
        return out if isinstance(out, tuple) else (out,)
    if case["lengths"]:
        batch_first = case["arguments"]["batch_first"]
        packed = pack_padded_sequence(x, case["lengths"], batch_first, enforce_sorted=False)
        y, last = layer(packed, *arguments[1:])
        y = pad_packed_sequence(y, batch_first, **case["padding"])[0]
    else:
        y, last = layer(*arguments)
    return (y, *last) if isinstance(last, tuple) else (y, last)


@pytest.mark.parametrize("case", CASES["recurrent"], ids=lambda c: c["name"])
def test_recurrent(case):
    layer = getattr(torch.nn, case["layer"])(**case["arguments"], dtype=torch.float64)
    layer.load_state_dict({name: load(entry) for name, entry in case["state"]}, strict=True)
    assert [name for name, _ in case["state"]] == list(layer.state_dict())
    x = wanting(case["x"])
    states = [s for s in (wanting(case["hx"]), wanting(case["cx"])) if s is not None]
    outputs = results_of(case, layer, x, states)
    for i, (ours, theirs) in enumerate(zip(case["out"], outputs, strict=True)):
        same(load(ours), theirs, f"result {i}")
    wanted = [x, *states, *layer.parameters()]
    found = torch.autograd.grad(outputs, wanted, [load(w) for w in case["weights"]])
    for i, (ours, theirs) in enumerate(zip(case["gradients"], found, strict=True)):
        same(load(ours), theirs, f"gradient {i}")
