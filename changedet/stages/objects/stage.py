"""The methods that find boxes, and which of them `auto` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.errors import MethodError
from changedet.kernels.calibration import Confidence, original, recalibrated
from changedet.kernels.containers import WIDTH_M
from changedet.stages.objects import detector
from changedet.stages.objects.boxes import OVERLAP, BoxColumns, placed_columns, rectangles_of, suppress, table_of
from changedet.stages.objects.kernels import network, stack_height
from changedet.stages.objects.kernels.box_labels import kinds, surface_colours
from changedet.stages.objects.kernels.classical import ClassicalStatistics, detect
from changedet.stages.objects.kernels.classical_coefficients import COEFFICIENTS
from changedet.stages.objects.kernels.network import NetworkStatistics
from changedet.stages.objects.kernels.stretch import stretch_gamma, stretch_limits
from changedet.stages.objects.kernels.working_picture import working_picture
from changedet.stages.objects.lattice import COARSEST_M, MOST_HALO_PX, Found, ObjectMethod, too_coarse
from changedet.stages.objects.rescoring import settled, without_roofs, without_walls
from changedet.stages.registry import NONE, Choice, Factor, Facts, Fraction, Number, Stage

if TYPE_CHECKING:
    import pandas as pd

REACH_M: Final = 18.0
"""Half the longest box, the ring around it and the neighbours that its score counts."""
LEAST_PX: Final = 4
"""A narrower block holds no box."""
SHADOW_GAMMA: Final = 0.6
"""Lifts the dark end, so that shade and ground stand apart in bright scenes too."""
EVIDENCE_CONFIDENCE: Final = 0.1
"""Weaker boxes are no evidence, not even beside the dates before and after."""


def choose(facts: Facts) -> Choice:
    """The method for a workflow that names none: `learned` in optical pictures of at most 1.2 m, else nothing.

    Parameters
    ----------
    facts : Facts
        Bands and resolution of the scenes.

    Returns
    -------
    Choice
        ``learned`` or ``none``, with the reason in words.
    """
    if facts.is_sar:
        return Choice(NONE, reason="containers are not counted in radar pictures")
    # A grid finer than all scenes shows no more than they do.
    finest_m = max(facts.resolution_m, min(facts.gsd_m, default=0.0))
    if too_coarse(finest_m):
        wide = WIDTH_M / finest_m
        return Choice(
            NONE,
            reason=f"in pixels of {finest_m:.3g} m a container is {wide:.2g} pixels wide; "
            f"counting needs pixels of at most {COARSEST_M} m",
        )
    return Choice("learned", reason=f"optical pictures of {facts.resolution_m:.2g} m show single containers")


STAGE: Final[Stage[ObjectMethod[Any]]] = Stage("objects", choose)


@STAGE.method("classical", reference="Felzenszwalb and Huttenlocher 2004, doi:10.1023/B:VISI.0000022288.19776.77")
def classical(
    facts: Facts,
    *,
    min_confidence: Fraction = 0.5,
    confidence_slope: Factor = 1.0,
    confidence_offset: Number = 0.0,
) -> ObjectMethod[ClassicalStatistics]:
    """Segments, rows cut by their pitch and rectangle templates, scored by size, sides, colour and neighbours.

    Parameters
    ----------
    facts : Facts
        The ground resolution, and the roles in the order of the images' bands.
    min_confidence : fraction
        Boxes below this probability of being a container are not counted.
    confidence_slope : float
        Each confidence ``c`` is given as ``sigmoid(slope logit(c) + offset)``: what `changedet calibrate` finds.
    confidence_offset : float
        The offset in it.

    Returns
    -------
    ObjectMethod
        Its ``tiers`` are null where no sun is known or no free shadow gives them.

    Raises
    ------
    MethodError
        Where the pixels are too coarse, or the bands are radar.
    """
    if facts.is_sar or too_coarse(facts.resolution_m):
        raise MethodError(f"objects.method: {choose(facts).reason}")
    scale = Confidence(confidence_slope, confidence_offset)
    bands = bands_used(facts.roles)
    gamma = stretch_gamma(facts.dtype == "uint8")
    least = min(min_confidence, EVIDENCE_CONFIDENCE)
    halo_px = min(MOST_HALO_PX, int(np.ceil(REACH_M / facts.resolution_m)))
    return ObjectMethod(
        partial(_fit_classical, bands=tuple(bands.values())),
        partial(
            _find_classical,
            bands=bands,
            resolution_m=facts.resolution_m,
            gamma=gamma,
            least=float(original(np.array([least]), *scale)[0]),
        ),
        partial(_settled, resolution_m=facts.resolution_m, rescore=None, least=least, scale=scale),
        halo_px=halo_px,
        count_confidence=min_confidence,
    )


@STAGE.method(
    "learned", reference="Ronneberger et al. 2015, doi:10.1007/978-3-319-24574-4_28; Zhou et al. 2019", version=28
)
def learned(
    facts: Facts,
    *,
    min_confidence: Fraction = 0.5,
    confidence_slope: Factor = 1.0,
    confidence_offset: Number = 0.0,
) -> ObjectMethod[NetworkStatistics]:
    """A small network, trained on simulated yards alone, that also separates trailers and buses from containers.

    Parameters
    ----------
    facts : Facts
        The ground resolution, and the roles in the order of the images' bands.
    min_confidence : fraction
        Boxes below this probability of being one are not counted.
    confidence_slope : float
        Each confidence ``c`` is given as ``sigmoid(slope logit(c) + offset)``: what `changedet calibrate` finds.
    confidence_offset : float
        The offset in it.

    Returns
    -------
    ObjectMethod
        Its ``tiers`` are null where no sun is known or no free shadow gives them.

    Raises
    ------
    MethodError
        Where the pixels are too coarse, or the bands are radar.
    ChangedetError
        The network's file is missing or damaged.
    """
    if facts.is_sar or too_coarse(facts.resolution_m):
        raise MethodError(f"objects.method: {choose(facts).reason}")
    detector.model_bytes()
    scale, least = Confidence(confidence_slope, confidence_offset), min(min_confidence, EVIDENCE_CONFIDENCE)
    resolution_m = facts.resolution_m
    return ObjectMethod(
        partial(network.statistics, bands=detector.bands_used(facts.roles)),
        partial(_find_learned, roles=facts.roles, resolution_m=resolution_m),
        partial(_settled, resolution_m=resolution_m, rescore=settled, least=least, scale=scale),
        *detector.lattice(resolution_m),
        count_confidence=min_confidence,
        observe=partial(_observe_learned, roles=facts.roles, resolution_m=resolution_m),
        aslant=partial(_aslant, resolution_m=resolution_m, least=least),
        lit=partial(_lit, resolution_m=resolution_m, least=least, scale=scale),
    )


def _settled(
    boxes: pd.DataFrame,
    *,
    resolution_m: float,
    rescore: Callable[[pd.DataFrame, float], pd.DataFrame] | None,
    least: float,
    scale: Confidence,
) -> pd.DataFrame:
    """A scene's boxes without overlaps, rescored together, of at least that confidence on the user's scale."""
    kept = suppress(boxes, resolution_m)
    table = kept if rescore is None else rescore(kept, resolution_m)
    if scale != (1.0, 0.0):
        table = table.assign(confidence=recalibrated(table["confidence"].to_numpy(np.float64), *scale))
    return table[table["confidence"] >= least].reset_index(drop=True)


def _lit(
    boxes: pd.DataFrame, shade: tuple[float, float], *, resolution_m: float, least: float, scale: Confidence
) -> pd.DataFrame:
    """A scene's boxes settled where the sun is known: the darker slope of a roof is often too unsure to be listed."""

    def rescore(table: pd.DataFrame, pixel_m: float) -> pd.DataFrame:
        return without_roofs(settled(table, pixel_m), pixel_m, shade)

    return _settled(boxes, resolution_m=resolution_m, rescore=rescore, least=least, scale=scale)


