"""The work on one date: measure it once, then pass over its tiles.

`measure` reads an overview and the fixed sample and returns a small model; `compute_tile` reads one window of the date
and of its reference, each warped once, and computes all that the date needs from it. Both are pure and picklable: they
run wherever dask puts them.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from changedet import mask
from changedet.align import LEAST_CONFIDENCE, Alignment, AlignMethod, chips, overview_factor
from changedet.blocks import SAMPLE_CELL_PX, PixelMethod, Window, sample_windows, stack_cells
from changedet.footprint import FootprintMethod
from changedet.grid import Displacement, Grid, Shift
from changedet.kernels import components
from changedet.kernels.mask import laid_over
from changedet.kernels.quality import CLEAR, NODATA
from changedet.kernels.warp import block_mean
from changedet.mask import MaskMethod
from changedet.objects import ObjectMethod, cells, in_cell
from changedet.scenes import Look

SIMILAR_GSD: Final = 1.25
"""Scenes whose GSDs differ by less are compared as they are."""
OUTLINE_PX: Final = 1
COARSE_BUDGET_PX: Final = 250_000
"""An overview of so many pixels finds a shift to some pixels; the chips do the rest."""

PARTS: Final = ("pixels", "boxes")
"""What a pass leaves: rasters with what follows from them, and boxes. Each is done again only where it must be."""

Model = dict[str, Any]


@dataclass(frozen=True)
class Methods:
    """The methods of the pixel stages, ready to use; None where a stage is switched off."""

    mask: MaskMethod | None
    align: AlignMethod | None
    normalise: PixelMethod | None
    change: PixelMethod | None
    objects: ObjectMethod | None
    footprint: FootprintMethod | None


@dataclass(frozen=True)
class DateWork:
    """One date and all that its work depends on.

    Attributes
    ----------
    grid : Grid
    look : Look
        The date's scenes.
    reference : Look or None
        None for the reference date itself.
    roles : tuple of str
        What is compared.
    scene_roles : tuple of str
        What the aligned picture holds; empty where none is wanted.
    methods : Methods
    counts : bool
        Whether boxes are looked for on this date.
    dtype, nodata : str, float or None
        Of the aligned picture: the reference's; None where its files have no nodata value.
    tells_reference : bool
        Whether the tiles bring the reference's quality too, which spares it a pass of its own.
    """

    grid: Grid
    look: Look
    reference: Look | None
    roles: tuple[str, ...]
    scene_roles: tuple[str, ...]
    methods: Methods
    counts: bool
    dtype: str
    nodata: float | None = None
    tells_reference: bool = False

    @property
    def only_quality(self) -> bool:
        """Whether nothing is wanted of the date but why its pixels are usable or not."""
        finds = self.counts and self.methods.objects is not None
        return not (self.compares or self.scene_roles or finds or self.methods.footprint is not None)

    def only(self, parts: frozenset[str]) -> DateWork:
        """The work for some of `PARTS` alone."""
        methods, roles, counts = self.methods, self.scene_roles, self.counts
        if "boxes" not in parts:
            methods, counts = replace(methods, objects=None), False
        if "pixels" not in parts:
            methods, roles = replace(methods, change=None, normalise=None, footprint=None), ()
        return replace(self, methods=methods, scene_roles=roles, counts=counts)

    @property
    def overview_factor(self) -> int:
        """Pixels that the overview averages on a side."""
        shape, method = self.grid.shape, self.methods.mask
        if method is None or method.classify is None:
            return overview_factor(shape)
        return mask.overview_factor(shape, self.grid.ground_resolution_m, method.overview_resolution_m)

    @property
    def blur_px(self) -> tuple[float, float]:
        """Gaussian sigma that brings the reference, and the date, to the coarser GSD of the two."""
        if self.reference is None:
            return 0.0, 0.0
        coarse = max(self.reference.gsd_m, self.look.gsd_m)

        def sigma(own: float) -> float:
            if coarse < SIMILAR_GSD * own:
                return 0.0
            # The box of a detector element has this standard deviation; what the finer scene already has is taken off.
            return float(np.sqrt(coarse**2 - own**2) / np.sqrt(12) / self.grid.ground_resolution_m)

        return sigma(self.reference.gsd_m), sigma(self.look.gsd_m)

    @property
    def compares(self) -> bool:
        return self.reference is not None and self.methods.change is not None

    @property
    def change_halo_px(self) -> int:
        """How far the comparison looks around: the method, the blur, and the outline of regions."""
        if not self.compares or self.methods.change is None:
            return 0
        return self.methods.change.halo_px + int(np.ceil(3 * max(self.blur_px))) + OUTLINE_PX

    @property
    def halo_px(self) -> int:
        """How far the widest method of a tile looks around."""
        objects = self.methods.objects.halo_px if self.methods.objects is not None and self.counts else 0
        footprint = self.methods.footprint.halo_px if self.methods.footprint is not None else 0
        return max(self.change_halo_px, objects, footprint)


@dataclass(frozen=True)
class Sample:
    """What of a date is kept in memory while the others are measured against it: an overview and the sample's cells."""

    overview: NDArray[np.float32]
    image: NDArray[np.float32]
    quality: NDArray[np.uint8]


