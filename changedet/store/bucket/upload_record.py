"""The record of an upload, kept in the bucket: which objects belong to the run, with their checksums."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NotRequired, TypedDict

from changedet.errors import InputError
from changedet.store.bucket.client import Bucket
from changedet.store.layout import STATE, UPLOADED, is_name

RECORD: Final = f"{STATE}/{UPLOADED}"
"""Its name, in the bucket alone."""
VERSION: Final = 1
_LARGEST_BYTES: Final = 64 << 20
"""Of a record of 300,000 files."""


class Object(TypedDict):
    """An object of the run.

    Attributes
    ----------
    size : int
        In bytes.
    sha256 : str
        Of the file.
    etag : str
        As the store named these bytes; not of one that an upload was about to write when it ended.
    """

    size: int
    sha256: str
    etag: NotRequired[str]


@dataclass(frozen=True)
class UploadRecord:
    """The objects that uploads wrote here, or were about to write.

    Attributes
    ----------
    objects : mapping of str to Object
        By path in the run folder.
    mark : str
        Of the upload, which tells it from another at the same time.
    """

    objects: Mapping[str, Object]
    mark: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def is_whole(self) -> bool:
        """Whether the upload ended; else some objects may be half of one upload, half of another."""
        return all("etag" in one for one in self.objects.values())


def write_record(bucket: Bucket, record: UploadRecord) -> None:
    """Write the record.

    Parameters
    ----------
    bucket : Bucket
        Of the run.
    record : UploadRecord
        All of it.
    """
    said = {"schema_version": VERSION, "mark": record.mark, "objects": record.objects}
    bucket.write(RECORD, (json.dumps(said, indent=1) + "\n").encode())


def read_record(bucket: Bucket) -> UploadRecord | None:
    """Read the record of earlier uploads.

    Parameters
    ----------
    bucket : Bucket
        Of the run.

    Returns
    -------
    UploadRecord or None
        None where nothing was uploaded.

    Raises
    ------
    InputError
        What stands there is none, or cannot be read.
    """
    text = bucket.read(RECORD, _LARGEST_BYTES)
    if text is None:
        return None
    try:
        found = json.loads(text)
        objects = {str(name): _object(one) for name, one in found["objects"].items()}
        mark = str(found["mark"])
        known = found["schema_version"] == VERSION and all(map(is_name, objects))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        known = False
    if not known:
        said = "is no record of an upload of this version; move it away, or give another address"
        raise InputError(f"{bucket.place.below(RECORD)}: {said}")
    return UploadRecord(objects, mark)


def _object(found: Mapping[str, object]) -> Object:
    size = found["size"]
    if not isinstance(size, int):
        raise TypeError
    one = Object(size=size, sha256=str(found["sha256"]))
    return Object(**one, etag=str(found["etag"])) if "etag" in found else one
