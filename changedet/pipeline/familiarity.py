"""Which scenes show boxes at all, and how familiar each is to the models, from what the passes kept."""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect
from collections.abc import Mapping, Sequence
from typing import Final

from changedet.json_types import JsonObject
from changedet.plan import Plan
from changedet.stages.objects.familiarity import Familiarity, familiarity_of
from changedet.stages.objects.lattice import too_coarse
from changedet.stages.tracks.result import Tracks
from changedet.store import read_json

DIGITS: Final = 3
"""Of a distance in ``summary.json``."""
LEAST_KNOWN: Final = 10
"""Boxes that other looks show from which what a strange look shows of them tells something: of ten a look that shows
half of its boxes shows `LEAST_SHOWN` by chance in 5 of 100 cases."""
LEAST_SHOWN: Final = 0.75
"""Share of them that a strange look shows from which it is counted. Of looks that are no strangers a tenth show fewer
of their boxes. On strangers' sites and real pictures with pasted boxes looks beyond the edge show .83 to .90 of such
boxes where they show most of all, and none where they are blind (docs/research/judges.md)."""
MOST_APART: Final = 0.47
"""In units of the distance. So near another familiar look of their site lie 19 of 20 familiar looks (606 of finished
runs of all hands): what lies no farther from one differs from it as its seasons do. A yard that 40 boxes leave moves by
.12 to .15, blur of 1.5 px moves looks by .48 and more (docs/research/judges.md)."""
PRESENT: Final = 0.5
"""Probability from which a box that no row shows may stand there unseen, by the pixels of its place."""


def counted_dates(plan: Plan) -> list[dt.date]:
    """List the dates whose scenes are fine enough to count boxes.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of date
        None where the stage objects is switched off.
    """
    method = plan.built("objects")
    return [look.date for look in plan.looks if method is not None and not too_coarse(look.gsd_m, method.coarsest_m)]


def familiarities(plan: Plan) -> dict[dt.date, Familiarity]:
    """Say how far each scene lies from what the models were fitted on.

    Parameters
    ----------
    plan : Plan
        Its passes are done.

    Returns
    -------
    dict of date to Familiarity
        Of the dates on which the network looked for boxes.
    """
    counted, found = set(counted_dates(plan)), {}
    for look in plan.looks:
        path = plan.folder.table("described", look.date)
        kept = read_json(path)["description"] if look.date in counted and path.exists() else None
        if kept is not None:
            found[look.date] = familiarity_of(kept, max(look.gsd_m, plan.grid.ground_resolution_m))
    return found


def borne_out(found: Mapping[dt.date, Familiarity], tracks: Tracks | None) -> dict[dt.date, Familiarity]:
    """Let a look beyond the edge be counted where other looks at the site bear out what it shows.

    A few boxes of a rare colour or the beams of a crane are enough for a scene to look like none of those that the
    models were fitted on, and yet its boxes are found; other such scenes show none of theirs. What looks that are no
    strangers show on either side of it tells which; at an end of the series one side does. An emptied yard has no boxes
    to show: where it is near to a look that shows many, and those are gone by the pixels, too, it is empty. Where most
    looks are strangers the site is one: caravans are found again on every look as well.

    Parameters
    ----------
    found : mapping of date to Familiarity
        Of `familiarities`.
    tracks : Tracks or None
        The boxes, followed over the dates.

    Returns
    -------
    dict of date to Familiarity
        As given, but for looks that are borne out.
    """
    if tracks is None:
        return dict(found)
    column = {day: t for t, day in enumerate(tracks.dates)}
    known = sorted(day for day, one in found.items() if not one.is_refused and day in column)
    result = dict(found)
    if 2 * len(known) <= len(found):
        return result
    for day, one in found.items():
        if not one.is_refused or day not in column:
            continue
        said = _shown_again(day, known, tracks) or _gone(day, known, found, tracks)
        if said:
            sentence = f"it looks like none of the scenes that the models were fitted on, yet {said}"
            result[day] = one._replace(sentence=f"{sentence}: its intervals are widened", is_borne_out=True)
    return result


def _shown_again(day: dt.date, known: Sequence[dt.date], tracks: Tracks) -> str:
    """Say how many boxes of the looks beside it a look shows; nothing where these are few."""
    column = {one: t for t, one in enumerate(tracks.dates)}
    at = bisect(known, day)
    beside = [column[near] for near in (*known[:at][-1:], *known[at : at + 1])]
    stood = tracks.seen[:, beside].all(1)
    shown, all_of_them = int((stood & tracks.seen[:, column[day]]).sum()), int(stood.sum())
    if not beside or all_of_them < LEAST_KNOWN or shown < LEAST_SHOWN * all_of_them:
        return ""
    return f"it shows {shown} of {all_of_them} boxes of the looks beside it"


def _gone(day: dt.date, known: Sequence[dt.date], found: Mapping[dt.date, Familiarity], tracks: Tracks) -> str:
    """Say that boxes of a look that is much like it are gone or shown; nothing where none is, or where they are not."""
    column, own = {one: t for t, one in enumerate(tracks.dates)}, found[day].coordinates
    if not own:
        return ""
    apart, like = min((math.dist(own, found[other].coordinates), other) for other in known)
    stood, t = tracks.seen[:, column[like]], column[day]
    accounted = stood & (tracks.seen[:, t] | (tracks.presence[:, t] < PRESENT))
    if apart > MOST_APART or stood.sum() < LEAST_KNOWN or accounted.sum() < LEAST_SHOWN * stood.sum():
        return ""
    return (
        f"it is near to the look of {like}, of whose {int(stood.sum())} boxes {int(accounted.sum())} are shown or gone"
    )


def familiarity_json(found: Mapping[dt.date, Familiarity]) -> JsonObject:
    """Familiarity as ``summary.json`` keeps it.

    Parameters
    ----------
    found : mapping of date to Familiarity
        Of `familiarities`.

    Returns
    -------
    dict
        ISO date -> ``distance`` (null where it is not known), ``sentence`` and ``refused``.
    """
    return {
        str(day): {
            "distance": round(one.distance, DIGITS) if one.distance == one.distance else None,
            "sentence": one.sentence,
            "refused": one.is_refused,
        }
        for day, one in found.items()
    }


def refusals(found: Mapping[dt.date, Familiarity]) -> list[str]:
    """Say for which dates no counts are estimated, and why.

    Parameters
    ----------
    found : mapping of date to Familiarity
        Of `familiarities`.

    Returns
    -------
    list of str
        A line for each.
    """
    return [f"{day}: {one.sentence}" for day, one in found.items() if one.is_refused]
