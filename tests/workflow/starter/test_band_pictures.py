"""The contact sheet of band orders."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import rasterio
from starter_scenes import UTM, scene

from changedet.errors import InputError
from changedet.workflow.starter.band_orders import ORDERS
from changedet.workflow.starter.band_pictures import draw_orders, free_name
from changedet.workflow.starter.starter import starter_workflow


def picture(path: str) -> np.ndarray:
    return np.asarray(cv2.imread(path))[..., ::-1]


def test_draw_orders_shows_the_colours_of_each_order() -> None:
    # A bright band 1 alone: blue where blue comes first, red where red does.
    values = np.stack([np.linspace(100, 4000, 64 * 64).reshape(64, 64), *[np.full((64, 64), 900.0)] * 3])
    size = {"width": 64, "height": 64, "count": 4, "dtype": "uint16"}
    with rasterio.open("a.tif", "w", driver="GTiff", crs="EPSG:32633", transform=UTM, **size) as out:
        out.write(values.astype(np.uint16))
    draw_orders("a.tif", ORDERS[4][:2], Path("sheet.png"))
    sheet = picture("sheet.png").astype(int)
    half = sheet.shape[0] // 2
    blue_first, red_first = sheet[half - 8, 70], sheet[-8, 70]
    assert blue_first[2] > blue_first[0] + 100
    assert red_first[0] > red_first[2] + 100


def test_draw_orders_marks_plants_where_near_infrared_stands_above_red() -> None:
    values = np.full((4, 32, 32), 500, np.uint16)
    values[3, :16] = 4000
    size = {"width": 32, "height": 32, "count": 4, "dtype": "uint16"}
    with rasterio.open("a.tif", "w", driver="GTiff", crs="EPSG:32633", transform=UTM, **size) as out:
        out.write(values)
    draw_orders("a.tif", ORDERS[4][:1], Path("sheet.png"))
    sheet = picture("sheet.png").astype(int)
    right = sheet[-30:, -40:-15]
    assert (right[:12, :, 1] > 150).all()
    assert (right[18:, :, 1] < 150).all()


def test_free_name_writes_nothing_over() -> None:
    assert free_name(Path("w_bands.png")) == Path("w_bands.png")
    Path("w_bands.png").touch()
    assert free_name(Path("w_bands.png")) == Path("w_bands-2.png")


def test_starter_workflow_draws_each_family_and_says_where() -> None:
    scene("east_20230604.tif", descriptions=())
    scene("west_20240604.tif", descriptions=())
    text, problems = starter_workflow(["."], ask=None, pictures="w_bands.png")
    assert Path("w_bands.png").exists()
    assert Path("w_bands-2.png").exists()
    assert "what each order would look like: w_bands.png" in str(problems[0])
    assert "# TODO bands:" in text


def test_starter_workflow_draws_nothing_where_a_file_cannot_be_read() -> None:
    scene("east_20230604.tif", descriptions=())
    Path("b.tif").write_bytes(b"no raster")
    with pytest.raises(InputError, match=r"b\.tif"):
        starter_workflow(["."], ask=None, pictures="w_bands.png")
    assert not Path("w_bands.png").exists()
