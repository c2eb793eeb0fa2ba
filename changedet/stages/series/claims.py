"""What a series lets one claim: records, and what there was at least, corrected for all that was looked at."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import pandas as pd

from changedet.json_types import Json, JsonObject
from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.stages.series.area_rows import AreaRows, rows_by_area
from changedet.stages.series.kernels.records import at_least, chance_greatest
from changedet.stages.series.totals import EVENTS, FIGURES, DatedFigure, between_shown, totals

RECORDS: Final = ("containers", "footprint_area_m2")
"""Figures whose greatest value is looked for. Those of change since the reference, and what comes between two looks,
depend on which dates were chosen."""
CONFIDENCE: Final = 0.95
"""Of a claim, when all that were looked for are counted: one wrong claim in twenty runs at most."""
SIDE: Final = 0.975
"""Of the lower end of a 95 % interval, as a bound: none is less sure, however little was sought, as else it would lie
above that end."""
LEAST_LOOKS: Final = 3
"""Looks of which one can be a record: of two, one is always the greater."""
RECORD, AT_LEAST = "record", "at_least"


@dataclass(frozen=True)
class Claim:
    """Something that can be said of a series, with what it rests on.

    Attributes
    ----------
    kind : {"record", "at_least"}
        The greatest of all looks, or a lower bound.
    about : str
        A key of `FIGURES` or `EVENTS`.
    zone : str
        Empty for the whole site.
    date : str
        ISO date; of a sum over the series that of its last look.
    value : float
        The best estimate of a record; the bound.
    low, high : float
        The 95 % interval of the best estimate.
    probability : float
        Corrected for all that were looked for: the least that they leave (Bonferroni).
    alone : float
        Had nothing else been looked for.
    sought : int
        How many of this kind were looked for.
    dates : tuple of str
        ISO dates of the rows that it rests on.
    rests_on : str
        A key of `FIGURES` or `EVENTS`: `about`, but ``containers`` of arrivals and departures that the change of what
        stood there bounds.
    zones : tuple of str
        Of a bound of the whole site: the zones, apart from each other, whose bounds it is the sum of; empty where its
        own is as high.
    """

    kind: str
    about: str
    zone: str
    date: str
    value: float
    low: float
    high: float
    probability: float
    alone: float
    sought: int
    dates: tuple[str, ...]
    rests_on: str
    zones: tuple[str, ...] = ()

    def to_json(self) -> JsonObject:
        """The claim as ``summary.json`` keeps it.

        Returns
        -------
        dict
            By the names of the attributes; ``columns`` are those of the time series, ``zones`` those of a sum alone.
        """
        columns: list[Json] = [*FIGURE_COLUMNS[self.rests_on]]
        rows: JsonObject = {"dates": [*self.dates], "zone": self.zone, "columns": columns}
        return {
            "kind": self.kind,
            "about": self.about,
            "zone": self.zone,
            "date": self.date,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "probability": self.probability,
            "alone": self.alone,
            "sought": self.sought,
            "rows": rows | ({"zones": [*self.zones]} if self.zones else {}),
        }


def find_claims(table: pd.DataFrame, overlapping: Collection[frozenset[str]] | None) -> list[Claim]:
    """All claims that a time series bears at `CONFIDENCE`.

    Parameters
    ----------
    table : DataFrame
        As `timeseries` returns.
    overlapping : collection of frozenset of str, or None
        Pairs of zones that share ground: their boxes may be the same ones. None where it is not known which do.

    Returns
    -------
    list of Claim
        Records first, then bounds; the whole site before its zones.
    """
    by_zone = rows_by_area(table)
    site = by_zone.get("")
    days = {name: frozenset(() if site is None else site.known(name).dates) for name in (*FIGURES, *EVENTS)}
    return [*_records(by_zone), *_with_sums(_bounds(by_zone), overlapping, days)]


def _records(by_zone: Mapping[str, AreaRows]) -> list[Claim]:
    series = {(zone, name): own.known(name) for zone, own in by_zone.items() for name in RECORDS}
    sought = {key: rows for key, rows in series.items() if len(rows) >= LEAST_LOOKS}
    found = []
    for (zone, name), rows in sought.items():
        values, low, high = rows.figure(name)
        chances = chance_greatest(values, low, high)
        best = int(chances.argmax())
        alone = float(chances[best])
        corrected = _corrected(alone, len(sought))
        if corrected >= CONFIDENCE:
            days = rows.dates
            figures = float(values[best]), float(low[best]), float(high[best])
            found.append(Claim(RECORD, name, zone, days[best], *figures, corrected, alone, len(sought), days, name))
    return found


def _corrected(alone: float, sought: int) -> float:
    return max(0.0, 1.0 - sought * (1.0 - alone))


class _Sought(NamedTuple):
    zone: str
    about: str
    rests_on: str
    figure: DatedFigure
    dates: tuple[str, ...]


def _bounds(by_zone: Mapping[str, AreaRows]) -> list[Claim]:
    """The highest bound of everything that is sought, those of less than one among them."""
    sought = [one for zone, own in by_zone.items() for one in _sought(own, zone)]
    confidence = max(SIDE, 1.0 - (1.0 - CONFIDENCE) / max(len(sought), 1))
    found: dict[tuple[str, str], Claim] = {}
    for zone, about, rests_on, figure, dates in sought:
        least = min(figure["low"], at_least(figure["value"], figure["low"], confidence))
        bound = float(math.floor(least))
        figures = bound, figure["low"], figure["high"]
        chances = CONFIDENCE, confidence, len(sought)
        claim = Claim(AT_LEAST, about, zone, figure["date"], *figures, *chances, dates, rests_on)
        known = found.get((zone, about))
        if known is None or known.value < bound:
            found[zone, about] = claim
    return list(found.values())


def _with_sums(
    bounds: Sequence[Claim], overlapping: Collection[frozenset[str]] | None, days: Mapping[str, frozenset[str]]
) -> list[Claim]:
    """Bounds of one and more, that of the site no lower than those of zones apart from each other come to.

    All bounds hold at once at `CONFIDENCE` (Bonferroni), and then their sums do: nothing more is looked for.
    """
    found = []
    for one in bounds:
        parts = [] if one.zone else _apart(one, bounds, overlapping, days)
        total = sum(part.value for part in parts)
        if total > max(one.value, 0.0):
            alone = max(0.0, 1.0 - len(parts) * (1.0 - one.alone))
            one = replace(one, value=total, alone=alone, zones=tuple(sorted(part.zone for part in parts)))
        if one.value >= 1:
            found.append(one)
    return found


def _apart(
    site: Claim,
    bounds: Sequence[Claim],
    overlapping: Collection[frozenset[str]] | None,
    days: Mapping[str, frozenset[str]],
) -> list[Claim]:
    """Zones of which no two share ground, with bounds of the same figure, on the site's own dates; highest first."""
    like = [one for one in bounds if one.zone and one.value >= 1 and one.about == site.about]
    # What stands on another date, or comes on one that the site has no figure for, is none of the site's.
    like = [one for one in like if set(one.dates) <= (days[one.rests_on] if one.about in EVENTS else set(site.dates))]
    kept: list[Claim] = []
    for one in sorted(like, key=lambda claim: (-claim.value, claim.zone)):
        pairs = [frozenset((one.zone, other.zone)) for other in kept]
        if not kept or (overlapping is not None and not any(pair in overlapping for pair in pairs)):
            kept.append(one)
    return kept


