"""compile() of whole training steps: the same numbers as run as they are, whatever changes between
the calls."""

import warnings

import pytest
import rushlight as torch
import rushlight.nn.functional as F
from rushlight import nn, optim
from rushlight._compile import Untraceable

OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: optim.Adam(p, lr=0.01),
    "amsgrad": lambda p: optim.Adam(p, lr=0.01, amsgrad=True, weight_decay=0.1),
    "adamw": lambda p: optim.AdamW(p, lr=0.01),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
    "adagrad": lambda p: optim.Adagrad(p, lr=0.1, lr_decay=0.1),
    "adadelta": optim.Adadelta,
    "adamax": optim.Adamax,
    "nadam": optim.NAdam,
    "radam": lambda p: optim.RAdam(p, lr=0.01),
    "rprop": optim.Rprop,
    "asgd": optim.ASGD,
}


class Training:
    """A network, its optimiser, and a step that may be compiled."""

    def __init__(self, make, is_compiled, dropout=0.0):
        torch.manual_seed(0)
        self.net = nn.Sequential(
            nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 1)
        )
        self.optimizer = make(self.net.parameters())
        net, optimizer = self.net, self.optimizer

        def step(x, y):
            optimizer.zero_grad()
            loss = F.mse_loss(net(x), y)
            loss.backward()
            optimizer.step()
            return loss

        self.step = torch.compile(step, fullgraph=True) if is_compiled else step

    def state(self):
        values = {f"net.{k}": v.clone() for k, v in self.net.state_dict().items()}
        for i, p in enumerate(self.net.parameters()):
            values[f"grad.{i}"] = p.grad
        for i, state in self.optimizer.state_dict()["state"].items():
            values |= {f"{i}.{k}": v.clone() for k, v in state.items() if v is not None}
        return values


def batch(seed, count=16):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 3, generator=generator)
    return x, x.sum(1, keepdim=True).sin()


def same(a, b):
    assert a.keys() == b.keys()
    for name, value in a.items():
        torch.testing.assert_close(value, b[name], rtol=1e-5, atol=1e-6, msg=name)


def compare(make, change=lambda training, number: None, count=12, **options):
    plain, compiled = Training(make, False, **options), Training(make, True, **options)
    losses = []
    for training in (plain, compiled):
        torch.manual_seed(1)
        losses.append([])
        for number in range(count):
            change(training, number)
            losses[-1].append(training.step(*batch(number)).item())
    assert losses[1] == pytest.approx(losses[0], rel=1e-5, abs=1e-6)
    same(plain.state(), compiled.state())
    return compiled


def traces(training):
    (plan,) = training.step._plans.entries.values()
    return torch._C.autograd.plan_traces(plan.cache)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_whole_steps(name):
    training = compare(OPTIMIZERS[name])
    assert traces(training) == 1


def test_options_are_followed():
    def change(training, number):
        group = training.optimizer.param_groups[0]
        group["lr"] = 0.02 / (number + 1)
        group["betas"] = (0.9, 0.99 if number > 5 else 0.999)

    assert traces(compare(OPTIMIZERS["adamw"], change)) == 1


def test_schedules_between_the_calls():
    def change(training, number):
        if number == 0:
            training.schedule = optim.lr_scheduler.StepLR(training.optimizer, 3, gamma=0.5)
        else:
            training.schedule.step()

    assert traces(compare(OPTIMIZERS["adam"], change)) == 1


def test_states_may_be_read_saved_and_loaded():
    def change(training, number):
        if number == 5:
            training.saved = training.state(), training.optimizer.state_dict()
        if number == 8:
            training.optimizer.load_state_dict(training.saved[1])

    compare(OPTIMIZERS["adam"], change)


def test_looking_at_the_state_keeps_the_plan():
    def change(training, number):
        assert all(s["step"].item() == number for s in training.optimizer.state.values())

    assert traces(compare(OPTIMIZERS["adam"], change)) == 1