def _aslant(boxes: pd.DataFrame, lean: tuple[float, float], *, resolution_m: float, least: float) -> pd.DataFrame:
    """Settled boxes of a look from far aslant, of at least that confidence once walls are known."""
    table = without_walls(boxes, resolution_m, lean)
    return table[table["confidence"] >= least].reset_index(drop=True)


def _observe_learned(
    image: Singles, model: NetworkStatistics, clear: Bools | None, *, roles: Sequence[str], resolution_m: float
) -> Found:
    found = detector.find(image, model, roles, resolution_m, clear)
    chosen = image[list(detector.bands_used(roles))]
    return found._replace(boxes=_with_tiers(found.boxes, chosen, model, resolution_m))


def _find_learned(
    image: Singles, model: NetworkStatistics, *, roles: Sequence[str], resolution_m: float
) -> pd.DataFrame:
    return _observe_learned(image, model, None, roles=roles, resolution_m=resolution_m).boxes


def _with_tiers(
    table: pd.DataFrame, chosen: Singles, model: NetworkStatistics | ClassicalStatistics, resolution_m: float
) -> pd.DataFrame:
    """The table with the tiers of its stacks where the sun is known and a shadow shows them, else null."""
    # Imported here for a quick start.
    import pandas as pd

    if model.shadow is None or table.empty:
        return table
    low, high = (np.asarray(end, np.float32)[:, None, None] for end in (model.low, model.high))
    bright = np.clip((chosen - low) / (high - low), 0.0, 1.0).mean(axis=0) ** np.float32(SHADOW_GAMMA)
    gsd_m = max(resolution_m, model.gsd_m or 0.0)
    boxes = rectangles_of(table, resolution_m)
    found = stack_height.tiers(np.ascontiguousarray(bright), boxes, resolution_m, gsd_m, np.asarray(model.shadow))
    tiers = pd.Series(found, index=table.index, dtype="Int64")
    return table.assign(tiers=tiers.mask(tiers == 0))


