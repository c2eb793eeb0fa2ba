"""What the trees need of a pair: the line between both dates, the bands' scale, and the forests for its bands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypedDict

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.shown_pictures import ShownRange
from changedet.stages.change.kernels.greyness_odds import GreynessStatistics
from changedet.stages.change.kernels.image_planes import BandScale, fit_scale

Stages: TypeAlias = list[tuple[int, float]]
"""After so many trees, a pixel below this log odds meets no more."""


class JudgeAbout(TypedDict):
    """What was saved of one of the second guesses, see `Judge`."""

    stages: list[list[float]]
    margin: list[float]
    probability: list[float]


class WorldAbout(TypedDict):
    """What was saved of the forests for scenes with, or without, near infrared; see `TreesStatistics`."""

    thresholds: list[list[float]]
    forests: list[int]
    first_stages: list[list[float]]
    judges: list[JudgeAbout]


class TreesAbout(TypedDict):
    """What was saved with the forests: for ``rgbn`` and ``rgb``, and the least and greatest pixel size, in metres."""

    worlds: Mapping[str, WorldAbout]
    least_gsd_m: float
    greatest_gsd_m: float


@dataclass(frozen=True)
class Judge:
    """A forest of the second guess.

    Attributes
    ----------
    stages : list of (int, float)
        After so many trees, a pixel below this log odds meets no more.
    margin, probability : list of float
        Points of its calibration: log odds of the forest, and the share of changed pixels there.
    """

    stages: Stages
    margin: list[float]
    probability: list[float]


@dataclass(frozen=True)
class TreesSettings:
    """Parameters of method trees, resolved.

    Attributes
    ----------
    threshold : float or "auto"
        Probability above which a pixel is changed.
    min_area_m2 : float
        Smaller changes are dropped.
    """

    threshold: float | Literal["auto"]
    min_area_m2: float


@dataclass(frozen=True)
class TreesDiagnostics:
    """How a threshold came about.

    Attributes
    ----------
    rule : {"trained", "given"}
        Who chose it.
    reason : str
        In words.
    """

    rule: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class TreesStatistics:
    """What method trees fits on a pair.

    Attributes
    ----------
    method : "trees"
        Name of the method.
    settings : TreesSettings
        Its parameters.
    scale : BandScale
        The line between both dates and the scale of the bands.
    bands : list of int or None
        Where blue, green, red and near infrared lie; None where there is no such band.
    gsd_m : float
        Ground size of a pixel, within what the trees were fitted for.
    forests : list of int
        Which of all are for scenes with, or without, near infrared: the first guess, then the others.
    first_stages : list of (int, float)
        Of the first guess, as `Judge.stages`; the last one dismisses.
    judges : list of Judge
        Of the second guess.
    threshold : float
        Probability above which a pixel is changed.
    min_area_m2 : float
        Smaller changes are dropped.
    diagnostics : TreesDiagnostics
        How the threshold came about.
    sha256 : str
        Of the file of the forests.
    structure_floors : list of float, optional
        From `structure_odds.fit_structure_odds`, without near infrared.
    greyness : GreynessStatistics, optional
        Without near infrared, but for 8-bit images.
    shown : ShownRange, optional
        What the network is shown black and white.
    """

    method: Literal["trees"]
    settings: TreesSettings
    scale: BandScale
    bands: list[int | None]
    gsd_m: float
    forests: list[int]
    first_stages: Stages
    judges: list[Judge]
    threshold: float
    min_area_m2: float
    diagnostics: TreesDiagnostics
    sha256: str
    structure_floors: list[float] | None = None
    greyness: GreynessStatistics | None = None
    shown: ShownRange | None = None


def fit_trees(
    before: Singles,
    after: Singles,
    bands: list[int | None],
    gsd_m: float,
    about: TreesAbout,
    sha256: str,
    settings: TreesSettings,
    lasting: Bools | None = None,
) -> TreesStatistics:
    """Fit what the trees need of a pair.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        The sample; NaN where not valid.
    bands : list of int or None
        Where blue, green, red and the near infrared lie; None where there is no such band.
    gsd_m : float
        Ground size of a pixel.
    about : dict
        As saved with the forests.
    sha256 : str
        Of their file.
    settings : TreesSettings
        The method's parameters.
    lasting : bool (cell, y, x), optional
        Of `fit_scale`.

    Returns
    -------
    TreesStatistics
        Without `structure_floors`, `greyness` and `shown`.
    """
    given = settings.threshold
    own = about["worlds"]["rgb" if bands[3] is None else "rgbn"]
    threshold = by_resolution(gsd_m, own["thresholds"]) if isinstance(given, str) else float(given)
    reason = "by resolution, from simulated pairs" if isinstance(given, str) else "given"
    return TreesStatistics(
        method="trees",
        settings=settings,
        scale=fit_scale(before, after, bands, lasting),
        bands=bands,
        gsd_m=float(min(max(gsd_m, about["least_gsd_m"]), about["greatest_gsd_m"])),
        forests=own["forests"],
        first_stages=_stages(own["first_stages"]),
        judges=[Judge(_stages(one["stages"]), one["margin"], one["probability"]) for one in own["judges"]],
        threshold=threshold,
        min_area_m2=settings.min_area_m2,
        diagnostics=TreesDiagnostics("trained" if isinstance(given, str) else "given", reason),
        sha256=sha256,
    )


def _stages(kept: Sequence[Sequence[float]]) -> Stages:
    return [(int(trees), float(margin)) for trees, margin in kept]


def by_resolution(gsd_m: float, known: list[list[float]]) -> float:
    """A value between the resolutions at which it is known, along the logarithm; beyond them the last.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.
    known : list of [gsd_m, value]
        In any order.

    Returns
    -------
    float
        Of that ground size.
    """
    sizes, values = zip(*sorted(known), strict=True)
    return float(np.interp(math.log(gsd_m), np.log(sizes), values))
