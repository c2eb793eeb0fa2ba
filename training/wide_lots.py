"""Lots full of one thing of about a box's size - timber, skips, coaches, tents, vans - and quarters of small houses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from changedet.simulate import structures, vehicles
from changedet.simulate.builder import Builder
from changedet.simulate.elements import Decal, Solid
from changedet.simulate.grounds import land
from changedet.simulate.materials import CARS, vary
from changedet.simulate.palette import Paint
from changedet.simulate.raster import KEEP_LABEL
from training.vehicles import BUS_ROOFS, DARK, TRAILER_ROOFS, Parked, any_of, bus, piece, short_bus, trailer, truck, van
from training.wide_roofs import TILES, any_hall, gable
from training.wide_sites import BARE, PAVED, bare, grounds
from training.wide_things import STEEL, WOOD, bays, tents

Plot = tuple[float, float, float, float]


def goods_yard(b: Builder) -> list[Parked]:
    """Plots side by side, each full of one thing, roads between them."""
    rng = b.rng
    half, side = 0.48 * b.world.size_m, float(rng.uniform(34, 62))
    grounds(b, (*PAVED, *BARE), half, rough=bool(rng.random() < 0.5))
    lots: tuple[Callable[[Builder, Plot], list[Parked]], ...] = (
        _timber, _timber, _skips, _coaches, _coaches, _tents, _cars, _halls, _bales,
    )  # fmt: skip
    found: list[Parked] = []
    for u in np.arange(-half + 3, half - side / 2, side):
        for v in np.arange(-half + 3, half - side / 2, side):
            plot = (float(u), float(v), float(u) + side - 7, float(v) + side - 7)
            if rng.random() < 0.6:
                middle = (plot[0] + plot[2]) / 2, (plot[1] + plot[3]) / 2
                b.patch(b.frame.box(*middle, side - 4, side - 4), bare(b, (*PAVED, *BARE)))
            found += lots[int(rng.integers(len(lots)))](b, plot)
    return found


def _places(b: Builder, plot: Plot, size: tuple[float, float], gap: tuple[float, float], full: float) -> np.ndarray:
    """Centres (n, 2) of things of a size in rows, more or less untidy, some missing."""
    rng = b.rng
    us = np.arange(plot[0] + size[0] / 2, plot[2] - size[0] / 2, size[0] + gap[0])
    vs = np.arange(plot[1] + size[1] / 2, plot[3] - size[1] / 2, size[1] + gap[1])
    grid = np.stack(np.meshgrid(us, vs), axis=-1).reshape(-1, 2)
    return grid[rng.random(len(grid)) < full] + rng.normal(0, 0.2, (1, 2))


def _timber(b: Builder, plot: Plot) -> list[Parked]:
    """Stacks of logs, beams or pipes: logs of many tones, rough ends, some covered."""
    rng = b.rng
    size = float(rng.uniform(1.8, 3.2)), float(rng.uniform(4, 13))
    gap, wild = (float(rng.uniform(0.2, 3)), float(rng.uniform(1, 6))), float(rng.uniform(0, 3))
    for u, v in _places(b, plot, size, gap, float(rng.uniform(0.5, 1.0))):
        at, turn = (float(u + rng.normal(0, 0.2)), float(v + rng.normal(0, 0.5))), float(rng.normal(0, wild))
        outline, high = b.frame.box(*at, *size, turn), float(rng.uniform(1.2, 3.2))
        wood = vary(rng, any_of(rng, WOOD), 0.25, 0.04)
        label = b.world.palette.add(Paint(wood, grain=0.16, medium=0.1))
        cuts = np.sort(rng.uniform(0.02, 0.98, int(rng.integers(3, 12))))
        marks = [
            Decal(piece(outline, tuple(np.sort(rng.uniform(-0.02, 1.02, 2))), (s, s + 0.12)), KEEP_LABEL, tone)
            for s, tone in zip(cuts, rng.choice([55, 70, 85, 118, 135], len(cuts)).tolist(), strict=True)
        ]
        if rng.random() < 0.15:
            marks = [Decal(piece(outline, (0.0, 1.0)), b.plain(any_of(rng, TRAILER_ROOFS)))]
        marks += [Decal(piece(outline, span), KEEP_LABEL, 118) for span in ((0.0, 0.04), (0.96, 1.0))]
        b.world.solids.append(Solid(outline, high, label, label, 0.0, "none", decals=tuple(marks)))
    return []


def _skips(b: Builder, plot: Plot) -> list[Parked]:
    """Open skips and troughs, dark inside, sloped at the ends."""
    rng = b.rng
    size = float(rng.uniform(1.8, 2.5)), float(rng.uniform(3.2, 6.2))
    tint, shade = any_of(rng, (*STEEL, DARK, *CARS)), int(rng.uniform(25, 60))
    for u, v in _places(b, plot, size, (float(rng.uniform(0.2, 3)), float(rng.uniform(0.5, 5))), 0.6):
        outline = b.frame.box(
            float(u + rng.normal(0, 0.5)), float(v + rng.normal(0, 1)), *size, float(rng.normal(0, 3))
        )
        rim = b.plain(vary(rng, tint, 0.3))
        inner = Decal(piece(outline, (0.16, 0.84), (0.1, 0.9)), b.plain(vary(rng, DARK, 0.5), 0.1))
        ends = [Decal(piece(outline, span, (0.08, 0.92)), KEEP_LABEL, shade) for span in ((0.03, 0.16), (0.84, 0.97))]
        b.world.solids.append(Solid(outline, 1.8, rim, rim, 0.0, "none", decals=(inner, *ends)))
    return []


def _coaches(b: Builder, plot: Plot) -> list[Parked]:
    """Coaches, buses, trailers or lorries of one sort, in rows or in a loose crowd."""
    rng = b.rng
    kind = (bus, bus, short_bus, trailer, truck)[int(rng.integers(5))]
    turn, gap = float(rng.choice([0, 180])), (float(rng.uniform(0.4, 3)), float(rng.uniform(1, 8)))
    found: list[Parked] = []
    for u, v in _places(b, plot, (2.6, 13.0), gap, float(rng.uniform(0.4, 1.0))):
        found += [kind(b, float(u), float(v + rng.normal(0, 1)), turn + float(rng.normal(0, 2)))]
    fleet = any_of(rng, BUS_ROOFS)
    if rng.random() < 0.6:
        # One company's coaches have one roof.
        for solid in b.world.solids[-4 * len(found) :]:
            if solid.role == "object" and solid.height_m > 2.6:
                b.world.palette.paints[solid.roof] = Paint(vary(rng, fleet, 0.06), grain=0.03)
    return found


def _tents(b: Builder, plot: Plot) -> list[Parked]:
    tents(b, plot[0] + 10, (plot[1] + plot[3]) / 2)
    tents(b, plot[0] + 10, plot[1] + 10)
    return []


def _cars(b: Builder, plot: Plot) -> list[Parked]:
    """Cars in long rows, vans among them, painted bays."""
    rng = b.rng
    found: list[Parked] = []
    for v in np.arange(plot[1] + 6, plot[3] - 4, float(rng.uniform(9, 17))):
        count = int((plot[2] - plot[0]) / 2.7)
        vehicles.parking(
            b, (plot[0] + plot[2]) / 2, float(v), int(rng.integers(1, 3)), count, float(rng.uniform(0.5, 1))
        )
        for _ in range(int(rng.integers(0, 4))):
            found += [van(b, float(rng.uniform(plot[0], plot[2])), float(v) + 5.5, float(rng.choice([0, 90])))]
    if rng.random() < 0.5:
        bays(b, (plot[0] + plot[2]) / 2, plot[3] - 2)
    return found


def _halls(b: Builder, plot: Plot) -> list[Parked]:
    any_hall(b, (plot[0] + plot[2]) / 2, (plot[1] + plot[3]) / 2, plot[2] - plot[0] - 4, plot[3] - plot[1] - 6)
    return []


def _bales(b: Builder, plot: Plot) -> list[Parked]:
    """Heaps and bales in rows: pallets, blocks of stone, wrapped hay."""
    rng = b.rng
    size = float(rng.uniform(1.0, 2.6)), float(rng.uniform(1.2, 4.5))
    tint = any_of(rng, (*WOOD, (0.3, 0.31, 0.31, 0.33), (0.5, 0.5, 0.5, 0.5), DARK))
    for u, v in _places(b, plot, size, (float(rng.uniform(0.1, 2)), float(rng.uniform(0.1, 3))), 0.7):
        label = b.plain(vary(rng, tint, 0.2), 0.08)
        outline = b.frame.box(float(u), float(v), *size, float(rng.normal(0, 2)))
        b.world.solids.append(Solid(outline, float(rng.uniform(0.8, 2.4)), label, label, 0.0, "none"))
    return []


def homes(b: Builder) -> list[Parked]:
    """Small houses with drives, pools, terraces, sheds and trees, fields and now and then a box beside."""
    rng = b.rng
    half = 0.48 * b.world.size_m
    land(b, float(rng.uniform(0.2, 0.8)))
    found: list[Parked] = []
    for v in np.arange(-half + 10, half - 10, float(rng.uniform(34, 60))):
        b.road((-b.reach, float(v)), (b.reach, float(v)), float(rng.uniform(4, 7)), False)
        for u in np.arange(-half + 8, half - 8, float(rng.uniform(15, 26))):
            for side in (-1, 1):
                if rng.random() < 0.75:
                    found += _home(b, float(u + rng.normal(0, 2)), float(v) + side * float(rng.uniform(11, 15)), side)
    return found


def _home(b: Builder, u: float, v: float, side: int) -> list[Parked]:
    rng = b.rng
    gable(
        b,
        u,
        v,
        float(rng.uniform(6, 10)),
        float(rng.uniform(8, 16)),
        TILES,
        float(rng.choice([0, 90]) + rng.normal(0, 3)),
    )
    b.patch(
        b.frame.box(u + 6, v - side * 6, float(rng.uniform(2.4, 4)), float(rng.uniform(5, 12))), b.surface("concrete")
    )
    if rng.random() < 0.3:
        structures.pool(b, u, v + side * 12)
    if rng.random() < 0.4:
        structures.shed(b, u + 7, v + side * 8, float(rng.uniform(0, 180)))
    b.wood(u - 7, v + side * 6, 3.0, int(rng.integers(0, 4)))
    if rng.random() < 0.25:
        return [(van, van, truck, trailer)[int(rng.integers(4))](b, u + 6, v - side * 6, float(rng.choice([0, 180])))]
    return []


SITES: dict[str, Callable[[Builder], list[Parked]]] = {"goods-yard": goods_yard, "homes": homes}
