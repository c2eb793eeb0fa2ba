"""A building site: topsoil stripped, pits dug, berms heaped, a gravel pad laid, a few boxes of the firm's."""

from __future__ import annotations

import numpy as np

from benchmarks.third_hand import movers, parts, stock
from benchmarks.third_hand.canvas import Heap
from benchmarks.third_hand.plan import Built, Plan
from benchmarks.third_hand.spectra import GROUND, spectrum
from benchmarks.third_hand.stock import Block
from benchmarks.third_hand.surfaces import Surface

MACHINE_YELLOW = spectrum(0.05, 0.24, 0.38, 0.42)


def blot(plan: Plan, u: float, v: float, size: tuple[float, float]) -> np.ndarray:
    """An outline that no ruler drew."""
    turn = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = 1 + sum(
        plan.rng.normal(0, 0.16 / k**0.8) * np.cos(k * turn + plan.rng.uniform(0, 6)) for k in (2, 3, 4, 5, 7, 9, 12)
    )
    across = np.column_stack([np.cos(turn) * size[0] / 2, np.sin(turn) * size[1] / 2]) * radius[:, None]
    return np.array([plan.frame.at(u + x, v + y) for x, y in across])


def stripped(plan: Plan, u: float, v: float, size: tuple[float, float], since: int) -> None:
    """Bare earth from a date on."""
    ring = blot(plan, u, v, size)
    plan.built.append(Built(ring, since, surfaces=[Surface(ring, "earth", plan.draw(), plan.frame.angle)]))


def raised(plan: Plan, u: float, v: float, size: tuple[float, float, float], since: int, turn: float = 0.0) -> None:
    """A berm or a heap, a pit where its height is negative."""
    paint = GROUND["clay"] if plan.rng.random() < 0.6 else GROUND["soil"]
    x, y = plan.frame.at(u, v)
    power = 6.0 if size[2] < 0 else 2.2
    heap = Heap(x, y, size[0], size[1], plan.frame.angle + turn, size[2], paint * 1.1, 0.35, power, plan.draw())
    outline = plan.frame.ring(u, v, size[0] * 0.92, size[1] * 0.92, turn)
    plan.built.append(Built(outline, since, heaps=[heap]))


def earthworks(plan: Plan) -> None:
    """Pits and berms on a meadow, from the second date or the third on."""
    rng = plan.rng
    parts.land(plan)
    parts.farm_field(plan, -60, -130, (220, 90), lively=True)
    parts.road(plan, 100)
    movers.traffic(plan, 100)
    parts.trees(plan, 90, -70, (60, 40), 24)
    parts.houses(plan, -120, 122, 8)
    begin = int(rng.integers(1, 3))
    stripped(plan, -30, 20, (130, 95), begin)
    stripped(plan, 62, -10, (80, 70), min(begin + 1, len(plan.days) - 1))
    for k in range(int(rng.integers(2, 5))):
        since = begin + int(rng.integers(0, 3))
        at = float(rng.uniform(-75, 20)), float(rng.uniform(-10, 50))
        raised(
            plan,
            *at,
            (float(rng.uniform(14, 32)), float(rng.uniform(10, 20)), -float(rng.uniform(1.5, 4))),
            since + k % 2,
        )
    for _ in range(int(rng.integers(3, 7))):
        at = float(rng.uniform(-95, 95)), float(rng.uniform(-60, 70))
        long = float(rng.uniform(10, 45))
        raised(
            plan,
            *at,
            (long, float(rng.uniform(6, 10)), float(rng.uniform(1.2, 3.5))),
            begin + int(rng.integers(0, 3)),
            float(rng.uniform(0, 3)),
        )
    parts.yard(plan, -20, -62, (70, 30), "gravel", since=begin)
    parts.yard(plan, -20, 72, (6, 48), "gravel", since=begin)
    if rng.random() < 0.6:
        parts.hall(plan, 70, 55, (34, 24), since=min(begin + 2, len(plan.days) - 1))
    places = stock.slots(plan, Block(-50, -72, 3, 1, 3.0, 0.5, "office", ("20ft", "40ft"), 4.0))
    places += stock.slots(plan, Block(-8, -70, 2, 2, 1.0, 0.6, "stores", ("20ft",), 4.0))
    for place in places:
        come = begin + int(rng.integers(0, 2))
        boxes = stock.stack(plan, place, 1)
        place.stacks = [boxes if date >= come else () for date in plan.dates]
    for date in plan.dates[begin:]:
        for _ in range(int(rng.integers(3, 8))):
            at = float(rng.uniform(-80, 60)), float(rng.uniform(-40, 60))
            turn = float(rng.uniform(0, 6))
            plan.moving[date].prisms.append(
                plan.prism(
                    *at, (4.6, 2.5, 2.8), MACHINE_YELLOW * np.float32(rng.uniform(0.5, 0.9)), turn=turn, texture="car"
                )
            )
        movers.lorry(plan, date, float(rng.uniform(-60, 20)), -50.0, 0.2, cab=True)
