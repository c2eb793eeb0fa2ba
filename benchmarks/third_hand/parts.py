"""Parts of sites: roads, halls, yards, trees, fields, houses; what stands for good and belongs to no stock."""

from __future__ import annotations

import numpy as np

from benchmarks.third_hand.canvas import Heap, Prism
from benchmarks.third_hand.plan import Built, Plan
from benchmarks.third_hand.spectra import GLASS, GROUND, ROOFS, STEEL, spectrum
from benchmarks.third_hand.surfaces import Surface, line

FAR_M = 460.0
"""Longer than any site is wide."""
GREEN_DAY = 190
"""The day of the year on which plants are greenest."""


def greenness(plan: Plan, date: int) -> float:
    """How green plants are, 0 to 1."""
    return float(0.5 + 0.5 * np.cos(2 * np.pi * (plan.days[date].timetuple().tm_yday - GREEN_DAY) / 365))


def land(plan: Plan, material: str = "meadow") -> None:
    """What lies everywhere, greening with the season."""
    seed, own = plan.draw(), plan.rng.uniform(-0.15, 0.2)
    ring = plan.frame.ring(0, 0, FAR_M, FAR_M)

    def made(date: int) -> list[Surface]:
        dry = float(np.clip(0.75 - 0.6 * greenness(plan, date) + own, 0, 1))
        return [Surface(ring, material, seed, plan.frame.angle, dry)]

    plan.seasons.append(made)


def farm_field(plan: Plan, u: float, v: float, size: tuple[float, float], lively: bool) -> None:
    """A field; lively ones go through the year, others stay at one state."""
    seed, turn = plan.draw(), plan.rng.choice([0.0, np.pi / 2])
    sown = plan.rng.uniform(0, 365)
    still = plan.rng.uniform(0, 4)
    ring = plan.frame.ring(u, v, *size)

    def made(date: int) -> list[Surface]:
        grown = ((plan.days[date].timetuple().tm_yday - sown) % 365) / 365
        state = float(np.interp(grown, [0, 0.2, 0.35, 0.55, 0.62, 0.63, 0.9, 1], [0, 1, 2, 2.2, 3, 4, 4, 0]))
        return [Surface(ring, "field", seed, plan.frame.angle + turn, state if lively else still)]

    plan.seasons.append(made)


def road(plan: Plan, v: float, width: float = 8.0, along: bool = True) -> None:
    """A road along the frame (or across it) with its lines."""
    size = (FAR_M, width) if along else (width, FAR_M)
    at = (0.0, v) if along else (v, 0.0)
    marks = [plan.surface(*at, *size, "asphalt")]
    turn = plan.frame.angle + (0 if along else np.pi / 2)
    for k in range(-40, 40):
        place = (9.0 * k, v) if along else (v, 9.0 * k)
        marks.append(line(*plan.frame.at(*place), 3.0, 0.16, turn, plan.draw()))
    for side in (-1, 1):
        edge = v + side * (width / 2 - 0.3)
        place = (0.0, edge) if along else (edge, 0.0)
        marks.append(line(*plan.frame.at(*place), FAR_M, 0.14, turn, plan.draw()))
    plan.built.append(Built(plan.frame.ring(*at, *size), surfaces=marks, built_up=False))


def yard(plan: Plan, u: float, v: float, size: tuple[float, float], material: str, since: int = 0) -> None:
    """A paved or gravelled yard."""
    plan.built.append(Built(plan.frame.ring(u, v, *size), since, surfaces=[plan.surface(u, v, *size, material)]))


def hall(plan: Plan, u: float, v: float, size: tuple[float, float], since: int = 0) -> None:
    """A hall with a roof of sheet metal or bitumen, and units on it."""
    rng = plan.rng
    paint = ROOFS[rng.integers(0, len(ROOFS))] * np.float32(rng.uniform(0.8, 1.15))
    texture = str(rng.choice(["ribbed", "ribbed", "flat"]))
    high = float(rng.uniform(5, 11))
    pitch = float(rng.choice([0.0, 0.09, 0.16])) if texture == "ribbed" else 0.0
    prisms = [plan.prism(u, v, (*size, high), paint, texture=texture, pitch=pitch, side=0.9 * ROOFS[1])]
    for _ in range(int(rng.integers(0, 7)) if not pitch else 0):
        at = rng.uniform(-0.42, 0.42, 2) * size
        small = (*rng.uniform(1.2, 3.2, 2), high + float(rng.uniform(0.8, 2)))
        prisms.append(plan.prism(u + at[0], v + at[1], small, ROOFS[rng.integers(0, 3)], bottom=high))
    if rng.random() < 0.25 and not pitch:
        wide = (size[0] * 0.5, size[1] * 0.6, high + 0.4)
        prisms.append(plan.prism(u - size[0] * 0.15, v, wide, GLASS * 1.1, texture="solar"))
    apron = plan.surface(u, v, size[0] + 10, size[1] + 10, str(rng.choice(["asphalt", "concrete"])))
    outline = plan.frame.ring(u, v, size[0] + 10, size[1] + 10)
    plan.built.append(Built(outline, since, [apron], prisms))