@dataclass(frozen=True)
class Tile:
    """What a pass over one tile found; arrays are the tile's own pixels, no halo.

    Attributes
    ----------
    quality : bytes
        uint8 (y, x), packed.
    score : float32 (y, x) or None
    raw : bytes or None
        The mask before cleaning, uint8 (y, x), packed.
    regions : TileComponents or None
        Of the raw mask.
    picture : (band, y, x) float32 or None
    boxes : DataFrame or None
        Boxes whose centre lies in the tile, in pixels of the grid.
    built : bytes or None
        Evidence of built surface, uint8 (y, x), packed.
    reference_quality : bytes or None
        Of the reference date, as `quality`.
    """

    quality: bytes
    score: NDArray[np.float32] | None = None
    raw: bytes | None = None
    regions: components.TileComponents | None = None
    picture: NDArray[np.float32] | None = None
    boxes: pd.DataFrame | None = None
    built: bytes | None = None
    reference_quality: bytes | None = None


def pack(array: NDArray[np.uint8]) -> bytes:
    """A class raster in few bytes: it crosses process borders and waits in memory."""
    return zlib.compress(np.ascontiguousarray(array).tobytes(), 1)


def unpack(packed: bytes, shape: tuple[int, int]) -> NDArray[np.uint8]:
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(shape)


def reference_sample(work: DateWork) -> Sample:
    """Read a date's overview and the cells of the fixed sample, where they lie before any alignment."""
    overview, seen = work.look.overview(work.grid, work.overview_factor, work.roles)
    overview = _where(overview, seen == CLEAR)
    image, quality = _read_cells(work, None)
    return Sample(overview, image, quality)


def _read_cells(work: DateWork, displacement: Displacement | None) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    pairs = [work.look.read(work.grid, window, work.roles, displacement) for window in sample_windows(work.grid.shape)]
    quality = np.full((len(pairs), SAMPLE_CELL_PX, SAMPLE_CELL_PX), NODATA, np.uint8)
    for cell, (_, own) in zip(quality, pairs, strict=True):
        cell[: own.shape[0], : own.shape[1]] = own
    return stack_cells([image for image, _ in pairs]), quality


