"""How a layer of rushlight is compared with PyTorch's: first weights, repr, values, gradients."""

import numpy
import rushlight
import torch

LIBRARIES = (rushlight, torch)
SEED = 1234


def built(make):
    """The layer in both libraries, each from the same seed."""
    layers = []
    for library in LIBRARIES:
        library.manual_seed(SEED)
        layers.append(make(library.nn))
    return layers


def tensors(library, values, needs_grad=True):
    """NumPy arrays, in nested tuples, as tensors; floating ones want a gradient."""
    if isinstance(values, (tuple, list)):
        return type(values)(tensors(library, value, needs_grad) for value in values)
    if not isinstance(values, numpy.ndarray):
        return values
    tensor = library.from_numpy(values.copy())
    is_floating = values.dtype.kind == "f"
    return tensor.requires_grad_() if needs_grad and is_floating else tensor


def leaves(value):
    """The tensors in nested tuples, lists and dictionaries."""
    if isinstance(value, (rushlight.Tensor, torch.Tensor)):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [leaf for part in value for leaf in leaves(part)]
    return []


def as_array(tensor):
    return None if tensor is None else tensor.detach().numpy()


def check_close(ours, theirs, what, tolerance=2e-5):
    ours, theirs = as_array(ours), as_array(theirs)
    assert (ours is None) == (theirs is None), what
    if ours is not None:
        assert ours.dtype == theirs.dtype, what
        assert ours.shape == theirs.shape, what
        numpy.testing.assert_allclose(
            ours, theirs, rtol=tolerance, atol=tolerance, err_msg=what, equal_nan=True
        )


def check_same_start(ours, theirs):
    """Same keys, same first values, same repr. Normal values may differ in the last places."""
    mine, other = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(other)
    for key in mine:
        check_close(mine[key], other[key], f"first value of {key}", 3e-7)
    assert repr(ours) == repr(theirs)
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]


def run(library, layer, inputs, options):
    """Outputs, gradients of inputs and of parameters for a sum with fixed weights."""
    library.manual_seed(SEED)
    given = tensors(library, inputs)
    outputs = leaves(layer(*given, **tensors_of(library, options)))
    total = 0
    for i, output in enumerate(outputs):
        if output.is_floating_point() and output.requires_grad:
            weights = numpy.cos(numpy.arange(output.numel(), dtype=numpy.float64) + i)
            weights = weights.reshape(tuple(output.shape)).astype(as_array(output).dtype)
            total = total + (output * library.from_numpy(weights)).sum()
    if isinstance(total, library.Tensor):
        total.backward()
    grads = [leaf.grad for leaf in leaves(given) if leaf.is_floating_point()]
    return outputs, grads, [parameter.grad for parameter in layer.parameters()]


def tensors_of(library, options):
    return {name: tensors(library, value, False) for name, value in options.items()}


def check_same_run(ours, theirs, inputs, options, tolerance=2e-5):
    """Same outputs, gradients and buffers after one call."""
    mine = run(rushlight, ours, inputs, options)
    other = run(torch, theirs, inputs, options)
    for what, a, b in zip(("output", "input grad", "parameter grad"), mine, other, strict=True):
        assert len(a) == len(b), what
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            check_close(x, y, f"{what} {i}", tolerance)
    buffers = zip(ours.named_buffers(), theirs.named_buffers(), strict=True)
    for (name, buffer), (_, other_buffer) in buffers:
        check_close(buffer, other_buffer, f"buffer {name}", tolerance)
