"""Figures with their intervals."""

from __future__ import annotations

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

    def at_least(self, value: float) -> Estimate:
        """The same with an upper bound that is no lower than a value.

        Parameters
        ----------
        value : float
            In the unit of the figure.

        Returns
        -------
        Estimate
            With the bound raised where it was lower.
        """
        return self._replace(high=max(self.high, value))

    def surely_at_most(self, value: float) -> Estimate:
        """The same with a lower bound that is no higher than a value.

        Parameters
        ----------
        value : float
            In the unit of the figure.

        Returns
        -------
        Estimate
            With the bound lowered where it was higher.
        """
        return self._replace(low=min(self.low, value))


def changed_area_interval(
    area_m2: float,
    seen_area_m2: float,
    false_share: float = intervals.FALSE_SHARE,
    shares: intervals.MaskShares = intervals.USUAL_SHARES,
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

    Returns
    -------
    Estimate
        In m2.
    """
    return Estimate(area_m2, *intervals.area_interval(area_m2, seen_area_m2, false_share, shares))
