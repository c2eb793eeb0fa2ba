"""Pictures: all of them stay within what a report may weigh; masks are drawn in their own colours."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np
import pytest
from written_rasters import TRANSFORM, writer

from changedet.blocks import Window
from changedet.outputs.report import pictures
from changedet.outputs.report.pictures import data_uri, fitted, overlay


def test_fitted_pictures_are_shrunk_until_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PICTURE_BYTES", 90_000)
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    big = cv2.imencode(".jpg", noise)[1].tobytes()
    given = {("q", str(i)): big for i in range(8)}
    fitting = fitted(given)
    assert sum(map(len, fitting.values())) <= 90_000 < 8 * len(big)
    assert set(fitting) == set(given)
    assert fitted({("q", "0"): big}) == {("q", "0"): big}, "what fits stays as it is"


def test_overlay_is_clear_where_unchanged_and_hatched_where_not_seen(tmp_path: Path) -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[:10], mask[20:] = 1, 255
    with writer(tmp_path / "m.tif", "mask", mask.shape) as out:
        out.write(Window(0, 0, *mask.shape), mask)
    picture = overlay(tmp_path / "m.tif", 60)
    alpha = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED)[..., 3]
    assert (alpha[:10] == 215).all()
    assert (alpha[10:20] == 0).all()
    assert set(np.unique(alpha[20:])) == {0, 200}
    assert data_uri(picture) == "data:image/png;base64," + base64.b64encode(picture).decode()


def test_overlay_is_pale_where_small_patches_are_in_doubt(tmp_path: Path) -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[2:22, 2:22], mask[30:34, 40:45] = 1, 1
    cell_m2 = TRANSFORM.a**2
    with writer(tmp_path / "m.tif", "mask", mask.shape) as out:
        out.write(Window(0, 0, *mask.shape), mask)
    for most_px, area in ((60, 400), (30, 100)):
        picture = overlay(tmp_path / "m.tif", most_px, doubtful=60 * cell_m2)
        alpha = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED)[..., 3]
        assert (alpha == 215).sum() == area
        assert 0 < (alpha == pictures.PALE).sum() < area / 10
    alpha = cv2.imdecode(np.frombuffer(overlay(tmp_path / "m.tif", 60), np.uint8), cv2.IMREAD_UNCHANGED)[..., 3]
    assert (alpha == 215).sum() == 420, "nothing is in doubt"
