"""One pass over a tile of a date: its window of the date and of the reference is read and warped once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from changedet.arrays import AnyArray, Bools, Bytes, Singles
from changedet.blocks import Window
from changedet.imagery.own_values import own_values
from changedet.kernels import components
from changedet.kernels.pixel_classes import CLEAR, CLOUD, HAZE, NODATA, SHADOW, SHOWS_BOXES
from changedet.kernels.together import both, each
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_model import DateModel, LightLevels
from changedet.pipeline.date_pixels import quality_of, where_valid, with_extra
from changedet.pipeline.shade import with_shade
from changedet.pipeline.tile_scores import TilePair, inner, raw_regions, tile_scores
from changedet.stages.footprint.stage import FootprintMethod, FootprintStatistics
from changedet.stages.objects.lattice import Description, ObjectMethod, ObjectStatistics, cells, in_cell
from changedet.store.packing import ClassTile, pack

if TYPE_CHECKING:
    import pandas as pd

_ALONG_A_BOX: Final = np.linspace(-0.8, 0.8, 5)
"""Points on a box's long axis at which it is looked whether it is clear, in half lengths from its centre."""


@dataclass(frozen=True)
class Tile:
    """What a pass over one tile found; arrays are the tile's own pixels, without halo.

    Attributes
    ----------
    quality : ClassTile
        Of `changedet.kernels.pixel_classes`; no data outside the site.
    score : float32 (y, x) or None
        NaN is not observed; None where nothing is compared, or nobody reads it.
    raw : bytes or None
        The mask before cleaning, uint8 (y, x), packed; None too where the mask waits for other dates.
    regions : TileComponents or None
        Of `raw`.
    contrast : float32 (band, y, x) or None
        Evidence of what is gone and of what came, cover by plants, what the network says and, in colours alone,
        how sure it is that roofs came or went, as of `TileScores`, where the mask waits for other dates.
    standing : uint8 (1 + band, y, x) or None
        As of `TileScores`.
    scene : float32 (band, y, x), masked array or None
        Aligned and normalised, where it is wanted; of a reference that is not resampled the files' own values, masked
        where there is no data.
    boxes : DataFrame or None
        Boxes whose centre lies in the tile, in pixels of the grid.
    described : tuple of (Window, Description)
        The object method's own description of each cell of the lattice that begins in the tile and was looked at.
    built : bytes or None
        Evidence of built ground, uint8 (y, x) as of `FootprintMethod.apply`, packed.
    reference_quality : ClassTile or None
        Of the reference date, as `quality`.
    """

    quality: ClassTile
    score: Singles | None = None
    raw: bytes | None = None
    regions: components.TileComponents | None = None
    contrast: Singles | None = None
    standing: Bytes | None = None
    scene: AnyArray | None = None
    boxes: pd.DataFrame | None = None
    described: tuple[tuple[Window, Description], ...] = ()
    built: bytes | None = None
    reference_quality: ClassTile | None = None


@dataclass(frozen=True)
class _ReadTile:
    """A tile as read, aligned, with the halo of its widest method."""

    job: DateJob
    model: DateModel
    window: Window
    image: Singles
    quality: Bytes
    inside: Bools

    @property
    def wide(self) -> Window:
        return self.window.grown(self.job.halo_px)

    def with_halo(self, halo_px: int) -> tuple[Singles, Bytes]:
        rest = inner(self.job.halo_px - halo_px)
        return self.image[(slice(None), *rest)], self.quality[rest]

    def shown_quality(self, image: Singles, quality: Bytes, border_px: int, levels: LightLevels | None) -> ClassTile:
        shown = with_shade(self.job.roles, quality, image, border_px, levels)
        np.copyto(shown, np.uint8(NODATA), where=~self.inside)
        return ClassTile(shown)


def compute_tile(job: DateJob, window: Window, model: DateModel, reference_model: DateModel) -> Tile:
    """Pass over a tile once for all that is wanted of it.

    Parameters
    ----------
    job : DateJob
    window : Window
        The tile on the grid.
    model, reference_model : DateModel
        Of the date and of the reference.

    Returns
    -------
    Tile
        With what the job asks for.

    Raises
    ------
    InputError
        A scene cannot be read; it is named.
    """
    wide = window.grown(job.halo_px)
    image, own = job.look.read(job.grid, wide, job.roles, model.alignment.displacement)
    quality = quality_of(job, image, own, wide, model.mask)
    read = _ReadTile(job, model, window, image, quality, job.grid.inside(window))
    # An idle thread has no tile of its own: what it holds of this one is no more than that would be.
    pixels, things = both(
        lambda: _with_pixels(read, reference_model), lambda: _with_things(Tile(ClassTile(read.quality)), read)
    )
    return replace(pixels, boxes=things.boxes, described=things.described, built=things.built)


def _with_pixels(read: _ReadTile, reference_model: DateModel) -> Tile:
    """The tile with its quality, its score, its marks and its picture."""
    tile = Tile(read.shown_quality(read.image, read.quality, read.job.halo_px, read.model.shade))
    if read.job.compares:
        tile = _compared(tile, read, reference_model)
    return replace(tile, scene=_scene(read)) if read.job.scene_roles else tile


