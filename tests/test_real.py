"""The main job on real scenes, from the command line; skipped where the imagery is not at hand."""

from __future__ import annotations

import contextlib
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import rasterio.errors
from small_scenes import write_scene

import changedet
from changedet.assess.score.run import score_run
from changedet.cli.app import main

DATA = Path(os.environ.get("CHANGEDET_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no real imagery at {DATA} (set CHANGEDET_DATA)"),
]

TAIZHOU = """\
site: {{id: taizhou}}
scenes:
  - {{date: 2000-03-17, path: {data}/taizhou/2000TM}}
  - {{date: 2003-02-06, path: {data}/taizhou/2003TM}}
bands: {{blue: 1, green: 2, red: 3, nir: 4, swir1: 5, swir2: 6}}
change: {{method: {method}}}
outputs: {{dir: out, formats: [masks, tables]}}
"""
NULL = """\
site: {{id: null-series}}
scenes:
  - {{glob: "{data}/null/*.tif", date_format: "%Y%m%d"}}
bands: {{blue: 1, green: 2, red: 3, nir: 4}}
change: {{method: {method}}}
outputs: {{dir: out, formats: [masks, tables]}}
"""
PUCALLPA = """\
site: {{id: pucallpa}}
scenes:
  - {{glob: "{data}/pucallpa/*.tif", date_format: "%Y"}}
bands: {{blue: 1, green: 2, red: 3, nir: 4}}
outputs: {{dir: out, formats: all}}
"""


@dataclass(frozen=True)
class Result:
    exit_code: int
    stdout: str
    stderr: str


def carried_out(folder: Path, text: str, **words: str) -> Result:
    path = folder / "site.yaml"
    path.write_text(text.format(data=DATA, **words))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as left:
        main(["run", str(path), "--json", "-q"])
    return Result(int(left.value.code or 0), out.getvalue(), err.getvalue())


def mask_of(path: Path) -> np.ndarray:
    with rasterio.open(path) as file:
        return file.read(1)


@pytest.mark.parametrize(("method", "least_kappa"), [("irmad", 0.93), ("auto", 0.95)])
def test_taizhou_is_mapped_as_well_as_by_those_who_labelled_it(tmp_path: Path, method: str, least_kappa: float) -> None:
    result = carried_out(tmp_path, TAIZHOU, method=method)
    assert result.exit_code == 0, result.stderr
    changed, unchanged = (mask_of(DATA / "taizhou" / f"{name}.bmp") == 255 for name in ("change", "unchanged"))
    run = tmp_path / "out" / "taizhou"
    with rasterio.open(run / "change" / "2003-02-06_mask.tif") as file:
        profile = {key: file.profile[key] for key in ("crs", "transform", "width", "height")}
    truth = tmp_path / "truth.tif"
    labels = np.where(changed, 1, np.where(unchanged, 0, 255)).astype(np.uint8)
    with rasterio.open(truth, "w", driver="GTiff", count=1, dtype="uint8", nodata=255, **profile) as file:
        file.write(labels, 1)
    found = score_run(run, truth)["masks"]["2003-02-06"]
    assert found["kappa"] >= least_kappa
    assert found["judged_px"] > 20_000


@pytest.mark.parametrize("method", ["auto", "irmad", "cva"])
def test_copies_of_one_picture_show_no_change(tmp_path: Path, method: str) -> None:
    result = carried_out(tmp_path, NULL, method=method)
    assert result.exit_code == 0, result.stderr
    masks = sorted((tmp_path / "out" / "null-series" / "change").glob("*_mask.tif"))
    assert len(masks) == 2
    for path in masks:
        mask = mask_of(path)
        assert not (mask == 1).any()
        assert (mask == 0).mean() > 0.9


def test_a_town_grows_over_eight_dates_from_one_glob(tmp_path: Path) -> None:
    result = carried_out(tmp_path, PUCALLPA)
    assert result.exit_code == 0, result.stderr
    run = tmp_path / "out" / "pucallpa"
    assert len(json.loads(result.stdout)["dates"]) == 8
    table = pd.read_csv(run / "timeseries.csv")
    assert len(table) == 8
    # Beyond 1.2 m nothing can be counted: empty, never 0.
    assert table[["containers", "arrivals", "teu"]].isna().all().all()
    later = table.iloc[1:]
    share = later["changed_area_m2"] / later["changed_area_high_m2"]
    assert (later["changed_area_low_m2"] <= later["changed_area_m2"]).all()
    assert share.between(0.2, 1.0).all()
    assert (later["valid_fraction"] > 0.8).all()
    last = mask_of(run / "change" / "2020-01-01_mask.tif")
    seen = last != 255
    assert 0.01 < (last == 1).sum() / seen.sum() < 0.5
    changes = gpd.read_file(run / "objects.gpkg", layer="changes")
    assert len(changes) > 10
    for name in ("report.html", "project.qgz", "stac/collection.json", "change/first_change.tif", "run.json"):
        assert (run / name).stat().st_size > 0


def test_real_files_end_in_results_or_in_one_clear_line(tmp_path: Path) -> None:
    statuses = {}
    text = """\
site: {{id: one}}
scenes: [{{date: 2020-01-01, path: '{file}'}}]
outputs: {{dir: out, formats: [tables]}}
"""
    for path in sorted((DATA / "readers").iterdir()):
        if path.suffix not in {".tif", ".vrt"}:
            continue
        result = carried_out(tmp_path, text, file=str(path))
        lines = [line for line in result.stderr.splitlines() if not line.startswith("warning: ")]
        statuses[path.name] = result.exit_code
        if result.exit_code == 0:
            assert not lines, path.name
        else:
            assert result.exit_code == 2, (path.name, result.stderr)
            assert len(lines) == 1, lines
            assert path.name in lines[0] or lines[0].startswith(f"{tmp_path / 'site.yaml'}:")
    assert sum(status == 0 for status in statuses.values()) >= 15, statuses


@pytest.mark.parametrize(("gsd_m", "copies"), [(0.1325, (1, 1)), (0.4, (2, 4))])
def test_the_chunk_changes_no_box_of_a_real_yard(tmp_path: Path, gsd_m: float, copies: tuple[int, int]) -> None:
    """A yard of trailers at its own pixel, and averaged and laid out side by side, so that it fills several cells."""
    picture = cv2.imread(str(DATA / "yards" / "P0004.png"), cv2.IMREAD_COLOR)
    size = [round(n * 0.1325 / gsd_m) for n in picture.shape[1::-1]]
    small = np.moveaxis(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), 2, 0).astype(np.uint16) * 20 + 100
    write_scene(tmp_path / "yard.tif", np.tile(small, (1, *copies)), resolution_m=gsd_m)
    found = []
    for chunk in (256, 512, 2048):
        path = tmp_path / f"c{chunk}.yaml"
        path.write_text(
            f"site: {{id: c{chunk}}}\nscenes: [{{date: 2024-05-01, path: yard.tif}}]\nmask: {{method: none}}\n"
            "bands: {blue: 1, green: 2, red: 3}\noutputs: {dir: out, formats: [objects]}\n"
            f"compute: {{chunk: {chunk}}}\n"
        )
        found.append(changedet.run(path).containers)
    assert len(found[0]) > 70 * np.prod(copies)
    for other in found[1:]:
        pd.testing.assert_frame_equal(pd.DataFrame(found[0]), pd.DataFrame(other))
