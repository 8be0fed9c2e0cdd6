"""What the system counts of this process: resident memory now and at its peak."""

import contextlib
from pathlib import Path


def _resident_bytes(name):
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return 1024 * int(line.split()[1])
    return 0


class ResidentMemory:
    """The peak since this object was made, and how much that is above what there was then."""

    def __init__(self):
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # the peak becomes what is there now
        self._before = _resident_bytes("VmRSS")

    def facts(self):
        peak = _resident_bytes("VmHWM")
        return {"peak_mb": peak / 1e6, "growth_mb": (peak - self._before) / 1e6}
