"""The frame of a chart: what is hidden, since when a figure grew, which dates are named."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from changedet.outputs.report.axes import Backdrop, Figure, Onset, axes_of, day_labels, figure_text
from changedet.outputs.sentences.words import Calendar

DAYS = ["2023-01-01", "2023-03-01", "2023-05-01"]
DAY_BY_DAY, YEARS = Calendar(years_only=False), Calendar(years_only=True)


def frame(back: Backdrop) -> ET.Element:
    place = axes_of([Figure(day, 1.0) for day in DAYS], 0, 10)
    return ET.fromstring(f"<svg>{place.frame('', back)}</svg>")


def test_axes_shade_looks_that_hide_a_tenth_and_the_more_the_more_they_hide() -> None:
    drawn = frame(Backdrop(DAY_BY_DAY, {DAYS[0]: 0.05, DAYS[1]: 0.2, DAYS[2]: 1.0})).findall("rect")
    assert [rect.get("class") for rect in drawn] == ["hidden", "hidden"]
    shades = [float(rect.get("fill-opacity") or 0) for rect in drawn]
    assert shades[0] < shades[1]
    assert drawn[0].findtext("title") == "1 March 2023: 20 % of the site hidden"


def test_axes_mark_the_span_in_which_growth_began() -> None:
    (rect,) = frame(Backdrop(DAY_BY_DAY, {}, Onset("2023-03-01", "2023-05-01"))).findall("rect")
    place = axes_of([Figure(day, 1.0) for day in DAYS], 0, 10)
    assert float(rect.get("x") or 0) == round(place.x("2023-03-01"), 1)
    assert rect.findtext("title") == "Growth began between 1 March and 1 May 2023"
    assert not frame(Backdrop(DAY_BY_DAY)).findall("rect")


def test_day_labels_name_a_year_where_it_begins_and_years_alone_where_only_they_are_known() -> None:
    assert [text for _, text in day_labels(["2022-11-01", "2023-01-01", "2023-03-01"], DAY_BY_DAY)] == [
        "1 Nov 2022", "1 Jan 2023", "1 Mar"]  # fmt: skip
    near = ["2022-12-18", "2023-02-03", "2023-04-17", "2023-12-01"]
    assert [text for _, text in day_labels(near, DAY_BY_DAY)] == ["18 Dec 2022", "17 Apr 2023", "1 Dec"]
    assert [text for _, text in day_labels(["1985-01-01", "2020-01-01"], YEARS)] == ["1985", "2020"]


def test_figure_text_has_the_interval_the_fitting_unit_and_what_was_seen() -> None:
    told = figure_text(Figure("2023-03-01", 27_200_000.0, 14e6, 52e6), "m²", DAY_BY_DAY)
    assert told == "1 March 2023: 27.2 km² (14.0–52.0)"
    assert figure_text(Figure("2023-03-01", 41.2, 37, 44, 40), "", DAY_BY_DAY) == "1 March 2023: 41 (37–44), 40 seen"
    assert figure_text(Figure("2023-03-01", None), "", DAY_BY_DAY) == "1 March 2023: no figure"
