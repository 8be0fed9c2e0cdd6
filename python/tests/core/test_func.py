"""func, autograd.functional, vmap, checkpoint and compile."""

import warnings

import pytest
import rushlight as torch
from rushlight import func
from rushlight.autograd import functional


def cube(x):
    return (x**3).sum()


def test_grad_and_value():
    x = torch.tensor([1.0, 2.0])
    assert func.grad(cube)(x).tolist() == [3, 12] and not x.requires_grad
    found, (value, aux) = func.grad_and_value(lambda v: (cube(v), "aux"), has_aux=True)(x)
    assert found.tolist() == [3, 12] and value.item() == 9 and aux == "aux"
    assert func.grad(lambda v: func.grad(cube)(v).sum())(x).tolist() == [6, 12]
    assert func.grad(lambda a, b: (a * b).sum(), argnums=1)(x, x + 1).tolist() == [1, 2]
    tree = func.grad(lambda p: (p["w"] * p["b"][0]).sum())({"w": x, "b": [x + 1]})
    assert tree["w"].tolist() == [2, 3] and tree["b"][0].tolist() == [1, 2]
    weight = torch.ones(2, requires_grad=True)
    func.grad(lambda v: (v * weight).pow(2).sum())(x.requires_grad_()).sum().backward()
    assert weight.grad.tolist() == [4, 8]
    for bad in (lambda v: v, lambda v: 3.0):
        with pytest.raises(RuntimeError, match="Expected the function"):
            func.grad(bad)(x)
    with pytest.raises(RuntimeError, match="argnum"):
        func.grad(cube, argnums=2)(x)


def test_products_and_matrices():
    x = torch.tensor([1.0, 2.0])
    value, product = func.vjp(lambda v: v * v, x)
    assert value.tolist() == [1, 4] and product(torch.ones(2))[0].tolist() == [2, 4]
    assert func.jvp(torch.sin, (torch.zeros(2),), (x,))[1].tolist() == [1, 2]
    assert func.jacrev(lambda v: v * v)(x).tolist() == [[2, 0], [0, 4]]
    assert func.jacfwd(lambda v: v * v)(x).tolist() == [[2, 0], [0, 4]]
    assert func.hessian(cube)(x).tolist() == [[6, 0], [0, 12]]
    assert functional.jacobian(lambda v: v * v, x).tolist() == [[2, 0], [0, 4]]
    assert functional.hessian(cube, x).tolist() == [[6, 0], [0, 12]]
    a, b = functional.jacobian(lambda a, b: (a * b).sum(), (x, x + 1))
    assert a.tolist() == [2, 3] and b.tolist() == [1, 2]
    assert functional.vhp(cube, x, torch.ones(2))[1].tolist() == [6, 12]
    with pytest.raises(RuntimeError, match="independent|does not depend"):
        functional.jacobian(lambda a, b: a * 2, (x, x), strict=True)
    with pytest.raises(TypeError):
        functional.jacobian(lambda v: "text", x)


def test_vmap():
    xs, ys = torch.arange(6.0).reshape(3, 2), torch.ones(3, 2)
    assert torch.vmap(lambda a, b: (a * b).sum())(xs, ys).tolist() == [1, 5, 9]
    assert torch.vmap(torch.sum, in_dims=1)(xs).tolist() == [6, 9]
    moved = torch.vmap(lambda a: a * 2, out_dims=1)(xs)
    assert moved.tolist() == (xs * 2).t().tolist()
    result = torch.vmap(lambda d, w: {"a": d["x"] * w, "b": (d["x"], w)}, in_dims=(0, None))(
        {"x": xs}, torch.ones(2)
    )
    assert result["a"].tolist() == xs.tolist() and result["b"][1].shape == (3, 2)
    per_sample = torch.vmap(func.grad(lambda w, a: (w * a).sum()), in_dims=(None, 0))
    assert per_sample(torch.ones(2), xs).tolist() == xs.tolist()
    chunks = torch.vmap(lambda a: a.sum(), chunk_size=2)(xs)
    assert chunks.tolist() == [1, 5, 9]
    nested = torch.vmap(torch.vmap(lambda a: a * 2))(xs)
    assert nested.tolist() == (xs * 2).tolist()


