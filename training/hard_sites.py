"""Sites of what the network got wrong after its first stage.

Faint boxes between bright ones, short buses, some under trees, gaps of a box's width in rows, berms, furrows and sheds
of a box's size, plain boxes that stand alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from changedet.simulate import vehicles
from changedet.simulate.builder import Builder
from changedet.simulate.container_slots import blocks
from changedet.simulate.elements import Decal, Solid
from changedet.simulate.grounds import clear, land
from changedet.simulate.materials import vary
from changedet.simulate.palette import Paint, Spectrum
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Points, blob, roughen
from changedet.simulate.stock import Stock
from training.network_sites import islands, lane, place, yard
from training.vehicles import Parked, anywhere, bus, lone_tractor, short_bus, trailer, truck, van

PAINT_OF_WHITE: Spectrum = (0.5, 0.51, 0.5, 0.52)
OTHER_VEHICLES = (bus, bus, bus, truck, van, trailer, lone_tractor)
SOOTY: tuple[Spectrum, ...] = ((0.03, 0.035, 0.05, 0.06), (0.05, 0.035, 0.03, 0.05), (0.035, 0.045, 0.06, 0.09))


def faint_train(b: Builder) -> list[Parked]:
    """Tracks or lanes close together, half loaded, many of their boxes about as bright as the ground."""
    rng = b.rng
    land(b, 0.4)
    reach, lanes = b.reach, int(rng.integers(2, 9))
    pitch, middle = float(rng.uniform(3.2, 4.6)), float(rng.uniform(-0.3, 0.3)) * b.world.size_m
    wide, rail = lanes * pitch, bool(rng.random() < 0.7)
    clear(b, (-reach, middle - wide / 2 - 20, reach, middle + wide / 2 + 20), 2)
    ground = b.surface(str(rng.choice(["ballast", "ballast", "dirt", "asphalt", "concrete", "gravel"])))
    b.patch(b.frame.box(0, middle, 2 * reach, wide + float(rng.uniform(2, 46))), ground, "rail")
    full, load, stock = float(rng.uniform(0.6, 1.0)), float(rng.uniform(0.5, 1.0)), Stock(b)
    for k in range(lanes):
        lane(b, stock, middle + (k + 0.5) * pitch - wide / 2, rail, full, load)
    _dulled(b, b.world.palette.paints[ground].first, float(rng.uniform(0.25, 0.85)))
    return []


def _dulled(b: Builder, ground: Spectrum, share: float) -> None:
    """Repaint a share of the boxes nearly as the ground: dust, rust, age; in some sites all are dark."""
    rng, paints = b.rng, b.world.palette.paints
    dark = float(rng.uniform(0.45, 0.9)) if rng.random() < 0.5 else 1.0
    for box in b.world.containers:
        blue, green, red, nir = (dark * v for v in paints[box.label].first)
        paints[box.label] = replace(paints[box.label], first=(blue, green, red, nir))
        if rng.random() > share:
            continue
        paint, dust = paints[box.label], float(rng.uniform(0.35, 0.9))
        beside = vary(rng, ground, 0.22, 0.06)
        blue, green, red, nir = ((1 - dust) * a + dust * c for a, c in zip(paint.first, beside, strict=True))
        paints[box.label] = replace(paint, first=(blue, green, red, nir), mix_fine=0.25, grain=0.08)


def bus_depot(b: Builder) -> list[Parked]:
    """Buses, most of them short, in rows, in pairs end to end, and alone; trees over some; vans and cars."""
    rng = b.rng
    half = yard(b)
    found: list[Parked] = []
    v = -half + 9.0
    while v < half - 8:
        if rng.random() < 0.12:
            vehicles.parking(b, float(rng.uniform(-0.2, 0.2)) * half, v, 1, int(rng.integers(8, 24)), 0.75)
        elif rng.random() < 0.9:
            found += _bus_row(b, half, v)
        v += float(rng.uniform(13, 28))
    islands(b, half)
    return [_under(b, parked) if rng.random() < 0.15 else parked for parked in found]


def _bus_row(b: Builder, half: float, v: float) -> list[Parked]:
    rng = b.rng
    slant = 0.0 if rng.random() < 0.5 else float(rng.choice([-1, 1]) * rng.uniform(15, 75))
    short, pair = float(rng.uniform(0.2, 1.0)), float(rng.choice([0.0, 0.3, 0.8]))
    pitch = float(rng.uniform(2.9, 5.5)) / np.cos(np.radians(min(abs(slant), 55.0)))
    full, ahead, tidy = float(rng.uniform(0.25, 1.0)), float(rng.choice([0, 180])), float(rng.uniform(0.1, 0.8))
    line, lines = b.plain((0.42, 0.43, 0.42, 0.44)), rng.random() < 0.5
    found: list[Parked] = []
    for u in np.arange(-half + 8, half - 8, pitch):
        if lines:
            b.patch(b.frame.box(u + pitch / 2, v, 0.14, 11.0, slant), line)
        if rng.random() > full:
            continue
        turn = slant + (ahead if rng.random() < 0.8 else 180 - ahead) + float(rng.normal(0, 2.0))
        kind = short_bus if rng.random() < short else OTHER_VEHICLES[rng.integers(len(OTHER_VEHICLES))]
        at = float(u + rng.normal(0, 0.15)), v + float(rng.normal(0, tidy))
        found.append(kind(b, *at, turn))
        if kind is short_bus and rng.random() < pair:
            away, way = float(rng.uniform(8.3, 10.0)), np.radians(turn)
            found.append(short_bus(b, at[0] + away * np.sin(way), at[1] + away * np.cos(way), turn))
    return found


def _under(b: Builder, parked: Parked) -> Parked:
    """A tree beside or above a vehicle, which does not count where it is hidden."""
    rng = b.rng
    x, y = parked.outline.mean(axis=0)
    radius, away, way = float(rng.uniform(1.5, 5.0)), float(rng.uniform(1.0, 6.5)), float(rng.uniform(0, 2 * np.pi))
    b.tree(float(x + away * np.cos(way)), float(y + away * np.sin(way)), radius)
    return parked if away > 0.6 * radius else replace(parked, counts=False)


def gaps(b: Builder) -> list[Parked]:
    """Blocks whose places are filled at random, one to four high.

    Ground and shadow between two boxes are as wide as one, and some boxes are as dark as shadow.
    """
    rng = b.rng
    half = yard(b)
    stock, full = Stock(b), float(rng.uniform(0.45, 0.9))
    stock.mixed = float(rng.uniform(0.1, 1.0))
    high = int(rng.integers(1, 5))
    rect = (-half + 5, -half + 5, half - 5, half - 5)
    blocks(b, rect, "yard-a", high, float(rng.uniform(6, 18)))
    for slot in range(len(b.world.slots)):
        if rng.random() < full:
            for _ in range(int(rng.integers(1, high + 1))):
                stock.add(0, slot)
    paints = b.world.palette.paints
    for box in b.world.containers:
        if rng.random() < 0.12:
            paints[box.label] = replace(paints[box.label], first=vary(rng, SOOTY[int(rng.integers(3))], 0.3))
    return []


def country(b: Builder) -> list[Parked]:
    """Open land with berms, furrows, bales and sheds of about a box's size, and some plain boxes that stand alone."""
    rng = b.rng
    land(b, float(rng.uniform(0.2, 0.8)))
    half = 0.48 * b.world.size_m
    for _ in range(int(rng.integers(2, 5))):
        _furrows(b, half)
    if rng.random() < 0.6:
        half_yard = float(rng.uniform(0.1, 0.3)) * b.world.size_m
        at = rng.uniform(-half + half_yard, half - half_yard, 2)
        ground = b.surface(str(rng.choice(["gravel", "dirt", "concrete", "asphalt", "sand"])))
        b.patch(b.frame.box(float(at[0]), float(at[1]), 2 * half_yard, 2 * half_yard), ground, "yard")
    b.tyre_tracks(b.frame.box(0, 0, 2 * half, 2 * half), int(rng.integers(4, 22)))
    for _ in range(int(rng.integers(2, 7))):
        _berms(b, *anywhere(rng, half))
    for _ in range(int(rng.integers(2, 9))):
        shed(b, *anywhere(rng, half))
    for _ in range(int(rng.integers(0, 3))):
        _bales(b, *anywhere(rng, half))
    _loners(b, Stock(b), half)
    return []


