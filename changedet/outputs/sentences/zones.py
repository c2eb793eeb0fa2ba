"""The sentence on zones: which of them grew or emptied, since when, and which are full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from changedet.outputs.sentences.counts import LEAST_TURNOVER, growth_words
from changedet.outputs.sentences.facts import Estimate, Facts, Sentence, claimed_at_least, estimate_of, scale_of
from changedet.outputs.sentences.words import listed, number
from changedet.outputs.values import iso_date, left_to_right, mapping_at

TOLD: Final = 2
"""Zones that a sentence tells of; the table has all."""


class _Zone(NamedTuple):
    name: str
    first: Estimate
    last: Estimate
    record: Mapping[str, object]

    @property
    def surely_full(self) -> str:
        """ISO date from which even the lower bound says that it is full; empty where it may not be."""
        return iso_date(mapping_at(self.record, "full_since").get("high"))

    @property
    def has_changed(self) -> bool:
        return self.last.low > self.first.high or self.last.high < self.first.low


def zones(facts: Facts) -> Sentence | None:
    """What happened in the zones that changed most.

    Parameters
    ----------
    facts : Facts
        What the run found.

    Returns
    -------
    Sentence or None
        None where no zone shows a change or is full.
    """
    known = [one for name, record in mapping_at(facts.summary, "zones").items() if (one := _zone(name, record))]
    told = [one for one in known if one.has_changed or one.surely_full]
    told.sort(key=lambda one: -abs(one.last.value - one.first.value))
    if not told:
        return None
    text = "By zone: " + "; ".join(_told(one, facts) for one in told[:TOLD])
    more = [left_to_right(one.name) for one in told[TOLD:]]
    if more:
        text += f"; {listed(more) if len(more) <= TOLD else f'{len(more)} more zones'} changed, too (see the table)"
    dates = sorted({day for one in told[:TOLD] for day in (one.first.date, one.last.date)})
    return Sentence("zones", f"{text}.", tuple(dates))


def _zone(name: str, record: object) -> _Zone | None:
    if not isinstance(record, Mapping):
        return None
    ends = [estimate_of(mapping_at(record, "containers", part)) for part in ("first", "last")]
    first, last = ends
    return None if first is None or last is None else _Zone(name, first, last, record)


def _told(zone: _Zone, facts: Facts) -> str:
    scale = scale_of([zone.first, zone.last], "")
    first, last = zone.first.text(scale), zone.last.text(scale)
    told = f"from {first} to {last} containers" if zone.has_changed else f"with {last} containers"
    words = [f"{left_to_right(zone.name)} {told}"]
    came = claimed_at_least(facts.summary, "arrivals", zone.name)
    if came is not None and came >= LEAST_TURNOVER:
        words.append(f"at least {number(came)} arrived")
    onset = mapping_at(zone.record, "onset", "containers")
    # What the sentence on the site's containers says already is not said again.
    if onset.get("date") and (span := growth_words(onset, facts.calendar)) != _site_span(facts):
        words.append(f"growth began {span}")
    if zone.surely_full:
        words.append(f"full from {facts.calendar.day(zone.surely_full)} at the latest")
    return ", ".join(words)


def _site_span(facts: Facts) -> str:
    onset = facts.onset("containers")
    return growth_words(onset, facts.calendar) if onset else ""
