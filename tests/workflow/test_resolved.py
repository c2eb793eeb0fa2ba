"""A workflow as plain data."""

from __future__ import annotations

import json
import math
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from workflow_cases import GOOD, REGISTRY, load

from changedet.workflow import (
    load_workflow,
)
from changedet.workflow.resolved import resolved, without_folders


def test_resolved_is_plain_json_of_a_frozen_hashable_picklable_workflow(folder: Path) -> None:
    workflow = load(GOOD + "change: {method: irmad, probability: 0.9}\nbands: {red: 1}\n")
    assert pickle.loads(pickle.dumps(workflow)) == workflow
    assert hash(workflow) == hash(load_workflow("w.yaml", REGISTRY))
    with pytest.raises(AttributeError):
        workflow.before = None
    plain = resolved(workflow)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["change"] == {"method": "irmad", "probability": 0.9}
    assert plain["scenes"] == [{"path": "a.tif", "date": "2023-06-04"}]
    assert plain["outputs"]["dir"] == "out"


def test_resolved_loads_again_to_itself(folder: Path) -> None:
    first = load(
        "site: {id: '007', place: Here,\n"
        "  aoi: {type: Polygon, coordinates: [[[1, 1], [2, 1], [2, 2], [1, 1]]]}}\nscenes:\n"
        "  - {date: 2023-06-04, time: 10:30, path: {red: a.tif, nir: b.tif}, nodata: nan, mask: b.tif,\n"
        "     sun: {azimuth_deg: 150, elevation_deg: 40}, view: {off_nadir_deg: 0},\n"
        "     credit: © ACME, licence: {name: EULA, show_pixels: false}, sensor: X-1}\n"
        "  - {glob: 'scenes/*.tif', date_format: '%Y%m%d', crs: 32633, bounds: [1, 2, 3, 4],\n"
        "     bands: {red: B04, nir: 2}}\n"
        "  - {stac: 'https://x.org/stac', datetime: 2023-05-01/.., max_cloud_cover: 10, licence: MIT}\n"
        "grid: {crs: 32633, resolution: 0.5}\ncompute: {memory: 2GB, workers: 2, chunk: 512}\nchange: none\n"
    )
    plain = resolved(first)
    # A section that says nothing is left out of a file, and bytes are written with their unit.
    plain = {key: value for key, value in plain.items() if value is not None}
    plain["site"] = {key: value for key, value in plain["site"].items() if value is not None}
    plain["compute"]["memory"] = "2GB"
    again = load(yaml.safe_dump(json.loads(json.dumps(plain)), sort_keys=False))
    assert resolved(again) == resolved(first)
    assert again.scenes[0].paths == first.scenes[0].paths
    assert math.isnan(again.scenes[0].nodata)


def test_resolved_names_no_folder_of_this_machine(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir(exist_ok=True)
    (tmp_path / "far" / "b.tif").touch()
    away = tmp_path / "far" / "b.tif"
    workflow = load(GOOD.replace("a.tif", str(away)) + f"outputs: {{dir: {tmp_path / 'far' / 'out'}}}\n")
    plain = resolved(replace(workflow, folder=Path("/elsewhere")))
    assert plain["scenes"] == [{"path": "b.tif", "date": "2023-06-04"}]
    assert plain["outputs"]["dir"] == "out"
    assert str(tmp_path) not in json.dumps(plain)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("{folder}/scenes/a.tif: lacks nir", "scenes/a.tif: lacks nir"),
        ("scene skipped: /mnt/nas/x/a.tif: gone", "scene skipped: a.tif: gone"),
        ("https://host/a/b.tif: not read", "https://host/a/b.tif: not read"),
        ("5 km/h and/or 3 m", "5 km/h and/or 3 m"),
    ],
)
def test_without_folders_shortens_paths_and_leaves_the_rest(folder: Path, words: str, shown: str) -> None:
    workflow = load(GOOD)
    assert without_folders(words.replace("{folder}", str(workflow.folder)), workflow) == shown


def test_without_folders_knows_where_a_path_with_blanks_ends(folder: Path, tmp_path: Path) -> None:
    away = tmp_path / "far away" / "my b.tif"
    away.parent.mkdir()
    away.touch()
    workflow = replace(load(GOOD.replace("a.tif", f'"{away}"')), folder=Path("/elsewhere"))
    assert without_folders(f"scene skipped: {away}: lacks nir", workflow) == "scene skipped: my b.tif: lacks nir"
