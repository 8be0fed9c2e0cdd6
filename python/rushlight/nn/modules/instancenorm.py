"""Instance norms: each channel of each sample is normalised over space."""

from __future__ import annotations

import warnings

from rushlight import _C
from rushlight.nn import functional as F
from rushlight.nn.modules.batchnorm import _LazyNorm, _NormBase

Tensor = _C.Tensor


class _InstanceNorm(_NormBase):
    """`_ranks`: the numbers of axes of an input without a batch, and with one."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device=None,
        dtype=None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        has_batch = input.dim() == self._ranks[1]
        axis = 1 if has_batch else 0
        if input.shape[axis] != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={axis} to match num_features "
                    f"({self.num_features}), but got: {input.shape[axis]}."
                )
            warnings.warn(
                f"input's size at dim={axis} does not match num_features. You can silence this "
                "warning by not passing in num_features, which is not used because affine=False",
                stacklevel=2,
            )
        output = F.instance_norm(
            input if has_batch else input.unsqueeze(0),
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return output if has_batch else output.squeeze(0)

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ) -> None:
        keys = [prefix + name for name in ("running_mean", "running_var")]
        found = [key for key in keys if key in state_dict]
        if found and local_metadata.get("version") is None and not self.track_running_stats:
            name = type(self).__name__
            names = " and ".join(f'"{key}"' for key in found)
            error_msgs.append(
                f"Unexpected running stats buffer(s) {names} for {name} with "
                f"track_running_stats=False. Remove these keys from the state_dict, or set "
                f"track_running_stats=True in {name} to use them."
            )
            for key in found:
                del state_dict[key]
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class InstanceNorm1d(_InstanceNorm):
    """Instance norm of sequences. x: [N, C, L] or [C, L]."""

    _ranks = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Instance norm of images. x: [N, C, H, W] or [C, H, W]."""

    _ranks = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Instance norm of volumes. x: [N, C, D, H, W] or [C, D, H, W]."""

    _ranks = (4, 5)


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """InstanceNorm1d that learns num_features from its first input."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """InstanceNorm2d that learns num_features from its first input."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """InstanceNorm3d that learns num_features from its first input."""

    cls_to_become = InstanceNorm3d
