"""Change by trees that were fitted on simulated pairs.

Parameters that several methods have are told of in `stage.SHARED`, once.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from changedet.errors import MethodError
from changedet.models.loader import ReleasedTrees, released_trees
from changedet.stages.change.kernels.features import HALO_PX, ROLES, context_names, names
from changedet.stages.change.kernels.greyness_odds import fit_greyness, with_greyness
from changedet.stages.change.kernels.structure_odds import fit_voice, with_voice
from changedet.stages.change.kernels.trees import LEAST_PROBABILITY, apply_trees, fit_trees
from changedet.stages.change.method import LEAST_OBJECT_M2, STAGE, ChangeMethod, Persistence, least_area
from changedet.stages.registry import AUTO, Facts, Fraction, SquareMetres

FEATURES: Final = (*names(), *context_names())
LEAST_SEEN_M2: Final = 4.0
"""With near infrared: of a box between others as much is seen, shade and the lean of its neighbours hide the rest."""


@STAGE.method("trees", reference="Friedman 2001, doi:10.1214/aos/1013203451", version=6)
def trees(
    facts: Facts,
    *,
    threshold: Fraction | Literal["auto"] = AUTO,
    min_area_m2: SquareMetres | Literal["auto"] = AUTO,
    persistence: Persistence = AUTO,
) -> ChangeMethod:
    """Probability of change by boosted trees that were fitted on simulated pairs at 0.3 to 1 m; for 0.25 to 1.3 m.

    Features are how far a value lies outside the other date's range within a pixel, both ways, after a robust line per
    band, on average over squares of up to 45 px; whether a patch is found again within 10 px, as a leaning roof is;
    colour, vegetation, correlation and directions of edges. A first guess goes into a second one (auto-context, Tu and
    Bai 2010, doi:10.1109/TPAMI.2009.186). Needs blue, green and red; scenes with near infrared and scenes without have
    forests of their own, and without it structure that came or went (as method structure tells it) has a say too; so
    has ground that turned grey, or ceased to be, where neither date is an 8-bit picture, whose colours were balanced.

    Parameters
    ----------
    threshold : float or "auto"
        Probability from which on a pixel counts as changed; auto is what simulated pairs of this resolution ask for.
    min_area_m2 : float or "auto"
        Smaller changes are dropped; auto is 4 m2 with near infrared and 8 m2 without, or 3 pixels where that is more.
    """
    del persistence  # of no concern to a pair
    missing = [role for role in ROLES[:3] if role not in facts.roles]
    if missing:
        raise MethodError(f"change.method: trees needs bands blue, green and red, not shared: {', '.join(missing)}")
    bands = [facts.roles.index(role) if role in facts.roles else None for role in ROLES]
    least = least_area(min_area_m2, facts, LEAST_OBJECT_M2 if bands[3] is None else LEAST_SEEN_M2)
    settings = {"threshold": threshold, "min_area_m2": least}
    balanced = np.dtype(facts.dtype) == np.uint8
    fit = partial(_fit_trees, balanced=balanced, bands=bands, gsd_m=facts.resolution_m, settings=settings)
    return ChangeMethod(fit, _trees, HALO_PX, least)


def change_trees() -> ReleasedTrees:
    """The trees of change and what was saved with them."""
    return released_trees("change_trees.npz", FEATURES)


def _fit_trees(
    before: NDArray[np.float32], after: NDArray[np.float32], *, balanced: bool, **given: Any
) -> dict[str, Any]:
    released = change_trees()
    model = fit_trees(before, after, about=released.about, **given)
    if model["bands"][3] is None:
        first, second = (image[:, model["bands"][:3]] for image in (before, after))
        model["structure_floors"] = fit_voice(first, second)
        if not balanced:
            model["greyness"] = fit_greyness(first, second, given["gsd_m"])
    return model | {"sha256": released.sha256}


def _trees(before: NDArray[np.float32], after: NDArray[np.float32], model: dict[str, Any]) -> NDArray[np.float32]:
    found = apply_trees(before, after, model, change_trees().forests)
    if "structure_floors" not in model:
        return found
    colours = model["bands"][:3]
    pair = before[colours], after[colours]
    found = with_voice(found, *pair, model["structure_floors"], LEAST_PROBABILITY)
    return with_greyness(found, *pair, model["greyness"]) if "greyness" in model else found
