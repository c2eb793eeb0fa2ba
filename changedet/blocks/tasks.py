"""Carry out tasks on dask, here or on a cluster, and hand back what they give as they end."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import dask
from dask.multiprocessing import initialize_worker_process

from changedet.errors import ChangedetError

if TYPE_CHECKING:
    from distributed import Client, Future, as_completed

POLL_S: Final = 0.02
ASK_EVERY_S: Final = 5.0
PATIENCE_S: Final = 60.0
"""How long a dask scheduler without workers is waited for."""
GO_ON: Final = "then run the same command again to go on from here"
STARVED: Final = f"give workers more memory, fewer threads, or a smaller compute.chunk, {GO_ON}"

Task: TypeAlias = tuple[Callable[..., object], tuple[object, ...]]
"""A function and its arguments."""


def stream(
    tasks: Sequence[Task], *, client: Client | None = None, scheduler: str = "threads", workers: int = 1
) -> Iterator[tuple[int, Any]]:
    """Carry out tasks on dask and hand back ``(index, result)`` as they end, with bounded results in flight.

    Parameters
    ----------
    tasks : sequence of (function, arguments)
        Picklable where they go to other processes.
    client : distributed.Client, optional
        Where given, the tasks go there; a task whose worker dies is run again.
    scheduler : {"threads", "processes", "synchronous"}
        Used without a client.
    workers : int
        Threads or processes, used without a client.

    Yields
    ------
    (int, object)
        The task's place among `tasks`, and what its function returned.

    Raises
    ------
    ChangedetError
        The client's scheduler is lost, or has no workers any more, or a task ends every worker that it is given to.
    """
    if client is not None:
        yield from _stream_distributed(tasks, client)
        return
    with _processes(scheduler, workers) as options:
        yield from _stream_in_batches(tasks, {**options, "scheduler": scheduler, "num_workers": workers})


def _stream_in_batches(tasks: Sequence[Task], options: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    # Two tasks a worker and batch keep the workers busy while bounding what waits to be written.
    batch = max(1, 2 * options["num_workers"])
    for start in range(0, len(tasks), batch):
        chosen = range(start, min(start + batch, len(tasks)))
        # Arguments as such would be searched for lazy values, through every field of every scene.
        calls = [dask.delayed(partial(tasks[i][0], *tasks[i][1]), pure=False, traverse=False)() for i in chosen]
        try:
            results = dask.compute(*calls, **options, optimize_graph=False)
        except BrokenExecutor as error:
            raise ChangedetError(f"a worker process ended by force; {STARVED}") from error
        yield from zip(chosen, results, strict=True)


@contextmanager
def _processes(scheduler: str, workers: int) -> Iterator[dict[str, object]]:
    """Worker processes for all batches, as starting them takes seconds; killed where their tasks are not awaited."""
    if scheduler != "processes":
        yield {}
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_worker)
    try:
        yield {"pool": pool}
    except BaseException:
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _worker() -> None:
    # A terminal sends Ctrl-C to all; who waits for the workers ends them, without a traceback of each.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    initialize_worker_process()


def _stream_distributed(tasks: Sequence[Task], client: Client) -> Iterator[tuple[int, Any]]:
    # Here, as most runs have no cluster and loading it takes a second.
    from distributed import KilledWorker, as_completed
    from distributed.comm import CommClosedError

    ahead = 4 * max(1, sum(client.nthreads().values()))
    waiting = iter(enumerate(tasks))
    index: dict[str, int] = {}

    def submit() -> Future | None:
        for i, (function, arguments) in waiting:
            future = client.submit(function, *arguments, pure=False, retries=2)
            index[future.key] = i
            return future
        return None

    first = [future for future in (submit() for _ in range(ahead)) if future is not None]
    # With its own loop, as the client need not be anybody's default.
    running = as_completed(first, loop=client.loop)
    try:
        for future, result in _as_they_end(running, client):
            i = index.pop(future.key)
            future.release()
            following = submit()
            if following is not None:
                running.add(following)
            yield i, result
    except (CancelledError, CommClosedError) as error:
        raise ChangedetError(f"the dask scheduler is lost; start it again, {GO_ON}") from error
    except KilledWorker as error:
        raise ChangedetError(f"a task ended every dask worker that it was given to; {STARVED}") from error
    finally:
        if client.status == "running":
            client.cancel([future for future in running.futures if not future.done()])


def _as_they_end(running: as_completed, client: Client) -> Iterator[tuple[Future, Any]]:
    """Futures as they end, with their results; lost workers are waited for, but not without end."""
    alone = _Alone(client)
    while not running.is_empty():
        if not running.has_ready():
            time.sleep(POLL_S)
            alone.check()
            continue
        future = next(running)
        while True:
            # What a lost worker had not handed over yet is computed again by another, if there is one.
            with suppress(TimeoutError):
                yield future, future.result(timeout=max(ASK_EVERY_S, PATIENCE_S / 2))
                break
            if future.status == "error":
                future.result()
            alone.check()


@dataclass
class _Alone:
    """How long a scheduler has had no worker."""

    client: Client
    since: float | None = None
    ask_at: float = 0.0

    def check(self) -> None:
        now = time.monotonic()
        if now < self.ask_at:
            return
        self.ask_at = now + ASK_EVERY_S
        self.since = None if _has_workers(self.client) else self.since or now
        if self.since is not None and now - self.since >= PATIENCE_S:
            raise ChangedetError(f"the dask scheduler has had no worker for {PATIENCE_S:g} s; start some, {GO_ON}")


def _has_workers(client: Client) -> bool:
    """False where the scheduler says so; where it does not answer, its loss shows in the futures."""
    try:
        return client.status != "running" or bool(client.nthreads())
    except OSError:
        return True
