"""A batch norm behind a layer, for evaluation, as part of that layer."""

from __future__ import annotations

import copy

from rushlight import _C
from rushlight.nn.parameter import Parameter

Tensor = _C.Tensor


def _check_modes(layer, bn) -> None:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")


def _fused(weight, bias, bn_rm, bn_rv, bn_eps, bn_w, bn_b, shape):
    """Weight and bias with the norm's scale and shift in them."""
    scale = _C.torch.rsqrt(bn_rv + bn_eps)
    scale = scale if bn_w is None else scale * bn_w
    wants_grad = True if bias is None else bias.requires_grad
    shift = ((0 if bias is None else bias) - bn_rm) * scale
    shift = shift if bn_b is None else shift + bn_b
    fused = (weight * scale.reshape(shape)).to(weight.dtype)
    return (
        Parameter(fused, weight.requires_grad),
        Parameter(shift.to(weight.dtype), wants_grad and weight.requires_grad),
    )


def fuse_conv_bn_weights(
    conv_w: Tensor, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, transpose: bool = False
):
    """Weight and bias of a convolution that does what it and the norm behind it did."""
    shape = [1] * conv_w.dim()
    shape[1 if transpose else 0] = -1
    return _fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, shape)


def fuse_conv_bn_eval(conv, bn, transpose: bool = False):
    """A copy of `conv` that does what it and the batch norm behind it do in evaluation."""
    _check_modes(conv, bn)
    fused = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        conv.weight,
        conv.bias,
        bn.running_mean,
        bn.running_var,
        bn.eps,
        bn.weight,
        bn.bias,
        transpose,
    )
    return fused


def fuse_linear_bn_weights(linear_w: Tensor, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b):
    """Weight and bias of a linear layer that does what it and the norm behind it did."""
    return _fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, [-1, 1])


def fuse_linear_bn_eval(linear, bn):
    """A copy of `linear` that does what it and the batch norm behind it do in evaluation."""
    _check_modes(linear, bn)
    if linear.out_features != bn.num_features and bn.num_features != 1:
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={linear.out_features} and bn.num_features={bn.num_features}"
        )
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        linear.weight,
        linear.bias,
        bn.running_mean,
        bn.running_var,
        bn.eps,
        bn.weight,
        bn.bias,
    )
    return fused
