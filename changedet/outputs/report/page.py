"""``report.html``: one file that opens offline; sentences, figure and curve first, then what they rest on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, cast

import jinja2
import pandas as pd

from changedet.outputs.json_files import dumps
from changedet.outputs.report.axes import HIDDEN, Backdrop
from changedet.outputs.report.buildings import building_table
from changedet.outputs.report.claims import claim_rows, robust_sentences
from changedet.outputs.report.data import ReportData, unsure_days
from changedet.outputs.report.events import event_groups, moves_caution
from changedet.outputs.report.figures import TITLES, figure_row, move_row
from changedet.outputs.report.flow import flow_table
from changedet.outputs.report.onsets import BARS, beginnings, no_beginning, onset_rows, placebo_sentences
from changedet.outputs.report.pictures import data_uri, fitted
from changedet.outputs.report.railcars import railcar_table
from changedet.outputs.report.series_charts import hidden_shares, series_charts
from changedet.outputs.report.ships import berth_table, ship_table
from changedet.outputs.report.tables import Table, ground_table, held_together, plain_text, series_table
from changedet.outputs.report.timeline import timeline
from changedet.outputs.report.vehicles import vehicle_table
from changedet.outputs.report.works import cell_table, work_table
from changedet.outputs.report.zones import zone_rows
from changedet.outputs.sentences.ground import is_within_error
from changedet.outputs.sentences.looks import CLEAR_ENOUGH
from changedet.outputs.sentences.story import sentences, words_explained
from changedet.outputs.sentences.words import Calendar, calendar_of, number
from changedet.outputs.values import iso_date, mapping_at, rows_of
from changedet.store.files import write_text

_SHORT_CAR_PX, _LONG_CAR_PX = 12, 24
_COUNT: Final = "Containers expected"


class _Look(NamedTuple):
    """A date's picture and what changed by it, as sources of ``<img>``."""

    date: str
    picture: str
    overlay: str
    file: str
    told: list[str]


class _Car(NamedTuple):
    """A box or a gap in a train; a gap has no colour."""

    words: str
    color: str
    width_px: int


class _Train(NamedTuple):
    """A row for each train: its figures, and its boxes as colours of their kinds' lengths."""

    date: str
    zone: str
    boxes: int
    wagons: str
    empty: str
    length: str
    cars: list[_Car]


def write_report(path: str | Path, data: ReportData) -> None:
    """Write ``report.html``: under 8 MB, nothing loaded from elsewhere, everything escaped.

    Parameters
    ----------
    path : path
        The file to write; complete or not there.
    data : ReportData
        What to show.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("changedet.outputs.report", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    calendar = calendar_of([iso_date(day) for day in data.timeseries["date"]])
    environment.filters |= {"number": number, "plain": plain_text, "day": calendar.day, "held": held_together}
    text = environment.get_template("report.html.j2").render(_context(data, calendar))
    write_text(Path(path), text)


def _context(data: ReportData, calendar: Calendar) -> dict[str, object]:
    frame, layers = data.timeseries, data.layers
    whole = rows_of(frame)
    parts = frame.drop(whole.index).sort_values(["zone", "date"])
    days = [iso_date(day) for day in whole["date"]]
    files = {iso_date(scene.get("date")): str(scene.get("file", "")) for scene in data.scenes}
    told = sentences(data.summary, data.timeseries, data.unavailable)
    hidden, began = hidden_shares(whole), beginnings(data)
    looks = _looks(data, files, series_table(whole, calendar))
    return {
        "data": data,
        "dates": days,
        "span": [calendar.day(days[0]), calendar.day(days[-1])] if days else [],
        "reference": iso_date(data.summary.get("reference_date")),
        "sentences": told,
        "words": words_explained(told),
        "figure": data_uri(data.figure) if data.figure else "",
        "timeline": timeline(days, began, Backdrop(calendar, hidden)) if len(days) > 1 else "",
        "began": BARS if began else no_beginning(data),
        "shown_last": _last_clear([look.date for look in looks], hidden),
        "hides": any(share >= HIDDEN for share in hidden.values()),
        "figures": [figure_row(name, data, files) for name in TITLES],
        "moves": [move_row(name, data) for name in ("arrivals", "departures")],
        "onsets": onset_rows(data, calendar),
        "placebo": placebo_sentences(data),
        "credits": _credits(data.summary),
        "unshown": [day for day, one in mapping_at(data.summary, "sources").items() if _is_unshown(one)],
        "notes": list(cast("Sequence[str]", data.summary.get("notes") or ())),
        "claims": claim_rows(data, calendar),
        "robust": robust_sentences(data, calendar),
        "charts": series_charts(whole, data, calendar),
        "looks": looks,
        "series": series_table(whole, calendar),
        "zone_rows": zone_rows(data, calendar),
        "zones": series_table(parts, calendar, zones=True),
        "events": event_groups(data, calendar),
        "flow": flow_table(data.summary, calendar),
        "moves_caution": moves_caution(data.summary),
        "pale": bool(unsure_days(frame) & set(data.overlays)),
        "within_error": any(one.about == "changed_area" and is_within_error(one.text) for one in told),
        "trains": _trains(layers.get("trains")),
        "berths": berth_table(data.summary),
        "ships": ship_table(layers.get("ships"), calendar),
        "vehicles": vehicle_table(data.summary, calendar),
        "railcars": railcar_table(data.summary, calendar),
        "ground": ground_table(layers.get("ground"), calendar),
        "works": work_table(layers.get("works"), calendar),
        "buildings": building_table(layers.get("buildings"), calendar),
        "cells": cell_table(data.summary),
        "provenance": dumps(data.provenance),
    }


def _credits(summary: Mapping[str, object]) -> dict[str, str]:
    """Sensor, credit and licence of each date's scene, where any is told."""
    found = {}
    for day, one in mapping_at(summary, "sources").items():
        words = (
            [str(one[key]) for key in ("sensor", "credit", "licence") if one.get(key)]
            if isinstance(one, Mapping)
            else []
        )
        found[day] = "; ".join(words)
    return found


