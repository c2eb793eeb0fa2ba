"""One date's files: fed tile by tile, each written whole or not at all."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from pathlib import Path

import geopandas as gpd
import pandas as pd

from changedet.blocks import Window
from changedet.outputs.rasters.encoding import default_nodata
from changedet.outputs.rasters.styling import sidecars
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.mask_files import Marking, MaskSink, Place, mask_files
from changedet.pipeline.tile import Tile
from changedet.store import RunFolder, write_frame, write_json
from changedet.store.packing import unpack


def files_of_date(folder: RunFolder, job: DateJob, formats: frozenset[str], part: str) -> list[Path]:
    """All files that one part (`date_job.PARTS`) of a date's pass writes, or of its ``masks`` where they wait."""
    day = job.look.date
    if part == "boxes":
        return [folder.table("boxes", day)]
    if part == "masks":
        return mask_files(folder, day, formats) if job.compares else []
    rasters = [folder.quality(day)]
    if job.compares and job.persists:
        rasters += [folder.aside("score", day), folder.aside("contrast", day)]
    if job.scene_roles:
        rasters.append(picture_path(folder, day, formats))
    tables = [folder.table("seen", day)]
    own = [] if job.persists else files_of_date(folder, job, formats, "masks")
    return [*rasters, *(side for raster in rasters for side in sidecars(raster)), *tables, *own]


def picture_path(folder: RunFolder, day: dt.date, formats: frozenset[str]) -> Path:
    """Where a date's aligned picture lies."""
    return folder.scene(day) if "scenes" in formats else folder.aside("picture", day)


class DateSink:
    """Takes a date's tiles in any order and leaves its rasters and tables; to be used from one thread.

    Parameters
    ----------
    folder : RunFolder
    job : DateJob
    model : DateModel
        As `measuring.measure` made it.
    formats : set of str
        Which outputs are wanted.
    site : str
        For the tags.
    parts : set of str
        Which of `date_job.PARTS` are to be written.
    """

    def __init__(
        self,
        folder: RunFolder,
        job: DateJob,
        model: DateModel,
        formats: frozenset[str],
        site: str,
        parts: frozenset[str],
    ) -> None:
        self.folder, self.job, self.parts = folder, job, parts
        self.received = 0
        self._built: dict[Window, bytes] = {}
        self._boxes: dict[Window, pd.DataFrame] = {}
        self._open = ExitStack()
        self._mask = self._quality = self._score = self._contrast = self._picture = None
        day = job.look.date
        place = Place(folder, job, formats, site)
        if "pixels" in parts:
            words = "why a pixel is usable or not"
            self._quality = self._open.enter_context(
                place.writer(folder.quality(day), "quality", ["quality"], "uint8", 1, words)
            )
        change = model.change
        if change is not None and job.compares and job.persists:
            words = f"change score of the pair by {change.method}"
            self._score = self._open.enter_context(
                place.writer(folder.aside("score", day), "score", [words], "float32", float("nan"), words)
            )
            words = "contrast of either date across the outline of what is marked"
            bands = ["reference", "date"]
            self._contrast = self._open.enter_context(
                place.writer(folder.aside("contrast", day), "score", bands, "float32", float("nan"), words)
            )
        elif change is not None and job.compares:
            marking = Marking(change.method, change.threshold, change.min_area_m2)
            self._mask = MaskSink(place, marking, f"change score by {change.method}")
        if job.scene_roles:
            nodata = job.nodata if job.nodata is not None else default_nodata(job.dtype)
            words = "scene on the common grid, aligned and normalised to the reference"
            path = picture_path(folder, day, formats)
            self._picture = self._open.enter_context(
                place.writer(path, "scene", job.scene_roles, job.dtype, nodata, words)
            )

    def take(self, window: Window, tile: Tile) -> None:
        """Write what a tile brings, or keep it packed until all are there."""
        self.received += 1
        if self._quality is not None:
            self._quality.write(window, unpack(tile.quality, window.shape))
        if self._score is not None and tile.score is not None:
            self._score.write(window, tile.score)
        if self._contrast is not None and tile.contrast is not None:
            self._contrast.write(window, tile.contrast)
        if self._picture is not None and tile.picture is not None:
            self._picture.write(window, tile.picture)
        if self._mask is not None and tile.raw is not None and tile.regions is not None and tile.score is not None:
            self._mask.take(window, tile.score, tile.raw, tile.regions)
        if tile.boxes is not None:
            self._boxes[window] = tile.boxes
        if tile.built is not None:
            self._built[window] = tile.built

    def finish(self) -> None:
        """Complete the date's rasters, clean its mask, and write its tables."""
        self._open.close()
        day = self.job.look.date
        if "boxes" in self.parts:
            write_frame(self.folder.table("boxes", day), self._all_boxes())
        if "pixels" not in self.parts:
            return
        if self._mask is not None:
            self._mask.finish()
        write_json(self.folder.table("seen", day), {"built": _built_json(self._built)})

    def abandon(self) -> None:
        """Leave nothing behind of a date that was not finished."""
        error = InterruptedError("not finished")
        self._open.__exit__(type(error), error, None)
        if self._mask is not None:
            self._mask.abandon()

    def _all_boxes(self) -> gpd.GeoDataFrame | pd.DataFrame:
        tables = [self._boxes[window] for window in sorted(self._boxes) if len(self._boxes[window])]
        if not tables or self.job.methods.objects is None:
            return pd.DataFrame()
        # In one order whatever the tiles were, so that ties are broken alike.
        boxes = pd.concat(tables, ignore_index=True).sort_values(["y_px", "x_px", "length_m"], ignore_index=True)
        method = self.job.methods.objects
        kept = method.settle(boxes)
        return kept.assign(counted=kept["confidence"] >= method.count_confidence)


def _built_json(built: dict[Window, bytes]) -> dict[str, str]:
    return {f"{w.y},{w.x},{w.height},{w.width}": packed.hex() for w, packed in sorted(built.items())}
