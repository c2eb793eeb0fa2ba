"""The page of speed: what stands in its tables, and that a pair too large for the plain script is left out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

from benchmarks import speed  # noqa: E402
from benchmarks.speed import Cost  # noqa: E402

PROGRAMS = {"plain script": Cost(8.0, 2000.0), "changedet run, masks objects tables": Cost(16.0, 700.0)}
GROWTH = {(512, 2): Cost(6.0, 500.0, 500.0), (1024, 2): Cost(7.0, 700.0, 800.0), (1024, 4): Cost(9.0, 900.0, 900.0)}


def test_page_has_a_row_for_each_series_on_auto_and_the_plain_script_beside_a_pair() -> None:
    sites = {(1000, 4): Cost(50.0, 900.0, 1000.0)}
    lines = speed.page(
        2000, PROGRAMS, GROWTH, {(1024, 2): Cost(1.5, 130.0)}, speed.site_lines(speed.SITES, sites)
    ).splitlines()
    assert "| changedet run, masks objects tables | 16.0 | 0.2 | 2.00 | 700 |" in lines
    assert "| 1000 | 4 | 50.0 | 12.50 | 900 | 1000 | 0.90 |" in lines
    assert "| 1024 | 2 | 7.0 | 6.68 | 700 | 800 | 0.88 | 1.5 | 130 |" in lines
    assert "| 1024 | 4 | 9.0 | 2.86 | 900 | 900 | 1.00 | | |" in lines
    assert len({line.count("|") for line in lines if line.startswith(("| 1024", "| 512"))}) == 1


def test_page_without_series_on_auto_has_no_such_section() -> None:
    assert "on `auto`" not in speed.page(2000, PROGRAMS, GROWTH, {}, speed.site_lines(speed.SITES, {}))


def test_the_plain_script_gets_no_pair_that_memory_cannot_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed.os, "sysconf", lambda name: {"SC_PHYS_PAGES": 1_000_000, "SC_PAGE_SIZE": 10_000}[name])
    assert speed.fits(7071)
    assert not speed.fits(7072)


def test_a_site_is_made_once_and_leaves_all_to_auto(tmp_path: Path) -> None:
    path = speed.site(tmp_path, 80, 2)
    made = path.stat().st_mtime_ns
    content = yaml.safe_load(path.read_text())
    assert len(content["scenes"]) == 2
    assert not {"change", "objects", "tracks", "mask", "align"} & set(content)
    assert speed.site(tmp_path, 80, 2) == path
    assert path.stat().st_mtime_ns == made
