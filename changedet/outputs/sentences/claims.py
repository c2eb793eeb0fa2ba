"""Claims in words: records and lower bounds, each with what it is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from changedet.outputs.sentences.facts import estimate_of, scale_of
from changedet.outputs.sentences.words import DIGITS, Calendar, area_text, number
from changedet.outputs.values import as_float, iso_date, left_to_right, mapping_at

MOST: Final = {
    "containers": "Of {} looks, most containers stood there {}: {}, {}",
    "footprint_area_m2": "Of {} looks, built ground was largest {}: {}, {}",
}
"""How a record is said, by its figure: of how many looks, when, how much, and how sure."""
BOUND: Final = {
    "containers": "At least {least} {boxes} stood there {when}",
    "footprint_area_m2": "Built ground covered at least {least} {when}",
    "arrivals": "At least {least} {boxes} arrived between the looks up to {when}",
    "departures": "At least {least} {boxes} left between the looks up to {when}",
}
"""How a lower bound is said, by its figure: of how much, and when."""
UNITS: Final = {"footprint_area_m2": "m²"}
"""Of figures that are no counts."""


def claim_text(claim: Mapping[str, object], calendar: Calendar) -> str:
    """A claim as a sentence.

    Parameters
    ----------
    claim : mapping
        Of ``claims`` in ``summary.json``.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    str
        With its zone; a record with its interval and probability.

    Examples
    --------
    >>> record = {"kind": "record", "about": "containers", "zone": "", "date": "2023-12-17", "value": 139, "low": 125,
    ...           "high": 154, "probability": 0.993, "rows": {"dates": ["2023-03-12", "2023-06-04", "2023-12-17"]}}
    >>> claim_text(record, Calendar(years_only=False))
    'Of 3 looks, most containers stood there on 17 December 2023: 139 (125–154), probability above .99'
    """
    about, zone = str(claim.get("about")), str(claim.get("zone") or "")
    where = f"Zone {left_to_right(zone)}: " if zone else ""
    day = iso_date(claim.get("date"))
    if claim.get("kind") == "record":
        return f"{where}{_record(about, claim, day, calendar)}"
    least = _least(as_float(claim.get("value")) or 0.0, UNITS.get(about, ""))
    when = calendar.on(calendar.day(day)) if about in MOST else calendar.day(day)
    said = BOUND.get(about, "{least} " + about + ", {when}")
    return f"{where}{said.format(least=least, boxes='container' if least == '1' else 'containers', when=when)}"


def _record(about: str, claim: Mapping[str, object], day: str, calendar: Calendar) -> str:
    figure = estimate_of(claim)
    looks = mapping_at(claim, "rows").get("dates")
    of = len(looks) if isinstance(looks, list | tuple) else 0
    shown = "" if figure is None else figure.text(scale_of([figure], UNITS.get(about, "")))
    sure = as_float(claim.get("probability")) or 0.0
    said = MOST.get(about, "Of {} looks, most " + about + " {}: {}, {}")
    return said.format(number(of), calendar.on(calendar.day(day)), shown, chance(sure))


def chance(probability: float) -> str:
    """A probability with two decimals, never rounded up to certainty.

    Parameters
    ----------
    probability : float
        0 to 1.

    Returns
    -------
    str
        Such as ``probability .97``.

    Examples
    --------
    >>> chance(0.974), chance(0.9999)
    ('probability .97', 'probability above .99')
    """
    hundredths = math.floor(100 * probability)
    return "probability above .99" if probability > 0.99 else f"probability .{hundredths:02d}"


def _least(value: float, unit: str) -> str:
    """A lower bound, rounded down; of an area to three digits."""
    if not unit or value < 1:
        return f"{number(math.floor(value))} {unit}".strip()
    step = 10.0 ** max(0, math.floor(math.log10(value)) + 1 - DIGITS)
    return area_text(math.floor(value / step) * step)
