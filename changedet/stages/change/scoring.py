"""Score and mask of a pair as plain functions, lazy in, lazy out."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from changedet.blocks import as_scalar, over_sample, per_block
from changedet.errors import MethodError
from changedet.grid.pixel_areas import whole_pixels
from changedet.kernels.components import drop_small_components
from changedet.stages.change.stage import STAGE
from changedet.stages.change.statistics import ChangeStatistics
from changedet.stages.image_inputs import as_image, check_one_grid, ground_resolution_m, require_bands
from changedet.stages.registry import AUTO, Facts

NO_DATA: Final = 255
MASK_FLAGS: Final = {0: "unchanged", 1: "changed", NO_DATA: "no_data"}
"""Values of a mask and their names, one word each, as CF's ``flag_meanings`` wants them."""


def change_score(
    before: xr.DataArray, after: xr.DataArray, *, method: str = AUTO, **parameters: object
) -> xr.DataArray:
    """How much each pixel differs between two dates.

    Parameters
    ----------
    before, after : xarray.DataArray
        Dims ``(band, y, x)``, the same grid in metres and the same bands; NaN, or the value of an attribute such as
        ``_FillValue`` or ``nodata``, where not valid. Name the bands by role in the band coordinate and give x and y
        coordinates, best with ``spatial_ref``: from them the method and the ground pixel size are known.
    method : str
        "auto" (chosen from the bands and the pixel size), or a name that ``changedet methods change`` lists.
    **parameters
        The method's own.

    Returns
    -------
    xarray.DataArray
        float32, dims ``(y, x)``; at least 0, higher is more change, NaN where either date has NaN in any band. The
        scalar coordinate ``threshold`` holds the threshold fitted on the pair, the attributes ``method`` and
        ``min_area_m2`` what was chosen. Lazy, threshold included, where an input is.

    Raises
    ------
    TypeError
        An image is no DataArray.
    MethodError
        Unknown method or parameter, one that is wrong, images that do not match, or a grid in degrees.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> before = xr.DataArray(rng.normal(100, 2, (3, 64, 64)).astype("float32"), dims=("band", "y", "x"))
    >>> after = before + rng.normal(0, 1, before.shape)
    >>> after[:, 20:30, 20:30] += 60
    >>> mask = change_mask(change_score(before, after, method="cva"), min_area_m2=0)
    >>> int((mask[20:30, 20:30] == 1).sum()), int((mask == 1).sum())
    (100, 100)
    """
    dtype = str(getattr(before, "dtype", ""))
    before, after = as_image(before, "change_score: before"), as_image(after, "change_score: after")
    _check_pair(before, after)
    name, comparison = STAGE.made(_facts(before, dtype), method, parameters)
    model = over_sample(comparison.fit, before, after)
    score = per_block(comparison.apply, before, after, dtype=np.float32, halo_px=comparison.halo_px, model=model)
    return (
        score.rename("change_score")
        .assign_coords(threshold=as_scalar(_threshold_of, model))
        .assign_attrs(
            long_name="change score, higher is more change",
            units="1",
            method=name,
            min_area_m2=comparison.min_area_m2,
        )
    )


def change_mask(
    score: xr.DataArray, threshold: float | xr.DataArray | None = None, *, min_area_m2: float | None = None
) -> xr.DataArray:
    """Where the score says change: pixels above the threshold, in connected regions large enough.

    Regions are joined by edge and corner; the area test is exact over block edges.

    Parameters
    ----------
    score : xarray.DataArray
        float, dims ``(y, x)``; NaN is no data.
    threshold : float or 0-d DataArray, optional
        Default: the score's own coordinate ``threshold``.
    min_area_m2 : float, optional
        Smaller regions are unmarked. Default: the score's attribute ``min_area_m2``, or 0. Needs x and y coordinates in
        metres where it is more than 0; without coordinates a pixel counts as 1 m2.

    Returns
    -------
    xarray.DataArray
        uint8, dims ``(y, x)``: 0 unchanged, 1 changed, 255 no data, named by ``flag_values`` and ``flag_meanings``;
        with the score's ``method`` and the least area as attributes. Lazy where the score is.

    Raises
    ------
    TypeError
        The score is no DataArray.
    MethodError
        No threshold given or carried by the score, or one that is NaN; a negative area; a grid in degrees.
    """
    score = as_image(score, "change_mask: score")
    if threshold is None:
        if "threshold" not in score.coords:
            raise MethodError("change_mask: threshold: none given and the score carries none; pass a number")
        threshold = score.coords["threshold"]
    least = float(score.attrs.get("min_area_m2", 0.0) if min_area_m2 is None else min_area_m2)
    if least < 0:
        raise MethodError(f"change_mask: min_area_m2: {least:g}, expected 0 or more")
    least_px = whole_pixels(least, ground_resolution_m(score, "change_mask: score"))
    value = threshold.data if isinstance(threshold, xr.DataArray) else _number(threshold)
    # Nothing is above it, so that all would be unchanged.
    if isinstance(value, float) and math.isnan(value):
        raise MethodError("change_mask: threshold: nan, expected a number")
    # A region smaller than n pixels reaches less than n pixels from each of its own, and none beyond the picture.
    halo_px = min(least_px - 1, max(score.sizes.values()))
    mask = per_block(_mask_block, score, dtype=np.uint8, halo_px=halo_px, threshold=value, least_px=least_px)
    method = {"method": score.attrs["method"]} if "method" in score.attrs else {}
    return mask.rename("change_mask").assign_attrs(
        long_name="change since the date before",
        flag_values=np.array(list(MASK_FLAGS), np.uint8),
        flag_meanings=" ".join(MASK_FLAGS.values()),
        _FillValue=np.uint8(NO_DATA),
        min_area_m2=least,
        **method,
    )


def _number(threshold: object) -> float:
    try:
        return float(threshold)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise MethodError(f"change_mask: threshold: {threshold!r:.60}, expected a number") from None


def _mask_block(score: NDArray[np.float32], threshold: float, least_px: int) -> NDArray[np.uint8]:
    mask = (score > np.float32(threshold)).astype(np.uint8)
    mask = drop_small_components(mask, least_px)
    mask[np.isnan(score)] = NO_DATA
    return mask


def _threshold_of(model: ChangeStatistics) -> float:
    return float(model.threshold)


def _facts(image: xr.DataArray, dtype: str) -> Facts:
    names = [str(name) for name in image.coords["band"].values] if "band" in image.coords else []
    roles = tuple(names) or tuple(str(i) for i in range(image.sizes["band"]))
    return Facts(resolution_m=ground_resolution_m(image, "change_score"), roles=roles, dtype=dtype)


def _check_pair(before: xr.DataArray, after: xr.DataArray) -> None:
    for name, image in (("before", before), ("after", after)):
        require_bands(image, f"change_score: {name}")
    if before.shape != after.shape:
        raise MethodError(f"change_score: before is {before.shape} and after {after.shape}, expected one shape")
    if 0 in before.shape:
        raise MethodError(f"change_score: the images are {before.shape}, expected a band and a pixel at least")
    names = [image["band"].to_numpy().tolist() for image in (before, after) if "band" in image.coords]
    if len(names) == 2 and names[0] != names[1]:
        raise MethodError(
            f"change_score: before and after have other coordinates along band, {names[0]} and {names[1]}"
        )
    check_one_grid(before, after, "change_score")
