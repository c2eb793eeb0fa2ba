"""Drawn sites of stores (our own simulator): banks around pads, pits, pads and heaps with their states, as truth.

The other hand's are painted (`training/painter`, kind `stores`); both have the truth in the same form.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from changedet.simulate.builder import Builder
from changedet.simulate.elements import ALWAYS, NEVER, Slot
from changedet.simulate.files import write_series
from changedet.simulate.grounds import land
from changedet.simulate.kinds import build
from changedet.simulate.stock import Stock
from changedet.simulate.world import World

SIZE_M = 200.0
DATES = 6
KINDS, SHARES = ("revetment", "pit", "pad", "heap"), (0.5, 0.22, 0.13, 0.15)


@dataclass(frozen=True)
class Store:
    """A thing with its states.

    Attributes
    ----------
    kind : str
    outline, floor : polygon
        In local metres; the floor is None where nothing is set down on it.
    story : list of (int, str)
        Index of the first date of each state.
    """

    kind: str
    outline: shapely.Polygon
    floor: shapely.Polygon | None
    story: list[tuple[int, str]]

    def state(self, index: int) -> str | None:
        """The state on a date; None before it was made."""
        return next((state for since, state in reversed(self.story) if since <= index), None)


def stores(seed: int) -> tuple[World, list[Store]]:
    """A site in memory and its things."""
    import datetime as dt

    bands = ("blue", "green", "red", "nir")
    world = build("earthworks", DATES, seed, 0.5, SIZE_M, bands, "uint16", dt.date(2023, 3, 12), 40)
    b = Builder(world, np.random.default_rng([seed, 130]))
    land(b, 0.5)
    world.trees[:] = [t for t in world.trees if max(abs(t.x), abs(t.y)) > 0.75 * SIZE_M / 2]
    stock, found = Stock(b), []
    soil = str(b.rng.choice(["soil", "sand", "dirt"]))
    for column in (-1, 1):
        b.road((column * 38.0, -80), (column * 38.0, 80), 5.0, False)
        for side in (-1, 1):
            for v in np.arange(-66, 70, float(b.rng.uniform(38, 44))):
                if b.rng.random() > 0.12:
                    kind = str(b.rng.choice(KINDS, p=SHARES))
                    found.append(_made(b, stock, kind, column * 38.0 + side * 19.0, float(v), -side, soil))
    if b.rng.random() < 0.8:
        b.house(0.0, -88.0, float(b.rng.uniform(18, 30)), 14.0, 7.0, (int(b.rng.integers(-1, DATES)), NEVER))
    return world, found


def _story(b: Builder, ends: float) -> list[tuple[int, str]]:
    rng, n = b.rng, len(b.world.looks)
    since = ALWAYS if rng.random() < 0.35 else int(rng.integers(1, max(2, n - 1)))
    story, now = [(since, "dug")], since
    for state, chance in (("in use", 0.75), ("emptied", 0.6), ("covered", ends)):
        if now + 1 >= n or (state == "emptied" and len(story) < 2) or rng.random() > chance:
            continue
        now = max(now + int(rng.integers(0, 3)), 0)
        if now < n:
            story = [one for one in story if one[0] < now or one[0] == ALWAYS] + [(now, state)]
    return story


def _made(b: Builder, stock: Stock, kind: str, u: float, v: float, face: int, soil: str) -> Store:
    rng = b.rng
    story = [_story(b, 0.0)[0]] if kind == "heap" else _story(b, 0.45)
    born = story[0][0]
    filled = next((day for day, state in story if state == "covered"), NEVER)
    life = (born, NEVER)
    if kind == "heap":
        w = h = float(rng.uniform(12, 18))
        b.mound(b.frame.box(u, v, w, h), float(rng.uniform(2, 3.5)), life, soil)
        return Store(kind, _polygon(b, u, v, w, h), None, story)
    if kind == "pit":
        w, h = float(rng.uniform(13, 18)), float(rng.uniform(14, 20))
        b.patch(b.frame.box(u, v, w + 5, h + 5), b.surface(soil), "earthwork", life)
        b.mound(b.frame.box(u, v, w, h), -float(rng.uniform(2, 3)), (born, filled), soil, 1.3)
        _load(b, stock, story, u, v, w - 5)
        return Store(kind, _polygon(b, u, v, w + 5, h + 5), _polygon(b, u, v, w - 3, h - 3), story)
    w, h = (float(one) for one in rng.uniform(15, 21, 2))
    if kind == "revetment":
        w, h, deep = 30.0, 30.0, 8.0
        b.patch(b.frame.box(u, v, w + 2, h + 2), b.surface(soil), "earthwork", life)
        high = float(rng.uniform(2.2, 3.5))
        b.mound(b.frame.box(u, v - h / 2 + deep / 2, w, deep), high, life, soil, 1.2)
        b.mound(b.frame.box(u, v + h / 2 - deep / 2, w, deep), high, life, soil, 1.2)
        b.mound(b.frame.box(u - face * (w / 2 - deep / 2), v, deep, h), high, life, soil, 1.2)
        b.patch(b.frame.box(u + face * 4, v, 18, 13), b.surface(str(rng.choice(["gravel", "concrete"]))), "yard", life)
        _load(b, stock, story, u + face * 3, v, 8)
        _roofed(b, story, u + face * 3, v, 9.5, 8.0)
        return Store(kind, _polygon(b, u, v, w, h), _polygon(b, u + face * 3.5, v, 13, 12), story)
    b.patch(b.frame.box(u, v, w, h), b.surface(str(rng.choice(["gravel", "concrete", "asphalt"]))), "yard", life)
    _load(b, stock, story, u, v, w - 4)
    _roofed(b, story, u, v, w - 4, h - 4)
    return Store(kind, _polygon(b, u, v, w, h), _polygon(b, u, v, w, h), story)


def _polygon(b: Builder, u: float, v: float, w: float, h: float) -> shapely.Polygon:
    return shapely.Polygon(b.frame.box(u, v, w, h))


def _roofed(b: Builder, story: list[tuple[int, str]], u: float, v: float, w: float, h: float) -> None:
    for since, state in story:
        if state == "covered":
            b.house(u, v, w, h, float(b.rng.uniform(3, 5)), (since, NEVER))


def _load(b: Builder, stock: Stock, story: list[tuple[int, str]], u: float, v: float, width: float) -> None:
    """Boxes side by side while the floor is in use."""
    world, rng = b.world, b.rng
    count = int(rng.integers(1, max(2, int(width / 2.9)) + 1))
    first = len(world.slots)
    for k in range(count):
        x, y = b.frame.point(u + (k - (count - 1) / 2) * 2.8, v + float(rng.normal(0, 0.2)))
        world.slots.append(Slot(float(x), float(y), b.frame.angle_deg % 180, "20ft", "stores", 0.0, 1))
    for k, (since, state) in enumerate(story):
        if state == "in use":
            for slot in range(first, first + count):
                stock.add(max(since, 0), slot)
                if k + 1 < len(story):
                    stock.remove(story[k + 1][0], slot)


def write_stores(seed: int, folder: Path) -> Path:
    """Write a site with `truth/things.gpkg`; the workflow file.

    Parameters
    ----------
    seed : int
    folder : Path
        Made where missing.

    Returns
    -------
    Path
        Floors are zones of kind ``cell``.
    """
    world, found = stores(seed)
    for k, one in enumerate(found):
        if one.floor is not None:
            world.zones[f"cell-{k}"] = np.asarray(one.floor.exterior.coords)[:-1]
    path = write_series(world, folder, f"stores-{seed}")
    zones = gpd.read_file(folder / "zones.geojson")
    zones.assign(kind=["cell" if name.startswith("cell-") else None for name in zones["name"]]).to_file(
        folder / "zones.geojson", driver="GeoJSON"
    )
    _write_things(world, found, folder / "truth" / "things.gpkg")
    return path


def _write_things(world: World, found: list[Store], path: Path) -> None:
    works: list[dict[str, object]] = []
    roofs: list[dict[str, object]] = []
    for index, day in enumerate(world.dates):
        for k, one in enumerate(found):
            state = one.state(index)
            if state is not None:
                row = {"date": day, "work_id": k + 1, "kind": one.kind, "state": state}
                works.append({**row, "is_old": one.story[0][0] < 1, "geometry": one.outline})
        standing = (s for s in world.solids if s.role == "building" and s.born <= index < s.gone)
        for solid in standing:
            shape = shapely.Polygon(solid.outline)
            roofs.append({"date": day, "what": "hall", "area_m2": shape.area, "geometry": shape})
    for name, rows in (("works", works), ("buildings", roofs)):
        table = gpd.GeoDataFrame(rows, geometry="geometry", crs=world.epsg)
        table["geometry"] = table.translate(world.centre_east_m, world.centre_north_m)
        table["date"] = pd.to_datetime(table["date"], utc=True)
        table.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
