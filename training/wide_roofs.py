"""Halls, works and houses with roofs of all kinds, for `wide_sites`."""

from __future__ import annotations

import numpy as np

from changedet.simulate.builder import Builder
from changedet.simulate.elements import Decal, Solid
from changedet.simulate.materials import vary
from changedet.simulate.palette import Paint, Spectrum
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Points, strip
from training.vehicles import DARK, any_of, piece

SHEETS: tuple[Spectrum, ...] = (
    (0.30, 0.16, 0.09, 0.2), (0.36, 0.24, 0.12, 0.25), (0.06, 0.07, 0.22, 0.28), (0.07, 0.09, 0.16, 0.2),
    (0.30, 0.31, 0.31, 0.33), (0.20, 0.21, 0.21, 0.23), (0.10, 0.105, 0.11, 0.13), (0.58, 0.59, 0.58, 0.6),
    (0.70, 0.71, 0.70, 0.72), (0.09, 0.17, 0.10, 0.22), (0.13, 0.18, 0.24, 0.3), (0.06, 0.08, 0.13, 0.17),
)  # fmt: skip
"""Roofs: blue, red, grey, white, green, brown."""
TILES: tuple[Spectrum, ...] = ((0.06, 0.085, 0.20, 0.27), (0.07, 0.09, 0.13, 0.18), (0.09, 0.095, 0.1, 0.12))


def sheet(b: Builder, colours: tuple[Spectrum, ...] = SHEETS, along: bool = True) -> int:
    """A roof of sheets with ribs of some period, cleaner or dirtier."""
    rng = b.rng
    ribs = (float(rng.uniform(0.3, 3.2)), b.frame.angle_deg + (90.0 if along else 0.0), float(rng.uniform(0.0, 0.12)),
            float(rng.choice([0.0, 0.15, 0.4])))  # fmt: skip
    dirt, dirty = vary(rng, (0.1, 0.12, 0.14, 0.18)), float(rng.uniform(0, 0.2))
    paint = Paint(vary(rng, any_of(rng, colours), 0.2, 0.04), dirt, dirty, 0.1, 0.1, 0.03, 0.04, 0.03,
                  snow=0.95, wet=0.05, stripes=ribs)  # fmt: skip
    return b.world.palette.add(paint)


def any_hall(b: Builder, u: float, v: float, along: float, deep: float) -> None:
    """A hall, works or group of houses about a place."""
    use = b.rng.random()
    if use < 0.42:
        spans(b, u, v, along, deep)
    elif use < 0.55:
        sawtooth(b, u, v, along, deep)
    elif use < 0.75:
        flat(b, u, v, along, deep)
    else:
        for k in range(int(b.rng.integers(1, 4))):
            at = u + k * 13.0, v + float(b.rng.normal(0, 2))
            gable(b, *at, float(b.rng.uniform(6, 11)), float(b.rng.uniform(8, 18)), TILES, float(b.rng.uniform(0, 180)))


def gable(
    b: Builder, u: float, v: float, wide: float, long: float, colours: tuple[Spectrum, ...], turn: float = 0.0
) -> None:
    """A gabled house: one half of its roof sunlit, one shaded, chimneys, a ridge."""
    rng = b.rng
    outline, roof = b.frame.box(u, v, wide, long, turn), sheet(b, colours)
    wall = b.plain(vary(rng, (0.25, 0.26, 0.27, 0.3), 0.4))
    marks = [Decal(piece(outline, (0, 1), (0.5, 1.0)), KEEP_LABEL, int(rng.uniform(38, 85)))]
    marks += [Decal(piece(outline, (0, 1), (0.485, 0.515)), KEEP_LABEL, int(rng.choice([80, 125])))]
    for _ in range(int(rng.integers(0, 4))):
        s, t = (float(c) for c in rng.uniform(0.08, 0.8, 2))
        window = piece(outline, (s, s + float(rng.uniform(0.6, 2.5)) / long), (t, t + 0.12))
        marks.append(Decal(window, b.plain(any_of(rng, (DARK, (0.5, 0.5, 0.5, 0.5))))))
    b.world.solids.append(Solid(outline, float(rng.uniform(4, 9)), roof, wall, 0.0, "building", decals=tuple(marks)))


