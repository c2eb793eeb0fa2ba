"""One date's mask, score and changed regions: fed tile by tile, each file written whole or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from changedet import __version__
from changedet.arrays import Bools, Ints, Singles
from changedet.blocks import Window
from changedet.grid import Grid, ground_area_m2
from changedet.grid.pixel_areas import area_px
from changedet.kernels import components, region_figures
from changedet.outputs.rasters.classes import RasterKind
from changedet.outputs.rasters.polygons import polygonise
from changedet.outputs.rasters.styling import sidecars
from changedet.outputs.rasters.writing import RasterWriter
from changedet.pipeline.date_job import DateJob
from changedet.store import RunFolder, write_frame
from changedet.store.packing import unpack

BOX_SHARE: Final = 0.5
"""Share of a region from which boxes that came or left make it one of kind ``box``."""


def mask_path(folder: RunFolder, day: dt.date, formats: frozenset[str]) -> Path:
    """Name the file of a date's mask.

    Parameters
    ----------
    folder : RunFolder
    day : date
    formats : set of str
        Outputs that are wanted.

    Returns
    -------
    Path
        Among the results where masks are wanted, else kept aside, as the figures come from it.
    """
    return folder.mask(day) if "masks" in formats else folder.aside("mask", day)


def mask_files(folder: RunFolder, day: dt.date, formats: frozenset[str]) -> list[Path]:
    """List all files that `MaskWriter` writes.

    Parameters
    ----------
    folder : RunFolder
    day : date
    formats : set of str
        Outputs that are wanted.

    Returns
    -------
    list of Path
        Whether they exist or not.
    """
    rasters = [mask_path(folder, day, formats), *([folder.score(day)] if "scores" in formats else [])]
    return [*rasters, *(side for raster in rasters for side in sidecars(raster)), folder.table("changes", day)]


@dataclass(frozen=True)
class DateRasters:
    """Where a date's rasters go, and what their tags say.

    Attributes
    ----------
    folder : RunFolder
    job : DateJob
    formats : set of str
        Outputs that are wanted.
    site : str
        The site's id.
    """

    folder: RunFolder
    job: DateJob
    formats: frozenset[str]
    site: str

    def writer(
        self,
        path: Path,
        kind: RasterKind,
        bands: Sequence[str],
        dtype: str,
        nodata: float,
        words: str,
        tags: Mapping[str, str] | None = None,
    ) -> RasterWriter:
        """Make the writer of a raster on the common grid, to be entered.

        Parameters
        ----------
        path : Path
        kind : str
            As of `RasterWriter`.
        bands : sequence of str
            A description for each.
        dtype : str
        nodata : float
        words : str
            What the raster is.
        tags : mapping of str to str, optional
            Beside date, site, scene, software and reference date.

        Returns
        -------
        RasterWriter
            Not yet entered.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        grid = self.job.grid
        return RasterWriter(
            path,
            crs=grid.crs,
            transform=grid.transform,
            shape=grid.shape,
            kind=kind,
            bands=bands,
            dtype=dtype,
            nodata=nodata,
            tags=self._tags() | dict(tags or {}),
            description=words,
        )

    def _tags(self) -> dict[str, str]:
        tags = {
            "DATE": str(self.job.look.date),
            "SITE": self.site,
            "SCENE": self.job.look.name,
            "SOFTWARE": f"changedet {__version__}",
        }
        if self.job.reference is not None:
            tags["REFERENCE_DATE"] = str(self.job.reference.date)
        return tags


@dataclass(frozen=True)
class MaskRule:
    """How a mask follows from a score.

    Attributes
    ----------
    method : str
        Of the stage change, for the tags.
    threshold : float
        Changed above it; infinite marks nothing.
    min_area_m2 : float
        Smaller regions are dropped.
    """

    method: str
    threshold: float
    min_area_m2: float

    @property
    def tags(self) -> dict[str, str]:
        """Tags of mask and score.

        Returns
        -------
        dict of str to str
            ``METHOD`` and ``THRESHOLD``.
        """
        return {"METHOD": self.method, "THRESHOLD": repr(float(self.threshold))}


class MaskTile(NamedTuple):
    """One tile of a date's mask.

    Attributes
    ----------
    score : float32 (y, x)
        NaN is not observed.
    raw : bytes
        The mask before cleaning, uint8 (y, x), packed.
    regions : TileComponents
        Of the mask; their sums as of `raw_regions`.
    """

    score: Singles
    raw: bytes
    regions: components.TileComponents


