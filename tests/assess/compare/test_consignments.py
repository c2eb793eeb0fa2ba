"""Consignments between sites: planted lots are found with their lag, unrelated sites match no more than by chance."""

from __future__ import annotations

import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from changedet.assess.compare import consignments
from changedet.assess.compare.consignments import compare_runs, match_sites
from changedet.assess.compare.sites import site_of
from changedet.assess.compare.text import format_matches, verdict
from changedet.errors import InputError
from changedet.outputs.gpkg.vector_layers import write_objects
from changedet.store import write_json
from scenarios.made_up_yards import PAINTS, Yard, looks, related, unrelated


@pytest.fixture
def few_redraws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of the redraws: enough for p values of .05, in a fifth of the time."""
    monkeypatch.setattr(consignments, "REDRAWS", 199)


@pytest.mark.usefixtures("few_redraws")
def test_match_sites_shared_lots_are_found_with_their_lag_and_beyond_chance() -> None:
    found, all_true, matches, sure = 0, 0, 0, 0
    for seed in range(20):
        one, other, true = related(seed)
        rows = match_sites(one, other)
        sure += bool(rows) and rows[0]["p_value"] <= 0.05
        matches, all_true = matches + len(rows), all_true + len(true)
        for row in rows:
            firsts = {(a, b) for a, b in true if a in row["track_ids_from"] or b in row["track_ids_to"]}
            pair = [(a, b) for a, b in firsts if a in row["track_ids_from"] and b in row["track_ids_to"]]
            found += len(pair)
            # Left between looks 30 days apart, seen two looks and 9 days later: 39 to 99 days lie between the bounds.
            if pair:
                assert (row["lag_low"], row["lag_high"]) == (39, 99)
            assert row["lag_low"] <= row["lag_days"] <= row["lag_high"]
            assert row["p_value"] >= 1 / 200
    assert sure >= 11
    assert found >= 0.55 * all_true
    assert found >= 0.8 * matches


@pytest.mark.usefixtures("few_redraws")
def test_match_sites_a_lot_that_is_most_of_both_sites_is_no_stock_of_its_own() -> None:
    """Thirty boxes of a paint that no other box has leave one yard of fifty for another: five looks are enough."""
    values = []
    for seed in range(4):
        rng = np.random.default_rng([11, seed])
        one, other = Yard(rng, looks(5)).busy(20, 0, 0), Yard(rng, looks(5, 9)).busy(20, 0, 0)
        one.add(30, 0, 2, "#6c2e98", "20ft")
        other.add(30, 2, 20, "#6c2e98", "20ft")
        (match,) = match_sites(site_of("one", one.table()), site_of("other", other.table()))
        assert match["containers"] >= 25
        values.append(match["p_value"])
    assert max(values) <= 0.05


@pytest.mark.usefixtures("few_redraws")
def test_match_sites_nothing_flows_backwards_in_time() -> None:
    one, other, _ = related(3)
    for row in match_sites(other, one):
        assert row["lag_high"] > 0
        assert row["lag_low"] >= 0
        assert row["first_seen"] > row["last_seen"]


@pytest.mark.usefixtures("few_redraws")
@pytest.mark.parametrize(
    "fleet", [None, [0.6, 0.2, 0.05, 0.05, 0.05, 0.05, 0.0, 0.0, 0.0]], ids=["own fleets", "one fleet"]
)
def test_match_sites_unrelated_sites_match_no_more_often_than_by_chance(fleet: list[float] | None) -> None:
    share = None if fleet is None else np.array(fleet)
    values = []
    for seed in range(40):
        rows = match_sites(*unrelated(seed, share))
        values.append(rows[0]["p_value"] if rows else 1.0)
    # Of 40 fair draws more than 5 under .05 come in one case of seventy.
    assert np.sum(np.array(values) < 0.05) <= 5


@pytest.mark.usefixtures("few_redraws")
def test_match_sites_the_outcome_depends_on_no_order() -> None:
    one, other, _ = related(1)
    shuffled = site_of("one", one.boxes.sample(frac=1, random_state=3))
    assert match_sites(shuffled, other) == match_sites(one, other)
    assert match_sites(one, other) == match_sites(one, other)


def written(folder: Path, name: str, table: pd.DataFrame, unavailable: dict[str, str] | None = None) -> Path:
    folder.mkdir(parents=True)
    tracks = gpd.GeoDataFrame(
        table, geometry=gpd.points_from_xy(range(len(table)), range(len(table))), crs="EPSG:32633"
    )
    write_objects(folder / "objects.gpkg", {"tracks": tracks}, "EPSG:32633")
    days = [str(day) for day in looks(10)]
    write_json(folder / "summary.json", {"site": name, "dates": days, "unavailable": unavailable or {}})
    return folder


@pytest.mark.usefixtures("few_redraws")
def test_compare_runs_from_run_folders_to_rows_and_text(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    one, other = Yard(rng, looks(10)).busy(60, 0, 20), Yard(rng, looks(10, 9)).busy(60, 0, 20)
    for gone, paint in ((3, PAINTS[2]), (4, PAINTS[6]), (6, PAINTS[1])):
        one.add(8, 1, gone, paint, "40ft")
        other.add(8, gone + 1, 20, paint, "40ft")
    folders = [written(tmp_path / "one", "one", one.table()), written(tmp_path / "other", "other", other.table())]
    rows = compare_runs(folders)
    assert rows == json.loads(json.dumps(rows))
    flow = [row for row in rows if row["from"] == "one"]
    assert len(flow) == 3
    assert {row["to"] for row in flow} == {"other"}
    assert all(row["p_value"] <= 0.05 and 0 <= row["similarity"] <= 1 and row["containers"] >= 3 for row in flow)
    assert rows == compare_runs(folders[::-1])
    text = format_matches(rows)
    assert len(text.splitlines()) == len(rows) + 3
    assert re.match(r"\d of \d matches are rarer than chance brings", text)
    assert f"{rows[0]['last_seen']} and {rows[0]['gone_by']}" in text
    assert f"{rows[0]['not_yet']} and {rows[0]['first_seen']}" in text
    assert "one" in text
    assert "as by chance" not in "\n".join(line for line in text.splitlines() if line.startswith("one  "))


def test_compare_runs_nothing_in_common_is_an_empty_list(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    folders = [written(tmp_path / name, name, Yard(rng, looks(10)).busy(5, 0, 0).table()) for name in "ab"]
    empty = Yard(rng, looks(2))
    empty.add(1, 0, 1)
    folders.append(written(tmp_path / "c", "c", empty.table().iloc[:0]))
    assert compare_runs(folders) == []
    assert "no consignment" in format_matches([])
    assert verdict([]) == "No consignment of one site matches one of another."


def test_verdict_says_first_where_chance_explains_all() -> None:
    rows = [{"p_value": 0.454}, {"p_value": 0.3}]
    assert verdict(rows[:1]) == "The one match between these sites is no rarer than chance brings: p 0.45."
    assert verdict(rows).startswith(
        "None of 2 matches between these sites is rarer than chance brings: the best has p 0.3"
    )
    assert verdict([*rows, {"p_value": 0.05}]).startswith(
        "1 of 3 matches is rarer than chance brings (p of 0.05 and less"
    )


def test_compare_runs_wrong_input_is_one_line_each(tmp_path: Path) -> None:
    good = written(tmp_path / "a", "a", Yard(np.random.default_rng(0), looks(10)).busy(5, 0, 0).table())
    coarse = written(tmp_path / "b", "b", pd.DataFrame(), {"containers": "10 m is too coarse"})
    bare = written(tmp_path / "c", "c", pd.DataFrame())
    (bare / "objects.gpkg").unlink()
    with pytest.raises(InputError, match="at least two"):
        compare_runs([good])
    with pytest.raises(InputError, match="site 'a' is also that of"):
        compare_runs([good, good])
    with pytest.raises(InputError) as caught:
        compare_runs([good, coarse, bare, tmp_path / "nowhere"])
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == 3
    assert "10 m is too coarse" in said[0]
    assert "objects.gpkg" in said[1]
    assert "no finished run" in said[2]


def test_compare_runs_refuses_boxes_without_colours(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    tables = [Yard(rng, looks(10)).busy(20, 0, 0).table() for _ in range(2)]
    lights = [f"#{light:02x}{light:02x}{light:02x}" for light in rng.integers(40, 200, len(tables[1]))]
    folders = [written(tmp_path / "a", "a", tables[0]), written(tmp_path / "b", "b", tables[1].assign(color=lights))]
    with pytest.raises(InputError, match=r"b: its boxes have no colours, as in panchromatic scenes"):
        compare_runs(folders)
