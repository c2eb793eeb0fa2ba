"""Changed regions and areas of all dates, from their masks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeAlias

import geopandas as gpd
import pandas as pd

from changedet.grid.zones import zone_of
from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.area_sums import changed_and_seen
from changedet.pipeline.first_change import changed_by_first_date, first_dates
from changedet.pipeline.mask_files import mask_path
from changedet.plan import Plan
from changedet.store import read_geoframe


def changes_layer(plan: Plan, zones: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    if plan.built("change") is None:
        return vector_layers.empty("changes", plan.grid.crs)
    days = [look.date for i, look in enumerate(plan.looks) if i != plan.reference]
    found = {day: read_geoframe(plan.folder.table("changes", day)) for day in days}
    found = {day: table for day, table in found.items() if len(table)}
    if not found:
        return vector_layers.empty("changes", plan.grid.crs)
    first = _first_seen(plan, found)
    tables = [table.assign(first_seen=seen) for table, seen in zip(found.values(), first, strict=True)]
    changes = pd.concat(tables, ignore_index=True)
    return changes.assign(zone=zone_of(changes.geometry.representative_point(), zones))


def _first_seen(plan: Plan, found: Mapping[dt.date, gpd.GeoDataFrame]) -> list[list[str | None]]:
    path = plan.folder.first_change_file(plan.formats)
    if not path.exists():
        return [[None] * len(table) for table in found.values()]
    if is_pair(plan):
        return [[str(day)] * len(table) for day, table in found.items()]
    return first_dates(path, plan.grid, [table.geometry.to_numpy() for table in found.values()])


def is_pair(plan: Plan) -> bool:
    """Whether there are two looks, the reference first: no later one could gainsay what the mask says."""
    return len(plan.looks) == 2 and plan.reference == 0


ChangedAreas: TypeAlias = dict[dt.date, dict[str, tuple[float, float]]]
"""For each compared date and area the ground marked 1 and the ground judged, in m2."""


def changed_areas(plan: Plan, areas: Mapping[str, Any]) -> ChangedAreas:
    if plan.built("change") is None:
        return {}
    days = [look.date for i, look in enumerate(plan.looks) if i != plan.reference]
    paths = {day: mask_path(plan.folder, day, plan.formats) for day in days}
    found = {day: changed_and_seen(path, plan.grid, list(areas.values())) for day, path in paths.items()}
    return {day: dict(zip(areas, pairs, strict=True)) for day, pairs in found.items()}


def with_lasting_area(plan: Plan, table: pd.DataFrame) -> pd.DataFrame:
    """The table with the area changed for good in place of what each mask marks: single bad looks date falsely."""
    path = plan.folder.first_change_file(plan.formats)
    if not path.exists() or is_pair(plan):
        return table
    by_day = changed_by_first_date(path, plan.grid)
    reference = plan.looks[plan.reference].date
    out = table.copy()
    names = ["changed_area_m2", "changed_area_low_m2", "changed_area_high_m2"]
    for index, row in table[table["zone"] == ""].iterrows():
        day = row["date"].date()
        if day <= reference or row[names].isna().any():
            continue
        lasting = sum(area for first, area in by_day.items() if first <= day)
        marked = float(row[names[0]])
        share = lasting / marked if marked > 0 else 1.0
        low, high = float(row[names[1]]) * min(share, 1.0), max(float(row[names[2]]) * min(share, 1.0), lasting)
        out.loc[index, names] = [lasting, min(low, lasting), high]
    return out


def is_compared(plan: Plan, day: date) -> bool:
    return plan.built("change") is not None and day != plan.looks[plan.reference].date
