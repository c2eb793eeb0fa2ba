"""`starter_workflow` as a whole: what it writes always loads."""

from __future__ import annotations

from pathlib import Path

import pytest
import rasterio
from real import DATA, needs_data
from starter_scenes import answering, refused, scene, start

from changedet.errors import InputError
from changedet.workflow import load_workflow
from changedet.workflow.starter.starter import starter_workflow


def test_starter_workflow_asks_nothing_where_a_file_cannot_be_read() -> None:
    Path("b.tif").write_bytes(b"no raster")
    with pytest.raises(InputError, match=r"b\.tif"):
        starter_workflow([scene("a.tif"), "b.tif"], ask=lambda question: pytest.fail("asked"))


def test_starter_workflow_leaves_out_classes_beside_scenes() -> None:
    scene("order/2023-06-04.tif")
    path = scene("order/landcover_2023-06-04.tif", count=1, descriptions=(), dtype="uint8")
    with rasterio.open(path, "r+") as out:
        out.write_colormap(1, {k: (k, k, k, 255) for k in range(256)})
    text, workflow = start("order")
    assert len(workflow.scenes) == 1
    assert "not taken, a raster of classes" in text
    for named in (["order", path], [path], ["order/landcover_*.tif", "order/2023-06-04.tif"]):
        assert refused(*named) == [
            f"{path}: holds a colour palette, whose values are classes and not brightness; expand it to RGB first "
            "(gdal_translate -expand rgb)"
        ]


def test_starter_workflow_takes_catalogs_and_strange_names() -> None:
    Path("catalog.json").write_text('{"type": "Catalog", "stac_version": "1.0.0", "id": "x", "links": []}')
    path = scene('no/it\'s #1: "x" {y} 2023-06-04.tif')
    _, workflow = start("catalog.json", path)
    assert [entry.kind for entry in workflow.scenes] == ["path", "stac"]
    assert workflow.scenes[0].paths[0][1] == str(Path.cwd() / path)


@needs_data
def test_starter_workflow_of_real_scenes() -> None:
    ask, asked = answering(first_of_January="yes", rgbn="red green blue nir", gray="green red nir swir1")
    assert len(start(str(DATA / "null"), ask=ask)[1].scenes) == 3
    ask, asked = answering(first_of_January="yes", Name_the_role="green red nir swir1")
    _, workflow = start(str(DATA / "pucallpa"), ask=ask)
    assert [entry.date.year for entry in workflow.scenes if entry.date] == list(range(1985, 2021, 5))
    assert len(asked) == 2


def test_starter_workflow_finds_masks_beside_scenes_by_the_glob_or_names_them(tmp_path: Path) -> None:
    for day in ("20230604", "20230704"):
        scene(f"{day}_3B_AnalyticMS.tif")
        scene(f"{day}_3B_udm2.tif")
    text = starter_workflow(["."], ask=None, folder=".").text
    assert 'glob: "*.tif"' in text
    Path("w.yaml").write_text(text)
    assert [len(entry.paths) for entry in load_workflow("w.yaml").scenes] == [2, 2]
    one = starter_workflow(["20230604_3B_AnalyticMS.tif", "20230604_3B_udm2.tif"], ask=None, folder=".").text
    assert 'path: "20230604_3B_AnalyticMS.tif", mask: "20230604_3B_udm2.tif"' in one
