"""SummaryWriter: numbers, pictures, histograms and texts of a training run, for TensorBoard."""

import os
import socket
import struct
import threading
import time
import zlib
from datetime import datetime

from ... import _C
from . import records


def _number(value):
    return float(value.item() if hasattr(value, "item") else value)


def _tensor(values):
    return values if isinstance(values, _C.Tensor) else _C.torch.as_tensor(values)


def _flat(values):
    return _tensor(values).detach().to(_C.float64).reshape(-1)


def _png(pixels, height, width, channels):
    """A PNG of bytes, row by row."""

    def chunk(kind, data):
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    color = {1: 0, 3: 2, 4: 6}[channels]
    stride = width * channels
    rows = b"".join(b"\0" + pixels[y * stride : (y + 1) * stride] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


class SummaryWriter:
    """Writes an event file into `log_dir` (runs/<date>_<host> without one).

    writer = SummaryWriter(); writer.add_scalar("loss", loss, step); writer.close()
    """

    def __init__(
        self,
        log_dir=None,
        comment="",
        purge_step=None,
        max_queue=10,
        flush_secs=120,
        filename_suffix="",
    ):
        host = socket.gethostname()
        if log_dir is None:
            started = datetime.now().strftime("%b%d_%H-%M-%S")
            log_dir = os.path.join("runs", f"{started}_{host}{comment}")
        self.log_dir = os.fspath(log_dir)
        self._flush_secs = flush_secs
        self._suffix = filename_suffix
        self._host = host
        self._lock = threading.Lock()
        self._others = {}
        self._file = None
        self._open()

    def _open(self):
        os.makedirs(self.log_dir, exist_ok=True)
        name = f"events.out.tfevents.{time.time():.6f}.{self._host}.{os.getpid()}{self._suffix}"
        self._file = open(os.path.join(self.log_dir, name), "ab")  # noqa: SIM115
        self._file.write(records.version())
        self._file.flush()
        self._flushed = time.monotonic()

    def _write(self, tag, value, step, wall_time):
        event = records.event(records.summary(str(tag), value), step, wall_time)
        with self._lock:
            if self._file is None:  # after close(), as PyTorch's: a new file
                self._open()
            self._file.write(event)
            if time.monotonic() - self._flushed > self._flush_secs:
                self._file.flush()
                self._flushed = time.monotonic()

    def get_logdir(self):
        """The folder that is written to."""
        return self.log_dir

    def add_scalar(
        self,
        tag,
        scalar_value,
        global_step=None,
        walltime=None,
        new_style=False,
        double_precision=False,
    ):
        """One number of a curve."""
        self._write(tag, records.scalar(_number(scalar_value)), global_step, walltime)

    def add_scalars(self, main_tag, tag_scalar_dict, global_step=None, walltime=None):
        """Numbers of several curves of one chart: each has a folder of its own."""
        for tag, value in tag_scalar_dict.items():
            folder = os.path.join(self.log_dir, f"{main_tag.replace('/', '_')}_{tag}")
            if folder not in self._others:
                self._others[folder] = SummaryWriter(folder)
            self._others[folder].add_scalar(main_tag, value, global_step, walltime)

    def add_histogram(
        self, tag, values, global_step=None, bins="tensorflow", walltime=None, max_bins=None
    ):
        """How values are spread: counts in equal bins (64, or as many as `bins` says)."""
        x = _flat(values)
        if x.numel() == 0:
            raise ValueError("add_histogram: there are no values")
        low, high = float(x.min()), float(x.max())
        count = bins if isinstance(bins, int) else 64
        counts = _C.torch.histc(x, count, low, high).tolist()
        width = ((high - low) or 1.0) / count
        limits = [low + width * (i + 1) for i in range(count)]
        summary = records.histogram(
            low, high, x.numel(), float(x.sum()), float((x * x).sum()), limits, counts
        )
        self._write(tag, summary, global_step, walltime)

    def add_image(self, tag, img_tensor, global_step=None, walltime=None, dataformats="CHW"):
        """A picture: whole numbers from 0 to 255, or fractions from 0 to 1."""
        x = _tensor(img_tensor)
        formats = dataformats.upper()
        if sorted(formats) == ["H", "W"]:
            x, formats = x.unsqueeze(0), "C" + formats
        if sorted(formats) != ["C", "H", "W"] or x.dim() != 3:
            raise ValueError(
                f"add_image: expected a picture in the order {dataformats}; got shape {x.shape}"
            )
        x = x.detach().permute(*(formats.index(axis) for axis in "HWC"))
        if x.dtype.is_floating_point:
            x = (x * 255).clamp(0, 255)
        height, width, channels = x.shape
        if channels not in (1, 3, 4):
            raise ValueError(f"add_image: expected 1, 3 or 4 channels; got {channels}")
        pixels = bytes(x.to(_C.uint8).reshape(-1).tolist())
        png = _png(pixels, height, width, channels)
        self._write(tag, records.image(height, width, channels, png), global_step, walltime)

    def add_images(self, tag, img_tensor, global_step=None, walltime=None, dataformats="NCHW"):
        """Pictures, one under another."""
        formats = dataformats.upper()
        x = _tensor(img_tensor)
        x = x.permute(*(formats.index(axis) for axis in "CNHW"))
        self.add_image(tag, x.reshape(x.shape[0], -1, x.shape[3]), global_step, walltime)

    def add_text(self, tag, text_string, global_step=None, walltime=None):
        """A text, which TensorBoard shows as Markdown."""
        self._write(f"{tag}/text_summary", records.text(str(text_string)), global_step, walltime)

    def add_hparams(
        self, hparam_dict, metric_dict, hparam_domain_discrete=None, run_name=None, global_step=None
    ):
        """Settings as a text, and the results they gave as numbers."""
        rows = "\n".join(f"| {key} | {value} |" for key, value in hparam_dict.items())
        self.add_text("hparams", f"| setting | value |\n|---|---|\n{rows}", global_step)
        for key, value in metric_dict.items():
            self.add_scalar(key, value, global_step)

    def flush(self):
        """Everything so far is on disk."""
        with self._lock:
            if self._file is not None:
                self._file.flush()
                self._flushed = time.monotonic()
        for writer in self._others.values():
            writer.flush()

    def close(self):
        """Flushes and closes the files."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
        for writer in self._others.values():
            writer.close()
        self._others.clear()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