def _is_unshown(source: object) -> bool:
    return isinstance(source, Mapping) and source.get("show_pixels") is False


def _trains(table: pd.DataFrame | None) -> list[_Train]:
    rows = [] if table is None else table.to_dict("records")
    return [
        _Train(
            date=iso_date(row["date"]),
            zone=row["zone"],
            boxes=row["boxes"],
            wagons=f"{row['wagons_low']} to {row['wagons_high']}",
            empty=f"{row['empty_low']} to {row['empty_high']}",
            length=number(row["length_m"]),
            cars=[_car(part) for part in str(row["sequence"]).split(", ")],
        )
        for row in rows
    ]


def _car(part: str) -> _Car:
    color = re.search("#[0-9a-f]{6}$", part)
    is_short = part.startswith(("20ft", "("))
    return _Car(part, color[0] if color else "", _SHORT_CAR_PX if is_short else _LONG_CAR_PX)


def _looks(data: ReportData, files: Mapping[str, str], table: Table) -> list[_Look]:
    pictures = {("picture", date): picture for date, picture in data.quicklooks.items()}
    fitting = fitted({**pictures, **{("overlay", date): drawn for date, drawn in data.overlays.items()}})
    cells = {row.date: dict(zip(table.columns, row.cells, strict=True)) for row in table.rows}
    counts = any(_is_told(row, _COUNT) for row in cells.values())
    told = {date: _caption(row, counts=counts) for date, row in cells.items()}
    found = []
    for date in sorted(data.quicklooks):
        drawn = fitting.get(("overlay", date))
        shown = data_uri(drawn) if drawn else ""
        picture = data_uri(fitting["picture", date])
        found.append(_Look(date, picture, shown, files.get(date, ""), told.get(date, [])))
    return found


def _last_clear(days: Sequence[str], hidden: Mapping[str, float]) -> str:
    """The last look that shows most of the site, as figures take it; of none that does, the last."""
    clear = [day for day in days if 1 - hidden.get(day, 0.0) >= CLEAR_ENOUGH]
    return [*days[-1:], *clear][-1] if days else ""


def _is_told(cells: Mapping[str, str], title: str) -> bool:
    return cells.get(title, "–") != "–"


def _caption(cells: Mapping[str, str], *, counts: bool) -> list[str]:
    """What a look showed, for the text below its picture; that it has no count, where other looks do."""
    named = {_COUNT: "containers", "Arrivals expected": "arrived", "Departures expected": "left"}
    told = [f"{cells[title]} {word}" for title, word in named.items() if _is_told(cells, title)]
    told = ["no count of containers", *told] if counts and not _is_told(cells, _COUNT) else told
    clear = cells.get("Clear", "–")
    return [*told, *([f"{clear} clear"] if clear not in {"–", "100 %"} else [])]
