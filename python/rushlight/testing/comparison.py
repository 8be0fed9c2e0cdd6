"""Comparing tensors, and containers of them, within what rounding explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rushlight import _C

# dtype: (rtol, atol); integers and bools are compared exactly.
_TOLERANCES = {
    _C.float16: (1e-3, 1e-5),
    _C.bfloat16: (1.6e-2, 1e-5),
    _C.float32: (1.3e-6, 1e-5),
    _C.float64: (1e-7, 1e-7),
}


def assert_close(
    actual,
    expected,
    *,
    allow_subclasses=True,
    rtol=None,
    atol=None,
    equal_nan=False,
    check_device=True,
    check_dtype=True,
    check_layout=True,
    check_stride=False,
    msg=None,
):
    """AssertionError unless |actual - expected| <= atol + rtol * |expected| everywhere.

    Takes tensors, numbers, arrays, and sequences and mappings of them. Without rtol and atol the
    dtype decides: float32 1.3e-6 and 1e-5, float64 1e-7 and 1e-7, integers exactly. msg: a text, or
    a function of the text that would be raised.
    """
    if (rtol is None) != (atol is None):
        raise ValueError(
            f"assert_close: give both rtol and atol, or neither; got rtol={rtol} and atol={atol}"
        )
    comparison = _Comparison(
        None if rtol is None else (rtol, atol), equal_nan, check_dtype, check_stride,
        allow_subclasses, msg,
    )  # fmt: skip
    comparison.compare(actual, expected, "")


class _Comparison:
    def __init__(self, tolerances, equal_nan, dtypes, strides, subclasses, message):
        self._tolerances, self._equal_nan = tolerances, equal_nan
        self._dtypes, self._strides, self._subclasses = dtypes, strides, subclasses
        self._message = message

    def _fail(self, text, place):
        text = f"{text}\n\nThe failure occurred for item {place}" if place else text
        if self._message is not None:
            text = self._message(text) if callable(self._message) else self._message
        raise AssertionError(text)

    def compare(self, actual, expected, place):
        if isinstance(actual, Mapping) and isinstance(expected, Mapping):
            self._compare_mappings(actual, expected, place)
        elif _is_sequence(actual) and _is_sequence(expected):
            if len(actual) != len(expected):
                self._fail(
                    "The length of the sequences mismatch: "
                    f"{len(actual)} != {len(expected)}", place
                )  # fmt: skip
            for i, (one, two) in enumerate(zip(actual, expected)):
                self.compare(one, two, f"{place}[{i}]")
        elif actual is None or expected is None:
            if actual is not expected:
                self._fail(f"None mismatch: {actual} is not {expected}", place)
        else:
            self._compare_tensors(actual, expected, place)

    def _compare_mappings(self, actual, expected, place):
        if set(actual) != set(expected):
            missing, additional = set(expected) - set(actual), set(actual) - set(expected)
            self._fail(
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {sorted(map(repr, missing))}\n"
                f"Additional keys in the actual mapping: {sorted(map(repr, additional))}",
                place,
            )
        for key in expected:
            self.compare(actual[key], expected[key], f"{place}[{key!r}]")

    def _compare_tensors(self, actual, expected, place):
        of_one_kind = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
        tensors = isinstance(actual, _C.Tensor) and isinstance(expected, _C.Tensor)
        numbers = isinstance(actual, (bool, int, float)) and isinstance(expected, (int, float))
        if not (of_one_kind and (self._subclasses or type(actual) is type(expected)) or numbers):
            raise TypeError(
                "assert_close: expected two tensors, two numbers or containers of one kind, got "
                f"{type(actual).__name__} and {type(expected).__name__}"
            )
        dtypes = self._dtypes and tensors
        kind = "Tensor-likes" if tensors or not numbers else "Scalars"
        actual, expected = _as_tensor(actual), _as_tensor(expected)
        self._compare_attributes(actual, expected, dtypes, place)
        rtol, atol = self._tolerances or _tolerances(actual.dtype, expected.dtype)
        if actual.dtype != expected.dtype:
            common = _C.torch.promote_types(actual.dtype, expected.dtype)
            actual, expected = actual.to(common), expected.to(common)
        close = _C.torch.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=self._equal_nan)
        if not close.all().item():
            self._fail(_difference(kind, actual, expected, close, rtol, atol), place)

    def _compare_attributes(self, actual, expected, dtypes, place):
        pairs = [("shape", actual.shape, expected.shape)]
        if dtypes:
            pairs.append(("dtype", actual.dtype, expected.dtype))
        if self._strides:
            pairs.append(("stride()", tuple(actual.stride()), tuple(expected.stride())))
        for name, one, two in pairs:
            if one != two:
                self._fail(
                    f"The values for attribute '{name}' do not match: {one} != {two}.", place
                )


def _is_sequence(value) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _as_tensor(value):
    if isinstance(value, _C.Tensor):
        return value.detach()
    if isinstance(value, float):
        return _C.torch.tensor(value, dtype=_C.float64)
    return _C.torch.as_tensor(value)


def _tolerances(*dtypes):
    known = [_TOLERANCES.get(dtype, (0.0, 0.0)) for dtype in dtypes]
    return max(rtol for rtol, _ in known), max(atol for _, atol in known)


def _difference(kind, actual, expected, close, rtol, atol) -> str:
    """Where two tensors differ, and how much."""
    wanted = "equal" if rtol == atol == 0 else "close"
    if actual.ndim == 0:
        one, two = actual.item(), expected.item()
        return (
            f"{kind} are not {wanted}!\n\nExpected {two} but got {one}.\n"
            f"Absolute difference: {abs(one - two)} (up to {atol} allowed)\n"
            f"Relative difference: {_ratio(abs(one - two), abs(two))} (up to {rtol} allowed)"
        )
    wrong, count = int((~close).sum().item()), close.numel()
    one, two = actual.to(_C.float64), expected.to(_C.float64)
    absolute = (one - two).abs().masked_fill(close, 0.0)
    relative = (absolute / two.abs()).masked_fill(close, 0.0)
    lines = [
        f"{kind} are not {wanted}!\n",
        f"Mismatched elements: {wrong} / {count} ({wrong / count:.1%})",
    ]
    for name, values, allowed in [("absolute", absolute, atol), ("relative", relative, rtol)]:
        flat = int(values.reshape(-1).argmax().item())
        index, size = [], flat
        for n in reversed(values.shape):
            index.insert(0, size % n)
            size //= n
        largest = values.reshape(-1)[flat].item()
        lines.append(
            f"Greatest {name} difference: {largest} at index {tuple(index)} "
            f"(up to {allowed} allowed)"
        )
    return "\n".join(lines)


def _ratio(difference, size):
    return difference / size if size else float("inf")
