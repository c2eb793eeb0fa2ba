"""Sites of what misled the network on scenes by other hands, each on a world of one date.

Roofs of all kinds, goods of a box's size, packed stacks under cranes, dark rows on bare ground, boxes alone beside dirt
roads, goods wagons, ships, aircraft. What is parked there comes back; `wide_roofs` and `wide_things` hold the parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from changedet.kernels.containers import LENGTH_OF_KIND_M, WIDTH_M
from changedet.simulate import structures, vehicles
from changedet.simulate.builder import Builder
from changedet.simulate.container_slots import add_slot
from changedet.simulate.elements import Decal, Solid
from changedet.simulate.grounds import clear, land
from changedet.simulate.materials import LINES, vary
from changedet.simulate.palette import Paint, Spectrum
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.stock import Stock
from training import wide_roofs, wide_things
from training.network_sites import islands, place
from training.vehicles import Parked, any_of, anywhere, bus, piece, trailer, truck, van, wagon

BARE: tuple[Spectrum, ...] = (
    (0.085, 0.118, 0.16, 0.235),
    (0.06, 0.085, 0.15, 0.22),
    (0.07, 0.10, 0.20, 0.27),
    (0.05, 0.062, 0.08, 0.12),
    (0.17, 0.20, 0.24, 0.30),
)
"""Bare ground: soil, brown, red, wet, pale."""
PAVED: tuple[Spectrum, ...] = (
    (0.30, 0.32, 0.33, 0.35),
    (0.22, 0.24, 0.25, 0.27),
    (0.13, 0.14, 0.145, 0.16),
    (0.07, 0.075, 0.08, 0.09),
)
"""Pale, common and dark concrete, tarmac."""
WORN: tuple[Spectrum, ...] = (
    (0.05, 0.06, 0.11, 0.16),
    (0.07, 0.08, 0.12, 0.17),
    (0.035, 0.04, 0.05, 0.07),
    (0.09, 0.10, 0.115, 0.14),
    (0.05, 0.06, 0.06, 0.09),
    (0.04, 0.05, 0.085, 0.11),
)
"""Roofs of boxes that are rusty, grey-brown, sooty, dull."""


def bare(b: Builder, colours: tuple[Spectrum, ...]) -> int:
    """A surface in patches of two colours, more or less uneven."""
    rng = b.rng
    first, second = any_of(rng, colours), any_of(rng, (*BARE, *PAVED))
    amount = float(rng.uniform(0.2, 1.3))
    paint = Paint(vary(rng, first, 0.2, 0.05), vary(rng, second, 0.15), float(rng.uniform(0, 0.35)), 0.3 * amount,
                  0.3 * amount, 0.09 * amount, 0.07 * amount, 0.06 * amount, wet=0.3)  # fmt: skip
    return b.world.palette.add(paint)


def grounds(b: Builder, colours: tuple[Spectrum, ...], half: float, rough: bool = False) -> None:
    """Open land with one large piece of ground: stains, wheel marks, lane strips, puddles, old patches."""
    rng = b.rng
    land(b, float(rng.uniform(0.1, 0.6)))
    clear(b, (-half, -half, half, half))
    outline = b.frame.box(0, 0, 2 * half, 2 * half)
    b.patch(outline, bare(b, colours), "yard")
    for _ in range(int(rng.integers(0, 5))):
        u, v = anywhere(rng, half)
        b.patch(b.frame.box(u, v, *(float(s) for s in rng.uniform(8, 0.8 * half, 2))), bare(b, colours))
    area = 4 * half * half
    b.blotches(outline, int(rng.uniform(0, area / 250)), (0.5, 9), (70, 125))
    b.tyre_tracks(outline, int(rng.integers(0, 30 if rough else 12)))
    if not rough and rng.random() < 0.7:
        line = b.plain((0.4, 0.42, 0.42, 0.44) if rng.random() < 0.5 else (0.06, 0.28, 0.36, 0.4))
        for v in np.arange(-half + float(rng.uniform(2, 12)), half, float(rng.uniform(5, 26))):
            b.patch(b.frame.box(0, float(v), 1.9 * half, float(rng.uniform(0.12, 0.3))), line)


def worn(b: Builder, share: float) -> None:
    """Repaint a share of the boxes: rusty, dull, dark."""
    rng, paints = b.rng, b.world.palette.paints
    for box in b.world.containers:
        if rng.random() < share:
            first, second = (vary(rng, any_of(rng, WORN), 0.25, 0.06) for _ in range(2))
            paints[box.label] = replace(
                paints[box.label], first=first, second=second, mix_fine=float(rng.uniform(0, 0.4)), grain=0.07
            )


def _block(b: Builder, stock: Stock, at: tuple[float, float], shape: tuple[int, int], turned: bool, high: int) -> None:
    """Rows of stacks close together, each of its own height, some places empty."""
    rng = b.rng
    kind = str(rng.choice(["40ft", "20ft", "45ft"], p=[0.55, 0.4, 0.05]))
    long = LENGTH_OF_KIND_M[kind]
    side, end = float(rng.uniform(0.05, 0.32)), float(rng.uniform(0.08, 0.5))
    full = float(rng.uniform(0.55, 1.0))
    skew = float(rng.normal(0, 0.4))
    for row in range(shape[0]):
        for column in range(shape[1]):
            if rng.random() > full:
                continue
            across, along = column * (WIDTH_M + side), row * (long + end) + float(rng.normal(0, 0.05))
            u, v = (along, across) if turned else (across, along)
            slot = add_slot(b, at[0] + u, at[1] + v, (90.0 if turned else 0.0) + skew, kind, "yard-a", 0.0, high)
            for _ in range(int(rng.integers(1, high + 1))):
                stock.add(0, slot)


def fleet_of(b: Builder) -> Stock:
    """A stock of a few lines or of all."""
    rng = b.rng
    if rng.random() < 0.5:
        return Stock(b)
    fleet = np.full(len(LINES), 0.01)
    fleet[rng.integers(len(LINES), size=int(rng.integers(1, 5)))] = 1.0
    stock = Stock(b, fleet=fleet / fleet.sum())
    stock.mixed = float(rng.uniform(0, 1))
    return stock


def packed(b: Builder) -> list[Parked]:
    """A terminal: packed blocks one to five high, cranes over them, vehicles in the lanes."""
    rng = b.rng
    half = 0.47 * b.world.size_m
    grounds(b, PAVED, half)
    stock, turned, high = fleet_of(b), bool(rng.random() < 0.5), int(rng.integers(1, 6))
    found: list[Parked] = []
    t = -half + 6.0
    while t < half - 14:
        deep, s = int(rng.integers(2, 8)), -half + float(rng.uniform(3, 12))
        while s < half - 30:
            rows = int(rng.integers(1, 6))
            at = (s, t) if turned else (t, s)
            _block(b, stock, at, (rows, deep), turned, high)
            if rng.random() < 0.35:
                wide_things.gantry(b, at[0] + 6, at[1] + 6, deep * 2.7 + 8, not turned)
            s += rows * 12.6 + float(rng.uniform(4, 16))
        lane = t + deep * 2.7 + float(rng.uniform(3, 6))
        for _ in range(int(rng.integers(0, 4))):
            s = float(rng.uniform(-half + 8, half - 8))
            u, v = (s, lane) if turned else (lane, s)
            kind = (trailer, truck, van)[int(rng.integers(3))]
            found.append(kind(b, u, v, 90.0 if turned else 0.0))
        t = lane + float(rng.uniform(4, 14))
    worn(b, float(rng.uniform(0, 0.6)))
    wide_things.masts(b, half)
    return found


def dark_rows(b: Builder) -> list[Parked]:
    """A yard on bare ground: rows with empty places, most boxes old, trailers and a hall beside."""
    rng = b.rng
    half = 0.45 * b.world.size_m
    grounds(b, BARE, half, rough=True)
    stock, high = fleet_of(b), int(rng.integers(1, 4))
    v = -half + 8.0
    while v < half - 16:
        for _ in range(int(rng.integers(1, 3))):
            turned = bool(rng.random() < 0.35)
            deep = 3.2 if turned else 13.2
            v += deep / 2
            u = -half + float(rng.uniform(3, 20))
            while u < half - 20:
                many = int(rng.integers(2, 5)) if turned else int(rng.integers(2, 16))
                _block(b, stock, (u, v), (1, many) if not turned else (many, 1), turned, high)
                u += (many * 12.6 if turned else many * 2.8) + float(rng.choice([2.6, 5.2, 9.0, 20.0]))
            v += deep / 2
        v += float(rng.uniform(6, 24))
    worn(b, float(rng.uniform(0.3, 1.0)))
    found = _loose(b, (-half, half), int(rng.integers(0, 12)))
    if rng.random() < 0.6:
        wide_roofs.any_hall(b, float(rng.uniform(-half, half)), half + 16, 40.0, 24.0)
    return found


def _loose(b: Builder, v_span: tuple[float, float], count: int) -> list[Parked]:
    """Vehicles anywhere on free ground."""
    rng, half = b.rng, 0.45 * b.world.size_m
    found = []
    for _ in range(count):
        u, v = float(rng.uniform(-half, half)), float(rng.uniform(*v_span))
        x, y = b.frame.point(u, v)
        if all((s.x - x) ** 2 + (s.y - y) ** 2 > 14**2 for s in b.world.slots):
            kind = (trailer, truck, bus, van)[int(rng.integers(4))]
            found.append(kind(b, u, v, float(rng.choice([0, 90, 180, 270]) + rng.normal(0, 4))))
    return found


def roadside(b: Builder) -> list[Parked]:
    """Patchy grass, soil and furrows with dirt roads; boxes alone or in twos beside them, and what is like them."""
    rng = b.rng
    half = 0.48 * b.world.size_m
    land(b, float(rng.uniform(0.1, 0.5)))
    for _ in range(int(rng.integers(2, 6))):
        wide_things.field(b, half)
    if rng.random() < 0.7:
        grass = Paint(vary(rng, (0.045, 0.085, 0.075, 0.3), 0.2), vary(rng, (0.14, 0.2, 0.26, 0.33), 0.2),
                      float(rng.uniform(0.1, 0.4)), 0.3, float(rng.uniform(0.3, 1.0)), 0.1, 0.08, 0.08)  # fmt: skip
        b.patch(b.frame.box(0, 0, 2 * half, float(rng.uniform(0.6, 2)) * half), b.world.palette.add(grass))
    for _ in range(int(rng.integers(1, 6))):
        wide_things.pad(b, *anywhere(rng, half), bare(b, BARE))
    stock, found = Stock(b), []
    for _ in range(int(rng.integers(1, 5))):
        v, turn = float(rng.uniform(-half, half)), float(rng.choice([0.0, 90.0]))
        wide = float(rng.uniform(2.5, 6))
        u_size, v_size = (2.2 * half, wide) if turn == 90 else (wide, 2.2 * half)
        at = (0.0, v) if turn == 90 else (v, 0.0)
        b.patch(b.frame.box(*at, u_size, v_size, float(rng.normal(0, 2))), bare(b, BARE))
        for _ in range(int(rng.integers(1, 10))):
            s = float(rng.uniform(-half + 8, half - 8))
            off = v + float(rng.choice([-1, 1])) * (wide / 2 + float(rng.uniform(1.5, 7)))
            way = turn + float(rng.choice([0, 0, 0, 90]) + rng.normal(0, 5))
            where = (s, off) if turn == 90 else (off, s)
            found += _beside(b, stock, *where, way)
    worn(b, float(rng.uniform(0.1, 0.7)))
    if rng.random() < 0.5:
        wide_roofs.any_hall(b, *anywhere(rng, half), 24.0, 14.0)
    return found


def _beside(b: Builder, stock: Stock, u: float, v: float, turn: float) -> list[Parked]:
    """One thing beside a road: mostly one or two boxes."""
    rng, use = b.rng, b.rng.random()
    if use < 0.62:
        kind = str(rng.choice(["20ft", "40ft"], p=[0.55, 0.45]))
        for k in range(2 if rng.random() < 0.25 else 1):
            way = np.radians(turn)
            step = k * float(rng.uniform(2.5, 4.0))
            place(b, stock, u + step * np.cos(way), v - step * np.sin(way), turn, kind, 0.0)
    elif use < 0.8:
        return [(trailer, truck, van, bus)[int(rng.integers(4))](b, u, v, turn)]
    elif use < 0.9:
        structures.shed(b, u, v, turn)
    else:
        wide_things.skip(b, u, v, turn)
    return []


def roofscape(b: Builder) -> list[Parked]:
    """A quarter without a box: halls, works and houses of all kinds, goods, tents, vehicles in rows."""
    rng = b.rng
    half = 0.48 * b.world.size_m
    grounds(b, (*PAVED, *BARE), half)
    found: list[Parked] = []
    step = float(rng.uniform(32, 60))
    for u in np.arange(-half + 18, half - 8, step):
        for v in np.arange(-half + 18, half - 8, step):
            at = float(u + rng.normal(0, 3)), float(v + rng.normal(0, 3))
            use = rng.random()
            if use < 0.5:
                long, deep = float(rng.uniform(14, step + 4)), float(rng.uniform(10, step - 8))
                wide_roofs.any_hall(b, *at, long, deep)
            elif use < 0.82:
                wide_things.goods(b, *at)
            elif use < 0.9:
                vehicles.parking(b, *at, int(rng.integers(1, 4)), int(rng.integers(6, 14)), 0.85)
            else:
                found += _coaches(b, *at)
    islands(b, half)
    return found


def _coaches(b: Builder, u: float, v: float) -> list[Parked]:
    """A row of coaches, trailers or lorries of one sort."""
    rng = b.rng
    kind, pitch = (bus, bus, trailer, truck)[int(rng.integers(4))], float(rng.uniform(2.9, 5))
    turn = float(rng.choice([0, 180]) + rng.normal(0, 1))
    return [kind(b, u + k * pitch - 14, v + float(rng.normal(0, 0.4)), turn) for k in range(int(rng.integers(3, 10)))]


def siding(b: Builder) -> list[Parked]:
    """Tracks with trains of goods wagons of all kinds, some with boxes, cranes, and a lane of lorries."""
    rng = b.rng
    land(b, 0.4)
    reach, count = b.reach, int(rng.integers(2, 9))
    pitch, middle = float(rng.uniform(4.2, 5.4)), float(rng.uniform(-0.3, 0.3)) * b.world.size_m
    wide = count * pitch
    clear(b, (-reach, middle - wide / 2 - 25, reach, middle + wide / 2 + 25), 2)
    b.patch(b.frame.box(0, middle, 2 * reach, wide + float(rng.uniform(4, 60))), bare(b, (*BARE, *PAVED)), "rail")
    stock, found = fleet_of(b), []
    for k in range(count):
        v = middle + (k + 0.5) * pitch - wide / 2
        b.patch(b.frame.box(0, v, 2 * reach, 3.4), b.surface("ballast"))
        wide_things.rails(b, v)
        if rng.random() < 0.8:
            train(b, stock, v, float(rng.uniform(0, 1)) if rng.random() < 0.7 else 0.0)
    if rng.random() < 0.5:
        wide_things.gantry(b, float(rng.uniform(-40, 40)), middle, wide + 14, True)
    for side in (-1, 1):
        v = middle + side * (wide / 2 + float(rng.uniform(5, 9)))
        for u in np.arange(-reach, reach, float(rng.uniform(16, 50))):
            if rng.random() < 0.4:
                found += [(trailer, truck)[int(rng.integers(2))](b, float(u), v, 90.0)]
    worn(b, float(rng.uniform(0, 0.7)))
    return found


def train(b: Builder, stock: Stock, v: float, boxed: float) -> None:
    """Wagons end to end, of which a share carries boxes."""
    rng = b.rng
    u, steel = float(rng.uniform(-1, -0.4)) * b.reach, b.plain((0.07, 0.075, 0.08, 0.1), 0.06)
    end = u + float(rng.uniform(0.5, 2)) * b.reach
    goods = float(rng.choice([12.5, 14.2, 16.5, 19.7]))
    while u < end:
        if rng.random() < boxed:
            kinds = [["40ft"], ["20ft", "20ft"], ["20ft"], ["45ft"], []][int(rng.integers(5))]
            length = 14.2 if "45ft" not in kinds else 15.5
            deck = b.frame.box(u + length / 2, v, length, 2.6)
            b.world.solids.append(Solid(deck, 1.15, steel, steel, 0.0, "object"))
            s = u + 0.9
            for kind in kinds:
                place(b, stock, s + LENGTH_OF_KIND_M[kind] / 2, v, 90.0, kind, 1.2)
                s += LENGTH_OF_KIND_M[kind] + 0.12
        else:
            length = goods
            wagon(b, u + length / 2, v, length)
        u += length + float(rng.uniform(0.9, 1.6))


def quay(b: Builder) -> list[Parked]:
    """Water with ships and barges whose hatches are of a box's size, cranes, and blocks on the quay."""
    rng = b.rng
    half = 0.5 * b.world.size_m
    grounds(b, PAVED, half)
    edge = float(rng.uniform(-0.1, 0.3)) * half
    b.patch(b.frame.box(0, edge + b.reach, 3 * b.reach, 2 * b.reach), b.surface("water"))
    b.patch(b.frame.box(0, edge, 3 * b.reach, 1.2), b.plain((0.3, 0.32, 0.32, 0.34)), "quay")
    for _ in range(int(rng.integers(0, 3))):
        wide_things.ship(b, float(rng.uniform(-half, half)), edge + float(rng.uniform(10, 14)))
    for _ in range(int(rng.integers(1, 4))):
        wide_things.ship(b, float(rng.uniform(-half, half)), edge + float(rng.uniform(34, 80)))
    for u in np.arange(-half, half, float(rng.uniform(35, 70))):
        if rng.random() < 0.6:
            wide_things.quay_crane(b, float(u), edge - float(rng.uniform(8, 16)))
    stock, high = fleet_of(b), int(rng.integers(1, 6))
    v = edge - float(rng.uniform(40, 50))
    while v > -half and rng.random() < 0.75:
        for u in np.arange(-half, half - 40, float(rng.uniform(40, 70))):
            _block(b, stock, (float(u), v), (int(rng.integers(2, 5)), int(rng.integers(3, 7))), True, high)
        v -= float(rng.uniform(22, 40))
    worn(b, float(rng.uniform(0, 0.5)))
    return _loose(b, (-half, edge - 8), int(rng.integers(0, 5)))


