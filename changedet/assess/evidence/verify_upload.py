"""Whether an uploaded run is what was written: every byte of it is read where it lies."""

from __future__ import annotations

import hashlib

from changedet.assess.evidence.verdict import Verdict
from changedet.errors import InputError
from changedet.pipeline.custody import CUSTODY, broken_line
from changedet.store import STATE
from changedet.store.bucket.address import Address
from changedet.store.bucket.client import Bucket
from changedet.store.bucket.download import sealed_in
from changedet.store.bucket.side_by_side import side_by_side
from changedet.store.bucket.upload import SEAL
from changedet.store.bucket.upload_record import RECORD
from changedet.store.fingerprints import Fingerprint

_LARGEST_LOG_BYTES = 64 << 20
NOT_ITS_INPUTS = "the inputs; download the run to where they are, and verify it there"


def verify_upload(place: Address) -> Verdict:
    """Compare every object of an uploaded run with its seal.

    Parameters
    ----------
    place : Address
        Of the run in its bucket.

    Returns
    -------
    Verdict
        Nothing is written on this machine.

    Raises
    ------
    InputError
        There is no sealed run, or the store cannot be read.
    """
    bucket = Bucket(place)
    files, _ = sealed_in(bucket)
    there = bucket.listed()
    problems = [f"{place.below(name)}: is gone" for name in sorted(files) if name not in there]
    found = [name for name in sorted(files) if name in there]
    words = dict(side_by_side(lambda name: _difference(bucket, name, files[name], there[name].size), found))
    problems += [f"{place.below(name)}: {words[name]}" for name in found if words[name]]
    log = bucket.read(f"{STATE}/{CUSTODY}", _LARGEST_LOG_BYTES)
    line = broken_line(log) if log is not None else None
    if line is not None:
        said = "does not follow from the line before; the log was altered"
        problems.append(f"{place.below(f'{STATE}/{CUSTODY}')}:{line}: {said}")
    others = sorted(set(there) - set(files) - {SEAL, RECORD})
    notes = [NOT_ITS_INPUTS, *([f"objects that no run wrote: {', '.join(others)}"] if others else [])]
    return Verdict(str(place), sum(not said for said in words.values()), tuple(problems), tuple(notes))


def _difference(bucket: Bucket, name: str, entry: Fingerprint, size: int) -> str:
    if size != entry.get("size"):
        return f"has {size} bytes, {entry.get('size')} were written"
    digest, left = hashlib.sha256(), size
    try:
        for piece in bucket.pieces(name):
            digest.update(piece)
            left -= len(piece)
            if left < 0:
                break
    except InputError as error:
        return error.problems[0].message.removeprefix(f"{bucket.place.below(name)}: ")
    return "" if digest.hexdigest() == entry.get("sha256") else "has the size but not the bytes that were written"
