"""Footprints of codes."""

from __future__ import annotations

import shapely
from affine import Affine
from ground_codes import codes_of, yard

from changedet.grid import Grid
from changedet.stages.footprint.kernels import cell_codes
from changedet.stages.footprint.outlines import outlines


def test_outlines_of_codes_do_not_depend_on_the_tiles_and_end_at_the_area(trees):
    codes = codes_of(yard()).repeat(2, 0).repeat(2, 1)
    # Beyond the area, which cuts the yard, and cells of the tiles' borders, nothing is told.
    codes[:, 131:] = cell_codes.OUTSIDE
    corner = Affine(0.5, 0, 500_000, 0, -0.5, 5_000_000)
    grid = Grid("EPSG:32633", corner, codes.shape, aoi=shapely.box(500_000, 4_999_880, 500_065.5, 5_000_000))
    boxes = [shapely.box(500_010, 4_999_890, 500_022, 4_999_892.5)]
    (whole,) = outlines([([(0, 0, codes)], boxes)], grid, trees=trees)
    tiles = [(y, x, codes[y : y + 91, x : x + 91]) for y in range(0, 240, 91) for x in range(0, 260, 91)]
    (cut,) = outlines([(tiles[::-1], boxes)], grid, trees=trees)
    assert cut.geometry.equals(whole.geometry)
    assert cut.greatest.equals(whole.greatest)
    assert {name: one.wkt for name, one in cut.kinds.items()} == {name: one.wkt for name, one in whole.kinds.items()}
    expected = shapely.union(shapely.box(500_030, 4_999_920, 500_065.5, 4_999_970), boxes[0])
    assert whole.geometry.intersection(expected).area / whole.geometry.union(expected).area > 0.9
    assert whole.kinds["stored"].intersection(boxes[0]).area > 0.7 * boxes[0].area
