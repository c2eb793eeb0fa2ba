"""Radar scenes whose names say all: ICEYE, Capella, Umbra, and Sentinel-1's ``measurement`` folders."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final

from changedet.workflow.starter.vendors.delivery import Delivery, Folders, Found
from changedet.workflow.starter.vendors.metadata_words import moment_of

_COMPLEX: Final = "single-look complex; changedet reads amplitudes"
_ICEYE: Final = re.compile(
    r"ICEYE_(?:X[0-9]+_)?(?P<kind>GRD|SLC|ORTHO|AMPL)_.*?(?P<moment>[0-9]{8}T[0-9]{6}).*\.tiff?", re.IGNORECASE
)
_CAPELLA: Final = re.compile(
    r"CAPELLA_C[0-9]+_[A-Z]+_(?P<kind>GEO|GEC|SLC|SICD|SIDD|CPHD)_(?P<role>HH|VV)_(?P<moment>[0-9]{14})_[0-9]{14}\.tiff?",
    re.IGNORECASE,
)
_UMBRA: Final = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})-(?P<time>[0-9]{2}-[0-9]{2}-[0-9]{2})_UMBRA-[0-9]+_GEC\.tiff?", re.IGNORECASE
)
_SENTINEL1: Final = re.compile(
    r"(?P<look>(?P<satellite>s1[a-d])-(?:iw|ew|s[1-6])-(?P<kind>grd|slc))-(?P<role>vv|vh|hh|hv)-"
    r"(?P<moment>[0-9]{8}t[0-9]{6})-(?P<rest>[0-9t]+-[0-9]+-[0-9a-f]+)-[0-9]+(?:-cog)?\.tiff?",
    re.IGNORECASE,
)


def radar_scenes(paths: Sequence[str], _: Folders) -> Found:
    """Radar scenes among some files, by their names.

    Parameters
    ----------
    paths : sequence of str
        Raster files.
    _ : Folders
        Not needed: the names say all.

    Returns
    -------
    Found
        Amplitudes; Sentinel-1's polarisations of one moment are one scene. Complex pixels are left out.
    """
    scenes: list[Delivery] = []
    left_out: dict[str, str] = {}
    pairs: dict[tuple[str, ...], dict[str, str]] = {}
    for path in paths:
        name = os.path.basename(path)  # noqa: PTH119
        sentinel = _SENTINEL1.fullmatch(name)
        if sentinel and sentinel["kind"].lower() == "grd":
            words = (os.path.dirname(path), sentinel["look"], sentinel["moment"], sentinel["rest"])  # noqa: PTH120
            pairs.setdefault(words[:3], {})[sentinel["role"].lower()] = path
        elif sentinel:
            left_out[path] = _COMPLEX
        elif (own := _single(path, name)) is not None:
            left_out |= {path: _COMPLEX} if own.product == "complex" else {}
            scenes += [] if own.product == "complex" else [own]
    for (_folder, look, moment), files in pairs.items():
        when = moment_of(moment.upper())
        sensor = f"Sentinel-1{look[2].upper()}"
        scenes.append(Delivery(tuple(sorted(files.items(), reverse=True)), "its name", when, sensor=sensor))
    return Found(tuple(scenes), left_out)


def _single(path: str, name: str) -> Delivery | None:
    """A scene of one file; of the product "complex" where it holds no amplitudes."""
    whole = (("", path),)
    iceye, capella, umbra = _ICEYE.fullmatch(name), _CAPELLA.fullmatch(name), _UMBRA.fullmatch(name)
    if iceye:
        product = "complex" if iceye["kind"].upper() == "SLC" else ""
        # All of ICEYE's satellites send and receive vertically.
        return Delivery(
            whole, "its name", moment_of(iceye["moment"].upper()), bands={1: ("vv",)}, sensor="ICEYE", product=product
        )
    if capella:
        product = "" if capella["kind"].upper() in {"GEO", "GEC"} else "complex"
        when = moment_of(f"{capella['moment'][:8]}T{capella['moment'][8:]}")
        role = capella["role"].lower()
        return Delivery(whole, "its name", when, bands={1: (role,)}, sensor="Capella", product=product)
    if umbra:
        when = moment_of(f"{umbra['day']}T{umbra['time'].replace('-', ':')}")
        return Delivery(whole, "its name", when, bands={1: ("amplitude",)}, sensor="Umbra")
    return None
