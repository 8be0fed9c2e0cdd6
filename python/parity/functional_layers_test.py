"""Linear layers, convolutions, pools, norms, embeddings, images and attention as functions."""

import numpy
import pytest
from function_compare import Fixed, case, check_call, check_refused

_random = numpy.random.default_rng(3)
INF = float("inf")


def f(*shape, dtype=numpy.float32):
    return _random.standard_normal(shape).astype(dtype)


def d(*shape):
    return f(*shape, dtype=numpy.float64)


def positive(*shape):
    return _random.uniform(0.2, 1.5, shape).astype(numpy.float32)


def distinct(*shape):
    """No two values alike, so that every maximum is one place."""
    return _random.permutation(numpy.arange(numpy.prod(shape, dtype=int))).reshape(shape) / 7.0


def ids(high, *shape):
    return _random.integers(0, high, shape)


def F(name, *args, **options):
    return case(f"nn.functional.{name}", *args, **options)


LINEAR = [
    F("linear", f(4, 3), f(5, 3), f(5)),
    F("linear", d(2, 4, 3), d(5, 3)),
    F("linear", d(3), d(5, 3), d(5)),
    F("linear", d(0, 3), d(5, 3), d(5)),
    F("linear", d(3, 4).T, d(5, 3), bias=d(5)),
    F("bilinear", d(4, 3), d(4, 2), d(5, 3, 2), d(5)),
    F("bilinear", d(2, 4, 3), d(2, 4, 2), d(5, 3, 2)),
    case("bilinear", d(4, 3), d(4, 2), d(5, 3, 2), None),
]
CONVOLUTIONS = [
    F("conv1d", d(2, 3, 10), d(4, 3, 3), d(4)),
    F("conv1d", d(3, 10), d(4, 3, 3), stride=2, padding=1),
    F("conv1d", d(2, 4, 10), d(6, 2, 3), None, 2, 1, 2, 2),
    F("conv1d", d(2, 3, 9), d(4, 3, 4), padding="same"),
    F("conv1d", d(2, 3, 9), d(4, 3, 4), padding="valid", dilation=2),
    F("conv2d", d(2, 3, 8, 7), d(4, 3, 3, 2), d(4)),
    F("conv2d", d(2, 3, 8, 7), d(4, 3, 3, 2), d(4), (2, 1), (1, 0), (1, 2)),
    F("conv2d", d(3, 8, 7), d(4, 3, 3, 3), padding=[1, 2]),
    F("conv2d", d(2, 4, 8, 8), d(4, 1, 3, 3), groups=4, padding="same"),
    F("conv2d", d(2, 3, 7, 8), d(4, 3, 4, 2), padding="same", dilation=(1, 2)),
    F("conv2d", d(0, 3, 8, 7), d(4, 3, 3, 2), d(4)),
    F("conv2d", f(2, 3, 8, 7), f(4, 3, 3, 2), f(4)),
    F("conv3d", d(2, 2, 5, 6, 4), d(3, 2, 2, 3, 2), d(3), padding=1),
    F("conv3d", d(2, 5, 6, 4), d(3, 2, 2, 3, 2), stride=(1, 2, 1)),
    case("conv2d", d(2, 3, 8, 7), d(4, 3, 3, 2), d(4), 2),
    F("conv_transpose1d", d(2, 3, 5), d(3, 4, 3), d(4), 2, 1, 1),
    F("conv_transpose1d", d(3, 5), d(3, 4, 3)),
    F("conv_transpose2d", d(2, 4, 5, 4), d(4, 3, 3, 2), d(6), groups=2, stride=2),
    F("conv_transpose2d", d(2, 3, 5, 4), d(3, 4, 3, 2), None, (2, 1), (1, 0), (1, 0), 1, (1, 2)),
    F("conv_transpose3d", d(1, 2, 3, 3, 3), d(2, 3, 2, 2, 2), d(3), stride=2),
    case("conv_tbc", d(6, 2, 3), d(3, 3, 4), d(4), 1),
    case("conv_tbc", d(6, 2, 3), d(3, 3, 4), d(4)),
]
POOLS = [
    F("max_pool1d", distinct(2, 3, 10), 3),
    F("max_pool1d", distinct(3, 10), 3, 2, 1, 1, True),
    F("max_pool1d", distinct(2, 3, 10), 2, return_indices=True),
    F("max_pool2d", distinct(2, 3, 7, 8), 2),
    F("max_pool2d", distinct(2, 3, 7, 8), (3, 2), stride=(2, 1), padding=1, dilation=(1, 2)),
    F("max_pool2d", distinct(2, 3, 7, 8), 3, 2, ceil_mode=True, return_indices=True),
    F("max_pool2d", distinct(3, 7, 8), [2, 2], return_indices=True),
    F("max_pool3d", distinct(2, 2, 4, 5, 6), 2, return_indices=True),
    F("max_pool2d_with_indices", distinct(2, 3, 7, 8), 2),
    case("max_pool2d", distinct(2, 3, 7, 8), 2, 2),
    case("max_pool1d_with_indices", distinct(2, 3, 8), 2),
    F("avg_pool1d", d(2, 3, 10), 3, 2, 1),
    F("avg_pool1d", d(2, 3, 10), 3, 2, 1, True, False),
    F("avg_pool2d", d(2, 3, 7, 8), 2),
    F("avg_pool2d", d(2, 3, 7, 8), 3, 2, 1, True, False),
    F("avg_pool2d", d(2, 3, 7, 8), (3, 2), padding=(1, 1), divisor_override=5),
    F("avg_pool2d", d(3, 7, 8), 2, ceil_mode=True),
    F("avg_pool3d", d(2, 2, 4, 5, 6), 2, padding=1, count_include_pad=False),
    F("adaptive_avg_pool1d", d(2, 3, 10), 4),
    F("adaptive_avg_pool2d", d(2, 3, 7, 8), (3, None)),
    F("adaptive_avg_pool2d", d(2, 3, 7, 8), 1),
    F("adaptive_avg_pool3d", d(2, 4, 5, 6), (None, 2, 3)),
    F("adaptive_max_pool1d", distinct(2, 3, 10), 4),
    F("adaptive_max_pool2d", distinct(2, 3, 7, 8), (3, 2), return_indices=True),
    F("adaptive_max_pool2d", distinct(2, 3, 7, 8), (None, 3)),
    F("adaptive_max_pool3d", distinct(2, 2, 4, 5, 6), 2, return_indices=True),
    case("adaptive_max_pool1d", distinct(2, 3, 10), 4),
    case("adaptive_avg_pool1d", d(2, 3, 10), 4),
    F("lp_pool1d", d(2, 3, 10) + 4, 3, 3),
    F("lp_pool2d", d(2, 3, 7, 8), 2, 3, 2, True),
    F("lp_pool2d", distinct(2, 3, 7, 8), INF, (3, 2)),
    F("lp_pool3d", d(2, 3, 4, 4, 4), 2, 2),
    F("max_unpool1d", d(2, 3, 4), numpy.tile([0, 3, 4, 7], (2, 3, 1)), 2),
    F("max_unpool2d", d(1, 1, 2, 2), numpy.array([[[[0, 3], [8, 15]]]]), 2, 2),
    F("max_unpool2d", d(1, 1, 2, 2), numpy.array([[[[0, 3], [8, 15]]]]), 2, output_size=(5, 5)),
]
NORMS = [
    F("batch_norm", d(4, 3), Fixed(d(3)), Fixed(positive(3).astype(float)), d(3), d(3)),
    F("batch_norm", d(4, 3, 5), None, None, d(3), d(3), True, eps=1e-3),
    F("batch_norm", d(4, 3, 5, 2), None, None, training=True),
    F("layer_norm", d(4, 3, 5), (5,), d(5), d(5)),
    F("layer_norm", d(4, 3, 5), [3, 5]),
    F("layer_norm", f(4, 3, 5), (5,), f(5), None, 1e-3),
    F("group_norm", d(4, 6, 5), 3, d(6), d(6)),
    F("group_norm", d(4, 6, 5, 2), 2),
    F("instance_norm", d(4, 3, 5), None, None, d(3), d(3)),
    F("instance_norm", d(4, 3, 5, 2)),
    F("rms_norm", d(4, 3, 5), (5,), d(5)),
    F("rms_norm", f(4, 3, 5), (3, 5), None, 1e-3),
    F("rms_norm", f(4, 5) * 1e-4, (5,)),
    case("rms_norm", d(4, 5), (5,)),
    F("local_response_norm", d(4, 6, 5), 3),
    F("local_response_norm", d(4, 6, 5, 2), 2, 1e-2, 0.5, 2.0),
    F("normalize", d(4, 3)),
    F("normalize", d(4, 3, 2), p=1, dim=(1, 2)),
    F("normalize", d(5), dim=0),
    F("normalize", numpy.zeros((2, 3))),
    case("layer_norm", d(4, 3), (3,), d(3), d(3)),
    case("group_norm", d(4, 6, 5), 3, d(6), d(6)),
    case("batch_norm", d(4, 3), d(3), d(3), None, None, True, 0.1, 1e-5, False),
    case("instance_norm", d(4, 3, 6), d(3), d(3), None, None, True, 0.1, 1e-5, False),
]
EMBEDDINGS = [
    F("embedding", ids(7, 4, 3), d(7, 5)),
    F("embedding", ids(7, 4), d(7, 5), padding_idx=2),
    F("embedding", ids(7, 4), d(7, 5), -3),
    F("embedding", numpy.array(3), d(7, 5)),
    F("embedding", numpy.array([1, 1, 2, 1]), d(7, 5), scale_grad_by_freq=True),
    F("embedding", ids(7, 4).astype(numpy.int32), d(7, 5)),
    case("embedding", d(7, 5), ids(7, 4, 2)),
    case("embedding", d(7, 5), ids(7, 4, 2), 3),
    F("embedding_bag", ids(7, 4, 3), d(7, 5)),
    F("embedding_bag", ids(7, 4, 3), d(7, 5), mode="max"),
    F("embedding_bag", ids(7, 6), d(7, 5), numpy.array([0, 2, 2]), mode="sum"),
    F("embedding_bag", ids(7, 6), d(7, 5), numpy.array([0, 2, 6]), include_last_offset=True),
    F("embedding_bag", ids(7, 4, 3), d(7, 5), mode="sum", per_sample_weights=d(4, 3)),
    F("embedding_bag", ids(4, 4, 3), d(4, 5), padding_idx=1),
    F("one_hot", ids(4, 5)),
    F("one_hot", ids(4, 2, 3), 6),
]
IMAGES = [
    F("pad", d(2, 3, 4), (1, 2)),
    F("pad", d(2, 3, 4), (1, 2, 0, 3), "constant", 2.5),
    F("pad", d(2, 3, 4), (-1, 2, 1, -1)),
    F("pad", d(2, 3, 4), (1, 2), mode="reflect"),
    F("pad", d(2, 3, 4, 5), (1, 2, 3, 0), "replicate"),
    F("pad", d(2, 3, 4, 5), (1, 2, 3, 0), mode="circular"),
    F("pad", ids(9, 3, 4), (1, 1), value=7),
    F("pad", ids(9, 3, 4) > 4, (0, 2)),
    F("interpolate", d(2, 3, 5), 8),
    F("interpolate", d(2, 3, 5), scale_factor=1.6),
    F("interpolate", d(2, 3, 5), scale_factor=2, mode="linear"),
    F("interpolate", d(2, 3, 5, 4), (7, 3), mode="bilinear"),
    F("interpolate", d(2, 3, 5, 4), scale_factor=(1.5, 2), mode="bilinear", align_corners=True),
    F("interpolate", d(2, 3, 5, 4), scale_factor=0.6, mode="nearest-exact"),
    F("interpolate", d(2, 3, 5, 4), scale_factor=1.7, mode="bicubic"),
    F("interpolate", d(2, 3, 5, 4), scale_factor=1.7, mode="bicubic", recompute_scale_factor=True),
    F("interpolate", d(2, 3, 5, 4), scale_factor=0.5, mode="area"),
    F("interpolate", d(2, 3, 8, 8), size=3, mode="bilinear", antialias=True),
    F("interpolate", d(2, 3, 8, 8), size=[3, 5], mode="bicubic", antialias=True),
    F("interpolate", d(2, 2, 3, 4, 5), scale_factor=2, mode="trilinear"),
    F("upsample", d(2, 3, 5, 4), scale_factor=2),
    F("upsample_bilinear", d(2, 3, 5, 4), (10, 8)),
    F("upsample_nearest", d(2, 3, 5, 4), scale_factor=2),
    F("grid_sample", d(2, 3, 5, 4), d(2, 6, 7, 2)),
    F("grid_sample", d(2, 3, 5, 4), d(2, 6, 7, 2), "nearest", "border", True),
    F("grid_sample", d(2, 3, 5, 4), d(2, 6, 7, 2), "bicubic", align_corners=False),
    F("grid_sample", d(2, 3, 5, 4), d(2, 6, 7, 2), padding_mode="reflection"),
    F("grid_sample", d(2, 3, 5, 4, 3), d(2, 6, 7, 5, 3)),
    case("grid_sampler", d(2, 3, 5, 4), d(2, 6, 7, 2), 0, 1, True),
    F("affine_grid", d(2, 2, 3), (2, 3, 5, 4)),
    F("affine_grid", d(2, 2, 3), [2, 3, 5, 4], align_corners=True),
    F("affine_grid", d(2, 3, 4), (2, 3, 5, 4, 6)),
    case("affine_grid_generator", d(2, 2, 3), (2, 3, 5, 4), False),
    F("pixel_shuffle", d(2, 8, 3, 4), 2),
    F("pixel_unshuffle", d(2, 2, 6, 4), 2),
    F("channel_shuffle", d(2, 6, 3, 4), 3),
    F("unfold", d(2, 3, 6, 7), (2, 3)),
    F("unfold", d(3, 6, 7), 2, dilation=2, padding=1, stride=2),
    F("fold", d(2, 12, 30), (6, 7), 2),
    F("fold", d(2, 12, 16), output_size=(6, 7), kernel_size=(2, 2), padding=1, stride=2),
]


