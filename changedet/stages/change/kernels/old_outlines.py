"""Marks whose whole outline the reference shows already: a field that was harvested, ploughed or sown.

Trees and network may be sure of a field that was green on one date and bare on the other, above all where the picture's
edge leaves too little of it to be known as one. What was built, dug or stripped on green ground drew an outline of its
own: across its rim the ground differs on the date and did not on the reference. A field keeps the outline it had, or
the mark ends in its midst, where both sides changed alike: along its rim the ground differs on the date about as much
as on the reference, and nowhere anew. Beyond the picture's edge nothing is known, and nothing is compared. What is gone
left its outline on the reference and little on the date, and is no field; nor is anything where the network is sure.
Where plants were lost nothing that stood there can be gone, and a crop that ripens turns paler than what is around it
or as pale as that: there the outline may fade, or stand out more, as long as no part of it is new. What
was built lasts: where the next look does not mark it, more of the outline may be new, and the network surer.
Where the reference differs along the rim as it does across it, as crowns and their shade do, it shows no outline.
Sums are of whole numbers over single pixels, so a mark gets the same whatever blocks it is cut into.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Bytes, Floats, Ints, Shorts, Singles
from changedet.kernels.compiled import compiled
from changedet.kernels.components import FIXED_POINT
from changedet.stages.change.kernels.mark_rims import (
    INNER,
    LEAST_M2,
    LEAST_RIM_M,
    NORMAL_M,
    at,
    outward,
    rim_halo_px,
    seen_light,
)
from changedet.stages.change.kernels.movers import MEADOW
from changedet.stages.change.kernels.movers import STEP as LEVELS_PER_E_FOLD
from changedet.stages.change.kernels.wide_ground import EVEN
from changedet.stages.change.kernels.wide_ground import STEP as STEPS_PER_ODDS

AWAY_M: Final = 3.0
"""How far inside and outside of the rim the ground is compared."""
MEAN_M: Final = 2.5
"""Side of the squares over which it is averaged there: crops and grass are uneven."""
NEW_STEP: Final = 0.1
"""E-folds by which ground may differ across a rim, or its change, as grass and noise do."""
MOST_NEW: Final = 0.08
"""Share of the rim that may be new: fields have .07 at most, a drawn lot of a ninth hand .10 to .13."""
MOST_NEW_OF_PATCHES: Final = 0.3
"""The same of a mark that the next look does not bear out: a crop ripens in patches, whose edges are new. Of a drawn
field .16, of what was built .13 and more. Chosen by hand with that field in view."""
MOST_MORE: Final = -0.02
"""E-folds by which the ground differs more across the rim than on the reference, in the mean: on fields -.04 and less,
on what was built that lot -.05, all else .01 and more."""
LEAST_KEPT: Final = 0.4
"""Share of the reference's step that the date shows at least: else something is gone."""
PLANTS_LOST: Final = 0.5
"""E-folds by which colours brightened more than near infrared inside of the rim, from which on plants were lost: of
false marks on fields .6 to 2.4. Chosen, like the next, with them in view (docs/research/change.md, "Fields that turn
pale")."""
MOST_RIPENED: Final = 0.25
"""E-folds by which the ground may differ more across the rim than on the reference where plants were lost: on fields
that turned pale .22 at most."""
MOST_OF_CROPS: Final = 1.0
"""Mean log odds of the network inside of a rim that stands out more: a plot that is stripped whole has its old outline,
too, and 1.3 to 1.4 on two looks of a drawn one."""
MOST_ODDS: Final = 1.5
"""Mean log odds of the network inside of the rim, from which on something was built there."""
LEAST_GREEN: Final = 0.5
"""Share of the rim where plants cover the inside on one of both dates."""
LEAST_ROUGH: Final = 0.5
LIKE_RIM: Final = 0.6
"""E-folds by which the reference differs along a rim's inside, over as much as across it, and the share of what it
differs across it, from which on it has no outline there: crowns and their shade in a wood do by .63 and .74, crops by
.45 at most, or .6 in marks of 200 m2. Chosen with a drawn clearing in view (docs/research/change.md, "A clearing
among crowns")."""
RIM, DATE, REFERENCE, NEW, SAID, GREEN, LOST, BOXES, ALONG, WITHIN, FIGURES = range(11)
"""Figures to sum over a mark: pixels of the rim that are compared; by how many levels both sides differ, in colours or
in near infrared, on the date and on the reference; pixels where they do on the date alone; what the network says
inside, in steps; pixels where plants cover the inside on either date; by how many levels colours rose more than near
infrared inside; pixels that boxes decide; pixels of the rim whose inside is compared along it, and by how many levels
the reference differs there; how many there are."""


def outline_figures(mask: Bytes, standing: Bytes, steps: Bytes, boxes: Bytes, gsd_m: float) -> tuple[Singles, ...]:
    """Compare both sides of the marks' rims on either date; figures to sum over marks.

    Parameters
    ----------
    mask, standing, steps, boxes, gsd_m
        As of `mark_rims.rim_figures`.

    Returns
    -------
    tuple of float32 (y, x)
        `FIGURES` of them, without the halo.
    """
    out = np.zeros((FIGURES, *boxes.shape), np.float32)
    out[BOXES] = boxes > 0
    seen, light = seen_light(mask, standing, steps)
    light[2:] = light[:2] - light[2:]
    lengths = np.array([AWAY_M / gsd_m, MEAN_M / 2 / gsd_m, NORMAL_M / gsd_m])
    _fill(mask, seen, light, steps, standing[0] == MEADOW, rim_halo_px(gsd_m), lengths, out)
    return tuple(out)


