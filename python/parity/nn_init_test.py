"""Initialisers draw PyTorch's numbers, and nn.utils does what PyTorch's does."""

import math

import numpy
import pytest
import rushlight
import torch
from nn_compare import LIBRARIES, check_close

SHAPES = [(4, 3), (3, 4), (5, 2, 3), (4, 2, 3, 3)]
MATRICES = SHAPES[:2]
INITIALISERS = [
    *[("uniform_", {"a": -1.0, "b": 2.0}, s) for s in SHAPES],
    *[("normal_", {"mean": 1.0, "std": 0.5}, s) for s in [*SHAPES, (40, 30)]],
    *[("xavier_uniform_", {"gain": 1.5}, s) for s in SHAPES],
    *[("xavier_normal_", {}, s) for s in SHAPES],
    *[("kaiming_uniform_", {"a": math.sqrt(5)}, s) for s in SHAPES],
    *[("kaiming_uniform_", {"mode": "fan_out", "nonlinearity": "relu"}, s) for s in SHAPES],
    *[("kaiming_normal_", {"nonlinearity": "tanh"}, s) for s in SHAPES],
    *[("orthogonal_", {"gain": 1.2}, s) for s in SHAPES],
    *[("sparse_", {"sparsity": 0.4}, s) for s in MATRICES],
    *[("eye_", {}, s) for s in MATRICES],
    ("dirac_", {}, (4, 3, 3)),
    ("dirac_", {"groups": 2}, (4, 2, 3, 3)),
    ("trunc_normal_", {"std": 0.02}, (40, 30)),
    ("trunc_normal_", {}, (40, 30)),
    ("trunc_normal_", {"a": -0.5, "b": 1.0}, (40, 30)),
    ("trunc_normal_", {"a": 2.0, "b": 2.5}, (40, 30)),
    ("constant_", {"val": 0.3}, (3,)),
]


@pytest.mark.parametrize(("name", "options", "shape"), INITIALISERS)
def test_initialiser(name, options, shape):
    results, next_numbers = [], []
    for library in LIBRARIES:
        library.manual_seed(7)
        results.append(getattr(library.nn.init, name)(library.empty(*shape), **options))
        next_numbers.append(library.rand(1).item())
    check_close(*results, name, 1e-5 if name == "orthogonal_" else 3e-7)
    assert next_numbers[0] == next_numbers[1]  # as many numbers were drawn


def pair(make):
    """What make(library) gives in both libraries, from one seed."""
    results = []
    for library in LIBRARIES:
        library.manual_seed(11)
        results.append(make(library))
    return results


@pytest.mark.parametrize("kind", ["weight_norm", "spectral_norm"])
@pytest.mark.parametrize("layer", ["Linear", "Conv2d", "ConvTranspose1d"])
def test_norms_of_weights(kind, layer):
    def make(library):
        args = (4, 6) if layer == "Linear" else (4, 6, 3)
        module = getattr(library.nn, layer)(*args)
        return getattr(library.nn.utils.parametrizations, kind)(module)

    ours, theirs = pair(make)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for _ in range(2):
        check_close(ours.weight, theirs.weight, "weight", 1e-4)
    for module in (ours, theirs):
        (module.weight**3).sum().backward()
    for (name, a), (_, b) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        if a.grad is not None:
            check_close(a.grad, b.grad, name, 1e-3)


@pytest.mark.parametrize("kind", ["weight_norm", "spectral_norm"])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_norms_by_hook(kind):
    ours, theirs = pair(lambda library: getattr(library.nn.utils, kind)(library.nn.Linear(4, 6)))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    x = numpy.random.default_rng(0).standard_normal((3, 4)).astype(numpy.float32)
    check_close(ours(rushlight.from_numpy(x)), theirs(torch.from_numpy(x)), kind, 1e-4)


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, math.inf])
def test_clipping(norm_type):
    def make(library):
        net = library.nn.Sequential(library.nn.Linear(4, 5), library.nn.Linear(5, 2))
        (net(library.ones(3, 4)) ** 2).sum().backward()
        total = library.nn.utils.clip_grad_norm_(net.parameters(), 0.7, norm_type)
        return [total, *[parameter.grad for parameter in net.parameters()]]

    for ours, theirs in zip(*pair(make), strict=True):
        check_close(ours, theirs, "clipped")


def test_packing():
    def make(library):
        rnn = library.nn.utils.rnn
        sequences = [library.arange(n * 2.0).reshape(n, 2) for n in (2, 4, 1)]
        packed = rnn.pack_sequence(sequences, enforce_sorted=False)
        padded, lengths = rnn.pad_packed_sequence(packed, padding_value=9.0, total_length=5)
        return [*packed, padded, lengths, *rnn.unpack_sequence(packed)]

    for ours, theirs in zip(*pair(make), strict=True):
        check_close(ours, theirs, "packed")


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_packed_sequences_through_layers(kind):
    def make(library):
        layer = getattr(library.nn, kind)(2, 3, num_layers=2, bidirectional=True)
        sequences = [library.arange(n * 2.0).reshape(n, 2) / 5 for n in (2, 4, 1)]
        packed = library.nn.utils.rnn.pack_sequence(sequences, enforce_sorted=False)
        output, hidden = layer(packed)
        output.data.sum().backward()
        hidden = hidden if kind == "LSTM" else [hidden]
        return [*output, *hidden, *[parameter.grad for parameter in layer.parameters()]]

    for ours, theirs in zip(*pair(make), strict=True):
        check_close(ours, theirs, "packed")


def test_gumbel_softmax():
    soft, hard = (
        pair(lambda lib, h=h: lib.nn.functional.gumbel_softmax(lib.zeros(5, 4), 0.7, hard=h))
        for h in (False, True)
    )
    check_close(*soft, "soft")
    check_close(*hard, "hard")
