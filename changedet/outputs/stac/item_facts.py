"""What is known of a date beside its rasters: when and how it was looked at, by whom, and from which files."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

import pystac

from changedet.json_types import JsonLike

THUMBNAIL: Final = "thumbnail.jpg"
"""The picture beside an item."""
_SHA256_MULTIHASH: Final = "1220"
"""0x12 is SHA-256, 0x20 its length in bytes."""
_LICENCE_CODE: Final = re.compile(r"[\w.+-]+")
"""What STAC takes for a licence: an SPDX code, or ``other``."""


@dataclass(frozen=True)
class SourceFile:
    """A file that a date was made from.

    Attributes
    ----------
    href : str
        Relative to the item's folder, or a URL.
    name : str
        Of the file.
    sha256 : str
        In hex; empty where the file could not be read whole.
    """

    href: str
    name: str
    sha256: str = ""


@dataclass(frozen=True)
class ItemFacts:
    """What is known of a date beside its rasters; None and empty text where nothing says it.

    Attributes
    ----------
    time : datetime.time or None
        UTC.
    gsd_m : float or None
        Ground sampling distance of its scene.
    sun_azimuth_deg, sun_elevation_deg, view_azimuth_deg, off_nadir_deg : float or None
        Azimuths clockwise from north.
    cloud_percent : float or None
        Of what the scene shows of the site.
    sensor, credit, licence : str
        One line each.
    sources : tuple of SourceFile
        What its scene was read from.
    software : str
        Name and version of what made it.
    thumbnail : bytes or None
        JPEG; None where there is no picture, or its licence forbids to show it.
    """

    time: dt.time | None = None
    gsd_m: float | None = None
    sun_azimuth_deg: float | None = None
    sun_elevation_deg: float | None = None
    view_azimuth_deg: float | None = None
    off_nadir_deg: float | None = None
    cloud_percent: float | None = None
    sensor: str = ""
    credit: str = ""
    licence: str = ""
    sources: tuple[SourceFile, ...] = ()
    software: str = ""
    thumbnail: bytes | None = None

    def moment(self, day: str) -> dt.datetime:
        """When the date was looked at.

        Parameters
        ----------
        day : str
            ISO date.

        Returns
        -------
        datetime.datetime
            UTC; midnight where the time is not known.
        """
        return dt.datetime.combine(dt.date.fromisoformat(day), self.time or dt.time(), dt.UTC)

    def properties(self) -> dict[str, JsonLike]:
        """The item's properties that these facts give.

        Returns
        -------
        dict of str to JSON value
            Only what is known.
        """
        azimuths = {"view:sun_azimuth": self.sun_azimuth_deg, "view:azimuth": self.view_azimuth_deg}
        found: dict[str, JsonLike] = {
            "gsd": self.gsd_m,
            "eo:cloud_cover": self.cloud_percent,
            **{name: None if angle is None else angle % 360 for name, angle in azimuths.items()},
            "view:sun_elevation": self.sun_elevation_deg,
            "view:off_nadir": self.off_nadir_deg,
            "platform": self.sensor or None,
        }
        if self.software:
            name, _, version = self.software.partition(" ")
            found["processing:software"] = {name: version}
            found["processing:lineage"] = (
                "brought to the common grid with one resampling, co-registered and normalised to the reference date, "
                "compared with it"
            )
        if self.licence:
            found["license"] = licence_code(self.licence)
        return {name: value for name, value in found.items() if value is not None}

    def provider(self) -> pystac.Provider | None:
        """Who the scene is from.

        Returns
        -------
        pystac.Provider or None
            With the licence as it was given; None where no credit is known.
        """
        if not self.credit:
            return None
        return pystac.Provider(
            self.credit,
            description=f"Licence: {self.licence}" if self.licence else None,
            roles=[pystac.ProviderRole.LICENSOR],
        )

    def source_links(self) -> list[pystac.Link]:
        """Links to the files that the date was made from.

        Returns
        -------
        list of pystac.Link
            With the checksum of each that is known.
        """
        return [
            pystac.Link(
                pystac.RelType.DERIVED_FROM,
                one.href,
                title=one.name,
                extra_fields={"file:checksum": multihash(one.sha256)} if one.sha256 else {},
            )
            for one in self.sources
        ]


def licence_code(words: str) -> str:
    """A licence as STAC wants it.

    Parameters
    ----------
    words : str
        Its name.

    Returns
    -------
    str
        The name where it can be an SPDX code, else ``other``.

    Examples
    --------
    >>> licence_code("CC-BY-4.0"), licence_code("for research only")
    ('CC-BY-4.0', 'other')
    """
    return words if _LICENCE_CODE.fullmatch(words) else "other"


def multihash(sha256: str) -> str:
    """A SHA-256 as the file extension wants it.

    Parameters
    ----------
    sha256 : str
        In hex, with or without its name before it.

    Returns
    -------
    str
        In hex.
    """
    return _SHA256_MULTIHASH + sha256.removeprefix("sha256:")
