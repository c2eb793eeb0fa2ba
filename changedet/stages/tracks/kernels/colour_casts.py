"""Colours with each date's cast taken out."""

from __future__ import annotations

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.kernels.colour import linear_rgb
from changedet.stages.tracks.kernels.stretches import Surfaces

CAST_PASSES, CAST_REACHES = 6, (8.0, 4.0, 2.0, 2.0)


CAST_NOISE, DARK = 0.1, 0.05
"""Of one look's linear light, relative to it and a dark surface's."""


GAINS, GAIN_SD = (0.25, 4.0), 0.3


OFFSET_SD, MOST_OFFSET = 0.02, 0.1


LEAST_LIGHT = 3e-4


def colours_without_casts(rows: Surfaces, of_row: Ints) -> Floats:
    """Linear colours (row, 3), 0 to 1, each date's own cast taken out; NaN where there is none.

    A date is shown between its own dark and bright ends, which clouds and snow move: a line of linear light, whose
    gain and offset come from the boxes that other dates show, too.
    """
    linear = linear_rgb(np.clip(rows.rgb, 1.0, 255.0) / 255.0)
    used = np.flatnonzero((of_row >= 0) & rows.usable & ~rows.shaded & np.isfinite(linear).all(1))
    used = used[np.lexsort((rows.date[used], of_row[used]))]
    if not len(used):
        return linear
    follows = np.flatnonzero(np.diff(of_row[used]) == 0)
    first, second = used[np.concatenate([follows, follows + 1])], used[np.concatenate([follows + 1, follows])]
    shown, top, most = linear.copy(), linear[used].max(), np.full(3, np.inf)
    known = rows.date[first] > rows.date[second]
    for number in range(CAST_PASSES):
        most[:] = np.inf
        for t in np.unique(rows.date[used]):
            # At first a date is only told by those before it, which have been levelled.
            here = (rows.date[first] == t) & (known | (number > 0))
            gain, offset = _cast(linear[second[here]], shown[first[here]])
            mine = rows.date == t
            linear[mine] = (shown[mine] - offset) / gain
            most = np.minimum(most, (top - offset) / gain)
    # White ends where the stretch ends: beyond what every date could show, colours do not differ.
    levelled: Floats = np.clip(np.minimum(linear, most), LEAST_LIGHT, 1.0)
    return levelled


def _cast(usual: Floats, shown: Floats) -> tuple[Floats, Floats]:
    """Gains (3,) and offsets (3,) of linear light with which a date shows the colours (row, 3) that the looks before
    and after show: a line through those rows whose box is the same, nought and one unless they say otherwise."""
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
