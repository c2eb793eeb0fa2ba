"""Addresses in S3-compatible stores: a bucket, and a place in it that reads like a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from changedet.errors import InputError, is_one_line

LONGEST_PREFIX_BYTES: Final = 700
"""Keys have at most 1024 bytes; the rest is for the names of a run's files."""

LONGEST_SHOWN: Final = 60
"""Letters of a wrong address that a message has."""
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ODD_LETTERS: Final = frozenset('\\?#%*"<>|{}^[]`~')
"""A store may take them, but URLs, shells and other systems' folders take them for something else."""
_SCHEME: Final = "s3://"


@dataclass(frozen=True)
class Address:
    """A place in a bucket.

    Attributes
    ----------
    bucket : str
        Its name.
    prefix : str
        What the keys there begin with, without a slash at either end; empty for all of the bucket.
    """

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.prefix}".rstrip("/")

    def key(self, name: str) -> str:
        """The key of a file below this place.

        Parameters
        ----------
        name : str
            Its path from here.

        Returns
        -------
        str
            As the store knows it.
        """
        return f"{self.prefix}/{name}" if self.prefix else name

    def below(self, name: str) -> Address:
        """A place within this one.

        Parameters
        ----------
        name : str
            Such as a site's id.

        Returns
        -------
        Address
            In the same bucket.
        """
        return Address(self.bucket, self.key(name))

    def holds(self, other: Address) -> bool:
        """Whether another address is this one, or lies below it.

        Parameters
        ----------
        other : Address
            Any.

        Returns
        -------
        bool
            True for itself too.
        """
        return str(other) == str(self) or str(other).startswith(f"{self}/")


def address(text: str) -> Address:
    """Read an address such as ``s3://bucket/runs``.

    Parameters
    ----------
    text : str
        As a user wrote it.

    Returns
    -------
    Address
        Without a slash at the end.

    Raises
    ------
    InputError
        It is none, or holds what is better not in a key.

    Examples
    --------
    >>> str(address("s3://bucket/runs/")), address("s3://bucket/runs").key("a/run.json")
    ('s3://bucket/runs', 'runs/a/run.json')
    """
    bucket, _, prefix = text.removeprefix(_SCHEME).partition("/")
    if "@" in bucket:
        raise InputError("holds a user name or password, expected none; put credentials into the environment")
    prefix = prefix.removesuffix("/")
    if not text.startswith(_SCHEME):
        expected = "s3://BUCKET/PREFIX"
    elif not _BUCKET.fullmatch(bucket) or ".." in bucket:
        expected = "a bucket's name of 3 to 63 small letters, digits, dots and hyphens"
    else:
        expected = _expected(prefix) if prefix else ""
    if expected:
        shown = text if is_one_line(text) else ascii(text).strip("'")
        raise InputError(f"got '{shown[:LONGEST_SHOWN]}', expected {expected}")
    return Address(bucket, prefix)


def _expected(prefix: str) -> str:
    for part in prefix.split("/"):
        if part.strip(" ") != part or part in {"", ".", ".."} or not is_one_line(part):
            return (
                f"no part {part[:LONGEST_SHOWN]!a} in it (none may be empty, '.' or '..', or begin or end with a blank)"
            )
        if odd := sorted(_ODD_LETTERS.intersection(part)):
            return f"no {odd[0]} in it"
    size = len(prefix.encode())
    return f"at most {LONGEST_PREFIX_BYTES} bytes, not {size}" if size > LONGEST_PREFIX_BYTES else ""
