"""Every layer: first weights, repr, outputs and gradients are PyTorch's."""

import numpy
import pytest
from nn_compare import built, check_same_run, check_same_start

_random = numpy.random.default_rng(0)


def f(*shape):
    return _random.standard_normal(shape).astype(numpy.float32)


def ids(high, *shape):
    return _random.integers(0, high, shape)


def layer(kind, *args, **options):
    return lambda nn: getattr(nn, kind)(*args, **options)


def case(make, *inputs, tolerance=2e-5, name=None, **options):
    return name, make, inputs, options, tolerance


PLAIN = [
    *("ReLU", "ReLU6", "Sigmoid", "Hardsigmoid", "Tanh", "SiLU", "Mish", "Hardswish", "ELU"),
    *("CELU", "SELU", "GELU", "Hardshrink", "LeakyReLU", "LogSigmoid", "Softplus", "Softshrink"),
    *("Softsign", "Tanhshrink", "Hardtanh", "GLU", "PReLU", "RReLU", "Identity"),
]
IN_PLACE = [
    *("ReLU", "SiLU", "Mish", "ELU", "CELU", "SELU", "LeakyReLU", "Hardtanh", "ReLU6"),
    "Hardswish",
]


def activations():
    for name in PLAIN:
        yield case(layer(name), f(3, 4), name=name)
    for name in ("Softmin", "Softmax", "LogSoftmax"):
        yield case(layer(name, dim=-1), f(3, 4), name=name)
    for name in IN_PLACE:

        def make(nn, n=name):
            return nn.Sequential(nn.Linear(4, 4), getattr(nn, n)(inplace=True))

        yield case(make, f(3, 4), name=f"{name}_inplace")
    yield case(lambda nn: nn.Threshold(0.1, 20.0), f(3, 4))
    yield case(lambda nn: nn.GELU("tanh"), f(3, 4))
    yield case(lambda nn: nn.PReLU(4, 0.3), f(3, 4, 2))
    yield case(lambda nn: nn.Softmax2d(), f(2, 3, 4, 4))
    yield case(lambda nn: nn.RReLU().eval(), f(3, 4))


def linears():
    yield case(lambda nn: nn.Linear(4, 3), f(2, 5, 4))
    yield case(lambda nn: nn.Linear(4, 3, bias=False), f(4))
    yield case(lambda nn: nn.Bilinear(3, 4, 2), f(5, 3), f(5, 4))
    yield case(lambda nn: nn.Bilinear(3, 4, 2, bias=False), f(5, 3), f(5, 4))
    yield case(lambda nn: nn.LazyLinear(3).eval(), f(2, 4), name="LazyLinear")


def convolutions():
    shapes = {1: (9,), 2: (7, 9), 3: (5, 6, 7)}
    for n, shape in shapes.items():
        conv = f"Conv{n}d"
        for options in (
            {},
            {"stride": 2, "padding": 1},
            {"padding": "same", "dilation": 2},
            {"padding": "valid", "bias": False},
            {"groups": 2, "padding": 1, "padding_mode": "reflect"},
            {"padding": 1, "padding_mode": "circular"},
            {"padding": "same", "padding_mode": "replicate"},
        ):
            make = layer(conv, 4, 6, 3, **options)
            yield case(make, f(2, 4, *shape), tolerance=1e-4, name=f"{conv}_{options}")
        for options in (
            {},
            {"stride": 2, "padding": 1, "output_padding": 1},
            {"groups": 2, "dilation": 2, "bias": False},
        ):
            make = layer(f"ConvTranspose{n}d", 4, 6, 3, **options)
            yield case(make, f(2, 4, *shape), tolerance=1e-4, name=f"Transpose{n}_{options}")
    yield case(lambda nn: nn.Conv2d(4, 6, (3, 5), (1, 2), (2, 1)), f(4, 9, 9), tolerance=1e-4)
    yield case(
        lambda nn: nn.ConvTranspose2d(4, 2, 3, stride=2), f(1, 4, 5, 5), output_size=[12, 12]
    )
    yield case(lambda nn: nn.LazyConv2d(4, 3), f(1, 4, 5, 5), name="LazyConv2d")
    yield case(lambda nn: nn.LazyConvTranspose1d(4, 3), f(1, 4, 5), name="LazyConvTranspose1d")


