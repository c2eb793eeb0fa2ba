"""Snow in patches, on drawn ground: what has turned white all over, but is no cloud and no roof."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from changedet.kernels.pixel_classes import CLEAR, CLOUD, PATCHES, SNOW
from changedet.stages.mask.kernels.air_light import without_air
from changedet.stages.mask.kernels.cloud_light import CloudBands
from changedet.stages.mask.kernels.light_units import UNKNOWN_UNITS, LightUnits
from changedet.stages.mask.kernels.overview_classes import classify_overview
from changedet.stages.mask.kernels.overview_snow import Sun, is_white_all_over, snow_beside
from changedet.stages.mask.kernels.snow import bare_picture, may_be_snow, snow_by_index, white_snow

FLOOR = 2200.0
KNOWN = LightUnits(FLOOR, np.inf)
HIGH_SUN = Sun(150.0, 60.0)
RESOLUTION_M = 2.0
SIZE = 128
WHITE = np.array([7000, 7000, 6900], np.float32)[:, None, None]


def bare(seed: int = 1) -> np.ndarray:
    """Brown, uneven ground (3, y, x)."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.normal(level, level / 8, (SIZE, SIZE)) for level in (900, 1100, 1400)]).astype(np.float32)


def patches(share: float, blur_px: float = 1.5, seed: int = 2) -> np.ndarray:
    """Where snow lies (y, x), in patches as wide as a blur makes them."""
    noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=(SIZE, SIZE)), (0, 0), blur_px)
    return noise > np.quantile(noise, 1 - share)


def snowed(ground: np.ndarray, lies: np.ndarray, rough: float = 0.05) -> np.ndarray:
    uneven = 1 + rough * np.random.default_rng(3).normal(size=ground.shape[1:])
    return np.where(lies, WHITE * uneven, ground).astype(np.float32)


def test_snow_in_patches_is_known_by_a_look_without_it() -> None:
    lies = patches(0.25)
    found = white_snow(snowed(bare(), lies), None, bare(4), FLOOR, RESOLUTION_M, is_scaled=True)
    assert (found[lies] == PATCHES).mean() > 0.95
    assert (found == CLEAR).mean() > 0.25  # the rest is open, but for rims


def test_much_snow_hides_the_whole_scene() -> None:
    found = white_snow(snowed(bare(), patches(0.7)), None, bare(4), FLOOR, RESOLUTION_M, is_scaled=True)
    assert (found == SNOW).all()


def test_snow_that_a_look_had_on_grey_ground_as_well_is_known_by_its_brightness() -> None:
    """A thin cover leaves a yard as colourless as snow: it was not white there, it was dark."""
    grey = np.full((3, SIZE, SIZE), 1500, np.float32) * np.float32(1.0)
    grey *= 1 + 0.05 * np.random.default_rng(5).normal(size=(SIZE, SIZE)).astype(np.float32)
    lies = patches(0.25)
    assert (
        white_snow(snowed(grey, lies), None, grey, FLOOR, RESOLUTION_M, is_scaled=True)[lies] == PATCHES
    ).mean() > 0.95


def test_snow_that_grass_stands_in_is_known_and_pale_plants_are_none() -> None:
    """Of pixels of 2 m in patches of snow a third may be grass, which is as bright in the near infrared as snow."""
    lies, grass = patches(0.25), np.full((SIZE, SIZE), 3500, np.float32)
    seen = snowed(bare(), lies)
    infrared = np.where(lies, 1.12 * seen[2], grass)
    found = white_snow(seen, infrared, bare(4), FLOOR, RESOLUTION_M, is_scaled=True)
    assert (found[lies] == PATCHES).mean() > 0.95
    plants = np.where(lies, 1.4 * seen[2], grass)
    assert (white_snow(seen, plants, bare(4), FLOOR, RESOLUTION_M, is_scaled=True) == CLEAR).all()


