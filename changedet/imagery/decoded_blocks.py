"""Decoded blocks of compressed files, kept on the disk from a date's overview to its tiles, which need them again.

They lie in a file of the run folder that has no name, so nothing of it is left, however a run ends. What is read back
costs a small part of decoding it again, and no memory: they go past the system's cache, whose pages cost as much as
decoding does. A disk that takes longer to write than decoding took is left alone.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np

from changedet.arrays import AnyArray, Bytes

MOST_BYTES: Final = 8 << 30
"""Two scenes of four bands and 23,000 px; what is beyond is decoded again."""
SHARE_OF_ROOM: Final = 0.25
"""Of the disk's free room that they may take at most."""
TRIED_BYTES: Final = 64 << 20
"""Written before the disk is judged."""
_ALIGNED: Final = 4096
"""To which places and lengths are rounded, as a disk wants them that is written to without the system's cache."""


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
        _go_past_the_cache(self._file)
        # Not before the last thread that reads has let go of it: its number would be another file's by then.
        weakref.finalize(self, os.close, self._file)
        self._left = min(MOST_BYTES, int(SHARE_OF_ROOM * shutil.disk_usage(folder).free))
        self._end = 0
        self._lost_s = 0.0
        self._places: dict[Hashable, tuple[int, tuple[int, ...], np.dtype[np.generic]]] = {}
        self._lock = threading.Lock()
        self._buffers = threading.local()

    def put(self, key: Hashable, block: AnyArray, decoded_s: float) -> None:
        """Keep an array, where there is room for it.

        Parameters
        ----------
        key : hashable
            Names the block, and the state of its file.
        block : ndarray
            Of any type and shape.
        decoded_s : float
            How long it took to decode.
        """
        size = -(-block.nbytes // _ALIGNED) * _ALIGNED
        with self._lock:
            if key in self._places or size > self._left:
                return
            start, self._end, self._left = self._end, self._end + size, self._left - size
        began = time.perf_counter()
        buffer = self._buffer(size)
        np.copyto(buffer[: block.nbytes].view(block.dtype).reshape(block.shape), block)
        try:
            done = os.pwrite(self._file, buffer.data, start)
        except OSError:
            done = 0
        taken_s = time.perf_counter() - began
        with self._lock:
            self._lost_s += taken_s - decoded_s
            if done == size:
                self._places[key] = start, block.shape, block.dtype
            if done < size or (self._lost_s > 0 and self._end > TRIED_BYTES):
                # the disk is full, or slow: those that are there stay
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
        count = int(np.prod(shape)) * dtype.itemsize
        size = -(-count // _ALIGNED) * _ALIGNED
        spare = np.empty(size + _ALIGNED, np.uint8)
        first = -spare.ctypes.data % _ALIGNED
        with suppress(OSError):
            if os.preadv(self._file, [spare[first : first + size].data], start) == size:
                return spare[first : first + count].view(dtype).reshape(shape)
        return None

    def _buffer(self, size: int) -> Bytes:
        """Bytes of this thread that begin where a page does."""
        held: Bytes | None = getattr(self._buffers, "held", None)
        if held is None or held.size < size:
            held = self._buffers.held = np.frombuffer(mmap.mmap(-1, size), np.uint8)
        return held[:size]


def _go_past_the_cache(file: int) -> None:
    """Write and read a file without the system's cache, where the system and the disk know how."""
    # Linux alone has it, and some of its file systems do not.
    if hasattr(os, "O_DIRECT"):
        with suppress(OSError):
            fcntl.fcntl(file, fcntl.F_SETFL, fcntl.fcntl(file, fcntl.F_GETFL) | os.O_DIRECT)


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
