"""How a case of a torch function is run in both libraries and compared.

A case is (name, arguments, keywords). Arrays among the arguments become tensors; floating ones
require a gradient. The function is called as torch.name and, where there is one, as a method.
"""

import numpy
import pytest
import rushlight
import torch

RTOL = {"float64": 1e-11, "float32": 2e-5, "float16": 1e-2, "bfloat16": 6e-2}


class Sample:
    """An array to be made a tensor of a dtype, perhaps with other strides than row-major."""

    def __init__(self, array, dtype=None, transposed=False, grad=True):
        self.array = numpy.asarray(array)
        self.dtype = dtype or str(self.array.dtype)
        self.transposed = transposed
        self.grad = grad

    def tensor(self, lib):
        array = self.array.swapaxes(-1, -2) if self.transposed else self.array
        t = lib.tensor(array.tolist(), dtype=getattr(lib, self.dtype)).reshape(array.shape)
        t = t.transpose(-1, -2) if self.transposed else t
        return t.requires_grad_() if self.grad and t.is_floating_point() else t


def words(text):
    return text.split()


class Name:
    """The attribute of the library by this name: a dtype, mostly."""

    def __init__(self, name):
        self.name = name


def made(value, lib):
    if isinstance(value, Sample):
        return value.tensor(lib)
    if isinstance(value, Name):
        return getattr(lib, value.name)
    if isinstance(value, (list, tuple)):
        return type(value)(made(v, lib) for v in value)
    return value


def tensors_of(value, lib):
    if isinstance(value, lib.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in tensors_of(v, lib)]
    return []


def plain(value, lib):
    """Values, shapes and dtypes as plain objects of Python."""
    if isinstance(value, lib.Tensor):
        return (str(value.dtype).split(".")[1], tuple(value.shape), value.detach().tolist())
    if isinstance(value, (list, tuple)):
        return [plain(v, lib) for v in value]
    if isinstance(value, lib.dtype):
        return str(value).split(".")[1]
    return value


def assert_same(ours, theirs, rtol=None):
    if isinstance(theirs, tuple) and len(theirs) == 3 and isinstance(theirs[0], str):
        assert ours[:2] == theirs[:2]
        bound = max(rtol or 0, RTOL.get(theirs[0], 0))
        numpy.testing.assert_allclose(
            numpy.array(ours[2]), numpy.array(theirs[2]), rtol=bound, atol=bound
        )
    elif isinstance(theirs, list):
        assert isinstance(ours, list) and len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            assert_same(a, b, rtol)
    elif isinstance(theirs, float):
        assert ours == pytest.approx(theirs, rel=rtol or 1e-5, nan_ok=True)
    else:
        assert ours == theirs and type(ours) is type(theirs)


def run(lib, call, args, keywords):
    """What the call gives, and the tensors for gradients: leaves, and ends to go backward from."""
    args = made(args, lib)
    keywords = {k: made(v, lib) for k, v in keywords.items()}
    result = call(lib, args, keywords)
    leaves = [t for t in tensors_of([*args, *keywords.values()], lib) if t.requires_grad]
    ends = [t for t in tensors_of(result, lib) if t.requires_grad]
    return plain(result, lib), leaves, ends


def gradients(lib, leaves, ends):
    """Of a weighted sum of the ends, with respect to the leaves; zeros where nothing arrives."""
    if leaves and ends:
        weighted = [(t * t.detach().cos()).sum() for t in ends]
        sum(weighted[1:], weighted[0]).backward()
    return [plain(lib.zeros_like(t) if t.grad is None else t.grad, lib) for t in leaves]


def as_function(name):
    def call(lib, args, keywords):
        f = lib
        for part in name.split("."):
            f = getattr(f, part)
        return f(*args, **keywords)

    return call


def as_method(name):
    def call(lib, args, keywords):
        result = getattr(args[0], name)(*args[1:], **keywords)
        return result

    return call


def in_place(name):
    def call(lib, args, keywords):
        first = args[0].clone()
        result = getattr(first, name)(*args[1:], **keywords)
        assert result is first
        return result

    return call


REFUSALS = (RuntimeError, TypeError, IndexError, ValueError, AssertionError)


def check(name, call, args, keywords, rtol=None):
    """Both give the same values and gradients, or both refuse."""
    try:
        theirs = run(torch, call, args, keywords)
    except NotImplementedError:  # no kernel of PyTorch's for this dtype; here there may be one
        return
    except REFUSALS as refusal:
        with pytest.raises(REFUSALS[:-1]):
            print(f"{name}: PyTorch says {refusal}; here:", run(rushlight, call, args, keywords))
        return
    ours = run(rushlight, call, args, keywords)
    assert_same(ours[0], theirs[0], rtol)
    try:
        wanted = gradients(torch, *theirs[1:])
    except RuntimeError:  # PyTorch has no gradient of it
        return
    if ours[2] or any(numpy.any(numpy.array(g[2]) != 0) for g in wanted):
        assert_same(gradients(rushlight, *ours[1:]), wanted, rtol)
