"""The container network that comes with the package: read and checked once a process, run on a block of a picture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from changedet.errors import ChangedetError
from changedet.kernels import network, objects, rectangles, sides

MODEL = "containers.onnx"
LEAST_LOGIT = -4.0


@lru_cache(maxsize=1)
def model_bytes() -> bytes:
    """The network's file.

    Raises
    ------
    ChangedetError
        It is missing, or its SHA-256 is not the one that was released with it.
    """
    folder = files("changedet").joinpath("model")
    try:
        content = folder.joinpath(MODEL).read_bytes()
        released = folder.joinpath("containers.sha256").read_text().strip()
    except OSError as error:
        raise ChangedetError(f"changedet/model/{MODEL}: cannot be read ({error}); install changedet again") from error
    if hashlib.sha256(content).hexdigest() != released:
        raise ChangedetError(f"changedet/model/{MODEL}: its checksum is not {released}; install changedet again")
    return content


@lru_cache(maxsize=1)
def calibration() -> dict[str, list[float]]:
    """Slope and intercept by resolution that turn a peak's logit into a confidence, from the file's metadata."""
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
    low, high = objects.stretch_limits(chosen)
    mean, spread = [], []
    for band in range(3):
        values = chosen[:, band][np.isfinite(chosen[:, band])][None, None]
        shown = network.stretched(values[None, 0], [low[band]], [high[band]]) if values.size else np.zeros(1)
        mean.append(round(float(shown.mean(dtype=np.float64)), 6))
        spread.append(round(float(shown.std(dtype=np.float64)) + 1e-3, 6))
    return {"low": low, "high": high, "mean": mean, "spread": spread}


def find(
    image: NDArray[np.float32], fitted: Mapping[str, Any], roles: Sequence[str], resolution_m: float, least: float
) -> dict[str, Any]:
    """Boxes of a block as columns of a table.

    Parameters
    ----------
    image : (band, y, x) float32
        NaN for no data.
    fitted : dict
        From `fit`; with ``gsd_m`` where the date's own pixels are coarser than the grid's.
    roles : of the bands.
    resolution_m : pixel size on the ground, metres.
    least : confidence below which boxes are left out.
    """
    chosen = image[list(bands_used(roles))]
    valid: NDArray[np.bool_] = np.all(np.isfinite(chosen), axis=0)
    part, top, left = _shown(valid, resolution_m)
    if valid[part].sum() < 64:
        return {}
    scale = network.ratio(resolution_m)
    pixel_m = float(scale) * resolution_m
    mean = np.asarray(fitted["mean"], np.float32)[:, None, None]
    stretched = network.stretched(chosen[(slice(None), *part)], fitted["low"], fitted["high"])
    picture = network.resampled(np.where(valid[part], stretched, mean), scale)
    raw = network.decoded(network.maps(model_bytes(), picture, fitted["mean"], fitted["spread"]), pixel_m, LEAST_LOGIT)
    gsd_m = max(resolution_m, float(fitted.get("gsd_m", 0.0)))
    confidence = network.confidence(raw.logit, gsd_m, calibration())
    x, y = raw.boxes[:, 0] / resolution_m + left, raw.boxes[:, 1] / resolution_m + top
    row, column = (np.clip(v.astype(int), 0, n - 1) for v, n in zip((y, x), valid.shape, strict=True))
    kept = np.flatnonzero((confidence >= least) & valid[row, column])
    kept = kept[rectangles.suppress(raw.boxes[kept], confidence[kept], 0.3, 0.3)]
    kinds = np.array(objects.kinds(raw.boxes[kept, 2], gsd_m), dtype=object)
    kinds[raw.other[kept] > 0.5] = "other"
    return {
        "x_px": x[kept],
        "y_px": y[kept],
        "length_m": raw.boxes[kept, 2],
        "width_m": raw.boxes[kept, 3],
        "angle_deg": np.mod(np.round(np.degrees(raw.boxes[kept, 4]), 3), 180.0),
        "confidence": confidence[kept],
        "kind": kinds,
        "color": _colours(picture, raw.boxes[kept], pixel_m, roles),
        "inferred": np.zeros(len(kept), bool),
    }


def _colours(
    picture: NDArray[np.float32], boxes: NDArray[np.float64], pixel_m: float, roles: Sequence[str]
) -> list[str]:
    centred = boxes / [*[pixel_m] * 4, 1.0]
    centred[:, :2] -= 0.5
    medians = sides.median_colours(np.ascontiguousarray(np.moveaxis(picture, 0, 2)), centred, 0.6 / pixel_m)
    index = {"red": 0, "green": 1, "blue": 2} if {"red", "green", "blue"} <= set(roles) else {}
    return objects.surface_colours(medians, index, network.GAMMA)


def _shown(valid: NDArray[np.bool_], resolution_m: float) -> tuple[tuple[slice, slice], int, int]:
    """The part of a block that has data with the network's reach around it, on the lattice of its pooling."""
    rows, columns = np.flatnonzero(valid.any(axis=1)), np.flatnonzero(valid.any(axis=0))
    if not rows.size:
        return (slice(0, 0), slice(0, 0)), 0, 0
    step, reach = network.STRIDE_PX * network.ratio(resolution_m).numerator, network.halo_px(resolution_m)
    spans = []
    for seen, size in zip((rows, columns), valid.shape, strict=True):
        first = max(0, (int(seen[0]) - reach) // step * step)
        spans.append((first, min(size, -(-(int(seen[-1]) + 1 + reach) // step) * step)))
    return (slice(*spans[0]), slice(*spans[1])), spans[0][0], spans[1][0]
