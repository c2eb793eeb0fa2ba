"""Limits of containers and batch systems, as files of Linux' control groups tell them."""

from __future__ import annotations

from pathlib import Path

import pytest

from changedet.blocks import control_groups
from changedet.blocks.control_groups import cores, cores_by_limits, left_by_limits


def group(folder: Path, version: int, limit: str, used: int, droppable: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    name = "inactive_file" if version == 2 else "total_inactive_file"
    (folder / "memory.stat").write_text(f"cache 77\n{name} {droppable}\n")


@pytest.mark.parametrize(("version", "line"), [(2, "0::/job/step"), (1, "4:cpu,memory:/job/step")])
def test_left_by_limits_is_what_each_group_and_those_above_allow(tmp_path: Path, version: int, line: str) -> None:
    root = tmp_path if version == 2 else tmp_path / "memory"
    lines = [line, "3:cpuset:/job/step"]
    assert left_by_limits(lines, tmp_path) == []
    group(root / "job" / "step", version, "max", 600, 0)
    group(root / "job", version, "1000", 700, 50)
    group(root, version, "900", 1200, 100)
    assert left_by_limits(lines, tmp_path) == [350, 0]


def processor(folder: Path, version: int, quota: str, period: str = "100000") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if version == 2:
        (folder / "cpu.max").write_text(f"{quota} {period}\n")
    else:
        (folder / "cpu.cfs_quota_us").write_text(f"{quota}\n")
        (folder / "cpu.cfs_period_us").write_text(f"{period}\n")


@pytest.mark.parametrize(
    ("version", "line", "none"), [(2, "0::/job/step", "max"), (1, "4:cpu,cpuacct:/job/step", "-1")]
)
def test_cores_by_limits_counts_begun_cores_of_each_group_and_those_above(
    tmp_path: Path, version: int, line: str, none: str
) -> None:
    root = tmp_path if version == 2 else tmp_path / "cpu"
    lines = ["3:cpuset:/job/step", line]
    assert cores_by_limits(lines, tmp_path) == []
    processor(root / "job" / "step", version, none)
    processor(root / "job", version, "150000")
    processor(root, version, "5000", "50000")
    assert cores_by_limits(lines, tmp_path) == [2, 1]


@pytest.mark.parametrize("line", ["0::/", "0::/../..", "7:cpu:/kubepods/pod1/abc"])
def test_cores_by_limits_sees_the_group_that_a_container_has_mounted(tmp_path: Path, line: str) -> None:
    version = 2 if line.startswith("0:") else 1
    processor(tmp_path if version == 2 else tmp_path / "cpu", version, "400000")
    assert cores_by_limits([line], tmp_path) == [4]


@pytest.mark.parametrize("content", ["", "max", "100000", "x 100000", "100000 0", "-100000 100000"])
def test_cores_by_limits_is_not_misled_by_an_odd_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "cpu.max").write_text(content)
    assert cores_by_limits(["0::/"], tmp_path) == []


def test_cores_is_no_more_than_a_limit_allows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(control_groups, "GROUPS", tmp_path)
    monkeypatch.setattr(control_groups, "own_groups", lambda: ["0::/"])
    monkeypatch.setattr(control_groups.os, "sched_getaffinity", lambda _: range(64))
    assert cores() == 64
    processor(tmp_path, 2, "250000")
    assert cores() == 3
