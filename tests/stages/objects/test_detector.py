"""The network: planted boxes, any cells, grey and missing pixels, the file that comes with it."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from simulated_yard import RGB, recall, yard

from changedet.errors import MethodError
from changedet.stages.objects import detector
from changedet.stages.objects.boxes import suppress
from changedet.stages.objects.lattice import ObjectMethod
from changedet.stages.objects.stage import STAGE as OBJECTS
from changedet.stages.objects.whole import detect_containers, find
from changedet.stages.registry import Facts

FOLDER = Path(detector.__file__).parents[2] / "models"


@pytest.mark.parametrize("gsd_m", [0.3, 0.5, 0.8])
def test_learned_finds_planted_boxes(gsd_m: float) -> None:
    image, truth = yard(gsd_m)
    found = detect_containers(image, method="learned")
    assert len(truth) > 20
    # Of 49 boxes a few stand in the deep shade of a stack, where shaded ground looks alike.
    assert recall(found, truth, gsd_m) > 0.85
    assert 0.85 * len(truth) < (found["kind"] != "other").sum() < 1.15 * len(truth)
    assert found["confidence"].between(0.5, 1).all()
    assert found["length_m"].between(5, 17).all()
    assert set(found["kind"]) <= {"20ft", "40ft", "45ft", "other"}


def test_learned_finds_boxes_in_grey_pictures() -> None:
    image, truth = yard(0.5)
    grey = image.mean("band").expand_dims("band").assign_coords(band=["pan"])
    found = detect_containers(grey, method="learned")
    assert recall(found, truth, 0.5) > 0.85


@pytest.mark.parametrize("resolution_m", [0.3, 0.5])
def test_learned_gives_the_same_boxes_with_cells_of_any_size(resolution_m: float) -> None:
    image, _ = yard(resolution_m, seed=901, kind="dense", size_m=190.0)
    facts = Facts(resolution_m, RGB, dates=1, gsd_m=(resolution_m,), dtype="uint16")
    method = OBJECTS.get("learned").function(facts)
    tables = []
    for cell_px in (256, 512, 1024):
        # Trees go by steps: what they make of a logit's third digit is not asked here.
        alone = partial(suppress, resolution_m=resolution_m)
        sized = ObjectMethod(method.fit, method.detect, alone, cell_px, method.halo_px)
        tables.append(find(image, sized))
    assert len(tables[0]) > 50
    for other in tables[1:]:
        pd.testing.assert_frame_equal(*(t[["kind", "inferred"]] for t in (tables[0], other)))
        # What lies beyond the halo is a hundredth of a logit, on which an activation may be rounded up or down: centres
        # move by .003 px, one of 172 by .025, and the length of one by 6.5 cm; at .54 one's confidence by .008.
        for column, far in {
            "x_px": 0.03,
            "y_px": 0.03,
            "length_m": 0.07,
            "width_m": 0.002,
            "confidence": 0.01,
        }.items():
            np.testing.assert_allclose(other[column], tables[0][column], rtol=0, atol=far)


def test_learned_finds_nothing_where_nothing_is() -> None:
    image, _ = yard(0.5)
    facts = Facts(0.5, RGB, dates=1, gsd_m=(0.5,), dtype="uint16")
    method = OBJECTS.get("learned").function(facts)
    empty = np.full((3, 256, 256), np.nan, np.float32)
    assert method.detect(empty, method.fit(empty[None])).empty
    assert detect_containers(image * 0 + 700.0, method="learned").empty


def test_learned_finds_boxes_on_pixels_with_data_alone() -> None:
    image, _ = yard(0.5)
    cut = image.copy()
    cut[:, :, : image.sizes["x"] // 2] = np.nan
    found = detect_containers(cut, method="learned")
    assert len(found)
    assert (found.geometry.centroid.x > 500000 + 0.5 * (image.sizes["x"] // 2)).all()


def test_learned_leaves_inputs_and_runs_agree() -> None:
    image, _ = yard(0.5)
    values = image.to_numpy()
    before = values.copy()
    first, second = (detect_containers(image, method="learned") for _ in range(2))
    np.testing.assert_array_equal(values, before)
    pd.testing.assert_frame_equal(pd.DataFrame(first.drop(columns="geometry")), second.drop(columns="geometry"))


def test_learned_refuses_what_cannot_be_counted() -> None:
    with pytest.raises(MethodError, match="counting needs pixels of at most 1"):
        OBJECTS.get("learned").function(Facts(1.5, RGB))


def test_model_bytes_are_those_of_the_card() -> None:
    content = (FOLDER / "containers.onnx").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert len(content) < 6_000_000
    assert digest in (FOLDER / "containers.md").read_text()
    assert detector.model_bytes() == content
    table = detector.calibration()
    assert sorted(table["gsd_m"]) == table["gsd_m"]
    assert min(table["slope"]) > 0
