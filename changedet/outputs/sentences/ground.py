"""Sentences on the ground: what was laid or built on it, and how much of it differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from changedet.kernels.containers import BASE_OF_KIND_M2
from changedet.outputs.reasons import SWITCHED_OFF
from changedet.outputs.sentences.counts import change_text, growth_words
from changedet.outputs.sentences.facts import Estimate, Facts, Sentence, estimate_of, no_sure_moves, scale_of
from changedet.outputs.sentences.looks import MOSTLY_CLEAR
from changedet.outputs.sentences.words import number
from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.outputs.values import as_float, iso_date, mapping_at, rows_of

LAID: Final[Mapping[str, tuple[str, str]]] = {
    "yard": ("A yard", "was laid"),
    "paving": ("Bare or paved ground", "was laid"),
    "building": ("A building, or more than one,", "was put up"),
    "earthwork": ("Earthworks", "were made"),
    "built": ("Built ground", "was laid"),
}
"""How new ground is named, and what was done with it, by its kind."""
WITHIN_ERROR: Final = "no change beyond error"
"""What is said of a changed area whose interval reaches 0."""
NONE_SURE: Final = "no sure change"
"""What is said of one whose interval reaches from 0 to little of the ground, though to more than quiet sites' does."""
NOT_TOLD: Final = "cannot be told"
"""What is said of one whose interval reaches from 0 to so much that nothing is said to have stayed."""
VAGUE_SHARE: Final = 0.01
"""Upper bound, as a share of the grid, from which an interval that reaches 0 does not show that nothing changed: on
quiet sites of 5 to 9 ha it is 0.002 to 0.006. Chosen by hand."""
LITTLE_SHARE: Final = 0.1
"""The same, up to which the bound itself is an answer: nine tenths of the ground stayed. Quiet sites in JPEG reach to
0.05, pairs of quiet ones to 0.02 and of packed yards to 0.09. Chosen by hand."""
EARTHWORKS: Final = "earthworks"
"""What a run may lack beside figures: earth that was levelled or heaped, which no changed area then holds."""
SHOWS_MOST: Final = 0.5
"""Share of a site from which a look speaks for it. Chosen by hand."""
MARKS_ALONE: Final = (
    "by the marks alone: neither containers nor built ground grew, and water, wear or what comes and goes may do that"
)
"""What is said of an onset that nothing else bears out. At 64 sites with an onset of changed area all 56 with one of
containers or built ground beside it changed for good, of the other 8 five (docs/research/judges.md)."""
BARED: Final = "bore plants and is bare, which cannot be told from ploughing"
"""What is said of ground that lost its plants for good and is not marked."""
BARED_LEAST: Final = 0.5
"""Share of what an upper bound exceeds its figure by, from which such ground is named as its cause. Chosen by hand."""
AMONG_SHARE: Final = 0.1
"""Of the least that changed, what boxes that came or left may cover from which they are named. Chosen by hand."""
REFUTED: Final = "that has not grown"
"""Ends the reason why built ground has no onset where the changed ground does not bear its growth out."""


def ground(facts: Facts) -> Sentence | None:
    """What was laid or built, or else how much of the ground differs.

    Parameters
    ----------
    facts : Facts
        What the run found.

    Returns
    -------
    Sentence or None
        None where nothing is said of the ground because the user switched it off.
    """
    laid = mapping_at(facts.summary, "new_ground")
    return (_laid(laid, facts) if laid else None) or _footprint(facts) or _changed(facts)


def _laid(laid: Mapping[str, object], facts: Facts) -> Sentence | None:
    area = estimate_of(laid)
    # A bound of 0 claims nothing: the changed area speaks then.
    if area is None or area.low <= 0:
        return None
    calendar, size = facts.calendar, area.text(scale_of([area], "m²"))
    noun, done = LAID.get(str(laid.get("kind")), LAID["built"])
    when = growth_words(mapping_at(laid, "began"), calendar)
    until = iso_date(laid.get("date"))
    if laid.get("shape") == "slope":
        if _is_told_better(area, _last_seen(facts)):
            return None
        # What was gained alone: the footprint's net change has its own figure.
        start = f"About {size} of ground was newly built on up to {calendar.day(until)}, from a start {when}"
    else:
        start = f"{noun} of about {size} {done} {when}"
    boxes = iso_date(laid.get("boxes_by"))
    named = calendar.day(boxes, year=boxes[:4] != until[:4])
    text = start + (f"; the first boxes stood on it by {named}" if boxes else "")
    more, last = _more_changed(laid, area, facts)
    return Sentence("ground", f"{text}{more}.", tuple(dict.fromkeys(day for day in (until, boxes, last) if day)))


