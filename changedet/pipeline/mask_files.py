"""One date's mask, score and changed regions: fed tile by tile, each file written whole or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Bytes, Ints, Singles
from changedet.blocks import Window
from changedet.grid.pixel_areas import area_px
from changedet.kernels import components
from changedet.kernels.pixel_classes import NOT_OBSERVED
from changedet.kernels.together import each, lanes
from changedet.libraries import __version__
from changedet.outputs.rasters.classes import RasterKind
from changedet.outputs.rasters.finishing import abandon, finish_together
from changedet.outputs.rasters.polygons import polygonise
from changedet.outputs.rasters.styling import sidecars
from changedet.outputs.rasters.writing import RasterWriter
from changedet.pipeline.change_regions import (
    JoinedParts,
    Numbers,
    TileParts,
    described,
    is_ground_alone,
    join_parts,
    leaders,
    no_changes,
    parents,
    part_numbers,
)
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.faint_change import score_file
from changedet.pipeline.kernels.box_parts import GROUND
from changedet.pipeline.lasting_marks import not_borne_out
from changedet.plan import Plan
from changedet.stages.change.kernels.mark_rims import FIGURES as RIM_FIGURES
from changedet.stages.change.kernels.mark_rims import left_places, without_outline
from changedet.stages.change.kernels.old_outlines import outlined_before, ripened_at_most
from changedet.store import write_frame
from changedet.store.packing import unpack


def mask_files(plan: Plan, day: dt.date) -> list[Path]:
    """List all files that `MaskWriter` writes.

    Parameters
    ----------
    plan : Plan
    day : date

    Returns
    -------
    list of Path
        Whether they exist or not.
    """
    rasters = [plan.mask_file(day), *filter(None, [score_file(plan, day)])]
    return [*rasters, *(side for raster in rasters for side in sidecars(raster)), plan.folder.table("changes", day)]


@dataclass(frozen=True)
class DateRasters:
    """Where a date's rasters go, and what their tags say.

    Attributes
    ----------
    plan : Plan
        Of the run.
    job : DateJob
    """

    plan: Plan
    job: DateJob

    def writer(
        self,
        path: Path,
        kind: RasterKind,
        bands: Sequence[str],
        dtype: str,
        nodata: float | None,
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
        nodata : float or None
            None for a mask band.
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
            "SITE": self.plan.site_id,
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
    asks_rims : bool
        Whether wide regions need an outline, and small ones a thing that stands on the date; the sums of their tiles
        then hold the figures of `mark_rims` and of `old_outlines`.
    """

    method: str
    threshold: float
    min_area_m2: float
    asks_rims: bool = False

    @property
    def tags(self) -> dict[str, str]:
        """Tags of mask and score, ``METHOD`` and ``THRESHOLD``."""
        return {"METHOD": self.method, "THRESHOLD": repr(float(self.threshold))}


