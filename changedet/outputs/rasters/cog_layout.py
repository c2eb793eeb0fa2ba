"""A COG from the encoded blocks of GeoTIFFs, a raster and its overviews: none is encoded again.

The order is that of GDAL's COG driver: all directories, the arrays that say where their blocks lie, then the blocks of
the smallest overview first and of the raster last, each between its length and a copy of its last bytes.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, TypeAlias

import numpy as np

from changedet.arrays import Ints

Entry: TypeAlias = tuple[int, int, bytes]
"""Of a directory: the type of its values, how many there are, and their bytes."""

_BYTES_OF: Final = dict(enumerate((1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4), start=1)) | {16: 8, 17: 8, 18: 8}
"""Bytes of a value of each type of TIFF, and of BigTIFF."""
_LONG, _LONG8 = 4, 16
_DTYPES: Final = {3: "<u2", _LONG: "<u4", _LONG8: "<u8"}
_SUBFILE, _PHOTOMETRIC, _COLOURS, _OFFSETS, _COUNTS, _EXTRA, _WORDS = 254, 262, 320, 324, 325, 338, 42112
_PLACE: Final = frozenset({33550, 33922, 34264, 34735, 34736, 34737})
"""Where a raster lies, and its coordinate reference system."""
_REDUCED: Final[Entry] = (_LONG, 1, struct.pack("<I", 1))
_GHOST: Final = (
    b"LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nBLOCK_LEADER=SIZE_AS_UINT4\n"
    b"BLOCK_TRAILER=LAST_4_BYTES_REPEATED\nKNOWN_INCOMPATIBLE_EDITION=NO\n "
)
"""What GDAL's readers look for behind the header of a COG."""
_LEADER, _TRAILER = 4, 4
"""Bytes before a block, which hold its length, and behind it, which are its last ones once more."""
_AROUND: Final = _LEADER + _TRAILER
_MOST_CLASSIC: Final = (1 << 32) - (1 << 20)
"""Bytes of a file up to which its offsets have 32 bits."""


@dataclass(frozen=True)
class _Format:
    """How numbers stand in a file: of 32 bits, or of 64."""

    version: int
    size: int
    entries: str
    entry: str
    offset: str
    offset_type: int


_CLASSIC: Final = _Format(42, 4, "<H", "<HHI", "<I", _LONG)
_BIG: Final = _Format(43, 8, "<Q", "<HHQ", "<Q", _LONG8)


@dataclass(frozen=True)
class _Directory:
    """A directory of a file: its entries by tag, and where its blocks lie, row by row."""

    path: Path
    entries: Mapping[int, Entry]
    offsets: Ints
    counts: Ints


def lay_out(raster: Path, overviews: Sequence[Path], cog: Path) -> None:
    """Write a COG of blocks that are encoded already.

    Parameters
    ----------
    raster : Path
        A tiled GeoTIFF, interleaved by pixel, none of whose blocks lacks.
    overviews : sequence of Path
        GeoTIFFs of its overviews, the largest first, of the same blocks, codec and predictor.
    cog : Path
        Written.

    Raises
    ------
    OSError
        A file is not what GDAL writes, or a block of it lacks.
    """
    first = _directory(raster)
    directories = [first, *(_as_overview(first, _directory(path)) for path in overviews)]
    size = sum(int(one.counts.sum()) + _AROUND * one.counts.size for one in directories)
    form = _CLASSIC if size + _head_bytes(_BIG, directories) < _MOST_CLASSIC else _BIG
    start = _head_bytes(form, directories)
    places: dict[int, Ints] = {}
    for k in reversed(range(len(directories))):
        ends = start + np.cumsum(directories[k].counts + _AROUND)
        places[k] = ends - directories[k].counts - _TRAILER
        start = int(ends[-1])
    with cog.open("wb") as out:
        out.write(_head(form, [(one, places[k]) for k, one in enumerate(directories)]))
        for one in reversed(directories):
            _copy_blocks(one, out)


def _directory(path: Path) -> _Directory:
    """The first directory of a GeoTIFF of this machine's byte order.

    Raises
    ------
    OSError
        It is none, or a block lacks.
    """
    with path.open("rb") as source:
        start = source.read(16)
        form = {b"II*\0": _CLASSIC, b"II+\0": _BIG}.get(start[:4])
        if form is None:
            raise OSError(f"{path}: no GeoTIFF as it was written")
        (at,) = struct.unpack_from(form.offset, start, form.size)
        entries = dict(_entries(source, form, at))
    offsets, counts = (_numbers(entries[tag]) for tag in (_OFFSETS, _COUNTS))
    if not (offsets > 0).all() or not (counts >= _TRAILER).all():
        raise OSError(f"{path}: some of its blocks lack")
    return _Directory(path, entries, offsets, counts)


