"""Calls that wait for the network, some at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeAlias, TypeVar

from changedet.store.bucket.client import AT_ONCE

T = TypeVar("T")
Shown: TypeAlias = Callable[[str, int, int], None]
"""``progress(what, done, total)``"""


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
    """
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        waiting = {pool.submit(call, name): name for name in names}
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    except Exception:
        pool.shutdown(cancel_futures=True)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
