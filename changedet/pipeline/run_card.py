"""A finished run as notebooks show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from changedet.outputs.notebook import Row, card
from changedet.outputs.sentences.counts import growth_words
from changedet.outputs.sentences.words import calendar_of
from changedet.outputs.values import as_float, mapping_at
from changedet.pipeline.run_reader import RunReader

TOTALS: Final = {
    "containers": ("containers", ""),
    "teu": ("TEU", ""),
    "changed_area_m2": ("changed area", " m2"),
    "footprint_area_m2": ("footprint", " m2"),
}
"""Figures of the totals, their names and units."""

ONSETS: Final = {"containers": "containers", "changed_area": "changed area", "footprint": "footprint"}
"""Figures that have an onset, and their names."""


def run_card(run: RunReader) -> str:
    """What a run found, in short.

    Parameters
    ----------
    run : RunReader
        Finished.

    Returns
    -------
    str
        HTML, the run's warnings below.
    """
    summary, dates = run.summary, run.dates
    days = calendar_of([str(day) for day in dates])
    told = summary.get("sentences") or ()
    onsets = {name: mapping_at(summary, "onset", key) for key, name in ONSETS.items()}
    rows: list[Row] = [
        ("found", " ".join(str(one["text"]) for one in told)),
        ("dates", f"{len(dates)}: {dates[0]} to {dates[-1]}" if dates else ""),
        ("reference", str(summary.get("reference_date", ""))),
        *((name, _first_and_last(mapping_at(summary, "totals", key), unit)) for key, (name, unit) in TOTALS.items()),
        (
            "growth began",
            "; ".join(f"{name} {growth_words(one, days)}" for name, one in onsets.items() if one.get("date")),
        ),
        ("folder", str(run.path)),
    ]
    title = f"Run {summary.get('site', '')}: {summary.get('name', '')}"
    return card(title, rows, [f"warning: {text}" for text in summary.get("warnings") or ()])


def _first_and_last(total: Mapping[str, object], unit: str) -> str:
    parts = [_with_interval(mapping_at(total, name), unit) for name in ("first", "last")]
    return " to ".join(part for part in dict.fromkeys(parts) if part)


def _with_interval(figure: Mapping[str, object], unit: str) -> str:
    value, low, high = (as_float(figure.get(name)) for name in ("value", "low", "high"))
    if value is None:
        return ""
    around = f" ({low:,.0f} to {high:,.0f})" if low is not None and high is not None else ""
    return f"{value:,.0f}{unit}{around} on {figure.get('date')}"
