"""Maxar's scenes (formerly DigitalGlobe's): ``22APR05012345-M2AS-...TIF`` with ``.IMD``, ``.XML`` and ``.TIL``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Final

from changedet.imagery.angles import SunAngles
from changedet.workflow.starter.vendors.delivery import (
    BGRN,
    FILL,
    RGB,
    Delivery,
    Folders,
    Found,
    best_products,
    flaw_of,
    source_of,
)
from changedet.workflow.starter.vendors.metadata_files import Metadata, read_metadata
from changedet.workflow.starter.vendors.metadata_words import (
    Moment,
    agreed,
    moment_of,
    opposite,
    plain_name,
    usable_sun,
    usable_view,
)

_NAME: Final = re.compile(
    r"(?P<y>[0-9]{2})(?P<b>[A-Z]{3})(?P<d>[0-9]{2})(?P<H>[0-9]{2})(?P<M>[0-9]{2})(?P<S>[0-9]{2})-"
    r"(?P<kind>[MPSA])[0-9][A-Z]{2,3}(?P<tile>_R[0-9]+C[0-9]+)?-",
    re.IGNORECASE,
)
"""Of a product; its pixels, and everything about it, begin with this."""
_TILE: Final = re.compile(r"_R[0-9]+C[0-9]+", re.IGNORECASE)
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_KINDS: Final = {"S": "pansharpened", "M": "multispectral", "P": "panchromatic", "A": "shortwave infrared"}
_RANKS: Final = {"S": 3, "M": 2, "P": 1, "A": 0}
_GROUPS: Final = {
    "band_c": "coastal",
    "band_b": "blue",
    "band_g": "green",
    "band_y": "",
    "band_r": "red",
    "band_re": "rededge",
    "band_n": "nir",
    "band_n2": "",
    "band_p": "pan",
}
"""Groups of the IMD file, which stand in the order of the bands -> roles; yellow and the second near infrared have
none."""
_ORDERS: Final = {"rgb": RGB, "bgrn": BGRN, "nrg": ("nir", "red", "green"), "p": ("pan",)}
"""By ``bandId``."""
SATELLITES: Final = {
    "WV01": "WorldView-1",
    "WV02": "WorldView-2",
    "WV03": "WorldView-3",
    "WV04": "WorldView-4",
    "GE01": "GeoEye-1",
    "QB02": "QuickBird",
    "IK01": "IKONOS",
    "LG01": "WorldView Legion 1",
    "LG02": "WorldView Legion 2",
    "LG03": "WorldView Legion 3",
    "LG04": "WorldView Legion 4",
    "LG05": "WorldView Legion 5",
    "LG06": "WorldView Legion 6",
}
"""Names of Maxar's satellites, by what its metadata call them."""


def maxar_scenes(paths: Sequence[str], folders: Folders) -> Found:
    """Maxar's scenes among some files.

    Parameters
    ----------
    paths : sequence of str
        Raster files.
    folders : Folders
        To look for what lies beside them.

    Returns
    -------
    Found
        Those whose names are Maxar's, or beside which an IMD file or its XML lies; panchromatic ones only where no
        colour was delivered.
    """
    found = [scene for path in paths if (scene := _scene(path, folders)) is not None]
    return best_products(found)


def _scene(path: str, folders: Folders) -> Delivery | None:
    folder, name = os.path.split(path)
    match = _NAME.match(name)
    metadata = _metadata(folder, name, folders)
    if match is None and not metadata.text("satid"):
        return None
    moment, doubt = agreed(_named(match), _told(metadata), source_of(metadata))
    kind = match["kind"].upper() if match else ""
    return Delivery(
        paths=(("", path),),
        source=source_of(metadata),
        moment=moment,
        doubt=doubt,
        bands=_bands(metadata, kind),
        sensor=SATELLITES.get(metadata.text("satid").upper(), plain_name(metadata.text("satid"))),
        sun=_sun(metadata),
        view=usable_view(
            metadata.text("meanoffnadirviewangle", "offnadirviewangle"), opposite(metadata.text("meansataz", "sataz"))
        ),
        nodata=FILL,
        rank=_RANKS.get(kind, 0),
        product=_KINDS.get(kind, "product"),
        flaw=flaw_of(metadata),
    )


def _metadata(folder: str, name: str, folders: Folders) -> Metadata:
    """The IMD file of a scene, the XML that says the same, or that of the tiles of which it is one."""
    stem = os.path.splitext(name)[0]  # noqa: PTH122
    stems = list(dict.fromkeys((stem, _TILE.sub("", stem))))
    beside = [found for one in stems for end in (".IMD", ".XML") if (found := folders.find(folder, one + end))]
    read = [read_metadata(one) for one in beside]
    return next((one for one in read if one.text("satid")), next(iter(read), Metadata()))


def _named(match: re.Match[str] | None) -> Moment | None:
    if match is None or match["b"].upper() not in _MONTHS:
        return None
    month = _MONTHS.index(match["b"].upper()) + 1
    # The first of these satellites flew in 1999.
    century = "19" if match["y"] == "99" else "20"
    return moment_of(f"{century}{match['y']}-{month:02d}-{match['d']}T{match['H']}:{match['M']}:{match['S']}")


def _told(metadata: Metadata) -> Moment | None:
    return moment_of(metadata.text("firstlinetime", "tlctime", "earliestacqtime"))


def _bands(metadata: Metadata, kind: str) -> Mapping[int, tuple[str, ...]]:
    known = _ORDERS.get(metadata.text("bandid").lower())
    # The text names its groups, the XML has them as elements.
    names = [v.text if v.name == "group" else v.name for v in metadata.values]
    groups = list(dict.fromkeys(name for name in names if name.startswith("band_")))
    if known is None and metadata.text("bandid").lower() == "multi" and groups:
        known = tuple(_GROUPS.get(group, "") for group in groups)
    if known is None and kind == "P":
        known = ("pan",)
    return {} if known is None else {len(known): known}


def _sun(metadata: Metadata) -> SunAngles | None:
    return usable_sun(metadata.text("meansunaz", "sunaz"), metadata.text("meansunel", "sunel"))
