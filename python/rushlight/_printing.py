"""Tensors as text, in PyTorch's format: values aligned, large tensors summarised."""

from __future__ import annotations

import math

from rushlight import _C

_PROFILES = {
    "default": (4, 1000, 3, 80),
    "short": (2, 1000, 2, 80),
    "full": (4, math.inf, 3, 80),
}
_HALVES = (_C.float16, _C.bfloat16)


class _Options:
    """What set_printoptions sets; `sci_mode` None means as the values ask for."""

    precision, threshold, edgeitems, linewidth = _PROFILES["default"]
    sci_mode = None


options = _Options()


def set_printoptions(
    precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None
) -> None:
    """Sets how tensors are printed.

    precision: digits behind the point. threshold: how many elements are printed before a tensor is
    summarised to `edgeitems` at both ends of each axis. linewidth: characters in a line. profile:
    "default", "short" or "full". sci_mode: True or False forces the notation.
    """
    if profile is not None:
        if profile not in _PROFILES:
            raise ValueError(f"set_printoptions: profile is one of {sorted(_PROFILES)}")
        chosen = _PROFILES[profile]
        options.precision, options.threshold, options.edgeitems, options.linewidth = chosen
    for name, value in [
        ("precision", precision),
        ("threshold", threshold),
        ("edgeitems", edgeitems),
        ("linewidth", linewidth),
    ]:
        if value is not None:
            setattr(options, name, value)
    options.sci_mode = sci_mode


class _Formatter:
    """How the numbers of one tensor are written: their notation and their common width."""

    def __init__(self, values, is_floating) -> None:
        self.is_floating = is_floating
        self.is_whole = True
        self.is_scientific = False
        self.width = 1
        if not is_floating:
            self.width = max((len(str(v)) for v in values), default=1)
            return
        finite = [v for v in values if v != 0 and math.isfinite(v)]
        if finite:
            self._look(finite)

    def _look(self, values) -> None:
        magnitudes = [abs(v) for v in values]
        low, high = min(magnitudes), max(magnitudes)
        self.is_whole = all(v == math.ceil(v) for v in values)
        self.is_scientific = options.sci_mode
        if self.is_scientific is None:
            is_wide = high / low > 1000.0 or high > 1.0e8
            self.is_scientific = is_wide or (not self.is_whole and low < 1.0e-4)
        if self.is_scientific:
            widths = (len(f"{v:.{options.precision}e}") for v in values)
        elif self.is_whole:
            widths = (len(f"{v:.0f}") + 1 for v in values)
        else:
            widths = (len(f"{v:.{options.precision}f}") for v in values)
        self.width = max(self.width, *widths)

    def __call__(self, value) -> str:
        if not self.is_floating:
            text = str(value)
        elif self.is_scientific:
            text = f"{value:{self.width}.{options.precision}e}"
        elif self.is_whole:
            text = f"{value:.0f}" + ("." if math.isfinite(value) else "")
        else:
            text = f"{value:.{options.precision}f}"
        return text.rjust(self.width)


def _edges(tensor):
    """The elements that a summary shows, as a tensor of the same rank."""
    edge = options.edgeitems
    for axis in range(tensor.dim()):
        size = tensor.shape[axis]
        if size > 2 * edge:
            ends = [tensor.narrow(axis, 0, edge), tensor.narrow(axis, size - edge, edge)]
            tensor = _C.torch.cat(ends, axis)
    return tensor


def _flat(nested, rank):
    if rank == 0:
        return [nested]
    for _ in range(rank - 1):
        nested = [value for part in nested for value in part]
    return nested


class _Layout:
    """Writes nested lists with brackets; `cut[axis]` says where an axis has been summarised."""

    def __init__(self, formatter, cut) -> None:
        self.formatter, self.cut = formatter, cut

    def write(self, data, axis, indent) -> str:
        rank = len(self.cut) - axis
        if rank == 0:
            return self.formatter(data)
        if rank == 1:
            return self._row(data, self.cut[axis], indent)
        parts = [self.write(part, axis + 1, indent + 1) for part in data]
        if self.cut[axis]:
            parts.insert(options.edgeitems, "...")
        separator = "," + "\n" * (rank - 1) + " " * (indent + 1)
        return "[" + separator.join(parts) + "]"

    def _row(self, data, is_cut, indent) -> str:
        texts = [self.formatter(value) for value in data]
        if is_cut:
            texts.insert(options.edgeitems, " ..." if options.edgeitems else "...")
        fit = max(1, (options.linewidth - indent) // (self.formatter.width + 2))
        lines = [", ".join(texts[i : i + fit]) for i in range(0, len(texts), fit)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def contents_of(tensor, indent=0) -> str:
    """The elements alone, with their brackets."""
    shape = tensor.shape
    is_summary = tensor.numel() > options.threshold
    cut = [is_summary and size > 2 * options.edgeitems for size in shape]
    if any(cut):
        tensor = _edges(tensor)
    if tensor.dtype in _HALVES:
        tensor = tensor.float()
    data = tensor.tolist()
    formatter = _Formatter(_flat(data, len(shape)), tensor.dtype.is_floating_point)
    return _Layout(formatter, cut).write(data, 0, indent)


def _suffixes(tensor):
    default = _C.get_default_dtype()
    is_empty = tensor.numel() == 0
    if is_empty and tensor.dim() != 1:
        yield f"size={tuple(tensor.shape)}"
    if tensor.dtype != default and (is_empty or tensor.dtype not in (_C.int64, _C.bool)):
        yield f"dtype={tensor.dtype}"
    if tensor.grad_fn is not None:
        yield f"grad_fn=<{tensor.grad_fn.name()}>"
    elif tensor.requires_grad:
        yield "requires_grad=True"


def text_of(tensor, contents=None) -> str:
    """The text of a tensor, "tensor([1., 2.])"; that of a subclass begins with its name."""
    name = type(tensor).__name__
    prefix = "tensor(" if name in ("Tensor", "Parameter") else f"{name}("
    indent = len(prefix)
    if contents is None:
        contents = "[]" if tensor.numel() == 0 else contents_of(tensor.detach(), indent)
    text = prefix + contents
    last_line = len(text) - text.rfind("\n") + 1
    for suffix in _suffixes(tensor):
        if last_line + len(suffix) + 2 > options.linewidth:
            text += ",\n" + " " * indent + suffix
            last_line = indent + len(suffix)
        else:
            text += ", " + suffix
            last_line += len(suffix) + 2
    return text + ")"
