"""The area of interest and the zones of a workflow, and the scenes that cover the area."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError, did_you_mean
from changedet.grid import Grid
from changedet.grid.areas import Area, Areas, read_areas
from changedet.grid.geodesy import LONLAT, to_crs
from changedet.grid.mending import require_few_meetings
from changedet.grid.zones import KINDS
from changedet.imagery.look import Look
from changedet.workflow import Workflow

LEAST_COVERAGE: Final = 0.01
"""Share of the area of interest that a scene must cover."""
WITHIN: Final = 0.99
"""Share of a zone within the area of interest from which it is taken to lie in it: edges are drawn by hand."""


@contextmanager
def located(workflow: Workflow, key: str) -> Iterator[None]:
    """Give the errors of a block their place in the workflow: their own key, or this one.

    Parameters
    ----------
    workflow : Workflow
        Whose lines are named.
    key : str
        Dotted, for errors without one.

    Yields
    ------
    None
        Errors leave as InputError.

    Raises
    ------
    InputError
        The problems of an InputError, with their lines.
    """
    try:
        yield
    except InputError as error:
        raise InputError(
            [workflow.problem(problem.key or key, problem.message) for problem in error.problems]
        ) from None


def area_of(workflow: Workflow) -> Areas | None:
    """The area of interest.

    Parameters
    ----------
    workflow : Workflow
        With ``site.aoi``.

    Returns
    -------
    Areas or None
        In longitude and latitude; None where it is the extent of the reference scene.
    """
    area = workflow.site.aoi
    with located(workflow, "site.aoi"):
        return None if area is None else read_areas(area)


def covering(workflow: Workflow, looks: Sequence[Look], grid: Grid, warnings: list[str]) -> tuple[Look, ...]:
    """The looks that cover at least `LEAST_COVERAGE` of the area of interest.

    Parameters
    ----------
    workflow : Workflow
        For ``read.on_error`` and the place of errors.
    looks : sequence of Look
        One a date.
    grid : Grid
        With the area.
    warnings : list of str
        Gets one for each look that is skipped.

    Returns
    -------
    tuple of Look
        In their order.

    Raises
    ------
    InputError
        For each look that covers less, but where ``read.on_error`` is ``skip``; or all do.
    """
    kept, problems = [], []
    area = grid.area
    area_words, remedy = "the area of interest", "correct site.aoi"
    if workflow.site.aoi is None:
        area_words, remedy = f"{area_words} (the reference scene's extent)", "give a site.aoi that all scenes show"
    shares = [shapely.intersection(look.outline(grid.crs), area).area / area.area for look in looks]
    for look, share in zip(looks, shares, strict=True):
        if share >= LEAST_COVERAGE:
            kept.append(look)
            continue
        message = f"{look.name} of {look.date} covers {share:.1%} of {area_words}, expected at least 1 %"
        if workflow.read.on_error == "skip":
            warnings.append(f"scene skipped: {message}")
        else:
            problems.append(workflow.problem("scenes", f"{message}; {remedy}, or leave the scene out"))
    if not kept:
        raise InputError(workflow.problem("site.aoi", _far_away(grid, looks[0], max(shares))))
    if problems:
        raise InputError(problems)
    return tuple(kept)


def _far_away(grid: Grid, look: Look, share: float) -> str:
    """Where the area of interest lies, and where a scene does; `share` is the most that one covers of it."""

    def span(shape: BaseGeometry) -> str:
        west, south, east, north = shape.bounds
        return f"{west:.5g} to {east:.5g} east, {south:.5g} to {north:.5g} north"

    area = to_crs(grid.area, grid.crs, LONLAT)
    met = f"no scene covers more than {share:.2g} of it, expected at least 0.01" if share else "no scene meets it"
    turned = shapely.transform(area, lambda points: points[:, ::-1])
    remedy = "it would with longitudes and latitudes exchanged" if turned.intersects(look.outline()) else "correct it"
    return f"{met}: it spans {span(area)}, {look.name} {span(look.outline())} (degrees); {remedy}"


def _beyond(name: str, zone: BaseGeometry, grid: Grid) -> list[str]:
    """What is to be said of a zone that reaches beyond the area of interest."""
    if not zone.intersects(grid.area):
        return [f"zone '{name}' lies outside the area of interest"]
    inside = zone.intersection(grid.area).area / zone.area if zone.area else 1.0
    if inside >= WITHIN:
        return []
    return [f"zone '{name}' lies to {1 - inside:.0%} outside the area of interest; its figures are of the part inside"]


def zones_of(workflow: Workflow, grid: Grid, warnings: list[str]) -> Areas | None:
    """The zones of the site.

    Parameters
    ----------
    workflow : Workflow
        With ``site.zones``.
    grid : Grid
        In whose CRS they come.
    warnings : list of str
        Gets those of the file, and one for each zone outside the area and each kind that is mistyped.

    Returns
    -------
    Areas or None
        None where the workflow names none.
    """
    if workflow.site.zones is None:
        return None
    with located(workflow, "site.zones"):
        areas = read_areas(Area(path=workflow.site.zones), grid.crs, named=True)
        require_few_meetings([*areas.geometries, grid.area], f"{workflow.site.zones}, with the area of interest")
    warnings += areas.warnings
    for about, zone in zip(areas.attributes, areas.geometries, strict=True):
        warnings += _beyond(about.name, zone, grid)
        if about.kind and about.kind not in KINDS and (guess := did_you_mean(about.kind, KINDS)):
            warnings.append(f"zone '{about.name}' is of kind '{about.kind}', which says nothing{guess}")
    return areas
