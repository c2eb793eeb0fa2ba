"""What a process sets aside while a run is at work in it: Python's frequent search for garbage."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

NEW_OBJECTS: Final = 50_000
"""Objects made before Python looks for garbage that holds itself; by default 700, and each look at all that half a
million objects of libraries refer to takes a fifteenth of a second, to find next to nothing."""


class _Runs:
    """How many runs are at work in this process, and what the last of them puts back."""

    lock = threading.Lock()
    count = 0
    before = gc.get_threshold()


@contextmanager
def at_work() -> Iterator[None]:
    """Keep Python from looking for garbage often, until the last run of the process ends.

    Yields
    ------
    None
        While the run is at work.
    """
    with _Runs.lock:
        if not _Runs.count:
            _Runs.before = gc.get_threshold()
            # 0 is never: who chose that keeps it.
            gc.set_threshold(_Runs.before[0] and max(NEW_OBJECTS, _Runs.before[0]), *_Runs.before[1:])
        _Runs.count += 1
    try:
        yield
    finally:
        with _Runs.lock:
            _Runs.count -= 1
            if not _Runs.count:
                gc.set_threshold(*_Runs.before)
