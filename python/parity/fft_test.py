"""torch.fft against PyTorch's, which is given and gives complex tensors: ours have a last axis of
(real, imaginary), as torch.view_as_real gives it."""

import numpy
import pytest
import rushlight
import torch
from function_compare import check_close

_random = numpy.random.default_rng(8)


def real(*shape):
    return _random.standard_normal(shape)


def complex_(*shape):
    return real(*shape) + 1j * real(*shape)


def ours_from(value):
    if value.dtype.kind == "c":
        value = numpy.stack([value.real, value.imag], -1)
    return rushlight.from_numpy(value)


def as_real(tensor):
    return torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor


CASES = [
    ("fft", complex_(2, 5), {}),
    ("fft", complex_(2, 5), {"n": 8, "norm": "ortho"}),
    ("fft", complex_(2, 5), {"n": 3, "dim": 0, "norm": "forward"}),
    ("ifft", complex_(2, 6), {}),
    ("rfft", real(2, 6), {}),
    ("rfft", real(2, 5), {"n": 7, "dim": 0}),
    ("irfft", complex_(2, 4), {}),
    ("irfft", complex_(2, 4), {"n": 7, "norm": "ortho"}),
    ("hfft", complex_(2, 4), {"norm": "forward"}),
    ("ihfft", real(2, 6), {}),
    ("fftn", complex_(2, 3, 4), {}),
    ("fftn", complex_(2, 3, 4), {"s": (4, 5), "dim": (0, 2), "norm": "ortho"}),
    ("ifftn", complex_(2, 3, 4), {}),
    ("rfftn", real(2, 3, 4), {"dim": (1, 2)}),
    ("irfftn", complex_(2, 3, 4), {}),
    ("fft2", complex_(2, 3, 4), {}),
    ("ifft2", complex_(2, 3, 4), {"s": (4, 4)}),
    ("rfft2", real(2, 3, 4), {}),
    ("irfft2", complex_(2, 3, 4), {"norm": "forward"}),
    ("hfft2", complex_(2, 3, 4), {}),
    ("hfftn", complex_(2, 3, 4), {"norm": "ortho"}),
    ("ihfft2", real(2, 3, 4), {"norm": "forward"}),
    ("ihfftn", real(2, 3, 4), {}),
    ("fftshift", real(4, 5), {}),
    ("fftshift", real(4, 5), {"dim": 1}),
    ("ifftshift", real(4, 5), {"dim": (0, 1)}),
]


@pytest.mark.parametrize(("name", "value", "options"), CASES)
def test_transform(name, value, options):
    ours = ours_from(value).requires_grad_()
    theirs = torch.from_numpy(value).requires_grad_()
    mine = getattr(rushlight.fft, name)(ours, **options)
    other = as_real(getattr(torch.fft, name)(theirs, **options))
    check_close(mine, other, name, 1e-10)
    weights = real(*other.shape)
    (mine * rushlight.from_numpy(weights)).sum().backward()
    (other * torch.from_numpy(weights)).sum().backward()
    check_close(ours.grad, as_real(theirs.grad), f"gradient of {name}", 1e-10)


@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
def test_frequencies(name):
    for args, options in [((7,), {}), ((8, 0.5), {"dtype": "float64"})]:
        found = []
        for library in (rushlight, torch):
            given = {k: getattr(library, v) for k, v in options.items()}
            found.append(getattr(library.fft, name)(*args, **given))
        check_close(*found, name)


@pytest.mark.parametrize("name", ["bartlett", "hann", "hamming", "blackman", "kaiser"])
@pytest.mark.parametrize("periodic", [True, False])
def test_windows(name, periodic):
    for n in (1, 2, 9):
        found = [
            getattr(library, f"{name}_window")(n, periodic, dtype=library.float64)
            for library in (rushlight, torch)
        ]
        check_close(*found, name, 1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"hop_length": 3, "win_length": 6},
        {"center": False, "normalized": True},
        {"onesided": False, "pad_mode": "constant"},
    ],
)
def test_short_time_transform_and_back(options):
    x, window = real(2, 40), numpy.hanning(options.get("win_length", 8) + 2)[1:-1].copy()
    mine = rushlight.stft(
        rushlight.from_numpy(x), 8, window=rushlight.from_numpy(window), **options
    )
    other = torch.stft(
        torch.from_numpy(x), 8, window=torch.from_numpy(window), return_complex=True, **options
    )
    check_close(mine, as_real(other), "stft", 1e-10)
    back = {k: v for k, v in options.items() if k != "pad_mode"}
    mine = rushlight.istft(mine, 8, window=rushlight.from_numpy(window), **back)
    other = torch.istft(other, 8, window=torch.from_numpy(window), **back)
    check_close(mine, other, "istft", 1e-10)


def test_refusals():
    x = rushlight.from_numpy(real(4, 5))
    with pytest.raises(RuntimeError, match="norm"):
        rushlight.fft.rfft(x, norm="backwards")
    with pytest.raises((RuntimeError, IndexError)):
        rushlight.fft.rfft(x, dim=2)
    with pytest.raises(RuntimeError):
        rushlight.fft.fft(x)  # not complex: its last axis has five elements
    with pytest.raises(RuntimeError):
        rushlight.fft.rfft(x, n=0)
