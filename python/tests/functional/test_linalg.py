"""Linear algebra, Fourier transforms and the optimiser's list functions by their defining laws."""

import pytest
import rushlight as torch
from rushlight import _C


def near(a, b, tolerance=1e-9):
    assert a.shape == b.shape
    assert (a - b).abs().max().item() < tolerance


@pytest.fixture
def matrix():
    torch.manual_seed(2)
    return torch.randn(2, 4, 4, dtype=torch.float64) + 3 * torch.eye(4, dtype=torch.float64)


def test_factors_multiply_to_the_matrix(matrix):
    q, r = torch.linalg.qr(matrix)
    near(q @ r, matrix)
    u, s, vh = torch.linalg.svd(matrix)
    near(u @ torch.diag_embed(s) @ vh, matrix)
    p, lower, upper = torch.linalg.lu(matrix)
    near(p @ lower @ upper, matrix)
    symmetric = matrix @ matrix.mT
    factor = torch.linalg.cholesky(symmetric)
    near(factor @ factor.mT, symmetric)
    values, vectors = torch.linalg.eigh(symmetric)
    near(vectors @ torch.diag_embed(values) @ vectors.mT, symmetric)


def test_results_have_names(matrix):
    result = torch.linalg.svd(matrix)
    assert result.U is result[0] and result.Vh is result[2]
    assert torch.linalg.slogdet(matrix).logabsdet.shape == (2,)


def test_solutions_solve(matrix):
    b = torch.ones(2, 4, 3, dtype=torch.float64)
    near(matrix @ torch.linalg.solve(matrix, b), b)
    lu, pivots = torch.linalg.lu_factor(matrix)
    near(matrix @ torch.linalg.lu_solve(lu, pivots, b), b)
    near(matrix.mT @ torch.linalg.lu_solve(lu, pivots, b, adjoint=True), b)
    near(matrix @ torch.linalg.inv(matrix), torch.eye(4, dtype=torch.float64).expand(2, 4, 4))
    near(matrix @ torch.linalg.lstsq(matrix, b).solution, b)


def test_a_singular_matrix_is_named():
    with pytest.raises(torch.linalg.LinAlgError, match="singular"):
        torch.linalg.inv(torch.zeros(3, 3))
    assert torch.linalg.inv_ex(torch.zeros(3, 3)).info.item() == 1


def test_norms_follow_the_axes():
    x = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    assert torch.linalg.norm(x).item() == 5
    assert torch.linalg.norm(x, dim=1).tolist() == [5.0, 0.0]
    assert torch.linalg.norm(x, 1).item() == 4  # of a matrix: the largest column sum
    assert torch.linalg.norm(x, "nuc").item() == pytest.approx(5)
    assert torch.linalg.vector_norm(x, float("inf")).item() == 4


def test_fourier_transforms_invert():
    x = torch.arange(6.0)
    spectrum = torch.fft.rfft(x)
    assert spectrum.shape == (4, 2)  # real and imaginary parts side by side
    assert spectrum[0].tolist() == [15.0, 0.0]
    assert torch.fft.irfft(spectrum).tolist() == pytest.approx(x.tolist(), abs=1e-5)
    assert torch.fft.fftshift(torch.fft.fftfreq(4, d=0.25)).tolist() == [-2.0, -1.0, 0.0, 1.0]


def test_lists_are_measured_and_scaled_together():
    lists = [torch.tensor([3.0]), torch.tensor([[0.0, 4.0]])]
    assert _C.optim.total_norm(lists).item() == 5
    assert _C.optim.scale_list(lists, 0.5) is None
    assert [t.tolist() for t in lists] == [[1.5], [[0.0, 2.0]]]


def test_steps_change_parameters_in_place():
    p, grad, buffer = torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([0.0])
    _C.optim.sgd_step([p], [grad], [buffer], lr=0.1, momentum=0.9, first_step=True)
    assert p.item() == pytest.approx(0.8) and buffer.item() == 2
    with pytest.raises(RuntimeError):
        _C.optim.sgd_step([p], [], [buffer], lr=0.1)
    with pytest.raises(TypeError, match="rate"):
        _C.optim.sgd_step([p], [grad], [], rate=0.1)