class MaskWriter:
    """Take the scores and raw masks of a date's tiles in any order; to be used from one thread.

    Parameters
    ----------
    rasters : DateRasters
    rule : MaskRule
    words : str
        What the score is.
    """

    def __init__(self, rasters: DateRasters, rule: MaskRule, words: str) -> None:
        self._rasters, self._rule = rasters, rule
        self._raw: dict[Window, bytes] = {}
        self._regions: dict[tuple[int, int], components.TileComponents] = {}
        self._open = ExitStack()
        self._score = None
        if "scores" in rasters.formats:
            words = f"{words}: higher is more change, changed above THRESHOLD"
            path = rasters.folder.score(rasters.job.look.date)
            self._score = self._open.enter_context(
                rasters.writer(path, "score", [words], "float32", float("nan"), words, rule.tags)
            )

    def take(self, window: Window, tile: MaskTile) -> None:
        """Write a tile's score; keep its mask before cleaning, packed, with its regions.

        Parameters
        ----------
        window : Window
            The tile on the grid.
        tile : MaskTile
        """
        if self._score is not None:
            self._score.write(window, tile.score)
        self._raw[window] = tile.raw
        self._regions[window.y, window.x] = tile.regions

    def finish(self) -> None:
        """Complete the score, clean the mask and outline its regions."""
        self._open.close()
        rasters, job = self._rasters, self._rasters.job
        day = job.look.date
        if not self._raw:
            write_frame(rasters.folder.table("changes", day), _no_changes(job.grid))
            return
        regions = components.join(self._regions)
        kept = regions.areas >= area_px(self._rule.min_area_m2, job.grid.ground_resolution_m)
        words = f"changed since {job.reference.date if job.reference else ''}"
        path = mask_path(rasters.folder, day, rasters.formats)
        with rasters.writer(path, "mask", [words], "uint8", 255, words, self._rule.tags) as writer:
            polygons = polygonise(self._masks(regions, kept, writer), job.grid.transform, job.grid.crs)
        write_frame(rasters.folder.table("changes", day), self._described(polygons, regions))

    def abandon(self) -> None:
        """Leave nothing behind of a date that was not finished."""
        error = InterruptedError("not finished")
        self._open.__exit__(type(error), error, None)

    def _masks(
        self, regions: components.Components, kept: Bools, writer: RasterWriter
    ) -> Iterator[tuple[int, int, NDArray[np.int32]]]:
        """Clean the packed tiles one by one, write them, and hand their regions on to be outlined."""
        for window in sorted(self._raw):
            raw = unpack(self._raw[window], window.shape)
            ids = regions.ids[window.y, window.x]
            numbers = components.region_ids(raw, ids, kept)
            writer.write(window, components.keep(raw, numbers))
            yield window.y, window.x, numbers

    def _described(self, polygons: gpd.GeoDataFrame, regions: components.Components) -> gpd.GeoDataFrame:
        index = polygons["change_id"].to_numpy() - 1
        threshold = self._rule.threshold
        sums, areas = regions.sums[index], regions.areas[index]
        mean = sums[:, 0] / components.FIXED_POINT / np.maximum(areas, 1)
        job = self._rasters.job
        return polygons.assign(
            change_id=np.arange(1, len(polygons) + 1),
            date=str(job.look.date),
            area_m2=ground_area_m2(polygons.geometry.to_numpy(), job.grid.crs) if len(polygons) else np.zeros(0),
            direction=[_direction(row[1:]) for row in sums],
            kind=[_kind(row[1:], area) for row, area in zip(sums, areas, strict=True)],
            probability=[region_figures.change_probability(float(value), threshold) for value in mean],
        )


def _direction(sums: Ints) -> str:
    """By boxes that came and left, and by what the ground between them tells."""
    gone, came, gained, lost = (int(value) for value in (*sums, 0, 0)[:4])
    # A box in the place of another is neither.
    return region_figures.direction(gone + lost, came + gained)


def _kind(sums: Ints, area_px: int) -> str:
    """Whether most of a region is boxes that came or left."""
    covered = sum(int(value) for value in sums[2:]) / components.FIXED_POINT
    return "box" if covered >= BOX_SHARE * area_px else "other"


def _no_changes(grid: Grid) -> gpd.GeoDataFrame:
    columns = {
        "change_id": np.zeros(0, np.int64),
        "date": [],
        "area_m2": [],
        "direction": [],
        "kind": [],
        "probability": [],
    }
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=grid.crs), crs=grid.crs)
