"""torch.linalg and torch's own names of linear algebra: values, gradients, batches, refusals."""

import numpy
import pytest
import rushlight
import torch
from function_compare import Fixed, case, check_call, check_close, check_refused

_random = numpy.random.default_rng(6)
INF = float("inf")


def d(*shape):
    return _random.standard_normal(shape)


def square(*shape):
    """Far from singular."""
    return d(*shape) + 3 * numpy.eye(shape[-1])


def positive(*shape):
    a = d(*shape)
    return a @ a.swapaxes(-1, -2) + 2 * numpy.eye(shape[-1])


def L(name, *args, **options):
    return case(f"linalg.{name}", *args, **options)


UNIQUE = [
    L("cholesky", positive(2, 3, 3)),
    L("cholesky", positive(3, 3), upper=True),
    L("cholesky_ex", positive(2, 3, 3)),
    L("svdvals", d(2, 4, 3)),
    L("eigvalsh", positive(2, 3, 3)),
    L("eigvalsh", positive(3, 3), "U"),
    L("lu", square(2, 3, 3)),
    L("lu", Fixed(d(4, 3))),
    L("lu_factor", square(2, 3, 3)),
    L("lu_factor_ex", square(3, 3)),
    L("solve", square(2, 3, 3), d(2, 3, 2)),
    L("solve", square(3, 3), d(3)),
    L("solve", square(3, 3), d(2, 3), left=False),
    L("solve_ex", square(2, 3, 3), d(2, 3, 2)),
    L("solve_triangular", square(3, 3), d(3, 2), upper=True),
    L("solve_triangular", square(3, 3), d(2, 3), upper=False, left=False, unitriangular=True),
    L("inv", square(2, 3, 3)),
    L("inv_ex", square(2, 3, 3)),
    L("pinv", d(2, 4, 3)),
    L("pinv", d(3, 4), rtol=1e-3),
    L("det", square(2, 3, 3)),
    L("det", numpy.zeros((0, 0))),
    L("slogdet", square(2, 3, 3)),
    L("householder_product", d(4, 3), d(3)),
    L("householder_product", d(2, 4, 3), d(2, 2)),
    L("tensorinv", square(6, 6).reshape(2, 3, 6), ind=2),
    L("tensorsolve", square(6, 6).reshape(2, 3, 6), d(2, 3)),
    L("tensorsolve", square(6, 6).reshape(2, 3, 6).transpose(0, 2, 1), d(2, 3), dims=(1,)),
    L("norm", d(2, 3)),
    L("norm", d(2, 3), "fro"),
    L("norm", d(3), 1),
    L("norm", d(2, 3, 4), 3, 1),
    L("norm", d(2, 3, 4), "nuc", (0, 2), keepdim=True),
    L("norm", d(2, 3, 4), dim=(0, 1)),
    L("norm", d(3, 3).astype(numpy.float32), dtype="torch.float64"),
    L("vector_norm", d(2, 3)),
    L("vector_norm", d(2, 3), INF, 0),
    L("vector_norm", d(2, 3), 0.5, (0, 1), True),
    L("vector_norm", d(2, 3), 0),
    L("matrix_norm", d(2, 3, 4)),
    L("matrix_norm", d(3, 4), 2),
    L("matrix_norm", d(3, 4), -INF),
    L("matrix_norm", d(3, 4, 2), 1, dim=(0, 1), keepdim=True),
    L("cond", square(2, 3, 3)),
    L("cond", Fixed(square(3, 3)), "fro"),
    L("cond", Fixed(square(3, 3)), 1),
    L("matrix_rank", d(4, 3)),
    L("matrix_rank", numpy.ones((3, 3))),
    L("matrix_rank", numpy.ones((2, 3, 3)), atol=1e-3),
    L("matrix_power", square(3, 3), 3),
    L("matrix_power", square(2, 3, 3), -2),
    L("matrix_power", Fixed(square(3, 3)), 0),
    L("matrix_exp", d(2, 3, 3)),
    L("multi_dot", [d(2, 3), d(3, 4), d(4, 2)]),
    L("multi_dot", [d(3), d(3, 4), d(4)]),
    L("matmul", d(2, 3), d(3, 2)),
    L("cross", d(4, 3), d(4, 3)),
    L("cross", d(3, 4), d(3, 4), dim=0),
    L("vecdot", d(2, 3), d(3)),
    L("diagonal", d(2, 3, 4), offset=1),
    L("vander", d(2, 3)),
    L("vander", d(3), N=5),
    L("vander", numpy.array([1, 2, 3]), N=4),
    case("cholesky", positive(2, 3, 3)),
    case("cholesky_inverse", Fixed(numpy.linalg.cholesky(positive(3, 3)))),
    case("cholesky_solve", d(3, 2), Fixed(numpy.linalg.cholesky(positive(3, 3)))),
    case("cholesky_solve", d(3, 2), Fixed(numpy.linalg.cholesky(positive(3, 3)).T), True),
    case("inverse", square(3, 3)),
    case("pinverse", d(4, 3)),
    case("det", square(3, 3)),
    case("logdet", positive(3, 3)),
    case("slogdet", square(3, 3)),
    case("matrix_power", square(3, 3), 2),
    case("matrix_exp", d(3, 3)),
    case("triangular_solve", d(3, 2), square(3, 3)),
    case("triangular_solve", d(3, 2), square(3, 3), False, True),
    case("orgqr", d(4, 3), d(3)),
    L("inv", square(3, 3).T, note="strided"),
    L("solve", square(3, 3).astype(numpy.float32), d(3).astype(numpy.float32)),
]


