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
