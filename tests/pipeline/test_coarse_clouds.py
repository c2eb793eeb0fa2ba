"""Whole runs in pixels of 10 m: a pale yard by dark water is no cloud, on the reference or where it is new."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
import yaml
from scipy import ndimage
from small_scenes import BANDS, write_scene

from changedet import load_workflow
from changedet.kernels.pixel_classes import CLOUD, SHADOW
from changedet.pipeline.finished import Run
from changedet.pipeline.run import run

SIDE = 120
DAYS = tuple(f"202{2 + (10 + k) // 12}-{(10 + k) % 12 + 1:02d}-05" for k in range(12))
WATER, SOIL, CROP, PALE = (420, 380, 250, 120), (700, 900, 1150, 1900), (300, 550, 350, 3600), (3000, 3080, 3150, 3500)
YARD, PAD = (slice(60, 80), slice(20, 45)), (slice(60, 78), slice(70, 90))
SNOWY, FIRST, CLOUDY, OVERCAST = range(1, 5), 6, 10, 8


def scene(k: int) -> np.ndarray:
    """Water, fields that turn green in turns, a yard; looks under snow, in clouds, with one; a pad on later ones."""
    rng = np.random.default_rng(k)
    green = np.kron(np.random.default_rng(9).integers(0, 12, (12, 12)) + k, np.ones((10, 10))) % 12 < 6
    image = np.where(green[None], np.array(CROP)[:, None, None], np.array(SOIL)[:, None, None]).astype(float)
    image[:, :50] = np.array(WATER)[:, None, None]
    image[(slice(None), *YARD)] = np.array(PALE)[:, None, None]
    if k >= FIRST:
        image[(slice(None), *PAD)] = np.array(PALE)[:, None, None]
    if k in SNOWY:
        boxes = np.kron(rng.random((SIDE // 4, SIDE // 4)) < 0.1, np.ones((4, 4))) > 0
        image = np.where(boxes, image, np.array((7600, 7700, 7700, 7300))[:, None, None])
    if k == OVERCAST:
        image = 0.02 * image + 7000
    if k == CLOUDY:
        blob = ndimage.gaussian_filter(np.pad(np.ones((14, 14)), ((90, 16), (90, 16))), 2.0)
        image = image * (1 - blob) + 6000 * blob
    return np.asarray(ndimage.gaussian_filter(image, (0, 0.5, 0.5)) * rng.normal(1, 0.03, image.shape))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("pale")
    for k, day in enumerate(DAYS):
        write_scene(folder / f"{day}.tif", scene(k))
    scenes = [{"date": day, "path": f"{day}.tif"} for day in DAYS]
    content = {"site": {"id": "pale"}, "scenes": scenes, "bands": BANDS, "outputs": {"dir": "out"}}
    path = folder / "pale.yaml"
    path.write_text(yaml.safe_dump(content | {"align": {"method": "none"}}))
    return run(load_workflow(path))


def hidden(done: Run, k: int) -> np.ndarray:
    with rasterio.open(done.path / "change" / f"{DAYS[k]}_quality.tif") as file:
        return np.isin(file.read(1), (CLOUD, SHADOW))


def test_the_reference_is_clear_though_the_nearest_looks_lie_under_snow(done: Run) -> None:
    assert hidden(done, 0).mean() < 0.005


def test_a_new_pad_is_seen_once_other_looks_show_that_it_stays(done: Run) -> None:
    assert all(hidden(done, k)[PAD].mean() < 0.05 for k in range(FIRST + 1, len(DAYS)) if k != OVERCAST)
    assert done.series["changed_area_low_m2"].iloc[-2] > 0.3 * 100 * np.zeros((SIDE, SIDE))[PAD].size


def test_a_cloud_is_one_still(done: Run) -> None:
    assert hidden(done, CLOUDY)[92:102, 92:102].mean() > 0.9


def test_a_look_of_clouds_alone_shows_nothing(done: Run) -> None:
    assert hidden(done, OVERCAST).mean() > 0.99
