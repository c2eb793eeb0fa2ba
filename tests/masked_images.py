"""The stage mask applied to a picture as a run applies it: pixels by themselves, and clouds on an overview."""

from __future__ import annotations

import numpy as np
import xarray as xr

from changedet.blocks import resolution_of
from changedet.imagery.angles import SunAngles
from changedet.stages.image_inputs import ground_metre
from changedet.stages.mask.kernels.pixels import lay_over
from changedet.stages.mask.stage import STAGE
from changedet.stages.overview_factors import cloud_overview_factor
from changedet.stages.registry import Facts


def mask(
    image: xr.DataArray,
    *,
    reference: xr.DataArray | None = None,
    method: str = "auto",
    dtype: str = "uint16",
    sun: SunAngles | None = None,
) -> xr.DataArray:
    """Classes of the pixels; what was as bright on the reference is no cloud."""
    resolution_m = resolution_of(image) / ground_metre(image, "mask")
    facts = Facts(resolution_m, tuple(str(role) for role in image["band"].values), dtype=dtype)
    masker = STAGE.made(facts, method, {})[1]
    classes = masker.apply(image.values, model=None)
    if masker.classify is not None:
        factor = cloud_overview_factor(classes.shape, resolution_m, masker.overview_resolution_m)
        before = None if reference is None else _overview(reference, factor)
        over = masker.classify(_overview(image, factor), before, resolution_m * factor, sun)
        lay_over(classes, np.zeros_like(classes), over, (0, 0), factor)
    return xr.DataArray(classes, dims=("y", "x"))


def _overview(image: xr.DataArray, factor: int) -> np.ndarray:
    """Block means, NaN where none is seen; a cut block at the edge counts."""
    return np.asarray(image.coarsen(y=factor, x=factor, boundary="pad").mean(), np.float32)
