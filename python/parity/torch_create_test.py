"""Functions that make tensors of numbers, and out=: values, dtypes and refusals as PyTorch's."""

import pytest
import rushlight
import torch
from torch_cases import Name, Sample, as_function, check

x = Sample([[1.0, 2.0], [3.0, 4.0]], "float32")
n = Sample([1, 2], "int32")

CASES = [
    ("zeros", (2, 3), {}), ("zeros", ((2, 3),), {}), ("zeros", ([],), {}), ("zeros", (0,), {}),
    ("zeros", (2,), {"dtype": Name("int64")}), ("zeros", (), {"size": (2, 1)}),
    ("zeros", (-1,), {}),
    ("zeros", ("a",), {}), ("zeros", (2.5,), {}), ("ones", (2,), {"dtype": Name("bool")}),
    ("ones", (2,), {"device": "cpu", "requires_grad": True}), ("ones", (2,), {"device": "cuda"}),
    ("ones", (2,), {"requires_grad": True, "dtype": Name("int64")}), ("ones", (2,), {"dim": 3}),
    ("full", ((2,), 3), {}), ("full", ((2,), 3.0), {}), ("full", ((2,), True), {}),
    ("full", ([2, 1], 3), {"dtype": Name("float64")}), ("full", ((), float("inf")), {}),
    ("zeros_like", (x,), {}), ("zeros_like", (n,), {}), ("ones_like", (n,), {}),
    ("ones_like", (x,), {"dtype": Name("int64")}), ("full_like", (x, 2), {}),
    ("full_like", (n, 2.5), {}), ("full_like", (x, 2), {"dtype": Name("bool")}),
    ("arange", (5,), {}), ("arange", (2, 5), {}), ("arange", (1, 9, 3), {}), ("arange", (5.0,), {}),
    ("arange", (0, 1, 0.3), {}), ("arange", (5, 0, -2), {}), ("arange", (0, 5, -1), {}),
    ("arange", (0, 5, 0), {}), ("arange", (3,), {"dtype": Name("float32")}), ("arange", (0,), {}),
    ("arange", (), {"start": 1, "end": 4}), ("arange", (2.5, 5), {}), ("arange", (1, 2.5), {}),
    ("arange", (0, 1, 0.1), {"dtype": Name("float64")}), ("arange", (-3, 3), {}),
    ("linspace", (0, 1, 5), {}), ("linspace", (0, 1, 1), {}), ("linspace", (3, -3, 7), {}),
    ("linspace", (0, 10, 4), {"dtype": Name("int64")}), ("linspace", (0, 1, -1), {}),
    ("linspace", (0, 1), {"steps": 3}), ("linspace", (0.5, 2.5, 4), {"dtype": Name("float64")}),
    ("logspace", (0, 2, 3), {}), ("logspace", (0, 3, 4), {"base": 2.0}), ("eye", (3,), {}),
    ("eye", (2, 3), {}), ("eye", (2,), {"dtype": Name("int64")}), ("eye", (-1,), {}),
    ("tril_indices", (3, 3), {"offset": -1}), ("triu_indices", (2, 4), {"offset": 1}),
    ("scalar_tensor", (3,), {}), ("tensor", (3,), {}), ("tensor", (2.5,), {}),
    ("tensor", (True,), {}),
    ("tensor", ([1, 2.5],), {}), ("tensor", ([[1, 2], [3, 4]],), {}), ("tensor", ([],), {}),
    ("tensor", ([[1, 2], [3]],), {}), ("tensor", ([1, 2],), {"dtype": Name("float16")}),
    ("tensor", ([True, 2],), {}), ("tensor", ("a",), {}),
    ("tensor", ([1.5],), {"dtype": Name("int64")}),
    ("ones", ((2, 2),), {"pin_memory": False}),
    ("empty", (0, 3), {}), ("empty_like", (Sample([], "float32", grad=False),), {}),
]  # fmt: skip


def ids(case):
    name, args, keywords = case
    shown = [str(getattr(a, "name", getattr(a, "dtype", a))) for a in [*args, *keywords.values()]]
    return f"{name}-{','.join(shown)}-{','.join(keywords)}"


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_made(case):
    name, args, keywords = case
    check(name, as_function(name), args, keywords)


def out_of(dtype, *shape):
    def call(name):
        def run(lib, args, keywords):
            out = lib.zeros(shape, dtype=getattr(lib, dtype))
            with lib.no_grad():
                assert getattr(lib, name)(*args, **keywords, out=out) is out
            return out

        return run

    return call


OUT = [
    ("add", (x, 1), out_of("float32", 2, 2)),
    ("add", (x, 1), out_of("float64", 2, 2)),
    ("add", (x, 1), out_of("int64", 2, 2)),
    ("add", (n, 1), out_of("float32", 2)),
    ("add", (n, 1), out_of("bool", 2)),
    ("mul", (x, x), out_of("float32", 0)),
    ("eq", (x, 1), out_of("float32", 2, 2)),
    ("sin", (x,), out_of("float32", 2, 2)),
    ("sum", (x, 0), out_of("float32", 2)),
    ("cat", ([x, x],), out_of("float32", 4, 2)),
    ("matmul", (x, x), out_of("float32", 2, 2)),
    ("argmax", (x, 1), out_of("int64", 2)),
    ("clamp", (x, 2, 3), out_of("float32", 2, 2)),
    ("cumsum", (x, 0), out_of("float32", 2, 2)),
]


@pytest.mark.parametrize("case", OUT, ids=lambda c: c[0])
def test_out(case):
    name, args, call = case
    check(name, call(name), args, {})


def test_named_results_are_torchs():
    assert torch.return_types.max.__name__ == "max"
    for name in ("max", "min", "sort", "topk", "median", "mode", "kthvalue", "cummax", "cummin"):
        args = (2,) if name in ("topk", "kthvalue") else (0,)
        theirs = getattr(torch, name)(torch.tensor([3.0, 1.0, 2.0]), *args)
        ours = getattr(rushlight, name)(rushlight.tensor([3.0, 1.0, 2.0]), *args)
        assert ours.values.tolist() == theirs.values.tolist()
        assert ours.indices.tolist() == theirs.indices.tolist()
        assert type(ours).__name__.split(".")[-1] == name
