"""Dates in names and tags."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from starter_scenes import refused, scene, start

from changedet.workflow.starter.acquisition_dates import dates_from_names


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a_20230604.tif"], ["2023-06-04"]),
        (["a_2023-06-04.tif"], ["2023-06-04"]),
        (["IMG_PMS_202306040832_ORT.TIF"], ["2023-06-04"]),
        (["200512101530_20230604.tif"], ["2023-06-04"]),
        (["202399990832.tif"], ["no date"]),
        (["S2A_20230604T101530.tif"], ["2023-06-04"]),
        (["S2A_MSIL2A_20230604T101530_N0509_20230605T120000.tif"], ["2023-06-04"]),
        # Of another zone's time the date is that of UTC.
        (["a_20230604T013000+0200.tif"], ["2023-06-03"]),
        (["a_20230604_223000-0300.tif"], ["2023-06-05"]),
        (["a_20230604T013000Z.tif"], ["2023-06-04"]),
        (["LC08_L2SP_007066_20150604_20200909_02_T1.tif"], ["2015-06-04"]),
        (["a_04Jun2023.tif"], ["2023-06-04"]),
        (["a_25042023.tif"], ["2023-04-25"]),
        (["a_04252023.tif"], ["2023-04-25"]),
        (["a_2023155.tif"], ["2023-06-04"]),
        # Days and months change places freely: no guess.
        (["a_03042023.tif"], ["2023-03-04 or 2023-04-03"]),
        (["a_03-04-2023.tif"], ["2023-03-04 or 2023-04-03"]),
        (["a_110612.tif"], ["2011-06-12 or 2012-06-11 or 2012-11-06"]),
        # Without leading noughts, too.
        (["scene_2023-6-4.tif"], ["2023-06-04"]),
        (["GE 25.6.2023.jpg"], ["2023-06-25"]),
        (["GE 11.6.2023.jpg"], ["2023-06-11 or 2023-11-06"]),
        (["GE 11.6.2023.jpg", "GE 25.6.2023.jpg"], ["2023-06-11", "2023-06-25"]),
        # A name of the same rule settles it.
        (["a_03042023.tif", "a_25042023.tif"], ["2023-04-03", "2023-04-25"]),
        (["a_03042023.tif", "b_25042023.tif"], ["2023-03-04 or 2023-04-03", "2023-04-25"]),
        # The same day either way needs no settling.
        (["a_05052023.tif"], ["2023-05-05"]),
        (["a_20230604_20230710.tif"], ["2023-06-04 or 2023-07-10"]),
        (["1985.tif"], ["tells only the year 1985"]),
        (["a_2023-06.tif"], ["tells only the month 2023-06"]),
        # As a globe's viewer, or its user, names them.
        (["Depot 3-2021.png"], ["tells only the month 2021-03"]),
        (["Depot Aug 2022.png", "Depot August 2022.png"], ["tells only the month 2022-08"] * 2),
        (["Depot 4 Aug 2022.png", "Depot 14 August 2022.png"], ["2022-08-04", "2022-08-14"]),
        (["Depot Aug 4, 2022.png"], ["2022-08-04"]),
        (["a_99999999.tif"], ["no date"]),
        (["depot.tif"], ["no date"]),
    ],
)
def test_dates_from_names(names: list[str], expected: list[str]) -> None:
    found = dates_from_names(names)
    assert all(want in (str(one.date) if one.date else one.doubt) for one, want in zip(found, expected, strict=True))
    assert [one.date is not None for one in found] == [bool(re.fullmatch(r"[0-9-]+", want)) for want in expected]


@pytest.mark.parametrize(
    ("tags", "imagery"),
    [
        ({"ACQUISITION_DATE": "2023-06-04"}, None),
        ({"datetime": "2023-06-04T10:15:30.123Z"}, None),
        ({"ACQUISITION_DATETIME": "2023-06-05T01:30:00.5+02:00"}, None),
        ({"NITF_IDATIM": "20230604101530"}, None),
        ({"TIFFTAG_DATETIME": "2023:06:04 10:15:30"}, None),
        ({}, {"ACQUISITIONDATETIME": "2023-06-04 10:15:30"}),
        ({"TIFFTAG_DATETIME": "2024:01:01 00:00:00"}, {"ACQUISITIONDATETIME": "2023-06-04 10:15:30"}),
    ],
)
def test_date_from_tags(tags: dict[str, str], imagery: dict[str, str] | None) -> None:
    _, workflow = start(scene("depot.tif", tags=tags, imagery=imagery))
    assert workflow.scenes[0].date == dt.date(2023, 6, 4)


def test_date_from_tiff_of_two_files_is_that_of_writing() -> None:
    stamp = {"TIFFTAG_DATETIME": "2024:01:01 00:00:00"}
    lines = refused(scene("a.tif", tags=stamp), scene("b.tif", tags=stamp))
    assert [line.split(": no date")[0] for line in lines] == ["a.tif: date", "b.tif: date"]


def test_dates_without_leading_noughts_make_a_glob() -> None:
    for day in ("2023-6-4", "2023-7-9"):
        scene(f"order/depot_{day}.tif")
    text, workflow = start("order")
    assert 'date_format: "%Y-%-m-%-d"' in text
    assert [entry.date for entry in workflow.scenes] == [dt.date(2023, 6, 4), dt.date(2023, 7, 9)]
    scene("order/depot_2023-11-25.tif")
    assert len(start("order")[1].scenes) == 3
