"""Parameters that change methods share."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from pydantic import ValidationError

from changedet.errors import MethodError
from changedet.stages.change.scoring import change_score
from changedet.stages.change.stage import STAGE as CHANGE
from changedet.stages.registry import Facts


def images(seed=0, shape=(3, 40, 50)):
    rng = np.random.default_rng(seed)
    before = rng.normal(100, 20, shape).astype(np.float32)
    after = (before * 0.8 + 30 + rng.normal(0, 3, shape)).astype(np.float32)
    return before, after


def as_arrays(*pictures, chunks=None, step=1.0):
    height, width = pictures[0].shape[1:]
    coords = {"y": -step * np.arange(height), "x": step * np.arange(width), "band": ["blue", "green", "red"]}
    found = [xr.DataArray(p, dims=("band", "y", "x"), coords=coords) for p in pictures]
    return found if chunks is None else [image.chunk({"y": chunks, "x": chunks}) for image in found]


@pytest.mark.parametrize("name", ["cva", "irmad", "isfa", "pca_kmeans", "structure", "log_ratio", "omnibus"])
def test_every_parameter_is_documented_and_the_least_area_follows_the_resolution(name):
    method = CHANGE.get(name)
    assert all(field.description for field in method.parameters.model_fields.values())
    for resolution, least in ((0.3, 8.0), (0.5, 8.0), (10.0, 300.0)):
        made = method.function(Facts(resolution, ("vv",)), **method.resolve({}))
        before, after = images(shape=(1, 64, 64))
        assert made.fit(before[None], after[None]).min_area_m2 == least


@pytest.mark.parametrize(("key", "value"), [("window_px", 4), ("min_ratio", 1.0)])
def test_parameters_that_make_no_sense_are_refused(key, value):
    before, after = as_arrays(*images())
    with pytest.raises(MethodError, match=key):
        change_score(before, after, method="log_ratio", **{key: value})
    with pytest.raises(ValidationError):
        change_score(before, after, method="cva", window=3)
    with pytest.raises(MethodError, match="did you mean 'irmad'"):
        change_score(before, after, method="irmda")
