"""What a file of this machine may lead to."""

from __future__ import annotations

import os
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.enums
import rasterio.errors
import rasterio.warp
from small_rasters import ELSEWHERE, T, vrt_of, write

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


def _raw_vrt(secret: Path) -> str:
    band = (
        f'<VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand"><SourceFilename>{secret}</SourceFilename>'
        "<ImageOffset>0</ImageOffset><PixelOffset>1</PixelOffset><LineOffset>4</LineOffset></VRTRasterBand>"
    )
    return f'<VRTDataset rasterXSize="4" rasterYSize="4">{band}</VRTDataset>'


def _linked(scene: Path, ending: str, secret: Path) -> None:
    header = "ENVI\nsamples = 4\nlines = 4\nbands = 1\nheader offset = 0\ndata type = 1\ninterleave = bsq\n"
    scene.with_name(f"{scene.name}{ending}").symlink_to(secret)
    scene.with_name(f"{scene.name}{ending}.hdr").write_text(header)


def _named(scene: Path, ending: str, secret: Path) -> None:
    _linked(scene, ending, secret)
    key = f"<MDI key='Overview_File'>:::BASE:::{scene.name}{ending}</MDI>"
    tags = f"<PAMDataset><Metadata domain='OVERVIEWS'>{key}</Metadata></PAMDataset>"
    scene.with_name(f"{scene.name}.aux.xml").write_text(tags)


@pytest.mark.parametrize(("way", "ending"), [(_linked, ".ovr"), (_linked, ".msk"), (_named, ".img")])
def test_open_dataset_overviews_and_masks_beside_a_scene_are_pictures(tmp_path: Path, way: Any, ending: str) -> None:
    """GDAL would take a header beside a link for overviews, and the file of this machine for their pixels."""
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"private" * 10)
    scene = tmp_path / "scene.tif"
    write(scene, np.ones((8, 8), np.uint16))
    way(scene, ending, secret)
    with pytest.raises(InputError, match=r"leads to .* where a scene may not lead"):
        open_scene(scene, date="2023-06-04", bands={"red": 1})


def test_open_dataset_overviews_of_what_a_vrt_names_are_looked_through(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_bytes(b"private" * 10)
    pixels = tmp_path / "pixels.tif"
    write(pixels, np.full((8, 8), 7, np.uint16))
    with rasterio.Env(TIFF_USE_OVR=True), rasterio.open(pixels, "r+") as out:
        out.build_overviews([2], rasterio.enums.Resampling.nearest)
    (tmp_path / "scene.vrt").write_text(vrt_of(str(pixels)).replace('"4"', '"8"'))
    assert open_scene(tmp_path / "scene.vrt", date="2023-06-04", bands={"red": 1}).bands
    (tmp_path / "pixels.tif.ovr").write_text(_raw_vrt(tmp_path / "secret.txt"))
    (tmp_path / "other.vrt").write_text((tmp_path / "scene.vrt").read_text())
    with pytest.raises(InputError, match=r"pixels.tif.ovr: holds a 'VRTRawRasterBand'"):
        open_scene(tmp_path / "other.vrt", date="2023-06-04", bands={"red": 1})


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_open_dataset_an_archive_in_which_python_and_gdal_find_different_files(tmp_path: Path) -> None:
    """Of two files under one name GDAL takes the first, Python the last."""
    (tmp_path / "secret.txt").write_bytes(b"private" * 10)
    write(tmp_path / "pixels.tif", np.full((8, 8), 7, np.uint16))
    pixels, raw = (tmp_path / "pixels.tif").read_bytes(), _raw_vrt(tmp_path / "secret.txt").encode()
    held = {
        "good": [("x.tif", pixels)],
        "scene": [("x.tif", raw), ("x.tif", pixels)],
        "overview": [("x.tif", pixels), ("x.tif.ovr", raw), ("x.tif.ovr", pixels)],
    }
    for name, files in held.items():
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for entry, content in files:
                archive.writestr(entry, content)
    path = f"/vsizip/{tmp_path}/{{}}.zip/x.tif"
    assert open_scene(path.format("good"), date="2023-06-04", bands={"red": 1}).bands
    with pytest.raises(InputError, match="cannot be read, it is truncated, corrupt or of a kind that is not read"):
        open_scene(path.format("scene"), date="2023-06-04", bands={"red": 1})
    with pytest.raises(InputError, match=r"leads to .*vsizip"):
        open_scene(path.format("overview"), date="2023-06-04", bands={"red": 1})


def test_open_dataset_a_geopackage_whose_tiles_are_an_endless_view_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scene.gpkg"
    size = {"width": 8, "height": 8, "count": 3, "dtype": "uint8"}
    with rasterio.open(path, "w", "GPKG", crs="EPSG:32633", transform=T, **size) as out:
        out.write(np.ones((3, 8, 8), np.uint8))
    assert open_scene(path, date="2023-06-04", bands={"red": 1}).bands
    with closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE scene RENAME TO kept")
        database.execute(
            "CREATE VIEW scene AS WITH RECURSIVE n AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT * FROM n"
        )
        database.commit()
    with pytest.raises(InputError, match="holds 'scene', a view"):
        open_scene(path, date="2023-06-04", bands={"red": 1})
