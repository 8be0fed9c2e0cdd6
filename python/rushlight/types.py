"""Names for kinds of values, for annotations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Union

from rushlight import _C

Device = Union[_C.device, str, int, None]
Number = Union[int, float, bool]
_bool, _dtype, _float, _int, _size = bool, _C.dtype, float, int, Union[_C.Size, Sequence[int]]
_TensorOrTensors = Union[_C.Tensor, Sequence[_C.Tensor]]
