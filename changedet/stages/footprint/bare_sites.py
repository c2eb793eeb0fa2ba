"""Footprints of ground that is bare without being built: sites bare nearly all over, and a site's own fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from changedet.stages.footprint.outlines import Footprint
from changedet.stages.footprint.shapes import as_multi

NEARLY_ALL: Final = 0.9
"""Share of a site that its footprint covers on each date, from which on there is no other ground to compare it with: a
desert, or a frame within one yard. Of 60 sites by four hands, ports and packed yards among them, the footprint covers
.83 at most."""
HARDLY_ANY: Final = 0.03
"""Share of a scene that bears plants or is water, up to which there is nothing that yards are told from. Of 62 sites by
five hands .15 and more are, but for three drawn deserts: .005 at most."""
STANDING: Final = ("stored", "building")
"""Kinds that show by themselves."""


def all_bare(footprints: Sequence[Footprint], site: BaseGeometry, plants_or_water: Sequence[float | None]) -> bool:
    """Whether the footprint is nearly the whole site on each date, or no date shows plants or water.

    Parameters
    ----------
    footprints : sequence of Footprint
        One a date, with kinds.
    site : geometry
        The area of interest, in their CRS.
    plants_or_water : sequence of float or None
        Share of each date's scene, 0 to 1; None where it is not known.

    Returns
    -------
    bool
        False without footprints, or where they have no kinds.
    """
    if not footprints or not all(one.kinds for one in footprints):
        return False
    return without_plants(plants_or_water) or nearly_all_built(footprints, site)


def nearly_all_built(footprints: Sequence[Footprint], site: BaseGeometry) -> bool:
    """Whether the footprint is nearly the whole site on each date.

    Parameters
    ----------
    footprints : sequence of Footprint
        One a date.
    site : geometry
        The area of interest, in their CRS.

    Returns
    -------
    bool
        False without footprints.
    """
    return bool(footprints) and all(one.geometry.area >= NEARLY_ALL * site.area for one in footprints)


def without_plants(plants_or_water: Sequence[float | None]) -> bool:
    """Whether no date shows plants or water.

    Parameters
    ----------
    plants_or_water : sequence of float or None
        As of `all_bare`.

    Returns
    -------
    bool
        False without dates, or where one is not known.
    """
    return bool(plants_or_water) and all(share is not None and share <= HARDLY_ANY for share in plants_or_water)


def with_what_stands(footprints: Sequence[Footprint]) -> list[Footprint]:
    """Bound footprints from below by boxes and buildings alone.

    Parameters
    ----------
    footprints : sequence of Footprint
        One a date, with kinds.

    Returns
    -------
    list of Footprint
        With a smaller ``least``.
    """
    found = []
    for one in footprints:
        standing = shapely.union_all([one.kinds[kind] for kind in STANDING if kind in one.kinds])
        found.append(replace(one, least=as_multi(shapely.intersection(one.least, standing))))
    return found


def without_fields(
    footprints: Sequence[Footprint], fields: BaseGeometry, marks: Sequence[BaseGeometry]
) -> list[Footprint]:
    """Bound footprints from below without the site's own fields.

    Parameters
    ----------
    footprints : sequence of Footprint
        One a date, with kinds.
    fields : geometry
        Ground of their colour, or that another date shows planted, in the footprints' CRS.
    marks : sequence of geometry
        Ground that each date's mask marks as changed: soil that was stripped has their colour, too.

    Returns
    -------
    list of Footprint
        With a smaller ``least``; what stands on such ground stays in it.
    """
    if fields.is_empty:
        return list(footprints)
    found = []
    for one, marked in zip(footprints, marks, strict=True):
        standing = [one.kinds[kind] for kind in STANDING if kind in one.kinds]
        unsure = shapely.difference(fields, shapely.union_all([marked, *standing]))
        found.append(replace(one, least=as_multi(shapely.difference(one.least, unsure))))
    return found


def without_planted(footprints: Sequence[Footprint], planted: Sequence[BaseGeometry]) -> list[Footprint]:
    """Bound footprints from above without ground that a later date shows planted.

    Parameters
    ----------
    footprints : sequence of Footprint
        One a date.
    planted : sequence of geometry
        Of each date, such ground, in their CRS.

    Returns
    -------
    list of Footprint
        With a smaller ``greatest``, which holds the likely footprint still.
    """
    found = []
    for one, green in zip(footprints, planted, strict=True):
        free = shapely.difference(green, one.geometry)
        found.append(one if free.is_empty else replace(one, greatest=as_multi(shapely.difference(one.greatest, free))))
    return found


def with_what_came(footprints: Sequence[Footprint], marks: Sequence[BaseGeometry]) -> list[Footprint]:
    """Bound footprints that are told by colour from below by what the masks mark.

    Fields, sand and dry soil that stay bare pass for yards in colours alone, so that of ground that looks the same on
    all dates none is surely built.

    Parameters
    ----------
    footprints : sequence of Footprint
        One a date, without kinds.
    marks : sequence of geometry
        Ground that each date's mask marks as changed, what went left out, in their CRS.

    Returns
    -------
    list of Footprint
        With a smaller ``least``.
    """
    pairs = zip(footprints, marks, strict=True)
    return [replace(one, least=as_multi(shapely.intersection(one.least, marked))) for one, marked in pairs]
