"""Contradictions between the outputs of a finished run: table, layers, masks, summary and report, a line for each."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import rasterio
import shapely
from rasterio.features import rasterize

from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.stages.tracks.faces import SAME_GROUND

TEU = {"20ft": 1, "40ft": 2, "45ft": 2}
EPOCH = dt.date(1970, 1, 1)
ROUNDED = {"containers": 0.006, "teu": 0.006, "arrivals": 0.006, "departures": 0.006}
"""By how much the table's two decimals may differ; areas have one."""
ROUNDED_M2 = 0.06


def contradictions(run: Path) -> list[str]:
    """Lines that name what does not agree; none where all does."""
    table = pd.read_csv(run / "timeseries.csv", keep_default_na=False, na_values=[""], dtype={"zone": str})
    table["zone"] = table["zone"].fillna("")
    summary = json.loads((run / "summary.json").read_text())
    site = table[table["zone"] == ""].set_index("date")
    boxes, tracks = _layer(run, "containers"), _layer(run, "tracks")
    found = [*_bounds(table), *_counts(table, boxes), *_one_ground(boxes), *_events(site, tracks, boxes)]
    found += [*_masks(run, site), *_first_change(run), *_footprint(run, site)]
    return [*found, *_totals(summary, site), *_flow(summary, site), *_report(run, summary)]


def _layer(run: Path, name: str) -> gpd.GeoDataFrame:
    rows = gpd.read_file(run / "objects.gpkg", layer=name)
    for column in {"date", "first_seen", "last_seen", "not_after", "not_before"} & set(rows):
        days = [None if pd.isna(day) else str(day)[:10] for day in rows[column]]
        rows[column] = pd.Series(days, rows.index, dtype=object)
    return rows


def _bounds(table: pd.DataFrame) -> Iterator[str]:
    for name, columns in FIGURE_COLUMNS.items():
        value, low, high = (table[column].to_numpy(float) for column in columns)
        empty = np.isnan([value, low, high])
        for k in np.flatnonzero(~empty.all(0) & ~((low <= value) & (value <= high))):
            yield f"{table['date'][k]} {table['zone'][k]}: {name}: {low[k]} {value[k]} {high[k]}"


def _counts(table: pd.DataFrame, boxes: gpd.GeoDataFrame) -> Iterator[str]:
    for row in table.itertuples():
        here = boxes[(boxes["date"] == row.date) & ((row.zone == "") | (boxes["zone"] == row.zone))]
        kinds = Counter(here["kind"])
        told = (row.containers, row.teu, row.other_boxes)
        listed = sum(kinds[k] for k in TEU), sum(kinds[k] * n for k, n in TEU.items()), kinds["other"]
        if not (tuple(told) == listed or (np.isnan(told).all() and not len(here))):
            yield f"{row.date} {row.zone}: {told} containers, TEU and others in the table, {listed} in the layer"


def _one_ground(boxes: gpd.GeoDataFrame) -> Iterator[str]:
    containers = boxes[boxes["kind"] != "other"]
    for day, rows in containers.groupby("date"):
        shapes = rows.geometry.to_numpy()
        one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
        area = shapely.area(shapes)
        for _ in np.flatnonzero((one < other) & (shared >= SAME_GROUND * np.minimum(area[one], area[other]))):
            yield f"{day}: two containers on the same ground"


def _events(site: pd.DataFrame, tracks: gpd.GeoDataFrame, boxes: gpd.GeoDataFrame) -> Iterator[str]:
    containers = tracks[tracks["kind"] != "other"]
    came = Counter(containers["first_seen"][containers["not_before"].notna()])
    left = Counter(containers["not_after"].dropna())
    for day, row in site.iterrows():
        for name, listed in (("arrivals", came[day]), ("departures", left[day])):
            if not (np.isnan(row[name]) or row[name] == listed):
                yield f"{day}: {row[name]} {name} in the table, {listed} in the tracks"
    spans = tracks.set_index("track_id")[["first_seen", "last_seen"]]
    own = boxes[boxes["track_id"].notna()]
    first, last = (spans[name].reindex(own["track_id"].astype(int)).to_numpy() for name in spans)
    for day, begins, ends in zip(own["date"], first, last, strict=True):
        if not begins <= day <= ends:
            yield f"{day}: a box of a track from {begins} to {ends}"


def _masks(run: Path, site: pd.DataFrame) -> Iterator[str]:
    changes = _layer(run, "changes")
    for path in sorted((run / "change").glob("*_mask.tif")):
        day = path.name[:10]
        with rasterio.open(path) as source:
            marked, transform = source.read(1) == 1, source.transform
            m2 = float((marked.sum(1) * _row_m2(source)).sum())
        told, regions = site["changed_area_m2"][day], changes[changes["date"] == day]
        # A date whose ground is not compared marks boxes, and has no area.
        if not (np.isnan(told) or abs(told - m2) <= ROUNDED_M2 + 1e-4 * m2):
            yield f"{day}: {told} m2 changed in the table, {m2:.1f} in the mask"
        if abs(regions["area_m2"].sum() - m2) > 0.5 + 1e-3 * m2:
            yield f"{day}: {regions['area_m2'].sum():.1f} m2 in the layer changes, {m2:.1f} in the mask"
        shapes = [(shape, 1) for shape in regions.geometry]
        drawn = rasterize(shapes, marked.shape, transform=transform) if shapes else np.zeros(marked.shape)
        if (drawn.astype(bool) != marked).any():
            yield f"{day}: regions and mask differ on {int((drawn.astype(bool) != marked).sum())} pixels"


