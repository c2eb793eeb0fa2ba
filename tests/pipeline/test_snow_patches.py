"""Where two dates show boxes although snow hides the ground of one, on rasters written for it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from small_rasters import write

from changedet.blocks import Window
from changedet.grid.displacement import Displacement
from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA, PATCHES, SHADE, SNOW
from changedet.pipeline.date_model import DateModel, OverviewClasses
from changedet.pipeline.snow_patches import has_snow, patched_quality, shows_boxes
from changedet.stages.align.alignment import Alignment

AT_REST = Alignment(Displacement(), 0.0, 0.0, 0, True, "the reference")
DAYS = dt.date(2023, 1, 1), dt.date(2023, 2, 1)


def model(*classes: int) -> DateModel:
    return DateModel(AT_REST, OverviewClasses.packed(np.array([classes], np.uint8), 4), None)


def look(*sources: int) -> SimpleNamespace:
    """Of bands with these sources, of which equal ones stand for each other."""
    return SimpleNamespace(scenes=(SimpleNamespace(bands=dict(zip("bgr", sources, strict=True))),))


def plan_of(folder: Path, later: SimpleNamespace | None = None) -> SimpleNamespace:
    looks = look(1, 2, 3), later or look(1, 2, 3)
    of_days = {"dates": list(DAYS), "looks": looks, "reference_look": looks[0], "reference_date": DAYS[0]}
    return SimpleNamespace(**of_days, quality_file=lambda day: folder / f"{day}.tif")


@pytest.mark.parametrize("kind", [SNOW, PATCHES])
def test_snow_of_either_kind_counts(kind):
    assert has_snow(model(CLEAR, kind))
    assert not has_snow(model(CLEAR, CLOUD))
    assert not has_snow(DateModel(AT_REST, None, None))
    assert not has_snow(None)


@pytest.mark.parametrize(
    ("kinds", "found"), [((PATCHES, CLEAR), True), ((CLEAR, PATCHES), True), ((SNOW, CLEAR), False)]
)
def test_quality_is_looked_at_where_either_date_has_patches(kinds, found, tmp_path):
    plan = plan_of(tmp_path)
    models = {day: model(kind) for day, kind in zip(DAYS, kinds, strict=True)}
    paths = (tmp_path / f"{DAYS[1]}.tif", tmp_path / f"{DAYS[0]}.tif") if found else None
    assert patched_quality(plan, models, DAYS[1]) == paths


@pytest.mark.parametrize(("sources", "found"), [((1, 1, 1), True), ((1, 2, 3), False)])
def test_quality_is_looked_at_where_a_date_is_grey_among_colours(sources, found, tmp_path):
    plan = plan_of(tmp_path, look(*sources))
    assert (patched_quality(plan, dict.fromkeys(DAYS, model(CLEAR)), DAYS[1]) is not None) is found


def test_boxes_are_shown_on_open_ground_in_shade_and_in_patches_of_both_dates(tmp_path):
    every = np.array([CLEAR, PATCHES, SHADE, CLOUD, SNOW, NODATA], np.uint8)
    first = write(tmp_path / "first.tif", np.tile(every, (6, 1)))
    second = write(tmp_path / "second.tif", np.tile(every[:, None], (1, 6)))
    shown = shows_boxes((first, second), Window(0, 0, 6, 6))
    assert shown[:3, :3].all()
    assert shown.sum() == 9
