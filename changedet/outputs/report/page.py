"""``report.html``: one file that opens offline and tells the story of the site in figures with their intervals."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import jinja2
import numpy as np
import pandas as pd

from changedet.outputs.files import write_text
from changedet.outputs.report import charts
from changedet.outputs.report.charts import Figure, Scale, number, scaled
from changedet.outputs.report.pictures import data_uri, fitted, overlay, quicklook
from changedet.outputs.tables import dumps, is_missing, iso_date

__all__ = ["ReportData", "overlay", "quicklook", "write_report"]

_MISSING: Final = "the run gave no figure"
_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "containers": ("Containers", ""),
    "teu": ("Container volume", "TEU"),
    "changed_area_m2": ("Changed area", "m²"),
    "footprint_area_m2": ("Footprint", "m²"),
}
_ONSETS: Final[Mapping[str, str]] = {
    "containers": "the number of containers",
    "changed_area": "the changed area",
    "footprint": "the footprint",
}
_CHANGED: Final = "changed_area_m2"
_ONSET_OF: Final = {"containers": "containers", "changed_area_m2": "changed_area", "footprint_area_m2": "footprint"}
_SEEN: Final = "which shows"
#: From this share on a date counts as seen whole.
_WHOLE: Final = 0.9
_PARTS: Final = ("first", "last", "peak", "net_change")


@dataclass(frozen=True)
class ReportData:
    """All that the report shows; no path, no workflow.

    Attributes
    ----------
    site_id, site_name : str
        Free text; escaped.
    summary : mapping
        As ``summary.json``.
    timeseries : pandas.DataFrame
        Columns of ``tables.TIMESERIES_COLUMNS``; NA where a figure cannot be had.
    scenes : sequence of mapping
        One a date, with any of ``date, file, gsd_m, compared_bands, sun_elevation_deg, sun_azimuth_deg, shift_east_m,
        shift_north_m, valid_fraction, checksum``.
    methods : sequence of mapping
        One a stage, with ``stage, method, reason`` and ``parameters`` (a mapping) and ``reference``.
    quicklooks : mapping of str to bytes
        ISO date -> JPEG or PNG on the common grid; see `quicklook`.
    overlays : mapping of str to bytes
        ISO date -> transparent PNG of what changed; see `overlay`.
    warnings : sequence of str
    provenance : mapping
        Versions, checksums, timings: shown as they are.
    unavailable : mapping of str to str
        Figure (a key of ``totals``, ``arrivals``, ``departures``) -> why it cannot be had.
    trains : DataFrame, optional
        The layer ``trains``.
    ground : DataFrame, optional
        The layer ``ground``.
    """

    site_id: str
    site_name: str
    summary: Mapping[str, Any]
    timeseries: pd.DataFrame
    scenes: Sequence[Mapping[str, Any]] = ()
    methods: Sequence[Mapping[str, Any]] = ()
    quicklooks: Mapping[str, bytes] = field(default_factory=dict)
    overlays: Mapping[str, bytes] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)
    trains: pd.DataFrame | None = None
    ground: pd.DataFrame | None = None


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


def _context(data: ReportData) -> dict[str, Any]:
    frame = data.timeseries
    zone = frame["zone"].fillna("").astype(str) if "zone" in frame else pd.Series([""] * len(frame))
    whole = frame[(zone == "").to_numpy()].sort_values("date")
    files = {iso_date(scene.get("date")): str(scene.get("file", "")) for scene in data.scenes}
    return {
        "data": data,
        "dates": [iso_date(day) for day in whole["date"]],
        "reference": iso_date(data.summary.get("reference_date")),
        "figures": [_figure_row(name, data, files) for name in _NAMES],
        "moves": [_move_row(name, data) for name in ("arrivals", "departures")],
        "story": _story(data, {f.date: f.value for f in _figures(whole, "valid_fraction")}),
        "onsets": [_onset_sentence(name, data) for name in _ONSETS],
        "charts": _charts(whole, data),
        "looks": _looks(data),
        "series": _table(whole),
        "zones": _table(frame[(zone != "").to_numpy()].sort_values(["zone", "date"])),
        "trains": _trains(data.trains),
        "ground": _table(_plain(data.ground)),
        "provenance": dumps(data.provenance),
    }


def _plain(layer: pd.DataFrame | None) -> pd.DataFrame:
    """A layer's rows without their geometry."""
    return pd.DataFrame() if layer is None else pd.DataFrame(layer.drop(columns="geometry", errors="ignore"))


