"""One pass over a loader: in this process, or with worker processes that read ahead."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import signal
import sys
import time
import warnings
import weakref
from collections import deque
from multiprocessing.connection import wait
from pickle import PicklingError
from typing import Any

from rushlight import _scopes
from rushlight.utils.data._utils import transfer
from rushlight.utils.data._utils.fetch import _DatasetKind
from rushlight.utils.data._utils.worker import Exhausted, Job, Resume, WorkerError, worker_loop
from rushlight.utils.data.sampler import draw_seed

_SECONDS_TO_STOP = 5.0


class _BaseDataLoaderIter:
    """What both kinds of passes share: the indices to come, and the count of batches given."""

    def __init__(self, loader: Any) -> None:
        if loader.pin_memory:
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device "
                "pinned memory won't be used.",
                stacklevel=5,
            )
        self._dataset = loader.dataset
        self._dataset_kind = loader._dataset_kind
        self._num_workers = loader.num_workers
        self._index_sampler = loader._index_sampler
        self._start_pass(loader)
        self._base_seed = draw_seed(loader.generator)

    def _start_pass(self, loader: Any) -> None:
        self._sampler_iter = iter(self._index_sampler)
        self._num_yielded = 0
        self._promised = loader._IterableDataset_len_called

    def __iter__(self) -> _BaseDataLoaderIter:
        return self

    def __len__(self) -> int:
        return len(self._index_sampler)

    def _next_data(self) -> Any:
        raise NotImplementedError

    def __next__(self) -> Any:
        if _scopes.is_profiling:
            data = _scopes.in_range("data", self._next_data)
        else:
            data = self._next_data()
        self._num_yielded += 1
        if self._promised is not None and self._num_yielded > self._promised:
            self._warn_of_length()
        return data

    def _warn_of_length(self) -> None:
        text = (
            f"Length of IterableDataset {self._dataset} was reported to be {self._promised} "
            f"(when accessing len(dataloader)), but {self._num_yielded} samples have been fetched. "
        )
        if self._num_workers > 0:
            text += (
                "With several workers each must give a part of the samples only; see "
                "get_worker_info."
            )
        warnings.warn(text, stacklevel=3)

    def __getstate__(self) -> None:
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled")


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """Reads each batch when it is asked for."""

    def __init__(self, loader: Any) -> None:
        if loader.timeout != 0:
            raise AssertionError(
                f"a timeout needs workers to wait for; got timeout={loader.timeout}, num_workers=0"
            )
        super().__init__(loader)
        self._fetch = _DatasetKind.create_fetcher(
            self._dataset_kind,
            self._dataset,
            loader._auto_collation,
            loader.collate_fn,
            loader.drop_last,
        ).fetch

    def _next_data(self) -> Any:
        return self._fetch(next(self._sampler_iter))


class _WorkerHandle:
    """A worker process and this process's ends of the two pipes to it."""

    def __init__(self, context: Any, job: Job, number: int, others: list[_WorkerHandle]) -> None:
        theirs, self.requests = context.Pipe(duplex=False)
        # Duplex, because only such a pipe carries shared memory.
        self.results, results = context.Pipe(duplex=True)
        is_forked = context.get_start_method() == "fork"
        inherited = [end for other in (*others, self) for end in (other.requests, other.results)]
        self.process = context.Process(
            target=worker_loop,
            args=(job, number, theirs, results, inherited if is_forked else []),
            daemon=True,
        )
        try:
            self.process.start()
        except (TypeError, AttributeError, PicklingError):
            warnings.warn(
                "A worker process could not be started because the dataset, collate_fn or "
                "worker_init_fn cannot be pickled, as the start method "
                f"{context.get_start_method()!r} asks for; try multiprocessing_context='fork'.",
                stacklevel=5,
            )
            raise
        finally:
            theirs.close()
            results.close()
        self.is_active = True
        self.pending = 0

    def ask(self, request: Any) -> None:
        # A broken pipe means that it has died, which shows when its answer is waited for.
        with contextlib.suppress(BrokenPipeError):
            self.requests.send(request)

    def receive(self) -> Any:
        """Its next answer; an error if it is dead."""
        try:
            if not self.results.poll():
                wait((self.results, self.process.sentinel))
            if self.results.poll():
                return transfer.receive(self.results)
        except (EOFError, ConnectionResetError):
            pass
        self.process.join(_SECONDS_TO_STOP)
        code, pid = self.process.exitcode, self.process.pid
        if code is not None and code < 0:
            name = signal.strsignal(-code)
            raise RuntimeError(f"DataLoader worker (pid {pid}) is killed by signal: {name}.")
        raise RuntimeError(
            f"DataLoader worker (pid(s) {pid}) exited unexpectedly, with exit code {code}"
        )


