"""Numbers that may stand where nothing was seen: found in large pieces alone, named as the files hold them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rasterio
from small_runs import DATES
from small_scenes import series, write_workflow

from changedet.pipeline.fill_doubts import FillSign, fill_json, fill_sign, fill_warnings, hidden_sign
from changedet.pipeline.run import run

ROLES = ("blue", "green", "red")


def a_look(gain: float = 1.0, bias: float = 0.0) -> Any:
    bands = dict.fromkeys(ROLES, SimpleNamespace(gain=gain, bias=bias))
    return SimpleNamespace(date=dt.date(2023, 1, 1), name="a.tif", scenes=[SimpleNamespace(bands=bands)])


def overview(value: float, columns: int) -> np.ndarray:
    image = np.random.default_rng(1).uniform(20, 200, (3, 40, 50)).astype(np.float32)
    image[:, :, :columns] = value
    return image


@pytest.mark.parametrize("value", [0.0, -9999.0, -32768.0])
def test_fill_sign_finds_a_lowest_number_in_a_large_piece(value: float) -> None:
    assert fill_sign(overview(value, 10), a_look(), ROLES) == FillSign(value, 0.2)


def test_fill_sign_of_a_date_that_shows_nothing_else() -> None:
    assert fill_sign(overview(0, 50), a_look(), ROLES) == FillSign(0.0, 1.0)


def test_fill_sign_counts_what_is_seen_alone() -> None:
    image = overview(0, 10)
    image[:, :, 10:30] = np.nan
    assert fill_sign(image, a_look(), ROLES) == FillSign(0.0, round(10 / 30, 4))


def test_fill_sign_is_the_number_that_the_file_holds() -> None:
    assert fill_sign(overview(-0.1, 10), a_look(gain=1e-4, bias=-0.1), ROLES) == FillSign(0.0, 0.2)


def test_fill_sign_is_none_of_ground() -> None:
    assert fill_sign(overview(0, 0), a_look(), ROLES) is None
    assert fill_sign(overview(0, 2), a_look(), ROLES) is None, "a piece of 4 %"
    assert fill_sign(np.full((3, 4, 4), np.nan, np.float32), a_look(), ROLES) is None
    scattered = overview(20, 0)
    scattered[:, ::2, ::3] = 0
    assert fill_sign(scattered, a_look(), ROLES) is None, "a sixth of the pixels, each alone"
    one_band = overview(20, 0)
    one_band[0, :, :10] = 0
    assert fill_sign(one_band, a_look(), ROLES) is None


def test_fill_warnings_say_what_to_do() -> None:
    said = fill_warnings([a_look()], {dt.date(2023, 1, 1): FillSign(-9999.0, 0.324)})
    assert said == [
        "2023-01-01: 32% of what a.tif shows is -9999 in all bands, in a large piece; where nothing was seen there, "
        "give 'nodata: -9999', or it is compared and counted as ground"
    ]
    assert fill_warnings([a_look()], {dt.date(2023, 1, 1): None}) == []


def test_fill_warnings_put_dates_of_one_number_together() -> None:
    looks = [SimpleNamespace(**{**vars(a_look()), "date": dt.date(2023, 1, day)}) for day in range(1, 6)]
    signs = {look.date: FillSign(0.0, 0.1 * look.date.day) for look in looks[:4]} | {looks[4].date: FillSign(-1.0, 0.2)}
    first, second = fill_warnings(looks, signs)
    assert first.startswith("2023-01-01 to 2023-01-04, 4 looks: up to 40% of what they show is 0 in all bands")
    assert second.startswith("2023-01-05: 20% of what a.tif shows is -1 in all bands")


def test_hidden_sign_tells_of_what_the_mask_hides() -> None:
    image = overview(255, 10)
    image[:, :, 40:] = np.nan
    fill = np.zeros(image.shape[1:], bool)
    assert hidden_sign(image, fill) is None
    fill[:, :10] = True
    sign = hidden_sign(image, fill)
    assert sign == FillSign(255.0, 0.25, hidden=True)
    assert fill_warnings([a_look()], {dt.date(2023, 1, 1): sign}) == [
        "2023-01-01: 25% of what a.tif shows is 255 in all bands, from its edge on; it is taken for ground that was "
        "not seen"
    ]


def test_run_warns_of_fill_until_it_is_named(tmp_path: Path) -> None:
    series(tmp_path, 240, 300, DATES[:2])
    path = tmp_path / f"{DATES[1]}.tif"
    with rasterio.open(path, "r+") as scene:
        values = scene.read()
        values[:, :, :100] = 0
        scene.nodata = None
        scene.write(values)
    rest = {stage: {"method": "none"} for stage in ("objects", "tracks")}
    workflow = write_workflow(tmp_path, DATES[:2], **rest)
    said = run(workflow, out=str(tmp_path / "out")).summary["warnings"]
    assert [line for line in said if "is 0 in all bands" in line], said
    entries = [{"date": DATES[0], "path": f"{DATES[0]}.tif"}, {"date": DATES[1], "path": path.name, "nodata": 0}]
    workflow = write_workflow(tmp_path, DATES[:2], scenes=entries, **rest)
    assert "in all bands" not in " ".join(run(workflow, out=str(tmp_path / "out")).summary["warnings"])


def test_run_takes_a_look_of_one_number_for_ground_that_was_not_seen(tmp_path: Path) -> None:
    series(tmp_path, 240, 300, DATES[:3])
    with rasterio.open(tmp_path / f"{DATES[1]}.tif", "r+") as scene:
        scene.write(np.full_like(scene.read(), 9))
    rest = {stage: {"method": "none"} for stage in ("objects", "tracks")}
    summary = run(write_workflow(tmp_path, DATES[:3], **rest), out=str(tmp_path / "out")).summary
    (said,) = [line for line in summary["warnings"] if "is 9 in all bands" in line]
    assert said.endswith("taken for ground that was not seen")
    assert "counted as ground" not in str(summary)


def test_fill_json_has_what_is_taken_for_ground() -> None:
    signs = {
        dt.date(2023, 1, 1): FillSign(0.0, 0.49),
        dt.date(2023, 2, 1): FillSign(255.0, 0.2, hidden=True),
        dt.date(2023, 3, 1): None,
    }
    assert fill_json(signs) == {"fill": {"2023-01-01": {"value": 0.0, "share": 0.49}}}
    assert fill_json({dt.date(2023, 3, 1): None}) == {}
