"""The run folder: what each file is called, which steps are done, and what nobody may overwrite.

A step is recorded after its files are in place, with the identity of all that it depends on. What is recorded under
another identity, or whose files are gone, is not done. Nothing is ever taken for finished because a file exists.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely
import xarray as xr

from changedet.errors import ChangedetError, InputError, Problem

STATE = ".changedet"
SCHEMA_VERSION: Final = 1
"""Of ``summary.json``."""


def identity(*parts: Any) -> str:
    """A short digest of JSON-able parts; equal parts give equal digests on every machine."""
    text = json.dumps(parts, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True)
class RunFolder:
    """Names and records of one site's run folder.

    Attributes
    ----------
    path : Path
        ``<outputs.dir>/<site.id>``.
    """

    path: Path

    @property
    def state(self) -> Path:
        return self.path / STATE

    def mask(self, day: date) -> Path:
        return self.path / "change" / f"{day.isoformat()}_mask.tif"

    def score(self, day: date) -> Path:
        return self.path / "change" / f"{day.isoformat()}_score.tif"

    @property
    def first_change(self) -> Path:
        return self.path / "change" / "first_change.tif"

    def scene(self, day: date) -> Path:
        return self.path / "scenes" / f"{day.isoformat()}.tif"

    def first_change_file(self, formats: frozenset[str]) -> Path:
        """Where the first change lies: among the results where masks are wanted, else kept aside."""
        return self.first_change if "masks" in formats else self.state / "first_change.tif"

    @property
    def objects(self) -> Path:
        return self.path / "objects.gpkg"

    @property
    def timeseries(self) -> Path:
        return self.path / "timeseries.csv"

    @property
    def summary(self) -> Path:
        return self.path / "summary.json"

    @property
    def project(self) -> Path:
        return self.path / "project.qgz"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def stac(self) -> Path:
        return self.path / "stac"

    @property
    def provenance(self) -> Path:
        return self.path / "run.json"

    def quality(self, day: date) -> Path:
        """Why each pixel of a date is usable or not: kept for tracks, counts and a later resume."""
        return self.state / "quality" / f"{day.isoformat()}.gtif"

    def aside(self, name: str, day: date) -> Path:
        """A raster of a date that is needed but was not asked for."""
        return self.state / name / f"{day.isoformat()}.gtif"

    def model(self, day: date) -> Path:
        return self.state / "model" / f"{day.isoformat()}.json"

    def table(self, name: str, day: date) -> Path:
        return self.state / name / f"{day.isoformat()}.json"

    def _record_path(self, step: str) -> Path:
        return self.state / "steps" / f"{step.replace(':', '_')}.json"

    def record(self, step: str) -> dict[str, Any] | None:
        """What was recorded for a step, or None; a torn or foreign record counts as none."""
        try:
            found = json.loads(self._record_path(step).read_text())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and isinstance(found.get("files"), dict) else None

    def is_done(self, step: str, wanted: str) -> bool:
        """Whether a step was finished with this identity and its files are as it left them."""
        found = self.record(step)
        if found is None or found.get("identity") != wanted:
            return False
        return all(_is_untouched(self.path / name, entry) for name, entry in found["files"].items())

    def finish(self, step: str, done: str, files: Iterable[Path]) -> None:
        """Record a step as done; the last thing that it does. Of `files` those that it has written."""
        entries = {self._name(path): _fingerprint(path) for path in files if path.exists()}
        write_json(self._record_path(step), {"identity": done, "files": entries})

    def once(self, step: str, wanted: str, files: Sequence[Path], write: Callable[[], None]) -> bool:
        """Write a step's files unless it is done; True where it was done now.

        Until the step is recorded its files count as its own in whatever state: a run that was killed between a file
        and its record must be able to go on.
        """
        if self.is_done(step, wanted):
            return False
        self.begin(step, files)
        write()
        self.finish(step, wanted, files)
        return True

    def begin(self, step: str, files: Sequence[Path]) -> None:
        """Note what a step is about to write."""
        unfinished = {self._name(path): {"unfinished": True} for path in files}
        write_json(self._record_path(step), {"identity": None, "files": unfinished})

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.path))

    def recorded(self) -> dict[str, dict[str, Any]]:
        """Every file that earlier runs wrote, with its fingerprint."""
        found: dict[str, dict[str, Any]] = {}
        for path in sorted((self.state / "steps").glob("*.json")):
            try:
                found.update(json.loads(path.read_text())["files"])
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return found

    def guard(self, wanted: Sequence[Path]) -> None:
        """Refuse to replace what no earlier run wrote, or what somebody edited since, and to write beyond the folder.

        Raises
        ------
        InputError
            Names every such file.
        """
        recorded = self.recorded()
        foreign = "exists and was not written by changedet; move it away or choose another --out"
        edited = "was changed by hand since the run wrote it; move it away, then run again"
        out = "is a link out of the run folder; remove it, then run again"
        own = self.path.resolve()
        places = sorted({self.state, *self.state.glob("*/"), *(path.parent for path in wanted)})
        problems = [Problem(out, file=str(place)) for place in places if not place.resolve().is_relative_to(own)]
        for path in wanted if not problems else ():
            entry = recorded.get(self._name(path))
            if path.exists() and (entry is None or not _is_untouched(path, entry)):
                problems.append(Problem(edited if entry else foreign, file=str(path)))
        if problems:
            raise InputError(problems)

    def clear(self) -> None:
        """Start over: forget all steps and remove the files that earlier runs wrote and nobody changed."""
        for name, entry in self.recorded().items():
            path = self.path / name
            if path.is_file() and _is_untouched(path, entry):
                path.unlink()
        shutil.rmtree(self.state, ignore_errors=True)

    @contextmanager
    def locked(self, *, is_new: bool) -> Iterator[None]:
        """Hold the folder: two runs in one folder would spoil each other's files.

        A new folder in which the input proved wrong before any result was there is taken away again.
        """
        made = [folder for folder in self.path.parents if not folder.exists()]
        try:
            self.state.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            said = f"{self.path}: cannot be made ({error.strerror}); give another outputs.dir or --out"
            raise InputError(said) from error
        # Appended to, not emptied: what stands there under this name may be a link.
        with (self.state / "lock").open("a") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                message = f"{self.path}: another run is at work in this folder; wait for it or choose another --out"
                raise ChangedetError(message) from None
            try:
                yield
            except InputError:
                if is_new and all(path.is_dir() or self.state in path.parents for path in self.path.rglob("*")):
                    shutil.rmtree(self.path)
                    for folder in made:
                        with suppress(OSError):
                            folder.rmdir()
                raise


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON so that a kill at any moment leaves the old file or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    part.write_text(json.dumps(value, indent=1, allow_nan=False, default=str) + "\n")
    part.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text())
    if not isinstance(value, dict):
        raise ChangedetError(f"{path}: not a record of changedet; run again with --fresh")
    return value


def _fingerprint(path: Path) -> dict[str, Any]:
    status = path.stat()
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": sha256(path)}


def _is_untouched(path: Path, entry: Mapping[str, Any]) -> bool:
    if entry.get("unfinished"):
        return True
    try:
        status = path.stat()
    except OSError:
        return False
    if status.st_size != entry.get("size"):
        return False
    # A copy or a checkout renews the times and leaves the bytes: only then is the digest worth its cost.
    return status.st_mtime_ns == entry.get("mtime_ns") or sha256(path) == entry.get("sha256")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Keep a table, with its geometries if any, as JSON: exact, and safe to read from a folder of unknown origin."""
    columns: dict[str, Any] = {}
    crs = None
    for name in table.columns:
        values = table[name]
        if name == "geometry":
            crs = values.crs.to_wkt() if values.crs is not None else None
            columns[name] = [shape.wkb_hex for shape in values]
        else:
            columns[name] = [
                None if value is None or value is pd.NA or value != value else value for value in values.tolist()
            ]
    write_json(path, {"crs": crs, "columns": columns})


