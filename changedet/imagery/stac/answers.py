"""What a server answers, read as far as it is not too long and not too slow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from changedet.errors import InputError

if TYPE_CHECKING:
    import requests

MAX_BYTES: Final = 64 << 20
"""Of one document."""
MAX_ALL_BYTES: Final = 1 << 30
"""Of all pages of a search."""
SLOWEST_S: Final = 120.0
"""A document takes no longer, from its first byte: a server that sends a byte now and then would never end."""
_CHUNK: Final = 1 << 20


def read_answer(read: Callable[[int], bytes], place: str, *, most: int = MAX_BYTES) -> bytes:
    """Read a body to its end.

    Parameters
    ----------
    read : callable
        Gives what has come in, at most so many bytes; nothing at the end.
    place : str
        For error lines.
    most : int
        Bytes.

    Returns
    -------
    bytes
        All of it.

    Raises
    ------
    InputError
        It is longer than `most`, or takes longer than `SLOWEST_S`.
    """
    until, size, pieces = time.monotonic() + SLOWEST_S, 0, []
    while piece := read(_CHUNK):
        size += len(piece)
        if size > most:
            raise InputError(f"{place}: has more than {most >> 20} MB")
        if time.monotonic() > until:
            raise InputError(f"{place}: is sent too slowly, {size} bytes in {SLOWEST_S:.0f} s")
        pieces.append(piece)
    return b"".join(pieces)


class Pages:
    """The answers to a search, bounded one by one and together.

    Parameters
    ----------
    source : str
        For error lines.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._left = MAX_ALL_BYTES

    def take(self, answer: requests.Response) -> None:
        """Read an answer's body before its caller does.

        Parameters
        ----------
        answer : requests.Response
            Of which the head has come in.

        Raises
        ------
        InputError
            It is too long, too slow, or all answers together are too long.
        """
        if self._left <= 0:
            raise InputError(f"{self._source}: its search has more than {MAX_ALL_BYTES >> 20} MB; narrow it down")
        raw = answer.raw
        read = getattr(raw, "read1", None) or raw.read
        body = read_answer(lambda most: read(most, decode_content=True), self._source)
        self._left -= len(body)
        # As caches of requests do: what is here is not asked of the connection again.
        answer._content = body
