"""What needs all dates at once: containers and their tracks, changes, footprints, the time series and its summary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from changedet.grid import Grid
from changedet.grid.zones import zone_of, zone_table
from changedet.imagery.scene import Look
from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.date_files import changed_and_seen, changed_by_first_date, clear_fraction, first_dates
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.finished import SCHEMA_VERSION
from changedet.pipeline.footprints import as_estimates, footprint_layer, footprints_of, ground_layer
from changedet.pipeline.looks import seen_looks
from changedet.pipeline.mask_files import mask_path
from changedet.pipeline.placebo import Placebo, placebo
from changedet.pipeline.zones import trains, with_occupancy
from changedet.plan import CANNOT, Plan, countable
from changedet.stages.change.method import false_share as change_false_share
from changedet.stages.footprint.stage import Footprint, why_not
from changedet.stages.objects.boxes import georeferenced
from changedet.stages.series.growth import Onset
from changedet.stages.series.onsets import find_onsets
from changedet.stages.series.table import DateMeasurements, changed_area_interval, timeseries
from changedet.stages.series.totals import totals
from changedet.stages.tracks.result import Tracks
from changedet.store import RunFolder, read_frame, read_geoframe

LEAST_CLEAR: Final = 0.05
"""Below this share of clear ground a date says next to nothing, and a warning says so."""


@dataclass(frozen=True)
class Results:
    """All tables of a run.

    Attributes
    ----------
    layers : mapping of str to GeoDataFrame
        ``containers``, ``tracks``, ``footprint``, ``changes`` and, where given, ``zones``.
    table : DataFrame
        The time series.
    summary : dict
        ``summary.json`` without its warnings.
    unavailable : mapping of str to str
        Figure -> why it cannot be had.
    warnings : tuple of str
    """

    layers: Mapping[str, gpd.GeoDataFrame]
    table: pd.DataFrame
    summary: Mapping[str, Any]
    unavailable: Mapping[str, str]
    warnings: tuple[str, ...] = ()


def collect(plan: Plan, models: Mapping[dt.date, DateModel]) -> Results:
    """Everything that follows from the dates' rasters and tables."""
    zones = zone_table(plan.zones)
    detections = _detections(plan)
    tracks = _tracks(plan, models, detections)
    footprints = footprints_of(plan, detections)
    areas = {"": None} | ({} if zones is None else dict(zip(zones["name"], zones.geometry, strict=True)))
    changed = _changed_areas(plan, areas)
    false = _placebo(plan) if changed else None
    looks = _look_facts(plan, models, areas, footprints, changed, false.bound if false is not None else 0.0)
    table = with_occupancy(timeseries(looks, tracks, zones), zones)
    layers = {
        "containers": _containers(plan, tracks, zones),
        "tracks": tracks.tracks if tracks is not None else vector_layers.empty("tracks", plan.grid.crs),
        "footprint": footprint_layer(footprints, looks, plan),
        "changes": _changes(plan, zones),
    }
    if zones is not None:
        layers["zones"] = zones
    bears = ground_layer(footprints, plan)
    if bears is not None:
        layers["ground"] = bears
    on_rails = trains(layers["containers"], zones)
    if on_rails is not None:
        layers["trains"] = on_rails
    unavailable = _unavailable(plan, table)
    seen = {day: pairs[""][1] for day, pairs in changed.items()}
    summary = {
        **_summary(plan, table, tracks),
        "placebo": None if false is None else false.to_json(seen),
        "enl": _enl(models),
    }
    return Results(layers, table, summary, unavailable, tuple(_warnings(plan, models, table, unavailable)))


def _enl(models: Mapping[dt.date, DateModel]) -> dict[str, float] | None:
    """Equivalent number of looks of the local means by which each date was tested; None where no test asked for it."""
    tested = {str(day): (model.change or {}).get("looks") for day, model in models.items()}
    return {day: round(float(looks), 2) for day, looks in tested.items() if looks is not None} or None


def _detections(plan: Plan) -> gpd.GeoDataFrame | None:
    """Boxes of all dates that can be counted, as rectangles in the grid's CRS; None where boxes were not looked for."""
    if plan.built("objects") is None or not _counted_dates(plan):
        return None
    return kept_boxes(plan.folder, plan.grid, _counted_dates(plan))


