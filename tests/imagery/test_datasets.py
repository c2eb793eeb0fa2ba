"""What a file of this machine may lead to."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.enums
import rasterio.errors
import rasterio.warp
from small_rasters import ELSEWHERE, vrt_of, write

from changedet.blocks import Window
from changedet.errors import InputError
from changedet.grid import make_grid
from changedet.imagery.opening import open_scene


def test_open_dataset_a_file_of_this_machine_does_not_lead_to_the_network(tmp_path: Path) -> None:
    """Whoever sends a scene must not make its reader ask a host: not by a VRT, nor by what it calls its overviews."""
    (tmp_path / "scene.tif").write_text(vrt_of(ELSEWHERE))
    (tmp_path / "tiles.tif").write_text(
        "<GDAL_WMS><Service name='TMS'><ServerUrl>http://127.0.0.1:1/${x}.png</ServerUrl></Service><DataWindow>"
        "<UpperLeftX>0</UpperLeftX><UpperLeftY>9</UpperLeftY><LowerRightX>9</LowerRightX><LowerRightY>0</LowerRightY>"
        "<SizeX>9</SizeX><SizeY>9</SizeY></DataWindow><Projection>EPSG:32633</Projection></GDAL_WMS>"
    )
    write(tmp_path / "overviews.tif", np.ones((4, 4), np.uint16))
    with rasterio.open(tmp_path / "overviews.tif", "r+") as out:
        out.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=ELSEWHERE)
    said = {"scene": "leads to '/vsicurl", "tiles": "cannot be read", "overviews": "leads to '/vsicurl"}
    for name, message in said.items():
        with pytest.raises(InputError, match=message):
            open_scene(tmp_path / f"{name}.tif", date="2023-06-04", bands={"red": 1})
    # What a VRT names beside it on this machine is read as ever.
    write(tmp_path / "pixels.tif", np.full((4, 4), 7, np.uint16))
    (tmp_path / "scene.tif").write_text(vrt_of(str(tmp_path / "pixels.tif")))
    scene = open_scene(tmp_path / "scene.tif", date="2023-06-04", bands={"red": 1})
    assert (scene.read(make_grid(scene.frame), Window(0, 0, 4, 4), ["red"])[0] == 7).all()


def test_a_header_beside_a_link_does_not_publish_what_the_link_leads_to(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"private" * 100)
    (tmp_path / "sent").mkdir()
    scene = tmp_path / "sent" / "scene"
    header = "ENVI\nsamples = 10\nlines = 10\nbands = 1\nheader offset = 0\ndata type = 1\ninterleave = bsq\n"
    placed = "map info = {UTM, 1, 1, 500000, 5400000, 2, 2, 33, North, WGS-84}\n"
    scene.with_suffix(".hdr").write_text(header + placed)
    scene.with_suffix(".img").symlink_to(secret)
    with pytest.raises(InputError, match=r"leads to .*secret"):
        open_scene(scene.with_suffix(".img"), date="2023-06-04", bands={"red": 1})
    scene.with_suffix(".img").unlink()
    scene.with_suffix(".img").write_bytes(b"private" * 100)
    assert open_scene(scene.with_suffix(".img"), date="2023-06-04", bands={"red": 1}).bands


def test_a_pipe_is_no_scene(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.tif")
    with pytest.raises(InputError, match="no regular file"):
        open_scene(tmp_path / "a.tif", date="2023-06-04", bands={"red": 1})
