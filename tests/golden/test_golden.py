"""A run's files hold what they held before: pixels, tables, records, styles. `record.py` says how to change that."""

from __future__ import annotations

import json

import pytest
from golden.digests import differences, digests, machine
from golden.sites import GOLDEN, SITES, golden_run
from run_agreement import contradictions


@pytest.fixture(scope="module")
def kept() -> dict:
    return json.loads(GOLDEN.read_text())


@pytest.mark.parametrize("name", SITES)
def test_every_file_of_a_run_holds_what_it_held(
    name: str, kept: dict, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run, inputs = golden_run(name, tmp_path_factory)
    found = digests(run, inputs)
    assert not differences(found, kept["sites"][name], exact=machine() == kept["machine"])
    assert not contradictions(run), "two outputs of the run differ"


def test_a_changed_pixel_a_lost_file_and_a_changed_table_are_found(kept: dict) -> None:
    site = kept["sites"]["trains"]
    mask = next(name for name in site if name.endswith("_mask.tif"))
    other = {name: dict(digest) for name, digest in site.items()}
    other[mask]["pixels"] = "0"
    other["timeseries.csv"]["text"] = "0"
    del other["report.html"]
    assert differences(other, site, exact=True) == [
        "report.html: is missing",
        f"{mask}: pixels",
        "timeseries.csv: text",
    ]
    assert differences(other, site, exact=False) == ["report.html: is missing"]
    other[mask]["mean"] = 1.5 * site[mask]["mean"] + 1
    other["objects.gpkg"] = {**site["objects.gpkg"], "tracks": {"rows": 0, "sha256": "0"}}
    assert differences(other, site, exact=False) == [
        "report.html: is missing",
        f"{mask}: mean",
        "objects.gpkg: tracks",
    ]
