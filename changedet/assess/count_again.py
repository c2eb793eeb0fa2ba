"""A site counted again with a person's verdicts on its boxes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from changedet.arrays import Bools
from changedet.assess import reopen
from changedet.assess.verdicts import Verdicts
from changedet.errors import InputError
from changedet.grid.zones import BERTH, of_kind, overlapping
from changedet.json_types import JsonObject
from changedet.kernels.doubts import HOME_ODDS
from changedet.outputs import json_files, tables
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.sentences.story import sentences, sentences_json
from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.outputs.values import as_float, mapping_at, rows_of
from changedet.pipeline.boxes import counted_rows, with_deck
from changedet.pipeline.finished import Run
from changedet.pipeline.flow import flow
from changedet.pipeline.new_ground import sure_boxes, with_first_boxes
from changedet.pipeline.other_things import FIGURES, with_kept
from changedet.pipeline.robust_ranges import with_robustness
from changedet.pipeline.things.berths import boxes_ashore
from changedet.pipeline.zone_records import trust_of_counts, zone_records
from changedet.pipeline.zones import trains_on_sidings, with_occupancy
from changedet.stages.registry import Facts
from changedet.stages.series.area_rows import rows_of_site
from changedet.stages.series.claims import find_claims
from changedet.stages.series.estimates import Estimate
from changedet.stages.series.growth import OnsetMethod
from changedet.stages.series.onsets import find_onsets
from changedet.stages.series.stage import STAGE as SERIES
from changedet.stages.series.table import DateMeasurements, timeseries
from changedet.stages.series.totals import totals, with_nulls
from changedet.stages.tracks.confirmed import LISTED_KIND
from changedet.stages.tracks.result import TrackMethod, Tracks
from changedet.stages.tracks.stage import STAGE as TRACKS
from changedet.store.amending import amend
from changedet.store.layout import REVIEW_STEP


def count_again(finished: Run, days: Sequence[dt.date], verdicts: Verdicts, warn: Callable[[str], None] | None) -> str:
    """Track and count a site again, and write ``reviewed/``.

    Parameters
    ----------
    finished : Run
        The run.
    days : sequence of datetime.date
        On which it counted boxes.
    verdicts : Verdicts
        What a person said.
    warn : callable or None
        Called with each warning.

    Returns
    -------
    str
        The figures before and after.

    Raises
    ------
    InputError
        The tracks stage is switched off, or a file in ``reviewed/`` was edited by hand.
    """
    folder = finished.folder
    files = {path.name: path for path in folder.reviewed}
    folder.guard({REVIEW_STEP: list(files.values())})
    grid = finished.grid
    boxes, no_candidates = reopen.boxes(finished, folder, grid, days)
    looks, no_looks = reopen.looks(finished, folder, grid, days)
    warnings, zones = [*no_candidates, *no_looks], finished.zones
    boxes, on_deck = boxes_ashore(boxes, finished.ships, of_kind(zones, BERTH), grid.ground_metre)
    facts = Facts(resolution_m=grid.ground_resolution_m, dates=len(days), detector=reopen.detector(finished))
    rows = _with_verdicts(_as_listed(boxes, finished.containers, verdicts), verdicts)
    track = _track_method(finished, facts, _certain(rows, verdicts))
    if track is None:
        raise InputError(f"{finished.path}: the tracks stage is switched off; nothing can be counted again")
    rejected = boxes[boxes["object_id"].isin(verdicts.rejected)]
    tracks = _with_certain_places(track(rows, looks), _certain(rows, verdicts), rejected)
    counted = with_occupancy(timeseries(_measurements(finished, days, zones), tracks, zones), zones)
    table = with_kept(counted, finished.series, FIGURES)
    containers = with_deck(counted_rows(tracks.detections, zones), on_deck, zones)
    trust = trust_of_counts(table, tracks, containers)
    summary = _summary(finished, table, tracks, _onset_method(finished, facts), trust, verdicts, warnings)
    layers = _layers(finished, containers, tracks, zones, grid.ground_metre)

    def _write() -> None:
        vector_layers.write_objects(files["objects.gpkg"], layers, grid.crs)
        tables.write_timeseries(files["timeseries.csv"], table)
        json_files.write_json(files["summary.json"], summary)

    amend(folder, REVIEW_STEP, "written anew by every review", list(files.values()), _write)
    if warn is not None:
        for warning in warnings:
            warn(warning)
    return _before_and_after(finished, table, summary, verdicts, folder.reviewed[0].parent)


def _layers(
    finished: Run, containers: gpd.GeoDataFrame, tracks: Tracks, zones: gpd.GeoDataFrame | None, unit: float
) -> dict[str, gpd.GeoDataFrame]:
    on_rails = trains_on_sidings(containers, zones, unit)
    optional = {"not_seen": finished.not_seen, "ground": finished.ground, "zones": zones, "trains": on_rails}
    optional |= {"ships": finished.ships, "railcars": finished.optional_layer("railcars")}
    optional |= {name: finished.optional_layer(name) for name in ("works", "cells", "buildings")}
    layers = {"containers": containers, "tracks": tracks.tracks}
    layers |= {"footprint": finished.footprint, "changes": finished.changes}
    return layers | {name: layer for name, layer in optional.items() if layer is not None}


def _track_method(finished: Run, facts: Facts, certain: Bools) -> TrackMethod | None:
    """The run's own way to track boxes; rows that a person accepted or drew raise the detector's precision."""
    found = reopen.method(finished, TRACKS)
    if found is None:
        return None
    chosen, parameters = found
    if len(certain) and "precision" in parameters:
        share = float(certain.mean())
        parameters["precision"] = share + (1.0 - share) * parameters["precision"]
    return chosen.function(facts, **parameters)


def _onset_method(finished: Run, facts: Facts) -> OnsetMethod | None:
    found = reopen.method(finished, SERIES)
    if found is None:
        return None
    return found[0].function(facts, **found[1])


def _as_listed(boxes: gpd.GeoDataFrame, layer: gpd.GeoDataFrame, verdicts: Verdicts) -> gpd.GeoDataFrame:
    """Boxes whose accepted ones are of the kind that the layer shows, which is what a person accepted."""
    accepted = layer[layer["object_id"].isin(verdicts.accepted)]
    shown = dict(zip(accepted["object_id"], accepted["kind"], strict=True))
    return boxes.assign(
        kind=[shown.get(number, kind) for number, kind in zip(boxes["object_id"], boxes["kind"], strict=True)]
    )


def _certain(rows: gpd.GeoDataFrame, verdicts: Verdicts) -> Bools:
    """Of the rows that count, whether a person accepted or drew them."""
    counted = rows[rows["counted"].astype(bool)]
    drawn = np.arange(len(counted)) >= len(counted) - len(verdicts.added)
    return np.asarray(counted["object_id"].isin(verdicts.accepted).to_numpy(bool) | drawn)


def _with_certain_places(tracks: Tracks, certain: Bools, rejected: gpd.GeoDataFrame) -> Tracks:
    """Tracks whose places hold a box for certain where a person accepted or drew one, none where one was rejected.

    What a person accepted or drew is listed as that, whatever the other dates show there.
    """
    if not len(tracks.places):
        return tracks
    index = {day: i for i, day in enumerate(tracks.dates)}
    presence = tracks.place_presence.copy()
    centres = tracks.places.geometry.to_numpy()
    tree = cKDTree(shapely.get_coordinates(centres))
    counted = tracks.detections[tracks.detections["counted"].astype(bool)]
    _, place = tree.query(shapely.get_coordinates(counted.geometry.centroid.to_numpy()))
    date = np.array([index[stamp.date()] for stamp in counted["date"]], np.int64)
    occupied = np.zeros(presence.shape, bool)
    occupied[place, date] = True
    for stamp, shape in zip(rejected["date"], rejected.geometry, strict=True):
        t = index[stamp.date()]
        presence[shapely.intersects(shape, centres) & ~occupied[:, t], t] = 0.0
    presence[place[certain], date[certain]] = 1.0
    rows = tracks.detections.copy()
    if LISTED_KIND in rows:
        sure = counted.index[certain]
        rows.loc[sure, LISTED_KIND] = rows.loc[sure, "kind"]
    return replace(tracks, detections=rows, place_presence=presence)


def _with_verdicts(boxes: gpd.GeoDataFrame, verdicts: Verdicts) -> gpd.GeoDataFrame:
    """Accepted and drawn boxes certain, rejected ones gone, and no mere candidate where a person has judged."""
    rejected = boxes["object_id"].isin(verdicts.rejected)
    judged = pd.concat(
        [
            boxes[rejected][["date", "geometry"]],
            verdicts.added[["date", "geometry"]].assign(date=pd.to_datetime(verdicts.added["date"], utc=True)),
        ]
    )
    doubtful = np.zeros(len(boxes), bool)
    centres = boxes.geometry.centroid
    for day, shape in zip(judged["date"], judged["geometry"], strict=True):
        doubtful |= ((boxes["date"] == day) & ~boxes["counted"]).to_numpy(bool) & shapely.intersects(shape, centres)
    kept = boxes[~rejected & ~doubtful].copy()
    # A person sees what is a part of a house.
    home = {HOME_ODDS: -np.inf} if HOME_ODDS in kept else {}
    # A box that only the series confirmed is below the threshold by itself.
    accepted = kept["object_id"].isin(verdicts.accepted)
    kept.loc[accepted, ["confidence", "counted", *home]] = 1.0, True, *home.values()
    if not len(verdicts.added):
        return kept.reset_index(drop=True)
    first = int(boxes["object_id"].max()) + 1 if len(boxes) else 1
    certain = {"confidence": 1.0, "counted": True, "inferred": False, "color": None, "tiers": None, **home}
    drawn = verdicts.added.assign(
        date=pd.to_datetime(verdicts.added["date"], utc=True).astype(boxes["date"].dtype),
        object_id=np.arange(first, first + len(verdicts.added)),
        **certain,
    )
    rows = [dict(row) for frame in (kept, drawn) for row in frame[list(kept.columns)].to_dict("records")]
    joined = gpd.GeoDataFrame(rows, columns=list(kept.columns), geometry="geometry", crs=boxes.crs)
    return joined.astype({"counted": bool, "confidence": float, "date": boxes["date"].dtype})


def _measurements(finished: Run, days: Sequence[dt.date], zones: gpd.GeoDataFrame | None) -> list[DateMeasurements]:
    """What the run found of each date beside its boxes, from its own time series."""
    table = finished.series
    names = ["", *([] if zones is None else [str(name) for name in zones["name"]])]
    facts = []
    for day in sorted(set(table["date"].dt.date)):
        rows = table[table["date"].dt.date == day]
        by_zone = {name: rows[rows["zone"] == name].iloc[0] for name in names if (rows["zone"] == name).any()}
        whole = by_zone[""]
        facts.append(
            DateMeasurements(
                date=day,
                scene="" if pd.isna(whole["scene"]) else str(whole["scene"]),
                gsd_m=float(whole["gsd_m"]),
                shift_east_m=float(whole["shift_east_m"]),
                shift_north_m=float(whole["shift_north_m"]),
                valid_fraction={n: float(r["valid_fraction"]) for n, r in by_zone.items() if r["valid_fraction"] >= 0},
                changed_area_m2=_estimates(by_zone, "changed_area_m2", "changed_area"),
                footprint_m2=_estimates(by_zone, "footprint_area_m2", "footprint"),
                counts_possible=day in days,
                unfamiliarity=_unfamiliarity(finished, day),
                is_refused=bool(pd.notna(whole["containers"]) and pd.isna(whole["containers_expected"])),
            )
        )
    return facts


def _unfamiliarity(finished: Run, day: dt.date) -> float:
    """As the run wrote it: a person's verdicts on some boxes make no scene more familiar."""
    distance = as_float(mapping_at(finished.summary, "familiarity", str(day)).get("distance"))
    return float("nan") if distance is None else distance


