"""What a plan warns of: poor and narrow references, looks without infrared, least areas, dates to come, letters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import shapely

from changedet.errors import InputError
from changedet.grid import Grid
from changedet.grid.areas import Areas
from changedet.imagery.look import Look
from changedet.outputs.figure.letters import undrawable
from changedet.outputs.sentences.words import named_dates
from changedet.outputs.values import pixel_text
from changedet.stages.change.method import shows_seasons
from changedet.stages.change.parameters import LEAST_OBJECT_M2, LEAST_PIXELS
from changedet.stages.registry import NONE, Choice, Facts
from changedet.workflow import Workflow
from changedet.workflow.finer_grid import FINER_M, wants_finer_grid

INFRARED: Final = "nir"
COARSE_REFERENCE: Final = 2.0
"""A reference whose GSD is so many times the finest scene's is warned of."""
NEARLY_FINEST: Final = 1.25
"""So many times the finest GSD is as good a reference."""
COARSE_GRID: Final = 2.0
"""A grid whose pixels are so many times the finest scene's is warned of, as a reference is."""
FINE_GRID: Final = 4.0
"""A grid whose pixels are so many times smaller than the finest scene's is warned of: more than is ever advised."""
MUCH_BEYOND: Final = 0.25
"""So much of the site's area beyond it, on a look, is warned of: the reference is a strip. Deliveries that were cut
along a site differ by less."""
MUCH_DROPPED: Final = 10.0
"""A least area so many times that of ``auto`` is warned of: no figure of the change tells what is smaller."""
MOST_LETTERS: Final = 20
"""Of those that no font has, which a warning names."""
MOST_ALIKE: Final = 2
"""Files of which one and the same warning is given for each."""


def idle_stages(choices: Mapping[str, Choice], looks: int) -> dict[str, str]:
    """Stages that have nothing to do: what their methods are and do would be neither plan nor provenance.

    Parameters
    ----------
    choices : mapping of str to Choice
        By stage.
    looks : int
        How many there are.

    Returns
    -------
    dict of str to str
        By stage why; those that the workflow switches off are not among them.
    """
    alone = dict.fromkeys(("align", "normalise", "change", "series"), "a single date is compared with nothing")
    boxless = {"tracks": "no boxes are looked for"}
    idle = (alone if looks < 2 else {}) | (boxless if choices["objects"].method == NONE else {})
    return {stage: why for stage, why in idle.items() if choices[stage].method != NONE}


def advice(looks: Sequence[Look], reference: int, grid: Grid, facts: Facts) -> list[str]:
    """What may be done better with these looks.

    Parameters
    ----------
    looks : sequence of Look
    reference : int
        Index of the reference date.
    grid : Grid
    facts : Facts
        What methods are chosen by.

    Returns
    -------
    list of str
        Warnings.
    """
    asked = _other_pixels(looks, grid) or ([] if shows_seasons(facts) else _finer_grid(looks, grid))
    return [*_better_reference(looks, reference), *_in_colours_alone(looks), *asked]


def _other_pixels(looks: Sequence[Look], grid: Grid) -> list[str]:
    """Warn of a grid whose pixels are not those of any scene: a slip of units or digits as a rule."""
    own, finest = grid.ground_resolution_m, min(look.gsd_m for look in looks)
    scenes = f"the finest scene has pixels of {pixel_text(finest)} and the grid {pixel_text(own)}"
    if own > COARSE_GRID * finest:
        height, width = grid.shape
        return [f"{scenes}, {width} x {height} of them: what is smaller is lost; give a finer grid.resolution, or auto"]
    if own < finest / FINE_GRID:
        more = f"{(finest / own) ** 2:.0f} times as many cost as much more and show no more"
        return [f"{scenes}: {more}; give a coarser grid.resolution, or auto"]
    return []


def _finer_grid(looks: Sequence[Look], grid: Grid) -> list[str]:
    """Advise a finer grid for scenes a little coarser than what the models were trained on."""
    own = grid.ground_resolution_m
    if not all(wants_finer_grid(own, look.roles) for look in looks):
        return []
    return [
        f"in pixels of {pixel_text(own)} change and built ground are detected less well than on a finer grid, as the "
        f"models were trained on finer pixels: consider grid: {{resolution: {FINER_M:g}}}"
    ]


def _in_colours_alone(looks: Sequence[Look]) -> list[str]:
    """Warn where fewer than half of the looks lack near infrared."""
    lacking = [look.date for look in looks if INFRARED not in look.roles]
    if not lacking or 2 * len(lacking) >= len(looks):
        return []
    them = "it" if len(lacking) == 1 else "them"
    return [
        f"{named_dates(lacking)}: no near infrared, which the other {len(looks) - len(lacking)} looks have: built "
        "ground (footprint) is less sure with looks in colours alone, in which bare soil may pass for yards; "
        f"leave {them} out where that figure matters"
    ]


