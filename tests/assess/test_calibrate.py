"""Labelled tiles turned into a threshold, a bias and an interval that hold."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from click.testing import CliRunner
from labelled_site import DAYS, GRID, OFFSET, SLOPE, label, too_sure_boxes, write

from changedet.assess.calibrate import calibrate
from changedet.assess.calibration_file import format_calibration
from changedet.cli.app import cli
from changedet.errors import InputError
from changedet.kernels import calibration as kernel
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.gpkg.labels import LABELS, TILES
from changedet.pipeline.boxes import counted_rows, kept_boxes
from changedet.pipeline.finished import open_run
from changedet.pipeline.looks import RunLooks
from changedet.simulate import simulate
from changedet.stages.objects.stage import STAGE as OBJECTS
from changedet.stages.registry import Facts
from changedet.stages.tracks.stage import STAGE as TRACKS
from changedet.stages.tracks.stage import hmm
from changedet.store import RunFolder, write_frame, write_json


def test_calibrate_a_detector_that_is_too_sure_is_corrected(labelled_run: Path, tmp_path: Path) -> None:
    label(labelled_run, tmp_path / "labels.gpkg", tiles=36)
    found = calibrate(open_run(labelled_run), tmp_path / "labels.gpkg")
    true = len(pyogrio.read_dataframe(labelled_run / "truth.gpkg")) / len(DAYS)
    counted = (too_sure_boxes(np.random.default_rng(7))[0]["confidence"] >= 0.5).sum()
    assert counted > 1.5 * true
    assert found["objects"]["confidence_offset"] == pytest.approx(OFFSET, abs=0.6)
    assert found["objects"]["confidence_slope"] == pytest.approx(SLOPE, abs=0.4)
    assert 0.75 < found["threshold"] < 0.95
    before, after = found["before"], found["after"]
    assert abs(before["expected"] / before["labelled"] - 1) > 0.3
    assert after["expected"] == pytest.approx(after["labelled"], rel=0.15)
    assert found["labels"]["tiles"] == len(found["tiles"]) == 36
    assert found["bias"] < -0.25
    assert not found["borne_out"]
    within = [row["low"] <= row["labelled"] <= row["high"] for row in found["tiles"]]
    assert np.mean(within) >= 0.85
    assert json.loads((labelled_run / "calibration.json").read_text()) == found
    text = format_calibration(found)
    assert f"confidence_offset: {found['objects']['confidence_offset']:g}" in text
    # What it prints is a workflow's own words.
    for stage, registered in (("objects", OBJECTS), ("tracks", TRACKS)):
        method = registered.get({"objects": "learned", "tracks": "hmm"}[stage])
        assert method.resolve(found[stage]).items() >= found[stage].items()


def test_calibrate_labels_that_say_what_the_run_says_bear_it_out(labelled_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.gpkg"
    label(labelled_run, path)
    tiles = pyogrio.read_dataframe(path, layer=TILES)
    found = open_run(labelled_run).containers
    found["date"] = found["date"].dt.strftime("%Y-%m-%d")
    write(path, tiles, found[["date", "geometry"]].sample(frac=0.97, random_state=1).assign(kind="20ft"))
    told = calibrate(open_run(labelled_run), path)
    assert told["borne_out"]
    assert abs(told["bias"]) <= told["bias_error"]
    assert "nothing needs to be changed" in format_calibration(told)


def test_calibrate_a_run_that_is_calibrated_already_is_taken_back_to_the_detectors_own_scale(
    labelled_run: Path, tmp_path: Path
) -> None:
    label(labelled_run, tmp_path / "labels.gpkg", tiles=36)
    first = calibrate(open_run(labelled_run), tmp_path / "labels.gpkg")
    folder = RunFolder(labelled_run)
    for day in DAYS:
        table = too_sure_boxes(np.random.default_rng(7))[0]
        told = kernel.recalibrated(table["confidence"].to_numpy(), *first["objects"].values())
        write_frame(folder.table("boxes", day), table.assign(confidence=told, counted=told >= 0.5))
    boxes = kept_boxes(folder, GRID, DAYS)
    followed = hmm(Facts(0.5, detector="learned"))(boxes, RunLooks(folder, GRID, tuple(DAYS)))
    layers = {"containers": counted_rows(followed.detections, None), "tracks": followed.tracks}
    vector_layers.write_objects(folder.objects, layers, GRID.crs)
    provenance = json.loads(folder.provenance.read_text())
    provenance["methods"][0]["parameters"] |= first["objects"]
    write_json(folder.provenance, provenance)
    second = calibrate(open_run(labelled_run), tmp_path / "labels.gpkg")
    assert second["objects"] == pytest.approx(first["objects"], abs=0.01)


def test_calibrate_labels_outside_the_tiles_and_tiles_under_cloud_are_left_out_and_said(
    labelled_run: Path, tmp_path: Path
) -> None:
    path = tmp_path / "labels.gpkg"
    label(labelled_run, path, tiles=30)
    tiles, labels = (pyogrio.read_dataframe(path, layer=name) for name in (TILES, LABELS))
    hidden = tiles.iloc[[0]].assign(date=str(DAYS[1]), geometry=[shapely.box(400300, 5600100, 400340, 5600140)])
    lost = labels.iloc[[0]].assign(geometry=[shapely.box(399000, 5600100, 399006, 5600102)])
    write(path, pd.concat([tiles, hidden], ignore_index=True), pd.concat([labels, lost], ignore_index=True))
    found = calibrate(open_run(labelled_run), path)
    assert found["labels"]["tiles"] == 30
    assert any("shows 0% of it" in said for said in found["warnings"])
    assert any(said.startswith("1 labelled containers lie in no labelled tile") for said in found["warnings"])


@pytest.mark.usefixtures("silent")
def test_calibrate_command_draws_tiles_refuses_what_is_not_there_and_fits(tmp_path: Path) -> None:
    workflow = simulate(tmp_path / "site", kind="dense", dates=2, seed=5, gsd_m=0.5, size_m=150.0)
    path = tmp_path / "labels.gpkg"
    arguments = ["calibrate", str(workflow), "--labels", str(path)]
    missing = CliRunner().invoke(cli, arguments)
    assert isinstance(missing.exception, InputError)
    assert "--draw 24" in str(missing.exception)
    assert not (tmp_path / "site" / "out").exists()
    drawn = CliRunner().invoke(cli, [*arguments, "--draw", "9"])
    assert drawn.exit_code == 0, drawn.output
    tiles = pyogrio.read_dataframe(path, layer=TILES)
    truth = pyogrio.read_dataframe(tmp_path / "site" / "truth" / "truth.gpkg", layer="containers").to_crs(tiles.crs)
    truth = truth[truth["visible"].astype(bool)]
    truth["date"] = pd.to_datetime(truth["date"], utc=True).dt.strftime("%Y-%m-%d")
    write(path, tiles.assign(labelled=True), truth[["date", "kind", "geometry"]])
    fitted = CliRunner().invoke(cli, [*arguments, "--json"])
    assert fitted.exit_code == 0, fitted.output
    found = json.loads(fitted.stdout)
    assert found["labels"]["tiles"] == 9
    assert found["after"]["expected"] == pytest.approx(found["after"]["labelled"], rel=0.1)
