"""What runs in a worker process: it takes lists of indices and sends back batches."""

from __future__ import annotations

import os
import queue
import random
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

import rushlight
from rushlight.utils.data._utils import transfer
from rushlight.utils.data._utils.fetch import _DatasetKind
from rushlight.utils.data.dataset import Dataset

_SECONDS_BETWEEN_CHECKS = 2.0


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker knows of itself: its number, how many there are, its seed, its data set."""

    id: int
    num_workers: int
    seed: int
    dataset: Dataset


_worker_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process of a loader, its `WorkerInfo`; None elsewhere."""
    return _worker_info


@dataclass(frozen=True)
class Job:
    """All that a worker needs for its life."""

    dataset: Dataset
    dataset_kind: int
    auto_collation: bool
    collate_fn: Callable
    drop_last: bool
    base_seed: int
    init_fn: Callable | None
    num_workers: int

    def fetcher(self) -> Any:
        return _DatasetKind.create_fetcher(
            self.dataset_kind, self.dataset, self.auto_collation, self.collate_fn, self.drop_last
        )


class Resume:
    """Tells a worker that the next pass begins; the worker sends it back."""


class Exhausted:
    """The answer of a worker whose iterable data set has come to its end."""


class WorkerError:
    """An exception of a worker, as its class and the text of its traceback."""

    def __init__(self, error: BaseException, worker_id: int) -> None:
        self.kind = type(error)
        self.message = (
            f"Caught {self.kind.__name__} in DataLoader worker process {worker_id}.\n"
            f"Original {''.join(traceback.format_exception(error))}"
        )

    def reraise(self) -> None:
        """Raises an exception of the same class, or a RuntimeError where that cannot be made."""
        message = _PlainText(self.message) if self.kind is KeyError else self.message
        try:
            error = self.kind(message)
        except Exception:
            error = RuntimeError(message)
        raise error from None


class _PlainText(str):
    """A text whose repr is itself, so that a KeyError shows its lines."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def seed_worker(base_seed: int, worker_id: int) -> int:
    """Seeds Python's, NumPy's and the engine's random numbers; returns the seed."""
    seed = base_seed + worker_id
    random.seed(seed)
    rushlight.manual_seed(seed)
    words = [worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    np.random.seed(np.random.SeedSequence(words).generate_state(4))
    return seed


def worker_loop(
    job: Job,
    worker_id: int,
    requests: Connection,
    results: Connection,
    not_mine: list[Connection],
) -> None:
    """Answers the loader's requests until it sends None or is gone.

    `not_mine` are ends of pipes that came along when the process was forked.
    """
    global _worker_info
    for connection in not_mine:
        connection.close()
    try:
        rushlight.set_num_threads(1)
        seed = seed_worker(job.base_seed, worker_id)
        _worker_info = WorkerInfo(worker_id, job.num_workers, seed, job.dataset)
        waiting: queue.SimpleQueue = queue.SimpleQueue()
        threading.Thread(target=_take_requests, args=(requests, waiting), daemon=True).start()
        worker = _Worker(job, worker_id)
        while (request := waiting.get()) is not None:
            transfer.send(results, worker.answer(request))
    except (KeyboardInterrupt, BrokenPipeError, ConnectionResetError):
        pass  # the loader has been interrupted as well, or wants no more


def _take_requests(requests: Connection, waiting: queue.SimpleQueue) -> None:
    """Empties the pipe at once, so that the loader never waits for a busy worker."""
    parent = os.getppid()
    try:
        while os.getppid() == parent:
            if requests.poll(_SECONDS_BETWEEN_CHECKS):
                waiting.put(requests.recv())
    except (EOFError, OSError):
        pass  # the loader has closed its end
    waiting.put(None)


class _Worker:
    """The state of a worker: its fetcher, or the error that making it raised."""

    def __init__(self, job: Job, worker_id: int) -> None:
        self.job, self.id = job, worker_id
        self.fetcher: Any = None
        self.error: WorkerError | None = None
        self.is_exhausted = False
        try:
            if job.init_fn is not None:
                job.init_fn(worker_id)
            self.fetcher = job.fetcher()
        except Exception as error:
            self.error = WorkerError(error, worker_id)

    def answer(self, request: Any) -> transfer.Packed:
        """The answer to a request: `(index,)` asks for data, `Resume` for a new pass."""
        try:
            if isinstance(request, Resume):
                self.is_exhausted = False
                self.fetcher = self.job.fetcher()
                return transfer.Packed(request)
            if self.error is not None:
                error, self.error = self.error, None
                return _packed_error(error)
            return transfer.Packed(self._data(*request))
        except Exception as error:
            return _packed_error(WorkerError(error, self.id))

    def _data(self, index: Any) -> Any:
        if self.is_exhausted:
            return Exhausted()
        try:
            return self.fetcher.fetch(index)
        except StopIteration:
            if self.job.dataset_kind != _DatasetKind.Iterable:
                raise
            self.is_exhausted = True
            return Exhausted()


def _packed_error(error: WorkerError) -> transfer.Packed:
    try:
        return transfer.Packed(error)
    except Exception:  # the class of the exception cannot be sent
        error.kind = RuntimeError
        return transfer.Packed(error)
