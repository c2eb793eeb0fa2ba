"""The dates of a series whose scores are read together, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from shapely.geometry.base import BaseGeometry

from changedet.arrays import Floats, Singles
from changedet.grid import Grid
from changedet.stages.change.kernels.season_light import Lights


class Seasons(NamedTuple):
    """What the site's own fields look like through the year, in coarse pixels.

    Attributes
    ----------
    days : tuple of int
        Of the reference and of each date.
    lights : Lights
        Of each date, as of `season_light.lights_of`.
    table : float32 (cell, cell, cell) or None
        As of `season_colours.table_of`.
    hazard : float64 (bin,)
        As of `season_colours.growth_hazard`.
    reach_px : int
        Pixels of the grid in one of the coarsest scene.
    """

    days: tuple[int, ...]
    lights: Lights
    table: Singles | None
    hazard: Floats
    reach_px: int


@dataclass(frozen=True)
class SeriesJob:
    """The dates on one side of the reference, nearest first, and where their scores lie.

    Attributes
    ----------
    grid : Grid
    scores, contrasts : tuple of Path
        float32 (y, x) and (band, y, x) of each date.
    standing : tuple of Path
        uint8 (1 + band, y, x) of each date; empty where movers are not left out.
    thresholds : tuple of float
        Of each date's own scores.
    probabilities : bool
        Whether the scores are.
    weights : tuple of float
        Of each date's evidence, from how much of the site it shows and in which bands.
    nir : tuple of bool
        Whether each date is compared with near infrared.
    sure, seen : int
        Pixels of all dates that are surely changed, and that are observed.
    is_later : bool
        Whether the dates come after the reference.
    sidings : geometry or None
        Where trains stand on one date and are gone on the next, in the grid's CRS; None where no zone is a siding.
    boxes_decide : bool
        Whether boxes are followed and decide by themselves.
    together : bool
        Whether the dates are evidence for each other; else each stands alone.
    patched : tuple of (Path, Path) or None
        Of each date its quality and the reference's, where snow lies on either in patches.
    days : tuple of int
        Of each date, counted from any one day; empty where seasons are not told.
    seasons : Seasons or None
        None where they are not asked for, or too little is known of them.
    by_lasting : tuple of bool
        Of each date whether it is compared by the light of what stands on both: all ground around shows its season to
        the network then. Empty where none is.
    in_season : tuple of bool
        Of each date whether it is of the reference's season, of another year; empty where seasons are not told.
    """

    grid: Grid
    scores: tuple[Path, ...]
    contrasts: tuple[Path, ...]
    standing: tuple[Path, ...]
    thresholds: tuple[float, ...]
    probabilities: bool
    weights: tuple[float, ...]
    nir: tuple[bool, ...]
    sure: int = 0
    seen: int = 0
    is_later: bool = True
    sidings: BaseGeometry | None = None
    boxes_decide: bool = False
    together: bool = True
    patched: tuple[tuple[Path, Path] | None, ...] = ()
    days: tuple[int, ...] = ()
    seasons: Seasons | None = None
    by_lasting: tuple[bool, ...] = ()
    in_season: tuple[bool, ...] = ()

    def asks_rims(self, k: int) -> bool:
        """Whether wide marks of a date need an outline: in colours alone a pad may be as pale as the field around it.

        Parameters
        ----------
        k : int
            Which of the dates.

        Returns
        -------
        bool
            False where movers are not left out, or dates not read together.
        """
        return bool(self.standing) and self.probabilities and self.together and self.nir[k]
