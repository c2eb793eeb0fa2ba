"""Goods, fields, cranes, ships and aircraft for `wide_sites`: what other hands' scenes hold and is no container."""

from __future__ import annotations

import numpy as np

from changedet.simulate import structures
from changedet.simulate.builder import Builder
from changedet.simulate.elements import Decal, Solid
from changedet.simulate.materials import vary
from changedet.simulate.palette import Paint, Spectrum
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import blob, roughen
from training.vehicles import DARK, any_of, anywhere, piece
from training.wide_roofs import TILES, gable

WOOD: tuple[Spectrum, ...] = (
    (0.08, 0.12, 0.18, 0.26), (0.05, 0.08, 0.13, 0.2), (0.16, 0.22, 0.29, 0.36), (0.13, 0.14, 0.15, 0.19),
)  # fmt: skip
STEEL: tuple[Spectrum, ...] = (
    (0.5, 0.51, 0.5, 0.52), (0.05, 0.3, 0.45, 0.5), (0.3, 0.14, 0.07, 0.15), (0.06, 0.07, 0.3, 0.35),
    (0.25, 0.26, 0.26, 0.28),
)  # fmt: skip
"""Cranes: white, yellow, blue, red, grey."""


def goods(b: Builder, u: float, v: float) -> None:
    """Timber, tents, tunnels, silos, skips, pools or painted bays."""
    rng = b.rng
    (timber, tents, tunnels, silos, skips, bays, houses)[int(rng.integers(7))](b, u, v)


def timber(b: Builder, u: float, v: float) -> None:
    """Stacks of timber or pipes, many as wide and long as a box, rough at the ends."""
    rng = b.rng
    wide, long = float(rng.uniform(1.2, 3.2)), float(rng.uniform(3, 13))
    turn = float(rng.choice([0, 90]) + rng.normal(0, 3))
    for r in range(int(rng.integers(1, 4))):
        for k in range(int(rng.integers(2, 9))):
            if rng.random() < 0.2:
                continue
            grain = (float(rng.uniform(0.25, 0.7)), b.frame.angle_deg + turn + 90, float(rng.uniform(0.1, 0.4)), 0.3)
            label = b.world.palette.add(Paint(vary(rng, any_of(rng, WOOD), 0.25), grain=0.15, stripes=grain))
            way, along = np.radians(turn), r * (long + 2.5)
            across = k * (wide + float(rng.uniform(0.3, 2.5)))
            at = u + across * np.cos(way) + along * np.sin(way), v - across * np.sin(way) + along * np.cos(way)
            for part in range(int(rng.integers(1, 4))):
                size = wide / (part + 1), long * float(rng.uniform(0.85, 1.05))
                body = b.frame.box(float(at[0]), float(at[1]), *size, turn)
                b.world.solids.append(Solid(body, 1.2 + 0.9 * part, label, label, 0.0, "none"))


def tents(b: Builder, u: float, v: float) -> None:
    """Tents with bays, white or coloured."""
    rng = b.rng
    for k in range(int(rng.integers(1, 4))):
        wide, long = float(rng.uniform(5, 12)), float(rng.uniform(8, 26))
        outline = b.frame.box(u + k * 14, v + float(rng.normal(0, 3)), wide, long, float(rng.normal(0, 6)))
        cloth = b.plain(
            vary(rng, any_of(rng, ((0.6, 0.61, 0.6, 0.6), (0.7, 0.71, 0.7, 0.7), (0.09, 0.16, 0.1, 0.2))), 0.1)
        )
        step = float(rng.uniform(2.2, 5.0)) / long
        marks = [Decal(piece(outline, (0, 1), (0.5, 1)), KEEP_LABEL, int(rng.uniform(50, 90)))]
        marks += [Decal(piece(outline, (s, s + 0.2 / long)), KEEP_LABEL, 85) for s in np.arange(step, 1, step)]
        b.world.solids.append(Solid(outline, 4.0, cloth, cloth, 0.0, "none", decals=tuple(marks)))


