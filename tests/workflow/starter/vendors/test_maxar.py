"""Maxar's names and metadata."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from starter_scenes import scene, start
from vendor_orders import draft, order, shots

from changedet.imagery.angles import SunAngles, ViewAngles
from scenarios.vendor_folders import maxar


def test_maxar_scenes_takes_date_bands_sun_and_view_from_the_imd() -> None:
    text, workflow = order("maxar")
    assert [(entry.date, entry.time) for entry in workflow.scenes] == [
        (dt.date(2022, 4, 5), dt.time(1, 23, 45)),
        (dt.date(2022, 5, 5), dt.time(1, 23, 45)),
    ]
    first = workflow.scenes[0]
    assert first.bands == (("blue", 1), ("green", 2), ("red", 3), ("nir", 4))
    assert first.sun == SunAngles(151.25, 48.5)
    # Seen from the point below the sensor: the other way round than the satellite from the scene.
    assert first.view == ViewAngles(14.5, 260.0)
    assert first.attribution.sensor == "WorldView-3"
    assert "panchromatic; the multispectral of the same look is taken" in text


def test_maxar_scenes_read_the_xml_where_there_is_no_imd() -> None:
    maxar(Path("maxar"), shots(1))
    for imd in Path("maxar").rglob("*.IMD"):
        imd.unlink()
    _, workflow = start("maxar")
    assert workflow.scenes[0].bands == (("blue", 1), ("green", 2), ("red", 3), ("nir", 4))


@pytest.mark.parametrize(
    ("band_id", "groups", "expected"),
    [
        ("RGB", "RGB", (("red", 1), ("green", 2), ("blue", 3))),
        ("NRG", "RGN", (("nir", 1), ("red", 2), ("green", 3))),
        (
            "Multi",
            ("C", "B", "G", "Y", "R", "RE", "N", "N2"),
            (("coastal", 1), ("blue", 2), ("green", 3), ("red", 5), ("rededge", 6), ("nir", 7)),
        ),
    ],
)
def test_maxar_scenes_follow_the_band_id(band_id: str, groups: str, expected: tuple[tuple[str, int], ...]) -> None:
    scene("depot.tif", count=len(groups), descriptions=())
    named = "".join(f"BEGIN_GROUP = BAND_{group}\nEND_GROUP = BAND_{group}\n" for group in groups)
    Path("depot.IMD").write_text(
        f'bandId = "{band_id}";\n{named}satId = "GE01";\nfirstLineTime = 2022-04-05T01:23:45Z;\n'
    )
    assert start("depot.tif")[1].scenes[0].bands == expected


def test_maxar_scenes_without_metadata_have_a_date_and_a_question_about_bands() -> None:
    text, problems = draft(scene("22APR05012345-M2AS-014567890010_01_P001.TIF", descriptions=()))
    assert "date: 2022-04-05" in text
    assert len(problems) == 1
    assert ": bands: " in problems[0]


def test_maxar_scenes_believe_neither_where_name_and_metadata_disagree() -> None:
    scene("22APR05012345-M2AS-014567890010_01_P001.TIF")
    Path("22APR05012345-M2AS-014567890010_01_P001.IMD").write_text(
        'satId = "WV02";\nfirstLineTime = 2021-04-05T01:23:45Z;\n'
    )
    text, problems = draft("22APR05012345-M2AS-014567890010_01_P001.TIF")
    assert "date: TODO" in text
    assert "the name says 2022-04-05, 22APR05012345-M2AS-014567890010_01_P001.IMD says 2021-04-05" in problems[0]


def test_maxar_scenes_ignore_a_band_list_of_another_length() -> None:
    scene("depot.tif", count=3, descriptions=())
    Path("depot.IMD").write_text('bandId = "BGRN";\nsatId = "WV02";\nfirstLineTime = 2022-04-05T01:23:45Z;\n')
    _, problems = draft("depot.tif")
    assert "3 bands" in problems[0]


def test_maxar_scenes_tiles_share_the_metadata_of_their_strip() -> None:
    for tile in ("R1C1", "R1C2"):
        scene(f"22APR05012345-S2AS_{tile}-014567890010_01_P001.TIF", descriptions=())
    Path("22APR05012345-S2AS-014567890010_01_P001.IMD").write_text(
        'bandId = "BGRN";\nsatId = "WV04";\nfirstLineTime = 2022-04-05T01:23:45Z;\n'
    )
    _, workflow = start(".")
    assert [entry.bands and entry.bands[0] for entry in workflow.scenes] == [("blue", 1)] * 2
