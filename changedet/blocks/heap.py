"""The memory that a process takes and gives back: glibc's, as Linux has it; elsewhere nothing is done."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

_MEGABYTE: Final = 2**20
_KEEPING: Final[Mapping[int, int]] = {
    -1: 128 * _MEGABYTE,  # M_TRIM_THRESHOLD: so much may lie free at the end of the heap
    -2: 32 * _MEGABYTE,  # M_TOP_PAD: and by so much more it grows at a time
    -3: 32 * _MEGABYTE,  # M_MMAP_THRESHOLD: smaller blocks come from the heap; the most that glibc allows
    -8: 1,  # M_ARENA_MAX: one heap for all threads
}
"""Numbers of malloc.h, and their values."""


def keep_freed_memory() -> None:
    """Keep in one heap what is freed, for what any thread needs next.

    By default each thread has heaps of its own and hands large blocks back as it frees them. The networks take and
    free a hundred megabytes at each call, and the system fills every page of them with zeros again: a sixth of their
    time. What one thread has freed and keeps is no use to another, so that one heap also holds less. To be called
    before there are threads.
    """
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        for setting, value in _KEEPING.items():
            libc.mallopt(setting, value)


def give_back_memory() -> None:
    """Return freed memory to the system: glibc keeps it otherwise, beside what the next step needs."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
