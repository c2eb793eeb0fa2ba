"""The evidence pack: what is in it, what is not, the same bytes each time."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate

from changedet.assess.evidence.pack import MANIFEST, pack_run
from changedet.errors import InputError
from changedet.pipeline.figures.files import result_identity
from changedet.store import RunFolder


def test_pack_run_gives_the_same_bytes_each_time(finished: Path, own: Path, tmp_path: Path) -> None:
    one, _ = pack_run(finished, tmp_path / "one.zip")
    other, _ = pack_run(own)
    assert other == own.parent / "site-evidence.zip"
    assert one.read_bytes() == other.read_bytes()


def test_pack_run_describes_the_run_as_a_crate(finished: Path, tmp_path: Path) -> None:
    path, _ = pack_run(finished, tmp_path / "one.zip")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "crate")
        names = archive.namelist()
    found = ROCrate(tmp_path / "crate")
    assert found.mainEntity.id == "workflow/site.yaml"
    assert {entity.id for entity in found.data_entities} == set(names) - {MANIFEST, "ro-crate-metadata.json"}
    action = found.dereference("#run")
    assert action["instrument"].id == "workflow/site.yaml"
    assert [entity["name"] for entity in action["object"]] == ["2023-01-01.tif", "2023-03-01.tif"]
    assert action["object"][0]["license"] == "CC-BY-4.0"
    assert {"results/summary.json", "results/objects.gpkg", "results/run.json"} <= {e.id for e in action["result"]}
    assert found.license == "CC-BY-4.0; Closed"


def test_pack_run_names_no_folder_of_this_machine(finished: Path, tmp_path: Path) -> None:
    path, _ = pack_run(finished, tmp_path / "one.zip", with_scenes=True)
    with zipfile.ZipFile(path) as archive:
        told = [name for name in archive.namelist() if str(finished.parents[1]).encode() in archive.read(name)]
    assert told == []


def test_pixels_come_only_where_asked_for_and_allowed(finished: Path, tmp_path: Path) -> None:
    without, left_out = pack_run(finished, tmp_path / "one.zip")
    assert len(left_out) == 2
    with_scenes, forbidden = pack_run(finished, tmp_path / "two.zip", with_scenes=True)
    scenes = [
        [name for name in zipfile.ZipFile(path).namelist() if name.startswith("results/scenes/")]
        for path in (without, with_scenes)
    ]
    assert scenes[0] == []
    assert [name for name in scenes[1] if name.endswith(".tif")] == ["results/scenes/2023-01-01.tif"]
    assert forbidden == ["scenes/2023-03-01.tif: its licence forbids to show it"]


def test_the_custody_log_has_every_input(finished: Path, tmp_path: Path) -> None:
    path, _ = pack_run(finished, tmp_path / "one.zip")
    with zipfile.ZipFile(path) as archive:
        rows = [json.loads(line) for line in archive.read("custody.jsonl").splitlines()]
        inputs = json.loads(archive.read("results/run.json"))["inputs"]
    assert [row["what"] for row in rows] == ["workflow", "scene", "scene"]
    assert [row["sha256"] for row in rows[1:]] == [one["sha256"] for row in inputs for one in row["files"]]
    assert rows[1]["licence"] == "CC-BY-4.0"


def test_a_figure_comes_along_where_it_is_not_older_than_the_results(own: Path, tmp_path: Path) -> None:
    folder = RunFolder(own)
    for name in ("new", "old", "other"):
        path = own / "figures" / f"{name}.svg"
        folder.begin(f"figure:{name}", [path])
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
        if name == "old":
            os.utime(path, (1e9, 1e9))
        folder.finish(f"figure:{name}", "another" if name == "other" else result_identity(folder), [path])
    path_, left_out = pack_run(own, tmp_path / "one.zip", with_scenes=True)
    assert [name for name in zipfile.ZipFile(path_).namelist() if "figures" in name] == ["results/figures/new.svg"]
    for name in ("old", "other"):
        assert f"figures/{name}.svg: is older than the run's results; make it again" in left_out


def test_pack_run_refuses_what_is_not_as_it_was_written(own: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_text("mine")
    with pytest.raises(InputError, match="is no pack"):
        pack_run(own, tmp_path / "mine.zip")
    with pytest.raises(InputError, match="there is no folder"):
        pack_run(own, tmp_path / "none" / "a.zip")
    (own / "timeseries.csv").write_text("mine")
    with pytest.raises(InputError, match=r"timeseries\.csv: has 4 bytes"):
        pack_run(own)
    assert not (own.parent / "site-evidence.zip").exists()
