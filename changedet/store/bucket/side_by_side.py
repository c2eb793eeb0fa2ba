"""Calls that wait for the network, some at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Final, Generic, NamedTuple, TypeAlias, TypeVar

from changedet.errors import was_interrupted
from changedet.store.bucket.client import AT_ONCE

T = TypeVar("T")
Shown: TypeAlias = Callable[[str, int, int], None]
"""``progress(what, done, total)``"""
LOOK_EVERY_S: Final = 0.5
"""Where the system gives Ctrl-C to another thread, the main one raises it once it looks about."""


class _Ended(NamedTuple, Generic[T]):
    """A call that has ended: its name with what it returned or raised."""

    name: str
    found: list[T]
    error: Exception | None


def side_by_side(call: Callable[[str], T], names: Sequence[str]) -> Iterator[tuple[str, T]]:
    """Call for each name.

    Parameters
    ----------
    call : callable
        In threads.
    names : sequence of str
        What it is called with.

    Yields
    ------
    (str, object)
        Name and result, as they come. The first failure ends it, once what is under way has ended; Ctrl-C at once.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C, also where an error of a lock took its place.
    """
    # Not by futures: who waits for one does so in Python code between whose lines Ctrl-C is raised. There it leaves a
    # lock that is not held, which raises another error in its place.
    ended: SimpleQueue[_Ended[T]] = SimpleQueue()
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        for name in names:
            pool.submit(_carry_out, call, name, ended)
        for _ in names:
            one = _next(ended)
            if one.error is not None:
                raise one.error
            yield one.name, one.found[0]
    except Exception as error:
        if was_interrupted(error):
            raise KeyboardInterrupt from error
        pool.shutdown(cancel_futures=True)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _carry_out(call: Callable[[str], T], name: str, ended: SimpleQueue[_Ended[T]]) -> None:
    try:
        ended.put(_Ended(name, [call(name)], None))
    except Exception as error:
        # Raised where it is waited for.
        ended.put(_Ended(name, [], error))


def _next(ended: SimpleQueue[_Ended[T]]) -> _Ended[T]:
    while True:
        try:
            return ended.get(timeout=LOOK_EVERY_S)
        except Empty:
            continue
