"""Questions about bands: one for each family of names, answered by words, by a number or as before."""

from __future__ import annotations

import re

import pytest
from starter_scenes import scene, start

from changedet.workflow.starter.starter import starter_workflow

BLUE_FIRST = (("blue", 1), ("green", 2), ("red", 3), ("nir", 4))
RED_FIRST = (("red", 1), ("green", 2), ("blue", 3), ("nir", 4))


def families() -> None:
    for day in ("0604", "0704"):
        scene(f"scenes/east_2023{day}.tif", descriptions=())
        scene(f"scenes/west_2024{day}.tif", descriptions=())


def test_roles_of_asks_once_for_each_family_of_names() -> None:
    families()
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "blue green red nir" if "east" in question else "2"

    _, workflow = start("scenes", ask=ask)
    assert [(entry.date.year, entry.bands) for entry in workflow.scenes if entry.date] == [
        *[(2023, BLUE_FIRST)] * 2,
        *[(2024, RED_FIRST)] * 2,
    ]
    assert len(asked) == 2
    assert "2 = red green blue nir" in asked[0]


def test_roles_of_takes_enter_for_the_answer_before() -> None:
    families()
    given = iter(["red green blue nir", ""])
    _, workflow = start("scenes", ask=lambda question: next(given))
    assert workflow.bands == RED_FIRST
    with pytest.raises(Exception, match="expected 4 words"):
        start("scenes", ask=lambda question: "", name="v.yaml")


def test_roles_of_leaves_a_gap_for_each_family_where_nobody_answers() -> None:
    families()
    text, problems = starter_workflow(["scenes"], ask=None)
    assert text.count("bands: TODO") == 2
    assert [problem.key for problem in problems] == ["bands", "bands"]


def test_roles_of_leaves_one_gap_for_scenes_whose_bands_are_one_question() -> None:
    for year in (1985, 1990, 1995):
        scene(f"{year}.tif", descriptions=())
    text, _ = starter_workflow(["1985.tif", "1990.tif", "1995.tif"], ask=None)
    assert text.count("date: TODO") == 3
    assert re.findall(r"^.*\bbands: TODO", text, re.MULTILINE) == ["bands: TODO"]
    assert text.count("# TODO bands: 4 bands") == 1
    scene("2000.tif", count=6, descriptions=())
    text, _ = starter_workflow(["1985.tif", "1990.tif", "2000.tif"], ask=None)
    assert re.findall(r"(\d{4})\.tif\"?, bands: TODO", text) == ["1985", "1990", "2000"], "two questions, two answers"


def test_family_of_knows_months_for_dates() -> None:
    for name in ("depot_04jun2023.tif", "depot_14jul2023.tif"):
        scene(name, descriptions=())
    asked: list[str] = []
    start(".", ask=lambda question: asked.append(question) or "1")
    assert len(asked) == 1


def test_orders_that_a_named_band_contradicts_are_not_offered() -> None:
    names = ("", "", "", "", "RED", "", "NIR1", "")
    scene("wv2_20230604.tif", count=8, descriptions=names)
    asked: list[str] = []
    start(".", ask=lambda question: asked.append(question) or "1")
    assert "1 = coastal blue green - red rededge nir -" in asked[0]
    assert "2 =" not in asked[0]
