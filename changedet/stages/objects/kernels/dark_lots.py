"""Lots of one colour, and single rows, looked at once more in light of their own.

A stretch made for a whole scene leaves a dark block on pale ground a few steps of its range, in which the gaps between
its boxes drown: the network draws all of them, in their places, with little confidence. Weak peaks that stand in a
lattice, as long, as wide apart and of one colour, are such a block or nothing, and so are those that stand side by side
in a row, of whatever colours; so the network is shown what they cover with all that is brighter cut off, stretched by
what is left. Of a block nearly all then rise, of ground, woods and fields none (docs/research/detector.md, "Lots of one
dark colour").
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints, Singles
from changedet.kernels.quantiles import percentiles
from changedet.stages.objects.kernels import network, network_peaks, rectangles
from changedet.stages.objects.kernels.box_measures import picture_colours
from changedet.stages.objects.kernels.network_grid import STRIDE_PX
from changedet.stages.objects.kernels.network_peaks import Peaks
from changedet.stages.objects.kernels.side_by_side import beside, near_pairs
from changedet.stages.objects.kernels.stretch import GAMMA, LIFT, PERCENTILES, TOP

LEAST_LOGIT: Final = -4.0
"""Weakest peak that takes part, all that are decoded. Chosen by hand, as all that follows but where it says so."""
OVERLAP: Final = 0.3
"""Intersection over union of two peaks from which on the weaker one takes no part."""
REACH_M: Final = 16.0
"""Between the centres of the longest boxes end to end."""
TURN_RAD: Final = 0.15
"""Boxes turned against each other by less are parallel."""
LENGTH_RATIO: Final = 1.28
"""Greatest ratio of the lengths of neighbours."""
ONE_COLOUR: Final = 0.1
"""Greatest difference in any band of the stretched picture between neighbours of one colour."""
BESIDE_M: Final = (2.1, 3.7)
"""Across, from centre to centre, of boxes side by side: touching ones to a gap that a man walks through."""
BESIDE_SHIFT: Final = 0.35
"""Along, less than this share of their length."""
IN_LINE_M: Final = 1.2
"""Across, less than this, of boxes end to end."""
END_GAP_M: Final = (-1.0, 2.5)
"""Between the ends of these; lengths are known to a metre."""
LEAST_BOXES: Final = 10
"""Of a lot: of 187 smaller groups that are none five rise on teaching sites, of 127 of as many none."""
LEAST_BESIDE, LEAST_IN_LINE = 0.8, 0.6
"""Share of a lot's boxes with a neighbour beside, and with one in line: the shade of a row of stacks has one or the
other."""
ROW_LOGIT: Final = -2.0
"""Weakest peak that takes part in a single row. As the next four of 277 rows of four hands, all of them judges."""
ROW_BOXES: Final = 6
"""Of a single row."""
ROW_SHIFT: Final = 0.15
"""Along, less than this share of their length, of neighbours in a single row: they were set down by one hand."""
ROW_TURN_RAD: Final = 0.1
"""Turned against each other by less."""
ROW_RATIO: Final = 1.15
"""Greatest ratio of their lengths."""
SURE_LOGIT: Final = 0.6
"""Median log odds of a lot from which on nothing is in doubt: a confidence of .94 before neighbours are asked."""
MARGIN_M: Final = 14.0
"""Around a lot: half the network's view."""
LEAST_SIDE_PX: Final = 24
"""Of the network's pixels; a narrower picture shows nothing."""
CLIPPED: Final = 1.3
"""Times the lot's own light, by band, to which all is cut; 1.0 to 1.7 and margins of 6 to 14 m are alike."""
LEAST_ABOVE: Final = 0.03
"""By which it is cut above the lot's light at least, of the scene's range: a black roof's range is not 0."""
LEAST_BRIGHTER: Final = 0.25
"""Share of the picture that must be cut: else the scene's light is near its own. Of lots that need it .35 to .8."""
LEAST_RANGE: Final = 1e-3
"""Bright less dark end of what is left, of the scene's range."""
SAME_M: Final = 1.3
"""Between the centres of a peak and the same one seen again."""
RISEN_LOGIT: Final = -0.5
"""Log odds in own light of a box that is there: a confidence of .5 and less before neighbours are asked."""
LEAST_RISEN: Final = 0.7
"""Share of a lot's peaks that rise so: at most .38 of what is none on teaching sites, .73 to 1.0 of true lots of a
drawn hand that was in view."""
BEYOND_M: Final = 2.0
"""Beyond a length from the nearest peak of the lot within which others belong to it."""


