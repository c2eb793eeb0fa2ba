"""Tiles of a date that a kill cut off are taken up again, to the same bytes; what is not theirs is computed again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from small_runs import DATES, assert_nothing_left, assert_same
from small_scenes import write_workflow

from changedet.errors import InputError
from changedet.pipeline import kept_tiles, passes
from changedet.pipeline.kept_tiles import KeptTiles, tiles_folder
from changedet.pipeline.run import carry_out
from changedet.pipeline.tile import Tile, compute_tile
from changedet.plan import make_plan
from changedet.store import RunFolder

TILES = 10
"""Of 256 px, of `small_runs.SHAPE`."""


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch, tiles_as_asked: None) -> list[object]:
    """Each tile that is computed; all dates are worth keeping."""
    found: list[object] = []
    begin = KeptTiles.__init__

    def counting(*given: object) -> Tile:
        found.append(given[1])
        return compute_tile(*given)  # type: ignore[arg-type]

    def wanted(self: KeptTiles, *given: object) -> None:
        begin(self, *given)  # type: ignore[arg-type]
        self.is_wanted = True

    monkeypatch.setattr(passes, "compute_tile", counting)
    monkeypatch.setattr(KeptTiles, "__init__", wanted)
    return found


def stop_at(count: int) -> Callable[[str, int, int], None]:
    def progress(what: str, done: int, _total: int) -> None:
        if (what, done) == ("computing tiles", count):
            raise KeyboardInterrupt

    return progress


def cut(workflow: Path, out: Path, count: int) -> RunFolder:
    """A run that ends when so many tiles have come."""
    plan = make_plan(workflow, out=str(out))
    with pytest.raises(KeyboardInterrupt):
        carry_out(plan, progress=stop_at(count))
    return plan.folder


@pytest.fixture
def workflow(scenes: Path) -> Path:
    return write_workflow(scenes, DATES, compute={"chunk": 256, "workers": 1})


@pytest.mark.parametrize("count", [1, 7, TILES, TILES + 3])
def test_a_run_that_is_cut_off_goes_on_from_the_tile_it_was_at(
    workflow: Path, tmp_path: Path, computed: list[object], count: int
) -> None:
    whole = carry_out(make_plan(workflow, out=str(tmp_path / "whole")))
    assert len(computed) == 3 * TILES
    assert not tiles_folder(RunFolder(whole.path)).exists()
    folder = cut(workflow, tmp_path / "cut", count)
    assert_nothing_left(folder.path)
    computed.clear()
    again = carry_out(make_plan(workflow, out=str(tmp_path / "cut")))
    assert_same(whole.path, again.path)
    # The tile that had just come when the run was ended was not kept yet.
    assert len(computed) == 3 * TILES - count + 1
    assert not tiles_folder(folder).exists()
    assert_nothing_left(folder.path)


def test_the_reference_that_its_comparison_brings_is_taken_up_with_it(
    scenes: Path, tmp_path: Path, computed: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("changedet.pipeline.date_job.footprint_method", lambda _facts: None)
    more = {"outputs": {"formats": ["masks", "objects", "tables"]}, "objects": {"method": "none"}}
    workflow = write_workflow(scenes, DATES, compute={"chunk": 256, "workers": 1}, **more)
    whole = carry_out(make_plan(workflow, out=str(tmp_path / "whole")))
    assert len(computed) == 2 * TILES
    cut(workflow, tmp_path / "cut", 6)
    computed.clear()
    assert_same(whole.path, carry_out(make_plan(workflow, out=str(tmp_path / "cut"))).path)
    assert len(computed) == 2 * TILES - 5


HARMS: dict[str, Callable[[Path], object]] = {
    "torn": lambda path: path.write_bytes(path.read_bytes()[:-7]),
    "flipped": lambda path: path.write_bytes(path.read_bytes()[:-7] + b"garbage"),
    "zeros": lambda path: path.write_bytes(path.read_bytes()[:-9000] + bytes(9000)),
    "empty": lambda path: path.write_bytes(b""),
    "other": lambda path: path.write_bytes(b"{}" + path.read_bytes()[2:]),
    "long": lambda path: path.write_bytes(path.read_bytes() + b"\xff" * 20),
}
LOST = {"torn": 1, "flipped": 1, "zeros": 1, "empty": 4, "other": 4, "long": 0}


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_damaged_is_computed_again(
    workflow: Path, tmp_path: Path, reference_run: Path, computed: list[object], harm: str
) -> None:
    folder = cut(workflow, tmp_path, 5)
    (path,) = tiles_folder(folder).iterdir()
    HARMS[harm](path)
    computed.clear()
    again = carry_out(make_plan(workflow, out=str(tmp_path)))
    assert len(computed) == 3 * TILES - 4 + LOST[harm]
    assert_same(reference_run, again.path)


def test_tiles_of_other_parameters_or_sizes_are_not_taken(
    scenes: Path, workflow: Path, tmp_path: Path, computed: list[object]
) -> None:
    cut(workflow, tmp_path, 5)
    for more in ({"normalise": {"method": "none"}}, {"compute": {"chunk": 320, "workers": 1}}):
        computed.clear()
        other = write_workflow(scenes, DATES, **({"compute": {"chunk": 256, "workers": 1}} | more))
        plan = make_plan(other, out=str(tmp_path))
        with pytest.raises(KeyboardInterrupt):
            carry_out(plan, progress=stop_at(3))
        assert len(computed) >= 3
        assert len(list(tiles_folder(plan.folder).iterdir())) == 1


def test_a_disk_that_takes_no_tile_more_costs_the_keeping_alone(
    workflow: Path, tmp_path: Path, reference_run: Path, computed: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(KeptTiles, "_opened", full)
    assert_same(reference_run, carry_out(make_plan(workflow, out=str(tmp_path))).path)


def test_a_link_in_place_of_kept_tiles_is_not_written_through(
    workflow: Path, tmp_path: Path, computed: list[object]
) -> None:
    folder = cut(workflow, tmp_path / "out", 5)
    (path,) = tiles_folder(folder).iterdir()
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    computed.clear()
    with pytest.raises(InputError, match="is a link out of the run folder"):
        carry_out(make_plan(workflow, out=str(tmp_path / "out")))
    assert not computed
    assert elsewhere.read_bytes() == before


def test_small_dates_and_cheap_ones_are_not_kept(workflow: Path, tmp_path: Path, tiles_as_asked: None) -> None:
    """No boxes are looked for in pixels of 10 m: keeping tiles would cost a good part of what computing them does."""
    assert kept_tiles.FEWEST_TILES > 1
    folder = cut(workflow, tmp_path, 5)
    assert not tiles_folder(folder).exists()
