"""Sentinel-2's bands, in their ``.SAFE`` folders or taken out of them: ``T33UVT_20230604T101601_B04_10m.jp2``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Final

from changedet.imagery.angles import SunAngles
from changedet.workflow.starter.vendors.delivery import (
    FILL,
    Delivery,
    Folders,
    Found,
    best_products,
    flaw_of,
    source_of,
)
from changedet.workflow.starter.vendors.metadata_files import Metadata, read_metadata
from changedet.workflow.starter.vendors.metadata_words import moment_of, usable_sun

_BAND: Final = re.compile(
    r"(?:L2A_)?(?P<tile>T[0-9]{2}[A-Z]{3})_(?P<moment>[0-9]{8}T[0-9]{6})_(?P<band>B[0-9][0-9A]|SCL|TCI|AOT|WVP)"
    r"(?:_(?P<size>[126]0)m)?\.(?:jp2|tiff?)",
    re.IGNORECASE,
)
_SAFE: Final = re.compile(
    r"(?P<name>(?P<satellite>S2[A-D])_MSI(?P<level>L1C|L2A)_[0-9]{8}T[0-9]{6}_N(?P<baseline>[0-9]{4})_[^/\\]*\.SAFE)",
    re.IGNORECASE,
)
_ROLES: Final = {"B02": "blue", "B03": "green", "B04": "red", "B08": "nir", "B8A": "nir", "SCL": "scl"}
_SIZES: Final = ("", "10", "20", "60")
"""Metres, finest first; the files of level 1C do not say theirs."""
_NOT_TAKEN: Final = "another band or pixel size, or a picture for the eye"
_LEVEL_2: Final = 100_000
"""Surface reflectance is taken before any processing baseline of the other."""


def sentinel2_scenes(paths: Sequence[str], folders: Folders) -> Found:
    """Sentinel-2's scenes among some files.

    Parameters
    ----------
    paths : sequence of str
        Raster files.
    folders : Folders
        To look for metadata.

    Returns
    -------
    Found
        Of each tile and moment blue, green, red and near infrared in the finest pixels in which all are there, with
        the scene classification as mask; of products processed twice the later.
    """
    groups: dict[tuple[str, str, str], dict[tuple[str, str], str]] = {}
    left_out: dict[str, str] = {}
    for path in paths:
        match = _BAND.fullmatch(os.path.basename(path))  # noqa: PTH119
        if match is not None:
            key = _folder_of(path), match["tile"].upper(), match["moment"].upper()
            groups.setdefault(key, {})[match["band"].upper(), match["size"] or ""] = path
        elif _SAFE.search(path):
            left_out[path] = _NOT_TAKEN
    scenes = []
    for (folder, tile, moment), files in groups.items():
        taken, mask = _taken(files)
        left_out |= {path: _NOT_TAKEN for path in files.values() if path not in {*taken.values(), mask}}
        if taken:
            scenes.append(_scene(folder, tile, moment, taken, mask, folders))
        elif mask:
            left_out[mask] = _NOT_TAKEN
    best = best_products(scenes)
    return Found(best.deliveries, {**left_out, **best.left_out})


def _folder_of(path: str) -> str:
    """The granule's folder of a file in a SAFE folder; else the file's own."""
    match = _SAFE.search(path)
    inside = re.split(r"[/\\]IMG_DATA[/\\]", path, maxsplit=1)[0]
    return inside if match and inside != path else os.path.dirname(path)  # noqa: PTH120


def _taken(files: Mapping[tuple[str, str], str]) -> tuple[dict[str, str], str]:
    """The files of the visible and near-infrared bands by role, and the mask."""
    best: dict[str, str] = {}
    for size in _SIZES:
        of_size = {_ROLES[band]: path for (band, own), path in files.items() if own == size and band in _ROLES}
        of_size.pop("scl", None)
        if ("B08", size) in files:
            of_size["nir"] = files["B08", size]
        if len(of_size) > len(best):
            best = of_size
    mask = next((files["SCL", size] for size in _SIZES if ("SCL", size) in files), "")
    order = ("blue", "green", "red", "nir")
    return {role: best[role] for role in order if role in best}, mask


def _scene(folder: str, tile: str, moment: str, taken: Mapping[str, str], mask: str, folders: Folders) -> Delivery:
    safe = _SAFE.search(next(iter(taken.values())))
    metadata = read_metadata(folders.find(folder, "MTD_TL.xml")) if safe else Metadata()
    level = safe["level"].upper() if safe else ""
    return Delivery(
        paths=tuple(taken.items()),
        source=source_of(metadata) if metadata.values or not safe else safe["name"],
        moment=moment_of(moment),
        sensor=f"Sentinel-2{safe['satellite'][-1].upper()}" if safe else "Sentinel-2",
        mask=mask,
        sun=_sun(metadata),
        nodata=FILL,
        rank=(_LEVEL_2 if level == "L2A" else 0) + (int(safe["baseline"]) if safe else 0),
        product=f"level {level[1:]}, baseline {safe['baseline']}" if safe else "product",
        look=f"{tile} {moment}",
        flaw=flaw_of(metadata),
    )


def _sun(metadata: Metadata) -> SunAngles | None:
    mean = Metadata(values=tuple(value for value in metadata.values if "mean_sun_angle" in value.path))
    try:
        elevation = str(90 - float(mean.text("zenith_angle")))
    except ValueError:
        return None
    return usable_sun(mean.text("azimuth_angle"), elevation)
