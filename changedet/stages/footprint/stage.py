"""The footprint of a site: which method classifies built ground in given pixels and bands, and the method itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.blocks import Window
from changedet.kernels.boosted_trees import Forest
from changedet.kernels.shown_pictures import part_to_show
from changedet.stages.footprint.forests import ground_session, ground_trees, surroundings_trees
from changedet.stages.footprint.kernels import (
    bare_ground,
    cell_codes,
    closing,
    ground,
    ground_network,
    ground_probability,
    lasting,
    surroundings,
)
from changedet.stages.footprint.kernels.bare_ground import PlantThreshold
from changedet.stages.footprint.kernels.ground import GroundStatistics
from changedet.stages.registry import Facts

COARSEST_M: Final = 2.5
"""With coarser pixels a road of 8 m is no more than three pixels wide, and cannot be separated from a yard."""
COARSEST_LASTING_M: Final = 100.0
"""With coarser pixels there is no footprint."""
LEAST_DATES: Final = 3
"""Of a series in pixels over `COARSEST_M`, where other dates must confirm what one shows."""
KINDS_FINEST_M, KINDS_COARSEST_M = 0.25, 1.3
"""Pixels of the pictures that the trees were fitted on (training/fit_ground.py)."""

FootprintStatistics: TypeAlias = GroundStatistics | PlantThreshold
"""A scene's statistics: for the trees, or for the methods by colour and by what lasts."""
Statistics = TypeVar("Statistics")
Given_contra = TypeVar("Given_contra", contravariant=True)


class Classify(Protocol[Given_contra]):
    """How a method classifies a block."""

    def __call__(self, image: Singles, place: Window, *, model: Given_contra) -> Bytes:
        """Levels or codes of a block.

        Parameters
        ----------
        image : float32 (band, y, x)
            With the method's halo; NaN for no data.
        place : Window
            The block's window on the grid.
        model : Given_contra
            The scene's statistics.

        Returns
        -------
        uint8 (y, x)
            See `FootprintMethod`.
        """


@dataclass(frozen=True)
class FootprintMethod(Generic[Statistics]):
    """A method that classifies built ground.

    Attributes
    ----------
    fit : callable
        ``fit(samples) -> statistics``, from float32 (cell, band, y, x), NaN for no data. A caller that knows the sun
        sets it in `GroundStatistics`.
    apply : callable
        ``apply(image, place, model=) -> uint8 (y, x)``: 0 for ground that is not built, 1, 2, 3 where the lax, the
        likely, the strict threshold is passed, or, where there are kinds, the codes of `kernels.cell_codes`; 255 where
        nothing is seen.
    halo_px : int
        How far around a block `apply` looks.
    """

    fit: Callable[[Singles], Statistics]
    apply: Classify[Statistics]
    halo_px: int


def footprint_method(facts: Facts) -> FootprintMethod[Any] | None:
    """The method for these bands and this resolution.

    Parameters
    ----------
    facts : Facts
        Bands, resolution and number of dates.

    Returns
    -------
    FootprintMethod or None
        None where `why_not` says why there is none.
    """
    if why_not(facts):
        return None
    if needs_lasting(facts):
        return by_lasting(facts)
    return by_trees(facts) if has_kinds(facts) else by_colour(facts)


def by_lasting(facts: Facts) -> FootprintMethod[PlantThreshold]:
    """Bare ground on one date, in coarse pixels; `outlines.outlines` keeps what other dates confirm.

    Parameters
    ----------
    facts : Facts
        Bands of the scenes.

    Returns
    -------
    FootprintMethod
        Without a halo.
    """
    levels = partial(_bare_levels, roles=facts.roles)
    return FootprintMethod(partial(lasting.plant_threshold, roles=facts.roles), levels, 0)


def _bare_levels(image: Singles, place: Window, *, model: PlantThreshold, roles: Sequence[str]) -> Bytes:  # noqa: ARG001
    return lasting.levels(image, roles, model)


def needs_lasting(facts: Facts) -> bool:
    """Whether pixels are too coarse for a yard, so that only ground that stays bare is built.

    Parameters
    ----------
    facts : Facts
        Resolution of the grid.

    Returns
    -------
    bool
        True over `COARSEST_M`.
    """
    return facts.resolution_m > COARSEST_M


def by_trees(facts: Facts) -> FootprintMethod[GroundStatistics]:
    """Paving, buildings and earthworks by boosted trees on colour, texture, width and the sun, and by a network.

    Parameters
    ----------
    facts : Facts
        Bands and resolution.

    Returns
    -------
    FootprintMethod
        That gives codes.
    """
    ground_trees()
    ground_session()
    return FootprintMethod(
        partial(ground.statistics, roles=facts.roles),
        partial(_codes, roles=facts.roles, resolution_m=facts.resolution_m),
        ground.halo_px(facts.resolution_m),
    )


def by_colour(facts: Facts) -> FootprintMethod[PlantThreshold]:
    """Ground without plants or water, by colour alone.

    Parameters
    ----------
    facts : Facts
        Bands and resolution.

    Returns
    -------
    FootprintMethod
        That gives levels.
    """
    fit = partial(bare_ground.plant_threshold, roles=facts.roles)
    levels = partial(_colour_levels, roles=facts.roles, resolution_m=facts.resolution_m)
    return FootprintMethod(fit, levels, bare_ground.halo_px(facts.resolution_m))


