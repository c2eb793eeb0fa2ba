"""A place in a bucket: objects listed, read, written and removed, all of a file or nothing.

The library finds credentials, profile, region and proxies as AWS's own tools do. A store of one's own is named as for
scenes in ``s3://``, by GDAL's variables, or by AWS's (``AWS_ENDPOINT_URL``).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from changedet.errors import InputError
from changedet.store.bucket.address import Address
from changedet.store.bucket.content_types import content_type
from changedet.store.bucket.failures import code_of, telling

if TYPE_CHECKING:
    from botocore.config import Config

PART_BYTES: Final = 8 << 20
"""Larger files are sent in parts: one that fails costs a part, and a connection holds no more in memory."""
MOST_PARTS: Final = 10_000
"""Of one file, as S3 has it."""
AT_ONCE: Final = 4
"""Files that are under way at the same time."""
CONNECT_S: Final = 10
SILENCE_S: Final = 60
"""Without a byte a request is given up."""
TRIES: Final = 4
"""For each request, with pauses of up to 1, 2 and 4 seconds between them."""
SUM: Final = "sha256"
"""Key of the SHA-256 in an object's metadata: after a kill it shows which files are there whole."""
NO_BOTOCORE: Final = "s3:// needs botocore, which is not installed; run pip install 'changedet[s3]'"
_NO: Final = frozenset({"no", "false", "off", "0"})
_PIECE_BYTES: Final = 1 << 20
_GONE: Final = frozenset({"404", "NoSuchKey", "NotFound"})


class Stored(NamedTuple):
    """What a store says of an object."""

    size: int
    etag: str


def require_library() -> None:
    """Refuse to go on without the library that speaks to stores.

    Raises
    ------
    InputError
        It is not installed.
    """
    if find_spec("botocore") is None:
        raise InputError(NO_BOTOCORE)


