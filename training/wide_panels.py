"""Large even things that are divided into pieces of a box's size: panelled roofs, slabs, solar arrays, plots."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from changedet.simulate.builder import Builder
from changedet.simulate.elements import Decal, Solid
from changedet.simulate.materials import vary
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Points
from training.network_sites import islands
from training.vehicles import Parked, any_of, anywhere, piece
from training.wide_roofs import SHEETS, any_hall, sheet, vents
from training.wide_sites import BARE, PAVED, grounds
from training.wide_things import aircraft

MOST = 500
"""Pieces of one thing."""


def divided(b: Builder, outline: Points, size: tuple[float, float]) -> list[Decal]:
    """Seams across a rectangle and pieces of other tones between them, mostly faint."""
    rng = b.rng
    long, wide = (float(np.hypot(*(outline[k] - outline[0]))) for k in (1, 3))
    contrast = float(np.exp(rng.uniform(np.log(0.02), np.log(0.3))))
    seam = int(100 * (1 + (contrast if rng.random() < 0.3 else -contrast)))
    rows, columns = max(1, int(long / size[1])), max(1, int(wide / size[0]))
    thick = float(rng.uniform(0.12, 0.5))
    marks = [Decal(piece(outline, (k / rows, k / rows + thick / long)), KEEP_LABEL, seam) for k in range(rows)]
    marks += [
        Decal(piece(outline, (0, 1), (k / columns, k / columns + thick / wide)), KEEP_LABEL, seam)
        for k in range(columns if rng.random() < 0.8 else 0)
    ]
    odd, spread = float(rng.choice([0.0, 0.1, 0.4, 0.9])), 100 * contrast
    for _ in range(min(MOST, int(odd * rows * columns))):
        r, c = int(rng.integers(rows)), int(rng.integers(columns))
        spot = piece(outline, (r / rows, (r + 1) / rows), (c / columns, (c + 1) / columns))
        marks.append(Decal(spot, KEEP_LABEL, int(100 + rng.normal(0, spread))))
    return marks


def panels(b: Builder) -> list[Parked]:
    """One or two large roofs in panels, slabs around them, solar arrays, no vehicles."""
    rng = b.rng
    half = 0.48 * b.world.size_m
    grounds(b, (*PAVED, *BARE), half)
    ground = b.frame.box(0, 0, 2 * half, 2 * half)
    if rng.random() < 0.7:
        slab = float(rng.choice([2.5, 3.0, 5.0, 7.5])), float(rng.choice([5.0, 6.0, 7.5, 12.0]))
        for mark in divided(b, ground, slab):
            b.patch(mark.outline, mark.label, tone=mark.tone)
    for _ in range(int(rng.integers(1, 4))):
        u, v = anywhere(rng, 0.6 * half)
        _big_roof(b, u, v, float(rng.uniform(30, 110)), float(rng.uniform(25, 80)), float(rng.choice([0, 90])))
    for _ in range(int(rng.integers(0, 4))):
        _solar(b, *anywhere(rng, half))
    if rng.random() < 0.4:
        aircraft(b, *anywhere(rng, half), float(rng.uniform(0, 360)), 34.0)
    if rng.random() < 0.4:
        any_hall(b, half * 0.7, half * 0.8, 40.0, 22.0)
    islands(b, half)
    return []


def _big_roof(b: Builder, u: float, v: float, along: float, deep: float, turn: float) -> None:
    rng = b.rng
    outline, height = b.frame.box(u, v, along, deep, turn), float(rng.uniform(4, 18))
    roof = sheet(b, SHEETS, along=bool(rng.random() < 0.5))
    size = float(rng.choice([1.2, 2.0, 2.4, 2.6, 3.0, 4.5])), float(rng.choice([2.4, 4.0, 6.0, 7.5, 9.0, 12.0]))
    marks = divided(b, outline, size if rng.random() < 0.7 else size[::-1])
    if rng.random() < 0.5:
        part = piece(outline, (float(rng.uniform(0.1, 0.4)), float(rng.uniform(0.5, 0.9))), (0.1, 0.9))
        glass = b.plain(vary(rng, any_of(rng, SHEETS), 0.2))
        marks += [Decal(part, glass), *divided(b, part, (float(rng.uniform(1.5, 4)), float(rng.uniform(3, 13))))]
    wall = b.plain(vary(rng, (0.25, 0.26, 0.27, 0.3), 0.4))
    b.world.solids.append(Solid(outline, height, roof, wall, 0.0, "building", decals=tuple(marks)))
    if rng.random() < 0.5:
        vents(b, outline, height)


def _solar(b: Builder, u: float, v: float) -> None:
    """Rows of solar panels."""
    rng = b.rng
    size = float(rng.uniform(1.6, 4.2)), float(rng.uniform(6, 32))
    step, cell = size[0] + float(rng.uniform(0.4, 5)), b.plain(vary(rng, (0.06, 0.05, 0.045, 0.06), 0.4))
    for k in range(int(rng.integers(3, 14))):
        outline = b.frame.box(u + k * step, v, *size)
        rows = int(size[1] / float(rng.uniform(1.0, 6.5))) + 1
        seams = tuple(
            Decal(piece(outline, (r / rows, r / rows + 0.15 / size[1])), KEEP_LABEL, 150) for r in range(rows)
        )
        b.world.solids.append(Solid(outline, 1.2, cell, cell, 0.6, "none", decals=seams))


SITES: dict[str, Callable[[Builder], list[Parked]]] = {"panels": panels}
