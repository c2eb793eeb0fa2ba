"""What of a scene is usable, where it brings no mask of its own: clouds, their shadows, snow, saturation, no data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from changedet.arrays import Bytes
from changedet.blocks import PixelMethod, over_sample, per_block, resolution_of
from changedet.errors import MethodError
from changedet.kernels.boosted_trees import Forest
from changedet.models.loader import released_trees
from changedet.stages.mask.kernels import cloud_trees
from changedet.stages.mask.kernels import clouds as kernel
from changedet.stages.mask.kernels.overcast import hides_ground, is_doubtful
from changedet.stages.registry import Choice, Facts, Metres, Stage

VISIBLE: Final = ("blue", "green", "red")
REFLECTANCE_FLOOR: Final = 0.22
"""No cloud worth masking is darker, in reflectance at the top of the atmosphere."""
PICTURE_FLOOR: Final = 150.0
"""The same of 8-bit pictures, which are stretched."""
PICTURE_CEILING: Final = 253.5
"""Clipped white of 8-bit pictures, a step or two below the greatest number for what compression takes."""
OVERVIEW_BUDGET_PX: Final = 2_000_000
CLOUD_FEATURES: Final = (*cloud_trees.NAMES, *cloud_trees.CONTEXT_NAMES)


@dataclass(frozen=True)
class MaskMethod(PixelMethod[dict[str, Any], Bytes]):
    """A `PixelMethod` whose clouds come from an overview of the whole scene.

    Clouds are large: they are found once a date on block means of some metres, where wide neighbourhoods are
    cheap, and no block of pixels needs a halo. ``fit(samples)`` takes a date's sample; ``apply(image, model)`` gives
    no data and saturation of each pixel as uint8 ``(y, x)``; `kernels.mask.laid_over` adds the overview's classes.

    Attributes
    ----------
    classify : callable or None
        ``classify(overview, reference_overview, resolution_m, sun_azimuth_deg) -> uint8 (y, x)``, classes of
        `kernels.quality`: overviews are float32 ``(band, y, x)`` block means with NaN for no data, the reference's on
        the same grid or None, the resolution that of the overview's pixels, the sun's azimuth from grid north or None.
        None where only pixels count.
    overview_resolution_m : float
        Pixel size at which `classify` works best; `overview_factor` makes a whole factor of it.
    doubtful : callable or None
        ``doubtful(overview) -> bool``: whether a picture shows so little that another date should be asked about it.
        The reference date has none to be compared with, and asks only then.
    hidden : callable or None
        ``hidden(overview, other) -> bool``: whether it shows nothing of what another date's overview shows.
    """

    classify: Callable[..., NDArray[np.uint8]] | None = None
    overview_resolution_m: float = 2.0
    doubtful: Callable[[NDArray[np.float32]], bool] | None = None
    hidden: Callable[[NDArray[np.float32], NDArray[np.float32]], bool] | None = None


def choose(facts: Facts) -> Choice:
    """Spectral tests where three visible bands are shared; otherwise no data and saturation alone."""
    if facts.is_sar:
        return Choice("nodata_only", {}, "SAR sees through clouds")
    if all(role in facts.roles for role in VISIBLE):
        return Choice("spectral", {}, "blue, green and red are there to tell white clouds from ground and roofs")
    return Choice("nodata_only", {}, "clouds cannot be told without blue, green and red")


STAGE: Final[Stage[MaskMethod]] = Stage("mask", choose)


@STAGE.method("spectral", reference="after Zhu and Woodcock 2012, doi:10.1016/j.rse.2011.10.028", version=6)
def spectral(facts: Facts, *, overview_resolution_m: Metres = 2.0) -> MaskMethod:
    """Clouds by brightness, whiteness, width and fading outlines, their shadows by shape; saturation and no data.

    A date that shows nothing of what the reference shows is cloud as a whole. Snow is known by the short-wave infrared
    where it is there (Hall et al. 1995, doi:10.1016/0034-4257(95)00137-P), else by ground that has turned white all
    over the scene; where that is half of it, the whole date is snow.

    Parameters
    ----------
    overview_resolution_m : float
        Pixel size at which clouds are looked for, at the finest.
    """
    missing = [role for role in VISIBLE if role not in facts.roles]
    if missing:
        raise MethodError(f"mask.method: 'spectral' needs the bands blue, green, red; {', '.join(missing)} is missing")
    classify = partial(_classify, roles=facts.roles, dtype=facts.dtype)
    saturated = partial(_quality, saturated_at=_saturated_at(facts.dtype))
    white = [facts.roles.index(role) for role in VISIBLE]
    return MaskMethod(
        _no_model,
        saturated,
        classify=classify,
        overview_resolution_m=max(overview_resolution_m, facts.resolution_m),
        doubtful=partial(_doubtful, white=white),
        hidden=partial(_hidden, white=white),
    )


@STAGE.method("nodata_only", reference="none: the scene's own no data")
def nodata_only(facts: Facts) -> MaskMethod:
    """No data and saturation, pixel by pixel."""
    return MaskMethod(_no_model, partial(_quality, saturated_at=_saturated_at(facts.dtype)))


def mask(
    image: xr.DataArray,
    *,
    reference: xr.DataArray | None = None,
    method: str = "auto",
    dtype: str = "uint16",
    sun_azimuth_deg: float | None = None,
    **parameters: Any,
) -> xr.DataArray:
    """Why each pixel of an image is usable or not.

    Parameters
    ----------
    image : xarray.DataArray
        Dims ``(band, y, x)`` with roles as the `band` coordinate, a grid in metres, NaN for no data; in memory or dask.
    reference : xarray.DataArray, optional
        Another date on the same grid with the same bands: what was as bright there is no cloud.
    method : str
        ``auto``, ``none`` or a name of the stage.
    dtype : str
        The scene's data type as delivered, which tells what saturated pixels hold.
    sun_azimuth_deg : float, optional
        Where the sun stood, clockwise from grid north.
    **parameters
        The method's own.

    Returns
    -------
    xarray.DataArray
        uint8 ``(y, x)``, classes of `changedet.kernels.quality`: 0 clear, 1 where a band is NaN; lazy as the input.

    Raises
    ------
    MethodError
        Unknown method, bands that it needs are missing, or a reference on another grid.
    pydantic.ValidationError
        Wrong parameters.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> image = xr.DataArray(np.full((1, 2, 2), 7, "float32"), dims=("band", "y", "x"), coords={"band": ["vv"]})
    >>> image[0, 0, 0] = np.nan
    >>> mask(image).values.tolist()
    [[1, 0], [0, 0]]
    """
    if reference is not None and reference.sizes != image.sizes:
        raise MethodError(f"mask: images differ in shape, {dict(image.sizes)} and {dict(reference.sizes)}")
    resolution_m = resolution_of(image)
    facts = Facts(resolution_m, tuple(str(role) for role in np.atleast_1d(image["band"].values)), dtype=dtype)
    if method == "none":
        method = "nodata_only"
    _, masker = STAGE.made(facts, method, parameters)
    image = image.astype(np.float32)
    quality = per_block(masker.apply, image, dtype=np.uint8, model={})
    if masker.classify is None:
        return quality
    factor = overview_factor((image.sizes["y"], image.sizes["x"]), resolution_m, masker.overview_resolution_m)
    images = [image] if reference is None else [image, reference.astype(np.float32)]
    classify = partial(
        _of_overviews, classify=masker.classify, resolution_m=resolution_m * factor, sun_azimuth_deg=sun_azimuth_deg
    )
    # The sample itself is not needed: the overviews ride along as parameters, computed once for all blocks.
    corners = [one[:, :1, :1] for one in images]
    classes = over_sample(classify, *corners, overviews=[overview(one, factor).data for one in images])
    rows, columns = (np.arange(image.sizes[axis], dtype=np.int32) // factor for axis in ("y", "x"))
    like = quality.astype(np.int32) * 0
    place = [like + xr.DataArray(index, dims=axis) for index, axis in ((rows, "y"), (columns, "x"))]
    return per_block(_laid_over, quality, *place, dtype=np.uint8, overview=classes)


def overview_factor(shape: tuple[int, int], resolution_m: float, overview_resolution_m: float = 2.0) -> int:
    """How many pixels to average on a side for an overview of that resolution and at most two megapixels.

    >>> overview_factor((512, 512), 0.5), overview_factor((16384, 16384), 0.5), overview_factor((400, 400), 30.0)
    (4, 12, 1)
    """
    factor = max(1, round(overview_resolution_m / resolution_m))
    return max(factor, int(np.ceil(np.sqrt(shape[0] * shape[1] / OVERVIEW_BUDGET_PX))))


def overview(image: xr.DataArray, factor: int) -> xr.DataArray:
    """Block means of `factor` pixels ``(band, y, x)``; NaN where none is seen; a cut block at the edge counts."""
    return image.coarsen(y=factor, x=factor, boundary="pad").mean().transpose("band", "y", "x").astype(np.float32)


def _no_model(*_samples: NDArray[np.float32]) -> dict[str, Any]:
    """Thresholds come from the overview alone."""
    return {}


def _quality(
    image: NDArray[np.float32],
    *,
    model: dict[str, Any],  # noqa: ARG001 - the bridge's convention
    saturated_at: float,
) -> NDArray[np.uint8]:
    return kernel.quality_of_pixels(image, saturated_at)


def _saturated_at(dtype: str) -> float:
    """The value that a clipped pixel holds; infinite for 8 bit, where every white roof holds it."""
    kind = np.dtype(dtype)
    if kind == np.uint8 or not np.issubdtype(kind, np.integer):
        return float("inf")
    return float(np.iinfo(kind).max)


def _classify(
    overview: NDArray[np.float32],
    reference: NDArray[np.float32] | None,
    resolution_m: float,
    sun_azimuth_deg: float | None = None,
    *,
    roles: tuple[str, ...],
    dtype: str,
) -> NDArray[np.uint8]:
    white = tuple(roles.index(role) for role in VISIBLE)
    snow_roles = ("green", "nir", "swir1")
    snow = None
    if set(snow_roles) <= set(roles):
        snow = roles.index("green"), roles.index("nir"), roles.index("swir1")
    picture = np.dtype(dtype) == np.uint8
    return kernel.classify_overview(
        overview,
        reference,
        white,
        snow,
        resolution_m,
        floor=PICTURE_FLOOR if picture else _floor(overview[list(white)], dtype),
        ceiling=PICTURE_CEILING if picture else float("inf"),
        sun_azimuth_deg=sun_azimuth_deg,
        nir_band=roles.index("nir") if "nir" in roles else None,
        trees=cloud_forests(),
    )


def cloud_forests() -> tuple[Forest, ...]:
    """The forests of clouds and their shadows, in the order that `cloud_trees` expects."""
    return released_trees("weather.npz", CLOUD_FEATURES).forests


def _doubtful(overview: NDArray[np.float32], *, white: list[int]) -> bool:
    return is_doubtful(overview[white].mean(axis=0))


def _hidden(overview: NDArray[np.float32], other: NDArray[np.float32], *, white: list[int]) -> bool:
    return hides_ground(overview[white].mean(axis=0), other[white].mean(axis=0))


def _floor(visible: NDArray[np.float32], dtype: str) -> float:
    """`REFLECTANCE_FLOOR` in the scene's units, where they can be told: fractions, or whole numbers of 1/10000."""
    seen = visible[np.isfinite(visible)]
    if not seen.size:
        return 0.0
    high = float(np.percentile(seen, 99.5))
    if not np.issubdtype(np.dtype(dtype), np.integer):
        return REFLECTANCE_FLOOR if high < 2.0 else 0.0
    return 10_000 * REFLECTANCE_FLOOR if 2_200 < high < 20_000 else 0.0


def _of_overviews(
    *_samples: NDArray[np.float32],
    overviews: Sequence[NDArray[np.float32]],
    classify: Callable[..., NDArray[np.uint8]],
    resolution_m: float,
    sun_azimuth_deg: float | None,
) -> NDArray[np.uint8]:
    arrays = [np.asarray(one, np.float32) for one in overviews]
    return classify(arrays[0], arrays[1] if len(arrays) > 1 else None, resolution_m, sun_azimuth_deg)


def _laid_over(
    quality: NDArray[np.uint8], rows: NDArray[np.int32], columns: NDArray[np.int32], *, overview: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    return kernel.laid_over(quality, overview, rows, columns)
