"""Rasters on servers, read in parts: every request, and every redirect of one, goes to hosts that are allowed.

GDAL follows redirects wherever they lead and has no option against it, so it does not reach the network itself: what it
wants to read of a file is requested here.
"""

from __future__ import annotations

import base64
import http.client
import io
import itertools
import re
import threading
import time
import urllib.error
import urllib.request
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlparse, urlunparse

import rasterio
from rasterio.abc import FileContainer

from changedet.errors import InputError
from changedet.imagery.hosts import host_of
from changedet.imagery.timed import opener_until

CHUNK_BYTES: Final = 1 << 17
"""The least that is requested at once: headers and tiles lie close together."""
KEPT_BYTES: Final = 64 << 20
"""Of the parts last read, for all files of the process."""
WHOLE_BYTES: Final = 64 << 20
"""A server that sends no parts of files may send so large a one whole."""
TIMEOUT_S: Final = 60
"""For one request, however slowly its server sends."""
TRIES: Final = 3
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_MAGIC: Final = (
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\0\0\0\x0cjP  ", "JP2OpenJPEG"),
    (b"\xff\x4f\xff\x51", "JP2OpenJPEG"),
    *((start, "GTiff") for start in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
)
_numbers = itertools.count()
_allowed: ContextVar[tuple[str, ...]] = ContextVar("allowed hosts", default=())
_problems: dict[str, str] = {}


@contextmanager
def allowing(hosts: Sequence[str]) -> Iterator[None]:
    """Let what is opened meanwhile be read from further hosts than its own.

    Parameters
    ----------
    hosts : sequence of str
        As in `changedet.imagery.hosts.check_hosts`.

    Yields
    ------
    None
        While headers are read, which remember it.
    """
    before = _allowed.set(tuple(hosts))
    try:
        yield
    finally:
        _allowed.reset(before)


def allowed_now() -> tuple[str, ...]:
    """The hosts of `allowing`.

    Returns
    -------
    tuple of str
        Empty outside of it.
    """
    return _allowed.get()


def take_problem(path: str) -> str:
    """What went wrong on the network with a file since the last call: GDAL itself knows only that it did.

    Parameters
    ----------
    path : str
        Its URL.

    Returns
    -------
    str
        Empty where nothing did.
    """
    return _problems.pop(path, "")


def open_remote(path: str, hosts: Sequence[str], **options: int) -> rasterio.DatasetReader:
    """The dataset of a raster on a server.

    Parameters
    ----------
    path : str
        An http or https URL.
    hosts : sequence of str
        That it may lead to beside its own.
    **options : int
        Of GDAL's driver.

    Returns
    -------
    rasterio.DatasetReader
        For the caller to close.

    Raises
    ------
    InputError
        It is of another kind than those that hold their own pixels, or cannot be reached.
    rasterio.errors.RasterioIOError
        GDAL cannot open it.
    """
    file = _File(path, (host_of(path), *hosts))
    start = file.part(0, CHUNK_BYTES)
    driver = next((name for magic, name in _MAGIC if start.startswith(magic)), None)
    if driver is None:
        kinds = ", ".join(dict.fromkeys(name for _, name in _MAGIC))
        raise InputError(f"{path}: is none of the kinds that are read over the network ({kinds})")
    # Its own name for each: rasterio has one opener for a name, in all threads.
    name = f"remote/{next(_numbers)}/{file.name}"
    return rasterio.open(name, driver=driver, opener=_Opener(name, file), **options)


@dataclass(frozen=True)
class _Opener:
    """One file, and nothing beside it."""

    own: str
    file: _File

    def open(self, path: str, mode: str = "r", **_: object) -> _Reader:
        if path != self.own or "w" in mode:
            raise FileNotFoundError(path)
        return _Reader(self.file)

    def isfile(self, path: str) -> bool:
        return path == self.own

    def isdir(self, _path: str) -> bool:
        return False

    def ls(self, _path: str) -> list[str]:
        return []

    def mtime(self, _path: str) -> int:
        return 0

    def rm(self, path: str) -> None:
        raise FileNotFoundError(path)

    def size(self, path: str) -> int:
        return self.file.size if path == self.own else 0


FileContainer.register(_Opener)


class _Reader(io.RawIOBase):
    """A file as GDAL reads it; never raises, as what is raised within GDAL's calls ends the process."""

    def __init__(self, file: _File) -> None:
        super().__init__()
        self._file, self._at = file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._file.size)[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        last = self._file.size if size < 0 else min(self._file.size, self._at + size)
        try:
            found = self._file.part(self._at, last) if self._at < last else b""
        except Exception as error:
            _problems[self._file.url] = str(error) or type(error).__name__
            return b""
        self._at += len(found)
        return found


class _Chunks:
    """The parts last read, of all files and for all threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, version: str, number: int) -> bytes | None:
        with self._lock:
            if (version, number) in self._kept:
                self._kept.move_to_end((version, number))
            return self._kept.get((version, number))

    def put(self, version: str, number: int, content: bytes) -> None:
        with self._lock:
            self._bytes += len(content) - len(self._kept.pop((version, number), b""))
            self._kept[version, number] = content
            while self._bytes > KEPT_BYTES:
                self._bytes -= len(self._kept.popitem(last=False)[1])


_chunks = _Chunks()


class _File:
    """A file on a server: its size, and any part of it."""

    def __init__(self, url: str, allowed: Sequence[str]) -> None:
        self.url, self._allowed = url, tuple(allowed)
        self.name = re.sub(r"[^0-9A-Za-z._-]", "_", urlparse(url).path.rsplit("/", 1)[-1])[-60:] or "raster"
        self._version, self._whole, self.size = "", b"", 0
        self.size = self._first()

    def part(self, first: int, last: int) -> bytes:
        """Bytes from `first` up to, without, `last`."""
        if self._whole:
            return self._whole[first:last]
        last = min(last, self.size)
        numbers = range(first // CHUNK_BYTES, -(-last // CHUNK_BYTES))
        found = {number: _chunks.get(self._version, number) for number in numbers}
        missing = [number for number, content in found.items() if content is None]
        for _, run in itertools.groupby(enumerate(missing), lambda one: one[1] - one[0]):
            run_numbers = [number for _, number in run]
            begin, end = run_numbers[0] * CHUNK_BYTES, min(self.size, (run_numbers[-1] + 1) * CHUNK_BYTES)
            content = self._requested(begin, end)
            for number in run_numbers:
                found[number] = content[number * CHUNK_BYTES - begin :][:CHUNK_BYTES]
                _chunks.put(self._version, number, found[number] or b"")
        joined = b"".join(content or b"" for content in found.values())
        return joined[first - numbers.start * CHUNK_BYTES :][: last - first]

    def _first(self) -> int:
        """The size; keeps the first chunk."""
        answer = self._answer(0, CHUNK_BYTES)
        self._version = answer.version
        if answer.total is None:
            self._whole = answer.content
            return len(answer.content)
        _chunks.put(self._version, 0, answer.content)
        return answer.total

    def _requested(self, first: int, last: int) -> bytes:
        answer = self._answer(first, last)
        if answer.version != self._version:
            raise self._failed("changed on its server while it was read, run again")
        if len(answer.content) != last - first:
            raise self._failed(f"its server sent {len(answer.content)} bytes of {last - first}")
        return answer.content

    def _answer(self, first: int, last: int) -> _Answer:
        for left in reversed(range(TRIES)):
            try:
                return self._once(first, last)
            except urllib.error.HTTPError as error:
                if error.code not in _BUSY or not left:
                    raise self._failed(f"HTTP {error.code} {error.reason}") from None
            except (OSError, http.client.HTTPException) as error:
                if not left:
                    raise self._failed(str(getattr(error, "reason", error))) from None
            time.sleep(TRIES - left)
        raise AssertionError

    def _failed(self, words: str) -> InputError:
        return InputError(f"{self.url}: cannot be read, check the address and the network ({words})")

    def _once(self, first: int, last: int) -> _Answer:
        request = _request(self.url)
        request.add_header("Range", f"bytes={first}-{last - 1}")
        opener = opener_until(time.monotonic() + TIMEOUT_S, self._allowed)
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("Content-Range", ""))
            if answer.status == http.client.PARTIAL_CONTENT and (span is None or int(span[1]) != first):
                raise self._failed("its server sent another part than the requested one")
            parted = answer.status == http.client.PARTIAL_CONTENT and span is not None
            content = _read(answer, last - first if parted else WHOLE_BYTES)
            stamps = [answer.headers.get(name, "") for name in ("ETag", "Last-Modified")]
        total = int(span[2]) if parted and span else None
        return _Answer(content, total, repr((self.url, total, *stamps)))


@dataclass(frozen=True)
class _Answer:
    """What a server sent: `total` bytes has the file, None where it was sent whole."""

    content: bytes
    total: int | None
    version: str


def _read(answer: http.client.HTTPResponse, most: int) -> bytes:
    pieces, size = [], 0
    try:
        while piece := answer.read1(CHUNK_BYTES):
            size += len(piece)
            if size > most:
                raise OSError(f"its server sends more than {most} bytes where a part was requested; download it")
            pieces.append(piece)
    except TimeoutError:
        raise TimeoutError(f"its server sent {size} bytes in {TIMEOUT_S} s") from None
    return b"".join(pieces)


def _request(url: str) -> urllib.request.Request:
    """With the name and password that stand in the URL, which are for its own host alone."""
    parsed = urlparse(url)
    bare = urlunparse(parsed._replace(netloc=parsed.netloc.rpartition("@")[2]))
    headers = {"User-Agent": f"GDAL/{rasterio.__gdal_version__}", "Accept-Encoding": "identity"}
    request = urllib.request.Request(bare, headers=headers)  # noqa: S310 - http and https alone
    if parsed.username is not None:
        word = f"{unquote(parsed.username)}:{unquote(parsed.password or '')}"
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(word.encode()).decode()}")
    return request
