"""Parameters that change methods share."""

from __future__ import annotations

import pytest
from change_pairs import as_arrays, images

from changedet.errors import MethodError
from changedet.stages.change.scoring import change_mask, change_score
from changedet.stages.change.stage import STAGE as CHANGE
from changedet.stages.registry import Facts


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
    with pytest.raises(MethodError, match=r"change\.window: no such parameter of cva, expected one of difference, "):
        change_score(before, after, method="cva", window=3)
    with pytest.raises(
        MethodError, match=r"change\.min_area_m2: got -1, expected greater than or equal to 0 or 'auto'"
    ):
        change_score(before, after, method="cva", min_area_m2=-1)
    for orientations in (1, 10**30):
        with pytest.raises(MethodError, match=r"change\.orientations: 1\d*, expected from 2 to 64"):
            change_score(before, after, method="structure", orientations=orientations)
    for threshold in (0, -1e308):
        with pytest.raises(MethodError, match=r"change\.threshold: got .*greater than 0"):
            change_score(before, after, method="cva", threshold=threshold)
    with pytest.raises(MethodError, match="change_mask: threshold: 'high', expected a number"):
        change_mask(change_score(before, after, method="cva"), "high")
    with pytest.raises(MethodError, match="did you mean 'irmad'"):
        change_score(before, after, method="irmda")
