"""Consignments between sites: planted lots are found with their lag, unrelated sites match no more than by chance."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from changedet.assess.compare import tables
from changedet.assess.compare.consignments import compare_runs, match_sites
from changedet.assess.compare.rows import TRAIN_COLUMNS
from changedet.assess.compare.sites import site_of
from changedet.assess.compare.text import format_matches
from changedet.assess.compare.trains import match_trains, trains_of
from changedet.assess.kernels import sequences
from changedet.assess.kernels.lot_matches import best_lag, pairs_at
from changedet.assess.kernels.lots import balance, find_lots
from changedet.errors import InputError
from changedet.kernels import colour
from changedet.outputs.gpkg.vector_layers import write_objects
from changedet.store import write_json

PAINTS = ["#7d3b33", "#b23a30", "#33588c", "#3c7c78", "#8d9294", "#cfd0cb", "#b89a45", "#3f7152", "#c0703a"]
KINDS = ["20ft", "40ft", "45ft"]
START = dt.date(2023, 1, 10)


def looks(count: int, phase: int = 0, every: int = 30) -> list[dt.date]:
    return [START + dt.timedelta(days=phase + every * k) for k in range(count)]


def box(rng: np.random.Generator, paint: str, cast: np.ndarray) -> str:
    value = np.array([int(paint[i : i + 2], 16) / 255 for i in (1, 3, 5)]) ** 2.2
    dusty = (0.65 * value + 0.35 * 0.2) * np.exp(rng.normal(0, 0.1)) * np.exp(rng.normal(0, 0.04, 3)) * cast
    return "#" + "".join(f"{round(255 * min(1.0, v) ** (1 / 2.2)):02x}" for v in dusty)


class Yard:
    """A site's tracks, built box by box; dates as numbers of looks."""

    def __init__(self, rng: np.random.Generator, days: list[dt.date], fleet: np.ndarray | None = None) -> None:
        self.rng, self.days = rng, days
        self.fleet = rng.dirichlet(np.ones(len(PAINTS)) * 1.5) if fleet is None else fleet
        self.cast = np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.05, 3))
        self.rows: list[dict[str, Any]] = []

    def add(self, boxes: int, came: int, gone: int, paint: str | None = None, kind: str | None = None) -> None:
        """`came` 0: there from the start; `gone` at or beyond the last look: never."""
        for _ in range(boxes):
            own = paint or str(self.rng.choice(PAINTS, p=self.fleet))
            size = kind or str(self.rng.choice(KINDS, p=[0.35, 0.6, 0.05]))
            last = min(gone, len(self.days)) - 1
            self.rows.append(
                {
                    "track_id": len(self.rows) + 1,
                    "first_seen": self.days[came],
                    "last_seen": self.days[last],
                    "not_after": self.days[gone] if gone < len(self.days) else None,
                    "not_before": self.days[came - 1] if came else None,
                    "kind": size,
                    "color": box(self.rng, own, self.cast),
                }
            )

    def busy(self, stock: int, lots: int, singles: int) -> Yard:
        """Stock from the start, lots of one paint and kind that come and go together, and single boxes."""
        n = len(self.days)
        for _ in range(stock):
            self.add(1, 0, int(self.rng.integers(1, 3 * n)))
        for _ in range(lots):
            came = int(self.rng.integers(1, n))
            paint, kind = str(self.rng.choice(PAINTS, p=self.fleet)), str(self.rng.choice(KINDS, p=[0.35, 0.6, 0.05]))
            self.add(int(self.rng.integers(3, 9)), came, came + int(self.rng.integers(1, n)), paint, kind)
        for _ in range(singles):
            came = int(self.rng.integers(1, n))
            self.add(1, came, came + int(self.rng.integers(1, n)))
        return self

    def table(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows)


def site(name: str, yard: Yard) -> Any:
    return site_of(name, yard.table())


def unrelated(seed: int, fleet: np.ndarray | None = None) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    one = Yard(rng, looks(int(rng.integers(6, 13))), fleet).busy(80, int(rng.integers(3, 9)), 30)
    other = Yard(rng, looks(int(rng.integers(6, 13)), int(rng.integers(0, 20))), fleet).busy(
        80, int(rng.integers(3, 9)), 30
    )
    return site(f"one-{seed}", one), site(f"other-{seed}", other)


