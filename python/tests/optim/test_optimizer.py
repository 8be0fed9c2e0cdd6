"""What all optimisers share: groups and their checks, state, checkpoints, hooks."""

import copy
import pickle

import pytest
import rushlight
from optimising import quadratic_gradients, start
from rushlight.optim import SGD, Adam, Optimizer
from rushlight.optim.optimizer import register_optimizer_step_pre_hook, required


def step(optimizer, number=0):
    for group in optimizer.param_groups:
        quadratic_gradients(group["params"], number)
    optimizer.step()


def test_groups_keep_their_options_and_take_the_rest_from_the_defaults():
    first, second = start()
    optimizer = SGD([{"params": first, "lr": 0.5}, {"params": [second]}], lr=0.1, momentum=0.9)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.1]
    assert [group["momentum"] for group in optimizer.param_groups] == [0.9, 0.9]
    assert optimizer.param_groups[0]["params"] == [first]
    optimizer.add_param_group({"params": rushlight.zeros(2, requires_grad=True), "lr": 1.0})
    assert optimizer.param_groups[2]["lr"] == 1.0


def test_named_parameters_keep_their_names():
    first, second = start()
    optimizer = SGD([("weight", first), ("bias", second)], lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
    with pytest.raises(ValueError, match="with/without names"):
        optimizer.add_param_group({"params": rushlight.zeros(2, requires_grad=True)})


@pytest.mark.parametrize(
    ("params", "error", "text"),
    [
        (lambda: [], ValueError, "empty parameter list"),
        (lambda: rushlight.zeros(2), TypeError, "iterable of Tensors"),
        (lambda: [1.0], TypeError, "only optimize Tensors.*float"),
        (lambda: [{"params": set(start())}], TypeError, "ordered collections"),
        (lambda: [start()[0] * 2], ValueError, "non-leaf"),
        (lambda: [{"params": p} for p in [start()[0]] * 2], ValueError, "more than one"),
        (lambda: [("a", start()[0]), start()[1]], ValueError, "Some param names are missing"),
    ],
)
def test_wrong_parameters_are_refused(params, error, text):
    with pytest.raises(error, match=text):
        SGD(params(), lr=0.1)


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("SGD", {"lr": -1.0}, "Invalid learning rate: -1.0"),
        ("SGD", {"nesterov": True}, "Nesterov momentum requires"),
        ("SGD", {"lr": float("nan")}, "Invalid learning rate"),
        ("Adam", {"betas": (1.0, 0.9)}, "Invalid beta parameter at index 0: 1.0"),
        ("Adam", {"eps": -1.0}, "Invalid epsilon value: -1.0"),
        ("Adam", {"betas": (0, 0.9)}, "both floats or both Tensors"),
        ("Adadelta", {"rho": 1.5}, "Invalid rho value: 1.5"),
        ("Rprop", {"etas": (1.5, 2.0)}, "Invalid eta values"),
        ("Adafactor", {"d": 0.5}, "should be >= 1"),
        ("Muon", {}, "only supports 2D parameters"),
        ("Muon", {"adjust_lr_fn": "best"}, "best is not supported"),
    ],
)
def test_wrong_options_are_refused(name, options, text):
    with pytest.raises(ValueError, match=text):
        getattr(rushlight.optim, name)(start(), **options)


def test_what_cannot_be_done_is_refused():
    with pytest.raises(RuntimeError, match="differentiable=True is not supported"):
        Adam(start(), differentiable=True)
    with pytest.raises(RuntimeError, match="cannot be `True` together"):
        Adam(start(), foreach=True, fused=True)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        SGD([start()[0]] * 2, lr=0.1)


def test_steps_are_counted_in_the_state_when_it_is_looked_at():
    parameters = start()
    optimizer = Adam(parameters, lr=0.1)
    assert len(optimizer.state) == 0
    for number in range(5):
        step(optimizer, number)
    state = optimizer.state[parameters[0]]
    assert list(state) == ["step", "exp_avg", "exp_avg_sq"]
    assert state["step"].shape == ()
    assert state["step"].dtype == rushlight.float32
    assert state["step"].item() == 5.0
    step(optimizer)
    assert optimizer.state_dict()["state"][1]["step"].item() == 6.0


def test_a_state_that_is_taken_away_starts_anew():
    parameters = start()
    optimizer = Adam(parameters, lr=0.1)
    step(optimizer)
    step(optimizer)
    del optimizer.state[parameters[0]]
    step(optimizer)
    assert [optimizer.state[p]["step"].item() for p in parameters] == [1.0, 3.0]


def test_a_parameter_can_be_exchanged_with_its_state():
    old, other = start()
    optimizer = Adam([old, other], lr=0.1)
    step(optimizer)
    new = rushlight.zeros(4, requires_grad=True)
    del optimizer.state[old]
    optimizer.param_groups[0]["params"][0] = new
    step(optimizer)
    assert optimizer.state[new]["exp_avg"].shape == (4,)
    assert new.tolist() != [0.0] * 4
    assert old not in optimizer.state


