"""`make_plan` of rasters that lie in odd places: a plan, or one clear line; never another error."""

from __future__ import annotations

from pathlib import Path

import pyproj
import pytest
import rasterio
from affine import Affine
from small_scenes import ground, write_workflow

from changedet.errors import InputError
from changedet.plan import make_plan

DATES = ("2023-01-01", "2023-03-01")
GEOS = "+proj=geos +h=35786023 +sweep=y +ellps=GRS80 +units=m +lon_0={}"
PLANET, NOWHERE, WIDE, NO_MAP = "another celestial body", "nowhere on Earth", "too wide", "expected a projected"


def degrees(west: float, north: float, pixel: float = 1e-4) -> Affine:
    return Affine(pixel, 0, west, 0, -pixel, north)


def metres(west: float, north: float, pixel: float = 10.0) -> Affine:
    return Affine(pixel, 0, west, 0, -pixel, north)


CASES: dict[str, tuple[str, Affine, str]] = {
    "the Moon in degrees": ("+proj=longlat +R=1737400 +no_defs", degrees(10, 20), PLANET),
    "the Moon in metres": ("+proj=eqc +R=1737400 +units=m", metres(0, 1000), PLANET),
    "the Moon by code": ("IAU_2015:30100", degrees(10, 20), PLANET),
    "Mars in degrees": ("+proj=longlat +a=3396190 +b=3376200 +no_defs", degrees(137, -4), PLANET),
    "Mars in metres": ("+proj=eqc +a=3396190 +b=3396190 +units=m", metres(8e6, -2e5), PLANET),
    "Mars by code": ("IAU_2015:49900", degrees(137, -4), PLANET),
    "Mercury": ("+proj=stere +lat_0=90 +R=2439700 +units=m", metres(0, 0), PLANET),
    "north pole, stereographic": ("EPSG:3413", metres(-200, 200), ""),
    "south pole, stereographic": ("EPSG:3031", metres(-200, 200), ""),
    "north pole, degrees": ("EPSG:4326", degrees(10, 90), ""),
    "beyond the north pole": ("EPSG:4326", degrees(10, 90.01, 1e-3), ""),
    "south pole, degrees": ("EPSG:4326", degrees(10, -89.995), ""),
    "180 degrees east": ("EPSG:4326", degrees(179.998, -17), ""),
    "180 degrees west": ("EPSG:4326", degrees(-180.002, -17), ""),
    "0 to 360 degrees": ("EPSG:4326", degrees(239, 37), ""),
    "180 degrees in UTM": ("EPSG:32701", metres(180_000, 8e6), ""),
    "survey feet": ("EPSG:2263", metres(980_000, 200_000, 3), ""),
    "feet": ("EPSG:2222", metres(700_000, 900_000, 3), ""),
    "kilometres": ("+proj=utm +zone=33 +units=km", metres(500, 5400, 0.01), ""),
    "degrees with heights": ("EPSG:4979", degrees(15, 48), ""),
    "UTM over a geoid": ("EPSG:32633+5773", metres(500_000, 5_400_000), ""),
    "degrees over a geoid": ("EPSG:4326+5773", degrees(15, 48), ""),
    "geocentric": ("EPSG:4978", metres(4e6, 1e6), NO_MAP),
    "a yard of its own": ('LOCAL_CS["yard",UNIT["metre",1]]', metres(0, 5), NO_MAP),
    "full disk over Africa": (GEOS.format(0), metres(-5_568_000, 5_568_000, 278_400), ""),
    "full disk over America": (GEOS.format(-75), metres(-5_424_000, 5_424_000, 271_200), ""),
    "the world in degrees": ("EPSG:4326", Affine(9, 0, -180, 0, -4.5, 90), WIDE),
    "the world by Mercator": ("EPSG:3857", metres(-20_037_508, 20_037_508, 1_001_879), ""),
    "the world by Mollweide": ("+proj=moll", Affine(900_000, 0, -18e6, 0, -450_000, 9e6), ""),
    "metres without end": ("EPSG:32633", metres(1e15, 1e15), NOWHERE),
    "degrees without end": ("EPSG:4326", degrees(1e6, 1e6), NOWHERE),
    "sinusoidal": ("+proj=sinu +R=6371007.181 +units=m", metres(-1e6, 5e6, 463.3), ""),
    "turned": ("EPSG:32633", Affine(8, 6, 500_000, 6, -8, 5_400_000), ""),
    "south up": ("EPSG:32633", Affine(10, 0, 500_000, 0, 10, 5_400_000), ""),
    "another pole": ("+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=40 +lon_0=10 +R=6371229", degrees(1, 1), ""),
}


@pytest.mark.parametrize(("crs", "transform", "said"), CASES.values(), ids=CASES.keys())
def test_make_plan_of_a_raster_in_an_odd_place(tmp_path: Path, crs: str, transform: Affine, said: str) -> None:
    profile = {"driver": "GTiff", "dtype": "uint16", "nodata": 0, "count": 4, "height": 40, "width": 40}
    profile |= {"crs": crs if crs.startswith("LOCAL") else pyproj.CRS(crs).to_wkt(), "transform": transform}
    for day in DATES:
        with rasterio.open(tmp_path / f"{day}.tif", "w", **profile) as out:
            out.write(ground(40, 40).astype("uint16"))
    workflow = write_workflow(tmp_path, DATES)
    if not said:
        plan = make_plan(workflow)
        assert 0 < plan.grid.ground_resolution_m < 2e6
        return
    with pytest.raises(InputError, match=said) as caught:
        make_plan(workflow)
    assert all(str(problem).startswith(f"{workflow}:") for problem in caught.value.problems)
