"""Averages of a model's parameters, statistics of batch norms for them, and their schedule."""

import pytest
import rushlight
from rushlight.optim.swa_utils import (
    SWALR,
    AveragedModel,
    get_ema_avg_fn,
    get_ema_multi_avg_fn,
    get_swa_avg_fn,
    update_bn,
)


def set_weight(model, value):
    with rushlight.no_grad():
        model.weight.fill_(value)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 3.0),
        ({"avg_fn": get_swa_avg_fn()}, 3.0),
        ({"multi_avg_fn": get_ema_multi_avg_fn(0.5)}, 0.25 * 1 + 0.25 * 2 + 0.5 * 6),
        ({"avg_fn": get_ema_avg_fn(0.5)}, 0.25 * 1 + 0.25 * 2 + 0.5 * 6),
    ],
)
def test_parameters_are_averaged(options, expected):
    model = rushlight.nn.Linear(2, 2, bias=False)
    averaged = AveragedModel(model, **options)
    for value in (1.0, 2.0, 6.0):
        set_weight(model, value)
        averaged.update_parameters(model)
    assert averaged.module.weight.tolist() == [[pytest.approx(expected)] * 2] * 2
    assert averaged.n_averaged.item() == 3
    assert averaged(rushlight.ones(1, 2)).tolist() == [[pytest.approx(2 * expected)] * 2]
    assert list(averaged.state_dict()) == ["n_averaged", "module.weight"]


def test_buffers_follow_the_model_or_are_averaged():
    for use_buffers, expected in ((False, 5.0), (True, 3.0)):
        model = rushlight.nn.BatchNorm1d(1)
        averaged = AveragedModel(model, use_buffers=use_buffers)
        for value in (1.0, 5.0):
            model.running_mean.fill_(value)
            averaged.update_parameters(model)
        assert averaged.module.running_mean.item() == pytest.approx(expected)


def test_statistics_are_computed_anew():
    model = rushlight.nn.BatchNorm1d(1)
    model.eval()
    update_bn([rushlight.tensor([[1.0], [3.0]]), [rushlight.tensor([[5.0], [7.0]])]], model)
    assert model.running_mean.item() == pytest.approx(4.0)
    assert model.running_var.item() == pytest.approx(2.0)
    assert model.momentum == 0.1
    assert not model.training


def test_decays_and_strategies_are_checked():
    with pytest.raises(ValueError, match="Invalid decay value 1.5"):
        get_ema_multi_avg_fn(1.5)
    with pytest.raises(AssertionError, match="Only one of"):
        AveragedModel(rushlight.nn.Linear(1, 1), avg_fn=max, multi_avg_fn=max)
    optimizer = rushlight.optim.SGD([rushlight.zeros(1, requires_grad=True)], lr=0.1)
    with pytest.raises(ValueError, match="anneal_strategy"):
        SWALR(optimizer, 0.5, anneal_strategy="square")


def test_the_rate_goes_to_its_end_in_a_line():
    optimizer = rushlight.optim.SGD([rushlight.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = SWALR(optimizer, 0.5, anneal_epochs=4, anneal_strategy="linear")
    seen = []
    for _ in range(6):
        optimizer.step()
        scheduler.step()
        seen.append(scheduler.get_last_lr()[0])
    assert seen == pytest.approx([0.2, 0.3, 0.4, 0.5, 0.5, 0.5])
