"""Raster files that are no scenes of their own: parts of a mosaic, bands without a role, small pictures of a scene."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from changedet.errors import InputError
from changedet.imagery.bands import is_band_without_role
from changedet.imagery.datasets import is_remote
from changedet.imagery.vrt import is_virtual, named_files

_FOR_THE_EYE = (".jpg", ".jpeg", ".png", ".bmp")
_WORLD_FILES = (".jgw", ".jpgw", ".pgw", ".pngw", ".bpw", ".wld", ".prj")
"""Endings of files that say where a picture lies, in place of its own."""
_NARROW_NIR = re.compile(r"B8A(?![A-Za-z0-9])")


def spare_files(paths: Sequence[str]) -> dict[str, str]:
    """The files among these that a workflow has no use for.

    Parameters
    ----------
    paths : sequence of str
        Of raster files, of which no vendor's metadata tell.

    Returns
    -------
    dict of path to str
        Why each is no scene of its own.
    """
    return _pictures(paths) | _spare_bands(paths) | _parts_of_mosaics(paths)


def _pictures(paths: Sequence[str]) -> dict[str, str]:
    """Pictures without a place of their own beside a raster of the same name, as vendors add them."""
    rasters = {str(Path(path).with_suffix("")) for path in paths if not path.lower().endswith(_FOR_THE_EYE)}
    found: dict[str, str] = {}
    for path in paths:
        if str(Path(path).with_suffix("")) not in rasters or not path.lower().endswith(_FOR_THE_EYE) or is_remote(path):
            continue
        beside = (*(str(Path(path).with_suffix(end)) for end in _WORLD_FILES), f"{path}.aux.xml")
        if not any(os.path.exists(name) for name in beside):  # noqa: PTH110
            found[path] = "a small picture of the raster of the same name"
    return found


def _parts_of_mosaics(paths: Sequence[str]) -> dict[str, str]:
    """Files that others among them, VRTs, show."""
    by_file = {os.path.realpath(path): path for path in paths if not is_remote(path)}
    found: dict[str, str] = {}
    for path in by_file.values():
        try:
            shown = named_files(path) if is_virtual(path) else []
        except InputError:
            # Said where its header is read.
            continue
        inside = [by_file[own] for name in shown if (own := os.path.realpath(name)) in by_file]
        found |= {own: f"shown by {Path(path).name}" for own in inside if own != path}
    return found


def _spare_bands(paths: Sequence[str]) -> dict[str, str]:
    """Of scenes of one band a file, bands without a role, and Sentinel-2's narrow near infrared beside the wide one."""
    found: dict[str, str] = {}
    there = set(paths)
    for path in paths:
        # Where the name of a band ends, as `role_from_name` has it.
        words = re.split(r"[_\-. ]+", Path(path).stem)[-2:]
        if any(is_band_without_role(word, path) for word in words if word.lower().startswith("b")):
            found[path] = "a band without a role"
        elif _NARROW_NIR.sub("B08", path) in there and _NARROW_NIR.search(Path(path).name):
            found[path] = "near infrared as in B08, which is taken"
    return found
