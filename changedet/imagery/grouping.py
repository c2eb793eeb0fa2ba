"""Scenes of one date as one look, and what looks must share to be compared: bands, and the scale of their numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

import shapely
import shapely.affinity
from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError, Problem
from changedet.imagery.bands import in_order, is_sar
from changedet.imagery.look import Look
from changedet.imagery.scene import Scene

ONE_PASS: Final = dt.timedelta(minutes=10)
"""Tiles of one pass of a satellite are taken within this."""
SAME_GSD: Final = 0.02
"""Relative difference of GSD up to which scenes are mosaicked."""
MOST_OVERLAP: Final = 0.5
"""Share of the smaller scene; beyond it two scenes are two pictures of one place."""


def group_looks(scenes: Sequence[Scene]) -> list[Look]:
    """One look a date, sorted by date.

    Parameters
    ----------
    scenes : sequence of Scene
        Of one date and GSD (within 2 %) whose extents overlap by less than half of the smaller, or STAC items of one
        collection within 10 minutes: these are mosaicked, the first given on top.

    Returns
    -------
    list of Look
        Each date once.

    Raises
    ------
    InputError
        Naming both, for any other second scene of a date.
    """
    dates: dict[dt.date, list[Scene]] = {}
    for scene in scenes:
        dates.setdefault(scene.date, []).append(scene)
    problems = []
    for date, same in sorted(dates.items()):
        for one, other in combinations(same, 2):
            why = _apart(one, other)
            if why:
                names = _distinct_names(one, other)
                problems.append(
                    Problem(f"{names[0]} and {names[1]} are both of {date} and {why}; leave one of them out")
                )
    if problems:
        raise InputError(problems)
    return [Look(tuple(same)) for _, same in sorted(dates.items())]


def shared_roles(looks: Sequence[Look | Scene]) -> list[str]:
    """The roles on which all dates can be compared.

    Parameters
    ----------
    looks : sequence of Look or Scene
        At least one.

    Returns
    -------
    list of str
        In the contract's order, at least one.

    Raises
    ------
    InputError
        Where none is shared, or radar meets optical; then it names the file of the odd one.
    """
    radar = [look for look in looks if is_sar(look.roles)]
    optical = [look for look in looks if not is_sar(look.roles)]
    if radar and optical:
        said = (
            f"{radar[0].name} of {radar[0].date} is radar and {optical[0].name} of {optical[0].date} is optical; "
            "they cannot be compared, give each a workflow of its own"
        )
        # The fewer are the odd ones; of as many, those of the kind that does not come first.
        odd = min(radar, optical, key=lambda same: (len(same), same[0] is looks[0]))[0]
        raise InputError(Problem(said, file=_file_of(odd)))
    shared = _in_all(looks)
    if not shared:
        raise InputError(_nothing_shared(looks))
    return in_order(shared)


def _in_all(looks: Sequence[Look | Scene]) -> list[str]:
    return [role for role in looks[0].roles if all(role in look.roles for look in looks)]


def _holding(looks: Sequence[Look | Scene], role: str) -> int:
    return sum(role in look.roles for look in looks)


def _nothing_shared(looks: Sequence[Look | Scene]) -> Problem:
    """Names the looks without which most share bands: the one, where there is just one; else the first that is odd."""
    rests = [_in_all([*looks[:i], *looks[i + 1 :]]) if len(looks) > 2 else [] for i in range(len(looks))]
    alone = [i for i, rest in enumerate(rests) if rest]
    if len(alone) == 1:
        odd, roles = looks[alone[0]], ", ".join(in_order(rests[alone[0]]))
        said = (
            f"{odd.name} of {odd.date} has the bands {', '.join(odd.roles)}, and all other scenes share {roles}: "
            "no band is shared by all scenes; leave it out, or give its 'bands' so that they name the same roles"
        )
        return Problem(said, file=_file_of(odd))
    most = max((role for look in looks for role in look.roles), key=lambda role: _holding(looks, role))
    others = [look for look in looks if most not in look.roles]
    rest = [look for look in looks if most in look.roles]
    if len(rest) > max(len(others), 1):
        names, common = ", ".join(f"{look.name} of {look.date}" for look in others), in_order(_in_all(rest))
        said = (
            f"{len(rest)} of {len(looks)} scenes share {', '.join(common)}, which {names} have not: "
            "no band is shared by all scenes; leave these out, or give them a workflow of their own"
        )
        return Problem(said, file=_file_of(others[0]))
    odd = next((look for look in looks if not set(look.roles) & set(looks[0].roles)), looks[-1])
    said = (
        f"{looks[0].name} has the bands {', '.join(looks[0].roles)} and {odd.name} has {', '.join(odd.roles)}: "
        "no band is shared by all scenes; leave one of them out, or give 'bands' so that they name the same roles"
    )
    return Problem(said, file=_file_of(odd))


def match_scales(looks: Sequence[Look], reference: int) -> list[Look]:
    """Looks read on the reference's scale, from zero on.

    Digital numbers are kept wherever all scenes are stored with one scale and no offset; else, as where one archive's
    offset changed between two dates (Sentinel-2 in 2022), ``dn' = (dn * scale + offset) / scale_ref``: indices such as
    NDVI ask that nothing is added to what a band measures. Radar, whose decibels have no such zero, keeps the
    reference's offset.

    Parameters
    ----------
    looks : sequence of Look
        All dates.
    reference : int
        Which of them is the reference.

    Returns
    -------
    list of Look
        In the same order, with `BandSource.gain` and `bias` set.
    """
    first = looks[reference].scenes[0]
    kept = is_sar(first.roles)
    wanted = {role: (s.scale, s.offset if kept else 0.0) for role, s in first.bands.items() if s.scale != 0}
    return [Look(tuple(_on_scale(scene, wanted) for scene in look.scenes)) for look in looks]


def _on_scale(scene: Scene, wanted: dict[str, tuple[float, float]]) -> Scene:
    bands = dict(scene.bands)
    for role, source in scene.bands.items():
        scale, offset = wanted.get(role, (source.scale, source.offset))
        if (source.scale, source.offset) != (scale, offset):
            bands[role] = replace(source, gain=source.scale / scale, bias=(source.offset - offset) / scale)
    return replace(scene, bands=bands)


def _apart(one: Scene, other: Scene) -> str:
    """Why two scenes of a date cannot be one look; empty where they can."""
    if is_sar(one.roles) != is_sar(other.roles):
        return "one is radar, the other optical"
    if one.collection and one.collection == other.collection and one.time and other.time:
        day = dt.date(2000, 1, 1)
        if abs(dt.datetime.combine(day, one.time) - dt.datetime.combine(day, other.time)) <= ONE_PASS:
            return ""
    if abs(one.gsd_m / other.gsd_m - 1) > SAME_GSD:
        return f"differ in GSD ({one.gsd_m:.3g} and {other.gsd_m:.3g} m)"
    share = _overlap(one.footprint, other.footprint)
    if share < MOST_OVERLAP:
        return ""
    bands = "" if len(one.roles) + len(other.roles) > 2 else " (bands of one scene? give path: {red: FILE, nir: FILE})"
    return f"overlap by {share:.0%}, half or more{bands}"


def _file_of(look: Look | Scene) -> str:
    return next(iter((look.scenes[0] if isinstance(look, Look) else look).rasters))


def _distinct_names(one: Scene, other: Scene) -> tuple[str, str]:
    if one.name != other.name:
        return one.name, other.name
    return next(iter(one.rasters)), next(iter(other.rasters))


def _overlap(one: BaseGeometry, other: BaseGeometry) -> float:
    """Share of the smaller that both cover; longitudes of one are turned to the other's side of the date line."""
    if one.is_empty or other.is_empty:
        return 0.0
    turns = round((one.centroid.x - other.centroid.x) / 360.0)
    other = shapely.affinity.translate(other, xoff=360.0 * turns) if turns else other
    return float(one.intersection(other).area / min(one.area, other.area))