def bands_used(roles: Sequence[str]) -> dict[str, int]:
    """Bands that the classical detector sees.

    Parameters
    ----------
    roles : sequence of str
        Of the picture's bands.

    Returns
    -------
    dict of str to int
        Role -> band: the visible ones and NIR where they are, else the panchromatic, else the first one.
    """
    colours = {role: list(roles).index(role) for role in ("blue", "green", "red", "nir") if role in roles}
    if len(colours) >= 3 or (colours and "pan" not in roles):
        return colours
    return {"pan": list(roles).index("pan") if "pan" in roles else 0}


def _fit_classical(samples: Singles, *, bands: Sequence[int]) -> ClassicalStatistics:
    return ClassicalStatistics(*stretch_limits(samples[:, list(bands)]))


def _find_classical(
    image: Singles,
    model: ClassicalStatistics,
    *,
    bands: Mapping[str, int],
    resolution_m: float,
    gamma: float,
    least: float,
) -> pd.DataFrame:
    """Boxes of one block as a table."""
    chosen, top, left = _shown(image[list(bands.values())])
    if min(chosen.shape[1:]) < LEAST_PX:
        return table_of({})
    picture = working_picture(chosen, model.low, model.high, resolution_m, gamma)
    index = {role: place for place, role in enumerate(bands)}
    # A date coarser than the grid was upsampled to it: its sides are as soft as its own pixels make them.
    gsd_m = max(resolution_m, model.gsd_m or 0.0)
    found = detect(replace(picture, gsd_m=gsd_m), COEFFICIENTS, index, least, OVERLAP)
    columns: BoxColumns = {
        **placed_columns(found.boxes, left, top, resolution_m),
        "confidence": found.confidence,
        "kind": kinds(found.boxes[:, 2], gsd_m),
        "color": surface_colours(found.colours, index, gamma),
        "inferred": found.inferred,
    }
    return _with_tiers(table_of(columns), image[list(bands.values())], model, resolution_m)


def _shown(image: Singles) -> tuple[Singles, int, int]:
    """The part of a block that has data, and its first row and column: nothing is spent on what is not there."""
    valid: Bools = np.all(np.isfinite(image), axis=0)
    rows, columns = np.flatnonzero(valid.any(axis=1)), np.flatnonzero(valid.any(axis=0))
    if not rows.size:
        return image[:, :0, :0], 0, 0
    return image[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], int(rows[0]), int(columns[0])
