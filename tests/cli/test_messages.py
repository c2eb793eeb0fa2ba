"""What is printed of wrong input."""

from __future__ import annotations

from changedet.cli.messages import MOST_PROBLEMS, problem_lines, report_failure
from changedet.errors import InputError, Problem


def test_problem_lines_are_all_of_them_where_they_fit_a_screen():
    few = [Problem("is wrong", f"key{k}") for k in range(MOST_PROBLEMS)]
    assert problem_lines(InputError(few)) == [str(problem) for problem in few]


def test_report_failure_prints_the_first_of_many_problems_and_how_many_follow(capsys):
    many = [Problem("is wrong", f"key{k}") for k in range(MOST_PROBLEMS + 5)]
    assert report_failure(InputError(many), verbose=False) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[:-1] == [str(problem) for problem in many[: MOST_PROBLEMS - 1]]
    assert lines[-1] == "and 6 more; mend these first"
