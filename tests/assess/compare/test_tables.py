"""Chains over three sites, tables and the page of a comparison."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd

from changedet.assess.compare import tables
from changedet.assess.compare.rows import TRAIN_COLUMNS
from scenarios.made_up_yards import START


def consignment(one: str, other: str, left: list[int], came: list[int], day: int, p: float = 0.01) -> dict[str, Any]:
    dates = [(START + dt.timedelta(days=day + k)).isoformat() for k in (0, 10, 20, 30)]
    figures = {"kind": "40ft", "color": "#aa3322", "containers": 4, "containers_from": 4, "containers_to": 4}
    when = dict(zip(("last_seen", "gone_by", "not_yet", "first_seen"), dates, strict=True))
    lag = {"lag_days": 20, "lag_low": 10, "lag_high": 30, "similarity": 0.9, "p_value": p}
    return {"from": one, "to": other, **figures, **when, **lag, "track_ids_from": left, "track_ids_to": came}


def test_chains_link_the_lot_that_came_with_the_lot_that_went() -> None:
    first, second = consignment("a", "b", [1, 2, 3], [7, 8, 9], 0), consignment("b", "c", [8, 9, 11], [4, 5, 6], 60)
    (chain,) = tables.chains([first, second])
    assert (chain["first"], chain["second"], chain["third"]) == ("a", "b", "c")
    assert (chain["lag_low"], chain["lag_high"]) == (70, 90)
    assert not tables.chains([first, consignment("b", "c", [1, 2, 3], [4, 5, 6], 60)])
    assert not tables.chains([first, consignment("b", "c", [8, 9, 11], [4, 5, 6], 60, p=0.4)])
    assert not tables.chains([first, consignment("b", "a", [8, 9, 11], [4, 5, 6], 60)])


def test_write_comparison_tables_and_the_figure_hold_what_was_matched(tmp_path: Path) -> None:
    rows = [consignment("a", "b", [1, 2, 3], [7, 8, 9], 0), consignment("b", "c<", [8, 9, 7], [4, 5, 6], 60, p=0.5)]
    train = dict.fromkeys(TRAIN_COLUMNS, 1) | {"zone_from": "=HYPERLINK(1)", "zone_to": "north"}
    tables.write_comparison(tmp_path / "guarded", [], [train])
    assert "'=HYPERLINK(1),north" in (tmp_path / "guarded" / "trains.csv").read_text()
    paths = tables.write_comparison(tmp_path / "out", rows, [])
    assert [path.name for path in paths] == [
        *("consignments.csv", "trains.csv", "chains.csv", "ships.csv", "voyages.csv", "compare.html")
    ]
    assert len(pd.read_csv(paths[0])) == 2
    assert pd.read_csv(paths[1]).empty
    page = paths[-1].read_text()
    assert (page.count("<path"), page.count("stroke-dasharray")) == (2, 1)
    assert "c&lt;" in page
    assert "c<" not in page
    assert "None." in page
    assert "<strong>1 of 2 matches is rarer than chance brings" in page
