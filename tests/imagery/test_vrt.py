"""What virtual rasters may show."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from small_rasters import vrt_of, write

from changedet.errors import InputError
from changedet.imagery.opening import open_scene

RAW = (
    '<VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand"><SourceFilename relativeToVRT="1">secret'
    "</SourceFilename><ImageOffset>0</ImageOffset><PixelOffset>1</PixelOffset><LineOffset>4</LineOffset></VRTRasterBand>"
)


PYTHON = (
    '<VRTRasterBand dataType="Byte" band="1" subClass="VRTDerivedRasterBand"><PixelFunctionType>f</PixelFunctionType>'
    "<PixelFunctionLanguage>Python</PixelFunctionLanguage></VRTRasterBand>"
)


def test_named_files_a_vrt_shows_pictures_alone(tmp_path: Path) -> None:
    """Whoever sends a scene must not make its reader publish the bytes of another file as pixels."""
    (tmp_path / "secret").write_bytes(b"root:x:0:0:root:/root:/bin/sh")
    raw = vrt_of("", 0).replace("</VRTDataset>", f"{RAW}</VRTDataset>")
    (tmp_path / "mrf.tif").write_text(
        '<MRF_META><Raster><Size x="4" y="4" c="1"/><PageSize x="4" y="4"/><DataFile>secret</DataFile>'
        "<IndexFile>secret</IndexFile></Raster></MRF_META>"
    )
    for name in ("overviews", "mask"):
        write(tmp_path / f"{name}.tif", np.ones((4, 4), np.uint16))
    for name in ("raw.vrt", "overviews.tif.ovr", "mask.tif.msk"):
        (tmp_path / name).write_text(raw)
    (tmp_path / "python.vrt").write_text(vrt_of("", 0).replace("</VRTDataset>", f"{PYTHON}</VRTDataset>"))
    for name, source in (("nested", "raw.vrt"), ("itself", "itself.vrt"), ("file", "secret")):
        (tmp_path / f"{name}.vrt").write_text(vrt_of(str(tmp_path / source)))
    (tmp_path / "inline.vrt").write_text(vrt_of(raw.replace("&", "&amp;").replace("<", "&lt;")))
    (tmp_path / "small.vrt").write_text(
        raw.replace("subClass", "SUBCLASS").replace("VRTDataset ", "VRTDataset xmlns='a' ")
    )
    inner = raw.replace(' subClass="VRTRawRasterBand">', "><subClass>VRTRawRasterBand</subClass>")
    (tmp_path / "inner.vrt").write_text(inner)
    said_as = f'<SimpleSource SourceFilename="{tmp_path}/secret"/>'
    (tmp_path / "attribute.vrt").write_text(
        vrt_of(str(tmp_path / "mask.tif")).replace("<SimpleSource>", f"{said_as}<SimpleSource>")
    )
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "raw.vrt", "raw.vrt")
    said = {"raw.vrt": "VRTRawRasterBand", "overviews.tif": "VRTRaw", "mask.tif": "VRTRaw", "nested.vrt": "VRTRaw"}
    said |= {"python.vrt": "pixelfunctionlanguage", "itself.vrt": "VRTs deep", "file.vrt": "which is no picture"}
    said |= {"small.vrt": "VRTRaw", "inner.vrt": "VRTRaw", "attribute.vrt": "holds 'sourcefilename'"}
    said |= {"inline.vrt": "expected the path of a picture", "mrf.tif": "cannot be read"}
    for name, message in said.items():
        with pytest.raises(InputError, match=message):
            open_scene(str(tmp_path / name), date="2023-06-04", bands={"red": 1})
    with pytest.raises(InputError, match="is a VRT in an archive"):
        open_scene(f"/vsizip/{tmp_path}/a.zip/raw.vrt", date="2023-06-04", bands={"red": 1})


def test_named_files_a_picture_whose_name_gdal_takes_for_a_part_of_another_file(tmp_path: Path) -> None:
    """GDAL reads ``vrt://raw.vrt`` as a way to open ``raw.vrt``, whatever lies under the whole name."""
    raw = vrt_of("", 0).replace("</VRTDataset>", f"{RAW}</VRTDataset>")
    (tmp_path / "raw.vrt").write_text(raw)
    (tmp_path / "vrt:").mkdir()
    for decoy in ("vrt:/raw.vrt", "NITF_IM:0:raw.vrt"):
        write(tmp_path / decoy, np.ones((4, 4), np.uint16))
    for number, name in enumerate(("vrt://raw.vrt", "NITF_IM:0:raw.vrt")):
        scene = tmp_path / f"{number}.vrt"
        scene.write_text(vrt_of(name).replace("<SourceFilename>", '<SourceFilename relativeToVRT="1">'))
        with pytest.raises(InputError, match="expected the path of a picture"):
            open_scene(scene, date="2023-06-04", bands={"red": 1})


def test_named_files_a_vrt_whose_pictures_change_is_another_scene(tmp_path: Path) -> None:
    write(tmp_path / "pixels.tif", np.full((4, 4), 7, np.uint16))
    (tmp_path / "scene.vrt").write_text(vrt_of(str(tmp_path / "pixels.tif")))
    first = open_scene(tmp_path / "scene.vrt", date="2023-06-04", bands={"red": 1})
    assert first.identity == open_scene(tmp_path / "scene.vrt", date="2023-06-04", bands={"red": 1}).identity
    write(tmp_path / "pixels.tif", np.full((4, 4), 9, np.uint16))
    assert first.identity != open_scene(tmp_path / "scene.vrt", date="2023-06-04", bands={"red": 1}).identity
