"""Footprints without ground that comes and goes though no mask marks it: a field that lies bare looks built."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools
from changedet.grid import ground_area_m2
from changedet.stages.footprint.outlines import Footprint
from changedet.stages.footprint.part_by_part import joined, without
from changedet.stages.footprint.shapes import EDGE_M, MIN_PART_M2, as_multi, in_units

Marked: TypeAlias = Callable[[int, BaseGeometry], "tuple[float, float]"]
"""Of a date and some ground: the share that is marked of what is shown, and the share that is shown."""

LEAST_M2: Final = 60.0
"""Of a part that is looked at: four 20-foot boxes."""
LEAST_MARKED: Final = 0.1
"""Share of new ground that a mask marks at least: of what was truly laid on painted and drawn sites .21 and more, of
fields that lay bare at most .01 (docs/research/footprint.md)."""
LEAST_SHOWN: Final = 0.5
"""Share of a part that both dates must show for its mask to speak. Chosen by hand."""
BUILT_SHARE: Final = 2 / 3
"""Share of the dates that must show unchanged ground built for it to be: a field may lie bare on three looks of five,
and one may miss a yard (docs/research/footprint.md)."""
PLANTED: Final = 2 / 3
"""Share of a part that the reference shows planted from which it is not built where no mask marks it, however many
dates show it so: in autumn and winter meadows and woods pass for earth, and what is laid on plants is marked."""
COVERED: Final = 0.5
"""Share of a part from which a footprint holds it. Chosen by hand."""


class _Part(NamedTuple):
    """Ground that one date's footprint has more, or less, than the reference's, though its mask does not mark it."""

    shape: BaseGeometry
    date: int
    is_planted: bool = False


def settled(
    footprints: Sequence[Footprint],
    reference: int,
    marked: Marked,
    marks: Sequence[BaseGeometry],
    planted: BaseGeometry,
    crs: str,
    unit: float,
) -> list[Footprint]:
    """Footprints that agree with the masks: what did not change is built on all dates, or on none, as they show it.

    Parameters
    ----------
    footprints : sequence of Footprint
        One a date, in the order of time.
    reference : int
        Index of the date with which the masks compare.
    marked : callable
        ``marked(date, ground) -> (changed share, shown share)``, of the date's mask.
    marks : sequence of geometry
        Of each date, all that its mask marks.
    planted : geometry
        What the reference shows planted; empty where plants are not known.
    crs : str
        Of the footprints.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    list of Footprint
        Ground is added and taken away in ``geometry`` and ``kinds``; what is taken away leaves ``least`` and stays in
        ``greatest``, as masks miss ground too.
    """
    taken: list[list[BaseGeometry]] = [[] for _ in footprints]
    given: list[list[tuple[BaseGeometry, int]]] = [[] for _ in footprints]
    for part in _unmarked(footprints, reference, marked, marks, planted, unit):
        holds = _holding(footprints, part.shape)
        built = bool(holds.mean() >= BUILT_SHARE) and not part.is_planted
        for day in np.flatnonzero(holds != built).tolist():
            if day not in (reference, part.date) and not _is_still(marked(day, part.shape)):
                continue
            if built:
                source = int(np.abs(np.where(holds, np.arange(len(holds)) - day, np.inf)).argmin())
                given[day].append((part.shape, source))
            else:
                taken[day].append(part.shape)
    return [
        changed(one, shapely.union_all(less), more, footprints, crs, unit) if less or more else one
        for one, less, more in zip(footprints, taken, given, strict=True)
    ]


def _unmarked(
    footprints: Sequence[Footprint],
    reference: int,
    marked: Marked,
    marks: Sequence[BaseGeometry],
    planted: BaseGeometry,
    unit: float,
) -> Iterator[_Part]:
    before = footprints[reference].geometry
    for day, found in enumerate(footprints):
        if day == reference:
            continue
        came, left = (
            wide_parts(shapely.difference(*pair), unit) for pair in ((found.geometry, before), (before, found.geometry))
        )
        still = [_is_still(marked(day, part)) for part in came]
        rest = _away_from([part for part, alone in zip(came, still, strict=True) if not alone], marks[day], unit)
        passing = [one for one in rest if not _lasts(_holding(footprints, one), day, reference)]
        grown = [own for one in rest for own in wide_parts(as_multi(shapely.intersection(one, planted)), unit)]
        yield from (_Part(part, day, is_planted=True) for part in grown if _is_still(marked(day, part)))
        alone = [part for part, is_alone in zip(came, still, strict=True) if is_alone]
        yield from (_Part(part, day, _is_planted(part, planted)) for part in alone)
        yield from (_Part(part, day) for part in [*left, *passing] if _is_still(marked(day, part)))


def _is_planted(part: BaseGeometry, planted: BaseGeometry) -> bool:
    return bool(shapely.intersection(part, planted).area >= PLANTED * part.area)


def _away_from(came: Sequence[BaseGeometry], marks: BaseGeometry, unit: float) -> list[BaseGeometry]:
    """What came away from marks, whose rim may be of them: there ground must last, as a field with pits does not."""
    if not came:
        return []
    reach, pieces = in_units(2 * EDGE_M, unit), shapely.get_parts(marks)
    tree, found = shapely.STRtree(pieces), list[BaseGeometry]()
    for part in came:
        # of all marks of a busy yard few lie here
        near = shapely.union_all(pieces[tree.query(part, predicate="dwithin", distance=reach)])
        found += wide_parts(shapely.difference(part, shapely.buffer(near, reach)), unit)
    return found


def wide_parts(ground: BaseGeometry, unit: float, least_m2: float = LEAST_M2) -> Sequence[BaseGeometry]:
    """Find the parts of some ground that are large enough to be looked at, without strips along edges that moved.

    Parameters
    ----------
    ground : geometry
    unit : float
        A metre on the ground in units of the CRS.
    least_m2 : float, optional
        Smaller parts are left out.

    Returns
    -------
    sequence of geometry
        In the CRS of the ground.
    """
    edge = in_units(EDGE_M, unit)
    opened = shapely.buffer(shapely.buffer(ground, -edge), 2 * edge)
    parts = shapely.get_parts(shapely.intersection(opened, ground))
    return [part for part in parts if part.area >= unit**2 * least_m2]


def _lasts(holds: Bools, day: int, reference: int) -> bool:
    """Whether ground that came by a date is built on most dates from it on, away from the reference."""
    since = holds[day:] if day > reference else holds[: day + 1]
    return bool(since.mean() >= BUILT_SHARE)


def _is_still(shares: tuple[float, float]) -> bool:
    changed, shown = shares
    return shown >= LEAST_SHOWN and changed < LEAST_MARKED


def _holding(footprints: Sequence[Footprint], part: BaseGeometry) -> Bools:
    covered = [shapely.intersection(one.geometry, part).area for one in footprints]
    return np.array(covered) >= COVERED * part.area


def changed(
    one: Footprint,
    less: BaseGeometry,
    more: Sequence[tuple[BaseGeometry, int]],
    footprints: Sequence[Footprint],
    crs: str,
    unit: float,
) -> Footprint:
    """Make a date's footprint with some ground taken away and some given, of the kinds that other dates show there.

    Parameters
    ----------
    one : Footprint
        Of the date.
    less : geometry
        What is taken away; it stays in ``greatest``.
    more : sequence of (geometry, int)
        What is given, and the date whose footprint holds it.
    footprints : sequence of Footprint
        Of all dates.
    crs : str
        Of the footprints.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    Footprint
        Parts under `shapes.MIN_PART_M2` left out.
    """
    given = [shapely.intersection(shape, footprints[source].geometry) for shape, source in more]
    whole = _joined(shapely.difference(one.geometry, less), given)
    is_large = shapely.area(parts := shapely.get_parts(whole)) >= unit**2 * MIN_PART_M2
    geometry, dropped = MultiPolygon([*parts[is_large]]), shapely.union_all(parts[~is_large])
    return replace(
        one,
        geometry=geometry,
        least=as_multi(shapely.difference(one.least, less)),
        greatest=_joined(one.greatest, given),
        area_m2=0.0 if geometry.is_empty else float(ground_area_m2([geometry], crs)[0]),
        kinds={name: _of_kind(name, shape, less, more, footprints, dropped) for name, shape in one.kinds.items()},
    )


def _of_kind(
    name: str,
    shape: BaseGeometry,
    less: BaseGeometry,
    more: Sequence[tuple[BaseGeometry, int]],
    footprints: Sequence[Footprint],
    dropped: BaseGeometry,
) -> MultiPolygon:
    sources = [(part, footprints[source].kinds.get(name)) for part, source in more]
    added = [shapely.intersection(part, other) for part, other in sources if other is not None]
    kind = _joined(without(shape, less), added)
    return kind if dropped.is_empty else as_multi(without(kind, dropped))


def _joined(shape: BaseGeometry, added: Sequence[BaseGeometry]) -> MultiPolygon:
    """Both together; a union of the whole with nothing takes as long as one with something."""
    return as_multi(joined(shape, added) if added else shape)
