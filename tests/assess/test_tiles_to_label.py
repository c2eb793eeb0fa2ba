"""Tiles drawn for a person to label."""

from __future__ import annotations

from pathlib import Path

import pyogrio
import pytest
from labelled_site import DAYS

from changedet.assess import reopen
from changedet.assess.tiles_to_label import draw_labels
from changedet.errors import InputError
from changedet.outputs.gpkg.labels import TILES
from changedet.pipeline.finished import open_run


def test_draw_labels_drawn_tiles_lie_apart_on_ground_that_their_date_shows(labelled_run: Path, tmp_path: Path) -> None:
    said = draw_labels(open_run(labelled_run), tmp_path / "labels.gpkg", tiles=40, seed=3)
    assert "labelled" in said
    tiles = pyogrio.read_dataframe(tmp_path / "labels.gpkg", layer=TILES)
    assert len(tiles) == 40
    assert tiles["weight"].mean() == pytest.approx(1)
    assert not tiles["labelled"].any()
    for _, own in tiles.groupby("date"):
        assert own.geometry.area.sum() == pytest.approx(own.union_all().area)
    hidden = tiles[tiles["date"] == str(DAYS[1])].geometry.centroid.x
    assert len(hidden)
    assert (hidden < 400250).all()
    again = tmp_path / "again.gpkg"
    draw_labels(open_run(labelled_run), again, tiles=40, seed=3)
    assert pyogrio.read_dataframe(again, layer=TILES).equals(tiles)
    for target, tiles_wanted, said in (
        (again, 24, "may hold labels"),
        (tmp_path / "no" / "labels.gpkg", 24, "no folder"),
        (tmp_path / "few.gpkg", 3, "expected 8"),
    ):
        with pytest.raises(InputError, match=said):
            draw_labels(open_run(labelled_run), target, tiles=tiles_wanted)
        assert target == again or not target.exists()


def test_draw_labels_passes_over_boxes_of_a_date_that_is_not_counted(
    labelled_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reopen, "counted_days", lambda _: DAYS[:-1])
    draw_labels(open_run(labelled_run), tmp_path / "labels.gpkg", tiles=12)
    drawn = set(pyogrio.read_dataframe(tmp_path / "labels.gpkg", layer=TILES)["date"])
    assert drawn
    assert str(DAYS[-1]) not in drawn
