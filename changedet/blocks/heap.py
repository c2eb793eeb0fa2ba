"""The memory that a process takes and gives back: glibc's, as Linux has it; elsewhere nothing is done."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

_MEGABYTE: Final = 2**20
_TRIM, _PAD, _MAP, _ARENAS = -1, -2, -3, -8
_KEEPING: Final[Mapping[int, int]] = {
    _TRIM: 128 * _MEGABYTE,  # M_TRIM_THRESHOLD: so much may lie free at the end of the heap
    _PAD: 32 * _MEGABYTE,  # M_TOP_PAD: and by so much more it grows at a time
    _MAP: 32 * _MEGABYTE,  # M_MMAP_THRESHOLD: smaller blocks come from the heap; the most that glibc allows
    _ARENAS: 1,  # M_ARENA_MAX: one heap for all threads
}
"""Numbers of malloc.h, and their values."""
_LEFT: Final[Mapping[int, int]] = {_TRIM: 64 * _MEGABYTE, _PAD: _MEGABYTE // 8, _MAP: 32 * _MEGABYTE}
"""What a run leaves behind in a process that is not ours, as nobody can ask what was set: what glibc's own rule comes
to when a block of 32 MB is freed, and its own pad."""


class _Kept:
    """Whether this process keeps what is freed for good, and how many runs in it ask for that while they last."""

    lock = threading.Lock()
    for_good = False
    runs = 0


def keep_freed_memory() -> None:
    """Keep in one heap what is freed, for what any thread needs next.

    By default each thread has heaps of its own and hands large blocks back as it frees them. The networks take and
    free a hundred megabytes at each call, and the system fills every page of them with zeros again: a sixth of their
    time. What one thread has freed and keeps is no use to another, so that one heap also holds less. To be called
    before there are threads.
    """
    with _Kept.lock:
        _Kept.for_good = True
        _set(_KEEPING)


@contextmanager
def keeping_freed_memory() -> Iterator[None]:
    """Keep what is freed while a run is at work, in a process that is somebody else's.

    As `keep_freed_memory`, which it leaves alone where that was called, but each thread keeps its own heap: how many
    there may be is settled for good once there are threads.

    Yields
    ------
    None
        While the run is at work; with the last of several that are at once, what is left goes back to the system.
    """
    with _Kept.lock:
        _Kept.runs += 1
        if _Kept.runs == 1 and not _Kept.for_good:
            _set({setting: value for setting, value in _KEEPING.items() if setting != _ARENAS})
    try:
        yield
    finally:
        with _Kept.lock:
            _Kept.runs -= 1
            if not _Kept.runs and not _Kept.for_good:
                _set(_LEFT)
                give_back_memory()


def _set(settings: Mapping[int, int]) -> None:
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        for setting, value in settings.items():
            libc.mallopt(setting, value)


def give_back_memory() -> None:
    """Return freed memory to the system: glibc keeps it otherwise, beside what the next step needs."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