def why_not(facts: Facts) -> str:
    """Why no footprint can be had.

    Parameters
    ----------
    facts : Facts
        Bands, resolution and number of dates.

    Returns
    -------
    str
        Empty where one can.
    """
    if not needs_lasting(facts):
        return "" if bare_ground.has_bands(facts.roles) else "a footprint needs the bands red, blue and green or nir"
    if facts.resolution_m > COARSEST_LASTING_M:
        return f"a footprint needs pixels of {COARSEST_LASTING_M:g} m or finer, these have {facts.resolution_m:.3g} m"
    if not lasting.has_bands(facts.roles):
        return "a footprint in pixels over 2.5 m needs the bands red, nir and green or swir1"
    if facts.dates < LEAST_DATES:
        return (
            f"a footprint in pixels over 2.5 m needs {LEAST_DATES} dates: on one a bare field looks like built ground"
        )
    return ""


def has_kinds(facts: Facts) -> bool:
    """Whether paving, buildings and earthworks are distinguished: the trees know colour pictures of 0.25 to 1.3 m.

    Parameters
    ----------
    facts : Facts
        Bands and resolution.

    Returns
    -------
    bool
        True where `by_trees` applies.
    """
    fits = KINDS_FINEST_M <= facts.resolution_m <= KINDS_COARSEST_M
    return fits and {"red", "green", "blue"} <= set(facts.roles)


def series_trees(facts: Facts) -> surroundings.SeriesTrees | None:
    """The trees that weigh all dates and the surroundings.

    Parameters
    ----------
    facts : Facts
        Bands and resolution.

    Returns
    -------
    SeriesTrees or None
        None where there are no kinds.
    """
    if not has_kinds(facts):
        return None
    return surroundings.SeriesTrees(*surroundings_trees(), "nir" in facts.roles)


def _codes(
    image: Singles, place: Window, *, model: GroundStatistics, roles: Sequence[str], resolution_m: float
) -> Bytes:
    """The code of each cell at all of its pixels; 255 before the first and beyond the last cell, in the halo."""
    size = ground.factor(resolution_m)
    step = size * ground_network.STEP_CELLS
    top, left = -place.y % step, -place.x % step
    cells = ground.averaged(image[:, top:, left:], size)
    cell_m = size * resolution_m
    spare = max(0, ground_network.REACH_CELLS - ground.reach_cells(cell_m))
    found = cell_codes.codes(*date_probabilities(cells, roles, model, cell_m, *ground_trees(), spare))
    out = np.full(image.shape[1:], closing.UNKNOWN, np.uint8)
    spread = np.repeat(np.repeat(found, size, axis=0), size, axis=1)
    out[top : top + spread.shape[0], left : left + spread.shape[1]] = spread
    return out


def date_probabilities(
    cells: Singles,
    roles: Sequence[str],
    model: GroundStatistics,
    cell_m: float,
    forests: Sequence[Forest],
    record: ground_probability.TreesRecord,
    spare: int = 0,
) -> tuple[dict[str, Singles], Bools]:
    """Probability of each of `ground_probability.TARGETS` by trees and network together.

    Parameters
    ----------
    cells : float32 (band, y, x)
        Of `ground.averaged`; the first lies at a multiple of `ground_network.STEP_CELLS`.
    roles : sequence of str
        The bands' roles.
    model : GroundStatistics
        The scene's.
    cell_m : float
        Size of a cell, metres.
    forests : sequence of Forest
        The first trees.
    record : TreesRecord
        What is kept with them.
    spare : int
        Cells along each edge that are there for the network alone, which looks farther.

    Returns
    -------
    found : dict of str to float32 (y, x)
        0 to 1.
    valid : bool (y, x)
        Where the cell has data.
    """
    valid = ground.valid_cells(cells, roles)
    said = _said_by_network(cells, valid, roles, model)
    height, width = valid.shape
    table, known = ground.features(cells[:, spare : height - spare, spare : width - spare], roles, model, cell_m)
    trees = ground_probability.probabilities(table, known, forests, record)
    trees = {name: np.pad(own, spare, constant_values=np.nan) for name, own in trees.items()}
    return ground_probability.together(trees, said), valid


def _said_by_network(cells: Singles, valid: Bools, roles: Sequence[str], model: GroundStatistics) -> dict[str, Singles]:
    """Log odds by the network alone, 0 far from all that has data."""
    place = part_to_show(valid, ground_network.REACH_CELLS, ground_network.STEP_CELLS)
    shown = ground_network.picture(cells[(slice(None), *place)], valid[place], roles, model.shown)
    said = {name: np.zeros(valid.shape, np.float32) for name in ground_probability.TARGETS}
    for name, own in ground_network.log_odds(shown, ground_session()).items():
        said[name][place] = own
    return said


def _colour_levels(
    image: Singles,
    place: Window,  # noqa: ARG001
    *,
    model: PlantThreshold,
    roles: Sequence[str],
    resolution_m: float,
) -> Bytes:
    probability = bare_ground.built_probability(image, roles, model, resolution_m)
    with np.errstate(invalid="ignore"):
        passed = [probability >= level for level in (bare_ground.LAX, bare_ground.LIKELY, bare_ground.STRICT)]
    levels: Bytes = np.sum(passed, axis=0, dtype=np.uint8)
    levels[np.isnan(probability)] = closing.UNKNOWN
    return levels
