"""Whether a look shows a box by itself: edges along its sides and ends, and what sets it off from the ground beside.

Beside `appearance`, which compares a look with others at its place, for lit looks on which the detector has no row.
Light is linear, 0 at the dark end of a date and 1 at its usual ground, in blue, green, red and, where there is one,
near infrared.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.stages.tracks.kernels.appearance import DARK, FEATURES, LOG_ODDS_EDGES

ACROSS_M: Final = tuple(np.linspace(-3.6, 3.6, 13).tolist())
"""Points across a box, in metres: a step is a quarter of its width."""
ALONG: Final = tuple(np.linspace(-1.0, 1.0, 19).tolist())
"""Points along it, as shares of half its length and `BEYOND_M`."""
BEYOND_M: Final = 1.5
"""Beyond each end, in metres: a gap to the next box and its edge."""
POINTS: Final = len(ACROSS_M) + len(ALONG)
"""Of both lines, one after the other."""
BOX: Final = slice(4, 9)
"""Points across that lie on the box."""
SIDES: Final = (slice(3, 5), slice(7, 9))
"""Steps across in which its sides lie."""
MIDDLE: Final = slice(5, 7)
"""Steps across on its roof."""
OUTSIDE: Final = (slice(0, 2), slice(10, 12))
"""Steps across beyond its neighbours' near edge."""
BESIDE: Final = (slice(0, 2), slice(11, 13))
"""Points across on what lies beside it."""
ENDS: Final = (slice(1, 4), slice(14, 17))
"""Steps along in which its ends lie."""
MIDST: Final = slice(6, 12)
"""Steps along on its roof."""
VISIBLE: Final = 3
"""Bands whose spread is the box's colour."""
OUTLINE: Final = (
    *("weaker side", "stronger side", "middle", "outside", "weaker end", "stronger end", "midst"),
    *("saturation", "lesser contrast", "greater contrast", "lower step", "higher step"),
)
"""Figures of a look, of `outline_figures`."""
NAMES: Final = (*FEATURES, *OUTLINE)
"""What the forest of box_outline.npz reads of a look: both modules' figures."""


def outline_figures(light: Floats) -> Floats:
    """Figures of looks at the boxes of their places.

    Parameters
    ----------
    light : float64 (look, `POINTS`, band)
        Across at `ACROSS_M` and along at `ALONG`; NaN where there is none.

    Returns
    -------
    float64 (look, figure)
        Of `OUTLINE`: differences of logarithms between neighbouring points, the greatest of the bands; NaN without
        light.
    """
    sides, ends = np.split(np.log(np.maximum(light, 0.0) + DARK), [len(ACROSS_M)], axis=1)
    steps, lengthwise = (np.abs(np.diff(part, axis=1)).max(axis=2) for part in (sides, ends))
    box = sides[:, BOX].mean(axis=1)
    apart = np.stack([box - np.median(sides[:, part], axis=1) for part in BESIDE])
    seen = box[:, :VISIBLE]
    figures = (
        *_both([steps[:, part].max(axis=1) for part in SIDES]),
        steps[:, MIDDLE].max(axis=1),
        np.max([steps[:, part].max(axis=1) for part in OUTSIDE], axis=0),
        *_both([lengthwise[:, part].max(axis=1) for part in ENDS]),
        lengthwise[:, MIDST].max(axis=1),
        seen.max(axis=1) - seen.min(axis=1),
        *_both(list(np.abs(apart).max(axis=2))),
        *_both(list(apart.mean(axis=2))),
    )
    return np.column_stack(figures)


def _both(pair: list[Floats]) -> tuple[Floats, Floats]:
    """The lesser and the greater of two figures (look,), as no side is the first."""
    return np.minimum(*pair), np.maximum(*pair)


def outline_bins(odds: Floats) -> Ints:
    """Bin of the log odds that looks show a box.

    Parameters
    ----------
    odds : float64 (place, date)
        Of the forest; NaN where it was not asked.

    Returns
    -------
    int64 (place, date)
        1 to `appearance.APPEARANCE_BINS`; 0 where it was not asked.
    """
    asked = np.isfinite(odds)
    return np.where(asked, 1 + np.digitize(np.where(asked, odds, 0.0), LOG_ODDS_EDGES), 0).astype(np.int64)