def apron(b: Builder) -> list[Parked]:
    """Aircraft on a pale apron or on tarmac, lines, vehicles, a hangar."""
    rng = b.rng
    half = 0.48 * b.world.size_m
    grounds(b, PAVED, half)
    for _ in range(int(rng.integers(2, 9))):
        u, v = anywhere(rng, 0.8 * half)
        wide_things.aircraft(b, u, v, float(rng.uniform(0, 360)), float(rng.choice([9, 14, 28, 36])))
    wide_roofs.any_hall(b, 0.0, half + 12, 60.0, 28.0)
    islands(b, half)
    return _loose(b, (-half, half), int(rng.integers(2, 12)))


def open_top(rng: np.random.Generator, outline: np.ndarray, load: int) -> tuple[Decal, ...]:
    """Marks of an open box: a rim, and inside shade or a load."""
    inner = piece(outline, (0.03, 0.97), (0.09, 0.91))
    shade = piece(outline, (0.03, 0.97), (0.09, float(rng.uniform(0.2, 0.6))))
    return Decal(inner, load), Decal(shade, KEEP_LABEL, int(rng.uniform(35, 75)))


SITES: dict[str, Callable[[Builder], list[Parked]]] = {
    "packed": packed, "dark-rows": dark_rows, "roadside": roadside, "roofscape": roofscape, "siding": siding,
    "quay": quay, "apron": apron,
}  # fmt: skip
