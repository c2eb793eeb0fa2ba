"""Sentinel-2 looks with 1,000 added that no file speaks of, and warnings in few lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_scenes import write_scene, write_workflow

from changedet.blocks import Window
from changedet.plan import Plan, as_shown, make_plan
from changedet.plan.advice import in_few_lines

DAYS = ("2021-06-01", "2021-07-01", "2022-06-01", "2022-07-01", "2022-12-01")
BANDS = {"blue": 1, "green": 2, "red": 3, "nir": 4}
FIELD, SOIL = (350.0, 750.0, 400.0, 3800.0), (700.0, 1000.0, 1400.0, 2150.0)
SNOW = (8600.0, 8500.0, 8500.0, 7900.0)


def _image(*halves: tuple[float, ...]) -> np.ndarray:
    image = np.concatenate([np.tile(np.array(half)[:, None, None], (1, 40, 25)) for half in halves], axis=2)
    return image * np.random.default_rng(1).normal(1.0, 0.02, image.shape)


def _plan(folder: Path, *, resolution_m: float = 10.0, days: tuple[str, ...] = DAYS) -> Plan:
    for day in days:
        image = _image(SNOW, SNOW) if day == DAYS[-1] else _image(FIELD, SOIL)
        write_scene(folder / f"{day}.tif", image + (1000.0 if day > "2022" else 0.0), resolution_m=resolution_m)
    return make_plan(write_workflow(folder, days, bands=BANDS, change={"method": "auto"}))


def test_as_shown_takes_off_what_was_added_and_says_so(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    shown = as_shown(plan)
    (said,) = set(shown.warnings) - set(plan.warnings)
    assert said.startswith("2022-06-01, 2022-07-01, 2022-12-01: 1,000 is taken off all values, as Sentinel-2 is stored")
    window = Window(0, 0, 40, 25)
    red = [float(np.nanmedian(look.read(shown.grid, window, ("red",))[0])) for look in shown.looks]
    # The look under snow tells nothing, and is read as the one before it.
    assert red == pytest.approx([400, 400, 400, 400, 8500], rel=0.02)
    assert [look.identity == was.identity for look, was in zip(shown.looks, plan.looks, strict=True)] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert as_shown(shown) is shown


def test_as_shown_leaves_values_of_other_sensors(tmp_path: Path) -> None:
    plan = _plan(tmp_path, resolution_m=3.0)
    assert as_shown(plan) is plan


@pytest.mark.parametrize(("days", "taken"), [((DAYS[0], DAYS[2]), True), ((*DAYS[:2], "2021-08-01", DAYS[2]), False)])
def test_as_shown_trusts_one_look_of_a_pair_and_not_of_a_series(
    tmp_path: Path, days: tuple[str, ...], taken: bool
) -> None:
    plan = _plan(tmp_path, days=days)
    assert (as_shown(plan) is not plan) is taken


def test_in_few_lines_gathers_what_is_said_of_many_files() -> None:
    alike = [f"{k}.tif: does not say" for k in range(4)]
    other = ["a.tif: no sun", "b.tif: no sun"]
    assert in_few_lines([alike[0], *other, *alike]) == ["0.tif and 3 more files: does not say", *other]
