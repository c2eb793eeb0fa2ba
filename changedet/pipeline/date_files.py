"""One date's files: fed tile by tile, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from changedet.blocks import Window
from changedet.imagery.angles import SunAngles, ViewAngles
from changedet.kernels.doubts import TAUGHT_VIEW_DEG
from changedet.kernels.pixel_classes import NODATA
from changedet.kernels.together import together
from changedet.outputs.rasters.finishing import abandon, finish_together
from changedet.outputs.rasters.styling import sidecars
from changedet.outputs.rasters.writing import RasterWriter
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.mask_files import DateRasters, MaskRule, MaskTile, MaskWriter, mask_files
from changedet.pipeline.tile import Tile
from changedet.plan import Plan
from changedet.stages.change.kernels.feature_names import ROLES
from changedet.stages.change.kernels.movers import UNKNOWN
from changedet.stages.change.kernels.season_colours import STATE_NAMES
from changedet.stages.objects.lattice import Description, ObjectMethod
from changedet.store import write_frame, write_json

if TYPE_CHECKING:
    import pandas as pd


def files_of_date(plan: Plan, job: DateJob, part: str) -> list[Path]:
    """List all files that one part of a date's pass writes.

    Parameters
    ----------
    plan : Plan
        Of the run.
    job : DateJob
    part : str
        Of `changedet.pipeline.date_job.PARTS`, or ``masks``: those that wait for the other dates.

    Returns
    -------
    list of Path
        Whether they exist or not.
    """
    folder, day = plan.folder, job.look.date
    if part == "boxes":
        return [folder.table("boxes", day), folder.table("described", day)]
    if part == "masks":
        return mask_files(plan, day) if job.compares else []
    rasters = [plan.quality_file(day)]
    if job.compares and job.persists:
        rasters += [folder.aside("score", day), folder.aside("contrast", day)]
        rasters += [folder.aside("standing", day)] if job.with_standing else []
    if job.scene_roles:
        rasters.append(folder.scene_file(day, plan.formats))
    tables = [folder.table("seen", day)]
    own = [] if job.persists else files_of_date(plan, job, "masks")
    return [*rasters, *(side for raster in rasters for side in sidecars(raster)), *tables, *own]


class DateWriter:
    """Take a date's tiles in any order and leave its rasters and tables; to be used from one thread.

    Parameters
    ----------
    rasters : DateRasters
        Of the date.
    model : DateModel
    parts : set of str
        Which of `changedet.pipeline.date_job.PARTS` are to be written.

    Attributes
    ----------
    received : int
        Tiles so far.
    """

    def __init__(self, rasters: DateRasters, model: DateModel, parts: frozenset[str]) -> None:
        self.received = 0
        self._rasters, self._parts = rasters, parts
        self._built: dict[Window, bytes] = {}
        self._boxes: dict[Window, pd.DataFrame] = {}
        self._described: dict[Window, Description] = {}
        self._open: list[RasterWriter] = []
        self._quality = self._opened_quality() if "pixels" in parts else None
        self._score = self._contrast = self._standing = self._mask = None
        if rasters.job.compares and model.change is not None:
            rule = MaskRule(model.change.method, model.change.threshold, model.change.min_area_m2)
            if rasters.job.persists:
                self._score, self._contrast = self._opened_score(rule.method), self._opened_contrast()
                self._standing = self._opened_standing() if rasters.job.with_standing else None
            else:
                self._mask = MaskWriter(rasters, rule, f"change score by {rule.method}")
        self._scene = self._opened_scene() if rasters.job.scene_roles else None

    def take(self, window: Window, tile: Tile) -> None:
        """Write what a tile brings, or keep it packed until all are there.

        Parameters
        ----------
        window : Window
            The tile on the grid.
        tile : Tile
        """
        self.received += 1
        quality = None if self._quality is None else tile.quality.raster
        images = (
            (self._scene, tile.scene),
            (self._score, tile.score),
            (self._contrast, tile.contrast),
            (self._standing, tile.standing),
            (self._quality, quality),
        )
        # encoding takes longer than a tile of two dates: threads whose results wait here do some of it
        writing: list[Callable[[], None]] = [
            partial(writer.write, window, image) for writer, image in images if writer and image is not None
        ]
        if self._mask is not None and tile.raw is not None and tile.regions is not None:
            writing.insert(1, partial(self._mask.take, window, MaskTile(tile.score, tile.raw, tile.regions)))
        together(writing)
        if tile.boxes is not None:
            self._boxes[window] = tile.boxes
            self._described.update(tile.described)
        if tile.built is not None:
            self._built[window] = tile.built

    def finish(self) -> None:
        """Complete the date's rasters, clean its mask, and write its tables."""
        open_rasters, self._open = self._open, []
        finish_together(open_rasters, *([self._mask.finish] if self._mask is not None else []))
        folder, day = self._rasters.plan.folder, self._rasters.job.look.date
        if "boxes" in self._parts:
            write_frame(folder.table("boxes", day), self._all_boxes())
            write_json(folder.table("described", day), {"description": mean_description(self._described)})
        if "pixels" in self._parts:
            write_json(folder.table("seen", day), {"built": _built_json(self._built)})

    def abandon(self) -> None:
        """Leave nothing behind of a date that was not finished."""
        abandon(self._open, InterruptedError("not finished"))
        if self._mask is not None:
            self._mask.abandon()

    def _entered(self, writer: RasterWriter) -> RasterWriter:
        self._open.append(writer.__enter__())
        return writer

    def _opened_quality(self) -> RasterWriter:
        rasters = self._rasters
        path = rasters.plan.quality_file(rasters.job.look.date)
        words = "why a pixel is seen or not"
        return self._entered(rasters.writer(path, "quality", [words], "uint8", NODATA, words))

    def _opened_score(self, method: str) -> RasterWriter:
        words = f"change score of the pair by {method}"
        return self._opened_aside("score", [words], words)

    def _opened_contrast(self) -> RasterWriter:
        words = "evidence of what is gone and of what came, cover by plants, log odds of the network, and roofs"
        method = self._rasters.job.methods.change
        roofs = ["roofs"] if method is not None and method.roofs is not None else []
        states = [f"{figure} {when}" for when in ("before", "now") for figure in STATE_NAMES]
        more = states if self._rasters.job.with_states else []
        return self._opened_aside("contrast", ["gone", "came", "plants", "network", *roofs, *more], words)

    def _opened_standing(self) -> RasterWriter:
        rasters, day = self._rasters, self._rasters.job.look.date
        roles = [role for role in ROLES if role in rasters.job.compared_roles]
        words = "what stands on the ground, how far above it each band lies, and by how much it is brighter"
        changes = ["brighter colours", "brighter nir"] if "nir" in roles else []
        path = rasters.plan.folder.aside("standing", day)
        return self._entered(rasters.writer(path, "scene", ["class", *roles, *changes], "uint8", UNKNOWN, words))

    def _opened_aside(self, name: str, bands: Sequence[str], words: str) -> RasterWriter:
        path = self._rasters.plan.folder.aside(name, self._rasters.job.look.date)
        return self._entered(self._rasters.writer(path, "score", bands, "float32", float("nan"), words))

    def _opened_scene(self) -> RasterWriter:
        rasters, job = self._rasters, self._rasters.job
        words = "scene on the common grid, aligned and normalised to the reference"
        path = rasters.plan.folder.scene_file(job.look.date, rasters.plan.formats)
        return self._entered(rasters.writer(path, "scene", job.scene_roles, job.dtype, job.nodata, words))

    def _all_boxes(self) -> pd.DataFrame:
        # Imported here, as only dates with boxes need tables, which take 70 MB.
        import pandas as pd

        method = self._rasters.job.methods.objects
        tables = [self._boxes[window] for window in sorted(self._boxes) if len(self._boxes[window])]
        if not tables or method is None:
            return pd.DataFrame()
        # In one order whatever the tiles were, so that ties are broken alike.
        boxes = pd.concat(tables, ignore_index=True).sort_values(["y_px", "x_px", "length_m"], ignore_index=True)
        look = self._rasters.job.look
        kept = settled_boxes(method, boxes, look.view, look.sun)
        return kept.assign(counted=kept["confidence"] >= method.count_confidence)


