"""Boxes that came and left, date by date, as the page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from changedet.outputs.report.data import BoxEvent, ReportData
from changedet.outputs.report.pictures import data_uri
from changedet.outputs.report.tables import anchor
from changedet.outputs.sentences.facts import are_moves_counted, no_sure_moves
from changedet.outputs.sentences.words import Calendar


class ShownChip(NamedTuple):
    """A chip as the page has it.

    Attributes
    ----------
    date : str
        In words.
    picture : str
        Source of an image; empty for none.
    caption : str
        What it shows.
    alt : str
        The same for readers without pictures.
    has_box : bool
        Whether the box stands there on its date, so that its outline is drawn whole.
    """

    date: str
    picture: str
    caption: str
    alt: str
    has_box: bool


class ShownEvent(NamedTuple):
    """A box's row of chips.

    Attributes
    ----------
    title : str
        Its kind, track and zone.
    points : str
        Its outline in the chips, of 100 units a side.
    chips : list of ShownChip
        By date.
    """

    title: str
    points: str
    chips: list[ShownChip]


class EventGroup(NamedTuple):
    """Boxes that came, or left, on one date.

    Attributes
    ----------
    id : str
        For links.
    date : str
        ISO date.
    what : str
        ``came`` or ``left``.
    title : str
        With the date.
    rest : str
        How many more there are and where; empty where all are shown.
    boxes : list of ShownEvent
        Those that are shown.
    """

    id: str
    date: str
    what: str
    title: str
    rest: str
    boxes: list[ShownEvent]


def moves_caution(summary: Mapping[str, object]) -> str:
    """What to say before the chips where no arrival or departure is beyond error, or none is counted.

    Parameters
    ----------
    summary : mapping
        As of ``summary.json``.

    Returns
    -------
    str
        A sentence; empty where the bounds say that some box came or left, or nothing.
    """
    if summary and not are_moves_counted(summary):
        return "Arrivals and departures are not counted here: what these chips show is in no figure."
    said = "No arrival or departure is beyond error here: look at each chip before you take it for one."
    return said if no_sure_moves(summary) else ""


def event_groups(data: ReportData, calendar: Calendar) -> list[EventGroup]:
    """Boxes that came or left, in the order of their dates.

    Parameters
    ----------
    data : ReportData
        With `events` and `events_listed`.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    list of EventGroup
        Arrivals of a date before its departures.
    """
    groups: dict[tuple[str, bool], list[BoxEvent]] = {}
    for one in data.events:
        groups.setdefault((one.date, one.has_come), []).append(one)
    return [_group(day, has_come, own, data, calendar) for (day, has_come), own in groups.items()]


def _group(day: str, has_come: bool, own: list[BoxEvent], data: ReportData, calendar: Calendar) -> EventGroup:
    listed = data.events_listed.get((day, has_come), len(own))
    when = f"first seen {calendar.on(calendar.day(day))}" if has_come else f"gone by {calendar.day(day)}"
    title = f"{listed} {'box' if listed == 1 else 'boxes'} {when}"
    column = "first_seen" if has_come else "not_after"
    rest = f"{len(own)} of {listed}, the longest; the rest: layer tracks of objects.gpkg, {column} = {day}"
    boxes = [_shown(one, calendar) for one in own]
    return EventGroup(
        id=anchor("arrived" if has_come else "left", day),
        date=day,
        what="came" if has_come else "left",
        title=title,
        rest=rest if listed > len(own) else "",
        boxes=boxes,
    )


def _shown(one: BoxEvent, calendar: Calendar) -> ShownEvent:
    title = f"{one.kind}, track {one.track_id}" + (f", {one.zone}" if one.zone else "")
    points = " ".join(f"{100 * x:.1f},{100 * y:.1f}" for x, y in one.outline)
    chips = []
    for chip in one.chips:
        words = "there" if chip.stands else "not there"
        hidden = "" if chip.shows == "clear" else chip.shows
        # The look of the event itself did show the box, or its place without it, however dark.
        told = chip.date == one.date or chip.is_seen
        caption = f"{words}, {hidden}" if hidden and told else hidden or words
        alt = f"{title}, {calendar.day(chip.date)}: {caption}"
        picture = data_uri(chip.picture) if chip.picture else ""
        chips.append(ShownChip(calendar.short(chip.date), picture, caption, alt, chip.stands))
    return ShownEvent(title, points, chips)
