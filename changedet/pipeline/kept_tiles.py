"""Tiles of dates that are not finished, kept aside: a run that is cut off goes on from them, not from the date's first.

Only where tiles cost far more than to keep them, where boxes are looked for. A file is of one date and one identity; a
torn end, other inputs, methods or libraries cost what it holds and nothing else.
"""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import IO, Final

from changedet.blocks import Window
from changedet.errors import InputError
from changedet.imagery.look import Look
from changedet.libraries import library_versions
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.scheduling import Session
from changedet.pipeline.tile import Tile
from changedet.pipeline.tile_records import NoTileError, from_bytes, to_bytes
from changedet.store import RunFolder, identity, sha256

FEWEST_TILES: Final = 4
"""Of a date with fewer a kill costs little."""
_FRAME: Final = struct.Struct("<QQI")
"""Before each tile: bytes of its head, of its body, and the CRC-32 of both."""


def tiles_folder(folder: RunFolder) -> Path:
    """Where tiles lie that are kept aside.

    Parameters
    ----------
    folder : RunFolder
        Of the run.

    Returns
    -------
    pathlib.Path
        Among the records; not there when a run has ended.
    """
    return folder.state / "tiles"


def forget_tiles(folder: RunFolder) -> None:
    """Remove all tiles that are kept aside.

    Parameters
    ----------
    folder : RunFolder
        Of the run.
    """
    shutil.rmtree(tiles_folder(folder), ignore_errors=True)


class KeptTiles:
    """The tiles of one date so far.

    Parameters
    ----------
    session : Session
    job : DateJob
        Of the date.
    parts : mapping of str to str
        What is done of it, with the identity of each part.
    tiles : int
        Of a date.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    is_wanted : bool
        Whether tiles are kept.
    """

    def __init__(self, session: Session, job: DateJob, parts: Mapping[str, str], tiles: int) -> None:
        self._session, self._job, self._parts = session, job, parts
        self.path = tiles_folder(session.folder) / f"{job.look.date}.tiles"
        self.is_wanted = job.counts and tiles >= FEWEST_TILES
        self._end = 0
        self._stream: IO[bytes] | None = None

    @cached_property
    def _head(self) -> bytes:
        """What the file begins with: of which tiles it is."""
        job, plan = self._job, self._session.plan
        days = [look.date for look in self._looks]
        flags = [job.with_reference_quality, job.persists, job.with_standing, job.keeps_scores]
        models = [sha256(plan.folder.model(day)) for day in days]
        bands, layout = [job.compared_roles, job.scene_roles], [plan.grid.shape, plan.tile_px]
        wanted = identity("tiles", dict(self._parts), flags, bands, models, layout, library_versions())
        return (json.dumps({"identity": wanted}) + "\n").encode()

    @property
    def _looks(self) -> list[Look]:
        return [self._job.look, *([] if self._job.reference is None else [self._job.reference])]

    def found(self, windows: Collection[Window]) -> Iterator[tuple[Window, Tile]]:
        """Tiles that an earlier run kept, each once.

        Parameters
        ----------
        windows : collection of Window
            All tiles of the date.

        Yields
        ------
        (Window, Tile)
            As it was computed.
        """
        if not self.is_wanted or self.path.is_symlink() or not self.path.is_file():
            return
        with suppress(OSError), self.path.open("rb") as stream:
            if stream.readline(len(self._head)) != self._head:
                return
            self._end, left = stream.tell(), set(windows)
            while (one := _next(stream)) is not None:
                self._end = stream.tell()
                if one[0] in left:
                    left.remove(one[0])
                    yield one

    def keep(self, window: Window, tile: Tile) -> None:
        """Keep a tile, where the files that it was read from still are what they were; a full disk ends the keeping.

        Parameters
        ----------
        window : Window
            The tile on the grid.
        tile : Tile
        """
        if not self.is_wanted:
            return
        try:
            self._session.require_inputs(self._looks)
            head, *bodies = to_bytes(window, tile)
            crc = zlib.crc32(head)
            for body in bodies:
                crc = zlib.crc32(body, crc)
            stream = self._opened()
            stream.write(_FRAME.pack(len(head), sum(len(body) for body in bodies), crc))
            stream.writelines([head, *bodies])
            # A kill leaves what the system has; the checksum tells what a power cut took of it.
            stream.flush()
        except (OSError, InputError, NoTileError):
            # What is wrong with a disk or an input is said where the date is finished.
            self.drop()
            self.is_wanted = False

    def _opened(self) -> IO[bytes]:
        if self._stream is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._end:
                self._stream = self.path.open("r+b")
                self._stream.truncate(self._end)
                self._stream.seek(self._end)
            else:
                self.path.unlink(missing_ok=True)
                self._stream = self.path.open("xb")
                self._stream.write(self._head)
        return self._stream

    def close(self) -> None:
        """Let go of the file, which stays."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def drop(self) -> None:
        """Remove the file: the date is finished."""
        self.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def _next(stream: IO[bytes]) -> tuple[Window, Tile] | None:
    frame = stream.read(_FRAME.size)
    if len(frame) < _FRAME.size:
        return None
    head_bytes, body_bytes, crc = _FRAME.unpack(frame)
    left = Path(stream.name).stat().st_size - stream.tell()
    if head_bytes + body_bytes > left:
        return None
    head, body = stream.read(head_bytes), stream.read(body_bytes)
    if zlib.crc32(body, zlib.crc32(head)) != crc:
        return None
    try:
        return from_bytes(head, body)
    except NoTileError:
        return None
