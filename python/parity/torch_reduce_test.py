"""Reductions, running results, orders and statistics, with gradients, as PyTorch's."""

import numpy
import pytest
import torch
from torch_cases import Name, Sample, as_function, as_method, check, words

_random = numpy.random.default_rng(5)


def normal(*shape, dtype="float32", **options):
    return Sample(_random.standard_normal(shape), dtype, **options)


def whole(*shape, dtype="int64", low=-4, high=5):
    return Sample(_random.integers(low, high, shape), dtype)


def with_nan():
    array = _random.standard_normal((3, 4))
    array[1, 2] = numpy.nan
    return Sample(array, "float32", grad=False)


def tensors():
    return [
        normal(2, 3, 4), normal(3, 4, dtype="float64"), normal(3, 4, transposed=True), normal(5),
        normal(), whole(2, 3), whole(2, 3, dtype="uint8", low=0), with_nan(),
        normal(3, 4, dtype="bfloat16"), Sample(_random.integers(0, 2, (2, 3)).astype(bool)),
        normal(0, 3), normal(2, 0),
    ]  # fmt: skip


AXES = [{}, {"dim": 0}, {"dim": -1}, {"dim": 1, "keepdim": True}, {"dim": 5}]
SEVERAL = [{"dim": (0, 1)}, {"dim": (0, -1), "keepdim": True}, {"dim": (0, 0)}, {"dim": None}]


# PyTorch's; here truth values have a largest one, too.
NUMBERS_ONLY = {("argmax", "bool"), ("argmin", "bool")}


def cases():
    for x in tensors():
        for name in words("sum mean nansum nanmean any all amax amin std var var_mean std_mean"):
            for keywords in AXES + SEVERAL:
                yield name, (x,), keywords
        for name in words("prod max min median nanmedian argmax argmin mode"):
            for keywords in AXES if (name, x.dtype) not in NUMBERS_ONLY else []:
                yield name, (x,), keywords
        for name in words("cumsum cumprod logcumsumexp cummax cummin"):
            for axis in (0, -1):
                yield name, (x, axis), {}
        for name in words("sort argsort"):
            for keywords in ({}, {"dim": 0}, {"descending": True}, {"stable": True, "dim": 0}):
                yield name, (x,), keywords | ({} if "stable" in keywords else {"stable": True})
        yield "count_nonzero", (x,), {}
        yield "count_nonzero", (x, 0), {}
        yield "logsumexp", (x, 0), {}
        yield "logsumexp", (x, (0, -1)), {"keepdim": True}
        yield "aminmax", (x,), {}
        yield "aminmax", (x,), {"dim": 0, "keepdim": True}
        if x.dtype != "bool":
            yield "topk", (x, 2), {}
            yield "topk", (x, 2, 0, False), {}
        yield "topk", (x, 9), {}
        yield "kthvalue", (x, 2), {}
        yield "kthvalue", (x, 1, 0, True), {}
        yield "unique", (x,), {}
        yield "unique", (x,), {"return_inverse": True, "return_counts": True}
        yield "unique_consecutive", (x,), {"return_counts": True}
        yield "msort", (x,), {}
        yield "softmax", (x, -1), {}
        yield "log_softmax", (x, 0), {}
        yield "softmax", (x, -1), {"dtype": Name("float64")}
        yield "diff", (x,), {}
        yield "diff", (x,), {"n": 2, "dim": 0}
        yield "norm", (x,), {}
        for p in ("fro", 1, 0, 3.5, float("inf"), -float("inf")):
            yield "norm", (x, p, 0), {}
            yield "norm", (x, p), {"dim": -1, "keepdim": True}
    yield from more_cases()


