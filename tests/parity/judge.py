"""Asks PyTorch what parity_cases computed: values, dtypes, shapes, first and second gradients of
every op row, and the dtypes of every mixed pair. Run by run.sh; PARITY_CASES is the folder."""

import itertools
import json
import math
import os
import pathlib

import numpy as np
import pytest
import torch
import torch.nn.functional as F

FOLDER = pathlib.Path(os.environ["PARITY_CASES"])
CASES = json.loads((FOLDER / "cases.json").read_text())
BYTES = bytearray((FOLDER / "cases.bin").read_bytes())
# Where to write the values that the tests compare with when PyTorch is not there.
RECORD = os.environ.get("PARITY_RECORD")
BOUNDS = {torch.float64: 1e-10, torch.float32: 2e-5}

# Where PyTorch itself loses digits: it keeps constants of these functions in float32.
LOOSER = {"hardsigmoid-float64": 1e4, "celu-float64": 1e4}
# Where it is wrong: poles of trigamma are finite, gelu(inf) is NaN in its vector loop, so are i0
# and i1 of infinity; its gradcheck refuses its own gradient of as_strided_scatter.
WRONG = {
    "as_strided_scatter-float64",
    "as_strided_scatter-float32",
    "i0/special values-float64",
    "i0/special values-float32",
    "i1/special values-float64",
    "i1/special values-float32",
    "polygamma/1, special values-float64",
    "polygamma/1, special values-float32",
    "gelu/none, special values-float32",
}

torch.set_num_threads(1)


def dtype_of(name):
    return getattr(torch, name)


def load(entry):
    """The tensor an entry of the archive describes; None stays None."""
    if entry is None:
        return None
    dtype = dtype_of(entry["dtype"])
    count = math.prod(entry["shape"])
    if count == 0:
        return torch.empty(entry["shape"], dtype=dtype)
    flat = torch.frombuffer(BYTES, dtype=dtype, count=count, offset=entry["at"])
    return flat.reshape(entry["shape"]).clone()


def load_inputs(entries):
    inputs = []
    for entry in entries:
        x = load(entry)
        if entry is not None and entry["grad"]:
            x.requires_grad_()
        inputs.append(x)
    return inputs


def as_tuple(result):
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)


def check(ours, theirs, tolerance, what):
    if theirs is None:
        assert ours is None or not ours.any(), f"{what}: PyTorch has none, ours is {ours}"
        return
    theirs = theirs.detach()
    if ours is None:
        assert not theirs.any(), f"{what}: ours has none, PyTorch's is {theirs}"
        return
    assert ours.dtype == theirs.dtype, f"{what}: dtype {ours.dtype}, PyTorch's is {theirs.dtype}"
    assert ours.shape == theirs.shape, f"{what}: shape {ours.shape}, PyTorch's is {theirs.shape}"
    if ours.numel() == 0:
        return
    if not theirs.is_floating_point():
        assert torch.equal(ours, theirs), f"{what}: {ours}, PyTorch's is {theirs}"
        return
    a, b = ours.double().numpy(), theirs.double().numpy(force=True)
    finite = np.abs(b[np.isfinite(b)])
    bound = BOUNDS.get(ours.dtype, 2e-2) * tolerance
    scale = min(1.0, max(1e-2, finite.max())) if finite.size else 0.0
    good = np.isclose(a, b, rtol=bound, atol=bound * scale, equal_nan=True)
    if not good.all():
        at = tuple(np.argwhere(~good)[0]) if a.ndim else ()
        pytest.fail(f"{what} at {at}: {a[at]!r}, PyTorch's is {b[at]!r} (bound {bound})")


def gradients(outputs, inputs, weights, create_graph):
    """Gradients of the weighted sum of the outputs by the inputs that require one."""
    pairs = [(y, w) for y, w in zip(outputs, weights) if w is not None and y.requires_grad]
    wanted = [x for x in inputs if x is not None and x.requires_grad]
    if not pairs:
        found = iter([None] * len(wanted))
    else:
        ys, ws = zip(*pairs)
        found = iter(
            torch.autograd.grad(
                ys, wanted, ws, create_graph=create_graph, retain_graph=True, allow_unused=True
            )
        )
    return [next(found) if x is not None and x.requires_grad else None for x in inputs]