class Relit(NamedTuple):
    """Peaks of a picture after its lots were looked at again.

    Attributes
    ----------
    peaks : Peaks
        All that were given, those of lots as their own light shows them where it makes them surer, and what only that
        light shows.
    in_lot : bool (n,)
        Those that belong to a lot or a row.
    """

    peaks: Peaks
    in_lot: Bools


def seen_again(picture: Singles, pixel_m: float, peaks: Peaks, content: bytes) -> Relit:
    """Look at lots and rows in doubt once more, in light of their own.

    Parameters
    ----------
    picture : float32 (3, y, x)
        Stretched, on the network's pixels.
    pixel_m : float
        Their size, metres.
    peaks : Peaks
        Of the whole picture, as the network draws them in the scene's light.
    content : bytes
        The network's file.

    Returns
    -------
    Relit
        The same peaks where there is neither.
    """
    in_lot, single = np.zeros(len(peaks.logit), bool), rows(peaks)
    for lot in lots(picture, pixel_m, peaks):
        boxes, colour = peaks.boxes[lot], _colour(picture, pixel_m, peaks.boxes[lot])
        found = _risen_in_own_light(picture, pixel_m, boxes, colour, content)
        if found is not None:
            peaks, in_lot = _merged(peaks, in_lot, lot, _belonging(picture, pixel_m, found, boxes, colour))
    for row in single:
        if in_lot[row].any() or np.median(peaks.logit[row]) > SURE_LOGIT:
            continue
        boxes = peaks.boxes[row]
        found = _risen_in_own_light(picture, pixel_m, boxes, _colour(picture, pixel_m, boxes), content)
        if found is not None:
            turn, apart = _lie(found, boxes)
            peaks, in_lot = _merged(peaks, in_lot, row, _chosen(found, (turn < TURN_RAD) & (apart < SAME_M)))
    return Relit(peaks, in_lot)


def rows(peaks: Peaks) -> list[Ints]:
    """Groups of peaks that stand side by side, of one length and of any colours.

    Parameters
    ----------
    peaks : Peaks
        Of a picture, in metres from its corner.

    Returns
    -------
    list of int64 (n,)
        Indices of each group's peaks.
    """
    strong = np.flatnonzero(peaks.logit >= ROW_LOGIT)
    if len(strong) < ROW_BOXES:
        return []
    known = strong[rectangles.suppress(peaks.boxes[strong], peaks.logit[strong], OVERLAP, OVERLAP)]
    boxes = peaks.boxes[known]
    one, other = near_pairs(boxes, np.ones(len(boxes)), 1.0, REACH_M).T
    lie = beside(boxes, one, other)
    length, across = (boxes[one, 2] + boxes[other, 2]) / 2, np.abs(lie.across)
    linked = (across > BESIDE_M[0]) & (across < BESIDE_M[1]) & (lie.along < ROW_SHIFT * length)
    linked &= (lie.turn < ROW_TURN_RAD) & (np.abs(np.log(boxes[one, 2] / boxes[other, 2])) < np.log(ROW_RATIO))
    group = _connected(one[linked], other[linked], len(boxes))
    return [known[group == number] for number in np.flatnonzero(np.bincount(group) >= ROW_BOXES)]


