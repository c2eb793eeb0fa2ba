"""What summary.json says of each zone, and why sums over zones or over lists differ from the site's figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import pandas as pd

from changedet.arrays import Floats
from changedet.json_types import Json, JsonObject
from changedet.kernels.containers import TEU_OF_KIND
from changedet.outputs.sentences.counts import moves_unseen
from changedet.outputs.sentences.looks import HARDLY_CLEAR
from changedet.outputs.values import rows_of
from changedet.pipeline.area_sums import Area
from changedet.pipeline.things.berths import SHIP
from changedet.pipeline.view_records import learnt_views, oblique_looks, views_note
from changedet.stages.series.area_rows import NO_ROWS, rows_by_area
from changedet.stages.series.growth import OnsetMethod
from changedet.stages.series.onsets import find_zone_onsets
from changedet.stages.series.site_boxes import tracked_boxes
from changedet.stages.series.totals import totals, with_nulls
from changedet.stages.tracks.result import Tracks

FULL_SHARE: Final = 0.9
"""Of a zone's capacity: from here on it counts as full, as lanes stay free. Chosen by hand."""
LISTED_SHARE: Final = 0.05
"""Of the listed arrivals, by which expected ones may differ without a reason. Chosen by hand."""
LEAST_MOVES: Final = 1.5
"""Expected arrivals or departures below which their sum is not explained: it would speak of no box or of one."""
LEAST_DIFFERENCE: Final = 0.5
"""Boxes by which sums may differ before a reason is given: what is smaller is rounded away."""
OFTEN_MISSED: Final = (
    "boxes are detected here as unsurely as on sites on which many are missed: that a single look does not show a box "
    "says little of its having left"
)
"""The note on a site whose tracks follow the tables of hard sites."""


def zone_records(
    table: pd.DataFrame, method: OnsetMethod | None, tracks: Tracks | None, areas: Mapping[str, Area]
) -> JsonObject:
    """Write down what was found in each zone.

    Parameters
    ----------
    table : DataFrame
        The time series, with ``occupancy`` where a zone has a capacity.
    method : callable or None
        What the series method returns; None where the stage is switched off.
    tracks : Tracks or None
    areas : mapping of str to geometry or None
        By zone; the whole site, under ``""``, is left out.

    Returns
    -------
    dict
        Zone -> ``containers`` and ``footprint_area_m2`` (``first, last, peak, net_change``), ``arrivals``,
        ``departures``, ``onset`` (of ``containers``), ``capacity`` and ``full_since`` (None where it is not full).
    """
    named = {name: area for name, area in areas.items() if area is not None}
    onsets = {} if method is None or tracks is None else find_zone_onsets(table, method, tracks, named)
    records: JsonObject = {}
    figures = rows_by_area(table)
    by_zone = dict(iter(table.groupby("zone", sort=False)))
    for name in named:
        rows = by_zone.get(name, table[:0]).sort_values("date")
        sums = with_nulls(totals(figures.get(name, NO_ROWS)))
        onset: JsonObject = {"containers": onsets[name].to_json()} if name in onsets else {}
        records[name] = {
            **{key: sums[key] for key in ("containers", "footprint_area_m2", "arrivals", "departures")},
            "onset": onset,
            "capacity": _capacity(rows),
            "full_since": full_since(rows),
        }
    return records


def _capacity(rows: pd.DataFrame) -> float | None:
    if "capacity" not in rows or not len(rows) or pd.isna(rows["capacity"].iloc[0]):
        return None
    return float(rows["capacity"].iloc[0])