def _estimates(by_zone: Mapping[str, pd.Series[Any]], name: str, stem: str) -> dict[str, Estimate]:
    columns = (name, f"{stem}_low_m2", f"{stem}_high_m2")
    return {n: Estimate(*(float(row[c]) for c in columns)) for n, row in by_zone.items() if pd.notna(row[name])}


def _summary(
    finished: Run,
    table: pd.DataFrame,
    tracks: Tracks,
    find: OnsetMethod | None,
    trust: JsonObject,
    verdicts: Verdicts,
    warnings: Sequence[str],
) -> dict[str, object]:
    onset = dict(finished.summary["onset"])
    if find is not None:
        reference = dt.date.fromisoformat(finished.summary["reference_date"])
        onset["containers"] = find_onsets(table, find, reference, tracks)["containers"].to_json()
    counts = {"accepted": len(verdicts.accepted), "rejected": len(verdicts.rejected), "added": len(verdicts.added)}
    zones, laid = finished.zones, finished.summary.get("new_ground")
    unit, sure = finished.grid.ground_metre, sure_boxes(tracks.tracks, table, trust)
    areas = {} if zones is None else dict(zip(zones["name"].astype(str), zones.geometry, strict=True))
    summary = {
        **finished.summary,
        "totals": with_nulls(totals(rows_of_site(table))),
        "onset": onset,
        "new_ground": with_first_boxes(laid, finished.footprint, sure, unit) if laid else None,
        "zones": zone_records(table, find, tracks, areas),
        "flow": flow(table),
        **trust,
        "claims": with_robustness([one.to_json() for one in find_claims(table, overlapping(zones, unit))], None),
        # What other runs found was without the verdicts.
        "robust": None,
        "review": counts,
        "warnings": [*finished.summary["warnings"], *warnings],
    }
    told = sentences(summary, table, finished.summary.get("unavailable", {}))
    return {**summary, "sentences": sentences_json(told)}


