"""Landsat's bands, a file each."""

from __future__ import annotations

import datetime as dt

from starter_scenes import scene, start
from vendor_orders import order

from changedet.imagery.angles import SunAngles


def test_landsat_scenes_takes_the_reflective_bands_and_qa_pixel() -> None:
    _, workflow = order("landsat")
    first = workflow.scenes[0]
    assert [role for role, _ in first.paths] == ["blue", "green", "red", "nir", "qa_pixel"]
    assert (first.date, first.time) == (dt.date(2022, 4, 5), dt.time(1, 23, 45))
    assert first.sun == SunAngles(151.25, 48.5)
    assert len(workflow.scenes) == 2


def test_landsat_scenes_know_that_bands_are_numbered_otherwise_on_landsat_5() -> None:
    for band in ("B1", "B2", "B3", "B4", "B5", "B7"):
        scene(f"LT05_L2SP_006066_19980405_20200101_02_T1_SR_{band}.TIF", count=1, descriptions=())
    (entry,) = start(".")[1].scenes
    assert [role for role, _ in entry.paths] == ["blue", "green", "red", "nir", "swir1", "swir2"]
    assert entry.date == dt.date(1998, 4, 5)
    assert dict(entry.paths)["nir"].endswith("B4.TIF")