def mask(*shape):
    keep = _random.uniform(size=shape) < 0.6
    keep[..., 0] = True
    return keep


SDPA = "scaled_dot_product_attention"
ATTENTION = [
    F(SDPA, d(2, 3, 4, 5), d(2, 3, 6, 5), d(2, 3, 6, 7)),
    F(SDPA, d(2, 4, 5), d(2, 4, 5), d(2, 4, 5), is_causal=True),
    F(SDPA, d(2, 3, 4, 5), d(2, 3, 6, 5), d(2, 3, 6, 5), mask(4, 6)),
    F(SDPA, d(2, 3, 4, 5), d(2, 3, 6, 5), d(2, 3, 6, 5), d(2, 1, 4, 6), scale=0.3),
    F(SDPA, d(2, 6, 4, 5), d(2, 2, 4, 5), d(2, 2, 4, 5), is_causal=True, enable_gqa=True),
    F("cosine_similarity", d(4, 3), d(4, 3)),
    F("cosine_similarity", d(4, 3, 2), d(3, 2), dim=-1, eps=1e-3),
    F("pairwise_distance", d(4, 3), d(4, 3)),
    F("pairwise_distance", d(4, 3), d(4, 3), 1.0, 1e-3, True),
    F("pdist", d(5, 3)),
    case("cosine_similarity", d(4, 3), d(4, 3), 0),
    case("pairwise_distance", d(4, 3), d(3)),
]
CASES = LINEAR + CONVOLUTIONS + POOLS + NORMS + EMBEDDINGS + IMAGES + ATTENTION


