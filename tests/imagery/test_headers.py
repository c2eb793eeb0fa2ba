"""Headers that are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_rasters import vrt_of, write

from changedet.errors import InputError
from changedet.imagery.opening import open_scene


def test_read_header_a_header_of_countless_bands_is_refused_at_once(tmp_path: Path) -> None:
    write(tmp_path / "pixels.tif", np.ones((4, 4), np.uint16))
    (tmp_path / "scene.vrt").write_text(vrt_of(str(tmp_path / "pixels.tif"), bands=1001))
    with pytest.raises(InputError, match="has 1001 bands, more than 1000"):
        open_scene(str(tmp_path / "scene.vrt"), date="2023-06-04")


def test_read_header_overviews_larger_than_the_picture_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "scene.tif", np.ones((8, 8), np.uint16))
    write(tmp_path / "larger.tif", np.ones((32, 32), np.uint16))
    (tmp_path / "larger.tif").rename(tmp_path / "scene.tif.ovr")
    with pytest.raises(InputError, match="has overviews larger than the picture itself"):
        open_scene(str(tmp_path / "scene.tif"), date="2023-06-04")
