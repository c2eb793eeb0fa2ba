"""Laws that every registered pixel method obeys, whatever it computes."""

from __future__ import annotations

import json

import dask
import numpy as np
import pytest
import xarray as xr
from pydantic import TypeAdapter

from changedet.blocks import over_sample, per_block
from changedet.kernels.components import drop_small_components
from changedet.stages.order import STAGES
from changedet.stages.registry import Facts

ROLES = ("blue", "green", "red", "nir")
RADAR = {"log_ratio", "omnibus"}
SHAPE = (70, 83)


PIXEL_STAGES = ("mask", "normalise", "change")
CASES = [
    pytest.param(name, method, id=f"{name}-{key}")
    for name in PIXEL_STAGES
    for key, method in STAGES[name].methods.items()
]


def facts(method):
    return Facts(10.0, ("vv", "vh") if method.name in RADAR else ROLES)


def image(seed, bands=4, shape=SHAPE):
    """A scene of patches with texture, always positive."""
    rng = np.random.default_rng(7)
    patches = rng.uniform(300, 2500, (bands, 6, 7)).repeat(-(-shape[0] // 6), 1).repeat(-(-shape[1] // 7), 2)
    noise = np.random.default_rng(seed).normal(0, 15, (bands, *shape))
    return (patches[:, : shape[0], : shape[1]] + noise).astype(np.float32)


def planted(method, patch):
    """What the method is to see: other values, or edges where there were none."""
    if method.name != "structure":
        return 3500 - patch
    return patch + np.float32(3000) * (np.arange(patch.shape[-1]) // 2 % 2).astype(np.float32)


def pair(method, shape=SHAPE):
    bands = len(facts(method).roles)
    before, after = image(1, bands, shape), image(2, bands, shape) * np.float32(1.1) + np.float32(20)
    after[:, 20:32, 30:45] = planted(method, after[:, 20:32, 30:45])
    before[:, :5, :9] = np.nan
    after[1, 50:54, 60:] = np.nan
    return before, after


def wrap(array, chunks=None):
    data = xr.DataArray(array.copy(), dims=("band", "y", "x"), coords={"x": np.arange(array.shape[2]) * 10.0})
    return data if chunks is None else data.chunk({"band": -1, "y": chunks[0], "x": chunks[1]})


def inputs(stage, method, shape=SHAPE):
    """What `fit` gets, and how many of them `apply` gets."""
    before, after = pair(method, shape)
    return (
        ((after, before), 1) if stage == "normalise" else ((before, after), 2) if stage == "change" else ((before,), 1)
    )


def run(stage, method, arrays, chunks=None, given=()):
    made = method.function(facts(method), **method.resolve(dict(given)))
    images = [wrap(array, chunks) for array in arrays]
    count = 2 if stage == "change" else 1
    model = over_sample(made.fit, *images)
    kind = {"mask": np.uint8}.get(stage, np.float32)
    bands = facts(method).roles if stage == "normalise" else None
    return per_block(made.apply, *images[:count], dtype=kind, halo_px=made.halo_px, bands=bands, model=model), model


@pytest.mark.parametrize(("stage", "method"), CASES)
def test_lazy_in_lazy_out_and_eager_is_the_same(stage, method):
    arrays, _ = inputs(stage, method)
    lazy, model = run(stage, method, arrays, (32, 40))
    eager, eager_model = run(stage, method, arrays)
    assert dask.is_dask_collection(lazy.data)
    assert dask.is_dask_collection(model)
    assert not dask.is_dask_collection(eager.data)
    with dask.config.set(scheduler="synchronous"):
        xr.testing.assert_equal(lazy.compute(), eager)
        assert dask.compute(model)[0] == eager_model


@pytest.mark.parametrize(("stage", "method"), CASES)
def test_the_result_does_not_depend_on_chunks(stage, method):
    arrays, _ = inputs(stage, method)
    tiny = [array[:, 18:26, 28:37] for array in arrays]
    with dask.config.set(scheduler="synchronous"):
        whole = run(stage, method, arrays, SHAPE)[0].compute()
        for chunks in ((23, 17), (64, 83)):
            xr.testing.assert_equal(run(stage, method, arrays, chunks)[0].compute(), whole)
        single = run(stage, method, tiny, (1, 1))[0].compute()
        xr.testing.assert_equal(single, run(stage, method, tiny)[0])


@pytest.mark.parametrize(("stage", "method"), CASES)
def test_apply_on_a_window_with_its_halo_is_apply_on_the_whole(stage, method):
    arrays, count = inputs(stage, method)
    made = method.function(facts(method), **method.resolve({}))
    model = made.fit(*[array[None] for array in arrays])
    whole = made.apply(*arrays[:count], model=model)
    halo, (y, x) = made.halo_px, (22, 33)
    size = min(12, SHAPE[0] - y - halo, SHAPE[1] - x - halo)
    if size < 1 or y < halo:
        pytest.skip("the halo is wider than the picture")
    window = (slice(None), slice(y - halo, y + size + halo), slice(x - halo, x + size + halo))
    part = made.apply(*[np.ascontiguousarray(array[window]) for array in arrays[:count]], model=model)
    inner = part[..., halo : halo + size, halo : halo + size]
    np.testing.assert_array_equal(inner, whole[..., y : y + size, x : x + size])


def through_json(model):
    """Statistics as they are read again from what a run keeps."""
    adapter = TypeAdapter(type(model))
    kept = json.dumps(adapter.dump_python(model, exclude_defaults=True), allow_nan=False)
    return adapter.validate_python(json.loads(kept))


@pytest.mark.parametrize(("stage", "method"), CASES)
def test_dtype_shape_and_a_model_that_json_keeps(stage, method):
    arrays, count = inputs(stage, method)
    made = method.function(facts(method), **method.resolve({}))
    model = made.fit(*[array[None] for array in arrays])
    kept = through_json(model)
    result = made.apply(*arrays[:count], model=model)
    assert result.dtype == (np.uint8 if stage == "mask" else np.float32)
    assert result.shape == (arrays[0].shape if stage == "normalise" else SHAPE)
    np.testing.assert_array_equal(made.apply(*arrays[:count], model=kept), result)


@pytest.mark.parametrize(("stage", "method"), CASES)
def test_the_same_input_has_the_same_name(stage, method):
    arrays, _ = inputs(stage, method)
    first, second = (run(stage, method, arrays, (40, 40))[0] for _ in range(2))
    assert first.data.name == second.data.name
    other = run(stage, method, [array + np.float32(1) for array in arrays], (40, 40))[0]
    assert other.data.name != first.data.name


@pytest.mark.parametrize(("stage", "method"), CASES)
def test_no_data_stays_and_spreads_nowhere(stage, method):
    arrays, count = inputs(stage, method)
    made = method.function(facts(method), **method.resolve({}))
    result = made.apply(*arrays[:count], model=made.fit(*[array[None] for array in arrays]))
    gone = np.any([np.isnan(array).any(axis=0) for array in arrays[:count]], axis=0)
    if stage == "mask":
        assert (result[gone] == 1).all()
        assert not (result[~gone] == 1).any()
    elif stage == "change":
        np.testing.assert_array_equal(np.isnan(result), gone)
    else:
        np.testing.assert_array_equal(np.isnan(result), np.isnan(arrays[0]))


@pytest.mark.parametrize(("stage", "method"), CASES)
def test_inputs_are_not_written_to(stage, method):
    arrays, count = inputs(stage, method)
    copies = [array.copy() for array in arrays]
    made = method.function(facts(method), **method.resolve({}))
    for array in arrays:
        array.flags.writeable = False
    made.apply(*arrays[:count], model=made.fit(*[array[None] for array in arrays]))
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(("stage", "method"), CASES)
def test_nothing_seen_gives_nothing(stage, method):
    arrays, count = inputs(stage, method)
    empty = [np.full_like(array, np.nan) for array in arrays]
    made = method.function(facts(method), **method.resolve({}))
    model = made.fit(*[array[None] for array in empty])
    assert through_json(model) == model
    result = made.apply(*empty[:count], model=model)
    assert (result == 1).all() if stage == "mask" else np.isnan(result).all()


CHANGE = [case for case in CASES if case.values[0] == "change"]


@pytest.mark.parametrize(("stage", "method"), CHANGE)
def test_change_scores_above_no_change(stage, method):
    if method.name == "trees":
        pytest.skip("white noise at 10 m is no ground that the trees know; test_learned.py plants an object on a site")
    arrays, _ = inputs(stage, method)
    # what is planted is 12 px wide, less than what the method pools by its defaults
    score, model = run(stage, method, arrays, given={"cell_px": 1.5} if method.name == "structure" else {})
    planted = np.zeros(SHAPE, bool)
    planted[22:30, 32:43] = True
    quiet = np.isfinite(score.values)
    quiet[14:38, 24:51] = False
    assert np.quantile(score.values[planted], 0.05) > np.quantile(score.values[quiet], 0.999)
    assert (score.values[planted] > model.threshold).mean() > 0.9
    assert (score.values[quiet] > model.threshold).mean() < 0.002


@pytest.mark.parametrize(("stage", "method"), CHANGE)
@pytest.mark.parametrize("kind", ["identical", "gain", "noise", "constant", "shifted"])
def test_where_nothing_happened_nothing_is_marked(stage, method, kind):
    before = image(1, len(facts(method).roles), (256, 256))
    rng = np.random.default_rng(11)
    shifted = 0.7 * before + 0.3 * before[..., [0, *range(255)]]
    after = {
        "identical": before.copy(),
        "gain": before * np.float32(1.25) + np.float32(0 if method.name in RADAR else 30),
        "noise": (before + rng.normal(0, 20, before.shape)).astype(np.float32),
        "constant": np.full_like(before, 5.0),
        "shifted": (shifted + rng.normal(0, 10, before.shape)).astype(np.float32),
    }[kind]
    before = np.full_like(before, 9.0) if kind == "constant" else before
    made = method.function(facts(method), **method.resolve({}))
    model = made.fit(before[None], after[None])
    mask = (made.apply(before, after, model=model) > model.threshold).astype(np.uint8)
    assert drop_small_components(mask, 3).sum() == 0