def lots(picture: Singles, pixel_m: float, peaks: Peaks) -> list[Ints]:
    """Groups of weak peaks that stand in a lattice and have one colour.

    Parameters
    ----------
    picture, pixel_m, peaks
        As for `seen_again`.

    Returns
    -------
    list of int64 (n,)
        Indices of each group's peaks.
    """
    if len(peaks.logit) < LEAST_BOXES:
        return []
    known = np.flatnonzero(rectangles.suppress(peaks.boxes, peaks.logit, OVERLAP, OVERLAP))
    boxes = peaks.boxes[known]
    one, other, aside = _neighbours(boxes, picture, pixel_m)
    group = _connected(one, other, len(boxes))
    has_beside, has_line = np.zeros(len(boxes), bool), np.zeros(len(boxes), bool)
    for has, kind in ((has_beside, aside), (has_line, ~aside)):
        has[one[kind]] = has[other[kind]] = True
    found = []
    for number in np.flatnonzero(np.bincount(group) >= LEAST_BOXES):
        lot = np.flatnonzero(group == number)
        square = has_beside[lot].mean() >= LEAST_BESIDE and has_line[lot].mean() >= LEAST_IN_LINE
        if square and np.median(peaks.logit[known[lot]]) <= SURE_LOGIT:
            found.append(known[lot])
    return found


def _connected(one: Ints, other: Ints, count: int) -> Ints:
    """The group (count,) of each box, by pairs that are linked."""
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    links = coo_matrix((np.ones(len(one)), (one, other)), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1])


def _neighbours(boxes: Floats, picture: Singles, pixel_m: float) -> tuple[Ints, Ints, Bools]:
    """Pairs of one colour and length that stand side by side or in line, and which of them stand side by side."""
    one, other = near_pairs(boxes, np.ones(len(boxes)), 1.0, REACH_M).T
    lie = beside(boxes, one, other)
    length = (boxes[one, 2] + boxes[other, 2]) / 2
    across, gap = np.abs(lie.across), lie.along - length
    aside = (across > BESIDE_M[0]) & (across < BESIDE_M[1]) & (lie.along < BESIDE_SHIFT * length)
    line = (across < IN_LINE_M) & (gap > END_GAP_M[0]) & (gap < END_GAP_M[1])
    alike = (lie.turn < TURN_RAD) & (np.abs(np.log(boxes[one, 2] / boxes[other, 2])) < np.log(LENGTH_RATIO))
    kept = np.flatnonzero(alike & (aside | line))
    paired = np.unique(np.concatenate([one[kept], other[kept]]))
    colours = np.full((len(boxes), 3), np.nan)
    colours[paired] = picture_colours(picture, boxes[paired], pixel_m)
    kept = kept[np.abs(colours[one[kept]] - colours[other[kept]]).max(axis=1, initial=0.0) < ONE_COLOUR]
    return one[kept], other[kept], aside[kept]


def own_light(part: Singles, colour: Floats) -> Singles | None:
    """A part of a picture with all that is brighter than a lot cut off, stretched by what is left.

    Parameters
    ----------
    part : float32 (3, y, x)
        Stretched.
    colour : float64 (3,)
        Of the lot, in the same numbers.

    Returns
    -------
    float32 (3, y, x) or None
        Stretched anew; None where little is brighter.
    """
    light, own = _linear(part), _linear(colour)
    top = np.maximum(CLIPPED * own, own + LEAST_ABOVE)
    if float((light.mean(axis=0) > top.mean()).mean()) < LEAST_BRIGHTER:
        return None
    shown = np.empty_like(part)
    for band, most, out in zip(light, top, shown, strict=True):
        cut = np.minimum(band, np.float32(most))
        low, high = percentiles(cut.ravel(), PERCENTILES).tolist()
        out[:] = np.clip((cut - low) / max(high - low, LEAST_RANGE) + LIFT, 0.0, TOP) ** np.float32(GAMMA)
    return shown


def _linear(stretched: Singles | Floats) -> Floats:
    """In proportion to light, 0 at the scene's dark and 1 at its bright end."""
    return np.asarray(np.maximum(stretched, 0.0) ** (1 / GAMMA) - LIFT, np.float64)


def _colour(picture: Singles, pixel_m: float, boxes: Floats) -> Floats:
    return np.asarray(np.median(picture_colours(picture, boxes, pixel_m), axis=0))


def _risen_in_own_light(
    picture: Singles, pixel_m: float, boxes: Floats, colour: Floats, content: bytes
) -> Peaks | None:
    """All peaks around boxes in their own light, None where that is the scene's or too few of them rise."""
    found = _in_own_light(picture, pixel_m, boxes, colour, content)
    return None if found is None or _risen(boxes, found) < LEAST_RISEN else found


