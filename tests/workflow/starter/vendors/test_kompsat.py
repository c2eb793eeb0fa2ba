"""KOMPSAT's scenes by their names."""

from __future__ import annotations

import datetime as dt

from starter_scenes import scene, start

LOOK = "K3A_20190120043337_21100_00324917_L1G"


def test_kompsat_scenes_join_the_bands_of_a_look() -> None:
    for band in "PRGBN":
        scene(f"bundle/{LOOK}_{band}.tif", count=1, descriptions=())
    text, workflow = start("bundle")
    (entry,) = workflow.scenes
    assert [role for role, _ in entry.paths] == ["blue", "green", "red", "nir"]
    assert (entry.date, entry.time) == (dt.date(2019, 1, 20), dt.time(4, 33, 37))
    assert "panchromatic; the multispectral of the same look is taken" in text


def test_kompsat_scenes_take_the_pansharpened_and_else_the_grey_one() -> None:
    for band in ("PR", "PG", "PB", "PN", "P", "R"):
        scene(f"both/{LOOK}_{band}.tif", count=1, descriptions=())
    (entry,) = start("both")[1].scenes
    assert [path[-6:-4] for _, path in entry.paths] == ["PB", "PG", "PR", "PN"]
    scene(f"grey/{LOOK}_P.tif", count=1, descriptions=())
    (entry,) = start("grey")[1].scenes
    assert [role for role, _ in entry.paths] == ["pan"]
