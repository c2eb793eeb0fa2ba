"""The evidence pack: a run in one zip, described, hashed, with relative paths; the same run gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from changedet.assess.evidence.crate import METADATA, Packed, crate
from changedet.assess.evidence.quality import quality_report, unused_scenes
from changedet.assess.evidence.verify_run import OUTDATED, outdated_figures, verify_run
from changedet.errors import InputError, Problem
from changedet.json_types import JsonLike
from changedet.outputs.json_files import dumps
from changedet.pipeline.custody import CUSTODY, copies_of_documents
from changedet.pipeline.finished import Run, open_run
from changedet.store import STATE, RunFolder, sha256
from changedet.store.files import replacing
from changedet.store.layout import is_run_step
from changedet.store.seal import sealed_files
from changedet.store.step_records import read_record

MANIFEST: Final = "manifest-sha256.txt"
"""As ``sha256sum -c`` reads it."""

FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)
"""Of every entry: when a file was packed is not what it holds."""

PIECE_BYTES: Final = 1 << 20
_STORED: Final = (".tif", ".png", ".jpg", ".gif", ".mp4", ".qgz", ".zip")
"""Compressed already."""

_ABOUT: Final = {
    CUSTODY: "custody log: what was taken in, when, SHA-256, source, licence; each line hashes the one before",
    "quality.json": "quality report in the terms of ISO 19157",
    "not_used.csv": "scenes that were not used, or in part only, and why",
    "results/run.json": "provenance: methods and why, inputs with checksums, statistics, versions",
    "results/summary.json": "what was found, in short",
    "results/report.html": "the report",
    "results/timeseries.csv": "figures by date and zone, with 95 % intervals",
    "results/objects.gpkg": "containers, tracks, footprints, changes",
}


@dataclass(frozen=True)
class Content:
    """What goes into a pack.

    Attributes
    ----------
    files : mapping of str to (Path or bytes)
        By path in the pack.
    left_out : tuple of str
        What does not, and why.
    """

    files: Mapping[str, Path | bytes]
    left_out: tuple[str, ...]


def pack_run(
    run_dir: str | Path, out: str | Path | None = None, *, with_scenes: bool = False
) -> tuple[Path, list[str]]:
    """Pack a finished run.

    Parameters
    ----------
    run_dir : path
        The run folder.
    out : path, optional
        The zip; by default beside the run folder, with its name.
    with_scenes : bool
        Whether the aligned scenes come along, those excepted whose licence forbids it.

    Returns
    -------
    path : Path
        The zip.
    left_out : list of str
        What is not in it, and why.

    Raises
    ------
    InputError
        The run is not finished, or a file of it is not as it was written; or the zip's place is taken by something
        else.
    """
    finished = open_run(run_dir)
    folder = finished.folder
    # Figures of an earlier result are left out.
    problems = [words for words in verify_run(folder.path).problems if not words.endswith(OUTDATED)]
    if problems:
        raise InputError([Problem(words) for words in problems])
    path = Path(out) if out is not None else folder.path.resolve().parent / f"{folder.path.resolve().name}-evidence.zip"
    if path.exists() and not zipfile.is_zipfile(path):
        raise InputError(f"{path}: exists and is no pack; choose another place with -o")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder '{path.parent}'; make it first")
    content = _content(finished, folder, with_scenes=with_scenes)
    with replacing(path) as part:
        _write(part, finished, content)
    return path, list(content.left_out)


def _content(finished: Run, folder: RunFolder, *, with_scenes: bool) -> Content:
    hidden = {str(row["date"]) for row in finished.provenance["inputs"] if not row.get("show_pixels", True)}
    files: dict[str, Path | bytes] = {}
    left_out: list[str] = []
    older = _older(folder)
    for name in sorted(sealed_files(folder) or {}):
        if name.startswith(f"{STATE}/"):
            continue
        if name in older:
            left_out.append(f"{name}: is older than the run's results; make it again")
            continue
        day = Path(name).name[:10]
        if name.startswith("scenes/") and not (with_scenes and day not in hidden):
            why = "its licence forbids to show it" if day in hidden else "scenes come with --with-scenes"
            left_out += [f"{name}: {why}"] if name.endswith(".tif") else []
            continue
        files[f"results/{name}"] = folder.path / name
    for path in sorted(copies_of_documents(folder).glob("*")):
        files[f"workflow/{path.name}"] = path
    if (folder.state / CUSTODY).is_file():
        files[CUSTODY] = folder.state / CUSTODY
    files["quality.json"] = f"{dumps(quality_report(finished))}\n".encode()
    files["not_used.csv"] = unused_scenes(finished).encode()
    return Content(files, tuple(left_out))


def _older(folder: RunFolder) -> set[str]:
    """Figures and reviews that were made before the run was last carried out: they may show other results."""
    known = folder.recorded()
    last = known.get(folder.summary.name, {}).get("mtime_ns", 0)
    records = [path for path in sorted((folder.state / "steps").glob("*.json")) if not is_run_step(path.stem)]
    names = [name for path in records if (record := read_record(path)) for name in record["files"]]
    return {*outdated_figures(folder), *(name for name in names if known.get(name, {}).get("mtime_ns", 0) < last)}


def _write(part: Path, finished: Run, content: Content) -> None:
    packed = [_packed(name, content.files[name]) for name in sorted(content.files)]
    record = finished.provenance
    named = f"workflow/{record['workflow']['file']}"
    site = record["workflow"]["site"]
    described = crate(
        record,
        packed,
        workflow=named if named in content.files else "",
        began=_began(content),
        place=str(site.get("place") or ""),
    )
    metadata = f"{json.dumps(described, indent=1, ensure_ascii=False, allow_nan=False)}\n".encode()
    sums = {one.name: one.sha256 for one in packed} | {METADATA: hashlib.sha256(metadata).hexdigest()}
    manifest = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode()
    with zipfile.ZipFile(part, "w") as archive:
        _add(archive, METADATA, metadata)
        for one in packed:
            _add(archive, one.name, content.files[one.name])
        _add(archive, MANIFEST, manifest)


def _packed(name: str, held: Path | bytes) -> Packed:
    size = len(held) if isinstance(held, bytes) else held.stat().st_size
    digest = hashlib.sha256(held).hexdigest() if isinstance(held, bytes) else sha256(held)
    return Packed(name, size, digest, _ABOUT.get(name, ""))


def _add(archive: zipfile.ZipFile, name: str, held: Path | bytes) -> None:
    entry = zipfile.ZipInfo(name, FIRST_DAY)
    entry.create_system, entry.external_attr = 3, 0o644 << 16
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(_STORED) else zipfile.ZIP_DEFLATED
    entry.file_size = len(held) if isinstance(held, bytes) else held.stat().st_size
    with archive.open(entry, "w") as stream:
        for piece in _pieces(held):
            stream.write(piece)


def _pieces(held: Path | bytes) -> Iterator[bytes]:
    if isinstance(held, bytes):
        yield held
        return
    with held.open("rb") as stream:
        while piece := stream.read(PIECE_BYTES):
            yield piece


def _began(content: Content) -> str:
    """When the run took in its last input."""
    log = content.files.get(CUSTODY)
    lines = log.read_bytes().splitlines() if isinstance(log, Path) else []
    rows: list[dict[str, JsonLike]] = [json.loads(line) for line in lines]
    return str(rows[-1]["when"]) if rows else "1980-01-01T00:00:00+00:00"
