"""A tile of a series in coarse pixels takes no more memory than is promised, and the same values with any strips."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.pipeline.season_scores import FIRST, season_probabilities, states_of_dates
from changedet.pipeline.series_job import Seasons, SeriesJob
from changedet.plan.memory import SEASON_BYTES
from changedet.plan.resources import season_halo_px
from changedet.stages.change.kernels import left_behind
from changedet.stages.change.kernels.season_colours import SPELL_BINS, STATES
from changedet.stages.change.kernels.season_light import LEAST_SPREAD, Light, Lights
from changedet.stages.registry import Facts

SIDE, DATES = 420, 6


def job_of(folder: Path) -> SeriesJob:
    grid = Grid("EPSG:32633", Affine(10, 0, 500_000, 0, -10, 4_000_000), (SIDE, SIDE))
    rng = np.random.default_rng(2)
    files: dict[str, list[Path]] = {"score": [], "contrast": []}
    for k in range(DATES):
        fields = rng.random((SIDE // 20, SIDE // 20)) > 0.6
        green = np.kron(fields, np.ones((20, 20))) > 0
        now = np.where(green, np.array((0.8, -0.2, 7.0))[:, None, None], np.array((0.15, 0.5, 7.2))[:, None, None])
        states = np.concatenate([now[:, ::-1], now]) + rng.normal(0, 0.03, (2 * STATES, SIDE, SIDE))
        for name, image in (
            ("score", states[:1] + 1),
            ("contrast", np.concatenate([np.zeros((FIRST, *green.shape)), states])),
        ):
            path = folder / f"{name}{k}.tif"
            about = {"driver": "GTiff", "height": SIDE, "width": SIDE, "count": len(image), "dtype": "float32"}
            with rasterio.open(path, "w", **about, crs=grid.crs, transform=grid.transform, nodata=np.nan) as target:
                target.write(image.astype(np.float32))
            files[name].append(path)
    light = Light(np.zeros((DATES, STATES)), np.tile(LEAST_SPREAD, (DATES, 1)))
    days = tuple(range(0, 30 * (DATES + 1), 30))
    seasons = Seasons(days, Lights(light, light), None, np.full(SPELL_BINS, 0.3), 1)
    same = (1.0,) * DATES
    return SeriesJob(
        grid, tuple(files["score"]), tuple(files["contrast"]), (), same, False, same, (True,) * DATES,
        days=days[1:], seasons=seasons,
    )  # fmt: skip


def test_a_tile_takes_no_more_than_is_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(tmp_path)
    halo = season_halo_px(job.grid, Facts(resolution_m=10.0, gsd_m=(10.0,)))
    small, window = Window(60, 60, 40, 40), Window(50, 60, 320, 300)
    first = season_probabilities(job, small, 0.5)  # compiles
    tracemalloc.start()
    whole = season_probabilities(job, window, 0.5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    pixels = (window.height + 2 * halo) * (window.width + 2 * halo)
    assert peak <= SEASON_BYTES * pixels * (1 + DATES)
    assert len(np.unique(whole)) > 10
    np.testing.assert_array_equal(whole[:, 10:50, :40], first)
    monkeypatch.setattr(left_behind, "STRIP_PX", 17)
    np.testing.assert_array_equal(season_probabilities(job, small, 0.5), first)


def test_states_are_the_reference_s_and_each_date_s(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    window = Window(-3, 5, 20, 30)
    states = states_of_dates(job, window)
    assert states.shape == (1 + DATES, STATES, 20, 30)
    assert np.isnan(states[:, :, :3]).all()
    with rasterio.open(job.contrasts[2]) as source:
        expected = source.read()[FIRST:, :17, 5:35]
    np.testing.assert_array_equal(states[3, :, 3:], expected[STATES:])
    with rasterio.open(job.contrasts[0]) as source:
        np.testing.assert_array_equal(states[0, :, 3:], source.read()[FIRST : FIRST + STATES, :17, 5:35])
