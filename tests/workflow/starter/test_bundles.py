"""The key `pan` of a scene, and bundles that `init` finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from starter_scenes import start
from vendor_orders import shots

from changedet.errors import InputError
from changedet.workflow import load_workflow
from scenarios.vendor_folders import coarser, maxar, write

SITE = "site: {id: a}\n"


def test_pan_names_the_file_that_sharpens_a_path(tmp_path: Path) -> None:
    text = "scenes:\n  - {date: 2023-01-01, path: m.tif, pan: p.tif}\n  - {date: 2023-02-01, path: n.tif}\n"
    (tmp_path / "w.yaml").write_text(SITE + text)
    for name in "mnp":
        (tmp_path / f"{name}.tif").write_bytes(b"")
    first, second = load_workflow(tmp_path / "w.yaml").scenes
    assert dict(first.paths) == {"": str(tmp_path / "m.tif"), "pan": str(tmp_path / "p.tif")}
    assert dict(second.paths) == {"": str(tmp_path / "n.tif")}


@pytest.mark.parametrize(
    ("scene", "said"),
    [
        ("{date: 2023-01-01, path: {red: m.tif}, pan: p.tif}", "expected as the role pan there"),
        ('{date_format: "%Y", glob: "*.tif", pan: p.tif}', "belongs to a scene given by path, not by glob"),
        ("{date: 2023-01-01, path: m.tif, pan: none.tif}", "no such file"),
    ],
)
def test_pan_in_the_wrong_place_is_named(tmp_path: Path, scene: str, said: str) -> None:
    for name in "mp":
        (tmp_path / f"{name}.tif").write_bytes(b"")
    (tmp_path / "w.yaml").write_text(f"{SITE}scenes:\n  - {scene}\n")
    with pytest.raises(InputError, match=said):
        load_workflow(tmp_path / "w.yaml")


def test_init_gives_the_colours_of_a_bundle_their_panchromatic_file() -> None:
    looks = shots(2)
    maxar(Path("maxar"), looks)
    for path, shot in zip(sorted(Path("maxar").rglob("*-M2AS-*.TIF")), looks, strict=True):
        # GDAL deletes what lies beside a file that it writes anew.
        write(Path("coarse.tif"), coarser(shot.image, 4), shot)
        Path("coarse.tif").replace(path)
    text, workflow = start("maxar")
    for entry in workflow.scenes:
        paths = dict(entry.paths)
        assert "-M2AS-" in paths[""]
        assert paths["pan"] == paths[""].replace("_MUL", "_PAN").replace("-M2AS-", "-P2AS-")
    assert "# 0.5 m, sharpens the colours" in text
    assert "here 0.5 m" in text
    assert "panchromatic" not in text