@pytest.mark.parametrize(("path", "args", "options"), CASES)
def test_same_as_pytorch(path, args, options):
    check_call(path, args, options)


REFUSALS = [
    F("linear", f(4, 3), f(5, 4)),
    F("conv2d", f(2, 3, 8, 8), f(4, 2, 3, 3)),
    F("conv2d", f(2, 3, 8, 8), f(4, 3, 3, 3), stride=2, padding="same"),
    F("conv2d", f(2, 3, 8, 8), f(4, 3, 3, 3), padding="full"),
    F("conv2d", f(2, 3), f(4, 3, 3, 3)),
    F("max_pool2d", f(2, 3, 8, 8), 2, padding=2),
    F("max_pool2d", f(2, 3, 2, 2), 3),
    F("avg_pool2d", f(2, 3, 8, 8), 2, divisor_override=0),
    F("batch_norm", f(1, 3), None, None, training=True),
    F("layer_norm", f(4, 3), (4,)),
    F("group_norm", f(4, 6), 4),
    F("embedding", numpy.array([9]), f(7, 5)),
    F("embedding", f(3), f(7, 5)),
    F("one_hot", numpy.array([-1])),
    F("pad", f(2, 3, 4), (4, 0), "reflect"),
    F("pad", f(2, 3, 4), (1,)),
    F("pad", f(2, 3, 4), (1, 1), "mirror"),
    F("interpolate", f(2, 3, 4, 4)),
    F("interpolate", f(2, 3, 4, 4), 2, 2.0),
    F("interpolate", f(2, 3, 4, 4), 2, mode="nearest", align_corners=True),
    F("interpolate", f(2, 3, 4, 4), 2, mode="linear"),
    F("grid_sample", f(2, 3, 4, 4), f(2, 4, 4, 2), mode="cubic"),
    F("pixel_shuffle", f(2, 7, 3, 3), 2),
    F("fold", f(2, 12, 31), (6, 7), 2),
    F(SDPA, f(2, 3, 4), f(2, 3, 5), f(2, 3, 4)),
    F(SDPA, f(2, 3, 4), f(2, 3, 4), f(2, 3, 4), mask(3, 3), is_causal=True),
]


@pytest.mark.parametrize(("path", "args", "options"), REFUSALS)
def test_refused_as_by_pytorch(path, args, options):
    check_refused(path, args, options)
