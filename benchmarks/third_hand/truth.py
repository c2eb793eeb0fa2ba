"""What is true of a site, in the form that `changedet simulate` writes: layers, masks, a table."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry

from benchmarks.third_hand.camera import Light, Top
from benchmarks.third_hand.plan import LENGTHS_M, TEU, WIDTH_M, Plan, Slot
from benchmarks.third_hand.sensor import HIDDEN, Sensor, Sky
from benchmarks.third_hand.spectra import hexadecimal

CLOSING_M, LEAST_PART_M2, LEAST_HOLE_M2 = 8.0, 15.0, 400.0
NOT_JUDGED = 255
SHADED = 0.5
LEAST_VIEW = 0.5
"""Share of a roof that must be in view: what stands higher hides the rest from the side."""
LEAST_LIGHT = 0.06
"""Share of full sun: a roof in a hole between higher stacks is as black as the hole."""
BOX_COLUMNS = [
    "date", "object_id", "length_m", "width_m", "angle_deg", "kind", "color", "tiers", "visible", "seen_share",
    "lit_share", "light", "yard", "consignment", "geometry",
]  # fmt: skip
"""`seen_share` of a roof is in view, `lit_share` of that in the sun; its `light` is a share of full sun's."""
STAY_COLUMNS = ["object_id", "kind", "color", "arrived", "departed", "consignment", "geometry"]
GROWING = ("growth", "earthworks")
"""Kinds with an onset; where stock only turns over there is none."""
LEAST_RISE = 0.2
"""Of the range of a figure, that which an onset must rise by."""
Parts = dict[str, list[shapely.Polygon]]