def _with_things(tile: Tile, read: _ReadTile) -> Tile:
    """The tile with what stands in it."""
    methods, model = read.job.methods, read.model
    if methods.objects is not None and model.objects is not None and read.job.counts:
        boxes, described = _boxes(read, methods.objects, model.objects)
        tile = replace(tile, boxes=boxes, described=described)
    if methods.footprint is not None and model.footprint is not None:
        tile = replace(tile, built=_built(read, methods.footprint, model.footprint))
    return tile


def mostly_clear(clear: Bools, place: Window, boxes: pd.DataFrame, resolution_m: float) -> Bools:
    """Say of each box whether most of five points along it lie on clear ground.

    Parameters
    ----------
    clear : bool (y, x)
    place : Window
        Of the grid, covered by `clear`.
    boxes : DataFrame
        ``x_px, y_px, length_m, angle_deg``, in pixels of the grid.
    resolution_m : float
        Of the grid, on the ground.

    Returns
    -------
    bool (box,)
        True where at least three are clear.
    """
    if boxes.empty:
        return np.zeros(0, bool)
    turn = np.deg2rad(boxes["angle_deg"].to_numpy(float))
    half_px = boxes["length_m"].to_numpy(float) / 2 / resolution_m
    along = _ALONG_A_BOX[:, None] * half_px
    rows = boxes["y_px"].to_numpy(float) - place.y - along * np.cos(turn)
    columns = boxes["x_px"].to_numpy(float) - place.x + along * np.sin(turn)
    rows, columns = (
        np.clip(np.floor(at).astype(int), 0, size - 1) for at, size in zip((rows, columns), clear.shape, strict=True)
    )
    return np.asarray(2 * clear[rows, columns].sum(axis=0) > len(along), bool)


def _compared(tile: Tile, read: _ReadTile, reference_model: DateModel) -> Tile:
    job, change = read.job, read.model.change
    if job.reference is None or change is None:
        return tile
    halo_px = job.change_halo_px
    wide = read.window.grown(halo_px)
    before, own = job.reference.read(job.grid, wide, job.roles, None)
    before_quality = quality_of(job, before, own, wide, reference_model.mask)
    if job.with_reference_quality:
        shown = read.shown_quality(before, before_quality, halo_px, reference_model.shade)
        tile = replace(tile, reference_quality=shown)
    after, quality = read.with_halo(halo_px)
    both = (quality == CLEAR) & (before_quality == CLEAR)
    score, contrast, plants, network, standing, roofs, states = tile_scores(
        job, read.window, TilePair(before, after, both), read.model
    )
    if job.persists:
        beside = [*contrast, plants, network, *([] if roofs is None else [roofs]), *([] if states is None else states)]
        return replace(tile, score=score, contrast=np.stack(beside), standing=standing)
    raw, regions = raw_regions(score, change.threshold, contrast, read.window, job.grid)
    return replace(tile, score=score if job.keeps_scores else None, raw=raw, regions=regions)


def _scene(read: _ReadTile) -> AnyArray:
    """The aligned, normalised scene with all of the date's bands; those that are not compared keep their values."""
    job, model, window = read.job, read.model, read.window
    displacement = model.alignment.displacement
    shared = with_extra(job, job.look, read.with_halo(0)[0], window, displacement)
    if job.methods.normalise is not None and model.normalise is not None:
        shared = job.methods.normalise.apply(shared, model=model.normalise)
    by_role = dict(zip(job.compared_roles, shared, strict=True))
    others = tuple(role for role in job.scene_roles if role not in by_role)
    if others:
        extra, _ = job.look.read(job.grid, window, others, displacement)
        by_role |= dict(zip(others, extra, strict=True))
    picture = np.stack([by_role[role] for role in job.scene_roles]).astype(np.float32, copy=False)
    own = own_values(job.look, job.grid, window, job.scene_roles, job.dtype) if job.reference is None else None
    if own is None:
        return picture
    missing = np.isnan(picture).any(axis=0)
    return np.ma.MaskedArray(own, np.broadcast_to(missing, own.shape))


def _boxes(
    read: _ReadTile, method: ObjectMethod[ObjectStatistics], statistics: ObjectStatistics
) -> tuple[pd.DataFrame, tuple[tuple[Window, Description], ...]]:
    # Imported here, as only tiles with boxes need tables, which take 70 MB.
    import pandas as pd

    # The rims of clouds and shadows cut through boxes that are seen: all is shown, and what is hidden left out.
    shown = where_valid(read.image, np.isin(read.quality, (*SHOWS_BOXES, CLOUD, SHADOW, HAZE)))
    lattice = list(cells(read.window, method.cell_px))
    open_ground = np.isin(read.quality, SHOWS_BOXES)
    found = each(lambda cell: in_cell(shown, read.wide, cell, method, statistics, open_ground), lattice)
    boxes = pd.concat([one.boxes for one in found], ignore_index=True)
    clear = mostly_clear(open_ground, read.wide, boxes, read.job.grid.ground_resolution_m)
    described = [(cell, one.description) for cell, one in zip(lattice, found, strict=True)]
    return boxes[clear], tuple((cell, one) for cell, one in described if one is not None)


def _built(read: _ReadTile, method: FootprintMethod[FootprintStatistics], statistics: FootprintStatistics) -> bytes:
    job, image = read.job, read.image
    if job.ground_by_extra:
        image = with_extra(job, job.look, image, read.wide, read.model.alignment.displacement)
    seen = where_valid(image, read.quality == CLEAR)
    built = method.apply(seen, read.wide, model=statistics)
    return pack(np.where(read.inside, built[inner(read.job.halo_px)], 0).astype(np.uint8))
