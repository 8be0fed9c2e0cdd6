"""Losses over 50 steps beside PyTorch's, and checkpoints that travel from each to the other."""

import numpy
import pytest
import rushlight
import torch

LIBRARIES = (rushlight, torch)
STEPS = 50
# Name, options, and how far the losses may be from PyTorch's, as a share.
CASES = [
    ("Adadelta", {}, 1e-5),
    ("Adadelta", {"lr": 0.5, "rho": 0.8, "weight_decay": 0.01, "maximize": True}, 1e-4),
    ("Adafactor", {}, 1e-4),
    ("Adafactor", {"lr": 0.05, "eps": (1e-6, 1e-2), "weight_decay": 0.1}, 1e-3),
    ("Adagrad", {"lr": 0.1}, 1e-5),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.1}, 1e-5),
    ("Adam", {"lr": 0.01}, 1e-5),
    ("Adam", {"lr": 0.01, "amsgrad": True, "weight_decay": 0.01, "betas": (0.8, 0.95)}, 1e-5),
    ("Adam", {"lr": 0.01, "decoupled_weight_decay": True, "weight_decay": 0.1}, 1e-5),
    ("AdamW", {"lr": 0.01, "maximize": True}, 1e-4),
    ("AdamW", {"lr": 0.01, "amsgrad": True, "fused": False, "foreach": False}, 1e-5),
    ("Adamax", {"lr": 0.01, "weight_decay": 0.01}, 1e-5),
    ("ASGD", {"lr": 0.1, "t0": 10.0, "weight_decay": 0.01}, 1e-5),
    ("LBFGS", {"lr": 0.3, "max_iter": 4, "history_size": 5}, 1e-2),
    ("LBFGS", {"line_search_fn": "strong_wolfe", "max_iter": 3}, 1e-2),
    ("Muon", {"lr": 0.02}, 2e-2),
    ("Muon", {"lr": 0.02, "nesterov": False, "adjust_lr_fn": "match_rms_adamw"}, 2e-2),
    ("NAdam", {"lr": 0.01}, 1e-5),
    ("NAdam", {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True}, 1e-5),
    ("RAdam", {"lr": 0.01}, 1e-5),
    ("RAdam", {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True}, 1e-5),
    ("RMSprop", {}, 1e-3),
    ("RMSprop", {"lr": 0.003, "momentum": 0.9, "centered": True, "weight_decay": 0.01}, 1e-3),
    ("Rprop", {}, 1e-3),
    ("SGD", {"lr": 0.1}, 1e-5),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}, 1e-5),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}, 1e-5),
]
# Of these the losses are compared until a difference in the last place has grown too large.
COMPARED_STEPS = {"LBFGS": 8}


class Problem:
    """A network of two layers, with equal first weights and data in both libraries."""

    def __init__(self, library, name):
        random = numpy.random.default_rng(3)
        self.library = library
        shapes = [(6, 8), (8,), (8, 3), (3,)]
        weights = [random.normal(size=shape).astype("float32") * 0.5 for shape in shapes]
        self.x, self.y = (
            library.from_numpy(random.normal(size=(16, width)).astype("float32"))
            for width in (6, 3)
        )
        self.weights = [library.from_numpy(w.copy()).requires_grad_() for w in weights]
        trained = [w for w in self.weights if w.ndim == 2 or name != "Muon"]
        self.groups = [{"params": trained[:1]}, {"params": trained[1:]}]
        if name == "LBFGS":
            self.groups = [{"params": trained}]
        elif name != "Muon":
            self.groups[1]["lr"] = 0.005

    def loss(self):
        for w in self.weights:
            w.grad = None
        first, first_bias, second, second_bias = self.weights
        hidden = self.library.tanh(self.x @ first + first_bias)
        loss = ((hidden @ second + second_bias - self.y) ** 2).mean()
        loss.backward()
        return loss


def translated(value, library):
    """Tensors in a checkpoint as tensors of the other library."""
    if isinstance(value, (torch.Tensor, rushlight.Tensor)):
        return library.from_numpy(value.detach().numpy().copy())
    if isinstance(value, dict):
        return {key: translated(part, library) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(translated(part, library) for part in value)
    return value


def train(library, name, options, other=None):
    """The losses of all steps, and the last checkpoint.

    With `other` the checkpoint goes through that library's optimiser half way.
    """
    problem = Problem(library, name)
    optimizer = getattr(library.optim, name)(problem.groups, **options)
    losses = []
    for step in range(STEPS):
        if other and step == STEPS // 2:
            guest = getattr(other.optim, name)(Problem(other, name).groups, **options)
            guest.load_state_dict(translated(optimizer.state_dict(), other))
            optimizer = getattr(library.optim, name)(problem.groups, **options)
            optimizer.load_state_dict(translated(guest.state_dict(), library))
        losses.append(optimizer.step(problem.loss).item())
    return losses, optimizer.state_dict()


def compared(name):
    return slice(COMPARED_STEPS.get(name, STEPS))


@pytest.mark.parametrize(("name", "options", "tolerance"), CASES)
def test_losses_follow_pytorchs(name, options, tolerance):
    theirs, _ = train(torch, name, options)
    ours, _ = train(rushlight, name, options)
    part = compared(name)
    assert ours[part] == pytest.approx(theirs[part], rel=tolerance, abs=1e-7)
    assert len(set(ours)) > STEPS // 2


@pytest.mark.parametrize(("name", "options", "tolerance"), CASES)
@pytest.mark.parametrize("home", ["torch", "rushlight"])
def test_a_checkpoint_may_go_through_the_other_library(name, options, tolerance, home):
    library, other = (torch, rushlight) if home == "torch" else (rushlight, torch)
    straight, _ = train(library, name, options)
    detour, _ = train(library, name, options, other)
    assert detour == pytest.approx(straight, rel=1e-3 if name == "LBFGS" else 1e-6, abs=1e-7)


@pytest.mark.parametrize(("name", "options", "tolerance"), CASES)
def test_checkpoints_have_pytorchs_structure(name, options, tolerance):
    _, theirs = train(torch, name, options)
    _, ours = train(rushlight, name, options)
    assert ours["param_groups"] == theirs["param_groups"]
    assert list(ours["state"]) == list(theirs["state"])
    for number, state in theirs["state"].items():
        mine = ours["state"][number]
        assert set(mine) == set(state)
        if name == "LBFGS":
            continue
        for key, value in state.items():
            assert tuple(mine[key].shape) == tuple(value.shape)
            assert str(mine[key].dtype).split(".")[1] == str(value.dtype).split(".")[1]
            scale = max(1e-3, value.abs().max().item())
            numpy.testing.assert_allclose(
                mine[key].numpy(), value.numpy(), rtol=tolerance * 10, atol=tolerance * 10 * scale
            )


@pytest.mark.parametrize("name", sorted({name for name, _, _ in CASES}))
def test_defaults_and_the_printed_form_are_pytorchs(name):
    ours, theirs = (
        getattr(library.optim, name)(Problem(library, name).groups) for library in LIBRARIES
    )
    assert repr(ours) == repr(theirs)
    assert ours.defaults == theirs.defaults
    assert list(ours.param_groups[0]) == list(theirs.param_groups[0])
