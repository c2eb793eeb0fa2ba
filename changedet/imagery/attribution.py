"""Whose pictures these are: sensor, credit line and licence, as the workflow, a STAC item or a file's tags say."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from changedet.json_types import Json, JsonObject

LONGEST_WORDS: Final = 200
"""Characters of a credit line, a licence, a sensor, a place: what a caption can hold."""
_SENSOR_TAGS: Final = ("platform", "satellite", "satelliteid", "spacecraft", "spacecraft_id", "satid", "sensor")
_CREDIT_TAGS: Final = ("tifftag_copyright", "copyright")
_LICENCE_TAGS: Final = ("license", "licence")
_CREDITED: Final = {"licensor", "producer"}
"""STAC's roles of providers whose name a credit line needs."""


@dataclass(frozen=True)
class Attribution:
    """Whose pictures these are; a string is empty where nothing says it.

    Attributes
    ----------
    sensor : str
        Such as ``WorldView-3``.
    credit : str
        The line that the owner asks for.
    licence : str
        Its name.
    show_pixels : bool
        False where the licence forbids showing the pixels to others; only the workflow can say so.
    """

    sensor: str = ""
    credit: str = ""
    licence: str = ""
    show_pixels: bool = True

    def over(self, other: Attribution) -> Attribution:
        """What this one says, and `other` where it says nothing.

        Parameters
        ----------
        other : Attribution
            Such as that of the file's tags.

        Returns
        -------
        Attribution
            Pixels are shown where both allow it.
        """
        return Attribution(
            self.sensor or other.sensor,
            self.credit or other.credit,
            self.licence or other.licence,
            self.show_pixels and other.show_pixels,
        )

    def to_json(self) -> JsonObject:
        """Its fields, as ``run.json`` and ``summary.json`` keep them.

        Returns
        -------
        dict
            Of every field.
        """
        return {**vars(self)}


UNSAID: Final = Attribution()
"""Nothing is said, nothing forbidden."""


def together(parts: Sequence[Attribution]) -> Attribution:
    """The attribution of a mosaic.

    Parameters
    ----------
    parts : sequence of Attribution
        Of its scenes, the uppermost first.

    Returns
    -------
    Attribution
        Each word once; pixels are shown where all allow it.
    """
    words = {name: _joined([getattr(part, name) for part in parts]) for name in ("sensor", "credit", "licence")}
    return Attribution(**words, show_pixels=all(part.show_pixels for part in parts))


def _joined(words: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(word for word in words if word))


def from_tags(tags: Mapping[str, str]) -> Attribution:
    """What a file's tags say.

    Parameters
    ----------
    tags : mapping of str to str
        In capital or small letters, with or without a name space.

    Returns
    -------
    Attribution
        Cut to one short line each; empty where no tag says it.
    """
    flat = {key.lower().rsplit(":", 1)[-1]: value for key, value in tags.items()}

    def _first(names: Sequence[str]) -> str:
        return next((words for name in names if (words := short_line(flat.get(name)))), "")

    return Attribution(_first(_SENSOR_TAGS), _first(_CREDIT_TAGS), _first(_LICENCE_TAGS))


def from_stac(properties: Mapping[str, Json]) -> Attribution:
    """What a STAC item's properties say: platform, the providers that license or produce it, the licence.

    Parameters
    ----------
    properties : mapping of str to JSON value
        Not trusted.

    Returns
    -------
    Attribution
        Cut to one short line each; empty where nothing says it.
    """
    providers = properties.get("providers")
    names = []
    for one in providers if isinstance(providers, list) else ():
        roles = one.get("roles") if isinstance(one, dict) else None
        if isinstance(one, dict) and isinstance(roles, list) and _CREDITED.intersection(map(str, roles)):
            names.append(short_line(one.get("name")))
    sensor, licence = short_line(properties.get("platform")), short_line(properties.get("license"))
    return Attribution(sensor, short_line(_joined(names)), licence)


def short_line(words: object) -> str:
    """Words from outside as one line that a caption can hold.

    Parameters
    ----------
    words : object
        Anything but a string is nothing.

    Returns
    -------
    str
        Without control characters and marks that turn the direction of writing, at most 200 characters.
    """
    if not isinstance(words, str):
        return ""
    plain = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in words)
    return " ".join(plain.split())[:LONGEST_WORDS]
