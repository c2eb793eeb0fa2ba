"""A panchromatic look among looks in colours, run whole: its boxes are followed, its ground is not compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import rasterio
import yaml

from changedet import Run, run
from changedet.kernels.pixel_classes import CLEAR, GREY, NOT_OBSERVED
from changedet.simulate import simulate

GREY_DATE = 1


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("grey")
    simulate(folder, kind="growth", seed=5, dates=4, size_m=128.0)
    (path,) = folder.glob("*.yaml")
    workflow = yaml.safe_load(path.read_text())
    workflow.pop("before", None)
    scene = workflow["scenes"][GREY_DATE]
    with rasterio.open(folder / scene["path"]) as source:
        image, profile = source.read(), source.profile | {"count": 1}
    with rasterio.open(folder / "grey.tif", "w", **profile) as out:
        out.write(np.rint(image[:3].mean(axis=0)).astype(image.dtype), 1)
    scene |= {"path": "grey.tif", "bands": {"pan": 1}}
    path.write_text(yaml.safe_dump(workflow))
    return run(path)


def test_its_boxes_are_counted_and_its_ground_is_not_compared(mixed: Run) -> None:
    row = mixed.series[mixed.series["zone"] == ""].iloc[GREY_DATE]
    assert row["valid_fraction"] > 0.95
    assert row["containers"] > 0
    assert row["containers_low"] <= row["containers_expected"] <= row["containers_high"]
    assert pd.isna(row[["changed_area_m2", "changed_area_high_m2", "footprint_area_m2"]]).all()
    others = mixed.series[mixed.series["zone"] == ""].drop(index=row.name)
    assert others["footprint_area_m2"].notna().all()
    assert others["changed_area_m2"].notna().sum() == len(others) - 1


def test_its_quality_says_grey_and_its_mask_holds_boxes_alone(mixed: Run) -> None:
    quality = np.asarray(mixed.quality(mixed.dates[GREY_DATE]))
    assert (quality == GREY).mean() > 0.9
    assert not (quality == CLEAR).any()
    mask = np.asarray(mixed.mask(mixed.dates[GREY_DATE]).fillna(NOT_OBSERVED))
    assert (mask == NOT_OBSERVED).mean() > 0.8
    assert not np.isin(np.asarray(mixed.quality(mixed.dates[-1])), GREY).any()


def test_the_warning_names_it_once(mixed: Run) -> None:
    said = [line for line in mixed.summary["warnings"] if str(mixed.dates[GREY_DATE]) in line]
    assert len(said) == 1
    assert "is a grey picture and the others have colours" in said[0]
    assert mixed.summary["grey_looks"] == [str(mixed.dates[GREY_DATE])]
    (looks,) = [one["text"] for one in mixed.summary["sentences"] if one["about"] == "looks"]
    assert "is a grey picture, on which boxes are counted and the ground is not compared" in looks


def test_its_boxes_have_no_colour_of_their_own(mixed: Run) -> None:
    colours = mixed.tracks["color"].dropna()
    assert len(colours) > 0
    assert not all(color[1:3] == color[3:5] == color[5:7] for color in colours)
