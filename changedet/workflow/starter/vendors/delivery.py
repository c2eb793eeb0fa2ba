"""What a vendor says of one scene, and which of several products of one acquisition is taken."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from changedet.imagery.angles import SunAngles, ViewAngles
from changedet.workflow.starter.vendors.metadata_files import Metadata, Value
from changedet.workflow.starter.vendors.metadata_words import Moment

MAX_BESIDE: Final = 20_000
"""Files of one folder among which metadata are looked for."""
SAME_SECONDS: Final = 60.0
"""Products of one acquisition name times this far apart: the panchromatic and the colour sensor look one after the
other."""
FILL: Final = 0.0
"""What vendors write where a picture shows nothing, as their specifications have it; of most files no tag tells it."""
COLOURS, PANCHROMATIC = "multispectral", "panchromatic"
"""Products of which a bundle has both."""
RGB: Final = ("red", "green", "blue")
BGRN: Final = ("blue", "green", "red", "nir")


@dataclass(frozen=True)
class Delivery:
    """What a vendor says of one scene.

    Attributes
    ----------
    paths : tuple of (role, path)
        One with role ``""`` for a file with all bands, else one for each role.
    source : str
        The file that says it, for a comment; ``its name`` where only the name does.
    moment : tuple of date and time, or None
        None where nothing says it, or two say different things.
    doubt : str
        Why there is no moment.
    bands : mapping of int to tuple of str
        By the number of bands in the file the role of each in order, ``""`` for those that have none; empty where the
        vendor does not say.
    sensor : str
        Its name; empty where it is not known.
    mask : str
        Path of its mask; empty for none.
    sun, view : SunAngles, ViewAngles or None
        None where nothing says.
    nodata : float or None
        The value of pixels that show nothing, in files of more than 8 bits; None where it is not known.
    rank : int
        Of several products of one acquisition the one of the highest rank is taken.
    product : str
        What kind it is, for the comment on those that are not taken.
    look : str
        What products of one acquisition have in common; empty where only their times tell.
    flaw : str
        Why its metadata were not read.
    pan : str
        The panchromatic file of the same look, which may sharpen a file with all colours; empty for none.
    pan_m : float
        Size of its pixels; NaN where it was not read.
    """

    paths: tuple[tuple[str, str], ...]
    source: str
    moment: Moment | None = None
    doubt: str = ""
    bands: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    sensor: str = ""
    mask: str = ""
    sun: SunAngles | None = None
    view: ViewAngles | None = None
    nodata: float | None = None
    rank: int = 0
    product: str = ""
    look: str = ""
    flaw: str = ""
    pan: str = ""
    pan_m: float = math.nan


@dataclass(frozen=True)
class Found:
    """What a vendor's rules make of some files.

    Attributes
    ----------
    deliveries : tuple of Delivery
        Scenes.
    left_out : mapping of path to str
        Files that are the vendor's but no scene to be taken, and why.
    """

    deliveries: tuple[Delivery, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


class Folders:
    """The names of the files in folders, each folder read once and never too far."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, str]] = {}

    def names(self, folder: str) -> list[str]:
        """The names in a folder.

        Parameters
        ----------
        folder : str
            Empty for the working directory.

        Returns
        -------
        list of str
            Sorted; nothing where it cannot be read.
        """
        return sorted(self._names(folder).values())

    def find(self, folder: str, *names: str) -> str:
        """The first of some files that lies in a folder.

        Parameters
        ----------
        folder : str
            Empty for the working directory.
        *names : str
            Large and small letters are alike.

        Returns
        -------
        str
            Its path; empty where none does.
        """
        known = self._names(folder)
        own = next((known[name.lower()] for name in names if name.lower() in known), "")
        return os.path.join(folder, own) if own else ""  # noqa: PTH118

    def _names(self, folder: str) -> dict[str, str]:
        if folder not in self._known:
            try:
                with os.scandir(folder or ".") as listing:
                    names = [entry.name for entry in itertools.islice(listing, MAX_BESIDE)]
            except (OSError, ValueError):
                names = []
            self._known[folder] = {name.lower(): name for name in sorted(names)}
        return self._known[folder]


def in_blocks(values: Sequence[Value], name: str) -> dict[int, list[Value]]:
    """Values by the element that they lie in.

    Parameters
    ----------
    values : sequence of Value
        Of one file.
    name : str
        Of those elements.

    Returns
    -------
    dict of int to list of Value
        In the order of the file.
    """
    found: dict[int, list[Value]] = {}
    for value in values:
        if name in value.path[:-1]:
            found.setdefault(value.block(name), []).append(value)
    return found


def source_of(metadata: Metadata) -> str:
    """Where a scene's facts come from, for a comment.

    Parameters
    ----------
    metadata : Metadata
        Beside the scene.

    Returns
    -------
    str
        The file's name, or ``its name`` where there is nothing but the scene's own.
    """
    return os.path.basename(metadata.path) if metadata.values else "its name"  # noqa: PTH119


def flaw_of(metadata: Metadata) -> str:
    """What is wrong with a metadata file, for a comment.

    Parameters
    ----------
    metadata : Metadata
        Beside the scene.

    Returns
    -------
    str
        Empty where nothing is.
    """
    return f"{os.path.basename(metadata.path)} {metadata.flaw}" if metadata.flaw else ""  # noqa: PTH119


def best_products(found: Sequence[Delivery]) -> Found:
    """Of several products of one acquisition those of the highest rank; its tiles stay together.

    Of a bundle the colours keep the panchromatic file beside them, which sharpens them; of one in tiles it is left out,
    as those of the two do not always lie upon each other.

    Parameters
    ----------
    found : sequence of Delivery
        Of one vendor; those without a moment are kept.

    Returns
    -------
    Found
        The others left out, each with what was taken in its place.
    """
    kept: list[Delivery] = []
    left_out: dict[str, str] = {}
    for one in found:
        twins = [other for other in found if other.rank > one.rank and _same_look(one, other)]
        if not twins:
            kept.append(one)
            continue
        best = max(twins, key=lambda twin: twin.rank)
        reason = f"{one.product}; the {best.product} of the same look is taken"
        left_out |= {path: reason for _, path in one.paths}
        if one.mask and not any(other.mask == one.mask for other in twins):
            left_out[one.mask] = reason
    bundles = [_with_pan(one, found) for one in kept]
    sharper = {path for one in bundles for path in (one.pan, *dict(one.paths).values())}
    return Found(tuple(bundles), {path: reason for path, reason in left_out.items() if path not in sharper})


def _with_pan(one: Delivery, found: Sequence[Delivery]) -> Delivery:
    """The colours of a look with its panchromatic file, where there is one of each."""
    look = [other for other in found if other is one or _same_look(one, other)]
    colours, pans = ([other for other in look if other.product == kind] for kind in (COLOURS, PANCHROMATIC))
    if colours != [one] or len(pans) != 1 or len(pans[0].paths) != 1:
        return one
    ((_, path),) = pans[0].paths
    return replace(one, paths=(*one.paths, ("pan", path))) if one.paths[0][0] else replace(one, pan=path)


def _same_look(one: Delivery, other: Delivery) -> bool:
    if one.look or other.look:
        return one.look == other.look
    if one.moment is None or other.moment is None or one.sensor != other.sensor:
        return False
    first, second = (dt.datetime.combine(day, time or dt.time()) for day, time in (one.moment, other.moment))
    return abs((first - second).total_seconds()) <= SAME_SECONDS
