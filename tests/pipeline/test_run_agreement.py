"""Table, layers, masks, summary and report of a run hold the same figures; golden runs are checked for it, too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import rasterio
from run_agreement import contradictions


def other_area(run: Path) -> None:
    lines = (run / "timeseries.csv").read_text().splitlines()
    column = lines[0].split(",").index("changed_area_high_m2")
    last = lines[-1].split(",")
    last[column] = str(float(last[column]) + 100.0)
    (run / "timeseries.csv").write_text("\n".join([*lines[:-1], ",".join(last)]) + "\n")


def other_pixel(run: Path) -> None:
    with rasterio.open(sorted((run / "change").glob("*_mask.tif"))[-1], "r+", IGNORE_COG_LAYOUT_BREAK="YES") as mask:
        values = mask.read(1)
        values[100, 100] = 1 - values[100, 100]
        mask.write(values, 1)


def other_bound(run: Path) -> None:
    summary = json.loads((run / "summary.json").read_text())
    summary["totals"]["changed_area_m2"]["last"]["low"] -= 1.0
    (run / "summary.json").write_text(json.dumps(summary))


def page_without_sentences(run: Path) -> None:
    (run / "report.html").write_text("<p>Nothing is said.</p>")


def test_all_figures_of_a_run_agree(reference_run: Path) -> None:
    assert contradictions(reference_run) == []


@pytest.mark.parametrize(
    ("altered", "said"),
    [
        (other_area, "totals.changed_area_m2: last"),
        (other_pixel, "regions and mask differ on 1 pixels"),
        (other_bound, "totals.changed_area_m2: last"),
        (page_without_sentences, "report.html: lacks"),
    ],
)
def test_figures_that_do_not_agree_are_named(
    altered: Callable[[Path], None], said: str, reference_run: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(reference_run, tmp_path / "run")
    altered(run)
    assert any(said in line for line in contradictions(run))