def read_table(path: Path) -> Any:
    """What `write_table` kept: a GeoDataFrame where it has geometries."""
    kept = read_json(path)
    columns = dict(kept["columns"])
    shapes = columns.pop("geometry", None)
    if shapes is None:
        return pd.DataFrame(columns)
    return gpd.GeoDataFrame(columns, geometry=shapely.from_wkb(shapes), crs=kept["crs"])


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    path : Path
        The run folder.
    summary : dict
        ``summary.json``.
    """

    path: Path
    summary: dict[str, Any]

    @property
    def dates(self) -> list[date]:
        """All dates, sorted."""
        with _as_written(RunFolder(self.path).summary):
            return [date.fromisoformat(text) for text in self.summary["dates"]]

    @property
    def provenance(self) -> dict[str, Any]:
        """``run.json``."""
        return _record(RunFolder(self.path).provenance)

    @property
    def series(self) -> pd.DataFrame:
        """``timeseries.csv``: one row a date, and one a date and zone; NA for what cannot be had."""
        from changedet.outputs.tables import read_timeseries

        path = self._existing(RunFolder(self.path).timeseries, "tables")
        with _as_written(path):
            return read_timeseries(path)

    @property
    def containers(self) -> gpd.GeoDataFrame:
        """One row a detection."""
        return self._layer("containers")

    @property
    def tracks(self) -> gpd.GeoDataFrame:
        """One row a track."""
        return self._layer("tracks")

    @property
    def footprint(self) -> gpd.GeoDataFrame:
        """One row a date."""
        return self._layer("footprint")

    @property
    def changes(self) -> gpd.GeoDataFrame:
        """One row a changed region and date."""
        return self._layer("changes")

    @property
    def zones(self) -> gpd.GeoDataFrame | None:
        """The zones; None where the workflow names none."""
        return self._optional("zones")

    @property
    def ground(self) -> gpd.GeoDataFrame | None:
        """One row a date and kind of ground that the footprint bears; None where kinds cannot be told."""
        return self._optional("ground")

    @property
    def trains(self) -> gpd.GeoDataFrame | None:
        """One row a train and date; None where no zone is a siding."""
        return self._optional("trains")

    def mask(self, day: date | str) -> xr.DataArray:
        """A date's mask, lazy: uint8 ``(y, x)``, 0 unchanged, 1 changed, 255 no data."""
        return self._raster(RunFolder(self.path).mask(_day(day)), "masks")

    def score(self, day: date | str) -> xr.DataArray:
        """A date's change score, lazy: float32 ``(y, x)``, NaN for no data."""
        return self._raster(RunFolder(self.path).score(_day(day)), "scores")

    def scene(self, day: date | str) -> xr.DataArray:
        """A date's aligned and normalised picture, lazy: ``(band, y, x)``."""
        return self._raster(RunFolder(self.path).scene(_day(day)), "scenes")

    def _layer(self, name: str) -> gpd.GeoDataFrame:
        from changedet.outputs.vectors import read_objects

        path = self._existing(RunFolder(self.path).objects, "objects")
        with _as_written(path):
            return read_objects(path, name)

    def _optional(self, name: str) -> gpd.GeoDataFrame | None:
        from changedet.outputs.vectors import has_layer

        path = RunFolder(self.path).objects
        with _as_written(path):
            there = path.exists() and has_layer(path, name)
        return self._layer(name) if there else None

    def _raster(self, path: Path, kind: str) -> xr.DataArray:
        from changedet.outputs.rasters import open_lazily

        return open_lazily(self._existing(path, kind))

    def _existing(self, path: Path, kind: str) -> Path:
        if not path.exists():
            raise InputError(
                f"{path}: no such file; was the run made with '{kind}' in outputs.formats, and of that date?"
            )
        return path


