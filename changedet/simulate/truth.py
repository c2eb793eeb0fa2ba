"""Tables of the truth of a world: containers, tracks, changes, footprints, and a row of counts per date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools
from changedet.kernels.containers import LENGTH_OF_KIND_M, TEU_OF_KIND, WIDTH_M
from changedet.simulate.elements import Container
from changedet.simulate.truth_geometry import TruthGeometry, valid_polygon

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
_RAILCARS = {
    "date": "datetime64[ms, UTC]",
    "train": "int32",
    "kind": "str",
    "loaded": "bool",
    "length_m": "float64",
}
_FOOTPRINT = {"date": "datetime64[ms, UTC]", "area_m2": "float64"}


def _day(date: dt.date) -> pd.Timestamp:
    return pd.Timestamp(date, tz="UTC")


class Truth(TruthGeometry):
    """All that is true of one world, as tables; geometries are in the world's CRS.

    Attributes
    ----------
    world : World
        The site.
    """

    def _frame(
        self, rows: list[dict[str, object]], shapes: Sequence[BaseGeometry], types: dict[str, str]
    ) -> gpd.GeoDataFrame:
        w = self.world
        table = pd.DataFrame(rows, columns=list(types))
        for name, kind in types.items():
            column = pd.to_datetime(table[name], utc=True) if kind.startswith("datetime") else table[name]
            table[name] = column.astype(cast("Any", kind))  # its stubs take literals alone
        offset = np.array([w.centre_east_m, w.centre_north_m])
        moved = shapely.transform(np.array(shapes, object), lambda xy: np.asarray(xy + offset, float))
        return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(list(moved), crs=w.epsg))

    def containers(self) -> gpd.GeoDataFrame:
        """Containers that can be seen from above, one row per date and stack.

        Returns
        -------
        geopandas.GeoDataFrame
            Outlines of the top boxes with size, kind, colour, tiers, yard, consignment; not visible where
            cloud, shadow or missing data hide them.
        """
        rows, shapes = [], []
        for index, date in enumerate(self.world.dates):
            for stack in self.world.stacks(index).values():
                outline = self.world.box_outline(stack[-1])
                if not self.site().contains(shapely.Point(outline.mean(axis=0))):
                    continue
                rows.append(self._container(date, stack))
                shapes.append(valid_polygon(outline))
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

    def _visible(self, table: gpd.GeoDataFrame) -> Bools:
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
        """When each box came and left.

        Returns
        -------
        geopandas.GeoDataFrame
            One point per box; `departed` is NaT for boxes that stay.
        """
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
        """What differs from the first date, one row per date and polygon.

        Returns
        -------
        geopandas.GeoDataFrame
            Polygons with date, direction (gain, loss, other) and area in square metres.
        """
        rows, shapes = [], []
        for index, date in enumerate(self.world.dates[1:], 1):
            for direction, shape in self.changed(index).items():
                inside = shape.intersection(self.site())
                for part in getattr(inside, "geoms", [inside]):
                    if part.area > 0.01:
                        rows.append({"date": _day(date), "direction": direction, "area_m2": part.area})
                        shapes.append(part)
        return self._frame(rows, shapes, _CHANGED)

    def railcars(self) -> gpd.GeoDataFrame:
        """The railcars of each date.

        Returns
        -------
        geopandas.GeoDataFrame
            Outlines with date, train, kind (``flat``, ``box``), whether a container stands on it, and length; of those
            whose centre lies in the site.
        """
        cars = [c for c in self.world.railcars if self.site().contains(shapely.Point(c.outline.mean(axis=0)))]
        rows: list[dict[str, object]] = [
            {
                "date": _day(self.world.dates[car.index]),
                "train": car.train,
                "kind": car.kind,
                "loaded": car.loaded,
                "length_m": float(np.hypot(*np.diff(car.outline, axis=0).T).max()),
            }
            for car in cars
        ]
        return self._frame(rows, [valid_polygon(car.outline) for car in cars], _RAILCARS)

    def footprints(self) -> gpd.GeoDataFrame:
        """The footprint of each date.

        Returns
        -------
        geopandas.GeoDataFrame
            Multipolygons with date and area in square metres.
        """
        found = [self.footprint(k) for k in range(len(self.world.looks))]
        shapes = [
            shapely.multipolygons(list(getattr(shape, "geoms", [shape]))) if shape.area else MultiPolygon()
            for shape in found
        ]
        rows = [{"date": _day(d), "area_m2": s.area} for d, s in zip(self.world.dates, shapes, strict=True)]
        return self._frame(rows, shapes, _FOOTPRINT)

    def series(self) -> pd.DataFrame:
        """Counts of the boxes that can be seen from above, areas, shifts, sun and view of each date.

        Returns
        -------
        pandas.DataFrame
            One row per date; events and changed area are empty on the first date, onsets where there is none.
        """
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