def _is_told_better(laid: Estimate, changed: Estimate | None) -> bool:
    """Whether the changed area says in a narrower interval what no single yard or building is named for."""
    return changed is not None and changed.low > 0 and laid.high * changed.low > changed.high * laid.low


def _more_changed(laid: Mapping[str, object], area: Estimate, facts: Facts) -> tuple[str, str]:
    """How much of the ground differs in all, where that is surely more than what was laid first, and of which look.

    New ground is what the onset's own look shows. A site that grows in steps has changed far more by its last.
    """
    last = _last_seen(facts)
    if last is None or last.low <= area.value or iso_date(laid.get("since")) < facts.reference:
        return "", ""
    differs = f"{_differs(facts, last, *facts.calendar.pair(facts.reference, last.date))}{_among(facts, last)}"
    return f"; in all, about {last.text(scale_of([last], 'm²'))} of the ground {differs}", last.date


def _footprint(facts: Facts) -> Sentence | None:
    """A footprint that changed from the first to the last look, where no onset says when."""
    first, last = facts.total("footprint_area_m2", "first"), facts.total("footprint_area_m2", "last")
    if first is None or last is None or (first.low <= last.high and last.low <= first.high):
        return None
    why = str(mapping_at(facts.summary, "onset", "footprint").get("reason"))
    if last.value > first.value and why.endswith(REFUTED):
        return None
    text = change_text("Built ground", "m²", first, last, facts.calendar)
    return Sentence("ground", f"{text}.", (first.date, last.date))


def _changed(facts: Facts) -> Sentence | None:
    last = _last_seen(facts)
    if last is None:
        return _not_compared(facts)
    calendar = facts.calendar
    first_day, last_day = calendar.pair(facts.reference, last.date)
    if last.low <= 0:
        scale = scale_of([last], "m²")
        least, most = last.text(scale), f"{number(last.high / scale.factor, scale.digits)} {scale.unit}"
        since = f"from {first_day} to {last_day}{_shown(facts, last)}"
        verdict = unsure_words(last, facts.grid_m2)
        if verdict == NOT_TOLD:
            text = f"Whether the ground changed {since} {NOT_TOLD}: {least} is marked, and all of it may be error"
        elif verdict == NONE_SURE:
            text = f"The ground shows {NONE_SURE} {since}, and at most {most} of it differs: {least} is marked"
        else:
            text = f"The ground shows {WITHIN_ERROR} {since}: {least} is marked"
        return Sentence("changed_area", f"{text}{_bared(facts, last)}{_without_earth(facts)}.", (last.date,))
    text = f"About {last.text(scale_of([last], 'm²'))} of the ground {_differs(facts, last, first_day, last_day)}"
    text += _among(facts, last)
    onset = facts.onset("changed_area")
    if onset and iso_date(onset.get("high")) == last.date:
        # One look cannot show that a change lasts: snow, floods and shade are gone on the next.
        text += "; so much is seen on that look alone, and may not last"
    elif onset and _stands_alone(facts):
        began = calendar.between(iso_date(onset.get("low")), iso_date(onset.get("high")))
        text += f"; it began {began} {MARKS_ALONE}"
    elif onset:
        text += f"; lasting change began {growth_words(onset, calendar)}"
    return Sentence("changed_area", f"{text}{_bared(facts, last)}{_without_earth(facts)}.", (last.date,))


def _stands_alone(facts: Facts) -> bool:
    """Whether nothing else that is looked for grew where the changed area did, on a site whose boxes are counted."""
    counted = rows_of(facts.table).get("containers_expected")
    is_counted = counted is not None and bool(counted.notna().any())
    return is_counted and not facts.onset("containers") and not facts.onset("footprint")


def _bared(facts: Facts, last: Estimate) -> str:
    """Ground on which most of the upper bound rests."""
    area = as_float(mapping_at(facts.summary, "bared_m2").get(last.date)) or 0.0
    if area <= 0 or area < BARED_LEAST * (last.high - last.value):
        return ""
    scale = scale_of([last._replace(value=area)], "m²")
    return f"; another {number(area / scale.factor, scale.digits)} {scale.unit} {BARED}"