class Bucket:
    """Objects below an address.

    Parameters
    ----------
    place : Address
        Names are relative to it.

    Attributes
    ----------
    place : Address
        As given.
    """

    def __init__(self, place: Address) -> None:
        require_library()
        self.place = place
        with telling(place, "cannot be reached"):
            self._client = _client()

    def _about(self, name: str) -> dict[str, str]:
        return {"Bucket": self.place.bucket, "Key": self.place.key(name)}

    def listed(self) -> dict[str, Stored]:
        """What lies below the address.

        Returns
        -------
        dict of str to Stored
            By name.
        """
        start = self.place.key("")
        found: dict[str, Stored] = {}
        with telling(self.place, "cannot be listed"):
            for page in self._pages("list_objects_v2", start):
                for one in page.get("Contents", ()):
                    found[one["Key"].removeprefix(start)] = Stored(int(one["Size"]), _etag(one))
        return found

    def _pages(self, call: str, start: str) -> Iterator[dict[str, Any]]:
        yield from self._client.get_paginator(call).paginate(Bucket=self.place.bucket, Prefix=start)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of an object, as they come.

        Parameters
        ----------
        name : str
            Of the object.

        Yields
        ------
        bytes
            Some of them.

        Raises
        ------
        InputError
            It is not there, or cannot be read.
        """
        with telling(self.place.below(name), "cannot be read"):
            body = self._client.get_object(**self._about(name))["Body"]
            try:
                yield from body.iter_chunks(_PIECE_BYTES)
            finally:
                body.close()

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """A small object.

        Parameters
        ----------
        name : str
            Of the object.
        most_bytes : int
            Of a larger one the rest is not read.

        Returns
        -------
        bytes or None
            None where it is not there.

        Raises
        ------
        InputError
            It cannot be read.
        """
        found = b""
        with telling(self.place.below(name), "cannot be read"):
            try:
                answer = self._client.get_object(**self._about(name))
            except Exception as error:
                if code_of(error) in _GONE:
                    return None
                raise
            with answer["Body"] as body:
                found = bytes(body.read(most_bytes))
        return found

    def sum_of(self, name: str) -> str:
        """The SHA-256 with which an object was written.

        Parameters
        ----------
        name : str
            Of an object that is there.

        Returns
        -------
        str
            Empty where it was not written by `write_file`.
        """
        with telling(self.place.below(name), "cannot be read"):
            return str(self._client.head_object(**self._about(name)).get("Metadata", {}).get(SUM, ""))

    def write(self, name: str, content: bytes, sha256: str = "") -> Stored:
        """Write an object from memory.

        Parameters
        ----------
        name : str
            Of the object.
        content : bytes
            All of it.
        sha256 : str
            For `sum_of`.

        Returns
        -------
        Stored
            As it is there now.
        """
        with telling(self.place.below(name), "cannot be written"):
            answer = self._client.put_object(Body=content, **self._about(name), **_described(name, sha256))
        return Stored(len(content), _etag(answer))

    def write_file(self, name: str, path: Path, size: int, sha256: str) -> Stored:
        """Write an object from a file, if the file still is what was recorded of it.

        Parameters
        ----------
        name : str
            Of the object.
        path : pathlib.Path
            The file.
        size : int
            Bytes that it has.
        sha256 : str
            Of these.

        Returns
        -------
        Stored
            As it is there now.

        Raises
        ------
        InputError
            The file is another, or the store does not take it.
        """
        if size > PART_BYTES:
            return self._write_parts(name, path, size, sha256)
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise _changed(path)
        return self.write(name, content, sha256)

    def _write_parts(self, name: str, path: Path, size: int, sha256: str) -> Stored:
        about, client = self._about(name), self._client
        with telling(self.place.below(name), "cannot be written"):
            begun = client.create_multipart_upload(**about, **_described(name, sha256))
            one = {**about, "UploadId": begun["UploadId"]}
            try:
                parts = self._parts(one, path, size, sha256)
            except BaseException:
                # Parts that nobody puts together cost what whole objects do.
                with suppress(Exception):
                    client.abort_multipart_upload(**one)
                raise
            try:
                answer = client.complete_multipart_upload(**one, MultipartUpload={"Parts": parts})
            except Exception as error:
                # The answer to an earlier try may have been lost on its way.
                if code_of(error) != "NoSuchUpload" or self.sum_of(name) != sha256:
                    raise
                answer = client.head_object(**about)
        return Stored(size, _etag(answer))

    def _parts(self, one: dict[str, str], path: Path, size: int, sha256: str) -> list[dict[str, object]]:
        step = max(PART_BYTES, -(-size // MOST_PARTS))
        digest = hashlib.sha256()
        parts: list[dict[str, object]] = []
        with path.open("rb") as stream:
            while content := stream.read(step):
                digest.update(content)
                number = len(parts) + 1
                answer = self._client.upload_part(**one, PartNumber=number, Body=content)
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        if digest.hexdigest() != sha256:
            raise _changed(path)
        return parts

    def remove(self, name: str) -> None:
        """Remove an object; one that is not there is removed already.

        Parameters
        ----------
        name : str
            Of the object.
        """
        with telling(self.place.below(name), "cannot be removed"):
            self._client.delete_object(**self._about(name))

    def remove_parts(self, names: frozenset[str]) -> None:
        """Remove what a kill left of files that were sent in parts.

        Parameters
        ----------
        names : frozenset of str
            Files that nobody else sends now.
        """
        start = self.place.key("")
        with telling(self.place, "cannot be rid of parts of files"):
            for page in self._pages("list_multipart_uploads", start):
                for one in page.get("Uploads", ()):
                    name = one["Key"].removeprefix(start)
                    if name in names:
                        self._client.abort_multipart_upload(**self._about(name), UploadId=one["UploadId"])


def _etag(answer: Mapping[str, object]) -> str:
    # Some stores put it in quotes in one answer and not in another.
    return str(answer.get("ETag", "")).strip('"')


def _changed(path: Path) -> InputError:
    return InputError(f"{path}: is not as the run wrote it; run the workflow again")


def _described(name: str, sha256: str) -> dict[str, object]:
    return {"ContentType": content_type(name), **({"Metadata": {SUM: sha256}} if sha256 else {})}


def _client() -> Any:  # noqa: ANN401 - made by the library from its description of the service
    # Imported only where it is used: it costs start-up time, and few have it.
    import botocore.session

    session = botocore.session.Session()
    region = os.environ.get("AWS_REGION") or session.get_config_variable("region") or "us-east-1"
    return session.create_client("s3", region_name=region, endpoint_url=_endpoint(), config=_config())


def _config() -> Config:
    # As above.
    from botocore import UNSIGNED
    from botocore.config import Config

    anonymous = os.environ.get("AWS_NO_SIGN_REQUEST", "no").lower() not in _NO
    path_style = os.environ.get("AWS_VIRTUAL_HOSTING", "").lower() in _NO
    return Config(
        signature_version=UNSIGNED if anonymous else "s3v4",
        connect_timeout=CONNECT_S,
        read_timeout=SILENCE_S,
        max_pool_connections=AT_ONCE,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        # Not every store knows the checksums that newer versions add; the signature covers the bytes anyway.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"payload_signing_enabled": True, "addressing_style": "path" if path_style else "auto"},
    )


def _endpoint() -> str | None:
    """A store that GDAL's variables name; what AWS's name the library finds itself."""
    named = os.environ.get("AWS_S3_ENDPOINT", "")
    if not named or "://" in named:
        return named or None
    return f"{'http' if os.environ.get('AWS_HTTPS', 'yes').lower() in _NO else 'https'}://{named}"
