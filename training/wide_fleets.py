"""Depots of few dull colours: boxes apart and in short rows on pale smooth ground, some between banks of earth.

Most are of 20 feet. Beside them stand, on the same ground, things of a box's size that are none; some sites hold these
alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import shapely

from changedet.kernels.containers import LENGTH_OF_KIND_M, WIDTH_M
from changedet.simulate.builder import Builder
from changedet.simulate.elements import Decal
from changedet.simulate.materials import vary
from changedet.simulate.palette import Spectrum
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Points, rectangle
from changedet.simulate.stock import Stock
from training import wide_sites, wide_things
from training.hard_sites import shed
from training.network_sites import place
from training.vehicles import Parked, any_of, anywhere, bus, piece, trailer, truck, van

DULL: tuple[Spectrum, ...] = (
    (0.05, 0.085, 0.088, 0.20),
    (0.03, 0.05, 0.052, 0.14),
    (0.20, 0.27, 0.33, 0.40),
    (0.13, 0.18, 0.22, 0.30),
    (0.06, 0.085, 0.12, 0.19),
    (0.055, 0.08, 0.165, 0.24),
    (0.075, 0.055, 0.042, 0.09),
    (0.22, 0.24, 0.25, 0.27),
    (0.09, 0.095, 0.10, 0.12),
    (0.04, 0.07, 0.048, 0.14),
)
"""Roofs of fleets: olive, dark olive, tan, dusty, brown, rust, navy, grey, dark grey, dark green."""
PALE: tuple[Spectrum, ...] = (
    (0.17, 0.20, 0.23, 0.27),
    (0.25, 0.28, 0.30, 0.33),
    (0.30, 0.32, 0.33, 0.35),
    (0.20, 0.27, 0.33, 0.39),
    (0.14, 0.17, 0.20, 0.25),
)
"""Gravel, pale gravel, concrete, sand, dry earth."""
ONE_COLOUR = 0.6
"""Share of the depots of one dull colour; the others have two, or a carrier's."""
EMPTY = 0.12
"""Share of the sites without a box."""
OF_20_FEET = (0.3, 1.0)
"""Share of the boxes of 20 feet, by site."""
STAMPED = 0.2
"""Share of the roofs with a pale mark, of the sites that have some."""


def fleet(b: Builder) -> list[Parked]:
    """Groups of up to eight boxes side by side, or in line, of a dull colour, a place or more between them."""
    return _depot(b, many=(2, 9), apart_m=(6.0, 26.0))


def scattered(b: Builder) -> list[Parked]:
    """Boxes alone, in twos and in threes, well apart."""
    return _depot(b, many=(1, 4), apart_m=(4.0, 34.0))


def _depot(b: Builder, *, many: tuple[int, int], apart_m: tuple[float, float]) -> list[Parked]:
    rng = b.rng
    half = 0.46 * b.world.size_m
    wide_sites.grounds(b, PALE if rng.random() < 0.85 else wide_sites.PAVED, half, rough=bool(rng.random() < 0.5))
    stock, small, banked = wide_sites.fleet_of(b), float(rng.uniform(*OF_20_FEET)), rng.random() < 0.35
    holds, turn = bool(rng.random() > EMPTY), float(rng.choice([0.0, 90.0]))
    skew, found = float(rng.exponential(3.0)), []
    v = -half + float(rng.uniform(8, 16))
    while v < half - 8:
        u = -half + float(rng.uniform(6, 20))
        while u < half - 10:
            way = turn if rng.random() < 0.75 else 90.0 - turn
            count = int(rng.integers(*many))
            if rng.random() < 0.3 or not holds:
                found += _other(b, u, v, way)
                wide = 6.0
            else:
                wide = _group(b, stock, (u, v), way + float(rng.normal(0, skew)), count, small)
            if banked and rng.random() < 0.7:
                _bank(b, u + wide / 2, v, wide)
            u += wide + float(rng.uniform(*apart_m))
        v += 13.0 + float(rng.uniform(*apart_m))
    _painted(b)
    for _ in range(int(rng.integers(0, 14))):
        _stain(b, *anywhere(rng, half))
    wide_things.masts(b, half)
    return found


def _group(b: Builder, stock: Stock, at: tuple[float, float], turn: float, count: int, small: float) -> float:
    """Boxes side by side with even or uneven gaps, or end to end; metres that they take along u."""
    rng, (u, v) = b.rng, at
    gap, uneven = float(rng.choice([rng.uniform(0.1, 0.6), rng.uniform(0.6, 3.0)])), float(rng.uniform(0, 0.6))
    in_line, one = bool(rng.random() < 0.25), rng.random() < 0.7
    usual = "20ft" if rng.random() < small else "40ft"
    way = np.radians(turn)
    # In the site's axes: across a box, and along it.
    across, along = np.array([np.cos(way), -np.sin(way)]), np.array([np.sin(way), np.cos(way)])
    step, s = along if in_line else across, 0.0
    for k in range(count):
        kind = usual if one else "20ft" if rng.random() < small else "40ft"
        own = LENGTH_OF_KIND_M[kind] if in_line else WIDTH_M
        s += own / 2 if k else 0.0
        aside = float(rng.normal(0, 0.3)) * (across if in_line else along)
        x, y = (np.array([u, v]) + s * step + aside).tolist()
        if rng.random() < 0.93 and is_free(b, b.frame.box(x, y, WIDTH_M, LENGTH_OF_KIND_M[kind], turn), 0.05):
            place(b, stock, x, y, turn + float(rng.normal(0, 0.4)), kind, 0.0)
        s += own / 2 + gap + float(rng.uniform(0, 1)) * uneven
    return float(abs(step[0]) * s + 3.0)


