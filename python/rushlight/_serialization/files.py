"""Files, paths and streams: opening for reading, and replacing a file in one step."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import tempfile

from rushlight import _C

IoError = _C.IoError


def is_path(f) -> bool:
    return isinstance(f, (str, os.PathLike))


@contextlib.contextmanager
def reading(f, operation="load"):
    """A seekable binary stream of a path or of a file object, and the name to call it by."""
    if is_path(f):
        path = os.fspath(f)
        with open(path, "rb") as stream:
            yield stream, str(path)
        return
    if not hasattr(f, "read"):
        raise TypeError(
            f"{operation}: expected a path or a file opened for reading in binary mode, "
            f"got {type(f).__name__}"
        )
    if isinstance(f, io.TextIOBase):
        raise IoError(f"{operation}: the file is opened as text; open it with mode 'rb'")
    name = getattr(f, "name", None)
    name = name if isinstance(name, str) else f"<{type(f).__name__}>"
    if not (hasattr(f, "seek") and hasattr(f, "tell") and _can_seek(f)):
        f = io.BytesIO(f.read())
    yield f, name


def _can_seek(f) -> bool:
    try:
        f.seek(f.tell())
    except (OSError, AttributeError):
        return False
    return True


def size_of(stream) -> int:
    """Bytes in a stream; its position stays."""
    at = stream.tell()
    end = stream.seek(0, os.SEEK_END)
    stream.seek(at)
    return end


def read_exactly(stream, n: int, name: str) -> bytearray:
    """The next n bytes, writable; IoError when the stream ends before."""
    left = size_of(stream) - stream.tell()
    if n > left:
        raise IoError(
            f"load: {name}: is cut off: {n} bytes of a tensor are announced, {left} are left; "
            "copy or download the file again"
        )
    data = bytearray(n)
    if hasattr(stream, "readinto"):
        view, filled = memoryview(data), 0
        while filled < n:
            got = stream.readinto(view[filled:])
            if not got:
                raise IoError(f"load: {name}: ended while it was read")
            filled += got
    else:
        data[:] = stream.read(n)
        if len(data) != n:
            raise IoError(f"load: {name}: ended while it was read")
    return data


@contextlib.contextmanager
def replacing(path):
    """A stream whose content replaces the file at `path` when the block ends without an exception.

    The bytes go to a temporary file in the same folder, which is synced and then renamed: after a
    crash, a full disk or a kill there is either the old content or the new. What `path` links to
    is replaced, not the link; permissions are kept. Devices and pipes are written directly.
    """
    path = os.path.realpath(os.fspath(path))
    mode = _mode_of(path)
    if mode is not None and not stat.S_ISREG(mode):
        with open(path, "wb") as stream:
            yield stream
        return
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        raise IoError(f"save: {path}: the folder {folder} does not exist; create it first")
    number, temporary = tempfile.mkstemp(prefix=f".{name[:100]}.", suffix=".tmp", dir=folder)
    try:
        with os.fdopen(number, "wb") as stream:
            os.chmod(temporary, stat.S_IMODE(mode) if mode is not None else 0o666 & ~_umask())
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _mode_of(path):
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
