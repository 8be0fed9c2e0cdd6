"""Losses as functions: reductions, weights, targets, PyTorch's older flags, refusals."""

import numpy
import pytest
from function_compare import Fixed, case, check_call, check_refused

_random = numpy.random.default_rng(4)
REDUCTIONS = ["none", "mean", "sum"]


def d(*shape):
    return _random.standard_normal(shape)


def inside(*shape):
    return _random.uniform(0.05, 0.95, shape)


def signs(*shape):
    return numpy.where(_random.uniform(size=shape) < 0.5, -1.0, 1.0)


def ids(high, *shape):
    return _random.integers(0, high, shape)


def logs(*shape):
    x = d(*shape)
    axis = min(1, len(shape) - 1)
    return x - numpy.log(numpy.exp(x).sum(axis, keepdims=True))


def F(name, *args, **options):
    return case(f"nn.functional.{name}", *args, **options)


REDUCED = [
    ("mse_loss", (d(4, 3), d(4, 3)), {}),
    ("mse_loss", (d(4, 3), d(4, 3)), {"weight": inside(4, 3)}),
    ("mse_loss", (d(4, 3), d(3)), {"note": "broadcast"}),
    ("l1_loss", (d(4, 3), d(4, 3)), {}),
    ("l1_loss", (d(4, 3), d(4, 3)), {"weight": inside(4, 3)}),
    ("smooth_l1_loss", (d(4, 3), d(4, 3)), {}),
    ("smooth_l1_loss", (d(4, 3), d(4, 3)), {"beta": 0.3}),
    ("smooth_l1_loss", (d(4, 3), d(4, 3)), {"beta": 0.0}),
    ("huber_loss", (d(4, 3), d(4, 3)), {"delta": 0.4}),
    ("huber_loss", (d(4, 3), d(4, 3)), {"weight": inside(4, 3)}),
    ("cross_entropy", (d(5, 3), ids(3, 5)), {}),
    ("cross_entropy", (d(5, 3), ids(3, 5)), {"weight": Fixed(inside(3))}),
    ("cross_entropy", (d(5, 3), ids(3, 5)), {"label_smoothing": 0.2, "weight": Fixed(inside(3))}),
    ("cross_entropy", (d(5, 3), numpy.array([0, 1, 1, 2, 1])), {"ignore_index": 1}),
    ("cross_entropy", (d(2, 3, 4, 2), ids(3, 2, 4, 2)), {}),
    ("cross_entropy", (d(3), numpy.array(2)), {}),
    (
        "cross_entropy",
        (d(5, 3), inside(5, 3)),
        {"weight": Fixed(inside(3)), "label_smoothing": 0.1},
    ),
    ("cross_entropy", (d(2, 3, 4), inside(2, 3, 4)), {}),
    ("nll_loss", (logs(5, 3), ids(3, 5)), {"weight": Fixed(inside(3))}),
    ("nll_loss", (logs(2, 3, 4), ids(3, 2, 4)), {"ignore_index": 0}),
    ("nll_loss", (logs(3), numpy.array(1)), {}),
    ("binary_cross_entropy", (inside(4, 3), inside(4, 3)), {"weight": Fixed(inside(4, 3))}),
    ("binary_cross_entropy", (inside(4), (inside(4) > 0.5) * 1.0), {}),
    ("binary_cross_entropy_with_logits", (d(4, 3), inside(4, 3)), {}),
    (
        "binary_cross_entropy_with_logits",
        (d(4, 3), inside(4, 3)),
        {"weight": Fixed(inside(3)), "pos_weight": Fixed(inside(3) * 3)},
    ),
    ("kl_div", (logs(4, 3), inside(4, 3)), {}),
    ("kl_div", (logs(4, 3), logs(4, 3)), {"log_target": True}),
    ("poisson_nll_loss", (d(4, 3), inside(4, 3) * 5), {"full": True}),
    ("poisson_nll_loss", (inside(4, 3), inside(4, 3)), {"log_input": False, "eps": 1e-4}),
    ("gaussian_nll_loss", (d(4, 3), d(4, 3), inside(4, 3)), {"full": True}),
    ("gaussian_nll_loss", (d(4, 3), d(4, 3), inside(4, 1)), {}),
    ("gaussian_nll_loss", (d(4, 3), d(4, 3), 0.7), {}),
    ("hinge_embedding_loss", (d(4, 3), signs(4, 3)), {"margin": 0.7}),
    ("soft_margin_loss", (d(4, 3), Fixed(signs(4, 3))), {}),
    ("margin_ranking_loss", (d(4), d(4), signs(4)), {"margin": 0.2}),
    ("cosine_embedding_loss", (d(4, 3), d(4, 3), signs(4)), {"margin": 0.1}),
    ("multi_margin_loss", (d(5, 3), ids(3, 5)), {"weight": Fixed(inside(3)), "p": 2}),
    ("multilabel_margin_loss", (d(2, 4), numpy.array([[1, 2, -1, 0], [3, -1, 0, 0]])), {}),
    (
        "multilabel_soft_margin_loss",
        (d(4, 3), (inside(4, 3) > 0.5) * 1.0),
        {"weight": Fixed(inside(3))},
    ),
    ("triplet_margin_loss", (d(4, 3), d(4, 3), d(4, 3)), {"swap": True, "p": 3}),
]
CTC = [
    numpy.log(_random.dirichlet(numpy.ones(5), (8, 3))),
    _random.integers(1, 5, (3, 3)),
    numpy.array([8, 7, 8]),
    numpy.array([3, 2, 1]),
]
CTC_CASES = [
    (tuple(CTC), {}),
    ((*CTC[:2], (8, 8, 6), (2, 3, 3)), {}),
    ((CTC[0], CTC[1].reshape(-1)[:6], *CTC[2:]), {"zero_infinity": True}),
    ((CTC[0][:, 0], CTC[1][0], numpy.array(8), numpy.array(3)), {"blank": 0}),
]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("number", range(len(REDUCED)))
def test_loss(number, reduction):
    name, args, options = REDUCED[number]
    options = {k: v for k, v in options.items() if k != "note"}
    check_call(f"nn.functional.{name}", args, {**options, "reduction": reduction})


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("number", range(len(CTC_CASES)))
def test_ctc_loss(number, reduction):
    args, options = CTC_CASES[number]
    check_call("nn.functional.ctc_loss", args, {**options, "reduction": reduction})


