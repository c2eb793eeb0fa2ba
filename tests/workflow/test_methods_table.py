"""The table of methods."""

from __future__ import annotations

from pathlib import Path

import pytest
from workflow_cases import REGISTRY, validating

from changedet.errors import InputError
from changedet.workflow import (
    STAGE_NAMES,
    json_schema,
    methods_table,
)


def test_methods_table() -> None:
    rows = methods_table("change", REGISTRY)
    assert [row.method for row in rows if not row.parameter] == ["cva", "irmad", "needy"]
    area = next(row for row in rows if row.parameter == "min_area_m2")
    assert (area.unit, area.default, area.description) == ("m2", "20.0", "Smaller regions are dropped.")
    assert rows[0].description == "Length of the change vector."
    assert rows[0].reference == "Malila 1980"
    assert len(methods_table(None, REGISTRY)) == len(rows)
    with pytest.raises(InputError, match=r"no such stage 'chnage'; did you mean 'change'\?"):
        methods_table("chnage", REGISTRY)


def test_methods_table_of_the_package_has_units_and_descriptions(folder: Path) -> None:
    validating(json_schema())
    rows = methods_table()
    assert {"cva", "irmad", "pca_kmeans", "log_ratio"} <= {row.method for row in rows if row.stage == "change"}
    assert {row.stage for row in rows} == set(STAGE_NAMES)
    # What a user cannot look up is a parameter without a word on it.
    assert [(row.method, row.parameter) for row in rows if not row.description] == []
    assert all(row.reference for row in rows)
    # A unit in a name is the unit in the table, also of a parameter that may be left to 'auto'.
    units = {"_m": "m", "_m2": "m2", "_px": "px", "_deg": "deg", "_days": "days"}
    for row in rows:
        for ending, unit in units.items():
            if row.parameter.endswith(ending) and row.unit != "count":
                assert row.unit == unit, row
