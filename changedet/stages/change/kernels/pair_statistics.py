"""What all unlearned change methods share: their settings, and what is fitted on a pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias, TypedDict

import numpy as np

from changedet.arrays import Singles
from changedet.kernels.together import each
from changedet.stages.change.kernels.thresholds import NEVER, ThresholdDiagnostics, decide, false_alarm
from changedet.stages.change.kernels.tolerance import BandLine

Pair: TypeAlias = tuple[Singles, Singles]
"""What is compared of the earlier and of the later date, float32 (feature, y, x)."""

FIT_PIXELS: Final = 200_000
"""Pixels from which lines, moments and centroids are estimated; a fixed stride through the sample picks them."""


@dataclass(frozen=True, kw_only=True)
class PairSettings:
    """A method's parameters, resolved; what a method lacks is left out of the JSON.

    Attributes
    ----------
    tolerance_px : int
        Displacement that may explain a difference; 0 for no such test.
    smoothing : {"none", "gaussian", "tv"}
        Of the score.
    smoothing_px : float
        Standard deviation of the Gaussian.
    threshold : str or float
        A rule, or the threshold itself.
    noise_sigmas : float
        A threshold by rule lies at least so many spreads of the unchanged scores above their median.
    false_alarm_fraction : float
        Share of unchanged pixels that rule chi2 lets pass.
    min_area_m2 : float
        Smaller changes are dropped.
    tv_weight : float, optional
        Weight of the total variation, in medians of the score.
    """

    tolerance_px: int
    smoothing: str
    smoothing_px: float
    threshold: str | float
    noise_sigmas: float
    false_alarm_fraction: float
    min_area_m2: float
    tv_weight: float | None = None

    @property
    def feature_halo_px(self) -> int:
        """How far the features of a pixel look around, pixels on each side."""
        return 0

    @property
    def score_halo_px(self) -> int:
        """How far the raw score looks around among the features, pixels on each side."""
        return 0


class Undecided(TypedDict):
    """What is known of a pair's threshold before it was found."""

    ceiling: float
    threshold: float
    diagnostics: ThresholdDiagnostics


UNDECIDED: Final = Undecided(
    ceiling=NEVER,
    threshold=NEVER,
    diagnostics=ThresholdDiagnostics(
        rule="",
        median=0.0,
        spread=0.0,
        rule_threshold=0.0,
        floor=0.0,
        share=0.0,
        separability=0.0,
        reason="",
        confirmed=None,
    ),
)
"""Nothing is changed."""


@dataclass(frozen=True, kw_only=True)
class PairStatistics:
    """What is fitted on a pair, by any unlearned method.

    Attributes
    ----------
    method : str
        Name of the method.
    settings : PairSettings
        Its parameters.
    min_area_m2 : float
        Smaller changes are dropped.
    degrees : int
        Of freedom of the squared score where nothing changed.
    line : BandLine
        Takes the later date to the earlier one.
    ceiling : float
        Raw scores are clipped here before a Gaussian; `thresholds.NEVER` for no clipping.
    threshold : float
        Scores above it are changed; `thresholds.NEVER` where none is.
    diagnostics : ThresholdDiagnostics
        How the threshold came about.
    tv_weight : float, optional
        Weight of the total variation in units of the score.
    """

    is_clipped: ClassVar[bool] = False
    """Whether strong raw scores are clipped before smoothing: radar's rule (Otsu, half-way between the classes) keeps
    the outlines by itself, and needs both classes whole."""

    method: str
    settings: PairSettings
    min_area_m2: float
    degrees: int
    line: BandLine
    ceiling: float
    threshold: float
    diagnostics: ThresholdDiagnostics
    tv_weight: float | None = None

    def features(self, before: Singles, after: Singles) -> Pair:
        """What is compared: the bands as they are, unless a method says otherwise.

        Parameters
        ----------
        before, after : float32 (band, y, x)
            NaN where not valid.

        Returns
        -------
        pair of float32 (feature, y, x)
            With `PairSettings.feature_halo_px` less that counts on each side.
        """
        return before, after

    def raw_score(self, before: Singles, after: Singles) -> Singles:
        """The score before smoothing.

        Parameters
        ----------
        before, after : float32 (feature, y, x)
            From `features`.

        Returns
        -------
        float32 (y, x)
            At least 0; NaN where either is.

        Raises
        ------
        NotImplementedError
            Each method has its own.
        """
        raise NotImplementedError

    def least_score(self) -> float:
        """A score that an unchanged pixel hardly reaches, whatever the scene; by default by chi-square.

        Returns
        -------
        float
            No threshold by rule lies below.
        """
        return false_alarm(0.0, self.degrees, self.settings.false_alarm_fraction)

    def decide(self, scores: Singles) -> tuple[float, ThresholdDiagnostics]:
        """The threshold of a sample of smoothed scores.

        Parameters
        ----------
        scores : float32 array
            Of any shape; NaN is left out.

        Returns
        -------
        threshold : float
            `thresholds.NEVER` where no score is changed.
        diagnostics : ThresholdDiagnostics
            How it came about.
        """
        own = self.settings
        return decide(
            scores, own.threshold, self.degrees, own.noise_sigmas, own.false_alarm_fraction, self.least_score()
        )


def valid_pixels(pairs: list[Pair]) -> Pair:
    """Pixels that both dates show, thinned by a fixed stride to about `FIT_PIXELS`.

    Parameters
    ----------
    pairs : list of pairs of float32 (feature, y, x)
        NaN where not valid.

    Returns
    -------
    pair of float32 (n, feature)
        Of the earlier and of the later date.
    """
    valid = each(
        lambda pair: np.flatnonzero(np.isfinite(pair[0]).all(axis=0) & np.isfinite(pair[1]).all(axis=0)), pairs
    )
    ends = np.cumsum([len(places) for places in valid])
    stride = max(1, int(ends[-1]) // FIT_PIXELS)
    # Only these are taken out: the whole sample once more would be half of what fitting holds.
    thinned = [
        places[-(end - len(places)) % stride :: stride] for places, end in zip(valid, ends.tolist(), strict=True)
    ]
    x, y = (
        np.concatenate([pair[i].reshape(len(pair[i]), -1)[:, k].T for pair, k in zip(pairs, thinned, strict=True)])
        for i in (0, 1)
    )
    return x, y