OTHERS = [
    F("mse_loss", d(4, 3), d(4, 3), True, False),
    F("mse_loss", d(4, 3), d(4, 3), size_average=False),
    F("l1_loss", d(4, 3), d(4, 3), reduce=False),
    F("cross_entropy", d(5, 3), ids(3, 5), None, False),
    F("kl_div", logs(4, 3), inside(4, 3), reduction="batchmean"),
    F("mse_loss", d(), d()),
    F("mse_loss", d(0), d(0)),
    F("cross_entropy", d(0, 3), ids(3, 0), reduction="sum"),
    F("cross_entropy", d(3, 5).T, ids(3, 5), note="strided"),
    F("mse_loss", d(3, 4).T, d(4, 3), note="strided"),
    F("linear_cross_entropy", d(5, 4), d(3, 4), ids(3, 5), linear_bias=d(3)),
    case("margin_ranking_loss", d(4), d(4), signs(4), 0.1, 2),
    case("hinge_embedding_loss", d(4), signs(4), 0.5, 0),
    case("cosine_embedding_loss", d(4, 3), d(4, 3), signs(4)),
    case("triplet_margin_loss", d(4, 3), d(4, 3), d(4, 3), 0.5),
    case("kl_div", logs(4, 3), inside(4, 3), 2),
    case("binary_cross_entropy_with_logits", d(4, 3), inside(4, 3)),
    case("poisson_nll_loss", d(4, 3), inside(4, 3), True, False, 1e-8, 1),
    case("ctc_loss", *CTC, 0, 2),
]


@pytest.mark.parametrize(("path", "args", "options"), OTHERS)
def test_flags_shapes_and_names_of_torch(path, args, options):
    check_call(path, args, options)


REFUSALS = [
    F("mse_loss", d(4, 3), d(4, 2)),
    F("mse_loss", d(4, 3), d(4, 3), reduction="average"),
    F("mse_loss", d(4, 3), d(4, 3), weight=d(3)),
    F("cross_entropy", d(5, 3), ids(3, 4)),
    F("cross_entropy", d(5, 3), numpy.array([0, 1, 2, 3, 0])),
    F("cross_entropy", d(5, 3), ids(3, 5), label_smoothing=1.5),
    F("nll_loss", logs(5, 3), d(5)),
    F("binary_cross_entropy", d(4, 3) * 9, inside(4, 3)),
    F("binary_cross_entropy", inside(4, 3), inside(4)),
    F("binary_cross_entropy_with_logits", d(4, 3), inside(4)),
    F("gaussian_nll_loss", d(4, 3), d(4, 3), -inside(4, 3)),
    F("multi_margin_loss", d(5, 3), ids(3, 5), p=3),
    F("triplet_margin_loss", d(4, 3), d(4, 3), d(4, 3), -1.0),
    F("margin_ranking_loss", d(4), d(4, 1), signs(4)),
    F("ctc_loss", CTC[0], CTC[1], (9, 8, 8), (1, 1, 1)),
]


@pytest.mark.parametrize(("path", "args", "options"), REFUSALS)
def test_refused_as_by_pytorch(path, args, options):
    check_refused(path, args, options)
