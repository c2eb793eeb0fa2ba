"""Vehicles, ships and cranes that come and go without being a change."""

from __future__ import annotations

import numpy as np

from changedet.arrays import Floats
from changedet.simulate.builder import Builder
from changedet.simulate.elements import FOREVER, Decal, Life, Solid
from changedet.simulate.materials import CARS, vary
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Rect


def car(b: Builder, u: float, v: float, turn_deg: float, life: Life = FOREVER) -> None:
    """Add a car: body, windows, roof.

    Parameters
    ----------
    b : Builder
        Of the site.
    u, v : float
        Centre in metres.
    turn_deg : float
        Clockwise against the site's v axis.
    life : tuple of int
        Date indices from which (inclusive) to which (exclusive) it stands there.
    """
    rng = b.rng
    paint = b.plain(CARS[int(rng.integers(len(CARS)))], 0.01)
    glass = b.plain((0.035, 0.04, 0.04, 0.05), 0.0)
    length, width = float(rng.uniform(3.9, 4.9)), float(rng.uniform(1.7, 1.9))
    outline = b.frame.box(u, v, width, length, turn_deg)
    a, bb, c, d = outline

    def _across(first: float, last: float) -> Floats:
        return np.array([a + first * (bb - a), a + last * (bb - a), d + last * (c - d), d + first * (c - d)])

    decals = (Decal(_across(0.2, 0.36), glass), Decal(_across(0.66, 0.8), glass))
    b.world.solids.append(Solid(outline, 1.45, paint, paint, 0.3, "object", *life, False, decals))


def box_trailer(b: Builder, u: float, v: float, turn_deg: float, life: Life = FOREVER, cab: bool = False) -> None:
    """Add a box trailer or swap body: like a container, but none.

    Parameters
    ----------
    b : Builder
        Of the site.
    u, v : float
        Centre in metres.
    turn_deg : float
        Clockwise against the site's v axis.
    life : tuple of int
        Date indices from which (inclusive) to which (exclusive) it stands there.
    cab : bool
        With its tractor in front.
    """
    rng = b.rng
    white = (0.52, 0.53, 0.52, 0.54) if rng.random() < 0.65 else CARS[int(rng.integers(len(CARS)))]
    roof = b.plain(vary(rng, white, 0.12), 0.03)
    wall = b.plain(vary(rng, white, 0.12), 0.03)
    length = float(rng.choice([7.45, 13.6, 14.6, 16.2]))
    outline = b.frame.box(u, v, 2.55, length, turn_deg)
    a, bb, c, d = outline
    ribs = tuple(
        Decal(
            np.array([a + t * (bb - a), a + (t + 0.02) * (bb - a), d + (t + 0.02) * (c - d), d + t * (c - d)]),
            KEEP_LABEL,
            90,
        )
        for t in np.arange(0.1, 0.95, 0.2)
    )
    b.world.solids.append(Solid(outline, 4.0, roof, wall, 1.0, "object", *life, False, ribs))
    if cab:
        centre = (a + bb + c + d) / 4 + (bb - a) / length * (length / 2 + 1.9)
        front = b.frame.box(0, 0, 2.45, 2.3, turn_deg) + centre
        tint = b.plain(vary(rng, CARS[int(rng.integers(len(CARS)))]), 0.01)
        b.world.solids.append(Solid(front, 3.3, tint, tint, 0.5, "object", *life))
        b.world.solids.append(
            Solid(front - (bb - a) / length * 1.4, 1.2, b.plain((0.05, 0.05, 0.05, 0.06)), tint, 0.5, "object", *life)
        )


def parking(b: Builder, u: float, v: float, rows: int, bays: int, full: float) -> None:
    """Add a car park with painted bays and other cars on each date.

    Parameters
    ----------
    b : Builder
        Of the site.
    u, v : float
        Centre in metres.
    rows, bays : int
        Rows along u, and bays in each.
    full : float
        Probability, 0 to 1, that a bay is taken on a date.
    """
    deep, wide = 5.2, 2.6
    b.patch(b.frame.box(u, v, bays * wide + 4, rows * (deep + 6) + 3), b.surface("asphalt"), "yard")
    line = b.plain((0.33, 0.34, 0.34, 0.36))
    for r in range(rows):
        at = v + (r - (rows - 1) / 2) * (deep + 6)
        for k in range(bays + 1):
            b.patch(b.frame.box(u + (k - bays / 2) * wide, at, 0.12, deep), line)
        for k in range(bays):
            place = u + (k + 0.5 - bays / 2) * wide
            for index in range(len(b.world.looks)):
                if b.rng.random() < full:
                    car(
                        b,
                        place,
                        at + float(b.rng.normal(0, 0.25)),
                        float(b.rng.choice([0, 180]) + b.rng.normal(0, 2)),
                        (index, index + 1),
                    )


def traffic(b: Builder, v: float, width_m: float, per_date: float, u0: float, u1: float) -> None:
    """Add cars and lorries on a road along u, other ones on each date.

    Parameters
    ----------
    b : Builder
        Of the site.
    v : float
        The road's centre line, in metres.
    width_m : float
        Of the road.
    per_date : float
        Mean number on a date.
    u0, u1 : float
        Ends of the road, in metres.
    """
    for index in range(len(b.world.looks)):
        for _ in range(int(b.rng.poisson(per_date))):
            side = float(b.rng.choice([-1, 1]))
            u = float(b.rng.uniform(u0, u1))
            if b.rng.random() < 0.75:
                car(b, u, v + side * width_m * 0.25, 90 * side, (index, index + 1))
            else:
                box_trailer(b, u, v + side * width_m * 0.25, 90 * side, (index, index + 1), cab=True)


