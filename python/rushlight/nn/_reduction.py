"""The older options of losses, size_average and reduce, as the newer one, reduction."""

from __future__ import annotations

import warnings


def legacy_get_string(size_average, reduce, emit_warning: bool = True) -> str:
    """The value of `reduction` that the two older options mean."""
    size_average = True if size_average is None else size_average
    reduce = True if reduce is None else reduce
    reduction = ("mean" if size_average else "sum") if reduce else "none"
    if emit_warning:
        warnings.warn(
            "size_average and reduce args will be deprecated, please use "
            f"reduction='{reduction}' instead.",
            stacklevel=2,
        )
    return reduction