def measure(
    work: DateWork, reference: Sample | None, reference_model: Model | None, kept: Model
) -> tuple[Model, Sample | None]:
    """All statistics of a date.

    Parameters
    ----------
    work : DateWork
    reference : Sample or None
        Of the reference date, aligned with the grid; None where this is it.
    reference_model : dict or None
    kept : dict
        Parts of the model that an earlier run measured and that still hold; they are not measured again.

    Returns
    -------
    dict
        JSON-able: ``alignment``, ``mask``, ``normalise``, ``change``, ``objects``, ``footprint``.
    Sample or None
        The reference's own sample, for the other dates.
    """
    own = reference_sample(work)
    earlier = kept.get("alignment")
    alignment = _alignment(work, own, reference) if earlier is None else Alignment.from_json(earlier)
    model: Model = {"alignment": alignment.to_json()}
    if not alignment.displacement.is_zero:
        image, quality = _read_cells(work, alignment.displacement)
        own = replace(own, image=image, quality=quality)
    earlier = kept.get("mask")
    model["mask"] = _mask_model(work, own, reference, alignment.displacement) if earlier is None else earlier
    valid = _sample_quality(work, own, model) == CLEAR
    seen = _where(own.image, valid)
    if reference is not None and reference_model is not None:
        before = _where(reference.image, _sample_quality(work, reference, reference_model) == CLEAR)
        model |= _pair_models(work, seen, before, kept)
    return model | _single_models(work, seen, kept), own if reference is None else None


def _single_models(work: DateWork, seen: NDArray[np.float32], kept: Model) -> Model:
    """The statistics of methods that look at one date alone."""
    model: Model = {part: kept[part] for part in ("objects", "footprint") if part in kept}
    if work.methods.objects is not None and work.counts and "objects" not in model:
        # The grid's own pixels may be finer than what the sensor saw.
        model["objects"] = work.methods.objects.fit(seen) | {"gsd_m": work.look.gsd_m}
    if work.methods.footprint is not None and "footprint" not in model:
        model["footprint"] = work.methods.footprint.fit(seen)
    return model


def _pair_models(work: DateWork, seen: NDArray[np.float32], before: NDArray[np.float32], kept: Model) -> Model:
    model: Model = {part: kept[part] for part in ("normalise", "change") if part in kept}
    if "change" in model:
        return model
    both = np.asarray(np.isfinite(seen).all(axis=1) & np.isfinite(before).all(axis=1), bool)
    after, before = _where(seen, both), _where(before, both)
    before_blur, after_blur = work.blur_px
    before = np.stack([_blurred(cell, before_blur) for cell in before])
    after = np.stack([_blurred(cell, after_blur) for cell in after])
    if work.methods.normalise is not None:
        if "normalise" not in model:
            model["normalise"] = work.methods.normalise.fit(after, before)
        after = np.stack([work.methods.normalise.apply(cell, model=model["normalise"]) for cell in after])
    if work.methods.change is not None:
        model["change"] = work.methods.change.fit(before, after)
    return model


def _where(image: NDArray[np.float32], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Images ``(..., band, y, x)`` with NaN where ``valid (..., y, x)`` is False."""
    return np.where(np.expand_dims(valid, -3), image, np.float32(np.nan))


def _blurred(image: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Gaussian blur of ``(band, y, x)`` that knows missing pixels: they stay missing and weigh nothing."""
    if sigma_px == 0:
        return image
    known = np.isfinite(image)
    weight = gaussian_filter(known.astype(np.float32), (0, sigma_px, sigma_px), mode="constant", truncate=3.0)
    total = gaussian_filter(np.where(known, image, 0), (0, sigma_px, sigma_px), mode="constant", truncate=3.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, total / weight, np.nan).astype(np.float32)


def _alignment(work: DateWork, own: Sample, reference: Sample | None) -> Alignment:
    if reference is None:
        return Alignment(Displacement(), 0.0, 0.0, 0, True, "the reference")
    method = work.methods.align
    if method is None:
        return Alignment(Displacement(), np.inf, np.inf, 0, False, "not moved: switched off")
    resolution_m = work.grid.resolution_m
    pair, coarser = _coarse_pair(own.overview, reference.overview)
    factor = work.overview_factor * coarser
    dy, dx, confidence = method.coarse(*pair, resolution_m * factor)
    start = (dy * factor, dx * factor) if confidence >= LEAST_CONFIDENCE else (0.0, 0.0)
    corners = [(window.y, window.x) for window in sample_windows(work.grid.shape)]
    moving, centres = chips(own.image, corners, method.chip_px)
    fixed, _ = chips(reference.image, corners, method.chip_px)
    return method.refine(moving, fixed, centres, resolution_m, start).if_significant()


def _coarse_pair(
    moving: NDArray[np.float32], fixed: NDArray[np.float32]
) -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], int]:
    """Overviews small enough for one correlation, and how many of their pixels were averaged on a side."""
    factor = max(1, int(np.sqrt(moving[0].size / COARSE_BUDGET_PX)))
    if factor == 1:
        return (moving, fixed), 1
    return (block_mean(moving, (factor, factor)), block_mean(fixed, (factor, factor))), factor