def related(seed: int, lag: int = 2) -> tuple[Any, Any, set[tuple[int, int]]]:
    """Two yards that share six lots, `lag` looks under way; the true pairs of first track ids."""
    rng = np.random.default_rng([7, seed])
    one, other = Yard(rng, looks(10)).busy(70, 0, 25), Yard(rng, looks(10, 9)).busy(70, 0, 25)
    true = set()
    for gone in range(2, 8):
        paint, kind, boxes = str(rng.choice(PAINTS)), str(rng.choice(["20ft", "40ft"])), int(rng.integers(4, 10))
        true.add((len(one.rows) + 1, len(other.rows) + 1))
        one.add(boxes, max(gone - 2, 0), gone, paint, kind)
        other.add(boxes, gone + lag, gone + lag + 20, paint, kind)
    return site("one", one), site("other", other), true


def test_shared_lots_are_found_with_their_lag_and_beyond_chance() -> None:
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
            assert row["p_value"] >= 0.001
    assert sure >= 11
    assert found >= 0.55 * all_true
    assert found >= 0.8 * matches


def test_nothing_flows_backwards_in_time() -> None:
    one, other, _ = related(3)
    for row in match_sites(other, one):
        assert row["lag_high"] > 0
        assert row["lag_low"] >= 0
        assert row["first_seen"] > row["last_seen"]


@pytest.mark.parametrize(
    "fleet", [None, [0.6, 0.2, 0.05, 0.05, 0.05, 0.05, 0.0, 0.0, 0.0]], ids=["own fleets", "one fleet"]
)
def test_unrelated_sites_match_no_more_often_than_by_chance(fleet: list[float] | None) -> None:
    share = None if fleet is None else np.array(fleet)
    values = []
    for seed in range(40):
        rows = match_sites(*unrelated(seed, share))
        values.append(rows[0]["p_value"] if rows else 1.0)
    # Of 40 fair draws more than 5 under .05 come in one case of seventy.
    assert np.sum(np.array(values) < 0.05) <= 5


def test_the_outcome_depends_on_no_order() -> None:
    one, other, _ = related(1)
    shuffled = site_of("one", one.boxes.sample(frac=1, random_state=3))
    assert match_sites(shuffled, other) == match_sites(one, other)
    assert match_sites(one, other) == match_sites(one, other)


def test_a_colour_cast_and_brightness_are_taken_out() -> None:
    rng = np.random.default_rng(0)
    linear = rng.uniform(0.05, 0.3, (200, 3))
    cast = np.array([1.25, 1.0, 0.8]) * 1.4
    before = np.linalg.norm(colour.scaled_lab(linear) - colour.scaled_lab(linear * cast), axis=1)
    one, other = linear * balance(linear), linear * cast * balance(linear * cast)
    after = np.linalg.norm(colour.scaled_lab(one) - colour.scaled_lab(other), axis=1)
    assert np.median(after) < 0.5 * np.median(before)
    dimmed = linear * 0.5
    np.testing.assert_allclose(dimmed * balance(dimmed), one, rtol=1e-9)


def test_cielab_is_that_of_the_standard() -> None:
    # White, and the sRGB red of Lindbloom's calculator: L 53.24, a 80.09, b 67.20.
    lab = colour.scaled_lab(np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]))
    np.testing.assert_allclose(lab[0], [0.4 * 100, 0, 0], atol=0.02)
    np.testing.assert_allclose(lab[1], [0.4 * 53.24, 80.09, 67.20], atol=0.05)


def test_best_lag_agrees_with_trying_every_day() -> None:
    rng = np.random.default_rng(4)
    for _ in range(60):
        shape = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
        weight = rng.uniform(0, 5, shape) * (rng.random(shape) < 0.6)
        low = rng.integers(0, 60, shape).astype(float)
        high = low + rng.integers(1, 60, shape)
        totals = []
        for day in range(121):
            fits = np.where((low <= day) & (day <= high), weight, 0)
            totals.append(min(fits.max(1).sum(), fits.max(0).sum()))
        boxes, begin, end = best_lag(weight, low, high, 120.0)
        assert boxes == pytest.approx(max(totals))
        if boxes:
            assert totals[int(begin)] == pytest.approx(boxes)
            assert totals[int(end)] == pytest.approx(boxes)


