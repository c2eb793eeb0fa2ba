"""Wide sites of the third hand: fields go through the year, and nothing is true on a quiet one."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

from benchmarks.third_hand import wide  # noqa: E402


@pytest.mark.parametrize("kind", sorted(wide.KINDS))
def test_every_kind_is_planned_over_more_than_a_year_of_a_dozen_looks(kind: str) -> None:
    plan, weather = wide.planned(kind, 3, 12)
    assert (plan.days[-1] - plan.days[0]).days > 11 * wide.FEWEST_DAYS
    assert len(weather.snow) == len(plan.cover) == 12
    assert weather.snow[0] == plan.cover[0] == 0, "the reference is clear"
    new = [one for one in plan.built if one.since > 0]
    assert bool(new) == (kind in ("growth", "port", "earthworks"))


def test_a_small_piece_is_drawn_with_its_truth(tmp_path: Path) -> None:
    wide.make("earthworks", tmp_path, 2, 4.0, 400.0, 5)
    table = pd.read_csv(tmp_path / "truth" / "truth.csv")
    assert len(table) == 5
    assert table["changed_area_m2"].iloc[-1] > 10_000
    scenes = sorted((tmp_path / "scenes").glob("*.tif"))
    with rasterio.open(scenes[0]) as first, rasterio.open(tmp_path / "truth" / f"{scenes[-1].stem}_mask.tif") as mask:
        assert first.shape == mask.shape == (100, 100)
        assert first.res == (4.0, 4.0)
        before, changed = first.read().astype(float), mask.read(1) == 1
    with rasterio.open(scenes[-1]) as last:
        after = last.read().astype(float)
    assert changed.any()
    red = np.log(after[2, changed] / before[2, changed])
    assert np.median(np.abs(red)) > 0.1


def test_the_air_is_taken_off_again() -> None:
    rng = np.random.default_rng(1)
    light = wide.Light(150.0, 40.0, 0.0, 3.0, 0.5)
    ground = np.full((8, 8, 4), 0.2, np.float32)
    seen = light.path + light.clearness * ground
    assert np.abs(wide.corrected(seen, light, rng) - ground).max() < 0.06
    assert wide.corrected(seen, light, rng) != pytest.approx(seen)
