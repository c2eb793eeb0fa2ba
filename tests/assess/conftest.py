"""The made-up sites that are labelled and reviewed, once for all tests here."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from labelled_site import DAYS, GRID, SIDE_PX, too_sure_boxes

from changedet.outputs import json_files, tables
from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.boxes import counted_rows, kept_boxes
from changedet.pipeline.looks import RunLooks
from changedet.stages.objects.boxes import georeferenced
from changedet.stages.registry import Facts
from changedet.stages.series.table import DateMeasurements, timeseries
from changedet.stages.tracks.stage import hmm
from changedet.store import RunFolder, write_frame, write_json


@pytest.fixture(scope="session")
def labelled_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = RunFolder(tmp_path_factory.mktemp("calibrate") / "yard")
    true = {}
    for k, day in enumerate(DAYS):
        table, true[str(day)] = too_sure_boxes(np.random.default_rng(7))
        write_frame(folder.table("boxes", day), table)
        quality = np.zeros((1, SIDE_PX, SIDE_PX), np.uint8)
        quality[:, :, 500:] = 3 if k == 1 else 0
        folder.quality(day).parent.mkdir(parents=True, exist_ok=True)
        profile = {"driver": "GTiff", "height": SIDE_PX, "width": SIDE_PX, "count": 1, "dtype": "uint8"}
        with rasterio.open(folder.quality(day), "w", crs=GRID.crs, transform=GRID.transform, **profile) as file:
            file.write(quality)
    boxes = kept_boxes(folder, GRID, DAYS)
    followed = hmm(Facts(0.5, detector="learned"))(boxes, RunLooks(folder, GRID, tuple(DAYS)))
    looks = [DateMeasurements(day, f"scene-{day}", 0.5, 0.0, 0.0, {"": 1.0}, {}, {}) for day in DAYS]
    layers = {"containers": counted_rows(followed.detections, None), "tracks": followed.tracks}
    vector_layers.write_objects(folder.objects, layers, GRID.crs)
    tables.write_timeseries(folder.timeseries, timeseries(looks, followed, None))
    summary = {"schema_version": 1, "site": "yard", "dates": [str(day) for day in DAYS], "warnings": []}
    json_files.write_json(folder.summary, {**summary, "reference_date": str(DAYS[0])})
    methods = [{"stage": "objects", "method": "learned", "parameters": {"min_confidence": 0.5}}]
    methods += [{"stage": "tracks", "method": "hmm", "parameters": {"precision": 0.9}}]
    write_json(folder.provenance, {"grid": GRID.to_json(), "methods": methods})
    placed = georeferenced(too_sure_boxes(np.random.default_rng(7))[0], GRID.transform, GRID.crs, 0.5)
    standing = [placed[true[str(day)]][["geometry"]].assign(date=str(day)) for day in DAYS]
    pd.concat(standing).to_file(folder.path / "truth.gpkg", layer="standing")
    return folder.path


@pytest.fixture
def labelled_run(labelled_template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(labelled_template, tmp_path / "yard"))
