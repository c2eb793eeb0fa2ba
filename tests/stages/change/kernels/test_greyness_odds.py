"""Ground that turned grey or ceased to be: a pad as bright as the field before it, and what is none."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels.greyness_odds import (
    AROUND_M,
    WIDE_M,
    fit_greyness,
    greyness_strength,
    with_greyness_odds,
)
from changedet.stages.change.stage import STAGE as CHANGE
from changedet.stages.registry import Facts

GRASS, STRAW, SOIL, ASPHALT = (0.042, 0.078, 0.062), (0.072, 0.105, 0.132), (0.085, 0.118, 0.16), (0.07, 0.078, 0.08)


PAD = (slice(60, 120), slice(70, 150))


GSD_M = 0.5


def scene(field, pad=None, seed=0, light=1000.0):
    """Two fields with some texture, and a pad on the first."""
    rng = np.random.default_rng(seed)
    colours = np.empty((3, 200, 240))
    colours[:] = np.array(field)[:, None, None]
    colours[:, :, 180:] = np.array(SOIL)[:, None, None]
    if pad is not None:
        colours[:, PAD[0], PAD[1]] = np.array(pad)[:, None, None]
    return (light * colours * np.exp(rng.normal(0, 0.04, colours.shape))).astype(np.float32)


def heard(before, after, probability=None):
    model = fit_greyness(before[None], after[None], GSD_M)
    start = np.full(before.shape[1:], 1e-4, np.float32) if probability is None else probability
    return with_greyness_odds(start, before, after, model)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("before", "after"), [(GRASS, GRASS), (GRASS, STRAW), (STRAW, GRASS)])
def test_with_greyness_odds_raises_a_new_pad_and_its_end_whatever_the_season_did_to_the_field(before, after, order):
    found = heard(*[scene(before), scene(after, ASPHALT, 1, 900.0)][::order])
    inner = found[PAD][6:-6, 6:-6]
    assert (inner > 0.8).all()
    outside = found.copy()
    outside[PAD] = 0
    assert outside.max() < 0.5


@pytest.mark.parametrize("after", [STRAW, SOIL])
def test_with_greyness_odds_leaves_a_field_that_dried_out_or_was_ploughed(after):
    assert heard(scene(GRASS), scene(GRASS, after, 1)).max() < 0.5


def test_with_greyness_odds_leaves_shade_and_what_is_narrow():
    shade = tuple(0.4 * value * blue for value, blue in zip(GRASS, (1.3, 1.0, 1.0), strict=True))
    assert heard(scene(GRASS), scene(GRASS, shade, 1)).max() < 0.5
    narrow = scene(GRASS, seed=1)
    narrow[:, 60:120, 70:86] = scene(GRASS, ASPHALT, 1)[:, 60:120, 70:86]
    assert heard(scene(GRASS), narrow).max() < 0.5


def test_with_greyness_odds_never_lowers_and_leaves_what_is_not_seen():
    before, after = scene(GRASS), scene(GRASS, ASPHALT, 1)
    start = np.random.default_rng(2).random(before.shape[1:]).astype(np.float32)
    start[80:90, 80:90] = np.nan
    found = heard(before, after, start)
    assert np.isnan(found[80:90, 80:90]).all()
    assert np.nanmin(found - start) >= 0
    after[:, 60:120, 70:150] = np.nan
    assert np.array_equal(heard(before, after, start), start, equal_nan=True)


def test_fit_greyness_of_a_sample_that_shows_nothing_raises_nothing():
    empty = np.full((2, 3, 64, 64), np.nan, np.float32)
    model = fit_greyness(empty, empty, GSD_M)
    start = np.full((64, 64), 0.3, np.float32)
    assert (
        with_greyness_odds(start, scene(GRASS)[:, :64, :64], scene(ASPHALT)[:, :64, :64], model).tobytes()
        == start.tobytes()
    )


def halo_px(gsd_m):
    around, wide = (round(metres / gsd_m) | 1 for metres in (AROUND_M, WIDE_M))
    return around // 2 + 2 * (wide // 2)


def test_greyness_strength_is_the_same_in_any_window():
    before, after = scene(GRASS), scene(STRAW, ASPHALT, 1)
    after[:, 100:110, 100:104] = np.nan
    model, halo = fit_greyness(before[None], after[None], GSD_M), halo_px(GSD_M)
    whole = greyness_strength(before, after, model)
    part = greyness_strength(before[:, 31:181, 47:217], after[:, 31:181, 47:217], model)
    inner = (slice(31 + halo, 181 - halo), slice(47 + halo, 217 - halo))
    assert np.ptp(whole[inner]) > 0
    assert whole[inner].tobytes() == part[halo:-halo, halo:-halo].tobytes()


@pytest.mark.parametrize("gsd_m", [0.25, 0.5, 1.3])
def test_greyness_looks_around_no_farther_than_the_trees(gsd_m):
    facts = Facts(gsd_m, ("blue", "green", "red"))
    assert halo_px(gsd_m) <= CHANGE.get("trees").function(facts).halo_px


@pytest.mark.parametrize(
    ("dtype", "nir", "heard"), [("uint16", False, True), ("uint8", False, False), ("uint16", True, False)]
)
def test_trees_fit_greyness_in_colours_alone_and_not_in_8_bit_images(dtype, nir, heard):
    roles = ("blue", "green", "red", "nir") if nir else ("blue", "green", "red")
    made = CHANGE.get("trees").function(Facts(GSD_M, roles, dtype=dtype))
    sample = np.random.default_rng(2).uniform(200, 2000, (1, len(roles), 160, 160)).astype(np.float32)
    assert (made.fit(sample, sample).greyness is not None) == heard
