"""Truth: the layers, table and masks that ``changedet score`` reads, by construction."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from mesh import Mesh
from rasterio.features import rasterize
from shapely import box as rectangle
from shapely.affinity import affine_transform
from shapely.geometry import Point, Polygon
from shapely.ops import unary_union


class Frame:
    """Site frame to UTM and back to pixels."""

    def __init__(self, east, north, yaw, epsg):
        self.east, self.north, self.yaw, self.epsg = east, north, yaw, epsg
        self.c, self.s = np.cos(yaw), np.sin(yaw)

    def out(self, pts):
        p = np.atleast_2d(np.asarray(pts, float))[:, :2]
        return np.column_stack(
            [self.east + p[:, 0] * self.c - p[:, 1] * self.s, self.north + p[:, 0] * self.s + p[:, 1] * self.c]
        )

    def into(self, e, n):
        x, y = e - self.east, n - self.north
        return x * self.c + y * self.s, -x * self.s + y * self.c

    def polygon(self, pts):
        return Polygon(self.out(pts))

    def shape(self, polygon):
        """A polygon of the site frame in UTM."""
        return affine_transform(polygon, [self.c, -self.s, self.s, self.c, self.east, self.north])

    def rect(self, r):
        return self.polygon([(r[0], r[1]), (r[2], r[1]), (r[2], r[3]), (r[0], r[3])])


def outline(frame, b):
    return frame.polygon(Mesh.rect(b.x, b.y, 0, b.length, 2.44, b.yaw))


def hexed(bgrn):
    v = (255 * np.clip(np.array(bgrn[:3])[::-1] * 1.5, 0, 1) ** (1 / 2.0)).astype(int)
    return "#" + "".join(f"{x:02x}" for x in v)


def azimuth(frame, b):
    a = np.degrees(np.pi / 2 - (b.yaw + frame.yaw))
    return float(a % 180)


class Truth:
    def __init__(self, site, frame, dates, extent, folder: Path):
        self.site, self.frame, self.dates, self.extent = site, frame, dates, rectangle(*extent)
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.boxes, self.rows, self.changed, self.foot, self.ignored, self.tops = [], [], [], [], [], []
        self.cars = []
        self.works, self.roofs, self.cut = [], [], []
        self.first = None

    def _state(self, day):
        """What every place bears on a day: its boxes, from the ground up; trains and ships by their outline."""
        state = {}
        for k, s in enumerate(self.site.slots):
            on = s.on(day)
            if on:
                state[("slot", k)] = on
        for b, x, y, _z, _yaw, a, e in self.site.guests:
            if a <= day < e:
                state.setdefault((b.slot, round(x, 1), round(y, 1)), []).append(b)
        return state

    def _changes(self, one, two):
        """Gains and losses by base outline, from a state to another."""
        out = []
        for key in set(one) | set(two):
            a, b = one.get(key, []), two.get(key, [])
            if [q.oid for q in a] == [q.oid for q in b]:
                continue
            high = lambda st: sum(q.high for q in st)
            gone = not b or high(b) < high(a) - 0.05
            out.append(("loss" if gone else "gain", unary_union([outline(self.frame, q) for q in (a[:1] + b[:1])])))
        return sorted(out, key=lambda p: p[1].bounds)

    def add_tops(self, i, tops, notes):
        """Note how high the roofs of boxes, trailers and buses of a date lie."""
        rows = [("container", b.oid, z, outline(self.frame, b)) for _, b, z in tops.values()]
        rows += [(what, "", z, self.frame.polygon(points)) for what, points, z in notes]
        names = ("date", "what", "object_id", "top_m", "geometry")
        self.tops += [
            dict(zip(names, (self.dates[i], *row), strict=True)) for row in rows if row[-1].intersects(self.extent)
        ]

    def add_things(self, i, roofs):
        """Note the works of a date with their states, and its roofs."""
        day, date = self.site.days[i], self.dates[i]
        for k, one in enumerate(self.site.things):
            state, shape = one.state(day), self.frame.rect(one.rect)
            if state is not None and self.extent.contains(shape.centroid):
                row = {"date": date, "work_id": k + 1, "kind": one.kind, "state": state}
                self.works.append({**row, "is_old": one.story[0][0] < 0, "geometry": shape})
        for what, points in roofs:
            shape = self.frame.polygon(points)
            row = {"date": date, "what": what, "area_m2": shape.area, "geometry": shape}
            if self.extent.contains(shape.centroid):
                self.roofs.append(row)
            elif self.extent.intersects(shape):
                self.cut.append(row)

    def write_things(self):
        """Write `things.gpkg`: layers `works`, `buildings`, `buildings_cut`, a row a date and thing."""
        path = self.folder / "things.gpkg"
        path.unlink(missing_ok=True)
        columns = {
            "works": ("date", "work_id", "kind", "state", "is_old", "geometry"),
            "buildings": ("date", "what", "area_m2", "geometry"),
            "buildings_cut": ("date", "what", "area_m2", "geometry"),
        }
        for (name, names), rows in zip(columns.items(), (self.works, self.roofs, self.cut), strict=True):
            table = gpd.GeoDataFrame(rows or {n: [] for n in names}, geometry="geometry", crs=f"EPSG:{self.frame.epsg}")
            table["date"] = pd.to_datetime(table["date"], utc=True)
            table.to_file(path, layer=name, driver="GPKG", engine="pyogrio", geometry_type="Polygon")

    def write_tops(self):
        """Write `tops.gpkg`: the outlines of `add_tops` with the height of their roofs above the picture's plane."""
        path = self.folder / "tops.gpkg"
        path.unlink(missing_ok=True)
        rows = self.tops or {name: [] for name in ("date", "what", "object_id", "top_m", "geometry")}
        table = gpd.GeoDataFrame(rows, geometry="geometry", crs=f"EPSG:{self.frame.epsg}")
        table["date"] = pd.to_datetime(table["date"], utc=True)
        table.to_file(path, layer="tops", driver="GPKG", engine="pyogrio", geometry_type="Polygon")

    def _add_cars(self, date, day):
        """Note the railcars of a date whose centre the picture shows."""
        for kind, x, y, ln, loaded, train, start, stop in self.site.cars:
            p = self.frame.rect((x - ln / 2, y - 1.45, x + ln / 2, y + 1.45))
            if start <= day < stop and self.extent.contains(p.centroid):
                row = {"date": date, "train": train, "kind": kind, "loaded": loaded, "length_m": ln, "geometry": p}
                self.cars.append(row)

    def add(self, i, look, tops, seen, cloud, extra, grid):
        """Note a date. ``seen``: share of each box's pixels in the picture; ``cloud``: opacity, or None."""
        frame, site, date, day = self.frame, self.site, self.dates[i], look.day
        state = self._state(day)
        prior = self._state(site.days[i - 1]) if i else None
        if self.first is None:
            self.first, self.first_ignore = state, [frame.polygon(q) for q in look.ignore]
        by = {b.oid: oid for oid, (_, b, _) in tops.items()}
        count = teu = 0
        for st in state.values():
            b = st[-1]
            p = outline(frame, b)
            if not self.extent.contains(p.centroid):
                continue
            share = float(seen.get(by[b.oid], 0.0))
            hidden = False
            if cloud is not None:
                c, r = ~grid["transform"] * (p.centroid.x + extra["shift"][0], p.centroid.y + extra["shift"][1])
                r, c = int(np.clip(r, 0, cloud.shape[0] - 1)), int(np.clip(c, 0, cloud.shape[1] - 1))
                hidden = cloud[r, c] > 0.45
            count += 1
            teu += 1 if b.kind == "20ft" else 2
            self.boxes.append(
                {
                    "date": date,
                    "object_id": b.oid,
                    "length_m": b.length,
                    "width_m": 2.44,
                    "angle_deg": azimuth(frame, b),
                    "kind": b.kind,
                    "color": hexed(b.bgrn),
                    "tiers": len(st),
                    "visible": bool(share > 0.35 and not hidden),
                    "yard": b.yard,
                    "consignment": b.consignment,
                    "seen": round(share, 3),
                    "geometry": p,
                }
            )
        inside = lambda b: self.extent.contains(outline(frame, b).centroid)
        came = left = None
        if i:
            now, then = {b.oid: b for st in state.values() for b in st}, {b.oid: b for st in prior.values() for b in st}
            came = sum(inside(b) for o, b in now.items() if o not in then)
            left = sum(inside(b) for o, b in then.items() if o not in now)
        area = None
        hide = cloud > 0.3 if cloud is not None else None
        if i:
            pieces = self._changes(self.first, state)
            pieces += [
                ("gain", frame.shape(r.polygon) if r.polygon is not None else frame.rect(r.rect))
                for r in site.regions
                if site.days[0] < r.start <= day < r.stop
            ]
            pieces = [(d, p.intersection(self.extent)) for d, p in pieces]
            pieces = [(d, p) for d, p in pieces if not p.is_empty and p.geom_type in ("Polygon", "MultiPolygon")]
            for d, p in pieces:
                for q in getattr(p, "geoms", [p]):
                    self.changed.append({"date": date, "direction": d, "area_m2": q.area, "geometry": q})
            whole = unary_union([p for _, p in pieces]) if pieces else None
            area = whole.area if whole is not None else 0.0
            ignore = [frame.polygon(q) for q in look.ignore] + self.first_ignore
            mask = np.zeros((grid["height"], grid["width"]), np.uint8)
            args = {"out_shape": mask.shape, "transform": grid["transform"]}
            if ignore:
                mask[rasterize(((q, 1) for q in ignore), all_touched=True, **args) == 1] = 255
            if pieces:
                mask[rasterize(((p, 1) for _, p in pieces), **args) == 1] = 1
            if hide is not None:
                mask[hide] = 255
            profile = {
                "driver": "GTiff",
                "dtype": "uint8",
                "count": 1,
                "nodata": 255,
                "tiled": True,
                "blockxsize": 256,
                "blockysize": 256,
                "compress": "deflate",
                **grid,
            }
            with rasterio.open(self.folder / f"{date}_mask.tif", "w", **profile) as out:
                out.write(mask, 1)
        self._add_cars(date, day)
        for q in look.ignore:
            p = frame.polygon(q)
            if p.intersects(self.extent):
                self.ignored.append({"date": date, "geometry": p})
        foot = [frame.rect(r) for r, since in site.sealed if since <= day and r not in site.roads] + [
            outline(frame, st[0]) for st in state.values() if st[0].yard not in ("train", "ship")
        ]
        union = unary_union(foot).buffer(4, join_style="mitre").buffer(-4, join_style="mitre")
        if not union.is_valid:
            # Mitred corners may cross (outposts 1105).
            union = union.buffer(0)
        union = union.intersection(self.extent)
        union = gpd.GeoSeries([union]).explode().loc[lambda s: s.geom_type == "Polygon"]
        union = unary_union(list(union))
        self.foot.append({"date": date, "area_m2": union.area, "geometry": union})
        self.rows.append(
            {
                "date": date,
                "containers": count,
                "teu": teu,
                "arrivals": came,
                "departures": left,
                "changed_area_m2": None if area is None else round(area, 1),
                "footprint_area_m2": round(union.area, 1),
                "shift_east_m": round(extra["shift"][0], 4),
                "shift_north_m": round(extra["shift"][1], 4),
                "cloud_fraction": 0.0 if hide is None else round(float(hide.mean()), 4),
                "hidden_fraction": 0.0 if hide is None else round(float(hide.mean()), 4),
                "gsd_m": extra["gsd"],
                "epsg": frame.epsg,
                "sun_azimuth_deg": round(extra["sun"][0], 2),
                "sun_elevation_deg": round(extra["sun"][1], 2),
                "view_azimuth_deg": round(extra["view"][0], 2),
                "off_nadir_deg": round(extra["view"][1], 2),
            }
        )

    def write(self):
        crs = f"EPSG:{self.frame.epsg}"
        path = self.folder / "truth.gpkg"
        path.unlink(missing_ok=True)

        def stamp(d):
            return pd.Timestamp(d, tz="UTC")

        def layer(rows, name, columns, kind):
            frame = (
                gpd.GeoDataFrame(rows, geometry="geometry", crs=crs)
                if rows
                else gpd.GeoDataFrame({c: [] for c in columns}, geometry=[], crs=crs)
            )
            for c in ("date", "arrived", "departed"):
                if c in frame:
                    frame[c] = pd.to_datetime(frame[c], utc=True)
            frame.to_file(path, layer=name, driver="GPKG", engine="pyogrio", geometry_type=kind)

        for rows in (self.boxes, self.changed, self.foot, self.ignored, self.cars):
            for r in rows:
                r["date"] = stamp(r["date"])
        layer(
            self.boxes,
            "containers",
            [
                "date",
                "object_id",
                "length_m",
                "width_m",
                "angle_deg",
                "kind",
                "color",
                "tiers",
                "visible",
                "yard",
                "consignment",
                "seen",
            ],
            "Polygon",
        )
        zero = dt.date.fromisoformat(self.dates[0])
        last = self.site.days[-1]
        tracks = []
        everyone = [b for s in self.site.slots for b in s.ever] + [g[0] for g in self.site.guests]
        for b in everyone:
            p = outline(self.frame, b).centroid
            shown = [d for d in self.site.days if b.here(d)]
            if shown and self.extent.contains(p):
                gone = b.departed if b.departed is not None and b.departed <= last else None
                tracks.append(
                    {
                        "object_id": b.oid,
                        "kind": b.kind,
                        "color": hexed(b.bgrn),
                        "arrived": zero + dt.timedelta(int(b.arrived)),
                        "departed": None if gone is None else zero + dt.timedelta(int(gone)),
                        "consignment": b.consignment,
                        "geometry": Point(p.x, p.y),
                    }
                )
        layer(tracks, "tracks", ["object_id", "kind", "color", "arrived", "departed", "consignment"], "Point")
        layer(self.changed, "changed", ["date", "direction", "area_m2"], "Polygon")
        layer(self.foot, "footprint", ["date", "area_m2"], "Unknown")
        layer(self.ignored, "ignore", ["date"], "Polygon")
        if self.cars:
            layer(self.cars, "railcars", ["date", "train", "kind", "loaded", "length_m"], "Polygon")
        if self.site.sidings:
            shapes = [self.frame.rect(r).intersection(self.extent) for r in self.site.sidings]
            layer([{"name": "siding", "geometry": p} for p in shapes], "sidings", ["name"], "Polygon")
        table = pd.DataFrame(self.rows)
        for c in ("arrivals", "departures"):
            table[c] = table[c].astype("Int64")
        kind = self.site.kind
        onset = {}
        if kind == "growth":
            first = min((b.arrived for s in self.site.slots for b in s.ever if b.yard == "yard-b"), default=None)
            onset = {"containers": first, "changed": self.site.onset, "footprint": self.site.onset}
        elif kind in ("quiet", "decoys"):
            onset = {"containers": None, "changed": None, "footprint": None}
        for name, day in onset.items():
            table[f"onset_{name}"] = None if day is None else str(zero + dt.timedelta(int(day)))
        table.to_csv(self.folder / "truth.csv", index=False)

    def outlines(self, case: Path, name: str):
        """aoi.geojson and zones.geojson."""

        def save(path, shapes):
            g = gpd.GeoDataFrame(
                [{"name": n, **({"kind": "cell"} if n.startswith("cell-") else {})} for n, _ in shapes],
                geometry=[p for _, p in shapes],
                crs=f"EPSG:{self.frame.epsg}",
            )
            path.write_text(json.dumps(json.loads(g.to_crs(4326).to_json(drop_id=True)), indent=1))

        save(case / "aoi.geojson", [(name, self.extent)])
        zones = [(n, self.frame.rect(r).intersection(self.extent)) for n, r in self.site.zones]
        zones = [(n, p) for n, p in zones if p.area > (40 if n.startswith("cell-") else 200)]
        if zones:
            save(case / "zones.geojson", zones)
        return bool(zones)
