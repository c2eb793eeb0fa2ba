"""Colours of boxes with each date's own cast taken out.

A date is shown between its own dark and bright ends, which clouds and snow move: a line of linear light, whose gain and
offset come from the boxes that other dates show, too.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.kernels.colour import linear_rgb
from changedet.stages.tracks.kernels.stretches import Surfaces

WHITE: Final = 255.0
"""Of 8-bit colours."""
CAST_PASSES: Final = 6
"""Over the dates. Chosen by hand, as the next."""
CAST_REACHES: Final = (8.0, 4.0, 2.0, 2.0)
"""Standard deviations beyond which a pair of looks weighs little, by round of a fit: at a port most tops change."""
CAST_NOISE: Final = 0.1
"""Standard deviation of one look's linear light, relative to it and a dark surface's. Chosen by hand, as the next."""
DARK: Final = 0.05
"""Linear light of a dark surface."""
GAINS: Final = (0.25, 4.0)
"""Least and greatest gain of a date; two stops either way."""
GAIN_SD: Final = 0.3
"""Standard deviation of a gain about the middle ratio of the looks. Chosen by hand."""
OFFSET_SD: Final = 0.02
"""Standard deviation of an offset of linear light about 0. Chosen by hand."""
MOST_OFFSET: Final = 0.1
"""Greatest offset of linear light."""
LEAST_LIGHT: Final = 3e-4
"""Least linear light of a colour: that of an 8-bit value of 1."""


def colours_without_casts(rows: Surfaces, of_row: Ints) -> Floats:
    """Linear colours of rows with each date's own cast taken out.

    Parameters
    ----------
    rows : Surfaces
        In order of date within each stretch.
    of_row : int64 (row,)
        The stretch of each row; -1 for none.

    Returns
    -------
    float64 (row, 3)
        `LEAST_LIGHT` to 1; NaN where there is no colour.
    """
    linear = linear_rgb(np.clip(rows.rgb, 1.0, WHITE) / WHITE)
    used = lit_rows(linear, rows, of_row)
    if not len(used):
        return linear
    follows = np.flatnonzero(np.diff(of_row[used]) == 0)
    first, second = used[np.concatenate([follows, follows + 1])], used[np.concatenate([follows + 1, follows])]
    shown, top, most = linear.copy(), linear[used].max(), np.full(3, np.inf)
    known = rows.date[first] > rows.date[second]
    for number in range(CAST_PASSES):
        most[:] = np.inf
        for t in np.unique(rows.date[used]):
            # At first a date is compared only with those before it, whose casts have been taken out.
            here = (rows.date[first] == t) & (known | (number > 0))
            gain, offset = _cast(linear[second[here]], shown[first[here]])
            mine = rows.date == t
            linear[mine] = (shown[mine] - offset) / gain
            most = np.minimum(most, (top - offset) / gain)
    # White ends where the stretch ends: beyond what every date could show, colours do not differ.
    levelled: Floats = np.clip(np.minimum(linear, most), LEAST_LIGHT, 1.0)
    return levelled


def lit_rows(linear: Floats, rows: Surfaces, of_row: Ints) -> Ints:
    """Rows of stretches whose colour is usable and not in shade, by stretch and date.

    Parameters
    ----------
    linear : float64 (row, 3)
        Linear colours; NaN for none.
    rows : Surfaces
        Of the same rows.
    of_row : int64 (row,)
        The stretch of each row; -1 for none.

    Returns
    -------
    int64 (used,)
        Indices of rows.
    """
    used = np.flatnonzero((of_row >= 0) & rows.usable & ~rows.shaded & np.isfinite(linear).all(1))
    by_stretch: Ints = used[np.lexsort((rows.date[used], of_row[used]))]
    return by_stretch


def _cast(usual: Floats, shown: Floats) -> tuple[Floats, Floats]:
    """Gains (3,) and offsets (3,) of linear light with which a date shows the colours (row, 3) of other looks.

    A robust line through the rows whose box is the same; gain 1 and offset 0 unless they say otherwise.
    """
    if not len(usual):
        return np.ones(3), np.zeros(3)
    scale = CAST_NOISE * (usual + DARK)
    start = np.median((shown + DARK) / (usual + DARK), axis=0)
    gain, offset = start, np.zeros(3)
    for reach in CAST_REACHES:
        apart = (((shown - offset - gain * usual) / scale) ** 2).sum(1)
        weight = 1.0 / (1.0 + apart / reach**2) ** 2
        for c in range(3):
            design = np.column_stack([usual[:, c], np.ones(len(usual))]) / scale[:, c, None]
            normal = (design.T * weight) @ design + np.diag([GAIN_SD**-2, OFFSET_SD**-2])
            right = (design.T * weight) @ (shown[:, c] / scale[:, c]) + (start[c] / GAIN_SD**2, 0.0)
            gain[c], offset[c] = np.linalg.solve(normal, right)
        gain, offset = np.clip(gain, *GAINS), np.clip(offset, -MOST_OFFSET, MOST_OFFSET)
    return gain, offset
