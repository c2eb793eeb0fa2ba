"""Sentences on containers: how many stood there, what came and what left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from changedet.outputs.reasons import SWITCHED_OFF, TOO_COARSE
from changedet.outputs.sentences.facts import Estimate, Facts, Sentence, claimed_at_least, net_between, scale_of
from changedet.outputs.sentences.looks import HARDLY_CLEAR
from changedet.outputs.sentences.words import Calendar, likelihood, number
from changedet.outputs.values import as_float, iso_date

LEAST_TURNOVER: Final = 3
"""Boxes that came, and that left, below which turnover is not worth a sentence."""
LEAST_BOX: Final = 0.5
"""Lower bound of a count below which it may be none."""
LEAST_NET: Final = 0.5
"""Least change, in boxes, by the bound of its interval that is nearer to 0: a lesser one is rounded to none."""
FEW_BOXES: Final = 5
"""Expected boxes below which a count that may be none is said to be none."""
UNSURE: Final = "no look shows most of them for sure: they may all be something else of a container's size"
"""What is said of boxes most of which no look shows for sure."""
UNSURE_BEYOND: Final = (
    "no look shows most of them for sure, and all beyond the {} may be something else of a container's size"
)
"""The same, where some are sure."""
ALL_UNSURE: Final = "all that are detected may be something else of a container's size"
"""What is said where some look shows boxes for sure and none is in the lower bound, as among houses."""
LEAST_GAP: Final = 0.5
"""Boxes by which arrivals less departures may differ from what a count rose by: what is smaller is rounded away."""
GAP_SHARE: Final = 0.05
"""The same, as a share of the larger of both. Chosen by hand."""
_PREFIXES: Final = ("cannot be counted: ", "not estimated: ")


def change_text(name: str, unit: str, first: Estimate, last: Estimate, calendar: Calendar) -> str:
    """How a figure changed from one date to another, no further than both intervals reach.

    Parameters
    ----------
    name : str
        What is counted, in the plural and with a capital, such as ``Containers``.
    unit : str
        Of the figure; empty for a count.
    first, last : Estimate
        On the two dates.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    str
        Rose or fell where the intervals lie apart, else that no change is seen beyond the error; without a full stop.

    Examples
    --------
    >>> one, other = Estimate(41, 37, 44, "2023-03-12"), Estimate(139, 127, 150, "2023-12-17")
    >>> change_text("Containers", "", one, other, Calendar(years_only=False))
    'Containers rose from 41 (37–44) on 12 March to 139 (127–150) on 17 December 2023'
    """
    scale = scale_of([first, last], unit)
    shown = first.text(scale), last.text(scale)
    days = [calendar.on(day) for day in calendar.pair(first.date, last.date)]
    if not overlap(first, last):
        verb = "rose" if last.value > first.value else "fell"
        return f"{name} {verb} from {shown[0]} {days[0]} to {shown[1]} {days[1]}"
    return f"{name} show no change beyond their error, with {shown[0]} {days[0]} and {shown[1]} {days[1]}"


def overlap(first: Estimate, last: Estimate) -> bool:
    """Whether two figures by themselves show no change beyond their error.

    Parameters
    ----------
    first, last : Estimate
        Of one figure on two dates.

    Returns
    -------
    bool
        True where their intervals share a value.
    """
    return last.low <= first.high and first.low <= last.high


def net_text(name: str, first: Estimate, last: Estimate, net: Estimate | None, calendar: Calendar) -> str:
    """How a count changed where its two intervals overlap and that of the net change leaves 0 out.

    Both dates err alike on what stands on both, so their difference is known better than either.

    Parameters
    ----------
    name : str
        What is counted, in the plural, such as ``Containers``.
    first, last : Estimate
        On the two dates.
    net : Estimate or None
        The change from one to the other; None where it is not known.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    str
        Without a full stop; empty where the intervals lie apart, or the change may be none.

    Examples
    --------
    >>> one, other = Estimate(95, 80, 125, "2023-03-19"), Estimate(133, 111, 184, "2023-09-18")
    >>> net_text("Containers", one, other, Estimate(38, 1, 92, "2023-09-18"), Calendar(years_only=False))
    'Containers rose by 38 (1–92), from 95 (80–125) on 19 March to 133 (111–184) on 18 September 2023'
    """
    if net is None or not overlap(first, last) or max(net.low, -net.high) < LEAST_NET:
        return ""
    verb = "rose" if net.value > 0 else "fell"
    size = net if net.value > 0 else Estimate(-net.value, -net.high, -net.low, net.date)
    scale = scale_of([first, last], "")
    days = [calendar.on(day) for day in calendar.pair(first.date, last.date)]
    return f"{name} {verb} by {size.text(scale)}, from {first.text(scale)} {days[0]} to {last.text(scale)} {days[1]}"


def containers(facts: Facts) -> Sentence | None:
    """How the number of containers changed.

    Parameters
    ----------
    facts : Facts
        What the run found.

    Returns
    -------
    Sentence or None
        Why they cannot be counted, where that is so; None where counting was switched off.
    """
    first, last = facts.total("containers", "first"), facts.total("containers", "last")
    if first is None or last is None:
        return _not_counted(facts)
    few = max(first.value, last.value) < FEW_BOXES
    if facts.summary.get("none_is_sure") and not few:
        return _unsure(facts, first, last)
    if max(first.low, last.low) < LEAST_BOX and not few and not _peak(facts, first, last, moved=False):
        return _at_most(facts, (first, last), ALL_UNSURE)
    if first.date == last.date:
        return Sentence("containers", _standing(facts, first), (first.date,))
    if max(first.low, last.low) < LEAST_BOX and not _peak(facts, first, last, moved=False):
        return Sentence("containers", _none(first, last, facts.calendar), (first.date, last.date))
    change = net_between(facts.summary, first.date, last.date)
    net = net_text("Containers", first, last, change, facts.calendar)
    moved = bool(net) or not overlap(first, last)
    text = net or ("" if moved else _growth_of_all(facts, first, last))
    text = text or change_text("Containers", "", first, last, facts.calendar)
    text += _peak(facts, first, last, moved=moved)
    if moved and last.value > first.value:
        text += _since(facts)
    return Sentence("containers", f"{text}.", (first.date, last.date))


def turnover(facts: Facts) -> Sentence | None:
    """What came and what left: what may be claimed of both, else the best estimates with their intervals.

    Parameters
    ----------
    facts : Facts
        What the run found.

    Returns
    -------
    Sentence or None
        None where both may be next to nothing.
    """
    came, left = facts.total("arrivals", ""), facts.total("departures", "")
    least = claimed_at_least(facts.summary, "arrivals"), claimed_at_least(facts.summary, "departures")
    if came is None or left is None or max(came.low, left.low) < LEAST_TURNOVER:
        return None
    scale = scale_of([came, left], "")
    if least[0] is None or least[1] is None or min(least[0], least[1]) < LEAST_TURNOVER:
        text = f"Between the looks about {came.text(scale)} containers arrived and {left.text(scale)} left"
    else:
        text = (
            f"The net change hides turnover: at least {number(least[0])} containers arrived and {number(least[1])} "
            f"left between the looks; the best estimates are {came.text(scale)} and {left.text(scale)}"
        )
    return Sentence("turnover", f"{text}.{_on_others(facts, came, left)}", tuple(facts.dates[1:]))


def moves_unseen(came: float, left: float, rise: float) -> float:
    """By how much arrivals less departures differ from what the count of boxes to be seen rose by.

    Parameters
    ----------
    came, left : float
        Expected arrivals and departures over a series.
    rise : float
        Of the expected count, from its first look to its last.

    Returns
    -------
    float
        Above 0 where boxes were set on others, which does not raise the count, below it where they were taken from
        others; 0 where they differ by no more than rounding does.
    """
    gap = came - left - rise
    return gap if abs(gap) > max(LEAST_GAP, GAP_SHARE * max(came, left)) else 0.0


def growth_words(onset: Mapping[str, object], calendar: Calendar) -> str:
    """When growth began, and how sure that is.

    Parameters
    ----------
    onset : mapping
        As ``summary.json`` keeps it, with a date.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    str
        Such as ``between 27 April and 12 June 2023 (very likely)``.
    """
    low, high = iso_date(onset.get("low")), iso_date(onset.get("high"))
    sure = as_float(onset.get("probability"))
    return calendar.between(low, high) + ("" if sure is None else f" ({likelihood(sure)})")


def _standing(facts: Facts, one: Estimate) -> str:
    """Of a single look."""
    when = facts.calendar.on(_day(facts, one))
    if one.low < LEAST_BOX:
        return f"No containers beyond error: at most {number(max(1.0, one.high))} {when}."
    return f"{one.text(scale_of([one], ''))} containers stood there {when}."


def _none(first: Estimate, last: Estimate, calendar: Calendar) -> str:
    """Of counts that both may be none."""
    days = [calendar.on(day) for day in calendar.pair(first.date, last.date)]
    most = [number(max(1.0, one.high)) for one in (first, last)]
    return f"No containers beyond error: at most {most[0]} {days[0]} and at most {most[1]} {days[1]}."


def _unsure(facts: Facts, first: Estimate, last: Estimate) -> Sentence:
    """Of boxes that may all be something else: an expected count of them would be quoted as one of containers."""
    known = [one for one in (first, last, facts.total("containers", "peak")) if one is not None]
    least = max(known, key=lambda one: one.low)
    if least.low >= LEAST_BOX:
        # A zone's boxes may be sure where those of the whole site are not.
        ends = f"Between {number(least.low)} and {number(least.high)} containers"
        text = f"{ends} stood there {facts.calendar.on(_day(facts, least))}: {UNSURE_BEYOND.format(number(least.low))}"
        return Sentence("containers", f"{text}.", (least.date,))
    return _at_most(facts, known, UNSURE)


def _at_most(facts: Facts, known: Sequence[Estimate], why: str) -> Sentence:
    """Of boxes of which none is sure: the greatest of their upper bounds."""
    most = max(known, key=lambda one: one.high)
    text = f"No containers beyond doubt: at most {number(most.high)} stood there {facts.calendar.on(_day(facts, most))}"
    return Sentence("containers", f"{text}, and {why}.", (most.date,))


def _day(facts: Facts, one: Estimate) -> str:
    return facts.calendar.day(one.date)


def _not_counted(facts: Facts) -> Sentence | None:
    reason = facts.unavailable.get("containers", "")
    code = facts.code("containers")
    if not reason or code == SWITCHED_OFF:
        return None
    for prefix in _PREFIXES:
        reason = reason.removeprefix(prefix)
    text = f"Containers cannot be counted here: {reason}."
    if code == TOO_COARSE:
        text += " What comes and goes on built ground is not part of what changed, either."
    return Sentence("containers", text, ())


def _peak(facts: Facts, first: Estimate, last: Estimate, *, moved: bool) -> str:
    """A count in between that was beyond both ends, or beyond one of two ends that are alike within their error."""
    peak = facts.total("containers", "peak")
    if peak is None or peak.low <= min(first.high, last.high):
        return ""
    shown = f"{peak.text(scale_of([peak], ''))} {facts.calendar.on(_day(facts, peak))}"
    if peak.low > max(first.high, last.high):
        return f", after {shown}"
    if moved:
        return ""
    return f"; they fell from {shown}" if peak.low > last.high else f"; they had risen to {shown}"


def _on_others(facts: Facts, came: Estimate, left: Estimate) -> str:
    """Why arrivals less departures are not what the count rose by: else a reader finds that the sum is wrong."""
    first, last = facts.total("containers", "first"), facts.total("containers", "last")
    clear = facts.clear(facts.dates[-1])
    if clear is not None and clear < HARDLY_CLEAR:
        # What came or left since the look before is in no arrival or departure, whatever the count is taken to be.
        return ""
    gap = 0.0 if first is None or last is None else moves_unseen(came.value, left.value, last.value - first.value)
    if not gap or (gap < 0 and came.value > left.value):
        # What came and was never seen to come is no box set on another.
        return ""
    which = "set on top of others do not raise" if gap > 0 else "taken from the top of others do not lower"
    return f" Counts are of the boxes seen from above: those {which} them."


def _since(facts: Facts) -> str:
    """When growth began that the two ends show."""
    onset = facts.onset("containers")
    if not onset:
        return ""
    return f"; growth began {growth_words(onset, facts.calendar)}"


def _growth_of_all(facts: Facts, first: Estimate, last: Estimate) -> str:
    """Growth that the two ends by themselves do not show: to say first that there is no change would deny it."""
    onset = facts.onset("containers")
    if not onset:
        return ""
    ends = [
        f"{one.text(scale_of([first, last], ''))} {facts.calendar.on(day)}"
        for one, day in zip((first, last), facts.calendar.pair(first.date, last.date), strict=True)
    ]
    return (
        f"All looks together show that containers grew in number, beginning {growth_words(onset, facts.calendar)}; the "
        f"first and the last look alone leave it open, with {ends[0]} and {ends[1]}"
    )
