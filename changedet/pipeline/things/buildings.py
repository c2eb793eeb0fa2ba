"""Halls of a site: drawn by a network on every look, each place followed over the dates."""

from __future__ import annotations

import datetime as dt
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools, Bytes, Floats
from changedet.grid import Grid
from changedet.imagery.bands import is_sar
from changedet.kernels import hall_pictures
from changedet.kernels.hall_pictures import MOST_PX, STEP_M
from changedet.kernels.pixel_classes import CLEAR, HAZE, NOT_OBSERVED, SATURATED, SHADE, SHADOW
from changedet.models.hall_network import odds_of
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.things.kernels import hall_outlines, hall_presence
from changedet.pipeline.things.kernels.hall_outlines import Drawn
from changedet.pipeline.things.thing_states import SeenBoxes, of_day, standing
from changedet.pipeline.things.working_pixels import at_middles, is_fine, strips_of, why_too_coarse
from changedet.plan import Plan
from changedet.stages.objects.detector import bands_used

COLOURS: Final = frozenset({"red", "green", "blue"})
"""Roles of bands that were taught; grey pictures, judged for it, had halls invented on one site of fifteen."""
COARSEST_M: Final = 1.0
"""Coarser pixels were not taught."""
KEPT: Final = 3
"""Bytes of a pixel and look that are kept: log odds of a hall, of an edge, and whether it is shown."""
SEEN: Final = (CLEAR, HAZE, SHADE, SHADOW, SATURATED)
"""Classes that show a roof: white ones saturate, dark ones are as dark as shade."""
SQUARE: Final = 0.85
"""Share of its least rectangle from which on a hall is drawn as that rectangle. By hand."""
MOST_BOXES: Final = 0.4
"""Share of a part under boxes of the looks on which it stands from which on it is a stack and no hall. By hand."""
LEAST_BOXES: Final = 0.25
"""Share of a hall's base under boxes of looks without it from which on they alone say that it did not stand there. By
hand, below what rows with lanes between them cover."""
POINT_M: Final = 1.0
"""Around the middle of a followed box, which has no outline."""


class Hall(NamedTuple):
    """A hall.

    Attributes
    ----------
    shape : geometry
        Its base, in the grid's CRS.
    probability : float
        That it is one.
    stands : float64 (look,)
        Probability that it stands, by look.
    shown : bool (look,)
        Whether the look shows it.
    """

    shape: BaseGeometry
    probability: float
    stands: Floats
    shown: Bools


@dataclass(frozen=True)
class Buildings:
    """The halls of a run.

    Attributes
    ----------
    halls : sequence of Hall
        Those that are listed, from north to south.
    days : sequence of date
        Of all looks.
    coarse : frozenset of date
        Looks whose pixels are too coarse to show any.
    reason : str
        Why there are none to be had; empty where they can be.
    """

    halls: Sequence[Hall] = ()
    days: Sequence[dt.date] = ()
    coarse: frozenset[dt.date] = frozenset()
    reason: str = ""


def find_buildings(plan: Plan, models: Mapping[dt.date, DateModel], boxes: SeenBoxes) -> Buildings | None:
    """Find the halls of all looks.

    Parameters
    ----------
    plan : Plan
        Its masks are done: what is built or gone must be marked there.
    models : mapping of date to DateModel
    boxes : SeenBoxes
        What boxes cover while it stands is no hall.

    Returns
    -------
    Buildings or None
        None where the workflow does not want them.
    """
    if not plan.workflow.buildings:
        return None
    days = plan.dates
    reason = why_not(plan)
    if reason:
        return Buildings(days=days, reason=reason)
    grid = plan.grid.in_pixels_of(STEP_M)
    # In a file without a name: many dates of a large site would not fit into the memory.
    with tempfile.TemporaryFile(dir=plan.folder.path) as file:
        stored = np.memmap(file, np.uint8, "w+", shape=(len(days), KEPT, *grid.shape))
        for k in range(len(days)):
            odds, shown = _look(plan, models, k, grid)
            stored[k, :-1], stored[k, -1] = odds, shown
        parts = hall_outlines.places([(np.asarray(one[:-1]), np.asarray(one[-1]).view(np.bool_)) for one in stored])
    pairs = [(part, hall) for part in parts if (hall := hall_of(part, grid)) and _is_inside(hall, plan.grid)]
    marked = _marked(plan, grid, [part for part, _ in pairs])
    covered = [_covered(boxes, day, plan.grid.ground_metre) for day in days] if pairs else []
    kept = [
        hall
        for (_, hall), share in zip(pairs, marked, strict=True)
        if is_kept(hall, covered, hall_presence.agrees(hall.stands, hall.shown, share, plan.reference))
    ]
    coarse = frozenset(look.date for look in plan.looks if not is_fine(look, COARSEST_M))
    return Buildings(sorted(kept, key=lambda one: (-one.shape.centroid.y, one.shape.centroid.x)), days, coarse)