def _better_reference(looks: Sequence[Look], reference: int) -> list[str]:
    finest = min(looks, key=lambda look: look.gsd_m)
    own = looks[reference].gsd_m
    if own <= COARSE_REFERENCE * finest.gsd_m:
        return []
    better = next(look for look in looks if look.gsd_m <= NEARLY_FINEST * finest.gsd_m)
    return [
        f"the reference {looks[reference].date} has a GSD of {pixel_text(own)}, more than twice the finest scene's "
        f"{pixel_text(finest.gsd_m)}: fine changes are lost; consider before: {better.date}"
    ]


def beyond_reference(workflow: Workflow, looks: Sequence[Look], grid: Grid) -> list[str]:
    """Ground that other looks show and the reference does not, where its extent is the site.

    Parameters
    ----------
    workflow : Workflow
        Of which ``site.aoi`` tells the site, where it is given.
    looks : sequence of Look
    grid : Grid
        With the area of interest.

    Returns
    -------
    list of str
        One warning, or none.
    """
    if workflow.site.aoi is not None:
        return []
    outlines = (look.outline(grid.crs) for look in looks)
    shares = [shapely.difference(outline, grid.area).area / grid.area.area for outline in outlines]
    wider = [share for share in shares if share >= MUCH_BEYOND]
    if not wider:
        return []
    them = "another look shows" if len(wider) == 1 else f"{len(wider)} other looks show"
    return [
        f"without site.aoi the site is what the reference shows: {them} up to {max(wider):.0%} more ground, of which "
        "nothing is counted or compared; give a site.aoi, or a before that shows the whole site"
    ]


def much_dropped(workflow: Workflow, choices: Mapping[str, Choice], grid: Grid) -> list[str]:
    """A least area of changes that leaves much of the ground's change untold.

    Parameters
    ----------
    workflow : Workflow
    choices : mapping of str to Choice
        The method of each stage.
    grid : Grid

    Returns
    -------
    list of str
        One warning, or none.

    Raises
    ------
    InputError
        No change of the site is as large.
    """
    least = choices["change"].parameters.get("min_area_m2")
    if not isinstance(least, float):
        return []
    site_m2 = grid.area.area / grid.ground_metre**2
    if least > site_m2:
        said = f"{least:.6g} m2 are more than the whole site, {site_m2:.0f} m2: nothing could be marked"
        raise InputError(workflow.problem("change.min_area_m2", f"{said}; give less, or auto"))
    if least <= MUCH_DROPPED * max(LEAST_OBJECT_M2, LEAST_PIXELS * grid.ground_resolution_m**2):
        return []
    return [
        f"change.min_area_m2: changes below {least:.6g} m2 are dropped: they are neither marked nor within the "
        "intervals of the changed area, and where no change is told there may be such ones"
    ]


def to_come(looks: Sequence[Look]) -> list[str]:
    """Dates that have not come yet.

    Parameters
    ----------
    looks : sequence of Look

    Returns
    -------
    list of str
        One warning, or none.
    """
    # A day more, for clocks that are behind.
    last = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
    late = [look.date for look in looks if look.date > last]
    said = "yet to come by this machine's clock; give the date on which the scene was taken"
    return [f"{named_dates(late)}: {said}"] if late else []


def unwritable(workflow: Workflow, looks: Sequence[Look], zones: Areas | None) -> list[str]:
    """Letters of names that no font here has.

    Parameters
    ----------
    workflow : Workflow
    looks : sequence of Look
    zones : Areas or None

    Returns
    -------
    list of str
        One warning, or none.
    """
    lines = (look.attribution.credit for look in looks)
    names = [workflow.site.name, workflow.site.place, *lines, *(zones.names if zones else ())]
    # Each is a line of its own, and a line is drawn in one font.
    lacking = "".join(dict.fromkeys("".join(undrawable(name) for name in dict.fromkeys(names))))
    if not lacking:
        return []
    return [
        f"no font of this machine has the letters '{lacking[:MOST_LETTERS]}' of the site's names: figures as PNG and "
        "PDF show '?' for them, as SVG they keep the text; install a font that has them, such as Noto"
    ]


def in_few_lines(warnings: Sequence[str]) -> list[str]:
    """Warnings of which those that say the same of more than two files are one, of the first and how many more.

    Parameters
    ----------
    warnings : sequence of str
        Of scenes: ``FILE: what was assumed``.

    Returns
    -------
    list of str
        In the order given.
    """
    said: dict[str, list[str]] = {}
    for warning in warnings:
        said.setdefault(warning.partition(": ")[2] or warning, []).append(warning)
    found: list[str] = []
    for words, lines in said.items():
        of = list(dict.fromkeys(lines))
        few = len(of) <= MOST_ALIKE
        found += of if few else [f"{of[0].partition(': ')[0]} and {len(of) - 1} more files: {words}"]
    return found