def full_since(rows: pd.DataFrame) -> JsonObject | None:
    """Since when a zone is full to the end.

    Parameters
    ----------
    rows : DataFrame
        The time series of a zone, sorted, with ``occupancy`` and its bounds.

    Returns
    -------
    dict or None
        ``date``: the first look from which every later one has at least `FULL_SHARE` of its capacity expected; ``low``:
        the day after the last look that surely had less, null where none had; ``high``: the first look from which all
        surely have as much, null where that is not sure. None where it is not full at the end.
    """
    if "occupancy" not in rows or rows["occupancy"].isna().all():
        return None
    known = rows[rows["occupancy"].notna()]
    days = [value.date() for value in known["date"]]
    begin = _run_to_the_end(known["occupancy"] >= FULL_SHARE)
    if begin is None:
        return None
    less = [day for day, high in zip(days, known["occupancy_high"], strict=True) if high < FULL_SHARE]
    sure = _run_to_the_end(known["occupancy_low"] >= FULL_SHARE)
    return {
        "date": str(days[begin]),
        "low": str(max(less) + dt.timedelta(days=1)) if less else None,
        "high": None if sure is None else str(days[sure]),
    }


def _run_to_the_end(holds: pd.Series[bool]) -> int | None:
    """Index of the first of those at the end for which it holds without a break."""
    flags = [bool(flag) for flag in holds]
    length = next((i for i, flag in enumerate(reversed(flags)) if not flag), len(flags))
    return len(flags) - length if length else None


def trust_of_counts(table: pd.DataFrame, tracks: Tracks | None, containers: gpd.GeoDataFrame) -> JsonObject:
    """Write down how far counts are to be trusted, as ``summary.json`` keeps it.

    Parameters
    ----------
    table : DataFrame
        The time series.
    tracks : Tracks or None
        None where no boxes are followed.
    containers : GeoDataFrame
        The layer ``containers``.

    Returns
    -------
    dict
        ``notes``, ``none_is_sure``, ``learnt_views`` and ``oblique``.
    """
    if tracks is None:
        return {"notes": deck_note(containers), "none_is_sure": False, "learnt_views": {}, "oblique": {}}
    boxes = tracked_boxes(tracks)
    notes = notes_on_figures(table, tracks.tracks, often_missed=tracks.often_missed)
    homely, others = (
        tracks.calibration.scale * part[boxes.homely].sum(axis=0) for part in (boxes.present, boxes.others)
    )
    among = homes_note(homely, others)
    views = learnt_views(tracks.views, tracks.dates)
    of_views = [] if boxes.none_is_sure else views_note(views, len(tracks.dates))
    whole = rows_of(table)
    counted = [] if boxes.none_is_sure else [*whole["date"][whole["containers_expected"].notna()].dt.date]
    return {
        "notes": [*notes, *among, *deck_note(containers), *of_views],
        "none_is_sure": boxes.none_is_sure,
        "learnt_views": {day: {**view} for day, view in views.items()},
        "oblique": {**oblique_looks(tracks.views, tracks.dates, counted)},
    }


def notes_on_figures(table: pd.DataFrame, tracks: gpd.GeoDataFrame, *, often_missed: bool) -> list[Json]:
    """Say why sums differ that a reader may expect to agree, and why the estimate lies above what is detected.

    Parameters
    ----------
    table : DataFrame
        The time series.
    tracks : GeoDataFrame
        The layer ``tracks``.
    often_missed : bool
        Whether tracks follow the tables of sites on which boxes are often missed.

    Returns
    -------
    list of str
        On boxes outside all zones or in several, on listed and expected arrivals, on boxes set on others, on tracks
        of no container, on missed boxes; empty where all agree.
    """
    missed = OFTEN_MISSED if often_missed else ""
    notes = _zones_note(table), _listed_note(table), _stacked_note(table), _other_note(tracks), missed
    return [note for note in notes if note]


def homes_note(homely: Floats, others: Floats) -> list[Json]:
    """Say how many of the expected containers may be parts of houses.

    Parameters
    ----------
    homely : float64 (date,)
        Expected containers that stand among houses.
    others : float64 (date,)
        Boxes there that are left out of the expected ones.

    Returns
    -------
    list of str
        One note; empty where there is none.
    """
    left_out, most = round(float(others.max(initial=0.0))), round(float(homely.max(initial=0.0)))
    if left_out:
        return [
            f"up to {round(float((homely + others).max()))} detected boxes lie in the green, where porches, sheds and "
            "halves of roofs of a village look like containers: lower bounds leave them out, expected numbers "
            f"{left_out} of them that no look shows for sure, and upper bounds most of these where they stand thick"
        ]
    if not most:
        return []
    many = "1 expected container stands" if most == 1 else f"up to {most} of the expected containers stand"
    return [
        f"{many} among houses, whose porches, sheds and halves of roofs look like containers: lower bounds leave "
        f"{'it' if most == 1 else 'them'} out"
    ]


