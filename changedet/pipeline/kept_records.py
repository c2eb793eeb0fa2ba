"""JSON records of a finished run; one that is not as it was written is named."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

from changedet.errors import InputError

MOST_DETAIL: Final = 100
"""Letters of what a library says of a file: what it advises its own callers comes after them."""


class _Record(dict[str, Any]):
    """A record of a run; what is not in it is missing from its file."""

    def __init__(self, path: Path, content: Mapping[str, Any]) -> None:
        super().__init__(content)
        self.path = path

    def __missing__(self, key: str) -> NoReturn:
        raise InputError(f"{self.path}: has no '{key}', as changedet writes it; run the workflow again")


def record_of(path: Path) -> dict[str, Any]:
    """Read a JSON record of a run.

    Parameters
    ----------
    path : Path
        Such as ``summary.json``.

    Returns
    -------
    dict
        Asking it for a key that it lacks raises an error that names the file.

    Raises
    ------
    InputError
        The file is missing, or holds no mapping.
    """
    with as_written(path):
        return _Record(path, _mapping(json.loads(path.read_bytes())))


def _mapping(content: object) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise TypeError("no mapping")
    return content


@contextmanager
def as_written(path: Path, *, refused: bool = False) -> Iterator[None]:
    """Make one line that names the file of whatever is wrong with it.

    Parameters
    ----------
    path : Path
        The file that is read meanwhile.
    refused : bool
        Whether a refusal to read it, too, says only that it is not as it was written.

    Yields
    ------
    None
        While it is read.

    Raises
    ------
    InputError
        The file is missing or is not as it was written.
    """
    wrong = (OSError, ValueError, KeyError, TypeError, RuntimeError, *((InputError,) if refused else ()))
    try:
        yield
    except wrong as error:
        detail = textwrap.shorten(str(error).replace(str(path), ""), MOST_DETAIL, placeholder=" ..")
        raise InputError(f"{path}: is not as changedet wrote it ({detail}); run the workflow again") from error
