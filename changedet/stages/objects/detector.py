"""The container network that comes with the package: read and checked once a process, run on a block of a picture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from changedet.errors import ChangedetError
from changedet.kernels.boosted_trees import Forest
from changedet.kernels.containers import ENDS_LENGTH_GATE_M, WIDTH_GATE_M
from changedet.models.loader import released_trees
from changedet.stages.objects.kernels import box_candidates, context_rescoring, edge_fit, network, rectangles, rows

MODEL = "containers.onnx"
LEAST_LOGIT = -4.0
CANDIDATE = 0.03
"""First guess below which a box is not even company."""
LEAST_PX = 64
LEAST_STEP = 0.1
"""Between neighbouring pixels of the stretch; the faintest box of the calibration's scenes at 1 m has twice as much."""
OVERLAP = 0.3
COUNTED, SURE = 0.5, 0.7
ENDS_SHARE = 0.5
"""Of a long box's length taken from its ends, the rest from the network; chosen on simulated seeds 700 to 747."""
MOST_FILLED = 3
SAME_COLOUR = 0.06
"""Of the stretch from the scene's dark to its bright end."""


@lru_cache(maxsize=1)
def model_bytes() -> bytes:
    """The network's file.

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


def context_forests() -> tuple[Forest, Forest]:
    """The forests that rescore boxes from their neighbours: whether one is there, and whether it is a container."""
    there, kind = released_trees("company.npz", context_rescoring.NAMES).forests
    return there, kind


@lru_cache(maxsize=1)
def calibration() -> dict[str, list[float]]:
    """Weights by resolution that turn what the network draws into a confidence, from the file's metadata."""
    kept = network.session(model_bytes()).get_modelmeta().custom_metadata_map["calibration"]
    table: dict[str, list[float]] = json.loads(kept)
    return table


def lattice(resolution_m: float) -> tuple[int, int]:
    """Size of a cell and of its halo, pixels of the picture."""
    return network.cell_px(resolution_m), network.halo_px(resolution_m)


def bands_used(roles: Sequence[str]) -> tuple[int, int, int]:
    """Bands shown to the network as red, green and blue: the panchromatic or first one three times where one lacks."""
    if {"red", "green", "blue"} <= set(roles):
        return list(roles).index("red"), list(roles).index("green"), list(roles).index("blue")
    grey = list(roles).index("pan") if "pan" in roles else 0
    return grey, grey, grey


def fit(samples: NDArray[np.float32], *, bands: Sequence[int]) -> dict[str, Any]:
    """Stretch limits, and the stretched scene's mean and spread: of the scene, so that no cell has its own."""
    chosen = samples[:, list(bands)]
    low, high = box_candidates.stretch_limits(chosen)
    mean, spread = [], []
    for band in range(3):
        values = chosen[:, band][np.isfinite(chosen[:, band])][None, None]
        shown = network.stretched(values[None, 0], [low[band]], [high[band]]) if values.size else np.zeros(1)
        mean.append(round(float(shown.mean(dtype=np.float64)), 6))
        spread.append(round(float(shown.std(dtype=np.float64)) + 1e-3, 6))
    return {"low": low, "high": high, "mean": mean, "spread": spread}


