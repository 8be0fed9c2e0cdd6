"""Views, joins, indexing functions and conversions, with gradients, as PyTorch's."""

import numpy
import pytest
import torch
from torch_cases import Name, Sample, as_function, as_method, check, in_place

_random = numpy.random.default_rng(7)


def normal(*shape, dtype="float32", **options):
    return Sample(_random.standard_normal(shape), dtype, **options)


def whole(*shape, dtype="int64", low=0, high=3):
    return Sample(_random.integers(low, high, shape), dtype)


def truth(*shape):
    return Sample(_random.integers(0, 2, shape).astype(bool))


x, y, v, c = normal(2, 3), normal(2, 3), normal(6), normal(2, 3, 4)
t = normal(3, 2, transposed=True)

FUNCTIONS = [
    ("reshape", (x, (3, 2)), {}), ("reshape", (t, (6,)), {}), ("reshape", (x, (4, 2)), {}),
    ("reshape", (x, (-1,)), {}), ("flatten", (c,), {}), ("flatten", (c, 1), {}),
    ("flatten", (c,), {"start_dim": 0, "end_dim": 1}), ("flatten", (normal(),), {}),
    ("unflatten", (v, 0, (2, 3)), {}), ("unflatten", (v, 0, (2, -1)), {}), ("ravel", (t,), {}),
    ("squeeze", (normal(1, 3, 1),), {}), ("squeeze", (normal(1, 3, 1), 0), {}),
    ("squeeze", (normal(1, 3, 1), (0, 2)), {}), ("squeeze", (x, 0), {}), ("squeeze", (x, 4), {}),
    ("unsqueeze", (x, -1), {}), ("unsqueeze", (x, 3), {}), ("permute", (c, (2, 0, 1)), {}),
    ("permute", (c, (0, 1)), {}), ("transpose", (c, 0, 2), {}), ("swapaxes", (c, 0, -1), {}),
    ("swapdims", (c, 0, 1), {}), ("t", (x,), {}), ("t", (c,), {}), ("adjoint", (c,), {}),
    ("movedim", (c, 0, 2), {}), ("moveaxis", (c, (0, 1), (1, 2)), {}),
    ("broadcast_to", (v, (2, 6)), {}), ("broadcast_to", (x, (4, 3)), {}),
    ("select", (x, 1, 2), {}), ("select", (x, 1, 3), {}), ("narrow", (x, 1, 1, 2), {}),
    ("narrow", (x, 1, 2, 2), {}), ("diagonal", (x,), {}), ("diagonal", (c, 1, 0, 2), {}),
    ("unbind", (x,), {}), ("unbind", (x, 1), {}), ("split", (v, 4), {}), ("split", (v, [1, 5]), {}),
    ("split", (v, [1, 4]), {}), ("split", (c, 2, -1), {}), ("chunk", (v, 4), {}),
    ("chunk", (v, 0), {}), ("tensor_split", (v, 4), {}), ("tensor_split", (v, (1, 4)), {}),
    ("tensor_split", (v, Sample([1, 4])), {}), ("hsplit", (x, 3), {}), ("vsplit", (x, [1]), {}),
    ("dsplit", (c, 2), {}), ("split_with_sizes", (v, [2, 4]), {}), ("hsplit", (x, 2), {}),
    ("cat", ([x, y],), {}), ("cat", ([x, y], 1), {}), ("cat", ((x, whole(1, 3)),), {}),
    ("cat", ([Sample(numpy.zeros(0), "float32"), x],), {}), ("cat", ([x, c],), {}),
    ("cat", ([],), {}), ("concat", ([x, y], -1), {}), ("concatenate", ([x, y],), {"axis": 1}),
    ("stack", ([x, y],), {}), ("stack", ([x, y], -1), {}), ("stack", ([x, v],), {}),
    ("hstack", ([x, y],), {}), ("vstack", ([v, v],), {}), ("dstack", ([x, y],), {}),
    ("row_stack", ([x, y],), {}), ("column_stack", ([v, v],), {}), ("block_diag", (x, v), {}),
    ("cartesian_prod", (whole(2), whole(3)), {}), ("cartesian_prod", (v,), {}),
    ("combinations", (v,), {}), ("combinations", (v, 3, True), {}),
    ("meshgrid", (v, normal(2)), {"indexing": "ij"}), ("meshgrid", ([v, v],), {"indexing": "xy"}),
    ("broadcast_tensors", (x, normal(3)), {}), ("atleast_1d", (normal(),), {}),
    ("atleast_2d", (v,), {}), ("atleast_3d", (x,), {}), ("atleast_2d", ([v, x],), {}),
    ("tile", (x, (2, 1, 2)), {}), ("tile", (x, (2,)), {}), ("repeat_interleave", (x, 2), {}),
    ("repeat_interleave", (x, 2, 1), {}), ("repeat_interleave", (x, Sample([1, 2]), 0), {}),
    ("repeat_interleave", (Sample([1, 0, 2]),), {}), ("repeat_interleave", (x, -1), {}),
    ("flip", (c, (0, 2)), {}), ("flip", (x, [1]), {}), ("fliplr", (x,), {}), ("flipud", (x,), {}),
    ("roll", (x, 1), {}), ("roll", (x, (1, -1), (0, 1)), {}), ("roll", (x, 2, 1), {}),
    ("rot90", (x,), {}), ("rot90", (c, 3, (1, 2)), {}), ("tril", (x,), {}), ("triu", (c, 1), {}),
    ("diag", (v,), {}), ("diag", (x, 1), {}), ("diag_embed", (x, 1), {}), ("diagflat", (x,), {}),
    ("vander", (v,), {"N": 3}), ("tril_indices", (3, 4, 1), {}), ("triu_indices", (3, 3), {}),
    ("index_select", (x, 1, whole(4)), {}), ("index_select", (x, 1, Sample([3])), {}),
    ("index_add", (x, 1, whole(2), normal(2, 2)), {"alpha": 2}),
    ("index_copy", (x, 1, Sample([2, 0]), normal(2, 2)), {}),
    ("index_fill", (x, 1, Sample([0, 2]), 3.0), {}), ("masked_fill", (x, truth(2, 3), 1.5), {}),
    ("masked_fill", (x, truth(3), float("-inf")), {}), ("masked_fill", (x, whole(2, 3), 1), {}),
    ("masked_select", (x, truth(2, 3)), {}), ("masked_scatter", (x, truth(2, 3), v), {}),
    ("take", (x, whole(2, 2, high=6)), {}), ("take_along_dim", (x, whole(2, 2), 1), {}),
    ("take_along_dim", (x, whole(4, high=6)), {}), ("gather", (x, 1, whole(2, 2)), {}),
    ("gather", (x, 1, Sample([[3]])), {}), ("scatter", (x, 1, Sample([[0, 2]]), y), {}),
    ("scatter", (x, 1, Sample([[0], [1]]), 2.0), {}),
    ("scatter", (x, 1, Sample([[0], [1]]), 2.0), {"reduce": "add"}),
    ("scatter_add", (x, 1, whole(2, 3), y), {}),
    ("scatter_add", (x, 0, whole(1, 3, high=2), y), {}),
    ("scatter_reduce", (x, 1, whole(2, 3), y, "sum"), {}),
    ("scatter_reduce", (x, 1, whole(2, 3), y, "mean"), {"include_self": False}),
    ("scatter_reduce", (x, 1, whole(2, 3), y, "amax"), {}),
    ("scatter_reduce", (x, 1, whole(2, 3), y, "prod"), {}),
    ("index_put", (x, (Sample([0, 1]), Sample([2, 2])), normal(2)), {}),
    ("index_put", (x, (Sample([0, 0]),), normal(2, 3), True), {}),
    ("index_put", (x, (None, Sample([1])), normal(2, 1)), {}),
    ("select_scatter", (x, normal(3), 0, 1), {}), ("slice_scatter", (x, normal(2, 2), 1, 1), {}),
    ("diagonal_scatter", (x, normal(2)), {}), ("nonzero", (whole(2, 3),), {}),
    ("nonzero", (whole(2, 3),), {"as_tuple": True}), ("argwhere", (truth(2, 3),), {}),
    ("nonzero", (Sample(3),), {"as_tuple": True}), ("as_strided", (v, (2, 2), (2, 1)), {}),
    ("as_strided", (v, (2, 2), (4, 1), 1), {}), ("as_strided", (v, (3, 3), (4, 1)), {}),
    ("pixel_shuffle", (normal(1, 4, 2, 2), 2), {}),
    ("pixel_unshuffle", (normal(1, 1, 4, 4), 2), {}),
    ("channel_shuffle", (normal(1, 4, 2), 2), {}), ("numel", (x,), {}), ("clone", (t,), {}),
    ("is_floating_point", (x,), {}), ("is_complex", (x,), {}), ("is_signed", (whole(2),), {}),
    ("is_nonzero", (Sample(2.0),), {}), ("is_nonzero", (x,), {}), ("is_same_size", (x, y), {}),
    ("unravel_index", (Sample([5, 7]), (3, 4)), {}), ("unsafe_split", (v, 4), {}),
    ("narrow_copy", (x, 1, 1, 2), {}), ("fill_", (normal(3, grad=False), 2), {}),
    ("segment_reduce", (v, "sum"), {"lengths": Sample([2, 4])}),
    ("segment_reduce", (c, "max"), {"lengths": Sample([2])}), ("is_conj", (x,), {}),
]  # fmt: skip

