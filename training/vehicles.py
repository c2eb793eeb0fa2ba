"""Trailers, buses, trucks, vans and rail wagons as they look from above, each one different."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from changedet.simulate.builder import Builder
from changedet.simulate.elements import FOREVER, Decal, Life, Solid
from changedet.simulate.materials import CARS, vary
from changedet.simulate.palette import Paint, Spectrum
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Points, blob

TRAILER_ROOFS: tuple[Spectrum, ...] = (
    (0.60, 0.61, 0.60, 0.62),
    (0.48, 0.49, 0.48, 0.50),
    (0.34, 0.35, 0.35, 0.37),
    (0.26, 0.28, 0.29, 0.31),
    (0.24, 0.31, 0.36, 0.40),
    (0.15, 0.18, 0.22, 0.26),
    (0.10, 0.13, 0.19, 0.25),
    (0.20, 0.21, 0.22, 0.24),
)
BUS_ROOFS: tuple[Spectrum, ...] = (
    (0.06, 0.28, 0.46, 0.50),
    (0.08, 0.33, 0.52, 0.55),
    (0.58, 0.59, 0.58, 0.60),
    (0.40, 0.41, 0.41, 0.42),
    (0.06, 0.07, 0.28, 0.34),
    (0.25, 0.13, 0.07, 0.20),
    (0.09, 0.19, 0.10, 0.22),
)
DARK: Spectrum = (0.04, 0.042, 0.045, 0.06)


@dataclass(frozen=True)
class Parked:
    """A vehicle that is no container.

    Attributes
    ----------
    outline : float64 (4, 2)
        On the ground.
    height_m : float
    counts : bool
        Whether the network is trained on it; else it counts neither as an object nor as ground.
    """

    outline: Points
    height_m: float
    counts: bool = True


def piece(outline: Points, along: tuple[float, float], across: tuple[float, float] = (0.0, 1.0)) -> Points:
    """A part of a rectangle, in shares of its length and width."""
    a, b, d = outline[0], outline[1], outline[3]
    corners = [(along[0], across[0]), (along[1], across[0]), (along[1], across[1]), (along[0], across[1])]
    return np.array([a + s * (b - a) + t * (d - a) for s, t in corners])


def anywhere(rng: np.random.Generator, half: float) -> tuple[float, float]:
    """A place in a square about the middle that reaches so far to each side."""
    u, v = rng.uniform(-half, half, 2).tolist()
    return u, v


def any_of(rng: np.random.Generator, colours: tuple[Spectrum, ...]) -> Spectrum:
    """One of several colours, a little varied."""
    return vary(rng, colours[int(rng.integers(len(colours)))], 0.15)


def wear(rng: np.random.Generator, outline: Points, length_m: float) -> tuple[Decal, ...]:
    """Ribs, rims, stains, patches and half-washed ends of a roof."""
    marks: list[Decal] = []
    if rng.random() < 0.6:
        tone, step = int(rng.choice([82, 90, 94, 107, 112])), float(rng.uniform(0.6, 2.6)) / length_m
        marks += [Decal(piece(outline, (t, t + 0.16 / length_m)), KEEP_LABEL, tone) for t in np.arange(step, 1, step)]
    if rng.random() < 0.4:
        tone = int(rng.choice([70, 82, 115, 130]))
        for side in ((0.0, 0.07), (0.93, 1.0)):
            marks.append(Decal(piece(outline, (0, 1), side), KEEP_LABEL, tone))
    if rng.random() < 0.25:
        cut = float(rng.uniform(0.15, 0.85))
        marks.append(Decal(piece(outline, (cut, 1.0)), KEEP_LABEL, int(rng.choice([78, 88, 112, 122]))))
    for _ in range(int(rng.poisson(1.2))):
        at = piece(outline, (float(rng.uniform(0.05, 0.95)),) * 2, (float(rng.uniform(0.2, 0.8)),) * 2)[0]
        spot = blob(rng, float(at[0]), float(at[1]), float(rng.uniform(0.2, 0.9)), 1.5, 8)
        marks.append(Decal(spot, KEEP_LABEL, int(rng.choice([60, 75, 88, 112]))))
    return tuple(marks)


def trailer(b: Builder, u: float, v: float, turn: float, life: Life = FOREVER) -> Parked:
    """A semi-trailer or swap body, some with a cooling unit, some behind a tractor."""
    rng = b.rng
    length = float(rng.choice([7.45, 7.8, 8.7, 12.2, 13.6, 13.6, 14.6, 16.15, 16.15]))
    wide, height = float(rng.uniform(2.48, 2.62)), float(rng.uniform(3.7, 4.15))
    outline = b.frame.box(u, v, wide, length, turn)
    roof = b.world.palette.add(_roof(b, any_of(rng, TRAILER_ROOFS) if rng.random() < 0.85 else any_of(rng, CARS)))
    wall = b.plain(vary(rng, (0.3, 0.31, 0.31, 0.33), 0.4), 0.03)
    b.world.solids.append(Solid(outline, height, roof, wall, 1.0, "object", *life, decals=wear(rng, outline, length)))
    if rng.random() < 0.25:
        unit = piece(outline, (1.0, 1.0 + 0.6 / length), (0.12, 0.88))
        paint = b.plain(vary(rng, (0.3, 0.3, 0.3, 0.32), 0.6))
        b.world.solids.append(Solid(unit, height - 0.5, paint, paint, 1.6, "object", *life))
    if rng.random() < 0.14:
        _tractor(b, piece(outline, (1.0 - 1.0 / length, 1.0 + 3.2 / length), (0.02, 0.98)), life)
    return Parked(outline, height)


def _roof(b: Builder, colour: Spectrum) -> Paint:
    """A roof of a colour, cleaner or dirtier."""
    rng = b.rng
    dirt = vary(rng, (0.10, 0.12, 0.14, 0.18))
    dirty = float(rng.beta(1.2, 4.0))
    return Paint(colour, dirt, 0.5 * dirty, 0.15 * dirty, 0.3 * dirty, 0.03 + 0.04 * dirty, 0.04, snow=0.9, wet=0.05)


def _tractor(b: Builder, outline: Points, life: Life) -> None:
    """A tractor unit: chassis, cab, bonnet; `outline` points forward."""
    rng = b.rng
    tint, black = b.plain(any_of(rng, CARS), 0.01), b.plain(DARK)
    b.world.solids.append(Solid(piece(outline, (0, 0.6), (0.15, 0.85)), 1.2, black, black, 0.5, "object", *life))
    b.world.solids.append(Solid(piece(outline, (0.5, 0.86)), 3.2, tint, tint, 0.5, "object", *life))
    b.world.solids.append(Solid(piece(outline, (0.86, 1.0), (0.1, 0.9)), 1.9, tint, tint, 0.5, "object", *life))


def lone_tractor(b: Builder, u: float, v: float, turn: float, life: Life = FOREVER) -> Parked:
    """A tractor unit without a trailer: about as large as a box, and none."""
    outline = b.frame.box(u, v, 2.5, float(b.rng.uniform(5.5, 7.2)), turn)
    _tractor(b, outline, life)
    return Parked(outline, 2.0, False)


def bus(b: Builder, u: float, v: float, turn: float, life: Life = FOREVER) -> Parked:
    """A bus, coach or school bus: bonnet, windscreen, hatches, roof unit."""
    rng = b.rng
    length, wide = float(rng.choice([6.4, 7.2, 8.0, 9.2, 10.6, 12.0, 12.2, 13.4])), float(rng.uniform(2.25, 2.56))
    height = float(rng.uniform(2.7, 3.3))
    colour = any_of(rng, BUS_ROOFS)
    return _coach(b, b.frame.box(u, v, wide, length, turn), height, colour, (0.5, 0.6), life)


def short_bus(b: Builder, u: float, v: float, turn: float, life: Life = FOREVER) -> Parked:
    """A short school bus or minibus, most with a bonnet, many of these black."""
    rng = b.rng
    length, wide = float(rng.uniform(5.5, 8.2)), float(rng.uniform(2.15, 2.6))
    height = float(rng.uniform(2.5, 3.1))
    style = rng.random()
    colour = any_of(rng, BUS_ROOFS[:2] if style < 0.5 else BUS_ROOFS[2:4] if style < 0.75 else BUS_ROOFS)
    return _coach(b, b.frame.box(u, v, wide, length, turn), height, colour, (0.85, 0.75), life)


def van(b: Builder, u: float, v: float, turn: float, life: Life = FOREVER) -> Parked:
    """A delivery van: narrower and shorter than any container; it does not count."""
    rng = b.rng
    outline = b.frame.box(u, v, float(rng.uniform(1.95, 2.15)), float(rng.uniform(5.0, 6.4)), turn)
    tint = b.plain(any_of(rng, CARS), 0.01)
    glass = (Decal(piece(outline, (0.74, 0.84), (0.08, 0.92)), b.plain(DARK, 0.0)),)
    b.world.solids.append(Solid(outline, float(rng.uniform(2.2, 2.7)), tint, tint, 0.4, "object", *life, decals=glass))
    return Parked(outline, 2.4, False)


def _coach(
    b: Builder, whole: Points, height: float, colour: Spectrum, bonnets: tuple[float, float], life: Life
) -> Parked:
    """A bus on an outline that points forward.

    `bonnets` are the share that has one, and the share of these in another colour than the roof.
    """
    rng = b.rng
    length = float(np.hypot(*(whole[1] - whole[0])))
    roof, wall = b.world.palette.add(_roof(b, colour)), b.plain(vary(rng, colour, 0.3), 0.02)
    bonnet = float(rng.uniform(0.9, 1.9)) if rng.random() < bonnets[0] else 0.0
    body = piece(whole, (0.0, 1.0 - bonnet / length))
    marks = [Decal(piece(body, (1 - float(rng.uniform(0.3, 0.8)) / length, 1.0)), b.plain(DARK, 0.0))]
    if rng.random() < 0.4:
        marks.append(Decal(piece(body, (0.06, 0.9), (0.1, 0.9)), b.plain((0.56, 0.57, 0.56, 0.58))))
    hatch = b.plain(vary(rng, (0.4, 0.4, 0.4, 0.4), 0.7))
    for _ in range(int(rng.integers(0, 5))):
        s = float(rng.uniform(0.08, 0.85))
        marks.append(Decal(piece(body, (s, s + float(rng.uniform(0.5, 1.0)) / length), (0.3, 0.7)), hatch))
    if rng.random() < 0.3:
        s, t = float(rng.uniform(0.1, 0.6)), float(rng.uniform(1.2, 2.8)) / length
        marks.append(Decal(piece(body, (s, s + t), (0.15, 0.85)), KEEP_LABEL, int(rng.choice([55, 75, 120]))))
    b.world.solids.append(Solid(body, height, roof, wall, 0.4, "object", *life, decals=tuple(marks)))
    if bonnet:
        nose = b.plain(any_of(rng, ((0.06, 0.28, 0.46, 0.5), DARK)) if rng.random() < bonnets[1] else colour)
        front = piece(whole, (1.0 - bonnet / length, 1.0), (0.08, 0.92))
        b.world.solids.append(Solid(front, 1.6, nose, nose, 0.4, "object", *life))
    return Parked(whole, height)


def truck(b: Builder, u: float, v: float, turn: float, life: Life = FOREVER) -> Parked:
    """A rigid lorry: cab and box."""
    rng = b.rng
    length, wide = float(rng.uniform(6.5, 10.5)), float(rng.uniform(2.3, 2.55))
    whole = b.frame.box(u, v, wide, length, turn)
    cab = float(rng.uniform(1.7, 2.4)) / length
    box = b.world.palette.add(_roof(b, any_of(rng, TRAILER_ROOFS)))
    tint = b.plain(any_of(rng, CARS), 0.01)
    body = piece(whole, (0.0, 1.0 - cab - 0.3 / length))
    marks = wear(rng, body, length)
    b.world.solids.append(Solid(body, float(rng.uniform(3.2, 3.8)), box, tint, 0.9, "object", *life, decals=marks))
    front = piece(whole, (1.0 - cab, 1.0), (0.05, 0.95))
    glass = (Decal(piece(front, (0.65, 0.95), (0.1, 0.9)), b.plain(DARK, 0.0)),)
    b.world.solids.append(Solid(front, 2.5, tint, tint, 0.5, "object", *life, decals=glass))
    return Parked(whole, 3.4)


def wagon(b: Builder, u: float, v: float, length: float, life: Life = FOREVER) -> None:
    """A rail wagon along u that carries no box: flat and empty, closed, tank, or open with a bulk load."""
    rng = b.rng
    outline = b.frame.box(u, v, float(rng.uniform(2.6, 3.1)), length, 90.0)
    steel = b.plain(vary(rng, (0.07, 0.075, 0.08, 0.1), 0.3), 0.06)
    style = rng.random()
    if style < 0.4:
        marks = [Decal(piece(outline, (t, t + 0.015)), KEEP_LABEL, 135) for t in np.arange(0.1, 0.95, 0.12)]
        spine = Decal(piece(outline, (0, 1), (0.38, 0.62)), KEEP_LABEL, int(rng.choice([70, 125, 150])))
        b.world.solids.append(Solid(outline, 1.15, steel, steel, 0.0, "object", *life, decals=(spine, *marks)))
    elif style < 0.65:
        wall = b.plain(vary(rng, tuple(rng.uniform(0.06, 0.3, 4)), 0.1), 0.06)
        seam = (Decal(piece(outline, (0, 1), (0.46, 0.54)), KEEP_LABEL, 118), *wear(rng, outline, length))
        b.world.solids.append(Solid(outline, 4.1, wall, wall, 0.0, "object", *life, decals=seam))
    elif style < 0.82:
        shell = b.plain(vary(rng, (0.14, 0.14, 0.14, 0.16), 0.6), 0.03)
        crown = Decal(piece(outline, (0.03, 0.97), (0.35, 0.6)), KEEP_LABEL, int(rng.choice([130, 160])))
        hatch = Decal(piece(outline, (0.47, 0.53), (0.3, 0.7)), KEEP_LABEL, 60)
        b.world.solids.append(Solid(outline, 4.0, shell, shell, 0.5, "object", *life, decals=(crown, hatch)))
    else:
        load = b.plain(vary(rng, tuple(rng.uniform(0.03, 0.2, 4)), 0.1), 0.2)
        inner = Decal(piece(outline, (0.03, 0.97), (0.08, 0.92)), load)
        b.world.solids.append(Solid(outline, 2.6, steel, steel, 0.0, "object", *life, decals=(inner,)))
