"""The files of a finished run, read on access; one that is not as it was written is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from changedet.errors import InputError
from changedet.grid import Grid
from changedet.outputs.gpkg.vector_layers import has_layer, read_objects
from changedet.outputs.rasters.lazy_arrays import open_lazily, with_flags
from changedet.outputs.tables import read_timeseries
from changedet.outputs.values import iso_dates, mapping_at
from changedet.pipeline.kept_records import as_written, record_of
from changedet.stages.image_inputs import as_image
from changedet.store import RunFolder

if TYPE_CHECKING:
    import xarray as xr

Day = date | str | np.datetime64
"""A date as people write it or tables hold it, pandas' stamps among them."""


@dataclass(frozen=True)
class RunReader:
    """The files of a finished run: what `Run` is without its views, for what makes those.

    Attributes
    ----------
    path : Path
        The run folder.
    summary : dict
        ``summary.json``.
    """

    path: Path
    summary: dict[str, Any] = field(repr=False)

    @property
    def folder(self) -> RunFolder:
        """Its files."""
        return RunFolder(self.path)

    @property
    def dates(self) -> list[date]:
        """All dates, sorted."""
        with as_written(self.folder.summary):
            return [date.fromisoformat(text) for text in self.summary["dates"]]

    @property
    def provenance(self) -> dict[str, Any]:
        """What the run was made of and how, as ``run.json`` has it."""
        return record_of(self.folder.provenance)

    @property
    def grid(self) -> Grid:
        """Of all rasters and layers."""
        return Grid.from_json(self.provenance["grid"])

    @property
    def formats(self) -> tuple[str, ...]:
        """The workflow's ``outputs.formats``; masks where the run's record does not say."""
        found = mapping_at(self.provenance, "workflow", "outputs").get("formats")
        return tuple(str(name) for name in found) if isinstance(found, list) else ("masks",)

    @property
    def series(self) -> pd.DataFrame:
        """``timeseries.csv``: one row a date, and one a date and zone; NA for what cannot be had."""
        path = self._existing(self.folder.timeseries, "tables")
        with as_written(path):
            return _of_all_looks(read_timeseries(path), self.summary["dates"])

    @property
    def containers(self) -> gpd.GeoDataFrame:
        """The counted boxes, one row a detection."""
        return self.layer("containers")

    @property
    def tracks(self) -> gpd.GeoDataFrame:
        """The boxes followed over the dates, one row a track."""
        return self.layer("tracks")

    @property
    def footprint(self) -> gpd.GeoDataFrame:
        """The footprints, one row a date."""
        return self.layer("footprint")

    @property
    def changes(self) -> gpd.GeoDataFrame:
        """The changed regions, one row a region and date."""
        return self.layer("changes")

    @property
    def not_seen(self) -> gpd.GeoDataFrame | None:
        """What each date does not show, one row a date and reason; None where every date shows all of the site."""
        return self.optional_layer("not_seen")

    @property
    def zones(self) -> gpd.GeoDataFrame | None:
        """The zones of the workflow; None where it names none."""
        return self.optional_layer("zones")

    @property
    def ground(self) -> gpd.GeoDataFrame | None:
        """What the footprints bear, one row a date and kind of ground; None where kinds are not distinguished."""
        return self.optional_layer("ground")

    @property
    def trains(self) -> gpd.GeoDataFrame | None:
        """The trains on sidings, one row a train and date; None where no zone is a siding."""
        return self.optional_layer("trains")

    @property
    def ships(self) -> gpd.GeoDataFrame | None:
        """The ships at berths and afloat, one row a ship and date; None where they were not looked for."""
        return self.optional_layer("ships")

    def mask(self, day: Day) -> xr.DataArray:
        """Open a date's mask.

        Parameters
        ----------
        day : date or str or numpy.datetime64
            Of the run, and not its reference.

        Returns
        -------
        uint8 (y, x)
            Lazy; 0 unchanged, 1 changed, 255 not observed, as ``flag_meanings`` says.

        Raises
        ------
        InputError
            The run has no such date, or it is the reference's.
        """
        return with_flags(self._raster(self.folder.mask(self._compared(day)), "masks"), "mask")

    def score(self, day: Day) -> xr.DataArray:
        """Open a date's change score.

        Parameters
        ----------
        day : date or str or numpy.datetime64
            Of the run, and not its reference.

        Returns
        -------
        float32 (y, x)
            Lazy; higher is more change, NaN is no data.

        Raises
        ------
        InputError
            The run has no such date, or it is the reference's.
        """
        found = self._raster(self.folder.score(self._compared(day)), "scores")
        return found.rename("score").assign_attrs(units="1")

    def quality(self, day: Day) -> xr.DataArray:
        """Open the raster that says why each pixel of a date is seen or not.

        Parameters
        ----------
        day : date or str or numpy.datetime64
            Of the run; its reference date too.

        Returns
        -------
        uint8 (y, x)
            Lazy; 0 clear, 1 no data, 2 saturated, 3 cloud, 4 cloud shadow, 5 snow, 6 haze, 7 masked, 8 dark shade, 9
            snow in patches, 10 grey picture among colours.

        Raises
        ------
        InputError
            The run has no such date.
        """
        return with_flags(self._raster(self.folder.quality(self._day(day)), "masks"), "quality")

    def scene(self, day: Day) -> xr.DataArray:
        """Open a date's aligned and normalised scene.

        Parameters
        ----------
        day : date or str or numpy.datetime64
            Of the run.

        Returns
        -------
        float32 (band, y, x)
            Lazy; as the plain functions, such as `change_score`, take it; NaN is no data.

        Raises
        ------
        InputError
            The run has no such date.
        """
        return as_image(self._raster(self.folder.scene(self._day(day)), "scenes"), "scene").rename("scene")

    def _day(self, day: Day) -> date:
        try:
            # Tables hold stamps, UTC; numpy's dates become one too.
            found = pd.Timestamp(day).date() if isinstance(day, datetime | np.datetime64) else day
            found = date.fromisoformat(found) if isinstance(found, str) else found
        except ValueError:
            raise InputError(f"'{day}' is no date, expected one such as 2023-06-04") from None
        if found not in self.dates:
            raise InputError(f"{self.path}: has no date {found}, only {', '.join(map(str, self.dates))}")
        return found

    def _compared(self, day: Day) -> date:
        found = self._day(day)
        if str(found) == self.summary["reference_date"]:
            raise InputError(f"{self.path}: {found} is the reference date, which is compared with nothing")
        return found

    def layer(self, name: str) -> gpd.GeoDataFrame:
        """A layer that every run has, such as ``containers``.

        Parameters
        ----------
        name : str
            Of ``objects.gpkg``.

        Returns
        -------
        GeoDataFrame
            Its rows.

        Raises
        ------
        InputError
            ``objects.gpkg`` is not there, or not as it was written.
        """
        path = self._existing(self.folder.objects, "objects")
        with as_written(path, refused=True):
            return read_objects(path, name)

    def optional_layer(self, name: str) -> gpd.GeoDataFrame | None:
        """A layer that not every run has, such as ``railcars``.

        Parameters
        ----------
        name : str
            In ``objects.gpkg``.

        Returns
        -------
        GeoDataFrame or None
            None where the run has none.
        """
        with as_written(path := self.folder.objects, refused=True):
            there = path.exists() and has_layer(path, name)
        return self.layer(name) if there else None

    def _raster(self, path: Path, kind: str) -> xr.DataArray:
        return open_lazily(self._existing(path, kind))

    def _existing(self, path: Path, kind: str) -> Path:
        if not path.exists():
            raise InputError(f"{path}: no such file; was the run made with '{kind}' in outputs.formats?")
        return path


def _of_all_looks(frame: pd.DataFrame, looks: Sequence[str]) -> pd.DataFrame:
    # A table that was cut short would pass for a run of fewer looks.
    told = iso_dates(frame["date"][frame["zone"] == ""]).tolist()
    if told != looks:
        raise ValueError(f"has {len(told)} rows of the whole site, not those of {len(looks)} looks")
    return frame
