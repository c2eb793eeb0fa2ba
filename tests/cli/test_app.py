"""The command line itself: what starts quickly, exit statuses, and errors of one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_scenes import ground, write_scene, write_workflow

from changedet.cli.app import cli, main


def leave(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return int(str(left.value.code))


def test_help_imports_nothing_that_computes() -> None:
    heavy = ("numpy", "pandas", "rasterio", "dask", "numba", "pydantic", "yaml", "rich")
    code = (
        "import sys\nfrom changedet.cli.app import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "calibrate" in done.stdout
    assert "simulate" in done.stdout
    assert done.stderr.strip() == "[]"


def test_main_names_the_nearest_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert leave("chek") == 2
    assert capsys.readouterr().err == "changedet: no such command 'chek'; did you mean 'check'?\n"


def test_main_without_words_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert leave() == 2
    said = capsys.readouterr().err
    assert said.startswith("Usage: ")
    assert "simulate" in said


def test_main_leaves_with_2_where_nothing_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert leave("simulate", str(tmp_path / "file" / "site"), "--dates", "1", "--size", "64") == 2
    assert capsys.readouterr().err == f"{tmp_path}/file/site: cannot be written to (Not a directory)\n"


def test_main_leaves_with_2_where_the_input_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert leave("check", "nothing.yaml") == 2
    assert capsys.readouterr().err == "nothing.yaml: no such file\n"


@pytest.mark.parametrize("flag", ["-v", "--verbose"])
def test_main_prints_a_traceback_where_it_is_asked_for(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert leave("check", flag, "nothing.yaml") == 2
    assert "Traceback" in capsys.readouterr().err


def test_main_leaves_with_0_and_prints_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dates = ("2023-01-01", "2023-03-01")
    for day in dates:
        write_scene(tmp_path / f"{day}.tif", ground(40, 50))
    assert leave("check", str(write_workflow(tmp_path, dates))) == 0
    assert capsys.readouterr().out.startswith("site       site: site\n")


@pytest.mark.parametrize("words", [("sample", "run"), ("calibrate", "w.yaml", "--labels", "x.gpkg")])
def test_main_refuses_a_seed_below_0(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert leave(*words, "--seed", "-1") == 2
    assert "--seed" in capsys.readouterr().err


def test_help_cuts_no_command_short() -> None:
    listed = CliRunner().invoke(cli, ["--help"], terminal_width=80).output.partition("Commands:")[2]
    assert "..." not in listed
    assert all(f"  {name} " in listed for name in cli.commands)


@pytest.mark.parametrize("ends", ["raise KeyboardInterrupt", "half_released()"])
def test_an_interrupt_does_not_wait_for_blocks_in_flight(ends: str) -> None:
    code = (
        "import sys, time\nfrom concurrent.futures import ThreadPoolExecutor\nfrom changedet.cli import app\n"
        "pool = ThreadPoolExecutor(1)\n"
        "def interrupt(*_, **__):\n"
        "    pool.submit(time.sleep, 3600)\n"
        f"    {ends}\n"
        "def half_released():\n"
        "    try:\n"
        "        raise KeyboardInterrupt\n"
        "    finally:\n"
        "        raise RuntimeError('release unlocked lock')\n"
        "app.cli.main = interrupt\nsys.argv = ['changedet', 'run']\napp.main()\n"
    )
    # It hangs for an hour, until the limit, where it waits.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 130
    assert done.stderr == "changedet: interrupted; run the same command again to go on from here\n"


def test_run_ends_with_a_table_of_several_sites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dates = ("2023-01-01", "2023-03-01")
    for day in dates:
        write_scene(tmp_path / f"{day}.tif", ground(64, 64))
    files = [str(write_workflow(tmp_path, dates, name)) for name in ("north", "south")]
    assert leave("run", *files) == 0
    *_, head, north, south = capsys.readouterr().out.splitlines()
    assert head.split() == ["site", "looks", "first", "containers", "last", "containers", "growth", "began"]
    assert north.split()[:3] == ["north", "2", "-"]
    assert south.split()[:3] == ["south", "2", "-"]
    assert leave("run", *files, "-q") == 0
    assert capsys.readouterr().out == ""
    assert leave("run", files[0]) == 0
    assert "growth began" not in capsys.readouterr().out


def test_main_a_file_never_gets_the_number_of_a_standard_stream(tmp_path: Path) -> None:
    """Started without standard error, as by some schedulers, libraries would print into the next file."""
    code = (
        "import sys; from changedet.cli.process import set_up_process; set_up_process(); "
        f"sys.exit(open({str(tmp_path / 'a.tif')!r}, 'wb').fileno() < 3 or sys.stderr is None or sys.stdout is None)"
    )
    done = subprocess.run(["sh", "-c", '"$0" -c "$1" 0<&- 1>&- 2>&-', sys.executable, code], check=False)
    assert done.returncode == 0
