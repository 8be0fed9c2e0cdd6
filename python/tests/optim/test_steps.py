"""Eight steps of every optimiser end where PyTorch 2.13's do; a checkpoint goes on."""

import pytest
import rushlight
from optimising import quadratic_gradients, start

# Name, options, and the numbers of both parameters after eight steps.
EXPECTED = [
    ("SGD", {}, [0.49785, -0.986026, 1.981726, 0.992475, 0.250537, -0.491401, 1.490326, -0.735488]),
    (
        "SGD",
        {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.05, "nesterov": True},
        [0.223593, 0.703189, -0.256003, 0.063728, 0.303526, 0.543324, 0.287321, 1.006715],
    ),
    (
        "SGD",
        {"lr": 0.1, "momentum": 0.8, "dampening": 0.2, "maximize": True},
        [1.381269, -6.728249, 9.490788, 4.084442, 0.029683, -4.025076, 5.465711, -6.698566],
    ),
    (
        "Adam",
        {"lr": 0.1},
        [0.306233, -0.20401, 1.198849, 0.248858, 0.327904, 0.268643, 0.720848, 0.046941],
    ),
    (
        "Adam",
        {"lr": 0.1, "amsgrad": True, "weight_decay": 0.1},
        [0.255656, -0.205279, 1.199756, 0.247104, 0.320822, 0.265111, 0.720455, 0.045635],
    ),
    (
        "Adam",
        {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True},
        [0.306921, -0.156232, 1.074412, 0.211733, 0.325124, 0.277311, 0.642624, 0.076231],
    ),
    (
        "AdamW",
        {"lr": 0.1},
        [0.306329, -0.199031, 1.185945, 0.244892, 0.327654, 0.269581, 0.712621, 0.050005],
    ),
    (
        "Adadelta",
        {"weight_decay": 0.1},
        [0.470114, -0.968561, 1.968662, 0.968958, 0.275355, -0.468634, 1.468955, -0.718473],
    ),
    (
        "Adagrad",
        {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5},
        [0.368593, -0.653248, 1.640537, 0.704541, 0.285071, -0.190571, 1.179595, -0.401165],
    ),
    (
        "Adamax",
        {"lr": 0.1, "weight_decay": 0.1},
        [0.218863, -0.222763, 1.211361, 0.334278, 0.295155, 0.188825, 0.778199, 0.030671],
    ),
    (
        "ASGD",
        {"lr": 0.1, "t0": 2.0, "weight_decay": 0.1},
        [0.342957, -0.084162, 0.770075, 0.48533, 0.27177, 0.058211, 0.828286, 0.187608],
    ),
    (
        "NAdam",
        {"lr": 0.1},
        [0.293908, -0.359211, 1.342342, 0.433523, 0.252237, 0.088551, 0.895247, -0.106456],
    ),
    (
        "NAdam",
        {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True},
        [0.292728, -0.311897, 1.222383, 0.397057, 0.249143, 0.099904, 0.82281, -0.075913],
    ),
    (
        "RAdam",
        {"lr": 0.1},
        [0.393027, -0.35695, 1.162019, 0.649349, 0.283798, -0.100615, 1.051882, -0.082583],
    ),
    (
        "RAdam",
        {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True},
        [0.36255, -0.31655, 1.059962, 0.594915, 0.265144, -0.083995, 0.966628, -0.061114],
    ),
    ("RMSprop", {"lr": 0.1}, [0.305033, 0.3, 0.300016, 0.341509, 0.299884, 0.28874, 0.60103, 0.6]),
    (
        "RMSprop",
        {"lr": 0.1, "momentum": 0.9, "centered": True, "weight_decay": 0.1},
        [-0.314066, -0.508682, 1.449511, -0.239507, 0.978663, 0.756748, 0.564812, -0.262628],
    ),
    (
        "Rprop",
        {"lr": 0.1},
        [0.274, 0.649909, 0.350091, 0.35952, 0.2975, 0.368576, 0.631424, 0.899909],
    ),
    (
        "Adafactor",
        {"lr": 0.1, "weight_decay": 0.1},
        [0.30862, -0.307098, 1.259799, 0.297563, 0.283511, 0.085147, 0.806393, -0.048154],
    ),
    ("Muon", {"lr": 0.1}, [0.30122, -0.518745, 1.45396, 0.370846, 0.471343, -0.10244]),
]

# Muon computes its directions with 8 significant bits.
TOLERANCES = {"Muon": 3e-2}


def values_of(parameters):
    return [value for p in parameters for value in p.detach().flatten().tolist()]


@pytest.mark.parametrize(("name", "options", "expected"), EXPECTED)
def test_eight_steps_end_where_pytorch_does(name, options, expected):
    parameters = start(name)
    optimizer = getattr(rushlight.optim, name)(parameters, **options)
    for step in range(8):
        quadratic_gradients(parameters, step)
        optimizer.step()
    assert values_of(parameters) == pytest.approx(expected, abs=TOLERANCES.get(name, 2e-5))


