"""Maxar's open data: ``2023-02-07/10300110E0CE5000-visual.tif`` with ``-ms``, ``-pan`` and a STAC item beside it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Final

from changedet.workflow.starter.vendors.delivery import (
    BGRN,
    RGB,
    Delivery,
    Folders,
    Found,
    best_products,
    flaw_of,
    source_of,
)
from changedet.workflow.starter.vendors.maxar import SATELLITES
from changedet.workflow.starter.vendors.metadata_files import Metadata, read_metadata
from changedet.workflow.starter.vendors.metadata_words import agreed, moment_of, plain_name, usable_sun, usable_view

_NAME: Final = re.compile(
    r"(?P<id>[0-9A-F]{16})-(?P<kind>visual|ms|pan)(?:_clip)?\.tiff?",
    re.IGNORECASE,
)
"""Of a file: the number of the picture in Maxar's catalogue, and what the file holds."""
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""Name of the folder that holds the pictures of a day."""
_EIGHT: Final = ("coastal", "blue", "green", "", "red", "rededge", "nir", "")
"""Of WorldView-2 and 3; yellow and the second near infrared have no role."""
_BANDS: Final[Mapping[str, Mapping[int, tuple[str, ...]]]] = {
    "visual": {3: RGB, 4: (*RGB, "")},
    "ms": {4: BGRN, 8: _EIGHT},
    "pan": {1: ("pan",)},
}
_PRODUCTS: Final = {"visual": ("visual", 3), "ms": ("multispectral", 2), "pan": ("panchromatic", 1)}
"""The visual one has the pixels of the panchromatic one, without which no container can be counted, in colour."""


def open_scenes(paths: Sequence[str], folders: Folders) -> Found:
    """Scenes of Maxar's open data among some files.

    Parameters
    ----------
    paths : sequence of str
        Raster files.
    folders : Folders
        To look for the items beside them.

    Returns
    -------
    Found
        Of each tile and picture one file: visual before multispectral before panchromatic.
    """
    named = [(path, match) for path in paths if (match := _NAME.fullmatch(os.path.basename(path)))]  # noqa: PTH119
    return best_products([_scene(path, match, folders) for path, match in named])


def _scene(path: str, match: re.Match[str], folders: Folders) -> Delivery:
    folder, kind = os.path.dirname(path), match["kind"].lower()  # noqa: PTH120
    item = folders.find(folder, f"{match['id']}.json")
    metadata = read_metadata(item) if item else Metadata()
    day = os.path.basename(os.path.abspath(folder))  # noqa: PTH100, PTH119
    named = moment_of(day) if _DAY.fullmatch(day) else None
    moment, doubt = agreed(named, moment_of(metadata.text("datetime")), source_of(metadata))
    product, rank = _PRODUCTS[kind]
    platform = metadata.text("platform")
    return Delivery(
        paths=(("", path),),
        source=source_of(metadata) if metadata.values else "the name of its folder",
        moment=moment,
        doubt=doubt or ("" if moment else "no item beside it, and its folder is not named after a day"),
        bands=_BANDS[kind],
        sensor=SATELLITES.get(platform.upper(), plain_name(platform)),
        sun=usable_sun(metadata.text("sun_azimuth"), metadata.text("sun_elevation")),
        # Whether the item's azimuth is that of the satellite or of the scene is not said; roofs that lean the wrong way
        # are worse than roofs of which nothing is known.
        view=usable_view(metadata.text("off_nadir")),
        rank=rank,
        product=product,
        look=os.path.join(folder, match["id"].upper()),  # noqa: PTH118
        flaw=flaw_of(metadata),
    )
