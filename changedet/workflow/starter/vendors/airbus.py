"""Airbus' scenes (Pleiades, Pleiades Neo, SPOT): a DIMAP file ``DIM_...XML`` and the pictures ``IMG_...`` it names."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Final

from changedet.workflow.starter.vendors.delivery import (
    RGB,
    Delivery,
    Folders,
    Found,
    best_products,
    flaw_of,
    in_blocks,
)
from changedet.workflow.starter.vendors.metadata_files import Metadata, Value, read_metadata
from changedet.workflow.starter.vendors.metadata_words import (
    Moment,
    agreed,
    moment_of,
    number,
    plain_name,
    usable_sun,
    usable_view,
)

_NAME: Final = re.compile(
    r"IMG_(?P<satellite>PHR1[AB]|PNEO[0-9]|SPOT[67])_(?:STD_)?(?:(?P<kind>{kinds})_)?"
    r"(?P<day>[0-9]{{8}})(?P<time>[0-9]{{6}})[0-9]*_(?:(?P<last>{kinds})_)?(?:.*_(?P<part>RGB|NED|P)_R[0-9]+C[0-9]+)?".format(
        kinds="PMS-FS|PMS-N|PMS-X|PMS|MS-FS|MS-N|MS-X|MS|PAN|P"
    ),
    re.IGNORECASE,
)
"""Pleiades Neo names the kind behind the time, and has a file of colours and one of near infrared, red edge and deep
blue."""
_DIM: Final = re.compile(r"DIM_.*\.XML|METADATA\.DIM", re.IGNORECASE)
_MOST_DIMS: Final = 200
"""DIMAP files that are read of one folder."""
_BANDS: Final = {
    "b0": "blue",
    "b1": "green",
    "b2": "red",
    "b3": "nir",
    "p": "pan",
    "pan": "pan",
    "r": "red",
    "g": "green",
    "b": "blue",
    "n": "nir",
    "nir": "nir",
    "re": "rededge",
    "db": "coastal",
}
"""``BAND_ID`` -> role."""
_MISSIONS: Final = {"PHR": "Pleiades-", "PNEO": "Pleiades Neo ", "SPOT": "SPOT "}
_SHORT: Final = {"PHR1A": "Pleiades-1A", "PHR1B": "Pleiades-1B", "SPOT6": "SPOT 6", "SPOT7": "SPOT 7"}
_PRODUCTS: Final = {
    "PMS": ("pansharpened", 3),
    "MS": ("multispectral", 2),
    "P": ("panchromatic", 1),
    "PAN": ("panchromatic", 1),
}
_PARTS: Final = {"RGB": RGB, "NED": ("nir", "rededge", "coastal"), "P": ("pan",)}
"""Bands of the files of Pleiades Neo, by their names."""
_NO_COLOUR: Final = "its near infrared and red edge, a file apart; stack both files into one to use them"


def airbus_scenes(paths: Sequence[str], folders: Folders) -> Found:
    """Airbus' scenes among some files.

    Parameters
    ----------
    paths : sequence of str
        Raster files.
    folders : Folders
        To look for the DIMAP files beside them.

    Returns
    -------
    Found
        Those that a DIMAP file beside them names, and those whose names are Airbus'; panchromatic ones only where no
        colour was delivered.
    """
    named = _named_pictures({os.path.dirname(path) for path in paths}, folders)  # noqa: PTH120
    scenes: list[Delivery] = []
    left_out: dict[str, str] = {}
    for path in paths:
        match = _NAME.match(os.path.basename(path))  # noqa: PTH119
        metadata, block = named.get(os.path.normcase(os.path.normpath(path)), (Metadata(), ()))
        if match is None and not metadata.values:
            continue
        bands = _bands(metadata, block) or _PARTS.get(((match and match["part"]) or "").upper(), ())
        if bands and not {"red", "pan"} & set(bands):
            left_out[path] = _NO_COLOUR
            continue
        scenes.append(_scene(path, match, metadata, bands))
    best = best_products(scenes)
    return Found(best.deliveries, {**left_out, **best.left_out})


def _scene(path: str, match: re.Match[str] | None, metadata: Metadata, bands: Sequence[str]) -> Delivery:
    source = os.path.basename(metadata.path) if metadata.values else "its name"  # noqa: PTH119
    moment, doubt = agreed(_in_name(match), _told(metadata), source)
    named = match and (match["kind"] or match["last"])
    kind = (named or metadata.text("spectral_processing")).upper().split("-")[0]
    product, rank = _PRODUCTS.get(kind, ("product", 0))
    return Delivery(
        paths=(("", path),),
        source=source,
        moment=moment,
        doubt=doubt,
        bands=_by_count(bands, kind),
        sensor=_sensor(metadata, match),
        sun=usable_sun(_central(metadata, "sun_azimuth"), _central(metadata, "sun_elevation")),
        # DIMAP's AZIMUTH_ANGLE is read in two ways by those who use it; roofs that lean the wrong way are worse than
        # roofs of which nothing is known.
        view=usable_view(_central(metadata, "viewing_angle", "incidence_angle")),
        nodata=_nodata(metadata),
        rank=rank,
        product=product,
        flaw=flaw_of(metadata),
    )


def _by_count(bands: Sequence[str], kind: str) -> Mapping[int, tuple[str, ...]]:
    if bands:
        return {len(bands): tuple(bands)}
    return {1: ("pan",)} if kind in {"P", "PAN"} else {}


def _named_pictures(parents: set[str], folders: Folders) -> dict[str, tuple[Metadata, Sequence[Value]]]:
    """By the path of each picture that a DIMAP file names: that file, and what it says of just this picture."""
    found: dict[str, tuple[Metadata, Sequence[Value]]] = {}
    for parent in sorted(parents):
        dims = [name for name in folders.names(parent) if _DIM.fullmatch(name)]
        for name in dims[:_MOST_DIMS]:
            metadata = read_metadata(os.path.join(parent, name))  # noqa: PTH118
            blocks = in_blocks(metadata.values, "data_files") or {0: list(metadata.values)}
            for block in blocks.values():
                for href in _hrefs(block):
                    path = os.path.normcase(os.path.normpath(os.path.join(parent, href)))  # noqa: PTH118
                    found.setdefault(path, (metadata, block))
    return found


def _hrefs(block: Sequence[Value]) -> list[str]:
    links = [value.attributes.get("href", "") for value in block if value.name == "data_file_path"]
    return [link for link in links if link and "\0" not in link and "://" not in link]


def _bands(metadata: Metadata, block: Sequence[Value]) -> list[str]:
    """The role of each band of a picture, as the DIMAP file lists them for it or, in one list, for all."""
    for values in (block, metadata.values):
        listed = in_blocks(values, "raster_index")
        pairs = []
        for entry in listed.values():
            told = {value.name: value.text for value in entry}
            if told.get("band_index", "").isascii() and told.get("band_index", "").isdecimal():
                pairs.append((int(told["band_index"][:6]), _BANDS.get(told.get("band_id", "").lower(), "")))
        if pairs:
            numbers = sorted(pairs)
            whole = [number for number, _ in numbers] == list(range(1, len(numbers) + 1))
            return [role for _, role in numbers] if whole else []
    return []


def _nodata(metadata: Metadata) -> float | None:
    for entry in in_blocks(metadata.values, "special_value").values():
        told = {value.name: value.text for value in entry}
        if told.get("special_value_text", "").upper() == "NODATA":
            return number(told.get("special_value_count", told.get("special_value_index", "")))
    return None


def _in_name(match: re.Match[str] | None) -> Moment | None:
    return None if match is None else moment_of(f"{match['day']}T{match['time']}")


def _told(metadata: Metadata) -> Moment | None:
    day, time = metadata.text("imaging_date"), metadata.text("imaging_time")
    return moment_of(f"{day}T{time}" if time else day)


def _sensor(metadata: Metadata, match: re.Match[str] | None) -> str:
    mission, index = metadata.text("mission").upper(), metadata.text("mission_index").upper()
    if mission:
        return plain_name(f"{_MISSIONS.get(mission, f'{mission} ')}{index}")
    short = match["satellite"].upper() if match else ""
    return _SHORT.get(short, short.replace("PNEO", "Pleiades Neo "))


def _central(metadata: Metadata, *names: str) -> str:
    """A value at the centre of the scene, where the file has several places; else its first."""
    places = in_blocks(metadata.values, "located_geometric_values").values()
    centre = [place for place in places if any(v.name == "location_type" and v.text == "Center" for v in place)]
    values = [value for place in centre for value in place] or list(metadata.values)
    return Metadata(values=tuple(values)).text(*names)