@pytest.mark.parametrize(("name", "options", "expected"), EXPECTED)
def test_a_state_dict_goes_on_where_it_was_taken(name, options, expected):
    parameters = start(name)
    optimizer = getattr(rushlight.optim, name)(parameters, **options)
    for step in range(8):
        if step == 3:
            saved = optimizer.state_dict()
            optimizer = getattr(rushlight.optim, name)(parameters, **options)
            optimizer.load_state_dict(saved)
        quadratic_gradients(parameters, step)
        optimizer.step()
    assert values_of(parameters) == pytest.approx(expected, abs=TOLERANCES.get(name, 2e-5))


@pytest.mark.parametrize("name", sorted({name for name, _, _ in EXPECTED}))
def test_a_parameter_without_gradient_stays_and_its_steps_are_not_counted(name):
    parameters = start(name)[:1] + start(name)[:1]
    optimizer = getattr(rushlight.optim, name)(parameters, lr=0.1)
    before = parameters[1].tolist()
    for step in range(3):
        quadratic_gradients(parameters[:1], step)
        optimizer.step()
    assert parameters[1].tolist() == before
    assert parameters[0].tolist() != before
    quadratic_gradients(parameters, 0)
    optimizer.step()
    assert parameters[1].tolist() != before
    if "step" in optimizer.state[parameters[0]]:
        assert [optimizer.state[p]["step"].item() for p in parameters] == [4.0, 1.0]


def test_parameters_of_two_dtypes_can_share_a_group():
    parameters = [
        rushlight.tensor([1.0, 2.0], dtype=dtype, requires_grad=True)
        for dtype in (rushlight.float32, rushlight.float64)
    ]
    optimizer = rushlight.optim.Adam(parameters, lr=0.1)
    for step in range(3):
        quadratic_gradients(parameters, step)
        optimizer.step()
    assert parameters[0].tolist() != [1.0, 2.0]
    assert [p.dtype for p in parameters] == [rushlight.float32, rushlight.float64]


def test_a_rate_may_be_a_tensor_and_change():
    plain, tensor = (
        rushlight.optim.SGD(start("SGD"), lr=lr) for lr in (0.5, rushlight.tensor(0.5))
    )
    for optimizer in (plain, tensor):
        parameters = optimizer.param_groups[0]["params"]
        for step, lr in enumerate((0.5, 0.25)):
            optimizer.param_groups[0]["lr"] = lr
            quadratic_gradients(parameters, step)
            optimizer.step()
    first, second = (values_of(o.param_groups[0]["params"]) for o in (plain, tensor))
    assert first == second


def test_the_closure_is_recorded_and_its_loss_comes_back():
    p = rushlight.tensor([3.0], requires_grad=True)
    optimizer = rushlight.optim.SGD([p], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with rushlight.no_grad():
        assert optimizer.step(closure).item() == 9.0
    assert p.tolist() == [1.5]


def valley(p):
    """Rosenbrock's function, less steep, with its gradient in `p.grad`."""
    p.grad = None
    loss = (1 - p[0]) ** 2 + 5 * (p[1] - p[0] ** 2) ** 2
    loss.backward()
    return loss


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_finds_the_bottom_of_a_valley(search):
    p = rushlight.tensor([-1.0, 1.5], requires_grad=True)
    lr = 1.0 if search else 0.3
    optimizer = rushlight.optim.LBFGS([p], lr=lr, max_iter=20, line_search_fn=search)

    first = float(optimizer.step(lambda: valley(p)))
    for _ in range(7):
        last = float(optimizer.step(lambda: valley(p)))
    assert first == pytest.approx(5.25)
    assert last < 1e-4
    assert optimizer.state[p]["func_evals"] >= optimizer.state[p]["n_iter"] > 8


def test_lbfgs_goes_on_from_its_state_dict():
    def run(is_reloaded):
        p = rushlight.tensor([-1.0, 1.5], requires_grad=True)
        optimizer = rushlight.optim.LBFGS([p], lr=0.3, max_iter=4)
        losses = []
        for step in range(6):
            if is_reloaded and step == 3:
                saved = optimizer.state_dict()
                optimizer = rushlight.optim.LBFGS([p], lr=0.3, max_iter=4)
                optimizer.load_state_dict(saved)

            losses.append(float(optimizer.step(lambda: valley(p))))
        return losses

    assert run(False) == run(True)


def test_sparse_adam_leaves_rows_without_gradient_alone():
    p = rushlight.ones(3, 2, requires_grad=True)
    optimizer = rushlight.optim.SparseAdam([p], lr=0.1)
    for row in (0, 2, 2):
        optimizer.zero_grad()
        (p[row] ** 2).sum().backward()
        optimizer.step()
    assert p[1].tolist() == [1, 1]
    assert p[0].tolist() == pytest.approx([0.9, 0.9], abs=1e-6)
    assert p[2, 0].item() < 0.9
    assert optimizer.state[p]["step"] == 3
    assert optimizer.state[p]["exp_avg"][1].tolist() == [0, 0]
