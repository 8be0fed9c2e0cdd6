"""A reader of pickles that executes nothing.

It knows the instructions which values are written with. A name in the file is looked up in a
dictionary of what is allowed; functions are called, and objects made, only if they came from there.
Memory stays within a multiple of the file's size.
"""

from __future__ import annotations

import pickle
import struct
from collections import Counter, OrderedDict

from rushlight import _C

from .names import (
    ABSENT_DTYPES,
    ABSENT_STORAGES,
    DTYPES,
    STORAGE_TYPES,
    UNTYPED_STORAGE,
    IoError,
    torch_name,
)
from .rebuild import REBUILDERS

_MARK = object()
_DEEPEST_TUPLE = 200
_BLOCKED_MODULES = {"sys", "os", "posix", "nt", "subprocess", "shutil", "socket"}
_PYTHON2_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}


class UnsafeFileError(IoError, pickle.UnpicklingError):
    """A file names something that is not known to be harmless."""


def _bytes_of(text, encoding):
    # Python writes bytes in protocol 2 as the call encode(text, 'latin1').
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1", "iso-8859-1"):
        raise IoError("load: bytes are written in a way that is not known here")
    return text.encode("latin1")


def _bytearray_of(content=b"", encoding="latin1"):
    if isinstance(content, str):
        return bytearray(_bytes_of(content, encoding))
    if not isinstance(content, (bytes, bytearray)):
        raise IoError(f"load: a bytearray is made of {type(content).__name__}: the file is hostile")
    return bytearray(content)


def _size(sizes=()):
    if not all(type(n) is int for n in sizes):
        raise IoError("load: a torch.Size holds other things than numbers: the file is damaged")
    return _C.Size(sizes)


def _parameter(*arguments):
    from rushlight.nn import Parameter

    return Parameter(*arguments)


def _device(kind="cpu", index=None):
    return _C.device(kind) if index is None else _C.device(kind, index)


# Calls of these are harmless whatever the arguments.
ALLOWED = {
    "collections.OrderedDict": OrderedDict,
    "collections.Counter": Counter,
    "builtins.set": set,
    "builtins.frozenset": frozenset,
    "builtins.complex": complex,
    "builtins.bytearray": _bytearray_of,
    "_codecs.encode": _bytes_of,
    "torch.Size": _size,
    "torch.device": _device,
    "torch.nn.parameter.Parameter": _parameter,
    "torch.storage.UntypedStorage": UNTYPED_STORAGE,
    "torch.UntypedStorage": UNTYPED_STORAGE,
    **{f"torch.{name}": storage for name, storage in STORAGE_TYPES.items()},
    **{f"torch.{name}": dtype for name, dtype in DTYPES.items()},
    "torch.Tensor": _C.Tensor,
    **REBUILDERS,
}
_CALLABLE = [v for v in ALLOWED.values() if callable(v) and v is not _C.Tensor]

user_globals: dict[str, object] = {}


def names_of(item):
    """The names under which files may refer to a class or function: pairs (name, object)."""
    if isinstance(item, tuple):
        if len(item) != 2 or not isinstance(item[1], str):
            raise TypeError(f"safe globals: expected (object, 'module.name'), got {item!r}")
        return [(item[1], item[0])]
    module, name = item.__module__, item.__qualname__
    names = [f"{module}.{name}"]
    if module.partition(".")[0] == "rushlight":
        names += [f"torch{module[len('rushlight') :]}.{name}", ".".join(torch_name(module, name))]
    return [(name, item) for name in names]


def refuse(name):
    """Raises the error for a global that is not allowed."""
    short = name.rpartition(".")[2]
    absent = ABSENT_STORAGES.get(short) or (short if short in ABSENT_DTYPES else None)
    if name.startswith("torch.") and absent is not None:
        raise IoError(
            f"load: the file has a tensor of dtype {absent}, which rushlight has not; convert it "
            "in PyTorch, for instance with .float(), and save it again"
        )
    raise UnsafeFileError(
        f"load: the file needs {name}, which is not among the plain values that are read with "
        "weights_only=True. If you trust the file's author, allow this one with "
        f"rushlight.serialization.add_safe_globals([{short}]) (or `with safe_globals([{short}])`), "
        "or read the whole file with load(..., weights_only=False): its author can then run any "
        "code on this machine. Better still, save a state_dict() instead of objects"
    )


