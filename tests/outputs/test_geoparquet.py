"""Boxes and tracks as GeoParquet: the same as in the GeoPackage, typed also when empty."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from changedet.outputs.geoparquet import LAYERS, write_geoparquet
from changedet.outputs.gpkg.layer_schema import SCHEMA
from changedet.outputs.gpkg.vector_layers import empty, read_objects

pytest.importorskip("pyarrow", reason="an extra of the package")
CRS = "EPSG:32651"


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_is_that_of_the_geopackage(made_up_run: Any, tmp_path: Path, layer: str) -> None:
    folder, _ = made_up_run
    expected = read_objects(folder / "objects.gpkg", layer)
    write_geoparquet(tmp_path / "a.parquet", layer, expected, CRS)
    found = gpd.read_parquet(tmp_path / "a.parquet")
    assert found.crs.to_epsg() == 32651
    assert list(found.columns) == list(expected.columns)
    assert found.geometry.geom_equals_exact(expected.geometry, 1e-6).all()
    for name in SCHEMA[layer]:
        pd.testing.assert_series_equal(found[name], expected[name], check_dtype=False)
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


@pytest.mark.parametrize("layer", LAYERS)
def test_an_empty_layer_has_its_types(tmp_path: Path, layer: str) -> None:
    write_geoparquet(tmp_path / "a.parquet", layer, empty(layer, CRS), CRS)
    found = gpd.read_parquet(tmp_path / "a.parquet")
    assert len(found) == 0
    kinds = {name: found[name].dtype.kind for name in SCHEMA[layer]}
    assert {name for name, kind in kinds.items() if kind == "M"} == {
        name for name, kind in SCHEMA[layer].items() if "datetime" in kind
    }
    assert all(pd.api.types.is_string_dtype(found[name]) for name in ("kind", "color"))
