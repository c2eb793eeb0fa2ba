"""Calls side by side, each in one of a few processes that carry out many; a process that is lost costs its own call."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

LOST_STATUS: Final = 1
"""Of a process that ends because its parent did."""
REAP_S: Final = 10.0
"""How long the end of a process that has closed its connection is waited for."""
_WITHOUT_WORDS: Final = "ignore:resource_tracker:UserWarning"
"""Of ``python -W``: processes inherit such options."""

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Call(Generic[T_co]):
    """A function that a process calls.

    Attributes
    ----------
    function : callable
        Picklable, as are its arguments and what it returns. It must not raise: that would end its process.
    arguments : tuple
        Of the call.
    memory_bytes : int
        What the process takes at most meanwhile, with its libraries.
    """

    function: Callable[..., T_co]
    arguments: tuple[object, ...]
    memory_bytes: int


@dataclass(frozen=True)
class Lost:
    """In place of a result: the process ended before the call did.

    Attributes
    ----------
    how : str
        ``by SIGKILL``, ``with status 3``.
    """

    how: str


class Processes:
    """Processes that each carry out one call after another, begun when they are needed and ended on leaving.

    Parameters
    ----------
    most : int
        At work at once.
    memory_bytes : int
        What they may take together. A call that takes more goes on alone.
    idle_bytes : int
        What a process takes before its first call: its libraries. What it keeps of calls beyond that is added to what
        later ones take.
    begin : callable
        Called once in each process, before its first call; picklable.
    """

    def __init__(self, most: int, memory_bytes: int, idle_bytes: int, begin: Callable[[], None]) -> None:
        self._most = most
        self._memory_bytes = memory_bytes
        self._idle_bytes = idle_bytes
        self._begin = begin
        self._workers: list[_Worker] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self._end(self._workers)

    def results(self, calls: Iterable[Call[T_co]]) -> Iterator[tuple[int, T_co | Lost]]:
        """Carry out calls and hand back ``(index, result)`` as they end.

        They are begun in their order; one for which there is no memory waits until others have ended.

        Parameters
        ----------
        calls : iterable of Call
            Taken one by one, as processes come free.

        Yields
        ------
        (int, T or Lost)
            The call's place among `calls`, and what its function returned, or a `Lost`.
        """
        waiting = enumerate(calls)
        following = next(waiting, None)
        while following is not None or self._busy():
            while following is not None and self._makes_room(following[1]):
                self._start(*following)
                following = next(waiting, None)
            yield from self._ended()

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.index is not None]

    def _makes_room(self, call: Call[T_co]) -> bool:
        """Whether a call may begin; idle processes whose memory it needs are ended."""
        busy = self._busy()
        free = self._memory_bytes - sum(worker.memory_bytes for worker in busy)
        if len(busy) >= self._most or (busy and call.memory_bytes > free):
            return False
        idle = self._idle()
        needed = self._needs(call, idle[0]) if idle else call.memory_bytes
        if needed > free and idle and idle[0].kept_bytes > self._idle_bytes:
            # What it kept of earlier calls is too much beside this one: a new process has kept nothing.
            self._end(idle)
            return True
        for worker in idle[1:]:
            needed += worker.kept_bytes
            if needed > free:
                self._end([worker])
        return True

    def _needs(self, call: Call[T_co], worker: _Worker) -> int:
        return call.memory_bytes + max(0, worker.kept_bytes - self._idle_bytes)

    def _idle(self) -> list[_Worker]:
        """Processes that wait for a call, those that keep least first."""
        self._end([worker for worker in self._workers if worker.index is None and not worker.process.is_alive()])
        return sorted((worker for worker in self._workers if worker.index is None), key=lambda one: one.kept_bytes)

    def _start(self, index: int, call: Call[T_co]) -> None:
        idle = self._idle()
        if not idle:
            worker = _Worker(self._begin, self._idle_bytes)
            self._workers.append(worker)
            worker.start()
            idle = [worker]
        idle[0].take(index, call, self._needs(call, idle[0]))

    def _ended(self) -> Iterator[tuple[int, Any]]:
        ready = wait([worker.connection for worker in self._busy()])
        for worker in [worker for worker in self._busy() if worker.connection in ready]:
            index, result = worker.index or 0, worker.result()
            if isinstance(result, Lost):
                self._end([worker])
            yield index, result

    def _end(self, workers: list[_Worker]) -> None:
        # Killed, as they may be deep in a library; what they write has no name before it is whole.
        for worker in list(workers):
            worker.kill()
            self._workers.remove(worker)


class _Worker:
    """A process and the connection to it."""

    def __init__(self, begin: Callable[[], None], kept_bytes: int) -> None:
        # Forked, it would hold locks of threads that it does not have.
        context = multiprocessing.get_context("spawn")
        self.connection, self._there = context.Pipe()
        # No daemon: those may have no processes of their own.
        self.process: SpawnProcess = context.Process(target=_serve, args=(self._there, begin))
        self.index: int | None = None
        self.memory_bytes = 0
        self.kept_bytes = kept_bytes

    def start(self) -> None:
        # Begun with the first process, it would unblock what is blocked for that one.
        begin_cleaner()
        # Ctrl-C, which a terminal sends to all, is for the parent: blocked from the process's first instruction on.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process.start()
        finally:
            # Left open here, it would hide that the process is lost.
            self._there.close()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def take(self, index: int, call: Call[T_co], memory_bytes: int) -> None:
        self.index, self.memory_bytes = index, memory_bytes
        # Where it is lost already, waiting for its result shows that.
        with suppress(OSError):
            self.connection.send((call.function, call.arguments))

    def result(self) -> object:
        self.index = None
        try:
            found, resident_bytes = self.connection.recv()
        except (EOFError, OSError):
            self.process.join(REAP_S)
            return Lost(_end_in_words(self.process.exitcode))
        self.kept_bytes = max(self.kept_bytes, resident_bytes)
        return found

    def kill(self) -> None:
        if self.process.pid is not None:
            self.process.kill()
            self.process.join()
            self.process.close()
        self.connection.close()


def _end_in_words(status: int | None) -> str:
    if status is None or status >= 0:
        return f"with status {status}"
    with suppress(ValueError):
        return f"by {signal.Signals(-status).name}"
    return f"by signal {-status}"


def _serve(connection: Connection, begin: Callable[[], None]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    end_with_parent()
    begin()
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            return
        connection.send((function(*arguments), _resident_bytes()))


def _resident_bytes() -> int:
    """Memory that this process has taken; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def begin_cleaner() -> None:
    """Begin Python's process that cleans up what killed ones leave, and have it say nothing about that."""
    sys.warnoptions.append(_WITHOUT_WORDS)
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(_WITHOUT_WORDS)


def end_with_parent() -> None:
    """End this process, whatever it is at, when the one that started it is no more, also where that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.join,), daemon=True).start()


def _end_after(wait_for_end: Callable[[], None]) -> None:
    wait_for_end()
    os._exit(LOST_STATUS)
