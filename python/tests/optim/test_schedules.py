"""Rates over many steps, by their formulas; chains, checkpoints, and warnings of a wrong order."""

import copy
import math
import warnings

import pytest
import rushlight
from rushlight.optim import lr_scheduler as schedules


def make_optimizer(**options):
    """Two groups, with rates 0.1 and 0.3."""
    first, second = (rushlight.zeros(2, requires_grad=True) for _ in range(2))
    groups = [{"params": [first]}, {"params": [second], "lr": 0.3}]
    return rushlight.optim.SGD(groups, lr=0.1, **options)


def rates(scheduler, count):
    """The first group's rate before and after each of `count` steps."""
    seen = [scheduler.get_last_lr()[0]]
    for _ in range(count):
        scheduler.optimizer.step()
        scheduler.step()
        seen.append(scheduler.get_last_lr()[0])
    return seen


FORMULAS = [
    ("LambdaLR", {"lr_lambda": lambda e: 0.9**e}, lambda e: 0.9**e),
    ("MultiplicativeLR", {"lr_lambda": lambda e: 0.9}, lambda e: 0.9**e),
    ("StepLR", {"step_size": 7}, lambda e: 0.1 ** (e // 7)),
    ("MultiStepLR", {"milestones": [3, 3, 9]}, lambda e: 0.1 ** (2 * (e >= 3) + (e >= 9))),
    ("ConstantLR", {"factor": 0.5, "total_iters": 4}, lambda e: 1 if e >= 4 else 0.5),
    ("LinearLR", {"start_factor": 0.2, "total_iters": 8}, lambda e: 0.2 + 0.8 * min(e, 8) / 8),
    ("ExponentialLR", {"gamma": 0.8}, lambda e: 0.8**e),
    ("PolynomialLR", {"total_iters": 9, "power": 2.0}, lambda e: (1 - min(e, 9) / 9) ** 2),
    ("CosineAnnealingLR", {"T_max": 6}, lambda e: (1 + math.cos(math.pi * e / 6)) / 2),
    (
        "CosineAnnealingWarmRestarts",
        {"T_0": 4},
        lambda e: (1 + math.cos(math.pi * (e % 4) / 4)) / 2,
    ),
]


@pytest.mark.parametrize(("name", "options", "formula"), FORMULAS)
def test_rates_follow_the_formula(name, options, formula):
    scheduler = getattr(schedules, name)(make_optimizer(), **options)
    expected = [0.1 * formula(epoch) for epoch in range(15)]
    assert rates(scheduler, 14) == pytest.approx(expected, abs=1e-12)
    assert scheduler.optimizer.param_groups[1]["lr"] == pytest.approx(0.3 * formula(14), abs=1e-12)


@pytest.mark.parametrize(("name", "options", "formula"), FORMULAS)
def test_schedules_go_on_from_checkpoints(name, options, formula):
    optimizer = make_optimizer()
    scheduler = getattr(schedules, name)(optimizer, **options)
    assert scheduler.state_dict()["last_epoch"] == 0
    assert scheduler.state_dict()["base_lrs"] == [0.1, 0.3]
    straight = rates(scheduler, 12)
    optimizer = make_optimizer()
    scheduler = getattr(schedules, name)(optimizer, **options)
    begun = rates(scheduler, 5)
    saved = copy.deepcopy((scheduler.state_dict(), optimizer.state_dict()))
    optimizer = make_optimizer()
    scheduler = getattr(schedules, name)(optimizer, **options)
    scheduler.load_state_dict(saved[0])
    optimizer.load_state_dict(saved[1])
    assert begun + rates(scheduler, 7)[1:] == straight


def test_chained_schedules_multiply():
    optimizer = make_optimizer()
    parts = [schedules.ConstantLR(optimizer, 0.1, 3), schedules.ExponentialLR(optimizer, 0.9)]
    seen = rates(schedules.ChainedScheduler(parts, optimizer), 5)
    expected = [0.1 * 0.9**e * (1 if e >= 3 else 0.1) for e in range(6)]
    assert seen == pytest.approx(expected)


def test_schedules_take_over_from_each_other():
    optimizer = make_optimizer()
    parts = [schedules.ConstantLR(optimizer, 0.1, 20), schedules.ExponentialLR(optimizer, 0.9)]
    seen = rates(schedules.SequentialLR(optimizer, parts, milestones=[4]), 7)
    assert seen == pytest.approx([0.01] * 4 + [0.1 * 0.9**e for e in range(4)])
    with pytest.raises(ValueError, match="one more than"):
        schedules.SequentialLR(optimizer, parts, milestones=[1, 2])
    with pytest.raises(ValueError, match="same optimizer"):
        schedules.SequentialLR(make_optimizer(), parts, milestones=[1])


def test_a_plateau_cuts_the_rate_after_patience():
    optimizer = make_optimizer()
    scheduler = schedules.ReduceLROnPlateau(optimizer, factor=0.5, patience=2, min_lr=[0.03, 0.0])
    seen = []
    for loss in [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]:
        scheduler.step(rushlight.tensor(loss))
        seen.append(optimizer.param_groups[0]["lr"])
    assert seen == pytest.approx([0.1] * 4 + [0.05] * 3 + [0.03] * 4)
    assert scheduler.get_last_lr() == pytest.approx([0.03, 0.0375])
    with pytest.raises(ValueError, match="median is unknown"):
        schedules.ReduceLROnPlateau(optimizer, mode="median")


def test_one_cycle_rises_and_falls_and_moves_momentum_against_it():
    optimizer = make_optimizer(momentum=0.9)
    scheduler = schedules.OneCycleLR(optimizer, max_lr=1.0, total_steps=20, pct_start=0.25)
    seen, momenta = rates(scheduler, 0), [optimizer.param_groups[0]["momentum"]]
    for _ in range(19):
        optimizer.step()
        scheduler.step()
        seen.append(scheduler.get_last_lr()[0])
        momenta.append(optimizer.param_groups[0]["momentum"])
    assert seen[0] == pytest.approx(1 / 25)
    assert seen.index(max(seen)) == 4
    assert max(seen) == pytest.approx(1.0)
    assert seen[-1] == pytest.approx(1 / 25 / 1e4)
    assert momenta[0] == pytest.approx(0.95)
    assert momenta[4] == pytest.approx(0.85)
    optimizer.step()
    scheduler.step()
    with pytest.raises(ValueError, match="Tried to step 21 times"):
        scheduler.step()


@pytest.mark.parametrize(
    ("mode", "peaks"),
    [("triangular", [0.5, 0.5]), ("triangular2", [0.5, 0.3]), ("exp_range", [0.2048 + 0.1, None])],
)
def test_cycles_reach_their_heights(mode, peaks):
    optimizer = make_optimizer()
    scheduler = schedules.CyclicLR(
        optimizer, 0.1, 0.5, step_size_up=3, mode=mode, gamma=0.8, cycle_momentum=False
    )
    seen = rates(scheduler, 12)
    assert seen[0] == seen[6] == pytest.approx(0.1)
    assert seen[3] == pytest.approx(peaks[0])
    if peaks[1]:
        assert seen[9] == pytest.approx(peaks[1])


def test_a_rate_that_is_a_tensor_stays_that_tensor():
    lr = rushlight.tensor(0.5)
    optimizer = rushlight.optim.SGD([rushlight.zeros(1, requires_grad=True)], lr=lr)
    scheduler = schedules.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is lr
    assert lr.item() == 0.25
    assert scheduler.get_last_lr()[0] is not lr


def test_a_wrong_order_of_steps_is_warned_of():
    scheduler = schedules.StepLR(make_optimizer(), 2)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        scheduler.step()
    optimizer = make_optimizer()
    scheduler = schedules.StepLR(optimizer, 2)
    optimizer.step = lambda: None
    with pytest.warns(UserWarning, match="has been overridden"):
        scheduler.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rates(schedules.StepLR(make_optimizer(), 2), 3)


def test_an_epoch_is_deprecated_but_works():
    optimizer = make_optimizer()
    scheduler = schedules.StepLR(optimizer, 2)
    optimizer.step()
    with pytest.warns(UserWarning, match="epoch parameter"):
        scheduler.step(4)
    assert scheduler.get_last_lr()[0] == pytest.approx(0.001)
    with pytest.warns(UserWarning, match="get_last_lr"):
        scheduler.get_lr()


def test_resuming_needs_the_first_rates():
    with pytest.raises(KeyError, match="initial_lr"):
        schedules.StepLR(make_optimizer(), 2, last_epoch=3)
    with pytest.raises(TypeError, match="int is not an Optimizer"):
        schedules.StepLR(3, 2)


def test_users_write_their_own():
    class Halving(schedules.LRScheduler):
        def get_lr(self):
            return [lr * 0.5**self.last_epoch for lr in self.base_lrs]

    assert rates(Halving(make_optimizer()), 2) == pytest.approx([0.1, 0.05, 0.025])