def _furrows(b: Builder, half: float) -> None:
    """A field in rows of a box's width, more or less."""
    rng = b.rng
    turn, period = float(rng.uniform(0, 180)), float(rng.uniform(1.2, 5.0))
    stripes = (period, b.frame.angle_deg + turn, float(rng.uniform(0.08, 0.4)), float(rng.choice([0.0, 0.0, 0.3])))
    label = b.surface(str(rng.choice(["crop", "stubble", "soil", "meadow", "sand"])), turn, stripes)
    u, v = anywhere(rng, half)
    outline = b.frame.box(u, v, float(rng.uniform(25, 90)), float(rng.uniform(25, 90)), turn)
    b.patch(roughen(rng, outline, 4.0, 0.4), label)


def _berms(b: Builder, u: float, v: float) -> None:
    """Heaps as wide as a box, alone or side by side."""
    rng = b.rng
    name, turn = str(rng.choice(["soil", "sand", "gravel", "dirt", "grass"])), float(rng.uniform(0, 180))
    for k in range(int(rng.integers(1, 6))):
        x, y = b.frame.point(u + k * float(rng.uniform(3.5, 7)), v)
        way = np.radians(turn + rng.normal(0, 6))
        deep = 1 if rng.random() < 0.85 else -1
        if rng.random() < 0.5:
            outline = blob(rng, float(x), float(y), float(rng.uniform(1.2, 2.2)), float(rng.uniform(1.5, 4.0)), 16)
        else:
            along, size = u + k * float(rng.uniform(4, 7)), (float(rng.uniform(2, 4.5)), float(rng.uniform(5, 15)))
            box = b.frame.box(along, v, *size)
            middle = box.mean(axis=0)
            spin = np.array([[np.cos(way), -np.sin(way)], [np.sin(way), np.cos(way)]])
            outline = roughen(rng, middle + (box - middle) @ spin.T, 1.5, 0.2)
        b.mound(outline, deep * float(rng.uniform(0.5, 2.4)), name=name, run=float(rng.uniform(0.6, 1.6)))


