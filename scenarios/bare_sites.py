"""Drawn sites that are bare all over (our own simulator): pads levelled and banks heaped in the soil's own colour."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from changedet.simulate.builder import Builder
from changedet.simulate.elements import FOREVER, NEVER, Life, Slot
from changedet.simulate.files import write_series
from changedet.simulate.grounds import land
from changedet.simulate.kinds import build
from changedet.simulate.palette import Paint, Spectrum
from changedet.simulate.stock import Stock
from changedet.simulate.world import World

SIZE_M = 220.0
DATES = 6
SOILS = ("soil", "sand", "dirt", "stubble", "gravel")
BOXES = 12
"""Places of 20-foot boxes on the yard that stands from the start."""


def bare_site(seed: int) -> World:
    """A site in memory: one soil all over, a yard, and what is levelled, dug and heaped there date by date."""
    bands = ("blue", "green", "red", "nir")
    world = build("earthworks", DATES, seed, 0.5, SIZE_M, bands, "uint16", dt.date(2023, 3, 12), 40)
    b = Builder(world, np.random.default_rng([seed, 131]))
    soil = str(b.rng.choice(SOILS))
    land(b, 0.3, (soil,) * 4 if b.rng.random() < 0.6 else (soil, soil, "soil", "dirt"))
    world.ground = b.surface(soil)
    for label in {patch.label for patch in world.patches if patch.role == "none" and patch.label >= 0}:
        if b.rng.random() < 0.7:
            world.palette.paints[label] = _near(b, world.palette.paints[world.ground], 0.03)
    _yard(b)
    for _ in range(int(b.rng.integers(2, 5))):
        _pad(b, soil, _born(b))
    for _ in range(int(b.rng.integers(2, 5))):
        _bank(b, soil, _born(b))
    for _ in range(int(b.rng.integers(1, 4))):
        _pit(b, soil, _born(b))
    return world


def write_bare_site(seed: int, folder: Path) -> Path:
    """Write a site with its truth; the workflow file."""
    return write_series(bare_site(seed), folder, f"bare-{seed}")


def _born(b: Builder) -> Life:
    return (int(b.rng.integers(1, DATES)), NEVER) if b.rng.random() < 0.8 else FOREVER


def _near(b: Builder, own: Paint, apart: float) -> Paint:
    """A paint of about the same colour: turned soil is a little brighter or darker, and smoother or rougher."""
    light = float(np.exp(b.rng.normal(0.0, apart)))
    grain = float(b.rng.uniform(0.3, 1.2))
    first, second = (
        None if one is None else cast("Spectrum", tuple(v * light for v in one)) for one in (own.first, own.second)
    )
    return replace(
        own, first=cast("Spectrum", first), second=second, grain=own.grain * grain, medium=own.medium * grain,
        large=own.large * grain, mix_broad=own.mix_broad * grain, mix_fine=own.mix_fine * grain,
    )  # fmt: skip


def _own(b: Builder, soil: str, apart: float) -> int:
    label = b.surface(soil)
    b.world.palette.paints[label] = _near(b, b.world.palette.paints[b.world.ground], apart)
    return label


def _place(b: Builder, reach: float = 0.42) -> tuple[float, float]:
    return cast("tuple[float, float]", tuple(float(one) for one in b.rng.uniform(-reach * SIZE_M, reach * SIZE_M, 2)))


def _pad(b: Builder, soil: str, life: Life) -> None:
    (u, v), (w, h) = _place(b), b.rng.uniform(14.0, 55.0, 2)
    b.patch(b.frame.box(u, v, float(w), float(h)), _own(b, soil, 0.09), "earthwork", life)


def _bank(b: Builder, soil: str, life: Life) -> None:
    (u, v), long, deep = _place(b), float(b.rng.uniform(18.0, 90.0)), float(b.rng.uniform(4.0, 9.0))
    sides = (long, deep) if b.rng.random() < 0.5 else (deep, long)
    _heaped(b, soil, (u, v, *sides), float(b.rng.uniform(1.2, 3.0)), life)


def _pit(b: Builder, soil: str, life: Life) -> None:
    (u, v), (w, h) = _place(b), b.rng.uniform(10.0, 22.0, 2)
    _heaped(b, soil, (u, v, float(w), float(h)), -float(b.rng.uniform(1.0, 2.5)), life)


def _heaped(b: Builder, soil: str, box: tuple[float, float, float, float], height_m: float, life: Life) -> None:
    b.mound(b.frame.box(*box), height_m, life, soil, float(b.rng.uniform(1.0, 1.5)))
    mound = b.world.mounds[-1]
    b.world.mounds[-1] = replace(mound, **{name: _own(b, soil, 0.04) for name in ("slope", "top")})


def _yard(b: Builder) -> None:
    (u, v), stock = _place(b, 0.25), Stock(b)
    b.patch(b.frame.box(u, v, 44.0, 30.0), b.surface(str(b.rng.choice(["gravel", "concrete"]))), "yard")
    for k in range(BOXES):
        x, y = b.frame.point(u - 17.0 + 3.0 * k, v)
        b.world.slots.append(Slot(float(x), float(y), b.frame.angle_deg % 180, "20ft", "yard", 0.0, 1))
        if b.rng.random() < 0.6:
            stock.add(int(b.rng.integers(0, DATES)), len(b.world.slots) - 1)