def tunnels(b: Builder, u: float, v: float) -> None:
    """Greenhouses: tunnels, or glass in narrow spans."""
    rng = b.rng
    if rng.random() < 0.5:
        structures.greenhouse(b, u, v, int(rng.integers(2, 5)))
        return
    wide, long = float(rng.uniform(2.4, 6)), float(rng.uniform(15, 32))
    glass = b.plain(vary(rng, (0.35, 0.4, 0.4, 0.45), 0.3), 0.06)
    for k in range(int(rng.integers(3, 9))):
        at = b.frame.box(u + k * wide, v, wide, long)
        shade = (Decal(piece(at, (0, 1), (0.5, 1)), KEEP_LABEL, int(rng.uniform(55, 90))),)
        b.world.solids.append(Solid(at, 3.5, glass, glass, 0.0, "building", decals=shade))


def silos(b: Builder, u: float, v: float) -> None:
    """Round silos in a group."""
    for k in range(int(b.rng.integers(1, 7))):
        at = u + (k % 3) * 8.0 - 8, v + (k // 3) * 8.0
        structures.tank(b, *at, float(b.rng.uniform(1.5, 3.8)), float(b.rng.uniform(4, 16)))


def skips(b: Builder, u: float, v: float) -> None:
    """Rows of skips and heaps."""
    for k in range(int(b.rng.integers(2, 9))):
        skip(b, u + k * float(b.rng.uniform(3, 5)), v, float(b.rng.normal(0, 8)))
    x, y = b.frame.point(u, v + 12)
    b.mound(blob(b.rng, float(x), float(y), 3.0, 1.4, 16), float(b.rng.uniform(1, 3)), name="dirt")


def skip(b: Builder, u: float, v: float, turn: float) -> None:
    """An open skip, narrower or shorter than a box."""
    rng = b.rng
    outline = b.frame.box(u, v, float(rng.uniform(1.7, 2.3)), float(rng.uniform(3, 5.2)), turn)
    rim, load = b.plain(any_of(rng, STEEL)), b.plain(vary(rng, (0.08, 0.09, 0.1, 0.13), 0.6), 0.25)
    inner = (Decal(piece(outline, (0.06, 0.94), (0.1, 0.9)), load),)
    b.world.solids.append(Solid(outline, 1.6, rim, rim, 0.0, "none", decals=inner))


def bays(b: Builder, u: float, v: float) -> None:
    """Bays, painted lines or whole areas on the ground, of a car's or of a box's size."""
    rng = b.rng
    size = float(rng.choice([2.4, 2.5, 3.0, 3.5])), float(rng.choice([5.0, 6.1, 12.0]))
    label, filled = b.plain(any_of(rng, (*STEEL, (0.4, 0.4, 0.4, 0.4)))), rng.random() < 0.4
    for k in range(int(rng.integers(4, 14))):
        at = u + k * size[0] - 12
        if filled and rng.random() < 0.7:
            b.patch(b.frame.box(at, v, size[0] - 0.15, size[1]), label, tone=int(rng.uniform(60, 100)))
        b.patch(b.frame.box(at + size[0] / 2, v, 0.14, size[1]), label)


def houses(b: Builder, u: float, v: float) -> None:
    """Houses with pools and terraces."""
    rng = b.rng
    for k in range(int(rng.integers(1, 4))):
        gable(
            b,
            u + k * 15 - 10,
            v,
            float(rng.uniform(6, 10)),
            float(rng.uniform(9, 15)),
            TILES,
            float(rng.uniform(0, 180)),
        )
        if rng.random() < 0.5:
            structures.pool(b, u + k * 15 - 10, v + 14)


def field(b: Builder, half: float) -> None:
    """A field: ploughed, in rows, or with wheel marks."""
    rng = b.rng
    turn = float(rng.uniform(0, 180))
    stripes = (float(rng.uniform(0.8, 5.5)), b.frame.angle_deg + turn, float(rng.uniform(0.02, 0.35)),
               float(rng.choice([0.0, 0.0, 0.3])))  # fmt: skip
    label = b.surface(str(rng.choice(["crop", "stubble", "soil", "meadow", "dirt"])), turn, stripes)
    u, v = anywhere(rng, half)
    outline = b.frame.box(u, v, float(rng.uniform(25, 110)), float(rng.uniform(25, 110)), turn)
    b.patch(roughen(rng, outline, 4.0, 0.5), label)


def pad(b: Builder, u: float, v: float, label: int) -> None:
    """A levelled place of bare soil with stains on it, some ringed by a berm."""
    rng = b.rng
    x, y = (float(c) for c in b.frame.point(u, v))
    outline = blob(rng, x, y, float(rng.uniform(5, 22)), float(rng.uniform(1, 2)), 24)
    b.patch(roughen(rng, outline, 2.5, 0.6), label)
    b.blotches(outline[[0, 6, 12, 18]], int(rng.integers(0, 8)), (0.6, 4), (65, 92))
    if rng.random() < 0.3:
        for k in range(0, 24, 2):
            spot = outline[k]
            b.mound(blob(rng, float(spot[0]), float(spot[1]), 2.0, 1.4, 12), float(rng.uniform(0.5, 1.6)))


def rails(b: Builder, v: float) -> None:
    """Two rails and their sleepers along u."""
    steel = b.plain(vary(b.rng, (0.10, 0.11, 0.13, 0.17)), 0.02)
    b.patch(b.frame.box(0, v, 2 * b.reach, 2.6), KEEP_LABEL, tone=int(b.rng.uniform(75, 98)))
    for off in (-0.72, 0.72):
        b.patch(b.frame.box(0, v + off, 2 * b.reach, 0.16), steel)


def masts(b: Builder, half: float) -> None:
    """Light masts."""
    for _ in range(int(b.rng.integers(0, 7))):
        b.mast(*anywhere(b.rng, half), float(b.rng.uniform(12, 25)))


def gantry(b: Builder, u: float, v: float, span: float, along_v: bool) -> None:
    """A gantry over a block or tracks: two beams, legs, a trolley and a cabin of a box's size."""
    rng = b.rng
    steel, height = b.plain(any_of(rng, STEEL), 0.01), float(rng.uniform(12, 20))
    apart = float(rng.uniform(4, 9))

    def put(along: float, across: float, size: tuple[float, float], base: float, top: float, label: int) -> None:
        at, sides = ((u + across, v + along), (size[1], size[0])) if along_v else ((u + along, v + across), size)
        b.world.solids.append(Solid(b.frame.box(*at, *sides), top, label, label, base, "none"))

    for side in (-1, 1):
        across = side * apart / 2
        for end in (-1, 1):
            put(end * span / 2, across, (1.0, 1.0), 0.0, height - 1.2, steel)
        put(0.0, across, (span + float(rng.uniform(1, 8)), float(rng.uniform(0.8, 1.8))), height - 1.5, height, steel)
    for end in (-1, 1):
        put(end * span / 2, 0.0, (1.0, apart + 2), 2.0, 3.4, steel)
    paint = b.plain(any_of(rng, STEEL), 0.01)
    put(float(rng.uniform(-0.4, 0.4)) * span, 0.0, (float(rng.uniform(2.5, 5)), apart), height, height + 1.5, paint)


def quay_crane(b: Builder, u: float, v: float) -> None:
    """A quay crane: legs, a boom over the water, a machine house."""
    rng = b.rng
    steel, height = b.plain(any_of(rng, STEEL), 0.01), float(rng.uniform(28, 42))
    house, ahead, gauge = b.plain(any_of(rng, STEEL), 0.01), float(rng.uniform(25, 55)), float(rng.uniform(12, 20))
    for side in (-1, 1):
        for end in (-gauge / 2, gauge / 2):
            b.world.solids.append(
                Solid(b.frame.box(u + side * 8, v + end, 1.2, 1.2), height, steel, steel, 0.0, "none")
            )
        beam = b.frame.box(u + side * 2.6, v + ahead / 2 - 4, 1.0, ahead + gauge)
        b.world.solids.append(Solid(beam, height, steel, steel, height - 1.5, "none"))
    for s in np.arange(-gauge, ahead, float(rng.uniform(5, 9))):
        b.world.solids.append(Solid(b.frame.box(u, v + float(s), 5, 0.5), height, steel, steel, height - 1, "none"))
    for end in (-gauge / 2, gauge / 2):
        b.world.solids.append(Solid(b.frame.box(u, v + end, 17, 1.0), height - 3, steel, steel, height - 5, "none"))
    unit = b.frame.box(u, v - gauge / 2 - 3, float(rng.uniform(4, 7)), float(rng.uniform(6, 12)))
    b.world.solids.append(Solid(unit, height + 3, house, house, height, "none"))


def ship(b: Builder, u: float, v: float) -> None:
    """A ship or barge along the quay: hatches, open holds, a bridge."""
    rng = b.rng
    long, beam = float(rng.uniform(35, 150)), float(rng.uniform(7, 17))
    outline = b.frame.box(u, v, long, beam)
    turn = b.frame.point(1, 0) * (1 if rng.random() < 0.5 else -1)
    bow = outline.mean(axis=0) + turn * (long / 2 + beam * 0.7)
    order = np.argsort((outline - outline.mean(axis=0)) @ turn)
    front, back = outline[order[2:]], outline[order[:2]]
    if np.hypot(*(back[1] - front[0])) > np.hypot(*(back[0] - front[0])):
        back = back[::-1]
    hull = np.array([back[1], front[1], bow, front[0], back[0]])
    deck = b.plain(any_of(rng, ((0.06, 0.07, 0.2, 0.25), (0.08, 0.15, 0.1, 0.15), (0.2, 0.21, 0.21, 0.22), DARK)), 0.06)
    lid = b.plain(any_of(rng, (*STEEL, (0.12, 0.14, 0.18, 0.2), (0.06, 0.07, 0.2, 0.25))), 0.04)
    marks, panel = [], float(rng.uniform(2.0, 6.5))
    mid = outline.mean(axis=0)
    side = b.frame.point(0, 1)
    holds, open_ = int(rng.integers(1, 6)), rng.random() < 0.4
    for k in range(holds):
        start = (-0.45 + 0.8 * k / holds) * long
        size = 0.8 * long / holds * float(rng.uniform(0.6, 0.92))
        for s in np.arange(0, size - panel, panel):
            a = mid + turn * (start + s)
            corners = [a - side * 0.38 * beam, a + turn * (panel - 0.2) - side * 0.38 * beam]
            corners += [c + side * 0.76 * beam for c in corners[::-1]]
            marks.append(
                Decal(np.array(corners), b.plain(DARK, 0.1) if open_ else lid, int(rng.choice([100, 92, 108])))
            )
    b.world.solids.append(Solid(hull, float(rng.uniform(1.5, 9)), deck, deck, 0.0, "none", decals=tuple(marks)))
    bridge = b.frame.box(0, 0, float(rng.uniform(5, 12)), 0.8 * beam) + mid - turn * 0.42 * long
    white = b.plain((0.6, 0.61, 0.6, 0.6))
    b.world.solids.append(Solid(bridge, float(rng.uniform(10, 20)), white, white, 1.5, "none"))


def aircraft(b: Builder, u: float, v: float, turn: float, long: float) -> None:
    """An aircraft: fuselage, wings, tail."""
    rng = b.rng
    paint = b.plain(
        vary(rng, any_of(rng, ((0.65, 0.66, 0.65, 0.65), (0.5, 0.5, 0.5, 0.5), (0.3, 0.31, 0.3, 0.3))), 0.1)
    )
    body = b.frame.box(u, v, 0.11 * long, long, turn)
    nose = piece(body, (0.92, 1.0), (0.25, 0.75))
    b.world.solids.append(Solid(piece(body, (0.0, 0.94)), 0.13 * long, paint, paint, 0.06 * long, "none"))
    b.world.solids.append(Solid(nose, 0.12 * long, paint, paint, 0.06 * long, "none"))
    swept = float(rng.uniform(0.0, 0.22))
    for at, reach, chord in ((0.5, 4.4, 0.16), (0.05, 1.6, 0.1)):
        for side in (1.0, -1.0):
            root = 0.5 + 0.4 * side
            tip = 0.5 + side * reach
            points = [(at, root), (at + chord, root), (at + chord * 0.5 - swept, tip), (at - swept, tip)]
            a, along, across = body[0], body[1] - body[0], body[3] - body[0]
            wing = np.array([a + s * along + t * across for s, t in points])
            b.world.solids.append(Solid(wing, 0.09 * long, paint, paint, 0.07 * long, "none"))