def _mask_model(work: DateWork, own: Sample, reference: Sample | None, displacement: Displacement) -> Model:
    if work.methods.mask is None or work.methods.mask.classify is None:
        return {}
    factor = work.overview_factor
    sun = work.look.sun.azimuth_deg if work.look.sun else None
    before = reference.overview if reference is not None else None
    classes = work.methods.mask.classify(own.overview, before, work.grid.ground_resolution_m * factor, sun)
    moved = _moved(classes, displacement.shift, work.grid.resolution_m * factor)
    packed = base64.b64encode(pack(moved)).decode()
    return {"factor": factor, "shape": list(moved.shape), "classes": packed}


def _moved(classes: NDArray[np.uint8], shift: Shift, resolution_m: float) -> NDArray[np.uint8]:
    """An overview's classes where the pixels are after alignment, to the nearest overview pixel."""
    rows = np.arange(classes.shape[0]) - round(shift.north_m / resolution_m)
    columns = np.arange(classes.shape[1]) + round(shift.east_m / resolution_m)
    rows, columns = (np.clip(index, 0, size - 1) for index, size in zip((rows, columns), classes.shape, strict=True))
    return np.ascontiguousarray(classes[np.ix_(rows, columns)])


@lru_cache(maxsize=16)
def _overview_classes(packed: str, height: int, width: int) -> NDArray[np.uint8]:
    return unpack(base64.b64decode(packed), (height, width))


def _quality(
    work: DateWork, image: NDArray[np.float32], own: NDArray[np.uint8], window: Window, model: Model
) -> NDArray[np.uint8]:
    """Why each pixel of a window is usable or not: the file's own reasons first, then the mask stage's."""
    if work.methods.mask is None:
        return np.where((own == CLEAR) & ~np.isfinite(image).all(axis=0), NODATA, own).astype(np.uint8)
    found = work.methods.mask.apply(image, model={})
    kept = model["mask"]
    if kept:
        over = _overview_classes(kept["classes"], *kept["shape"])
        rows = np.arange(window.y, window.y + window.height)[:, None] // kept["factor"]
        columns = np.arange(window.x, window.x + window.width)[None] // kept["factor"]
        found = laid_over(found, over, rows, columns)
    return np.where(own == CLEAR, found, own).astype(np.uint8)


def _sample_quality(work: DateWork, sample: Sample, model: Model) -> NDArray[np.uint8]:
    out = sample.quality.copy()
    for i, window in enumerate(sample_windows(work.grid.shape)):
        whole = Window(window.y, window.x, SAMPLE_CELL_PX, SAMPLE_CELL_PX)
        out[i] = _quality(work, sample.image[i], sample.quality[i], whole, model)
    return out


def compute_tile(work: DateWork, window: Window, model: Model, reference_model: Model) -> Tile:
    """One pass over a tile: quality, score, raw mask, regions, picture, boxes.

    Raises
    ------
    InputError
        A scene cannot be read; it is named.
    """
    displacement = Alignment.from_json(model["alignment"]).displacement
    wide = window.grown(work.halo_px)
    image, own = work.look.read(work.grid, wide, work.roles, displacement)
    quality = _quality(work, image, own, wide, model)
    inside = work.grid.inside(window)
    core = _inner(work.halo_px)
    found: dict[str, Any] = {"quality": pack(np.where(inside, quality[core], NODATA).astype(np.uint8))}
    if work.compares:
        near = _inner(work.halo_px - work.change_halo_px)
        pair = image[(slice(None), *near)], quality[near]
        found |= _compared(work, window, *pair, inside, model, reference_model)
    if work.scene_roles:
        found["picture"] = _picture(work, window, image[(slice(None), *core)], displacement, model)
    counts, outlines = work.methods.objects is not None and work.counts, work.methods.footprint is not None
    if not counts and not outlines:
        return Tile(**found)
    seen = _where(image, quality == CLEAR)
    if work.methods.objects is not None and work.counts:
        method = work.methods.objects
        tables = [in_cell(seen, wide, cell, method, model["objects"]) for cell in cells(window, method.cell_px)]
        found["boxes"] = pd.concat(tables, ignore_index=True)
    if work.methods.footprint is not None:
        built = work.methods.footprint.apply(seen, model=model["footprint"])
        found["built"] = pack(np.where(inside, built[core], 0).astype(np.uint8))
    return Tile(**found)


