"""Which band is which: roles by the workflow, by descriptions, wavelengths and colour interpretation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from changedet.errors import InputError, did_you_mean
from changedet.imagery.headers import BandHeader

OPTICAL: Final = ("coastal", "blue", "green", "red", "rededge", "nir", "swir1", "swir2", "pan")
SAR: Final = ("vv", "vh", "hh", "hv", "amplitude")
MASKS: Final = ("scl", "qa_pixel", "udm2", "valid", "alpha")
ROLES: Final = (*OPTICAL, *SAR, *MASKS)
"""What a band can be, in the order in which bands are compared and written."""
GivenBands: TypeAlias = Mapping[str, int | str]
"""Role to band number, from 1, or to a band's description."""

_NAMES: Final = {
    "coastal": ("coastal", "coastal aerosol", "coastal blue", "ultra blue", "aerosol", "deep blue"),
    "blue": ("blue",),
    "green": ("green",),
    "red": ("red",),
    "rededge": (
        "rededge",
        "red edge",
        "rededge 1",
        "red edge 1",
        "rededge071",
        "rededge1",
        "re",
        "vegetation red edge",
    ),
    "nir": ("nir", "nir1", "nir 1", "nir08", "near infrared", "near ir", "near infra red", "infrared"),
    "swir1": ("swir1", "swir 1", "swir16", "swir", "shortwave infrared 1", "short wave infrared 1"),
    "swir2": ("swir2", "swir 2", "swir22", "shortwave infrared 2", "short wave infrared 2"),
    "pan": ("pan", "panchromatic"),
    "amplitude": ("amplitude", "intensity", "backscatter"),
    **{role: (role,) for role in ("vv", "vh", "hh", "hv", "udm2", "valid", "alpha")},
    "scl": ("scl", "scene classification", "scene classification layer"),
    "qa_pixel": ("qa pixel", "pixel qa"),
}
_BY_NAME: Final = {name: role for role, names in _NAMES.items() for name in names}

# Band numbers mean one thing on Sentinel-2 and another on each Landsat.
_SENTINEL2: Final = dict(
    zip(("1", "2", "3", "4", "5", "8", "8a", "11", "12"), (*OPTICAL[:6], "nir", *OPTICAL[6:8]), strict=True)
)
_OLI: Final = dict(zip("12345678", ("coastal", "blue", "green", "red", "nir", "swir1", "swir2", "pan"), strict=True))
_TM: Final = dict(zip("1234578", ("blue", "green", "red", "nir", "swir1", "swir2", "pan"), strict=True))
_PLANET8: Final = {"1": "coastal", "2": "blue", "4": "green", "6": "red", "7": "rededge", "8": "nir"}
_PLANET4: Final = {"1": "blue", "2": "green", "3": "red", "4": "nir"}
_SENSORS: Final = (
    (r"sentinel-?2|\bs2[abc]?_|_s2[abc]_|msil[12][ac]", _SENTINEL2),
    (r"landsat[-_ ]?[89]\b|\bl[co]0[89]_|oli", _OLI),
    (r"landsat[-_ ]?[457]\b|\bl[et]0[457]_|\bl7\d|etm", _TM),
    (r"superdove|psb\.sd|analyticms_.*8b|_8b_", _PLANET8),
    (r"planetscope|analyticms", _PLANET4),
)
_WAVELENGTHS_UM: Final = (
    (0.425, 0.452, "coastal"),
    (0.452, 0.515, "blue"),
    (0.515, 0.600, "green"),
    (0.625, 0.690, "red"),
    (0.695, 0.755, "rededge"),
    (0.770, 0.910, "nir"),
    (1.500, 1.760, "swir1"),
    (2.050, 2.400, "swir2"),
)
_BAND_NUMBER: Final = re.compile(r"(?:sr |toa )?b(?:and)? ?0?(\d{1,2}a?)(?: \d+m)?")
_PICTURES: Final = (frozenset({"blue", "green", "red"}), frozenset({"red", "nir"}))
"""Roles enough to look at a scene."""
_COLORS: Final = {color: color for color in ("red", "green", "blue", "alpha", "pan", "coastal", "rededge", "nir")}