def _among(facts: Facts, changed: Estimate) -> str:
    """What a changed area holds of boxes, no surer than the sentences on containers are.

    Where all that may have come or left would cover next to nothing of it, to name boxes alone would hide the rest.
    """
    moved = [one for one in (facts.total("arrivals", ""), facts.total("departures", "")) if one is not None]
    if facts.summary.get("none_is_sure") or not any(one.value >= 1 for one in moved):
        return ""
    if sum(one.high for one in moved) * BASE_OF_KIND_M2["40ft"] < AMONG_SHARE * changed.low:
        return ""
    unsure = no_sure_moves(facts.summary)
    return "; some of it may be boxes that came or left" if unsure else ", including boxes that came or left"


def unsure_words(changed: Estimate, grid_m2: float | None) -> str:
    """What is said of a changed area whose interval reaches 0, by how much of the ground its upper bound is.

    Parameters
    ----------
    changed : Estimate
        In m2, from 0.
    grid_m2 : float or None
        What the grid covers; None where it is not known.

    Returns
    -------
    str
        `WITHIN_ERROR` below `VAGUE_SHARE` and where the grid's area is not known, `NONE_SURE` below `LITTLE_SHARE`, and
        `NOT_TOLD` from there on, as the interval shows neither change nor none.
    """
    if grid_m2 is None or changed.high < VAGUE_SHARE * grid_m2:
        return WITHIN_ERROR
    return NONE_SURE if changed.high < LITTLE_SHARE * grid_m2 else NOT_TOLD


def is_within_error(text: str) -> bool:
    """Whether a sentence on changed ground claims none.

    Parameters
    ----------
    text : str
        Of `ground`.

    Returns
    -------
    bool
        Also where it says that none is sure, or that it cannot be told.
    """
    return any(words in text for words in (WITHIN_ERROR, NONE_SURE, NOT_TOLD))


def _without_earth(facts: Facts) -> str:
    """What the figure does not hold."""
    reason = facts.unavailable.get(EARTHWORKS, "")
    return f"; {reason}" if reason else ""


def _differs(facts: Facts, last: Estimate, first_day: str, last_day: str) -> str:
    on = facts.calendar.on
    return f"differed {on(last_day)} from what stood there {on(first_day)}{_shown(facts, last)}"


def _shown(facts: Facts, last: Estimate) -> str:
    """Of what part of the site alone a comparison tells, where a look hides some of it."""
    before, then = (1.0 if share is None else share for share in map(facts.clear, (facts.reference, last.date)))
    if min(before, then) >= MOSTLY_CLEAR:
        return ""
    if before >= MOSTLY_CLEAR:
        return f", on the {number(100 * then)} % of the site that this look shows"
    # Two looks may each hide what the other shows.
    return f", on the {number(100 * min(before, then))} % of the site at most that both looks show"


def _last_seen(facts: Facts) -> Estimate | None:
    """The changed area of the last look that shows most of the site, else of the last that shows any.

    Where lasting change began and that look hides it, of the last one that shows it for sure.
    """
    rows, columns = rows_of(facts.table), FIGURE_COLUMNS["changed_area_m2"]
    if not set(columns) <= set(rows.columns):
        return facts.total("changed_area_m2", "last")
    found = [
        (Estimate(value, low, high, iso_date(day)), as_float(clear))
        for day, clear, value, low, high in zip(
            rows["date"],
            rows["valid_fraction"],
            *([as_float(v) for v in rows[name]] for name in columns),
            strict=True,
        )
        if value is not None and low is not None and high is not None
    ]
    clear_ones = [one for one, clear in found if clear is not None and clear >= SHOWS_MOST]
    onset = facts.onset("changed_area")
    if clear_ones and clear_ones[-1].low <= 0 and onset:
        since = iso_date(onset.get("high"))
        clear_ones += [one for one in clear_ones if one.low > 0 and one.date >= since][-1:]
    return clear_ones[-1] if clear_ones else (found[-1][0] if found else None)


def _not_compared(facts: Facts) -> Sentence | None:
    reason = facts.unavailable.get("changed_area_m2", "")
    # Of a single look the sentence on looks says that nothing is compared.
    if not reason or facts.code("changed_area_m2") == SWITCHED_OFF or len(facts.dates) < 2:
        return None
    return Sentence("changed_area", f"No change is measured: {reason}.", ())
