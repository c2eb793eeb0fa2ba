"""Probability of change by boosted trees on features that survive a displacement; the trees come from outside.

What a pair needs is in its model: the line between both dates, the bands' scale, the threshold for its resolution.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numba
import numpy as np
from numpy.typing import NDArray

from changedet.kernels.features import HALO_PX, change_features, fit_scale
from changedet.kernels.forest import Forest, staged_margins

STRIP_PX: Final = 192
"""Rows at a time: the features of a whole tile would take a third of a gigabyte."""


def fit_trees(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    bands: list[int | None],
    gsd_m: float,
    about: dict[str, Any],
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Fit what the trees need to know of a pair.

    Parameters
    ----------
    before, after : (cell, band, y, x) float32
        The sample; NaN where not valid.
    bands : list of int or None
        Where blue, green, red and the near infrared lie; None where there is no such band.
    gsd_m : float
        Ground size of a pixel.
    about : dict
        As saved with the forest.
    settings : dict
        The method's parameters, resolved.

    Returns
    -------
    dict
        JSON-able: ``scale``, ``bands``, ``gsd_m``, ``stages``, ``margin`` and ``probability`` of the calibration,
        ``threshold``, ``min_area_m2``, ``method``, ``settings``, ``diagnostics``.
    """
    given = settings["threshold"]
    threshold = threshold_for(gsd_m, about["thresholds"]) if isinstance(given, str) else float(given)
    reason = "by resolution, from simulated pairs" if isinstance(given, str) else "given"
    return {
        "method": "trees",
        "settings": dict(settings),
        "scale": fit_scale(before, after, bands),
        "bands": bands,
        "gsd_m": float(min(max(gsd_m, about["least_gsd_m"]), about["greatest_gsd_m"])),
        **{key: about[key] for key in ("stages", "margin", "probability")},
        "threshold": threshold,
        "min_area_m2": settings["min_area_m2"],
        "diagnostics": {"rule": "trained" if isinstance(given, str) else "given", "reason": reason},
    }


def threshold_for(gsd_m: float, thresholds: list[list[float]]) -> float:
    """Between the resolutions ``[gsd_m, threshold]`` that were looked at, along the logarithm; beyond them the last."""
    sizes, values = zip(*sorted(thresholds), strict=True)
    return float(np.interp(math.log(gsd_m), np.log(sizes), values))


def apply_trees(
    before: NDArray[np.float32], after: NDArray[np.float32], model: dict[str, Any], forest: Forest
) -> NDArray[np.float32]:
    """Probability of change ``(y, x)`` of a block ``(band, y, x)``, 0 to 1; NaN where a band of either date is."""
    out: NDArray[np.float32] = np.empty(before.shape[1:], np.float32)
    at, value = (np.asarray(model[key], np.float64) for key in ("margin", "probability"))
    for start in range(0, before.shape[1], STRIP_PX):
        stop = min(start + STRIP_PX, before.shape[1])
        first, last = max(0, start - HALO_PX), min(stop + HALO_PX, before.shape[1])
        part = (slice(None), slice(first, last))
        features, valid = change_features(before[part], after[part], model["bands"], model["scale"], model["gsd_m"])
        inner = slice(start - first, stop - first)
        margin = staged_margins(forest, features[:, inner], valid[inner], model["stages"])
        out[start:stop] = _calibrated(margin, at, value)
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _calibrated(margin: Any, at: Any, value: Any) -> Any:
    """The straight line between the calibration's points, beyond them towards 0 and 1 as log odds go."""
    out = np.empty(margin.shape, np.float32)
    last = at.size - 1
    below, above = np.log(value[0] / (1 - value[0])) - at[0], np.log(value[last] / (1 - value[last])) - at[last]
    for y in range(margin.shape[0]):
        for x in range(margin.shape[1]):
            m = np.float64(margin[y, x])
            if m <= at[0]:
                out[y, x] = 1.0 / (1.0 + np.exp(-(m + below)))
            elif m >= at[last]:
                out[y, x] = 1.0 / (1.0 + np.exp(-(m + above)))
            elif m == m:
                k = np.searchsorted(at, m)
                share = (m - at[k - 1]) / (at[k] - at[k - 1])
                out[y, x] = value[k - 1] + share * (value[k] - value[k - 1])
            else:
                out[y, x] = np.nan
    return out