def _row_m2(source: rasterio.DatasetReader) -> np.ndarray:
    """Ground area of a pixel of the first and the last row, and in between."""
    to_degrees = pyproj.Transformer.from_crs(source.crs, 4326, always_xy=True)
    found = []
    for row in (0, source.height - 1):
        corners = rasterio.transform.xy(source.transform, [row, row, row + 1, row + 1], [0, 1, 1, 0], offset="ul")
        degrees = to_degrees.transform(*corners)
        found.append(abs(pyproj.Geod(ellps="WGS84").polygon_area_perimeter(*degrees)[0]))
    return np.linspace(*found, source.height)


def _first_change(run: Path) -> Iterator[str]:
    path, expected, closed = run / "change" / "first_change.tif", None, None
    for mask in sorted((run / "change").glob("*_mask.tif"), reverse=True):
        with rasterio.open(mask) as source:
            values = source.read(1)
        if expected is None:
            expected, closed = np.full(values.shape, -1), np.zeros(values.shape, bool)
        expected[(values == 1) & ~closed] = (dt.date.fromisoformat(mask.name[:10]) - EPOCH).days
        closed |= values == 0
        expected[closed & (expected == -1)] = 0
    if expected is not None and path.exists():
        with rasterio.open(path) as source:
            differing = int((source.read(1) != expected).sum())
        if differing:
            yield f"first_change.tif: {differing} pixels are not as the masks have them"


def _footprint(run: Path, site: pd.DataFrame) -> Iterator[str]:
    told = site["footprint_area_m2"]
    for row in _layer(run, "footprint").itertuples():
        if not np.isclose(told[row.date], row.area_m2, rtol=0, atol=ROUNDED_M2, equal_nan=True):
            yield f"{row.date}: footprint {row.area_m2} m2 in its layer, {told[row.date]} in the table"
    if "ground" not in set(gpd.list_layers(run / "objects.gpkg")["name"]):
        return
    for day, rows in _layer(run, "ground").groupby("date"):
        kinds = rows["area_m2"].sum()
        if not np.isnan(told[day]) and abs(kinds - told[day]) > 1 + 1e-3 * told[day]:
            yield f"{day}: kinds of ground cover {kinds:.0f} m2, the footprint {told[day]}"


def _totals(summary: dict[str, Any], site: pd.DataFrame) -> Iterator[str]:
    for name, columns in FIGURE_COLUMNS.items():
        known, total = site[[*columns]].dropna(), summary["totals"].get(name)
        if total is not None and len(known):
            part = _sums if name in ("arrivals", "departures") else _ends
            yield from (f"totals.{name}: {line}" for line in part(total, known, ROUNDED.get(name, ROUNDED_M2)))


def _sums(total: dict[str, Any], known: pd.DataFrame, off: float) -> Iterator[str]:
    values, lows = (known[column] for column in known.columns[:2])
    if abs(total["value"] - values.sum()) > off * len(known):
        yield f"{total['value']}, the table's add up to {values.sum()}"
    # Where none is sure to stand on any look none is sure to have come, whatever a date says.
    if total["low"] and total["low"] < lows.max() - off:
        yield f"at least {total['low']}, on one date {lows.max()}"


def _ends(total: dict[str, Any], known: pd.DataFrame, off: float) -> Iterator[str]:
    for part, day in {"first": known.index[0], "last": known.index[-1], "peak": total["peak"]["date"]}.items():
        told = [total[part][key] for key in ("value", "low", "high")]
        if total[part]["date"] != day or not np.allclose(told, known.loc[day], rtol=0, atol=off):
            yield f"{part}: {total[part]}, in the table {day} {[*known.loc[day]]}"
    if known.iloc[:, 0].max() > total["peak"]["value"] + off:
        yield f"peak: {total['peak']['value']}, in the table {known.iloc[:, 0].max()}"


def _flow(summary: dict[str, Any], site: pd.DataFrame) -> Iterator[str]:
    for part in summary["flow"]:
        for name in ("arrivals", "departures"):
            value, low, high = (site[column][part["to"]] for column in FIGURE_COLUMNS[name])
            # To one decimal; where too few boxes stood there what came and left again is not known, nor the most.
            if part[name]["most"] is None:
                continue
            told = [part[name][key] for key in ("least", "likely", "most")]
            unseen = [0.0, part["unseen"]["likely"], part["unseen"]["most"]]
            if not np.allclose(told, np.add([low, value, high], unseen), rtol=0, atol=0.16):
                yield f"flow to {part['to']}: {name} {told}, in the table {low} {value} {high}, unseen {unseen[1:]}"


def _report(run: Path, summary: dict[str, Any]) -> Iterator[str]:
    if not (run / "report.html").exists():
        return
    page = re.sub(r"<(style|script)\b.*?</\1>", "", (run / "report.html").read_text(), flags=re.DOTALL)
    shown = re.sub(r"\s", "", html.unescape(re.sub(r"<[^>]+>", "", page)))
    for text in [*(one["text"] for one in summary["sentences"]), *summary["warnings"], *summary["notes"]]:
        if re.sub(r"\s", "", text) not in shown:
            yield f"report.html: lacks {text!r}"