def more_cases():
    x, y, m = normal(3, 4), normal(3, 4), normal(4, 3)
    yield from [
        ("sum", (x,), {"dtype": Name("float64")}),
        ("sum", (whole(2, 3),), {"dtype": Name("float32")}),
        ("sum", (x, 0, True), {}),
        ("sum", (x, [0, 1]), {}),
        ("sum", (x,), {"axis": 1, "keepdims": True}),
        ("sum", (x,), {"wrong": 1}),
        ("sum", (), {}),
        ("mean", (whole(2, 3),), {}),
        ("mean", (whole(2, 3),), {"dtype": Name("float32")}),
        ("prod", (x,), {"dtype": Name("float64")}),
        ("cumsum", (whole(3, 3), 0), {"dtype": Name("float32")}),
        ("std", (x, 0, False), {}),
        ("std", (x, False), {}),
        ("var", (x,), {"unbiased": False}),
        ("var", (x, (0, 1)), {"correction": 2}),
        ("var", (x, 1), {"correction": 0, "keepdim": True}),
        ("var_mean", (x, 0), {"unbiased": False}),
        ("max", (x, y), {}),
        ("min", (whole(2, 3), whole(2, 3)), {}),
        ("max", (x, 0, True), {}),
        ("dist", (x, y), {}),
        ("dist", (x, y, 1), {}),
        ("quantile", (x, 0.4), {}),
        ("quantile", (x, Sample([0.1, 0.5], "float32", grad=False)), {"dim": 1}),
        ("nanquantile", (with_nan(), 0.4), {"dim": 1, "keepdim": True}),
        ("quantile", (x, 1.5), {}),
        ("histc", (x,), {"bins": 5, "min": -1, "max": 1}),
        ("histc", (normal(9),), {"bins": 4}),
        ("histogram", (Sample(_random.standard_normal(9), "float32", grad=False), 4), {}),
        ("histogram", (Sample(_random.standard_normal(9), "float32", grad=False), 4),
         {"range": (-1.0, 1.0), "density": True}),
        ("isin", (whole(2, 3), whole(4)), {}),
        ("isin", (whole(2, 3), 3), {"invert": True}),
        ("bincount", (whole(9, low=0),), {"minlength": 7}),
        ("bincount", (whole(9, low=0), normal(9)), {}),
        ("diff", (normal(5),), {"prepend": normal(1), "append": normal(2)}),
        ("trapezoid", (x,), {}),
        ("trapezoid", (x,), {"dx": 0.5, "dim": 0}),
        ("trapz", (x, y), {}),
        ("cumulative_trapezoid", (x,), {"dim": 0}),
        ("cumulative_trapezoid", (x, y), {}),
        ("cov", (x,), {}),
        ("cov", (x,), {"correction": 0}),
        ("corrcoef", (x,), {}),
        ("cdist", (x, y), {}),
        ("cdist", (x, y, 1.0), {}),
        ("pdist", (x,), {}),
        ("renorm", (x, 2, 0, 1.0), {}),
        ("unique", (whole(4, 2, low=0, high=2),), {"dim": 0, "return_counts": True}),
        ("searchsorted", (Sample([1, 3, 5]), whole(2, 3)), {}),
        ("searchsorted", (Sample([1.0, 3.0, 5.0], "float32", grad=False), 3.0), {"right": True}),
        ("searchsorted", (Sample([1, 3, 5]), whole(2)), {"side": "right", "out_int32": True}),
        ("bucketize", (whole(2, 3), Sample([1, 3, 5])), {"right": True}),
        ("matmul", (x, m), {}), ("mm", (x, m), {}), ("mm", (x, y), {}),
        ("mv", (x, normal(4)), {}), ("dot", (normal(4), normal(4)), {}),
        ("vdot", (normal(4), normal(4)), {}), ("inner", (x, normal(2, 4)), {}),
        ("outer", (normal(3), normal(4)), {}), ("ger", (normal(3), normal(4)), {}),
        ("kron", (normal(2, 2), normal(2, 3)), {}),
        ("cross", (normal(2, 3), normal(2, 3)), {"dim": 1}),
        ("cross", (normal(3, 2), normal(3, 2)), {}),
        ("bmm", (normal(2, 3, 4), normal(2, 4, 3)), {}),
        ("matmul", (normal(2, 3, 4), normal(4)), {}),
        ("matmul", (normal(4), normal(2, 4, 3)), {}),
        ("addmm", (normal(3, 3), x, m), {"beta": 0.5, "alpha": 2}),
        ("addmm", (normal(3), x, m), {}),
        ("baddbmm", (normal(2, 3, 3), normal(2, 3, 4), normal(2, 4, 3)), {"beta": 0}),
        ("addbmm", (normal(3, 3), normal(2, 3, 4), normal(2, 4, 3)), {"alpha": 2}),
        ("addmv", (normal(3), x, normal(4)), {"beta": 2}),
        ("addr", (normal(3, 4), normal(3), normal(4)), {"alpha": 0.5}),
        ("tensordot", (x, m, 1), {}),
        ("tensordot", (x, y), {"dims": ([0, 1], [0, 1])}),
        ("tensordot", (x, y, 2), {}),
        ("einsum", ("ij,jk->ik", x, m), {}),
        ("einsum", ("ij,ij->", [x, y]), {}),
        ("einsum", ("...i,...i->...", x, y), {}),
        ("einsum", ("ij,jk->ik", x, y), {}),
        ("chain_matmul", (x, m, y), {}),
        ("trace", (x,), {}),
    ]  # fmt: skip


def label(value):
    if isinstance(value, Sample):
        kind = "t" if value.transposed else ""
        return f"{value.dtype}{list(value.array.shape)}{kind}"
    return str(getattr(value, "name", value))


def ids(case):
    name, args, keywords = case
    return f"{name}-" + ",".join(
        [*map(label, args), *(f"{k}={label(v)}" for k, v in keywords.items())]
    )


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_function(case):
    name, args, keywords = case
    check(name, as_function(name), args, keywords)


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if hasattr(torch.Tensor, c[0]) and c[1] and isinstance(c[1][0], Sample)][::3],
    ids=ids,
)
def test_method(case):
    name, args, keywords = case
    check(name, as_method(name), args, keywords)
