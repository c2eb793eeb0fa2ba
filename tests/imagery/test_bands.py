"""Roles of bands from what files and workflows say."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_rasters import noise, write

from changedet.errors import InputError
from changedet.imagery.bands import role_from_description
from changedet.imagery.opening import open_scene


def test_find_roles_by_precedence(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.tif", noise(4, 3, 5, 5), descriptions=("nir", "Red", "B2"), colorinterp=["red", "green", "blue"]
    )
    scene = open_scene(path, date="2023-06-04")
    assert {role: source.index for role, source in scene.bands.items()} == {"red": 2, "nir": 1, "blue": 3}
    scene = open_scene(path, date="2023-06-04", default_bands={"red": "Red", "swir1": 9})
    assert scene.roles == ("red",)
    assert "swir1" in scene.warnings[0]
    scene = open_scene(path, date="2023-06-04", default_bands={"red": 1}, bands={"green": 2})
    assert scene.roles == ("green",)
    plain = open_scene(write(tmp_path / "b.tif", noise(4, 2, 5, 5), photometric="minisblack"), date="2023-06-04")
    assert plain.roles == ("band1", "band2")
    assert len(plain.warnings) == 1
    for bands, said in [
        ({"red": 4}, "no band 4"),
        ({"red": "Rod"}, "'nir', 'Red', 'B2'"),
        ({"rod": 1}, "did you mean 'red'"),
    ]:
        with pytest.raises(InputError, match=said):
            open_scene(path, date="2023-06-04", bands=bands)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "hint", "role"),
    [
        ("SR_B4", "LC08_L2SP_001.tif", "red"),
        ("SR_B4", "LE07_L2SP_001.tif", "nir"),
        ("B8A", "S2B_MSIL2A", "nir"),
        ("B08", "S2B_MSIL2A", "nir"),
        ("B11", "sentinel-2", "swir1"),
        ("B5", "", None),
        ("Band 4 (0.825000 Micrometers)", "", "nir"),
        ("660 nm", "", "red"),
        ("near-infrared", "", "nir"),
        ("Blue, 0.49", "", "blue"),
        ("VV", "", "vv"),
        ("elevation", "", None),
    ],
)
def test_role_from_description(name: str, hint: str, role: str | None) -> None:
    assert role_from_description(name, hint) == role
