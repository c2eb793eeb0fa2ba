"""Which change method suits which scenes, and what all methods share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from changedet.arrays import Singles
from changedet.blocks import PixelMethod
from changedet.stages.change.kernels.feature_names import ROLES
from changedet.stages.change.kernels.scores import FitScore, Settings, apply_change, fit_change, halo_px
from changedet.stages.change.statistics import ChangeStatistics, Unlearned
from changedet.stages.registry import Choice, Facts, Stage

Fitted = TypeVar("Fitted", bound=Unlearned)

VERY_HIGH_RESOLUTION_M: Final = 2.0
"""Finer than this, objects are many pixels wide and relief displaces their tops, so displacement rather than noise
makes false change."""
TREES_FALSE_SHARE: Final = 0.004
"""Twice that of changedet/models/change_trees.md, for sites unlike the simulated ones."""
GREY_FALSE_SHARE: Final = 0.01
"""The same of panchromatic pairs, in which boxes look exchanged that are not: about the greatest of 108 dates of 36
teaching sites in grey (.0107). With .004 the lower bound was above 0 on 3 of 16 quiet dates that judge."""
FINE_FALSE_SHARE: Final = 0.24
"""Below 2 m no unlearned rule separates season and shadow from change: 4 to 24 % of the unchanged ground of simulated
series at 0.5 m was marked."""
COARSE_FALSE_SHARES: Final = {"cva": 0.037, "pca_kmeans": 0.042}
OTHER_COARSE_FALSE_SHARE: Final = 0.09
"""Marked falsely at 10 m on 24 simulated pairs of all seasons against a winter date."""
SEASON_DATES, SEASON_DAYS = 6, 75.0
"""Looks, and days between two of them in the median, that show how long fields lie bare. Of a Landsat series of eight
looks in 35 years nearly all of a town's growth and of a river's way was taken for seasons (docs/research/change.md)."""
SEASON_M: Final = 15.0
"""Coarsest pixel on the ground in which a field still is one."""
SEASON_TREES_M, SEASON_SPAN_DAYS = 2.5, 180.0
"""In scenes of so many metres a pixel and more that the trees could compare, too, seasons are asked where the looks
reach over half a year, so that most fields are seen with and without plants: within a season the trees mark more of
what is built (docs/research/change.md, "Seasons in pixels of 3 m")."""
STRETCHED: Final = "uint8"
"""Type of pictures whose values are no reflectance, so that no index tells plants."""
SEASONS_FALSE_SHARE: Final = 0.004
"""Of masks of series that know the site's seasons: four times the mean of a quiet drawn site of twelve looks at 10 m,
which was in view (docs/research/change.md, "Seasons in coarse pixels")."""
TAUGHT_M: Final = (0.25, 1.3)
"""Pixel sizes that the trees were fitted for, with a margin."""
TREES_M: Final = (TAUGHT_M[0], 3.5)
"""Pixel sizes at which they mark least of what did not change: measured at 1.5 and 3 m (docs/research/change.md,
"Pixels of 1.5 and 3 m")."""


def choose(facts: Facts) -> Choice:
    """The method for these scenes, and why.

    Parameters
    ----------
    facts : Facts
        Pixel size, bands and number of dates count.

    Returns
    -------
    Choice
        With one sentence as its reason.
    """
    fine = facts.resolution_m < VERY_HIGH_RESOLUTION_M
    parameters: dict[str, object] = {"tolerance_px": _lean_px(facts)} if fine else {}
    if facts.is_sar and facts.dates > 2:
        looks = "for a number of looks that is estimated from the ratios and stated in run.json (enl sets it)"
        return Choice("omnibus", {}, f"radar, {facts.dates} dates: a likelihood-ratio test of equal intensity {looks}")
    if facts.is_sar:
        return Choice("log_ratio", {}, "radar, a pair: speckle multiplies, so the ratio of local means is compared")
    if shows_seasons(facts):
        reason = "2.5 to 15 m every few weeks with near infrared: what no season of the site's own fields explains"
        return Choice("cva", {"smoothing": "tv"}, reason)
    if TREES_M[0] <= facts.resolution_m <= TREES_M[1] and set(ROLES[:3]) <= set(facts.roles):
        colours = "blue, green, red and near infrared" if ROLES[3] in facts.roles else "blue, green and red alone"
        colours = "grey pictures for colours" if facts.panchromatic else colours
        if facts.resolution_m > TAUGHT_M[1]:
            return Choice("trees", {}, f"1.3 to 3.5 m with {colours}: trees fitted on finer pairs mark least falsely")
        reason = f"0.25 to 1.3 m with {colours}: trees fitted on such simulated pairs, with the fewest false marks"
        return Choice("trees", {}, f"very high resolution, {reason}")
    if not fine:
        reason = "2 m and coarser: standardised difference, which marks least of what only the season did"
        return Choice("cva", {"smoothing": "tv"}, reason)
    if len(facts.roles) >= 3:
        reason = "three or more bands: canonical variates, blind to gain, offset and haze"
        return Choice("irmad", parameters, f"finer than 2 m, {reason}; only what no displacement explains")
    reason = "finer than 2 m, fewer than three bands: what lies outside the other date's range"
    return Choice("cva", parameters | {"difference": "tolerant"}, reason)


def shows_seasons(facts: Facts) -> bool:
    """Whether scenes show the seasons of a site in coarse pixels.

    Parameters
    ----------
    facts : Facts
        Pixel size, bands, type and dates count.

    Returns
    -------
    bool
        With red and near infrared, in pixels in which a field still is one, on looks every few weeks, whose values are
        no stretched picture's; in pixels that trees could compare, over half a year and more.
    """
    if facts.is_sar or facts.dtype == STRETCHED or not {ROLES[2], ROLES[3]} <= set(facts.roles):
        return False
    if facts.dates < SEASON_DATES or facts.days_apart > SEASON_DAYS or max(facts.gsd_m, default=math.inf) > SEASON_M:
        return False
    if facts.resolution_m > TREES_M[1]:
        return True
    return min(facts.gsd_m, default=0.0) >= SEASON_TREES_M and facts.days_apart * (facts.dates - 1) >= SEASON_SPAN_DAYS


def false_share(method: str, facts: Facts) -> float:
    """Share of a quiet site that a method marks falsely, for the interval of the changed area.

    Parameters
    ----------
    method : str
        Name of the method.
    facts : Facts
        Pixel size and bands count.

    Returns
    -------
    float
        0 to 1.
    """
    if method == "trees":
        return GREY_FALSE_SHARE if facts.panchromatic else TREES_FALSE_SHARE
    if facts.resolution_m < VERY_HIGH_RESOLUTION_M:
        return FINE_FALSE_SHARE
    return COARSE_FALSE_SHARES.get(method, OTHER_COARSE_FALSE_SHARE)


def _lean_px(facts: Facts) -> int:
    """Residual shift and displacement of roofs, which grow in pixels as pixels shrink: one to 0.5 m, two below."""
    return 1 if facts.resolution_m >= 0.5 else 2


@dataclass(frozen=True)
class ChangeMethod(PixelMethod[ChangeStatistics, Singles]):
    """A `PixelMethod` of a pair: ``fit(before, after)`` gives statistics with a ``threshold`` of the score.

    Attributes
    ----------
    min_area_m2 : float
        Smaller changes are dropped.
    apply_apart : callable or None
        As `apply`, and beside the score the log odds of its network, NaN where there are none. With ``halo_px``, how
        much more on each side is given than is wanted, no scores are made that nobody wants. None for methods without a
        network.
    roofs : callable or None
        ``roofs(before, after, network, model=statistics)``: how sure it is that a roof came or went, 0 to 1, float32
        ``(y, x)``, with the network's log odds of both dates; None for methods that do not ask.
    """

    min_area_m2: float = 0.0
    apply_apart: Callable[..., tuple[Singles, Singles]] | None = None
    roofs: Callable[..., Singles] | None = None


STAGE: Final[Stage[ChangeMethod]] = Stage("change", choose)


def pixel_method(settings: Settings, fit_score: FitScore[Settings, Fitted]) -> ChangeMethod:
    """An unlearned method from its parameters.

    Parameters
    ----------
    settings : PairSettings
        The parameters, resolved.
    fit_score : callable
        Fits what the method's raw score needs, see `scores.fit_change`.

    Returns
    -------
    ChangeMethod
        That fits and applies the method's statistics.
    """
    fit = partial(fit_change, fit_score=fit_score, settings=settings)
    return ChangeMethod(fit, apply_change, halo_px(settings), settings.min_area_m2)
