"""Sites for the network beside the simulator's kinds; each adds to a world of one date and returns what is parked.

Lots full of vehicles, tracks and lanes full of boxes, works without a box, blocks of one colour.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from changedet.kernels.containers import LENGTH_OF_KIND_M
from changedet.simulate import structures, vehicles
from changedet.simulate.builder import Builder
from changedet.simulate.container_slots import blocks
from changedet.simulate.elements import Decal, Slot, Solid
from changedet.simulate.grounds import clear, land, pave
from changedet.simulate.materials import CARS, LINES, vary
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import blob
from changedet.simulate.stock import Stock
from training.vehicles import DARK, Parked, any_of, bus, lone_tractor, piece, trailer, truck, wagon

Vehicle = Callable[..., Parked]


def lot(b: Builder) -> list[Parked]:
    """Rows of trailers, buses, lorries and cars, square or slanted, with slot lines and islands; now and then boxes."""
    rng = b.rng
    half = yard(b)
    stock = Stock(b)
    fleets: tuple[Vehicle, ...] = (trailer, trailer, bus, truck)
    main = fleets[int(rng.integers(len(fleets)))]
    found: list[Parked] = []
    v = -half + 10.0
    while v < half - 8:
        use = rng.random()
        if use < 0.13:
            vehicles.parking(b, float(rng.uniform(-0.2, 0.2)) * half, v, 1, int(rng.integers(8, 30)), 0.75)
        elif use < 0.25:
            _box_row(b, stock, half, v)
        elif use < 0.93:
            found += _vehicle_row(b, main if rng.random() < 0.8 else fleets[int(rng.integers(4))], half, v)
        v += float(rng.choice([13.5, 17.0, 24.0, 32.0]) + rng.uniform(0, 4))
    islands(b, half)
    if rng.random() < 0.6:
        roofs(b, float(rng.uniform(-0.6, 0.6)) * half, float(rng.choice([-1, 1])) * (half + 14), 40.0, 22.0)
    return found


def yard(b: Builder) -> float:
    """Land and a yard over most of it; returns half its side."""
    rng = b.rng
    land(b, float(rng.uniform(0.2, 1.0)))
    half = float(rng.uniform(0.34, 0.5)) * b.world.size_m
    clear(b, (-half, -half, half, half))
    pave(b, (-half, -half, half, half))
    if rng.random() < 0.5:
        structures.junk(b, (-half, half - 6, half, half), 25)
    return half


def _vehicle_row(b: Builder, vehicle: Vehicle, half: float, v: float) -> list[Parked]:
    rng = b.rng
    slant = 0.0 if rng.random() < 0.6 else float(rng.choice([-1, 1]) * rng.uniform(20, 55))
    pitch = float(rng.uniform(2.9, 4.4)) / np.cos(np.radians(slant))
    lines, full, tidy = rng.random() < 0.5, float(rng.uniform(0.45, 1.0)), float(rng.uniform(0.1, 0.9))
    line = b.plain((0.42, 0.43, 0.42, 0.44) if rng.random() < 0.7 else (0.08, 0.3, 0.38, 0.42))
    ahead = float(rng.choice([0, 180]))
    found = []
    for u in np.arange(-half + 8, half - 8, pitch):
        if lines:
            b.patch(b.frame.box(u + pitch / 2, v, 0.14, 12.5, slant), line)
        if rng.random() > full:
            continue
        kind = vehicle if rng.random() < 0.88 else (truck, trailer, bus, lone_tractor)[int(rng.integers(4))]
        turn = slant + (ahead if rng.random() < 0.85 else 180 - ahead) + float(rng.normal(0, 1.6))
        found.append(kind(b, float(u + rng.normal(0, 0.1)), v + float(rng.normal(0, tidy)), turn))
    return found


def _box_row(b: Builder, stock: Stock, half: float, v: float) -> None:
    """A short row of containers, on the ground or on chassis."""
    rng = b.rng
    base = 1.2 if rng.random() < 0.4 else 0.0
    pitch = float(rng.choice([2.5, 2.6, 3.4, 4.0]))
    kind = str(rng.choice(["40ft", "20ft", "45ft"], p=[0.6, 0.35, 0.05]))
    start = float(rng.uniform(-half, 0.3 * half))
    for k in range(int(rng.integers(2, 18))):
        place(b, stock, start + k * pitch, v, float(rng.normal(0, 0.5)), kind, base)


def place(b: Builder, stock: Stock, u: float, v: float, turn: float, kind: str, base_m: float) -> None:
    """Put one container down."""
    x, y = b.frame.point(u, v)
    angle = (b.frame.angle_deg + turn) % 180
    b.world.slots.append(Slot(float(x), float(y), angle, kind, "lot", 0.0, 1, base_m))
    stock.add(0, len(b.world.slots) - 1)


def islands(b: Builder, half: float) -> None:
    """Kerbs, islands with trees, masts, barriers."""
    rng = b.rng
    kerb = b.plain(vary(rng, (0.3, 0.31, 0.31, 0.33), 0.3))
    for _ in range(int(rng.integers(0, 7))):
        u, v = rng.uniform(-half, half, 2)
        long = float(rng.uniform(5, 50))
        turn = float(rng.choice([0, 90]))
        height = float(rng.uniform(0.15, 0.9))
        b.world.solids.append(Solid(b.frame.box(u, v, 0.4, long, turn), height, kerb, kerb, 0.0, "none"))
    for _ in range(int(rng.integers(0, 6))):
        b.mast(float(rng.uniform(-half, half)), float(rng.uniform(-half, half)), float(rng.uniform(8, 16)))
    for _ in range(int(rng.integers(0, 4))):
        u, v = (float(t) for t in rng.uniform(-half, half, 2))
        b.patch(b.frame.box(u, v, float(rng.uniform(2, 4)), float(rng.uniform(4, 14))), b.surface("grass"))


def tracks(b: Builder) -> list[Parked]:
    """Tracks or lorry lanes side by side, boxes on wagons or chassis with staggered ends, and wagons without."""
    rng = b.rng
    land(b, 0.5)
    reach, lanes = b.reach, int(rng.integers(2, 10))
    pitch, middle = float(rng.uniform(3.5, 5.0)), float(rng.uniform(-0.3, 0.3)) * b.world.size_m
    rail = rng.random() < 0.7
    wide = lanes * pitch
    clear(b, (-reach, middle - wide / 2 - 25, reach, middle + wide / 2 + 25), 2)
    ground = str(rng.choice(["ballast", "gravel", "asphalt", "concrete", "dirt"]))
    b.patch(b.frame.box(0, middle, 2 * reach, wide + float(rng.uniform(2, 46))), b.surface(ground), "rail")
    full, load, stock = float(rng.uniform(0.5, 1.0)), float(rng.uniform(0.4, 1.0)), Stock(b)
    for k in range(lanes):
        lane(b, stock, middle + (k + 0.5) * pitch - wide / 2, rail, full, load)
    line = b.plain(vary(rng, (0.4, 0.41, 0.4, 0.42), 0.3))
    for side in (-1, 1):
        for _ in range(int(rng.integers(0, 4))):
            v = middle + side * (wide / 2 + float(rng.uniform(1.5, 18)))
            b.patch(b.frame.box(0, v, 2 * reach, float(rng.uniform(0.15, 0.7))), line)
    return []


def lane(b: Builder, stock: Stock, v: float, rail: bool, full: float, load: float) -> None:
    """A track or a lorry lane along u: carriers with and without boxes, and wagons of other kinds."""
    rng, reach = b.rng, 0.6 * b.world.size_m
    if rail:
        steel = b.plain(vary(rng, (0.10, 0.11, 0.13, 0.17)), 0.02)
        for off in (-0.72, 0.72):
            b.patch(b.frame.box(0, v + off, 2 * b.reach, 0.16), steel)
        b.patch(b.frame.box(0, v, 2 * b.reach, 2.6), KEEP_LABEL, tone=int(rng.uniform(78, 98)))
    if rng.random() > full + 0.2:
        return
    u = float(rng.uniform(-reach, -reach + 25))
    while u < reach:
        sets = [["40ft"], ["20ft", "20ft"], ["20ft"], ["45ft"], ["40ft", "20ft"], ["20ft"] * 3, ["40ft"]]
        kinds = sets[int(rng.integers(len(sets)))]
        length = sum(LENGTH_OF_KIND_M[k] + 0.12 for k in kinds) + float(rng.uniform(0.4, 2.0))
        if rng.random() > full:
            u += float(rng.uniform(4, 30))
            continue
        if rail and rng.random() < 0.12:
            wagon(b, u + length / 2, v, length)
        else:
            _carrier(b, stock, u, v, length, kinds, load)
        u += length + float(rng.uniform(0.5, 2.2) if rail else rng.uniform(2, 9))


def _carrier(b: Builder, stock: Stock, u: float, v: float, length: float, kinds: list[str], load: float) -> None:
    steel = b.plain((0.07, 0.075, 0.08, 0.1), 0.06)
    b.world.solids.append(Solid(b.frame.box(u + length / 2, v, length, 2.6), 1.1, steel, steel, 0.0, "object"))
    s = u + (length - sum(LENGTH_OF_KIND_M[k] + 0.12 for k in kinds)) / 2
    for kind in kinds:
        if b.rng.random() < load:
            place(b, stock, s + LENGTH_OF_KIND_M[kind] / 2, v, 90.0, kind, 1.15)
        s += LENGTH_OF_KIND_M[kind] + 0.12


def works(b: Builder) -> list[Parked]:
    """An industrial quarter without a box: roofs with fittings, sheds, bulk bays, timber, greenhouses, parked cars."""
    rng = b.rng
    half = yard(b)
    found: list[Parked] = []
    for u in np.arange(-half + 22, half - 10, float(rng.uniform(30, 55))):
        for v in np.arange(-half + 20, half - 10, float(rng.uniform(26, 50))):
            use = int(rng.integers(9))
            at = float(u + rng.normal(0, 2)), float(v + rng.normal(0, 2))
            if use == 8:
                found.append((trailer, truck)[int(rng.integers(2))](b, *at, float(rng.uniform(0, 360))))
            else:
                _plant(b, use, *at)
    islands(b, half)
    return found


def _plant(b: Builder, use: int, u: float, v: float) -> None:
    """One of the things that works are made of."""
    rng = b.rng
    if use < 2:
        roofs(b, u, v, float(rng.uniform(14, 30)), float(rng.uniform(10, 20)))
    elif use == 2:
        _heaps(b, u, v)
    elif use == 3:
        _packs(b, u, v)
    elif use == 4:
        structures.greenhouse(b, u, v, int(rng.integers(2, 5)))
    elif use == 5:
        vehicles.parking(b, u, v, int(rng.integers(1, 3)), int(rng.integers(5, 12)), 0.8)
    elif use == 6:
        for k in range(int(rng.integers(1, 5))):
            structures.shed(b, u + k * float(rng.uniform(4, 9)), v, float(rng.choice([0, 90, 30])))
    else:
        structures.tank(b, u, v, float(rng.uniform(2, 7)), float(rng.uniform(4, 9)))


def roofs(b: Builder, u: float, v: float, along: float, deep: float) -> None:
    """A hall with parapet, roof lights and machines of a container's size."""
    rng = b.rng
    height = float(rng.uniform(4, 11))
    b.house(u, v, along, deep, height)
    paint, dark = b.plain(any_of(rng, CARS), 0.03), b.plain(vary(rng, (0.2, 0.2, 0.2, 0.22), 0.4))
    outline = b.frame.box(u, v, along, deep)
    for _ in range(int(rng.integers(0, 9))):
        s, t = rng.uniform(0.08, 0.92, 2)
        at = outline[0] + s * (outline[1] - outline[0]) + t * (outline[3] - outline[0])
        size = float(rng.uniform(1.2, 3.0)), float(rng.choice([2.0, 4.0, 6.0, 9.0, 12.0]))
        unit = b.frame.box(0, 0, *size, float(rng.choice([0, 90]))) + at
        fan = (Decal(piece(unit, (0.3, 0.6), (0.2, 0.8)), KEEP_LABEL, 70),)
        lift = 0.05 if rng.random() < 0.5 else float(rng.uniform(0.6, 2.2))
        b.world.solids.append(Solid(unit, height + lift, paint, dark, height, "none", decals=fan))