def test_pairs_are_the_best_of_all_assignments() -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        weight = rng.uniform(0, 5, (3, 4)) * (rng.random((3, 4)) < 0.7)
        rows, columns = pairs_at(weight, np.zeros((3, 4)), np.ones((3, 4)), 0.5)
        best = max(sum(weight[i, j] for i, j in enumerate(p)) for p in itertools.permutations(range(4), 3))
        assert weight[rows, columns].sum() == pytest.approx(best)
        assert (weight[rows, columns] > 0).all()


def test_a_lot_is_three_like_boxes_that_the_stock_does_not_let_expect() -> None:
    grey, red = np.array([20.0, 0, 0]), np.array([18.0, 40, 25])
    stock = np.tile(grey, (30, 1))
    came = np.vstack([np.tile(grey, (4, 1)), np.tile(red, (4, 1)), red + np.array([0, 0, 30])])
    lab = np.vstack([stock, came])
    size, batch = np.ones(39, np.int64), np.r_[np.full(30, -1), np.zeros(9)].astype(np.int64)
    lots, members = find_lots(lab, size, batch, batch >= 0, 10.0, 3, 0.001)
    assert [group.tolist() for group in members] == [[34, 35, 36, 37]]
    np.testing.assert_allclose(lots.lab, [red])
    assert lots.boxes.tolist() == [4]
    few, _ = find_lots(lab[:36], size[:36], batch[:36], batch[:36] >= 0, 10.0, 3, 0.001)
    assert not len(few.boxes)


def written(folder: Path, name: str, table: pd.DataFrame, unavailable: dict[str, str] | None = None) -> Path:
    folder.mkdir(parents=True)
    tracks = gpd.GeoDataFrame(
        table, geometry=gpd.points_from_xy(range(len(table)), range(len(table))), crs="EPSG:32633"
    )
    write_objects(folder / "objects.gpkg", {"tracks": tracks}, "EPSG:32633")
    days = [str(day) for day in looks(10)]
    write_json(folder / "summary.json", {"site": name, "dates": days, "unavailable": unavailable or {}})
    return folder


def test_run_folders_to_rows_and_text(tmp_path: Path) -> None:
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
    assert len(text.splitlines()) == len(rows) + 2
    assert "one" in text
    assert "as by chance" not in "\n".join(line for line in text.splitlines() if line.startswith("one  "))


