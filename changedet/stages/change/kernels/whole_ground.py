"""Ground of which parts are sure and the rest is told: a pit, a bank or a stripped plot is marked out to its outline.

Of soil that was stripped, dug or heaped trees are sure in parts, as it has the colours of the ground before elsewhere.
The network, which compares what stands there, says -2 to 0 on all of it, on one look after the other to the last, and
-3 on the ground around: its outline is what an eye sees. So connected ground of which every look that shows it says as
much is one thing, and a part of it that is sure, on any of these looks, tells of all of it. Fields and woods are told
on some looks and not on the next, or hardly any part of them is sure. Sums are of whole numbers, so a pixel gets the
same whatever block it is computed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.stages.change.kernels.bare_works import TOLD_M, told_of_steps
from changedet.stages.change.kernels.wide_ground import UNSAID, half_px

LEAST_ODDS: Final = -2.0
"""Least mean log odds of the network over `TOLD_M`. Of -2, -1.5 and -1 the one that holds most of what changed at as
small a share of false ground. Chosen, as the rest, with sites of the third simulator in view
(docs/research/change.md, "Out to the outline")."""
LEAST_LOOKS: Final = 2
"""That say so, from the first to the last."""
LEAST_SURE: Final = 0.3
"""Least share of a thing that is sure on any look: of woods and fields that are told next to nothing is."""
LEAST_COVER: Final = 0.5
"""Least share of plants on ground that bore none before from which it is taken for a crop. Chosen by hand."""
OPEN_M: Final = 6.0
"""Narrower parts are left out: rims of lorries and of what moved, shade."""
CLOSE_M: Final = 8.0
"""Gaps within a thing that are narrower belong to it: a patch of plain soil, a lorry. Chosen by hand."""
LEAST_M2: Final = 60.0
"""Smaller things are left to their own pixels."""
RIM_M: Final = 2.0
"""What is left out along the outline where no pixel is sure: the network's mean reaches that far beyond it."""


class WholeGround(NamedTuple):
    """A thing that a look shows whole.

    Attributes
    ----------
    look : int
        Its index.
    row, column : int
        Of the first cell of `shape`.
    shape : bool (y, x)
        Without `RIM_M` along its outline.
    """

    look: int
    row: int
    column: int
    shape: Bools


def told_since(steps: Sequence[Bytes], crops: Sequence[Bools], gsd_m: float) -> Bytes:
    """Since which look the network tells of a pixel to the end.

    Parameters
    ----------
    steps : sequence of uint8 (y, x)
        Of `wide_ground.whole_steps`, of each look after the reference in order, with `told_halo_px` more on each side
        than what is wanted; all `UNSAID` for a look that is not asked.
    crops : sequence of bool (y, x)
        Of each look and as large: where plants cover at least `LEAST_COVER` of ground that bore none before. The
        network scores crops on bare fields a little, so that they would merge with stripped soil beside them.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    uint8 (y, x)
        Without the halo: one more than the index of the first look from which on all that show it say so, two at the
        least; 0 elsewhere.
    """
    halo = told_halo_px(gsd_m)
    core = slice(halo, -halo), slice(halo, -halo)
    since = np.zeros(steps[0][core].shape, np.uint8)
    alive, looks = np.ones(since.shape, np.bool_), np.zeros(since.shape, np.uint8)
    for k in range(len(steps) - 1, -1, -1):
        told, hidden = told_of_steps(steps[k], gsd_m, LEAST_ODDS)[core], steps[k][core] == UNSAID
        told &= ~crops[k][core]
        alive &= told | hidden
        looks += alive & told
        since[alive & told & (looks >= LEAST_LOOKS)] = k + 1
    return since


def told_halo_px(gsd_m: float) -> int:
    """How far `told_since` looks around.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels on each side.
    """
    return half_px(TOLD_M, gsd_m)


def sure_of_told(scores: Singles, told: Bytes, above: float, in_season: Sequence[bool] = ()) -> Bytes:
    """Find the pixels, of those told, that are surely changed on a look: on all of the reference's season, if any.

    Parameters
    ----------
    scores : float32 (date, y, x)
        NaN is not observed.
    told : uint8 (y, x)
        Of `told_since`.
    above : float
        Higher scores are sure.
    in_season : sequence of bool, optional
        Of each look whether it is of the reference's season, as of `season_witness.of_one_season`: where one shows the
        ground it knows better than the others, as crops and grass are what they were.

    Returns
    -------
    uint8 (y, x)
        1 where one is.
    """
    sure, denied = np.zeros(told.shape, np.bool_), np.zeros(told.shape, np.bool_)
    with np.errstate(invalid="ignore"):
        for k, score in enumerate(scores):
            own = (told > 0) & (told <= k + 1)
            sure |= own & (score > above)
            if in_season and in_season[k]:
                denied |= own & (score <= above)
    return (sure & ~denied).astype(np.uint8)


def whole_ground(told: Bytes, sure: Bytes, looks: int, cell_m: float) -> Iterator[WholeGround]:
    """Find what each look shows whole.

    Parameters
    ----------
    told, sure : uint8 (y, x)
        Of `told_since` and `sure_of_told`, on cells of the whole site; 0 beside boxes.
    looks : int
        After the reference.
    cell_m : float

    Yields
    ------
    WholeGround
        In the order of the looks.
    """
    halves = half_px(OPEN_M, cell_m), half_px(CLOSE_M, cell_m), round(RIM_M / cell_m)
    opening, closing, rim = (np.ones((2 * half + 1,) * 2, np.uint8) for half in halves)
    margin = 1 + halves[1]
    least = LEAST_M2 / cell_m**2
    for look in range(looks):
        own = ((told > 0) & (told <= look + 1)).view(np.uint8)
        if not (own & sure).any():
            continue
        wide = cv2.morphologyEx(own, cv2.MORPH_OPEN, opening)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(wide, connectivity=4)
        parts = np.bincount(labels[sure > 0], minlength=count)
        areas = stats[:, cv2.CC_STAT_AREA]
        for label in np.flatnonzero((areas >= least) & (parts >= LEAST_SURE * areas)):
            if label:
                x, y, width, height = (int(part) for part in stats[label, :4])
                part = np.pad(labels[y : y + height, x : x + width] == label, margin).view(np.uint8)
                inner = cv2.erode(cv2.morphologyEx(part, cv2.MORPH_CLOSE, closing), rim) > 0
                if inner.any():
                    yield WholeGround(look, y - margin, x - margin, np.asarray(inner, np.bool_))