@pytest.mark.parametrize("share", [0.02, 0.05])
def test_white_roofs_here_and_there_are_no_snow(share: float) -> None:
    found = white_snow(snowed(bare(), patches(share)), None, bare(4), FLOOR, RESOLUTION_M, is_scaled=True)
    assert (found == CLEAR).all()


def test_one_wide_white_yard_is_no_snow() -> None:
    lies = np.zeros((SIZE, SIZE), bool)
    lies[:50, :60] = True
    assert (white_snow(snowed(bare(), lies), None, bare(4), FLOOR, RESOLUTION_M, is_scaled=True) == CLEAR).all()


def test_paving_that_is_white_in_parts_is_no_snow() -> None:
    """New concrete over half of a scene, at the edge of what is white: evener than snow, and in one place."""
    lies = patches(0.5, blur_px=4.0)
    lies[:, 72:] = False
    even = white_snow(snowed(bare(), lies, rough=0.01), None, bare(4), FLOOR, RESOLUTION_M, is_scaled=True)
    assert (even == CLEAR).all()
    assert (white_snow(snowed(bare(), lies), None, bare(4), FLOOR, RESOLUTION_M, is_scaled=True) == PATCHES).any()


def test_smooth_wide_clouds_are_no_snow_and_uneven_ones_are() -> None:
    lies = patches(0.35, blur_px=12.0)
    assert (
        white_snow(snowed(bare(), lies, rough=0.0005), None, bare(4), FLOOR, RESOLUTION_M, is_scaled=True) == CLEAR
    ).all()
    assert (
        white_snow(snowed(bare(), lies, rough=0.05), None, bare(4), FLOOR, RESOLUTION_M, is_scaled=True) == PATCHES
    ).any()


@pytest.mark.parametrize("share", [0.78, 0.97])
def test_what_turned_white_as_a_whole_hides_the_ground_however_even_it_is(share: float) -> None:
    """From afar snow is as even as a cloud, and stacks and their shade stay dark in it."""
    lies = patches(share, blur_px=6.0)
    even = snowed(bare(), lies, rough=0.003)
    assert (white_snow(even, None, bare(4), FLOOR, RESOLUTION_M, is_scaled=True) == SNOW).all()
    assert (white_snow(even, None, even, FLOOR, RESOLUTION_M, is_scaled=True) == CLEAR).all(), "always as white"
    assert (white_snow(even, None, None, FLOOR, RESOLUTION_M, is_scaled=True) == CLEAR).all(), "nothing to compare with"