METHODS = [
    ("view", (x, 3, 2), {}), ("view", (x, (6,)), {}), ("view", (t, 6), {}), ("view", (x, -1), {}),
    ("view", (Sample([1.0], "float32", grad=False), Name("int32")), {}),
    ("view", (whole(2, 4, dtype="int32"), Name("int64")), {}),
    ("view", (whole(2, 2), Name("uint8")), {}), ("view_as", (x, normal(3, 2)), {}),
    ("reshape", (x, 3, -1), {}), ("reshape_as", (t, v), {}), ("expand", (normal(3), 2, 3), {}),
    ("expand", (normal(2, 1), -1, 4), {}), ("expand", (x, 4, 3), {}),
    ("expand_as", (normal(3), x), {}),
    ("repeat", (x, 2, 1), {}), ("repeat", (x, (2, 1, 2)), {}), ("repeat", (x, 2), {}),
    ("permute", (c, 2, 0, 1), {}), ("flip", (x, 0, 1), {}), ("unfold", (v, 0, 3, 2), {}),
    ("unfold", (x, 1, 2, 1), {}), ("split", (v, 4), {}), ("split", (v, [2, 4]), {}),
    ("contiguous", (t,), {}), ("is_contiguous", (t,), {}), ("to", (x, Name("float64")), {}),
    ("to", (x, "cpu"), {}), ("to", (x, "cpu", Name("float64")), {}), ("to", (x, whole(1)), {}),
    ("to", (x,), {"dtype": Name("int32")}), ("to", (x,), {"device": "cpu"}),
    ("to", (x, "cuda"), {}),
    ("type", (x,), {}), ("type", (x, Name("float64")), {}), ("type", (x, "torch.IntTensor"), {}),
    ("type_as", (x, whole(1)), {}), ("float", (whole(2),), {}), ("double", (x,), {}),
    ("half", (x,), {}), ("bfloat16", (x,), {}), ("int", (x,), {}), ("long", (x,), {}),
    ("short", (x,), {}), ("char", (whole(2),), {}), ("byte", (whole(2),), {}), ("bool", (x,), {}),
    ("item", (Sample(2.5),), {}), ("item", (Sample(2),), {}), ("item", (Sample(True),), {}),
    ("item", (x,), {}), ("tolist", (t,), {}), ("tolist", (truth(2),), {}), ("size", (x,), {}),
    ("size", (x, -1), {}), ("size", (x, 2), {}), ("stride", (t,), {}), ("stride", (t, 0), {}),
    ("dim", (x,), {}), ("ndimension", (x,), {}), ("numel", (x,), {}), ("nelement", (x,), {}),
    ("storage_offset", (x,), {}), ("element_size", (x,), {}), ("get_device", (x,), {}),
    ("sum_to_size", (c, 3, 1), {}), ("sum_to_size", (c, (2, 1, 4)), {}),
    ("where", (x, truth(3), y), {}),
    ("where", (x, truth(3), 0.0), {}), ("new_tensor", (x, [1, 2]), {}),
    ("new_zeros", (x, 2, 3), {}),
    ("new_zeros", (x, (2, 3)), {"dtype": Name("int64")}), ("new_ones", (x, 2), {}),
    ("new_full", (x, (2,), 3), {}), ("__contains__", (whole(4), 2), {}), ("__reversed__", (x,), {}),
    ("detach", (x,), {}), ("cpu", (x,), {}), ("cuda", (x,), {}),
    ("polygamma", (Sample([0.5, 2.0], "float32"), 1), {}),
]  # fmt: skip