class Truth:
    """A site's truth on the ground's plane; `origin` is the map place of 0, 0."""

    def __init__(self, plan: Plan, origin: tuple[float, float], side_m: float, gsd_m: float, epsg: int) -> None:
        self.plan, self.origin, self.epsg, self.gsd_m = plan, np.array(origin), epsg, gsd_m
        self.extent = shapely.box(*(self.origin - side_m / 2), *(self.origin + side_m / 2))
        self.side = round(side_m / gsd_m)
        corner = self.origin + np.array([-side_m / 2, side_m / 2])
        self.transform = Affine(gsd_m, 0, corner[0], 0, -gsd_m, corner[1])
        self.tops: list[dict[int, Top]] = []
        self.rings = [self.polygon(slot.ring()) for slot in plan.slots]

    def polygon(self, ring: NDArray[np.float64]) -> shapely.Polygon:
        """A ring on the map."""
        return shapely.Polygon(ring + self.origin)

    def middle(self, slot: Slot) -> shapely.Point:
        """Where a slot lies on the map."""
        return shapely.Point(self.origin[0] + slot.x, self.origin[1] + slot.y)

    def within(self, slot: Slot) -> bool:
        """Whether the middle of a slot lies in the scene."""
        return bool(self.extent.contains(self.middle(slot)))

    def opacity(self, ring: shapely.Polygon, sky: Sky) -> float:
        """How opaque clouds are over a base: the mean of its corners and its middle. In their shade boxes are seen."""
        points = np.vstack([shapely.get_coordinates(ring)[:4], shapely.get_coordinates(ring.centroid)])
        columns, rows = ~self.transform @ (points[:, 0], points[:, 1])
        last = self.side - 1
        at = np.clip(rows, 0, last).astype(int), np.clip(columns, 0, last).astype(int)
        return float(sky.opacity[at].mean())

    def containers(self, date: int, sky: Sky) -> list[dict[str, object]]:
        """A row for the top box of each stack."""
        rows: list[dict[str, object]] = []
        for slot, ring in zip(self.plan.slots, self.rings, strict=True):
            stack = slot.stacks[date]
            if not stack or not self.within(slot):
                continue
            top = self.tops[date].get(stack[-1].number, Top(0, 0, 0))
            hidden = top.view < LEAST_VIEW or top.light < LEAST_LIGHT or self.opacity(ring, sky) > HIDDEN
            rows.append(
                {
                    "date": self.stamp(date),
                    "object_id": f"t{stack[-1].number:05d}",
                    "length_m": LENGTHS_M[slot.kind],
                    "width_m": WIDTH_M,
                    "angle_deg": float((90 - np.degrees(slot.angle)) % 180),
                    "kind": slot.kind,
                    "color": hexadecimal(stack[-1].paint),
                    "tiers": len(stack),
                    "visible": not hidden,
                    "seen_share": round(top.view, 3),
                    "lit_share": round(top.sun, 3),
                    "light": round(top.light, 3),
                    "yard": slot.yard,
                    "consignment": "",
                    "geometry": ring,
                }
            )
        return rows

    def stamp(self, date: int) -> pd.Timestamp:
        """A date at midnight."""
        return pd.Timestamp(self.plan.days[date], tz="UTC")

    def changed(self, date: int) -> Parts:
        """Outlines of what differs from the first date, by direction."""
        parts: Parts = {"gain": [], "loss": [], "other": []}
        for slot, ring in zip(self.plan.slots, self.rings, strict=True):
            before, now = slot.stacks[0], slot.stacks[date]
            if slot.yard != "ship" and [box.number for box in before] != [box.number for box in now]:
                parts["gain" if not before else "loss" if not now else "other"].append(ring)
        for one in self.plan.built:
            if len(one.ring) and one.stands(date) and not one.stands(0):
                parts["gain"].append(self.polygon(one.ring))
        return parts

    def regions(self, date: int) -> dict[str, BaseGeometry]:
        """The same as one area a direction, none over another: what came where something left is `other`."""
        union = {
            name: shapely.union_all([shape.buffer(0) for shape in shapes])
            for name, shapes in self.changed(date).items()
        }
        twice = union["gain"].intersection(union["loss"])
        other = union["other"].union(twice)
        found = {name: union[name].difference(other) for name in ("gain", "loss")} | {"other": other}
        return {name: shape.intersection(self.extent) for name, shape in found.items()}

    def footprint(self, date: int) -> BaseGeometry:
        """Yards, buildings, works, ballast and stored boxes, closed."""
        shapes = [
            self.polygon(one.ring) for one in self.plan.built if one.built_up and len(one.ring) and one.stands(date)
        ]
        for slot, ring in zip(self.plan.slots, self.rings, strict=True):
            if slot.stacks[date] and slot.yard != "ship":
                shapes.append(ring)
        joined = shapely.union_all([shape.buffer(0) for shape in shapes]).buffer(CLOSING_M).buffer(-CLOSING_M)
        kept = []
        for part in shapely.get_parts(joined.intersection(self.extent)):
            if part.geom_type == "Polygon" and part.area >= LEAST_PART_M2:
                holes = [hole for hole in part.interiors if shapely.Polygon(hole).area >= LEAST_HOLE_M2]
                kept.append(shapely.Polygon(part.exterior, holes))
        return shapely.MultiPolygon(kept)

    def mask(self, date: int, skies: list[Sky]) -> NDArray[np.uint8]:
        """1 changed since the first date, 0 not, 255 where clouds hide either or ships lie."""
        shapes = [shape for shape in self.regions(date).values() if not shape.is_empty]
        size = (self.side, self.side)
        made = np.zeros(size, np.uint8)
        if shapes:
            made = rasterize([(shape, 1) for shape in shapes], size, transform=self.transform, dtype="uint8")
        outlines = [ring for moving in (self.plan.moving[0], self.plan.moving[date]) for ring in moving.hides]
        if outlines:
            hides = rasterize([(self.polygon(ring), 1) for ring in outlines], size, transform=self.transform)
            made[hides == 1] = NOT_JUDGED
        for sky in (skies[0], skies[date]):
            made[(sky.opacity > HIDDEN) | (sky.shadow > SHADED)] = NOT_JUDGED
        return made

    def moves(self, before: int, after: int) -> int:
        """How many boxes are on top on the second date that were not in their stack on the first."""
        slots = [slot for slot in self.plan.slots if slot.stacks[after] and self.within(slot)]
        return sum(slot.stacks[after][-1].number not in {box.number for box in slot.stacks[before]} for slot in slots)

    def stays(self) -> list[dict[str, object]]:
        """A row for each box that is ever on top: when it was first and no longer there."""
        spans: dict[int, tuple[Slot, list[int]]] = {}
        tops: set[int] = set()
        for slot in self.plan.slots:
            if not self.within(slot):
                continue
            for date, stack in enumerate(slot.stacks):
                for box in stack:
                    spans.setdefault(box.number, (slot, []))[1].append(date)
                tops |= {stack[-1].number} if stack else set()
        rows, last = [], len(self.plan.days) - 1
        for number in sorted(tops):
            slot, dates = spans[number]
            top = next(box for box in slot.stacks[dates[0]] if box.number == number)
            rows.append(
                {
                    "object_id": f"t{number:05d}",
                    "kind": slot.kind,
                    "color": hexadecimal(top.paint),
                    "arrived": self.stamp(dates[0]) if dates[0] else pd.NaT,
                    "departed": self.stamp(dates[-1] + 1) if dates[-1] < last else pd.NaT,
                    "consignment": "",
                    "geometry": self.middle(slot),
                }
            )
        return rows


