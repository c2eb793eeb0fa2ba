"""The container network that comes with the package: read and checked once a process, run on a block of a picture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.errors import ChangedetError
from changedet.kernels.containers import OTHER
from changedet.kernels.doubts import HOME_ODDS
from changedet.kernels.onnx_session import session
from changedet.stages.objects.boxes import OVERLAP, BoxColumns, placed_columns, table_of
from changedet.stages.objects.kernels import closed_rows, network, network_grid, network_peaks, rectangles
from changedet.stages.objects.kernels.box_brightness import surround_brightness
from changedet.stages.objects.kernels.box_labels import kinds, surface_colours
from changedet.stages.objects.kernels.box_measures import picture_colours
from changedet.stages.objects.kernels.dark_lots import seen_again
from changedet.stages.objects.kernels.length_correction import corrected_lengths
from changedet.stages.objects.kernels.network import NetworkStatistics
from changedet.stages.objects.kernels.network_peaks import Peaks
from changedet.stages.objects.kernels.painted_bays import painted_bays
from changedet.stages.objects.kernels.stretch import GAMMA
from changedet.stages.objects.lattice import Description, Found
from changedet.stages.objects.rescoring import EVIDENCE, GAPS, GROUND, LOOK, PLACE, ROOF
from changedet.stages.objects.second_look import Looks, looks

if TYPE_CHECKING:
    import pandas as pd

MODEL = "containers.onnx"
LEAST_LOGIT = -4.0
"""Peaks below it are not looked at: a first confidence of about .02."""
CANDIDATE = 0.03
"""First confidence below which a box is not even a neighbour of others."""
LEAST_PX = 64
"""A block with fewer pixels of data holds no box."""
LEAST_STEP = 0.1
"""Between neighbouring pixels of the stretch; the faintest box of the calibration's scenes at 1 m has twice as much."""


@lru_cache(maxsize=1)
def model_bytes() -> bytes:
    """The network's file.

    Returns
    -------
    bytes
        ONNX.

    Raises
    ------
    ChangedetError
        It is missing, or its SHA-256 is not the one that was released with it.
    """
    folder = files("changedet").joinpath("models")
    try:
        content = folder.joinpath(MODEL).read_bytes()
        released = folder.joinpath("containers.sha256").read_text().strip()
    except OSError as error:
        raise ChangedetError(f"changedet/models/{MODEL}: cannot be read ({error}); install changedet again") from error
    if hashlib.sha256(content).hexdigest() != released:
        raise ChangedetError(f"changedet/models/{MODEL}: its checksum is not {released}; install changedet again")
    return content


@lru_cache(maxsize=1)
def calibration() -> dict[str, list[float]]:
    """Weights that turn the network's log odds into a confidence, from the file's metadata.

    Returns
    -------
    dict of str to list of float
        By resolution, as `network_peaks.confidence` takes them.
    """
    kept = session(model_bytes()).get_modelmeta().custom_metadata_map["calibration"]
    table: dict[str, list[float]] = json.loads(kept)
    return table


def lattice(resolution_m: float) -> tuple[int, int]:
    """Size of a cell and of its halo.

    Parameters
    ----------
    resolution_m : float
        Pixel of the picture, metres.

    Returns
    -------
    tuple of int
        Pixels of the picture.
    """
    return network_grid.cell_px(resolution_m), network_grid.halo_px(resolution_m)


def bands_used(roles: Sequence[str]) -> tuple[int, int, int]:
    """Bands that the network sees as red, green and blue.

    Parameters
    ----------
    roles : sequence of str
        Of the picture's bands.

    Returns
    -------
    tuple of int
        The panchromatic or first band three times where one of the colours lacks.
    """
    if {"red", "green", "blue"} <= set(roles):
        return list(roles).index("red"), list(roles).index("green"), list(roles).index("blue")
    grey = list(roles).index("pan") if "pan" in roles else 0
    return grey, grey, grey


