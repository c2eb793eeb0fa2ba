"""Which change method suits which scenes, and what all methods share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from changedet.arrays import Singles
from changedet.blocks import PixelMethod
from changedet.errors import MethodError
from changedet.stages.change.kernels.features import ROLES
from changedet.stages.change.kernels.scores import apply_change, fit_change, halo_px
from changedet.stages.registry import AUTO, Choice, Facts, Stage

VERY_HIGH_RESOLUTION_M: Final = 2.0
"""Finer than this, objects are many pixels wide and lean, so displacement rather than noise makes false change."""
TREES_FALSE_SHARE: Final = 0.004
COARSE_FALSE_SHARES: Final = {"cva": 0.037, "pca_kmeans": 0.042}
OTHER_COARSE_FALSE_SHARE: Final = 0.09
LEAST_OBJECT_M2: Final = 8.0
"""Half a 20-foot container, 14.8 m2, whose base is seldom marked in full."""
LEAST_PIXELS: Final = 3
"""Where a pixel is larger than objects, a change of fewer pixels is not told from noise."""

SHARED: Final = {
    "tolerance_px": "What a displacement by so many pixels explains is not marked; 0 for no such test.",
    "window_px": "Edge of the window of the local means, odd.",
    "smoothing": "Of the score: none, Gaussian, or total variation.",
    "smoothing_px": "Standard deviation of the Gaussian.",
    "tv_weight": "Weight of the total variation, in medians of the score.",
    "noise_sigmas": "A threshold by rule lies at least so many spreads of the unchanged scores above their median.",
    "false_alarm_fraction": "Share of unchanged pixels that rule chi2 lets pass; its quantile also bounds the other "
    "rules from below.",
    "min_area_m2": "Smaller changes are dropped; auto is 8 m2, or 3 pixels where that is more.",
    "persistence": "Whether the masks of three dates and more are read together, so that a single bad look makes no "
    "change.",
}
"""What the parameters mean that most methods have; a method tells of its own, and where it means something else."""

Rule = Literal["auto", "otsu", "kittler", "kapur", "kmeans", "sigma", "chi2"]
Smoothing = Literal["none", "gaussian", "tv"]
Persistence = Literal["auto", "hmm", "none"]


TREES_M: Final = (0.25, 1.3)
"""Pixel sizes that the trees were fitted for, with a margin."""


def choose(facts: Facts) -> Choice:
    """The method for these scenes, and why: one sentence for each of the three worlds."""
    fine = facts.resolution_m < VERY_HIGH_RESOLUTION_M
    parameters: dict[str, Any] = {"tolerance_px": _lean_px(facts)} if fine else {}
    if facts.is_sar and facts.dates > 2:
        looks = "for a number of looks that is estimated from the ratios and stated in run.json (enl sets it)"
        return Choice("omnibus", {}, f"radar, {facts.dates} dates: a likelihood-ratio test of equal intensity {looks}")
    if facts.is_sar:
        return Choice("log_ratio", {}, "radar, a pair: speckle multiplies, so the ratio of local means is compared")
    if TREES_M[0] <= facts.resolution_m <= TREES_M[1] and set(ROLES[:3]) <= set(facts.roles):
        colours = "blue, green, red and near infrared" if ROLES[3] in facts.roles else "blue, green and red alone"
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


def false_share(method: str, facts: Facts) -> float:
    """Share of a quiet site that a method marks falsely, for the interval of the changed area.

    Below 2 m no unlearned rule tells season and shadow from change: 4 to 24 % of the unchanged ground of simulated
    series at 0.5 m was marked; of the trees' figures see changedet/models/change_trees.md, doubled here for sites
    unlike the simulated ones. Coarser, what was marked falsely at 10 m on 24 simulated pairs of all seasons against a
    winter date (docs/change.md).
    """
    if method == "trees":
        return TREES_FALSE_SHARE
    if facts.resolution_m < VERY_HIGH_RESOLUTION_M:
        return 0.24
    return COARSE_FALSE_SHARES.get(method, OTHER_COARSE_FALSE_SHARE)


def _lean_px(facts: Facts) -> int:
    """Residual shift and roof lean grow in pixels as pixels shrink: one pixel to 0.5 m, two below."""
    return 1 if facts.resolution_m >= 0.5 else 2


@dataclass(frozen=True)
class ChangeMethod(PixelMethod[dict[str, Any], Singles]):
    """A `PixelMethod` of a pair: ``fit(before, after)`` gives a model with a ``threshold`` of the score.

    Attributes
    ----------
    min_area_m2 : float
        Smaller changes are dropped.
    """

    min_area_m2: float = 0.0


STAGE: Final[Stage[ChangeMethod]] = Stage("change", choose, SHARED)


def pixel_method(name: str, facts: Facts, given: Mapping[str, Any], *, default_rule: str) -> ChangeMethod:
    """An unlearned method from its parameters; MethodError for a window without a middle or a ratio of 1 and less.

    Parameters
    ----------
    name : str
        Of `kernels.change.fit_change`.
    facts : Facts
    given : mapping
        The method's parameters, and what it fixes beside them; `facts` itself is passed over.
    default_rule : str
        Of the threshold, where that is ``auto``.
    """
    settings = {key: value for key, value in given.items() if key not in {"facts", "persistence"}}
    if "window_px" in settings:
        check_odd("window_px", settings["window_px"])
    if settings.get("min_ratio", 2.0) <= 1.0:
        raise MethodError(f"change.min_ratio: {settings['min_ratio']}, expected more than 1")
    if settings["threshold"] == AUTO:
        settings["threshold"] = default_rule
    settings["min_area_m2"] = least_area(settings["min_area_m2"], facts)
    fit = partial(fit_change, method=name, settings=settings)
    return ChangeMethod(fit, apply_change, halo_px(settings), settings["min_area_m2"])


def least_area(given: float | str, facts: Facts, least_m2: float = LEAST_OBJECT_M2) -> float:
    """In square metres: as given, or for ``auto`` the least, and that of `LEAST_PIXELS` where that is more."""
    return max(least_m2, LEAST_PIXELS * facts.resolution_m**2) if isinstance(given, str) else given


def check_odd(key: str, value: int) -> None:
    """MethodError for a window without a middle pixel."""
    if value % 2 == 0:
        raise MethodError(f"change.{key}: {value}, expected an odd number, so that the window has a middle pixel")