def lorries(b: Builder, rect: Rect, per_date: float, turns: tuple[float, ...]) -> None:
    """Add lorries and trailers somewhere in a rectangle, other ones on each date.

    Parameters
    ----------
    b : Builder
        Of the site.
    rect : Rect
        Opposite corners (u0, v0, u1, v1) in metres.
    per_date : float
        Mean number on a date, before those are left out that come within 20 m of another.
    turns : tuple of float
        Directions to draw from, degrees clockwise against the site's v axis.
    """
    for index in range(len(b.world.looks)):
        taken: list[tuple[float, float]] = []
        for _ in range(int(b.rng.poisson(per_date))):
            u, v = b.rng.uniform(rect[0], rect[2]), b.rng.uniform(rect[1], rect[3])
            if any(np.hypot(u - x, v - y) < 20 for x, y in taken):
                continue
            taken.append((float(u), float(v)))
            turn = float(b.rng.choice(turns) + b.rng.normal(0, 3))
            box_trailer(b, float(u), float(v), turn, (index, index + 1), cab=bool(b.rng.random() < 0.7))


def bus(b: Builder, u: float, v: float, turn_deg: float, life: Life = FOREVER) -> None:
    """Add a bus with its roof unit.

    Parameters
    ----------
    b : Builder
        Of the site.
    u, v : float
        Centre in metres.
    turn_deg : float
        Clockwise against the site's v axis.
    life : tuple of int
        Date indices from which (inclusive) to which (exclusive) it stands there.
    """
    label = b.plain(vary(b.rng, CARS[int(b.rng.integers(len(CARS)))], 0.1), 0.02)
    outline = b.frame.box(u, v, 2.55, 12.0, turn_deg)
    a, bb, _c, d = outline
    unit = np.array(
        [
            a + 0.55 * (bb - a) + 0.2 * (d - a),
            a + 0.72 * (bb - a) + 0.2 * (d - a),
            a + 0.72 * (bb - a) + 0.8 * (d - a),
            a + 0.55 * (bb - a) + 0.8 * (d - a),
        ]
    )
    b.world.solids.append(
        Solid(outline, 3.0, label, label, 0.4, "object", *life, False, (Decal(unit, KEEP_LABEL, 70),))
    )


def ship(b: Builder, u: float, v: float, length_m: float, life: Life) -> None:
    """Add a vessel along u: hull, hatches, bridge.

    Parameters
    ----------
    b : Builder
        Of the site.
    u, v : float
        Centre in metres.
    length_m : float
        From stern to bow; the width is .14 of it.
    life : tuple of int
        Date indices from which (inclusive) to which (exclusive) it is there.
    """
    wide = 0.14 * length_m
    bow = np.array(
        [
            b.frame.point(u + s * length_m, v + t * wide)
            for s, t in ((-0.5, -0.4), (-0.47, -0.5), (0.38, -0.5), (0.5, 0), (0.38, 0.5), (-0.47, 0.5), (-0.5, 0.4))
        ]
    )
    deck = b.plain(vary(b.rng, (0.07, 0.10, 0.17, 0.22), 0.3), 0.04)
    b.world.solids.append(Solid(bow, 6.0, deck, b.plain((0.03, 0.03, 0.06, 0.07)), 0.0, "object", *life))
    hatch = b.plain(vary(b.rng, (0.10, 0.15, 0.16, 0.2), 0.3), 0.04)
    for s in np.arange(-0.22, 0.34, 0.115):
        b.world.solids.append(
            Solid(
                b.frame.box(u + s * length_m, v, 0.1 * length_m, 0.74 * wide), 7.5, hatch, hatch, 6.0, "object", *life
            )
        )
    white = b.plain((0.55, 0.56, 0.55, 0.57))
    b.world.solids.append(
        Solid(
            b.frame.box(u - 0.36 * length_m, v, 0.08 * length_m, 0.8 * wide), 15.5, white, white, 6.0, "object", *life
        )
    )


def crane(b: Builder, u: float, v: float, life: Life) -> None:
    """Add a gantry crane: two beams across the quay.

    Parameters
    ----------
    b : Builder
        Of the site.
    u, v : float
        Centre in metres.
    life : tuple of int
        Date indices from which (inclusive) to which (exclusive) it stands there.
    """
    paint = b.plain(vary(b.rng, (0.10, 0.16, 0.30, 0.34), 0.3), 0.01)
    for off in (-5.0, 5.0):
        b.world.solids.append(Solid(b.frame.box(u + off, v, 1.3, 46), 22, paint, paint, 20.0, "object", *life))
    for end in (-12.0, 8.0):
        b.world.solids.append(Solid(b.frame.box(u, v + end, 11.5, 1.4), 22.6, paint, paint, 20.0, "object", *life))
    b.world.solids.append(
        Solid(b.frame.box(u, v - 3, 5, 6), 24, b.plain((0.4, 0.41, 0.41, 0.42)), paint, 20.0, "object", *life)
    )
