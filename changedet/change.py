"""Stage change: where does a date differ from the reference, and from which score on is it a change.

The threshold is part of the fitted model, so are the method's parameters and the least area of a change; what applies a
model needs nothing else. Scores and thresholds are unsupervised: no truth was looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from changedet.blocks import PixelMethod, as_scalar, over_sample, per_block
from changedet.errors import MethodError
from changedet.kernels.change import apply_change, fit_change, halo_px
from changedet.kernels.components import drop_small_components
from changedet.kernels.features import HALO_PX, ROLES
from changedet.kernels.trees import apply_trees, fit_trees
from changedet.methods import AUTO, Choice, Count, Facts, Fraction, Number, Pixels, SquareMetres, Stage
from changedet.trained import change_trees

NO_DATA: Final = 255
VERY_HIGH_RESOLUTION_M: Final = 2.0
"""Finer than this, objects are many pixels wide and lean, so displacement rather than noise makes false change."""
TREES_FALSE_SHARE: Final = 0.004
LEAST_OBJECT_M2: Final = 8.0
"""Half a 20-foot container, 14.8 m2, whose base is seldom marked in full."""
LEAST_PIXELS: Final = 3
"""Where a pixel is larger than objects, a change of fewer pixels is not told from noise."""

Rule = Literal["auto", "otsu", "kittler", "kapur", "kmeans", "sigma", "chi2"]
Smoothing = Literal["none", "gaussian", "tv"]


TREES_M: Final = (0.25, 1.3)
"""Pixel sizes that the trees were fitted for, with a margin."""


def choose(facts: Facts) -> Choice:
    """The method for these scenes, and why."""
    fine = facts.resolution_m < VERY_HIGH_RESOLUTION_M
    parameters: dict[str, Any] = {"tolerance_px": _lean_px(facts)} if fine else {}
    if facts.is_sar:
        return Choice("log_ratio", {}, "radar: speckle multiplies, so the ratio of local means is compared")
    if TREES_M[0] <= facts.resolution_m <= TREES_M[1] and set(ROLES[:3]) <= set(facts.roles):
        reason = "0.25 to 1.3 m with blue, green and red: trees fitted on simulated pairs, with the fewest false marks"
        return Choice("trees", {}, reason)
    if len(facts.roles) >= 3:
        reason = "three or more bands: canonical variates, blind to gain, offset and haze"
        return Choice("irmad", parameters, reason + ("; finer than 2 m: only what no displacement explains" * fine))
    if fine:
        reason = "fewer than three bands, finer than 2 m: what lies outside the other date's range"
        return Choice("cva", parameters | {"difference": "tolerant"}, reason)
    return Choice("cva", {}, "fewer than three bands: standardised difference")


def false_share(method: str, facts: Facts) -> float:
    """Share of a quiet site that a method marks falsely, for the interval of the changed area.

    Below 2 m no unlearned rule tells season and shadow from change: 4 to 24 % of the unchanged ground of simulated
    series at 0.5 m was marked; of the trees' figures see changedet/model/change_trees.md, doubled here for sites unlike
    the simulated ones. Coarser, .6 % of the unchanged labelled pixels of Taizhou.
    """
    if method == "trees":
        return TREES_FALSE_SHARE
    return 0.24 if facts.resolution_m < VERY_HIGH_RESOLUTION_M else 0.006


def _lean_px(facts: Facts) -> int:
    """Residual shift and roof lean grow in pixels as pixels shrink: one pixel to 0.5 m, two below."""
    return 1 if facts.resolution_m >= 0.5 else 2


STAGE = Stage("change", choose)


@STAGE.method("cva", reference="Malila 1980; Bruzzone and Prieto 2000, doi:10.1109/36.843009")
def cva(
    facts: Facts,
    *,
    difference: Literal["plain", "tolerant"] = "plain",
    tolerance_px: Count = 1,
    smoothing: Smoothing = "gaussian",
    smoothing_px: Pixels = 1.0,
    tv_weight: Number = 1.0,
    threshold: Rule | Number = AUTO,
    noise_sigmas: Number = 4.0,
    false_alarm_fraction: Fraction = 0.001,
    min_area_m2: SquareMetres | Literal["auto"] = AUTO,
) -> PixelMethod:
    """Length of the change vector, each band in units of its noise where nothing changed.

    A robust line per band takes gain and offset out; score ``sqrt(sum_b ((g y + o - x) / s)^2)``.

    Parameters
    ----------
    difference : {"plain", "tolerant"}
        Of pixel and pixel, or how far a value lies outside the other date's range within `tolerance_px`, both ways.
    tolerance_px : int
        What a displacement by so many pixels explains is not marked; 0 for no such test.
    smoothing : {"none", "gaussian", "tv"}
        Of the score: none, Gaussian, or total variation.
    smoothing_px : float
        Standard deviation of the Gaussian.
    tv_weight : float
        Weight of the total variation, in medians of the score.
    threshold : str or float
        A rule (auto is kittler) or the score itself. A rule never goes below the noise floor.
    noise_sigmas : float
        A threshold by rule lies at least so many spreads of the unchanged scores above their median.
    false_alarm_fraction : float
        Share of unchanged pixels that rule chi2 lets pass; its quantile also bounds the other rules from below.
    min_area_m2 : float or "auto"
        Smaller changes are dropped; auto is 8 m2, or 3 pixels where that is more.
    """
    return _pixel_method("cva", facts, locals(), default_rule="kittler")


@STAGE.method("irmad", reference="Nielsen 2007, doi:10.1109/TIP.2006.888195")
def irmad(
    facts: Facts,
    *,
    iterations: Count = 50,
    tolerance: Number = 1e-3,
    tolerance_px: Count = 1,
    smoothing: Smoothing = "gaussian",
    smoothing_px: Pixels = 1.0,
    tv_weight: Number = 1.0,
    threshold: Rule | Number = AUTO,
    noise_sigmas: Number = 4.0,
    false_alarm_fraction: Fraction = 0.001,
    min_area_m2: SquareMetres | Literal["auto"] = AUTO,
) -> PixelMethod:
    """Root of the chi-square of the iteratively reweighted MAD variates; blind to any linear change of the bands.

    Parameters
    ----------
    iterations : int
        At most; 1 is plain MAD.
    tolerance : float
        Stop when no canonical correlation moves by more than this.
    tolerance_px : int
        What a displacement by so many pixels explains is not marked; 0 for no such test.
    smoothing : {"none", "gaussian", "tv"}
        Of the score: none, Gaussian, or total variation.
    smoothing_px : float
        Standard deviation of the Gaussian.
    tv_weight : float
        Weight of the total variation, in medians of the score.
    threshold : str or float
        A rule (auto is kittler) or the score itself. A rule never goes below the noise floor.
    noise_sigmas : float
        A threshold by rule lies at least so many spreads of the unchanged scores above their median.
    false_alarm_fraction : float
        Share of unchanged pixels that rule chi2 lets pass; its quantile also bounds the other rules from below.
    min_area_m2 : float or "auto"
        Smaller changes are dropped; auto is 8 m2, or 3 pixels where that is more.
    """
    if iterations < 1:
        raise MethodError("change.iterations: 0, expected at least 1")
    return _pixel_method("irmad", facts, locals(), default_rule="kittler")


@STAGE.method("pca_kmeans", reference="Celik 2009, doi:10.1109/LGRS.2009.2025059")
def pca_kmeans(
    facts: Facts,
    *,
    block_px: Count = 5,
    tolerance_px: Count = 1,
    window_px: Count = 3,
    min_ratio: Number = 1.5,
    threshold: Rule | Number = AUTO,
    noise_sigmas: Number = 4.0,
    false_alarm_fraction: Fraction = 0.001,
    min_area_m2: SquareMetres | Literal["auto"] = AUTO,
) -> PixelMethod:
    """Two clusters of the principal components of blocks of the difference image; 0.5 lies between them.

    The difference image is the change vector's length, or for radar the log ratio.

    Parameters
    ----------
    block_px : int
        Edge of a block, odd.
    tolerance_px : int
        What a displacement by so many pixels explains is not marked; 0 for no such test.
    window_px : int
        Radar: edge of the window of the local means, odd.
    min_ratio : float
        Radar: the changed cluster must differ by at least this factor.
    threshold : str or float
        A rule (auto is kmeans, the clusters' border) or the score itself.
    noise_sigmas : float
        The changed cluster lies at least so many spreads of the blocks' means above their median, or there is none.
    false_alarm_fraction : float
        Its chi-square quantile bounds the changed cluster from below, too.
    min_area_m2 : float or "auto"
        Smaller changes are dropped; auto is 8 m2, or 3 pixels where that is more.
    """
    given = locals() | {"smoothing": "none", "smoothing_px": 0.0, "sar": facts.is_sar}
    _odd("block_px", block_px)
    if not facts.is_sar:
        given["window_px"] = 1
    return _pixel_method("pca_kmeans", facts, given, default_rule="kmeans")


@STAGE.method("log_ratio", reference="Bovolo and Bruzzone 2005, doi:10.1109/TGRS.2005.857987")
def log_ratio(
    facts: Facts,
    *,
    window_px: Count = 3,
    tolerance_px: Count = 1,
    smoothing: Smoothing = "gaussian",
    smoothing_px: Pixels = 1.0,
    tv_weight: Number = 1.0,
    threshold: Rule | Number = AUTO,
    noise_sigmas: Number = 4.0,
    min_ratio: Number = 1.5,
    min_area_m2: SquareMetres | Literal["auto"] = AUTO,
) -> PixelMethod:
    """Radar: absolute logarithm of the ratio of local means of the amplitude, centred by its median.

    Parameters
    ----------
    window_px : int
        Edge of the window of the local means, odd.
    tolerance_px : int
        What a displacement by so many pixels explains is not marked; 0 for no such test.
    smoothing : {"none", "gaussian", "tv"}
        Of the score: none, Gaussian, or total variation.
    smoothing_px : float
        Standard deviation of the Gaussian.
    tv_weight : float
        Weight of the total variation, in medians of the score.
    threshold : str or float
        A rule (auto is otsu) or the score itself. A rule never goes below the noise floor.
    noise_sigmas : float
        A threshold by rule lies at least so many spreads of the unchanged scores above their median.
    min_ratio : float
        A change is at least this factor in amplitude, whatever the rule says.
    min_area_m2 : float or "auto"
        Smaller changes are dropped; auto is 8 m2, or 3 pixels where that is more.
    """
    given = locals() | {"sar": True, "false_alarm_fraction": 0.001}
    return _pixel_method("log_ratio", facts, given, default_rule="otsu")


@STAGE.method("trees", reference="Friedman 2001, doi:10.1214/aos/1013203451")
def trees(
    facts: Facts,
    *,
    threshold: Fraction | Literal["auto"] = AUTO,
    min_area_m2: SquareMetres | Literal["auto"] = AUTO,
) -> PixelMethod:
    """Probability of change by boosted trees that were fitted on simulated pairs at 0.3 to 1 m; for 0.25 to 1.3 m.

    Features are how far a value lies outside the other date's range within a pixel, both ways, after a robust line per
    band, on average over squares of up to 45 px; whether a patch is found again within 10 px, as a leaning roof is;
    colour, vegetation and correlation. A first guess goes into a second one (auto-context, Tu and Bai 2010,
    doi:10.1109/TPAMI.2009.186). Needs blue, green and red.

    Parameters
    ----------
    threshold : float or "auto"
        Probability from which on a pixel counts as changed; auto is what simulated pairs of this resolution ask for.
    min_area_m2 : float or "auto"
        Smaller changes are dropped; auto is 8 m2, or 3 pixels where that is more.
    """
    missing = [role for role in ROLES[:3] if role not in facts.roles]
    if missing:
        raise MethodError(f"change.method: trees needs bands blue, green and red, not shared: {', '.join(missing)}")
    bands = [facts.roles.index(role) if role in facts.roles else None for role in ROLES]
    settings = {"threshold": threshold, "min_area_m2": _least_area(min_area_m2, facts)}
    return PixelMethod(partial(_fit_trees, bands=bands, gsd_m=facts.resolution_m, settings=settings), _trees, HALO_PX)


def _fit_trees(before: NDArray[np.float32], after: NDArray[np.float32], **given: Any) -> dict[str, Any]:
    about = change_trees()[1]
    model = fit_trees(before, after, about=about, **given)
    return model | {"sha256": about["sha256"]}


def _trees(before: NDArray[np.float32], after: NDArray[np.float32], model: dict[str, Any]) -> NDArray[np.float32]:
    return apply_trees(before, after, model, change_trees()[0])


def _pixel_method(name: str, facts: Facts, given: Mapping[str, Any], *, default_rule: str) -> PixelMethod:
    settings = {key: value for key, value in given.items() if key != "facts"}
    if "window_px" in settings:
        _odd("window_px", settings["window_px"])
    if settings.get("min_ratio", 2.0) <= 1.0:
        raise MethodError(f"change.min_ratio: {settings['min_ratio']}, expected more than 1")
    if settings["threshold"] == AUTO:
        settings["threshold"] = default_rule
    settings["min_area_m2"] = _least_area(settings["min_area_m2"], facts)
    return PixelMethod(partial(fit_change, method=name, settings=settings), apply_change, halo_px(settings))


def _least_area(given: float | str, facts: Facts) -> float:
    return max(LEAST_OBJECT_M2, LEAST_PIXELS * facts.resolution_m**2) if isinstance(given, str) else given


def _odd(key: str, value: int) -> None:
    if value % 2 == 0:
        raise MethodError(f"change.{key}: {value}, expected an odd number, so that the window has a middle pixel")


def change_score(before: xr.DataArray, after: xr.DataArray, *, method: str = AUTO, **parameters: Any) -> xr.DataArray:
    """How much each pixel differs between two dates.

    Parameters
    ----------
    before, after : xarray.DataArray
        Float, dims ``(band, y, x)``, the same grid and bands; NaN where not valid. Name the bands by role in the band
        coordinate and give x and y coordinates: from them the method and the ground pixel size are known.
    method : str
        "auto" (chosen from the bands and the pixel size), or a name that ``changedet methods change`` lists.
    **parameters
        The method's own.

    Returns
    -------
    xarray.DataArray
        float32, dims ``(y, x)``; at least 0, higher is more change, NaN where either date has NaN in any band. The
        scalar coordinate ``threshold`` holds the threshold fitted on the pair, the attribute ``min_area_m2`` the least
        area. Lazy, threshold included, where an input is.

    Raises
    ------
    MethodError
        Unknown method, a parameter out of range, or images that do not match.
    pydantic.ValidationError
        A parameter of the wrong type, or one that the method does not have.

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
    _check_pair(before, after)
    facts = _facts(before)
    choice = STAGE.choose(facts) if method == AUTO else Choice(method)
    chosen = STAGE.get(choice.method)
    resolved = chosen.resolve({**choice.parameters, **parameters})
    pixel_method: PixelMethod = chosen.function(facts, **resolved)
    before, after = before.astype(np.float32), after.astype(np.float32)
    model = over_sample(pixel_method.fit, before, after)
    score = per_block(pixel_method.apply, before, after, dtype=np.float32, halo_px=pixel_method.halo_px, model=model)
    least = pixel_method.fit.keywords["settings"]["min_area_m2"]  # type: ignore[attr-defined]
    return (
        score.rename("change_score")
        .assign_coords(threshold=as_scalar(_threshold_of, model))
        .assign_attrs(long_name="change score", method=choice.method, min_area_m2=least)
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
        uint8, dims ``(y, x)``: 0 unchanged, 1 changed, 255 no data. Lazy where the score is.

    Raises
    ------
    MethodError
        No threshold given or carried by the score; a negative area.
    """
    if threshold is None:
        if "threshold" not in score.coords:
            raise MethodError("change_mask: threshold: none given and the score carries none; pass a number")
        threshold = score.coords["threshold"]
    least = float(score.attrs.get("min_area_m2", 0.0) if min_area_m2 is None else min_area_m2)
    if least < 0:
        raise MethodError(f"change_mask: min_area_m2: {least:g}, expected 0 or more")
    least_px = max(1, math.ceil(least / _resolution_m(score) ** 2 - 1e-6))
    value = threshold.data if isinstance(threshold, xr.DataArray) else float(threshold)
    # a region smaller than n pixels reaches less than n pixels from each of its own
    mask = per_block(_mask_block, score, dtype=np.uint8, halo_px=least_px - 1, threshold=value, least_px=least_px)
    return mask.rename("change_mask")


def _mask_block(score: NDArray[np.float32], threshold: Any, least_px: int) -> NDArray[np.uint8]:
    mask = (score > np.float32(threshold)).astype(np.uint8)
    mask = drop_small_components(mask, least_px)
    mask[np.isnan(score)] = NO_DATA
    return mask


def _threshold_of(model: dict[str, Any]) -> float:
    return float(model["threshold"])


def _facts(image: xr.DataArray) -> Facts:
    names = [str(name) for name in image.coords["band"].values] if "band" in image.coords else []
    roles = tuple(names) or tuple(str(i) for i in range(image.sizes["band"]))
    return Facts(resolution_m=_resolution_m(image), roles=roles, dtype=str(image.dtype))


def _resolution_m(image: xr.DataArray) -> float:
    """Pixel size from the coordinates; 1 where there are none."""
    steps = [
        abs(float(image.coords[dim][-1] - image.coords[dim][0])) / (image.sizes[dim] - 1)
        for dim in ("y", "x")
        if dim in image.coords and image.sizes[dim] > 1
    ]
    return math.sqrt(steps[0] * steps[-1]) if steps else 1.0


def _check_pair(before: xr.DataArray, after: xr.DataArray) -> None:
    for name, image in (("before", before), ("after", after)):
        if image.dims != ("band", "y", "x"):
            raise MethodError(f"change_score: {name}: dims {image.dims}, expected ('band', 'y', 'x')")
    if before.shape != after.shape:
        raise MethodError(f"change_score: before is {before.shape} and after {after.shape}, expected one shape")
