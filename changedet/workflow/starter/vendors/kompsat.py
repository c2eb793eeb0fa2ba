"""KOMPSAT-3's and 3A's scenes, a file for each band: ``K3A_20190120043337_21100_00324917_L1G_PR.tif``."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final

from changedet.workflow.starter.vendors.delivery import FILL, Delivery, Folders, Found, best_products
from changedet.workflow.starter.vendors.metadata_words import moment_of

_NAME: Final = re.compile(
    r"(?P<look>(?P<satellite>K3A?)_(?P<day>[0-9]{8})(?P<time>[0-9]{6})_[0-9]+_[0-9]+_L[0-9][A-Z])_"
    r"(?P<sharp>P(?=[RGBN]))?(?P<band>[PRGBN])\.tiff?",
    re.IGNORECASE,
)
_ROLES: Final = {"P": "pan", "R": "red", "G": "green", "B": "blue", "N": "nir"}
_PRODUCTS: Final = {"pansharpened": 3, "multispectral": 2, "panchromatic": 1}
"""With their ranks: colour before the finer grey, as of the other vendors."""
_ORDER: Final = ("blue", "green", "red", "nir", "pan")


def kompsat_scenes(paths: Sequence[str], _: Folders) -> Found:
    """KOMPSAT's scenes among some files, by their names.

    Parameters
    ----------
    paths : sequence of str
        Raster files.
    _ : Folders
        Not needed: what lies beside them says nothing that is read.

    Returns
    -------
    Found
        The bands of one product of one look are one scene; panchromatic ones only where no colour was delivered.
    """
    looks: dict[tuple[str, str, str], dict[str, str]] = {}
    for path in paths:
        match = _NAME.fullmatch(os.path.basename(path))  # noqa: PTH119
        if match is None:
            continue
        role = _ROLES[match["band"].upper()]
        product = "pansharpened" if match["sharp"] else "panchromatic" if role == "pan" else "multispectral"
        looks.setdefault((os.path.dirname(path), match["look"].upper(), product), {})[role] = path  # noqa: PTH120
    return best_products([_scene(look, product, files) for (_folder, look, product), files in looks.items()])


def _scene(look: str, product: str, files: dict[str, str]) -> Delivery:
    satellite, when = look.split("_")[:2]
    return Delivery(
        paths=tuple((role, files[role]) for role in _ORDER if role in files),
        source="its name",
        moment=moment_of(f"{when[:8]}T{when[8:]}"),
        sensor=f"KOMPSAT-{satellite[1:]}",
        nodata=FILL,
        rank=_PRODUCTS[product],
        product=product,
        look=look,
    )