def _before_and_after(
    finished: Run, table: pd.DataFrame, summary: Mapping[str, object], verdicts: Verdicts, out: Path
) -> str:
    before = rows_of(finished.series).set_index("date")
    after = rows_of(table).set_index("date")
    lines = [
        f"{len(verdicts.accepted)} accepted, {len(verdicts.rejected)} rejected, {len(verdicts.added)} added",
        f"{'date':<12}{'containers':>16}{'expected, before':>24}{'expected, after':>24}",
    ]
    for (_, old), (stamp, new) in zip(before.iterrows(), after.iterrows(), strict=True):
        seen = f"{_number(old['containers'])} -> {_number(new['containers'])}"
        then, now = (_interval(*(row[name] for name in FIGURE_COLUMNS["containers"])) for row in (old, new))
        lines.append(f"{str(stamp)[:10]:<12}{seen:>16}{then:>24}{now:>24}")
    onsets = [mapping_at(one, "onset", "containers").get("date") for one in (finished.summary, summary)]
    lines.append("onset of containers: " + " -> ".join(str(date or "none") for date in onsets))
    return "\n".join([*lines, str(out)])


def _number(value: object) -> str:
    number = as_float(value)
    return "-" if number is None else f"{number:.0f}"


def _interval(value: object, low: object, high: object) -> str:
    number = as_float(value)
    return "-" if number is None else f"{number:.1f} ({_number(low)} to {_number(high)})"
