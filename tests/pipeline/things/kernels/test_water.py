"""Water: large, smooth, dark; neither shade on land nor a picture without it."""

import numpy as np

from changedet.pipeline.things.kernels.water import water


def picture() -> np.ndarray:
    rng = np.random.default_rng(3)
    image = rng.normal(60, 1.0, (3, 200, 240)).astype(np.float32)
    image[:, :80] = np.repeat(np.repeat(rng.uniform(120, 260, (3, 20, 60)), 4, 1), 4, 2)
    image[:, 120:130, 60:140] = 150
    return image


def test_water_is_what_lies_below_the_quay_and_around_the_hull() -> None:
    found = water(picture(), 0.5, None)
    assert not found[:78].any()
    assert found[90:115].mean() > 0.99
    assert not found[122:128, 62:138].any()


def test_shade_on_water_is_water() -> None:
    image = picture()
    image[:, 131:140, 60:140] -= 20
    assert water(image, 0.5, None)[133:138, 65:135].all()


def test_water_is_looked_for_where_it_is_said_to_be() -> None:
    image = picture()
    near = np.zeros(image.shape[1:], bool)
    near[:40] = True
    assert not water(image, 0.5, near).any()
    near[100:105] = True
    assert water(image, 0.5, near)[90:115].mean() > 0.99


def test_shade_in_a_berth_is_no_measure_of_the_water() -> None:
    image = picture()
    image[:, 82:112, 30:160] /= 2
    near = np.zeros(image.shape[1:], bool)
    near[80:100] = True
    assert water(image, 0.8, near)[140:].mean() > 0.99


def test_no_data_and_no_water() -> None:
    assert not water(np.full((3, 60, 60), np.nan, np.float32), 0.5, None).any()
    land = np.repeat(np.repeat(np.random.default_rng(1).uniform(50, 250, (3, 50, 50)), 4, 1), 4, 2).astype(np.float32)
    assert not water(land, 0.5, None).any()
