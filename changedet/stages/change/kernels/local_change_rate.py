"""How much, and how often, the ground around each pixel changes: what a series tells of how its scores are to be read.

Where boxes are exchanged all over a yard, a middling probability more likely means one more of them than on a field
where nothing else moved: the share of surely changed looks around a pixel shifts its log odds (as a site's share does
in Saerens, Latinne and Decaestecker 2002, doi:10.1162/089976602753284446). On sidings a train stands on one date and is
gone on the next: the share of sure changes that were gone on the next look is the rate at which pixels go over there,
one step of the estimate of a hidden Markov model's transitions (Rabiner 1989, doi:10.1109/5.18626) around each pixel.
How far either may go is bounded by what the whole site shows: on quiet sites stacks that lean look like unrest.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

SURE: Final = 0.8
"""Probability from which on a pixel is surely changed."""
SURELY_NOT: Final = 0.2
"""Probability below which it surely is not."""
REACH_M: Final = 20.0
"""Half a side of the square that is asked: a yard's aisles or four tracks wide."""
WIDE_M: Final = 3.5
"""Sure change that holds squares this wide is ground, not boxes: around it nothing is read more loosely, as its worn
rim would be marked, and nothing more strictly."""
RIM_M: Final = 10.0
"""Looks as near to what their date hides are not asked: the rims of clouds come and go as trains do."""
USUAL_SHARE: Final = 0.01
"""Share of surely changed looks at which probabilities are taken as they are."""
SHARE_GAIN: Final = 0.6
"""Of the log of the share around a pixel, how much of it shifts the log odds."""
MOST_SHIFT: Final = (0.5, 1.2)
"""How many log odds busy ground is read more loosely at most, and quiet ground more strictly."""
SITE_GAIN: Final = 0.8
"""The same as `SHARE_GAIN` for the share of the whole site."""
LEAST_OF_SITE: Final = 0.6
"""How many log odds less than the whole site's share asks for busy ground may ask."""
UNSETTLED: Final = (0.3, 0.6)
"""Log odds asked by a site up to which pixels go over as freely as the ground around them tells, and from which on they
go over by `FLIP` alone."""
FLIP: Final = 0.12
"""Probability that a pixel goes over between two looks where nothing tells how often they do: boxes come and go."""
MOST_FLIP: Final = 0.5
"""The same where trains come and go: each look stands by itself."""
LITTLE_M2: Final = 1000.0
"""Looks, in square metres, that weigh as much as next to no change before any was seen."""
LEAST_SHARE: Final = 0.001
"""Share of sure change before any look was seen."""
FEW_M2: Final = 30.0
"""Sure changes, in square metres, that weigh as much as `FLIP`: two boxes, so that a lorry makes no siding."""
CLEAR: Final = 0.8
"""Weight of a date from which on it may say that a change is gone: haze says so too."""

Floats = NDArray[np.float64]


class Unrest(NamedTuple):
    """How a pixel's probabilities are to be read.

    Attributes
    ----------
    strictness : (y, x) float64
        Log odds that they must have more than elsewhere.
    flip : (y, x) float64
        Probability that the pixel goes over between one look and the next.
    """

    strictness: Floats
    flip: Floats


def halo_px(gsd_m: float) -> int:
    """How far `unrest` looks around."""
    return _reach_px(gsd_m) + max(_wide_px(gsd_m) - 1, _rim_px(gsd_m))


def _reach_px(gsd_m: float) -> int:
    return max(1, round(REACH_M / gsd_m))


def _wide_px(gsd_m: float) -> int:
    return round(WIDE_M / gsd_m) | 1


def _rim_px(gsd_m: float) -> int:
    return round(RIM_M / gsd_m)


