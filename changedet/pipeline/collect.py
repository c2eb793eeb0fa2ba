"""What needs all dates at once: boxes and their tracks, changes, footprints, the time series and its summary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import geopandas as gpd
import pandas as pd

from changedet.grid.zones import overlapping, zone_table
from changedet.imagery.stand_ins import is_grey_among
from changedet.json_types import Json, JsonObject
from changedet.kernels.intervals import MaskShares
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.reasons import CODES
from changedet.outputs.sentences.story import sentences, sentences_json
from changedet.pipeline.agreement import contradictions, dated_as_known
from changedet.pipeline.area_sums import Area, clear_fraction
from changedet.pipeline.bared_ground import BaredAreas, bared_areas, bared_json
from changedet.pipeline.boxes import RunBoxes, by_look, containers_layer
from changedet.pipeline.change_kinds import with_kinds
from changedet.pipeline.changes import (
    ChangedAreas,
    LoneAreas,
    changed_areas,
    changes_layer,
    mask_shares,
    shares_of_pair,
    with_built_ground,
    with_marked_boxes,
    with_unshown_boxes,
)
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.event_bounds import with_bounds_of_events
from changedet.pipeline.faint_change import FaintAreas, faint_areas
from changedet.pipeline.familiarity import borne_out, counted_dates, familiarities, familiarity_json, refusals
from changedet.pipeline.fill_doubts import fill_json
from changedet.pipeline.flow import flow
from changedet.pipeline.footprints import (
    as_estimates,
    bare_site,
    footprint_layer,
    footprints_of,
    ground_layer,
    is_without_plants,
    with_hidden_ground,
)
from changedet.pipeline.new_ground import gained_ground, new_ground, sure_boxes, within_changed
from changedet.pipeline.not_seen import not_seen_layer
from changedet.pipeline.other_ground import other_ground_json, reference_is_odd, without_claims
from changedet.pipeline.other_things import find_other_things
from changedet.pipeline.placebo import Placebo, placebo
from changedet.pipeline.refused_boxes import with_refused_boxes
from changedet.pipeline.robust import kept_variants
from changedet.pipeline.robust_ranges import robustness, with_robustness
from changedet.pipeline.season_footprints import no_surer_than_change
from changedet.pipeline.summary import OPPOSED_VIEWS, equivalent_looks, summarise, warnings_of
from changedet.pipeline.things.thing_states import SeenBoxes
from changedet.pipeline.unavailable import unavailable_codes, unavailable_figures
from changedet.pipeline.zone_records import trust_of_counts, zone_records
from changedet.pipeline.zones import trains_on_sidings, with_occupancy
from changedet.plan import Plan
from changedet.plan.seasons import knows_seasons
from changedet.stages.change.method import SEASONS_FALSE_SHARE, false_share
from changedet.stages.footprint.outlines import Footprint
from changedet.stages.objects.familiarity import Familiarity
from changedet.stages.series.claims import find_claims
from changedet.stages.series.estimates import changed_area_interval
from changedet.stages.series.followed import slanted_looks
from changedet.stages.series.growth import Onset
from changedet.stages.series.table import DateMeasurements, timeseries
from changedet.stages.tracks.result import Tracks


@dataclass(frozen=True)
class Results:
    """All tables of a run.

    Attributes
    ----------
    layers : mapping of str to GeoDataFrame
        ``containers``, ``tracks``, ``footprint``, ``changes`` and, where there are any, ``not_seen, zones, ground,
        trains, ships, railcars, works, buildings, cells``.
    table : DataFrame
        The time series.
    summary : mapping
        ``summary.json`` without what is unavailable and its warnings.
    unavailable : mapping of str to str
        Figure -> why it cannot be had.
    warnings : tuple of str
        In the order in which they are shown.
    """

    layers: Mapping[str, gpd.GeoDataFrame]
    table: pd.DataFrame
    summary: Mapping[str, Json]
    unavailable: Mapping[str, str]
    warnings: tuple[str, ...] = ()


def collect(plan: Plan, models: Mapping[dt.date, DateModel], boxes: RunBoxes) -> Results:
    """Derive all tables from the dates' rasters and tables.

    Parameters
    ----------
    plan : Plan
        Its passes and masks are done.
    models : mapping of date to DateModel
    boxes : RunBoxes

    Returns
    -------
    Results
        What is written of the run.
    """
    zones, tracks = zone_table(plan.zones), boxes.tracks
    changes, shared = changes_layer(plan, zones), overlapping(zones, plan.grid.ground_metre)
    footprints = footprints_of(plan, models, boxes.roofs if tracks is None else tracks.detections, changes)
    areas = _areas(zones)
    changed, lone = changed_areas(plan, areas)
    false, familiar = _placebo(plan) if changed else None, borne_out(familiarities(plan), tracks)
    shares = mask_shares(plan, is_without_plants(plan, models, footprints))
    hints = faint_areas(plan, areas, changed), lone, (bared := bared_areas(plan, areas))
    looks = _measurements(plan, models, areas, footprints, changed, hints, changes, false, shares)
    odd = plan.reference_date if reference_is_odd(models) else None
    looks = with_refused_boxes(_believed(plan, looks, familiar, odd, changed), plan.reference_date, changes, shares)
    containers, followed, _ = seen = _seen_boxes(plan, boxes, zones)
    others = find_other_things(plan, models, boxes.ships, seen, zones, looks)
    plain, slanted = timeseries(looks, tracks, zones), slanted_looks(tracks)
    figures = with_bounds_of_events(plan, plain, changes, changed, shares, slanted)
    table = others.with_figures(with_occupancy(figures, zones), areas)
    layers = {
        "containers": containers,
        "tracks": followed,
        "footprint": footprint_layer(footprints, looks, plan),
        "changes": with_kinds(changes, footprints, plan.reference_date),
    }
    optional = {"not_seen": not_seen_layer(plan), "zones": zones, "ground": ground_layer(footprints, looks, plan)}
    optional["trains"] = trains_on_sidings(containers, zones, plan.grid.ground_metre)
    optional |= others.layers(containers, zones, plan.grid.crs)
    layers |= {name: layer for name, layer in optional.items() if layer is not None}
    unavailable, known = unavailable_figures(plan, table) | others.reasons(), _known(footprints, looks)
    found = _summary(plan, with_marked_boxes(table, changes), tracks, known)
    trust, variants = trust_of_counts(table, tracks, containers), kept_variants(plan)
    laid = new_ground(_onsets(found), known, sure_boxes(followed, table, trust), plan.grid)
    summary: JsonObject = {
        **found,
        "placebo": None if false is None else false.to_json({day: pairs[""] for day, pairs in changed.items()}),
        "enl": equivalent_looks(models),
        "familiarity": familiarity_json(familiar),
        "new_ground": within_changed(laid, table, plan.reference_date),
        "zones": zone_records(table, plan.built("series"), tracks, areas),
        "flow": flow(table),
        "bared_m2": bared_json(bared),
        **trust,
        "claims": with_robustness([one.to_json() for one in find_claims(table, shared)], variants),
        "robust": None if variants is None else robustness(found, variants),
        CODES: {**unavailable_codes(plan, unavailable)},
    }
    summary |= others.records(plan.dates, plan.workflow.ais, plan.grid.ground_metre)
    summary |= fill_json({day: model.fill for day, model in models.items()}) | other_ground_json(odd) | _grey(plan)
    summary["sentences"] = [*sentences_json(sentences(summary, table, unavailable))]
    doubts = warnings_of(plan, models, table, tracks, unavailable) + refusals(familiar) + contradictions(summary, table)
    doubts += [*others.blind_looks(plan.looks), *_doubts_of_site(plan, models, footprints, tracks)]
    return Results(layers, table, summary, unavailable, tuple(dated_as_known(doubts, [str(day) for day in plan.dates])))


def _grey(plan: Plan) -> JsonObject:
    days = [str(look.date) for look in plan.looks if is_grey_among(look, plan.looks)]
    return {"grey_looks": [*days]} if days else {}


def _areas(zones: gpd.GeoDataFrame | None) -> dict[str, Area]:
    named = {} if zones is None else dict(zip(zones["name"], zones.geometry, strict=True))
    return {"": None, **named}


def _onsets(found: JsonObject) -> JsonObject:
    onset = found["onset"]
    return onset if isinstance(onset, dict) else {}


def _doubts_of_site(
    plan: Plan, models: Mapping[dt.date, DateModel], footprints: Mapping[dt.date, Footprint], tracks: Tracks | None
) -> list[str]:
    opposed = [OPPOSED_VIEWS] if tracks and tracks.views and tracks.views.opposed else []
    return [*bare_site(plan, models, footprints), *opposed]


def _summary(plan: Plan, table: pd.DataFrame, tracks: Tracks | None, known: Mapping[dt.date, Footprint]) -> JsonObject:
    compared = partial(_share_compared, plan, known)
    return summarise(plan, with_hidden_ground(plan, table, known), tracks, compared)


def _seen_boxes(plan: Plan, boxes: RunBoxes, zones: gpd.GeoDataFrame | None) -> SeenBoxes:
    containers, tracks = containers_layer(plan, boxes, zones), boxes.tracks
    if tracks is None:
        return SeenBoxes(containers, vector_layers.empty("tracks", plan.grid.crs))
    return SeenBoxes(containers, tracks.tracks, by_look(tracks.detections, zones))


def _known(footprints: Mapping[dt.date, Footprint], looks: Sequence[DateMeasurements]) -> dict[dt.date, Footprint]:
    """The footprints of dates that show enough of the site; others are drawn as later dates show the ground, too."""
    shown = {look.date for look in looks if "" in look.footprint_m2}
    return {day: found for day, found in footprints.items() if day in shown}


def _share_compared(plan: Plan, known: Mapping[dt.date, Footprint], built: Onset) -> float:
    """The share of the ground that a footprint gained which the reference date shows; NaN where it gained none."""
    gained = gained_ground(built, known, plan.grid.ground_metre)
    if gained is None or gained.is_empty:
        return float("nan")
    quality = plan.quality_file(plan.reference_date)
    return clear_fraction(quality, plan.grid, [gained])[0]


def _believed(
    plan: Plan,
    looks: Sequence[DateMeasurements],
    familiar: Mapping[dt.date, Familiarity],
    odd: dt.date | None,
    changed: ChangedAreas,
) -> list[DateMeasurements]:
    """With how far looks lie from what was learned; nothing is claimed of one that shows other ground."""
    found = [(look, familiar.get(look.date)) for look in looks]
    known = [
        look if one is None else replace(look, unfamiliarity=one.distance, is_refused=one.is_refused)
        for look, one in found
    ]
    return no_surer_than_change(known if odd is None else without_claims(known, odd, changed), plan)


def _placebo(plan: Plan) -> Placebo:
    share = SEASONS_FALSE_SHARE if knows_seasons(plan) else false_share(plan.choices["change"].method, plan.facts)
    return placebo(plan, share)


def _measurements(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    areas: Mapping[str, Area],
    footprints: Mapping[dt.date, Footprint],
    changed: ChangedAreas,
    hints: tuple[FaintAreas, LoneAreas, BaredAreas],
    changes: gpd.GeoDataFrame,
    false: Placebo | None,
    shares: MaskShares,
) -> list[DateMeasurements]:
    counted, unit = set(counted_dates(plan)), plan.grid.ground_metre
    false_bound = 0.0 if false is None else false.bound
    found = []
    for look in plan.looks:
        alignment = models[look.date].alignment
        known = alignment.confident
        # Its boxes are in the masks, its ground is not.
        grey = is_grey_among(look, plan.looks)
        quality = plan.quality_file(look.date)
        clear = dict(zip(areas, clear_fraction(quality, plan.grid, list(areas.values())), strict=True))
        own = shares_of_pair(plan, look.gsd_m, shares, models[look.date].normalise)
        intervals = {
            name: changed_area_interval(
                marked, seen, false_bound, own, *(part.get(look.date, {}).get(name, 0.0) for part in hints)
            )
            for name, (marked, seen) in changed.get(look.date, {}).items()
            if seen > 0 and not grey
        }
        built = None if grey else footprints.get(look.date)
        found.append(
            DateMeasurements(
                look.date,
                look.name,
                look.gsd_m,
                alignment.shift.east_m / unit if known else float("nan"),
                alignment.shift.north_m / unit if known else float("nan"),
                # of a zone without a pixel of the site nothing is ever seen
                {name: share if share == share else 0.0 for name, share in clear.items()},
                intervals,
                as_estimates(built, areas, clear, plan),
                look.date in counted,
            )
        )
    return with_built_ground(with_unshown_boxes(found, changes, shares), plan.reference_date)


def summary_of(results: Results) -> JsonObject:
    """Make the object of ``summary.json``.

    Parameters
    ----------
    results : Results

    Returns
    -------
    dict
        JSON values only.
    """
    doubts: JsonObject = {"unavailable": dict(results.unavailable), "warnings": list(results.warnings)}
    return {**results.summary, **doubts}
