"""Folders of scenes as vendors deliver them: their names, their metadata, their masks, around any pixels."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import ColorInterp


@dataclass(frozen=True)
class Shot:
    """One look at a place: bands blue, green, red and near infrared, uint16 (band, y, x)."""

    when: dt.datetime
    image: NDArray[np.uint16]
    transform: Affine
    crs: str = "EPSG:32633"
    sun_azimuth: float = 151.25
    sun_elevation: float = 48.5
    off_nadir: float = 14.5
    satellite_azimuth: float = 80.0


def write(path: Path, image: NDArray[np.generic], shot: Shot) -> None:
    """A GeoTIFF that says nothing of its bands, as most vendors' do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stacked = np.asarray(image if image.ndim == 3 else image[None])
    count, height, width = stacked.shape
    across, down, at = shot.image.shape[2] / width, shot.image.shape[1] / height, shot.transform
    place = {"crs": shot.crs, "transform": Affine(at.a * across, 0, at.c, 0, at.e * down, at.f)}
    size = {"count": count, "height": height, "width": width, "dtype": stacked.dtype, "photometric": "MINISBLACK"}
    with rasterio.open(path, "w", driver="GTiff", nodata=0, **place, **size) as out:
        out.write(stacked)
        out.colorinterp = [ColorInterp.gray, *[ColorInterp.undefined] * (count - 1)]


def coarser(image: NDArray[np.generic], factor: int) -> NDArray[np.generic]:
    """Every so many pixels."""
    return np.ascontiguousarray(image[..., ::factor, ::factor])


def maxar(folder: Path, shots: Sequence[Shot]) -> None:
    """An order of WorldView-3: a folder each for colour and panchromatic, with IMD, XML, TIL and previews."""
    for number, shot in enumerate(shots, 1):
        order = f"{14567890000 + number:014d}_01"
        stamp = f"{shot.when:%y%b%d%H%M%S}".upper()
        for kind, image, bands in (("M", shot.image, "BGRN"), ("P", shot.image.mean(axis=0).astype(np.uint16), "P")):
            inside = folder / order / f"{order}_P001_{'MUL' if kind == 'M' else 'PAN'}"
            name = f"{stamp}-{kind}2AS-{order}_P001"
            write(inside / f"{name}.TIF", image, shot)
            (inside / f"{name}.IMD").write_text(_imd(shot, bands))
            (inside / f"{name}.XML").write_text(_maxar_xml(shot, bands))
            (inside / f"{name}.TIL").write_text(f'bandId = "{"Multi" if kind == "M" else "P"}";\nnumTiles = 1;\n')
            (inside / f"{name}-BROWSE.JPG").write_bytes(b"\xff\xd8\xff")


def _imd(shot: Shot, bands: str) -> str:
    groups = "".join(
        f"BEGIN_GROUP = BAND_{band}\n\tULLon = 15.0;\n\tabsCalFactor = 9.3e-03;\nEND_GROUP = BAND_{band}\n"
        for band in bands
    )
    return (
        f'version = "28.4";\nnumRows = {shot.image.shape[1]};\nbandId = "{"P" if bands == "P" else "Multi"}";\n{groups}'
        f'BEGIN_GROUP = IMAGE_1\n\tsatId = "WV03";\n\tmode = "FullSwath";\n'
        f"\tfirstLineTime = {shot.when:%Y-%m-%dT%H:%M:%S}.678901Z;\n\tmeanSunAz = {shot.sun_azimuth};\n"
        f"\tmeanSunEl = {shot.sun_elevation};\n\tmeanSatAz = {shot.satellite_azimuth};\n"
        f"\tmeanOffNadirViewAngle = {shot.off_nadir};\n\tcloudCover = 0.000;\nEND_GROUP = IMAGE_1\nEND;\n"
    )


def _maxar_xml(shot: Shot, bands: str) -> str:
    groups = "".join(f"<BAND_{band}><ABSCALFACTOR>9.3e-03</ABSCALFACTOR></BAND_{band}>" for band in bands)
    return (
        f'<?xml version="1.0"?><isd><IMD><BANDID>{"P" if bands == "P" else "Multi"}</BANDID>{groups}<IMAGE>'
        f"<SATID>WV03</SATID><FIRSTLINETIME>{shot.when:%Y-%m-%dT%H:%M:%S}.678901Z</FIRSTLINETIME>"
        f"<MEANSUNAZ>{shot.sun_azimuth}</MEANSUNAZ><MEANSUNEL>{shot.sun_elevation}</MEANSUNEL>"
        f"<MEANSATAZ>{shot.satellite_azimuth}</MEANSATAZ>"
        f"<MEANOFFNADIRVIEWANGLE>{shot.off_nadir}</MEANOFFNADIRVIEWANGLE></IMAGE></IMD></isd>"
    )