def test_nothing_in_common_is_an_empty_list(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    folders = [written(tmp_path / name, name, Yard(rng, looks(10)).busy(5, 0, 0).table()) for name in "ab"]
    empty = Yard(rng, looks(2))
    empty.add(1, 0, 1)
    folders.append(written(tmp_path / "c", "c", empty.table().iloc[:0]))
    assert compare_runs(folders) == []
    assert "no consignment" in format_matches([])


def test_wrong_input_is_one_line_each(tmp_path: Path) -> None:
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


# ---- trains, chains, tables and a figure


def train(
    rng: np.random.Generator, paints: list[str], sizes: list[str], cast: np.ndarray, left: list[int] | None = None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """The layers `trains` and `containers` of one train, as a site shows it under its own light; `left` out are missed
    boxes."""
    lengths = np.array([6.06 if kind == "20ft" else 12.19 for kind in sizes])
    along = np.cumsum(lengths + 1.2) - lengths / 2 + rng.normal(0, 0.15, len(sizes))
    seen = [k for k in range(len(sizes)) if k not in (left or [])]
    colours = [box(rng, paints[k], cast) for k in seen]
    words = [f"{sizes[k]} {colour}" for k, colour in zip(seen, colours, strict=True)]
    words.insert(4, "(1-2 empty)")
    day = pd.Timestamp("2023-03-01", tz="UTC")
    row = {"date": day, "zone": "rail", "train_id": 1, "sequence": ", ".join(words)}
    line = shapely.LineString(np.column_stack([along[seen], np.zeros(len(seen))]))
    others = colours + [box(rng, paint, cast) for paint in PAINTS * 3]
    points = gpd.points_from_xy(range(len(others)), range(len(others)))
    containers = gpd.GeoDataFrame({"date": day, "color": others}, geometry=points, crs="EPSG:32633")
    return gpd.GeoDataFrame([row], geometry=[line], crs="EPSG:32633"), containers


def planted(seed: int, boxes: int = 14) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    paints = [str(rng.choice(PAINTS)) for _ in range(boxes)]
    return paints, [str(rng.choice(["20ft", "40ft"])) for _ in range(boxes)]


@pytest.mark.parametrize("turned", [False, True])
def test_a_train_is_met_again_with_boxes_missed_and_the_order_turned(turned: bool) -> None:
    found = 0
    for seed in range(12):
        rng, (paints, sizes) = np.random.default_rng([3, seed]), planted(seed)
        way = slice(None, None, -1) if turned else slice(None)
        first = trains_of(*train(rng, paints, sizes, np.ones(3)))
        second = trains_of(*train(rng, paints[way], sizes[way], np.array([1.0, 0.93, 0.8]), [5]))
        rows = match_trains(("one", first), ("other", second))
        found += len(rows) == 1 and rows[0]["turned"] == turned and rows[0]["boxes"] >= 10
    assert found >= 11


def test_another_train_of_the_same_paints_is_not_taken_for_it() -> None:
    taken = 0
    for seed in range(40):
        rng, (paints, sizes) = np.random.default_rng([4, seed]), planted(seed)
        order = rng.permutation(14)
        other = [paints[k] for k in order], [sizes[k] for k in order]
        layers = [trains_of(*train(rng, *own, np.ones(3))) for own in ((paints, sizes), other)]
        taken += bool(match_trains(("one", layers[0]), ("other", layers[1])))
    assert taken <= 3


def test_trains_loaded_lot_by_lot_from_the_same_few_paints_are_not_taken_for_one() -> None:
    taken = 0
    for seed in range(40):
        rng = np.random.default_rng([5, seed])
        paints = rng.choice(PAINTS, 4, replace=False)
        both = []
        for _ in range(2):
            lots = [(str(rng.choice(paints)), str(rng.choice(["20ft", "40ft"])), 2 + rng.integers(5)) for _ in range(6)]
            own = [paint for paint, _, n in lots for _ in range(n)], [kind for _, kind, n in lots for _ in range(n)]
            both.append(trains_of(*train(rng, *own, np.ones(3))))
        rows = match_trains(("one", both[0]), ("other", both[1]))
        taken += bool(rows) and rows[0]["p_value"] < 0.01
    assert taken <= 2


def test_a_chain_leaves_out_what_one_row_lacks_and_keeps_the_spacing() -> None:
    rng = np.random.default_rng(6)
    lab, size = rng.uniform(-30, 30, (12, 3)), rng.integers(0, 2, 12)
    whole = sequences.Row(lab, size, np.arange(12) * 7.0)
    kept = np.delete(np.arange(12), [3, 8])
    part = sequences.Row(lab[kept] + (2.0, -3.0, 1.0), size[kept], whole.along[kept] + 40.0)
    found = sequences.chain(whole, part)
    assert found.first.tolist() == kept.tolist()
    assert found.second.tolist() == list(range(10))
    assert not found.turned
    other_way = sequences.chain(whole, sequences.Row(part.lab[::-1], part.size[::-1], -part.along[::-1]))
    assert other_way.turned
    assert other_way.second.tolist() == list(range(10))[::-1]
    assert other_way.score == pytest.approx(found.score)
    closed = sequences.chain(whole, part._replace(along=np.arange(10) * 7.0))
    assert closed.score < found.score - 2.0


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


def test_tables_and_the_figure_hold_what_was_matched(tmp_path: Path) -> None:
    rows = [consignment("a", "b", [1, 2, 3], [7, 8, 9], 0), consignment("b", "c<", [8, 9, 7], [4, 5, 6], 60, p=0.5)]
    train = dict.fromkeys(TRAIN_COLUMNS, 1) | {"zone_from": "=HYPERLINK(1)", "zone_to": "north"}
    tables.write_comparison(tmp_path / "guarded", [], [train])
    assert "'=HYPERLINK(1),north" in (tmp_path / "guarded" / "trains.csv").read_text()
    paths = tables.write_comparison(tmp_path / "out", rows, [])
    assert [path.name for path in paths] == ["consignments.csv", "trains.csv", "chains.csv", "compare.html"]
    assert len(pd.read_csv(paths[0])) == 2
    assert pd.read_csv(paths[1]).empty
    page = paths[3].read_text()
    assert (page.count("<path"), page.count("stroke-dasharray")) == (2, 1)
    assert "c&lt;" in page
    assert "c<" not in page
    assert "None." in page
