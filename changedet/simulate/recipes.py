"""What is built, and what happens there, for each kind of series."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from changedet.simulate import structures, vehicles
from changedet.simulate.builder import Builder
from changedet.simulate.elements import NEVER
from changedet.simulate.grounds import capacity, clear, depot, depot_size, land, pave, road
from changedet.simulate.shapes import blob, roughen
from changedet.simulate.stock import Stock

_FIRST_LEVEL, _LAST_LEVEL = 0.5, 0.95
"""How full a growing depot's old yard stands, and its extension on the last date."""


def _grow(b: Builder) -> None:
    """Growth from a known date: an extension is paved, then boxes come and stay."""
    world, n = b.world, len(b.world.looks)
    onset = max(1, n // 2)
    paved = max(1, onset - 1) if n > 1 else 0
    land(b)
    depot(b, depot_size(b), paved, 3)
    stock = Stock(b)
    old, new = capacity(b, "yard-a"), capacity(b, "yard-b")
    base = max(4, int(_FIRST_LEVEL * old))
    for k in range(n):
        stock.set_level(k, "yard-a", base, 0 if k == 0 else int(b.rng.integers(0, 3)))
        if k >= onset:
            share = _LAST_LEVEL * (0.35 + 0.65 * (k - onset) / max(1, n - 1 - onset))
            stock.set_level(k, "yard-b", max(6, int(share * new)), int(b.rng.integers(0, 3)))
    if n > 1:
        world.onset_containers, world.onset_changed, world.onset_footprint = onset, paved, paved


def _quiet(b: Builder) -> None:
    land(b)
    depot(b, depot_size(b), None, 3)
    _steady(b, 0.65, 0.02)


def _steady(b: Builder, fill: float, turnover: float) -> Stock:
    stock = Stock(b)
    for k in range(len(b.world.looks)):
        for yard in ("yard-a", "yard-b"):
            level = int(fill * capacity(b, yard))
            stock.set_level(k, yard, level, 0 if k == 0 else int(b.rng.binomial(level, turnover)))
    return stock


def _dense(b: Builder) -> None:
    land(b, 0.5)
    depot(b, depot_size(b) * 1.15, None, 4)
    _steady(b, 0.97, 0.08)


def _trains(b: Builder) -> None:
    land(b)
    scale = depot_size(b)
    rect = depot(b, scale, None, 2)
    stock = _steady(b, 0.5, 0.08)
    tracks = int(b.rng.integers(2, 5))
    v = rect[3] + 9
    clear(b, (-b.reach, v, b.reach, v + 4.7 * tracks), 5)
    b.world.zones["sidings"] = b.frame.box(0, v + 2.35 * (tracks - 1), 1.6 * b.world.size_m, 4.7 * tracks)
    b.world.sidings.add("sidings")
    for place_v in b.rails(v, tracks):
        for k in range(len(b.world.looks)):
            if b.rng.random() < 0.7:
                wagons = int(b.rng.integers(4, max(5, int(b.world.size_m / 18))))
                stock.train(
                    k,
                    place_v,
                    wagons,
                    float(b.rng.uniform(-0.55, 0.1) * b.world.size_m),
                    float(b.rng.uniform(0.5, 0.95)),
                )


def _port(b: Builder) -> None:
    land(b, 0.3)
    scale, rng = depot_size(b), b.rng
    depot(b, scale * 1.1, None, 5, str(rng.choice(["concrete", "asphalt"])))
    edge = 0.24 * scale * 1.1 + 14
    reach = b.reach
    clear(b, (-reach, edge - 14, reach, 2 * reach), 4)
    b.patch(b.frame.box(0, edge - 5, 2 * reach, 22), b.surface("concrete"), "quay")
    b.patch(b.frame.box(0, edge + reach, 2 * reach, 2 * reach - 12), b.surface("water"))
    b.patch(b.frame.box(0, edge + 5.6, 2 * reach, 1.0), b.plain((0.25, 0.27, 0.27, 0.28)))
    for off in (-2.0, 3.5):
        b.patch(b.frame.box(0, edge + off, 2 * reach, 0.25), b.plain((0.08, 0.08, 0.09, 0.1)))
    for k in range(len(b.world.looks)):
        if rng.random() < 0.75:
            length = float(rng.uniform(0.35, 0.6) * scale)
            vehicles.ship(b, float(rng.uniform(-0.2, 0.2) * scale), edge + 8 + 0.07 * length, length, (k, k + 1))
        for _ in range(2):
            vehicles.crane(b, float(rng.uniform(-0.4, 0.4) * scale), edge + 11, (k, k + 1))
    _steady(b, 0.9, 0.35)


def _earthworks(b: Builder) -> None:
    world, rng, n = b.world, b.rng, len(b.world.looks)
    land(b)
    scale = depot_size(b)
    rect = depot(b, scale, max(1, n - 2) if n > 1 else None, 2)
    stock = Stock(b)
    onset = max(1, n // 3)
    for k in range(n):
        stock.set_level(k, "yard-a", max(3, int(0.25 * capacity(b, "yard-a"))), 0)
    for number in range(5):
        begun = min(n - 1, onset + int(rng.integers(0, max(1, n - onset)))) if number else onset
        u, v = rng.uniform(0.02, 0.3) * scale, rng.uniform(rect[1] + 15, rect[3] + 0.1 * scale)
        x, y = b.frame.point(float(u), float(v))
        site = blob(rng, float(x), float(y), float(rng.uniform(0.05, 0.11)) * scale, 1.5, 24)
        b.patch(x + 0 * site + (site - (x, y)) * 1.35 + (0, y - x), b.surface("soil"), "earthwork", (begun, NEVER))
        b.blotches(site[[0, 6, 12, 18]], 6, (1, 5), (80, 118), (begun, NEVER))
        b.mound(site, float(rng.choice([-3.0, -2.0, 2.0, 3.5])), (begun, NEVER), str(rng.choice(["soil", "sand"])))
    berm = b.frame.box(rect[2] + 10, 0, 9, 0.4 * scale)
    b.mound(berm, 2.5, (onset, NEVER), "soil", 0.9)
    b.road((rect[2] * 0.4, rect[3]), (rect[2] * 0.4, rect[3] + 0.25 * scale), 6, False, (min(n, onset + 1), NEVER))
    if n > 1:
        world.onset_changed = world.onset_footprint = onset


def _decoys(b: Builder) -> None:
    rng = b.rng
    land(b)
    scale = depot_size(b)
    h, low = 0.33 * scale, -0.22 * scale
    road(b, low - 0.1 * scale)
    clear(b, (-h, low, h, 0.28 * scale))
    pave(b, (-h, low, 0.0, 0.2 * scale))
    b.world.zones["lot"] = b.frame.box(-h / 2, -0.01 * scale, h, 0.42 * scale)
    for row in range(3):
        v = low + 14 + row * 0.12 * scale
        for u in np.arange(-h + 8, -6, float(rng.uniform(3.2, 4.2))):
            if rng.random() < 0.7:
                (vehicles.box_trailer if row != 1 else vehicles.bus)(
                    b, float(u), v + float(rng.normal(0, 0.9)), float(rng.choice([0, 180]) + rng.normal(0, 1.5))
                )
    structures.greenhouse(b, 0.06 * scale, 0.15 * scale, 5)
    for k in range(4):
        structures.tank(b, 0.08 * scale + 13 * k, low + 18, float(rng.uniform(3, 6)), float(rng.uniform(5, 9)))
        structures.shed(
            b,
            0.07 * scale + 15 * k + float(rng.normal(0, 2)),
            low + 0.16 * scale + float(rng.normal(0, 3)),
            float(rng.uniform(0, 90)),
        )
        structures.pool(b, 0.08 * scale + 16 * k, 0.04 * scale)
        x, y = b.frame.point(0.1 * scale + 14 * k, low + 0.115 * scale)
        b.mound(
            blob(rng, float(x), float(y), float(rng.uniform(4, 6)), 1.0, 18),
            3.0,
            name=str(rng.choice(["gravel", "sand"])),
        )
    b.house(-h / 2, 0.26 * scale, h * 0.8, 0.08 * scale, 7)
    vehicles.parking(b, 0.2 * scale, 0.25 * scale, 2, 14, 0.7)


def _wide(b: Builder) -> None:
    land(b, 1.6)
    rng, size = b.rng, b.world.size_m
    for _ in range(int(size / 200)):
        u, v = rng.uniform(-0.5, 0.5, 2) * size
        if max(abs(u), abs(v)) > 170:
            b.house(
                float(u),
                float(v),
                float(rng.uniform(9, 24)),
                float(rng.uniform(8, 13)),
                float(rng.uniform(4, 8)),
                turn=float(rng.uniform(0, 90)),
            )
    depot(b, float(np.clip(0.6 * size, 150, 260)), None, 3)
    _steady(b, 0.6, 0.05)


def _coarse(b: Builder) -> None:
    """A district: several big yards, one of them new, woods that are cleared, a river."""
    world, rng, n = b.world, b.rng, len(b.world.looks)
    land(b, 0.3, ("wood", "wood", "meadow", "crop", "crop", "stubble", "soil"))
    size, onset = b.world.size_m, max(1, n // 2)
    for _ in range(5):
        u, v = rng.uniform(-0.45, 0.45, 2) * size
        x, y = b.frame.point(float(u), float(v))
        b.patch(
            roughen(rng, blob(rng, float(x), float(y), float(rng.uniform(0.04, 0.1)) * size, 1.8), 12, 9),
            b.surface("wood"),
        )
        for _ in range(int(rng.integers(10, 60))):
            e, f = rng.normal(0, 90, 2)
            b.house(
                float(u + e),
                float(v + f),
                float(rng.uniform(9, 30)),
                float(rng.uniform(8, 20)),
                6,
                turn=float(rng.choice([0, 20, 90])),
            )
    road(b, -0.3 * size)
    b.patch(b.frame.box(0, 0.42 * size, 2 * b.reach, 0.05 * size), b.surface("water"))
    for number in range(7):
        u, v = -0.42 * size + 0.14 * size * number, float(rng.uniform(-0.22, 0.25)) * size
        w, h = rng.uniform(0.06, 0.12, 2) * size
        born = onset if number == 3 else (-1 if number < 3 else min(n, onset + int(rng.integers(1, max(2, n)))))
        b.patch(
            b.frame.box(u, v, float(w), float(h)),
            b.surface(str(rng.choice(["gravel", "concrete", "asphalt"]))),
            "yard",
            (born, NEVER),
        )
        b.house(u, v, float(w * 0.6), float(h * 0.35), 10, (born, NEVER))
    if n > 1:
        world.onset_changed = world.onset_footprint = onset


def _mixed(b: Builder) -> None:
    _grow(b)


RECIPES: dict[str, Callable[[Builder], None]] = {
    "quiet": _quiet,
    "growth": _grow,
    "trains": _trains,
    "port": _port,
    "earthworks": _earthworks,
    "clouds": _grow,
    "winter": _quiet,
    "mixed": _mixed,
    "dense": _dense,
    "decoys": _decoys,
    "twin_sites": _quiet,
    "wide": _wide,
    "coarse": _coarse,
}
