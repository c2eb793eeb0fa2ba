"""Masks against a truth: counts by hand, agreement beyond chance, and the area under the curve of a planted score."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from changedet.assess.score.masks import Confusion, confusion, mask_figures
from changedet.assess.score.run import score_run
from changedet.errors import InputError

GRID = {"crs": "EPSG:32633", "transform": Affine(1, 0, 5e5, 0, -1, 5e6)}


def raster(path: Path, array: np.ndarray, **more: object) -> Path:
    profile = {"driver": "GTiff", "height": array.shape[0], "width": array.shape[1], "count": 1, "dtype": array.dtype}
    with rasterio.open(path, "w", **profile, **more) as file:
        file.write(array, 1)
    return path


def test_confusion_counts_what_both_judge_and_what_the_mask_does_not_show(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    found = rng.choice(np.array([0, 1, 255], np.uint8), (40, 50))
    true = rng.choice(np.array([0, 1, 255], np.uint8), (40, 50))
    part = confusion(raster(tmp_path / "m.tif", found, **GRID), None, raster(tmp_path / "t.tif", true, **GRID))
    expected = [[((found == m) & (true == t)).sum() for t in (0, 1)] for m in (0, 1)]
    assert part.counts.tolist() == expected
    assert part.unseen.tolist() == [((found == 255) & (true == t)).sum() for t in (0, 1)]
    assert part.histogram is None


def test_confusion_warps_the_truth_and_takes_one_without_a_crs_as_it_lies(tmp_path: Path) -> None:
    found = np.zeros((20, 30), np.uint8)
    found[:10] = 1
    mask = raster(tmp_path / "m.tif", found, **GRID)
    coarse = raster(tmp_path / "t.tif", found[::2, ::2], crs=GRID["crs"], transform=Affine(2, 0, 5e5, 0, -2, 5e6))
    plain = raster(tmp_path / "p.tif", found)
    for truth in (coarse, plain):
        assert confusion(mask, None, truth).counts.tolist() == [[300, 0], [0, 300]]
    with pytest.raises(InputError, match="has no georeference"):
        confusion(mask, None, raster(tmp_path / "q.tif", found[1:]))
    with pytest.raises(InputError, match="neither 0 nor 1"):
        confusion(mask, None, raster(tmp_path / "r.tif", np.full((20, 30), 255, np.uint8)))


def test_mask_figures_of_several_masks_are_those_of_their_sums() -> None:
    one = Confusion(np.array([[50, 5], [10, 35]]), np.array([3, 4]), None)
    figures = mask_figures([one, one])
    assert figures["judged_px"] == 200
    assert figures["not_seen_px"] == 14
    assert figures["precision"] == pytest.approx(35 / 45)
    assert figures["recall"] == pytest.approx(35 / 40)
    assert figures["iou"] == pytest.approx(35 / 50)
    # Cohen's kappa by hand: observed .85, expected (45 * 40 + 55 * 60) / 100^2 = .51.
    assert figures["kappa"] == pytest.approx((0.85 - 0.51) / 0.49)
    assert mask_figures([Confusion(np.zeros((2, 2), np.int64), np.zeros(2, np.int64), None)])["accuracy"] is None


def test_mask_figures_area_under_the_curve_is_the_share_of_pairs_in_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    true = (rng.random((60, 60)) < 0.3).astype(np.uint8)
    score = (rng.normal(2, 0.5, (60, 60)) + 0.5 * true).clip(0).astype(np.float32)
    paths = [raster(tmp_path / f"{k}.tif", array, **GRID) for k, array in enumerate((true, score, true))]
    auc = mask_figures([confusion(*paths)])["auc"]
    changed, unchanged = score[true == 1], score[true == 0]
    # Without statistics in its file the score is binned from 0 to 1: what lies above shares a bin.
    in_order = np.sign(changed.clip(0, 1)[:, None] - unchanged.clip(0, 1)[None]).mean() / 2 + 0.5
    assert auc == pytest.approx(in_order, abs=1e-3)


def test_confusion_names_the_mask_where_that_is_broken(tmp_path: Path) -> None:
    found = np.random.default_rng(0).integers(0, 2, (200, 300)).astype(np.uint8)
    truth = raster(tmp_path / "t.tif", found, **GRID)
    for keep in (20, 30_000):
        mask = raster(tmp_path / f"m{keep}.tif", found, **GRID)
        mask.write_bytes(mask.read_bytes()[:keep])
        with pytest.raises(InputError, match=rf"m{keep}\.tif: cannot be read"):
            confusion(mask, None, truth)


def test_confusion_names_the_truth_where_that_is_no_raster(tmp_path: Path) -> None:
    found = np.random.default_rng(0).integers(0, 2, (200, 300)).astype(np.uint8)
    mask, score = raster(tmp_path / "m.tif", found, **GRID), raster(tmp_path / "s.tif", found.astype("f4"), **GRID)
    whole = raster(tmp_path / "t.tif", found, **GRID).read_bytes()
    for name, content in (("words.json", b'{"a": 1}'), ("cut.tif", whole[:30_000])):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=rf"{name}: .*cannot be") as error:
            confusion(mask, score, tmp_path / name)
        assert not {"m.tif", "s.tif"} & set(str(error.value).replace("/", " ").replace(":", " ").split())


def test_a_run_of_a_single_look_has_no_mask_to_compare(tmp_path: Path) -> None:
    summary = {"schema_version": 1, "dates": ["2023-05-01"], "reference_date": "2023-05-01"}
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "summary.json").write_text(json.dumps(summary))
    truth = raster(tmp_path / "t.tif", np.zeros((4, 5), np.uint8), **GRID)
    with pytest.raises(InputError, match="run: has a single look, and so no mask"):
        score_run(tmp_path / "run", truth)
