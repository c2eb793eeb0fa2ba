"""Whether a run knows the seasons of its site: series in coarse pixels that nothing learned compares."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.plan.model import PROBABILISTIC, Plan
from changedet.stages.change.method import shows_seasons
from changedet.stages.registry import AUTO

LEAST_LOOKS, MOST_DAYS = 6, 75.0
"""Looks, and days between two of them in the median, that show how long fields lie bare. Of a Landsat series of eight
looks in 35 years nearly all of a town's growth and of a river's way was taken for seasons (docs/research/change.md)."""
MOST_M: Final = 15.0
"""Coarsest pixel on the ground, in which a field still is one."""
STRETCHED: Final = "uint8"
"""Type of pictures whose values are no reflectance, so that no index tells plants."""


def knows_seasons(plan: Plan) -> bool:
    """Whether masks ask what the site's fields look like through the year.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    bool
        So where ``auto`` chose, the dates are read together, and all show plants in pixels so coarse that nothing
        learned compares them, every few weeks. Who names a method has its masks as they are.
    """
    choice, asked = plan.choices["change"], plan.workflow.stages["change"].method
    if not plan.reads_together or asked != AUTO or choice.method in PROBABILISTIC or not shows_seasons(plan.facts):
        return False
    days = [look.date.toordinal() for look in plan.looks]
    often = len(days) >= LEAST_LOOKS and float(np.median(np.diff(days))) <= MOST_DAYS
    stretched = any(look.dtype == STRETCHED for look in plan.looks)
    return often and not stretched and max(look.gsd_m for look in plan.looks) <= MOST_M
