"""The quality report in the terms of ISO 19157, and the ledger of what was not used."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

from changedet.assess.evidence.quality import quality_report, unused_scenes
from changedet.pipeline.finished import open_run


def test_quality_report_has_what_the_run_measured(finished: Path) -> None:
    run = open_run(finished)
    elements = quality_report(run)["elements"]
    assert isinstance(elements, list)
    by_measure = {one["measure"]: one for one in elements if isinstance(one, dict)}
    alignment = run.provenance["dates"]["2023-03-01"]["alignment"]
    assert by_measure["standard error of the common shift, per axis"]["results"] == {"2023-03-01": alignment["sigma_m"]}
    seen = run.series.set_index("zone").loc[[""], "valid_fraction"].tolist()
    missed = by_measure["share of the area that is not usable"]["results"]
    assert list(missed.values()) == [round(1 - round(float(share), 4), 4) for share in seen]
    assert by_measure["95 % interval of containers"]["results"] == {"2023-01-01": None, "2023-03-01": None}


def test_unused_scenes_says_which_and_why(finished: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(finished, tmp_path / "run"))
    left_out = [{"scene": "S2_1", "date": "2023-02-01", "reason": "cloud cover 78 %, max_cloud_cover 40"}]
    record = json.loads((copy / "run.json").read_text())
    assert record["left_out"] == []
    (copy / "run.json").write_text(json.dumps({**record, "left_out": left_out}))
    run = open_run(copy)
    warnings = ["scene skipped: a/=b.tif: cannot be read", "scene skipped: =c.tif: gone", "2023-03-01: cloudy", "other"]
    text = unused_scenes(replace(run, summary={**run.summary, "warnings": warnings}))
    assert list(csv.reader(text.splitlines())) == [
        ["scene", "used_for", "reason"],
        ["a/=b.tif", "nothing", "cannot be read"],
        ["'=c.tif", "nothing", "gone"],
        ["2023-03-01", "in part", "cloudy"],
        ["S2_1 (2023-02-01)", "nothing", "left out by the search: cloud cover 78 %, max_cloud_cover 40"],
    ]