def kept_boxes(folder: RunFolder, grid: Grid, days: Sequence[dt.date]) -> gpd.GeoDataFrame:
    """The boxes that the passes over some dates kept, candidates below the count threshold (``counted`` False) too."""
    tables = []
    for day in days:
        boxes = read_frame(folder.table("boxes", day))
        if len(boxes):
            placed = georeferenced(boxes, grid.geobox, grid.ground_resolution_m)
            inside = shapely.intersects(shapely.centroid(placed.geometry.to_numpy()), grid.area)
            tables.append(placed[inside].assign(date=str(day)))
    if not tables:
        none = vector_layers.empty("containers", grid.crs).drop(columns=["track_id", "zone"])
        return none.assign(counted=pd.Series([], dtype=bool))
    found = pd.concat(tables, ignore_index=True)
    found["date"] = pd.to_datetime(found["date"], utc=True)
    found.insert(1, "object_id", np.arange(1, len(found) + 1))
    if "counted" not in found:
        found["counted"] = True
    return found


def _counted_dates(plan: Plan) -> list[dt.date]:
    method = plan.built("objects")
    return [look.date for look in plan.looks if method is not None and look.gsd_m <= method.coarsest_m]


def _tracks(plan: Plan, models: Mapping[dt.date, DateModel], detections: gpd.GeoDataFrame | None) -> Tracks | None:
    follow = plan.built("tracks")
    if follow is None or detections is None:
        return None
    looks = seen_looks(plan, models, _counted_dates(plan))
    tracks: Tracks = follow(detections, looks)
    looks.keep_light()
    return tracks