def _inner(border_px: int) -> tuple[slice, slice]:
    inner = slice(border_px, -border_px) if border_px else slice(None)
    return inner, inner


def _compared(
    work: DateWork,
    window: Window,
    image: NDArray[np.float32],
    quality: NDArray[np.uint8],
    inside: NDArray[np.bool_],
    model: Model,
    reference_model: Model,
) -> dict[str, Any]:
    if work.reference is None or work.methods.change is None:
        return {}
    halo_px = work.change_halo_px
    wide = window.grown(halo_px)
    before, before_own = work.reference.read(work.grid, wide, work.roles, None)
    before_quality = _quality(work, before, before_own, wide, reference_model)
    both = (quality == CLEAR) & (before_quality == CLEAR)
    before, after = _comparable(work, before, image, both, model)
    score = work.methods.change.apply(before, after, model=model["change"])
    raw = _raw_mask(score, model["change"]["threshold"])
    rim, core = _inner(halo_px - OUTLINE_PX), _inner(halo_px)
    contrast = [figure[rim] for figure in components.edge_contrast(before, after, raw)]
    score = np.where(inside, score[core], np.float32(np.nan))
    own_raw = np.where(inside, raw[core], 255).astype(np.uint8)
    labels = components.label(own_raw)
    figures = (np.where(own_raw == 1, score, 0), *contrast)
    regions = components.describe_tile(labels, (window.y, window.x), work.grid.shape[1], figures)
    found: dict[str, Any] = {"score": score, "raw": pack(own_raw), "regions": regions}
    if work.tells_reference:
        found["reference_quality"] = pack(np.where(inside, before_quality[core], NODATA).astype(np.uint8))
    return found


def _comparable(
    work: DateWork, before: NDArray[np.float32], image: NDArray[np.float32], both: NDArray[np.bool_], model: Model
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both dates where both are seen, at one resolution and on one scale. Takes `before` over: it is not kept whole."""
    np.copyto(before, np.float32(np.nan), where=~both)
    before_blur, after_blur = work.blur_px
    before = _blurred(before, before_blur)
    after = _blurred(_where(image, both), after_blur)
    if work.methods.normalise is not None:
        after = work.methods.normalise.apply(after, model=model["normalise"])
    return before, after


def _raw_mask(score: NDArray[np.float32], threshold: float | None) -> NDArray[np.uint8]:
    """1 above the threshold, 0 not, 255 where there is no score."""
    if threshold is None:
        return np.where(np.isnan(score), 255, 0).astype(np.uint8)
    return np.where(np.isnan(score), 255, score > threshold).astype(np.uint8)


def _picture(
    work: DateWork, window: Window, shared: NDArray[np.float32], displacement: Displacement, model: Model
) -> NDArray[np.float32]:
    """The aligned, normalised picture with all of the date's bands; those that are not compared keep their values."""
    if work.methods.normalise is not None and "normalise" in model:
        shared = work.methods.normalise.apply(shared, model=model["normalise"])
    by_role = dict(zip(work.roles, shared, strict=True))
    others = tuple(role for role in work.scene_roles if role not in by_role)
    if others:
        extra, _ = work.look.read(work.grid, window, others, displacement)
        by_role |= dict(zip(others, extra, strict=True))
    return np.stack([by_role[role] for role in work.scene_roles]).astype(np.float32)
