"""Masks beside scenes."""

from __future__ import annotations

from pathlib import Path

from workflow_cases import load

from changedet.workflow.resolved import resolved
from changedet.workflow.sidecar_masks import mask_role


def test_masks_of_finds_masks_beside_scenes_of_a_glob(folder: Path) -> None:
    """Providers lay them beside the scenes; a mask of another date, or of no scene, stays what it is."""
    names = [
        "2023_0604_10_3B_AnalyticMS_SR.tif",
        "2023_0604_10_3B_udm2.tif",
        "2023_0605_x.tif",
        "2023_0605_x_DN_udm.tif",
    ]
    names += ["2023_0604_1_SCL.tif", "site_scl_2023_0607.tif", "site_2023_0606.tif"]
    (folder / "planet").mkdir()
    for name in names:
        (folder / "planet" / name).touch()
    workflow = load("site: {id: d}\nscenes: [{glob: 'planet/*.tif', date_format: '%Y_%m%d'}]\n")
    found = {Path(dict(entry.paths)[""]).name: entry for entry in workflow.scenes}
    assert sorted(found) == sorted([names[0], names[2], names[4], names[5], names[6]])
    assert found[names[0]].paths[1:] == (("udm2", str(folder / "planet" / names[1])),)
    assert found[names[2]].paths[1:] == ()
    assert found[names[2]].unread == (str(folder / "planet" / names[3]),)
    assert resolved(workflow)["scenes"][0]["masks"] == {"udm2": f"planet/{names[1]}"}


def test_mask_role_is_that_of_names_which_end_as_a_provider_s_do() -> None:
    names = {
        "a/LC08_L2SP_006066_20220405_20220412_02_T1_QA_PIXEL.TIF": "qa_pixel",
        "T33UVT_20220405T012345_SCL_20m.jp2": "scl",
        "20220405_012345_12_2442_3B_udm2_clip.tif": "udm2",
        "scl_made_by_hand.tif": "",
        "clouds.tif": "",
        "muscl.tif": "",
    }
    assert {name: mask_role(name) for name in names} == names
