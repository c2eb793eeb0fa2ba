"""`init` as it is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from small_runs import call
from starter_scenes import scene
from vendor_orders import shots

from changedet.errors import InputError
from changedet.workflow import load_workflow
from scenarios.vendor_folders import maxar


def process(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "changedet", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_init_of_a_vendor_s_folder_can_be_checked(tmp_path: Path) -> None:
    maxar(tmp_path / "order", shots(2))
    made = process(tmp_path, "init", "order", "-o", "depot.yaml")
    assert (made.returncode, made.stdout, made.stderr) == (0, "depot.yaml\n", "")
    checked = process(tmp_path, "check", "depot.yaml")
    assert checked.returncode == 0, checked.stderr
    assert "2022-05-05" in checked.stdout
    # README.md asks for the results in out/depot
    assert load_workflow(tmp_path / "depot.yaml").site.id == "depot"


def test_init_writes_a_draft_where_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scene("scenes/east_20230604.tif", descriptions=())
    scene("scenes/east_20230704.tif", descriptions=())
    made = call("init", "scenes", "-o", "depot.yaml")
    assert made.returncode == 0
    assert "warning: scenes/east_20230604.tif: bands: 4 bands" in made.stderr
    assert "depot_bands.png" in made.stderr
    lines = (tmp_path / "depot.yaml").read_text().splitlines()
    todo = next(i for i, line in enumerate(lines, 1) if "bands: TODO" in line)
    last = made.stderr.splitlines()[-1]
    then = "fill them in, then 'changedet check depot.yaml'"
    assert last == f"warning: depot.yaml: is a draft with 1 TODO (line {todo}): {then}"
    with pytest.raises(InputError, match=rf"depot\.yaml:{todo}: scenes\[0\]\.bands: got 'TODO'"):
        load_workflow("depot.yaml")


def test_init_refuses_a_place_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scene("scenes/east_20230604.tif", descriptions=())
    (tmp_path / "w.yaml").symlink_to(tmp_path / "nowhere" / "w.yaml")
    for name, said in (
        ("w.yaml", "is a link to nowhere"),
        ("x" * 300, "cannot be written"),
        ("no/w.yaml", "no folder"),
    ):
        done = call("init", "scenes", "-o", name)
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr
