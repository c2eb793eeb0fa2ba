"""Answers, and what is not known where nobody can be asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from starter_scenes import PLACED, refused, scene, start

from changedet.errors import InputError
from changedet.workflow.starter.starter import starter_workflow


def test_questions_are_asked_again_after_wrong_answers_and_then_refused() -> None:
    path = scene("2023-06-04.tif", count=3, descriptions=())
    given = iter(["red green", "red green blau", "red green blue"])
    assert start(path, ask=lambda question: next(given))[1].bands == (("red", 1), ("green", 2), ("blue", 3))
    with pytest.raises(InputError, match=r"2023-06-04\.tif: bands: no usable answer: got 'red'"):
        starter_workflow([path], ask=lambda question: "red")


@PLACED
def test_questions_reports_all_that_is_not_known_at_once() -> None:
    scene("a.tif")
    scene("2023-06-04.tif", descriptions=(), crs=None)
    Path("b.tif").write_bytes(b"no raster")
    lines = refused("a.tif", "2023-06-04.tif", "b.tif")
    assert sorted(line.split(": ")[0] for line in lines) == ["2023-06-04.tif", "2023-06-04.tif", "a.tif", "b.tif"]


def test_questions_say_once_what_to_do_about_each_thing_that_is_not_known() -> None:
    lines = refused(scene("before.tif", descriptions=()), scene("after.tif", descriptions=()))
    dates = [line for line in lines if ": date: " in line]
    assert [line.count("put it into the file's name") for line in dates] == [1, 0]
    assert sum("write 'bands: {red: 1, nir: 4}' into a workflow" in line for line in lines) == 1