def houses(plan: Plan, u: float, v: float, count: int) -> None:
    """A row of small houses with gardens, sheds and now and then a pool."""
    rng = plan.rng
    for k in range(count):
        at = u + 19.0 * k, v + float(rng.normal(0, 1.5))
        turn = float(rng.choice([0, np.pi / 2]) + rng.normal(0, 0.03))
        size = float(rng.uniform(9, 13)), float(rng.uniform(7, 9.5)), float(rng.uniform(3.2, 5.5))
        roof = ROOFS[rng.choice([4, 4, 2, 1])]
        plaster = spectrum(0.35, 0.37, 0.38, 0.4)
        home = plan.prism(*at, size, roof, texture="tiled", pitch=0.55, turn=turn, side=plaster)
        shed_at = at[0] + float(rng.uniform(-7, 7)), at[1] + float(rng.choice([-9, 9]))
        small = float(rng.uniform(3, 6.5)), float(rng.uniform(2.3, 3.2)), 2.3
        shed = plan.prism(*shed_at, small, ROOFS[rng.integers(0, 6)], texture="ribbed", turn=turn)
        outlines = home.corners(), shed.corners()
        plan.built.append(Built(outlines[0], prisms=[home]))
        plan.built.append(Built(outlines[1], prisms=[shed]))
        if rng.random() < 0.3:
            ring = plan.frame.ring(at[0] + 5, at[1] - 8, float(rng.uniform(6, 10)), float(rng.uniform(3, 4)))
            plan.built.append(Built(ring, surfaces=[Surface(ring, "pool", plan.draw())], built_up=False))


def tree(plan: Plan, u: float, v: float) -> Heap:
    """A crown; evergreen or green all the dates, as leaves are no change that is judged."""
    rng = plan.rng
    wide = float(rng.uniform(3.5, 9))
    paint = GROUND["tree"] * np.float32(rng.uniform(0.7, 1.5))
    x, y = plan.frame.at(u, v)
    high = wide * float(rng.uniform(0.6, 1.0))
    return Heap(x, y, wide, wide * float(rng.uniform(0.8, 1.2)), 0.0, high, paint, 0.5, 2.6, plan.draw())


def trees(plan: Plan, u: float, v: float, size: tuple[float, float], count: int) -> None:
    """A wood or a row of trees."""
    at = plan.rng.uniform(-0.5, 0.5, (count, 2)) * size + (u, v)
    heaps = [tree(plan, *place) for place in at]
    plan.built.append(Built(plan.frame.ring(u, v, *size), heaps=heaps, built_up=False))


def masts(plan: Plan, places: list[tuple[float, float]]) -> None:
    """Lighting masts: hardly seen, but for their shadows."""
    for u, v in places:
        high = float(plan.rng.uniform(12, 18))
        mast = plan.prism(u, v, (0.28, 0.28, high), STEEL * 2)
        plan.built.append(Built(mast.corners(), prisms=[mast]))


def clutter(plan: Plan, u: float, v: float, size: tuple[float, float], count: int) -> None:
    """Pallets, drums, stored parts: low, of no size in particular."""
    rng = plan.rng
    tones = (*ROOFS, GROUND["soil"], spectrum(0.1, 0.16, 0.2, 0.25), spectrum(0.3, 0.15, 0.06, 0.1))
    for _ in range(count):
        at = rng.uniform(-0.5, 0.5, 2) * size + (u, v)
        small = float(rng.uniform(0.8, 4)), float(rng.uniform(0.6, 1.9)), float(rng.uniform(0.4, 1.9))
        one = plan.prism(at[0], at[1], small, tones[rng.integers(0, len(tones))], turn=float(rng.normal(0, 0.5)))
        plan.built.append(Built(one.corners(), prisms=[one]))


def strip(plan: Plan, places: list[tuple[float, float, float, float]], tone: float = 0.0) -> None:
    """Painted lines: middle u, v, length and turn of each, on what is there."""
    marks = [
        line(*plan.frame.at(u, v), long, 0.17, plan.frame.angle + turn, plan.draw(), tone)
        for u, v, long, turn in places
    ]
    plan.built.append(Built(np.zeros((0, 2)), surfaces=marks, built_up=False))


def block_lines(plan: Plan, block_u: float, block_v: float, length: float, width: float) -> None:
    """Yellow lines around a block of containers."""
    sides = [
        (block_u + length / 2, block_v - 0.6, length, 0.0),
        (block_u + length / 2, block_v + width + 0.6, length, 0.0),
    ]
    ends = [
        (block_u - 0.6, block_v + width / 2, width, np.pi / 2),
        (block_u + length + 0.6, block_v + width / 2, width, np.pi / 2),
    ]
    strip(plan, [*sides, *ends], 1.0)


def skip(plan: Plan, u: float, v: float, turn: float) -> Prism:
    """An open roll-off skip: nearly a container's size, low and hollow."""
    size = float(plan.rng.uniform(5.2, 6.8)), 2.4, float(plan.rng.uniform(1.2, 2.3))
    paints = spectrum(0.2, 0.1, 0.06, 0.1), spectrum(0.07, 0.12, 0.07, 0.2), spectrum(0.06, 0.08, 0.15, 0.2)
    return plan.prism(u, v, size, paints[plan.rng.integers(0, 3)], texture="opened", turn=turn)
