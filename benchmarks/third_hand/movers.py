"""What moves from date to date and is never judged: cars, lorries, buses, wagons, cranes, ships."""

from __future__ import annotations

import numpy as np

from benchmarks.third_hand.canvas import Beam, Prism
from benchmarks.third_hand.plan import LENGTHS_M, WIDTH_M, Built, Plan, Slot
from benchmarks.third_hand.spectra import CARS, ROOFS, STEEL, Spectrum, spectrum

TRAILER_M = (13.6, 2.55, 4.0)
WAGON_FLOOR_M = 1.2
CRANE_BLUE = spectrum(0.36, 0.2, 0.09, 0.15)
CRANE_RED = spectrum(0.07, 0.08, 0.3, 0.36)
HULLS = (spectrum(0.05, 0.04, 0.04, 0.04), spectrum(0.12, 0.07, 0.05, 0.06), spectrum(0.05, 0.06, 0.2, 0.25))
DECK = spectrum(0.09, 0.13, 0.12, 0.15)


def car(plan: Plan, date: int, u: float, v: float, turn: float) -> None:
    """A car, now and then a van."""
    rng = plan.rng
    size = (5.4, 2.0, 2.2) if rng.random() < 0.15 else (float(rng.uniform(3.9, 4.8)), 1.8, 1.45)
    paint = CARS[rng.integers(0, len(CARS))]
    plan.moving[date].prisms.append(
        plan.prism(u, v, size, paint, texture="car", turn=turn + float(rng.normal(0, 0.02)))
    )


def lorry(plan: Plan, date: int, u: float, v: float, turn: float, cab: bool) -> None:
    """A box trailer, with its tractor or parked alone."""
    rng = plan.rng
    paints = (
        ROOFS[0] * 1.25,
        ROOFS[0] * 1.25,
        ROOFS[1],
        spectrum(0.12, 0.09, 0.07, 0.1),
        spectrum(0.06, 0.07, 0.26, 0.33),
    )
    paint = paints[rng.integers(0, len(paints))] * np.float32(rng.uniform(0.85, 1.1))
    turn += float(rng.normal(0, 0.01))
    plan.moving[date].prisms.append(plan.prism(u, v, TRAILER_M, paint, texture="lorry", turn=turn))
    if cab:
        ahead = TRAILER_M[0] / 2 + 1.5
        at = u + ahead * np.cos(turn), v + ahead * np.sin(turn)
        colour = CARS[rng.integers(0, len(CARS))]
        plan.moving[date].prisms.append(plan.prism(*at, (2.2, 2.5, 3.4), colour, turn=turn))


def bus(plan: Plan, date: int, u: float, v: float, turn: float, paint: Spectrum) -> None:
    """A bus or a coach."""
    one = plan.prism(u, v, (float(plan.rng.uniform(11.5, 13.2)), 2.55, 3.2), paint, texture="coach", turn=turn)
    plan.moving[date].prisms.append(one)


def traffic(plan: Plan, v: float, width: float = 8.0, along: bool = True) -> None:
    """Cars and lorries on a road, others on each date."""
    for date in plan.dates:
        for _ in range(int(plan.rng.integers(3, 12))):
            lane = v + plan.rng.choice([-1, 1]) * width / 4
            at = float(plan.rng.uniform(-150, 150))
            (x, y), turn = ((at, lane), 0.0) if along else ((lane, at), np.pi / 2)
            if plan.rng.random() < 0.2:
                lorry(plan, date, x, y, turn, cab=True)
            else:
                car(plan, date, x, y, turn)


