"""Footprints of a run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import shapely
from small_scenes import write_scene, write_workflow

from changedet.pipeline import footprints
from changedet.pipeline.run import run
from changedet.plan import Plan

DATES = ("2023-01-01", "2023-03-01")


def test_footprint_layer_has_a_row_for_every_date(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for day in DATES:
        meadow = np.array([300, 500, 350, 3500])[:, None, None] * (1 + 0.05 * rng.normal(size=(4, 150, 160)))
        write_scene(tmp_path / f"{day}.tif", meadow, resolution_m=1.0)
    finished = run(write_workflow(tmp_path, DATES, objects={"method": "none"}), out=str(tmp_path / "out"))
    layer = finished.footprint
    assert layer["date"].dt.strftime("%Y-%m-%d").tolist() == list(DATES)
    assert (layer.geometry.area >= 0).all()
    assert (layer["area_m2"] == finished.series["footprint_area_m2"]).all()


def test_the_reference_has_no_mask_and_shows_all_that_was_gained_since_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ground that an earlier date has and the reference lacks: the reference itself shows it wholly."""
    monkeypatch.setattr(footprints, "_marked", lambda _plan, index, _ground: (0.0, {0: 0.25, 2: 0.75}[index]))
    plan = cast("Plan", SimpleNamespace(reference=1))
    assert [footprints._shown(plan, index, shapely.box(0, 0, 9, 9)) for index in range(3)] == [0.25, 1.0, 0.75]