@dataclass(frozen=True)
class RoleMap:
    """The bands of a file by their roles.

    Attributes
    ----------
    bands : mapping of str to int
        Role to band number, from 1.
    warnings : tuple of str
        What was assumed.
    """

    bands: Mapping[str, int]
    warnings: tuple[str, ...] = ()


def is_sar(roles: Sequence[str]) -> bool:
    """Whether any of these is a radar role.

    Parameters
    ----------
    roles : sequence of str
        Of one scene.

    Returns
    -------
    bool
        False for optical roles and unnamed bands.
    """
    return any(role in SAR for role in roles)


def role_from_description(description: str, sensor_hint: str = "") -> str | None:
    """The role that a band's description names.

    Parameters
    ----------
    description : str
        Such as ``B04``, ``Near Infrared``, ``SR_B5``, ``Band 4 (0.660000 Micrometers)``.
    sensor_hint : str
        File name and tags: band numbers count only where it names a sensor whose numbers are known.

    Returns
    -------
    str or None
        None where it names none.

    Examples
    --------
    >>> role_from_description("Red"), role_from_description("B08", "S2A_MSIL2A_20230604")
    ('red', 'nir')
    >>> role_from_description("SR_B5", "LC09_L2SP"), role_from_description("B5")
    ('nir', None)
    """
    plain = _plain(description)
    if plain in _BY_NAME:
        return _BY_NAME[plain]
    wavelength = re.search(r"\(?([\d.]+)\s*(micrometers?|nanometers?|um|nm)\)?", plain)
    if wavelength:
        return role_from_wavelength(float(wavelength[1]) / (1000 if wavelength[2].startswith("n") else 1))
    number, table = _BAND_NUMBER.fullmatch(plain), _table(f"{sensor_hint} {description}")
    if number:
        return table.get(number[1]) if table is not None else None
    # "Blue, 0.49": a known word leads the description.
    return _BY_NAME.get(re.split(r"[,;:(/]| - ", description.lower())[0].strip())


def _plain(description: str) -> str:
    return re.sub(r"[\s_\-]+", " ", description.lower()).strip()


def _table(sensor_hint: str) -> Mapping[str, str] | None:
    """What the band numbers of a named sensor mean."""
    return next((bands for pattern, bands in _SENSORS if re.search(pattern, sensor_hint.lower())), None)


def role_from_wavelength(micrometres: float) -> str | None:
    """The optical role of a central wavelength.

    Parameters
    ----------
    micrometres : float
        The wavelength.

    Returns
    -------
    str or None
        None between the known bands.
    """
    return next((role for low, high, role in _WAVELENGTHS_UM if low <= micrometres < high), None)


def find_roles(path: str, bands: Sequence[BandHeader], sensor_hint: str, given: GivenBands | None) -> RoleMap:
    """Roles of one file's bands.

    Parameters
    ----------
    path : str
        For error lines.
    bands : sequence of BandHeader
        From the first on.
    sensor_hint : str
        File name and tags.
    given : mapping of role to band number or description, optional
        What the scene or the workflow says; then nothing else counts, but for an alpha band that it leaves alone.

    Returns
    -------
    RoleMap
        Where nothing says what a band is, roles are ``band1`` and so on, and a warning says so.

    Raises
    ------
    InputError
        Where a given band does not exist.
    """
    if given:
        found = {role: _index(path, role, band, bands) for role, band in given.items()}
        alpha = [i for i, band in enumerate(bands, 1) if band.color == "alpha" and i not in found.values()]
        return RoleMap({**found, "alpha": alpha[0]} if alpha and "alpha" not in found else found)
    hint = _with_sensor(bands, sensor_hint)
    roles = [_role_of(band, hint) for band in bands]
    if (
        len(bands) == 1
        and roles == [None]
        and re.search(r"sentinel-?1|\bs1[abc]_|\bsar\b|terrasar|radarsat", sensor_hint.lower())
    ):
        roles = ["amplitude"]
    return _numbered(path, roles)


