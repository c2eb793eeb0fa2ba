"""The methods of the stage mask: why pixels are usable or not, where a scene brings no mask of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.blocks import PixelMethod
from changedet.errors import MethodError
from changedet.imagery.angles import SunAngles
from changedet.kernels.boosted_trees import Forest
from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA, SATURATED
from changedet.models.loader import released_trees
from changedet.stages.mask.kernels.cloud_context import CONTEXT_NAMES
from changedet.stages.mask.kernels.cloud_features import FEATURE_NAMES
from changedet.stages.mask.kernels.cloud_light import CloudBands
from changedet.stages.mask.kernels.frame_fill import black_fill, white_fill
from changedet.stages.mask.kernels.light_units import LightUnits, light_units
from changedet.stages.mask.kernels.overcast import hides_ground, is_doubtful, shows_nothing_of
from changedet.stages.mask.kernels.overview_classes import classify_overview
from changedet.stages.mask.kernels.overview_snow import Sun, is_white_all_over, snow_beside
from changedet.stages.mask.kernels.pixels import classes_of_pixels
from changedet.stages.registry import Choice, Facts, Metres, Stage

VISIBLE: Final = ("blue", "green", "red")
FILL_RESOLUTION_M: Final = 2.0
"""Of the overview in which white and black fill is looked for, as clouds are; chosen by hand."""
CLOUD_FEATURES: Final = (*FEATURE_NAMES, *CONTEXT_NAMES)
"""What the trees of clouds were fitted on, both questions together."""


@dataclass(frozen=True)
class MaskMethod(PixelMethod[None, Bytes]):
    """A `PixelMethod` whose clouds come from an overview of the whole scene.

    Clouds are large: they are found once a date on block means of some metres, where wide neighbourhoods are
    cheap, and no block of pixels needs a halo. There are no statistics to fit; ``apply(image, model=None)`` gives no
    data and saturation of each pixel as uint8 ``(y, x)``; `kernels.pixels.lay_over` adds the overview's classes.

    Attributes
    ----------
    classify : callable or None
        ``classify(overview, reference_overview, resolution_m, sun) -> uint8 (y, x)``, classes of
        `changedet.kernels.pixel_classes`: overviews are float32 ``(band, y, x)`` block means with NaN for no data, the
        reference's on the same grid or None, the resolution that of the overview's pixels, the sun `SunAngles` or
        None. None where only pixels count.
    overview_resolution_m : float
        Pixel size at which `classify` works best; `overview_factors.cloud_overview_factor` makes a whole factor of it.
    doubtful : callable or None
        ``doubtful(overview) -> bool``: whether a picture shows so little that it should be compared with another date.
        The reference date has none to be compared with, and is only then.
    hidden : callable or None
        ``hidden(overview, others) -> bool``: whether it shows nothing of what other dates' overviews show.
    white : callable or None
        ``white(overview) -> bool``: whether other dates should say if snow lies on it.
    snow : callable or None
        ``snow(overview, others, resolution_m, sun) -> uint8 (y, x)``: where other dates' overviews, laid on
        it, show that snow lies, CLEAR, SNOW or PATCHES.
    fill : callable or None
        ``fill(overview) -> bool (y, x)``: where white or black stands for nothing seen.
    """

    classify: Callable[[Singles, Singles | None, float, SunAngles | None], Bytes] | None = None
    overview_resolution_m: float = 2.0
    doubtful: Callable[[Singles], bool] | None = None
    hidden: Callable[[Singles, Sequence[Singles]], bool] | None = None
    white: Callable[[Singles], bool] | None = None
    snow: Callable[[Singles, Sequence[Singles], float, SunAngles | None], Bytes] | None = None
    fill: Callable[[Singles], Bools] | None = None


def choose(facts: Facts) -> Choice:
    """Spectral tests where three visible bands are shared; otherwise no data and saturation alone.

    Parameters
    ----------
    facts : Facts
        Of the scenes.

    Returns
    -------
    Choice
        For ``method: auto``.
    """
    if facts.is_sar:
        return Choice("nodata_only", {}, "SAR sees through clouds")
    if facts.panchromatic:
        return Choice("nodata_only", {}, "panchromatic: white ground and clouds cannot be told apart without colours")
    if all(role in facts.roles for role in VISIBLE):
        return Choice("spectral", {}, "blue, green and red are there to tell white clouds from ground and roofs")
    return Choice("nodata_only", {}, "clouds cannot be told without blue, green and red")


STAGE: Final[Stage[MaskMethod]] = Stage("mask", choose)


@STAGE.method("spectral", reference="after Zhu and Woodcock 2012, doi:10.1016/j.rse.2011.10.028", version=29)
def spectral(facts: Facts, *, overview_resolution_m: Metres = 2.0) -> MaskMethod:
    """Clouds by brightness, whiteness, width and fading outlines, their shadows by shape; saturation and no data.

    A date that shows nothing of what the reference shows is cloud as a whole. Snow is known by the short-wave infrared
    where it is there (Hall et al. 1995, doi:10.1016/0034-4257(95)00137-P), else by ground that has turned white all
    over the scene; where that is half of it, the whole date is snow.

    Parameters
    ----------
    facts : Facts
        Which bands there are, their data type and the pixel size.
    overview_resolution_m : float
        Pixel size at which clouds are looked for, at the finest.

    Returns
    -------
    MaskMethod
        With all of its functions.

    Raises
    ------
    MethodError
        A visible band is missing.
    """
    missing = [role for role in VISIBLE if role not in facts.roles]
    if missing:
        raise MethodError(f"mask.method: 'spectral' needs the bands blue, green, red; {', '.join(missing)} is missing")
    by_overview = partial(classify, roles=facts.roles, dtype=facts.dtype)
    saturated = partial(_pixel_classes, saturated_at=_saturated_at(facts.dtype))
    white = [facts.roles.index(role) for role in VISIBLE]
    return MaskMethod(
        _no_statistics,
        saturated,
        classify=by_overview,
        overview_resolution_m=max(overview_resolution_m, facts.resolution_m),
        doubtful=partial(_doubtful, white=white, dtype=facts.dtype),
        hidden=partial(_hidden, white=white, dtype=facts.dtype),
        white=partial(_white, roles=facts.roles, dtype=facts.dtype),
        snow=partial(_snow, roles=facts.roles, dtype=facts.dtype),
        fill=partial(fill_of, dtype=facts.dtype),
    )


@STAGE.method("nodata_only", reference="none: the scene's own no data", version=5)
def nodata_only(facts: Facts) -> MaskMethod:
    """No data and saturation, pixel by pixel; a grey picture that shows nothing of the reference is cloud as a whole.

    Parameters
    ----------
    facts : Facts
        Its data type says what saturated pixels hold.

    Returns
    -------
    MaskMethod
        With an overview of 8-bit pictures, for white and black fill, and of grey ones.
    """
    pixels = partial(_pixel_classes, saturated_at=_saturated_at(facts.dtype))
    if not facts.panchromatic and np.dtype(facts.dtype) != np.uint8:
        return MaskMethod(_no_statistics, pixels)
    filled = MaskMethod(
        _no_statistics,
        pixels,
        classify=partial(_fill_alone, dtype=facts.dtype),
        overview_resolution_m=max(FILL_RESOLUTION_M, facts.resolution_m),
        fill=partial(fill_of, dtype=facts.dtype),
    )
    if not facts.panchromatic:
        return filled
    shown: dict[str, Any] = {"white": list(range(len(facts.roles))), "dtype": facts.dtype}
    both = partial(_hidden_or_fill, dtype=facts.dtype)
    return replace(filled, classify=both, doubtful=partial(_doubtful, **shown), hidden=partial(_hidden, **shown))


def _no_statistics(*_samples: Singles) -> None:
    """Thresholds come from the overview alone."""


def _pixel_classes(
    image: Singles,
    *,
    model: None = None,  # noqa: ARG001 - the bridge's convention
    saturated_at: float,
) -> Bytes:
    return classes_of_pixels(image, saturated_at)


def _saturated_at(dtype: str) -> float:
    """The value that a clipped pixel holds; infinite for 8 bit, where every white roof holds it."""
    kind = np.dtype(dtype)
    if kind == np.uint8 or not np.issubdtype(kind, np.integer):
        return float("inf")
    return float(np.iinfo(kind).max)


def classify(
    overview: Singles,
    reference: Singles | None,
    resolution_m: float,
    sun: SunAngles | None,
    *,
    roles: tuple[str, ...],
    dtype: str,
    with_trees: bool = True,
) -> Bytes:
    """Classes of an overview, by what is known of a scene's bands and its data type.

    Parameters
    ----------
    overview : float32 (band, y, x)
        Block means, NaN for no data.
    reference : float32 (band, y, x) or None
        The same of the reference date, on the same grid.
    resolution_m : float
        Of the overview's pixels.
    sun : SunAngles or None
        As the scene gives them.
    roles : tuple of str
        Of the bands.
    dtype : str
        Of the scene as delivered.
    with_trees : bool
        Whether trees say how far clouds and shadows reach.

    Returns
    -------
    uint8 (y, x)
        Classes of `changedet.kernels.pixel_classes`.
    """
    bands, units = _bands_and_units(overview, roles, dtype)
    fill = fill_of(overview, dtype)
    classes = classify_overview(
        _without(overview, fill),
        reference,
        bands,
        resolution_m,
        units=units,
        sun=_position(sun),
        trees=cloud_forests() if with_trees else (),
    )
    classes[fill] = SATURATED
    return classes


def fill_of(overview: Singles, dtype: str) -> Bools:
    """Where an overview shows white or black that stands for nothing seen.

    Parameters
    ----------
    overview : float32 (band, y, x)
        Block means, NaN for no data.
    dtype : str
        Of the scene as delivered; only 8-bit pictures are filled so.

    Returns
    -------
    bool (y, x)
        As of `white_fill` and `black_fill`.
    """
    if np.dtype(dtype) != np.uint8:
        return np.zeros(overview.shape[1:], bool)
    return white_fill(overview) | black_fill(overview)


def _without(overview: Singles, fill: Bools) -> Singles:
    return np.where(fill, np.float32(np.nan), overview) if fill.any() else overview


def _seen(overview: Singles, dtype: str) -> Singles:
    return _without(overview, fill_of(overview, dtype))


def _fill_alone(
    overview: Singles, _reference: Singles | None, _resolution_m: float, _sun: SunAngles | None, *, dtype: str
) -> Bytes:
    """Classes where no bands tell clouds: white and black that stand for nothing seen."""
    classes = np.where(np.isfinite(overview).all(axis=0), CLEAR, NODATA).astype(np.uint8)
    classes[fill_of(overview, dtype)] = SATURATED
    return classes


def _hidden_or_fill(
    overview: Singles, reference: Singles | None, resolution_m: float, sun: SunAngles | None, *, dtype: str
) -> Bytes:
    """The same, and cloud all over where a grey picture shows nothing of what the reference shows."""
    classes = _fill_alone(overview, reference, resolution_m, sun, dtype=dtype)
    seen = _seen(overview, dtype).mean(axis=0)
    known = seen[np.isfinite(seen)]
    blank = known.size > 0 and known.min() == known.max()
    if blank or (reference is not None and hides_ground(seen, _seen(reference, dtype).mean(axis=0))):
        classes[classes == CLEAR] = CLOUD
    return classes


def _position(sun: SunAngles | None) -> Sun | None:
    return None if sun is None else Sun(sun.azimuth_deg, sun.elevation_deg)


def _bands_and_units(overview: Singles, roles: tuple[str, ...], dtype: str) -> tuple[CloudBands, LightUnits]:
    """As `classify_overview` takes them."""
    white = (roles.index("blue"), roles.index("green"), roles.index("red"))
    nir, swir1 = (roles.index(role) if role in roles else None for role in ("nir", "swir1"))
    return CloudBands(white, nir, swir1), light_units(overview[list(white)], dtype)


def _white(overview: Singles, *, roles: tuple[str, ...], dtype: str) -> bool:
    return is_white_all_over(_seen(overview, dtype), *_bands_and_units(overview, roles, dtype))


def _snow(
    overview: Singles,
    others: Sequence[Singles],
    resolution_m: float,
    sun: SunAngles | None,
    *,
    roles: tuple[str, ...],
    dtype: str,
) -> Bytes:
    bands, units = _bands_and_units(overview, roles, dtype)
    seen, *others = (_seen(image, dtype) for image in (overview, *others))
    return snow_beside(seen, others, bands, resolution_m, units, _position(sun))


def cloud_forests() -> tuple[Forest, ...]:
    """The trees of clouds and their shadows.

    Returns
    -------
    tuple of four Forest
        As `cloud_probabilities` takes them; read once a process.
    """
    return released_trees("weather.npz", CLOUD_FEATURES).forests


def _doubtful(overview: Singles, *, white: list[int], dtype: str) -> bool:
    return is_doubtful(_seen(overview, dtype)[white].mean(axis=0))


def _hidden(overview: Singles, others: Sequence[Singles], *, white: list[int], dtype: str) -> bool:
    seen, *shown = (_seen(image, dtype)[white].mean(axis=0) for image in (overview, *others))
    return shows_nothing_of(seen, shown)
