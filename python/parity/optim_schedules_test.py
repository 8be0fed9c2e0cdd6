"""Rates and momenta over 100 steps beside PyTorch's: alone, chained, reloaded, composed."""

import copy
import math
import warnings

import pytest
import rushlight
import torch

STEPS = 100


class Falling:
    """A function with an attribute, which checkpoints keep."""

    def __init__(self, base):
        self.base = base

    def __call__(self, epoch):
        return self.base**epoch


CASES = [
    ("LambdaLR", {"lr_lambda": lambda epoch: 0.95**epoch}),
    ("LambdaLR", {"lr_lambda": [lambda epoch: epoch * 0.1, Falling(0.9)]}),
    ("MultiplicativeLR", {"lr_lambda": lambda epoch: 0.9}),
    ("StepLR", {"step_size": 7, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [3, 3, 20, 50], "gamma": 0.3}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.5, "total_iters": 10}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.2, "end_factor": 0.7, "total_iters": 30}),
    ("ExponentialLR", {"gamma": 0.95}),
    ("PolynomialLR", {"total_iters": 60, "power": 2.0}),
    ("CosineAnnealingLR", {"T_max": 20}),
    ("CosineAnnealingLR", {"T_max": 7, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 10}),
    ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 2, "eta_min": 0.01}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 7, "step_size_down": 11}),
    (
        "CyclicLR",
        {"base_lr": [0.01, 0.02], "max_lr": 0.3, "step_size_up": 5, "mode": "triangular2"},
    ),
    (
        "CyclicLR",
        {"base_lr": 0.1, "max_lr": 0.3, "step_size_up": 5, "mode": "exp_range", "gamma": 0.99},
    ),
    (
        "CyclicLR",
        {
            "base_lr": 0.01,
            "max_lr": 0.3,
            "step_size_up": 5,
            "scale_fn": lambda x: 0.8**x,
            "scale_mode": "iterations",
            "cycle_momentum": False,
        },
    ),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 120}),
    (
        "OneCycleLR",
        {
            "max_lr": [0.5, 0.2],
            "epochs": 12,
            "steps_per_epoch": 10,
            "three_phase": True,
            "anneal_strategy": "linear",
            "pct_start": 0.4,
        },
    ),
]
OPTIMIZERS = [("SGD", {"momentum": 0.9}), ("Adam", {})]


def make_optimizer(library, name="SGD", options=None):
    first, second = (library.ones(2, requires_grad=True) for _ in range(2))
    groups = [{"params": [first]}, {"params": [second], "lr": 0.3}]
    return getattr(library.optim, name)(groups, lr=0.1, **(options or {}))


def readings(optimizer, scheduler):
    """What a step of a schedule sets."""
    groups = optimizer.param_groups
    momenta = [group.get("momentum", group.get("betas")) for group in groups]
    return scheduler.get_last_lr(), [group["lr"] for group in groups], momenta


def comparable(state):
    """A checkpoint of a schedule, without the attributes of functions."""
    if "_schedulers" in state:
        return {**state, "_schedulers": [comparable(part) for part in state["_schedulers"]]}
    return {k: v for k, v in state.items() if k not in ("lr_lambdas", "_scale_fn_custom")}


def follow(library, make, steps=STEPS, more=None, optimizer=("SGD", {"momentum": 0.9})):
    optimizer = make_optimizer(library, *optimizer)
    scheduler = make(library.optim.lr_scheduler, optimizer)
    others = [more(library.optim.lr_scheduler, optimizer)] if more else []
    seen = [readings(optimizer, scheduler)]
    for _ in range(steps):
        optimizer.step()
        for one in (scheduler, *others):
            one.step()
        seen.append(readings(optimizer, scheduler))
    return seen, comparable(scheduler.state_dict())


def check_equal(make, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = (follow(library, make, **options) for library in (rushlight, torch))
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]


@pytest.mark.parametrize(("name", "options"), CASES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=["SGD", "Adam"])
def test_rates_are_pytorchs(name, options, optimizer):
    check_equal(lambda module, o: getattr(module, name)(o, **options), optimizer=optimizer)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_rates_in_a_chain_are_pytorchs(name, options):
    check_equal(
        lambda module, o: getattr(module, name)(o, **options),
        more=lambda module, o: module.ExponentialLR(o, 0.99),
    )


