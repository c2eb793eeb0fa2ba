"""The words of a figure: its sentence, its place, and a caption with what a reader must know to believe it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from changedet.grid.geodesy import LONLAT, transform_xy
from changedet.imagery.attribution import short_line
from changedet.outputs.figure.data import Box
from changedet.outputs.figure.pictures import is_false_colour
from changedet.outputs.rasters.display import display_bands
from changedet.outputs.rasters.reading import header
from changedet.outputs.sentences.counts import LEAST_TURNOVER, change_text, net_text, overlap
from changedet.outputs.sentences.facts import Estimate, Facts, claimed_at_least, estimate_of, net_between, scale_of
from changedet.outputs.sentences.ground import NOT_TOLD, unsure_words
from changedet.outputs.sentences.words import Calendar, interval_text, number, percent_text, scaled
from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.outputs.values import as_float, is_missing, iso_date, left_to_right, mapping_at, pixel_text

if TYPE_CHECKING:
    from changedet.pipeline.run_sources import RunSources

SHORT_SHA: Final = 12
"""Digits of a checksum in a caption: enough that no two files of a site share them."""
MOSTLY_GROUND: Final = 0.5
"""Of the changed area: ground that is so much of it is what a title tells where boxes are no more or fewer."""
_STILL: Final = "containers show no change beyond their error"
_GREW: Final = "all looks together show that containers grew in number"
"""Where the two dates alone show no change."""
SURELY_ONE: Final = 1.0
"""Lower bound of a count from which a container surely stood there."""
TAKEN_FOR_FALSE: Final = 5.0
"""Outlined boxes beyond those expected from which a caption says so: among houses they are many. Chosen by hand."""
_WHOLE: Final = 0.98
"""A date that shows so much of the site is not said to hide some."""


def estimate_at(sources: RunSources, figure: str, day: str, zone: str) -> Estimate | None:
    """A figure of a date.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    figure : str
        A key of ``totals``.
    day : str
        ISO date.
    zone : str
        Empty for the site.

    Returns
    -------
    Estimate or None
        As the summary has it, which does not round it, else as the time series; None where there is no value or no
        interval.
    """
    for part in ("first", "last", "peak") if not zone else ():
        known = estimate_of(mapping_at(sources.summary, "totals", figure, part))
        if known is not None and known.date == day:
            return known
    value, low, high = (sources.row(day, zone).get(name) for name in FIGURE_COLUMNS[figure])
    return estimate_of({"value": value, "low": low, "high": high, "date": day})


def count_words(sources: RunSources, day: str, zone: str = "") -> str:
    """How many containers stood there.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    day : str
        ISO date.
    zone : str
        Empty for the site.

    Returns
    -------
    str
        Such as ``41 containers (37–44)``, or ``at most 6 containers`` where none stood there for sure; empty where they
        cannot be counted.
    """
    found = estimate_at(sources, "containers", day, zone)
    if found is None:
        return ""
    if found.low < SURELY_ONE <= round(found.value):
        return f"at most {number(max(1.0, found.high))} containers"
    shown = interval_text(found.value, found.low, found.high, scaled([found.value], ""))
    count, _, interval = shown.partition(" ")
    return f"{count} container{'' if count == '1' else 's'} {interval}"


def surely_any(sources: RunSources, day: str, zone: str = "") -> bool:
    """Whether any container surely stood there.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    day : str
        ISO date.
    zone : str
        Empty for the site.

    Returns
    -------
    bool
        True too where they cannot be counted: nothing is said of a number then.
    """
    found = estimate_at(sources, "containers", day, zone)
    return found is None or found.low >= SURELY_ONE


def name_of(sources: RunSources, zone: str) -> str:
    """The site's name, with the zone's.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    zone : str
        Empty for the site.

    Returns
    -------
    str
        One line.
    """
    name = short_line(str(sources.summary.get("name") or sources.summary.get("site", "")))
    return left_to_right(name) + (f", {left_to_right(short_line(zone))}" if zone else "")


def title_of(
    sources: RunSources, before: str, after: str, zone: str, calendar: Calendar, ground_m2: float = 0.0
) -> str:
    """The figure's sentence.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    before, after : str
        ISO dates.
    zone : str
        Empty for the site.
    calendar : Calendar
        How dates are written.
    ground_m2 : float
        Of the regions of ground that are new between the dates.

    Returns
    -------
    str
        On containers, where they can be counted and any surely stood there; on the ground that changed, where these
        show no change or cannot be counted. Without a number
        where none can be had.
    """
    name = name_of(sources, zone)
    first, last = (estimate_at(sources, "containers", day, zone) for day in (before, after))
    if before == after:
        told = count_words(sources, after, zone)
        return (
            f"{name}: {told} {calendar.on(calendar.day(after))}"
            if told
            else f"{name} {calendar.on(calendar.day(after))}"
        )
    compared = before == sources.reference
    area = estimate_at(sources, "changed_area_m2", after, zone) if compared else None
    if first and last and max(first.low, last.low) >= SURELY_ONE:
        change = net_between(sources.summary, before, after, zone)
        net = net_text(f"{name}: containers", first, last, change, calendar)
        still, grew = not net and overlap(first, last), _began_between(sources, before, after, zone)
        if still and area and area.low > 0 and ground_m2 >= MOSTLY_GROUND * area.value:
            return f"{name}: {_changed(sources, area, calendar.between(before, after))}; {_GREW if grew else _STILL}"
        if still and grew:
            ends = " and ".join(count_words(sources, day, zone) for day in (before, after))
            return f"{name}: {_GREW}; the two dates alone leave it open, with {ends}"
        text = net or change_text(f"{name}: containers", "", first, last, calendar)
        return text + _turnover(sources, before, after, zone)
    if area:
        return f"{name}: {_changed(sources, area, calendar.between(before, after))}"
    days = calendar.pair(before, after)
    return f"{name} {calendar.on(days[0])} and {calendar.on(days[1])}"


def _began_between(sources: RunSources, before: str, after: str, zone: str) -> bool:
    """Whether the containers began to grow after one date and by the other."""
    summary = sources.summary
    onsets = mapping_at(summary, "zones", zone, "onset") if zone else mapping_at(summary, "onset")
    low, high = (iso_date(mapping_at(onsets, "containers").get(end)) for end in ("low", "high"))
    return bool(low and high) and before < low and high <= after


def _changed(sources: RunSources, area: Estimate, when: str) -> str:
    scale = scale_of([area], "m²")
    if area.low > 0:
        return f"{area.text(scale)} changed {when}"
    marked = f"{area.text(scale)} is marked"
    verdict = unsure_words(area, Facts(sources.summary, sources.series, {}).grid_m2)
    if verdict == NOT_TOLD:
        return f"whether the ground changed {when} {NOT_TOLD}; {marked}"
    return f"the ground shows {verdict} {when}; {marked}"


def _turnover(sources: RunSources, before: str, after: str, zone: str) -> str:
    """What came and left, where the net change hides it and the two dates are the ends of the series."""
    if zone or before != sources.dates[0] or after != sources.dates[-1]:
        return ""
    came, left = (claimed_at_least(sources.summary, name) or 0.0 for name in ("arrivals", "departures"))
    return f"; at least {number(came)} arrived and {number(left)} left" if min(came, left) >= LEAST_TURNOVER else ""


def place_words(sources: RunSources, frame: Box) -> str:
    """Where the figure lies.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    frame : (west, south, east, north)
        In the run's CRS.

    Returns
    -------
    str
        Place, longitude and latitude of the frame's centre, CRS.
    """
    lon, lat = transform_xy(sources.grid.crs, LONLAT, (frame[0] + frame[2]) / 2, (frame[1] + frame[3]) / 2)
    # A ten-thousandth of a degree is about ten metres.
    centre = f"{abs(float(lat)):.4f}° {'N' if lat >= 0 else 'S'}, {abs(float(lon)):.4f}° {'E' if lon >= 0 else 'W'}"
    crs = sources.grid.crs if sources.grid.crs.startswith("EPSG:") else ""
    place = short_line(str(sources.summary.get("place") or ""))
    return "  ·  ".join(part for part in (left_to_right(place[:1].upper() + place[1:]), centre, crs) if part)


def notes_of(
    sources: RunSources,
    days: Sequence[str],
    scenes: Mapping[str, Path],
    *,
    pixels_wanted: bool,
    calendar: Calendar,
) -> list[str]:
    """The caption.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    days : sequence of str
        ISO dates that are shown.
    scenes : mapping of str to Path
        Whose pixels are shown.
    pixels_wanted : bool
        False where outlines alone were asked for.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    list of str
        Lines, each of any length.
    """
    return [
        *(f"{calendar.day(day)}: {source_words(sources, day)}" for day in days),
        *(note for day in days if (note := _doubts(sources, day, calendar))),
        *_on_pixels(sources, days, scenes, pixels_wanted=pixels_wanted),
        f"{_on_numbers(sources, days)}Made with {sources.software}.",
    ]


def source_words(sources: RunSources, day: str) -> str:
    """Where a date's pixels come from.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    day : str
        ISO date.

    Returns
    -------
    str
        Sensor, pixel size, credit, licence, file and checksum.
    """
    entry = sources.source_of(day)
    gsd = as_float(entry.get("gsd_m"))
    files = entry.get("files")
    sums = [str(one["sha256"])[:SHORT_SHA] for one in files if one.get("sha256")] if isinstance(files, list) else []
    more = f" and {len(sums) - 1} more" if len(sums) > 1 else ""
    parts = (
        short_line(entry.get("sensor")),
        "" if gsd is None else f"{pixel_text(gsd)} pixels",
        short_line(entry.get("credit")),
        short_line(entry.get("licence")),
        f"scene {short_line(entry.get('scene'))}",
        f"SHA-256 {sums[0]}…{more}" if sums else "no checksum",
    )
    return ", ".join(part for part in parts if part)


def _doubts(sources: RunSources, day: str, calendar: Calendar) -> str:
    """What a date hides, or why it cannot be compared; empty where all is well."""
    row = sources.row(day)
    said = []
    share = as_float(row.get("valid_fraction"))
    if share is not None and share < _WHOLE:
        said.append(f"shows {percent_text(share)} of the site; hatched: cloud, its shadow, haze, snow or no data")
    blank = as_float(mapping_at(sources.summary, "fill", day).get("share"))
    if blank is not None:
        said.append(f"is blank on {percent_text(blank)} of what it shows, which is compared and counted as ground")
    if is_missing(row.get("shift_east_m")):
        said.append("could not be aligned to the reference, so what seems to have moved may not have")
    if not count_words(sources, day) and not mapping_at(sources.summary, "unavailable").get("containers"):
        said.append("has no count of containers: the summary says why")
    return f"{calendar.day(day)} {'; '.join(said)}." if said else ""


def _on_pixels(
    sources: RunSources, days: Sequence[str], scenes: Mapping[str, Path], *, pixels_wanted: bool
) -> list[str]:
    entries = [sources.source_of(day) for day in days]
    barred = [short_line(entry.get("licence")) for entry in entries if not entry.get("show_pixels", True)]
    if barred:
        named = "; ".join(dict.fromkeys(name for name in barred if name))
        return [f"Outlines alone: the licence{f' ({named})' if named else ''} does not allow its pixels to be shown."]
    if not pixels_wanted:
        return ["Outlines alone, as asked for."]
    false = next((path for path in scenes.values() if is_false_colour(path)), None)
    if false is None:
        return []
    names = header(false).names
    return [f"False colour: {', '.join(names[i] for i in display_bands(names))} are shown as red, green and blue."]


def _on_numbers(sources: RunSources, days: Sequence[str]) -> str:
    if not any(count_words(sources, day) for day in days):
        reason = str(mapping_at(sources.summary, "unavailable").get("containers") or "")
        why = f"Containers {reason}. " if reason.startswith("cannot") else ""
        return f"{why}In brackets: 95 % intervals. "
    rows = [[as_float(sources.row(day).get(name)) for name in ("containers", "containers_expected")] for day in days]
    false = max((row[0] - row[1] for row in rows if row[0] is not None and row[1] is not None), default=0.0)
    but = f"; counts take at least {number(int(false))} of them for something else" if false >= TAKEN_FOR_FALSE else ""
    what = f"Outlines: containers detected on each date and followed over all dates{but}. Counts: how many stood there"
    return f"{what}, also those that a look hides, with 95 % intervals in brackets. "