def _trains(table: pd.DataFrame | None) -> list[dict[str, Any]]:
    """A row for each train: its figures, and its boxes as colours of their kinds' lengths."""
    rows = [] if table is None else table.to_dict("records")
    return [
        {
            "date": iso_date(row["date"]),
            "zone": row["zone"],
            "boxes": row["boxes"],
            "wagons": f"{row['wagons_low']} to {row['wagons_high']}",
            "empty": f"{row['empty_low']} to {row['empty_high']}",
            "length": number(row["length_m"]),
            "cars": [(part, *_car(part)) for part in str(row["sequence"]).split(", ")],
        }
        for row in rows
    ]


def _car(part: str) -> tuple[str, int]:
    """Colour and width in pixels of a part of a train's sequence; an empty wagon has no colour."""
    color = re.search("#[0-9a-f]{6}$", part)
    return (color[0] if color else "", 12 if part.startswith(("20ft", "(")) else 24)


def _figure_row(name: str, data: ReportData, files: Mapping[str, str]) -> dict[str, Any]:
    title, unit = _NAMES[name]
    total = data.summary.get("totals", {}).get(name) or {}
    scale = _scale(total, unit)
    cells = []
    for part in _PARTS:
        cell = dict(total.get(part) or {})
        date = iso_date(cell.get("date"))
        signed = part == "net_change"
        cells.append(
            {
                "text": _interval(cell, scale, signed=signed) + (_by_placebo(date, data) if name == _CHANGED else ""),
                "date": date,
                "scene": _source(part, date, total, files),
            }
        )
    known = any(cell["text"] for cell in cells)
    return {"title": title, "cells": cells, "why": "" if known else _why(name, data)}


def _by_placebo(date: str, data: ReportData) -> str:
    """What is marked where nothing happened, beside a date's changed area."""
    area = ((data.summary.get("placebo") or {}).get("false_area_m2") or {}).get(date)
    return "" if area is None else f"; placebo {_area(area)}"


def _area(square_metres: float) -> str:
    factor, unit, digits = scaled([square_metres], "m²")
    return f"{number(square_metres / factor, digits)} {unit}"


def _placebo_sentence(data: ReportData) -> list[str]:
    found = data.summary.get("placebo") or {}
    if is_missing(found.get("share")):
        return []
    told = f"Placebo: {_share(found['share'])} of what is seen is marked where nothing happened, {found['reason']}."
    told += f" The lower bounds of changed areas allow for {_share(found['bound'])}."
    if not is_missing(found.get("single_looks")):
        told += f" On single looks between two unchanged ones: {_share(found['single_looks'])}."
    pairs = [pair["share"] for pair in found.get("pairs") or ()]
    if pairs:
        ends = " to ".join(dict.fromkeys((_share(min(pairs)), _share(max(pairs)))))
        told += f" Between {len(pairs)} pair{'s' if len(pairs) > 1 else ''} of dates in a row: {ends}."
    return [told]


def _share(share: float) -> str:
    return f"{100 * share:.2g} %"


def _source(part: str, date: str, total: Mapping[str, Any], files: Mapping[str, str]) -> str:
    if part != "net_change":
        return files.get(date, "")
    ends = [iso_date((total.get(end) or {}).get("date")) for end in ("first", "last")]
    return " and ".join(files[end] for end in ends if end in files)