def find(
    image: Singles, model: NetworkStatistics, roles: Sequence[str], resolution_m: float, clear: Bools | None = None
) -> Found:
    """Boxes of a block, each scored by itself, and the network's description of the block.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN for no data.
    model : NetworkStatistics
        Of the scene; with ``gsd_m`` where the date's own pixels are coarser than the grid's.
    roles : sequence of str
        Of the bands.
    resolution_m : float
        Pixel size on the ground, metres.
    clear : bool (y, x), optional
        Where the block shows the ground: what it is described by. By default wherever there are data.

    Returns
    -------
    Found
        Boxes with `boxes.COLUMNS`, and where the block was looked at `rescoring.EVIDENCE`, `GAPS`, `LOOK`, `ROOF`,
        `GROUND`, `PLACE` and `HOME_ODDS`, of which the last five are only given where a box's centre lies within the
        block's halo.
    """
    seen = _inferred(image, model, roles, resolution_m, model_bytes(), clear)
    if seen is None:
        return Found(table_of({}))
    gsd_m = max(resolution_m, model.gsd_m or 0.0)
    raw = seen.peaks
    confidence = network_peaks.confidence(raw, gsd_m, calibration())
    kept = np.flatnonzero((confidence >= CANDIDATE) & seen.valid)
    kept = kept[rectangles.suppress(raw.boxes[kept], confidence[kept], OVERLAP, OVERLAP)]
    kept = kept[~painted_bays(seen.picture, raw.boxes[kept], seen.pixel_m)]
    sure, other = confidence[kept], raw.other[kept] > 0
    boxes = corrected_lengths(seen.picture, raw.boxes[kept], ~other, seen.pixel_m, gsd_m)
    colours = picture_colours(seen.picture, boxes, seen.pixel_m)
    named = np.array(kinds(boxes[:, 2], gsd_m), dtype=object)
    named[other] = OTHER
    index = {"red": 0, "green": 1, "blue": 2} if {"red", "green", "blue"} <= set(roles) else {}
    columns: BoxColumns = {
        **placed_columns(boxes, seen.left, seen.top, resolution_m),
        "confidence": sure,
        "kind": named,
        "color": surface_colours(colours, index, GAMMA),
        "inferred": np.zeros(len(boxes), np.bool_),
    }
    evidence = _evidence(seen, boxes, sure, Peaks(raw.boxes[kept], raw.logit[kept], raw.other[kept]), colours, gsd_m)
    table = table_of(columns).assign(**evidence)
    more = _looks(seen, table, boxes, model, resolution_m, in_colour=bool(index))
    # These two compare a box with what lies around it in the scene's light, in which a lot's boxes cannot be told.
    alone = ~np.concatenate([seen.in_lot[kept], np.zeros(len(boxes) - len(kept), bool)])
    odds, ground = (np.where(alone, known, np.nan) for known in (more.odds, more.ground))
    known = {LOOK: odds, ROOF: more.roof, GROUND: ground, PLACE: more.place, HOME_ODDS: more.home}
    return Found(table.assign(**known), seen.description)


def _looks(
    seen: _Block,
    table: pd.DataFrame,
    boxes: Floats,
    model: NetworkStatistics,
    resolution_m: float,
    *,
    in_colour: bool,
) -> Looks:
    """A second look at the boxes of the cell, NaN of all others."""
    halo, place = network_grid.halo_px(resolution_m), table[["y_px", "x_px"]].to_numpy()
    inside: Bools = np.all((place >= halo) & (place < np.array(seen.size) - halo), axis=1)
    return looks(table, inside, seen.stretched, boxes, model, resolution_m, in_colour=in_colour)


def _evidence(
    seen: _Block, boxes: Floats, sure: Floats, peaks: Peaks, colours: Floats, gsd_m: float
) -> dict[str, Floats]:
    """What rescoring needs of each box."""
    bright = seen.picture.mean(axis=0)
    brightness = surround_brightness(bright, boxes, seen.pixel_m)
    values = (peaks.logit, peaks.other, *brightness.T, np.ptp(colours, axis=1), np.full(len(boxes), gsd_m))
    fine = gsd_m <= closed_rows.COARSEST_M
    gaps = closed_rows.contrasts(bright, boxes, sure, seen.pixel_m) if fine else np.full((len(boxes), 2), np.nan)
    return dict(zip((*EVIDENCE, *GAPS), (*values, *gaps.T), strict=True))


