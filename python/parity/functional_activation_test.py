"""Activations and softmax as functions, with their in-place forms; dropout; autocast's types."""

import warnings

import numpy
import pytest
import rushlight
import torch
from function_compare import case, check_call, check_close, check_refused

_random = numpy.random.default_rng(5)


def d(*shape):
    return _random.standard_normal(shape) * 2


def F(name, *args, **options):
    return case(f"nn.functional.{name}", *args, **options)


IN_PLACE = [
    ("relu", ()),
    ("relu6", ()),
    ("selu", ()),
    ("silu", ()),
    ("mish", ()),
    ("hardswish", ()),
    ("hardsigmoid", ()),
    ("elu", (0.7,)),
    ("celu", (1.3,)),
    ("leaky_relu", (0.2,)),
    ("hardtanh", (-0.5, 0.8)),
    ("threshold", (0.1, -3.0)),
    ("rrelu", (0.1, 0.3)),
]
PLAIN = [
    F("gelu", d(4, 3)),
    F("gelu", d(4, 3), approximate="tanh"),
    F("glu", d(4, 6)),
    F("glu", d(4, 3), 0),
    F("prelu", d(4, 3), d(1)),
    F("prelu", d(4, 3, 2), d(3)),
    case("prelu", d(4, 3), d(3)),
    F("softplus", d(4, 3)),
    F("softplus", d(4, 3), 2, 1.5),
    F("softshrink", d(4, 3)),
    F("hardshrink", d(4, 3), 0.8),
    F("logsigmoid", d(4, 3)),
    F("softsign", d(4, 3)),
    F("tanhshrink", d(4, 3)),
    F("sigmoid", d(4, 3)),
    F("tanh", d(4, 3)),
    F("relu", d(0)),
    F("gelu", numpy.array(0.3)),
    F("relu", _random.integers(-3, 3, 5)),
    F("silu", d(4, 3).T),
    F("softmax", d(4, 3), 1),
    F("softmax", d(4, 3)),
    F("softmax", d(4)),
    F("softmax", d(2, 3, 4)),
    F("softmax", numpy.array(0.3), 0),
    F("softmax", d(2, 0), 0),
    F("softmax", d(4, 3).astype(numpy.float32), -1, dtype="torch.float64"),
    F("log_softmax", d(4, 3), dim=0),
    F("log_softmax", d(2, 3, 4)),
    F("softmin", d(4, 3), 1),
    case("rrelu", d(4, 3)),
]


@pytest.mark.parametrize(("path", "args", "options"), PLAIN)
def test_same_as_pytorch(path, args, options):
    check_call(path, args, options)


@pytest.mark.parametrize(("name", "options"), IN_PLACE)
def test_in_place_and_not(name, options):
    x = d(4, 3)
    # PyTorch has some constants in float32
    near = 1e-6 if name in ("hardsigmoid", "celu") else None
    check_call(f"nn.functional.{name}", (x, *options), {}, near)
    for library in (rushlight, torch):
        function = getattr(library.nn.functional, name)
        leaf = library.from_numpy(x).clone().requires_grad_()
        middle = leaf * 1
        assert function(middle, *options, inplace=True) is middle
        (middle * middle).sum().backward()
        if library is rushlight:
            ours, our_grad = middle, leaf.grad
    check_close(ours, middle, name, near)
    check_close(our_grad, leaf.grad, f"gradient of {name}", near)


@pytest.mark.parametrize(
    "name", ["relu_", "selu_", "elu_", "celu_", "leaky_relu_", "hardtanh_", "rrelu_"]
)
def test_forms_with_underscore(name):
    x = d(4, 3)
    ours, theirs = rushlight.from_numpy(x.copy()), torch.from_numpy(x.copy())
    assert getattr(rushlight.nn.functional, name)(ours) is ours
    getattr(torch.nn.functional, name)(theirs)
    check_close(ours, theirs, name)


DROPOUTS = [
    ("dropout", (5, 4), {}),
    ("dropout", (200, 300), {"p": 0.2}),
    ("dropout", (5, 4), {"p": 1.0}),
    ("dropout", (5, 4), {"p": 0.0}),
    ("dropout", (5, 4), {"training": False}),
    ("dropout1d", (5, 4, 3), {}),
    ("dropout1d", (5, 4), {}),
    ("dropout2d", (5, 4, 3, 2), {"p": 0.3}),
    ("dropout2d", (5, 4, 3), {"p": 0.3}),
    ("dropout3d", (5, 4, 3, 2, 2), {}),
    ("dropout3d", (4, 3, 2, 2), {}),
    ("alpha_dropout", (5, 4), {"training": True}),
    ("feature_alpha_dropout", (5, 4, 3), {"training": True}),
]


