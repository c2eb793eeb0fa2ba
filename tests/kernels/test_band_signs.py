"""Bands that cannot be what is said, and grounds on which nothing may be said."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import rasterio
from real import DATA, needs_data

from changedet.kernels import band_signs
from changedet.kernels.band_signs import fitting_order, is_picture, odd_band, shows_blue

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
COUNT = 6_000
SAME = (0, 1, 2, 3)


def ground(kind: str, seed: int = 0, darkest: float = 0.4) -> np.ndarray:
    """Blue, green, red and near infrared of some pixels, as reflectance."""
    random = np.random.default_rng(seed)
    light, noise = random.uniform(darkest, 1.0, COUNT), random.normal(0, 0.004, (4, COUNT))
    if kind == "desert":
        return light * np.array([[0.15], [0.22], [0.30], [0.36]]) + noise
    if kind == "snow":
        return light * np.array([[0.9], [0.9], [0.88], [0.85]]) + noise
    if kind == "water":
        return np.array([[0.05], [0.04], [0.02], [0.01]]) + noise
    # Plants beside bare ground and roofs: where near infrared is high red is low.
    plants = random.uniform(0, 1, COUNT) ** 2
    soil = np.array([[0.12], [0.17], [0.22], [0.27]])
    leaves = np.array([[0.04], [0.08], [0.05], [0.45]])
    return light * (plants * leaves + (1 - plants) * soil) + noise


def test_odd_band_names_near_infrared_wherever_it_stands() -> None:
    image = ground("plants")
    assert odd_band(image) == -1
    for order in itertools.permutations(range(4)):
        expected = order.index(3) if order[3] != 3 else -1
        assert odd_band(image[list(order)]) == expected, order


def test_blue_goes_with_near_infrared_less_than_green_and_red_do() -> None:
    image = ground("plants")
    assert shows_blue(image[[0, 1, 3]])
    assert not shows_blue(image[[1, 0, 3]])
    assert not shows_blue(image[[0, 1, 3], :100]), "too little is seen"


@pytest.mark.parametrize("kind", ["desert", "snow", "water"])
def test_odd_band_says_nothing_where_no_plants_tell(kind: str) -> None:
    for order in itertools.permutations(range(4)):
        # In the true order nothing; what stands for green in another may be brighter than green can be.
        assert odd_band(ground(kind)[list(order)]) in ({-1} if order == SAME else {-1, 1}), order


def test_odd_band_knows_colour_infrared_that_is_said_to_be_natural() -> None:
    image = ground("plants", darkest=0.8)
    assert odd_band(image[[1, 2, 3]]) == 2
    assert odd_band(image[[0, 1, 2]]) == -1


def test_odd_band_knows_plants_whose_near_infrared_lies_below_green() -> None:
    random = np.random.default_rng(3)
    # Short-wave infrared, near infrared and red of a forest, said to be blue, green and red; the last is a second red.
    light = random.uniform(0.4, 1.0, COUNT)
    forest = light * np.array([[0.15], [0.45], [0.05], [0.06]]) + random.normal(0, 0.01, (4, COUNT))
    assert odd_band(forest) == 1
    assert odd_band(np.concatenate([forest[:3], 2 * forest[1:2]])) == -1, "near infrared above green"
    lake = np.concatenate([forest[:, : COUNT // 2], ground("plants")[:, COUNT // 2 :]], axis=1)
    assert odd_band(lake) == -1, "green water beside land"


def test_odd_band_is_the_same_after_a_stretch_for_the_screen() -> None:
    image = ground("plants")
    low, high = np.percentile(image, (2, 98), axis=1, keepdims=True)
    shown = np.clip((image - low) / (high - low) * 255, 0, 255).astype(np.uint8).astype(np.float32)
    assert odd_band(shown) == -1
    assert odd_band(shown[[3, 1, 2, 0]]) == 0


def test_odd_band_and_fitting_order_want_enough_pixels() -> None:
    image = ground("plants")
    image[:, 1_500:] = np.nan
    assert odd_band(image[[3, 1, 2, 0]]) == -1
    assert fitting_order(image, image[[2, 1, 0, 3]]) == SAME


def test_fitting_order_finds_every_order() -> None:
    before, after = ground("plants"), 1.3 * ground("plants") + 0.02
    for order in itertools.permutations(range(4)):
        assert fitting_order(before, after[list(order)]) == order


@pytest.mark.parametrize("kind", ["desert", "snow", "water", "plants"])
def test_fitting_order_says_nothing_of_dates_that_show_other_things(kind: str) -> None:
    for seed in range(1, 6):
        assert fitting_order(ground("plants"), ground(kind, seed)) == SAME


def test_fitting_order_says_nothing_of_a_meadow_that_was_paved(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    kind = random.choice(3, COUNT, p=[0.5, 0.1, 0.4])
    meadow, paving, field, laid = (
        np.array(bands)[:, None]
        for bands in (
            [0.07, 0.11, 0.12, 0.30],
            [0.24, 0.29, 0.33, 0.37],
            [0.09, 0.12, 0.16, 0.24],
            [0.2, 0.22, 0.24, 0.26],
        )
    )
    light, other = random.uniform(0.6, 1.0, (2, COUNT))
    before, after = (
        np.where(kind == 0, first, np.where(kind == 1, paving, field)) * lit + random.normal(0, 0.01, (4, COUNT))
        for first, lit in ((meadow, light), (laid, 0.2 * light + 0.8 * other))
    )
    assert fitting_order(before, after) == SAME
    exchanged = (3, 1, 2, 0)
    assert fitting_order(before, before[list(exchanged)]) == exchanged
    monkeypatch.setattr(band_signs, "WORSE", 1.0)
    assert fitting_order(before, after) != SAME, "by the sum of fits alone"


def test_fitting_order_of_flat_bands_is_as_said() -> None:
    flat = np.ones((4, COUNT))
    assert fitting_order(flat, ground("plants")) == SAME
    assert odd_band(flat) == -1


def test_is_picture_is_not_noise() -> None:
    random = np.random.default_rng(0)
    noise = random.normal(size=(2, 80, 80)).astype(np.float32)
    slope = noise + 5 * np.indices((80, 80))[0]
    assert not is_picture(noise)
    assert is_picture(slope.astype(np.float32))
    assert not is_picture(np.full((2, 80, 80), np.nan, np.float32))


def pixels(name: str) -> np.ndarray:
    with rasterio.open(DATA / name) as scene:
        image = scene.read().astype(np.float32)
    return image.reshape(len(image), -1)


@needs_data
def test_fitting_order_of_real_looks_finds_exchanged_red_and_blue() -> None:
    for first, *others in (
        ["airports/a_2019-03-10.tif", "airports/a_2019-06-14.tif", "airports/a_2019-11-20.tif"],
        ["airports/b_2019-02-11.tif", "airports/b_2019-05-16.tif", "airports/b_2019-08-20.tif"],
        ["pucallpa/1985.tif", "pucallpa/1995.tif", "pucallpa/2005.tif", "pucallpa/2020.tif"],
    ):
        for other in others:
            before, after = pixels(first), pixels(other)
            swapped = (2, 1, 0, *range(3, len(after)))
            assert fitting_order(before, after) == tuple(range(len(after)))
            assert fitting_order(before, after[list(swapped)]) == swapped, other


@needs_data
def test_odd_band_of_real_pictures() -> None:
    for name in ("taizhou/2000TM", "taizhou/2003TM"):
        landsat = pixels(name)[:4]
        assert odd_band(landsat) == -1
        assert odd_band(landsat[[3, 1, 2, 0]]) == 0
    for year in (1985, 2000, 2020):
        assert odd_band(pixels(f"pucallpa/{year}.tif")) == 1, "its second band is near infrared, not green"
    assert odd_band(pixels("null/rgbn_20160101.tif")[[2, 1, 0, 3]]) == -1
    for name in ("levir/A/test_7_0256_0512.png", "harbour/01_05400_09600.jpg", "streets/MOS92.png", "yards/rail.png"):
        assert odd_band(pixels(name)[[2, 1, 0]]) == -1, name


def test_assigned_looks_through_all_orders_of_few_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    fits = [rng.random((count, count)) for count in (2, 3, 4, 5) for _ in range(20)]
    tried = [band_signs._assigned(one).tolist() for one in fits]
    monkeypatch.setattr(band_signs, "MOST_TRIED", 0)
    assert tried == [band_signs._assigned(one).tolist() for one in fits]