def outlined_before(areas: Ints, sums: Ints, gsd_m: float) -> Bools:
    """Tell the marks whose outline is the reference's.

    Parameters
    ----------
    areas : int64 (mark,)
        Pixels.
    sums : int64 (mark, figure)
        Of `outline_figures`, in units of 1 / `FIXED_POINT`.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (mark,)
        False for what boxes decide, even in part.
    """
    mean, field = _fields(areas, sums, gsd_m, MOST_NEW)
    faded = mean[:, DATE] - mean[:, REFERENCE] < MOST_MORE * LEVELS_PER_E_FOLD
    kept = faded & (mean[:, DATE] > LEAST_KEPT * mean[:, REFERENCE])
    ripened = faded | (_paler(mean) & (mean[:, SAID] < MOST_OF_CROPS * STEPS_PER_ODDS))
    return np.asarray(field & (kept | (ripened & _lost_plants(mean))), np.bool_)


def ripened_at_most(areas: Ints, sums: Ints, gsd_m: float) -> Bools:
    """Tell the marks that are a crop which ripened if the next look does not mark them.

    Parameters
    ----------
    areas : int64 (mark,)
        Pixels.
    sums : int64 (mark, figure)
        As of `outlined_before`.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (mark,)
        False for what boxes decide, even in part.
    """
    mean, field = _fields(areas, sums, gsd_m, MOST_NEW_OF_PATCHES)
    return np.asarray(field & _paler(mean) & _lost_plants(mean), np.bool_)


def _fields(areas: Ints, sums: Ints, gsd_m: float, most_new: float) -> tuple[Floats, Bools]:
    """Mean figures along the rims (mark, figure), and which marks may be fields: wide, green on a date, little new."""
    total = sums.astype(np.float64) / FIXED_POINT
    mean = total / np.maximum(total[:, :1], 1.0)
    field = (mean[:, NEW] < most_new) & (mean[:, SAID] < MOST_ODDS * STEPS_PER_ODDS) & (mean[:, GREEN] > LEAST_GREEN)
    wide = (areas * gsd_m**2 >= LEAST_M2) & (total[:, RIM] * gsd_m >= LEAST_RIM_M)
    within = total[:, WITHIN] / np.maximum(total[:, ALONG], 1.0)
    rough = within > np.maximum(LEAST_ROUGH * LEVELS_PER_E_FOLD, LIKE_RIM * mean[:, REFERENCE])
    return mean, np.asarray(field & wide & ~rough & (total[:, BOXES] == 0), np.bool_)


def _paler(mean: Floats) -> Bools:
    """Whether the ground stands out at most as much more as where a crop ripens."""
    return np.asarray(mean[:, DATE] - mean[:, REFERENCE] < MOST_RIPENED * LEVELS_PER_E_FOLD, np.bool_)


def _lost_plants(mean: Floats) -> Bools:
    return np.asarray(mean[:, LOST] > PLANTS_LOST * LEVELS_PER_E_FOLD, np.bool_)


@compiled
def _fill(
    mask: Bytes, seen: Bools, light: Shorts, steps: Bytes, green: Bools, halo: int, lengths: Floats, out: Singles
) -> None:
    away, half, normal = lengths[0], round(lengths[1]), max(1, round(lengths[2]))
    own, other = np.empty(4), np.empty(4)
    for y in range(halo, mask.shape[0] - halo):
        for x in range(halo, mask.shape[1] - halo):
            if mask[y, x] != 1 or mask[y - 1, x] + mask[y + 1, x] + mask[y, x - 1] + mask[y, x + 1] == INNER:
                continue
            towards = outward(mask, y, x, normal)
            inside, outside = at(y, x, towards, -away), at(y, x, towards, away)
            if mask[inside] != 1 or mask[outside] != 0 or not seen[inside] or not seen[outside]:
                continue
            _mean(mask, seen, light, inside, half, own)
            _mean(mask, seen, light, outside, half, other)
            found = out[:, y - halo, x - halo]
            _compare(own - other, found)
            found[SAID] = np.float32(steps[inside]) - np.float32(EVEN)
            found[GREEN] = green[inside]
            found[LOST] = own[0] - own[2] - own[1] + own[3]
            one, two = at(*inside, (towards[1], -towards[0]), away), at(*inside, (towards[1], -towards[0]), -away)
            if mask[one] == 1 and mask[two] == 1 and seen[one] and seen[two]:
                _mean(mask, seen, light, one, half, own)
                _mean(mask, seen, light, two, half, other)
                found[ALONG], found[WITHIN] = 1.0, max(abs(own[2] - other[2]), abs(own[3] - other[3]))


@compiled
def _compare(apart: Floats, found: Singles) -> None:
    least = NEW_STEP * LEVELS_PER_E_FOLD
    date, before = max(abs(apart[0]), abs(apart[1])), max(abs(apart[2]), abs(apart[3]))
    changed = max(abs(apart[0] - apart[2]), abs(apart[1] - apart[3]))
    found[RIM], found[DATE], found[REFERENCE] = 1.0, date, before
    found[NEW] = before < least and changed >= least


@compiled
def _mean(mask: Bytes, seen: Bools, light: Shorts, place: tuple[int, int], half: int, mean: Floats) -> None:
    """Mean levels of what lies on the same side of the rim as a place."""
    side, count = mask[place], 0
    mean[:] = 0.0
    for y in range(place[0] - half, place[0] + half + 1):
        for x in range(place[1] - half, place[1] + half + 1):
            if mask[y, x] == side and seen[y, x]:
                count += 1
                for k in range(mean.size):
                    mean[k] += light[k, y, x]
    mean /= max(count, 1)
