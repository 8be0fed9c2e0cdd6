"""Asks PyTorch what layers.cc computed: every layer, loss, optimiser and scheduler - values,
gradients, state and curves of 50 steps - and exchanges weights as safetensors both ways."""

import json
import math
import os
import struct
import subprocess
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from judge import BOUNDS, FOLDER, check, dtype_of
from torch import nn

LAYERS = json.loads((FOLDER / "layers.json").read_text())
BYTES = bytearray((FOLDER / "layers.bin").read_bytes())


def load(entry):
    if entry is None:
        return None
    dtype, count = dtype_of(entry["dtype"]), math.prod(entry["shape"])
    if count == 0:
        return torch.empty(entry["shape"], dtype=dtype)
    flat = torch.frombuffer(BYTES, dtype=dtype, count=count, offset=entry["at"])
    value = flat.reshape(entry["shape"]).clone()
    return value.requires_grad_() if entry["grad"] else value


def named(entries):
    return {e["name"]: load(e["value"]).detach() for e in entries}


class Call(nn.Module):
    """A loss whose inputs are made from those of the row."""

    def __init__(self, loss, inputs):
        super().__init__()
        self.loss, self.inputs = loss, inputs

    def forward(self, *x):
        return self.loss(*self.inputs(*x))


def module_of(row):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = eval(row["torch"], {"torch": torch, "nn": nn, "F": F, "Call": Call})
    module = module.to(dtype_of(row["dtype"]))
    state = named(row["state"])
    if isinstance(module, (nn.modules.loss._Loss, Call)):
        return module  # weights of losses are arguments here
    assert list(state) == list(module.state_dict()), "names of the state"
    module.load_state_dict(state, strict=True)
    return module


def check_curve(ours, theirs, dtype, tolerance, what):
    bound = BOUNDS[dtype] * tolerance
    np.testing.assert_allclose(ours, theirs, rtol=bound, atol=bound, err_msg=what)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", LAYERS["layers"], ids=lambda r: f"{r['torch']}-{r['dtype']}")
def test_layer(row):
    module, inputs, tolerance = module_of(row), [load(e) for e in row["in"]], row["tolerance"]
    output = module(*inputs)
    check(load(row["out"]).detach(), output, tolerance, "value")
    if "weights" in row:
        (output * load(row["weights"])).sum().backward()
        for i, (x, entry) in enumerate(zip(inputs, row["first"])):
            if x.requires_grad:
                check(load(entry), x.grad, 4 * tolerance, f"gradient of input {i}")
        ours, parameters = named(row["gradients"]), dict(module.named_parameters())
        assert set(ours) == {n for n, p in parameters.items() if p.grad is not None}
        for name, grad in ours.items():
            check(grad, parameters[name].grad, 4 * tolerance, f"gradient of {name}")
    if not isinstance(module, (Call, nn.modules.loss._Loss)):
        after = module.state_dict()
        for name, value in named(row["after"]).items():
            check(value, after[name], tolerance, f"{name} afterwards")
    if "curve" in row:
        module = module_of(row)
        step = torch.optim.SGD(module.parameters(), lr=0.05)
        losses = []
        for _ in row["curve"]:
            loss = module(*inputs).square().mean()
            losses.append(loss.item())
            step.zero_grad()
            loss.backward()
            step.step()
        check_curve(row["curve"], losses, output.dtype, 10 * tolerance, "50 steps")


@pytest.fixture
def scalars_of_float64():
    """PyTorch keeps some numbers of its optimisers in the default type."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("scalars_of_float64")
@pytest.mark.parametrize("row", LAYERS["optimizers"], ids=lambda r: f"{r['torch']}-{r['dtype']}")
def test_optimizer(row):
    x, y, p = load(row["x"]), load(row["y"]), [load(e) for e in row["params"]]
    opt = eval(row["torch"], {"p": p, "O": torch.optim})

    def closure():
        opt.zero_grad()
        hidden = x @ p[0] + p[2] if len(p) == 4 else x @ p[0]
        loss = F.mse_loss(torch.tanh(hidden) @ p[1], y)
        loss.backward()
        return loss

    losses = []
    for i in range(len(row["losses"])):
        if row["halve"] and i == len(row["losses"]) // 2:
            for group in opt.param_groups:
                group["lr"] /= 2
        losses.append(opt.step(closure).item())
    tolerance, searches = row["tolerance"], "LBFGS" in row["torch"]
    if x.dtype == torch.float32:  # each step adds its rounding
        tolerance = max(10.0, tolerance / 1e5)
    count = 12 if searches else len(losses)  # a search magnifies rounding tenfold a step
    check_curve(row["losses"][:count], losses[:count], x.dtype, tolerance, "losses")
    for i, (entry, theirs) in enumerate(zip(row["after"], p)):
        if not searches:
            check(load(entry).detach(), theirs, 10 * tolerance, f"parameter {i}")
    if "LBFGS" not in row["torch"]:
        assert set(row["state"]) <= set(opt.state[p[0]]) | {"step"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", LAYERS["schedulers"], ids=lambda r: r["torch"])
def test_scheduler(row):
    o = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
    s = eval(row["torch"], {"o": o, "S": torch.optim.lr_scheduler, "O": torch.optim})
    rates, momenta = [], []
    for i in range(len(row["rates"])):
        rates.append(o.param_groups[0]["lr"])
        momenta.append(o.param_groups[0]["momentum"])
        o.step()
        if i + 1 < len(row["rates"]):
            s.step()
    np.testing.assert_allclose(row["rates"], rates, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(row["momenta"], momenta, rtol=1e-10)


TYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64}


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, values = json.loads(data[8 : 8 + length]), {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = (8 + length + n for n in entry["data_offsets"])
            part = bytearray(data[begin:end])
            values[name] = torch.frombuffer(part, dtype=TYPES[entry["dtype"]]).reshape(
                entry["shape"]
            )
    return values


def write_safetensors(path, values):
    header, at, parts = {}, 0, []
    names = {dtype: name for name, dtype in TYPES.items()}
    for name, value in values.items():
        parts.append(value.detach().contiguous().numpy().tobytes())
        header[name] = {
            "dtype": names[value.dtype],
            "shape": list(value.shape),
            "data_offsets": [at, at + len(parts[-1])],
        }
        at += len(parts[-1])
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


class Exchanged(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.back = nn.ConvTranspose1d(4, 2, 3)
        self.norm = nn.BatchNorm2d(4)
        self.fc = nn.Linear(5, 6)
        self.layer_norm = nn.LayerNorm(6)
        self.group_norm = nn.GroupNorm(2, 4)
        self.table = nn.Embedding(7, 3)
        self.both = nn.Bilinear(2, 3, 4)


def test_weights_travel_both_ways():
    theirs = Exchanged()
    theirs.load_state_dict(read_safetensors(FOLDER / "ours.safetensors"), strict=True)
    torch.manual_seed(1)
    state = {
        k: v + 1 if v.dtype == torch.int64 else torch.randn_like(v)
        for k, v in theirs.state_dict().items()
    }
    write_safetensors(FOLDER / "theirs.safetensors", state)
    back = FOLDER / "back.safetensors"
    program = os.environ["PARITY_PROGRAM"]
    subprocess.run([program, str(FOLDER / "theirs.safetensors"), str(back)], check=True)
    returned = read_safetensors(back)
    assert set(returned) == set(state)
    for name, value in state.items():
        assert torch.equal(returned[name], value), name
