"""The custody log: what was taken in, when, from where, under which licence; lines are added and never altered.

Each line holds the SHA-256 of the line before, so that nothing can be taken out or put in between without being seen.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from changedet.imagery.look import Look
from changedet.json_types import JsonLike
from changedet.libraries import __version__
from changedet.plan import Plan
from changedet.store import RunFolder, identity, sha256
from changedet.store.files import write_bytes

CUSTODY: Final = "custody.jsonl"
"""Its name among the records, and in a pack."""

LARGEST_COPY_BYTES: Final = 4 << 20
"""Larger workflow files, areas and zones are not copied."""

DOCUMENTS_STEP: Final = "inputs:documents"
"""Under this name the kept workflow file is recorded."""


def log_inputs(plan: Plan, sums: Mapping[str, str]) -> None:
    """Add what a run takes in and no earlier one took.

    Parameters
    ----------
    plan : Plan
        Of the run.
    sums : mapping of str to str
        SHA-256 of its scenes' files, by path.
    """
    path = plan.folder.state / CUSTODY
    lines = path.read_bytes().splitlines() if path.exists() else []
    known = {_what(row) for row in map(_parsed, lines)}
    rows = [row for row in [*_documents(plan), *_scenes(plan, sums)] if _what(row) not in known]
    if not rows:
        return
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    last = lines[-1] if lines else b""
    with path.open("ab") as stream:
        for row in rows:
            whole = {"when": now, **row, "changedet": __version__, "before": hashlib.sha256(last).hexdigest()}
            last = json.dumps(whole, ensure_ascii=False).encode()
            stream.write(last + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def broken_line(log: bytes) -> int | None:
    """The first line of a custody log that does not follow from the one before.

    Parameters
    ----------
    log : bytes
        All of it.

    Returns
    -------
    int or None
        From 1; None where the chain holds.
    """
    last = b""
    for number, line in enumerate(log.splitlines(), 1):
        if _parsed(line).get("before") != hashlib.sha256(last).hexdigest():
            return number
        last = line
    return None


def copies_of_documents(folder: RunFolder) -> Path:
    """Name the folder in which the workflow file, the area and the zones of a run are kept as they were.

    Parameters
    ----------
    folder : RunFolder

    Returns
    -------
    Path
        Among the records.
    """
    return folder.state / "workflow"


def document_files(plan: Plan) -> dict[str, Path]:
    """List the workflow file, the area and the zones, as far as they are files.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    dict of str to Path
        By what they are.
    """
    site = plan.workflow.site
    area = site.aoi.path if site.aoi is not None else None
    named = {"workflow": plan.workflow.path, "area": area, "zones": site.zones, "ais": plan.workflow.ais}
    found = {what: Path(path) for what, path in named.items() if path}
    return {what: path for what, path in found.items() if path.is_file()}


def keep_documents(plan: Plan) -> None:
    """Keep the workflow file, the area and the zones beside the records, for whoever asks later.

    Parameters
    ----------
    plan : Plan
    """
    kept = copied_documents(plan)
    texts = {copy: path.read_bytes() for copy, path in kept.items()}
    plan.folder.once(DOCUMENTS_STEP, _identity(texts), list(kept), lambda: _copy(texts))


def copied_documents(plan: Plan) -> dict[Path, Path]:
    """List the copies that `keep_documents` makes.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    dict of Path to Path
        From the copy to what it is a copy of.
    """
    into = copies_of_documents(plan.folder)
    files = {path.name: path for path in reversed(document_files(plan).values())}
    small = {name: path for name, path in files.items() if path.stat().st_size <= LARGEST_COPY_BYTES}
    return {into / name: path for name, path in small.items()}


def _copy(texts: Mapping[Path, bytes]) -> None:
    for path, text in texts.items():
        write_bytes(path, text)


def _identity(texts: Mapping[Path, bytes]) -> str:
    return identity("documents", {path.name: hashlib.sha256(text).hexdigest() for path, text in texts.items()})


def _parsed(line: bytes) -> dict[str, JsonLike]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _what(row: Mapping[str, JsonLike]) -> tuple[JsonLike, ...]:
    return tuple(row.get(name) for name in ("what", "date", "file", "sha256", "licence", "credit"))


def _documents(plan: Plan) -> list[dict[str, JsonLike]]:
    rows: list[dict[str, JsonLike]] = []
    for what, path in document_files(plan).items():
        rows.append({"what": what, "file": path.name, "sha256": sha256(path), "bytes": path.stat().st_size})
    return rows


def _scenes(plan: Plan, sums: Mapping[str, str]) -> list[dict[str, JsonLike]]:
    return [row for look in plan.looks for row in _scene_rows(look, sums)]


def _scene_rows(look: Look, sums: Mapping[str, str]) -> list[dict[str, JsonLike]]:
    rows: list[dict[str, JsonLike]] = []
    for scene in look.scenes:
        said = scene.attribution
        words: dict[str, JsonLike] = {"sensor": said.sensor, "credit": said.credit, "licence": said.licence}
        about: dict[str, JsonLike] = {"what": "scene", "date": str(scene.date)}
        for name in scene.files:
            size = Path(name).stat().st_size
            rows.append({**about, "file": Path(name).name, "sha256": sums[name], "bytes": size, "source": "", **words})
        for path in (path for path, raster in scene.rasters.items() if not raster.files):
            host = urlsplit(path).hostname or ""
            rows.append(
                {
                    **about,
                    "file": Path(urlsplit(path).path).name,
                    "sha256": None,
                    "bytes": None,
                    "source": host,
                    **words,
                }
            )
    return rows