def deck_note(containers: gpd.GeoDataFrame) -> list[Json]:
    """Say how many boxes lie on ships, so that what a berth holds is not taken for nothing.

    Parameters
    ----------
    containers : GeoDataFrame
        The layer ``containers``.

    Returns
    -------
    list of str
        One note; empty where none lies there.
    """
    aboard = int((containers["on"] == SHIP).sum()) if "on" in containers else 0
    if not aboard:
        return []
    many = "1 detected box lies" if aboard == 1 else f"{aboard} detected boxes, of all looks, lie"
    return [f"{many} on ships or on the water of berths: in no count, arrival or departure"]


def _zones_note(table: pd.DataFrame) -> str:
    whole = rows_of(table).dropna(subset="containers_expected")
    if not len(whole) or (table["zone"] == "").all():
        return ""
    last = whole.iloc[-1]
    parts = table[(table["zone"] != "") & (table["date"] == last["date"])]["containers_expected"]
    site, outside = float(last["containers_expected"]), float(last["containers_expected"] - parts.sum())
    day = last["date"].date()
    if outside > LEAST_DIFFERENCE:
        return (
            f"on {day} zones hold {parts.sum():.0f} of the site's {site:.0f} expected containers: the rest stands "
            "outside all zones"
        )
    if outside < -LEAST_DIFFERENCE:
        return (
            f"on {day} zones add up to {parts.sum():.0f} expected containers, the site has {site:.0f}: where zones "
            "overlap, a box counts in each"
        )
    return ""


def _listed_note(table: pd.DataFrame) -> str:
    # Of looks that cannot be counted arrivals are listed and none are expected.
    whole = rows_of(table).dropna(subset="arrivals_expected")
    listed, expected = float(whole["arrivals"].sum()), float(whole["arrivals_expected"].sum())
    if abs(listed - expected) <= max(1.0, LISTED_SHARE * listed):
        return ""
    why = (
        "what is not sure counts by its probability"
        if listed > expected
        else "some may have come to places that no single look shows for sure"
    )
    return f"tracks list {listed:.0f} arrival{'' if listed == 1 else 's'}, {expected:.0f} are expected: {why}"


def _stacked_note(table: pd.DataFrame) -> str:
    """Why arrivals less departures are not what the count rose by: boxes on others come and go without changing it."""
    whole = rows_of(table).dropna(subset="containers_expected")
    if len(whole) < 2 or whole.get("valid_fraction", pd.Series([1.0])).iloc[-1] < HARDLY_CLEAR:
        return ""
    came, went = (float(whole[f"{name}_expected"].sum()) for name in ("arrivals", "departures"))
    rise = float(whole["containers_expected"].iloc[-1] - whole["containers_expected"].iloc[0])
    gap = moves_unseen(came, went, rise)
    if not gap or max(came, went) < LEAST_MOVES:
        return ""
    why = (
        "boxes set on top of others arrive without raising it"
        if gap > 0
        else "boxes taken from the top of others leave without lowering it, and what an earlier look did not show of a "
        "place never came"
    )
    changed = f"{'rose' if rise > 0 else 'fell'} by {abs(rise):.0f}" if round(rise) else "stayed as it was"
    return (
        f"{came:.0f} arrivals less {went:.0f} departures are expected, the count of boxes to be seen {changed}: {why}"
    )


def _other_note(tracks: gpd.GeoDataFrame) -> str:
    others = int((~tracks["kind"].isin(TEU_OF_KIND)).sum()) if len(tracks) else 0
    if not others:
        return ""
    some = f"{others} of the {len(tracks)} tracks {'is' if others == 1 else 'are'}"
    which = f"all {others} tracks are" if 1 < others == len(tracks) else some
    return (
        f"{which} of kind other (trailers, swap bodies, lorries, of which it is not told whether they carry a "
        "container): in no count, arrival or departure"
    )