def _painted(b: Builder) -> None:
    """All boxes in one dull colour or two, or half of them, each faded by itself; some with a pale mark."""
    rng, paints = b.rng, b.world.palette.paints
    share = 0.0 if rng.random() < 0.2 else 1.0 if rng.random() < 0.75 else 0.5
    colours = [any_of(rng, DULL) for _ in range(1 if rng.random() < ONE_COLOUR else 2)]
    fade, stamped = float(rng.uniform(0.04, 0.2)), rng.random() < 0.4
    for box in b.world.containers:
        outline = b.world.box_outline(box)
        if rng.random() < share:
            first = vary(rng, colours[int(rng.integers(len(colours)))], fade, 0.03)
            paints[box.label] = replace(
                paints[box.label],
                first=first,
                mix=float(rng.uniform(0, 0.1)),
                mix_fine=float(rng.uniform(0, 0.15)),
                grain=float(rng.uniform(0.02, 0.07)),
            )
        if stamped and rng.random() < STAMPED:
            s, t = float(rng.uniform(0.1, 0.6)), float(rng.uniform(0.1, 0.4))
            mark = piece(outline, (s, s + float(rng.uniform(0.1, 0.3))), (t, t + float(rng.uniform(0.2, 0.5))))
            box.decals = (*box.decals, Decal(mark, KEEP_LABEL, int(rng.uniform(130, 220))))


def _other(b: Builder, u: float, v: float, turn: float) -> list[Parked]:
    """A thing of about a box's size that is none."""
    rng, use = b.rng, b.rng.random()
    if not is_free(b, b.frame.box(u, v, 9.0, 9.0), 0.0):
        return []
    if use < 0.4:
        kind = (trailer, truck, van, bus)[int(rng.integers(4))]
        return [kind(b, u, v, turn + float(rng.normal(0, 4)))]
    if use < 0.6:
        shed(b, u, v)
    elif use < 0.75:
        wide_things.skip(b, u, v, turn)
    elif use < 0.9:
        wide_things.goods(b, u, v)
    else:
        wide_things.silos(b, u, v)
    return []


def is_free(b: Builder, outline: Points, apart_m: float) -> bool:
    """Whether no box, body or mound stands within so many metres of an outline."""
    own = shapely.Polygon(outline)
    slots = [rectangle(s.x, s.y, LENGTH_OF_KIND_M[s.kind], WIDTH_M, s.angle_deg) for s in b.world.slots]
    bodies = [s.outline for s in b.world.solids] + [m.foot for m in b.world.mounds]
    there = [shapely.Polygon(points) for points in (*slots, *bodies)]
    return not there or float(shapely.distance(own, np.array(there)).min()) > apart_m


def _stain(b: Builder, u: float, v: float) -> None:
    """Flat ground of a box's size, darker or paler: where a box stood, a repaired place."""
    rng = b.rng
    long = float(rng.choice([LENGTH_OF_KIND_M["20ft"], LENGTH_OF_KIND_M["40ft"], rng.uniform(4, 14)]))
    outline = b.frame.box(u, v, float(rng.uniform(2.0, 3.2)), long, float(rng.uniform(0, 180)))
    if is_free(b, outline, 1.0):
        b.patch(outline, KEEP_LABEL, tone=int(rng.choice([55, 70, 82, 116, 130])))


def _bank(b: Builder, u: float, v: float, wide: float) -> None:
    """A wall of earth on two to four sides of a group."""
    rng = b.rng
    name, high = str(rng.choice(["soil", "sand", "gravel", "dirt", "grass"])), float(rng.uniform(1.0, 3.0))
    run, clear_m = float(rng.uniform(1.1, 1.7)), float(rng.uniform(1.5, 6.0))
    thick = 2 * run * high + float(rng.uniform(0.5, 2.0))
    du, dv = wide / 2 + clear_m + thick / 2, 7.0 + clear_m + thick / 2
    sides = [(0.0, dv, 2 * du, thick), (0.0, -dv, 2 * du, thick), (-du, 0.0, thick, 2 * dv), (du, 0.0, thick, 2 * dv)]
    for k in rng.permutation(4)[: int(rng.integers(2, 5))]:
        su, sv, size_u, size_v = sides[int(k)]
        outline = b.frame.box(u + su, v + sv, size_u, size_v)
        if is_free(b, outline, 0.3):
            b.mound(outline, high, name=name, run=run)


SITES: dict[str, Callable[[Builder], list[Parked]]] = {"fleet": fleet, "scattered": scattered}
