"""Fourier transforms."""

from rushlight._C.fft import *  # noqa: F403
