"""Labelled tiles, checked row by row, and matched with boxes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from labelled_site import label, write

from changedet.assess.calibrate import calibrate
from changedet.assess.labels import match_labels
from changedet.errors import InputError
from changedet.outputs.gpkg.labels import LABELS, TILES
from changedet.pipeline.finished import open_run


def test_match_labels_points_are_met_by_the_box_that_holds_them_and_rectangles_by_overlap() -> None:
    row = np.array([shapely.box(0, 2.6 * k, 6, 2.6 * k + 2.4) for k in range(4)])
    points = np.array([shapely.Point(3.2, 2.6 * k + 1.0) for k in (3, 1)])
    assert sorted(match_labels(row, points, np.array([0.6, 0.9, 0.8, 0.7]))) == [(1, 1), (3, 0)]
    shifted = shapely.transform(row, lambda xy: xy + np.array([0.5, 0.3]))
    assert sorted(match_labels(row, shifted, np.ones(4))) == [(k, k) for k in range(4)]
    far = shapely.transform(row, lambda xy: xy + np.array([5.0, 0.0]))
    assert match_labels(row, far, np.ones(4)) == []


def test_checked_labels_every_mistake_in_the_labels_is_told_at_once(labelled_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.gpkg"
    label(labelled_run, path)
    tiles, labels = (pyogrio.read_dataframe(path, layer=name) for name in (TILES, LABELS))
    tiles.loc[0, "date"] = "2019-01-01"
    tiles.loc[1, "weight"] = -1.0
    tiles.loc[2, "geometry"] = shapely.transform(tiles.geometry[2], lambda xy: xy + 5000.0)
    labels.loc[0, "kind"] = "40tf"
    labels.loc[1, "date"] = "soon"
    labels.loc[2, "geometry"] = None
    tiles.loc[3, "geometry"] = None
    write(path, tiles, labels)
    with pytest.raises(InputError) as caught:
        calibrate(open_run(labelled_run), path)
    said = "\n".join(str(problem) for problem in caught.value.problems)
    for words in (
        "tiles[1].date: '2019-01-01'",
        "tiles[2].weight",
        "outside the area",
        "did you mean '40ft'",
        "'soon'",
        "containers[3].geometry: no rectangle or point",
        "tiles[4].geometry: no valid polygon",
    ):
        assert words in said
    assert not (labelled_run / "calibration.json").exists()


def test_checked_labels_tiles_of_one_date_may_not_overlap_and_too_few_are_refused(
    labelled_run: Path, tmp_path: Path
) -> None:
    path = tmp_path / "labels.gpkg"
    label(labelled_run, path)
    tiles, labels = (pyogrio.read_dataframe(path, layer=name) for name in (TILES, LABELS))
    twice = pd.concat([tiles, tiles.iloc[[4]]], ignore_index=True)
    write(path, twice, labels)
    with pytest.raises(InputError, match=r"tiles\[25\]: overlaps tile 5 of the same date"):
        calibrate(open_run(labelled_run), path)
    write(path, tiles.assign(labelled=np.where(np.arange(24) < 5, "yes", "no")), labels)
    with pytest.raises(InputError, match="5 labelled tiles"):
        calibrate(open_run(labelled_run), path)
