"""Every loss: values, gradients and reprs are PyTorch's, for each reduction."""

import numpy
import pytest
from nn_compare import LIBRARIES, built, check_same_run, check_same_start

_random = numpy.random.default_rng(1)


def f(*shape):
    return _random.standard_normal(shape).astype(numpy.float32)


def positive(*shape):
    return _random.uniform(0.1, 0.9, shape).astype(numpy.float32)


def signs(*shape):
    return numpy.where(_random.uniform(size=shape) < 0.5, -1, 1).astype(numpy.float32)


def ids(high, *shape):
    return _random.integers(0, high, shape)


def log_softmax(x):
    x = x - x.max(-1, keepdims=True)
    return (x - numpy.log(numpy.exp(x).sum(-1, keepdims=True))).astype(numpy.float32)


LOSSES = [
    ("L1Loss", {}, (f(4, 3), f(4, 3))),
    ("MSELoss", {}, (f(4, 3), f(4, 3))),
    ("SmoothL1Loss", {"beta": 0.5}, (f(4, 3), f(4, 3))),
    ("HuberLoss", {"delta": 0.7}, (f(4, 3), f(4, 3))),
    ("NLLLoss", {}, (log_softmax(f(5, 3)), ids(3, 5))),
    ("NLLLoss", {"ignore_index": 1}, (log_softmax(f(5, 3)), ids(3, 5))),
    ("CrossEntropyLoss", {}, (f(5, 3), ids(3, 5))),
    ("CrossEntropyLoss", {"label_smoothing": 0.2, "ignore_index": 2}, (f(5, 3), ids(3, 5))),
    ("CrossEntropyLoss", {}, (f(2, 3, 4, 4), ids(3, 2, 4, 4))),
    ("CrossEntropyLoss", {"label_smoothing": 0.1}, (f(5, 3), positive(5, 3))),
    ("BCELoss", {}, (positive(4, 3), positive(4, 3))),
    ("BCEWithLogitsLoss", {}, (f(4, 3), positive(4, 3))),
    ("PoissonNLLLoss", {"full": True}, (f(4, 3), positive(4, 3) * 5)),
    ("PoissonNLLLoss", {"log_input": False}, (positive(4, 3), positive(4, 3))),
    ("GaussianNLLLoss", {"full": True}, (f(4, 3), f(4, 3), positive(4, 3))),
    ("KLDivLoss", {}, (log_softmax(f(4, 3)), positive(4, 3))),
    ("KLDivLoss", {"log_target": True}, (log_softmax(f(4, 3)), log_softmax(f(4, 3)))),
    ("HingeEmbeddingLoss", {"margin": 0.5}, (f(4, 3), signs(4, 3))),
    (
        "MultiLabelMarginLoss",
        {},
        (f(3, 4), numpy.array([[1, 2, -1, 0], [3, -1, 0, 0], [0, 1, 2, 3]])),
    ),
    ("SoftMarginLoss", {}, (f(4, 3), signs(4, 3))),
    ("MultiLabelSoftMarginLoss", {}, (f(4, 3), (positive(4, 3) > 0.5).astype(numpy.float32))),
    ("CosineEmbeddingLoss", {"margin": 0.1}, (f(4, 3), f(4, 3), signs(4))),
    ("MarginRankingLoss", {"margin": 0.1}, (f(4), f(4), signs(4))),
    ("MultiMarginLoss", {"p": 2, "margin": 0.5}, (f(5, 3), ids(3, 5))),
    ("TripletMarginLoss", {"swap": True}, (f(4, 3), f(4, 3), f(4, 3))),
    ("TripletMarginWithDistanceLoss", {"swap": True}, (f(4, 3), f(4, 3), f(4, 3))),
    (
        "CTCLoss",
        {"zero_infinity": True},
        (log_softmax(f(6, 2, 4)), ids(3, 2, 3) + 1, numpy.array([6, 5]), numpy.array([3, 2])),
    ),
]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("kind", "options", "inputs"), LOSSES)
def test_loss(kind, options, inputs, reduction):
    extra = {}
    if kind == "SoftMarginLoss":  # PyTorch has no gradient for its targets
        inputs, extra = inputs[:1], {"target": inputs[1]}
    if kind == "CTCLoss":  # PyTorch's gradient takes for granted that log_softmax stands before
        names = ("log_probs", "targets", "input_lengths", "target_lengths")
        inputs, extra = (), dict(zip(names, inputs, strict=True))
    ours, theirs = built(lambda nn: getattr(nn, kind)(reduction=reduction, **options))
    check_same_start(ours, theirs)
    check_same_run(ours, theirs, inputs, extra, 5e-5)


@pytest.mark.parametrize("kind", ["NLLLoss", "CrossEntropyLoss", "MultiMarginLoss"])
def test_class_weights(kind):
    weight = [0.2, 1.0, 2.0]

    def make(nn):
        import rushlight
        import torch

        library = rushlight if nn is rushlight.nn else torch
        return getattr(nn, kind)(weight=library.tensor(weight))

    ours, theirs = built(make)
    check_same_start(ours, theirs)
    check_same_run(ours, theirs, (f(5, 3), ids(3, 5)), {})


def test_adaptive_softmax():
    ours, theirs = built(lambda nn: nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10], 2.0))
    check_same_start(ours, theirs)
    x, target = f(12, 16), ids(20, 12)
    check_same_run(ours, theirs, (x, target), {})
    predictions = [
        layer.predict(library.from_numpy(x))
        for layer, library in zip((ours, theirs), LIBRARIES, strict=True)
    ]
    assert predictions[0].tolist() == predictions[1].tolist()