def write(truth: Truth, folder: Path, lights: list[Light], sensors: list[Sensor], skies: list[Sky]) -> None:
    """All of a site's truth into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    plan, crs = truth.plan, f"EPSG:{truth.epsg}"
    boxes = [row for date in plan.dates for row in truth.containers(date, skies[date])]
    _layer(boxes, BOX_COLUMNS, crs, folder, "containers")
    stays = truth.stays()
    _layer(stays, STAY_COLUMNS, crs, folder, "tracks")
    changed = [
        {"date": truth.stamp(date), "direction": name, "area_m2": part.area, "geometry": part}
        for date in plan.dates[1:]
        for name, shape in truth.regions(date).items()
        for part in shapely.get_parts(shape)
        if part.geom_type == "Polygon" and not part.is_empty
    ]
    _layer(changed, ["date", "direction", "area_m2", "geometry"], crs, folder, "changed")
    outlines = [truth.footprint(date) for date in plan.dates]
    grounds = [{"date": truth.stamp(k), "area_m2": one.area, "geometry": one} for k, one in enumerate(outlines)]
    _layer(grounds, ["date", "area_m2", "geometry"], crs, folder, "footprint")
    for date in plan.dates[1:]:
        _mask(truth, truth.mask(date, skies), folder / f"{plan.days[date]}_mask.tif")
    rows = [_row(truth, date, boxes, outlines, (lights[date], sensors[date], skies[date])) for date in plan.dates]
    table = pd.DataFrame(rows)
    columns = {"containers": "containers", "changed": "changed_area_m2", "footprint": "footprint_area_m2"}
    for name, column in columns.items():
        values = table[column].fillna(0).to_numpy(float)
        day = onset(values, [row["date"] for row in rows]) if plan.kind in GROWING else None
        table[f"onset_{name}"] = day
    table.to_csv(folder / "truth.csv", index=False)


def onset(values: NDArray[np.float64], days: list[object]) -> object:
    """The first date from which a figure stays clearly above its earlier ones; None where it never does."""
    least = LEAST_RISE * float(np.ptp(values))
    for k in range(1, len(values)):
        before = values[:k].max()
        if values[k:].min() > before + least > before:
            return days[k]
    return None


def _layer(rows: list[dict[str, object]], columns: list[str], crs: str, folder: Path, name: str) -> None:
    if rows:
        frame = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=crs)
    else:
        empty = {
            column: pd.Series(dtype="datetime64[ms, UTC]" if column in ("date", "arrived", "departed") else object)
            for column in columns
        }
        frame = gpd.GeoDataFrame(empty, geometry="geometry", crs=crs)
    for column in {"arrived", "departed"} & {*columns}:
        frame[column] = pd.to_datetime(frame[column], utc=True)
    shape = "Point" if name == "tracks" else "MultiPolygon" if name == "footprint" else "Polygon"
    frame.to_file(folder / "truth.gpkg", layer=name, driver="GPKG", engine="pyogrio", geometry_type=shape)


def _mask(truth: Truth, mask: NDArray[np.uint8], path: Path) -> None:
    profile = {
        "driver": "GTiff", "dtype": "uint8", "count": 1, "height": truth.side, "width": truth.side,
        "nodata": NOT_JUDGED, "crs": f"EPSG:{truth.epsg}", "transform": truth.transform, "compress": "deflate",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.write(mask, 1)
        file.descriptions = ("1 changed since the first date, 0 not, 255 not judged",)


def _row(truth: Truth, date: int, boxes: list, outlines: list, seen: tuple[Light, Sensor, Sky]) -> dict[str, object]:
    light, sensor, sky = seen
    stamp = truth.stamp(date)
    own = [row for row in boxes if row["date"] == stamp]
    first = date == 0
    return {
        "date": str(truth.plan.days[date]),
        "containers": len(own),
        "teu": sum(TEU[str(row["kind"])] for row in own),
        "arrivals": None if first else truth.moves(date - 1, date),
        "departures": None if first else truth.moves(date, date - 1),
        "changed_area_m2": None if first else round(sum(shape.area for shape in truth.regions(date).values()), 1),
        "footprint_area_m2": round(outlines[date].area, 1),
        "shift_east_m": round(sensor.shift_east_m, 4),
        "shift_north_m": round(sensor.shift_north_m, 4),
        "cloud_fraction": round(float((sky.opacity > HIDDEN).mean()), 4),
        "hidden_fraction": round(float(((sky.opacity > HIDDEN) | (sky.shadow > SHADED)).mean()), 4),
        "gsd_m": truth.gsd_m,
        "epsg": truth.epsg,
        "sun_azimuth_deg": round(light.sun_azimuth, 2),
        "sun_elevation_deg": round(light.sun_elevation, 2),
        "view_azimuth_deg": round(light.view_azimuth, 2),
        "off_nadir_deg": round(light.off_nadir, 2),
    }
