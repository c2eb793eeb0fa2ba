"""The truth of a world: containers, tracks, what changed, footprint, and the mask that a perfect method would draw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import Affine
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from changedet.kernels.containers import LENGTH_OF_KIND_M, TEU_OF_KIND, WIDTH_M
from changedet.simulate.render import weather
from changedet.simulate.shapes import Points
from changedet.simulate.world import CHANGING, FOOTPRINT, Container, World

_CONTAINERS = {
    "date": "datetime64[ms, UTC]",
    "object_id": "str",
    "length_m": "float64",
    "width_m": "float64",
    "angle_deg": "float64",
    "kind": "str",
    "color": "str",
    "tiers": "int32",
    "visible": "bool",
    "yard": "str",
    "consignment": "str",
}
_TRACKS = {
    "object_id": "str",
    "kind": "str",
    "color": "str",
    "arrived": "datetime64[ms, UTC]",
    "departed": "datetime64[ms, UTC]",
    "consignment": "str",
}
_CHANGED = {"date": "datetime64[ms, UTC]", "direction": "str", "area_m2": "float64"}
_FOOTPRINT = {"date": "datetime64[ms, UTC]", "area_m2": "float64"}


def _polygon(points: Points) -> BaseGeometry:
    shape = Polygon(points)
    return shape if shape.is_valid else shapely.make_valid(shape)


def _day(date: dt.date) -> pd.Timestamp:
    return pd.Timestamp(date, tz="UTC")


@dataclass
class Truth:
    """Answers questions about one world; geometries are in local ground metres unless moved by `frame`."""

    world: World

    def standing(self, index: int, roles: tuple[str, ...]) -> list[BaseGeometry]:
        """Outlines of the lasting things of these roles on a date."""
        w = self.world
        found = [_polygon(p.outline) for p in w.patches if p.role in roles and p.born <= index < p.gone]
        found += [_polygon(s.outline) for s in w.solids if s.role in roles and s.born <= index < s.gone]
        found += [_polygon(m.foot) for m in w.mounds if m.role in roles and m.born <= index < m.gone]
        return found

    def changed(self, index: int) -> dict[str, BaseGeometry]:
        """What differs from the first date, by direction (gain, loss, other), in local metres."""
        parts: dict[str, list[BaseGeometry]] = {"gain": [], "loss": [], "other": []}
        w = self.world
        for things, outline in ((w.patches, "outline"), (w.solids, "outline"), (w.mounds, "foot")):
            for thing in things:
                now, then = thing.born <= index < thing.gone, thing.born <= 0 < thing.gone
                if thing.role in CHANGING and now != then:
                    parts["gain" if now else "loss"].append(_polygon(getattr(thing, outline)))
        before, after = w.stacks(0), w.stacks(index)
        for slot in before.keys() | after.keys():
            direction, box = _stack_change(before.get(slot, []), after.get(slot, []))
            if box is not None:
                parts[direction].append(_polygon(w.box_outline(box)))
        found = {name: shapely.union_all(shapes, grid_size=0.001) for name, shapes in parts.items()}
        found["loss"] = found["loss"].difference(found["gain"])
        found["other"] = found["other"].difference(found["gain"].union(found["loss"]))
        return found

    def changed_by_place(self, index: int) -> BaseGeometry:
        """All that differs from the first date, also a box set down at the very place of another."""
        return shapely.union_all(list(self.changed(index).values()))

    def footprint(self, index: int) -> BaseGeometry:
        """Yards, buildings, earthworks, quays, ballast, stored boxes, closed by 8 m, without crumbs and pinholes."""
        shapes = self.standing(index, FOOTPRINT)
        shapes += [_polygon(self.world.box_outline(s[-1])) for s in self.world.stacks(index).values()]
        closed = shapely.union_all(shapes, grid_size=0.001).buffer(8).buffer(-8).intersection(self.site())
        parts = [p for p in getattr(closed, "geoms", [closed]) if p.area >= 15]
        return shapely.union_all(
            [Polygon(p.exterior, [r for r in p.interiors if Polygon(r).area >= 400]) for p in parts]
        )

    def site(self) -> Polygon:
        """The reference scene's extent."""
        half = self.world.size_m / 2
        return shapely.box(-half, -half, half, half)

    def hidden(self, index: int) -> tuple[NDArray[np.bool_], float]:
        """Where a date cannot be judged, on the first scene's grid, and its share under cloud."""
        first = self.world.looks[0]
        sky = weather(self.world, self.world.looks[index], first.to_ground, first.shape)
        return sky.hidden, float((sky.cloud > 0.1).mean())

    def mask(self, index: int) -> NDArray[np.uint8]:
        """1 changed since the first date, 0 not, 255 not judged (cloud, its shadow or no data on either date)."""
        first = self.world.looks[0]
        shape = self.changed_by_place(index)
        out = np.zeros(first.shape, np.uint8)
        if not shape.is_empty:
            a, b, c, d, e, f = first.to_ground
            out = rasterize([(shape, 1)], out_shape=first.shape, transform=Affine(a, b, c, d, e, f), dtype="uint8")
        out[self.hidden(index)[0] | self.hidden(0)[0]] = 255
        return out

    # -- tables ---------------------------------------------------------------------------------------------------

    def _frame(
        self, rows: list[dict[str, Any]], shapes: Sequence[BaseGeometry], types: dict[str, str]
    ) -> gpd.GeoDataFrame:
        w = self.world
        table = pd.DataFrame(rows, columns=list(types))
        for name, kind in types.items():
            column = pd.to_datetime(table[name], utc=True) if kind.startswith("datetime") else table[name]
            table[name] = column.astype(cast("Any", kind))
        offset = np.array([w.centre_east_m, w.centre_north_m])
        moved = shapely.transform(np.array(shapes, object), lambda xy: np.asarray(xy + offset, float))
        return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(list(moved), crs=w.epsg))

    def containers(self) -> gpd.GeoDataFrame:
        """One row per date and top box, with whether cloud, shadow or missing data hide it."""
        rows, shapes = [], []
        for index, date in enumerate(self.world.dates):
            for stack in self.world.stacks(index).values():
                outline = self.world.box_outline(stack[-1])
                if not self.site().contains(shapely.Point(outline.mean(axis=0))):
                    continue
                rows.append(self._container(date, stack))
                shapes.append(_polygon(outline))
        table = self._frame(rows, shapes, _CONTAINERS)
        table["visible"] = self._visible(table)
        return table

    def _container(self, date: dt.date, stack: list[Container]) -> dict[str, object]:
        box, slot = stack[-1], self.world.slots[stack[-1].slot]
        return {
            "date": _day(date),
            "object_id": box.object_id,
            "length_m": LENGTH_OF_KIND_M[box.kind],
            "width_m": WIDTH_M,
            "angle_deg": (slot.angle_deg + box.nudge[2]) % 180,
            "kind": box.kind,
            "color": box.color,
            "tiers": len(stack),
            "visible": True,
            "yard": slot.yard,
            "consignment": box.consignment,
        }

    def _visible(self, table: gpd.GeoDataFrame) -> NDArray[np.bool_]:
        out = np.ones(len(table), bool)
        a, _, c, _, e, f = self.world.looks[0].to_ground
        for index, date in enumerate(self.world.dates):
            mine = np.nonzero((table["date"] == _day(date)).to_numpy())[0]
            if len(mine) == 0:
                continue
            centre = table.geometry.iloc[mine].centroid
            q = np.floor((centre.x.to_numpy() - self.world.centre_east_m - c) / a).astype(int)
            r = np.floor((centre.y.to_numpy() - self.world.centre_north_m - f) / e).astype(int)
            hidden = self.hidden(index)[0]
            out[mine] = ~hidden[r.clip(0, hidden.shape[0] - 1), q.clip(0, hidden.shape[1] - 1)]
        return out

    def tracks(self) -> gpd.GeoDataFrame:
        """One row per box: when it came and went."""
        rows, shapes = [], []
        for box in self.world.containers:
            point = shapely.Point(self.world.box_outline(box).mean(axis=0))
            if self.site().contains(point):
                rows.append(
                    {
                        "object_id": box.object_id,
                        "kind": box.kind,
                        "color": box.color,
                        "arrived": _day(box.arrived),
                        "departed": _day(box.departed) if box.departed else pd.NaT,
                        "consignment": box.consignment,
                    }
                )
                shapes.append(point)
        return self._frame(rows, shapes, _TRACKS)

    def changes(self) -> gpd.GeoDataFrame:
        """Changed polygons per date and direction."""
        rows, shapes = [], []
        for index, date in enumerate(self.world.dates[1:], 1):
            for direction, shape in self.changed(index).items():
                inside = shape.intersection(self.site())
                for part in getattr(inside, "geoms", [inside]):
                    if part.area > 0.01:
                        rows.append({"date": _day(date), "direction": direction, "area_m2": part.area})
                        shapes.append(part)
        return self._frame(rows, shapes, _CHANGED)

    def footprints(self) -> gpd.GeoDataFrame:
        """The footprint per date."""
        found = [self.footprint(k) for k in range(len(self.world.looks))]
        shapes = [
            shapely.multipolygons(list(getattr(shape, "geoms", [shape]))) if shape.area else MultiPolygon()
            for shape in found
        ]
        rows = [{"date": _day(d), "area_m2": s.area} for d, s in zip(self.world.dates, shapes, strict=True)]
        return self._frame(rows, shapes, _FOOTPRINT)

    def series(self) -> pd.DataFrame:
        """One row per date: counts of boxes that can be seen from above, areas on the ground, shifts, sun and view."""
        rows = [self._row(k) for k in range(len(self.world.looks))]
        return pd.DataFrame(rows)

    def _row(self, index: int) -> dict[str, object]:
        w, look, site = self.world, self.world.looks[index], self.site()

        def tops(k: int) -> dict[str, Container]:
            boxes = [s[-1] for s in w.stacks(k).values()]
            return {b.object_id: b for b in boxes if site.contains(shapely.Point(w.box_outline(b).mean(axis=0)))}

        here = tops(index)
        there = tops(index - 1) if index else {}
        onset = {
            f"onset_{name}": "" if at is None else w.dates[at].isoformat()
            for name, at in (
                ("containers", w.onset_containers),
                ("changed", w.onset_changed),
                ("footprint", w.onset_footprint),
            )
        }
        return {
            "date": look.date.isoformat(),
            "containers": len(here),
            "teu": sum(TEU_OF_KIND[b.kind] for b in here.values()),
            "arrivals": sum(box.born == index for box in here.values()) if index else "",
            "departures": sum(box.gone <= index for box in there.values()) if index else "",
            "changed_area_m2": round(self.changed_by_place(index).intersection(site).area, 1) if index else "",
            "footprint_area_m2": round(self.footprint(index).area, 1),
            "shift_east_m": round(look.shift_east_m, 4),
            "shift_north_m": round(look.shift_north_m, 4),
            "cloud_fraction": round(self.hidden(index)[1], 4),
            "hidden_fraction": round(float(self.hidden(index)[0].mean()), 4),
            "gsd_m": look.gsd_m,
            "epsg": look.epsg,
            "sun_azimuth_deg": round(look.sun_azimuth_deg, 2),
            "sun_elevation_deg": round(look.sun_elevation_deg, 2),
            "view_azimuth_deg": round(look.view_azimuth_deg, 2),
            "off_nadir_deg": round(look.off_nadir_deg, 2),
            **onset,
        }


def _stack_change(before: list[Container], after: list[Container]) -> tuple[str, Container | None]:
    """How a stack differs: another top box or another height is a change."""
    if not before and not after:
        return "other", None
    if not before or len(after) > len(before):
        return "gain", after[-1]
    if not after or len(after) < len(before):
        return "loss", before[-1]
    return "other", None if after[-1] is before[-1] else after[-1]
