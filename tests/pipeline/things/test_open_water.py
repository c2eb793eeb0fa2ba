"""Open water without zones: fields are left out by near infrared, and by looks on which they are no water."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.pipeline.things.open_water import Seen, blue_water, lasting_water, open_water

ROLES = ("blue", "green", "red", "nir")


def scene(nir: float) -> np.ndarray:
    """Rough ground above, something smooth and dark below."""
    rng = np.random.default_rng(4)
    image = rng.normal(150, 40, (4, 300, 300)).astype(np.float32)
    image[:, 100:] = rng.normal(50, 1.0, (4, 200, 300))
    image[3, 100:] += nir - 50
    return image


@pytest.mark.parametrize(("nir", "share"), [(20, 0.67), (60, 0.0)])
def test_what_is_brighter_in_the_near_infrared_is_no_water(nir: float, share: float) -> None:
    assert open_water(scene(nir), ROLES, 0.5).mean() == pytest.approx(share, abs=0.02)
    assert not open_water(scene(nir)[:3], ROLES[:3], 0.5).any()


@pytest.mark.parametrize(("red", "share"), [(20, 0.67), (45, 0.0), (60, 0.0)])
def test_by_colours_water_is_bluer_than_the_ground(red: float, share: float) -> None:
    image = scene(50)[:3]
    image[2, 100:] += red - 50
    assert blue_water(image, ROLES[:3], 0.5).mean() == pytest.approx(share, abs=0.02)
    # A cast over the whole picture makes no field water.
    assert blue_water(
        image * np.array([1.4, 1, 0.8], np.float32)[:, None, None], ROLES[:3], 0.5
    ).mean() == pytest.approx(share, abs=0.02)


def test_water_lasts_where_most_of_the_looks_that_show_a_place_have_it() -> None:
    wet = np.array([[True, True, False], [True, False, False], [False, False, True]])[:, None]
    shown = np.array([[True, True, True], [True, True, True], [True, False, False]])[:, None] | wet
    looks = [Seen(a, b) for a, b in zip(wet, shown, strict=True)]
    assert lasting_water(looks).tolist() == [[True, False, False]]
    assert lasting_water(looks[:1]).tolist() == wet[0].tolist()