@pytest.mark.parametrize(("path", "args", "options"), UNIQUE)
def test_same_as_pytorch(path, args, options):
    is_single = any(getattr(a, "dtype", None) == numpy.float32 for a in args)
    check_call(path, args, options, None if is_single else 1e-9)


@pytest.mark.parametrize(
    ("path", "args", "options"),
    [
        L("qr", d(4, 3)),
        L("qr", d(2, 3, 4), mode="complete"),
        L("qr", d(4, 3), "r"),
        L("svd", d(2, 4, 3)),
        L("svd", d(3, 4), full_matrices=False),
        L("eigh", positive(2, 3, 3)),
        L("eigh", positive(3, 3), UPLO="U"),
        L("lstsq", d(5, 3), d(5, 2)),
        L("lstsq", d(5, 3), d(5, 2), driver="gels"),
        L("lstsq", d(5, 3), d(5, 2), driver="gelsd"),
        L("lstsq", d(2, 5, 3), d(2, 5, 2)),
        case("qr", d(4, 3)),
        case("svd", d(4, 3)),
        case("svd", d(4, 3), False, False),
    ],
)
def test_results_up_to_signs_have_pytorchs_names_and_shapes(path, args, options):
    results = []
    for library in (rushlight, torch):
        function = library
        for part in path.split("."):
            function = getattr(function, part)
        results.append(function(*map(library.from_numpy_or_self, args), **options))
    ours, theirs = results
    assert type(ours).__name__ == type(theirs).__name__
    assert [n for n in dir(theirs) if not n.startswith("_")] == [
        n for n in dir(ours) if not n.startswith("_")
    ]
    for a, b in zip(ours, theirs):
        if b.dtype == torch.float64:
            check_close(abs(a), abs(b), path, 1e-9)


@pytest.fixture(autouse=True)
def _arguments(monkeypatch):
    for library in (rushlight, torch):

        def convert(value, library=library):
            return library.from_numpy(value) if isinstance(value, numpy.ndarray) else value

        monkeypatch.setattr(library, "from_numpy_or_self", convert, raising=False)


def test_factors_are_put_together_again():
    a, b = square(2, 4, 4), d(2, 4, 3)
    for library in (rushlight, torch):
        matrix, right = library.from_numpy(a), library.from_numpy(b)
        lu, pivots = library.linalg.lu_factor(matrix)
        p, lower, upper = library.lu_unpack(lu, pivots)
        near((p @ lower @ upper), a)
        solve = library.linalg.lu_solve
        near(matrix @ solve(lu, pivots, right), b)
        near(matrix.mT @ solve(lu, pivots, right, adjoint=True), b)
        near(solve(lu, pivots, right.mT, left=False) @ matrix, b.swapaxes(-1, -2))
        near(matrix @ library.lu_solve(right, lu, pivots), b)


def near(tensor, array):
    numpy.testing.assert_allclose(tensor.numpy(), array, atol=1e-9)


def test_failures_are_told_by_info():
    batch = numpy.stack([numpy.eye(3), -numpy.eye(3), numpy.zeros((3, 3))])
    for library in (rushlight, torch):
        info = library.linalg.cholesky_ex(library.from_numpy(batch)).info
        assert [bool(i) for i in info.tolist()] == [False, True, True]
        inverse, info = library.linalg.inv_ex(library.from_numpy(batch))
        assert [bool(i) for i in info.tolist()] == [False, False, True]
        assert inverse[1].tolist() == (-numpy.eye(3)).tolist()
        with pytest.raises(RuntimeError):
            library.linalg.cholesky_ex(library.from_numpy(batch), check_errors=True)
        with pytest.raises(library.linalg.LinAlgError):
            library.linalg.inv(library.from_numpy(batch))


def test_methods():
    a = positive(3, 3)
    for name in ["det", "logdet", "inverse", "cholesky", "matrix_exp", "slogdet", "pinverse"]:
        ours, theirs = (
            getattr(rushlight.from_numpy(a), name)(),
            getattr(torch.from_numpy(a), name)(),
        )
        if name == "slogdet":
            ours, theirs = ours.logabsdet, theirs.logabsdet
        check_close(ours, theirs, name, 1e-9)


REFUSALS = [
    L("inv", d(3, 4)),
    L("inv", numpy.zeros((3, 3))),
    L("cholesky", -numpy.eye(3)),
    L("solve", square(3, 3), d(4)),
    L("det", d(3)),
    L("eigh", positive(3, 3), "Q"),
    L("qr", d(3, 3), "full"),
    L("norm", d(2, 3, 4), 2),
    L("matrix_norm", d(3, 3), "none"),
    L("matrix_power", square(3, 3), 1.5),
    L("multi_dot", [d(2, 3), d(4, 2)]),
    L("tensorinv", d(2, 3, 5), 2),
    L("cross", d(4, 2), d(4, 2)),
    L("inv", numpy.ones((3, 3), dtype=numpy.int64)),
]


@pytest.mark.parametrize(("path", "args", "options"), REFUSALS)
def test_refused_as_by_pytorch(path, args, options):
    check_refused(path, args, options)
