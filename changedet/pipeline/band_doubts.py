"""Bands that cannot be what they are said to be: what the fixed sample of a date shows of them, and the warnings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from changedet.arrays import Singles
from changedet.imagery.bands import is_sar
from changedet.imagery.look import Look
from changedet.kernels.band_signs import MOST_PIXELS, THINNED, fitting_order, is_picture, odd_band, shows_blue
from changedet.outputs.sentences.words import named_dates

PLANTS_INDEX: Final = 0.3
"""Difference of near infrared and red over their sum from which plants stand there (Tucker 1979,
doi:10.1016/0034-4257(79)90013-0); in the wrong bands it is below 0 there."""
PLANTS_SHARE: Final = 0.02
"""Of the pixels of a sample, from which its plants tell. Chosen by hand."""
_VISIBLE = ("blue", "green", "red")


@dataclass(frozen=True)
class BandSigns:
    """What speaks against the bands that a date is said to have.

    Attributes
    ----------
    near_infrared : str
        The role of a visible band that behaves as near infrared does over plants; empty for none.
    fits : tuple of (role, role)
        Roles of the date that fit another role of the reference better than their own, and which.
    """

    near_infrared: str = ""
    fits: tuple[tuple[str, str], ...] = ()


def band_signs(roles: Sequence[str], seen: Singles, before: Singles | None) -> BandSigns | None:
    """Look for signs against the bands of a date, in the sample that was read for its statistics.

    Parameters
    ----------
    roles : sequence of str
        Bands of the samples.
    seen : float32 (cell, band, y, x)
        The date, on the reference's grid; NaN is not clear.
    before : float32 (cell, band, y, x) or None
        The reference; None where this is it.

    Returns
    -------
    BandSigns or None
        None where nothing speaks against them.
    """
    if is_sar(tuple(roles)):
        return None
    signs = BandSigns(_odd_role(roles, seen), () if before is None else _fits(roles, seen, before))
    return signs if signs != BandSigns() else None


def _odd_role(roles: Sequence[str], seen: Singles) -> str:
    asked = [role for role in (*_VISIBLE, "nir") if role in roles]
    if not set(_VISIBLE) <= set(asked):
        return ""
    bands = [roles.index(role) for role in asked]
    odd = odd_band(_pixels(seen[:, bands]))
    told = odd >= 0 and is_picture(seen[:, bands[odd]]) and not _in_its_place(asked, odd, seen)
    return asked[odd] if told else ""


def _in_its_place(asked: Sequence[str], odd: int, seen: Singles) -> bool:
    """Whether near infrared shows plants, and more of them than the odd band would.

    A blue roof or solar park on a meadow takes blue apart from all other bands, in the right order too.
    """
    if "nir" not in asked:
        return False
    beside = "green" if asked[odd] == "red" else "red"
    own, other = _plants_share(asked, seen, "nir", "red"), _plants_share(asked, seen, asked[odd], beside)
    return own >= PLANTS_SHARE and own > other


def _fits(roles: Sequence[str], seen: Singles, before: Singles) -> tuple[tuple[str, str], ...]:
    if len(roles) < 2:
        return ()
    order = fitting_order(_pixels(before), _pixels(seen))
    fits = tuple((roles[i], roles[j]) for i, j in enumerate(order) if i != j)
    # Fields that greened on one date and ripened on the other turn red and near infrared round, in the right bands.
    by_season = any("nir" in pair for pair in fits) and all(_shows_plants(roles, one) for one in (seen, before))
    return () if by_season or _blue_is_blue(roles, fits, (seen, before)) else fits


def _blue_is_blue(roles: Sequence[str], fits: Sequence[tuple[str, str]], dates: Sequence[Singles]) -> bool:
    """Whether blue seems exchanged, and by near infrared is blue on both dates: dry grass reddens what was green."""
    others = [own for own, _ in fits if own != "blue"]
    if "nir" not in roles or "nir" in others or len(others) == len(fits):
        return False
    asked = [[roles.index(role) for role in ("blue", other, "nir")] for other in others]
    return all(shows_blue(_pixels(cells[:, bands])) for cells in dates for bands in asked)


def _shows_plants(roles: Sequence[str], cells: Singles) -> bool:
    """Whether near infrared is where it is said to be, by plants that it shows."""
    return "red" in roles and _plants_share(roles, cells, "nir", "red") >= PLANTS_SHARE


def _plants_share(roles: Sequence[str], cells: Singles, bright: str, dark: str) -> float:
    """Share of the pixels that are plants if these two bands are near infrared and red; 0 where nothing is seen."""
    red, nir = _pixels(cells[:, [roles.index(dark), roles.index(bright)]])
    shown = np.isfinite(red) & np.isfinite(nir)
    if not shown.any():
        return 0.0
    return float((nir[shown] - red[shown] > PLANTS_INDEX * np.abs(nir[shown] + red[shown])).mean())


def _pixels(cells: Singles) -> Singles:
    """Some of the pixels of all cells, (band, pixel)."""
    step = max(1, int(np.sqrt(cells[:, 0].size / (THINNED * MOST_PIXELS))))
    return np.ascontiguousarray(np.moveaxis(cells[..., ::step, ::step], 1, 0)).reshape(cells.shape[1], -1)


def band_warnings(looks: Sequence[Look], signs: Mapping[dt.date, BandSigns | None], reference: int) -> list[str]:
    """Say which dates' bands cannot be what they are said to be, and what to do.

    Parameters
    ----------
    looks : sequence of Look
        Of the run.
    signs : mapping of date to BandSigns or None
        Of each date.
    reference : int
        Index of the reference's look.

    Returns
    -------
    list of str
        A sentence for each finding, dates of the same finding together; empty where there is none.
    """
    found: dict[str, list[Look]] = {}
    for look in looks:
        own = signs.get(look.date)
        if own is not None and own.near_infrared:
            found.setdefault(own.near_infrared, []).append(look)
    said = [_of_plants(role, dates) for role, dates in found.items()]
    first = looks[reference]
    others = [look for look in looks if look is not first]
    orders = [own.fits if (own := signs.get(look.date)) is not None else () for look in others]
    if len(others) > 1 and orders[0] and len(set(orders)) == 1:
        back = tuple(sorted((theirs, own) for own, theirs in orders[0]))
        return [*said, _of_order([first], "all other dates", back)]
    alike: dict[tuple[tuple[str, str], ...], list[Look]] = {}
    for look, fits in zip(others, orders, strict=True):
        if fits:
            alike.setdefault(fits, []).append(look)
    return [*said, *(_of_order(dates, f"{first.date}", fits) for fits, dates in alike.items())]


def _of_plants(role: str, looks: Sequence[Look]) -> str:
    return (
        f"{_days(looks)}: the band said to be {role} behaves as near infrared does over plants, unlike the other "
        f"colours; {_remedy(looks)}"
    )


def _of_order(looks: Sequence[Look], other: str, fits: Sequence[tuple[str, str]]) -> str:
    whose = "its" if len(looks) == 1 else "their"
    first, *more = [f"{whose} {own} fits the {theirs}" for own, theirs in fits]
    each = " and ".join([f"{first} of {other}", *more])
    return (
        f"{_days(looks)}: {each} better than the band of its own name: bands of one of them in another order do that, "
        f"and so may fields that changed colour; if it is the order, {_remedy(looks)}"
    )


def _days(looks: Sequence[Look]) -> str:
    return named_dates([look.date for look in looks])


def _remedy(looks: Sequence[Look]) -> str:
    files = ", ".join(look.name for look in looks[:2]) + (", .." if len(looks) > 2 else "")
    return f"correct 'bands' of {files} ('changedet init' draws what each order would look like)"
