"""docs/outputs.md names what a run writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from changedet.outputs.gpkg.layer_schema import SCHEMA
from changedet.stages.series.table import COLUMNS

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "outputs.md").read_text()
SAID_BY_NAME = {"date", "scene", "zone", "kind", "color", "inferred", "area_m2", "name", "gsd_m"}


@pytest.mark.parametrize("layer", ["not_seen", "ground", "trains", "changes", "ships", "railcars"])
def test_the_page_names_every_layer(layer: str) -> None:
    assert layer in SCHEMA
    assert f"`{layer}`" in PAGE


def test_the_page_names_the_series_figures() -> None:
    figures = {name for name in COLUMNS if not name.endswith(("_low", "_high", "_m2", "_expected"))} - SAID_BY_NAME
    missing = {name for name in figures if f"`{name}`" not in PAGE}
    assert missing == set()
