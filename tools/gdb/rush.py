"""Pretty-printers for gdb: shapes, short vectors, references and tensors with their first values.

Use: `source tools/gdb/rush.py` in gdb (a debug build; optimised ones hold no variables).
"""

import struct

import gdb
import gdb.printing

# DType -> (name, bytes, format of struct); bfloat16 is the upper half of a float32.
DTYPES = {
    "kBool": ("bool", 1, "?"),
    "kUInt8": ("uint8", 1, "B"),
    "kInt8": ("int8", 1, "b"),
    "kInt16": ("int16", 2, "h"),
    "kInt32": ("int32", 4, "i"),
    "kInt64": ("int64", 8, "q"),
    "kFloat16": ("float16", 2, "e"),
    "kBFloat16": ("bfloat16", 2, None),
    "kFloat32": ("float32", 4, "f"),
    "kFloat64": ("float64", 8, "d"),
}
SHOWN = 8  # values of a tensor


def dims(value):
    return [int(value["v_"][i]) for i in range(int(value["n_"]))]


def first_values(body, name):
    _, size, code = DTYPES[name]
    layout = body["layout"]
    shape, strides = dims(layout["shape"]), dims(layout["strides"])
    count = 1
    for n in shape:
        count *= n
    base = int(body["storage"]["p_"]["data_"]) + int(layout["offset"]) * size
    inferior = gdb.selected_inferior()
    shown = []
    for flat in range(min(count, SHOWN)):
        offset = 0
        for n, stride in zip(reversed(shape), reversed(strides)):
            offset += flat % n * stride
            flat //= n
        raw = bytes(inferior.read_memory(base + offset * size, size))
        value = (
            struct.unpack("<f", b"\0\0" + raw) if code is None else struct.unpack("<" + code, raw)
        )
        shown.append(f"{value[0]:g}" if isinstance(value[0], float) else str(value[0]))
    return ", ".join(shown) + (", ..." if count > SHOWN else "")


class DimsPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return str(dims(self.value))


class TensorPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        body = self.value["body_"]["p_"]
        if int(body) == 0:
            return "undefined tensor"
        body = body.dereference()
        name = str(body["dtype"]).rsplit("::", 1)[-1]
        text = f"{DTYPES[name][0]} {dims(body['layout']['shape'])}"
        if int(body["storage"]["p_"]) == 0:
            return text + " (symbolic)"
        try:
            return f"{text} {{{first_values(body, name)}}}"
        except gdb.MemoryError:
            return text + " (memory not readable)"


class InlineVecPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return f"{int(self.value['size_'])} elements"

    def children(self):
        for i in range(int(self.value["size_"])):
            yield f"[{i}]", self.value["data_"][i]

    def display_hint(self):
        return "array"


class RefPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        pointer = self.value["p_"]
        return "null" if int(pointer) == 0 else f"-> {pointer}"


def register():
    printers = gdb.printing.RegexpCollectionPrettyPrinter("rush")
    printers.add_printer("Dims", "^rush::Dims$", DimsPrinter)
    printers.add_printer("Tensor", "^rush::Tensor$", TensorPrinter)
    printers.add_printer("InlineVec", "^rush::InlineVec<", InlineVecPrinter)
    printers.add_printer("Ref", "^rush::Ref<", RefPrinter)
    gdb.printing.register_pretty_printer(None, printers, replace=True)


register()