def _sought(own: AreaRows, zone: str) -> Iterator[_Sought]:
    """What is bounded of a site or zone: figures of their last look, and what came and left over the series.

    What came is bounded twice: by the sum of what the looks show to have come, and by what more stood there in the end,
    as nothing stands there that did not come. Of many boxes the second is the surer. Where the first or the last look
    hides a part, all is bounded once more between those that do not: what they prove stays proved.
    """
    shown = between_shown(own)
    yield from _sought_between(own, zone)
    if len(shown) < len(own):
        yield from _sought_between(shown, zone)


def _sought_between(own: AreaRows, zone: str) -> Iterator[_Sought]:
    sums = totals(own)
    lasts = {"containers": sums["containers"]["last"], "footprint_area_m2": sums["footprint_area_m2"]["last"]}
    for name, last in lasts.items():
        if last is not None:
            yield _Sought(zone, name, name, last, (last["date"],))
    first, rise = sums["containers"]["first"], sums["containers"]["net_change"]
    for name, total in {"arrivals": sums["arrivals"], "departures": sums["departures"]}.items():
        if total is None:
            continue
        yield _Sought(zone, name, name, total, own.known(name).dates)
        if first is not None and rise is not None:
            yield _Sought(zone, name, "containers", rise if name == "arrivals" else _fall(rise), _ends(first, rise))


def _ends(first: DatedFigure, last: DatedFigure) -> tuple[str, ...]:
    return first["date"], last["date"]


def _fall(rise: DatedFigure) -> DatedFigure:
    return {"value": -rise["value"], "low": -rise["high"], "high": -rise["low"], "date": rise["date"]}
