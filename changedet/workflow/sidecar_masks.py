"""Masks that providers put beside a scene as files of their own, found by their names: Planet's UDM2, SCL, QA_PIXEL."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_ROLES: Final = {"udm2": "udm2", "scl": "scl", "qa_pixel": "qa_pixel", "udm": "", "fmask": "", "cloud": ""}
"""Words of a mask's name -> its role; nothing for masks whose meaning is not known here."""
_WORD: Final = re.compile(
    rf"(?<![A-Za-z0-9])({'|'.join(_ROLES)})(?![A-Za-z0-9]|_pixel)(?<!cloud(?!\.tiff?$))", re.IGNORECASE
)
"""Of clouds at the end of a name alone: scenes without clouds are named ``.._cloud_free.tif``, too."""
_MARKS: Final = "_-. "


_WHOLE: Final = re.compile(r"(?:^|[_\-. ])(udm2|scl|qa_pixel)(?:_clip|_[126]0m)?\.(?:tiff?|jp2)", re.IGNORECASE)
"""The end of a name as providers give it to their masks alone."""


def mask_role(path: str) -> str:
    """How the values of a mask file are read, by the name that its provider gave it.

    Parameters
    ----------
    path : str
        A file or URL.

    Returns
    -------
    str
        ``udm2``, ``scl`` or ``qa_pixel``; empty for a plain mask, which is 0 where the scene is not to be used.

    Examples
    --------
    >>> mask_role("20220405_012345_12_2442_3B_udm2.tif"), mask_role("clouds.tif")
    ('udm2', '')
    """
    match = _WHOLE.search(os.path.basename(path))  # noqa: PTH119
    return match[1].lower() if match and match.end() == len(os.path.basename(path)) else ""  # noqa: PTH119


class Mask(NamedTuple):
    """A mask beside a scene.

    Attributes
    ----------
    path : str
        Of the mask.
    role : str
        How its values are read; empty for a kind that is not read.
    scene : str
        Path of the scene that it belongs to.
    """

    path: str
    role: str
    scene: str


def masks_of(paths: Sequence[str]) -> list[Mask]:
    """The files that are masks of others among them.

    A mask has its scene's name up to the word that says what it is; of several such scenes it is the first one's
    in the order of names. A file that fits no other one is a scene like any other.

    Parameters
    ----------
    paths : sequence of str
        Files, scenes and masks mixed.

    Returns
    -------
    list of Mask
        In the order of the paths.

    Examples
    --------
    >>> masks_of(["s/20230604_10_3B_AnalyticMS.tif", "s/20230604_10_3B_udm2.tif"])[0].scene
    's/20230604_10_3B_AnalyticMS.tif'
    """
    words = {path: match for path in paths if (match := _word(os.path.basename(path)))}  # noqa: PTH119
    scenes = sorted(path for path in paths if path not in words)
    found = []
    for path, match in words.items():
        # The names of Planet's first masks hold what they mark as well: .._AnalyticMS_DN_udm.tif.
        begin = match.string[: match.start()].rstrip(_MARKS).removesuffix("_DN")
        own = next((scene for scene in scenes if begin and _begins(scene, os.path.dirname(path), begin)), None)  # noqa: PTH120
        if own is not None:
            found.append(Mask(path, _ROLES[match[1].lower()], own))
    return found


def _word(name: str) -> re.Match[str] | None:
    return _WORD.search(name)


def _begins(scene: str, folder: str, begin: str) -> bool:
    if os.path.dirname(scene) != folder:  # noqa: PTH120
        return False
    name = os.path.basename(scene)  # noqa: PTH119
    return name.startswith(begin) and not name[len(begin) : len(begin) + 1].isalnum()
