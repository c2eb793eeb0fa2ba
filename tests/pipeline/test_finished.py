"""A finished run read back: its images, its dates, and files that are not as they were written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from small_runs import DATES, SHAPE
from small_scenes import write_workflow
from summary_rules import summary_problems

import changedet
from changedet.errors import InputError
from changedet.kernels.pixel_classes import CLEAR, NODATA, SHADE
from changedet.outputs.rasters.classes import QUALITY_CLASSES
from changedet.pipeline.finished import Run, open_run
from changedet.pipeline.kept_records import record_of
from changedet.pipeline.run import run
from changedet.store import RunFolder


def test_outputs_say_what_was_painted(reference_run: Path, scenes: Path) -> None:
    finished = open_run(reference_run)
    assert summary_problems(finished.summary) == []
    for k, date in enumerate(DATES[1:], 1):
        truth = np.zeros(SHAPE, bool)
        truth[30:70, 20 : 20 + 20 * (k + 1)] = True
        with rasterio.open(reference_run / f"change/{date}_mask.tif") as source:
            mask = source.read(1)
            assert source.nodata == 255
        found = mask == 1
        assert (found & truth).sum() / (found | truth).sum() > 0.85
        changes = finished.changes
        assert (changes["date"].astype(str).str[:10] == date).sum() == 1
        assert float(np.nanmedian(finished.score(date).values[~truth])) < finished.score(date).values[40, 30]
    whole = finished.series.set_index(finished.series["date"].astype(str).str[:10])
    mask = finished.mask(DATES[1]).values
    # The ground is a little smaller or larger than the projected plane: UTM's scale on its central meridian.
    assert whole.loc[DATES[1], "changed_area_m2"] == pytest.approx((mask == 1).sum() * 100, rel=2e-3)
    assert whole["containers"].isna().all()


def test_quality_of_every_date_says_where_its_mask_has_no_data(own: Path, tmp_path: Path) -> None:
    for date, rows in ((DATES[0], slice(0, 50)), (DATES[1], slice(200, 280))):
        with rasterio.open(own / f"{date}.tif", "r+") as scene:
            image = scene.read()
            image[:, rows, 200:300] = 0
            scene.write(image)
    formats = {"formats": ["masks", "objects", "tables"]}
    finished = run(write_workflow(own, DATES[:2], outputs=formats), out=str(tmp_path / "out"))
    seen = {}
    for date, rows in ((DATES[0], slice(0, 50)), (DATES[1], slice(200, 280))):
        with rasterio.open(finished.path / f"change/{date}_quality.tif") as source:
            assert (source.dtypes[0], source.nodata, source.tags()["DATE"]) == ("uint8", NODATA, date)
        quality = finished.quality(date).values
        assert set(np.unique(quality)) <= {c.value for c in QUALITY_CLASSES}
        assert (quality[rows, 200:300] == NODATA).all()
        seen[date] = np.isin(quality, (CLEAR, SHADE))
        assert seen[date].mean() > 0.9
    np.testing.assert_array_equal(finished.mask(DATES[1]).values == 255, ~(seen[DATES[0]] & seen[DATES[1]]))
    with pytest.raises(InputError, match="no date 1999-01-01"):
        finished.quality("1999-01-01")


def test_quality_is_kept_aside_where_masks_are_not_wanted(own: Path, tmp_path: Path) -> None:
    finished = run(write_workflow(own, DATES[:1], outputs={"formats": ["tables"]}), out=str(tmp_path / "out"))
    assert not (finished.path / "change").exists()
    assert finished.formats == ("tables",)
    assert RunFolder(finished.path).quality_file(finished.dates[0], frozenset(finished.formats)).is_file()
    with pytest.raises(InputError, match="was the run made with 'masks'"):
        finished.quality(DATES[0])


def test_a_runs_pictures_go_straight_into_the_plain_functions(reference_run: Path) -> None:
    finished = open_run(reference_run)
    before, after = (finished.scene(date) for date in (DATES[0], DATES[-1]))
    with rasterio.open(reference_run / f"scenes/{DATES[-1]}.tif") as source:
        kept, nodata = source.read(), source.nodata
    assert after.dtype == np.float32
    np.testing.assert_array_equal(after.values, np.where(kept == nodata, np.nan, kept.astype(np.float32)))
    score = changedet.change_score(before, after, method="cva")
    mask = changedet.change_mask(score).values
    assert (mask[35:65, 25:75] == 1).mean() > 0.9
    assert ((mask == 255) == np.isnan(before.values).any(0) | np.isnan(after.values).any(0)).all()


def test_a_date_that_a_run_does_not_have_is_told(reference_run: Path) -> None:
    finished = open_run(reference_run)
    for asked, said in (("yesterday", "is no date"), ("1999-01-01", f"no date 1999-01-01, only {DATES[0]}")):
        with pytest.raises(InputError, match=said):
            finished.scene(asked)
    with pytest.raises(InputError, match="is the reference date"):
        finished.mask(DATES[0])


def test_dates_as_tables_hold_them_name_a_runs_pictures(reference_run: Path) -> None:
    finished = open_run(reference_run)
    expected = finished.mask(DATES[1]).values
    stamp = next(day for day in finished.changes["date"] if str(day).startswith(DATES[1]))
    for day in (stamp, stamp.to_pydatetime(), np.datetime64(DATES[1])):
        np.testing.assert_array_equal(finished.mask(day).values, expected)
    with pytest.raises(InputError, match="no date"):
        finished.mask(np.datetime64("NaT"))


def without(name: str) -> Callable[[bytes], bytes]:
    return lambda content: json.dumps({k: v for k, v in json.loads(content).items() if k != name}).encode()


@pytest.mark.parametrize(
    ("file", "change", "use", "said"),
    [
        ("summary.json", lambda _: b"[]", lambda run: run.dates, "is not as changedet wrote it"),
        ("summary.json", lambda _: b'{"schema_version": 99}', lambda run: run.dates, "is of version 99, expected 1"),
        ("summary.json", without("dates"), lambda run: run.dates, "has no 'dates'"),
        ("summary.json", lambda _: b'{"dates": ["yesterday"]}', lambda run: run.dates, "is not as changedet wrote it"),
        ("run.json", without("grid"), lambda run: run.provenance["grid"], "has no 'grid'"),
        ("timeseries.csv", lambda _: b"a,b\n1,2\n", lambda run: run.series, "is not as changedet wrote it"),
        (
            "timeseries.csv",
            lambda content: content + b"x",
            lambda run: run.series,
            r"is not .* \.\.\); run the workflow",
        ),
        ("timeseries.csv", lambda _: b"\xff\xfe\x00", lambda run: run.series, "is not as changedet wrote it"),
        ("timeseries.csv", lambda _: b"", lambda run: run.series, "is not as changedet wrote it"),
        (
            "timeseries.csv",
            lambda content: b"".join(content.splitlines(keepends=True)[:-1]),
            lambda run: run.series,
            "is not as changedet wrote it .has 2 rows of the whole site, not those of 3 looks",
        ),
        (
            "timeseries.csv",
            lambda content: content.replace(b"containers_low", b"lowest"),
            lambda run: run.series,
            "is not as changedet wrote it .has no column 'containers_low'",
        ),
        ("objects.gpkg", lambda _: b"", lambda run: run.containers, "is not as changedet wrote it"),
        ("objects.gpkg", lambda content: content[:30000], lambda run: run.zones, "is not as changedet wrote it"),
    ],
)
def test_a_run_folder_that_is_not_as_it_was_written(
    reference_run: Path,
    tmp_path: Path,
    file: str,
    change: Callable[[bytes], bytes],
    use: Callable[[Run], object],
    said: str,
) -> None:
    path = Path(shutil.copytree(reference_run, tmp_path / "run")) / file
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(InputError, match=f"{file}: {said}") as caught:
        use(open_run(tmp_path / "run"))
    assert len(str(caught.value).splitlines()) == 1


def test_record_of_reads_names_of_any_script_in_a_latin_locale(tmp_path: Path) -> None:
    """On such a machine Python reads text in its encoding, in which these are other letters or none."""
    (tmp_path / "run.json").write_text('{"name": "Dépôt 北"}', encoding="utf-8")
    read = f"record_of(Path({str(tmp_path / 'run.json')!r}))"
    code = f"from pathlib import Path; from {record_of.__module__} import record_of; {read}"
    latin = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", code], env=latin, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
