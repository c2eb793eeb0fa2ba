"""What the light along roofs says of pairs of looks at a site's places: whether they show two boxes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.kernels.colour_changepoints import pair_costs
from changedet.stages.tracks.kernels.likeness import roof_logs, unlikeness
from changedet.stages.tracks.kernels.site_likeness import SiteLikeness, other_pairs, site_likeness
from changedet.stages.tracks.kernels.stretches import Surfaces


class SiteRoofs(NamedTuple):
    """Light along the roofs of a site's rows, and what their scores say there.

    Attributes
    ----------
    logs : float64 (row, along, band)
        See `likeness.roof_logs`.
    shade : float64 (row, band)
        See there.
    site : SiteLikeness
        Of the usable rows.
    faint : bool (row,)
        Faint rows whose light is known: what it says was learnt from the usable ones.
    """

    logs: Floats
    shade: Floats
    site: SiteLikeness
    faint: Bools

    def log_odds(self, first: Ints, second: Ints, colour_cost: Floats) -> Floats:
        """Log-likelihood ratio of two boxes against one for pairs of looks.

        Parameters
        ----------
        first, second : int64 (pair,)
            Rows.
        colour_cost : float64 (pair,)
            Of `colour_changepoints.pair_costs`.

        Returns
        -------
        float64 (pair,)
            NaN where a row has no light.
        """
        return self.site.log_odds(unlikeness(self.logs, self.shade, first, second, colour_cost))


def site_roofs(linear: Floats, rows: Surfaces, of_row: Ints) -> SiteRoofs | None:
    """Read what the light along roofs says on a site.

    Parameters
    ----------
    linear : float64 (row, 3)
        Colours of `colour_casts.colours_without_casts`.
    rows : Surfaces
    of_row : int64 (row,)
        The stretch of each row; -1 for none.

    Returns
    -------
    SiteRoofs or None
        None without that light, or of too few pairs of looks.
    """
    if rows.light is None:
        return None
    known = np.isfinite(rows.light).all(axis=(1, 2)) & np.isfinite(linear).all(axis=1)
    first, second = _neighbours(rows.usable & known, rows, of_row)
    logs, shade = roof_logs(rows.light, rows.date, first, second)

    def _score(one: Ints, other: Ints) -> Floats:
        return unlikeness(logs, shade, one, other, pair_costs(linear, rows.shaded, rows.rim, one, other))

    site = site_likeness(_score(first, second), _score(*other_pairs(first, second, of_row)))
    return None if site is None else SiteRoofs(logs, shade, site, rows.faint & known)


class TopPairs(NamedTuple):
    """Neighbouring looks at places, and whether they show another box on top.

    Attributes
    ----------
    first, second : int64 (pair,)
        Rows.
    other : float64 (pair,)
        Probability of another box.
    """

    first: Ints
    second: Ints
    other: Floats


def top_pairs(roofs: SiteRoofs, linear: Floats, rows: Surfaces, of_row: Ints) -> TopPairs:
    """How probably neighbouring looks show two boxes, whatever the colours may leave open.

    Parameters
    ----------
    roofs : SiteRoofs
        Of the site.
    linear, rows, of_row
        As for `site_roofs`.

    Returns
    -------
    TopPairs
        Of the usable and the faint rows.
    """
    known = np.isfinite(roofs.logs).all(axis=(1, 2)) & np.isfinite(linear).all(axis=1)
    first, second = _neighbours((rows.usable | roofs.faint) & known, rows, of_row)
    odds = roofs.log_odds(first, second, pair_costs(linear, rows.shaded, rows.rim, first, second))
    prior = np.log(roofs.site.share / (1.0 - roofs.site.share))
    return TopPairs(first, second, 1.0 / (1.0 + np.exp(-odds - prior)))


def _neighbours(chosen: Bools, rows: Surfaces, of_row: Ints) -> tuple[Ints, Ints]:
    """Chosen rows (pair,) of a stretch, and the next chosen ones of the same by date."""
    used = np.flatnonzero((of_row >= 0) & chosen)
    used = used[np.lexsort((rows.date[used], of_row[used]))]
    follows = np.flatnonzero(np.diff(of_row[used]) == 0)
    return used[follows], used[follows + 1]
