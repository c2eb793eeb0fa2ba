"""What a comparison of sites leaves: chains of consignments over three sites, tables, and a page with a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from changedet.assess.compare.figure import date_of, figure
from changedet.assess.compare.rows import (
    CHAIN_COLUMNS,
    CHANCE,
    CONSIGNMENT_COLUMNS,
    SHIP_COLUMNS,
    TRAIN_COLUMNS,
    VOYAGE_COLUMNS,
    Chain,
    Consignment,
    ShipMatch,
    TrainMatch,
    Voyage,
)
from changedet.assess.compare.text import verdict
from changedet.errors import InputError
from changedet.outputs.tables import write_table
from changedet.store.files import write_text

SHARED: Final = 0.5
"""Part of the smaller lot's boxes that must be in both for one lot to be the other again."""


def chains(matches: Sequence[Consignment]) -> list[Chain]:
    """Consignments that reached a site from a first and left it for a third.

    Two matches, each of a pair of sites with p < .05, make a chain where the lot that came holds at least half of the
    boxes of the lot that went, or the other way round.

    Parameters
    ----------
    matches : sequence of Consignment
        Of all pairs of sites.

    Returns
    -------
    list of Chain
        ``first``, ``second``, ``third`` (sites), ``kind``, ``color``, ``containers`` (of the smallest lot), ``left``,
        ``between`` (first seen at the second, gone by there), ``reached``, ``lag_low``, ``lag_high`` (days from leaving
        the first site to reaching the third), ``p_value`` (the greater of the two pairs').
    """
    sure = [match for match in matches if match["p_value"] < CHANCE]
    found: list[Chain] = []
    for one in sure:
        for other in sure:
            if one["to"] != other["from"] or one["from"] == other["to"]:
                continue
            came, went = set(one["track_ids_to"]), set(other["track_ids_from"])
            if len(came & went) < SHARED * min(len(came), len(went)) or not came & went:
                continue
            found.append(
                {
                    "first": one["from"],
                    "second": one["to"],
                    "third": other["to"],
                    "kind": one["kind"],
                    "color": one["color"],
                    "containers": min(one["containers"], other["containers"]),
                    "left": one["gone_by"],
                    "between": f"{one['first_seen']} to {other['gone_by']}",
                    "reached": other["first_seen"],
                    "lag_low": max(0, (date_of(other["not_yet"]) - date_of(one["gone_by"])).days),
                    "lag_high": (date_of(other["first_seen"]) - date_of(one["last_seen"])).days,
                    "p_value": max(one["p_value"], other["p_value"]),
                }
            )
    return sorted(found, key=lambda chain: (chain["p_value"], chain["first"], chain["left"], chain["reached"]))


def write_comparison(
    folder: Path,
    matches: Sequence[Consignment],
    trains: Sequence[TrainMatch],
    ships: Sequence[ShipMatch] = (),
    sailed: Sequence[Voyage] = (),
) -> list[Path]:
    """Write ``consignments.csv``, ``trains.csv``, ``chains.csv``, ``ships.csv``, ``voyages.csv`` and ``compare.html``.

    Parameters
    ----------
    folder : pathlib.Path
        Made where it is missing.
    matches : sequence of Consignment
        As `changedet.assess.compare.consignments.compare_runs` gives.
    trains : sequence of TrainMatch
        As `changedet.assess.compare.consignments.compare_trains` gives.
    ships : sequence of ShipMatch
        As `changedet.assess.compare.ships.compare_ships` gives.
    sailed : sequence of Voyage
        As `changedet.assess.compare.voyages.voyages` gives.

    Returns
    -------
    list of pathlib.Path
        The files in this order.

    Raises
    ------
    InputError
        The folder cannot be made.
    """
    tables = {
        "consignments": pd.DataFrame(matches, columns=list(CONSIGNMENT_COLUMNS)),
        "trains": pd.DataFrame(trains, columns=list(TRAIN_COLUMNS)),
        "chains": pd.DataFrame(chains(matches), columns=list(CHAIN_COLUMNS)),
        "ships": pd.DataFrame(ships, columns=list(SHIP_COLUMNS)),
        "voyages": pd.DataFrame(sailed, columns=list(VOYAGE_COLUMNS)),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out: '{folder}' cannot be made ({error.strerror}); give another folder") from error
    for name, table in tables.items():
        write_table(folder / f"{name}.csv", table)
    parts = [f"<h2>{name.title()}</h2>{_html(table)}" for name, table in tables.items()]
    page = folder / "compare.html"
    write_text(page, _PAGE.format(verdict=verdict(matches), figure=figure(matches), tables="\n".join(parts)))
    return [*(folder / f"{name}.csv" for name in tables), page]


def _html(table: pd.DataFrame) -> str:
    return (
        "<p>None.</p>"
        if table.empty
        else table.to_html(index=False, border=0, escape=True, float_format="{:.3g}".format)
    )


_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Consignments between sites</title>
<style>body {{ font: 14px sans-serif; max-width: 1000px; margin: 2em auto; overflow-x: auto; }}
table {{ border-collapse: collapse; }} td, th {{ padding: 3px 8px; text-align: left; border-bottom: 1px solid #ddd; }}
td, th {{ font-size: 12px; white-space: nowrap; }}
</style><h1>Consignments between sites</h1>
<p><strong>{verdict}</strong></p>
<p>Lots of like containers of which one left a site and another came to a second one. A band is as wide as the lot is
large and has its colour; a dashed one is explained by chance (p above .05, for its pair of sites). Of many pairs of
sites some fall under .05 by chance.</p>
{figure}
{tables}
</html>
"""
