"""What a run would compute again, and because of what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_runs import call
from small_scenes import series, write_workflow

from changedet.pipeline.inputs import take_in
from changedet.pipeline.pending import pending_steps
from changedet.pipeline.run import run
from changedet.plan import make_plan
from changedet.store import step_records

DATES = ("2023-01-01", "2023-03-01", "2023-05-01")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pending")
    series(folder, 120, 140, DATES)
    run(write_workflow(folder, DATES, name="site"))
    return folder


def reasons(site: Path, dates: tuple[str, ...] = DATES, **more: object) -> dict[str, tuple[str, ...]]:
    plan, _ = take_in(make_plan(write_workflow(site, dates, **more)))
    return {one.step: one.reasons for one in pending_steps(plan)[0]}


def test_nothing_is_pending_after_a_run(site: Path) -> None:
    assert reasons(site) == {}
    workflow = write_workflow(site, DATES)
    assert call("why", workflow).stdout.startswith("site: 0 of 9 steps would be computed again\n")


def test_a_parameter_is_named_with_both_values(site: Path) -> None:
    found = reasons(site, change={"method": "cva", "min_area_m2": 1234})
    assert any("change.min_area_m2 " in words and words.endswith(" -> 1234.0") for words in found["pixels:2023-03-01"])
    found = reasons(site, change={"method": "irmad"})
    assert found["measure:2023-03-01"][0] == "change.method cva -> irmad"
    assert "scores of 2023-03-01" in found["masks:2023-03-01"]
    assert "first_change" in found


def test_ships_everywhere_ask_for_the_masks_again(site: Path) -> None:
    found = reasons(site, ships=True)
    assert set(found) == {"masks:2023-03-01", "masks:2023-05-01", "first_change"}
    assert "berths" in found["masks:2023-03-01"][0]


def test_formats_reference_and_new_dates_are_named(site: Path) -> None:
    found = reasons(site, outputs={"formats": ["tables"]})
    assert found["pixels:2023-03-01"] == ("outputs.formats masks scenes scores -> ",)
    found = reasons(site, before=DATES[1])
    assert "input: the reference's scene" in found["measure:2023-05-01"]
    series(site / "more", 120, 140, (*DATES, "2023-07-01"))
    (site / "more" / "2023-07-01.tif").rename(site / "2023-07-01.tif")
    assert reasons(site, (*DATES, "2023-07-01"))["measure:2023-07-01"] == ("has not been done here yet",)


def test_inputs_versions_libraries_and_lost_files_are_named(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = site / f"{DATES[1]}.tif"
    whole = scene.read_bytes()
    changed = bytearray(whole)
    changed[-200] ^= 1
    scene.write_bytes(changed)
    found = reasons(site)
    assert found[f"pixels:{DATES[1]}"] == ("input: its own scene",)
    assert f"pixels:{DATES[2]}" not in found
    scene.write_bytes(whole)
    assert reasons(site) == {}
    versions = {**step_records.library_versions(), "numpy": "0.1"}
    monkeypatch.setattr(step_records, "library_versions", lambda: versions)
    monkeypatch.setattr("changedet.pipeline.pending.library_versions", lambda: versions)
    assert reasons(site)[f"measure:{DATES[0]}"][0].startswith("library numpy ")
    monkeypatch.undo()
    monkeypatch.setattr("changedet.pipeline.identities.__version__", "9")
    assert reasons(site)[f"pixels:{DATES[1]}"][0].startswith("version of changedet ")
    monkeypatch.undo()
    kept = site / "out" / "site" / ".changedet" / "quality"
    lost = next(iter(sorted((site / "out" / "site").rglob(f"{DATES[1]}_mask.tif"))))
    content = lost.read_bytes()
    lost.unlink()
    assert reasons(site)[f"masks:{DATES[1]}"] == ("its files are gone or are not as they were written",)
    lost.write_bytes(content)
    assert kept.parent.is_dir()


def test_records_without_causes_say_so(site: Path) -> None:
    path = site / "out" / "site" / ".changedet" / "steps" / f"pixels_{DATES[1]}.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({"identity": "other", "files": record["files"]}))
    assert reasons(site)[f"pixels:{DATES[1]}"][0].startswith("was recorded by an earlier version")
    path.write_text(json.dumps(record))
