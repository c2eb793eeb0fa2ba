"""What a run tells to its report, its figures and its time-lapses: as it ends, or read back from its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from changedet.grid import Grid
from changedet.outputs.values import iso_date, iso_dates, rows_of
from changedet.pipeline.collect import Results, summary_of
from changedet.pipeline.kept_records import record_of
from changedet.pipeline.run_reader import RunReader
from changedet.plan import Plan
from changedet.store import RunFolder

LAYERS: Final = ("containers", "tracks", "changes")
"""What ``objects.gpkg`` holds in any case, of what is drawn."""


@dataclass(frozen=True)
class RunSources:
    """What a run tells.

    Attributes
    ----------
    summary : mapping
        As ``summary.json``.
    series : DataFrame
        The time series.
    record : mapping
        As ``run.json``.
    layers : mapping of str to GeoDataFrame
        Those of ``objects.gpkg`` that there are.
    scenes, qualities, masks : mapping of str to Path
        Rasters by ISO date, those that are there.
    """

    summary: Mapping[str, object]
    series: pd.DataFrame
    record: Mapping[str, Any]
    layers: Mapping[str, gpd.GeoDataFrame]
    scenes: Mapping[str, Path]
    qualities: Mapping[str, Path]
    masks: Mapping[str, Path]

    @property
    def dates(self) -> list[str]:
        """All looks, ISO dates, sorted."""
        return sorted(iso_date(day) for day in self.series["date"].unique())

    @property
    def reference(self) -> str:
        """The reference date, ISO."""
        return iso_date(self.summary["reference_date"])

    @cached_property
    def grid(self) -> Grid:
        """Of all shapes and rasters."""
        return Grid.from_json(self.record["grid"])

    @property
    def software(self) -> str:
        """Such as ``changedet 0.1.0``."""
        return f"changedet {self.record['software']['changedet']}"

    @property
    def zones(self) -> list[tuple[str, BaseGeometry]]:
        """Name and shape of each zone of the workflow."""
        table = self.layers.get("zones")
        return [] if table is None else list(zip(table["name"].astype(str), table.geometry, strict=True))

    def row(self, day: str, zone: str = "") -> Mapping[str, object]:
        """A row of the time series.

        Parameters
        ----------
        day : str
            ISO date.
        zone : str
            Its name; empty for the site.

        Returns
        -------
        mapping
            Empty where there is none.
        """
        found = rows_of(self.series, zone)
        found = found[iso_dates(found["date"]) == day]
        return {} if not len(found) else {str(key): value for key, value in found.iloc[0].items()}

    def source_of(self, day: str) -> Mapping[str, object]:
        """Where a date's pixels come from.

        Parameters
        ----------
        day : str
            ISO date.

        Returns
        -------
        mapping
            An entry of ``inputs`` in ``run.json``: sensor, credit, licence, checksums of its files; empty where there
            is none.
        """
        return next((entry for entry in self.record["inputs"] if entry.get("date") == day), {})


def sources_of_finished(run: RunReader, others: Iterable[str] = ()) -> RunSources:
    """Read what a finished run tells.

    Parameters
    ----------
    run : RunReader
    others : iterable of str
        Layers that not every run has and that are wanted beside `LAYERS` and ``zones``.

    Returns
    -------
    RunSources
        With the rasters and layers that are still there.
    """
    folder, days = run.folder, run.dates
    # Left out of the outputs: the pictures and the series can still be shown.
    layers = {name: run.layer(name) for name in LAYERS} if folder.objects.exists() else {}
    more = {name: run.optional_layer(name) for name in ("zones", *others)}
    layers |= {name: layer for name, layer in more.items() if layer is not None}
    rasters = _rasters(folder, frozenset(run.formats), days, days)
    return RunSources(run.summary, run.series, run.provenance, layers, *rasters)


def sources_of_run(plan: Plan, results: Results) -> RunSources:
    """What a run tells as it ends.

    Parameters
    ----------
    plan : Plan
        Its passes and masks are done, and ``run.json`` is written.
    results : Results

    Returns
    -------
    RunSources
        Of all dates.
    """
    rasters = _rasters(plan.folder, plan.formats, plan.dates, plan.compared_dates)
    return RunSources(summary_of(results), results.table, record_of(plan.folder.provenance), results.layers, *rasters)


def _rasters(
    folder: RunFolder, formats: frozenset[str], days: Sequence[date], compared: Sequence[date]
) -> tuple[dict[str, Path], dict[str, Path], dict[str, Path]]:
    """Scenes, qualities and masks that are there, by ISO date."""
    scenes = {str(day): folder.scene_file(day, formats) for day in days}
    qualities = {str(day): folder.quality_file(day, formats) for day in days}
    masks = {str(day): folder.mask_file(day, formats) for day in compared}
    return _existing(scenes), _existing(qualities), _existing(masks)


def _existing(paths: Mapping[str, Path]) -> dict[str, Path]:
    return {day: path for day, path in paths.items() if path.exists()}
