"""What a figure of two dates shows, gathered from a run: as it ends, or from its files alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError
from changedet.outputs.figure.data import Box, FigureData, Panel
from changedet.outputs.rasters.display import scene_stretch
from changedet.outputs.sentences.counts import overlap
from changedet.outputs.sentences.facts import are_moves_counted, estimate_of, no_sure_moves
from changedet.outputs.sentences.looks import CLEAR_ENOUGH, MOSTLY_CLEAR
from changedet.outputs.sentences.words import Calendar, calendar_of
from changedet.outputs.values import as_float, mapping_at
from changedet.pipeline.figures.box_states import BoxShapes, boxes_between
from changedet.pipeline.figures.captions import count_words, estimate_at, notes_of, place_words, surely_any, title_of
from changedet.pipeline.figures.frame import area_scale_of, frame_around, north_of
from changedet.pipeline.figures.ground import Looks, Regions, labelled, regions_between
from changedet.pipeline.run_sources import RunSources

BOXES_DOUBT: Final = ", within the error"
"""What the legend says of boxes where on no date of the figure any surely stood there, and of those that came or left
where none surely did."""
NOT_COUNTED: Final = ", in no count"
"""What it says of boxes where no date of the figure is counted, and of those that came or left where no arrival is."""
LARGEST: Final = 20
"""So many regions of ground a frame is made to hold."""


@dataclass(frozen=True)
class Wanted:
    """Options of a figure.

    Attributes
    ----------
    before, after : str or None
        ISO dates; None for the reference, and for the last date that shows enough of the site; where the site ends as
        it began, for the date with more containers than either.
    zone : str or None
        Its frame; None for all of the site, or where something changed if the site is large.
    pixels : bool
        False for outlines alone.
    """

    before: str | None = None
    after: str | None = None
    zone: str | None = None
    pixels: bool = True


def figure_data(sources: RunSources, wanted: Wanted) -> FigureData:
    """Gather what a figure shows.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    wanted : Wanted
        Which dates, and which part of the site.

    Returns
    -------
    FigureData
        Of one panel where there is one date.

    Raises
    ------
    InputError
        The run has no such date or zone, or the earlier date is not earlier.
    """
    before, after = chosen_dates(sources, wanted)
    calendar = calendar_of(sources.dates)
    boxes = boxes_of(sources, before, after)
    regions = _regions(sources, before, after)
    frame = frame_around(sources, wanted.zone, _moved(boxes, regions))
    days = [before] if before == after else [before, after]
    shown = wanted.pixels and all(sources.source_of(day).get("show_pixels", True) for day in days)
    scenes = {day: sources.scenes[day] for day in days if shown and day in sources.scenes}
    ground = labelled(
        regions,
        mapping_at(sources.summary, "new_ground"),
        Looks(
            sources.dates,
            sources.reference,
            sources.masks,
            sources.grid.transform,
            calendar,
            min(_clear_share(sources, day) for day in days) < MOSTLY_CLEAR,
        ),
    )
    zone = wanted.zone or ""
    panels = [
        Panel(
            date=calendar.day(day),
            count=count_words(sources, day, zone),
            scene=scenes.get(day),
            quality=sources.qualities.get(day),
            boxes=boxes[k],
            ground=ground if day == after and len(days) == 2 else (),
        )
        for k, day in enumerate(days)
    ]
    return FigureData(
        title=title_of(sources, before, after, zone, calendar, float(regions.rows["area_m2"].sum()))
        + ("" if zone else _fell_since(sources, after, calendar)),
        place=place_words(sources, frame),
        panels=panels,
        frame=frame,
        site=sources.grid.bounds,
        ground_scale=area_scale_of(sources, frame),
        north_deg=north_of(sources, frame),
        ground_words=regions.words,
        boxes_doubt=_boxes_doubt(sources, days, zone),
        moves_doubt=_moves_doubt(sources),
        zones=sources.zones,
        notes=notes_of(sources, days, scenes, pixels_wanted=wanted.pixels, calendar=calendar),
        stretch=scene_stretch(list(sources.scenes.values())) if scenes else {},
    )


def _boxes_doubt(sources: RunSources, days: Sequence[str], zone: str) -> str:
    if not any(count_words(sources, day) for day in days):
        return NOT_COUNTED
    return "" if any(surely_any(sources, day, zone) for day in days) else BOXES_DOUBT


def _moves_doubt(sources: RunSources) -> str:
    if not are_moves_counted(sources.summary):
        return NOT_COUNTED
    return BOXES_DOUBT if no_sure_moves(sources.summary) else ""


def chosen_dates(sources: RunSources, wanted: Wanted) -> tuple[str, str]:
    """The two dates of a figure.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    wanted : Wanted
        Its options.

    Returns
    -------
    tuple of str
        ISO dates, the same twice for a single date.

    Raises
    ------
    InputError
        The run has no such date, or the earlier date is not earlier.
    """
    dates = sources.dates
    for name, day in (("before", wanted.before), ("after", wanted.after)):
        if day is not None and day not in dates:
            raise InputError(f"--{name}: the run has no date '{day}', only {', '.join(dates)}")
    before = wanted.before or (
        sources.reference if wanted.after is None or wanted.after > sources.reference else dates[0]
    )
    after = wanted.after or (None if wanted.before else _passing_peak(sources)) or _last_clear(sources, before)
    if before > after or (before == after and wanted.before and wanted.after):
        raise InputError(f"--after: {after} is not later than {before}")
    return before, after


def _passing_peak(sources: RunSources) -> str | None:
    """The look with the most containers, if surely more than on the first and the last and no growth has an onset.

    The ends of such a series show none of what came and left.
    """
    totals = mapping_at(sources.summary, "totals", "containers")
    first, last, peak = (estimate_of(mapping_at(totals, part)) for part in ("first", "last", "peak"))
    if first is None or last is None or peak is None or peak.low <= max(first.high, last.high):
        return None
    onsets = mapping_at(sources.summary, "onset")
    lasting = any(mapping_at(onsets, name).get("date") for name in onsets)
    is_shown = peak.date > sources.reference and _clear_share(sources, peak.date) >= CLEAR_ENOUGH
    return peak.date if is_shown and overlap(first, last) and not lasting else None


def _fell_since(sources: RunSources, after: str, calendar: Calendar) -> str:
    """How many stand there on the last look, where that is a later one and these are surely fewer."""
    shown = estimate_at(sources, "containers", after, "")
    last = estimate_of(mapping_at(sources.summary, "totals", "containers", "last"))
    if shown is None or last is None or last.date <= after or last.high >= shown.low:
        return ""
    return f"; {count_words(sources, last.date)} stood there {calendar.on(calendar.day(last.date))}"


def _last_clear(sources: RunSources, before: str) -> str:
    later = [day for day in sources.dates if day > before]
    clear = {day: _clear_share(sources, day) for day in later}
    good = [day for day in later if clear[day] >= CLEAR_ENOUGH]
    # Where none is clear, the clearest, of several the last.
    return good[-1] if good else max(later, key=lambda day: (clear[day], day), default=before)


def _clear_share(sources: RunSources, day: str) -> float:
    return as_float(sources.row(day).get("valid_fraction")) or 0.0


def boxes_of(sources: RunSources, before: str, after: str) -> tuple[BoxShapes, BoxShapes]:
    """The boxes of two dates.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    before, after : str
        ISO dates.

    Returns
    -------
    before, after : mapping of state to list of shapes
        As of `boxes_between`; none of a run without the layer.
    """
    containers, tracks = sources.layers.get("containers"), sources.layers.get("tracks")
    if containers is None:
        return {}, {}
    return boxes_between(containers, containers.iloc[:0] if tracks is None else tracks, before, after)


def _regions(sources: RunSources, before: str, after: str) -> Regions:
    changes = sources.layers.get("changes")
    if changes is None:
        return Regions(gpd.GeoDataFrame({"area_m2": []}, geometry=[]), "")
    counted = as_float(sources.row(after).get("containers_expected")) is not None
    (west, south, east, north), unit = sources.grid.bounds, sources.grid.ground_metre
    return regions_between(
        changes,
        before,
        after,
        reference=sources.reference,
        counts_boxes=counted or len(sources.layers.get("tracks", ())) > 0,
        site_m2=(east - west) * (north - south) / unit**2,
        unit=unit,
        is_sure=as_float(sources.row(after).get("changed_area_low_m2")) != 0.0,
        false_m2=as_float(mapping_at(sources.summary, "placebo", "false_area_m2").get(after)) or 0.0,
    )


def frame_of(sources: RunSources, wanted: Wanted) -> Box:
    """What part of a site is shown.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    wanted : Wanted
        Which dates, and which part of the site.

    Returns
    -------
    (west, south, east, north)
        In the run's CRS.

    Raises
    ------
    InputError
        There is no such date or zone.
    """
    before, after = chosen_dates(sources, wanted)
    boxes, regions = boxes_of(sources, before, after), _regions(sources, before, after)
    return frame_around(sources, wanted.zone, _moved(boxes, regions))


def _moved(boxes: tuple[BoxShapes, BoxShapes], regions: Regions) -> list[BaseGeometry]:
    """All boxes of both dates, and the largest regions of ground."""
    standing = [shape for panel in boxes for shapes in panel.values() for shape in shapes]
    return [*standing, *regions.rows.geometry.head(LARGEST)]