def _day(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


def open_run(path: str | Path) -> Run:
    """Open a finished run.

    Raises
    ------
    InputError
        The folder holds none.
    """
    folder = RunFolder(Path(path))
    if not folder.summary.is_file():
        raise InputError(f"{path}: no finished run here (no readable summary.json); give a run folder")
    summary = _record(folder.summary)
    if summary.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
        got = str(summary["schema_version"])[:20]
        raise InputError(f"{folder.summary}: is of version {got}, expected {SCHEMA_VERSION}; run the workflow again")
    return Run(folder.path, summary)


class _Record(dict[str, Any]):
    """A record of a run; what is not in it is missing from its file."""

    def __init__(self, path: Path, content: Mapping[str, Any]) -> None:
        super().__init__(content)
        self.path = path

    def __missing__(self, key: str) -> Any:
        raise InputError(f"{self.path}: has no '{key}', as changedet writes it; run the workflow again")


def _record(path: Path) -> dict[str, Any]:
    with _as_written(path):
        content = json.loads(path.read_text())
        if not isinstance(content, dict):
            raise TypeError("no mapping")
    return _Record(path, content)


@contextmanager
def _as_written(path: Path) -> Iterator[None]:
    """Make one line that names the file of whatever is wrong with it."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        detail = " ".join(str(error).replace(str(path), "").split())[:120]
        raise InputError(f"{path}: is not as changedet wrote it ({detail}); run the workflow again") from error
