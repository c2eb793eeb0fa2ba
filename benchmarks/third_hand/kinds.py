"""The kinds of sites: what an analyst would meet, laid out anew by each seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.third_hand import movers, parts, stock
from benchmarks.third_hand.decoys import decoys
from benchmarks.third_hand.earthworks import earthworks
from benchmarks.third_hand.plan import Built, Plan
from benchmarks.third_hand.stock import Block
from benchmarks.third_hand.surfaces import Surface

BLOCK_M = 138.0
"""Length of a terminal's block."""
LOOSE = ("20ft", "40ft", "40ft", "20ft", "45ft")


def surroundings(plan: Plan, reach_v: float, fields: bool) -> None:
    """A road and halls, houses or trees above what is watched, fields or a wood below it."""
    rng = plan.rng
    parts.road(plan, reach_v + 9)
    movers.traffic(plan, reach_v + 9)
    at = -150.0
    while at < 150:
        size = float(rng.uniform(22, 55)), float(rng.uniform(16, 34))
        what = rng.random()
        middle = at + size[0] / 2
        if what < 0.5:
            parts.hall(plan, middle, reach_v + 20 + size[1] / 2, size)
        elif what < 0.7:
            parts.houses(plan, at + 8, reach_v + 32, int(size[0] // 19) + 1)
        else:
            parts.trees(plan, middle, reach_v + 20 + size[1] / 2, size, int(rng.integers(4, 20)))
        at += size[0] + float(rng.uniform(8, 20))
    if fields:
        parts.farm_field(plan, -70, -reach_v - 62, (190, 110), lively=True)
        parts.farm_field(plan, 105, -reach_v - 62, (150, 110), lively=True)
    parts.trees(plan, float(rng.uniform(-80, 80)), -reach_v - 9, (150, 9), int(rng.integers(8, 34)))


def yard_blocks(plan: Plan, area: tuple[float, float], rows: int, gap: float, aisle: float, loose: float) -> list[list]:
    """Blocks one above another that fill a yard of an area around the middle, with aisles between."""
    made, v = [], -area[1] / 2 + 5
    across = rows * (2.44 + gap) - gap
    k = 0
    while v + across < area[1] / 2 - 3:
        bays = max(int((area[0] - 14) / (13.0 if k % 2 else 11.5)), 1)
        kinds = ("40ft", "40ft", "45ft") if k % 3 == 0 else LOOSE if k % 3 == 1 else ("20ft",)
        bays = int((area[0] - 14) / 6.6) if kinds == ("20ft",) else bays
        block = Block(
            -area[0] / 2 + 6,
            v,
            bays,
            rows,
            float(plan.rng.uniform(0.25, 0.6)),
            gap,
            f"yard-{k + 1}",
            kinds,
            loose,
            area[0] - 12,
        )
        made.append(stock.slots(plan, block))
        parts.block_lines(plan, block.u, v, area[0] - 12, across)
        v += across + aisle
        k += 1
    return made


def growth(plan: Plan) -> None:
    """A depot that is laid out on open ground and fills."""
    rng = plan.rng
    parts.land(plan)
    surroundings(plan, 82, fields=bool(rng.random() < 0.6))
    old, new = str(rng.choice(["gravel", "concrete", "asphalt"])), str(rng.choice(["gravel", "concrete"]))
    split = float(rng.uniform(-35, -15))
    laid = int(rng.integers(1, 3))
    parts.yard(plan, 0, split - 30, (150, 50), old)
    parts.yard(plan, 0, split + 42, (150, 90), new, since=laid)
    parts.hall(plan, -92, -50, (22, 30))
    first = stock.slots(plan, Block(-68, split - 48, 9, 4, 0.4, 0.35, "old", LOOSE, 2.0))
    blocks = [
        stock.slots(
            plan, Block(-68, split + 4 + 19 * k, int(rng.integers(7, 11)), 3, 0.45, 0.4, f"new-{k}", LOOSE, 2.0)
        )
        for k in range(4)
    ]
    stock.start(plan, first, 0.7, 2)
    stock.rest(first, 1)
    for date in plan.dates[1:]:
        stock.go_on(plan, first, 0.12, 0.15, 3)
        for k, places in enumerate(blocks):
            _come_to(plan, places, date, laid + (k + 1) // 2)
    parts.clutter(plan, 0, split - 30, (140, 46), 10)
    movers.car_park(plan, -104, -20, 8, 2)
    movers.at_work(plan, 0, split + 20, (140, 110), 6)
    parts.masts(plan, [(-74, split - 4), (74, split - 4), (0, split - 4)])


def _come_to(plan: Plan, places: list, date: int, opens: int) -> None:
    if not places[0].stacks:
        stock.empty(places)
    if date < opens:
        stock.empty(places)
    else:
        stock.go_on(plan, places, 0.06, 0.45, 3)


def quiet(plan: Plan) -> None:
    """A yard at rest: sun, season and cars alone change."""
    rng = plan.rng
    parts.land(plan)
    surroundings(plan, 82, fields=True)
    parts.yard(plan, 0, 0, (170, 150), str(rng.choice(["concrete", "asphalt", "gravel"])))
    rows = int(rng.integers(2, 6))
    for places in yard_blocks(plan, (170, 140), rows, float(rng.uniform(0.25, 0.5)), float(rng.uniform(9, 16)), 1.5):
        stock.start(plan, places, float(rng.uniform(0.5, 0.95)), int(rng.integers(2, 5)))
        stock.rest(places, len(plan.days))
    movers.car_park(plan, -118, -50, 8, 4)
    movers.at_work(plan, 0, 0, (160, 140), 6)
    parts.masts(plan, [(-88, -76), (88, -76), (-88, 76), (88, 76)])
    parts.clutter(plan, 0, -77, (150, 6), 8)


def dense(plan: Plan) -> None:
    """A packed yard of deep blocks with some turnover."""
    rng = plan.rng
    parts.land(plan)
    surroundings(plan, 86, fields=False)
    parts.yard(plan, 0, 0, (210, 160), str(rng.choice(["concrete", "asphalt"])))
    most = int(rng.integers(3, 6))
    for places in yard_blocks(
        plan, (205, 152), int(rng.integers(5, 9)), float(rng.uniform(0.2, 0.4)), float(rng.uniform(8, 15)), 1.0
    ):
        stock.start(plan, places, float(rng.uniform(0.85, 1)), most)
        for _ in plan.dates[1:]:
            stock.go_on(plan, places, 0.1, 0.12, most)
    movers.at_work(plan, 0, 0, (190, 150), 8)
    parts.masts(plan, [(-104, 0), (104, 0)])
    parts.clutter(plan, 0, 77, (200, 8), 14)


def rail(plan: Plan) -> None:
    """Trains of container wagons among others, a yard of boxes beside."""
    rng = plan.rng
    parts.land(plan)
    surroundings(plan, 88, fields=bool(rng.random() < 0.5))
    count = int(rng.integers(6, 10))
    middle, wide = 45.0, 4.7 * count + 6
    ring = plan.frame.ring(0, middle, parts.FAR_M, wide)
    bed = plan.surface(0, middle, parts.FAR_M, wide, "ballast")
    plan.built.append(Built(ring, surfaces=[bed]))
    for k in range(count):
        v = middle + 4.7 * (k - (count - 1) / 2)
        plan.tracks.append((0.0, v, parts.FAR_M))
        since = 0
        while since < len(plan.days):
            stays = min(1 + int(rng.random() < 0.2), len(plan.days) - since)
            if rng.random() < 0.62:
                mix = "containers" if rng.random() < 0.62 else "other"
                movers.train(
                    plan, (since, since + stays), float(rng.uniform(-50, 50)), v, float(rng.uniform(90, 230)), mix
                )
            since += stays
    parts.yard(plan, 0, -42, (200, 70), str(rng.choice(["asphalt", "concrete", "gravel"])))
    for k in range(2):
        places = stock.slots(
            plan, Block(-90, -70 + 24 * k, int(rng.integers(8, 13)), 3, 0.4, 0.4, f"yard-{k + 1}", LOOSE, 1.5)
        )
        stock.start(plan, places, 0.8, 3)
        for _ in plan.dates[1:]:
            stock.go_on(plan, places, 0.12, 0.12, 3)
    movers.at_work(plan, 0, -30, (180, 60), 6)
    parts.clutter(plan, 0, -12, (190, 12), 16)
    parts.masts(plan, [(-60, middle - wide / 2), (60, middle - wide / 2), (0, middle + wide / 2)])


def port(plan: Plan) -> None:
    """A terminal: stacks with tiers, yard cranes, quay cranes over ships that come and go."""
    rng = plan.rng
    edge, rows = -55.0, 6
    parts.yard(plan, 0, edge + 150, (parts.FAR_M, 300), str(rng.choice(["asphalt", "concrete"])))
    sea, seed = plan.frame.ring(0, edge - 150, parts.FAR_M, 300), plan.draw()
    glints = rng.random(len(plan.days)) * 0.8
    plan.seasons.append(lambda date: [Surface(sea, "water", seed, 0.0, float(glints[date]))])
    quay = plan.surface(0, edge + 20, parts.FAR_M, 40, "concrete")
    plan.built.append(Built(plan.frame.ring(0, edge + 20, parts.FAR_M, 40), surfaces=[quay]))
    plan.tracks += [(0.0, edge + 3, parts.FAR_M), (0.0, edge + 25, parts.FAR_M)]
    blocks = _terminal_blocks(plan, edge + 46, rows)
    most = int(rng.integers(4, 6))
    for block in blocks:
        places = stock.slots(plan, block)
        stock.start(plan, places, float(rng.uniform(0.35, 0.95)), most)
        for _ in plan.dates[1:]:
            stock.go_on(plan, places, 0.22, 0.22, most)
        parts.block_lines(plan, block.u, block.v, BLOCK_M, rows * 2.85)
    _cranes(plan, blocks, edge, rows)
    for date in plan.dates:
        if rng.random() < 0.65:
            movers.ship(plan, (date, date + 1), float(rng.uniform(-30, 20)), edge, float(rng.uniform(110, 190)))
    movers.at_work(plan, 0, edge + 14, (260, 20), 8)
    parts.clutter(plan, 0, edge + 34, (300, 6), 12)


def _terminal_blocks(plan: Plan, v: float, rows: int) -> list[Block]:
    rng, blocks = plan.rng, []
    while v < 150:
        for u in (-148.0, 8.0):
            kinds = ("40ft", "40ft", "20ft", "45ft") if rng.random() < 0.7 else ("20ft",)
            bays = 12 if len(kinds) > 1 else 20
            gaps = float(rng.uniform(0.35, 0.6)), float(rng.uniform(0.3, 0.45))
            blocks.append(Block(u, v, bays, rows, *gaps, f"block-{len(blocks) + 1}", kinds, reach=BLOCK_M))
        v += rows * 2.85 + float(rng.uniform(8, 11))
    return blocks


def _cranes(plan: Plan, blocks: list[Block], edge: float, rows: int) -> None:
    rng = plan.rng
    paint = movers.CRANE_BLUE if rng.random() < 0.5 else movers.CRANE_RED
    for date in plan.dates:
        for block in blocks:
            if rng.random() < 0.55:
                at = block.u + float(rng.uniform(8, 120))
                movers.gantry(plan, date, at, block.v + rows * 1.42, rows * 2.85 + 7, 19.0, paint)
        for at in rng.uniform(-110, 110, 2) if rng.random() < 0.5 else (-70.0, 60.0, 95.0):
            movers.quay_crane(plan, date, float(at), edge, paint)


def seasons(plan: Plan) -> None:
    """A small depot among fields that are ploughed, green, ripe."""
    rng = plan.rng
    parts.land(plan)
    for u in (-112.0, 0.0, 112.0):
        for v in (-115.0, 115.0):
            parts.farm_field(plan, u + float(rng.normal(0, 6)), v, (100, float(rng.uniform(90, 120))), lively=True)
    parts.farm_field(plan, -115, 0, (95, 90), lively=True)
    parts.farm_field(plan, 120, 0, (95, 90), lively=True)
    parts.road(plan, 58, 6.5)
    movers.traffic(plan, 58, 6.5)
    parts.trees(plan, 0, -58, (160, 8), 18)
    parts.yard(plan, 0, 0, (110, 84), "gravel")
    parts.hall(plan, -36, 22, (26, 20))
    places = stock.slots(plan, Block(-46, -36, 7, 3, 0.4, 0.4, "yard-1", LOOSE, 2.5))
    places += stock.slots(plan, Block(-10, 4, 4, 2, 0.5, 0.5, "yard-2", LOOSE, 3.0))
    stock.start(plan, places, 0.75, 2)
    for _ in plan.dates[1:]:
        stock.go_on(plan, places, 0.08, 0.1, 2)
    movers.at_work(plan, 0, 0, (100, 80), 4)
    parts.clutter(plan, 30, 24, (40, 26), 14)


def cloudy(plan: Plan) -> None:
    """A yard with turnover, partly under clouds on half of the dates."""
    rng = plan.rng
    parts.land(plan)
    surroundings(plan, 82, fields=True)
    parts.yard(plan, 0, 0, (180, 150), str(rng.choice(["concrete", "asphalt", "gravel"])))
    for places in yard_blocks(plan, (175, 140), int(rng.integers(3, 6)), 0.35, float(rng.uniform(10, 16)), 1.5):
        stock.start(plan, places, 0.7, 3)
        for _ in plan.dates[1:]:
            stock.go_on(plan, places, 0.1, 0.12, 3)
    movers.at_work(plan, 0, 0, (160, 140), 6)
    parts.clutter(plan, 0, 72, (170, 8), 12)
    for date in rng.choice(np.arange(1, len(plan.days)), max((len(plan.days) - 1) // 2, 1), replace=False):
        plan.cover[date] = float(rng.uniform(0.15, 0.5))


KINDS: dict[str, Callable[[Plan], None]] = {
    "growth": growth,
    "rail": rail,
    "port": port,
    "earthworks": earthworks,
    "quiet": quiet,
    "decoys": decoys,
    "dense": dense,
    "seasons": seasons,
    "cloudy": cloudy,
}
