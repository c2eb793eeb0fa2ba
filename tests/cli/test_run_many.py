"""Sites side by side: as one after the other; one that is lost is one line; Ctrl-C leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from small_scenes import series, write_workflow

from changedet.cli.app import main

DATES = ("2023-01-01", "2023-03-01", "2023-05-01")
PLAIN = {"outputs": {"formats": ["masks", "tables"]}}
VARIES = {"run.json"}
"""Its times."""


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    series(folder, 64, 64, DATES)
    torn = (folder / f"{DATES[1]}.tif").read_bytes()
    (folder / "torn.tif").write_bytes(torn[: len(torn) // 2])
    return folder


def workflows(folder: Path) -> list[str]:
    """Sites of several kinds, of which the third fails once it is read."""
    scene = [{"date": DATES[0], "path": f"{DATES[0]}.tif"}, {"date": DATES[1], "path": "torn.tif"}]
    zone = {"type": "Polygon", "coordinates": [[[15.0, 48.74], [15.005, 48.74], [15.005, 48.76], [15.0, 48.74]]]}
    made = [
        write_workflow(folder, DATES, "series", **PLAIN),
        write_workflow(folder, DATES[:2], "auto", change={"method": "auto"}, site={"id": "auto", "aoi": zone}),
        write_workflow(folder, DATES, "torn", scenes=scene, **PLAIN),
        write_workflow(folder, DATES[:2], "irmad", change={"method": "irmad"}, **PLAIN),
    ]
    return [str(path) for path in made]


def leave(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(words)
    return int(str(left.value.code))


def errors(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if not line.startswith("warning: ")]


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".changedet" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found if path.name not in VARIES}


@pytest.mark.slow
def test_sites_side_by_side_print_and_write_what_they_do_one_after_the_other(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = []
    for jobs in ("1", "2"):
        assert leave("run", *workflows(scenes), "--jobs", jobs, "--out", str(tmp_path / jobs)) == 2
        out, err = capsys.readouterr()
        printed.append((out.replace(str(tmp_path / jobs), "OUT"), err))
    assert printed[0] == printed[1]
    assert printed[0][0].count("OUT/") == 3
    assert printed[0][0].splitlines()[-2].startswith("torn ")
    (failed,) = errors(printed[0][1])
    assert failed.startswith(f"{scenes}/torn.tif: cannot be read")
    one, two = files(tmp_path / "1"), files(tmp_path / "2")
    assert one.keys() == two.keys()
    assert "auto/objects.gpkg" in one
    assert [name for name in one if one[name] != two[name]] == []


def begun(tmp_path: Path, *words: str) -> subprocess.Popen[str]:
    """The command in a group of its own, to which a terminal would send Ctrl-C."""
    return subprocess.Popen(
        [sys.executable, "-m", "changedet", "run", *words, "--out", str(tmp_path), "--jobs", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Where tests run in the background Ctrl-C is ignored, and what they start inherits that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


def children(process: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def holder(processes: list[int], lock: Path) -> int | None:
    """Which of them has the run folder."""
    for process in processes:
        try:
            held = [path.resolve() for path in Path(f"/proc/{process}/fd").iterdir()]
        except OSError:
            continue
        if lock in held:
            return process
    return None


@pytest.mark.slow
def test_a_site_whose_process_is_killed_fails_alone_and_is_taken_up_again(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(write_workflow(scenes, DATES, name, **PLAIN)) for name in ("one", "two", "three")]
    running = begun(tmp_path, *given, "-q")
    deadline = time.monotonic() + 100
    found = None
    while found is None and time.monotonic() < deadline:
        found = holder(children(running.pid), tmp_path / "one/.changedet/lock")
        time.sleep(0.01)
    os.kill(found or 0, signal.SIGKILL)
    _, err = running.communicate(timeout=120)
    assert running.returncode == 1
    again = "run the same command again to go on from here (with fewer --jobs where memory ran out)"
    assert errors(err) == [f"changedet: one: its process ended by SIGKILL; {again}"]
    assert sorted(path.parent.name for path in tmp_path.glob("*/summary.json")) == ["three", "two"]
    assert leave("run", *given, "--out", str(tmp_path), "-q") == 0
    assert (tmp_path / "one/summary.json").exists()
    capsys.readouterr()


def test_ctrl_c_ends_all_processes_with_130_and_one_line(scenes: Path, tmp_path: Path) -> None:
    given = [str(write_workflow(scenes, DATES, name, **PLAIN)) for name in ("one", "two", "three")]
    running = begun(tmp_path, *given)
    deadline = time.monotonic() + 100
    # One cleans up after the others; these have just begun.
    while len(children(running.pid)) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    processes = children(running.pid)
    for process in processes:
        os.kill(process, signal.SIGINT)  # as a terminal does: it is for the first of them alone
    time.sleep(0.5)
    assert all(map(is_running, processes))
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.strip() == "changedet: interrupted; run the same command again to go on from here"
    while any(map(is_running, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, processes))


def is_running(process: int) -> bool:
    """Not a process that has ended and whose end nobody has asked for."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_problems_of_all_workflows_come_at_once_and_nothing_is_written(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = [write_workflow(scenes, DATES, name, **{f"chnage{name}": {}}) for name in "ab"]
    good = write_workflow(scenes, DATES, "good", **PLAIN)
    words = ("run", str(wrong[1]), str(good), str(wrong[0]), str(scenes / "none.yaml"), "--out", str(tmp_path / "out"))
    said = []
    for jobs in ("1", "2"):
        assert leave(*words, "--jobs", jobs) == 2
        said.append(capsys.readouterr())
    assert said[0] == said[1]
    assert [line.split(":")[0] for line in said[0].err.splitlines()] == [
        str(wrong[1]), str(wrong[0]), str(scenes / "none.yaml"),
    ]  # fmt: skip
    assert not (tmp_path / "out").exists()