class Unpickler:
    """Reads one pickle from `stream`; `persistent_load(id)` answers for storages."""

    def __init__(self, stream, size, persistent_load, name, encoding="utf-8"):
        self._stream, self._read, self._readline = stream, stream.read, stream.readline
        self._size, self._name, self._encoding = size, name, encoding
        self._persistent_load = persistent_load
        self._memo = {}
        self._depths = {}  # id: (tuple, how deep its tuples are nested)
        self._stack = []
        self._functions = list(_CALLABLE) + list(user_globals.values())
        self._classes = {v for v in user_globals.values() if isinstance(v, type)}

    def load(self):
        """The value; IoError, with what to do, for anything unexpected."""
        try:
            return self._run()
        except IoError:
            raise
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            self._bad(f"its pickle is damaged or hostile ({type(error).__name__}: {error})")

    def _bad(self, what):
        raise IoError(f"load: {self._name}: {what}")

    def _run(self):
        read, actions = self._read, _ACTIONS
        while True:
            code = read(1)
            action = actions.get(code)
            if action is not None:
                action(self)
            elif code == b".":
                if len(self._stack) != 1:
                    self._bad("its pickle ends with other than one value: it is damaged")
                return self._stack.pop()
            elif not code:
                self._bad("is cut off within its pickle; copy or download it again")
            else:
                self._bad(
                    f"its pickle has the instruction {code!r}, which plain values do not need; "
                    "it is no checkpoint, damaged, or needs weights_only=False"
                )

    def _take(self, n):
        if n > 4096 and n > self._size - self._stream.tell():
            self._bad("announces a longer text than it has: it is damaged")
        data = self._read(n)
        if len(data) != n:
            self._bad("is cut off within its pickle; copy or download it again")
        return data

    def _number(self, n, signed=False):
        return int.from_bytes(self._take(n), "little", signed=signed)

    def _line(self):
        line = self._readline(1 << 16)
        if line[-1:] != b"\n":
            self._bad("is cut off within its pickle; copy or download it again")
        return line[:-1]

    def _push(self, value):
        self._stack.append(value)

    def _pop(self):
        value = self._stack.pop()
        if value is _MARK:
            self._bad("its pickle is damaged: a value is missing")
        return value

    def _since_mark(self):
        stack = self._stack
        at = len(stack) - 1
        while stack[at] is not _MARK:
            at -= 1
            if at < 0:
                self._bad("its pickle is damaged: a mark is missing")
        values = stack[at + 1 :]
        del stack[at:]
        return values

    def _top(self, *types):
        top = self._stack[-1]
        if type(top) not in types and type(top) not in self._classes:
            self._bad(f"its pickle adds items to a {type(top).__name__}: it is damaged or hostile")
        return top

    # Names and calls: all that could do harm passes through these.

    def _global(self, module, name):
        module = _PYTHON2_MODULES.get(module, module)
        full = f"{module}.{name}"
        if module.partition(".")[0] in _BLOCKED_MODULES:
            raise UnsafeFileError(f"load: {self._name}: needs {full}, which is never allowed")
        found = ALLOWED.get(full)
        if found is None:
            found = user_globals.get(full)
        if found is None:
            refuse(full)
        self._push(found)

    def _stack_global(self):
        name, module = self._pop(), self._pop()
        if type(name) is not str or type(module) is not str:
            self._bad("its pickle is damaged: a name is no text")
        self._global(module, name)

    def _reduce(self):
        arguments, function = self._pop(), self._pop()
        if type(arguments) is not tuple or not any(function is f for f in self._functions):
            self._bad(f"its pickle calls {function!r}: it is damaged or hostile")
        self._push(function(*arguments))

    def _new_object(self):
        arguments, kind = self._pop(), self._pop()
        if kind is _parameter:
            self._push(_parameter(*arguments))
        elif kind is OrderedDict or kind is Counter or kind is set:
            self._push(kind(*arguments))
        elif isinstance(kind, type) and kind in self._classes:
            self._push(kind.__new__(kind, *arguments))
        else:
            self._bad(f"its pickle makes an object of {kind!r}: it is damaged or hostile")

    def _build(self):
        state, target = self._pop(), self._stack[-1]
        if type(target) is OrderedDict:  # state_dict()._metadata is kept like this
            if type(state) is not dict or any(name.startswith("__") for name in state):
                self._bad("its pickle gives a dictionary odd attributes: it is hostile")
            target.__dict__.update(state)
        elif type(target) in self._classes:
            _set_state(target, state)
        else:
            self._bad(f"its pickle changes a {type(target).__name__}: it is damaged or hostile")

    def _persistent(self):
        self._push(self._persistent_load(self._pop()))

    # Containers.

    def _append(self):
        value = self._pop()
        self._top(list).append(value)

    def _appends(self):
        values = self._since_mark()
        self._top(list).extend(values)

    def _add_items(self):
        values = self._since_mark()
        self._top(set).update(values)

    def _set_item(self):
        value, key = self._pop(), self._pop()
        self._top(dict, OrderedDict, Counter)[key] = value

    def _set_items(self):
        values = self._since_mark()
        target = self._top(dict, OrderedDict, Counter)
        if len(values) % 2:
            self._bad("its pickle is damaged: a dictionary's value is missing")
        for at in range(0, len(values), 2):
            target[values[at]] = values[at + 1]

    def _tuple_of(self, n):
        values = self._stack[-n:]
        if len(values) != n or any(value is _MARK for value in values):
            self._bad("its pickle is damaged: a tuple's values are missing")
        del self._stack[-n:]
        self._push_tuple(values)

    def _push_tuple(self, values):
        # Python's hash() of tuples within tuples recurses without a limit of its own.
        depth = 1 + max((self._depth(v) for v in values if type(v) is tuple), default=0)
        if depth > _DEEPEST_TUPLE:
            self._bad("its pickle has tuples nested too deeply: it is hostile")
        made = tuple(values)
        if depth > 1:
            self._depths[id(made)] = made, depth
        self._push(made)

    def _depth(self, value):
        return self._depths[id(value)][1] if id(value) in self._depths else 1

    def _text(self, length):
        self._push(self._take(self._number(length)).decode("utf-8", "surrogatepass"))

    def _bytes(self, length):
        self._push(self._take(self._number(length)))

    def _python2_text(self, length):
        data = self._take(self._number(length))
        self._push(data if self._encoding == "bytes" else data.decode(self._encoding))

    def _long(self, length):
        self._push(int.from_bytes(self._take(self._number(length)), "little", signed=True))

    def _put(self, key):
        self._memo[key] = self._stack[-1]

    def _memoize(self):
        self._memo[len(self._memo)] = self._stack[-1]

    def _get(self, key):
        self._push(self._memo[key])

    def _protocol(self):
        if self._number(1) > pickle.HIGHEST_PROTOCOL:
            self._bad("its pickle is of a newer protocol than this Python's")


