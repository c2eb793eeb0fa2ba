"""A site without any container, full of what may be taken for one."""

from __future__ import annotations

import numpy as np

from benchmarks.third_hand import movers, parts
from benchmarks.third_hand.canvas import Heap
from benchmarks.third_hand.plan import Built, Plan
from benchmarks.third_hand.spectra import CARS, GROUND, ROOFS, spectrum
from benchmarks.third_hand.surfaces import Surface

SHEET_BLUE = spectrum(0.26, 0.14, 0.06, 0.12)
SHEET_GREEN = spectrum(0.08, 0.13, 0.07, 0.2)
WOOD = spectrum(0.13, 0.19, 0.26, 0.34)


def decoys(plan: Plan) -> None:
    """Quarters of trailers, buses, sheds, glasshouses, timber, pools, painted bays around a road."""
    rng = plan.rng
    parts.land(plan)
    parts.road(plan, 2)
    movers.traffic(plan, 2)
    quarters = [trailers, buses, sheds, glasshouses, timber, bays]
    order = rng.permutation(len(quarters))
    corners = [(u, v) for v in (-55.0, 60.0) for u in (-98.0, 0.0, 98.0)]
    for (u, v), k in zip(corners, order, strict=True):
        quarters[k](plan, u, v)
    parts.houses(plan, -140, 128, 15)
    parts.trees(plan, 0, -118, (280, 14), 40)
    parts.hall(plan, -60, -142, (70, 28))
    parts.hall(plan, 60, -142, (80, 26))


def trailers(plan: Plan, u: float, v: float) -> None:
    """Parked box trailers side by side, others on each date."""
    parts.yard(plan, u, v, (82, 84), str(plan.rng.choice(["gravel", "asphalt"])))
    for date in plan.dates:
        for row in range(3):
            for k in range(18):
                if plan.rng.random() < 0.65:
                    at = u - 34 + 3.9 * k, v - 28 + 26 * row + float(plan.rng.normal(0, 0.5))
                    movers.lorry(plan, date, *at, np.pi / 2, cab=bool(plan.rng.random() < 0.15))


def buses(plan: Plan, u: float, v: float) -> None:
    """A depot of buses in two liveries."""
    parts.yard(plan, u, v, (82, 84), "asphalt")
    liveries = CARS[plan.rng.integers(0, len(CARS))], spectrum(0.08, 0.3, 0.42, 0.46)
    for date in plan.dates:
        for row in range(3):
            for k in range(20):
                if plan.rng.random() < 0.75:
                    paint = liveries[int(plan.rng.random() < 0.25)] * np.float32(plan.rng.uniform(0.9, 1.1))
                    movers.bus(plan, date, u - 36 + 3.7 * k, v - 27 + 22 * row, np.pi / 2 + 0.25, paint)
    parts.hall(plan, u, v + 34, (60, 14))


def sheds(plan: Plan, u: float, v: float) -> None:
    """Garages in rows, garden sheds, tents, pools."""
    rng = plan.rng
    parts.yard(plan, u, v, (82, 84), "concrete")
    for row in range(3):
        tone = ROOFS[rng.integers(0, len(ROOFS))]
        for k in range(11):
            one = plan.prism(
                u - 36 + 3.1 * k,
                v - 30 + 13 * row,
                (6.0, 3.0, 2.5),
                tone * np.float32(rng.uniform(0.9, 1.1)),
                texture="flat",
                turn=np.pi / 2,
            )
            plan.built.append(Built(one.corners(), prisms=[one]))
    for _ in range(16):
        at = u + float(rng.uniform(2, 38)), v + float(rng.uniform(-38, 38))
        size = float(rng.uniform(4, 9)), float(rng.uniform(2.3, 4)), float(rng.uniform(2, 3.2))
        one = plan.prism(
            *at,
            size,
            ROOFS[rng.integers(0, 6)],
            texture="ribbed",
            pitch=float(rng.choice([0.0, 0.3])),
            turn=float(rng.uniform(0, 3)),
        )
        plan.built.append(Built(one.corners(), prisms=[one]))
    for k in range(3):
        ring = plan.frame.ring(u - 30 + 14 * k, v + 22, 8.5, 3.5)
        plan.built.append(Built(ring, surfaces=[Surface(ring, "pool", plan.draw())], built_up=False))


def glasshouses(plan: Plan, u: float, v: float) -> None:
    """Tunnels of film side by side, some with dark shading nets."""
    rng = plan.rng
    for k in range(10):
        long = float(rng.uniform(26, 68))
        paint = spectrum(0.44, 0.46, 0.46, 0.5) if rng.random() < 0.8 else spectrum(0.07, 0.1, 0.07, 0.25)
        one = plan.prism(u, v - 36 + 8 * k, (long, 5.2, 2.2), paint, texture="glasshouse", pitch=0.35)
        plan.built.append(Built(one.corners(), prisms=[one]))


def timber(plan: Plan, u: float, v: float) -> None:
    """Stacks of timber, pipes, skips, heaps under tarpaulins."""
    rng = plan.rng
    parts.yard(plan, u, v, (82, 84), "gravel")
    for k in range(34):
        at = u - 34 + 13.5 * (k % 6), v - 34 + 11 * (k // 6)
        what, turn = rng.random(), float(rng.normal(0, 0.06))
        if what < 0.45:
            size = float(rng.uniform(5, 12.5)), float(rng.uniform(2, 3.2)), float(rng.uniform(1, 3))
            one = plan.prism(*at, size, (WOOD, ROOFS[2], GROUND["soil"])[rng.integers(0, 3)], texture="logs", turn=turn)
        elif what < 0.7:
            one = parts.skip(plan, *at, turn)
        else:
            x, y = plan.frame.at(*at)
            paint = (SHEET_BLUE, SHEET_GREEN, ROOFS[0])[rng.integers(0, 3)]
            size = float(rng.uniform(5, 12)), float(rng.uniform(2.6, 4.5)), float(rng.uniform(1.2, 2.4))
            heap = Heap(x, y, size[0], size[1], plan.frame.angle + turn, size[2], paint, 0.25, 4.0, plan.draw())
            plan.built.append(Built(plan.frame.ring(*at, size[0], size[1], turn), heaps=[heap]))
            continue
        plan.built.append(Built(one.corners(), prisms=[one]))


def bays(plan: Plan, u: float, v: float) -> None:
    """A car park and a lorry park whose painted bays are as large as containers."""
    parts.yard(plan, u, v, (82, 84), "asphalt")
    marks = [(u - 36 + 3.0 * k, v - 28, 12.5, np.pi / 2) for k in range(25)]
    marks += [(u, v - 28 + side * 6.2, 75, 0.0) for side in (-1, 1)]
    parts.strip(plan, marks)
    for k in range(7):
        ring = plan.frame.ring(u - 33 + 10 * k, v + 2, 6.2, 2.5)
        tone = float(k % 2)
        plan.built.append(Built(ring, surfaces=[Surface(ring, "paint", plan.draw(), 0.0, tone, 0.6)], built_up=False))
    movers.car_park(plan, u - 35, v + 14, 28, 4)