def test_groups_frozen_and_added():
    def change(training, number):
        if number == 4:
            training.net[0].weight.requires_grad_(False)
        if number == 7:
            extra = nn.Parameter(torch.ones(3))
            training.optimizer.add_param_group({"params": [extra], "lr": 0.5})

    plain, compiled = (
        Training(OPTIMIZERS["momentum"], False),
        Training(OPTIMIZERS["momentum"], True),
    )
    for training in (plain, compiled):
        for number in range(10):
            change(training, number)
            training.step(*batch(number))
    for a, b in zip(plain.net.parameters(), compiled.net.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_dropout_and_modes():
    def change(training, number):
        training.net.train(number < 6)

    compare(OPTIMIZERS["sgd"], change, dropout=0.5)


def test_gradients_stay_after_a_step():
    training = Training(OPTIMIZERS["adam"], True)
    for number in range(4):
        training.step(*batch(number))
    before = training.net[0].weight.grad.clone()
    training.step(*batch(9))
    assert not torch.equal(before, training.net[0].weight.grad)


def test_two_optimizers_and_two_steps():
    def train(is_compiled):
        torch.manual_seed(0)
        a, b = nn.Linear(3, 4), nn.Linear(4, 1)
        first, second = optim.Adam(a.parameters(), lr=0.01), optim.SGD(b.parameters(), lr=0.1)

        def step(x, y):
            for _ in range(2):
                first.zero_grad()
                second.zero_grad()
                F.mse_loss(b(a(x)), y).backward()
                first.step()
            second.step()
            return F.mse_loss(b(a(x)), y).detach()

        run = torch.compile(step, fullgraph=True) if is_compiled else step
        return [run(*batch(i)).item() for i in range(6)]

    assert train(True) == pytest.approx(train(False), rel=1e-5)


def test_what_cannot_be_traced_is_taken_back():
    training, plain = Training(OPTIMIZERS["adam"], False), Training(OPTIMIZERS["adam"], False)
    seen = torch.compile(lambda x, y: training.step(x, y).item())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        losses = [seen(*batch(i)) for i in range(5)]
    assert "looks at the values" in str(caught[0].message) and len(caught) == 1
    assert losses == [plain.step(*batch(i)).item() for i in range(5)]
    same(training.state(), plain.state())


def test_schedules_inside_are_refused():
    training = Training(OPTIMIZERS["sgd"], False)
    schedule = optim.lr_scheduler.StepLR(training.optimizer, 1)

    def step(x, y):
        loss = training.step(x, y)
        schedule.step()
        return loss

    compiled = torch.compile(step, fullgraph=True)
    compiled(*batch(0))
    with pytest.raises(Untraceable, match="scheduler"):
        compiled(*batch(1))
    assert schedule.last_epoch == 1


def test_rates_set_inside_are_not_lost():
    training, plain = Training(OPTIMIZERS["sgd"], False), Training(OPTIMIZERS["sgd"], False)

    def decaying(of):
        def step(x, y):
            of.optimizer.param_groups[0]["lr"] *= 0.5
            return of.step(x, y)

        return step

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run, expected = torch.compile(decaying(training)), decaying(plain)
        for i in range(5):
            assert run(*batch(i)).item() == expected(*batch(i)).item()


def test_numbers_of_the_closure_are_looked_at():
    scale = 1.0

    def f(x):
        return x * scale

    compiled = torch.compile(f)
    for value in (1.0, 1.0, 1.0, 2.0, 2.0, 1.0, 3.0):
        scale = value
        assert compiled(torch.ones(1)).item() == value


def test_an_error_in_a_run_leaves_the_count():
    training = Training(OPTIMIZERS["adam"], True)
    for number in range(3):
        training.step(*batch(number))
    group = training.optimizer.param_groups[0]
    group["lr"] = "fast"
    with pytest.raises(ValueError, match="fast"):
        training.step(*batch(3))
    group["lr"] = 0.01
    training.step(*batch(3))
    assert next(iter(training.optimizer.state.values()))["step"].item() == 4
