"""The mask: clouds of known place, and bright things that must not be taken for one."""

import datetime as dt

import numpy as np
import pytest
import rasterio
import xarray as xr
from masked_images import mask
from mercator import image_in_mercator
from real import DATA, needs_data
from scipy.ndimage import gaussian_filter

from changedet.errors import MethodError
from changedet.imagery.angles import SunAngles
from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA, PATCHES, SATURATED, SHADOW, SNOW
from changedet.simulate import make_world, render
from changedet.stages.mask.stage import STAGE
from changedet.stages.registry import Facts

ROLES = ["blue", "green", "red", "nir"]
N = 320


def image(values, roles=ROLES, resolution_m=1.0):
    y, x = (np.arange(n) * resolution_m for n in values.shape[1:])
    return xr.DataArray(
        values.astype(np.float32), dims=("band", "y", "x"), coords={"band": roles[: len(values)], "y": -y, "x": x}
    )


def ground(seed=0):
    """Fields of four tones with grain, in 1/10000 reflectance."""
    rng = np.random.default_rng(seed)
    tone = np.kron(rng.uniform(0.7, 1.4, (4, 4)), np.ones((N // 4, N // 4)))
    colour = np.array([700, 950, 1100, 2200.0])[:, None, None]
    return colour * tone * (1 + 0.05 * rng.normal(size=(4, N, N)))


def with_yard(values):
    """Gravel 100 m wide, a white warehouse, and rows of white containers on it."""
    out = values.copy()
    out[:, 40:140, 40:160] = np.array([2000, 2400, 2800, 3200])[:, None, None]
    out[:, 50:80, 50:110] = 6500
    for x in range(60, 150, 3):
        out[:, 95:107, x : x + 2] = 6800
        out[:, 112:124, x : x + 2] = 6800
    return out


def opacity(y=220, x=220, size=45, seed=1):
    """A cloud that fades out over some ten metres, its outline ragged."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:N, :N]
    ragged = gaussian_filter(rng.normal(size=(N, N)), 8)
    away = np.hypot(rows - y, columns - x) / size + 1.5 * ragged / ragged.std() * 0.12
    return np.clip((1.0 - away) * 3.0, 0, 1)


def clouded(values, shadow_shift=(60, -40)):
    cloud = opacity()
    dark = np.roll(cloud, shadow_shift, (0, 1))
    return values * (1 - 0.65 * dark) * (1 - cloud) + 7500 * cloud, cloud, dark


def test_mask_bright_yards_are_not_clouds():
    clear = image(with_yard(ground()))
    assert (mask(clear) == CLEAR).all()
    assert (mask(clear, reference=image(ground(1))) == CLEAR).all()


@pytest.mark.parametrize("with_reference", [False, True])
def test_mask_finds_a_cloud_and_its_shadow(with_reference):
    values, cloud, dark = clouded(with_yard(ground()))
    reference = image(with_yard(ground(0)) * 1.1) if with_reference else None
    # The sun stands in the north-east: the shadow falls south-west, rows down and columns left.
    azimuth = float(np.degrees(np.arctan2(40, 60)))
    found = mask(image(values), reference=reference, sun=SunAngles(azimuth, 45.0)).values
    assert (found[cloud > 0.5] == CLOUD).mean() > 0.97
    alone = (dark > 0.6) & (cloud < 0.01)
    # Alone, a picture cannot tell the shadow on a bright field from a darker field in the sun.
    assert np.isin(found[alone], (SHADOW, CLOUD)).mean() > (0.85 if with_reference else 0.7)
    untouched = (cloud == 0) & (dark == 0)
    assert (found[untouched] != CLEAR).mean() < (0.04 if with_reference else 0.1)
    assert (found[40:140, 40:160] == CLEAR).all()


def test_mask_is_the_same_in_web_mercator():
    values, _, _ = clouded(ground())
    seen = image(values, resolution_m=0.75)
    plain, found = mask(seen), mask(image_in_mercator(seen))
    assert (plain == CLOUD).any()
    np.testing.assert_array_equal(found.values, plain.values)


def test_mask_has_no_shadow_without_a_cloud():
    values = ground()
    values[:, 200:260, 200:260] *= 0.3
    assert (mask(image(values), reference=image(ground())) == CLEAR).all()


def test_mask_a_soft_bright_place_that_was_there_before_is_no_cloud():
    values, _, _ = clouded(ground(), (0, 0))
    assert (mask(image(values)) == CLOUD).any()
    assert not (mask(image(values), reference=image(values)) == CLOUD).any()


def test_mask_knows_snow_by_swir():
    values = np.concatenate([ground(), ground()[2:3] * 1.5])
    values[:, :100] = np.array([7500, 7600, 7500, 7000, 900])[:, None, None]
    found = mask(image(values, [*ROLES, "swir1"], 30.0), dtype="uint16").values
    assert (found[:95] == SNOW).all()
    assert (found[105:] == CLEAR).all()


def test_mask_of_eight_bit_white_roofs_is_clear():
    values = np.clip(with_yard(ground()) / 12, 0, 255).round()
    values[:, 50:80, 50:110] = 255
    assert (mask(image(values), dtype="uint8") == CLEAR).all()


def test_mask_sixteen_bit_saturation_and_no_data_pixel_by_pixel():
    values = ground()
    values[2, 5, 7] = 65535
    values[1, 9, 11] = np.nan
    found = mask(image(values)).values
    assert (found[5, 7], found[9, 11]) == (SATURATED, NODATA)
    assert (np.delete(found.ravel(), [5 * N + 7, 9 * N + 11]) == CLEAR).all()


def test_mask_all_no_data_and_sar():
    empty = image(np.full((4, 50, 60), np.nan))
    assert (mask(empty) == NODATA).all()
    radar = image(np.full((2, 20, 20), 3.0), ["vv", "vh"])
    radar[0, 3, 4] = np.nan
    found = mask(radar)
    assert found.dtype == np.uint8
    assert found.values.sum() == NODATA
    assert STAGE.choose(Facts(10.0, ("vv",))).method == "nodata_only"
    assert STAGE.choose(Facts(10.0, ("red", "nir"))).method == "nodata_only"


def test_mask_refuses_wrong_input():
    with pytest.raises(MethodError, match="blue is missing"):
        mask(image(ground()[1:], ROLES[1:]), method="spectral")
    with pytest.raises(MethodError, match="did you mean 'spectral'"):
        mask(image(ground()), method="spectrl")


@pytest.mark.parametrize("kind", ["quiet", "decoys", "port", "dense"])
def test_mask_of_simulated_clear_sites_are_clear(kind):
    from changedet.simulate import Renderer, make_world

    world = make_world(kind, seed=5, dates=1, gsd_m=1.0)
    picture = Renderer(world, 0).window()
    assert (mask(image(picture)) == CLEAR).all()


def test_mask_finds_simulated_clouds():
    from changedet.simulate import Renderer, make_world
    from changedet.simulate.render import weather
    from changedet.simulate.schedule import Sky

    world = make_world("growth", seed=3, dates=2, gsd_m=1.0, changes={1: (None, Sky(cloud_cover=0.35))})
    pictures = [image(Renderer(world, index).window()) for index in (0, 1)]
    sky = weather(world, world.looks[1], world.looks[1].to_ground, world.looks[1].shape)
    found = mask(pictures[1], reference=pictures[0]).values
    assert (found[sky.cloud > 0.5] == CLOUD).mean() > 0.85
    assert (found[(sky.cloud == 0) & (sky.shadow == 0)] != CLEAR).mean() < 0.15


@needs_data
@pytest.mark.parametrize("folder", ["null", "pucallpa"])
def test_mask_of_real_clear_scenes_are_clear(folder):
    place = DATA / folder
    resolution_m = {"null": 5.0, "pucallpa": 90.0}[folder]
    for path in sorted(place.glob("*.tif")):
        with rasterio.open(path) as source:
            values = source.read().astype(np.float32)
        found = mask(image(values, ["red", "green", "blue", "nir"], resolution_m), dtype="uint8")
        assert (found == CLEAR).all(), path.name


# snow without a short-wave infrared band ------------------------------------------------------------------------------


def snowed(values, cover=0.9, seed=5):
    """The ground under uneven snow that trees and shade pierce, darker in the near infrared."""
    rng = np.random.default_rng(seed)
    depth = gaussian_filter(rng.normal(size=(N, N)), 2)
    lies = depth < np.quantile(depth, cover)
    white = np.array([7900, 8000, 7900, 7200.0])[:, None, None] * (1 + 0.06 * rng.normal(size=(4, N, N)))
    return np.where(lies, white, values), lies


@pytest.mark.parametrize("bands", [4, 3])
def test_snow_is_known_by_ground_that_has_turned_white(bands):
    before = with_yard(ground())[:bands]
    after, _ = snowed(with_yard(ground()))
    classes = mask(image(after[:bands]), reference=image(before)).values
    assert (classes == SNOW).all()  # so much of it that nothing can be compared
    little, lies = snowed(with_yard(ground()), 0.2)
    classes = mask(image(little[:bands]), reference=image(before)).values
    assert (classes == PATCHES)[lies].mean() > 0.6
    assert not (classes == SNOW).any()  # most of it is open


def test_white_roofs_and_yards_are_no_snow_even_where_all_are_new():
    before = ground()
    after = with_yard(before)
    after[:, 150:300, 30:290] = np.array([5600, 5700, 5600, 5800])[:, None, None]
    after *= 1 + 0.03 * np.random.default_rng(8).normal(size=after.shape)
    for reference in (None, image(before)):
        assert not (mask(image(after), reference=reference).values == SNOW).any()


def test_white_ground_that_was_white_before_is_no_snow():
    salt, _ = snowed(ground(), 0.95)
    assert not (mask(image(salt), reference=image(salt * 1.02)).values == SNOW).any()


def test_a_winter_date_is_snow_and_an_autumn_date_is_not():
    world = make_world("winter", 3, 49, 1.0, 256.0, start=dt.date(2022, 11, 12))
    snow = [look.snow > 0 for look in world.looks]
    assert snow == [False, True, True] or any(snow)
    reference = image(render(world, 0).image.astype(float))
    for k in (1, 2):
        found = (mask(image(render(world, k).image.astype(float)), reference=reference).values == SNOW).mean()
        assert (found > 0.9) if snow[k] else (found == 0)


def test_stubble_in_a_picture_of_16_bits_is_no_snow():
    """A stretch makes it as colourless as snow, and brighter than most; in 8 bits it was none."""
    rng = np.random.default_rng(3)
    tone = np.kron(rng.choice([90.0, 105.0, 175.0], (8, 8)), np.ones((N // 8, N // 8)))
    later = tone + np.zeros((3, 1, 1)) + rng.normal(0, 16, (1, N, N))
    before = np.array([60.0, 100.0, 70.0])[:, None, None] + rng.normal(0, 6, (1, N, N))
    later[:, :40, :40] = before[:, :40, :40] = 240
    found = mask(image(257 * later), reference=image(257 * before), method="spectral", dtype="uint16")
    assert not np.isin(found, (SNOW, PATCHES)).any()
