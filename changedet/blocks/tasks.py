"""Carry out tasks in threads or processes here, or on a dask cluster, and hand back what they give as they end."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from changedet.blocks.heap import keep_freed_memory
from changedet.blocks.processes import begin_cleaner, end_with_parent
from changedet.blocks.same_code import checked, code_here
from changedet.errors import ChangedetError
from changedet.kernels.together import Submit, lend

if TYPE_CHECKING:
    import distributed
    from distributed import Client, as_completed

POLL_S: Final = 0.02
ASK_EVERY_S: Final = 5.0
AHEAD: Final = 4
"""Tasks for each thread of a cluster: they keep it busy while results travel."""
PATIENCE_S: Final = 60.0
"""How long a dask scheduler without workers is waited for."""
GO_ON: Final = "then run the same command again to go on from here"
STARVED: Final = f"give workers more memory, fewer threads, or a smaller compute.chunk, {GO_ON}"

Task: TypeAlias = tuple[Callable[..., object], tuple[object, ...]]
"""A function and its arguments."""


class Pools:
    """Threads and processes of this machine, each kind started with its first task and kept until all is done.

    A process costs a second and more before its first task, as it loads every library anew. The threads are lent to
    each other, and to the thread that entered, for calls side by side (`changedet.kernels.together`).

    Parameters
    ----------
    workers : int
        Threads or processes.
    """

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers
        self._made: dict[str, Executor] = {}
        self._lent_before: tuple[Submit | None, int] = (None, 1)

    def of(self, scheduler: str) -> Executor:
        """Give the pool of a kind.

        Parameters
        ----------
        scheduler : {"threads", "processes"}

        Returns
        -------
        concurrent.futures.Executor
            The same at each call.
        """
        if scheduler not in self._made:
            self._made[scheduler] = _processes(self.workers) if scheduler == "processes" else self._threads()
        return self._made[scheduler]

    def _threads(self) -> Executor:
        return ThreadPoolExecutor(self.workers, initializer=lend, initargs=(self._submit, self.workers))

    def _submit(self, call: Callable[[], None]) -> object:
        return self.of("threads").submit(call)

    def __enter__(self) -> Pools:
        self._lent_before = lend(self._submit, self.workers)
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        lend(*self._lent_before)
        for pool in self._made.values():
            if error is not None:
                # What they are at is not awaited any more.
                for process in list((getattr(pool, "_processes", None) or {}).values()):
                    process.kill()
            pool.shutdown(wait=error is None, cancel_futures=True)
        self._made.clear()


def _processes(workers: int) -> Executor:
    begin_cleaner()
    # Forked, a process would hold locks of threads that it does not have.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_worker)


def _worker() -> None:
    # A terminal sends Ctrl-C to all; who waits for the workers ends them, without a traceback of each.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    keep_freed_memory()


def stream(
    tasks: Iterable[Task],
    *,
    client: Client | None = None,
    scheduler: str = "threads",
    workers: int = 1,
    pools: Pools | None = None,
) -> Iterator[tuple[int, Any]]:
    """Carry out tasks and hand back ``(index, result)`` as they end, with bounded results in flight.

    Parameters
    ----------
    tasks : iterable of (function, arguments)
        Taken one by one as workers come free; picklable where they go to other processes.
    client : distributed.Client, optional
        Where given, the tasks go there; a task whose worker dies is run again.
    scheduler : {"threads", "processes"}
        Used without a client.
    workers : int
        Threads or processes, used without a client and pools.
    pools : Pools, optional
        Of this machine, used without a client; by default such as live for these tasks alone.

    Yields
    ------
    (int, object)
        The task's place among `tasks`, and what its function returned.

    Raises
    ------
    ChangedetError
        The client's scheduler is lost, or has no workers any more, a task ends every worker that it is given to, or a
        worker has other code.
    """
    if client is not None:
        yield from _stream_distributed(tasks, client)
    elif pools is None:
        with Pools(workers) as own:
            yield from stream(tasks, scheduler=scheduler, pools=own)
    else:
        # Two tasks a worker keep the workers busy while bounding what waits to be written.
        yield from _stream_here(tasks, pools.of(scheduler), 2 * pools.workers)


def _stream_here(tasks: Iterable[Task], pool: Executor, ahead: int) -> Iterator[tuple[int, Any]]:
    waiting = enumerate(tasks)
    running: dict[Future[object], int] = {}
    try:
        while True:
            for i, (function, arguments) in islice(waiting, ahead - len(running)):
                running[_submitted(pool, function, arguments)] = i
            if not running:
                return
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                yield running.pop(future), future.result()
    except BrokenExecutor as error:
        raise ChangedetError(f"a worker process ended by force; {STARVED}") from error
    finally:
        for future in running:
            future.cancel()


def _submitted(pool: Executor, function: Callable[..., object], arguments: tuple[object, ...]) -> Future[object]:
    if not isinstance(pool, ProcessPoolExecutor):
        return pool.submit(function, *arguments)
    # A process that starves as it loads what a task needs would end with a traceback: within the task it is raised.
    return pool.submit(_called, pickle.dumps((function, arguments)))


def _called(task: bytes) -> object:
    function, arguments = pickle.loads(task)  # noqa: S301 -- from the process that began this one
    return function(*arguments)


def _stream_distributed(tasks: Iterable[Task], client: Client) -> Iterator[tuple[int, Any]]:
    # Here, as most runs have no cluster and loading it takes a second.
    from distributed import KilledWorker, as_completed
    from distributed.comm import CommClosedError

    code, workers = code_here(), _Workers(client)
    waiting = iter(enumerate(tasks))
    index: dict[str, int] = {}

    def submitted() -> list[distributed.Future]:
        # Workers may join while the tasks go on: queues start them one by one.
        room = AHEAD * max(1, workers.threads) - len(index)
        futures = []
        for i, (function, arguments) in islice(waiting, max(0, room)):
            futures.append(client.submit(checked, code, function, *arguments, pure=False, retries=2))
            index[futures[-1].key] = i
        return futures

    # With its own loop, as the client need not be anybody's default.
    running = as_completed(submitted(), loop=client.loop)
    try:
        for future, result in _as_they_end(running, workers):
            i = index.pop(future.key)
            future.release()
            running.update(submitted())
            yield i, result
    except (CancelledError, CommClosedError) as error:
        raise ChangedetError(f"the dask scheduler is lost; start it again, {GO_ON}") from error
    except KilledWorker as error:
        raise ChangedetError(f"a task ended every dask worker that it was given to; {STARVED}") from error
    finally:
        if client.status == "running":
            client.cancel([future for future in running.futures if not future.done()])


def _as_they_end(running: as_completed, workers: _Workers) -> Iterator[tuple[distributed.Future, Any]]:
    """Futures as they end, with their results; lost workers are waited for, but not without end."""
    while not running.is_empty():
        workers.check()
        if not running.has_ready():
            time.sleep(POLL_S)
            continue
        future = next(running)
        while True:
            # What a lost worker had not handed over yet is computed again by another, if there is one.
            with suppress(TimeoutError):
                yield future, future.result(timeout=max(ASK_EVERY_S, PATIENCE_S / 2))
                break
            if future.status == "error":
                future.result()
            workers.check()


@dataclass
class _Workers:
    """How many threads a scheduler's workers have, and how long there has been none."""

    client: Client
    threads: int = 0
    since: float | None = None
    ask_at: float = 0.0

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        now = time.monotonic()
        if now < self.ask_at:
            return
        self.ask_at = now + ASK_EVERY_S
        threads = _threads(self.client)
        if threads is None or threads > 0:
            self.threads, self.since = threads or self.threads, None
            return
        self.since = self.since or now
        if now - self.since >= PATIENCE_S:
            raise ChangedetError(f"the dask scheduler has had no worker for {PATIENCE_S:g} s; start some, {GO_ON}")


def _threads(client: Client) -> int | None:
    """None where the scheduler does not answer: its loss shows in the futures."""
    try:
        return sum(client.nthreads().values()) if client.status == "running" else None
    except OSError:
        return None
