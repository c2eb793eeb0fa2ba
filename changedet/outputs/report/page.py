"""``report.html``: one file that opens offline and tells the story of the site in figures with their intervals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import jinja2
import numpy as np
import pandas as pd

from changedet.outputs.json_files import dumps
from changedet.outputs.report.charts import number
from changedet.outputs.report.data import ReportData
from changedet.outputs.report.figures import TITLES, figure_row, move_row
from changedet.outputs.report.pictures import data_uri, fitted
from changedet.outputs.report.series_charts import series_charts, series_figures
from changedet.outputs.report.story import ONSETS, onset_sentence, story
from changedet.outputs.values import is_missing, iso_date
from changedet.store.files import write_text

_SHORT_CAR_PX, _LONG_CAR_PX = 12, 24


class _Look(NamedTuple):
    """A date's picture and what changed by it, as sources of ``<img>``."""

    date: str
    picture: str
    overlay: str
    file: str


class _Table(NamedTuple):
    """Text of a table, cell by cell."""

    columns: list[str]
    rows: list[list[str]]


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
    """Write ``report.html``: under 6 MB, nothing loaded from elsewhere, everything escaped.

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
    environment.filters |= {"number": number, "plain": _plain_text}
    text = environment.get_template("report.html.j2").render(_context(data))
    write_text(Path(path), text)


def _context(data: ReportData) -> dict[str, object]:
    frame = data.timeseries
    zone = frame["zone"].fillna("").astype(str) if "zone" in frame else pd.Series([""] * len(frame))
    whole = frame[(zone == "").to_numpy()].sort_values("date")
    files = {iso_date(scene.get("date")): str(scene.get("file", "")) for scene in data.scenes}
    return {
        "data": data,
        "dates": [iso_date(day) for day in whole["date"]],
        "reference": iso_date(data.summary.get("reference_date")),
        "figures": [figure_row(name, data, files) for name in TITLES],
        "moves": [move_row(name, data) for name in ("arrivals", "departures")],
        "story": story(data, {f.date: f.value for f in series_figures(whole, "valid_fraction")}),
        "onsets": [onset_sentence(name, data) for name in ONSETS],
        "charts": series_charts(whole, data),
        "looks": _looks(data, files),
        "series": _table(whole),
        "zones": _table(frame[(zone != "").to_numpy()].sort_values(["zone", "date"])),
        "trains": _trains(data.trains),
        "ground": _table(_without_geometry(data.ground)),
        "provenance": dumps(data.provenance),
    }


def _without_geometry(layer: pd.DataFrame | None) -> pd.DataFrame:
    return pd.DataFrame() if layer is None else pd.DataFrame(layer.drop(columns="geometry", errors="ignore"))


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


def _looks(data: ReportData, files: Mapping[str, str]) -> list[_Look]:
    pictures = {("picture", date): picture for date, picture in data.quicklooks.items()}
    fitting = fitted({**pictures, **{("overlay", date): drawn for date, drawn in data.overlays.items()}})
    found = []
    for date in sorted(data.quicklooks):
        drawn = fitting.get(("overlay", date))
        shown = data_uri(drawn) if drawn else ""
        found.append(_Look(date, data_uri(fitting["picture", date]), shown, files.get(date, "")))
    return found


def _table(frame: pd.DataFrame) -> _Table:
    columns = [name for name in frame.columns if not all(is_missing(value) for value in frame[name])]
    rows = [[_plain_text(frame[name].iloc[i], name) for name in columns] for i in range(len(frame))]
    return _Table(columns, rows)


def _plain_text(value: object, name: str = "") -> str:
    """A table's cell: text as it is, dates as ISO, numbers short, an en dash where there is none."""
    if is_missing(value) or str(value) == "":
        return "–"
    if name == "date" or hasattr(value, "isoformat"):
        return iso_date(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {_plain_text(inner)}" for key, inner in value.items()) or "–"
    if isinstance(value, float | np.floating):
        real = float(value)
        return number(real) if abs(real) >= 1000 else f"{real:.4g}"
    return str(value)
