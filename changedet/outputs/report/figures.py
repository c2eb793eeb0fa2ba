"""A site's totals as text: each with its interval, its date and its scene, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from changedet.outputs.report.data import ReportData
from changedet.outputs.sentences import words
from changedet.outputs.sentences.words import area_text, scaled
from changedet.outputs.summary import TOTAL_PARTS
from changedet.outputs.values import as_float, iso_date, mapping_at

FOLLOWS_COUNTS: Final = frozenset({"teu", "arrivals", "departures"})
"""Figures that are had where containers are counted."""
NO_FIGURE: Final = "the run gave no figure"
TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "containers": ("Containers", ""),
    "teu": ("Container volume", "TEU"),
    "changed_area_m2": ("Changed area", "m²"),
    "footprint_area_m2": ("Footprint", "m²"),
}
"""Title and unit of each figure of ``totals``."""
CHANGED_AREA: Final = "changed_area_m2"


class FigureCell(NamedTuple):
    """One part of a total.

    Attributes
    ----------
    text : str
        With its interval; empty where there is none.
    date : str
        ISO date; empty for the net change.
    scene : str
        File names of the scenes that it comes from.
    """

    text: str
    date: str
    scene: str


class FigureRow(NamedTuple):
    """A figure's row in the table of totals.

    Attributes
    ----------
    title : str
        The figure's name.
    cells : list of FigureCell
        One for each of `TOTAL_PARTS`.
    why : str
        Why no part has a figure; empty where one has.
    """

    title: str
    cells: list[FigureCell]
    why: str


class MoveRow(NamedTuple):
    """The row of all arrivals, or of all departures.

    Attributes
    ----------
    title : str
        "Arrivals" or "Departures".
    text : str
        Their number with its interval; empty where there is none.
    why : str
        Why there is none.
    """

    title: str
    text: str
    why: str


def figure_row(name: str, data: ReportData, files: Mapping[str, str]) -> FigureRow:
    """A figure's first, last and greatest value and its net change.

    Parameters
    ----------
    name : str
        A key of `TITLES`.
    data : ReportData
        What to show.
    files : mapping of str to str
        ISO date -> file name of its scene.

    Returns
    -------
    FigureRow
        Its cells in the order of `TOTAL_PARTS`.
    """
    title, unit = TITLES[name]
    total = mapping_at(data.summary, "totals", name)
    cells = []
    for part in TOTAL_PARTS:
        figure = mapping_at(total, part)
        date = iso_date(figure.get("date"))
        text = interval_text(figure, unit, signed=part == "net_change")
        text += _placebo_area(date, data) if name == CHANGED_AREA else ""
        cells.append(FigureCell(text, date, _source(part, date, total, files)))
    return FigureRow(title, cells, "" if any(cell.text for cell in cells) else why_missing(name, data))


def move_row(name: str, data: ReportData) -> MoveRow:
    """All arrivals, or departures, of the series.

    Parameters
    ----------
    name : str
        ``arrivals`` or ``departures``.
    data : ReportData
        What to show.

    Returns
    -------
    MoveRow
        Their number, or why there is none.
    """
    total = mapping_at(data.summary, "totals").get(name) or {}
    text = interval_text(total if isinstance(total, Mapping) else {"value": total}, "")
    return MoveRow(name.capitalize(), text, "" if text else why_missing(name, data))


def interval_text(figure: Mapping[str, object], unit: str, *, signed: bool = False) -> str:
    """A value with its 95 % interval, such as ``22 (20–25)``.

    Parameters
    ----------
    figure : mapping
        ``value``, ``low`` and ``high``; each may be missing.
    unit : str
        Of its values; areas are shown in the one that fits them.
    signed : bool
        Whether a value above 0 gets its sign.

    Returns
    -------
    str
        Empty where there is no value.
    """
    value, low, high = (as_float(figure.get(key)) for key in ("value", "low", "high"))
    # A difference may be next to nothing within wide bounds.
    shown = [value, low, high] if signed else [value or high]
    return "" if value is None else words.interval_text(value, low, high, scaled(shown, unit), signed=signed)


def why_missing(name: str, data: ReportData) -> str:
    """Why a figure cannot be had.

    Parameters
    ----------
    name : str
        Of the figure, such as ``footprint_area_m2``.
    data : ReportData
        Whose `unavailable` may give the reason.

    Returns
    -------
    str
        "not available: " and the reason; where it is that of the containers, which the page gives, that it is.
    """
    reason = data.unavailable.get(name) or data.unavailable.get(name.removesuffix("_m2")) or NO_FIGURE
    shared = name in FOLLOWS_COUNTS and reason == data.unavailable.get("containers")
    return "not available, as containers are not" if shared else f"not available: {reason}"


def _placebo_area(date: str, data: ReportData) -> str:
    """The area that is marked where nothing happened, beside a date's changed area."""
    area_m2 = mapping_at(data.summary, "placebo", "false_area_m2").get(date)
    return "" if area_m2 is None else f"; placebo {area_text(as_float(area_m2) or 0.0)}"


def _source(part: str, date: str, total: Mapping[str, object], files: Mapping[str, str]) -> str:
    if part != "net_change":
        return files.get(date, "")
    ends = [iso_date(mapping_at(total, end).get("date")) for end in ("first", "last")]
    return " and ".join(files[end] for end in ends if end in files)