def _stop(workers: list[_WorkerHandle], owner: int) -> None:
    """Ends worker processes: those that do not end by themselves in time are ended by force."""
    if os.getpid() != owner:
        return
    for worker in workers:
        worker.ask(None)
        worker.requests.close()
        worker.results.close()
    deadline = time.monotonic() + _SECONDS_TO_STOP
    for worker in workers:
        worker.process.join(max(0.0, deadline - time.monotonic()))
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
    workers.clear()


def _context_of(loader: Any) -> Any:
    """The loader's way to start processes; without one fork, where that is the usual way."""
    if loader.multiprocessing_context is not None:
        return loader.multiprocessing_context
    method = multiprocessing.get_start_method(allow_none=True)
    if method is None and sys.platform == "linux":
        method = "fork"
    return multiprocessing.get_context(method)


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """Workers read ahead; batches come in the order of their indices, unless told otherwise.

    Each worker answers its requests in order, so that the one with the oldest is waited for.
    """

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        self._timeout = loader.timeout
        self._in_order = loader.in_order
        self._persistent_workers = loader.persistent_workers
        self._most_pending = loader.prefetch_factor * loader.num_workers
        if self._most_pending == 0:
            raise AssertionError("prefetch_factor must be at least 1 with workers; got 0")
        job = Job(
            dataset=self._dataset,
            dataset_kind=self._dataset_kind,
            auto_collation=loader._auto_collation,
            collate_fn=loader.collate_fn,
            drop_last=loader.drop_last,
            base_seed=self._base_seed,
            init_fn=loader.worker_init_fn,
            num_workers=self._num_workers,
        )
        self._workers: list[_WorkerHandle] = []
        self._shutdown = weakref.finalize(self, _stop, self._workers, os.getpid())
        context = _context_of(loader)
        for number in range(self._num_workers):
            self._workers.append(_WorkerHandle(context, job, number, self._workers))
        self._start_pass(loader)  # a second time, for samplers that draw when they are asked to
        self._ask_ahead()

    def _ask_ahead(self) -> None:
        self._turns = itertools.cycle(self._workers)
        self._order: deque[_WorkerHandle] = deque()
        for _ in range(self._most_pending):
            self._ask_for_next()

    def _reset(self, loader: Any) -> None:
        """Starts the next pass with the same workers."""
        self._start_pass(loader)
        for worker in self._workers:
            worker.ask(Resume())
        for worker in self._workers:
            while not isinstance(answer := worker.receive(), Resume):
                if isinstance(answer, WorkerError) and worker.pending == 0:
                    answer.reraise()
                worker.pending -= 1
            worker.is_active, worker.pending = True, 0
        self._ask_ahead()

    def _ask_for_next(self) -> None:
        worker = self._next_free()
        if worker is None:
            return
        try:
            index = next(self._sampler_iter)
        except StopIteration:
            return
        worker.ask((index,))
        worker.pending += 1
        self._order.append(worker)

    def _next_free(self) -> _WorkerHandle | None:
        """The worker whose turn it is: out of order, one that has not more than its share."""
        active = sum(worker.is_active for worker in self._workers)
        for _ in range(len(self._workers) if active else 0):
            worker = next(self._turns)
            has_place = self._in_order or worker.pending < self._most_pending // active
            if worker.is_active and has_place:
                return worker
        return None

    def _next_data(self) -> Any:
        while self._order:
            worker = self._next_to_answer()
            answer = worker.receive()
            self._order.remove(worker)
            worker.pending -= 1
            if isinstance(answer, Exhausted):
                if worker.is_active:
                    worker.is_active = False
                    self._ask_for_next()
                continue
            self._ask_for_next()
            if isinstance(answer, WorkerError):
                answer.reraise()
            return answer
        if not self._persistent_workers:
            self._shutdown()
        raise StopIteration

    def _next_to_answer(self) -> _WorkerHandle:
        """Waits until an answer is there, or a worker has died."""
        waiting = [self._order[0]] if self._in_order else list(dict.fromkeys(self._order))
        ends = {worker.results: worker for worker in waiting}
        ends.update({worker.process.sentinel: worker for worker in waiting})
        ready = wait(list(ends), self._timeout or None)
        if not ready:
            raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds")
        return ends[ready[0]]

    def _shutdown_workers(self) -> None:
        self._shutdown()
