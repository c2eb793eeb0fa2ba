"""Planet's scenes (PlanetScope, SkySat, RapidEye): ``20220405_012345_..._AnalyticMS_SR.tif`` with metadata and UDM2."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Final

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

_ITEM: Final = re.compile(
    r"(?P<id>(?P<day>[0-9]{8})_(?P<time>[0-9]{6})_(?:[0-9]{2}_)?(?P<satellite>[0-9a-f]{4}|ssc?[0-9]+[a-z0-9]*)(?:_u?[0-9]{4})?)_"
    r"(?:[13][AB]_)?(?P<product>(?:basic_|ortho_)?[A-Za-z]\w*?)(?:_clip)?(?:_file_format)?\.tiff?",
    re.IGNORECASE,
)
_TILE: Final = re.compile(
    r"(?P<id>(?:[0-9]+_)?[0-9]+_(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})_(?P<satellite>[0-9a-f]{4}|RE[1-5]))_"
    r"(?:3A_|BGRN_|RGB_)?(?P<product>(?:Analytic_)?SR|Analytic|DN|Visual|(?:[A-Za-z]+_)?udm|udm2)(?:_clip)?\.tiff?",
    re.IGNORECASE,
)
"""Of the older tiles on Planet's own grid: of PlanetScope ``STRIP_TILE_DAY_SATELLITE_BGRN_SR``, of RapidEye
``TILE_DAY_RE4_3A_Analytic``."""
_PRODUCTS: Final = (
    ("pansharpened", 6, "pansharpened"),
    ("analyticms_sr", 5, "surface reflectance"),
    ("analytic_sr", 5, "surface reflectance"),
    ("sr", 5, "surface reflectance"),
    ("analytic", 4, "analytic"),
    ("dn", 3, "digital numbers"),
    ("visual", 2, "8-bit visual"),
    ("panchromatic", 1, "panchromatic"),
)
"""What a product's name begins with, its rank, its name in words."""
_EIGHT: Final = ("coastal", "blue", "", "green", "", "red", "rededge", "nir")
"""Of SuperDove; the first green and yellow have no role."""
_ANALYTIC: Final[Mapping[int, tuple[str, ...]]] = {4: BGRN, 5: ("blue", "green", "red", "rededge", "nir"), 8: _EIGHT}
_VISUAL: Final[Mapping[int, tuple[str, ...]]] = {3: RGB, 4: (*RGB, "")}
_PAN: Final[Mapping[int, tuple[str, ...]]] = {1: ("pan",)}
_UDM2: Final = re.compile("(?:^|_)udm2$", re.IGNORECASE)
"""Of PlanetScope a product of its own; SkySat's begin with the product that they belong to."""
_OTHER_MASK: Final = "the mask of another product of the same look"
_OLD_MASK: Final = "a mask of the first kind, which is not read"


def planet_scenes(paths: Sequence[str], folders: Folders) -> Found:
    """Planet's scenes among some files.

    Parameters
    ----------
    paths : sequence of str
        Raster files.
    folders : Folders
        To look for what lies beside them.

    Returns
    -------
    Found
        The best product of each item, with its usable data mask.
    """
    items = [(path, match) for path in paths if (match := _item(os.path.basename(path)))]  # noqa: PTH119
    masks: dict[tuple[str, str], list[str]] = {}
    left_out: dict[str, str] = {}
    for path, match in items:
        if _UDM2.search(match["product"]):
            masks.setdefault((os.path.dirname(path), match["id"]), []).append(path)  # noqa: PTH120
        elif re.search("udm$", match["product"], re.IGNORECASE):
            left_out[path] = _OLD_MASK
    known = [(path, match, kind) for path, match in items if (kind := _product(match["product"]))]
    scenes = [_scene(path, match, kind, masks, folders) for path, match, kind in known]
    best = best_products(scenes)
    taken = {one.mask for one in best.deliveries}
    items_seen = {(os.path.dirname(path), match["id"]) for path, match, _ in known}  # noqa: PTH120
    spare = {path: _OTHER_MASK for key in items_seen & masks.keys() for path in masks[key] if path not in taken}
    return Found(best.deliveries, {**left_out, **spare, **best.left_out})


def _item(name: str) -> re.Match[str] | None:
    return _ITEM.fullmatch(name) or _TILE.fullmatch(name)


def _product(name: str) -> tuple[str, int, str] | None:
    plain = re.sub("^(basic_|ortho_)", "", name.lower())
    return next((product for product in _PRODUCTS if plain.startswith(product[0]) and "udm" not in plain), None)


def _scene(
    path: str,
    match: re.Match[str],
    kind: tuple[str, int, str],
    masks: Mapping[tuple[str, str], Sequence[str]],
    folders: Folders,
) -> Delivery:
    folder = os.path.dirname(path)  # noqa: PTH120
    metadata = _metadata(folder, match["id"], folders)
    time = match.groupdict().get("time")
    named: Moment | None = moment_of(f"{match['day']}T{time}" if time else match["day"])
    moment, doubt = agreed(
        named, moment_of(metadata.text("acquired", "acquisitiondatetime", "acquisitiondate")), source_of(metadata)
    )
    _, rank, product = kind
    return Delivery(
        paths=(("", path),),
        source=source_of(metadata),
        moment=moment,
        doubt=doubt,
        bands=_VISUAL if product.endswith("visual") else _PAN if product == "panchromatic" else _ANALYTIC,
        sensor=_sensor(metadata, match["satellite"]),
        mask=_own_mask(path, masks.get((folder, match["id"]), ())),
        sun=usable_sun(
            metadata.text("sun_azimuth", "illuminationazimuthangle"),
            metadata.text("sun_elevation", "illuminationelevationangle"),
        ),
        view=usable_view(
            metadata.text("view_angle", "spacecraftviewangle"), opposite(metadata.text("satellite_azimuth"))
        ),
        nodata=FILL,
        # Bands that differ from those of other dates are not compared: eight before four decides only within a product.
        rank=2 * rank + ("8b" in match["product"].lower()),
        product=product,
        look=match["id"],
        flaw=flaw_of(metadata),
    )


def _own_mask(path: str, masks: Sequence[str]) -> str:
    """Of the masks of one item, that of the product itself: each product of SkySat comes with one of its own."""
    own = re.sub(r"(?:_clip)?(?:_file_format)?\.tiff?$", "", path, flags=re.IGNORECASE)
    return next((mask for mask in masks if mask.startswith(f"{own}_")), next(iter(masks), ""))


def _metadata(folder: str, item: str, folders: Folders) -> Metadata:
    own = [name for name in folders.names(folder) if name.lower().startswith(item.lower())]
    ends = ("metadata.json", "metadata_clip.xml", "metadata.xml")
    beside = [name for end in ends for name in own if name.lower().endswith(end)] + [
        name for name in own if name.lower() == f"{item.lower()}.json"
    ]
    read = [read_metadata(os.path.join(folder, name)) for name in beside[:4]]  # noqa: PTH118
    return next((one for one in read if one.values), next(iter(read), Metadata()))


def _sensor(metadata: Metadata, satellite: str) -> str:
    if satellite.lower().startswith(("s", "re")):
        return "SkySat" if satellite.lower().startswith("s") else "RapidEye"
    instrument = plain_name(metadata.text("instrument", "shortname"))
    return f"PlanetScope {instrument}" if re.match("PS", instrument) else "PlanetScope"
