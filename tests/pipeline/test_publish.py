"""What a finished run writes again, and who may."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pyproj
import pytest
from affine import Affine
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from changedet.errors import ChangedetError, InputError
from changedet.grid import Grid
from changedet.outputs.stac.catalog import bounds
from changedet.outputs.stac.outlines import within_180
from changedet.pipeline.publish import _outline, report_again
from changedet.plan import Plan
from changedet.store import RunFolder


def test_a_report_is_not_written_again_under_a_run_at_work(reference_run: Path) -> None:
    with RunFolder(reference_run).locked(is_new=False), pytest.raises(ChangedetError, match="another run is at work"):
        report_again(reference_run)
    assert not (reference_run / "report.html").exists()


def test_a_report_on_a_read_only_disk_is_refused(reference_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != reference_run and may(path, mode))
    with pytest.raises(InputError, match="no permission to write there, or its disk is read-only"):
        report_again(reference_run)


def geometry_and_box(crs: str, x: float, y: float) -> tuple[BaseGeometry, list[float]]:
    """Of a site of 300 by 200 m whose upper left corner is there."""
    grid = Grid(crs, Affine(1, 0, x, 0, -1, y), (200, 300))
    geometry = _outline(cast("Plan", SimpleNamespace(grid=grid)))
    return shape(within_180(geometry)), bounds(geometry)


def test_an_outline_across_180_degrees_is_small_and_cut_there() -> None:
    x, y = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32701", always_xy=True).transform(-179.999, -17)
    geometry, (west, south, east, north) = geometry_and_box("EPSG:32701", x - 200, y)
    assert [part.bounds[0] < -179.9 or part.bounds[2] > 179.9 for part in geometry.geoms] == [True, True]
    assert max(part.bounds[2] - part.bounds[0] for part in geometry.geoms) < 0.004
    assert 179.9 < west < 180
    assert -180 < east < -179.9
    assert south < north


@pytest.mark.parametrize(("crs", "pole"), [("EPSG:3413", 90.0), ("EPSG:3031", -90.0)])
def test_an_outline_round_a_pole_holds_it(crs: str, pole: float) -> None:
    geometry, (west, south, east, north) = geometry_and_box(crs, -150, 100)
    assert (west, east) == (-180, 180)
    assert pole in {south, north}
    assert north - south < 0.01
    assert geometry.is_valid
