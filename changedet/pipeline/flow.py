"""Flow: least, likely and most arrivals and departures between looks, with the turnover that no look shows."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import pandas as pd

from changedet.json_types import Json, JsonObject
from changedet.outputs.values import iso_date, rows_of
from changedet.stages.series.kernels.turnover import Unseen, unseen
from changedet.stages.series.totals import EVENTS

DIGITS: Final = 1


def flow(table: pd.DataFrame) -> list[Json]:
    """Bound what passed through the site between each look and the one before.

    Parameters
    ----------
    table : DataFrame
        The time series.

    Returns
    -------
    list of dict
        One a look that has arrivals: ``from, to, days``, ``arrivals`` and ``departures`` (``least, likely, most``) and
        ``unseen`` (``likely, most``), what came and left in between, which no look shows. ``least`` is the lower bound
        of what the looks show, ``likely`` its expected number and the unseen, ``most`` the upper bounds of both.
        ``unseen`` is null, and so is ``most``, where the looks do not tell how long boxes stay.
    """
    rows = rows_of(table).dropna(subset="containers_expected").to_dict("records")
    found: list[Json] = []
    for before, now in pairwise(rows):
        if all(pd.notna(now[f"{name}_expected"]) for name in EVENTS):
            found.append(
                _interval({str(key): value for key, value in before.items()}, {str(k): v for k, v in now.items()})
            )
    return found


def _interval(before: Mapping[str, object], now: Mapping[str, object]) -> JsonObject:
    turnover = unseen(
        (_of(now, "arrivals_expected"), _of(now, "arrivals_high")),
        (_of(now, "departures_expected"), _of(now, "departures_high")),
        (_of(before, "containers_expected"), _of(before, "containers_low")),
    )
    first, last = iso_date(before["date"]), iso_date(now["date"])
    return {
        "from": first,
        "to": last,
        "days": (pd.Timestamp(last) - pd.Timestamp(first)).days,
        **{name: _bounds(now, name, turnover) for name in EVENTS},
        "unseen": None if turnover is None else {"likely": round(turnover.likely, DIGITS), "most": turnover.most},
    }


def _bounds(now: Mapping[str, object], name: str, turnover: Unseen | None) -> JsonObject:
    likely, most = _of(now, f"{name}_expected"), _of(now, f"{name}_high")
    return {
        "least": round(_of(now, f"{name}_low"), DIGITS),
        "likely": round(likely + (0.0 if turnover is None else turnover.likely), DIGITS),
        "most": None if turnover is None else round(most + turnover.most, DIGITS),
    }


def _of(row: Mapping[str, object], name: str) -> float:
    return float(str(row[name]))
