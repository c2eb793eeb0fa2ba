"""Radar scenes by their names."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from starter_scenes import scene, start
from vendor_orders import draft

from changedet.workflow.starter.vendors.delivery import Folders
from changedet.workflow.starter.vendors.radar import radar_scenes


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("ICEYE_X7_GRD_SM_12345_20220405T012345.tif", "vv"),
        ("CAPELLA_C02_SM_GEO_HH_20220405012345_20220405012349.tif", "hh"),
        ("2022-04-05-01-23-45_UMBRA-04_GEC.tif", "amplitude"),
        ("ICEYE_75CMBF_20220405T012345Z_4119892_X11_SLF_GRD.tif", "vv"),
    ],
)
def test_radar_scenes_by_their_names(name: str, role: str) -> None:
    scene(name, count=1, descriptions=())
    (entry,) = start(".")[1].scenes
    assert (entry.date, entry.time, entry.bands) == (dt.date(2022, 4, 5), dt.time(1, 23, 45), ((role, 1),))


def test_radar_scenes_join_the_polarisations_of_sentinel_1() -> None:
    for role, number in (("vv", "001"), ("vh", "002")):
        name = f"s1a-iw-grd-{role}-20220405t012345-20220405t012410-042630-0516a1-{number}.tiff"
        scene(f"S1A.SAFE/measurement/{name}", count=1, descriptions=())
    (entry,) = start(".")[1].scenes
    assert [role for role, _ in entry.paths] == ["vv", "vh"]


def test_radar_scenes_leave_out_complex_pixels() -> None:
    scene("ICEYE_X7_SLC_SM_12345_20220405T012345.tif", count=1, descriptions=())
    scene("ICEYE_X7_GRD_SM_12345_20220406T012345.tif", count=1, descriptions=())
    assert "single-look complex" in draft(".")[0]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("2022-04-05-01-23-45_UMBRA-04_SICD.nitf", "single-look complex"),
        ("2022-04-05-01-23-45_UMBRA-04_CSI.tif", "another product"),
        ("ICEYE_75CMBF_20220405T012345Z_4119892_X11_SLF_QLK.tif", "another product"),
        ("ICEYE_75CMBF_20220405T012345Z_4119892_X11_SLF_SLC.tif", "single-look complex"),
    ],
)
def test_radar_scenes_leave_out_other_products_by_their_names(name: str, why: str) -> None:
    Path(name).write_bytes(b"no raster")
    found = radar_scenes([name], Folders())
    assert not found.deliveries
    assert why in found.left_out[name]
