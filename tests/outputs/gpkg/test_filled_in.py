"""Layers that a person fills in have real dates."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from changedet.outputs.gpkg.filled_in import write_filled_in
from changedet.outputs.gpkg.labels import write_labels
from changedet.outputs.gpkg.review import ADDED, write_review
from changedet.outputs.gpkg.sample import read_sample, write_sample
from changedet.outputs.gpkg.vector_layers import empty

CRS = "EPSG:32633"
DAY = dt.date(2024, 3, 1)


def points(date: object) -> gpd.GeoDataFrame:
    columns = {"date": date, "stratum": ["changed", "unchanged"], "label": pd.array([1, pd.NA], dtype="Int32")}
    return gpd.GeoDataFrame(columns, geometry=shapely.points([400000.0, 400010.0], 5600000.0), crs=CRS)


def types(path: Path, layer: str) -> dict[str, str]:
    found = pyogrio.read_info(path, layer=layer)
    return dict(zip(found["fields"], found["ogr_types"], strict=True))


def test_write_filled_in_dates_are_dates_and_what_is_missing_stays_so(tmp_path: Path) -> None:
    write_filled_in(tmp_path / "some.gpkg", "one", points([DAY, None]), "Point")
    assert types(tmp_path / "some.gpkg", "one") == {"date": "OFTDate", "stratum": "OFTString", "label": "OFTInteger64"}
    rows = pyogrio.read_dataframe(tmp_path / "some.gpkg")
    assert rows["date"][0] == pd.Timestamp(DAY)
    assert rows.isna().to_numpy().tolist() == [[False] * 4, [True, False, True, False]]
    assert rows.crs == CRS


@pytest.mark.parametrize("dates", [[], [str(DAY)]])
def test_write_review_and_labels_have_a_date_column_also_without_rows(tmp_path: Path, dates: list[str]) -> None:
    write_review(tmp_path / "review.gpkg", empty("containers", CRS), dates, CRS)
    squares = [shapely.box(400000, 5600000, 400010, 5600010)] * len(dates)
    tiles = gpd.GeoDataFrame({"date": dates, "weight": [1.0] * len(dates)}, geometry=squares, crs=CRS)
    write_labels(tmp_path / "labels.gpkg", tiles, dates)
    found = types(tmp_path / "review.gpkg", ADDED), types(tmp_path / "labels.gpkg", "containers")
    assert found == ({"date": "OFTDate", "kind": "OFTString"},) * 2
    assert types(tmp_path / "labels.gpkg", "tiles")["date"] == "OFTDate"


def test_read_sample_gives_dates_as_text_also_of_a_file_whose_dates_are_text(tmp_path: Path) -> None:
    write_sample(tmp_path / "dates.gpkg", points(str(DAY)))
    points(str(DAY)).to_file(tmp_path / "texts.gpkg", layer="sample", driver="GPKG")
    found = [read_sample(tmp_path / name)["date"].tolist() for name in ("dates.gpkg", "texts.gpkg")]
    assert found == [[str(DAY)] * 2] * 2
