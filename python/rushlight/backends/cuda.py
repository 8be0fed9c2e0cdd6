"""torch.backends.cuda: settings for NVIDIA GPUs, kept and ignored."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

matmul = SimpleNamespace(
    allow_tf32=False,
    allow_fp16_reduced_precision_reduction=True,
    allow_bf16_reduced_precision_reduction=True,
    fp32_precision="none",
)


def is_built() -> bool:
    """False: rushlight has no code for GPUs."""
    return False


def enable_flash_sdp(enabled):
    """Does nothing: the kernels for attention on a GPU are not there."""


enable_mem_efficient_sdp = enable_math_sdp = enable_cudnn_sdp = enable_flash_sdp


def flash_sdp_enabled() -> bool:
    """False: the kernels for attention on a GPU are not there."""
    return False


mem_efficient_sdp_enabled = cudnn_sdp_enabled = flash_sdp_enabled


def math_sdp_enabled() -> bool:
    """True."""
    return True


@contextlib.contextmanager
def sdp_kernel(enable_flash=True, enable_math=True, enable_mem_efficient=True, enable_cudnn=True):
    """A block with a choice of attention kernels: on the CPU there is one."""
    yield
