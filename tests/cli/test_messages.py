"""What is printed of wrong input."""

from __future__ import annotations

import errno
import subprocess
import sys
from types import SimpleNamespace

from changedet.cli.messages import (
    MOST_PROBLEMS,
    failure,
    problem_lines,
    report_failure,
    say,
    without_undecodable,
    without_undecodable_error,
)
from changedet.errors import LONGEST_LINE, InputError, Problem


def test_problem_lines_are_all_of_them_where_they_fit_a_screen():
    few = [Problem("is wrong", f"key{k}") for k in range(MOST_PROBLEMS)]
    assert problem_lines(InputError(few)) == [str(problem) for problem in few]


def test_report_failure_prints_the_first_of_many_problems_and_how_many_follow(capsys):
    many = [Problem("is wrong", f"key{k}") for k in range(MOST_PROBLEMS + 5)]
    assert report_failure(InputError(many), verbose=False) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[:-1] == [str(problem) for problem in many[: MOST_PROBLEMS - 1]]
    assert lines[-1] == "and 6 more; mend these first"


def test_failure_says_where_a_command_may_not_write():
    error = PermissionError(errno.EROFS, "Read-only file system", "run/review.gpkg.part")
    assert failure(error, verbose=False) == (2, ["run/review.gpkg.part: no permission there, or its disk is read-only"])
    full = OSError(errno.ENOSPC, "No space left on device", "run/review.gpkg.part")
    assert failure(full, verbose=False)[0] == 1


def test_failure_says_that_the_working_folder_is_gone(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    status, (line,) = failure(FileNotFoundError(errno.ENOENT, "No such file or directory"), verbose=False)
    assert status == 2
    assert "is gone; change into one" in line


def test_problem_lines_repeat_no_value_of_megabytes():
    (line,) = problem_lines(InputError(Problem(f"got '{'A' * 3_000_000}'", "scenes[0]", "w.yaml", 3)))
    assert len(line) <= LONGEST_LINE + 3
    assert line.startswith("w.yaml:3: scenes[0]: got 'AAA")
    assert line.endswith("A...")


def test_without_undecodable_leaves_out_what_rasterio_cannot_decode_alone(monkeypatch):
    shown = []
    monkeypatch.setattr(sys, "__unraisablehook__", shown.append)
    undecodable = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    without_undecodable(SimpleNamespace(exc_value=undecodable, object="rasterio._env.log_error"))
    assert shown == []
    others = [(undecodable, "elsewhere"), (ValueError("x"), "rasterio._env.log_error")]
    for error, where in others:
        without_undecodable(SimpleNamespace(exc_value=error, object=where))
    assert [(one.exc_value, one.object) for one in shown] == others


def test_without_undecodable_error_prints_any_other(monkeypatch):
    shown = []
    monkeypatch.setattr(sys, "__excepthook__", lambda *about: shown.append(about))
    without_undecodable_error(UnicodeDecodeError, UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), None)
    assert shown == []
    error = ValueError("x")
    without_undecodable_error(ValueError, error, None)
    assert shown == [(ValueError, error, None)]


def test_say_prints_no_control_characters_of_names_from_elsewhere(capsys):
    say("a run of the site \x1b[31mred\x07 Dépôt 北")
    assert capsys.readouterr().err == "a run of the site \\x1b[31mred\\x07 Dépôt 北\n"


DESTRUCTOR = """
import os, signal, sys, time
from changedet.cli.messages import without_undecodable
sys.unraisablehook = without_undecodable
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts its background jobs with Ctrl-C ignored
class Held:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
try:
    Held()
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_ctrl_c_that_meets_a_destructor_is_sent_again():
    done = subprocess.run([sys.executable, "-c", DESTRUCTOR], timeout=50, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (130, b"")