@pytest.mark.parametrize(("name", "options"), CASES)
@pytest.mark.parametrize("home", ["torch", "rushlight"])
def test_checkpoints_may_change_the_library(name, options, home):
    first, second = (torch, rushlight) if home == "torch" else (rushlight, torch)
    expected, _ = follow(first, lambda module, o: getattr(module, name)(o, **options))
    optimizer = make_optimizer(first, "SGD", {"momentum": 0.9})
    scheduler = getattr(first.optim.lr_scheduler, name)(optimizer, **options)
    for _ in range(40):
        optimizer.step()
        scheduler.step()
    saved = copy.deepcopy((scheduler.state_dict(), optimizer.state_dict()))
    optimizer = make_optimizer(second, "SGD", {"momentum": 0.9})
    scheduler = getattr(second.optim.lr_scheduler, name)(optimizer, **options)
    scheduler.load_state_dict(saved[0])
    optimizer.load_state_dict(saved[1])
    for reading in expected[41:]:
        optimizer.step()
        scheduler.step()
        assert readings(optimizer, scheduler) == reading


def sequence(module, optimizer):
    parts = [
        module.LinearLR(optimizer, 0.1, total_iters=5),
        module.CosineAnnealingLR(optimizer, 20),
        module.StepLR(optimizer, 5),
    ]
    return module.SequentialLR(optimizer, parts, [5, 30])


def nested_sequence(module, optimizer):
    inner = [module.ConstantLR(optimizer, 0.1), module.LinearLR(optimizer)]
    outer = [module.SequentialLR(optimizer, inner, [3]), module.CosineAnnealingLR(optimizer, 20)]
    return module.SequentialLR(optimizer, outer, [9])


def chain(module, optimizer):
    return module.ChainedScheduler(
        [
            module.ConstantLR(optimizer, 0.1, 20),
            module.ExponentialLR(optimizer, 0.9),
            module.CosineAnnealingLR(optimizer, 20),
        ]
    )


@pytest.mark.parametrize("make", [sequence, nested_sequence, chain])
def test_composed_schedules_are_pytorchs(make):
    check_equal(make)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mode": "max", "patience": 2, "factor": 0.5, "cooldown": 3, "min_lr": [0.001, 0.01]},
        {"threshold_mode": "abs", "threshold": 0.01, "patience": 1},
        {"mode": "max", "threshold_mode": "abs", "patience": 1},
    ],
)
def test_plateaus_are_pytorchs(options):
    results = []
    for library in (rushlight, torch):
        optimizer = make_optimizer(library)
        scheduler = library.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        seen = []
        for step in range(STEPS):
            scheduler.step(abs(math.sin(step * 0.3)) + 1 / (step + 1))
            seen.append(readings(optimizer, scheduler))
        results.append((seen, scheduler.state_dict()))
    assert results[0] == results[1]


@pytest.mark.parametrize(("name", "options"), CASES[:15])
def test_given_epochs_have_pytorchs_rates(name, options):
    results = []
    for library in (rushlight, torch):
        optimizer = make_optimizer(library)
        scheduler = getattr(library.optim.lr_scheduler, name)(optimizer, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results.append([])
            for epoch in (3, 10, 4, 25):
                scheduler.step(epoch)
                results[-1].append(scheduler.get_last_lr())
    assert results[0] == results[1]


@pytest.mark.parametrize(
    "options",
    [
        {"swa_lr": 0.05},
        {"swa_lr": [0.05, 0.5], "anneal_epochs": 4, "anneal_strategy": "linear"},
        {"swa_lr": 0.05, "anneal_epochs": 0},
    ],
)
def test_rates_of_averaging_are_pytorchs(options):
    results = []
    for library in (rushlight, torch):
        optimizer = make_optimizer(library)
        scheduler = library.optim.swa_utils.SWALR(optimizer, **options)
        seen = []
        for _ in range(30):
            optimizer.step()
            scheduler.step()
            seen.append(scheduler.get_last_lr())
        results.append((seen, scheduler.state_dict()))
    assert results[0] == results[1]