IN_PLACE = [
    ("fill_", (x, 2), {}), ("fill_", (x, Sample(2.0, "float32")), {}), ("fill_", (x, y), {}),
    ("zero_", (x,), {}),
    ("copy_", (x, normal(3)), {}), ("copy_", (x, whole(2, 3)), {}), ("copy_", (x, v), {}),
    ("masked_fill_", (x, truth(2, 3), 1.5), {}), ("index_add_", (x, 1, whole(2), normal(2, 2)), {}),
    ("index_copy_", (x, 1, Sample([2, 0]), normal(2, 2)), {}),
    ("index_fill_", (x, 1, Sample([0, 2]), 3), {}), ("scatter_", (x, 1, whole(2, 3), y), {}),
    ("scatter_", (x, 1, Sample([[0], [1]]), 2.0), {}), ("scatter_add_", (x, 1, whole(2, 3), y), {}),
    ("masked_scatter_", (x, truth(2, 3), v), {}), ("put_", (x, Sample([0, 4]), normal(2)), {}),
    ("index_put_", (x, (Sample([0, 1]), Sample([2, 2])), normal(2)), {}),
    ("addmm_", (normal(2, 2), x, normal(3, 2)), {}), ("tril_", (x,), {}), ("triu_", (x, 1), {}),
    ("t_", (x,), {}), ("transpose_", (x, 0, 1), {}), ("squeeze_", (normal(1, 3),), {}),
    ("unsqueeze_", (x, 1), {}), ("fill_diagonal_", (Sample(numpy.ones((3, 3)), grad=False), 5), {}),
    ("fill_diagonal_", (Sample(numpy.ones((7, 3)), grad=False), 5, True), {}),
    ("resize_", (Sample(numpy.ones(6), grad=False), 2, 3), {}), ("cumsum_", (x, 0), {}),
    ("renorm_", (x, 2, 0, 1.0), {}), ("scatter_reduce_", (x, 1, whole(2, 3), y, "sum"), {}),
    ("addcmul_", (x, y, y), {"value": 2}), ("addcdiv_", (x, y, y), {}),
    ("swapaxes_", (x, 0, 1), {}),
]  # fmt: skip


def label(value):
    if isinstance(value, Sample):
        kind = "t" if value.transposed else ""
        return f"{value.dtype}{list(value.array.shape)}{kind}"
    return str(getattr(value, "name", value))


def ids(case):
    name, args, keywords = case
    return f"{name}-" + ",".join(
        [*map(label, args), *(f"{k}={label(a)}" for k, a in keywords.items())]
    )


@pytest.mark.parametrize("case", FUNCTIONS, ids=ids)
def test_function(case):
    name, args, keywords = case
    check(name, as_function(name), args, keywords)


@pytest.mark.parametrize(
    "case",
    [f for f in FUNCTIONS if hasattr(torch.Tensor, f[0]) and isinstance(f[1][0], Sample)] + METHODS,
    ids=ids,
)
def test_method(case):
    name, args, keywords = case
    check(name, as_method(name), args, keywords)


@pytest.mark.parametrize("case", IN_PLACE, ids=ids)
def test_in_place(case):
    name, args, keywords = case
    check(name, in_place(name), args, keywords)