@pytest.mark.parametrize(("name", "shape", "options"), DROPOUTS)
def test_dropout_draws_pytorchs_masks(name, shape, options):
    x = d(*shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rushlight.manual_seed(7)
        torch.manual_seed(7)
        check_call(f"nn.functional.{name}", (x,), options)
        rushlight.manual_seed(7)
        torch.manual_seed(7)
        ours, theirs = rushlight.from_numpy(x.copy()), torch.from_numpy(x.copy())
        result = getattr(rushlight.nn.functional, name)(ours, **options, inplace=True)
        getattr(torch.nn.functional, name)(theirs, **options, inplace=True)
    assert result is ours
    check_close(ours, theirs, name)


def test_drawn_slopes_are_pytorchs():
    x = d(6, 5)
    rushlight.manual_seed(3)
    torch.manual_seed(3)
    check_call("nn.functional.rrelu", (x,), {"training": True})


def test_attention_drops_pytorchs_weights():
    q, k, v = d(2, 3, 4, 5), d(2, 3, 6, 5), d(2, 3, 6, 5)
    rushlight.manual_seed(3)
    torch.manual_seed(3)
    check_call("nn.functional.scaled_dot_product_attention", (q, k, v), {"dropout_p": 0.4})


AUTOCAST = [
    ("nn.functional.linear", (d(4, 3), d(5, 3))),
    ("nn.functional.conv2d", (d(2, 3, 5, 5), d(4, 3, 3, 3))),
    ("nn.functional.scaled_dot_product_attention", (d(2, 4, 5), d(2, 4, 5), d(2, 4, 5))),
    ("nn.functional.mse_loss", (d(4, 3), d(4, 3))),
    ("nn.functional.cross_entropy", (d(4, 3), _random.integers(0, 3, 4))),
    ("nn.functional.softmax", (d(4, 3), 1)),
    ("nn.functional.layer_norm", (d(4, 3), (3,), d(3), d(3))),
    ("nn.functional.gelu", (d(4, 3),)),
    ("nn.functional.max_pool2d", (d(2, 3, 6, 6), 2)),
    ("nn.functional.max_pool3d", (d(2, 3, 6, 6, 6), 2)),
    ("linalg.inv", (numpy.eye(3),)),
]


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize(("path", "args"), AUTOCAST, ids=[path for path, _ in AUTOCAST])
def test_autocast_gives_the_same_types(path, args, half):
    results = []
    for library in (rushlight, torch):
        function = library
        for part in path.split("."):
            function = getattr(function, part)
        kind = library.bfloat16 if half else library.float32
        weights = [
            library.from_numpy(a).to(kind if i == 0 or "norm" not in path else library.float32)
            if isinstance(a, numpy.ndarray) and a.dtype.kind == "f"
            else library.from_numpy(a)
            if isinstance(a, numpy.ndarray)
            else a
            for i, a in enumerate(args)
        ]
        with library.autocast("cpu", library.bfloat16):
            results.append(function(*weights))
    ours, theirs = results
    check_close(ours, theirs, path, 5e-2)


REFUSALS = [
    F("glu", d(4, 3)),
    F("glu", numpy.array(0.3)),
    F("hardtanh", d(3), 1.0, -1.0),
    F("gelu", d(3), approximate="erf"),
    F("softmax", d(4, 3), 2),
    F("softmax", _random.integers(0, 3, (4, 3)), 1),
    F("prelu", d(4, 3), d(2)),
    F("softshrink", d(4), -0.1),
    F("dropout", d(4), 1.5),
    F("dropout1d", d(4)),
    F("feature_alpha_dropout", d(4), 0.5, True),
    F("silu", _random.integers(0, 3, 4)),
    F("relu", [1.0, 2.0]),
]


@pytest.mark.parametrize(("path", "args", "options"), REFUSALS)
def test_refused_as_by_pytorch(path, args, options):
    check_refused(path, args, options)
