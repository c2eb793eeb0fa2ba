"""Change by trees that were fitted on simulated pairs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal, cast

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.errors import MethodError
from changedet.kernels.lasting_pixels import LEAST_LASTING, STRUCTURE_M, lasting_pixels
from changedet.kernels.onnx_session import session
from changedet.kernels.shown_pictures import fit_shown_range, part_to_show, shown
from changedet.models.hall_network import odds_of
from changedet.models.loader import ReleasedTrees, released_content, released_trees
from changedet.stages.change.kernels.feature_names import HALO_PX, ROLES, context_names, names
from changedet.stages.change.kernels.greyness_odds import fit_greyness, with_greyness_odds
from changedet.stages.change.kernels.network_odds import (
    IN_COLOURS,
    IN_GREY,
    STEP_PX,
    WITH_NIR,
    ChangeNetwork,
    network_odds,
    with_network_odds,
)
from changedet.stages.change.kernels.roof_odds import roof_difference, roof_evidence, roof_picture
from changedet.stages.change.kernels.structure_odds import fit_structure_odds, with_structure_odds
from changedet.stages.change.kernels.trees import LEAST_PROBABILITY, apply_trees
from changedet.stages.change.kernels.trees_statistics import TreesAbout, TreesSettings, TreesStatistics, fit_trees
from changedet.stages.change.method import STAGE, ChangeMethod
from changedet.stages.change.parameters import LEAST_OBJECT_M2, Cleaning
from changedet.stages.registry import AUTO, Facts, Fraction

FEATURES: Final = (*names(), *context_names())
"""What the forests in ``change_trees.npz`` were fitted on."""
LEAST_SEEN_M2: Final = 4.0
"""With near infrared: of a box between others as much is seen, shade and the relief displacement of its neighbours hide
the rest."""


@dataclass(frozen=True)
class TreesCleaning(Cleaning):
    """What of the marks of method trees is kept.

    Attributes
    ----------
    min_area_m2 : float or "auto"
        Smaller changes are dropped; auto is 4 m2 with near infrared and 8 m2 without, or 3 pixels where that is more.
    """


@STAGE.method("trees", reference="Friedman 2001, doi:10.1214/aos/1013203451", version=15)
def trees(facts: Facts, *, threshold: Fraction | Literal["auto"] = AUTO, cleaning: TreesCleaning) -> ChangeMethod:
    """Probability of change by boosted trees that were fitted on simulated pairs at 0.3 to 1 m; for 0.25 to 3.5 m.

    Features are how far a value lies outside the other date's range within a pixel, both ways, after a robust line per
    band, on average over squares of up to 45 px; whether a patch is found again within 10 px, as a leaning roof is;
    colour, vegetation, correlation and directions of edges. A first guess goes into a second one (auto-context, Tu and
    Bai 2010, doi:10.1109/TPAMI.2009.186). Needs blue, green and red; scenes with near infrared and scenes without have
    forests of their own. The log odds of a network that compares what stands on both dates are added, and in runs their
    mean over the ground around bounds those of the trees. Without near infrared structure that appeared or vanished (as
    method structure measures it) counts too, and ground that turned grey, or ceased to be, where neither date is an
    8-bit image, whose colours were balanced.

    Parameters
    ----------
    facts : Facts
        What is known of the scenes.
    threshold : float or "auto"
        Probability from which on a pixel counts as changed; auto is what simulated pairs of this resolution ask for.
    cleaning : TreesCleaning
        What other methods have too.

    Returns
    -------
    ChangeMethod
        To fit and apply.

    Raises
    ------
    MethodError
        A visible band is not shared.
    """
    missing = [role for role in ROLES[:3] if role not in facts.roles]
    if missing:
        raise MethodError(f"change.method: trees needs bands blue, green and red, not shared: {', '.join(missing)}")
    bands = [facts.roles.index(role) if role in facts.roles else None for role in ROLES]
    least_m2 = cleaning.least_area_m2(facts, LEAST_OBJECT_M2 if bands[3] is None else LEAST_SEEN_M2)
    balanced = np.dtype(facts.dtype) == np.uint8
    settings = TreesSettings(threshold, least_m2)
    fit = partial(_fit_trees, balanced=balanced, bands=bands, gsd_m=facts.resolution_m, settings=settings)
    network = _network_for(facts, bands)
    apart = partial(_trees_apart, network=network)
    halo_px = max(HALO_PX, network.halo_px)
    roofs = _roofs if bands[3] is None else None
    return ChangeMethod(fit, partial(_trees, network=network), halo_px, least_m2, apart, roofs)


def change_trees() -> ReleasedTrees:
    """The forests of change and what was saved with them.

    Returns
    -------
    ReleasedTrees
        Read once a process.
    """
    return released_trees("change_trees.npz", FEATURES)


def _fit_trees(
    before: Singles,
    after: Singles,
    *,
    balanced: bool,
    bands: list[int | None],
    gsd_m: float,
    settings: TreesSettings,
) -> TreesStatistics:
    released = change_trees()
    about = cast("TreesAbout", released.about)
    # in coarser pixels fields are the structure
    lasting = _lasting(before, after, bands) if gsd_m <= STRUCTURE_M else None
    fitted = fit_trees(before, after, bands, gsd_m, about, released.sha256, settings, lasting)
    fitted = replace(fitted, shown=fit_shown_range(before, bands))
    if bands[3] is not None:
        return fitted
    colours = [band for band in bands[:3] if band is not None]
    first, second = (image[:, colours] for image in (before, after))
    greyness = None if balanced else fit_greyness(first, second, gsd_m)
    return replace(fitted, structure_floors=fit_structure_odds(first, second), greyness=greyness)


def _lasting(before: Singles, after: Singles, bands: list[int | None]) -> Bools | None:
    """Pixels (cell, y, x) of lasting structure; None where there are too few."""
    red, infrared = bands[2], bands[3]
    plants = None if red is None or infrared is None else (red, infrared)
    found = lasting_pixels(after, before, plants)
    return found if found.sum() >= LEAST_LASTING else None


def _trees(before: Singles, after: Singles, model: TreesStatistics, network: ChangeNetwork) -> Singles:
    return _trees_apart(before, after, model, network=network)[0]


def _trees_apart(
    before: Singles, after: Singles, model: TreesStatistics, halo_px: int = 0, *, network: ChangeNetwork
) -> tuple[Singles, Singles]:
    """Probability of change, and log odds of the network; NaN without.

    The network looks farther than the trees: in a halo of so many pixels probabilities are NaN where nobody needs them.
    """
    bands = [band for band in model.bands if band is not None]
    seen = np.asarray(np.isfinite(before).all(axis=0) & np.isfinite(after).all(axis=0), np.bool_)
    spare = max(0, halo_px - HALO_PX)
    core = tuple(slice(spare, size - spare) for size in seen.shape)
    found = np.full(seen.shape, np.nan, np.float32)
    found[core] = _by_trees(before[(slice(None), *core)], after[(slice(None), *core)], bands, model)
    if model.shown is None or not seen.any():
        return found, np.full_like(found, np.nan)
    place = part_to_show(seen, network.halo_px, STEP_PX)
    part = (slice(None), *place)
    first = shown(before[part], model.bands, [1.0] * len(bands), [0.0] * len(bands), model.shown, seen[place])
    second = shown(after[part], model.bands, model.scale.gain, model.scale.offset, model.shown, seen[place])
    odds = np.zeros(seen.shape, np.float32)
    odds[place] = network_odds(first, second, session(released_content(network.file)), network)
    found[core] = with_network_odds(found[core], odds[core], network)
    return found, np.where(seen, odds, np.float32(np.nan))


def _by_trees(before: Singles, after: Singles, bands: list[int], model: TreesStatistics) -> Singles:
    """Probability of change by trees and, in colours alone, by structure and greyness."""
    found = apply_trees(before, after, model, change_trees().forests)
    pair = before[bands], after[bands]
    if model.structure_floors is not None:
        found = with_structure_odds(found, *pair, model.structure_floors, LEAST_PROBABILITY)
        found = found if model.greyness is None else with_greyness_odds(found, *pair, model.greyness)
    return found


def _roofs(before: Singles, after: Singles, network: Singles, model: TreesStatistics) -> Singles:
    """Evidence of roofs (y, x), by both dates (band, y, x) and what the network of change says of them."""
    colours = [band for band in model.bands[2::-1] if band is not None]
    first, second = before[colours], after[colours]
    seen = np.asarray(np.isfinite(first).all(axis=0) & np.isfinite(second).all(axis=0), np.bool_)
    limits = model.shown
    if limits is None or not seen.any():
        return np.zeros(seen.shape, np.float32)
    pictures = (roof_picture(image, limits, model.gsd_m) for image in (first, second))
    earlier, later = (odds_of(picture)[0] for picture in pictures)
    return roof_evidence(roof_difference((earlier, later), seen), network, model.gsd_m)


def _network_for(facts: Facts, bands: list[int | None]) -> ChangeNetwork:
    """The network for such pictures, and how much it counts."""
    if facts.panchromatic:
        return IN_GREY
    return IN_COLOURS if bands[3] is None else WITH_NIR
