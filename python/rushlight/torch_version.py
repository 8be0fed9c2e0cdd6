"""Version texts that compare as versions: `torch.__version__ >= "1.10"` means what it says."""

from __future__ import annotations

import re


class TorchVersion(str):
    """A version that compares with texts and tuples number by number; what follows the numbers
    ("+cpu") does not count."""

    __slots__ = ()

    def __lt__(self, other):
        return _numbers(self) < _numbers(other)

    def __le__(self, other):
        return _numbers(self) <= _numbers(other)

    def __gt__(self, other):
        return _numbers(self) > _numbers(other)

    def __ge__(self, other):
        return _numbers(self) >= _numbers(other)

    def __eq__(self, other):
        if isinstance(other, (str, tuple, list)):
            return str(self) == other or _numbers(self) == _numbers(other)
        return NotImplemented

    def __ne__(self, other):
        return not self == other

    __hash__ = str.__hash__


def _numbers(version):
    if isinstance(version, str):
        text = re.match(r"v?(\d+(?:\.\d+)*)", str(version))
        parts = text[1].split(".") if text else []
    else:
        parts = version
    numbers = [int(part) for part in parts]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers
