"""Ships at a quay, from what of a berth is no water along it: cranes, lines and fenders are too short to be one."""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Floats

LEAST_DEEP_M: Final = 4.0
"""Across the quay, of what is no water: fenders and the quay's own lean are less."""
GAP_M: Final = 6.0
"""Along the quay: shade across a deck and dark holds are shorter, gaps between two ships longer."""
LEAST_LONG_M: Final = 40.0
"""Of a ship; a crane that leans over the water, with its boom askew, reaches 30 m along the quay."""
SOLID: Final = 0.5
"""Share of a ship's length that a line along the quay must hold to be of the ship: booms across it hold less."""
CRANE_M: Final = 16.0
"""Cranes: what stands out along the quay no further is taken off before ends are read."""
BEYOND_M: Final = (3.0, 8.0)
"""What shows water so much and so much further from the quay than the ship is no boom: houses lean out less, and booms
reach over the whole ship."""
LEAST_BEYOND: Final = 0.4
"""Where the berth shows less water beside the ship, from so much of it on."""
TRUSS_M: Final = 5.0
"""Between the chords of a boom, through which water shows."""
BOOMS_M: Final = 24.0
"""Of two cranes side by side along the quay; what is longer is a vessel beside the ship."""
BESIDE_M: Final = 3.0
"""Across a ship, shade between rows of boxes; between vessels side by side there may be more."""
SCRAP_M: Final = 3.0
"""Beside a boom what is shorter is a part of its crane."""
BOOM: Final = 0.8
"""Share of such columns from which a piece is a boom, and no house that a boom hides in part."""
SLIT_M: Final = 1.0
"""Water between a ship's end and a boom beside it, at least; edges are half a metre sharp."""
HOUSE_GAP_M: Final = 10.0
"""Shade of a ship's house on its deck, up to so long, passes for water: houses are 15 m to 25 m high."""
HOUSE_M: Final = (8.5, 25.0)
"""Of a ship's house with the stern behind it, along the ship: booms are 6 m to 8 m wide, longer may be a ship."""
ALIKE: Final = 0.6
"""Intersection over union, across the ship, of what is before and behind such shade: a house may lean out on one side
and be in the shade of cranes on the other."""
MIDDLE: Final = 1 / 3
"""Share of a ship's width, about its axis, in which its ends are read: bows, sterns and transoms reach there, lines and
their corners of water at the quay do not."""
LEAST_MIDDLE: Final = 0.25
"""Of this middle, that is no water; between boxes and in their shade it is dark for a part of the width."""


class Moored(NamedTuple):
    """A ship at a quay.

    Attributes
    ----------
    along : (float, float)
        Its ends along the berth, metres from the berth's first end.
    across : (float, float)
        Its sides, metres from the berth's first side.
    fill : float
        Share of the rectangle that is no water.
    """

    along: tuple[float, float]
    across: tuple[float, float]
    fill: float


def moored(dry: Bools, pixel_m: float) -> list[Moored]:
    """Find the ships of a berth.

    Parameters
    ----------
    dry : bool (across, along)
        What of the berth is no water; False beyond what is shown.
    pixel_m : float

    Returns
    -------
    list of Moored
        In their order along the berth.
    """
    columns = dry.sum(axis=0) * pixel_m >= LEAST_DEEP_M
    joined = _closed(columns, GAP_M / pixel_m)
    occupied = _opened(joined, CRANE_M / pixel_m)
    water = dry[:, ~occupied]
    quay = water.mean(axis=1) >= SOLID if water.shape[1] * pixel_m >= GAP_M else np.zeros(len(dry), bool)
    hull = np.asarray(dry & ~quay[:, None])
    ships = (_ship(hull, run, joined, pixel_m) for run in _runs(occupied))
    return [ship for ship in ships if ship is not None]


class _Body(NamedTuple):
    """What is read of a ship before its ends are: rows of its sides, and of each column what shows there."""

    near: int
    far: int
    in_middle: Bools
    is_boom: Bools


def _ship(hull: Bools, run: tuple[int, int], joined: Bools, pixel_m: float) -> Moored | None:
    """The ship of a run of occupied columns."""
    body = _body(hull, run, pixel_m)
    if body.far == body.near:
        return None
    first, last = _ends(body, run, pixel_m)
    if (last - first) * pixel_m < LEAST_LONG_M:
        return None
    first, last = _with_house(hull, body, (first, last), joined, pixel_m)
    inside = hull[:, first:last]
    top, bottom = _rows(inside, pixel_m)
    if (bottom - top) * pixel_m < LEAST_DEEP_M:
        return None
    return Moored(
        (first * pixel_m, last * pixel_m), (top * pixel_m, bottom * pixel_m), float(inside[top:bottom].mean())
    )


def _body(hull: Bools, run: tuple[int, int], pixel_m: float) -> _Body:
    near, far = _rows(hull[:, run[0] : run[1]], pixel_m)
    # Booms come over the quay, on either side of the berth's rectangle, and reach out on the other.
    beyond = hull[far:] if len(hull) - far >= near else hull[:near][::-1]
    first = round(min(LEAST_BEYOND * len(beyond), BEYOND_M[0] / pixel_m))
    last = round(min(len(beyond), BEYOND_M[1] / pixel_m))
    is_out = beyond[first:last].mean(axis=0) >= SOLID if last > first else np.zeros(hull.shape[1], bool)
    closed = _closed(np.asarray(is_out), TRUSS_M / pixel_m)
    is_boom = closed & ~_opened(closed, BOOMS_M / pixel_m)
    third = max(1, round((far - near) * (1 - MIDDLE) / 2))
    in_middle = hull[near + third : max(far - third, near + third + 1)].mean(axis=0) >= LEAST_MIDDLE
    return _Body(near, far, np.asarray(in_middle), np.asarray(is_boom))


def _rows(inside: Bools, pixel_m: float) -> tuple[int, int]:
    """Sides of a ship; of vessels side by side those of the one at the quay, which fills its rows best."""
    share = inside.mean(axis=1)
    blocks = _runs(_closed(np.asarray(share >= SOLID), BESIDE_M / pixel_m))
    return max(blocks, key=lambda one: float(share[slice(*one)].sum()), default=(0, 0))


def _ends(body: _Body, run: tuple[int, int], pixel_m: float) -> tuple[int, int]:
    """Ends of a ship within a run, without the booms beside it: what touches a boom goes on below."""
    pieces = _pieces(body, run, pixel_m)
    if not pieces:
        return run[0], run[0]
    pieces = _without_cranes(body, pieces, pixel_m)
    pieces = _without_cranes(body, pieces[::-1], pixel_m)[::-1]
    return pieces[0][0], pieces[-1][1]


def _without_cranes(body: _Body, pieces: list[tuple[int, int]], pixel_m: float) -> list[tuple[int, int]]:
    """Pieces from the first on that is neither a boom nor a scrap beside one."""
    booms = 0
    for k, piece in enumerate(pieces):
        if _is_boom(body, piece):
            booms = k + 1
        elif (piece[1] - piece[0]) * pixel_m >= SCRAP_M:
            break
    return pieces[booms:] or pieces


def _is_boom(body: _Body, piece: tuple[int, int]) -> bool:
    return float(body.is_boom[slice(*piece)].mean()) >= BOOM


def _with_house(hull: Bools, body: _Body, ends: tuple[int, int], joined: Bools, pixel_m: float) -> tuple[int, int]:
    """Ends with what stands on the same ship behind a house's shade."""
    first, last = ends
    others = [one for one in _runs(joined) if (one[1] - one[0]) * pixel_m < LEAST_LONG_M]
    pieces = [one for run in others for one in _pieces(body, run, pixel_m) if one[0] > 0 and one[1] < len(joined)]
    for piece in sorted(pieces, key=lambda one: max(ends[0] - one[1], one[0] - ends[1])):
        gap = max(first - piece[1], piece[0] - last)
        is_house = HOUSE_M[0] <= (piece[1] - piece[0]) * pixel_m <= HOUSE_M[1] and not _is_boom(body, piece)
        if is_house and 0 < gap * pixel_m <= HOUSE_GAP_M and _lies_alike(hull, body, piece):
            first, last = min(first, piece[0]), max(last, piece[1])
    return first, last


def _lies_alike(hull: Bools, body: _Body, piece: tuple[int, int]) -> bool:
    """Whether a piece lies as far from the quay as the ship, on both sides."""
    columns = np.flatnonzero(~body.is_boom[slice(*piece)]) + piece[0]
    inside = hull[:, columns]
    near = float(np.median(inside.argmax(axis=0)))
    far = len(hull) - float(np.median(inside[::-1].argmax(axis=0)))
    shared = min(far, body.far) - max(near, body.near)
    return shared >= ALIKE * (max(far, body.far) - min(near, body.near))


def _pieces(body: _Body, run: tuple[int, int], pixel_m: float) -> list[tuple[int, int]]:
    """What stands in the middle of the ship's width, within a run, between slits of water."""
    flags = np.zeros(len(body.in_middle), bool)
    flags[slice(*run)] = body.in_middle[slice(*run)]
    return _runs(_closed(flags, SLIT_M / pixel_m - 1))


def _runs(flags: Bools) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _closed(flags: Bools, size: float) -> Bools:
    """Flags with gaps of up to so many filled, but those at the ends."""
    out = flags.copy()
    for first, last in _runs(~flags):
        if last - first <= size and first > 0 and last < len(flags):
            out[first:last] = True
    return out


def _opened(flags: Bools, size: float) -> Bools:
    """Flags without runs of less than so many."""
    out = flags.copy()
    for first, last in _runs(flags):
        if last - first < size:
            out[first:last] = False
    return out


def turned(mask: Bools, corners: Floats) -> Bools:
    """Turn a picture so that a rectangle of it lies upright.

    Parameters
    ----------
    mask : bool (y, x)
    corners : float64 (3, 2)
        x, y in pixels from the picture's upper left corner: the rectangle's first corner, the end of its long side from
        there, the end of its short side.

    Returns
    -------
    bool (across, along)
        Of the picture's pixel size.
    """
    sizes = [max(1, round(float(np.hypot(*(corners[k] - corners[0]))))) for k in (1, 2)]
    along, across = (corners[k] - corners[0] for k in (1, 2))
    to_picture = np.column_stack([along / sizes[0], across / sizes[1], corners[0]])
    # Pixel centres lie half a pixel within.
    to_picture[:, 2] += 0.5 * (to_picture[:, 0] + to_picture[:, 1]) - 0.5
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    found = cv2.warpAffine(mask.astype(np.uint8), to_picture, (sizes[0], sizes[1]), flags=flags)
    return np.asarray(found > 0)