def _move_row(name: str, data: ReportData) -> dict[str, str]:
    total = data.summary.get("totals", {}).get(name) or {}
    text = _interval(total if isinstance(total, Mapping) else {"value": total}, (1.0, "", 0))
    return {"title": name.capitalize(), "text": text, "why": "" if text else _why(name, data)}


def _scale(total: Mapping[str, Any], unit: str) -> Scale:
    """One unit for all parts of a figure's total."""
    parts = [total.get(part) or {} for part in _PARTS]
    known = [part.get(key) for part in parts for key in ("value", "low", "high")]
    return scaled([None if is_missing(value) else float(value or 0) for value in known], unit)


def _interval(figure: Mapping[str, Any], scale: Scale, *, signed: bool = False) -> str:
    factor, unit, digits = scale
    known = {
        key: float(figure[key] or 0) / factor for key in ("value", "low", "high") if not is_missing(figure.get(key))
    }
    if "value" not in known:
        return ""
    value, low, high = (number(known.get(key), digits) for key in ("value", "low", "high"))
    text = f"{'+' if signed and known['value'] > 0 else ''}{value} {unit}".strip()
    return f"{text} ({low} to {high})" if len(known) == 3 else f"{text} (interval not available)"


def _why(name: str, data: ReportData) -> str:
    return f"not available: {data.unavailable.get(name) or data.unavailable.get(name.removesuffix('_m2')) or _MISSING}"


def _day(name: str, date: Any, clear: Mapping[str, float | None]) -> str:
    """A date, with the share of the site that it shows where an area is not filled up from other dates."""
    day = iso_date(date)
    share = clear.get(day)
    return f"{day}, {_SEEN} {100 * share:.0f} %" if name == _CHANGED and share is not None and share < _WHOLE else day


def _story(data: ReportData, clear: Mapping[str, float | None]) -> list[str]:
    dates = [iso_date(day) for day in data.summary.get("dates", [])]
    told = []
    if dates:
        looks = f"Seen on {len(dates)} date{'s' if len(dates) > 1 else ''}, from {dates[0]} to {dates[-1]}"
        told.append(f"{looks}; compared with {iso_date(data.summary.get('reference_date'))}.")
    for name, (title, unit) in _NAMES.items():
        total = data.summary.get("totals", {}).get(name) or {}
        first, last, net = (total.get(part) or {} for part in ("first", "last", "net_change"))
        if is_missing(first.get("value")) or is_missing(last.get("value")):
            continue
        onset = data.summary.get("onset", {}).get(_ONSET_OF.get(name, "")) or {}
        grows = not is_missing(onset.get("date"))
        scale = _scale(total, unit)
        ends = [f"{_interval(end, scale)} on {_day(name, end.get('date'), clear)}" for end in (first, last)]
        told.append(
            f"{title}: {', '.join(ends)}; net change {_interval(net, scale, signed=True)}{_verdict(net, grows)}."
        )
        if any(_SEEN in end for end in ends):
            told[-1] += " What was hidden on a date is not in its figure."
    return told + _placebo_sentence(data)


def _verdict(net: Mapping[str, Any], grows: bool) -> str:
    low, high = net.get("low"), net.get("high")
    if low is None or high is None:
        return ""
    if low > 0 or high < 0:
        return ", more than its error"
    if grows:
        return ", within the error of these two dates alone; all dates together show growth (below)"
    return ", within its error: no change is shown"


def _onset_sentence(name: str, data: ReportData) -> dict[str, Any]:
    onset = data.summary.get("onset", {}).get(name) or {}
    about = _ONSETS[name]
    reason = str(onset.get("reason") or "")
    if name != "containers":
        reason = re.sub(r"\b\d+(?= to the end| on average)", lambda found: _area(float(found[0])), reason)
    if is_missing(onset.get("date")):
        return {"found": False, "text": f"No onset of growth in {about}, because {_because(reason)}"}
    probability = onset.get("probability")
    sure = "" if is_missing(probability) else f", probability {_percent(float(probability or 0))}"
    day, low, high = (iso_date(onset.get(key)) for key in ("date", "low", "high"))
    text = f"Growth of {about} began on {day} (between {low} and {high}{sure})"
    return {"found": True, "text": f"{text}: {_because(reason)}" if reason else f"{text}."}