def under_a_cloud(ground: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Patches of snow on some ground, a white even cloud with a soft rim over them, and its core (y, x)."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    away = np.hypot(rows - 64, columns - 70)
    thick = np.clip((24 - away) / 4, 0, 1)
    return (snowed(ground, patches(0.25)) * (1 - thick) + WHITE * thick).astype(np.float32), away < 20


def test_a_cloud_over_snow_in_patches_shows_no_boxes() -> None:
    """In the midst of patches, in which boxes are counted, what is as even as a cloud hides them."""
    picture, core = under_a_cloud(bare())
    found = white_snow(picture, None, bare(4), FLOOR, RESOLUTION_M, is_scaled=True)
    assert (found[core] == SNOW).all()
    assert (found == PATCHES).mean() > 0.2
    assert (white_snow(snowed(bare(), patches(0.25)), None, bare(4), FLOOR, RESOLUTION_M, is_scaled=True) != SNOW).all()


def test_a_cloud_over_snow_in_patches_hides_the_ground_as_a_cloud_or_as_snow() -> None:
    picture, core = under_a_cloud(bare())
    bands = CloudBands((0, 1, 2), None)
    found = classify_overview(picture, bare(4), bands, RESOLUTION_M, KNOWN, None, ())
    assert np.isin(found[core], (CLOUD, SNOW)).all()
    assert (found == PATCHES).mean() > 0.2


def test_what_was_white_on_every_look_is_no_snow() -> None:
    white = snowed(bare(), patches(0.3))
    assert may_be_snow(white, None, FLOOR)
    darkest = bare_picture(white, None, [white * 0.9, white * 1.1], FLOOR)
    assert (white_snow(white, None, darkest, FLOOR, RESOLUTION_M, is_scaled=True) == CLEAR).all()


def test_the_bare_picture_shows_each_place_as_the_look_without_snow_does() -> None:
    ground, lies = bare(), patches(0.5)
    date = snowed(ground, patches(0.3, seed=7))
    looks = [snowed(ground, lies) * 1.3, snowed(ground, ~lies) * 0.8]
    found = bare_picture(date, None, [look.astype(np.float32) for look in looks], FLOOR)
    np.testing.assert_allclose(np.median(found / ground, axis=(1, 2)), 1.0, rtol=0.15)
    assert np.quantile(found.mean(0), 0.99) < FLOOR


def test_the_bare_picture_knows_nothing_where_no_look_shows_anything() -> None:
    hidden = bare()
    hidden[:, :20] = np.nan
    found = bare_picture(bare(), None, [hidden, hidden], FLOOR)
    assert np.isnan(found[:, :20]).all()
    assert np.isfinite(found[:, 20:]).all()


def test_nothing_is_snow_where_units_are_unknown() -> None:
    assert not may_be_snow(snowed(bare(), patches(0.7)), None, 0.0)
    assert (white_snow(snowed(bare(), patches(0.7)), None, None, 0.0, RESOLUTION_M, is_scaled=True) == CLEAR).all()


BANDS = CloudBands((0, 1, 2), None, None)
COUNTS = np.float32(0.12)
"""From ten-thousandths of reflectance to counts of 11 bits."""


def test_snow_is_known_in_counts_of_which_nobody_knows_the_scale() -> None:
    before, lies = COUNTS * bare(4), patches(0.25)
    after = COUNTS * 0.8 * snowed(bare(), lies)
    found = classify_overview(after, before, BANDS, RESOLUTION_M, UNKNOWN_UNITS, None, ())
    assert (found[lies] == PATCHES).mean() > 0.95
    assert (found != CLEAR).mean() < 0.6
    assert is_white_all_over(after, BANDS, UNKNOWN_UNITS)
    assert (snow_beside(after, [before], BANDS, RESOLUTION_M, UNKNOWN_UNITS, None)[lies] == PATCHES).mean() > 0.95


def test_grey_ground_in_unknown_counts_is_no_snow_by_itself_nor_beside_another_look() -> None:
    grey = np.broadcast_to(bare().mean(axis=0), (3, SIZE, SIZE)) * COUNTS
    assert (classify_overview(grey, None, BANDS, RESOLUTION_M, UNKNOWN_UNITS, None, ()) == CLEAR).all()
    assert (snow_beside(grey * 1.3, [grey], BANDS, RESOLUTION_M, UNKNOWN_UNITS, None) == CLEAR).all()


def test_concrete_that_haze_takes_the_colour_of_is_no_snow_in_unknown_counts() -> None:
    yard = np.zeros((SIZE, SIZE), bool)
    yard[10:-10, 10:-10] = True
    rough = 1 + 0.05 * np.random.default_rng(8).normal(size=(SIZE, SIZE))
    clear = np.where(yard, np.array([500, 570, 690])[:, None, None] * rough, 0.6 * bare(4) * COUNTS).astype(np.float32)
    hazy = (1.1 * clear + np.array([220, 130, 90], np.float32)[:, None, None]).astype(np.float32)
    assert white_snow(hazy, None, clear, 300.0, RESOLUTION_M, is_scaled=True)[yard].mean() > 0, "white, and all over"
    assert (white_snow(hazy, None, clear, 300.0, RESOLUTION_M, is_scaled=False) == CLEAR).all()
    assert (snow_beside(hazy, [clear], BANDS, RESOLUTION_M, UNKNOWN_UNITS, None) == CLEAR).all()


def test_silt_of_a_flood_is_no_snow_in_unknown_counts_and_hazy_snow_is() -> None:
    """Pale silt is as colourless as snow, and lighter than the grass it lies on, once the air's blue is in it."""
    lies, rough = patches(0.45), 1 + 0.05 * np.random.default_rng(8).normal(size=(SIZE, SIZE))
    grass = np.array([45, 90, 70], np.float32)[:, None, None] * rough
    silt = np.array([180, 215, 245], np.float32)[:, None, None] * rough
    air = np.array([90, 55, 35], np.float32)[:, None, None]
    before = (grass + air).astype(np.float32)
    flooded = (np.where(lies, silt, grass) + air).astype(np.float32)
    white = white_snow(flooded, None, before, 150.0, RESOLUTION_M, is_scaled=True)
    assert white[lies].mean() > 0, "white, and all over"
    assert (white_snow(flooded, None, before, 150.0, RESOLUTION_M, is_scaled=False) == CLEAR).all()
    assert (snow_beside(flooded, [before], BANDS, RESOLUTION_M, UNKNOWN_UNITS, None) == CLEAR).all()
    hazy = (COUNTS * snowed(before / COUNTS, lies) + air).astype(np.float32)
    assert (white_snow(hazy, None, before, 200.0, RESOLUTION_M, is_scaled=False)[lies] != CLEAR).mean() > 0.95


def test_concrete_that_haze_lifts_over_the_floor_is_no_snow_and_hazy_snow_is() -> None:
    """Grey paving all over, dark water beside: the air adds light, most of it blue, to both."""
    yard = patches(0.4)
    rough = 1 + 0.05 * np.random.default_rng(8).normal(size=(SIZE, SIZE))
    clear = np.where(yard, np.array([1500, 1650, 1750])[:, None, None] * rough, 0.4 * bare(4)).astype(np.float32)
    air = np.array([900, 750, 650], np.float32)[:, None, None]
    hazy = clear + air
    white = yard & (hazy.mean(axis=0) > FLOOR)
    assert white.mean() > 0.2
    assert (white_snow(hazy, None, clear, FLOOR, RESOLUTION_M, is_scaled=True) == CLEAR).all()
    found = white_snow(snowed(clear, yard) + air, None, clear, FLOOR, RESOLUTION_M, is_scaled=True)
    assert (found[yard] != CLEAR).mean() > 0.95


def test_snow_under_which_nothing_is_dark_is_snow() -> None:
    found = white_snow(snowed(bare(), patches(1.0)) * 0.5, None, bare(4), FLOOR, RESOLUTION_M, is_scaled=True)
    assert (found == SNOW).all()


LOW_SUN = np.array([0.175, 0.17, 0.165], np.float32)[:, None, None]
AIR = np.array([650, 470, 330], np.float32)[:, None, None]
"""Of a scene at ten degrees less than twenty: snow is blue by more than it is white, and darker than a cloud."""


def test_snow_under_a_low_sun_is_known_once_the_air_is_taken_away() -> None:
    lies = patches(0.3)
    before, after = (image.astype(np.float32) for image in (bare(4), LOW_SUN * snowed(bare(), lies) + AIR))
    assert (white_snow(after, None, before, FLOOR, RESOLUTION_M, is_scaled=True) == CLEAR).all()
    found = classify_overview(after, before, BANDS, RESOLUTION_M, KNOWN, None, ())
    assert (found[lies] == PATCHES).mean() > 0.9
    assert is_white_all_over(after, BANDS, KNOWN)
    assert (snow_beside(after, [before], BANDS, RESOLUTION_M, KNOWN, None)[lies] == PATCHES).mean() > 0.9


def test_what_is_darker_than_a_cloud_under_a_high_sun_is_no_snow() -> None:
    before, after = (image.astype(np.float32) for image in (bare(4), LOW_SUN * snowed(bare(), patches(0.3)) + AIR))
    assert (classify_overview(after, before, BANDS, RESOLUTION_M, KNOWN, HIGH_SUN, ()) == CLEAR).all()
    assert (snow_beside(after, [before], BANDS, RESOLUTION_M, KNOWN, HIGH_SUN) == CLEAR).all()
    high = snowed(bare(), patches(0.3)).astype(np.float32)
    assert (snow_beside(high, [before], BANDS, RESOLUTION_M, KNOWN, HIGH_SUN) != CLEAR).any()


def test_of_a_picture_of_eight_bits_the_air_is_left_in_and_bare_ground_is_no_snow() -> None:
    after = (LOW_SUN * snowed(bare(), patches(0.3)) + AIR).astype(np.float32)
    assert (classify_overview(after, bare(4), BANDS, RESOLUTION_M, LightUnits(0.0, 2700.0), None, ()) == CLEAR).all()
    low = (LOW_SUN * bare(4) + AIR).astype(np.float32)
    assert (classify_overview(low, bare(4), BANDS, RESOLUTION_M, KNOWN, None, ()) == CLEAR).all()
    assert (snow_beside(low, [bare(4)], BANDS, RESOLUTION_M, KNOWN, None) == CLEAR).all()


def test_the_air_is_each_bands_darkest_and_half_of_its_brightest_at_most() -> None:
    ramp = np.broadcast_to(np.linspace(100, 900, SIZE, dtype=np.float32), (3, SIZE, SIZE)) + AIR
    own, nir = without_air(ramp, ramp[0])
    assert np.percentile(own, 1.0) == pytest.approx(0.0, abs=1.0)
    assert nir is not None
    np.testing.assert_allclose(nir - own[2], ramp[0] - ramp[2], atol=1e-3)
    even, _ = without_air(snowed(bare(), patches(1.0)), None)
    assert np.percentile(even, 1.0) > 0.3 * WHITE.min()
    unknown = np.full((3, 4, 4), np.nan, np.float32)
    np.testing.assert_array_equal(without_air(unknown, None)[0], unknown)


@pytest.mark.parametrize(("floor", "unit"), [(FLOOR, 1.0), (0.0, 1.0), (0.0, 0.05)])
def test_snow_by_index_is_no_water_whether_or_not_the_units_are_known(floor: float, unit: float) -> None:
    # snow, snow in shade, a lake, silt in the sea, forest, half mud and half water: green, near and short-wave infrared
    kinds = ((8500, 7900, 1200), (2600, 2250, 350), (520, 150, 60), (1350, 520, 110), (350, 1900, 900), (855, 682, 360))
    found = []
    for kind in kinds:
        green, nir, swir1 = (np.full((1, 1), unit * value, np.float32) for value in kind)
        found.append(bool(snow_by_index(green, nir, swir1, floor)[0, 0]))
    assert found == [True, True, False, False, False, False]


def test_snow_by_index_has_a_rim_of_pixels_that_are_covered_in_part() -> None:
    share = np.clip((40.0 - np.arange(80)) / 4.0 + 1.0, 0.0, 1.0)[None, :] * np.ones((20, 1))
    snow, soil = np.array([8500.0, 7900.0, 1200.0]), np.array([1100.0, 1900.0, 2900.0])
    green, nir, swir1 = (share * (a - b) + b for a, b in zip(snow, soil, strict=True))
    found = snow_by_index(*(band.astype(np.float32) for band in (green, nir, swir1)), FLOOR)
    assert found[:, share[0] > 0.0].all()
    assert not found[:, 46:].any()
    lone = np.full((20, 80), 1.0, np.float32)
    assert not snow_by_index(2500.0 * lone, 2700.0 * lone, 3000.0 * lone, FLOOR).any()