def test_refusals_of_vmap():
    xs = torch.ones(3, 2)
    with pytest.raises(ValueError, match="same size"):
        torch.vmap(torch.add)(xs, torch.ones(2, 2))
    with pytest.raises(ValueError, match="no inputs"):
        torch.vmap(torch.sum, in_dims=None)(xs)
    with pytest.raises(ValueError, match="in_dims"):
        torch.vmap(torch.sum, in_dims=(0, 0))(xs)
    with pytest.raises(ValueError, match="in_dim"):
        torch.vmap(torch.sum, in_dims=5)(xs)
    with pytest.raises(ValueError, match="Tensors"):
        torch.vmap(lambda a: "text")(xs)
    with pytest.raises(RuntimeError):
        torch.vmap(lambda a: a.sum().item())(xs)
    with pytest.raises(KeyError, match="inside"):
        torch.vmap(lambda a: {}["inside"])(xs)


def test_functional_call():
    net = torch.nn.Linear(2, 1)
    weights = {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}
    before = net.weight
    assert func.functional_call(net, weights, torch.ones(2)).item() == 2
    assert net.weight is before
    with pytest.raises(RuntimeError, match="nothing"):
        func.functional_call(net, {"nothing": torch.ones(1)}, torch.ones(2), strict=True)
    nets = [torch.nn.Linear(2, 1) for _ in range(3)]
    parameters, buffers = func.stack_module_state(nets)
    assert parameters["weight"].shape == (3, 1, 2) and buffers == {}
    x = torch.ones(2)
    run = torch.vmap(lambda p: func.functional_call(net, p, (x,)))
    expected = [one(x).item() for one in nets]
    found = run({k: v.detach() for k, v in parameters.items()})
    torch.testing.assert_close(found[:, 0], torch.tensor(expected))


def test_checkpoint_primitive():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    weight = torch.tensor([3.0, 4.0], requires_grad=True)
    calls = []

    def part(v):
        calls.append(1)
        return (v * weight).sin()

    (y,) = torch._C.autograd.checkpoint(part, (x,))
    y.sum().backward()
    assert len(calls) == 2
    expected = torch.autograd.grad((x * weight).sin().sum(), [x, weight])
    assert [x.grad.tolist(), weight.grad.tolist()] == [g.tolist() for g in expected]


def test_compiled_functions():
    calls = []

    @torch.compile
    def f(x, factor=2):
        calls.append(1)
        return {"y": (x * factor).sin() + 1, "factor": factor}

    for size in (3, 3, 3, 3, 5):
        x = torch.arange(float(size))
        torch.testing.assert_close(f(x)["y"], (x * 2).sin() + 1)
    assert len(calls) < 5 and f(x, 3)["factor"] == 3
    x = torch.ones(2, requires_grad=True)
    for _ in range(3):
        x.grad = None
        f(x)["y"].sum().backward()
        assert x.grad is not None


def test_compiled_functions_that_look_at_values():
    @torch.compile
    def f(x):
        return x * 2 if x.sum().item() > 0 else x - 1

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(3):
            assert f(torch.ones(2)).tolist() == [2, 2]
            assert f(-torch.ones(2)).tolist() == [-2, -2]
    assert len([w for w in said if "compile" in str(w.message)]) == 1

    @torch.compile(fullgraph=True)
    def strict(x):
        return x * x.sum().item()

    strict(torch.ones(2))
    with pytest.raises(RuntimeError, match="compile"):
        strict(torch.ones(2))


def test_compiled_modules():
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Dropout(0.5), torch.nn.ReLU())
    compiled = torch.compile(net)
    assert [n for n, _ in compiled.named_parameters()][0] == "_orig_mod.0.weight"
    x = torch.randn(2, 4)
    compiled.eval()
    assert not net.training
    with torch.no_grad():
        for _ in range(3):
            torch.testing.assert_close(compiled(x), net(x))
        net[0].weight.fill_(0.5)
        torch.testing.assert_close(compiled(x), net(x))
        net[0].weight = torch.nn.Parameter(torch.ones(3, 4))
        torch.testing.assert_close(compiled(x), net(x))
        net[0].bias.data = torch.ones(3)
        torch.testing.assert_close(compiled(x), net(x))
        compiled.train()
        assert any((compiled(x) != compiled(x)).any().item() for _ in range(20))
    optimizer = torch.optim.SGD(compiled.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        compiled(x).sum().backward()
        optimizer.step()
    assert net[0].bias.grad is not None


def test_compiled_training_steps():
    net = torch.nn.Linear(2, 1)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)

    @torch.compile
    def step(x, y):
        optimizer.zero_grad()
        loss = ((net(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    x, y = torch.ones(4, 2), torch.zeros(4, 1)
    losses = [step(x, y).item() for _ in range(30)]
    assert losses[-1] < losses[0]
