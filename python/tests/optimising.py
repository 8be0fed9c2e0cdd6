"""A small problem for tests of optimisers: parameters, and gradients without a model."""

import rushlight


def start(name="SGD"):
    """A matrix and a vector; the matrix alone for an optimiser of matrices."""
    matrix = rushlight.tensor([[0.5, -1.0, 2.0], [1.0, 0.25, -0.5]], requires_grad=True)
    vector = rushlight.tensor([1.5, -0.75], requires_grad=True)
    return [matrix] if name == "Muon" else [matrix, vector]


def quadratic_gradients(parameters, step):
    """Sets gradients that pull the parameters to 0.3, 0.6, ..., each step more."""
    for i, p in enumerate(parameters):
        p.grad = (p.detach() - 0.3 * (i + 1)) * (1 + 0.1 * step)
