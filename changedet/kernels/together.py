"""Independent calls side by side, where the threads of a run have nothing else to do.

A task of a run is one thread's work. Where others wait for it, such as while the only date of a pair is measured, they
take over parts of it. What each part computes depends on its arguments alone, so results do not depend on who did it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final, Generic, TypeAlias, TypeVar, cast

S = TypeVar("S")
T = TypeVar("T")

Submit: TypeAlias = Callable[[Callable[[], None]], object]
"""Hands a call to other threads, which begin it when they are free, if ever."""


PARTS_PER_THREAD: Final = 2
"""Into which many small things are divided: one thread may be slower than another."""


class _OfThread(threading.local):
    """What a thread may hand its work to; nothing where nobody lent it any."""

    def __init__(self) -> None:
        self.submit: Submit | None = None
        self.threads = 1


_local = _OfThread()


def lend(submit: Submit | None, threads: int) -> tuple[Submit | None, int]:
    """Lend this thread others for its `together`.

    Parameters
    ----------
    submit : callable or None
        Hands them a call; None takes them back.
    threads : int
        At work at once, this one among them.

    Returns
    -------
    submit : callable or None
        What was lent before.
    threads : int
        The same.
    """
    before = _local.submit, _local.threads
    _local.submit, _local.threads = submit, threads
    return before


def lanes() -> int:
    """How many of this thread's calls can be under way at once.

    Returns
    -------
    int
        1 where no threads were lent to it.
    """
    return _local.threads if _local.submit is not None else 1


def together(calls: Iterable[Callable[[], T]]) -> list[T]:
    """What calls return, carried out side by side as far as lent threads are free.

    This thread works through them itself and waits only for what others have begun: so calls may do the same again,
    and it never waits for a thread that is busy with other things.

    Parameters
    ----------
    calls : iterable of callable
        None depends on what another does.

    Returns
    -------
    list
        In their order.

    Raises
    ------
    BaseException
        Whatever the first of them raised, when none is at work any more.
    """
    waiting = list(calls)
    helpers = min(lanes(), len(waiting)) - 1
    if helpers < 1 or _local.submit is None:
        return [call() for call in waiting]
    shared = _Shared(waiting)
    while helpers and _is_taken(_local.submit, shared.work):
        helpers -= 1
    shared.work()
    return shared.results()


def _is_taken(submit: Submit, call: Callable[[], None]) -> bool:
    """Whether other threads take a call; those that are being ended do not."""
    try:
        submit(call)
    except RuntimeError:
        return False
    return True


def each(function: Callable[[S], T], items: Sequence[S]) -> list[T]:
    """What a function gives for each of many things, some of which are taken by other threads.

    Parameters
    ----------
    function : callable
        Of one of them.
    items : sequence
        None depends on what another gives.

    Returns
    -------
    list
        In their order.
    """
    if lanes() == 1:
        return [function(item) for item in items]
    size = max(1, -(-len(items) // (PARTS_PER_THREAD * lanes())))
    groups = [items[first : first + size] for first in range(0, len(items), size)]
    return [found for part in together([partial(_of_all, function, group) for group in groups]) for found in part]


def both(first: Callable[[], S], second: Callable[[], T]) -> tuple[S, T]:
    """What two calls return, carried out side by side where another thread is free.

    Parameters
    ----------
    first, second : callable
        Neither depends on what the other does.

    Returns
    -------
    tuple
        Of both.
    """
    calls: list[Callable[[], object]] = [first, second]
    one, other = together(calls)
    return cast("S", one), cast("T", other)


def _of_all(function: Callable[[S], T], items: Sequence[S]) -> list[T]:
    return [function(item) for item in items]


class _Shared(Generic[T]):
    """Calls that several threads take one by one."""

    def __init__(self, calls: list[Callable[[], T]]) -> None:
        self._lock = threading.Lock()
        self._waiting = list(enumerate(calls))[::-1]
        self._found: dict[int, T] = {}
        self._failed: dict[int, BaseException] = {}
        self._left = len(calls)
        self._done = threading.Event()

    def work(self) -> None:
        """Carry out what nobody has begun."""
        while True:
            with self._lock:
                if not self._waiting:
                    return
                i, call = self._waiting.pop()
            try:
                found = call()
            except BaseException as error:
                # Raised again in the thread that asked.
                with self._lock:
                    self._failed[i] = error
                    # what nobody has begun is of no use any more
                    self._left -= len(self._waiting)
                    self._waiting.clear()
            else:
                with self._lock:
                    self._found[i] = found
            with self._lock:
                self._left -= 1
                if not self._left:
                    self._done.set()

    def results(self) -> list[T]:
        """Wait for what others have begun, and keep nothing: threads that come later still hold this object."""
        self._done.wait()
        found, self._found = self._found, {}
        if self._failed:
            raise self._failed[min(self._failed)]
        return [found[i] for i in range(len(found))]
