"""Tracks from places: boxes of all dates at one spot, each spot read by a hidden Markov model."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.assemble import assemble
from changedet.stages.tracks.cloud_rims import rows_at_rims
from changedet.stages.tracks.detections import Detections
from changedet.stages.tracks.kernels.appearance import SHOWS_BOX, appearance_bins, missed_boxes
from changedet.stages.tracks.kernels.box_outline import outline_bins
from changedet.stages.tracks.kernels.emissions import MOBILE, REAL, DetectorTables
from changedet.stages.tracks.kernels.presence_hmm import PlaceLooks, PresencePosterior, infer_presence
from changedet.stages.tracks.kernels.replacement import Split, split_at_replacements
from changedet.stages.tracks.kernels.returns import refill_shares
from changedet.stages.tracks.kernels.site_model import Rates
from changedet.stages.tracks.kernels.stretches import Surfaces, presence_runs, single_boxes
from changedet.stages.tracks.mixed_lots import named_by_lots
from changedet.stages.tracks.observations import PlaceObservations, observe_places, stretches
from changedet.stages.tracks.result import Tracks
from changedet.stages.tracks.roof_light import rows_light
from changedet.stages.tracks.visibility import SeriesVisibility

CONFIDENT: Final = 0.45
"""The score from which a look's colour is evidence that the box was replaced. Chosen by hand."""
FAINT: Final = 0.2
"""That from which the light along a look's roof is, beside what the sure looks of the site tell of such light."""
LEAST_REAL: Final = 0.35
"""Least probability that a place is real, for its boxes to become tracks (docs/research/tracks.md)."""
TELLING_DATES: Final = 3
"""On fewer dates rows do not show how often boxes are missed on a site."""
MOST_FALSE: Final = 0.9
"""Share of false rows on a hard site at most. Chosen by hand."""
HARD_LOG_ODDS: Final = 3.0
"""By which the rows of a site must fit the tables of hard sites better than the usual ones, 20 to 1; by as much the
scores alone must not fit them worse."""


def follow_places(
    rows: Detections,
    looks: SeriesVisibility,
    radius_m: float,
    rates: Rates,
    tables: DetectorTables,
    hard: DetectorTables | None = None,
) -> Tracks:
    """Tracks by the hidden Markov model.

    Parameters
    ----------
    rows, looks, radius_m
        As for `observe_places`.
    rates : Rates
        Prior rates of change, and the share of clutter.
    tables : DetectorTables
        Of the detector that found the rows.
    hard : DetectorTables, optional
        Its tables of sites on which boxes are often missed; followed where the rows fit them better.

    Returns
    -------
    Tracks
        With the plain calibration.
    """
    observations = observe_places(rows, looks, radius_m)
    rows = named_by_lots(rows, observations.place)
    if hard is not None:
        rates, tables = fitting_tables(observations, rates, tables, hard)
    often_missed = tables is hard
    surfaces = surfaces_of(rows, looks, observations)
    refills = refill_shares(surfaces, observations.place, len(observations.bins))
    posterior = infer_with_overlaps(observations, rates, tables, refills)
    split = _split(surfaces, observations, posterior)
    present = np.minimum(posterior.present, split.most)
    own = _with_own_colours(rows, surfaces.rim, split.of_row)
    clear = observations.observed & ~taken_once(observations.taken)
    tracks = assemble(own, looks, split.stretches, split.of_row, clear, present, observations.place)
    place_clear = observations.lit | (observations.bins > 0)
    missed = _missed(observations, present, tables)
    shown = replace(tracks, place_clear=place_clear, place_tops=split.tops, place_missed=missed)
    return replace(shown, often_missed=often_missed)


