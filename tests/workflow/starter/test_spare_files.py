"""Files that are no scenes of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from starter_scenes import scene, start

from changedet.workflow.starter.spare_files import spare_files

SOURCE = "<SimpleSource><SourceFilename relativeToVRT='1'>{}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"
BAND = "<VRTRasterBand dataType='UInt16' band='1'>{}</VRTRasterBand>"


def mosaic(path: str, *parts: str) -> str:
    sources = "".join(SOURCE.format(part) for part in parts)
    Path(path).write_text(f"<VRTDataset rasterXSize='8' rasterYSize='6'>{BAND.format(sources)}</VRTDataset>")
    return path


def test_spare_files_are_what_a_mosaic_beside_them_shows() -> None:
    parts = [scene("order/a/west.tif"), scene("order/a/east.tif")]
    other = scene("order/b.tif")
    whole = mosaic("order/2023-06-04.vrt", "a/west.tif", "a/east.tif")
    assert spare_files([*parts, other, whole]) == dict.fromkeys(parts, "shown by 2023-06-04.vrt")
    assert spare_files(parts) == {}


@pytest.mark.parametrize("leads_to", ["2023-06-04.vrt", "/etc/passwd", "none.tif"])
def test_spare_files_of_a_mosaic_that_cannot_be_read_are_none(leads_to: str) -> None:
    assert spare_files([scene("a.tif"), mosaic("2023-06-04.vrt", leads_to)]) == {}


def test_spare_files_are_bands_of_sentinel_2_without_a_role() -> None:
    names = ("B02", "B03", "B04", "B06", "B08", "B8A", "B09")
    for name in names:
        scene(f"S2_2023-06-04/{name}.tif", count=1, descriptions=())
    text, workflow = start("S2_2023-06-04")
    assert sorted(role for role, _ in workflow.scenes[0].paths) == ["blue", "green", "nir", "red"]
    assert len(workflow.scenes) == 1
    assert text.count("# not taken") == 2
    assert spare_files(["S2_2023-06-04/B8A.tif"]) == {}


def test_spare_files_are_small_pictures_of_a_raster_beside_them() -> None:
    paths = [scene("order/2023-06-04.tif"), "order/2023-06-04.jpg", "order/2023-06-05.jpg"]
    assert spare_files(paths) == {"order/2023-06-04.jpg": "a small picture of the raster of the same name"}
    Path("order/2023-06-04.jgw").write_text("1\n0\n0\n-1\n0\n0\n")
    assert spare_files(paths) == {}


def test_masks_of_a_kind_that_is_not_read_are_named() -> None:
    scene("order/2023-06-04.tif")
    scene("order/2023-06-04_cloud.tif", count=1, descriptions=())
    text, workflow = start("order")
    assert len(workflow.scenes) == 1
    assert "a mask of a kind that is not read" in text
