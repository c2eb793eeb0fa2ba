"""Ground areas of pixels, and pixels of areas."""

from __future__ import annotations

import pyproj
import pytest
from affine import Affine

from changedet.grid import Grid, pixel_area_m2
from changedet.grid.pixel_areas import area_px, whole_pixels


def test_pixel_area_m2_follows_the_latitude() -> None:
    grid = Grid("EPSG:3857", Affine(1000, 0, 1_500_000, 0, -1000, 8_400_000), (2000, 3))
    areas = pixel_area_m2(grid)
    to = pyproj.Transformer.from_crs("EPSG:3857", "EPSG:4326", always_xy=True)
    geod = pyproj.Geod(ellps="WGS84")
    for row in (0, 777, 1999):
        x, y = 1_501_000, 8_400_000 - 1000 * row
        lon, lat = to.transform([x, x + 1000, x + 1000, x], [y, y, y - 1000, y - 1000])
        assert areas[row] == pytest.approx(abs(geod.polygon_area_perimeter(lon, lat)[0]), rel=2e-3)


@pytest.mark.parametrize(
    ("area_m2", "pixel_m", "count"), [(0.0, 1.0, 1), (8.0, 0.5, 32), (8.1, 0.5, 33), (3 * 1.7**2, 1.7, 3)]
)
def test_whole_pixels_is_the_fewest_that_have_the_area(area_m2: float, pixel_m: float, count: int) -> None:
    assert whole_pixels(area_m2, pixel_m) == count
    assert count - 1 < max(area_px(area_m2, pixel_m), 1e-9) <= count + 1e-6
