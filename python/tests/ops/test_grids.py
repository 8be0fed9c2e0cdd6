"""Derivatives of sampled functions, and histograms of points, against NumPy."""

import numpy as np
import pytest
import rushlight as torch

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("edge_order", [1, 2])
@pytest.mark.parametrize("kind", ["one", "two", "points"])
def test_gradient_is_numpys(kind, edge_order):
    x = RNG.standard_normal((5, 6))
    points = [np.cumsum(RNG.random(n) + 0.1) for n in x.shape]
    spacing = {"one": [0.5], "two": [0.5, 2.0], "points": points}[kind]
    given = {"one": 0.5, "two": [0.5, 2.0], "points": [torch.tensor(p) for p in points]}[kind]
    found = torch.gradient(torch.tensor(x), spacing=given, edge_order=edge_order)
    want = np.gradient(x, *spacing, edge_order=edge_order)
    for got, expected in zip(found, want, strict=True):
        assert np.allclose(got.numpy(), expected, rtol=1e-12)


def test_gradient_of_chosen_axes_and_of_whole_numbers():
    (found,) = torch.gradient(torch.tensor([1, 2, 4, 7]))
    assert found.tolist() == [1, 1.5, 2.5, 3]
    assert torch.gradient(torch.tensor(2.0)) == ()
    assert len(torch.gradient(torch.ones(3, 3), dim=-1)) == 1
    x = torch.tensor([1.0, 4.0, 9.0], requires_grad=True)
    torch.gradient(x)[0][1].backward()
    assert x.grad.tolist() == [-0.5, 0, 0.5]


@pytest.mark.parametrize(
    "arguments, text",
    [
        ({"edge_order": 3}, "edge_order"),
        ({"spacing": [1.0, 2.0, 3.0]}, "spacing"),
        ({"dim": (0, 0)}, "twice"),
        ({"spacing": [torch.ones(2), torch.ones(3)]}, "point"),
        ({"edge_order": 2, "dim": 1}, "elements"),
    ],
)
def test_gradient_says_what_does_not_fit(arguments, text):
    with pytest.raises(RuntimeError, match=text):
        torch.gradient(torch.ones(3, 2), **arguments)


def test_histogramdd_is_numpys():
    x, weight = RNG.random((50, 2)), RNG.random(50)
    t, w = torch.tensor(x), torch.tensor(weight)
    edges = [np.array([0.0, 0.5, 1.0]), np.array([0.1, 0.2, 0.9])]
    for bins, options, theirs in [
        ([3, 4], {}, {}),
        (3, {"weight": w, "density": True}, {"weights": weight, "density": True}),
        ([2, 5], {"range": [0.2, 0.9, 0.0, 0.5]}, {"range": [(0.2, 0.9), (0.0, 0.5)]}),
        (edges, {}, {}),
    ]:
        given = [torch.tensor(e) for e in bins] if bins is edges else bins
        found = torch.histogramdd(t, given, **options)
        hist, want = np.histogramdd(x, bins, **theirs)
        assert np.allclose(found.hist.numpy(), hist)
        for got, expected in zip(found.bin_edges, want, strict=True):
            assert np.allclose(got.numpy(), expected)


def test_histogramdd_says_what_does_not_fit():
    with pytest.raises(RuntimeError, match="points"):
        torch.histogramdd(torch.rand(5), [3])
    with pytest.raises(RuntimeError, match="weight"):
        torch.histogramdd(torch.rand(5, 2), 3, weight=torch.ones(4))
    with pytest.raises(RuntimeError, match="range"):
        torch.histogramdd(torch.rand(5, 2), 3, range=[0.0, 1.0])


def test_counts_without_end_are_refused():
    for split in (torch.chunk, torch.tensor_split):
        with pytest.raises(RuntimeError, match="parts"):
            split(torch.ones(0), 10**12)
    with pytest.raises(RuntimeError, match="between"):
        torch.special.multigammaln(torch.ones(1), 10**12)
    assert len(torch.chunk(torch.ones(3), 10**12)) == 3
