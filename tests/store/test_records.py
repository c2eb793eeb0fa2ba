"""Identities, checksums and tables of a run."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from changedet.errors import ChangedetError
from changedet.store.records import identity, read_frame, read_geoframe, read_json, sha256, write_frame


def test_identity_depends_on_values_and_not_on_the_order_of_keys() -> None:
    assert identity({"a": 1, "b": (1, 2)}) == identity({"b": [1, 2], "a": 1})
    assert identity("a", 1) != identity("a", 1.0)
    assert identity(dt.date(2024, 5, 1)) == identity("2024-05-01")
    assert identity("masks", 1) == hashlib.sha256(b'["masks",1]').hexdigest()[:24]


def test_sha256_is_the_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_read_json_refuses_what_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]")
    with pytest.raises(ChangedetError, match="not a record"):
        read_json(tmp_path / "a.json")


def test_read_frame_gives_back_numbers_to_the_last_digit(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": [0.1 + 0.2, np.nan], "n": [1, 2], "name": ["a", None]})
    write_frame(tmp_path / "a.json", table)
    again = read_frame(tmp_path / "a.json")
    assert again["x"].tolist()[0] == 0.1 + 0.2
    assert np.isnan(again["x"].tolist()[1])
    assert again["n"].tolist() == [1, 2]
    assert again["name"].isna().tolist() == [False, True]


@pytest.mark.parametrize("count", [0, 2])
def test_read_geoframe_gives_back_shapes_and_crs(tmp_path: Path, count: int) -> None:
    shapes = [shapely.Point(0.1 + k, 1 / 3) for k in range(count)]
    write_frame(tmp_path / "a.json", gpd.GeoDataFrame({"k": range(count)}, geometry=shapes, crs="EPSG:32633"))
    again = read_geoframe(tmp_path / "a.json")
    assert again.crs == "EPSG:32633"
    assert again.geometry.tolist() == shapes