def car_park(plan: Plan, u: float, v: float, bays: int, rows: int) -> None:
    """Cars side by side, some places taken on each date."""
    wide, deep = 2.5 * bays + 6, 5.6 * rows + 5.5 * ((rows - 1) // 2) + 4
    middle = u + 1.25 * (bays - 1), v + (5.6 * (rows - 1) + 5.5 * ((rows - 1) // 2)) / 2
    ground = plan.surface(*middle, wide, deep, "asphalt")
    plan.built.append(Built(plan.frame.ring(*middle, wide, deep), surfaces=[ground]))
    for date in plan.dates:
        taken = plan.rng.uniform(0.25, 0.9)
        for row in range(rows):
            for bay in range(bays):
                if plan.rng.random() < taken:
                    at = u + 2.5 * bay + float(plan.rng.normal(0, 0.1)), v + 5.6 * row + 5.5 * (row // 2)
                    car(plan, date, *at, np.pi / 2)


def at_work(plan: Plan, u: float, v: float, size: tuple[float, float], most: int) -> None:
    """Lorries and cars between the blocks of a yard, away from stacks."""
    taken = np.array([(slot.x, slot.y) for slot in plan.slots]) if plan.slots else np.zeros((0, 2))
    for date in plan.dates:
        for _ in range(int(plan.rng.integers(1, most + 1))):
            at = plan.rng.uniform(-0.5, 0.5, 2) * size + (u, v)
            place = np.array(plan.frame.at(*at))
            if len(taken) and np.hypot(*(taken - place).T).min() < 13:
                continue
            turn = float(plan.rng.choice([0, np.pi / 2, np.pi]) + plan.rng.normal(0, 0.1))
            if plan.rng.random() < 0.5:
                lorry(plan, date, at[0], at[1], turn, cab=True)
            else:
                car(plan, date, at[0], at[1], turn)


def gantry(plan: Plan, date: int, u: float, v: float, span: float, high: float, paint: Spectrum) -> None:
    """A yard crane across a block: two girders, legs, sills, a trolley."""
    frame, beams = plan.frame, plan.moving[date].beams
    for side in (-2.6, 2.6):
        beams.append(Beam(frame.ring(u + side, v, 1.1, span), high, high + 1.4, paint))
        for end in (-span / 2, span / 2):
            beams.append(Beam(frame.ring(u + side, v + end, 0.7, 0.7), 0.5, high, paint * np.float32(0.7)))
    for end in (-span / 2, span / 2):
        beams.append(Beam(frame.ring(u, v + end, 9.5, 1.3), 0.6, 1.6, paint * np.float32(0.8)))
    trolley = v + float(plan.rng.uniform(-0.3, 0.3)) * span
    beams.append(Beam(frame.ring(u, trolley, 6.4, 3.2), high + 1.4, high + 2.2, STEEL * 1.5))


def quay_crane(plan: Plan, date: int, u: float, edge: float, paint: Spectrum) -> None:
    """A ship-to-shore crane whose boom reaches over the water on the side of smaller v."""
    frame, beams = plan.frame, plan.moving[date].beams
    high, gauge = 33.0, 22.0
    for side in (-7.5, 7.5):
        for foot in (edge + 3, edge + 3 + gauge):
            beams.append(Beam(frame.ring(u + side, foot, 1.3, 1.3), 1.5, high, paint * np.float32(0.75)))
        beams.append(Beam(frame.ring(u + side, edge + 3 + gauge / 2, 0.9, gauge), 12.0, 13.2, paint))
    for foot in (edge + 3, edge + 3 + gauge):
        beams.append(Beam(frame.ring(u, foot, 17.0, 1.3), 1.0, 2.4, paint))
        beams.append(Beam(frame.ring(u, foot, 16.0, 1.0), high - 1, high, paint))
    for side in (-1.9, 1.9):
        beams.append(Beam(frame.ring(u + side, edge + 2, 0.8, 76.0), high, high + 1.6, paint * 1.1))
    for k in range(8):
        beams.append(Beam(frame.ring(u, edge - 34 + 9.5 * k, 4.2, 0.45), high + 0.4, high + 1.2, paint))
    beams.append(Beam(frame.ring(u, edge + 30, 7.5, 12.0), high + 1.6, high + 6, ROOFS[0] * 1.3))


def ship(plan: Plan, dates: tuple[int, int], u: float, edge: float, length: float) -> None:
    """A container ship along a quay, afloat at smaller v, with boxes on its deck; there from one date to another."""
    rng, wide = plan.rng, 26.0
    middle = edge - 2.0 - wide / 2
    hull, deck = HULLS[rng.integers(0, len(HULLS))], DECK * np.float32(rng.uniform(0.7, 1.5))
    prisms = [plan.prism(u, middle, (length, wide, 5.0), deck, side=hull)]
    for k in range(36):
        narrow = wide * (1 - ((k + 1) / 40) ** 2.2)
        prisms.append(plan.prism(u + length / 2 + 0.27 + 0.55 * k, middle, (0.6, narrow, 6.0), deck, side=hull))
    house = u - length / 2 + 14
    prisms.append(plan.prism(house, middle, (11, wide - 2, 22.0), spectrum(0.42, 0.43, 0.42, 0.4)))
    prisms.append(plan.prism(house - 9, middle, (4.5, 5, 24.0), CRANE_RED))
    bays = np.arange(house + 16, u + length / 2 - 6, 14.6)
    for at in bays:
        prisms.append(plan.prism(at, middle, (13.2, wide - 3, 6.2), DECK * 1.3, bottom=5.0))
        full = rng.uniform(0.0, 1.0)
        for row in range(8):
            tiers = int(rng.integers(1, 4)) if rng.random() < full else 0
            place = plan.frame.at(float(at), middle + (row - 3.5) * (WIDTH_M + 0.12))
            slot = Slot(*place, "40ft", plan.frame.angle, "ship", 6.2)
            boxes = tuple(plan.box("40ft") for _ in range(tiers))
            slot.stacks = [boxes if dates[0] <= date < dates[1] else () for date in plan.dates]
            plan.slots.append(slot)
    outline = plan.frame.ring(u + 10, middle, length + 22, wide + 1)
    for date in range(*dates):
        plan.moving[date].prisms += prisms
    for date in plan.dates:
        plan.moving[date].hides.append(outline)


def train(plan: Plan, dates: tuple[int, int], u: float, v: float, length: float, mix: str) -> None:
    """Wagons on a track: with containers, empty flats, vans, hoppers, tanks; there from one date to another."""
    rng = plan.rng
    at, end = u - length / 2, u + length / 2
    made = [plan.prism(at - 11, v, (18.5, 3.0, 4.2), CRANE_RED * np.float32(rng.uniform(0.5, 1.1)), texture="coach")]
    while at < end - 20:
        sort = (
            "flat"
            if rng.random() < (0.85 if mix == "containers" else 0.15)
            else str(rng.choice(["van", "hopper", "tank", "van"]))
        )
        long = 19.6 if sort == "flat" else float(rng.uniform(13, 17))
        middle = at + long / 2
        if sort == "flat":
            made.append(
                plan.prism(
                    middle, v, (long, 2.7, WAGON_FLOOR_M), STEEL * np.float32(rng.uniform(0.5, 1.0)), texture="logs"
                )
            )
            _load(plan, dates, middle, v)
        else:
            made.append(_wagon(plan, sort, middle, v, long))
        at += long + 1.1
    for date in range(*dates):
        plan.moving[date].prisms += made


def _load(plan: Plan, dates: tuple[int, int], u: float, v: float) -> None:
    """What stands on a flat wagon: 40 and 20, three of 20, one of 45, or nothing."""
    loads = (("40ft", "20ft"), ("20ft", "20ft", "20ft"), ("45ft",), ("40ft",), ("20ft", "20ft"), ())
    kinds = loads[plan.rng.choice(6, p=[0.3, 0.16, 0.12, 0.16, 0.08, 0.18])]
    total = sum(LENGTHS_M[kind] for kind in kinds) + 0.25 * max(len(kinds) - 1, 0)
    at = u - total / 2
    for kind in kinds:
        middle = at + LENGTHS_M[kind] / 2
        slot = Slot(*plan.frame.at(middle, v), kind, plan.frame.angle, "train", WAGON_FLOOR_M)
        box = (plan.box(kind),)
        slot.stacks = [box if dates[0] <= date < dates[1] else () for date in plan.dates]
        plan.slots.append(slot)
        at += LENGTHS_M[kind] + 0.25


def _wagon(plan: Plan, sort: str, u: float, v: float, long: float) -> Prism:
    rng = plan.rng
    tone = np.float32(rng.uniform(0.7, 1.3))
    if sort == "van":
        paint = (ROOFS[1], ROOFS[0], spectrum(0.08, 0.1, 0.15, 0.2), STEEL)[rng.integers(0, 4)] * tone
        return plan.prism(u, v, (long, 2.85, 3.8), paint, texture="ribbed", pitch=0.18)
    if sort == "hopper":
        paint = spectrum(0.05, 0.05, 0.055, 0.07) if rng.random() < 0.5 else spectrum(0.12, 0.15, 0.19, 0.24)
        return plan.prism(u, v, (long, 2.9, 3.2), paint * tone, texture="opened")
    paint = (ROOFS[0], ROOFS[2], STEEL)[rng.integers(0, 3)] * tone
    return plan.prism(u, v, (long - 1, 2.7, 3.6), paint, texture="drum")
