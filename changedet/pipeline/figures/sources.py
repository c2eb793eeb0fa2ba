"""What a run tells to its figures: as it ends, or read back from its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, cast

import geopandas as gpd
import pandas as pd
from affine import Affine
from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError
from changedet.grid import Grid
from changedet.libraries import __version__
from changedet.outputs.figure.data import Box
from changedet.outputs.values import iso_date, mapping_at
from changedet.pipeline.collect import Results, summary_of
from changedet.pipeline.provenance import input_rows
from changedet.pipeline.published import is_compared
from changedet.pipeline.run_reader import RunReader
from changedet.plan import Plan
from changedet.store import RunFolder

LAYERS: Final = ("containers", "tracks", "changes")


@dataclass(frozen=True)
class FigureSources:
    """What a run tells to a figure.

    Attributes
    ----------
    summary : mapping
        As ``summary.json``.
    series : DataFrame
        The time series.
    layers : mapping of str to GeoDataFrame
        Those of ``containers, tracks, changes, zones`` that there are.
    inputs : sequence of mapping
        As ``inputs`` in ``run.json``: sensor, credit, licence, checksums of each date's files.
    scenes, qualities, masks : mapping of str to Path
        Rasters by ISO date, those that are there.
    software : str
        Such as ``changedet 0.1.0``.
    """

    summary: Mapping[str, object]
    series: pd.DataFrame
    layers: Mapping[str, gpd.GeoDataFrame]
    inputs: Sequence[Mapping[str, object]]
    scenes: Mapping[str, Path]
    qualities: Mapping[str, Path]
    masks: Mapping[str, Path]
    software: str

    @property
    def dates(self) -> list[str]:
        """All looks, ISO dates, sorted."""
        return sorted(iso_date(day) for day in self.series["date"].unique())

    @property
    def reference(self) -> str:
        """The reference date, ISO."""
        return iso_date(self.summary["reference_date"])

    @property
    def crs(self) -> str:
        """CRS of all shapes and rasters, ``EPSG:code`` or WKT."""
        return str(mapping_at(self.summary, "grid")["crs"])

    @property
    def transform(self) -> Affine:
        """From pixels to the CRS, north-up."""
        return Affine(*cast("Sequence[float]", mapping_at(self.summary, "grid")["transform"]))

    @property
    def site(self) -> Box:
        """The grid's extent in the CRS: west, south, east, north."""
        rows, columns = cast("Sequence[int]", mapping_at(self.summary, "grid")["shape"])
        west, north = self.transform @ (0, 0)
        east, south = self.transform @ (columns, rows)
        return west, south, east, north

    @property
    def ground_metre(self) -> float:
        """A metre on the ground in units of the CRS."""
        rows, columns = cast("Sequence[int]", mapping_at(self.summary, "grid")["shape"])
        return Grid(self.crs, self.transform, (rows, columns)).ground_metre

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
        zones = self.series["zone"].fillna("").astype(str)
        found = self.series[(zones == zone) & (self.series["date"].map(iso_date) == day)]
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
            An entry of `inputs`; empty where there is none.
        """
        return next((entry for entry in self.inputs if entry.get("date") == day), {})


def sources_of_finished(run: RunReader) -> FigureSources:
    """Read what a finished run tells to its figures.

    Parameters
    ----------
    run : RunReader

    Returns
    -------
    FigureSources
        With the rasters and layers that are still there.
    """
    folder, days = RunFolder(run.path), run.dates
    layers = {name: layer for name in LAYERS if (layer := _layer(run, name)) is not None}
    zones = run.zones
    return FigureSources(
        summary=run.summary,
        series=run.series,
        layers=layers if zones is None else {**layers, "zones": zones},
        inputs=run.provenance["inputs"],
        scenes=_existing({day: (folder.scene(day), folder.aside("picture", day)) for day in days}),
        qualities=_existing({day: (folder.quality(day), folder.aside("quality", day)) for day in days}),
        masks=_existing({day: (folder.mask(day), folder.aside("mask", day)) for day in days}),
        software=f"changedet {run.provenance['software']['changedet']}",
    )


def _layer(run: RunReader, name: str) -> gpd.GeoDataFrame | None:
    try:
        table: gpd.GeoDataFrame = getattr(run, name)
    except InputError:
        # Left out of the outputs: a figure of the pictures and the series can still be made.
        if RunFolder(run.path).objects.exists():
            raise
        return None
    return table


def _existing(paths: Mapping[date, tuple[Path, ...]]) -> dict[str, Path]:
    found = {str(day): next((path for path in several if path.exists()), None) for day, several in paths.items()}
    return {day: path for day, path in found.items() if path is not None}


def sources_of_run(plan: Plan, results: Results) -> FigureSources:
    """What a run tells to its figures as it ends.

    Parameters
    ----------
    plan : Plan
        Its passes and masks are done.
    results : Results

    Returns
    -------
    FigureSources
        Of all dates.
    """
    folder, days = plan.folder, [look.date for look in plan.looks]
    return FigureSources(
        summary=summary_of(results),
        series=results.table,
        layers={name: results.layers[name] for name in (*LAYERS, "zones") if name in results.layers},
        inputs=input_rows(plan),
        scenes=_existing({day: (folder.scene_file(day, plan.formats),) for day in days}),
        qualities=_existing({day: (folder.quality_file(day, plan.formats),) for day in days}),
        masks=_existing({day: (folder.mask_file(day, plan.formats),) for day in days if is_compared(plan, day)}),
        software=f"changedet {__version__}",
    )
