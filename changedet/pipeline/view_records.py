"""What summary.json says of the views: those that were learnt, and those from farther aslant than was learned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np

from changedet.json_types import Json
from changedet.kernels.doubts import TAUGHT_VIEW_DEG
from changedet.stages.tracks.kernels.views import SeriesViews

LEAST_LEARNT_DEG: Final = 1.0
"""Off nadir: less displaces a box's roof by under 5 cm."""


def learnt_views(views: SeriesViews | None, dates: Sequence[dt.date]) -> dict[str, dict[str, float]]:
    """Write down the views that nobody gave and that the boxes themselves show.

    Parameters
    ----------
    views : SeriesViews or None
        Of all dates; None where boxes are not placed by views.
    dates : sequence of datetime.date
        Of all looks, sorted.

    Returns
    -------
    dict
        By ISO date ``azimuth_deg`` and ``off_nadir_deg``, as a scene's ``view`` in a workflow.
    """
    if views is None:
        return {}
    off_nadir, azimuth = views.angles
    return {
        str(dates[int(k)]): {"azimuth_deg": float(round(azimuth[k])), "off_nadir_deg": round(float(off_nadir[k]), 1)}
        for k in np.flatnonzero(views.learnt)
    }


def oblique_looks(
    views: SeriesViews | None, dates: Sequence[dt.date], counted: Collection[dt.date]
) -> dict[str, float]:
    """List the looks from farther aslant than any that taught the models.

    A view that is learnt from what may be no containers, such as rows of parked cars, is no view; any other that is
    learnt is listed where it is aslant by more than its error.

    Parameters
    ----------
    views : SeriesViews or None
        Of all dates; None where boxes are not placed by views.
    dates : sequence of datetime.date
        Of all looks, sorted.
    counted : collection of datetime.date
        Those whose containers are counted beyond doubt: of others only views that are given are listed.

    Returns
    -------
    dict
        ISO date -> degrees off nadir.
    """
    if views is None:
        return {}
    off_nadir = views.farther_than(TAUGHT_VIEW_DEG)
    known = ~views.learnt | np.array([day in counted for day in dates], bool)
    steep = np.flatnonzero(known & (off_nadir > 0))
    return {str(dates[int(k)]): round(float(off_nadir[k]), 1) for k in steep}


def views_note(views: Mapping[str, Mapping[str, float]], dates: int) -> list[Json]:
    """Say of how many looks the view was not given, and what was taken instead.

    Parameters
    ----------
    views : dict
        As `learnt_views` gives them.
    dates : int
        Number of all dates.

    Returns
    -------
    list of str
        One note; empty where all views are given, or those that are learnt displace no roof to speak of.
    """
    if not any(view["off_nadir_deg"] >= LEAST_LEARNT_DEG for view in views.values()):
        return []
    which = (
        "no look says from where it was taken"
        if len(views) == dates
        else "1 look does not say from where it was taken"
        if len(views) == 1
        else f"{len(views)} of {dates} looks do not say from where they were taken"
    )
    return [
        f"{which}: views are learnt from how the containers' roofs lie, and what all looks share of them stays "
        "unknown; 'view' of the scenes, where it is known, sets containers on the ground more surely"
    ]
