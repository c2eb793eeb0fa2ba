"""Dates that show no ground: overcast or empty pictures are not seen, whatever they would seem to say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from small_scenes import ground, overcast_sky, write_scene, write_workflow

from changedet.pipeline.date_model import LightLevels
from changedet.pipeline.finished import open_run
from changedet.pipeline.measure import without_clouds
from changedet.pipeline.run import run

DATES = ("2023-01-01", "2023-03-01", "2023-05-01", "2023-07-01")
SIZE = 300


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four dates at 1 m: the second overcast, the third without features."""
    folder = tmp_path_factory.mktemp("series")
    rng = np.random.default_rng(9)
    base = ground(SIZE, SIZE)
    pictures = [base, overcast_sky(base.shape[1:], seed=4), np.full(base.shape, 900.0), base * 1.05]
    for day, values in zip(DATES, pictures, strict=True):
        noise = 0 if day == DATES[2] else rng.normal(0, 10, base.shape)
        write_scene(folder / f"{day}.tif", values + noise, resolution_m=1.0)
    return folder


def rows(path: Path) -> list[dict[str, object]]:
    table = open_run(path).series
    return table[table["zone"] == ""].to_dict("records")


def test_a_date_that_shows_nothing_says_nothing(series: Path, tmp_path: Path) -> None:
    workflow = write_workflow(series, DATES, outputs={"formats": "all"})
    path = run(workflow, out=str(tmp_path)).path
    found = rows(path)
    assert [round(float(row["valid_fraction"])) for row in found] == [1, 0, 0, 1]
    for row in found[1:3]:
        assert np.isnan(row["changed_area_m2"])
        assert np.isnan(row["footprint_area_m2"])
        assert not row["departures"] > 0
        assert not row["containers"] > 0
    assert found[3]["changed_area_m2"] == 0
    assert (open_run(path).mask(DATES[1]).values == 255).all()
    warnings = json.loads((path / "summary.json").read_text())["warnings"]
    for day in DATES[1:3]:
        assert any(line.startswith(f"{day}: nothing of the area is clear") for line in warnings), warnings


def test_figures_of_dates_that_all_show_nothing_say_why_there_are_none(series: Path, tmp_path: Path) -> None:
    found = open_run(run(write_workflow(series, DATES[2:3], name="dark"), out=str(tmp_path)).path)
    reasons = found.summary["unavailable"]
    assert reasons["containers"].startswith("not estimated: every look hides the site")
    assert reasons["footprint_area_m2"] == "no date shows 50% of the site clearly"
    assert {"teu", "arrivals", "departures", "changed_area_m2"} <= {*reasons}
    assert all(reasons.values())
    assert all(found.summary["onset"][name]["reason"] for name in ("containers", "changed_area", "footprint"))


@pytest.mark.parametrize("reference", [1, 2])
def test_a_reference_that_shows_nothing_is_said_and_another_named(series: Path, tmp_path: Path, reference: int) -> None:
    workflow = write_workflow(series, DATES, name="clouded", before=DATES[reference])
    path = run(workflow, out=str(tmp_path)).path
    found = rows(path)
    assert [round(float(row["valid_fraction"])) for row in found] == [1, 0, 0, 1]
    assert all(np.isnan(row["changed_area_m2"]) for row in found)
    warnings = json.loads((path / "summary.json").read_text())["warnings"]
    assert any(DATES[reference] in line and f"give before: {DATES[0]}" in line for line in warnings), warnings


@pytest.mark.parametrize("left_open", [0.0, 0.03, 0.2])
def test_the_bright_end_of_a_cloudy_date_is_that_of_its_ground(left_open: float) -> None:
    rng = np.random.default_rng(5)
    before = rng.uniform(300, 3000, (4, 3, 64, 64)).astype(np.float32)
    seen = 0.9 * before + rng.normal(0, 20, before.shape).astype(np.float32)
    clear = float(np.percentile(seen, 99))
    for cell, open_cloud in zip(seen, rng.random((4, 64, 64)) < left_open, strict=True):
        cell[:, open_cloud] = 9000
    roles = ("red", "green", "blue")
    levels, usual = (
        LightLevels(tuple(np.percentile(image, 0.5, (0, 2, 3))), tuple(np.median(image, (0, 2, 3))))
        for image in (seen, before)
    )
    kept = without_clouds(roles, seen, before, levels, usual)
    assert np.nanpercentile(kept, 99) == pytest.approx(clear, rel=0.02)
    assert np.isnan(kept).mean() == pytest.approx(left_open, abs=0.02)
    if left_open:
        assert np.percentile(seen, 99) > 2 * clear
    # Where nothing is known of the reference nothing is left out.
    np.testing.assert_array_equal(without_clouds(roles, seen, before * np.nan, levels, usual), seen)
