"""A truth is checked as it is read; what is wrong later is a mistake of ours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from changedet.assess.score.truth import naming_the_truth, polygons, truth_layer, truth_table
from changedet.errors import InputError

CRS = "EPSG:32633"
BOX = shapely.box(0, 0, 6, 2)
BOW_TIE = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])


def layer(path: Path, shapes: list[Any], name: str = "changed", **columns: Any) -> Path:
    frame = pd.DataFrame(
        {"date": pd.Timestamp("2023-04-01", tz="UTC"), "direction": "gain", **columns}, [*range(len(shapes))]
    )
    gpd.GeoDataFrame(frame, geometry=shapes, crs=CRS).to_file(path, layer=name)
    return path


def test_truth_layer_gives_dates_and_valid_polygons(tmp_path: Path) -> None:
    found = truth_layer(layer(tmp_path / "t.gpkg", [BOX, BOW_TIE], date="2023-04-01"), "changed", CRS)
    assert [str(day) for day in found["date"].dt.date] == ["2023-04-01"] * 2
    assert shapely.area(found.geometry.to_numpy()) == pytest.approx([12, 50])
    assert shapely.is_valid(found.geometry.to_numpy()).all()


@pytest.mark.parametrize(
    ("shape", "columns", "said"),
    [
        (None, {}, r"row 2 lies nowhere"),
        (shapely.Polygon(), {}, r"row 2 lies nowhere"),
        (shapely.Point(1, 1), {}, r"row 2 is no polygon"),
        (BOX, {"date": "soon"}, r"ISO8601"),
        (BOX, {"date": "-1"}, r"out of range|outside the range|ISO8601"),
    ],
)
def test_truth_layer_refuses_what_has_no_place_or_date(tmp_path: Path, shape: Any, columns: Any, said: str) -> None:
    path = layer(tmp_path / "t.gpkg", [BOX, shape], **columns)
    with pytest.raises(InputError, match=rf"t\.gpkg: cannot be understood \(.*{said}"):
        truth_layer(path, "changed", CRS)


def test_truth_layer_refuses_a_missing_column_layer_and_boxes_for_points(tmp_path: Path) -> None:
    path = layer(tmp_path / "t.gpkg", [BOX])
    layer(path, [BOX], "tracks", arrived="2023-04-01", departed=None)
    layer(path, [BOX], "containers")
    with pytest.raises(InputError, match="no column 'kind'"):
        truth_layer(path, "containers", CRS)
    with pytest.raises(InputError, match="row 1 is no point"):
        truth_layer(path, "tracks", CRS)
    layer(tmp_path / "other.gpkg", [BOX], "else")
    with pytest.raises(InputError, match="cannot read layer 'changed'"):
        truth_layer(tmp_path / "other.gpkg", "changed", CRS)


def test_truth_table_leaves_out_dates_without_a_count(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("date,containers,onset_changed\n2023-04-01,4,2023-05-01T00:00\n2023-05-01,,\n2023-06-01,6,\n")
    found = truth_table(path)
    assert found["date"].tolist() == ["2023-04-01", "2023-06-01"]
    assert found["containers"].tolist() == [4.0, 6.0]
    assert found["onset_changed"].dropna().tolist() == ["2023-05-01"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "date\n2023-04-01\n",
        "date,containers\n2023-04-01,many\n",
        "date,containers\n2023-04-01,inf\n",
        "date,containers\nsoon,4\n",
        "date,containers,onset_changed\n2023-04-01,4,soon\n",
    ],
)
def test_truth_table_refuses_what_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "truth.csv").write_text(text)
    with pytest.raises(InputError, match=r"truth\.csv: cannot be understood"):
        truth_table(tmp_path / "truth.csv")


def test_naming_the_truth_lets_faults_of_ours_through(tmp_path: Path) -> None:
    with pytest.raises(AttributeError), naming_the_truth(tmp_path, ValueError):
        raise AttributeError("ours")


def test_polygons_keeps_what_has_an_area_of_a_mixture() -> None:
    mixed = shapely.GeometryCollection([BOX, shapely.Point(9, 9), shapely.LineString([(6, 0), (9, 0)])])
    found = polygons(np.array([BOX, mixed, shapely.Point(0, 0)], object))
    assert shapely.area(found).tolist() == [12.0, 12.0, 0.0]
    assert found[1].geom_type == "Polygon"


def test_truth_table_refuses_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "truth.csv")
    with pytest.raises(InputError, match=r"truth\.csv.*a pipe, a device or a folder"):
        truth_table(tmp_path / "truth.csv")
