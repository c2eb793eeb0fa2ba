"""What can be claimed: records and lower bounds, the rows they rest on, and whether other runs of the site agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from changedet.outputs.report.data import ReportData
from changedet.outputs.report.onsets import ONSETS
from changedet.outputs.sentences.claims import UNITS, claim_text
from changedet.outputs.sentences.words import Calendar, number, scaled
from changedet.outputs.values import as_float, iso_date, mapping_at

MOST_DATES: Final = 6
"""Links to rows of the table; one that rests on more has the one of its own date."""


class ClaimRow(NamedTuple):
    """A claim.

    Attributes
    ----------
    text : str
        Without a full stop.
    dates : list of str
        ISO dates of its rows; where they are more than `MOST_DATES`, of a record its own, else the first and the last.
    is_span : bool
        Whether these are the ends of more rows.
    robust : str
        How many other runs make it, too, and with which figures; empty where none were made.
    holds : bool
        Whether it holds in all of them.
    """

    text: str
    dates: list[str]
    robust: str
    holds: bool
    is_span: bool = False


def claim_rows(data: ReportData, calendar: Calendar) -> list[ClaimRow]:
    """The claims of a run, those that hold in all its variants first.

    Parameters
    ----------
    data : ReportData
        Whose summary has them.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    list of ClaimRow
        Empty where there are none.
    """
    claims = data.summary.get("claims")
    found = [one for one in claims if isinstance(one, Mapping)] if isinstance(claims, list | tuple) else []
    return sorted((_row(claim, calendar) for claim in found), key=lambda row: not row.holds)


def _row(claim: Mapping[str, object], calendar: Calendar) -> ClaimRow:
    dates = mapping_at(claim, "rows").get("dates")
    days = [iso_date(day) for day in dates] if isinstance(dates, list | tuple) else []
    robust = mapping_at(claim, "robust")
    held, of = as_float(robust.get("held")), as_float(robust.get("of"))
    if held is None or not of:
        words, holds = "", True
    else:
        unit = UNITS.get(str(claim.get("about")), "")
        whose = f"{number(held)} of the {number(of)} other runs that have this date"
        words, holds = f"Also claimed by {whose}{_between(robust, unit)}", held == of
    many = len(days) > MOST_DATES
    is_span = many and claim.get("kind") != "record"
    shown = [days[0], days[-1]] if is_span else ([iso_date(claim.get("date"))] if many else days)
    return ClaimRow(claim_text(claim, calendar), shown, words, holds, is_span)


def _between(robust: Mapping[str, object], unit: str) -> str:
    """The range of the figure in those runs, which need not be that of this run."""
    least, most = as_float(robust.get("least")), as_float(robust.get("most"))
    if least is None or most is None:
        return ""
    scale = scaled([most], unit)
    ends = [number(value / scale.factor, scale.digits) for value in (least, most)]
    return "" if ends[0] == ends[1] else f", there with {ends[0]} to {ends[1]} {scale.unit}".rstrip()


def robust_sentences(data: ReportData, calendar: Calendar) -> list[str]:
    """What the runs with another reference, or without a date, say of the onsets.

    Parameters
    ----------
    data : ReportData
        Whose summary has them.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    list of str
        With full stops; empty where no such runs were made.
    """
    found = mapping_at(data.summary, "robust")
    names, failed = found.get("variants"), mapping_at(found, "failed")
    runs = len(names) if isinstance(names, list | tuple) else 0
    if not runs and not failed:
        return []
    told = [
        f"The site was run {number(runs)} more times, with each other date as reference and with each date left out."
    ]
    told += [_onset(name, mapping_at(found, "onset", name), data, calendar) for name in ONSETS]
    if failed:
        told.append(f"Not possible: {'; '.join(f'{name} ({why})' for name, why in failed.items())}.")
    return [text for text in told if text]


def _onset(name: str, found: Mapping[str, object], data: ReportData, calendar: Calendar) -> str:
    held, of = as_float(found.get("held")), as_float(found.get("of"))
    if held is None or not of:
        return ""
    same = (
        "growth began in the same span" if mapping_at(data.summary, "onset", name).get("date") else "no growth either"
    )
    low, high = iso_date(found.get("low")), iso_date(found.get("high"))
    dated = f"; where it began, {calendar.between(low, high)}" if low and high else ""
    return f"{ONSETS[name]}: {same} in {number(held)} of {number(of)}{dated}."