def _percent(probability: float) -> str:
    # A model's certainty is never quite that of the world.
    return "over 99 %" if probability > 0.99 else f"{number(100 * probability)} %"


def _because(reason: str) -> str:
    text = reason or _MISSING
    return text if text.endswith(".") else text + "."


def _charts(whole: pd.DataFrame, data: ReportData) -> list[dict[str, Any]]:
    containers = _figures(whole, "containers_expected", "containers_low", "containers_high", "containers")
    area = _figures(whole, "changed_area_m2", "changed_area_low_m2", "changed_area_high_m2")
    ground = _figures(whole, "footprint_area_m2", "footprint_low_m2", "footprint_high_m2")
    arrivals, departures = (_figures(whole, n, f"{n}_low", f"{n}_high") for n in ("arrivals", "departures"))
    clear = _figures(whole, "valid_fraction")
    moved = "Arrivals (above) and departures (below) since the look before, with 95 % intervals."
    return [
        _chart(
            "Containers",
            containers,
            "containers",
            data,
            "Expected count with its 95 % band; rings: boxes seen on the day.",
        ),
        _chart("Changed area", area, "changed_area_m2", data, "Against the reference date, with its 95 % band.", "m²"),
        _chart(
            "Footprint", ground, "footprint_area_m2", data, "Yards, buildings, earthworks and stored objects.", "m²"
        ),
        {
            "title": "Arrivals and departures",
            "note": moved,
            "svg": charts.bar_chart(arrivals, departures, title="Arrivals and departures", unit="containers"),
            "why": "" if any(f.value is not None for f in [*arrivals, *departures]) else _why("arrivals", data),
        },
        {
            "title": "Clear fraction",
            "note": "Share of the area that could be used on each date.",
            "svg": charts.share_chart(clear, title="Clear fraction"),
            "why": "" if any(f.value is not None for f in clear) else _why("valid_fraction", data),
        },
    ]


def _chart(
    title: str, figures: Sequence[Figure], name: str, data: ReportData, note: str, unit: str = ""
) -> dict[str, Any]:
    known = any(f.value is not None or f.seen is not None for f in figures)
    svg = charts.line_chart(figures, title=title, unit=unit)
    return {"title": title, "note": note, "svg": svg, "why": "" if known else _why(name, data)}


def _figures(frame: pd.DataFrame, value: str, low: str = "", high: str = "", seen: str = "") -> list[Figure]:
    def column(name: str) -> list[float | None]:
        if name not in frame:
            return [None] * len(frame)
        return [None if is_missing(v) or not math.isfinite(float(v)) else float(v) for v in frame[name]]

    days = [iso_date(day) for day in frame["date"]]
    return [Figure(*row) for row in zip(days, column(value), column(low), column(high), column(seen), strict=True)]


def _looks(data: ReportData) -> list[dict[str, str]]:
    fitting = fitted(
        {**{("q", d): b for d, b in data.quicklooks.items()}, **{("o", d): b for d, b in data.overlays.items()}}
    )
    scenes = {iso_date(scene.get("date")): scene for scene in data.scenes}
    found = []
    for date in sorted(data.quicklooks):
        drawn = fitting.get(("o", date))
        found.append(
            {
                "date": date,
                "picture": data_uri(fitting["q", date]),
                "overlay": data_uri(drawn) if drawn else "",
                "file": str(scenes.get(date, {}).get("file", "")),
            }
        )
    return found


def _table(frame: pd.DataFrame) -> dict[str, Any]:
    columns = [name for name in frame.columns if not all(is_missing(value) for value in frame[name])]
    rows = [[_plain_text(frame[name].iloc[i], name) for name in columns] for i in range(len(frame))]
    return {"columns": columns, "rows": rows}


def _plain_text(value: Any, name: str = "") -> str:
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
