"""Numbers that stand where nothing was seen, of files that do not say so: what an overview shows, and the warning."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.imagery.look import Look
from changedet.json_types import JsonObject
from changedet.kernels.components import label
from changedet.outputs.sentences.words import named_dates

LEAST_PIECE: Final = 0.05
"""Share of an overview's pixels in one piece that have one lowest number in all bands, from which on it looks like
fill. Black shade of 15 real pictures, stretched for the screen among them, reaches .026."""


@dataclass(frozen=True)
class FillSign:
    """A number that may stand where nothing was seen.

    Attributes
    ----------
    value : float
        As the files hold it.
    share : float
        Of what the date shows.
    hidden : bool
        Whether the run takes it for ground that was not seen.
    """

    value: float
    share: float
    hidden: bool = False


def fill_sign(overview: Singles, look: Look, roles: Sequence[str]) -> FillSign | None:
    """Look for one lowest number in all bands in a large piece.

    Parameters
    ----------
    overview : float32 (band, y, x)
        Of the date; NaN is no data.
    look : Look
        The date.
    roles : sequence of str
        Of the overview's bands.

    Returns
    -------
    FillSign or None
        None where there is none.
    """
    seen = np.isfinite(overview).all(axis=0)
    if not seen.any():
        return None
    lowest = min(np.where(seen, band, np.float32(np.inf)).min() for band in overview)
    same = seen & (overview == lowest).all(axis=0)
    if same.sum() < LEAST_PIECE * seen.sum():
        return None
    pieces = np.bincount(label(same.astype(np.uint8)).ravel())[1:]
    if pieces.max() < LEAST_PIECE * seen.sum():
        return None
    source = look.scenes[0].bands[roles[0]]
    value = (float(lowest) - source.bias) / source.gain
    return FillSign(round(value, 3) + 0.0, round(float(same.sum() / seen.sum()), 4))


def hidden_sign(overview: Singles, fill: Bools) -> FillSign | None:
    """Tell of white or black that the mask takes for nothing seen.

    Parameters
    ----------
    overview : float32 (band, y, x)
        Of the date; NaN is no data.
    fill : bool (y, x)
        Where the mask stage found it; at its rim it is mixed with ground.

    Returns
    -------
    FillSign or None
        None where there is none.
    """
    if not fill.any():
        return None
    seen = np.isfinite(overview).all(axis=0)
    value, share = np.median(overview[:, fill & seen]), (fill & seen).sum() / seen.sum()
    return FillSign(float(value), round(float(share), 4), hidden=True)


def fill_warnings(looks: Sequence[Look], signs: Mapping[dt.date, FillSign | None]) -> list[str]:
    """Say which dates hold a number that may stand where nothing was seen, and what to do.

    Parameters
    ----------
    looks : sequence of Look
        Of the run.
    signs : mapping of date to FillSign or None
        Of each date.

    Returns
    -------
    list of str
        A sentence for each number, dates of the same together; empty where there is none.
    """
    found: dict[float, list[tuple[Look, FillSign]]] = {}
    for look in looks:
        if (sign := signs.get(look.date)) is not None:
            found.setdefault(sign.value, []).append((look, sign))
    return [_sentence(value, dates) for value, dates in found.items()]


def fill_json(signs: Mapping[dt.date, FillSign | None]) -> JsonObject:
    """What ``summary.json`` says of numbers that the run takes for ground and that may be none.

    Parameters
    ----------
    signs : mapping of date to FillSign or None
        Of each date.

    Returns
    -------
    dict
        ``{"fill": {date: {value, share}}}``; empty where there is none.
    """
    found: JsonObject = {
        str(day): {"value": sign.value, "share": sign.share}
        for day, sign in signs.items()
        if sign is not None and not sign.hidden
    }
    return {"fill": found} if found else {}


def _sentence(value: float, dates: Sequence[tuple[Look, FillSign]]) -> str:
    named = named_dates([look.date for look, _ in dates])
    most = max(sign.share for _, sign in dates)
    files = f"{dates[0][0].name} shows" if len(dates) == 1 else "they show"
    what = f"{named}: {'up to ' if len(dates) > 1 else ''}{most:.0%} of what {files} is {value:g} in all bands, "
    if dates[0][1].hidden:
        return f"{what}from its edge on; it is taken for ground that was not seen"
    remedy = f"where nothing was seen there, give 'nodata: {value:g}', or it is compared and counted as ground"
    return f"{what}in a large piece; {remedy}"
