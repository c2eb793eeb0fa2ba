"""Which ground a figure outlines, and the words and dates of the largest."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from mercator import mercator_grid
from small_rasters import write

from changedet.outputs.sentences.words import Calendar
from changedet.pipeline.figures.ground import Looks, labelled, regions_between

DAYS = ("2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01")
LOOKS = Looks(DAYS, DAYS[0], {}, Affine(1, 0, 0, 0, -1, 100), Calendar(years_only=False))


def changes(*rows: tuple[str, str | None, str, str, float]) -> gpd.GeoDataFrame:
    table = pd.DataFrame(list(rows), columns=["date", "first_seen", "kind", "direction", "area_m2"])
    for name in ("date", "first_seen"):
        table[name] = pd.to_datetime(table[name], utc=True)
    return gpd.GeoDataFrame(
        table, geometry=[shapely.box(10 + 100 * k, 10, 10 + 100 * k + row[-1] / 20, 30) for k, row in enumerate(rows)]
    )


YARD = (DAYS[3], DAYS[2], "paving", "gain", 900.0)


def test_regions_between_are_ground_that_is_new_on_the_later_date() -> None:
    table = changes(YARD, (DAYS[2], DAYS[2], "paving", "gain", 800.0), (DAYS[3], DAYS[1], "building", "gain", 700.0),
                    (DAYS[3], DAYS[2], "box", "gain", 600.0), (DAYS[3], DAYS[2], "paving", "gain", 20.0))  # fmt: skip
    asked = {"reference": DAYS[0], "counts_boxes": True, "site_m2": 1e4, "unit": 1.0}
    assert list(regions_between(table, DAYS[0], DAYS[3], **asked).rows["area_m2"]) == [900, 700]
    assert list(regions_between(table, DAYS[1], DAYS[3], **asked).rows["area_m2"]) == [900]
    later = {**asked, "reference": DAYS[1]}
    assert not len(regions_between(table, DAYS[0], DAYS[3], **later).rows), "nothing is compared with what lies before"


def test_regions_between_are_all_that_changed_where_boxes_cannot_be_counted() -> None:
    table = changes((DAYS[3], None, "other", "other", 900.0), (DAYS[3], DAYS[2], "other", "loss", 1.0))
    found = regions_between(table, DAYS[0], DAYS[3], reference=DAYS[0], counts_boxes=False, site_m2=1e4, unit=1.0)
    assert list(found.rows["area_m2"]) == [900]
    assert [ground.label for ground in labelled(found, {}, LOOKS)] == [""]


def test_regions_between_join_no_boxes_that_left() -> None:
    asked = {"reference": DAYS[0], "counts_boxes": True, "site_m2": 1e4, "unit": 1.0}
    for direction, area in (("gain", 1500), ("loss", 900), ("other", 900)):
        table = changes(YARD, (DAYS[3], DAYS[2], "box", direction, 600.0))
        table["geometry"] = [shapely.box(0, 0, 30, 30), shapely.box(30, 0, 50, 30)]
        assert list(regions_between(table, DAYS[0], DAYS[3], **asked).rows["area_m2"]) == [area], direction


def label(table: gpd.GeoDataFrame, told: dict[str, object], looks: Looks = LOOKS) -> str:
    regions = regions_between(table, DAYS[0], DAYS[3], reference=DAYS[0], counts_boxes=True, site_m2=1e4, unit=1.0)
    return labelled(regions, told, looks)[0].label


def test_labelled_names_kind_area_and_since_when(tmp_path: Path) -> None:
    assert label(changes(YARD), {}) == "New bare or paved ground, about 900 m²\nbetween 2 January and 1 March 2023"
    mask = np.zeros((1, 100, 100), np.uint8)
    path = Path(write(tmp_path / "mask.tif", mask))
    seen = LOOKS._replace(masks={DAYS[1]: path})
    assert (
        label(changes(YARD), {}, seen) == "New bare or paved ground, about 900 m²\nbetween 2 February and 1 March 2023"
    )
    hidden = LOOKS._replace(masks={DAYS[1]: Path(write(tmp_path / "hidden.tif", mask + 255))})
    assert (
        label(changes(YARD), {}, hidden) == "New bare or paved ground, about 900 m²\nbetween 2 January and 1 March 2023"
    )


def test_labelled_says_what_part_was_there_when_and_what_a_part_of_another_thing_dates_nothing(tmp_path: Path) -> None:
    yard = changes((DAYS[3], DAYS[2], "paving", "gain", 1600.0))
    west, _, east, _ = (int(edge) for edge in yard.total_bounds)

    def seen(*shares: float) -> Looks:
        paths = {}
        for day, share in zip(DAYS[1:], shares, strict=True):
            mask = np.zeros((1, 100, 100), np.uint8)
            mask[0, :, west : west + round(share * (east - west))] = 1
            paths[day] = Path(write(tmp_path / f"{day}-{share}.tif", mask))
        return LOOKS._replace(masks=paths)

    assert (
        label(yard, {}, seen(0.05, 1, 1))
        == "New bare or paved ground, about 1,600 m²\nbetween 2 February and 1 March 2023"
    )
    assert (
        label(yard, {}, seen(0.3, 1, 1))
        == "New bare or paved ground, about 1,600 m²\nbetween 2 January and 1 March 2023"
    )
    assert label(yard, {}, seen(0, 0.6, 1)) == (
        "New bare or paved ground, about 1,600 m²\nin part between 2 February and 1 March 2023,\n"
        "the rest by 1 April 2023"
    )


def test_labelled_says_what_the_last_look_alone_shows() -> None:
    late = changes((DAYS[3], DAYS[3], "earthwork", "gain", 1750.0))
    words = "Earth moved, about 1,750 m²\nbetween 2 January and 1 April 2023"
    assert label(late, {}) == f"{words},\nseen on that look alone", "it may be a field"
    pair = LOOKS._replace(dates=(DAYS[0], DAYS[3]))
    assert label(late, {}, pair) == words


def test_regions_between_within_the_error_are_those_that_are_worth_words() -> None:
    table = changes((DAYS[3], DAYS[2], "paving", "other", 9000.0), (DAYS[3], DAYS[3], "paving", "loss", 850.0))
    asked = {"reference": DAYS[0], "counts_boxes": True, "site_m2": 1e4, "unit": 1.0}
    assert len(regions_between(table, DAYS[0], DAYS[3], **asked).rows) == 2
    doubtful = regions_between(table, DAYS[0], DAYS[3], **asked, is_sure=False)
    assert list(doubtful.rows["area_m2"]) == [9000]
    assert doubtful.words == "marked as changed, within the error"
    assert labelled(doubtful, {}, LOOKS)[0].label.startswith("Perhaps ground changed, about 9,000 m²")
    assert not len(regions_between(table[1:][:0], DAYS[0], DAYS[3], **asked, is_sure=False).rows)


def test_regions_between_of_land_cover_are_within_the_error_where_the_area_is() -> None:
    table = changes(YARD)
    asked = {"reference": DAYS[0], "counts_boxes": False, "site_m2": 1e4, "unit": 1.0}
    sure = regions_between(table, DAYS[0], DAYS[3], **asked)
    doubtful = regions_between(table, DAYS[0], DAYS[3], **asked, is_sure=False)
    assert (sure.words, sure.is_sure) == ("changed since the earlier date", True)
    assert (doubtful.words, doubtful.is_sure) == ("marked as changed, within the error", False)
    assert len(doubtful.rows) == len(sure.rows) == 1


def test_regions_between_are_within_the_error_where_the_placebo_marks_as_much() -> None:
    table = changes(YARD)
    asked = {"reference": DAYS[0], "counts_boxes": True, "site_m2": 1e4, "unit": 1.0}
    largest = float(regions_between(table, DAYS[0], DAYS[3], **asked).rows["area_m2"].max())
    assert regions_between(table, DAYS[0], DAYS[3], **asked, false_m2=largest - 1).is_sure
    doubtful = regions_between(table, DAYS[0], DAYS[3], **asked, false_m2=largest)
    assert not doubtful.is_sure
    assert doubtful.words == "marked as changed, within the error"


@pytest.mark.parametrize(
    ("direction", "said"),
    [("loss", "Bare or paved ground gone, about 900 m²"), ("other", "Ground changed, about 900 m²")],
)
def test_labelled_never_calls_new_what_went(direction: str, said: str) -> None:
    assert label(changes((DAYS[3], DAYS[2], "paving", direction, 900.0)), {}).startswith(said)


def test_labelled_has_the_figures_of_the_summary_for_what_the_summary_tells_of() -> None:
    told = {"value": 950.0, "low": 850.0, "high": 1100.0, "kind": "yard", "began": {"low": DAYS[1], "high": DAYS[2]}}
    assert label(changes(YARD), told) == "New yard, 950 m² (850–1,100)\nbetween 1 February and 1 March 2023"
    most = label(changes(YARD), {**told, "low": 920.0})
    assert most.startswith("New yard, "), "one thing has one number"
    assert most.endswith("of it outlined: about 900 m²")
    assert label(changes(YARD), {**told, "low": 1200.0, "value": 1250.0, "high": 1300.0}).startswith(
        "New bare or paved ground, about 900"
    ), "another region"
    cut = label(changes(YARD), {**told, "low": 920.0}, LOOKS._replace(hides_part=True))
    assert cut == "New yard, 950 m² (920–1,100)\nbetween 1 February and 1 March 2023\nof it outlined: about 900 m²"
    own = "New bare or paved ground, about 900 m²\nbetween 2 January and 1 March 2023"
    assert label(changes(YARD), {**told, "low": 0.0}) == own, "a bound of 0 claims nothing, as in the sentences"
    assert label(changes(YARD), {**told, "shape": "slope"}).endswith("\nbegun between 1 February and 1 March 2023")
    early = {**told, "began": {"low": DAYS[0], "high": DAYS[1]}}
    assert label(changes(YARD), early).startswith("New bare or paved ground, about 900"), "at another time"


def test_labelled_has_no_words_for_regions_that_are_as_often_false() -> None:
    assert label(changes((DAYS[3], DAYS[2], "paving", "gain", 200.0)), {}) == ""


def test_with_boxes_makes_one_yard_of_its_paving_and_the_boxes_that_came_to_stand_on_it() -> None:
    table = changes((DAYS[3], DAYS[1], "paving", "gain", 500.0), (DAYS[3], DAYS[2], "box", "gain", 30.0),
                    (DAYS[3], DAYS[2], "paving", "gain", 400.0), (DAYS[3], DAYS[2], "box", "gain", 31.0))  # fmt: skip
    table.geometry = [shapely.box(0, 0, 10, 50), shapely.box(11, 0, 13, 50), shapely.box(14, 0, 22, 50),
                      shapely.box(60, 0, 62, 50)]  # fmt: skip
    found = regions_between(table, DAYS[0], DAYS[3], reference=DAYS[0], counts_boxes=True, site_m2=1e4, unit=1.0).rows
    assert list(found["area_m2"]) == [930.0], "both pavings and the box between them, not the box elsewhere"
    assert found.geometry.iloc[0].contains(shapely.box(1, 1, 21, 49))
    assert str(found["first_seen"].iloc[0])[:10] == DAYS[1]


def test_boxes_touch_their_yard_as_near_on_the_ground_in_web_mercator() -> None:
    unit = mercator_grid(100, 100).ground_metre
    table = changes((DAYS[3], DAYS[1], "paving", "gain", 500.0), (DAYS[3], DAYS[2], "box", "gain", 30.0))
    table.geometry = [shapely.box(0, 0, 10, 50), shapely.box(14, 0, 18, 50)]  # 4 units apart, 2.3 m
    asked = {"reference": DAYS[0], "counts_boxes": True, "site_m2": 1e4}
    assert list(regions_between(table, DAYS[0], DAYS[3], **asked, unit=1.0).rows["area_m2"]) == [500.0]
    assert list(regions_between(table, DAYS[0], DAYS[3], **asked, unit=unit).rows["area_m2"]) == [530.0]