def why_not(plan: Plan) -> str:
    """Say why halls cannot be found.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    str
        Empty where they can.
    """
    if is_sar(plan.roles):
        return "buildings are not looked for in radar images"
    if not set(plan.roles) >= COLOURS:
        return "buildings need red, green and blue: in one band stacks and sheds pass for halls"
    coarse = why_too_coarse(plan, "buildings", plan.grid.ground_resolution_m, COARSEST_M)
    if coarse:
        return coarse
    shape = plan.grid.in_pixels_of(STEP_M).shape
    if shape[0] * shape[1] > MOST_PX:
        most = MOST_PX * STEP_M**2 / 1e6
        return f"buildings are looked for on sites of up to {most:.0f} km2; zones as sites of their own are smaller"
    return ""


def _look(plan: Plan, models: Mapping[dt.date, DateModel], k: int, grid: Grid) -> tuple[Bytes, Bools]:
    """Log odds of a look, packed, and where it shows the ground: nowhere, where its pixels are too coarse."""
    look = plan.looks[k]
    if not is_fine(look, COARSEST_M):
        return np.zeros((KEPT - 1, *grid.shape), np.uint8), np.zeros(grid.shape, bool)
    quality = at_middles(plan.quality_file(look.date), plan.grid, grid)
    moved, bands = models[look.date].alignment.displacement, list(bands_used(plan.roles))
    colours = np.empty((len(bands), *grid.shape), np.float32)
    for rows, window in strips_of(grid):
        own = look.read(grid, window, plan.roles, moved, grid.ground_resolution_m)[0][bands]
        own[:, ~(np.isfinite(own).all(axis=0) & np.isin(quality[rows], SEEN))] = np.nan
        colours[:, rows] = own
    shown, limits = np.isfinite(colours[0]), hall_pictures.fit_limits(colours)
    for rows, _ in strips_of(grid):
        colours[:, rows] = hall_pictures.shown(colours[:, rows], limits)
    return hall_outlines.packed(odds_of(colours)), shown


def _marked(plan: Plan, grid: Grid, parts: Sequence[Drawn]) -> Floats:
    """Share of each part's ground that is marked on each look (part, look); NaN where nothing is compared."""
    shares = np.full((len(parts), len(plan.looks)), np.nan)
    if not parts or not plan.compares:
        return shares
    for k, day in enumerate(plan.dates):
        if k == plan.reference:
            continue
        mask = at_middles(plan.mask_file(day), plan.grid, grid)
        for row, part in enumerate(parts):
            cut = mask[part.y : part.y + part.inside.shape[0], part.x : part.x + part.inside.shape[1]][part.inside]
            compared = cut[cut != NOT_OBSERVED]
            shares[row, k] = compared.mean() if compared.size else np.nan
    return shares


def hall_of(part: Drawn, grid: Grid) -> Hall | None:
    """Make a hall of a part that is large and sure enough to be one.

    Parameters
    ----------
    part : Drawn
    grid : Grid
        In pixels of `STEP_M`.

    Returns
    -------
    Hall or None
        None where it is small or not sure, or stands on no look that shows it.
    """
    if part.area_m2 < hall_presence.LISTED_M2 * math.exp(hall_presence.AREA_EXCESS):
        return None
    time = hall_presence.stay(part.core)
    sure = hall_presence.probability(hall_presence.signs(part, time.stands))
    shown = np.isfinite(part.core)
    if sure < hall_presence.LISTED or not (shown & (time.stands > hall_presence.RATHER)).any():
        return None
    outline = max(grid.outlines(part.inside, part.y, part.x), key=lambda one: float(one.area))
    shape = shapely.oriented_envelope(outline) if part.fill >= SQUARE else outline.simplify(grid.resolution_m)
    return Hall(shape, sure, time.stands, np.asarray(shown))


def is_kept(hall: Hall, covered: Sequence[BaseGeometry], is_marked: bool) -> bool:
    """Say whether a hall is no stack of boxes, and came or went where something changed.

    Parameters
    ----------
    hall : Hall
    covered : sequence of geometry
        What boxes cover on each look.
    is_marked : bool
        Whether the masks of change agree with when it stands.

    Returns
    -------
    bool
        True also where boxes stood before it, or after it: lanes between boxes that left are not marked.
    """
    stands = hall.stands > hall_presence.RATHER
    others = under_boxes(hall, covered, hall.shown & ~stands)
    return under_boxes(hall, covered, stands) < MOST_BOXES and (is_marked or others >= LEAST_BOXES)


def under_boxes(hall: Hall, covered: Sequence[BaseGeometry], on: Bools) -> float:
    """Measure how much of a hall lies under the boxes of some looks.

    Parameters
    ----------
    hall : Hall
    covered : sequence of geometry
        What boxes cover on each look.
    on : bool (look,)
        The looks that count.

    Returns
    -------
    float
        Share of its base, by all of them.
    """
    own = [one.intersection(hall.shape) for one, counts in zip(covered, on, strict=True) if counts]
    return float(shapely.union_all(own).area / hall.shape.area)


def _covered(boxes: SeenBoxes, day: dt.date, unit: float) -> BaseGeometry:
    """What boxes cover on a date, by what it shows and by the tracks."""
    followed = shapely.buffer(standing(boxes.followed, day), unit * POINT_M)
    return shapely.union_all([*of_day(boxes.detected, day), *followed])


def _is_inside(hall: Hall, grid: Grid) -> bool:
    return bool(grid.area.contains(hall.shape.centroid))