def _heaps(b: Builder, u: float, v: float) -> None:
    """Bulk material or scrap between low walls."""
    rng = b.rng
    wall = b.plain(vary(rng, (0.25, 0.26, 0.26, 0.28)))
    for k in range(int(rng.integers(2, 6))):
        at = u + k * 7.0
        b.world.solids.append(Solid(b.frame.box(at - 3.5, v, 0.6, 9), 2.0, wall, wall, 0.0, "none"))
        x, y = b.frame.point(at, v)
        name = str(rng.choice(["gravel", "sand", "soil", "dirt"]))
        b.mound(
            blob(rng, float(x), float(y), float(rng.uniform(2, 3.2)), 1.2, 14), float(rng.uniform(1, 2.5)), name=name
        )
    for _ in range(60 if rng.random() < 0.5 else 0):
        e, n = rng.normal(0, 3.5, 2)
        structures.junk(b, (u + e, v + n + 10, u + e + 1, v + n + 11), 1)


def _packs(b: Builder, u: float, v: float) -> None:
    """Timber, pipes, pallets or slabs in packs: rows with gaps, none as wide and long as a container."""
    rng = b.rng
    wide, long = float(rng.choice([1.1, 1.4, 3.6, 4.6])), float(rng.choice([2.4, 3.6, 5.0, 7.5]))
    colour = any_of(rng, ((0.12, 0.2, 0.27, 0.35), (0.3, 0.31, 0.31, 0.33), (0.08, 0.12, 0.2, 0.25), DARK))
    for r in range(int(rng.integers(1, 5))):
        for k in range(int(rng.integers(2, 10))):
            if rng.random() < 0.8:
                label = b.plain(vary(rng, colour, 0.1), 0.06)
                at = b.frame.box(u + k * (wide + 0.4), v + r * (long + 0.8), wide, long, float(rng.normal(0, 1)))
                b.world.solids.append(Solid(at, float(rng.uniform(0.6, 3)), label, label, 0.0, "none"))


def rows(b: Builder) -> list[Parked]:
    """Touching blocks of boxes of one or two lines, one to five high."""
    rng = b.rng
    half = yard(b)
    fleet = np.full(len(LINES), 0.004)
    fleet[rng.integers(len(LINES), size=int(rng.integers(1, 4)))] = 1.0
    stock = Stock(b, fleet=fleet / fleet.sum())
    stock.mixed = float(rng.uniform(0, 0.3))
    blocks(b, (-half + 5, -half + 5, half - 5, half - 5), "yard-a", int(rng.integers(1, 5)), float(rng.uniform(5, 18)))
    stock.set_level(0, "yard-a", int(rng.uniform(0.5, 1.0) * len(b.world.slots)), 0)
    return []


SITES: dict[str, Callable[[Builder], list[Parked]]] = {"lot": lot, "tracks": tracks, "works": works, "rows": rows}