def spans(b: Builder, u: float, v: float, along: float, deep: float) -> None:
    """A hall of one to six gabled spans with ridges, rooflights in rows, vents, a rim."""
    rng = b.rng
    count = int(rng.integers(1, 7))
    wide, height = along / count, float(rng.uniform(5, 13))
    roof, wall = sheet(b, along=bool(rng.random() < 0.7)), b.plain(vary(rng, (0.25, 0.25, 0.25, 0.27), 0.4))
    shaded, ridge = int(rng.uniform(45, 92)), int(rng.choice([80, 88, 112, 135]))
    light = b.plain(vary(rng, (0.4, 0.44, 0.45, 0.46), 0.3))
    lit, pitch = rng.random() < 0.6, float(rng.uniform(3.0, 9.0))
    size = float(rng.uniform(0.8, 2.5)), float(rng.uniform(1.5, 0.42 * wide + 1.6))
    rim = b.plain(vary(rng, (0.35, 0.36, 0.36, 0.38), 0.4)) if rng.random() < 0.5 else None
    for k in range(count):
        at = b.frame.box(u + (k + 0.5) * wide - along / 2, v, wide, deep)
        marks = [Decal(piece(at, (0, 1), (0.5, 1)), KEEP_LABEL, shaded)]
        marks.append(Decal(piece(at, (0, 1), (0.5 - 0.15 / wide, 0.5 + 0.15 / wide)), KEEP_LABEL, ridge))
        if lit:
            for s in np.arange(pitch / 2, deep - pitch / 2, pitch):
                for t in (0.25, 0.75):
                    spot = (t - size[1] / wide / 2, t + size[1] / wide / 2)
                    marks.append(Decal(piece(at, (s / deep, (s + size[0]) / deep), spot), light))
        if rim is not None:
            marks += _rim(at, rim)
        b.world.solids.append(Solid(at, height, roof, wall, 0.0, "building", decals=tuple(marks)))
    vents(b, b.frame.box(u, v, along, deep), height)


def _rim(outline: Points, label: int) -> list[Decal]:
    return [Decal(strip(outline[k], outline[(k + 1) % 4], 0.7), label) for k in range(4)]


def vents(b: Builder, outline: Points, height: float) -> None:
    """Vents, fans and machines on a roof, some of a box's size."""
    rng = b.rng
    tin = b.plain(vary(rng, (0.35, 0.36, 0.36, 0.38), 0.5))
    for _ in range(int(rng.poisson(5))):
        s, t = (float(c) for c in rng.uniform(0.06, 0.9, 2))
        at = piece(outline, (s, s), (t, t))[0]
        size = float(rng.uniform(0.7, 2.6)), float(rng.choice([0.9, 1.5, 2.5, 6.0, 12.0], p=[0.3, 0.3, 0.2, 0.1, 0.1]))
        unit = b.frame.box(0, 0, *size, float(rng.choice([0, 90]))) + at
        top = height + float(rng.uniform(0.4, 2.0))
        b.world.solids.append(Solid(unit, top, tin, tin, height, "none", decals=()))


def sawtooth(b: Builder, u: float, v: float, along: float, deep: float) -> None:
    """A factory whose roof is a saw: strips of sheet and glass, or of sun and shade."""
    rng = b.rng
    outline, roof = b.frame.box(u, v, along, deep), sheet(b)
    wall = b.plain(vary(rng, (0.2, 0.2, 0.22, 0.24), 0.3))
    pitch, share, tone = float(rng.uniform(2.4, 9.0)), float(rng.uniform(0.15, 0.5)), int(rng.choice([30, 50, 70, 140]))
    glass = b.plain(any_of(rng, (DARK, (0.45, 0.46, 0.45, 0.46)))) if rng.random() < 0.5 else KEEP_LABEL
    marks = tuple(
        Decal(
            piece(outline, (s / deep, min(1.0, (s + share * pitch) / deep))),
            glass,
            tone if glass == KEEP_LABEL else 100,
        )
        for s in np.arange(0, deep - 1, pitch)
    )
    b.world.solids.append(Solid(outline, float(rng.uniform(5, 10)), roof, wall, 0.0, "building", decals=marks))


def flat(b: Builder, u: float, v: float, along: float, deep: float) -> None:
    """A flat roof with parapet and its shade, rooflights or painted bays in a grid, machines."""
    rng = b.rng
    height, outline = float(rng.uniform(4, 20)), b.frame.box(u, v, along, deep)
    roof, wall = sheet(b, SHEETS[4:9]), b.plain(vary(rng, (0.25, 0.26, 0.27, 0.3), 0.4))
    marks = _rim(outline, b.plain(vary(rng, (0.4, 0.41, 0.41, 0.43), 0.4)))
    marks.append(Decal(piece(outline, (0.02, 0.98), (0.02, 0.02 + 1.5 / along)), KEEP_LABEL, int(rng.uniform(35, 80))))
    if rng.random() < 0.6:
        light = b.plain(any_of(rng, ((0.5, 0.52, 0.52, 0.53), (0.3, 0.34, 0.34, 0.35), DARK)))
        size = float(rng.choice([1.2, 2.4, 6.0, 12.0])), float(rng.choice([1.2, 2.0, 2.5]))
        step = size[0] + float(rng.uniform(1.5, 6)), size[1] + float(rng.uniform(0.6, 5))
        for s in np.arange(3, deep - size[0] - 2, step[0]):
            for t in np.arange(3, along - size[1] - 2, step[1]):
                marks.append(
                    Decal(piece(outline, (s / deep, (s + size[0]) / deep), (t / along, (t + size[1]) / along)), light)
                )
    b.world.solids.append(Solid(outline, height, roof, wall, 0.0, "building", decals=tuple(marks)))
    vents(b, outline, height)
