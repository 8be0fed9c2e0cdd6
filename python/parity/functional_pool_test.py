"""Fractional max pools, whose windows PyTorch draws; lookups that change their table; running
statistics; normalisation of half-width tensors with float32 weights."""

import numpy
import pytest
import rushlight
import torch
from function_compare import case, check_call, check_close, check_refused

_random = numpy.random.default_rng(9)
BOTH = (rushlight, torch)


def d(*shape):
    return _random.standard_normal(shape)


def F(name, *args, **options):
    return case(f"nn.functional.{name}", *args, **options)


FRACTIONAL = [
    F("fractional_max_pool2d", d(2, 3, 9, 8), 2, output_size=4, return_indices=True),
    F("fractional_max_pool2d", d(3, 9, 8), (3, 2), (3, 4)),
    F("fractional_max_pool2d", d(2, 3, 9, 8), 2, output_ratio=(0.5, 0.5)),
    F("fractional_max_pool2d", d(2, 3, 9, 8), 2, output_ratio=(0.7, 0.4), return_indices=True),
    F("fractional_max_pool2d", d(2, 3, 9, 8), 2, output_size=1),
    F("fractional_max_pool3d", d(2, 3, 6, 7, 8), 2, output_size=(3, 4, 2), return_indices=True),
    F("fractional_max_pool2d_with_indices", d(2, 3, 9, 8).astype(numpy.float32), 2, 5),
]


@pytest.mark.parametrize(("path", "args", "options"), FRACTIONAL)
def test_windows_are_pytorchs(path, args, options):
    for library in BOTH:
        library.manual_seed(11)
    check_call(path, args, options)


REFUSALS = [
    F("fractional_max_pool2d", d(2, 3, 9, 8), 2),
    F("fractional_max_pool2d", d(2, 3, 9, 8), 4, output_size=8),
    F("fractional_max_pool2d", d(9, 8), 2, output_size=4),
    F("max_unpool2d", d(1, 1, 2, 2), numpy.zeros((1, 1, 2, 2), int), 2, output_size=(9, 9)),
    F("max_unpool2d", d(1, 1, 2, 2), numpy.full((1, 1, 2, 2), 99), 2),
]


@pytest.mark.parametrize(("path", "args", "options"), REFUSALS)
def test_refused_as_by_pytorch(path, args, options):
    check_refused(path, args, options)


@pytest.mark.parametrize("norm_type", [1.0, 2.0])
def test_long_rows_are_shortened(norm_type):
    table, ids = d(6, 4) * 2, numpy.array([[1, 3], [3, 5]])
    found = []
    for library in BOTH:
        weight = library.from_numpy(table.copy()).requires_grad_()
        y = library.nn.functional.embedding(
            library.from_numpy(ids), weight, max_norm=1.0, norm_type=norm_type
        )
        (y * y).sum().backward()
        found.append((y, weight, weight.grad))
    for ours, theirs in zip(*found):
        check_close(ours, theirs, "embedding", 1e-7)  # PyTorch's scale is a float32


@pytest.mark.parametrize("name", ["batch_norm", "instance_norm"])
@pytest.mark.parametrize("momentum", [0.1, 0.7])
def test_running_statistics_move(name, momentum):
    x, mean, var = d(4, 3, 5), d(3), d(3) ** 2
    found = []
    for library in BOTH:
        statistics = [library.from_numpy(a.copy()) for a in (mean, var)]
        getattr(library.nn.functional, name)(
            library.from_numpy(x), *statistics, None, None, True, momentum
        )
        found.append(statistics)
    check_close(found[0][0], found[1][0], "mean")
    check_close(found[0][1], found[1][1], "variance")


@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", ["layer_norm", "group_norm", "batch_norm"])
def test_half_input_with_single_weights(name, kind):
    x, weight, bias = d(4, 6), d(6), d(6)
    found = []
    for library in BOTH:
        half = library.from_numpy(x).to(getattr(library, kind))
        more = [library.from_numpy(a).float() for a in (weight, bias)]
        function = getattr(library.nn.functional, name)
        if name == "batch_norm":
            found.append(function(half, None, None, *more, True))
        else:
            found.append(function(half, (6,) if name == "layer_norm" else 2, *more))
    check_close(*found, name, 2e-2)
