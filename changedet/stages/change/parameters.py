"""Parameters that several change methods have: each is declared once, with its type, default and description.

A method takes them in groups; the registry expands a group where it stands in the method's signature.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Final, Literal, TypeVar

from changedet.errors import MethodError
from changedet.stages.change.kernels.pair_statistics import PairSettings
from changedet.stages.registry import AUTO, Count, Factor, Facts, Fraction, Number, Pixels, SquareMetres

LEAST_OBJECT_M2: Final = 8.0
"""Half a 20-foot container, 14.8 m2, whose base is seldom marked in full."""
LEAST_PIXELS: Final = 3
"""Where a pixel is larger than objects, a change of fewer pixels cannot be separated from noise."""
UNTESTED_FALSE_ALARM: Final = 0.001
"""Share of unchanged pixels that rule chi2 lets pass, of methods that have no parameter for it."""

Settings = TypeVar("Settings", bound=PairSettings)


@dataclass(frozen=True)
class Displacement:
    """What a displacement may explain.

    Attributes
    ----------
    tolerance_px : int
        What a displacement by so many pixels explains is not marked; 0 for no such test.
    """

    tolerance_px: Count = 1


@dataclass(frozen=True)
class LocalMeans:
    """Of radar.

    Attributes
    ----------
    window_px : int
        Edge of the window of the local means, odd.
    """

    window_px: Count = 3


@dataclass(frozen=True)
class ScoreSmoothing:
    """Smoothing of the score.

    Attributes
    ----------
    smoothing : {"none", "gaussian", "tv"}
        Of the score: none, Gaussian, or total variation.
    smoothing_px : float
        Standard deviation of the Gaussian.
    tv_weight : float
        Weight of the total variation, in medians of the score.
    """

    smoothing: Literal["none", "gaussian", "tv"] = "gaussian"
    smoothing_px: Pixels = 1.0
    tv_weight: Number = 1.0


@dataclass(frozen=True)
class RuleThreshold:
    """The threshold of a score, by a rule or given.

    Attributes
    ----------
    threshold : str or float
        A rule (auto is otsu) or the score itself. A rule never goes below the noise floor.
    noise_sigmas : float
        A threshold by rule lies at least so many spreads of the unchanged scores above their median.
    """

    auto_rule: ClassVar[str] = "otsu"

    threshold: Literal["auto", "otsu", "kittler", "kapur", "kmeans", "sigma", "chi2"] | Factor = AUTO
    noise_sigmas: Number = 4.0


@dataclass(frozen=True)
class ChiSquareThreshold(RuleThreshold):
    """The threshold of a score whose square is chi-square where nothing changed.

    Attributes
    ----------
    false_alarm_fraction : float
        Share of unchanged pixels that rule chi2 lets pass; its quantile also bounds the other rules from below.
    """

    false_alarm_fraction: Fraction = 0.001


@dataclass(frozen=True)
class KittlerThreshold(ChiSquareThreshold):
    """The same, by the rule of Kittler and Illingworth unless another is given.

    Attributes
    ----------
    threshold : str or float
        A rule (auto is kittler) or the score itself. A rule never goes below the noise floor.
    """

    auto_rule: ClassVar[str] = "kittler"


@dataclass(frozen=True)
class Cleaning:
    """What of the marks is kept.

    Attributes
    ----------
    min_area_m2 : float or "auto"
        Smaller changes are dropped; auto is 8 m2, or 3 pixels where that is more.
    persistence : {"auto", "hmm", "none"}
        Whether the masks of three dates and more are read together, so that a single bad look makes no change.
    """

    min_area_m2: SquareMetres | Literal["auto"] = AUTO
    persistence: Literal["auto", "hmm", "none"] = AUTO

    def least_area_m2(self, facts: Facts, auto_m2: float = LEAST_OBJECT_M2) -> float:
        """Area below which a change is dropped.

        Parameters
        ----------
        facts : Facts
            Of which the pixel size counts.
        auto_m2 : float
            What ``auto`` is where `LEAST_PIXELS` are less.

        Returns
        -------
        float
            In square metres.
        """
        if isinstance(self.min_area_m2, str):
            return max(auto_m2, LEAST_PIXELS * facts.resolution_m**2)
        return self.min_area_m2


def settings_of(
    kind: type[Settings],
    facts: Facts,
    threshold: RuleThreshold,
    cleaning: Cleaning,
    *others: Displacement | LocalMeans | ScoreSmoothing,
    **own: object,
) -> Settings:
    """A method's parameters, resolved, as its statistics keep them.

    Parameters
    ----------
    kind : type of PairSettings
        The method's record.
    facts : Facts
        Of which the pixel size counts.
    threshold : RuleThreshold
        How the threshold is found.
    cleaning : Cleaning
        What of the marks is kept.
    *others : Displacement, LocalMeans or ScoreSmoothing
        What else the method shares with others.
    **own : object
        Its own parameters, and what it fixes of the others.

    Returns
    -------
    PairSettings
        Of that kind.
    """
    values: dict[str, Any] = asdict(threshold)
    for group in others:
        values |= asdict(group)
    if values["threshold"] == AUTO:
        values["threshold"] = threshold.auto_rule
    return kind(**values | own, min_area_m2=cleaning.least_area_m2(facts))


def check_odd(key: str, value: int) -> None:
    """Check that a window has a middle pixel.

    Parameters
    ----------
    key : str
        Name of the parameter.
    value : int
        Its width in pixels.

    Raises
    ------
    MethodError
        It is even.
    """
    if value % 2 == 0:
        raise MethodError(f"change.{key}: {value}, expected an odd number, so that the window has a middle pixel")


def check_min_ratio(value: float) -> None:
    """Check the least factor of a radar change.

    Parameters
    ----------
    value : float
        The parameter ``min_ratio``.

    Raises
    ------
    MethodError
        It is 1 or less.
    """
    if value <= 1.0:
        raise MethodError(f"change.min_ratio: {value}, expected more than 1")
