"""What a process sets aside while a run is at work in it: threads of BLAS, and Python's search for garbage."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

NEW_OBJECTS: Final = 50_000
"""Objects made before Python looks for garbage that holds itself; by default 700, and each look at all that half a
million objects of libraries refer to takes a fifteenth of a second, to find next to nothing."""


class _Runs:
    """How many runs are at work in this process, and what the last of them puts back."""

    lock = threading.Lock()
    count = 0
    put_back = ExitStack()


@contextmanager
def at_work() -> Iterator[None]:
    """Keep BLAS to one thread and Python from looking for garbage often, until the last run of the process ends.

    The workers are the parallelism: threads below them wait for each other, and burn a core while they do. Products of
    matrices also differ in their last bits with the number of threads, so that a run from Python would not be that of
    the command, which has had one from the start.

    Yields
    ------
    None
        While the run is at work.
    """
    with _Runs.lock:
        if not _Runs.count:
            _set(_Runs.put_back)
        _Runs.count += 1
    try:
        yield
    finally:
        with _Runs.lock:
            _Runs.count -= 1
            if not _Runs.count:
                _Runs.put_back.close()


def _set(put_back: ExitStack) -> None:
    # Imported here, as only runs need it.
    from threadpoolctl import threadpool_limits

    put_back.enter_context(threadpool_limits(1, "blas"))
    put_back.callback(gc.set_threshold, *gc.get_threshold())
    first, *others = gc.get_threshold()
    # 0 is never: who chose that keeps it.
    gc.set_threshold(first and max(NEW_OBJECTS, first), *others)