def _containers(plan: Plan, tracks: Tracks | None, zones: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    detections = tracks.detections if tracks is not None else _detections(plan)
    if detections is None:
        return vector_layers.empty("containers", plan.grid.crs)
    return counted_rows(detections, zones)


def counted_rows(detections: gpd.GeoDataFrame, zones: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """The rows of the layer ``containers``: those that count, each with the zone that holds its centre."""
    if not len(detections):
        return vector_layers.empty("containers", detections.crs)
    counted = detections[detections["counted"]].drop(columns="counted").reset_index(drop=True)
    return counted.assign(zone=zone_of(counted.geometry.centroid, zones))


def _changes(plan: Plan, zones: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
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
    if _is_pair(plan):
        return [[str(day)] * len(table) for day, table in found.items()]
    return first_dates(path, plan.grid, [table.geometry.to_numpy() for table in found.values()])


def _is_pair(plan: Plan) -> bool:
    """Whether there are two looks, the reference first: no later one could gainsay what the mask says."""
    return len(plan.looks) == 2 and plan.reference == 0


ChangedAreas: TypeAlias = dict[dt.date, dict[str, tuple[float, float]]]
"""For each compared date and area the ground marked 1 and the ground judged, in m2."""


def _changed_areas(plan: Plan, areas: Mapping[str, Any]) -> ChangedAreas:
    if plan.built("change") is None:
        return {}
    days = [look.date for i, look in enumerate(plan.looks) if i != plan.reference]
    paths = {day: mask_path(plan.folder, day, plan.formats) for day in days}
    found = {day: changed_and_seen(path, plan.grid, list(areas.values())) for day, path in paths.items()}
    return {day: dict(zip(areas, pairs, strict=True)) for day, pairs in found.items()}


def _placebo(plan: Plan) -> Placebo:
    return placebo(plan, change_false_share(plan.choices["change"].method, plan.facts))


def _look_facts(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    areas: Mapping[str, Any],
    footprints: Mapping[dt.date, Footprint],
    changed: ChangedAreas,
    false_share: float,
) -> list[DateMeasurements]:
    counted = set(_counted_dates(plan))
    facts = []
    for look in plan.looks:
        alignment = models[look.date].alignment
        known = alignment.confident
        clear = dict(
            zip(areas, clear_fraction(plan.folder.quality(look.date), plan.grid, list(areas.values())), strict=True)
        )
        intervals = {
            name: changed_area_interval(marked, seen, false_share)
            for name, (marked, seen) in changed.get(look.date, {}).items()
            if seen > 0
        }
        built = footprints.get(look.date)
        facts.append(
            DateMeasurements(
                look.date,
                look.name,
                look.gsd_m,
                alignment.shift.east_m if known else float("nan"),
                alignment.shift.north_m if known else float("nan"),
                {name: share for name, share in clear.items() if share == share},
                intervals,
                as_estimates(built, areas, clear, plan),
                look.date in counted,
            )
        )
    return facts


def _summary(plan: Plan, table: pd.DataFrame, tracks: Tracks | None) -> dict[str, Any]:
    reference = plan.looks[plan.reference].date
    method = plan.built("series")
    if method is None:
        onset = dict.fromkeys(
            ("containers", "changed_area", "footprint"), _no_onset("the series stage is switched off")
        )
    else:
        found = find_onsets(_with_lasting_area(plan, table), method, reference, tracks)
        onset = {name: one.to_json() for name, one in found.items()} | _not_computed(plan)
    return {
        "schema_version": SCHEMA_VERSION,
        "site": plan.site_id,
        "name": plan.workflow.site.name,
        "grid": {
            "crs": plan.grid.crs,
            "resolution_m": plan.grid.resolution_m,
            "shape": list(plan.grid.shape),
            "transform": list(plan.grid.transform)[:6],
        },
        "dates": [str(look.date) for look in plan.looks],
        "reference_date": str(reference),
        "totals": with_nulls(totals(table)),
        "onset": onset,
    }


def _not_computed(plan: Plan) -> dict[str, dict[str, Any]]:
    """Onsets of figures that this run does not have, with why."""
    out = {}
    if countable(plan).startswith(CANNOT):
        out["containers"] = _no_onset(f"containers {countable(plan)}")
    if plan.method("change") is None:
        out["changed_area"] = _no_onset(f"change is not computed: {plan.choices['change'].reason}")
    return out


def _no_onset(reason: str) -> dict[str, Any]:
    return Onset(None, None, None, float("nan"), reason).to_json()


def with_nulls(totals: dict[str, Any]) -> dict[str, Any]:
    """A figure that cannot be had keeps its keys, with nulls in them."""
    empty = dict.fromkeys(("value", "low", "high", "date"))
    out: dict[str, Any] = {}
    for name, total in totals.items():
        if name in {"arrivals", "departures"}:
            out[name] = total or empty
        else:
            out[name] = {part: figure or empty for part, figure in (total or {}).items()}
    return out


def _with_lasting_area(plan: Plan, table: pd.DataFrame) -> pd.DataFrame:
    """The table with the area changed for good in place of what each mask marks: single bad looks date falsely."""
    path = plan.folder.first_change_file(plan.formats)
    if not path.exists() or _is_pair(plan):
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


def _unavailable(plan: Plan, table: pd.DataFrame) -> dict[str, str]:
    found: dict[str, str] = {}
    whole = table[table["zone"] == ""]
    if whole["containers_expected"].isna().all():
        why = countable(plan)
        if plan.built("objects") is not None and plan.built("tracks") is None:
            why = "not estimated: the tracks stage is switched off"
        found |= dict.fromkeys(("containers", "teu", "arrivals", "departures"), why)
    if whole["changed_area_m2"].isna().all():
        found["changed_area_m2"] = _why_no_change(plan)
    if whole["footprint_area_m2"].isna().all():
        found["footprint_area_m2"] = why_not(plan.facts)
    return found


def _why_no_change(plan: Plan) -> str:
    if len(plan.looks) < 2:
        return "a single date: nothing is compared"
    if plan.built("change") is None:
        return plan.choices["change"].reason
    return "no place is clear on the reference date and on another"


def _warnings(
    plan: Plan, models: Mapping[dt.date, DateModel], table: pd.DataFrame, unavailable: Mapping[str, str]
) -> Sequence[str]:
    said = [
        f"{look.date}: {models[look.date].alignment.reason}" for look in plan.looks if _is_unsure(models, look.date)
    ]
    reasons = dict.fromkeys(unavailable.values())
    said += [f"{', '.join(name for name in unavailable if unavailable[name] == why)}: {why}" for why in reasons]
    whole = table[table["zone"] == ""].set_index(table["date"].dt.strftime("%Y-%m-%d")[table["zone"] == ""])
    for look in plan.looks:
        clear = whole["valid_fraction"].get(str(look.date))
        if clear is not None and clear < LEAST_CLEAR:
            said.append(f"{look.date}: only {clear:.1%} of the area is clear on it{_instead(plan, look, whole)}")
        normalise = models[look.date].normalise or {}
        if normalise.get("accepted") is False and normalise.get("reason"):
            said.append(f"{look.date}: normalisation: {normalise['reason']}")
    return [*said, *_seen_beyond(table)]


def _seen_beyond(table: pd.DataFrame) -> list[str]:
    """Counts that lie above their own interval, which only boxes that the series does not believe can make."""
    beyond = table[(table["containers"].astype("float64") > table["containers_high"]).to_numpy(bool)]
    return [
        f"{row['date'].date()}{row['zone'] and ', '}{row['zone']}: {row['containers']} containers were seen, beyond "
        f"the {row['containers_low']:.1f} to {row['containers_high']:.1f} expected: the series judges the rest false"
        for _, row in beyond.iterrows()
    ]


def _instead(plan: Plan, look: Look, whole: pd.DataFrame) -> str:
    """What to compare with where it is the reference date that shows nothing."""
    shares = whole["valid_fraction"].dropna()
    if look is not plan.looks[plan.reference] or not len(shares) or shares.max() < 0.5:
        return ""
    return f": nothing can be compared with it; give before: {shares[shares >= 0.9 * shares.max()].index[0]}"


def _is_unsure(models: Mapping[dt.date, DateModel], day: dt.date) -> bool:
    alignment = models[day].alignment
    return not alignment.confident and "switched off" not in alignment.reason
