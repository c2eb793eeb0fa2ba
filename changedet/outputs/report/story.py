"""What happened at a site, in sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, cast

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
from changedet.outputs.values import as_float, is_missing, iso_date, mapping_at

ONSETS: Final[Mapping[str, str]] = {
    "containers": "the number of containers",
    "changed_area": "the changed area",
    "footprint": "the footprint",
}
"""What grows, by the key of ``onset``."""
_ONSET_OF: Final = {"containers": "containers", "changed_area_m2": "changed_area", "footprint_area_m2": "footprint"}
_SHOWS: Final = "which shows"
_WHOLE_FRACTION: Final = 0.9
"""From this clear fraction on a date counts as seen whole. Chosen by hand."""
_SURE: Final = 0.99


class OnsetSentence(NamedTuple):
    """An onset, or why there is none.

    Attributes
    ----------
    found : bool
        Whether growth was found.
    text : str
        The sentence.
    """

    found: bool
    text: str


def story(data: ReportData, clear: Mapping[str, float | None]) -> list[str]:
    """The dates, each figure's first and last value and net change, and what the placebo found.

    Parameters
    ----------
    data : ReportData
        What to tell of.
    clear : mapping of str to float
        ISO date -> fraction of the site that it shows; None where it is not known.

    Returns
    -------
    list of str
        One sentence, or a few, for each figure that there is.
    """
    dates = [iso_date(day) for day in cast("Sequence[object]", data.summary.get("dates", ()))]
    sentences = []
    if dates:
        looks = f"Seen on {len(dates)} date{'s' if len(dates) > 1 else ''}, from {dates[0]} to {dates[-1]}"
        sentences.append(f"{looks}; compared with {iso_date(data.summary.get('reference_date'))}.")
    sentences += [text for name in TITLES if (text := _figure_sentence(name, data, clear))]
    return sentences + _placebo_sentence(data)


def onset_sentence(name: str, data: ReportData) -> OnsetSentence:
    """When growth began, within which bounds, or why no onset was found.

    Parameters
    ----------
    name : str
        A key of `ONSETS`.
    data : ReportData
        Whose summary has the onset.

    Returns
    -------
    OnsetSentence
        With the run's own reason.
    """
    onset = mapping_at(data.summary, "onset", name)
    about = ONSETS[name]
    reason = str(onset.get("reason") or "")
    if name != "containers":
        reason = re.sub(r"\b\d+(?= to the end| on average)", lambda found: area_text(float(found[0])), reason)
    if is_missing(onset.get("date")):
        return OnsetSentence(found=False, text=f"No onset of growth in {about}, because {_because(reason)}")
    probability = as_float(onset.get("probability"))
    sure = "" if probability is None else f", probability {_percent(probability)}"
    day, low, high = (iso_date(onset.get(key)) for key in ("date", "low", "high"))
    text = f"Growth of {about} began on {day} (between {low} and {high}{sure})"
    return OnsetSentence(found=True, text=f"{text}: {_because(reason)}" if reason else f"{text}.")


def _figure_sentence(name: str, data: ReportData, clear: Mapping[str, float | None]) -> str:
    """A figure's first and last value and its net change; empty where one is missing."""
    title, unit = TITLES[name]
    total = mapping_at(data.summary, "totals", name)
    first, last, net = (mapping_at(total, part) for part in ("first", "last", "net_change"))
    if is_missing(first.get("value")) or is_missing(last.get("value")):
        return ""
    grows = not is_missing(mapping_at(data.summary, "onset", _ONSET_OF.get(name, "")).get("date"))
    scale = common_scale(total, unit)
    ends = [f"{interval_text(end, scale)} on {_date_shown(name, end.get('date'), clear)}" for end in (first, last)]
    text = (
        f"{title}: {', '.join(ends)}; net change {interval_text(net, scale, signed=True)}{_beyond_error(net, grows)}."
    )
    if any(_SHOWS in end for end in ends):
        text += " What was hidden on a date is not in its figure."
    return text


def _date_shown(name: str, date: object, clear: Mapping[str, float | None]) -> str:
    """A date, with the fraction of the site that it shows where an area is not filled up from other dates."""
    day = iso_date(date)
    share = clear.get(day)
    if name == CHANGED_AREA and share is not None and share < _WHOLE_FRACTION:
        return f"{day}, {_SHOWS} {100 * share:.0f} %"
    return day


def _beyond_error(net: Mapping[str, object], grows: bool) -> str:
    """Whether a net change is larger than its error."""
    low, high = as_float(net.get("low")), as_float(net.get("high"))
    if low is None or high is None:
        return ""
    if low > 0 or high < 0:
        return ", more than its error"
    if grows:
        return ", within the error of these two dates alone; all dates together show growth (below)"
    return ", within its error: no change is shown"


def _placebo_sentence(data: ReportData) -> list[str]:
    """Which share of a site is marked where nothing happened; nothing where the run did not measure it."""
    found = mapping_at(data.summary, "placebo")
    share = as_float(found.get("share"))
    if share is None:
        return []
    text = f"Placebo: {percent_text(share)} of what is seen is marked where nothing happened, {found['reason']}."
    text += f" The lower bounds of changed areas allow for {percent_text(as_float(found['bound']) or 0.0)}."
    single_looks = as_float(found.get("single_looks"))
    if single_looks is not None:
        text += f" On single looks between two unchanged ones: {percent_text(single_looks)}."
    pairs = [float(pair["share"]) for pair in cast("Sequence[Mapping[str, float]]", found.get("pairs") or ())]
    if pairs:
        ends = " to ".join(dict.fromkeys((percent_text(min(pairs)), percent_text(max(pairs)))))
        text += f" Between {len(pairs)} pair{'s' if len(pairs) > 1 else ''} of dates in a row: {ends}."
    return [text]


def _percent(probability: float) -> str:
    # A model's certainty is never quite that of the world.
    return "over 99 %" if probability > _SURE else f"{number(100 * probability)} %"


def _because(reason: str) -> str:
    text = reason or NO_FIGURE
    return text if text.endswith(".") else text + "."
