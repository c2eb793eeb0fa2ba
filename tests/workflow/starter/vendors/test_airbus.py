"""DIMAP files of Pleiades, Pleiades Neo and SPOT."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from starter_scenes import scene, start
from vendor_orders import draft, order

from changedet.imagery.angles import SunAngles, ViewAngles


def test_airbus_scenes_takes_date_bands_sun_and_view_from_the_dimap_file() -> None:
    text, workflow = order("airbus")
    first = workflow.scenes[0]
    assert (first.date, first.time) == (dt.date(2022, 4, 5), dt.time(1, 23, 45))
    assert first.bands == (("red", 1), ("green", 2), ("blue", 3), ("nir", 4))
    # Of the centre, not of the first place in the file.
    assert first.sun == SunAngles(151.25, 48.5)
    assert first.view == ViewAngles(14.5)
    assert len(workflow.scenes) == 2
    assert "PREVIEW_PHR1A" in text


def _index(*bands: str) -> str:
    listed = "".join(
        f"<Raster_Index><BAND_ID>{band}</BAND_ID><BAND_INDEX>{i}</BAND_INDEX></Raster_Index>"
        for i, band in enumerate(bands, 1)
    )
    return f"<Raster_Display><Raster_Index_List>{listed}</Raster_Index_List></Raster_Display>"


def _dimap(name: str, *files: str) -> None:
    when = "<IMAGING_DATE>2023-07-01</IMAGING_DATE><IMAGING_TIME>10:11:12.5Z</IMAGING_TIME>"
    mission = "<MISSION>PNEO</MISSION><MISSION_INDEX>3</MISSION_INDEX>"
    text = f"<Dimap_Document>{mission}{when}{''.join(files)}</Dimap_Document>"
    Path(name).write_text(text)


def _files(href: str, index: str) -> str:
    return f'<Data_Files><Data_File><DATA_FILE_PATH href="{href}"/></Data_File>{index}</Data_Files>'


def test_airbus_scenes_give_each_file_its_own_bands() -> None:
    scene("RGB.TIF", count=3, descriptions=())
    scene("NED.TIF", count=3, descriptions=())
    _dimap("DIM_PNEO3.XML", _files("RGB.TIF", _index("R", "G", "B")), _files("NED.TIF", _index("NIR", "RE", "DB")))
    text, workflow = start(".")
    assert [entry.bands for entry in workflow.scenes] == [(("red", 1), ("green", 2), ("blue", 3))]
    assert "its near infrared and red edge, a file apart" in text


def test_airbus_scenes_leave_out_the_panchromatic_twin() -> None:
    scene("IMG_SPOT7_MS_202307011011125_ORT_1_R1C1.TIF", descriptions=())
    scene("IMG_SPOT7_P_202307011011131_ORT_1_R1C1.TIF", count=1, descriptions=())
    text, problems = draft(".")
    assert "panchromatic; the multispectral of the same look is taken" in text
    # The band order is only in the DIMAP file, which is not there.
    assert len(problems) == 1


def test_airbus_scenes_do_not_follow_a_name_that_leads_elsewhere() -> None:
    scene("other.tif", count=3, descriptions=())
    _dimap("DIM_X.XML", _files("../../../etc/passwd", _index("R", "G", "B")), _files("http://x/y.tif", ""))
    assert ": date: " in draft("other.tif")[1][0]


@pytest.mark.parametrize("key", ["SPECIAL_VALUE_COUNT", "SPECIAL_VALUE_INDEX"])
def test_airbus_scenes_say_which_value_shows_nothing(key: str) -> None:
    values = "".join(
        f"<Special_Value><SPECIAL_VALUE_TEXT>{text}</SPECIAL_VALUE_TEXT><{key}>{value}</{key}></Special_Value>"
        for text, value in (("SATURATED", 4095), ("NODATA", 7))
    )
    scene("RGB.TIF", count=3, descriptions=())
    _dimap("DIM_PHR1A.XML", _files("RGB.TIF", _index("R", "G", "B")), values)
    assert start(".")[1].scenes[0].nodata == 7
    scene("RGB.TIF", count=3, descriptions=(), nodata=3)
    assert start(".")[1].scenes[0].nodata is None, "the file's own value is known without it"
    scene("RGB.TIF", count=3, descriptions=(), dtype="uint8")
    assert start(".")[1].scenes[0].nodata is None, "black may be a picture's own"
    _dimap("DIM_PHR1A.XML", _files("RGB.TIF", _index("R", "G", "B")))
    scene("RGB.TIF", count=3, descriptions=())
    assert start(".")[1].scenes[0].nodata is None


def test_airbus_scenes_know_pleiades_neo_by_its_names() -> None:
    name = "IMG_PNEO3_{}202204051034564_PMS-FS_ORT_PWOI_000125933_1_1_F_1_{}_R1C1.TIF"
    for part in ("RGB", "NED"):
        scene(name.format("STD_" if part == "NED" else "", part), count=3, descriptions=())
    text, workflow = start(".")
    (entry,) = workflow.scenes
    assert (entry.date, entry.time) == (dt.date(2022, 4, 5), dt.time(10, 34, 56))
    assert entry.bands == (("red", 1), ("green", 2), ("blue", 3))
    assert entry.attribution.sensor == "Pleiades Neo 3"
    assert "a file apart" in text