def _set_state(target, state):
    set_state = getattr(target, "__setstate__", None)
    if set_state is not None:
        set_state(state)
        return
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    if attributes:
        target.__dict__.update(attributes)
    for name, value in (slots or {}).items():
        setattr(target, name, value)


_ACTIONS = {
    b"\x80": Unpickler._protocol,
    b"\x95": lambda m: m._take(8),  # a frame's length: a hint only
    b"(": lambda m: m._push(_MARK),
    b"0": Unpickler._pop,
    b"N": lambda m: m._push(None),
    b"\x88": lambda m: m._push(True),
    b"\x89": lambda m: m._push(False),
    b"J": lambda m: m._push(m._number(4, signed=True)),
    b"K": lambda m: m._push(m._number(1)),
    b"M": lambda m: m._push(m._number(2)),
    b"\x8a": lambda m: m._long(1),
    b"\x8b": lambda m: m._long(4),
    b"G": lambda m: m._push(struct.unpack(">d", m._take(8))[0]),
    b"X": lambda m: m._text(4),
    b"\x8c": lambda m: m._text(1),
    b"\x8d": lambda m: m._text(8),
    b"B": lambda m: m._bytes(4),
    b"C": lambda m: m._bytes(1),
    b"\x8e": lambda m: m._bytes(8),
    b"U": lambda m: m._python2_text(1),
    b"T": lambda m: m._python2_text(4),
    b"\x96": lambda m: m._push(bytearray(m._take(m._number(8)))),
    b"]": lambda m: m._push([]),
    b"}": lambda m: m._push({}),
    b")": lambda m: m._push(()),
    b"\x8f": lambda m: m._push(set()),
    b"\x91": lambda m: m._push(frozenset(m._since_mark())),
    b"\x85": lambda m: m._tuple_of(1),
    b"\x86": lambda m: m._tuple_of(2),
    b"\x87": lambda m: m._tuple_of(3),
    b"t": lambda m: m._push_tuple(m._since_mark()),
    b"a": Unpickler._append,
    b"e": Unpickler._appends,
    b"\x90": Unpickler._add_items,
    b"s": Unpickler._set_item,
    b"u": Unpickler._set_items,
    b"q": lambda m: m._put(m._number(1)),
    b"r": lambda m: m._put(m._number(4)),
    b"\x94": Unpickler._memoize,
    b"h": lambda m: m._get(m._number(1)),
    b"j": lambda m: m._get(m._number(4)),
    b"c": lambda m: m._global(m._line().decode(), m._line().decode()),
    b"\x93": Unpickler._stack_global,
    b"R": Unpickler._reduce,
    b"\x81": Unpickler._new_object,
    b"b": Unpickler._build,
    b"Q": Unpickler._persistent,
}
