"""Paths, names and bands as they stand in a starter workflow."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from changedet.imagery.datasets import is_remote


def relative(path: str, folder: str) -> str:
    """A path as the workflow names it.

    Parameters
    ----------
    path : str
        Of a file, or a URL.
    folder : str
        Of the workflow.

    Returns
    -------
    str
        Relative to the folder; a URL as it is.
    """
    return path if is_remote(path) else Path(os.path.relpath(path, folder)).as_posix()


def quoted(value: str) -> str:
    """A YAML scalar: plain where that cannot be misread, else quoted as JSON, which YAML reads alike.

    Parameters
    ----------
    value : str
        The text.

    Returns
    -------
    str
        As it stands in the file.
    """
    plain = re.fullmatch(r"[A-Za-z_./][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*", value)
    words = {"no", "yes", "on", "off", "null", "true", "false", "y", "n", ".nan", ".inf"}
    return value if plain and value.lower() not in words else json.dumps(value, ensure_ascii=False)


def bands_in_yaml(bands: Mapping[str, int]) -> str:
    """Bands by role as a mapping of one line.

    Parameters
    ----------
    bands : mapping of role to band number
        In the order that they are written in.

    Returns
    -------
    str
        YAML.
    """
    return "{" + ", ".join(f"{role}: {band}" for role, band in bands.items()) + "}"