def find(
    image: NDArray[np.float32], fitted: Mapping[str, Any], roles: Sequence[str], resolution_m: float
) -> dict[str, Any]:
    """Candidates of a block as columns of a table: those of `objects.boxes.COLUMNS`, and `EVIDENCE` for `settled`.

    Parameters
    ----------
    image : (band, y, x) float32
        NaN for no data.
    fitted : dict
        From `fit`; with ``gsd_m`` where the date's own pixels are coarser than the grid's.
    roles : of the bands.
    resolution_m : pixel size on the ground, metres.
    """
    seen = _looked(image, fitted, roles, resolution_m, model_bytes())
    if seen is None:
        return {}
    gsd_m = max(resolution_m, float(fitted.get("gsd_m", 0.0)))
    raw = seen.raw
    confidence = network.confidence(raw, gsd_m, calibration())
    kept = np.flatnonzero((confidence >= CANDIDATE) & seen.valid)
    kept = kept[rectangles.suppress(raw.boxes[kept], confidence[kept], OVERLAP, OVERLAP)]
    sure, other = confidence[kept], raw.other[kept] > 0
    boxes = _measured(seen, raw.boxes[kept], ~other, gsd_m)
    colours = _medians(seen.picture, boxes, seen.pixel_m)
    filled = _between(seen, boxes, np.where(other, 0.0, sure), colours)
    boxes, sure = np.concatenate([boxes, filled.boxes]), np.concatenate([sure, filled.confidence])
    inferred = np.arange(len(boxes)) >= len(kept)
    kinds = np.array(box_candidates.kinds(boxes[:, 2], gsd_m), dtype=object)
    kinds[: len(kept)][other] = "other"
    shown = np.concatenate([colours, filled.colours])
    index = {"red": 0, "green": 1, "blue": 2} if {"red", "green", "blue"} <= set(roles) else {}
    return {
        "x_px": boxes[:, 0] / resolution_m + seen.left,
        "y_px": boxes[:, 1] / resolution_m + seen.top,
        "length_m": boxes[:, 2],
        "width_m": boxes[:, 3],
        "angle_deg": np.mod(np.round(np.degrees(boxes[:, 4]), 3), 180.0),
        "confidence": sure,
        "kind": kinds,
        "color": box_candidates.surface_colours(shown, index, network.GAMMA),
        "inferred": inferred,
        **_evidence(seen, boxes, raw.logit[kept], raw.other[kept], shown, gsd_m),
    }


EVIDENCE = ("logit", "other", *(f"look_{k}" for k in range(6)), "chroma", "gsd_m")
"""Columns of candidates that `settled` needs and takes away."""


def _evidence(
    seen: Looked,
    boxes: NDArray[np.float64],
    logit: NDArray[np.float64],
    other: NDArray[np.float64],
    colours: NDArray[np.float64],
    gsd_m: float,
) -> dict[str, Any]:
    """What the company's judgement needs of each box; boxes that were filled in are no peaks, but containers."""
    filled = len(boxes) - len(logit)
    looks = context_rescoring.looks(seen.picture.mean(axis=0), boxes, seen.pixel_m)
    peaks = np.concatenate([logit, np.full(filled, np.nan)]), np.concatenate([other, np.full(filled, -np.inf)])
    values = (*peaks, *looks.T, np.ptp(colours, axis=1), np.full(len(boxes), gsd_m))
    return dict(zip(EVIDENCE, values, strict=True))


def settled(table: pd.DataFrame, resolution_m: float) -> pd.DataFrame:
    """A scene's candidates, none overlapping, judged anew by their company; without `EVIDENCE`.

    Parameters
    ----------
    table : DataFrame
        Columns of `find`, all of a date's scene, in an order that does not depend on tiles.
    resolution_m : pixel size on the ground, metres.
    """
    plain = table.drop(columns=list(EVIDENCE), errors="ignore")
    peaks = np.flatnonzero(table["logit"].notna()) if "logit" in table else np.empty(0, np.intp)
    if not peaks.size:
        return plain
    confidence, container = context_rescoring.judged(
        context_rescoring.features(candidates(table, resolution_m))[peaks], *context_forests()
    )
    sure, kinds = plain["confidence"].to_numpy(copy=True), plain["kind"].to_numpy(object, copy=True)
    sized = box_candidates.kinds(plain["length_m"].to_numpy()[peaks], float(table["gsd_m"].iloc[0]))
    sure[peaks], kinds[peaks] = confidence, np.where(container, sized, "other")
    return plain.assign(confidence=sure, kind=pd.Series(kinds, index=plain.index).astype(plain["kind"].dtype))


