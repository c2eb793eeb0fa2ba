"""Decoded blocks of compressed files, kept on the disk from a date's overview to its tiles, which need them again.

They lie in a file of the run folder that has no name, so nothing of it is left, however a run ends. What is read back
costs a sixth of decoding it again, and no memory beside what the system has to spare.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np

from changedet.arrays import AnyArray

MOST_BYTES: Final = 4 << 30
"""Two scenes of four bands and 16,000 px; what is beyond is decoded again."""
SHARE_OF_ROOM: Final = 0.25
"""Of the disk's free room that they may take at most."""


class DecodedBlocks:
    """Arrays by key in a file without a name; several threads may read and write.

    The room is given back when nobody refers to them any more.

    Parameters
    ----------
    folder : Path
        On the disk that is to hold them.
    """

    def __init__(self, folder: Path) -> None:
        with tempfile.TemporaryFile(dir=folder) as file:
            self._file = os.dup(file.fileno())
        # Not before the last thread that reads has let go of it: its number would be another file's by then.
        weakref.finalize(self, os.close, self._file)
        self._left = min(MOST_BYTES, int(SHARE_OF_ROOM * shutil.disk_usage(folder).free))
        self._end = 0
        self._places: dict[Hashable, tuple[int, tuple[int, ...], np.dtype[np.generic]]] = {}
        self._lock = threading.Lock()

    def put(self, key: Hashable, block: AnyArray) -> None:
        """Keep an array, where there is room for it.

        Parameters
        ----------
        key : hashable
            Names the block, and the state of its file.
        block : ndarray
            Of any type and shape.
        """
        with self._lock:
            if key in self._places or block.nbytes > self._left:
                return
            start, self._end, self._left = self._end, self._end + block.nbytes, self._left - block.nbytes
        whole = np.ascontiguousarray(block)
        try:
            done = os.pwrite(self._file, whole.data, start)
        except OSError:
            done = 0
        with self._lock:
            if done == whole.nbytes:
                self._places[key] = start, whole.shape, whole.dtype
            else:
                # the disk is full: those that are there stay
                self._left = 0

    def get(self, key: Hashable) -> AnyArray | None:
        """The array of a key.

        Parameters
        ----------
        key : hashable
            As it was put.

        Returns
        -------
        ndarray or None
            A new one; None where it is not there.
        """
        with self._lock:
            place = self._places.get(key)
        if place is None:
            return None
        start, shape, dtype = place
        block = np.empty(shape, dtype)
        with suppress(OSError):
            if os.preadv(self._file, [block.data.cast("B")], start) == block.nbytes:
                return block
        return None


class _Process:
    kept: DecodedBlocks | None = None


@contextmanager
def keeping_decoded(folder: Path | None) -> Iterator[None]:
    """Keep the blocks of compressed files that this process decodes for overviews.

    Parameters
    ----------
    folder : Path or None
        On the disk that is to hold them; None keeps nothing.

    Yields
    ------
    None
        While they are kept.
    """
    before, own = _Process.kept, None
    with suppress(OSError):
        own = None if folder is None or not hasattr(os, "preadv") else DecodedBlocks(folder)
    _Process.kept = own
    try:
        yield
    finally:
        _Process.kept = before


def kept_blocks() -> DecodedBlocks | None:
    """What keeps decoded blocks now.

    Returns
    -------
    DecodedBlocks or None
        None where nothing does.
    """
    return _Process.kept