def test_the_state_dict_has_pytorchs_structure():
    first, second = start()
    optimizer = SGD([{"params": [second]}, {"params": [first], "lr": 0.5}], lr=0.1, momentum=0.9)
    step(optimizer)
    saved = optimizer.state_dict()
    assert list(saved) == ["state", "param_groups"]
    assert [group["params"] for group in saved["param_groups"]] == [[0], [1]]
    assert saved["param_groups"][1]["lr"] == 0.5
    assert saved["state"][0]["momentum_buffer"].shape == second.shape
    assert SGD(start(), lr=0.1).state_dict()["state"] == {}


def test_states_take_the_parameters_dtype_when_they_are_loaded():
    optimizer = Adam(start(), lr=0.1)
    step(optimizer)
    doubles = [p.detach().double().requires_grad_() for p in start()]
    other = Adam(doubles, lr=0.5)
    other.load_state_dict(optimizer.state_dict())
    state = other.state[doubles[0]]
    assert state["exp_avg"].dtype == rushlight.float64
    assert state["step"].dtype == rushlight.float32
    assert other.param_groups[0]["lr"] == 0.1
    step(other)
    assert other.state[doubles[0]]["step"].item() == 2.0
    assert optimizer.state_dict()["state"][0]["step"].item() == 1.0


def test_a_state_dict_of_other_groups_is_refused():
    saved = SGD(start(), lr=0.1).state_dict()
    with pytest.raises(ValueError, match="different number of parameter groups"):
        SGD([{"params": p} for p in start()], lr=0.1).load_state_dict(saved)
    with pytest.raises(ValueError, match="doesn't match the size"):
        SGD(start()[:1], lr=0.1).load_state_dict(saved)


def test_old_checkpoints_without_later_options_load():
    parameters = start()
    optimizer = Adam(parameters, lr=0.1)
    step(optimizer)
    saved = copy.deepcopy(optimizer.state_dict())
    for group in saved["param_groups"]:
        for name in ("maximize", "foreach", "decoupled_weight_decay"):
            del group[name]
    for state in saved["state"].values():
        state["step"] = 7
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["maximize"] is False
    step(optimizer)
    assert optimizer.state[parameters[0]]["step"].item() == 8.0


def test_zero_grad_forgets_or_fills_gradients():
    parameters = start()
    optimizer = SGD(parameters, lr=0.1)
    quadratic_gradients(parameters, 0)
    grad = parameters[0].grad
    optimizer.zero_grad(set_to_none=False)
    assert parameters[0].grad.abs().sum().item() == 0.0
    assert grad.abs().sum().item() == 0.0
    optimizer.zero_grad()
    assert parameters[0].grad is None


def test_the_printed_form_lists_the_groups():
    text = repr(SGD(start(), lr=0.1))
    assert text.startswith("SGD (\nParameter Group 0\n    dampening: 0\n")
    assert text.endswith(
        "    lr: 0.1\n    maximize: False\n    momentum: 0\n    nesterov: False\n"
        "    weight_decay: 0\n)"
    )


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_a_copy_goes_on_by_itself(copied):
    optimizer = Adam(start(), lr=0.1)
    step(optimizer)
    other = copied(optimizer)
    mine, theirs = optimizer.param_groups[0]["params"], other.param_groups[0]["params"]
    step(optimizer)
    assert mine[0].tolist() != theirs[0].tolist()
    step(other)
    assert mine[0].tolist() == theirs[0].tolist()


class Descent(Optimizer):
    """An optimiser as users write them."""

    def __init__(self, params, lr=required):
        super().__init__(params, {"lr": lr})

    def step(self, closure=None):
        with rushlight.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    self.state[p]["calls"] = self.state[p].get("calls", 0) + 1
                    p.add_(p.grad, alpha=-group["lr"])


def test_users_write_their_own():
    p = rushlight.tensor([1.0], requires_grad=True)
    optimizer = Descent([p], lr=0.5)
    p.grad = rushlight.tensor([1.0])
    optimizer.step()
    assert p.tolist() == [0.5]
    assert optimizer.state_dict()["state"] == {0: {"calls": 1}}
    with pytest.raises(ValueError, match="required optimization parameter lr"):
        Descent([p])


def test_hooks_run_around_a_step_and_can_be_removed():
    optimizer, calls = SGD(start(), lr=0.1), []
    handles = [
        register_optimizer_step_pre_hook(lambda o, args, kwargs: calls.append("every")),
        optimizer.register_step_pre_hook(lambda o, args, kwargs: calls.append("before")),
        optimizer.register_step_post_hook(lambda o, args, kwargs: calls.append("after")),
    ]
    step(optimizer)
    assert calls == ["every", "before", "after"]
    for handle in handles:
        handle.remove()
    step(optimizer)
    assert len(calls) == 3


def test_hooks_may_change_arguments_and_state_dicts():
    optimizer = SGD(start(), lr=0.1)
    with optimizer.register_step_pre_hook(lambda o, args, kwargs: (args, {"closure": lambda: 5})):
        assert optimizer.step() == 5
    with (
        optimizer.register_step_pre_hook(lambda o, args, kwargs: 1),
        pytest.raises(RuntimeError, match="must return None or a tuple"),
    ):
        optimizer.step()
    optimizer.register_state_dict_post_hook(lambda o, state: {**state, "more": 1})
    assert optimizer.state_dict()["more"] == 1
    seen = []
    optimizer.register_load_state_dict_post_hook(seen.append)
    optimizer.load_state_dict(optimizer.state_dict())
    assert seen == [optimizer]