def candidates(table: pd.DataFrame, resolution_m: float) -> context_rescoring.Seen:
    """What is known of each candidate by itself."""
    columns = table[["x_px", "y_px", "length_m", "width_m", "angle_deg"]].to_numpy(np.float64)
    boxes = columns * [resolution_m, resolution_m, 1.0, 1.0, np.pi / 180]
    one = {name: table[name].to_numpy(np.float64) for name in ("confidence", *EVIDENCE)}
    looks = np.column_stack([one[f"look_{k}"] for k in range(6)])
    return context_rescoring.Seen(
        boxes, one["confidence"], one["logit"], one["other"], looks, one["chroma"], one["gsd_m"]
    )


def _measured(seen: Looked, boxes: NDArray[np.float64], which: NDArray[np.bool_], gsd_m: float) -> NDArray[np.float64]:
    """Boxes with the lengths of the long ones corrected by their ends: the network draws 45-foot boxes, which it was
    shown few of, almost as short as 40-foot ones.
    """
    long = np.flatnonzero(which & (boxes[:, 2] > ENDS_LENGTH_GATE_M[0]) & (boxes[:, 2] < ENDS_LENGTH_GATE_M[1]))
    if not long.size:
        return boxes
    colours = np.ascontiguousarray(np.moveaxis(seen.picture, 0, 2))
    shown = box_candidates.WorkingPicture(colours, np.ones(colours.shape[:2], bool), seen.pixel_m, gsd_m)
    seeds = boxes[long] / [*[seen.pixel_m] * 4, 1.0]
    seeds[:, :2] -= 0.5
    ends = edge_fit.fit_sides(shown.edges, seeds, seen.pixel_m, shown.reach_px, WIDTH_GATE_M)[:, 2] * seen.pixel_m
    out = boxes.copy()
    out[long, 2] += ENDS_SHARE * np.clip(ends - boxes[long, 2], -1.0, 2.0)
    return out


class Filled(NamedTuple):
    """Boxes in metres, their confidence and median colours."""

    boxes: NDArray[np.float64]
    confidence: NDArray[np.float64]
    colours: NDArray[np.float64]


def _between(
    seen: Looked, boxes: NDArray[np.float64], sure: NDArray[np.float64], colours: NDArray[np.float64]
) -> Filled:
    """Boxes that a row's pitch leaves room for between two sure ones, where all is of the two's colour and no ground.

    They take the place of weaker boxes there: a row of one colour shows no sides to tell them by.
    """
    ends = np.flatnonzero(sure >= SURE)
    places, pairs = rows.gaps(boxes[ends], MOST_FILLED)
    tone = _medians(seen.picture, places, seen.pixel_m)
    first, second = (colours[ends][pairs[:, k]] for k in (0, 1))
    alike = (np.abs(first - second).max(axis=1) < SAME_COLOUR) & (
        np.abs(tone - (first + second) / 2).max(axis=1) < SAME_COLOUR
    )
    ground = np.median(seen.picture[:, ::4, ::4].reshape(3, -1), axis=1)
    alike &= np.abs(tone - ground).max(axis=1) > 2 * SAME_COLOUR
    taken = rectangles.iou_matrix(places, boxes[sure >= COUNTED])
    alike &= taken.max(axis=1, initial=0.0) < OVERLAP
    kept = np.flatnonzero(alike)
    confidence = np.minimum(sure[ends][pairs[kept, 0]], sure[ends][pairs[kept, 1]])
    return Filled(places[kept], confidence, tone[kept])


@dataclass(frozen=True)
class Looked:
    """What the network sees in a block: its picture and pixel, boxes in metres from the picture's corner, which lies
    at row `top` and column `left` of the block, and whether each box's centre has data.
    """

    picture: NDArray[np.float32]
    pixel_m: float
    raw: network.Raw
    top: int
    left: int
    valid: NDArray[np.bool_]