@dataclass(frozen=True)
class _Block:
    """What the network sees in a block.

    Boxes are in metres from the picture's corner, which lies at row `top` and column `left` of the block; `valid` says
    whether each box's centre has data. `stretched` is the same part on pixels of the grid, `size` rows and columns of
    the whole block. `in_lot` says which peaks belong to a lot that was looked at in light of its own.
    """

    size: tuple[int, int]
    stretched: Singles
    picture: Singles
    pixel_m: float
    peaks: Peaks
    in_lot: Bools
    top: int
    left: int
    valid: Bools
    description: Description | None


def _inferred(
    image: Singles,
    model: NetworkStatistics,
    roles: Sequence[str],
    resolution_m: float,
    content: bytes,
    clear: Bools | None = None,
) -> _Block | None:
    """Run the network on the part of a block that has data; None where there is none, or nothing but even ground."""
    chosen = image[list(bands_used(roles))]
    valid: Bools = np.all(np.isfinite(chosen), axis=0)
    part, top, left = _shown(valid, resolution_m)
    if valid[part].sum() < LEAST_PX:
        return None
    scale = network_grid.ratio(resolution_m)
    pixel_m = float(scale) * resolution_m
    mean = np.asarray(model.mean, np.float32)[:, None, None]
    shown_part = network.stretched(chosen[(slice(None), *part)], model.low, model.high)
    stretched = np.where(valid[part], shown_part, mean)
    picture = network_grid.resampled(stretched, scale)
    if network.steepest(picture) < LEAST_STEP:
        return None
    corner = network_grid.halo_px(resolution_m)
    origin = int((corner - top) / scale), int((corner - left) / scale)
    open_ground = network_grid.resampled_where_all((valid if clear is None else valid & clear)[part], scale)
    shown = network.seen(content, picture, model.mean, model.spread, origin, open_ground)
    drawn = network_peaks.decoded(shown.maps, pixel_m, LEAST_LOGIT)
    peaks, in_lot = seen_again(picture, pixel_m, drawn, content)
    x, y = peaks.boxes[:, 0] / resolution_m + left, peaks.boxes[:, 1] / resolution_m + top
    row, column = (np.clip(v.astype(int), 0, n - 1) for v, n in zip((y, x), valid.shape, strict=True))
    described = shown.description
    description = None if described is None else Description(tuple(described.tolist()), shown.described)
    where = top, left, valid[row, column]
    return _Block(valid.shape, stretched, picture, pixel_m, peaks, in_lot, *where, description)


def peaks(image: Singles, roles: Sequence[str], resolution_m: float, content: bytes) -> Peaks:
    """All peaks of a whole picture by some network, weak ones too, where there are data and none overlap.

    What a calibration is fitted to.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN for no data.
    roles : sequence of str
        Of the bands.
    resolution_m : float
        Pixel size on the ground, metres.
    content : bytes
        The network's file.

    Returns
    -------
    Peaks
        Boxes in metres from the picture's corner.
    """
    seen = _inferred(image, network.statistics(image[None], bands_used(roles)), roles, resolution_m, content)
    if seen is None:
        return Peaks(np.empty((0, 5)), np.empty(0), np.empty(0))
    boxes = seen.peaks.boxes + np.array([seen.left, seen.top, 0, 0, 0]) * [resolution_m, resolution_m, 0, 0, 0]
    kept = np.flatnonzero(seen.valid)
    kept = kept[rectangles.suppress(boxes[kept], seen.peaks.logit[kept], OVERLAP, OVERLAP)]
    return Peaks(boxes[kept], seen.peaks.logit[kept], seen.peaks.other[kept])


def _shown(valid: Bools, resolution_m: float) -> tuple[tuple[slice, slice], int, int]:
    """The part of a block that has data, on the lattice of the network's pixels, and its first row and column."""
    rows, columns = np.flatnonzero(valid.any(axis=1)), np.flatnonzero(valid.any(axis=0))
    if not rows.size:
        return (slice(0, 0), slice(0, 0)), 0, 0
    step = network_grid.ratio(resolution_m).numerator
    spans = []
    for seen, size in zip((rows, columns), valid.shape, strict=True):
        spans.append((int(seen[0]) // step * step, min(size, -(-(int(seen[-1]) + 1) // step) * step)))
    return (slice(*spans[0]), slice(*spans[1])), spans[0][0], spans[1][0]
