"""Features of a pair from which the trees find change: evidence that survives a displacement, at several widths."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from changedet.arrays import Bools, Shorts, Singles, Words
from changedet.stages.change.kernels.box_sums import box_mean, box_sum
from changedet.stages.change.kernels.edges import edge_names, edges
from changedet.stages.change.kernels.feature_names import (
    CORRELATED_PX,
    EVIDENCE,
    LEVEL_PX,
    MATCH_MEAN_PX,
    SIZES_PX,
    WIDE,
    WIDE_PX,
    names,
)
from changedet.stages.change.kernels.image_planes import BandScale, Planes, image_planes
from changedet.stages.change.kernels.local_correlation import correlate
from changedet.stages.change.kernels.patch_search import unmatched_planes
from changedet.stages.change.kernels.range_evidence import evidence

_FIRST_EDGE: Final = names().index(edge_names()[0])


def change_features(
    before: Singles,
    after: Singles,
    bands: list[int | None],
    scale: BandScale,
    gsd_m: float,
    *,
    with_edges: bool = True,
    into: Singles | None = None,
) -> tuple[Singles, Bools]:
    """Features of every pixel, and where both dates are seen.

    Parameters
    ----------
    before, after : float32 (band, y, x)
        NaN where not valid; a pixel counts where every band of both is there.
    bands : list of int or None
        Where each of `feature_names.ROLES` lies; None where the scene has no such band.
    scale : BandScale
        From `image_planes.fit_scale`.
    gsd_m : float
        Ground size of a pixel.
    with_edges : bool
        Whether those of `edges` are computed; else they are 0.
    into : float32 (feature, y, x), optional
        Filled and returned: zeros, or what an earlier call with the same `bands` and `with_edges` filled.

    Returns
    -------
    features : float32 (feature, y, x)
        In the order of `names`; those of the near infrared are 0 where the scene has none. 0 where not seen.
    valid : bool (y, x)
        Where both dates are seen.
    """
    valid: Bools = np.asarray(np.isfinite(before).all(axis=0) & np.isfinite(after).all(axis=0), np.bool_)
    planes = image_planes(before, after, bands, scale, valid)
    nir = bands[3] is not None
    out = np.zeros((len(names()), *valid.shape), np.float32) if into is None else into
    counts = {size: box_sum(valid.astype(np.int32), size // 2) for size in (*SIZES_PX, WIDE_PX)}
    at = _ranges(planes, valid, counts, nir, out)
    at = _levels(planes, counts[LEVEL_PX], nir, out, at)
    at = _correlations(planes, valid, nir, out, at)
    at = _matches(planes, valid, counts[MATCH_MEAN_PX], out, at)
    if with_edges:
        edges(planes["brightness"], valid, out[at : at + len(edge_names())])
    out[-1] = math.log2(gsd_m)
    return out, valid


def uses_edges(features: Shorts) -> bool:
    """Whether any of these features is one of `edges`.

    Parameters
    ----------
    features : int16 array
        Indices into `names`.

    Returns
    -------
    bool
        False where `change_features` can do without.
    """
    return bool(((features >= _FIRST_EDGE) & (features < _FIRST_EDGE + len(edge_names()))).any())


def _ranges(planes: Planes, valid: Bools, counts: dict[int, Words], nir: bool, out: Singles) -> int:
    """How far either date lies outside the other's range, at the pixel and on average around it."""
    found, at = evidence(planes, valid, nir), 0
    for name, image in zip(EVIDENCE, found, strict=True):
        if nir or name not in ("nir_brighter", "ndvi_greater"):
            out[at] = image
            for k, size in enumerate(SIZES_PX, 1):
                box_mean(image, counts[size], size // 2, out[at + k])
        at += 1 + len(SIZES_PX)
    for name in WIDE:
        box_mean(found[EVIDENCE.index(name)], counts[WIDE_PX], WIDE_PX // 2, out[at])
        at += 1
    return at


def _levels(planes: Planes, count: Words, nir: bool, out: Singles, at: int) -> int:
    """The lesser and the greater of both dates, at the pixel and on average around it."""
    means = np.empty((2, *count.shape), np.float32)
    for key in ("brightness", "green_share", "nir", "ndvi", "saturation"):
        pair = planes[key]
        if nir or key not in ("nir", "ndvi"):
            for k in range(2):
                box_mean(pair[k], count, LEVEL_PX // 2, means[k])
            for k, choose in enumerate((np.minimum, np.maximum)):
                out[at + 2 * k] = choose(pair[0], pair[1])
                out[at + 2 * k + 1] = choose(means[0], means[1])
        at += 4
    return at


def _matches(planes: Planes, valid: Bools, count: Words, out: Singles, at: int) -> int:
    """What of either date is not found in the other, at the pixel and on average around it."""
    for image in unmatched_planes(planes, valid):
        out[at] = image
        box_mean(image, count, MATCH_MEAN_PX // 2, out[at + 1])
        at += 2
    return at


def _correlations(planes: Planes, valid: Bools, nir: bool, out: Singles, at: int) -> int:
    for size in CORRELATED_PX:
        for key in ("brightness", "nir"):
            if nir or key != "nir":
                correlate(*planes[key], valid, size // 2, out[at : at + 3])
            at += 3
    return at
