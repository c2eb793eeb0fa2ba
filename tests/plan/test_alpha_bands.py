"""Alpha bands under another role."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_rasters import T, grid_like, noise, write

from changedet.errors import InputError
from changedet.imagery.grouping import group_looks
from changedet.imagery.look import Look
from changedet.imagery.opening import open_scene
from changedet.plan.alpha_bands import refuse_alpha

RGBN = {"red": 1, "green": 2, "blue": 3, "nir": 4}


def _look(folder: Path, fourth: np.ndarray, bands: dict[str, int] | None, dtype: str = "uint8") -> Look:
    picture = np.concatenate([noise(5, 3, 30, 40) % 200 + 1, fourth[None]]).astype(dtype)
    (look,) = group_looks(
        [open_scene(write(folder / "a.tif", picture, T, photometric="MINISBLACK"), date="2023-01-01", bands=bands)]
    )
    return look


def _alpha(hidden_rows: int) -> np.ndarray:
    alpha = np.full((30, 40), 255)
    alpha[:hidden_rows] = 0
    return alpha


@pytest.mark.parametrize("hidden_rows", [0, 9])
@pytest.mark.parametrize(("bands", "role"), [(RGBN, "nir"), (None, "band4")])
def test_refuse_alpha_names_the_band(tmp_path: Path, hidden_rows: int, bands: dict[str, int] | None, role: str) -> None:
    look = _look(tmp_path, _alpha(hidden_rows), bands)
    with pytest.raises(InputError, match=rf"a\.tif: band 4 .* no picture of {role}; give 'bands' with alpha: 4"):
        refuse_alpha([look], grid_like(30, 40))


def test_refuse_alpha_leaves_pictures_and_named_alpha_bands(tmp_path: Path) -> None:
    grid = grid_like(30, 40)
    refuse_alpha([_look(tmp_path, noise(7, 1, 30, 40)[0] % 250, RGBN)], grid)
    refuse_alpha([_look(tmp_path, _alpha(0), {**RGBN, "nir": 3, "blue": 2, "green": 1, "alpha": 4})], grid)
    refuse_alpha([_look(tmp_path, _alpha(0), RGBN, "uint16")], grid)


def test_refuse_alpha_says_nothing_of_blank_looks(tmp_path: Path) -> None:
    blank = np.full((4, 30, 40), 9, np.uint8)
    (look,) = group_looks([open_scene(write(tmp_path / "b.tif", blank, T), date="2023-01-01", bands=RGBN)])
    refuse_alpha([look], grid_like(30, 40))
