"""Figures with their intervals."""

from __future__ import annotations

import math
from typing import NamedTuple

from changedet.kernels import intervals


class Estimate(NamedTuple):
    """A figure with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
        In the unit of the figure.
    """

    value: float
    low: float
    high: float

    def reaching(self, low: float = math.inf, high: float = -math.inf) -> Estimate:
        """The same with an interval that reaches so far at least.

        Parameters
        ----------
        low, high : float, optional
            In the unit of the figure.

        Returns
        -------
        Estimate
            With bounds no higher than `low` and no lower than `high`.
        """
        return self._replace(low=min(self.low, low), high=max(self.high, high))


def changed_area_interval(
    area_m2: float,
    seen_area_m2: float,
    false_share: float = intervals.FALSE_SHARE,
    shares: intervals.MaskShares = intervals.USUAL_SHARES,
    faint_area_m2: float = 0.0,
    lone_area_m2: float = 0.0,
    bared_area_m2: float = 0.0,
) -> Estimate:
    """A mask's changed area with the 95 % interval of the truly changed area, within what both dates show.

    Provisional, until it is calibrated on labelled sites (`intervals.area_interval`).

    Parameters
    ----------
    area_m2, seen_area_m2 : float
        Of the pixels marked 1, and of those that both dates show clearly.
    false_share : float
        Share of a quiet site that the method marks falsely: the change may be all false up to there.
    shares : MaskShares, optional
        Of the method and the bands that were compared.
    faint_area_m2 : float, optional
        Of the pixels that are faintly scored and not marked.
    lone_area_m2 : float, optional
        Of the marked pixels that no other look bears out, where one look alone may be wrong about whole fields.
    bared_area_m2 : float, optional
        Of the pixels that lost their plants for good and are not marked.

    Returns
    -------
    Estimate
        In m2.
    """
    hints = faint_area_m2, lone_area_m2, bared_area_m2
    bounds = intervals.area_interval(area_m2, seen_area_m2, false_share, shares, *hints)
    return Estimate(area_m2, *bounds)
