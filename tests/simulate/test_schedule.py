"""Grids of a series."""

from __future__ import annotations

import numpy as np
import rasterio
from pyproj import Transformer

from changedet.simulate import make_world, render


def test_look_another_zone_shows_the_same_ground() -> None:
    site = make_world("mixed", 4, 3, 1.0, 160.0)
    look = site.looks[3]
    assert look.epsg != site.epsg
    hall = max((s for s in site.solids if s.role == "building"), key=lambda s: s.height_m)
    a, b, c, d, e, f = look.to_ground
    ground = hall.outline.mean(axis=0) + look.lean * hall.height_m
    q, r = np.linalg.solve([[a, b], [d, e]], ground - (c, f))
    image = render(site, 3).image[1].astype(float)
    near = image[int(r) - 3 : int(r) + 4, int(q) - 3 : int(q) + 4]
    assert near.std() < image.std()
    to_crs = rasterio.Affine(*look.transform) @ (q, r)
    back = Transformer.from_crs(look.epsg, site.epsg, always_xy=True).transform(*to_crs)
    shift = np.array([look.shift_east_m, look.shift_north_m])
    np.testing.assert_allclose(np.array(back) - (site.centre_east_m, site.centre_north_m), ground + shift, atol=0.02)
