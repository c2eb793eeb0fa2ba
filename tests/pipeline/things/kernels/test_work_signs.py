"""Signs of works: boxes, roofs with their shade, walls of pits and banks, and nothing where nothing is shown."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.pipeline.things.kernels.work_signs import SIGNS, Sight, signs, tilt

PX = 0.5
SHAPE = (120, 120)


def sight(image: np.ndarray, boxes: np.ndarray | None = None) -> Sight:
    floor = np.zeros(SHAPE, bool)
    floor[40:80, 40:80] = True
    roofs = np.where(np.arange(SHAPE[1]) < 42, 3.0, -2.0) * np.ones(SHAPE)
    return Sight(image, floor, np.zeros(SHAPE, bool) if boxes is None else boxes, PX, roofs.astype(np.float32))


def ground(level: float = 1000.0) -> np.ndarray:
    noise = np.random.default_rng(0).normal(1, 0.02, (3, *SHAPE))
    return (np.array([0.8, 1.0, 1.2])[:, None, None] * level * noise).astype(np.float32)


def named(found: np.ndarray) -> dict[str, float]:
    return dict(zip(SIGNS, found.tolist(), strict=True))


def test_a_raised_roof_is_one_and_a_level_pad_is_none() -> None:
    roof = ground()
    roof[:, 50:70, 50:70] = np.array([2200, 2000, 1800])[:, None, None]
    flat = named(signs(sight(roof)))
    roof[:, 50:70, 70:74] = 150
    raised = named(signs(sight(roof)))
    assert raised["roof"] > 0.8 > flat["roof"]
    assert raised["roof_share"] == pytest.approx(0.25, abs=0.04)
    assert raised["steep"] > 3 * named(signs(sight(ground())))["steep"]


def test_boxes_are_a_share_of_the_floor_and_no_roof() -> None:
    image, boxes = ground(), np.zeros(SHAPE, bool)
    boxes[50:70, 50:70] = True
    image[:, boxes] = 2000
    image[:, 50:70, 70:74] = 150
    found = named(signs(sight(image, boxes)))
    assert found["box"] == pytest.approx(0.25)
    assert found["roof"] == 0


def test_what_is_hidden_has_no_signs() -> None:
    image = ground()
    image[:, 40:61, :] = np.nan
    assert np.isnan(signs(sight(image))).all()
    assert np.isnan(tilt(sight(image), (1.0, 0.0)))
    image = ground()
    image[:, 40:55, :] = np.nan
    assert np.isfinite(signs(sight(image))).all()


@pytest.mark.parametrize("away", [(1.0, 0.0), (0.0, 1.0)])
def test_a_pit_brightens_away_from_the_sun_and_a_heap_darkens(away: tuple[float, float]) -> None:
    image = ground()
    dark, lit = image.copy(), image.copy()
    dark[:, 40:80, 40:48] *= 0.5
    dark[:, 40:80, 72:80] *= 1.5
    lit[:, 40:80, 40:48] *= 1.5
    lit[:, 40:80, 72:80] *= 0.5
    turned = (0, 1, 2) if away == (1.0, 0.0) else (0, 2, 1)
    pit, heap = (tilt(sight(one.transpose(turned)), away) for one in (dark, lit))
    assert pit > 0.1
    assert heap < -0.1
    assert abs(tilt(sight(image), away)) < 0.02


def test_log_odds_of_a_hall_are_those_of_the_floor() -> None:
    found = named(signs(sight(ground())))
    assert found["hall"] == pytest.approx(-2 + 5 * 2 / 40)
    assert found["hall_top"] == pytest.approx(-2)