def _in_own_light(picture: Singles, pixel_m: float, boxes: Floats, colour: Floats, content: bytes) -> Peaks | None:
    """All peaks around a lot in its own light, None where that is the scene's."""
    first = (
        np.maximum(0, np.floor((boxes[:, :2].min(axis=0) - MARGIN_M) / pixel_m).astype(int)) // STRIDE_PX * STRIDE_PX
    )
    last = np.ceil((boxes[:, :2].max(axis=0) + MARGIN_M) / pixel_m).astype(int)
    part = picture[:, first[1] : last[1], first[0] : last[0]]
    shown = own_light(part, colour) if min(part.shape[1:]) >= LEAST_SIDE_PX else None
    if shown is None:
        return None
    mean, spread = shown.mean(axis=(1, 2)), shown.std(axis=(1, 2)) + network.LEAST_SPREAD
    maps = network.seen(content, shown, mean.tolist(), spread.tolist()).maps
    found = network_peaks.decoded(maps, pixel_m, LEAST_LOGIT)
    return Peaks(found.boxes + np.array([*(first * pixel_m), 0.0, 0.0, 0.0]), found.logit, found.other)


def _risen(boxes: Floats, found: Peaks) -> float:
    """Share of a lot's peaks that its own light shows as boxes."""
    sure = found.boxes[found.logit > RISEN_LOGIT, :2]
    apart = np.hypot(*(boxes[:, None, :2] - sure[None]).transpose(2, 0, 1))
    return float((apart.min(axis=1, initial=np.inf) < SAME_M).mean())


def _belonging(picture: Singles, pixel_m: float, found: Peaks, boxes: Floats, colour: Floats) -> Peaks:
    """Those peaks in a lot's own light that lie as its boxes do, in their places or beside them, in its colour."""
    turn, apart = _lie(found, boxes)
    alike = np.abs(picture_colours(picture, found.boxes, pixel_m) - colour).max(axis=1) < ONE_COLOUR
    return _chosen(found, alike & (turn < TURN_RAD) & (apart < np.median(boxes[:, 2]) + BEYOND_M))


def _lie(found: Peaks, boxes: Floats) -> tuple[Floats, Floats]:
    """How far peaks are turned against boxes that lie alike, and how far the nearest of these is."""
    angle = np.angle(np.exp(2j * boxes[:, 4]).sum()) / 2
    turn = np.abs((found.boxes[:, 4] - angle + np.pi / 2) % np.pi - np.pi / 2)
    return turn, np.hypot(*(found.boxes[:, None, :2] - boxes[None, :, :2]).transpose(2, 0, 1)).min(
        axis=1, initial=np.inf
    )


def _chosen(found: Peaks, kept: Bools) -> Peaks:
    return Peaks(found.boxes[kept], found.logit[kept], found.other[kept])


def _merged(peaks: Peaks, in_lot: Bools, lot: Ints, own: Peaks) -> tuple[Peaks, Bools]:
    """All peaks with those of a lot's own light: the surer one of each place, and those that are new."""
    boxes, logit, other, in_lot = peaks.boxes.copy(), peaks.logit.copy(), peaks.other.copy(), in_lot.copy()
    in_lot[lot] = True
    apart = np.hypot(*(own.boxes[:, None, :2] - peaks.boxes[None, :, :2]).transpose(2, 0, 1))
    nearest, is_new = apart.argmin(axis=1), apart.min(axis=1) >= SAME_M
    for k in np.flatnonzero(~is_new):
        at = nearest[k]
        in_lot[at] = True
        if own.logit[k] > logit[at]:
            boxes[at], logit[at], other[at] = own.boxes[k], own.logit[k], own.other[k]
    merged = Peaks(
        np.concatenate([boxes, own.boxes[is_new]]),
        np.concatenate([logit, own.logit[is_new]]),
        np.concatenate([other, own.other[is_new]]),
    )
    return merged, np.concatenate([in_lot, np.ones(int(is_new.sum()), bool)])
