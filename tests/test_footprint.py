"""The footprint: thresholds on planted ground, independence of blocks, geometry by construction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from affine import Affine
from scipy.ndimage import binary_dilation, binary_erosion, distance_transform_edt, gaussian_filter

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.stages.footprint import shapes
from changedet.stages.footprint.kernels import bare_ground as kernel
from changedet.stages.footprint.kernels import cell_codes, closing, ground
from changedet.stages.footprint.kernels.ground import GroundStatistics
from changedet.stages.footprint.outlines import estimates, outline, outlines
from changedet.stages.footprint.shapes import gained_and_lost
from changedet.stages.footprint.stage import footprint_method, has_kinds, why_not
from changedet.stages.registry import Facts

ROLES = ("blue", "green", "red", "nir")
GRAVEL, GRASS, WATER = (0.16, 0.18, 0.20, 0.23), (0.04, 0.08, 0.06, 0.40), (0.06, 0.05, 0.03, 0.01)


def scene(seed=0, shape=(120, 140)):
    """Grass with a gravel yard and a pond, in reflectance with noise; the yard and the pond as masks."""
    rng = np.random.default_rng(seed)
    yard, pond = np.zeros(shape, bool), np.zeros(shape, bool)
    yard[30:80, 20:100], pond[90:115, 60:120] = True, True
    image = np.where(yard, np.array(GRAVEL)[:, None, None], np.array(GRASS)[:, None, None])
    image = np.where(pond, np.array(WATER)[:, None, None], image)
    return (image * rng.normal(1, 0.05, image.shape)).astype(np.float32), yard, pond


@pytest.mark.parametrize("roles", [ROLES, ("blue", "green", "red")], ids=len)
def test_a_yard_is_built_and_grass_is_not(roles):
    image, yard, pond = scene()
    image = image[: len(roles)]
    probability = kernel.built_probability(image, roles, kernel.plant_threshold(image[None], roles), 0.5)
    inside = yard[40:70, 30:90]
    assert (probability[40:70, 30:90][inside] > kernel.STRICT).all()
    grass = ~yard & ~pond
    assert (probability[:20][grass[:20]] < kernel.LAX).all()


def test_water_is_not_built_where_near_infrared_tells_it():
    image, _, pond = scene()
    probability = kernel.built_probability(image, ROLES, kernel.plant_threshold(image[None], ROLES), 0.5)
    assert probability[pond].max() < kernel.LAX


def test_the_area_lies_between_strict_and_lax():
    image, yard, _ = scene(1)
    probability = kernel.built_probability(image, ROLES, kernel.plant_threshold(image[None], ROLES), 0.5)
    areas = [(probability > level).sum() for level in (kernel.STRICT, kernel.LIKELY, kernel.LAX)]
    assert areas == sorted(areas)
    # The mean over 5 m draws the edge in, as grass is farther from the threshold than gravel, by half its width.
    assert (50 - 10) * (80 - 10) < areas[1] <= areas[2] < 1.05 * yard.sum()


@pytest.mark.parametrize("edge", [17, 60])
def test_the_result_does_not_depend_on_the_blocks(edge):
    image, _, _ = scene(2)
    image[:, 50:55, 40:70] = np.nan
    model, halo = kernel.plant_threshold(image[None], ROLES), kernel.halo_px(0.5)
    whole = kernel.built_probability(image, ROLES, model, 0.5)
    padded = np.pad(image, ((0, 0), (halo, halo), (halo, halo)), constant_values=np.nan)
    for y in range(0, image.shape[1], edge):
        for x in range(0, image.shape[2], edge):
            block = padded[:, y : y + edge + 2 * halo, x : x + edge + 2 * halo]
            part = kernel.built_probability(block, ROLES, model, 0.5)[halo:-halo, halo:-halo]
            assert np.array_equal(part, whole[y : y + edge, x : x + edge], equal_nan=True)
    assert np.isnan(whole[50:55, 40:70]).all()


def test_no_data_at_all_is_nan_and_some_bands_cannot_tell():
    image = np.full((4, 20, 20), np.nan, np.float32)
    model = kernel.plant_threshold(image[None], ROLES)
    assert np.isnan(kernel.built_probability(image, ROLES, model, 0.5)).all()
    assert kernel.has_bands(ROLES)
    assert not kernel.has_bands(("pan",))
    assert not kernel.has_bands(("vv", "vh"))


def test_otsu_splits_two_planted_groups_with_the_least_variance_within():
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(0.1, 0.03, 4000), rng.normal(0.6, 0.08, 2000)]).astype(np.float32)
    found = kernel.otsu(values, -0.5, 1.0)
    grid = np.linspace(0.0, 0.9, 181)  # empty sides add nothing
    within = [
        sum(part.var() * len(part) for part in (values[values <= t], values[values > t]) if len(part)) for t in grid
    ]
    at = sum(part.var() * len(part) for part in (values[values <= found], values[values > found]))
    assert at <= min(within) * 1.01


def grid_of(shape, resolution=0.5):
    return Grid("EPSG:32633", Affine(resolution, 0, 500_000, 0, -resolution, 5_000_000), shape)


def drawn(*boxes, shape=(600, 700), level=3, holes=(), resolution=0.5):
    """Levels with rectangles (x0, y0, x1, y1) in metres from the upper left corner."""
    levels = np.zeros(shape, np.uint8)
    for value, parts in ((level, boxes), (0, holes)):
        for x0, y0, x1, y1 in (np.round(np.array(part) / resolution).astype(int) for part in parts):
            levels[y0:y1, x0:x1] = value
    return levels


def placed(x0, y0, x1, y1):
    return shapely.box(500_000 + x0, 5_000_000 - y1, 500_000 + x1, 5_000_000 - y0)


def found_in(levels, boxes=(), resolution=0.5):
    return outline([(0, 0, levels)], list(boxes), grid_of(levels.shape, resolution))


@pytest.mark.parametrize("resolution", [0.3, 0.5, 0.75, 1.0])
def test_a_yard_stays_and_a_road_goes(resolution):
    shape = (round(150 / resolution), round(330 / resolution))
    yard, road = (20, 40, 80, 100), (80, 60, 320, 65)
    found = found_in(drawn(yard, road, shape=shape, resolution=resolution), resolution=resolution)
    whole = placed(*yard)
    assert found.geometry.symmetric_difference(whole).area < 0.03 * whole.area
    assert found.area_m2 == pytest.approx(whole.area, rel=0.03)
    assert found_in(drawn(road, shape=shape, resolution=resolution), resolution=resolution).geometry.is_empty


def test_a_strip_of_ten_metres_is_no_road():
    strip = (20, 40, 320, 50)
    found = found_in(drawn(strip, shape=(200, 680)))
    assert found.area_m2 == pytest.approx(placed(*strip).area, rel=0.05)


def test_boxes_belong_to_it_even_where_nothing_else_is():
    box = placed(100, 100, 112.19, 102.44)
    found = found_in(drawn(), [box])
    assert found.area_m2 == pytest.approx(box.area, rel=0.25)
    assert found.geometry.intersection(box).area > 0.75 * box.area
    assert found_in(drawn(), [placed(0, 0, 3, 3)]).geometry.is_empty


def test_near_parts_close_and_far_ones_do_not():
    first = (20, 20, 60, 60)
    assert len(found_in(drawn(first, (73, 20, 113, 60))).geometry.geoms) == 1
    assert len(found_in(drawn(first, (79, 20, 119, 60))).geometry.geoms) == 2


def test_small_holes_fill_and_large_ones_stay():
    small, large = (40, 40, 59, 59), (100, 100, 170, 170)
    found = found_in(drawn((20, 20, 220, 220), holes=(small, large))).geometry
    assert [len(part.interiors) for part in found.geoms] == [1]
    assert not found.covers(placed(*large).centroid)
    assert found.covers(placed(*small).centroid)


@pytest.mark.parametrize("edge", [64, 170, 333])
def test_the_outline_does_not_depend_on_the_tiles(edge):
    levels = patchy(4, (500, 620))
    whole = found_in(levels, resolution=0.3)
    tiles = [
        (y, x, levels[y : y + edge, x : x + edge])
        for y in range(0, levels.shape[0], edge)
        for x in range(0, levels.shape[1], edge)
    ]
    cut = outline(tiles[::-1], [], grid_of(levels.shape, 0.3))
    for name in ("geometry", "least", "greatest"):
        assert getattr(cut, name).equals(getattr(whole, name))
    assert not whole.geometry.is_empty


def test_blocks_with_their_halo_give_what_the_whole_gives(monkeypatch):
    levels = patchy(5, (400, 430))
    whole = found_in(levels, resolution=1.0)
    monkeypatch.setattr(shapes, "BLOCK_CELLS", 97)
    assert found_in(levels, resolution=1.0).geometry.equals(whole.geometry)
    assert len(whole.geometry.geoms) > 2


def patchy(seed, shape):
    rng = np.random.default_rng(seed)
    noise = gaussian_filter(rng.normal(size=shape), 9)
    return np.digitize(noise / noise.std(), [0.4, 0.7, 1.0]).astype(np.uint8)


def test_opening_and_closing_against_discs_of_another_library():
    surface = patchy(6, (160, 170)) >= 1
    found = closing.opened_and_closed(surface, np.zeros_like(surface), 4.0, 8.0, 1.0)
    padded = np.pad(surface, 30, mode="edge")
    y, x = np.mgrid[-8:9, -8:9]
    core = distance_transform_edt(padded) - 0.5 >= 4
    kept = padded & (distance_transform_edt(~core) <= 5)
    kept = np.pad(kept[30:-30, 30:-30], 30)
    expected = binary_erosion(binary_dilation(kept, y * y + x * x <= 64), y * y + x * x <= 64)[30:-30, 30:-30]
    assert (found != expected).mean() < 0.01
    assert found.any()


def test_levels_bound_the_area_and_nest():
    levels = drawn((20, 20, 120, 120), level=1)
    levels[60:220, 60:220] = 2
    levels[100:200, 100:200] = 3
    found = found_in(levels)
    assert [round(shape.area, -3) for shape in (found.least, found.geometry, found.greatest)] == [2000, 6000, 10000]
    assert found.geometry.covers(found.least)
    assert found.greatest.covers(found.geometry)


def test_hidden_ground_is_as_the_nearest_dates_show_it_and_unknown_in_the_bounds():
    yard = (20, 20, 120, 120)
    full, none = drawn(yard), drawn()
    cloudy = full.copy()
    cloudy[:, 140:] = closing.UNKNOWN
    grid = grid_of(full.shape)
    dates = [[(0, 0, cloudy)], [(0, 0, full)], [(0, 0, cloudy)], [(0, 0, none)], [(0, 0, np.full_like(full, 255))]]
    found = outlines([(tiles, []) for tiles in dates], grid)
    areas = [one.area_m2 for one in found]
    assert areas[:3] == [areas[1]] * 3
    assert areas[3:] == [0.0, 0.0]
    assert found[2].least.area < 0.55 * areas[1]
    assert found[2].greatest.area > 300 * 280 - 140 * 300
    assert found[1].least.area == pytest.approx(found[1].greatest.area)


def test_a_box_under_cloud_stays():
    box, empty = placed(100, 100, 112.19, 102.44), drawn()
    hidden = np.full_like(empty, closing.UNKNOWN)
    first, second = outlines([([(0, 0, empty)], [box]), ([(0, 0, hidden)], [])], grid_of(empty.shape))
    assert first.area_m2 > 0
    assert second.area_m2 == first.area_m2


def test_estimates_are_bounded_and_need_half_of_the_ground():
    levels = drawn((20, 20, 120, 120))
    grid = grid_of(levels.shape)
    areas = {"": None, "west": placed(0, 0, 70, 300), "dark": placed(0, 0, 70, 300)}
    made = estimates(outline([(0, 0, levels)], [], grid), areas, {"": 1.0, "west": 0.8, "dark": 0.4}, grid)
    assert set(made) == {"", "west"}
    value, low, high = made["west"]
    assert low <= value <= high
    assert value == pytest.approx(made[""][0] / 2, rel=0.01)


def test_what_is_not_seen_is_unknown_and_coarse_pixels_say_why():
    method = footprint_method(Facts(0.5, ROLES))
    image, _, _ = scene(3)
    image[:, :30, :30] = np.nan
    codes = method.apply(image, place_of(0, 0, image), model=method.fit(image[None]))
    assert (codes[:30, :30] == cell_codes.UNKNOWN).all()
    assert (codes[30:115] != cell_codes.UNKNOWN).all()
    assert codes.min() > cell_codes.OUTSIDE
    assert footprint_method(Facts(3.0, ROLES)) is None
    assert "2.5 m" in why_not(Facts(3.0, ROLES))


PLANT = GroundStatistics(0.2, (0.0,) * 4, (0.5,) * 4, (0.6, 0.8))


def place_of(y, x, image):
    return Window(y, x, *image.shape[1:])


def ground_scene(seed=0, shape=(300, 330)):
    """A paved yard with a bright hall on it, a bank of earth with a lit and a shaded side, and grass."""
    rng = np.random.default_rng(seed)
    image = np.tile(np.array(GRASS)[:, None, None], (1, *shape))
    for colour, rows, columns in (
        (GRAVEL, slice(60, 240), slice(40, 220)),
        ((0.45, 0.46, 0.47, 0.5), slice(90, 150), slice(70, 160)),
        ((0.22, 0.24, 0.28, 0.33), slice(120, 128), slice(240, 320)),
        ((0.07, 0.08, 0.09, 0.11), slice(128, 134), slice(240, 320)),
    ):
        image[:, rows, columns] = np.array(colour)[:, None, None]
    return (image * rng.normal(1, 0.04, image.shape)).astype(np.float32)


@pytest.mark.parametrize(("edge", "resolution"), [(97, 0.5), (128, 0.3), (75, 0.5)])
def test_codes_do_not_depend_on_where_blocks_begin(edge, resolution):
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


def test_features_are_what_plain_loops_give():
    rng = np.random.default_rng(4)
    cells = rng.uniform(0.02, 0.5, (4, 40, 44)).astype(np.float32)
    table, valid = ground.features(cells, ROLES, PLANT, 1.0)
    assert valid.all()
    found = dict(zip(ground.NAMES, table[:, 20, 20], strict=True))
    bright = np.clip(cells[:3] / np.float32(0.5), -0.5, 2).mean(axis=0)
    around = bright[13:28, 13:28]
    assert found["bright"] == pytest.approx(bright[20, 20], abs=1e-5)
    assert found["bright_wide"] == pytest.approx(around.mean(), abs=1e-3)
    assert found["rough_wide"] == pytest.approx(around.std(), abs=1e-3)
    assert (found["darkest"], found["brightest"]) == pytest.approx((around.min(), around.max()), abs=1e-5)
    east, north = bright[20, 21] - bright[20, 19], bright[19, 20] - bright[21, 20]
    assert found["slope"] == pytest.approx(0.6 * east + 0.8 * north, abs=0.02)
    green = (cells[3] - cells[2]) / (cells[3] + cells[2]) - 0.2
    planted = np.argwhere(green >= 0)
    nearest = np.abs(planted - [20, 20]).max(axis=1).min()
    assert found["width"] == min(nearest, 12)


def test_kinds_share_out_the_footprint_and_boxes_come_first():
    levels = drawn((20, 20, 160, 120), level=3)
    kinds = np.where(levels > 0, 1, 0).astype(np.uint8)
    kinds[80:160, 80:200] = 2
    kinds[180:200, 60:200] = 3
    tile = (levels + closing.KIND_STEP * kinds).astype(np.uint8)
    box = placed(60, 50, 72.19, 52.44)
    (found,) = outlines([([(0, 0, tile)], [box])], grid_of(levels.shape))
    assert list(found.kinds) == ["paving", "building", "earthwork", "stored"]
    areas = {name: shape.area for name, shape in found.kinds.items()}
    assert sum(areas.values()) == pytest.approx(found.geometry.area, rel=1e-6)
    assert areas["building"] == pytest.approx(40 * 60 - box.area, rel=0.03)
    assert areas["earthwork"] == pytest.approx(10 * 70, rel=0.03)
    assert areas["stored"] == pytest.approx(box.area, rel=0.3)
    assert found.kinds["stored"].intersection(found.kinds["building"]).area < 1e-6


def test_kinds_do_not_depend_on_the_tiles():
    rng = np.random.default_rng(7)
    cells = rng.integers(1, 4, (100, 110)).repeat(6, 0).repeat(6, 1).astype(np.uint8)
    levels = patchy(7, cells.shape) // 2 * 2 + 1
    tile = (closing.KIND_STEP * cells + levels).astype(np.uint8)[:595, :650]
    (whole,) = outlines([([(0, 0, tile)], [])], grid_of(tile.shape))
    parts = [(y, x, tile[y : y + 171, x : x + 171]) for y in range(0, 595, 171) for x in range(0, 650, 171)]
    (cut,) = outlines([(parts, [])], grid_of(tile.shape))
    assert {name: shape.wkt for name, shape in whole.kinds.items()} == {n: s.wkt for n, s in cut.kinds.items()}
    assert all(shape.area > 0 for name, shape in whole.kinds.items() if name != "stored")


def test_what_a_kind_gains_is_not_the_noise_of_its_edges():
    before, after = placed(20, 20, 80, 60), placed(20.5, 19.5, 95, 60.5)
    gained, lost = gained_and_lost(before, after, "EPSG:32633")
    assert gained == pytest.approx(15 * 41, rel=0.03)
    assert lost == 0


def test_where_kinds_cannot_be_told_there_are_none():
    assert has_kinds(Facts(0.5, ROLES))
    assert not has_kinds(Facts(2.0, ROLES))
    assert not has_kinds(Facts(0.5, ("blue", "red", "nir")))
    assert found_in(drawn((20, 20, 80, 60))).kinds == {}
