"""Sites for the trees of change beside the simulator's kinds: houses among trees, and works with wide new ground.

Trees that are felled and lawns that are sown are no change. Soil that is bared around what is built may be earthworks
or not: its outlines are returned, and it counts neither way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from changedet.simulate import vehicles
from changedet.simulate.builder import Builder
from changedet.simulate.container_slots import blocks
from changedet.simulate.elements import ALWAYS, FOREVER, NEVER, Life, Solid
from changedet.simulate.grounds import land
from changedet.simulate.kinds import build
from changedet.simulate.materials import DIRT, vary
from changedet.simulate.palette import Paint, Spectrum
from changedet.simulate.shapes import Points, blob, roughen
from changedet.simulate.stock import Stock
from changedet.simulate.world import World

Outlines = list[tuple[Points, int]]
"""Outlines and the date from which on they look different."""

SHINGLES: tuple[Spectrum, ...] = (
    (0.085, 0.092, 0.098, 0.13), (0.12, 0.125, 0.13, 0.17), (0.07, 0.085, 0.105, 0.16), (0.16, 0.165, 0.165, 0.2),
    (0.075, 0.105, 0.19, 0.26), (0.11, 0.16, 0.25, 0.32), (0.3, 0.19, 0.11, 0.25), (0.42, 0.44, 0.43, 0.46),
)  # fmt: skip
"""Felt, slate, tile, painted sheet."""
PADS = ("gravel", "concrete", "asphalt", "dirt", "gravel", "concrete", "sand")
BARE = ("soil", "dirt", "sand", "soil")


def make_site(kind: str, seed: int, gsd_m: float, size_m: float, **times: object) -> tuple[World, Outlines]:
    """A site of `SITES` and the outlines that count neither way; `times`: dates, start, interval_days."""
    bands = ("blue", "green", "red", "nir")
    world = build(kind, seed=seed, gsd_m=gsd_m, size_m=size_m, bands=bands, dtype="uint16", changes=None, **times)  # type: ignore[arg-type]
    return world, SITES[kind](Builder(world, np.random.default_rng([seed, 13])))


def settlement(b: Builder) -> Outlines:
    """Streets with houses on plots; some stand already, some are built on meadows, some in woods."""
    rng, reach = b.rng, b.reach
    land(b, float(rng.uniform(0.5, 3.0)))
    for _ in range(int(rng.integers(0, 9))):
        u, v = (float(t) for t in rng.uniform(-reach, reach, 2))
        b.wood(u, v, float(rng.uniform(6, 22)), int(rng.integers(20, 60)))
    uncounted: Outlines = []
    v = -reach + float(rng.uniform(0, 40))
    while v < reach:
        born = _when(b, 0.5, 0.1)
        if born != NEVER:
            _street(b, v, born, uncounted)
        v += float(rng.uniform(55, 85))
    return uncounted


def _when(b: Builder, before: float, never: float) -> int:
    """Before all dates, never, or on one of the later dates."""
    drawn = b.rng.random()
    if drawn < before or len(b.world.looks) < 2:
        return ALWAYS
    return NEVER if drawn < before + never else int(b.rng.integers(1, len(b.world.looks)))


def _street(b: Builder, v: float, born: int, uncounted: Outlines) -> None:
    rng, reach = b.rng, b.reach
    width = float(rng.uniform(5, 9))
    _fell(b, (-reach, v - width, reach, v + width), born, 1.0)
    if born > 0 and rng.random() < 0.5:
        b.track(b.frame.point(-reach, v), b.frame.point(reach, v), float(rng.uniform(2, 6)))
    b.road((-reach, v), (reach, v), width, bool(rng.random() < 0.3), (born, NEVER))
    uncounted.append((b.frame.box(0, v, 2 * reach, width + 4), born))
    vehicles.traffic(b, v, width, 1.0, -reach, reach)
    share, never = float(rng.uniform(0.1, 0.8)), float(rng.uniform(0.05, 0.4))
    for side in (-1, 1):
        u = -reach + float(rng.uniform(0, 20))
        while u < reach:
            wide = float(rng.uniform(15, 28))
            built = _when(b, share if born == ALWAYS else 0.0, never)
            if built != NEVER:
                _plot(b, u + wide / 2, v + side * width / 2, side, wide, max(born, built), uncounted)
            u += wide


def _plot(b: Builder, u: float, v: float, side: int, wide: float, born: int, uncounted: Outlines) -> None:
    """A house, its drive, its garden."""
    rng = b.rng
    deep, life = float(rng.uniform(24, 36)), (born, NEVER)
    garden = b.frame.box(u, v + side * deep / 2, wide, deep)
    _fell(b, (u - wide / 2, min(v, v + side * deep), u + wide / 2, max(v, v + side * deep)), born, 0.8)
    if rng.random() < 0.8:
        name = str(rng.choice(["grass", "grass", "meadow", "soil", "dirt"]))
        b.patch(garden, b.surface(name), life=life)
        if name in BARE:
            uncounted.append((garden, born))
    along, across = float(rng.uniform(8, min(18.0, wide - 3))), float(rng.uniform(7, 13))
    middle = v + side * float(rng.uniform(4 + across / 2, deep - across / 2 - 1))
    drive = u + float(rng.uniform(-0.4, 0.4)) * along
    surface = b.surface(str(rng.choice(["concrete", "asphalt", "gravel"])))
    b.patch(b.frame.box(drive, (v + middle) / 2, float(rng.uniform(2.5, 6)), abs(middle - v)), surface, "yard", life)
    cottage(b, u, middle, along, across, life)
    if rng.random() < 0.3:
        b.fence(u - wide / 2, min(v, v + side * deep), u + wide / 2, max(v, v + side * deep), life)
    for _ in range(int(rng.poisson(1.0))):
        x, y = b.frame.point(u + float(rng.uniform(-0.5, 0.5)) * wide, v + side * float(rng.uniform(0, deep)))
        b.tree(float(x), float(y), float(rng.uniform(1, 3)))
    for index in range(max(0, born), len(b.world.looks)):
        if rng.random() < 0.3:
            vehicles.car(b, drive, v + side * float(rng.uniform(3, 8)), 0.0, (index, index + 1))


def cottage(b: Builder, u: float, v: float, along: float, across: float, life: Life = FOREVER) -> None:
    """A house under one or two roofs of shingle, tile or sheet."""
    rng = b.rng
    colour = vary(rng, SHINGLES[int(rng.integers(len(SHINGLES)))], 0.2)
    paint = Paint(colour, vary(rng, DIRT), 0.06, 0.06, 0.05, 0.05, 0.04, 0.02, snow=0.95, wet=0.08)
    roof, wall = b.world.palette.add(paint), b.plain(vary(rng, (0.25, 0.27, 0.28, 0.3)))
    turn, height = float(rng.normal(0, 4)), float(rng.uniform(3.5, 8.0))
    bodies = [b.frame.box(u, v, along, across, turn)]
    if rng.random() < 0.5:
        off = float(rng.choice([-1, 1])) * along * 0.3
        bodies.append(b.frame.box(u + off, v + float(rng.uniform(-3, 3)), along * 0.4, across + 4, turn + 90))
    for outline in bodies:
        ridged = bool(rng.random() < 0.85)
        b.world.solids.append(Solid(outline, height, roof, wall, 0.0, "building", *life, ridged))


def works(b: Builder) -> Outlines:
    """Wide new ground in colours near to what was there; halls, barracks, boxes and car parks on it."""
    rng = b.rng
    land(b, float(rng.uniform(0.2, 1.5)))
    uncounted: Outlines = []
    stock = Stock(b)
    half = b.reach * 0.65
    for number in range(int(rng.integers(2, 6))):
        u, v = (float(t) for t in rng.uniform(-half, half, 2))
        w, h = (float(t) for t in rng.uniform(25, 95, 2))
        born = _when(b, 0.35, 0.0)
        if rng.random() < 0.35:
            ring = roughen(rng, b.frame.box(u, v, w * 1.5, h * 1.5), 6.0, 3.0)
            b.patch(ring, b.surface(str(rng.choice(BARE))))
        elif rng.random() < 0.6:
            ring = roughen(rng, b.frame.box(u, v, w + 20, h + 20), 6.0, 3.0)
            b.patch(ring, b.surface(str(rng.choice(BARE))), life=(born, NEVER))
            uncounted.append((ring, born))
        _pad(b, stock, f"pad-{number}", (u, v, w, h), born)
    vehicles.traffic(b, float(rng.uniform(-half, half)), 8.0, 1.0, -half, half)
    return uncounted


def _pad(b: Builder, stock: Stock, name: str, place: tuple[float, float, float, float], born: int) -> None:
    rng, (u, v, w, h), life = b.rng, place, (born, NEVER)
    _fell(b, (u - w / 2, v - h / 2, u + w / 2, v + h / 2), born, 1.0)
    outline = b.frame.box(u, v, w, h)
    b.patch(outline, b.surface(str(rng.choice(PADS))), "yard", life)
    b.blotches(outline, int(w * h / 300), (1, 9), (86, 113), life)
    b.tyre_tracks(outline, int(w * h / 600), life)
    rect = (u - w / 2 + 3, v - h / 2 + 3, u + w / 2 - 3, v + h / 2 - 3)
    later = (max(born, _when(b, 0.6, 0.1)), NEVER)
    use = rng.random()
    if use < 0.3:
        b.house(u, v, w * float(rng.uniform(0.4, 0.85)), h * float(rng.uniform(0.35, 0.8)), 9.0, later)
    elif use < 0.55:
        _barracks(b, rect, later)
    elif use < 0.75:
        blocks(b, rect, name, 2)
        places = sum(slot.yard == name for slot in b.world.slots)
        for index in range(max(0, born), len(b.world.looks)):
            stock.set_level(index, name, int(places * rng.uniform(0.1, 0.6)), int(rng.integers(0, 3)))
    elif use < 0.85:
        for _ in range(int(rng.integers(1, 5))):
            x, y = b.frame.point(float(rng.uniform(rect[0], rect[2])), float(rng.uniform(rect[1], rect[3])))
            heap = blob(rng, float(x), float(y), float(rng.uniform(3, 12)), 1.6, 20)
            b.mound(heap, float(rng.uniform(1, 4)), later, str(rng.choice(["soil", "sand", "gravel"])))


def _barracks(b: Builder, rect: tuple[float, float, float, float], life: Life) -> None:
    """Rows of long huts under roofs of one paint."""
    rng = b.rng
    roof, wall = b.roof_paint(), b.plain(vary(rng, (0.3, 0.31, 0.31, 0.33)))
    long, deep, gap = float(rng.uniform(12, 32)), float(rng.uniform(5, 9)), float(rng.uniform(2.5, 8))
    for u in np.arange(rect[0] + long / 2, rect[2] - long / 2, long + float(rng.uniform(3, 8))):
        for v in np.arange(rect[1] + deep / 2, rect[3] - deep / 2, deep + gap):
            outline = b.frame.box(float(u), float(v), long, deep)
            b.world.solids.append(Solid(outline, 3.5, roof, wall, 0.0, "building", *life, True))


def _fell(b: Builder, rect: tuple[float, float, float, float], born: int, share: float) -> None:
    """Trees inside a rectangle on the site's axes go when it is built on."""
    turn = np.array([b.frame.point(1, 0), b.frame.point(0, 1)])
    kept = []
    for tree in b.world.trees:
        u, v = turn @ np.array([tree.x, tree.y])
        inside = rect[0] - 2 < u < rect[2] + 2 and rect[1] - 2 < v < rect[3] + 2
        if not inside or b.rng.random() > share:
            kept.append(tree)
        elif born > 0:
            kept.append(replace(tree, gone=min(tree.gone, born)))
    b.world.trees[:] = kept


SITES: dict[str, Callable[[Builder], Outlines]] = {"settlement": settlement, "works": works}
