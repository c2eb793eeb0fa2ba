"""Scores of candidate boxes: a logistic regression on each box's measures, then one on its neighbours' scores.

The coefficients (`classical_coefficients`) are fitted by training/fit_classical.py on simulated scenes, seeds 100 to
139. The constants below shape the features that they were fitted on, were chosen by hand before, and need a new fit
when they change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats
from changedet.kernels.containers import LONG_FROM_M, WIDTH_M
from changedet.stages.objects.kernels import box_measures, neighbours, rows
from changedet.stages.objects.kernels.box_candidates import Candidates
from changedet.stages.objects.kernels.logistic import sigmoid

LEAST_STEP: Final = 0.02
"""Added to colour steps before their logarithm or a quotient is taken, units of the stretched picture."""
MOST_QUOTIENT: Final = 2.0
"""Greatest strength of a seam, as a multiple of the strongest side, that a feature distinguishes."""
LENGTH_SCALE_M: Final = 10.0
NEIGHBOUR_RADIUS_M: Final = 30.0
"""How far around a box others are counted."""
LOGIT_BOUND: Final = 8.0
"""Greatest size of a first score that the second regression distinguishes."""


def features(candidates: Candidates, role_index: Mapping[str, int]) -> Floats:
    """Features of each candidate by itself, for the first regression.

    Parameters
    ----------
    candidates : Candidates
        Boxes with their measures.
    role_index : mapping of str to int
        Place of each band role among the picture's bands; colours that are missing count as 0.

    Returns
    -------
    float64 (n, k)
        No NaN; the last column is 1.
    """
    m = dict(zip(box_measures.MEASURES, candidates.measures.T, strict=True))
    length, width = candidates.boxes[:, 2], candidates.boxes[:, 3]
    log = {
        name: np.log(LEAST_STEP + np.maximum(m[name], 0.0))
        for name in ("long_low", "long_high", "short_low", "short_high", "rough", "ring")
    }
    bright, saturation, greenness, infrared = _colour_terms(candidates.measures[:, box_measures.BAND0 :], role_index)
    strongest = m["long_high"] + LEAST_STEP
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
        np.minimum(m["mid_seam"] / strongest, MOST_QUOTIENT),
        np.minimum(m["axis_seam"] / strongest, MOST_QUOTIENT),
        m["ring_rough"],
        np.minimum(m["long_beyond"] / strongest, MOST_QUOTIENT),
        np.minimum(m["short_beyond"] / (m["short_high"] + LEAST_STEP), MOST_QUOTIENT),
        m["dark_out"],
        m["bright_out"],
        np.abs(m["dark_out"]),
        error,
        error**2,
        wide,
        wide**2,
        (length > LONG_FROM_M) * 1.0,
        length / LENGTH_SCALE_M,
        bright,
        bright**2,
        saturation,
        greenness,
        infrared,
        (length > LONG_FROM_M) * np.minimum(m["mid_seam"] / strongest, MOST_QUOTIENT),
        np.ones(len(length)),
    ]
    return np.column_stack(columns) if len(length) else np.empty((0, len(columns)))


def _colour_terms(bands: Floats, index: Mapping[str, int]) -> tuple[Floats, Floats, Floats, Floats]:
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


def context_features(candidates: Candidates, logit: Floats) -> Floats:
    """Features of each candidate among its neighbours, for the second regression.

    Parameters
    ----------
    candidates : Candidates
        All boxes of a block.
    logit : float64 (n,)
        Of the first regression.

    Returns
    -------
    float64 (n, k)
        No NaN; the last column is 1.
    """
    around = neighbours.context(candidates.boxes, sigmoid(logit), NEIGHBOUR_RADIUS_M)
    beside, ahead, rival, parallel, askew = around.T
    own = np.clip(logit, -LOGIT_BOUND, LOGIT_BOUND)
    columns = [
        own,
        own * np.abs(own) / LOGIT_BOUND,
        beside,
        np.minimum(beside, 1.0),
        ahead,
        rival,
        np.log(rival + LEAST_STEP),
        np.maximum(rival - sigmoid(own), 0.0),
        np.log1p(parallel),
        np.log1p(askew),
        beside * sigmoid(own),
        rival * beside,
        np.ones(len(own)),
    ]
    return np.column_stack(columns)


@dataclass(frozen=True)
class Coefficients:
    """Coefficients of both regressions at some resolutions; between them interpolated in log resolution.

    Attributes
    ----------
    gsd_m : float64 (g,)
        Resolutions, ascending.
    alone : float64 (g, k)
        First regression, on `features`.
    alone_row : float64 (g, k)
        The same for boxes cut from rows, whose features are their row's.
    together : float64 (g, c)
        Second regression, on `context_features`.
    together_row : float64 (g, c)
        The same for boxes cut from rows.
    scale : float64 (g, 2)
        Slope and intercept that calibrate the logits of what suppression leaves.
    """

    gsd_m: Floats
    alone: Floats
    alone_row: Floats
    together: Floats
    together_row: Floats
    scale: Floats

    def at(self, table: Floats, gsd_m: float) -> Floats:
        """Coefficients at one resolution, held beyond the ends.

        Parameters
        ----------
        table : float64 (g, k)
            One of the tables.
        gsd_m : float
            The sensor's pixel, metres.

        Returns
        -------
        float64 (k,)
            Interpolated.
        """
        where = np.log(np.clip(gsd_m, self.gsd_m[0], self.gsd_m[-1]))
        return np.array([np.interp(where, np.log(self.gsd_m), column) for column in table.T])


def score(candidates: Candidates, coefficients: Coefficients, gsd_m: float, role_index: Mapping[str, int]) -> Floats:
    """Logit of each candidate after both regressions.

    Parameters
    ----------
    candidates : Candidates
        All boxes of a block.
    coefficients : Coefficients
        Fitted ones.
    gsd_m : float
        The sensor's pixel, metres.
    role_index : mapping of str to int
        As for `features`.

    Returns
    -------
    float64 (n,)
        Log odds that the candidate is a container, not yet calibrated.
    """
    is_row = candidates.row >= 0
    first = _by_origin(
        features(candidates, role_index), coefficients.alone, coefficients.alone_row, is_row, coefficients, gsd_m
    )
    second = context_features(candidates, first)
    return _by_origin(second, coefficients.together, coefficients.together_row, is_row, coefficients, gsd_m)


def _by_origin(
    table: Floats, single: Floats, row: Floats, is_row: Bools, coefficients: Coefficients, gsd_m: float
) -> Floats:
    """Logits (n,) of a table of features by the coefficients of single boxes, or of boxes cut from rows."""
    return np.where(is_row, table @ coefficients.at(row, gsd_m), table @ coefficients.at(single, gsd_m))
