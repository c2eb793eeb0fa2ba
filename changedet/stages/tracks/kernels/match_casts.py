"""The cast of a date's colours beside those of the places that it is matched to, before any box is known to be theirs.

Each date is shown between its own dark and bright ends: where a pale yard is laid in dark meadows all roofs look half
as bright from then on. Beside such colours a row of boxes is as like itself moved by one as it is like itself. So the
cast is looked for at each shift at which rows meet: that which most pairs share there is the date's.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.kernels.colour import linear_rgb, shown_rgb
from changedet.stages.tracks.kernels.boxes import Boxes

WHITE: Final = 255.0
"""Of 8-bit colours."""
DARK: Final = 0.05
"""Linear light of a dark surface, below which colours tell little, as of `colour_casts.DARK`."""
ALIKE: Final = 0.35
"""Root mean square over the bands of the logarithm of the light, within which two looks at one box lie beside their
dates' cast: three times the spread of `date_light.SPREAD`."""
MOST_SHARE: Final = 0.5
"""Share of the pairs at a shift that must agree on a cast: of unlike boxes fewer do (at ports most tops change)."""
LEAST_PAIRS: Final = 6
"""Pairs that must agree: of fewer the cast stays unknown, as of `date_light.CAST_PAIRS`."""
PEAKS: Final = 8
"""Shifts that are compared at most."""
PEAK_SHARE: Final = 0.3
"""Votes of such a shift over those of the one with the most."""
PEAK_APART: Final = 9
"""Cells of the votes' histogram within which a peak is the highest: .9 m, less than half a row's pitch."""


def log_light(rgb: Floats) -> Floats:
    """Logarithm of the light of colours.

    Parameters
    ----------
    rgb : float64 (n, 3)
        0 to 255; NaN for none.

    Returns
    -------
    float64 (n, 3)
        Of linear light over `DARK`; NaN for none.
    """
    return np.asarray(np.log(linear_rgb(np.clip(rgb, 0.0, WHITE) / WHITE) + DARK), np.float64)


def without_cast(rgb: Floats, cast: Floats) -> Floats:
    """Colours as the places show them.

    Parameters
    ----------
    rgb : float64 (n, 3)
        0 to 255; NaN for none.
    cast : float64 (3,)
        Of `common_cast`.

    Returns
    -------
    float64 (n, 3)
        Of the same form; unchanged without a cast.
    """
    if not cast.any():
        return rgb
    return np.asarray(WHITE * shown_rgb(np.clip(np.exp(log_light(rgb) - cast) - DARK, 0.0, 1.0)), np.float64)


def common_cast(boxes: Boxes, places: Boxes, pairs: tuple[Ints, Ints], vote: Floats, votes: Floats, at: Ints) -> Floats:
    """The cast that most pairs of one shift share, of the shift at which most do.

    Parameters
    ----------
    boxes, places : Boxes
        Of one date, and mean boxes of the places.
    pairs : (int64 (pair,), int64 (pair,))
        Box and place.
    vote : float64 (pair,)
        Of each pair for its shift, whatever its colours.
    votes : float64 (x, y)
        Histogram of the votes by shift, blurred.
    at : int64 (pair, 2)
        Cell of each pair.

    Returns
    -------
    float64 (3,)
        To be taken from `log_light` of the boxes; 0 where no shift shows any.
    """
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.ndimage import maximum_filter

    step = log_light(boxes.rgb[pairs[0]]) - log_light(places.rgb[pairs[1]])
    known = np.isfinite(step).all(axis=1)
    peaks = np.argwhere((votes == maximum_filter(votes, PEAK_APART)) & (votes > PEAK_SHARE * votes.max()))
    highest = peaks[np.argsort(-votes[tuple(peaks.T)], kind="stable")][:PEAKS]
    best, most = np.zeros(3), 0.0
    for peak in highest:
        here = known & (np.abs(at - peak).max(axis=1) <= PEAK_APART // 2)
        cast, agreed = _shared(step[here], vote[here])
        if agreed > most:
            best, most = cast, agreed
    return best


def _shared(step: Floats, vote: Floats) -> tuple[Floats, float]:
    """The cast about which the most pairs lie, and their votes; none where these are few."""
    if len(step) < LEAST_PAIRS:
        return np.zeros(3), 0.0
    cast = np.median(step, axis=0)
    for _ in range(2):
        near = np.sqrt(((step - cast) ** 2).mean(axis=1)) < ALIKE
        if near.sum() < max(LEAST_PAIRS, MOST_SHARE * len(step)):
            return np.zeros(3), 0.0
        cast = step[near].mean(axis=0)
    return cast, float(vote[near].sum())