class MaskTile(NamedTuple):
    """One tile of a date's mask.

    Attributes
    ----------
    score : float32 (y, x) or None
        NaN is not observed; None where no score is written.
    raw : bytes
        The mask before cleaning, uint8 (y, x), packed.
    regions : TileComponents
        Of the mask; their sums as of `raw_regions`.
    parts : TileParts or None
        What boxes and the ground tell of them; None where all is ground.
    """

    score: Singles | None
    raw: bytes
    regions: components.TileComponents
    parts: TileParts | None = None


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
        self._regions: dict[Window, components.TileComponents] = {}
        self._parts: dict[Window, TileParts] = {}
        self._score: RasterWriter | None = None
        path = score_file(rasters.plan, rasters.job.look.date)
        if path is not None:
            words = f"{words}: higher is more change, changed above THRESHOLD"
            self._score = rasters.writer(path, "score", [words], "float32", float("nan"), words, rule.tags).__enter__()

    def take(self, window: Window, tile: MaskTile) -> None:
        """Write a tile's score; keep its mask before cleaning, packed, with its regions.

        Parameters
        ----------
        window : Window
            The tile on the grid.
        tile : MaskTile
        """
        if self._score is not None and tile.score is not None:
            self._score.write(window, tile.score)
        self._raw[window] = tile.raw
        self._regions[window] = tile.regions
        self._parts[window] = tile.parts or TileParts(None, {GROUND: tile.regions})

    @property
    def asks_farther_looks(self) -> bool:
        """Whether it has marks that another look has to bear out."""
        return self._rule.asks_rims and bool(self._raw) and bool(self._doubtful(self._joined()[1]).any())

    def finish(self, farther: Sequence[Path] = ()) -> None:
        """Complete the score, clean the mask and outline the parts of its regions.

        Parameters
        ----------
        farther : sequence of pathlib.Path
            Finished masks of the looks that lie farther from the reference on its side, nearest first.
        """
        score, self._score = self._score, None
        finish_together([] if score is None else [score], partial(self._finish_mask, farther))

    def _joined(self) -> tuple[JoinedParts, components.Components]:
        """Parts and regions over all tiles, once they are taken."""
        parts = join_parts(self._parts)
        return parts, components.join({parts.places[window]: own for window, own in self._regions.items()})

    def _finish_mask(self, farther: Sequence[Path]) -> None:
        rasters, job = self._rasters, self._rasters.job
        day = job.look.date
        if not self._raw:
            write_frame(rasters.plan.folder.table("changes", day), no_changes(job.grid))
            return
        parts, regions = self._joined()
        least_px = area_px(self._rule.min_area_m2, job.grid.ground_resolution_m)
        kept = self._kept(regions, parts, least_px, farther)
        words = f"changed since {job.reference.date if job.reference else ''}"
        path = rasters.plan.mask_file(day)
        with ExitStack() as unfinished:
            writer = unfinished.enter_context(
                rasters.writer(path, "mask", [words], "uint8", NOT_OBSERVED, words, self._rule.tags)
            )
            lead = leaders(parts, parents(parts, self._masks(regions, parts, kept, writer)), least_px)
            unfinished.pop_all()
        finish_together([writer], lambda: self._write_changes(parts, lead))

    def _write_changes(self, parts: JoinedParts, lead: Ints) -> None:
        grid, day = self._rasters.job.grid, self._rasters.job.look.date
        polygons = polygonise(self._outlined(parts, lead), grid.transform, grid.crs)
        table = described(polygons, parts, lead, grid, str(day), self._rule.threshold)
        write_frame(self._rasters.plan.folder.table("changes", day), table)

    def abandon(self) -> None:
        """Leave nothing behind of a date that was not finished."""
        score, self._score = self._score, None
        abandon([] if score is None else [score], InterruptedError("not finished"))

    def _outlines(self, regions: components.Components) -> Ints:
        """Sums of `old_outlines` over regions; the first sum is the score's."""
        return regions.sums[:, 1 + RIM_FIGURES :]

    def _doubtful(self, regions: components.Components) -> Bools:
        """Regions that are a field's unless the next look marks them, too."""
        return ripened_at_most(regions.areas, self._outlines(regions), self._rasters.job.grid.ground_resolution_m)

    def _kept(
        self, regions: components.Components, parts: JoinedParts, least_px: float, farther: Sequence[Path]
    ) -> Bools:
        """Which regions are large enough and no field's."""
        kept = np.asarray(regions.areas >= least_px, np.bool_)
        if not self._rule.asks_rims:
            return kept
        areas, rims = regions.areas, regions.sums[:, 1 : 1 + RIM_FIGURES]
        gsd_m = self._rasters.job.grid.ground_resolution_m
        kept &= ~(without_outline(areas, rims, gsd_m) | left_places(areas, rims, gsd_m))
        kept &= ~outlined_before(areas, self._outlines(regions), gsd_m)
        doubtful = kept & self._doubtful(regions)
        if not doubtful.any():
            return kept
        ids = {window: regions.ids[place] for window, place in parts.places.items()}
        return kept & ~(doubtful & not_borne_out(self._raw, ids, doubtful, farther))

    def _masks(
        self, regions: components.Components, parts: JoinedParts, kept: Bools, writer: RasterWriter
    ) -> Iterator[tuple[Numbers, Numbers]]:
        """Clean the packed tiles a few at a time, write them, and hand on their parts and regions."""

        def _cleaned(window: Window) -> tuple[Bytes, Numbers, Numbers]:
            raw, tile, place = unpack(self._raw[window], window.shape), self._parts[window], parts.places[window]
            if is_ground_alone(tile):
                wanted = np.concatenate(([False], kept))[regions.ids[place]]
                mask = components.keep_labels(raw, components.label(raw), wanted) if len(wanted) > 1 else raw
                return mask, parts.joined[GROUND].ids[place][1:], np.where(wanted, regions.ids[place], 0)[1:]
            numbers = components.region_ids(raw, regions.ids[place], kept)
            return components.keep(raw, numbers), part_numbers(parts, window, raw, tile), numbers

        waiting = iter(sorted(self._raw))
        while some := list(islice(waiting, lanes())):
            for window, (mask, own, numbers) in zip(some, each(_cleaned, some), strict=True):
                writer.write(window, mask)
                yield own, numbers

    def _outlined(self, parts: JoinedParts, lead: Ints) -> Iterator[tuple[int, int, NDArray[np.int32]]]:
        """The tiles once more, each pixel with the part that it goes with."""
        by_part = np.concatenate([np.zeros(1, np.int64), lead]).astype(np.int32)
        for window in sorted(self._raw):
            if not len(self._regions[window].areas):
                continue
            raw, tile = unpack(self._raw[window], window.shape), self._parts[window]
            if is_ground_alone(tile):
                # one look-up a pixel: its label's part, and what that goes with
                ids = by_part[parts.joined[GROUND].ids[parts.places[window]]][components.label(raw)]
            else:
                ids = by_part[part_numbers(parts, window, raw, tile)]
            yield window.y, window.x, ids
