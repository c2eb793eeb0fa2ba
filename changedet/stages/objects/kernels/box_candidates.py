"""Containers in one block: candidates from segments, rows and templates, measured, judged, thinned out.

The chain follows the candidate-and-verify pattern of classical vehicle and container counters: graph-based segments
(Felzenszwalb and Huttenlocher 2004), rectangle templates on the site's axes, sides fitted to a fraction of a pixel, two
logistic judgements (each box alone, then with its neighbours), greedy suppression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.kernels.containers import (
    CONTAINER_KINDS,
    FITTED_LENGTH_GATE_M,
    LENGTH_20FT_M,
    LENGTHS_M,
    LONG_FROM_M,
    SEGMENT_LENGTH_GATE_M,
    WIDTH_GATE_M,
    WIDTH_M,
)
from changedet.stages.objects.kernels import edge_fit, rectangles, rows, segments, templates

Floats = NDArray[np.float32]
Boxes = NDArray[np.float64]

WORKING_PIXEL_M = 0.30
"""A box is 8 px wide on this grid; coarser pictures are upsampled to it, finer ones averaged."""

SEGMENT_SCALES = (0.6, 2.4)
TEMPLATE_ANGLES = 3
TEMPLATE_THRESHOLD = 0.06
CONTEXT_RADIUS_M = 30.0
MOST_CANDIDATES = 4000
ASKEW_OVERLAP = 0.05
"""Boxes that cross at an angle cannot both be there, however little of each the other covers."""


@dataclass(frozen=True)
class WorkingPicture:
    """A block on the working grid.

    Stretched colours (y, x, band) without NaN, where it is valid, its pixel, the sensor's own pixel.
    """

    colours: Floats
    valid: NDArray[np.bool_]
    pixel_m: float
    gsd_m: float

    @property
    def edges(self) -> Floats:
        """Brightness, and red less blue where there are colours: what the search for sides needs, at half the cost."""
        bright = self.colours.mean(axis=-1)
        if self.colours.shape[2] < 3:
            return np.ascontiguousarray(bright[..., None])
        pair = np.stack([bright, 0.7 * (self.colours[..., 2] - self.colours[..., 0])], axis=-1)
        return np.ascontiguousarray(pair * np.float32(np.sqrt(2.0)))

    @property
    def reach_px(self) -> float:
        """Over a blurred side the colour step is taken further apart."""
        return max(0.36, 0.5 * self.gsd_m) / self.pixel_m


@dataclass(frozen=True)
class Candidates:
    """Boxes in metres (x, y, length, width, angle rad; origin: the block's corner), what was measured of them, and
    for a
    box cut from a uniform row the row's number (-1 for all others)."""

    boxes: Boxes
    measures: Boxes
    row: NDArray[np.int64]


def stretch_limits(samples: Floats) -> tuple[list[float], list[float]]:
    """Dark and bright end of each band.

    The 1st and 99th percentile of a fixed sample (cell, band, y, x), NaN left out.
    """
    low, high = [], []
    for band in range(samples.shape[1]):
        values = samples[:, band][np.isfinite(samples[:, band])]
        a, b = np.percentile(values, [1.0, 99.0]) if values.size else (0.0, 1.0)
        low.append(float(a))
        high.append(float(max(b, a + 1e-6 * max(1.0, abs(a)))))
    return low, high


def stretch_gamma(display_coded: bool) -> float:
    """Exponent of the stretch: 8-bit pictures are mostly made for a screen and have dark colours lifted already."""
    return 0.85 if display_coded else 0.6


def working_picture(
    image: Floats, low: Sequence[float], high: Sequence[float], gsd_m: float, gamma: float
) -> WorkingPicture:
    """Resample a block to the working grid and stretch its colours.

    Parameters
    ----------
    image : (band, y, x) float32
        NaN for no data.
    low, high : stretch limits of each band.
    gsd_m : pixel size of the block, metres.
    gamma : exponent of the stretch; below 1 it lifts dark colours.
    """
    valid: NDArray[np.bool_] = np.all(np.isfinite(image), axis=0)
    every = max(1, int(WORKING_PIXEL_M / gsd_m + 1e-6))
    pixel_m = WORKING_PIXEL_M if gsd_m >= WORKING_PIXEL_M else every * gsd_m
    planes = []
    for band, a, b in zip(image, low, high, strict=True):
        filled: Floats = np.where(valid, band, 0.5 * (a + b)).astype(np.float32)
        plane = _resampled(filled, pixel_m / gsd_m, True)
        planes.append(np.clip((plane - a) / (b - a) + 0.02, 0.0, 1.6) ** np.float32(gamma))
    shown = _resampled(valid.astype(np.float32), pixel_m / gsd_m, False) > 0.999
    colours = np.ascontiguousarray(np.stack(planes, axis=-1), np.float32)
    return WorkingPicture(colours, shown, pixel_m, gsd_m)


def _resampled(plane: Floats, ratio: float, smooth: bool) -> Floats:
    """A plane on pixels `ratio` times as wide, corners held.

    Cubic to finer ones, the mean of whole pixels to coarser ones.
    """
    height, width = plane.shape
    if ratio > 1.0:
        n = round(ratio)
        even = plane[: height // n * n, : width // n * n]
        return np.asarray(even.reshape(height // n, n, width // n, n).mean(axis=(1, 3)), np.float32)
    size = (int(width / ratio + 1e-6), int(height / ratio + 1e-6))
    offset = 0.5 * ratio - 0.5
    matrix = np.array([[ratio, 0.0, offset], [0.0, ratio, offset]])
    flags = (cv2.INTER_CUBIC if smooth else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(plane, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def find_candidates(picture: WorkingPicture) -> Candidates:
    """All boxes worth a judgement, fitted to their sides and measured."""
    pixel = picture.pixel_m
    smooth = np.atleast_3d(cv2.GaussianBlur(picture.colours, (0, 0), 0.8))
    whole, blocks = _from_segments(smooth, picture)
    edges = picture.edges
    seeds = np.concatenate([whole, _from_templates(edges, pixel)])
    fitted = edge_fit.fit_sides(edges, seeds, pixel, picture.reach_px, WIDTH_GATE_M)
    boxes, measures = _plausible(picture, fitted)
    cut, owner, block_rows = rows.split_blocks(
        blocks * [pixel, pixel, pixel, pixel, 1.0], 0.12 * LENGTH_20FT_M + 0.3 * picture.gsd_m, 32.0
    )
    row_measures = _measured(picture, block_rows / [pixel, pixel, pixel, pixel, 1.0])
    return Candidates(
        np.concatenate([boxes, cut]),
        np.concatenate([measures, row_measures[owner]]),
        np.concatenate([np.full(len(boxes), -1), owner]),
    )


def _from_segments(smooth: Floats, picture: WorkingPicture) -> tuple[Boxes, Boxes]:
    """Segments of a box's own size, and rectangular ones that may be rows of boxes; (n, 5) in pixels each."""
    pixel = picture.pixel_m
    slack = 0.5 * picture.gsd_m
    whole, blocks = [], []
    for labels, count in segments.segment(smooth, picture.valid, SEGMENT_SCALES, 0.002):
        found = segments.moment_rectangles(labels, count)
        length, width, fill = found[:, 2] * pixel, found[:, 3] * pixel, found[:, 5]
        single = (
            (length > SEGMENT_LENGTH_GATE_M[0])
            & (length < SEGMENT_LENGTH_GATE_M[1])
            & (width > 1.5)
            & (width < 3.3 + slack)
            & (fill > 0.78)
        )
        block = (length < 40.0) & (length > SEGMENT_LENGTH_GATE_M[0]) & (width > 4.4) & (fill > 0.9)
        whole.append(found[single, :5])
        blocks.append(found[block, :5])
    return np.concatenate(whole), np.concatenate(blocks)


def _from_templates(edges: Floats, pixel: float) -> Boxes:
    found = [
        templates.scan(edges, angle, pixel, LENGTHS_M, WIDTH_M, TEMPLATE_THRESHOLD, 1500)
        for angle in templates.dominant_angles(edges, TEMPLATE_ANGLES, 6.0)
    ]
    boxes = np.concatenate([np.empty((0, 6)), *found])
    kept = rectangles.suppress(boxes[:, :5], boxes[:, 5], 0.6, 0.6)
    boxes = boxes[kept]
    return boxes[np.argsort(-boxes[:, 5], kind="stable")[:MOST_CANDIDATES], :5]


def _measured(picture: WorkingPicture, boxes: Boxes) -> Boxes:
    return edge_fit.measure(picture.colours, picture.valid, boxes, picture.reach_px, picture.pixel_m)


def _plausible(picture: WorkingPicture, fitted: Boxes) -> tuple[Boxes, Boxes]:
    """Boxes (metres) of a possible length with an edge on every side, near-duplicates left out, with their measures."""
    metres = fitted * [picture.pixel_m, picture.pixel_m, picture.pixel_m, picture.pixel_m, 1.0]
    measures = _measured(picture, fitted)
    strength = np.sqrt(np.maximum(measures[:, 0], 0)) + np.sqrt(np.maximum(measures[:, 2], 0))
    kept = (
        (metres[:, 2] > FITTED_LENGTH_GATE_M[0])
        & (metres[:, 2] < FITTED_LENGTH_GATE_M[1])
        & (measures[:, edge_fit.INVALID] < 0.02)
    )
    kept &= (measures[:, 0] > 0.01) & (measures[:, 2] > 0.01)
    metres, measures, strength = metres[kept], measures[kept], strength[kept]
    lone = rectangles.suppress(metres, strength, 0.8, 0.8)
    return metres[lone], measures[lone]


def features(candidates: Candidates, role_index: Mapping[str, int]) -> Boxes:
    """What the first judgement sees of each candidate: (n, k) float64, no NaN; the last column is 1.

    Parameters
    ----------
    role_index : band role -> place among the picture's bands; colours that are missing count as 0.
    """
    m = dict(zip(edge_fit.MEASURES, candidates.measures.T, strict=True))
    length, width = candidates.boxes[:, 2], candidates.boxes[:, 3]
    log = {
        name: np.log(0.02 + np.maximum(m[name], 0.0))
        for name in ("long_low", "long_high", "short_low", "short_high", "rough", "ring")
    }
    bright, red_green, green, infrared = _colour_terms(candidates.measures[:, edge_fit.BAND0 :], role_index)
    strongest = m["long_high"] + 0.02
    error = rows.length_error(length)
    wide = width - WIDTH_M
    columns = [
        *log.values(),
        log["long_low"] ** 2,
        log["short_low"] ** 2,
        log["rough"] ** 2,
        log["long_low"] - log["rough"],
        m["long_even"],
        m["short_even"],
        m["halves"],
        np.minimum(m["mid_seam"] / strongest, 2.0),
        np.minimum(m["axis_seam"] / strongest, 2.0),
        m["ring_rough"],
        np.minimum(m["long_beyond"] / strongest, 2.0),
        np.minimum(m["short_beyond"] / (m["short_high"] + 0.02), 2.0),
        m["dark_out"],
        m["bright_out"],
        np.abs(m["dark_out"]),
        error,
        error**2,
        wide,
        wide**2,
        (length > LONG_FROM_M) * 1.0,
        length / 10.0,
        bright,
        bright**2,
        red_green,
        green,
        infrared,
        (length > LONG_FROM_M) * np.minimum(m["mid_seam"] / strongest, 2.0),
        np.ones(len(length)),
    ]
    return np.column_stack(columns) if len(length) else np.empty((0, len(columns)))


def _colour_terms(bands: Boxes, index: Mapping[str, int]) -> tuple[NDArray[np.float64], ...]:
    """Brightness, saturation, greenness and NIR above red."""
    none = np.zeros(len(bands))
    seen = [bands[:, index[role]] for role in ("blue", "green", "red") if role in index]
    bright = np.mean(seen, axis=0) if seen else bands[:, 0]
    if len(seen) < 3:
        return np.asarray(bright), none, none, none
    blue, green, red = seen
    saturation = np.max(seen, axis=0) - np.min(seen, axis=0)
    infrared = bands[:, index["nir"]] - red if "nir" in index else none
    return np.asarray(bright), np.asarray(saturation), 2 * green - red - blue, infrared


def context_features(candidates: Candidates, logit: NDArray[np.float64]) -> Boxes:
    """What the second judgement sees: the first one's logit and the neighbours; (n, k) float64."""
    around = rows.context(candidates.boxes, sigmoid(logit), CONTEXT_RADIUS_M)
    beside, ahead, rival, parallel, askew = around.T
    own = np.clip(logit, -8.0, 8.0)
    columns = [
        own,
        own * np.abs(own) / 8,
        beside,
        np.minimum(beside, 1.0),
        ahead,
        rival,
        np.log(rival + 0.02),
        np.maximum(rival - sigmoid(own), 0.0),
        np.log1p(parallel),
        np.log1p(askew),
        beside * sigmoid(own),
        rival * beside,
        np.ones(len(own)),
    ]
    return np.column_stack(columns)


def sigmoid(logit: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -40.0, 40.0))))


@dataclass(frozen=True)
class Judge:
    """Coefficients of the judgements at a set of resolutions; between them logits are interpolated in log resolution.

    Attributes
    ----------
    gsd_m : (g,) resolutions, ascending.
    alone : (g, k) first judgement, on `features`.
    alone_row : (g, k) the same for boxes cut from rows, whose features are their row's.
    together : (g, c) second judgement, on `context_features`.
    together_row : (g, c)
    scale : (g, 2) slope and intercept that calibrate the logits of what suppression leaves.
    """

    gsd_m: NDArray[np.float64]
    alone: NDArray[np.float64]
    alone_row: NDArray[np.float64]
    together: NDArray[np.float64]
    together_row: NDArray[np.float64]
    scale: NDArray[np.float64]

    def at(self, table: NDArray[np.float64], gsd_m: float) -> NDArray[np.float64]:
        """Coefficients at one resolution, held beyond the ends."""
        where = np.log(np.clip(gsd_m, self.gsd_m[0], self.gsd_m[-1]))
        return np.array([np.interp(where, np.log(self.gsd_m), column) for column in table.T])

    def first(self, table: Boxes, is_row: NDArray[np.bool_], gsd_m: float) -> NDArray[np.float64]:
        return np.where(is_row, table @ self.at(self.alone_row, gsd_m), table @ self.at(self.alone, gsd_m))

    def second(self, table: Boxes, is_row: NDArray[np.bool_], gsd_m: float) -> NDArray[np.float64]:
        return np.where(is_row, table @ self.at(self.together_row, gsd_m), table @ self.at(self.together, gsd_m))


def judged(candidates: Candidates, judge: Judge, gsd_m: float, role_index: Mapping[str, int]) -> NDArray[np.float64]:
    """Logit of each candidate after both judgements, (n,)."""
    is_row = candidates.row >= 0
    first = judge.first(features(candidates, role_index), is_row, gsd_m)
    return judge.second(context_features(candidates, first), is_row, gsd_m)


def detect(
    picture: WorkingPicture, judge: Judge, role_index: Mapping[str, int], least_confidence: float, overlap: float
) -> dict[str, Any]:
    """Containers in a block.

    Parameters
    ----------
    least_confidence : boxes below it are left out. overlap : greatest intersection over union of two that stay.

    Returns
    -------
    dict of arrays: boxes (n, 5) in metres from the block's corner, confidence (n,) 0 to 1, inferred (n,) bool,
    colours (n, band) median of the stretched colours inside.
    """
    found = find_candidates(picture)
    logit = judged(found, judge, picture.gsd_m, role_index)
    slope, intercept = judge.at(judge.scale, picture.gsd_m)
    confidence = sigmoid(slope * logit + intercept)
    kept = np.flatnonzero(confidence >= least_confidence)
    kept = kept[rectangles.suppress(found.boxes[kept], confidence[kept], overlap, ASKEW_OVERLAP)]
    boxes = found.boxes[kept]
    colours = edge_fit.median_colours(picture.colours, boxes / [*[picture.pixel_m] * 4, 1.0], 0.6 / picture.pixel_m)
    # From pixel centres to pixel edges: the block's corner is 0, 0.
    boxes[:, :2] += 0.5 * picture.pixel_m
    return {"boxes": boxes, "confidence": confidence[kept], "inferred": found.row[kept] >= 0, "colours": colours}


def kinds(length_m: NDArray[np.float64], gsd_m: float) -> list[str]:
    """20ft, 40ft, 45ft or other, by the nearest standard length within 0.8 m and a third of a pixel."""
    error = np.abs(length_m[:, None] - np.array(LENGTHS_M))
    names = np.array(CONTAINER_KINDS)[error.argmin(axis=1)]
    return [str(name) if e <= 0.8 + 0.35 * gsd_m else "other" for name, e in zip(names, error.min(axis=1), strict=True)]


def surface_colours(colours: Boxes, role_index: Mapping[str, int], gamma: float) -> list[str]:
    """Stretched colours (n, band) as #rrggbb of the surface; grey where red, green or blue is missing.

    The stretch puts the scene's dark end at a reflectance of 0.03 and its bright end at 0.45, about what shade and
    bright
    concrete have; sRGB is reflectance to the power 1 / 2.2.
    """
    bands = [role_index.get(role, -1) for role in ("red", "green", "blue")]
    bands = [0, 0, 0] if -1 in bands else bands
    linear = np.maximum(colours[:, bands], 0.0) ** (1.0 / gamma) - 0.02
    shown = np.clip(0.03 + 0.42 * linear, 0.0, 1.0) ** (1.0 / 2.2)
    return ["#" + "".join(f"{round(255 * float(v)):02x}" for v in row) for row in shown]
