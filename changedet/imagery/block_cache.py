"""A cache of decoded blocks of files, shared by the threads of a process: neighbouring tiles need the same ones."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from changedet.arrays import AnyArray
from changedet.blocks.control_groups import cores

BUDGET_BYTES: Final = (64 + 16 * min(32, cores())) << 20
"""Three rows of blocks of a strip of tiles, of two scenes of four bands, and some more for each tile at work."""


class BlockCache:
    """Arrays by key, the least recently used dropped first; each is made by one thread while the others wait for it.

    Parameters
    ----------
    budget_bytes : int
        What the arrays may take together.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self.clear()
        # In a forked child the lock may be held by a thread that is not there.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.clear)

    def clear(self) -> None:
        """Forget everything; only where no other thread is at work."""
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], AnyArray]) -> AnyArray:
        """The array of a key; whatever `make` raises is raised here, and nothing is kept of it.

        Parameters
        ----------
        key : hashable
            Names the block, and the state of its file.
        make : callable
            Reads the block where it is not there.

        Returns
        -------
        ndarray
            Read-only.
        """
        with self._lock:
            entry = self._entries.get(key)
            mine = entry is None
            if entry is None:
                entry = self._entries[key] = _Entry()
            self._entries.move_to_end(key)
        if mine:
            self._fill(key, entry, make)
        else:
            entry.ready.wait()
        # Where another thread failed, this one meets the same error itself, with its own traceback.
        return make() if entry.value is None else entry.value

    def _fill(self, key: Hashable, entry: _Entry, make: Callable[[], AnyArray]) -> None:
        try:
            value = make()
        except BaseException:
            with self._lock:
                self._entries.pop(key, None)
            raise
        else:
            value.flags.writeable = False
            entry.value = value
            with self._lock:
                self._bytes += value.nbytes
                self._drop_oldest()
        finally:
            entry.ready.set()

    def _drop_oldest(self) -> None:
        for key in list(self._entries):
            if self._bytes <= self.budget_bytes:
                break
            value = self._entries[key].value
            if value is not None:
                self._bytes -= value.nbytes
                del self._entries[key]


class _Entry:
    def __init__(self) -> None:
        self.ready = threading.Event()
        self.value: AnyArray | None = None
