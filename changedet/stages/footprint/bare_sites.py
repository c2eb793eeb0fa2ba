"""Footprints of sites that are bare nearly all over: what is built there cannot be told from the ground itself."""

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
STANDING: Final = ("stored", "building")
"""Kinds that show by themselves."""


def all_bare(footprints: Sequence[Footprint], site: BaseGeometry) -> bool:
    """Whether the footprint is nearly the whole site on each date.

    Parameters
    ----------
    footprints : sequence of Footprint
        One a date, with kinds.
    site : geometry
        The area of interest, in their CRS.

    Returns
    -------
    bool
        False without footprints, or where they have no kinds.
    """
    return bool(footprints) and all(one.kinds and one.geometry.area >= NEARLY_ALL * site.area for one in footprints)


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
