"""A run folder is what was written, byte by byte."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path

import pytest
from small_runs import call

from changedet.assess.evidence.verify_run import OUTDATED, verify_run
from changedet.errors import InputError
from changedet.outputs.json_files import write_json
from changedet.pipeline.figures.files import write_figures
from changedet.pipeline.figures.gather import Wanted
from changedet.pipeline.finished import open_run
from changedet.pipeline.publish import report_again
from changedet.store import RunFolder
from changedet.store.amending import amend


def flip(path: Path, at: float = 0.5) -> None:
    """Another byte, with the size and the time of before."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[int(at * (len(content) - 1))] ^= 4
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def files_of(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size]


def test_verify_run_finds_nothing_in_a_run_as_it_was_written(finished: Path) -> None:
    verdict = verify_run(finished)
    assert verdict.problems == ()
    assert verdict.unchecked == ()
    assert verdict.checked == len([path for path in files_of(finished) if path.name != "seal.json"])


def test_verify_run_finds_a_flipped_byte_in_any_file(own: Path) -> None:
    for k, path in enumerate(files_of(own)):
        whole, status = path.read_bytes(), path.stat()
        flip(path, at=(k % 10) / 9)
        problems = verify_run(own).problems
        assert any(str(path) in words or path.name == "seal.json" for words in problems), path
        path.write_bytes(whole)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert verify_run(own).problems == ()


def test_verify_run_finds_what_is_gone_longer_linked_or_added(own: Path) -> None:
    (own / "timeseries.csv").unlink()
    with (own / "summary.json").open("a") as stream:
        stream.write(" ")
    (own / "report.html").rename(own.parent / "away.html")
    (own / "report.html").symlink_to(own.parent / "away.html")
    (own / "notes.txt").write_text("mine")
    verdict = verify_run(own)
    assert [words.split(": ")[1][:10] for words in verdict.problems] == ["is a link", "has 6", "is gone"] or len(
        verdict.problems
    ) == 3
    assert {"is a link", "is gone"} <= {words.split(": ")[1] for words in verdict.problems}
    assert verdict.unchecked == ("files that no run wrote: notes.txt",)


def test_verify_run_finds_an_input_that_is_no_longer_what_was_read(own: Path, finished: Path) -> None:
    scene = finished.parents[1] / "2023-01-01.tif"
    whole, status = scene.read_bytes(), scene.stat()
    flip(scene)
    try:
        assert verify_run(own).problems == (f"{scene}: is no longer what the run read",)
        scene.unlink()
        verdict = verify_run(own)
        assert verdict.problems == ()
        assert verdict.unchecked == ("inputs that are not here: 2023-01-01.tif",)
    finally:
        scene.write_bytes(whole)
        os.utime(scene, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_verify_run_tells_a_run_that_did_not_end(own: Path) -> None:
    (own / ".changedet" / "seal.json").unlink()
    assert "is not sealed" in verify_run(own).problems[0]
    with pytest.raises(InputError, match="holds no records"):
        verify_run(own.parent)


def test_verify_run_tells_what_a_run_left_from_what_others_wrote(own: Path) -> None:
    (own / ".changedet" / "seal.json").unlink()
    (own / "notes.txt").write_text("mine")
    for name in ("2023-01-01.tif.part", "2023-01-01.tif.raw.part"):
        (own / "scenes" / name).write_bytes(b"half")
    own_files, others = verify_run(own).unchecked
    assert own_files.startswith("records and unfinished files, which no seal holds: ")
    assert len(own_files) < 200, "a line names a few files one by one, of many their number"
    assert others == "files that no run wrote: notes.txt"


def test_a_report_written_again_is_sealed_again_and_the_same(own: Path) -> None:
    before = (own / "report.html").read_bytes()
    report_again(own)
    assert verify_run(own).problems == ()
    assert (own / "report.html").read_bytes() == before


def test_verify_ends_with_2_where_something_is_wrong(own: Path) -> None:
    assert call("verify", own).returncode == 0
    flip(own / "objects.gpkg")
    done = call("verify", own)
    assert done.returncode == 2
    assert done.stderr == f"{own / 'objects.gpkg'}: has the size but not the bytes that were written\n"


def test_verify_run_names_a_figure_of_an_earlier_result(own: Path) -> None:
    def figures() -> list[str]:
        return [path.name for path in write_figures(open_run(own), Wanted(), size="60mm")]

    def outdated() -> list[str]:
        return [words.partition(": ")[0].rpartition("/")[2] for words in verify_run(own).problems if OUTDATED in words]

    written = figures()
    assert verify_run(own).problems == ()
    summary = json.loads((own / "summary.json").read_text())
    write = partial(write_json, own / "summary.json", {**summary, "notes": ["another result"]})
    amend(RunFolder(own), "publish:summary", "written anew", [own / "summary.json"], write)
    assert outdated() == sorted(written)
    assert figures() == written
    assert outdated() == []
