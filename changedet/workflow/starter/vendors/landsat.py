"""Landsat's bands of collections 1 and 2: ``LC08_L2SP_..._SR_B4.TIF`` with ``_MTL.json`` or ``.txt`` and QA_PIXEL."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Final

from changedet.imagery.bands import role_from_description
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
from changedet.workflow.starter.vendors.metadata_words import Moment, agreed, moment_of, usable_sun

_NAME: Final = re.compile(
    r"(?P<id>(?P<sensor>L[COTEM]0[4-9])_(?P<level>L[12][A-Z]{2})_(?P<place>[0-9]{6})_(?P<day>[0-9]{8})_"
    r"(?P<made>[0-9]{8})_(?P<collection>[0-9]{2})_(?P<tier>T1|T2|RT))_(?P<band>\w+)\.tiff?",
    re.IGNORECASE,
)
_ROLES: Final = ("blue", "green", "red", "nir", "swir1", "swir2")
"""All of 30 m; coastal blue is mostly haze, the panchromatic band has other pixels."""
_SENSORS: Final = {
    "LC09": "Landsat 9 OLI-2",
    "LC08": "Landsat 8 OLI",
    "LO08": "Landsat 8 OLI",
    "LO09": "Landsat 9 OLI-2",
    "LE07": "Landsat 7 ETM+",
    "LT05": "Landsat 5 TM",
    "LT04": "Landsat 4 TM",
}
_SURFACE: Final = 100
"""Rank of surface reflectance, before that of any tier."""
_TIERS: Final = {"T1": 2, "T2": 1, "RT": 0}
_NOT_TAKEN: Final = "another band of the scene"


def landsat_scenes(paths: Sequence[str], folders: Folders) -> Found:
    """Landsat's scenes among some files.

    Parameters
    ----------
    paths : sequence of str
        Raster files.
    folders : Folders
        To look for metadata.

    Returns
    -------
    Found
        Of each scene its reflective bands of 30 m by role, with QA_PIXEL as mask.
    """
    groups: dict[tuple[str, str], dict[str, str]] = {}
    matches: dict[tuple[str, str], re.Match[str]] = {}
    for path in paths:
        match = _NAME.fullmatch(os.path.basename(path))  # noqa: PTH119
        if match is not None:
            key = os.path.dirname(path), match["id"].upper()  # noqa: PTH120
            groups.setdefault(key, {})[match["band"].upper()] = path
            matches[key] = match
    scenes: list[Delivery] = []
    left_out: dict[str, str] = {}
    for key, files in groups.items():
        mask = files.get("QA_PIXEL", "")
        taken = _taken(files, key[1])
        left_out |= {
            path: _NOT_TAKEN for path in files.values() if path not in {*taken.values(), mask if taken else ""}
        }
        if taken:
            scenes.append(_scene(matches[key], key[0], taken, mask, folders))
    best = best_products(scenes)
    return Found(best.deliveries, {**left_out, **best.left_out})


def _taken(files: Mapping[str, str], product: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for band, path in files.items():
        role = role_from_description(band, product) if re.fullmatch(r"(SR_)?B[1-7]", band) else None
        if role in _ROLES:
            found[str(role)] = path
    return {role: found[role] for role in _ROLES if role in found}


def _scene(match: re.Match[str], folder: str, taken: Mapping[str, str], mask: str, folders: Folders) -> Delivery:
    beside = [f"{match['id']}_MTL.{end}" for end in ("json", "txt", "xml")]
    metadata = read_metadata(folders.find(folder, *beside))
    named: Moment | None = moment_of(match["day"])
    moment, doubt = agreed(named, _told(metadata), source_of(metadata))
    level, tier = match["level"].upper(), match["tier"].upper()
    return Delivery(
        paths=tuple(taken.items()),
        source=source_of(metadata),
        moment=moment,
        doubt=doubt,
        sensor=_SENSORS.get(match["sensor"].upper(), ""),
        mask=mask,
        sun=usable_sun(metadata.text("sun_azimuth"), metadata.text("sun_elevation")),
        nodata=FILL,
        rank=_SURFACE * (level[1] == "2") + _TIERS.get(tier, 0),
        product=f"level {level[1:]} of tier {tier}",
        look=f"{match['sensor']} {match['place']} {match['day']}",
        flaw=flaw_of(metadata),
    )


def _told(metadata: Metadata) -> Moment | None:
    day, time = metadata.text("date_acquired"), metadata.text("scene_center_time")
    return moment_of(f"{day}T{time}") or moment_of(day)