def roles_by_name(bands: Sequence[BandHeader], sensor_hint: str) -> dict[str, int] | None:
    """Roles of a file that names each of its bands, some by names that are no role, such as B06 of Sentinel-2.

    Parameters
    ----------
    bands : sequence of BandHeader
        From the first on.
    sensor_hint : str
        File name and tags.

    Returns
    -------
    dict of role to band number, or None
        None where a band has no name, or the number of an unknown sensor's band; and where fewer are known than make
        a picture.
    """
    hint = _with_sensor(bands, sensor_hint)
    found: dict[str, int] = {}
    for i, band in enumerate(bands, 1):
        role = _role_of(band, hint)
        if role is not None:
            found.setdefault(role, i)
        elif not band.description.strip() or (_BAND_NUMBER.fullmatch(_plain(band.description)) and not _table(hint)):
            return None
    return found if any(picture <= found.keys() for picture in _PICTURES) else None


def is_band_without_role(description: str, sensor_hint: str) -> bool:
    """Whether a description is the number of a known sensor's band that has no role.

    Parameters
    ----------
    description : str
        Such as ``B06``.
    sensor_hint : str
        File name and tags.

    Returns
    -------
    bool
        False where the sensor is not known.

    Examples
    --------
    >>> is_band_without_role("B06", "S2A_MSIL2A"), is_band_without_role("B04", "S2A_MSIL2A")
    (True, False)
    """
    number, table = _BAND_NUMBER.fullmatch(_plain(description)), _table(f"{sensor_hint} {description}")
    return number is not None and table is not None and number[1] not in table


def _with_sensor(bands: Sequence[BandHeader], sensor_hint: str) -> str:
    # No other sensor has a band 8A.
    return f"{sensor_hint} sentinel-2" if any(_plain(band.description) == "b8a" for band in bands) else sensor_hint


def _role_of(band: BandHeader, sensor_hint: str) -> str | None:
    role = role_from_description(band.description, sensor_hint) if band.description else None
    if role is None and re.fullmatch(r"[\d.]+", band.wavelength):
        value = float(band.wavelength)
        role = role_from_wavelength(value / 1000 if value > 100 else value)
    return role or _COLORS.get(band.color)


def _numbered(path: str, roles: list[str | None]) -> RoleMap:
    """Roles that are known, the rest by number; of two bands of one role the first has it."""
    found: dict[str, int] = {}
    unknown = []
    for i, role in enumerate(roles, 1):
        if role is None:
            unknown.append(i)
            found[f"band{i}"] = i
        else:
            found.setdefault(role, i)
    if not unknown:
        return RoleMap(found)
    which = "its bands" if len(unknown) == len(roles) > 1 else "band " + ", ".join(str(number) for number in unknown)
    verb = "is" if which.startswith("band") and len(unknown) == 1 else "are"
    example = "{pan: 1}, or {amplitude: 1} of radar" if len(roles) == 1 else "{blue: 1, green: 2, red: 3}"
    said = f"{path}: does not say what {which} {verb}; matched by number (give 'bands', as {example})"
    return RoleMap(found, (said,))


def _index(path: str, role: str, band: int | str, bands: Sequence[BandHeader]) -> int:
    if role not in ROLES and not re.fullmatch(r"band\d+", role):
        raise InputError(
            f"{path}: bands.{role}: no such role, expected one of {', '.join(ROLES)}{did_you_mean(role, ROLES)}"
        )
    if isinstance(band, int):
        if not 1 <= band <= len(bands):
            raise InputError(f"{path}: bands.{role}: there is no band {band}, the file has {len(bands)}")
        return band
    names = [header.description for header in bands]
    for i, name in enumerate(names, 1):
        if name.strip().lower() == band.strip().lower():
            return i
    shown = ", ".join(f"'{name}'" for name in names if name) or "none"
    raise InputError(f"{path}: bands.{role}: no band is described as '{band}', the file's descriptions are {shown}")


def in_order(roles: Sequence[str]) -> list[str]:
    """Roles in the contract's order.

    Parameters
    ----------
    roles : sequence of str
        In any order.

    Returns
    -------
    list of str
        As `ROLES` has them, unnamed bands by their number at the end.
    """
    known = {role: k for k, role in enumerate(ROLES)}
    return sorted(roles, key=lambda role: (known.get(role, len(known)), len(role), role))
