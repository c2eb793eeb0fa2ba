"""Maxar's open data: one file of each picture, with what its item says."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from starter_scenes import scene, start
from vendor_orders import draft

from changedet.imagery.angles import SunAngles, ViewAngles

DAY = "ard/36/031133012330/2023-02-07"
PICTURE = f"{DAY}/10300110E0CE5000"


def files(*kinds: str) -> None:
    for kind, count in (("visual", 3), ("ms", 8), ("pan", 1)):
        if kind in kinds:
            scene(f"{PICTURE}-{kind}.tif", count=count, descriptions=())


def test_open_scenes_take_the_visual_file_with_what_its_item_says() -> None:
    files("visual", "ms", "pan")
    said = {"datetime": "2023-02-07 08:12:33Z", "platform": "WV02", "view:off_nadir": 12.5, "view:azimuth": 80.0}
    said |= {"view:sun_azimuth": 150.5, "view:sun_elevation": 38.0}
    Path(f"{PICTURE}.json").write_text(json.dumps({"type": "Feature", "properties": said}))
    text, workflow = start("ard")
    (entry,) = workflow.scenes
    assert entry.paths[0][1].endswith("10300110E0CE5000-visual.tif")
    assert (entry.date, entry.time) == (dt.date(2023, 2, 7), dt.time(8, 12, 33))
    assert entry.bands == (("red", 1), ("green", 2), ("blue", 3))
    assert entry.sun == SunAngles(150.5, 38.0)
    assert entry.view == ViewAngles(12.5)
    assert "sensor: WorldView-2" in text
    assert "panchromatic; the visual of the same look is taken" in text


@pytest.mark.parametrize(("kind", "bands"), [("ms", {"blue": 2, "green": 3, "red": 5, "nir": 7}), ("pan", {"pan": 1})])
def test_open_scenes_take_what_there_is_by_the_day_of_its_folder(kind: str, bands: dict[str, int]) -> None:
    files(kind)
    (entry,) = start("ard")[1].scenes
    assert entry.date == dt.date(2023, 2, 7)
    assert bands.items() <= dict(entry.bands or ()).items()


def test_open_scenes_whose_item_says_another_day_are_asked_for() -> None:
    files("visual")
    Path(f"{PICTURE}.json").write_text(json.dumps({"properties": {"datetime": "2023-02-08T08:12:33Z"}}))
    assert "10300110E0CE5000.json says 2023-02-08" in draft("ard")[0]
