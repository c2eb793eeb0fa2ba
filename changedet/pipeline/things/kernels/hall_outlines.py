"""Halls of a site: parts that the network draws on single looks and on their mean, each place once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Floats, Singles
from changedet.kernels.hall_pictures import STEP_M

LIMIT: Final = 5.0
"""Log odds are cut off there: a look alone is no surer."""
STEPS: Final = 25.0
"""Steps of kept log odds in one: -5 to 5 as whole numbers of one byte."""
LEAST_M2: Final = 40.0
"""Smaller parts are no halls; the least that was taught."""
GROW_PX: Final = 3
"""How far a part reaches into what lies at its edge: wider than the edges that were taught."""
OVERLAP: Final = 0.3
"""Share of the smaller of two parts from which on they are one place. By hand, as the next three."""
SAME: Final = 0.4
"""Intersection over union from which on two looks draw the same hall."""
RING_PX: Final = (1, 3)
"""From where to where around a part its surroundings are looked at."""
SHARP: Final = 2.0
FULL: Final = 5.0
"""What sharpness (log odds) and the share of its rectangle that a part fills add to its rank, beside the log odds of
all looks. By hand."""
FEWEST_PX: Final = 10
"""A core of fewer pixels is no measure."""
MARGIN_PX: Final = 4
"""Around a part, so that its rim lies within."""
SEEN: Final = 0.8
"""Share of a part that a look must show to say whether a hall stands there. By hand."""
_CROSS: Final = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
_SQUARE: Final = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class Drawn:
    """A part that may be a hall.

    Attributes
    ----------
    y, x : int
        First row and column of `inside`.
    inside : bool (rows, columns)
        With a margin of `MARGIN_PX` where the picture goes on.
    core, rim, edge : float64 (look,)
        Mean log odds of a hall within and around it, and of an edge along its outline; NaN where a look does not
        show it.
    fill : float
        Share of its least rectangle that it fills.
    short_m : float
        Shorter side of that rectangle.
    drawn_on : int
        Looks that draw it.
    """

    y: int
    x: int
    inside: Bools
    core: Floats
    rim: Floats
    edge: Floats
    fill: float
    short_m: float
    drawn_on: int = 1

    @property
    def area_m2(self) -> float:
        """Its area, square metres."""
        return float(self.inside.sum()) * STEP_M**2


def packed(odds: Singles) -> Bytes:
    """Pack log odds into bytes.

    Parameters
    ----------
    odds : float32 (2, y, x)
        Of the network.

    Returns
    -------
    uint8 (2, y, x)
        As `unpacked` reads them.
    """
    return np.asarray(np.round(np.clip(odds, -LIMIT, LIMIT) * STEPS + LIMIT * STEPS), np.uint8)


def unpacked(odds: Bytes) -> Singles:
    """Log odds of packed ones.

    Parameters
    ----------
    odds : uint8
        Of `packed`.

    Returns
    -------
    float32
        From -`LIMIT` to `LIMIT`.
    """
    return odds.astype(np.float32) / np.float32(STEPS) - np.float32(LIMIT)


def places(looks: Sequence[tuple[Bytes, Bools]]) -> list[Drawn]:
    """Find the places of halls over all looks.

    Parameters
    ----------
    looks : sequence of (uint8 (2, y, x), bool (y, x))
        Log odds, `packed`, and where the look shows the ground, one for each look, on one grid.

    Returns
    -------
    list of Drawn
        No two of which are one place, the clearest first.
    """
    if not looks:
        return []
    seen = sum(shown.astype(np.float32) for _, shown in looks)
    mean = sum(unpacked(odds) * shown for odds, shown in looks) / np.maximum(seen, 1)
    parts = [(k, *part) for k, (odds, shown) in enumerate(looks) for part in _parts(unpacked(odds), shown)]
    if len(looks) > 1:
        parts += [(len(looks), *part) for part in _parts(np.asarray(mean, np.float32), np.asarray(seen > 0))]
    found = [(k, _measured(looks, y, x, inside)) for k, y, x, inside in parts]
    found.sort(key=lambda one: -_rank(one[1]))
    chosen: list[tuple[Drawn, set[int]]] = []
    for k, one in found:
        rival = next((other for other in chosen if _overlap(one, other[0])[0] > OVERLAP), None)
        if rival is None:
            chosen.append((one, {k}))
        elif _overlap(one, rival[0])[1] > SAME:
            rival[1].add(k)
    # The mean of all looks, numbered after them, is no look.
    return [replace(one, drawn_on=len(on - {len(looks)})) for one, on in chosen]


def _parts(odds: Singles, shown: Bools) -> list[tuple[int, int, Bools]]:
    """Connected parts of what is rather a hall than not, parted along edges: first row, first column, inside."""
    body = (odds[0] > 0) & shown
    count, labels, stats, _ = cv2.connectedComponentsWithStats((body & (odds[1] < 0)).astype(np.uint8), connectivity=4)
    found = []
    for label in range(1, count):
        x, y, width, height, area = (int(n) for n in stats[label])
        if area * STEP_M**2 < LEAST_M2 / 4:
            continue
        top, left = max(0, y - MARGIN_PX), max(0, x - MARGIN_PX)
        window = slice(top, y + height + MARGIN_PX), slice(left, x + width + MARGIN_PX)
        inside = _grown(labels[window], label, body[window])
        if inside.sum() * STEP_M**2 >= LEAST_M2:
            found.append((top, left, inside))
    return found


def _grown(labels: np.ndarray[tuple[int, int], np.dtype[np.int32]], label: int, body: Bools) -> Bools:
    """A part with its edge and without holes, but not into others."""
    own, others = (labels == label).astype(np.uint8), (labels > 0) & (labels != label)
    for _ in range(GROW_PX):
        own = (cv2.dilate(own, _CROSS) > 0).astype(np.uint8) & (body & ~others)
    outlines, _ = cv2.findContours(own.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(own.shape, np.uint8)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    return filled > 0


def _measured(looks: Sequence[tuple[Bytes, Bools]], y: int, x: int, inside: Bools) -> Drawn:
    mask = inside.astype(np.uint8)
    smaller, larger = cv2.erode(mask, _SQUARE) > 0, cv2.dilate(mask, _SQUARE) > 0
    core = smaller if smaller.sum() >= FEWEST_PX else inside
    rim = (cv2.dilate(mask, np.ones((2 * RING_PX[1] + 1,) * 2, np.uint8)) > 0) & ~larger
    window = slice(y, y + inside.shape[0]), slice(x, x + inside.shape[1])
    rows = []
    for odds, shown in looks:
        cut, clear = unpacked(odds[(slice(None), *window)]), shown[window]
        is_seen = clear[inside].mean() >= SEEN
        rows.append([_mean(cut[at], zone & clear) if is_seen else np.nan
                     for at, zone in ((0, core), (0, rim), (1, larger & ~smaller))])  # fmt: skip
    values = np.array(rows, np.float64)
    (_, (width, height), _) = cv2.minAreaRect(np.argwhere(inside)[:, ::-1].astype(np.float32))
    area = (width + 1) * (height + 1)
    return Drawn(y, x, inside, values[:, 0], values[:, 1], values[:, 2], float(inside.sum() / area),
                 (min(width, height) + 1) * STEP_M)  # fmt: skip


def _mean(values: Singles, where: Bools) -> float:
    return float(values[where].mean()) if where.any() else -LIMIT


def _rank(one: Drawn) -> float:
    """How clear a part is: sure on many looks, sharp against what is around it, a rectangle."""
    seen = np.isfinite(one.core)
    if not seen.any():
        return -LIMIT
    # Looks that hide a part speak neither for nor against it: the sum is as if all had shown it.
    core, rim = one.core[seen], one.rim[seen]
    sharp = float(np.maximum(core - rim, 0).mean())
    return float(np.maximum(core, 0).mean()) * len(seen) + SHARP * sharp + FULL * one.fill


def _overlap(a: Drawn, b: Drawn) -> tuple[float, float]:
    """Share of the smaller that both cover, and intersection over union."""
    top, left = max(a.y, b.y), max(a.x, b.x)
    bottom = min(a.y + a.inside.shape[0], b.y + b.inside.shape[0])
    right = min(a.x + a.inside.shape[1], b.x + b.inside.shape[1])
    if top >= bottom or left >= right:
        return 0.0, 0.0
    first, second = (one.inside[top - one.y : bottom - one.y, left - one.x : right - one.x] for one in (a, b))
    both, areas = int((first & second).sum()), (int(a.inside.sum()), int(b.inside.sum()))
    return both / min(areas), both / (sum(areas) - both)
