"""Clouds of a reference date are confirmed by what the other dates usually show."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from small_scenes import write_scene, write_workflow

from changedet.kernels.pixel_classes import CLEAR, CLOUD, PATCHES, SHADOW, SNOW
from changedet.pipeline import overview_mask
from changedet.pipeline.overview_mask import confirmed_clouds, laid_on, usual_picture, with_snow
from changedet.pipeline.run import run
from changedet.stages.align.alignment import AlignMethod
from changedet.stages.align.stage import STAGE
from changedet.stages.registry import Facts

ROLES = ("blue", "green", "red", "nir")
RESOLUTION_M = 2.0
PAINTS = (
    (600.0, 700.0, 2200.0, 2000.0),
    (1800.0, 700.0, 500.0, 900.0),
    (700.0, 1500.0, 700.0, 1200.0),
    (2500.0, 2500.0, 2500.0, 2600.0),
    (500.0, 1400.0, 2200.0, 2100.0),
    (900.0, 900.0, 950.0, 1000.0),
)
"""Of boxes."""


def place(seed: int = 3, size: int = 96) -> np.ndarray:
    """Ground with a structure of its own."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(500, 1500, (4, size // 4, size // 4))
    return np.repeat(np.repeat(coarse, 4, 1), 4, 2).astype(np.float32)


@pytest.fixture(scope="module")
def align() -> AlignMethod:
    return STAGE.made(Facts(RESOLUTION_M, ROLES), "auto", {})[1]


def test_a_cloud_on_one_of_three_dates_is_not_usual() -> None:
    ground = place()
    cloudy = ground.copy()
    cloudy[:, 20:50, 30:60] = 6000
    usual = usual_picture([ground * 1.2, cloudy, ground * 0.9])
    np.testing.assert_allclose(usual / np.median(usual), ground / np.median(ground), rtol=0.2)


def test_of_two_dates_the_darker_one_is_usual_where_they_differ() -> None:
    ground = place()
    cloudy = ground.copy()
    cloudy[:, 20:50, 30:60] = 6000
    assert usual_picture([cloudy, ground]).max() < 3000


def test_what_no_date_shows_is_not_known() -> None:
    ground = place()
    ground[:, 10:20] = np.nan
    usual = usual_picture([ground, ground])
    assert np.isnan(usual[:, 10:20]).all()
    assert np.isfinite(usual[:, 20:]).all()


def test_dates_are_laid_on_the_reference(align: AlignMethod) -> None:
    ground = place()
    moved = np.roll(ground, (3, -2), (1, 2))
    laid = laid_on(moved, ground, align, RESOLUTION_M)
    np.testing.assert_allclose(laid[:, 8:-8, 8:-8], ground[:, 8:-8, 8:-8], rtol=1e-5)


def test_clouds_and_shadows_come_from_the_comparison_and_all_else_from_the_picture() -> None:
    alone = np.array([CLOUD, SHADOW, CLEAR, SNOW, CLOUD, SNOW], np.uint8)
    against = np.array([CLEAR, CLEAR, CLOUD, CLEAR, SHADOW, SNOW], np.uint8)
    assert confirmed_clouds(alone, against).tolist() == [CLEAR, CLEAR, CLOUD, SNOW, SHADOW, SNOW]


def test_snow_is_added_where_nothing_else_hides_the_ground() -> None:
    classes = np.array([CLEAR, CLOUD, SNOW, CLEAR], np.uint8)
    snow = np.array([PATCHES, PATCHES, CLEAR, CLEAR], np.uint8)
    assert with_snow(classes, snow).tolist() == [PATCHES, CLOUD, SNOW, CLEAR]


def test_what_most_dates_show_takes_little_more_than_a_date(monkeypatch) -> None:
    rng = np.random.default_rng(3)
    laid = [rng.normal(1000, 100, (4, 500, 300)).astype(np.float32) for _ in range(4)]
    for image in laid:
        image[:, rng.random(image.shape[1:]) < 0.3] = np.nan
    tracemalloc.start()
    usual = usual_picture(laid)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * laid[0].nbytes
    monkeypatch.setattr(overview_mask, "STRIP_ROWS", 7)
    np.testing.assert_array_equal(usual_picture(laid), usual)


def test_a_smooth_reference_is_clear_though_later_dates_hold_more(tmp_path: Path) -> None:
    """Beside the mean of later dates with boxes and a yard asphalt with a few boxes is smooth, as a cloud would be."""
    days = ("2023-01-10", "2023-03-10", "2023-05-12", "2023-07-10")
    for seed, (day, boxes) in enumerate(zip(days, (12, 12, 30, 42), strict=True)):
        image = np.tile(np.array([900.0, 1000.0, 1050.0, 1500.0])[:, None, None], (1, 400, 400))
        if boxes > 12:
            image[:, 250:330, 60:260] = np.array([1400.0, 1500.0, 1550.0, 1700.0])[:, None, None]
        paint = np.random.default_rng(1).integers(len(PAINTS), size=boxes)
        for k in range(boxes):
            row, column, length = 80 + 12 * (k // 6), 60 + 30 * (k % 6), 24 if k * 7 % 3 else 12
            image[:, row : row + 5, column : column + length] = np.array(PAINTS[paint[k]])[:, None, None]
        noise = np.random.default_rng(seed).normal(0, 30, image.shape)
        write_scene(tmp_path / f"{day}.tif", image + noise, resolution_m=0.5)
    formats = {"formats": ["tables"]}
    done = run(write_workflow(tmp_path, days, objects={"method": "none"}, outputs=formats), out=str(tmp_path / "out"))
    assert done.series["valid_fraction"].min() > 0.99
