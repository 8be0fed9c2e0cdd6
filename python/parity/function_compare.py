"""How a function of rushlight is compared with PyTorch's: values, gradients, refusals."""

import functools
import warnings

import numpy
import pytest
import rushlight
import torch

TOLERANCES = {"float64": 1e-10, "float32": 2e-5, "float16": 2e-3, "bfloat16": 2e-2}


class Fixed:
    """An array that is given as a tensor which wants no gradient."""

    def __init__(self, array):
        self.array = array


def case(path, *args, **options):
    """One call in both libraries; `note` tells it from others."""
    note = options.pop("note", "")
    texts = [text_of(a) for a in args] + [f"{k}={text_of(v)}" for k, v in options.items()]
    name = f"{path}({','.join(texts)}){note}"
    return pytest.param(path, args, options, id=name.replace(" ", "")[:150])


def text_of(value):
    if isinstance(value, Fixed):
        value = value.array
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(text_of, value))}]"
    return str(value.shape) if isinstance(value, numpy.ndarray) else str(value)


def found(library, path):
    return functools.reduce(getattr, path.split("."), library)


def converted(library, value, wants_grad):
    """NumPy arrays as tensors, strides and all; names of types as types."""
    if isinstance(value, (tuple, list)):
        return type(value)(converted(library, part, wants_grad) for part in value)
    if isinstance(value, str) and value.startswith("torch."):
        return found(library, value[len("torch.") :])
    if isinstance(value, Fixed):
        return library.from_numpy(value.array)
    if not isinstance(value, numpy.ndarray):
        return value
    tensor = library.from_numpy(value)
    if wants_grad and value.dtype.kind == "f":
        tensor.requires_grad_()
    return tensor


def leaves(value):
    if isinstance(value, (rushlight.Tensor, torch.Tensor)):
        return [value]
    if isinstance(value, (tuple, list)):
        return [leaf for part in value for leaf in leaves(part)]
    return []


def weights_like(output, number):
    weights = numpy.cos(numpy.arange(output.numel(), dtype=numpy.float64) * 1.7 + number) + 0.2
    return weights.reshape(tuple(output.shape))


def run(library, path, args, options, wants_grad):
    """Results, and gradients of the arguments for a sum of results with fixed weights."""
    args = converted(library, args, wants_grad)
    options = {k: converted(library, v, wants_grad) for k, v in options.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = found(library, path)(*args, **options)
    total = 0
    for number, output in enumerate(leaves(result)):
        if output.requires_grad:
            weights = library.from_numpy(weights_like(output, number)).to(output.dtype)
            total = total + (output * weights).sum()
    given = leaves([*args, *options.values()])
    if not isinstance(total, library.Tensor):
        return result, []
    total.backward()
    return result, [g.grad for g in given if g.is_floating_point()]


def check_close(ours, theirs, what, tolerance=None):
    if theirs is None or ours is None:
        # a gradient of zeros may be left out
        rest = theirs if ours is None else ours
        assert rest is None or not rest.detach().to(rest.dtype).abs().max().item() > 0, what
        return
    if not isinstance(theirs, torch.Tensor):
        assert ours == pytest.approx(theirs), what
        return
    assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1], what
    assert tuple(ours.shape) == tuple(theirs.shape), what
    mine = ours.detach().to(rushlight.float64).numpy()
    other = theirs.detach().to(torch.float64).numpy()
    near = tolerance or TOLERANCES.get(str(theirs.dtype).split(".")[1], 0)
    numpy.testing.assert_allclose(mine, other, rtol=near, atol=near, err_msg=what, equal_nan=True)


def check_call(path, args, options, tolerance=None, grads=True):
    """The same values, types and shapes, and the same gradients."""
    mine, my_grads = run(rushlight, path, args, options, grads)
    other, other_grads = run(torch, path, args, options, grads)
    assert isinstance(mine, (tuple, list)) == isinstance(other, (tuple, list))
    ours, theirs = leaves(mine) or [mine], leaves(other) or [other]
    assert len(ours) == len(theirs)
    for i, (a, b) in enumerate(zip(ours, theirs)):
        check_close(a, b, f"result {i}", tolerance)
    assert len(my_grads) == len(other_grads), "which results need a gradient"
    for i, (a, b) in enumerate(zip(my_grads, other_grads)):
        check_close(a, b, f"gradient {i}", tolerance)


def check_refused(path, args, options):
    """Both libraries raise, and ours says more than PyTorch needs to."""
    for library in (torch, rushlight):
        with pytest.raises((RuntimeError, ValueError, TypeError, IndexError, AssertionError)) as e:
            run(library, path, args, options, False)
        assert len(str(e.value)) > 10
