"""Whether a run knows the seasons of its site: series in coarse pixels, of 2.5 m and more."""

from __future__ import annotations

from changedet.plan.model import Plan
from changedet.stages.change.method import shows_seasons
from changedet.stages.registry import AUTO, Facts
from changedet.workflow import Workflow


def knows_seasons(plan: Plan) -> bool:
    """Whether masks ask what the site's fields look like through the year.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    bool
        So where ``auto`` chose, the dates are read together, and they show the seasons. Who names a method has its
        masks as they are.
    """
    return plan.reads_together and asks_seasons(plan.workflow, plan.facts)


def asks_seasons(workflow: Workflow, facts: Facts) -> bool:
    """Whether masks ask for them where the dates are read together.

    Parameters
    ----------
    workflow : Workflow
        Says how change is found.
    facts : Facts
        What ``auto`` chooses by.

    Returns
    -------
    bool
        As of `knows_seasons`.
    """
    return workflow.stages["change"].method == AUTO and shows_seasons(facts)