def _entries(source: IO[bytes], form: _Format, at: int) -> Iterator[tuple[int, Entry]]:
    source.seek(at)
    (count,) = struct.unpack(form.entries, source.read(struct.calcsize(form.entries)))
    wide = struct.calcsize(form.entry)
    listed = source.read(count * (wide + form.size))
    for k in range(count):
        tag, kind, number = struct.unpack_from(form.entry, listed, k * (wide + form.size))
        values = listed[k * (wide + form.size) + wide : (k + 1) * (wide + form.size)]
        length = _BYTES_OF[kind] * number
        if length > form.size:
            source.seek(struct.unpack(form.offset, values)[0])
            values = source.read(length)
        yield tag, (kind, number, values[:length])


def _numbers(entry: Entry) -> Ints:
    kind, _, values = entry
    return np.frombuffer(values, _DTYPES[kind]).astype(np.int64)


def _as_overview(first: _Directory, own: _Directory) -> _Directory:
    """A raster's directory as that of an overview of another."""
    entries = {tag: entry for tag, entry in own.entries.items() if tag != _WORDS and tag not in _PLACE}
    entries |= {tag: first.entries[tag] for tag in (_PHOTOMETRIC, _COLOURS, _EXTRA) if tag in first.entries}
    return _Directory(own.path, entries | {_SUBFILE: _REDUCED}, own.offsets, own.counts)


def _copy_blocks(directory: _Directory, out: IO[bytes]) -> None:
    """Write each block with its length before it and its last bytes once more behind.

    Raises
    ------
    OSError
        The file ends before it.
    """
    # one buffer for all: fresh memory for each block takes longer than its bytes
    buffer = memoryview(bytearray(int(directory.counts.max()) + _AROUND))
    with directory.path.open("rb") as source:
        for offset, count in zip(directory.offsets.tolist(), directory.counts.tolist(), strict=True):
            source.seek(offset)
            end = _LEADER + count
            if source.readinto(buffer[_LEADER:end]) < count:
                raise OSError(errno.EIO, "the disk lost some of what was written", str(directory.path))
            struct.pack_into("<I", buffer, 0, count)
            buffer[end : end + _TRAILER] = buffer[end - _TRAILER : end]
            out.write(buffer[: count + _AROUND])


def _head(form: _Format, directories: Sequence[tuple[_Directory, Ints]]) -> bytes:
    """All that lies before the blocks, which lie at the places that are given."""
    out = bytearray(_ghost(form))
    arrays_at = len(out) + sum(_directory_bytes(form, one) for one, _ in directories)
    arrays = bytearray()
    for k, (one, places) in enumerate(directories):
        entries = dict(one.entries)
        entries[_OFFSETS] = form.offset_type, places.size, places.astype(_DTYPES[form.offset_type]).tobytes()
        entries[_COUNTS] = _LONG, one.counts.size, one.counts.astype(_DTYPES[_LONG]).tobytes()
        data_at = len(out) + _list_bytes(form, entries)
        listed, data = {}, bytearray()
        for tag in sorted(entries, key=lambda tag: (tag in _PLACE, tag)):
            kind, number, values = entries[tag]
            if len(values) > form.size:
                at, more = (arrays_at, arrays) if tag in (_OFFSETS, _COUNTS) else (data_at, data)
                held = struct.pack(form.offset, at + len(more))
                more += _even(values)
            else:
                held = values.ljust(form.size, b"\0")
            listed[tag] = struct.pack(form.entry, tag, kind, number) + held
        out += struct.pack(form.entries, len(listed)) + b"".join(listed[tag] for tag in sorted(listed))
        out += struct.pack(form.offset, data_at + len(data) if k + 1 < len(directories) else 0) + data
    return bytes(out + arrays)


def _ghost(form: _Format) -> bytes:
    words = b"GDAL_STRUCTURAL_METADATA_SIZE=%06d bytes\n" % len(_GHOST) + _GHOST
    if form is _BIG:
        start = struct.pack("<2sHHHQ", b"II", form.version, form.size, 0, 0)
    else:
        start = struct.pack("<2sHI", b"II", form.version, 0)
    whole = _even(start + words)
    # where the first directory lies: behind all this
    return start[: -form.size] + struct.pack(form.offset, len(whole)) + whole[len(start) :]


def _even(values: bytes) -> bytes:
    """Values that end at an even byte, as those of TIFF must begin at one."""
    return values + b"\0" * (len(values) % 2)


def _list_bytes(form: _Format, entries: Mapping[int, Entry]) -> int:
    """Of a directory, without the values that do not stand in it."""
    return struct.calcsize(form.entries) + (struct.calcsize(form.entry) + form.size) * len(entries) + form.size


def _directory_bytes(form: _Format, one: _Directory) -> int:
    """Of a directory and its values, but for the places of its blocks."""
    apart = [values for tag, (_, _, values) in one.entries.items() if tag not in (_OFFSETS, _COUNTS)]
    return _list_bytes(form, one.entries) + sum(len(_even(values)) for values in apart if len(values) > form.size)


def _head_bytes(form: _Format, directories: Sequence[_Directory]) -> int:
    arrays = 0
    for one in directories:
        for width in (form.size, _BYTES_OF[_LONG]):
            arrays += width * one.counts.size if width * one.counts.size > form.size else 0
    return len(_ghost(form)) + sum(_directory_bytes(form, one) for one in directories) + arrays