def pools():
    shapes = {1: (12,), 2: (8, 10), 3: (6, 7, 8)}
    for n, shape in shapes.items():
        x = f(2, 3, *shape)
        for kind, options in (
            ("MaxPool", {"kernel_size": 2}),
            ("MaxPool", {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
            ("MaxPool", {"kernel_size": 2, "return_indices": True}),
            ("AvgPool", {"kernel_size": 2}),
            ("AvgPool", {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
            ("LPPool", {"norm_type": 3, "kernel_size": 2}),
            ("AdaptiveAvgPool", {"output_size": 3}),
            ("AdaptiveMaxPool", {"output_size": 2}),
            ("AdaptiveMaxPool", {"output_size": 2, "return_indices": True}),
        ):
            make = layer(f"{kind}{n}d", **options)
            data = abs(x) if kind == "LPPool" else x
            yield case(make, data, name=f"{kind}{n}d_{options}")
        places = numpy.arange(0, 12, 2).reshape(1, 1, 6)
        if n == 1:
            yield case(lambda nn: nn.MaxUnpool1d(2), f(1, 1, 6), places)
    yield case(lambda nn: nn.AdaptiveAvgPool2d((None, 3)), f(2, 3, 5, 7))
    yield case(lambda nn: nn.FractionalMaxPool2d(2, output_size=3), f(1, 2, 7, 7))
    yield case(lambda nn: nn.FractionalMaxPool3d(2, output_ratio=0.5), f(1, 2, 6, 6, 6))


def paddings():
    shapes = {1: (5,), 2: (5, 6), 3: (4, 5, 6)}
    for n, shape in shapes.items():
        for kind in ("Reflection", "Replication", "Circular", "Zero"):
            make = layer(f"{kind}Pad{n}d", 1)
            yield case(make, f(2, 3, *shape), name=f"{kind}Pad{n}d")
        make = layer(f"ConstantPad{n}d", 1, 3.5)
        yield case(make, f(2, 3, *shape), name=f"ConstantPad{n}d")
    yield case(lambda nn: nn.ZeroPad2d((1, 2, 0, 3)), f(3, 4, 4))


def norms():
    shapes = {1: (5,), 2: (5, 6), 3: (4, 5, 6)}
    for n, shape in shapes.items():
        for kind in ("BatchNorm", "InstanceNorm"):
            for options in ({}, {"affine": True, "track_running_stats": True, "momentum": 0.3}):
                make = layer(f"{kind}{n}d", 3, **options)
                yield case(make, f(4, 3, *shape), tolerance=1e-4, name=f"{kind}{n}d_{options}")
    yield case(lambda nn: nn.BatchNorm1d(3, momentum=None), f(4, 3), tolerance=1e-4)
    yield case(lambda nn: nn.BatchNorm1d(3).eval(), f(4, 3))
    yield case(lambda nn: nn.BatchNorm1d(3, affine=False, track_running_stats=False), f(4, 3))
    yield case(lambda nn: nn.LazyBatchNorm2d(), f(4, 3, 2, 2), name="LazyBatchNorm2d")
    yield case(lambda nn: nn.LayerNorm(4), f(3, 4))
    yield case(lambda nn: nn.LayerNorm((3, 4), eps=1e-3, bias=False), f(2, 3, 4))
    yield case(lambda nn: nn.LayerNorm(4, elementwise_affine=False), f(3, 4))
    yield case(lambda nn: nn.RMSNorm(4), f(3, 4))
    yield case(lambda nn: nn.RMSNorm([3, 4], eps=1e-3, elementwise_affine=False), f(2, 3, 4))
    yield case(lambda nn: nn.GroupNorm(2, 4), f(3, 4, 5))
    yield case(lambda nn: nn.GroupNorm(2, 4, affine=False), f(3, 4, 5))
    yield case(lambda nn: nn.LocalResponseNorm(3), f(2, 5, 4, 4))


def dropouts():
    yield case(lambda nn: nn.Dropout(0.3), f(40, 30))
    yield case(lambda nn: nn.Dropout(0.3, inplace=True).eval(), f(4, 3))
    yield case(lambda nn: nn.Dropout1d(0.3), f(4, 30, 5))
    yield case(lambda nn: nn.Dropout2d(0.3), f(4, 30, 5, 5))
    yield case(lambda nn: nn.Dropout3d(0.3), f(4, 30, 2, 3, 4))
    yield case(lambda nn: nn.AlphaDropout(0.3), f(40, 30))
    yield case(lambda nn: nn.FeatureAlphaDropout(0.3), f(4, 30, 5))


def tables():
    yield case(lambda nn: nn.Embedding(10, 4), ids(10, 3, 5))
    yield case(lambda nn: nn.Embedding(10, 4, padding_idx=-1), ids(10, 3, 5))
    yield case(lambda nn: nn.Embedding(10, 4, max_norm=1.0), ids(10, 3, 5), tolerance=1e-4)
    yield case(lambda nn: nn.Embedding(10, 4, scale_grad_by_freq=True), ids(10, 3, 5))
    for mode in ("sum", "mean", "max"):
        make = layer("EmbeddingBag", 10, 4, mode=mode)
        yield case(make, ids(10, 3, 5), name=f"bag_{mode}_2d")
        yield case(make, ids(10, 8), numpy.array([0, 2, 6]), name=f"bag_{mode}_offsets")
    yield case(lambda nn: nn.EmbeddingBag(10, 4, padding_idx=2), ids(10, 3, 5))


def recurrent():
    x = f(5, 3, 4)
    for kind in ("RNN", "GRU", "LSTM"):
        for options in (
            {},
            {"num_layers": 2, "bidirectional": True},
            {"batch_first": True, "bias": False},
            {"num_layers": 2, "dropout": 0.5},
        ):
            make = layer(kind, 4, 6, **options)
            yield case(make, x, name=f"{kind}_{options}")
        state = f(1, 3, 6)
        states = (state, f(1, 3, 6)) if kind == "LSTM" else state
        yield case(layer(kind, 4, 6), x, states, name=f"{kind}_states")
        yield case(layer(kind, 4, 6), f(5, 4), name=f"{kind}_unbatched")
        cell = layer(f"{kind}Cell", 4, 6)
        yield case(cell, f(3, 4), name=f"{kind}Cell")
        state = f(3, 6)
        states = (state, f(3, 6)) if kind == "LSTM" else state
        yield case(cell, f(3, 4), states, name=f"{kind}Cell_states")
        yield case(cell, f(4), name=f"{kind}Cell_unbatched")
    yield case(lambda nn: nn.RNN(4, 6, nonlinearity="relu"), x, name="RNN_relu")
    yield case(lambda nn: nn.RNNCell(4, 6, False, "relu"), f(3, 4), name="RNNCell_relu")
    yield case(lambda nn: nn.LSTM(4, 6, 2, proj_size=3, bidirectional=True), x, name="LSTM_proj")


def attention():
    q, k, v = f(5, 2, 8), f(4, 2, 8), f(4, 2, 8)
    padding = numpy.array([[False, False, True, True], [False] * 4])
    causal = numpy.triu(numpy.ones((5, 5), dtype=bool), 1)
    for options in (
        {},
        {"bias": False},
        {"add_bias_kv": True, "add_zero_attn": True},
        {"batch_first": True},
    ):
        make = layer("MultiheadAttention", 8, 2, **options)
        yield case(make, q, q, q, name=f"self_{options}")
    make = layer("MultiheadAttention", 8, 2)
    yield case(make, q, k, v, key_padding_mask=padding, name="padding")
    yield case(make, q, k, k, need_weights=False, name="keys_are_values")
    yield case(make, q, q, q, attn_mask=causal, need_weights=False, name="mask")
    yield case(make, q, q, q, attn_mask=causal, is_causal=True, need_weights=False, name="causal")
    yield case(make, q, k, v, average_attn_weights=False, name="weights_of_heads")
    yield case(make, f(5, 8), f(4, 8), f(4, 8), name="unbatched")
    separate = layer("MultiheadAttention", 8, 2, kdim=3, vdim=5)
    yield case(separate, q, f(4, 2, 3), f(4, 2, 5), name="kdim_vdim")


def transformers():
    x, memory = f(5, 2, 8), f(4, 2, 8)
    causal = numpy.triu(numpy.full((5, 5), -numpy.inf, dtype=numpy.float32), 1)
    small = {"dim_feedforward": 16, "dropout": 0.0}
    for options in ({}, {"norm_first": True, "activation": "gelu"}, {"bias": False}):
        options = {**small, **options}
        encoder = layer("TransformerEncoderLayer", 8, 2, **options)
        decoder = layer("TransformerDecoderLayer", 8, 2, **options)
        yield case(encoder, x, src_mask=causal, name=f"encoder_{options}")
        yield case(decoder, x, memory, tgt_mask=causal, name=f"decoder_{options}")
    both = layer("Transformer", 8, 2, 2, 2, **small)
    yield case(both, memory, x, tgt_mask=causal, name="transformer", tolerance=1e-4)

    def stack(nn):
        encoder = nn.TransformerEncoderLayer(8, 2, batch_first=True, **small)
        return nn.TransformerEncoder(encoder, 2, nn.LayerNorm(8))

    yield case(stack, x, is_causal=None, name="stack", tolerance=1e-4)


def images():
    x = f(2, 3, 4, 5)
    yield case(lambda nn: nn.Upsample(scale_factor=2), x)
    yield case(lambda nn: nn.Upsample((7, 3), mode="bilinear", align_corners=True), x)
    yield case(lambda nn: nn.Upsample(scale_factor=(1.5, 2.0), mode="bicubic"), x, tolerance=1e-4)
    yield case(lambda nn: nn.Upsample(9, mode="linear"), f(2, 3, 5))
    yield case(lambda nn: nn.UpsamplingNearest2d(scale_factor=2), x)
    yield case(lambda nn: nn.UpsamplingBilinear2d((6, 6)), x)
    yield case(lambda nn: nn.Unfold(2, padding=1, stride=2), x)
    yield case(lambda nn: nn.Fold((4, 5), 2), f(2, 12, 12))
    yield case(lambda nn: nn.PixelShuffle(2), f(2, 8, 3, 3))
    yield case(lambda nn: nn.PixelUnshuffle(2), f(2, 2, 6, 6))
    yield case(lambda nn: nn.ChannelShuffle(2), f(2, 4, 3, 3))
    yield case(lambda nn: nn.Flatten(), x)
    yield case(lambda nn: nn.Unflatten(1, (3, 1)), x)
    yield case(lambda nn: nn.CosineSimilarity(), x, f(2, 3, 4, 5))
    yield case(lambda nn: nn.PairwiseDistance(3.0, keepdim=True), f(4, 5), f(4, 5))


FAMILIES = [
    activations,
    linears,
    convolutions,
    pools,
    paddings,
    norms,
    dropouts,
    tables,
    recurrent,
    attention,
    transformers,
    images,
]
CASES = [
    pytest.param(*rest, id=f"{family.__name__}-{name or i}")
    for family in FAMILIES
    for i, (name, *rest) in enumerate(family())
]


@pytest.mark.parametrize(("make", "inputs", "options", "tolerance"), CASES)
def test_layer(make, inputs, options, tolerance):
    ours, theirs = built(make)
    if "Lazy" not in type(ours).__name__:
        check_same_start(ours, theirs)
    check_same_run(ours, theirs, inputs, options, tolerance)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