def unrest(scores: NDArray[np.float32], weights: Floats, gsd_m: float) -> Unrest:
    """How much and how often the ground around each pixel changes.

    Parameters
    ----------
    scores : (date, y, x) float32
        Probabilities of change, away from the reference date, in order; NaN where not seen. With `halo_px` more on each
        side than what is wanted.
    weights : (date,) float64
        Of each date, from `persistence.trust`.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    Unrest
        Without the halo.
    """
    box, rim = (np.ones((size, size), np.uint8) for size in (_wide_px(gsd_m), 2 * _rim_px(gsd_m) + 1))
    wide = np.stack([cv2.morphologyEx((one > np.float32(SURE)).view(np.uint8), cv2.MORPH_OPEN, box) for one in scores])
    hidden = np.stack([cv2.dilate(np.isnan(one).view(np.uint8), rim) for one in scores])
    counts = _counts(np.ascontiguousarray(scores, np.float32), wide, hidden, weights >= CLEAR)
    reach, halo = _reach_px(gsd_m), halo_px(gsd_m)
    inner = slice(halo, -halo)
    # whole numbers, so the sums do not depend on where a tile begins
    around = [_summed(one, 2 * reach + 1)[inner, inner] for one in counts]
    return Unrest(*_figures(*around, gsd_m**2))


def _summed(counts: Floats, size: int) -> Floats:
    total = cv2.boxFilter(counts, -1, (size, size), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.ascontiguousarray(np.rint(total), np.float64)


def within_site(around: Unrest, sure: int, seen: int, weights: Floats) -> Unrest:
    """What the ground around each pixel tells, within what its site allows.

    Parameters
    ----------
    around : Unrest
    sure, seen : int
        The site's pixels of all dates that are surely changed, and that are seen.
    weights : (date,) float64
        From `persistence.trust`: the fewer dates are clear, the less they tell of how often pixels go over.
    """
    share = max(sure, 1) / max(seen, 1)
    asked = min(max(SITE_GAIN * math.log(USUAL_SHARE / share), -MOST_SHIFT[0]), MOST_SHIFT[1])
    freely = min(max((UNSETTLED[1] - asked) / (UNSETTLED[1] - UNSETTLED[0]), 0.0), 1.0) * float(
        np.mean(weights >= CLEAR)
    )
    flip = FLIP + freely * (around.flip - FLIP)
    return Unrest(np.maximum(around.strictness, asked - LEAST_OF_SITE), flip)


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _counts(scores: Any, wide: Any, hidden: Any, clear: Any) -> Any:
    """Of each pixel its looks, those that are surely changed, those of them that are wide; its sure changes that have a
    sure look next; those of them that are gone on it."""
    dates, height, width = scores.shape
    out = np.zeros((5, height, width), np.float64)
    for y in range(height):
        for x in range(width):
            was = 0  # the reference is as it is; -1 where it is not sure
            for t in range(dates):
                score = scores[t, y, x]
                if hidden[t, y, x]:
                    continue
                is_sure = score > np.float32(SURE)
                out[0, y, x] += 1.0
                if is_sure:
                    out[1, y, x] += 1.0
                    out[2, y, x] += wide[t, y, x]
                if not clear[t]:
                    continue
                now = 1 if is_sure else (0 if score < np.float32(SURELY_NOT) else -1)
                if was == 1 and now >= 0:
                    out[3, y, x] += 1.0
                    if now == 0:
                        out[4, y, x] += 1.0
                was = now
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _shift(changed_m2: float, looks_m2: float) -> float:
    """Log odds that are asked beyond where so much of the looks is surely changed."""
    share = (changed_m2 + LITTLE_M2 * LEAST_SHARE) / (looks_m2 + LITTLE_M2)
    return min(max(SHARE_GAIN * math.log(USUAL_SHARE / share), -MOST_SHIFT[0]), MOST_SHIFT[1])


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _figures(looks: Any, changed: Any, wide: Any, followed: Any, gone: Any, pixel_m2: float) -> Any:
    strictness, flip = np.empty(looks.shape), np.empty(looks.shape)
    for y in range(looks.shape[0]):
        for x in range(looks.shape[1]):
            seen_m2, changed_m2, wide_m2 = (pixel_m2 * looks[y, x], pixel_m2 * changed[y, x], pixel_m2 * wide[y, x])
            by_boxes, by_all = _shift(changed_m2 - wide_m2, seen_m2 - wide_m2), _shift(changed_m2, seen_m2)
            strictness[y, x] = min(by_boxes, max(by_all, 0.0))
            rate = (gone[y, x] * pixel_m2 + FEW_M2 * FLIP) / (followed[y, x] * pixel_m2 + FEW_M2)
            flip[y, x] = min(max(rate, FLIP), MOST_FLIP)
    return strictness, flip