def airbus(folder: Path, shots: Sequence[Shot]) -> None:
    """Orders of Pleiades: pansharpened, red first, with DIMAP files, masks and previews."""
    for number, shot in enumerate(shots, 1):
        stamp = f"{shot.when:%Y%m%d%H%M%S}123"
        inside = folder / f"IMG_PHR1A_PMS_00{number}"
        name = f"PHR1A_PMS_{stamp}_ORT_{6000 + number}101"
        write(inside / f"IMG_{name}_R1C1.TIF", shot.image[[2, 1, 0, 3]], shot)
        (inside / f"DIM_{name}.XML").write_text(_dimap(shot, f"IMG_{name}_R1C1.TIF"))
        (inside / f"ICON_{name}.JPG").write_bytes(b"\xff\xd8\xff")
        (inside / f"PREVIEW_{name}.JPG").write_bytes(b"\xff\xd8\xff")
        (inside / "MASKS").mkdir()
        (inside / "MASKS" / f"CLD_{name}_MSK.GML").write_text("<gml/>")
        (folder / "VOL_PHR.XML").write_text("<Dimap_Document><Dataset_Identification/></Dimap_Document>")


def _dimap(shot: Shot, picture: str) -> str:
    bands = "".join(
        f"<Raster_Index><BAND_ID>{band}</BAND_ID><BAND_INDEX>{i}</BAND_INDEX></Raster_Index>"
        for i, band in enumerate(("B2", "B1", "B0", "B3"), 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Dimap_Document><Raster_Data><Data_Access><Data_Files>'
        f'<Data_File tile_R="1" tile_C="1"><DATA_FILE_PATH href="{picture}"/></Data_File></Data_Files></Data_Access>'
        f"<Raster_Display><Raster_Index_List>{bands}</Raster_Index_List></Raster_Display></Raster_Data>"
        "<Geometric_Data><Use_Area><Located_Geometric_Values><LOCATION_TYPE>Top Center</LOCATION_TYPE>"
        "<Solar_Incidences><SUN_AZIMUTH>1</SUN_AZIMUTH><SUN_ELEVATION>2</SUN_ELEVATION></Solar_Incidences>"
        "</Located_Geometric_Values><Located_Geometric_Values><LOCATION_TYPE>Center</LOCATION_TYPE>"
        f"<Acquisition_Angles><AZIMUTH_ANGLE>180.1</AZIMUTH_ANGLE><VIEWING_ANGLE>{shot.off_nadir}</VIEWING_ANGLE>"
        f"</Acquisition_Angles><Solar_Incidences><SUN_AZIMUTH>{shot.sun_azimuth}</SUN_AZIMUTH>"
        f"<SUN_ELEVATION>{shot.sun_elevation}</SUN_ELEVATION></Solar_Incidences></Located_Geometric_Values></Use_Area>"
        "</Geometric_Data><Dataset_Sources><Source_Identification><Strip_Source><MISSION>PHR</MISSION>"
        f"<MISSION_INDEX>1A</MISSION_INDEX><IMAGING_DATE>{shot.when:%Y-%m-%d}</IMAGING_DATE>"
        f"<IMAGING_TIME>{shot.when:%H:%M:%S}.1Z</IMAGING_TIME></Strip_Source></Source_Identification></Dataset_Sources>"
        "</Dimap_Document>"
    )


def planet(folder: Path, shots: Sequence[Shot]) -> None:
    """An order of SkySat: analytic and visual, UDM2 and JSON of each item, and a manifest."""
    for number, shot in enumerate(shots, 1):
        item = f"{shot.when:%Y%m%d_%H%M%S}_ssc{number}_u0001"
        inside = folder / "files" / "SkySatCollect" / item
        write(inside / f"{item}_pansharpened.tif", shot.image, shot)
        visual = np.clip(shot.image[[2, 1, 0]] // 16, 1, 255).astype(np.uint8)
        write(inside / f"{item}_visual.tif", visual, shot)
        clear = np.zeros((8, *shot.image.shape[1:]), np.uint8)
        clear[0] = 1
        write(inside / f"{item}_udm2.tif", clear, shot)
        properties = {
            "acquired": f"{shot.when:%Y-%m-%dT%H:%M:%S}.75Z",
            "sun_azimuth": shot.sun_azimuth,
            "sun_elevation": shot.sun_elevation,
            "view_angle": shot.off_nadir,
            "satellite_azimuth": shot.satellite_azimuth,
            "provider": "skysat",
        }
        (inside / f"{item}_metadata.json").write_text(json.dumps({"id": item, "properties": properties}))
    (folder / "manifest.json").write_text('{"files": []}')


def sentinel2(folder: Path, shots: Sequence[Shot]) -> None:
    """SAFE folders of level 2A: bands of 10 and 20 m, scene classes, a picture for the eye, tile metadata."""
    for shot in shots:
        moment = f"{shot.when:%Y%m%dT%H%M%S}"
        safe = folder / f"S2B_MSIL2A_{moment}_N0509_R065_T33UVT_{moment}.SAFE"
        granule = safe / "GRANULE" / f"L2A_T33UVT_A012345_{moment}"
        fine, twenty = granule / "IMG_DATA" / "R10m", granule / "IMG_DATA" / "R20m"
        for band, image in zip(("B02", "B03", "B04", "B08"), shot.image, strict=True):
            write(fine / f"T33UVT_{moment}_{band}_10m.tif", image, shot)
            write(twenty / f"T33UVT_{moment}_{band if band != 'B08' else 'B8A'}_20m.tif", coarser(image, 2), shot)
        classes = np.full(coarser(shot.image[0], 2).shape, 5, np.uint8)
        write(twenty / f"T33UVT_{moment}_SCL_20m.tif", classes, shot)
        write(fine / f"T33UVT_{moment}_TCI_10m.tif", (shot.image[[2, 1, 0]] // 16).astype(np.uint8), shot)
        (granule / "MTD_TL.xml").write_text(
            '<?xml version="1.0"?><n1:Level-2A_Tile_ID xmlns:n1="https://psd-14.sentinel2.eo.esa.int"><n1:Geometric_Info>'
            f'<Tile_Angles><Mean_Sun_Angle><ZENITH_ANGLE unit="deg">{90 - shot.sun_elevation}</ZENITH_ANGLE>'
            f'<AZIMUTH_ANGLE unit="deg">{shot.sun_azimuth}</AZIMUTH_ANGLE></Mean_Sun_Angle></Tile_Angles>'
            "</n1:Geometric_Info></n1:Level-2A_Tile_ID>"
        )
        (safe / "MTD_MSIL2A.xml").write_text("<a><SPACECRAFT_NAME>Sentinel-2B</SPACECRAFT_NAME></a>")


def landsat(folder: Path, shots: Sequence[Shot]) -> None:
    """Bands of Landsat 8, collection 2, level 2, all in one folder, with QA_PIXEL and MTL files."""
    for shot in shots:
        product = f"LC08_L2SP_006066_{shot.when:%Y%m%d}_{shot.when:%Y%m%d}_02_T1"
        for band, image in zip(("B2", "B3", "B4", "B5"), shot.image, strict=True):
            write(folder / f"{product}_SR_{band}.TIF", image, shot)
        write(folder / f"{product}_SR_B1.TIF", shot.image[0], shot)
        write(folder / f"{product}_ST_B10.TIF", shot.image[3], shot)
        write(folder / f"{product}_QA_PIXEL.TIF", np.full(shot.image.shape[1:], 21824, np.uint16), shot)
        (folder / f"{product}_MTL.txt").write_text(
            "GROUP = LANDSAT_METADATA_FILE\n  GROUP = IMAGE_ATTRIBUTES\n"
            f'    SPACECRAFT_ID = "LANDSAT_8"\n    DATE_ACQUIRED = {shot.when:%Y-%m-%d}\n'
            f'    SCENE_CENTER_TIME = "{shot.when:%H:%M:%S}.1234567Z"\n    SUN_AZIMUTH = {shot.sun_azimuth}\n'
            f"    SUN_ELEVATION = {shot.sun_elevation}\n  END_GROUP = IMAGE_ATTRIBUTES\n"
            "END_GROUP = LANDSAT_METADATA_FILE\nEND\n"
        )


VENDORS: dict[str, Callable[[Path, Sequence[Shot]], None]] = {
    "maxar": maxar,
    "airbus": airbus,
    "planet": planet,
    "sentinel2": sentinel2,
    "landsat": landsat,
}
"""By name, what writes a folder."""