def _spot(rng: np.random.Generator, outline: Points) -> Decal:
    """A stain about the middle of a roof."""
    x, y = outline.mean(axis=0) + rng.normal(0, 1, 2)
    return Decal(blob(rng, float(x), float(y), 0.5, 1.5, 8), KEEP_LABEL, 70)


def shed(b: Builder, u: float, v: float) -> None:
    """A shed, shelter or site hut, a little wider than a container, or with a ridge or hatches."""
    rng = b.rng
    wide, long, turn = float(rng.uniform(2.5, 4.3)), float(rng.uniform(5.5, 14.0)), float(rng.uniform(0, 180))
    outline, ridged = b.frame.box(u, v, wide, long, turn), bool(rng.random() < 0.5 or wide < 2.8)
    roof, wall = b.roof_paint(), b.plain((0.2, 0.2, 0.2, 0.22))
    marks = tuple(_spot(rng, outline) for _ in range(int(rng.integers(0, 4))))
    height = float(rng.uniform(2.2, 3.6))
    b.world.solids.append(Solid(outline, height, roof, wall, 0.0, "building", ridged=ridged, decals=marks))


def _bales(b: Builder, u: float, v: float) -> None:
    """Bales in lines."""
    rng = b.rng
    straw = b.plain(vary(rng, (0.1, 0.17, 0.23, 0.33), 0.3), 0.08)
    for k in range(int(rng.integers(3, 14))):
        for r in range(int(rng.integers(1, 3))):
            outline = b.frame.box(u + 1.4 * r, v + k * 2.6, 1.2, 2.4, float(rng.normal(0, 3)))
            b.world.solids.append(Solid(outline, 1.2, straw, straw, 0.0, "none"))


def _loners(b: Builder, stock: Stock, half: float) -> None:
    """Single boxes and pairs far from others; half of them plain and white."""
    rng, paints = b.rng, b.world.palette.paints
    for _ in range(int(rng.integers(0, 12))):
        u, v, turn = *anywhere(rng, half), float(rng.uniform(0, 180))
        kind = str(rng.choice(["20ft", "40ft"], p=[0.6, 0.4]))
        for k in range(2 if rng.random() < 0.2 else 1):
            way = np.radians(turn)
            place(b, stock, u + 2.6 * k * np.cos(way), v - 2.6 * k * np.sin(way), turn, kind, 0.0)
            if rng.random() < 0.5:
                label = b.world.containers[-1].label
                paints[label] = _clean(paints[label], vary(rng, PAINT_OF_WHITE, 0.15))


def _clean(paint: Paint, colour: Spectrum) -> Paint:
    """A paint of another colour, without rust."""
    return replace(paint, first=colour, mix=0.02, mix_fine=0.05, grain=0.03)


SITES = {"faint": faint_train, "depot": bus_depot, "gaps": gaps, "country": country}