def _looked(
    image: NDArray[np.float32], fitted: Mapping[str, Any], roles: Sequence[str], resolution_m: float, model: bytes
) -> Looked | None:
    """Run the network on the part of a block that has data; None where there is none, or nothing but even ground."""
    chosen = image[list(bands_used(roles))]
    valid: NDArray[np.bool_] = np.all(np.isfinite(chosen), axis=0)
    part, top, left = _shown(valid, resolution_m)
    if valid[part].sum() < LEAST_PX:
        return None
    scale = network.ratio(resolution_m)
    pixel_m = float(scale) * resolution_m
    mean = np.asarray(fitted["mean"], np.float32)[:, None, None]
    stretched = network.stretched(chosen[(slice(None), *part)], fitted["low"], fitted["high"])
    picture = network.resampled(np.where(valid[part], stretched, mean), scale)
    if network.steepest(picture) < LEAST_STEP:
        return None
    corner = network.halo_px(resolution_m)
    origin = int((corner - top) / scale), int((corner - left) / scale)
    maps = network.maps(model, picture, fitted["mean"], fitted["spread"], origin)
    raw = network.decoded(maps, pixel_m, LEAST_LOGIT)
    x, y = raw.boxes[:, 0] / resolution_m + left, raw.boxes[:, 1] / resolution_m + top
    row, column = (np.clip(v.astype(int), 0, n - 1) for v, n in zip((y, x), valid.shape, strict=True))
    return Looked(picture, pixel_m, raw, top, left, valid[row, column])


def peaks(image: NDArray[np.float32], roles: Sequence[str], resolution_m: float, model: bytes) -> network.Raw:
    """All peaks of a whole picture as some network sees it, weak ones too, where there are data and none overlap.

    What a calibration is fitted to.

    Parameters
    ----------
    image : (band, y, x) float32
        NaN for no data.
    roles : of the bands.
    resolution_m : pixel size on the ground, metres.
    model : the network's file.

    Returns
    -------
    Raw
        Boxes in metres from the picture's corner.
    """
    seen = _looked(image, fit(image[None], bands=bands_used(roles)), roles, resolution_m, model)
    if seen is None:
        return network.Raw(np.empty((0, 5)), np.empty(0), np.empty(0))
    boxes = seen.raw.boxes + np.array([seen.left, seen.top, 0, 0, 0]) * [resolution_m, resolution_m, 0, 0, 0]
    kept = np.flatnonzero(seen.valid)
    kept = kept[rectangles.suppress(boxes[kept], seen.raw.logit[kept], OVERLAP, OVERLAP)]
    return network.Raw(boxes[kept], seen.raw.logit[kept], seen.raw.other[kept])


def _medians(picture: NDArray[np.float32], boxes: NDArray[np.float64], pixel_m: float) -> NDArray[np.float64]:
    """Median colours (n, 3) inside boxes."""
    centred = boxes / [*[pixel_m] * 4, 1.0]
    centred[:, :2] -= 0.5
    return edge_fit.median_colours(np.ascontiguousarray(np.moveaxis(picture, 0, 2)), centred, 0.6 / pixel_m)


def _shown(valid: NDArray[np.bool_], resolution_m: float) -> tuple[tuple[slice, slice], int, int]:
    """The part of a block that has data, on the lattice of the network's pixels, and its first row and column."""
    rows, columns = np.flatnonzero(valid.any(axis=1)), np.flatnonzero(valid.any(axis=0))
    if not rows.size:
        return (slice(0, 0), slice(0, 0)), 0, 0
    step = network.ratio(resolution_m).numerator
    spans = []
    for seen, size in zip((rows, columns), valid.shape, strict=True):
        spans.append((int(seen[0]) // step * step, min(size, -(-(int(seen[-1]) + 1) // step) * step)))
    return (slice(*spans[0]), slice(*spans[1])), spans[0][0], spans[1][0]