def settled_boxes(
    method: ObjectMethod[Any], boxes: pd.DataFrame, view: ViewAngles | None, sun: SunAngles | None = None
) -> pd.DataFrame:
    """Settle all boxes of a date.

    Parameters
    ----------
    method : ObjectMethod
    boxes : DataFrame
        Of all tiles, in an order that does not depend on them.
    view : ViewAngles or None
        Where roofs lean farther than on any scene that taught the method, walls are doubted.
    sun : SunAngles or None
        Where it is known, slopes of roofs are.

    Returns
    -------
    DataFrame
        What remains of them.
    """
    shade = None if sun is None else sun.shade
    kept = method.settle(boxes) if shade is None or method.lit is None else method.lit(boxes, (shade[0], -shade[1]))
    lean = None if view is None or view.off_nadir_deg <= TAUGHT_VIEW_DEG else view.displacement
    if lean is None or method.aslant is None:
        return kept
    east, north = lean
    return method.aslant(kept, (east, -north))


def mean_description(described: Mapping[Window, Description]) -> list[float] | None:
    """Average the descriptions of a date's cells, always in the same order.

    Parameters
    ----------
    described : mapping of Window to Description
        By cell of the lattice.

    Returns
    -------
    list of float or None
        Weighted by the cells' clear pixels; None without any.
    """
    if not described:
        return None
    ordered = [described[cell] for cell in sorted(described)]
    numbers = np.array([one.numbers for one in ordered], np.float64)
    weight = np.array([one.weight for one in ordered], np.float64)
    mean: list[float] = ((weight[:, None] * numbers).sum(0) / weight.sum()).tolist()
    return mean


def _built_json(built: Mapping[Window, bytes]) -> dict[str, str]:
    return {f"{w.y},{w.x},{w.height},{w.width}": packed.hex() for w, packed in sorted(built.items())}