def fitting_tables(
    observations: PlaceObservations, rates: Rates, usual: DetectorTables, hard: DetectorTables
) -> tuple[Rates, DetectorTables]:
    """The tables that the rows of a site fit, by the likelihood of their scores over all dates.

    What stands beside places that few dates show speaks too, but not against the scores: how often boxes are missed is
    asked, and in long rows all places have neighbours. Dozens of looks are asked stretch by stretch.

    Parameters
    ----------
    observations : PlaceObservations
        Of all places of a site.
    rates : Rates
        With the usual tables' share of false rows.
    usual, hard : DetectorTables
        Of sites on which boxes are seldom missed, and of those on which they often are.

    Returns
    -------
    rates : Rates
        With hard tables, their share of false rows among those of containers.
    tables : DetectorTables
        One of both.
    """
    own = observations
    if own.observed.shape[1] < TELLING_DATES:
        return rates, usual
    parts = (_looks_of(own, part) for part in stretches(own.observed.shape[1]))
    looks = [part for part in parts if len(part.bins)]
    told = rates.false_share / (1.0 - usual.precision)
    # Other kinds are no clutter: counts know them by their kind, and they would cost the containers beside them.
    shares = (min((1.0 - part) * told, MOST_FALSE) for part in (hard.precision, hard.container_precision))
    theirs, followed = (rates._replace(false_share=share) for share in shares)
    pair = (rates, usual), (theirs, hard)
    fits = _odds_of_second(looks, *pair) > HARD_LOG_ODDS
    alone = [part._replace(neighbours=None) for part in looks]
    contradicted = fits and _odds_of_second(alone, *pair) < -HARD_LOG_ODDS
    return (followed, hard) if fits and not contradicted else (rates, usual)


def _looks_of(own: PlaceObservations, part: slice) -> PlaceLooks:
    """A stretch of looks, at the places that it shows a box at, each with its share of the counted rows."""
    found = own.bins[:, part] > 0
    shown = found.any(axis=1)
    counted = own.counted_rows * found.sum(axis=1) / np.maximum((own.bins > 0).sum(axis=1), 1)
    bins, observed, lit = own.bins[shown, part], own.observed[shown, part], own.lit[shown, part]
    sides = rows_on_sides(bins, own.on_sides[shown, part])
    return PlaceLooks(bins, observed, lit, counted[shown], own.neighbours[shown, part].max(axis=1), on_sides=sides)


def rows_on_sides(bins: Ints, on_sides: Bools) -> Bools:
    """Places of which each row lies where its date shows a stack's side.

    Parameters
    ----------
    bins : int64 (place, date)
        See `PlaceObservations`.
    on_sides : bool (place, date)
        See there.

    Returns
    -------
    bool (place,)
        False of places without any row.
    """
    seen = bins > 0
    return np.asarray(seen.any(axis=1) & (on_sides | ~seen).all(axis=1), bool)


def _odds_of_second(
    looks: list[PlaceLooks], first: tuple[Rates, DetectorTables], second: tuple[Rates, DetectorTables]
) -> float:
    """Log odds that stretches of looks are of the second tables and not of the first."""
    odds = 0.0
    for part in looks:
        nothing = np.zeros(part.observed.shape)
        one, other = (infer_presence(part, nothing, *tables).log_likelihood for tables in (first, second))
        odds += other - one
    return odds


def infer_with_overlaps(
    observations: PlaceObservations, rates: Rates, tables: DetectorTables, refills: Floats | None
) -> PresencePosterior:
    """Presence at every place; inferred once more where better supported places leave some no room.

    Parameters
    ----------
    observations : PlaceObservations
        Of all places of a site.
    rates, tables
        As for `follow_places`.
    refills : float64 (place,), optional
        See `PlaceLooks`.

    Returns
    -------
    PresencePosterior
        Of all places.
    """
    features = observations.appearance
    appearance = None if features is None else appearance_bins(features, tables.appearance_weights)
    own = observations
    outline = None if own.outline is None else outline_bins(own.outline)
    rows = own.bins, own.observed, own.lit, own.counted_rows, own.neighbours.max(axis=1)
    looks = PlaceLooks(*rows, appearance, own.familiar, outline, refills, rows_on_sides(own.bins, own.on_sides))
    posterior = infer_presence(looks, np.zeros(own.observed.shape), rates, tables)
    if own.observed.shape[1] == 1:
        return posterior
    blocked = _blocked(posterior.present, own.counted_rows, own.pairs)
    return infer_presence(looks, blocked, rates, tables) if blocked.any() else posterior


