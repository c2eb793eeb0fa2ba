"""What happened at a site, in sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from changedet.outputs.report.charts import number
from changedet.outputs.report.data import ReportData
from changedet.outputs.report.figures import (
    CHANGED_AREA,
    NO_FIGURE,
    TITLES,
    area_text,
    common_scale,
    interval_text,
    percent_text,
)
from changedet.outputs.values import is_missing, iso_date

ONSETS: Final[Mapping[str, str]] = {
    "containers": "the number of containers",
    "changed_area": "the changed area",
    "footprint": "the footprint",
}


_ONSET_OF: Final = {"containers": "containers", "changed_area_m2": "changed_area", "footprint_area_m2": "footprint"}


_SEEN: Final = "which shows"


#: From this share on a date counts as seen whole.
_WHOLE: Final = 0.9


def _placebo_sentence(data: ReportData) -> list[str]:
    found = data.summary.get("placebo") or {}
    if is_missing(found.get("share")):
        return []
    told = (
        f"Placebo: {percent_text(found['share'])} of what is seen is marked where nothing happened, {found['reason']}."
    )
    told += f" The lower bounds of changed areas allow for {percent_text(found['bound'])}."
    if not is_missing(found.get("single_looks")):
        told += f" On single looks between two unchanged ones: {percent_text(found['single_looks'])}."
    pairs = [pair["share"] for pair in found.get("pairs") or ()]
    if pairs:
        ends = " to ".join(dict.fromkeys((percent_text(min(pairs)), percent_text(max(pairs)))))
        told += f" Between {len(pairs)} pair{'s' if len(pairs) > 1 else ''} of dates in a row: {ends}."
    return [told]


def _day(name: str, date: Any, clear: Mapping[str, float | None]) -> str:
    """A date, with the share of the site that it shows where an area is not filled up from other dates."""
    day = iso_date(date)
    share = clear.get(day)
    return (
        f"{day}, {_SEEN} {100 * share:.0f} %" if name == CHANGED_AREA and share is not None and share < _WHOLE else day
    )


def story(data: ReportData, clear: Mapping[str, float | None]) -> list[str]:
    dates = [iso_date(day) for day in data.summary.get("dates", [])]
    told = []
    if dates:
        looks = f"Seen on {len(dates)} date{'s' if len(dates) > 1 else ''}, from {dates[0]} to {dates[-1]}"
        told.append(f"{looks}; compared with {iso_date(data.summary.get('reference_date'))}.")
    for name, (title, unit) in TITLES.items():
        total = data.summary.get("totals", {}).get(name) or {}
        first, last, net = (total.get(part) or {} for part in ("first", "last", "net_change"))
        if is_missing(first.get("value")) or is_missing(last.get("value")):
            continue
        onset = data.summary.get("onset", {}).get(_ONSET_OF.get(name, "")) or {}
        grows = not is_missing(onset.get("date"))
        scale = common_scale(total, unit)
        ends = [f"{interval_text(end, scale)} on {_day(name, end.get('date'), clear)}" for end in (first, last)]
        told.append(
            f"{title}: {', '.join(ends)}; net change {interval_text(net, scale, signed=True)}{_verdict(net, grows)}."
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


def onset_sentence(name: str, data: ReportData) -> dict[str, Any]:
    onset = data.summary.get("onset", {}).get(name) or {}
    about = ONSETS[name]
    reason = str(onset.get("reason") or "")
    if name != "containers":
        reason = re.sub(r"\b\d+(?= to the end| on average)", lambda found: area_text(float(found[0])), reason)
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
    text = reason or NO_FIGURE
    return text if text.endswith(".") else text + "."
