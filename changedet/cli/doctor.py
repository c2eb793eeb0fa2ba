"""``changedet doctor``: what this machine has, and what of it will go wrong."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import cv2
import numpy as np
import pyproj
import rasterio
from packaging.requirements import Requirement

from changedet.errors import ChangedetError
from changedet.libraries import __version__
from changedet.models.loader import RELEASED, released_content
from changedet.plan import available_bytes, cores
from changedet.stages.objects import detector

LEAST_MEMORY_BYTES = 1 << 30
LEAST_DISK_BYTES = 1 << 30
"""With less a warning is given."""
EXACT_PX = 1e-3
"""Largest error of a sub-pixel warp that is taken for exact: a thirtieth of the 1/32 px that older OpenCV rounds to."""


def examine() -> tuple[list[str], list[str]]:
    """Versions, geodata, resources and the fitted models of this machine.

    Returns
    -------
    lines : list of str
        What was found, to be printed.
    troubles : list of str
        A warning for each thing that stands in the way of a run.
    """
    lines = [f"changedet {__version__}, Python {platform.python_version()} on {platform.platform()}"]
    troubles = [*_packages(lines), *_geodata(lines), *_machine(lines), *_warping(lines), *_models(lines)]
    lines.append("all is well" if not troubles else f"{len(troubles)} thing(s) to see to")
    return lines, troubles


def _packages(lines: list[str]) -> list[str]:
    troubles = []
    for text in requires("changedet") or []:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(wanted.name)
        except PackageNotFoundError:
            troubles.append(f"{wanted.name} is not installed; run: pip install '{wanted}'")
            continue
        lines.append(f"{wanted.name} {found}")
        if found not in wanted.specifier:
            troubles.append(f"{wanted.name} {found} does not fit {wanted.specifier}; run: pip install '{wanted}'")
    return troubles


def _geodata(lines: list[str]) -> list[str]:
    troubles = []
    lines.append(f"GDAL {rasterio.__gdal_version__}, PROJ {pyproj.proj_version_str}")
    lines.append(f"PROJ data in {pyproj.datadir.get_data_dir()}")
    try:
        pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True).transform(15.0, 50.0)
    except pyproj.exceptions.ProjError as error:
        troubles.append(f"PROJ cannot transform coordinates ({error}); unset PROJ_LIB and PROJ_DATA")
    foreign = [name for name in ("PROJ_LIB", "PROJ_DATA", "GDAL_DATA") if os.environ.get(name)]
    if foreign:
        troubles.append(f"{', '.join(foreign)} point to data of another installation; unset them if CRS errors appear")
    return troubles


def _machine(lines: list[str]) -> list[str]:
    memory = available_bytes()
    place = Path(tempfile.gettempdir())
    disk = shutil.disk_usage(place).free
    lines.append(
        f"{cores()} cores, {memory / 2**30:.1f} GiB of memory free, {disk / 2**30:.1f} GiB of disk free in {place}"
    )
    troubles = []
    if memory < LEAST_MEMORY_BYTES:
        troubles.append(
            f"only {memory / 2**20:.0f} MB of memory are free; a run needs some 500 MB and more for each worker"
        )
    if disk < LEAST_DISK_BYTES:
        troubles.append(f"only {disk / 2**20:.0f} MB of disk are free in {place}")
    return troubles


def _warping(lines: list[str]) -> list[str]:
    """Older OpenCV rounds sub-pixel positions to 1/32 px, which would show as false change."""
    ramp = np.tile(np.arange(64, dtype=np.float32), (8, 1))
    moved = cv2.warpAffine(
        ramp, np.array([[1, 0, 0.123], [0, 1, 0]], np.float32), (64, 8), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    error = float(np.abs(moved[2:-2, 2:-2] - (ramp[2:-2, 2:-2] + 0.123)).max())
    lines.append(f"sub-pixel warp exact to {error:.1e} px")
    if error < EXACT_PX:
        return []
    return [f"OpenCV {cv2.__version__} resamples to {error:.3f} px only; run: pip install 'opencv-python-headless>=5'"]


def _models(lines: list[str]) -> list[str]:
    """The files of fitted models must be those that were released: a run reads some of them late."""
    troubles = []
    try:
        content = detector.model_bytes()
        lines.append(f"{detector.MODEL}: SHA-256 {hashlib.sha256(content).hexdigest()}, as released")
    except ChangedetError as error:
        troubles.append(str(error))
    for name in RELEASED:
        try:
            released_content(name)
        except ChangedetError as error:
            troubles.append(str(error))
    if not troubles:
        lines.append(f"{len(RELEASED)} more files of models, as released")
    return troubles
