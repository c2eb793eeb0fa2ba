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
_ICEYE_NEW: Final = re.compile(
    r"ICEYE_[A-Z0-9]+_(?P<moment>[0-9]{8}T[0-9]{6})Z?_.*_(?P<kind>GRD|SLC|CSI|QLK|VID|SIDD|SICD|CPHD)\.(?:tiff?|nitf?|ntf)",
    re.IGNORECASE,
)
"""Since 2025: the moment comes first, the kind last."""
_CAPELLA: Final = re.compile(
    r"CAPELLA_C[0-9]+_[A-Z]+_(?P<kind>GEO|GEC|SLC|SICD|SIDD|CPHD)_(?P<role>HH|VV)_(?P<moment>[0-9]{14})_[0-9]{14}\.(?:tiff?|nitf?|ntf)",
    re.IGNORECASE,
)
_UMBRA: Final = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})-(?P<time>[0-9]{2}-[0-9]{2}-[0-9]{2})_UMBRA-[0-9]+_"
    r"(?P<kind>GEC|CSI|SICD|SIDD|CPHD)(?:_MM)?\.(?:tiff?|nitf?|ntf)",
    re.IGNORECASE,
)
_OTHER: Final = "another product than the amplitudes on the ground that changedet reads"
_COMPLEX_KINDS: Final = frozenset({"SLC", "SICD", "CPHD"})
_AMPLITUDES: Final = frozenset({"GRD", "ORTHO", "AMPL", "GEC", "GEO"})
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
        Amplitudes; Sentinel-1's polarisations of one moment are one scene. Complex pixels and other products are left
        out.
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
            kind = own.product.upper()
            if kind in _AMPLITUDES:
                scenes.append(own)
            else:
                left_out[path] = _COMPLEX if kind in _COMPLEX_KINDS else _OTHER
    for (_folder, look, moment), files in pairs.items():
        when = moment_of(moment.upper())
        sensor = f"Sentinel-1{look[2].upper()}"
        scenes.append(Delivery(tuple(sorted(files.items(), reverse=True)), "its name", when, sensor=sensor))
    return Found(tuple(scenes), left_out)


def _single(path: str, name: str) -> Delivery | None:
    """A scene of one file, its product as the name has it."""
    iceye = _ICEYE.fullmatch(name) or _ICEYE_NEW.fullmatch(name)
    capella, umbra = _CAPELLA.fullmatch(name), _UMBRA.fullmatch(name)
    if iceye:
        # All of ICEYE's satellites send and receive vertically.
        match, when, role, sensor = iceye, iceye["moment"].upper(), "vv", "ICEYE"
    elif capella:
        when = f"{capella['moment'][:8]}T{capella['moment'][8:]}"
        match, role, sensor = capella, capella["role"].lower(), "Capella"
    elif umbra:
        when = f"{umbra['day']}T{umbra['time'].replace('-', ':')}"
        match, role, sensor = umbra, "amplitude", "Umbra"
    else:
        return None
    return Delivery(
        (("", path),), "its name", moment_of(when), bands={1: (role,)}, sensor=sensor, product=match["kind"]
    )