@pytest.mark.parametrize("row", CASES["rows"], ids=lambda r: f"{r['name']}-{r['dtype']}")
def test_row(row):
    inputs = load_inputs(row["in"])
    scope = {"torch": torch, "F": F, "math": math}
    scope |= {f"x{i}": x for i, x in enumerate(inputs)}
    try:
        outputs = as_tuple(eval(row["torch"], scope))
    except RuntimeError as error:  # whole numbers or bool that PyTorch does not take here
        refused = isinstance(error, NotImplementedError) or "not support" in str(error)
        if row["dtype"].startswith(("float", "bfloat")) or not refused:
            raise
        pytest.skip(str(error))
    name = f"{row['name']}-{row['dtype']}"
    if name in WRONG:
        pytest.skip("PyTorch's values are wrong here")
    tolerance = max(1.0, row["tolerance"], LOOSER.get(name, 1.0))
    ours = [load(e) for e in row["out"]]
    assert len(ours) == len(outputs), f"{len(ours)} outputs, PyTorch's are {len(outputs)}"
    for i, (a, b) in enumerate(zip(ours, outputs)):
        check(a, b, tolerance, f"output {i}")
    if row["record"] and RECORD:
        record(row["name"], outputs)
    if "first" not in row:
        return
    weights = [load(e) for e in row["weights"]]
    first = gradients(outputs, inputs, weights, "second" in row)
    for i, (a, b) in enumerate(zip(row["first"], first)):
        check(load(a), b, 2 * tolerance, f"gradient of input {i}")
    if "second" not in row:
        return
    directions = [load(e) for e in row["directions"]]
    given = [(g, d) for g, d in zip(first, directions) if g is not None]
    second = gradients([g for g, _ in given], inputs, [d for _, d in given], False)
    for i, (a, b) in enumerate(zip(row["second"] or [None] * len(inputs), second)):
        check(load(a), b, 4 * tolerance, f"second gradient of input {i}")


def record(name, outputs):
    """Appends PyTorch's values of a row, a line an output: name, shape, values."""
    with open(RECORD, "a") as file:
        for y in outputs:
            values = [repr(float(v)) for v in y.detach().double().flatten()]
            file.write("\t".join([name, " ".join(map(str, y.shape)), " ".join(values)]) + "\n")


def operand(form, dtype, value):
    if form == "number":
        return {"bool": True, "int64": 2, "float64": 2.5}[dtype]
    return torch.full([] if form == "0-d" else [2], value).to(dtype_of(dtype))


def their_outcome(entry):
    forms = entry["form"].split()
    a = operand(forms[0], entry["a"], 3)
    b = operand(forms[1], entry["b"], 3 if forms[0] == "number" else 2)
    name = entry["op"]
    try:
        if name.endswith("_"):
            result = getattr(a, name)(b) if name != "copy_" else a.copy_(torch.as_tensor(b))
        elif name == "where":
            result = torch.where(torch.tensor(True), a, b)
        else:
            result = NUMBER_FIRST.get(name, getattr(torch, name))(a, b)
    except (RuntimeError, TypeError, NotImplementedError) as error:
        return "error", str(error)
    return str(result.dtype).removeprefix("torch."), result.flatten()[0].item()


# torch's functions take no plain number first; its operators and these wrappers do.
NUMBER_FIRST = {}


def wrapped(name):
    function = getattr(torch, name)

    def call(a, b):
        if not isinstance(a, torch.Tensor):
            # A wrapped number: 0-d, and of the weakest category, as in `2 + x`.
            return getattr(b, REFLECTED[name])(a) if name in REFLECTED else function(a, b)
        return function(a, b)

    return call


REFLECTED = {
    "add": "__radd__",
    "sub": "__rsub__",
    "mul": "__rmul__",
    "div": "__rtruediv__",
    "pow": "__rpow__",
    "remainder": "__rmod__",
    "floor_divide": "__rfloordiv__",
    "bitwise_and": "__rand__",
    "eq": "__eq__",
    "lt": "__gt__",
}
for _name in REFLECTED:
    NUMBER_FIRST[_name] = wrapped(_name)


def takes_number(entry):
    """Whether PyTorch has this form at all: some functions take tensors only."""
    if "number" not in entry["form"]:
        return True
    if entry["op"] == "copy_":
        return False
    if (entry["op"], entry["a"], entry["b"]) == ("pow", "bool", "bool"):
        return False  # refused for tensors, and for a number answered without looking at it
    if entry["form"] == "number tensor":
        return entry["op"] in REFLECTED or entry["op"] == "where"
    return entry["op"] in REFLECTED or entry["op"] in (
        "fmod",
        "where",
        "copysign",
        "add_",
        "mul_",
        "div_",
    )


GROUPS = {
    key: list(entries)
    for key, entries in itertools.groupby(
        sorted(CASES["promotions"], key=lambda e: (e["op"], e["form"])),
        key=lambda e: f"{e['op']} of {e['form']}",
    )
}


@pytest.mark.parametrize("key", GROUPS)
def test_promotion(key):
    wrong = []
    for entry in GROUPS[key]:
        if not takes_number(entry):
            continue
        dtype, value = their_outcome(entry)
        pair = f"{entry['a']}, {entry['b']}"
        if dtype == "error":  # more is allowed here than PyTorch allows
            continue
        if entry["result"] != dtype:
            wrong.append(
                f"{pair}: {entry['result']}, PyTorch gives {dtype} {entry.get('text', '')}"
            )
        elif "value" in entry and not math.isclose(entry["value"], float(value), rel_tol=1e-2):
            wrong.append(f"{pair}: {entry['value']}, PyTorch gives {value}")
    assert not wrong, "\n".join(wrong)