def taken_once(taken: Bools) -> Bools:
    """Looks that do not show a place empty, though it has no row: another's lies upon it, on this look alone.

    Parameters
    ----------
    taken : bool (place, date)
        See `PlaceObservations`.

    Returns
    -------
    bool (place, date)
        Of places on which more looks show another's row that one stands in their place.
    """
    return np.asarray(taken & (taken.sum(axis=1, keepdims=True) == 1), bool)


def _missed(observations: PlaceObservations, present: Floats, tables: DetectorTables) -> Floats | None:
    """Boxes beyond the expected ones that the pixels show, of `missed_boxes`; None without pictures."""
    own = observations
    if own.appearance is None:
        return None
    told, empty = appearance_bins(own.appearance, tables.appearance_weights), tables.appearance[0, 0]
    return missed_boxes(told, own.bins, own.lit, present, float(empty[SHOWS_BOX - 1 :].sum()))


def _blocked(present: Floats, counted_rows: Floats, pairs: tuple[Ints, Ints]) -> Floats:
    """Probability (place, date) that a better supported place, which overlaps this one, holds a box."""
    blocked = np.zeros(present.shape)
    support = present.sum(1) + 1e-6 * counted_rows
    first, second = pairs
    first_wins = (support[first] > support[second]) | ((support[first] == support[second]) & (first < second))
    strong, weak = np.where(first_wins, first, second), np.where(first_wins, second, first)
    np.maximum.at(blocked, weak, present[strong])
    return blocked


def _split(surfaces: Surfaces, observations: PlaceObservations, posterior: PresencePosterior) -> Split:
    """Stretches of one box each at places that are not clutter."""
    at, first, last = presence_runs(posterior.path)
    kept = (posterior.classes[:, :REAL].sum(1) > LEAST_REAL)[at]
    at, first, last = at[kept], first[kept], last[kept]
    of_cell = np.full(posterior.path.shape, -1, np.int64)
    for t in range(posterior.path.shape[1]):
        here = np.flatnonzero((first <= t) & (t <= last))
        of_cell[at[here], t] = here
    place = observations.place
    of_row = np.full(len(place), -1, np.int64)
    placed = place >= 0
    of_row[placed] = of_cell[place[placed], surfaces.date[placed]]
    still = posterior.classes[:, :MOBILE].sum(1, keepdims=True)
    comes, goes = (float((still * events).sum()) for events in (posterior.births, posterior.deaths))
    return split_at_replacements(single_boxes(at, first, last), of_row, surfaces, posterior.evidence, comes, goes)


def surfaces_of(rows: Detections, looks: SeriesVisibility, observations: PlaceObservations) -> Surfaces:
    """What the rows show of the tops of their boxes.

    Parameters
    ----------
    rows, looks
        As for `observe_places`.
    observations : PlaceObservations
        Of it.

    Returns
    -------
    Surfaces
        Of all rows, with the light along roofs where the looks have pictures in colour.
    """
    place = observations.place
    placed = place >= 0
    shown = np.zeros(len(place), bool)
    shown[placed] = observations.lit[place[placed], rows.date[placed]]
    coloured = placed & np.isfinite(rows.boxes.rgb).all(1)
    usable = coloured & (rows.boxes.weight >= CONFIDENT)
    faint = coloured & ~usable & (rows.boxes.weight >= FAINT)
    offset = rows.boxes.xy + observations.shift[rows.date]
    # About any one spot of the place: where it is does not matter.
    _, spot, own = np.unique(place, return_index=True, return_inverse=True)
    offset -= offset[spot[own]]
    displacement = observations.displacement[rows.date]
    light = rows_light(looks, rows.boxes, rows.date, usable | faint, rows.unit)
    rim = rows_at_rims(rows, place, looks)
    return Surfaces(rows.date, rows.boxes.rgb, usable, faint, ~shown, rim, rows.tiers, offset, displacement, light)


def _with_own_colours(rows: Detections, rim: Bools, of_row: Ints) -> Detections:
    """Rows without the colours that the rims of clouds give to boxes which other looks show in their own."""
    shown = (of_row >= 0) & np.isfinite(rows.boxes.rgb).all(1)
    dimmed = shown & rim & np.isin(of_row, of_row[shown & ~rim])
    boxes = rows.boxes._replace(rgb=np.where(dimmed[:, None], np.nan, rows.boxes.rgb))
    return replace(rows, boxes=boxes)
