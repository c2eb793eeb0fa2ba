"""Since when figures have grown, or why they have not; and what the placebo found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, cast

from changedet.outputs.report.data import ReportData
from changedet.outputs.report.figures import NO_FIGURE
from changedet.outputs.report.timeline import Span
from changedet.outputs.sentences.counts import growth_words
from changedet.outputs.sentences.words import LIKELIHOODS, Calendar, area_text, number, percent_text
from changedet.outputs.summary import marked_words
from changedet.outputs.values import as_float, is_missing, iso_date, left_to_right, mapping_at

ONSETS: Final[Mapping[str, str]] = {
    "containers": "Containers",
    "changed_area": "Changed area",
    "footprint": "Footprint",
}
"""What grows, by the key of ``onset``."""
BARS: Final = "Each bar: the span in which it began; the line: it lasts to the end."
"""What the time line's bars are."""
LIKELY: Final = next(least for least, word, _ in LIKELIHOODS if word == "likely")
"""Probability from which growth is named that is not sure."""
PAIR: Final = 2
"""Looks of which the later shows all that differs."""
_GROWS: Final = {
    "containers": "containers grow in number",
    "changed_area": "lasting change of ground",
    "footprint": "built ground grows",
}


class OnsetRow(NamedTuple):
    """An onset, or why there is none.

    Attributes
    ----------
    title : str
        What grows.
    when : str
        Between which dates it began, and how likely that is; empty where no onset was found.
    why : str
        The run's own reason.
    """

    title: str
    when: str
    why: str


def onset_rows(data: ReportData, calendar: Calendar) -> list[OnsetRow]:
    """The onsets of a site's figures.

    Parameters
    ----------
    data : ReportData
        Whose summary has them.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    list of OnsetRow
        One for each key of `ONSETS`.
    """
    return [_row(name, mapping_at(data.summary, "onset", name), calendar) for name in ONSETS]


def _row(name: str, onset: Mapping[str, object], calendar: Calendar) -> OnsetRow:
    reason = str(onset.get("reason") or ("" if onset.get("date") else NO_FIGURE))
    if name != "containers":
        reason = re.sub(r"\b\d+(?= to the end| on average)", lambda found: area_text(float(found[0])), reason)
    if is_missing(onset.get("date")):
        return OnsetRow(ONSETS[name], "", reason)
    return OnsetRow(ONSETS[name], growth_words(onset, calendar), reason)


def beginnings(data: ReportData) -> list[Span]:
    """What began when, for the time line.

    Parameters
    ----------
    data : ReportData
        Whose summary has onsets, zones and new ground.

    Returns
    -------
    list of Span
        Of the site's figures, of its zones, of the first boxes on new ground.
    """
    found = [_span(_GROWS[name], mapping_at(data.summary, "onset", name)) for name in ONSETS]
    for zone, record in mapping_at(data.summary, "zones").items():
        if isinstance(record, Mapping):
            found.append(_span(f"{left_to_right(zone)}: containers grow", mapping_at(record, "onset", "containers")))
            found.append(_span(f"{left_to_right(zone)} is full", mapping_at(record, "full_since")))
    return [span for span in found if span is not None]


def no_beginning(data: ReportData) -> str:
    """What the time line says where nothing surely began to grow.

    Parameters
    ----------
    data : ReportData
        Whose summary has onsets.

    Returns
    -------
    str
        A sentence that does not deny growth, and names what is likely to grow, with its probability; of two looks,
        that they cannot tell; empty where something surely grows.
    """
    found = {name: mapping_at(data.summary, "onset", name) for name in ONSETS}
    if any(iso_date(onset.get("date")) for onset in found.values()):
        return ""
    chances = {name: as_float(onset.get("probability")) or 0.0 for name, onset in found.items()}
    # Of an area that may be none the onset's probability is next to its prior: of nothing at all it is .5 to .75.
    least = as_float(mapping_at(data.summary, "totals", "changed_area_m2", "last").get("low"))
    if len(cast("Sequence[object]", data.summary.get("dates") or ())) == PAIR:
        return "Two looks do not tell what lasts: whatever differs came or went between them."
    named = [
        f"{_GROWS[name]} ({percent_text(chance)})"
        for name, chance in chances.items()
        if chance > LIKELY and (name != "changed_area" or (least is not None and least > 0))
    ]
    return f"No lasting growth is sure; likely: {', '.join(named)}." if named else "No lasting growth is sure."


def _span(text: str, onset: Mapping[str, object]) -> Span | None:
    day = iso_date(onset.get("date"))
    if not day:
        return None
    low, high = (iso_date(onset.get(key)) or day for key in ("low", "high"))
    return Span(text, low, high)


def placebo_sentences(data: ReportData) -> list[str]:
    """Which share of a site is marked where nothing happened.

    Parameters
    ----------
    data : ReportData
        Whose summary has the placebo.

    Returns
    -------
    list of str
        Empty where the run did not measure it.
    """
    found = mapping_at(data.summary, "placebo")
    share = as_float(found.get("share"))
    if share is None:
        return []
    seen = f"{percent_text(share)} of what is seen {marked_words(found)}"
    told = [
        f"Placebo: {seen} where nothing happened, {found['reason']}.",
        f"The lower bounds of changed areas allow for {percent_text(as_float(found['bound']) or 0.0)}.",
    ]
    single_looks = as_float(found.get("single_looks"))
    if single_looks is not None:
        told.append(f"On single looks between two unchanged ones: {percent_text(single_looks)}.")
    pairs = [float(pair["share"]) for pair in cast("Sequence[Mapping[str, float]]", found.get("pairs") or ())]
    if pairs:
        ends = " to ".join(dict.fromkeys((percent_text(min(pairs)), percent_text(max(pairs)))))
        told.append(f"Between {number(len(pairs))} pair{'s' if len(pairs) > 1 else ''} of looks in a row: {ends}.")
    return told
