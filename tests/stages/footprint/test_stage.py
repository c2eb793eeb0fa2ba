"""The method for given pixels and bands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn_ground import ROLES, drawn, found_in, ground_scene, place_of, scene

from changedet.stages.footprint.kernels import cell_codes
from changedet.stages.footprint.stage import footprint_method, has_kinds, why_not
from changedet.stages.registry import Facts


def test_footprint_method_leaves_unseen_ground_unknown_and_why_not_says_why():
    method = footprint_method(Facts(0.5, ROLES))
    image, _, _ = scene(3)
    image[:, :30, :30] = np.nan
    model, halo = method.fit(image[None]), method.halo_px
    around = np.pad(image, ((0, 0), (halo, halo), (halo, halo)), constant_values=np.nan)
    codes = method.apply(around, place_of(-halo, -halo, around), model=model)[halo:-halo, halo:-halo]
    assert (codes[:30, :30] == cell_codes.UNKNOWN).all()
    assert (codes[30:115] != cell_codes.UNKNOWN).all()
    assert codes.min() > cell_codes.OUTSIDE
    assert footprint_method(Facts(3.0, ROLES)) is None
    assert "2.5 m" in why_not(Facts(3.0, ROLES))


@pytest.mark.parametrize(("edge", "resolution"), [(97, 0.5), (128, 0.3), (75, 0.5)])
def test_footprint_method_does_not_depend_on_where_blocks_begin(edge, resolution):
    image = ground_scene(1)
    image[:, 100:106, 80:90] = np.nan
    method = footprint_method(Facts(resolution, ROLES))
    model = replace(method.fit(image[None]), sun=(0.6, 0.8))
    halo = method.halo_px
    padded = np.pad(image, ((0, 0), (halo, halo), (halo, halo)), constant_values=np.nan)
    whole = method.apply(padded, place_of(-halo, -halo, padded), model=model)[halo:-halo, halo:-halo]
    for y in range(0, image.shape[1], edge):
        for x in range(0, image.shape[2], edge):
            block = padded[:, y : y + edge + 2 * halo, x : x + edge + 2 * halo]
            part = method.apply(block, place_of(y - halo, x - halo, block), model=model)[halo:-halo, halo:-halo]
            assert np.array_equal(part, whole[y : y + edge, x : x + edge])
    assert len(np.unique(whole)) > 3


def test_has_kinds_in_fine_colour_pictures_alone():
    assert has_kinds(Facts(0.5, ROLES))
    assert not has_kinds(Facts(2.0, ROLES))
    assert not has_kinds(Facts(0.5, ("blue", "red", "nir")))
    assert found_in(drawn((20, 20, 80, 60))).kinds == {}
