"""Change read over a series: the model against all histories, and what a run makes of a single bad look."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from small_scenes import ground, write_scene, write_workflow

from changedet.blocks import Window, tiles
from changedet.grid import Grid
from changedet.pipeline.finished import open_run
from changedet.pipeline.placebo import single_look_counts
from changedet.pipeline.run import carry_out, run
from changedet.pipeline.series_masks import SeriesWork, count_sure, series_tile
from changedet.plan import make_plan
from changedet.stages.change.kernels import local_change_rate as ground_around
from changedet.stages.change.kernels import series_hmm as kernel
from changedet.stages.change.kernels.local_change_rate import (
    LocalChangeRate,
    bounded_by_site,
    halo_px,
    local_change_rate,
)
from changedet.stages.change.kernels.series_hmm import series_change_probability

DATES = ("2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01", "2023-05-01")


SHIFT, FLIP = 0.4, 0.2
WEIGHTS = np.array([1.0, 0.4, 1.0, 0.2, 1.0, 1.0])


def by_histories(scores, thresholds, probabilities):
    """Posterior of each date from the sum over all histories of one pixel; of what hides it the first date that shows
    something of the site is one of the history's, between two looks."""
    flip = FLIP if probabilities else 0.08
    hides = [np.isnan(score) and trusted >= 0.25 for score, trusted in zip(scores, WEIGHTS, strict=True)]
    first = [
        not any(hides[max((k for k in range(t) if not np.isnan(scores[k])), default=-1) + 1 : t]) for t in range(6)
    ]
    total = np.zeros((2, len(scores)))
    for history in itertools.product((0, 1), repeat=len(scores)):
        weight, before = 1.0, 0
        for t, (state, score, threshold, trusted) in enumerate(zip(history, scores, thresholds, WEIGHTS, strict=True)):
            if np.isnan(score) and not (hides[t] and first[t]):
                continue
            weight *= flip if state != before else 1 - flip
            before = state
            if state and not np.isnan(score):
                p = min(max(float(score), 1e-6), 1 - 1e-6)
                odds = np.log(p / (1 - p)) + 0.2 - SHIFT if probabilities else 4 * np.log(score / threshold)
                weight *= np.exp(trusted * np.clip(odds, -2.5, 2.5))
        for t, state in enumerate(history):
            total[state, t] += weight
    return total[1] / total.sum(0)


@pytest.mark.parametrize("probabilities", [True, False])
def test_it_is_the_sum_over_all_histories(probabilities):
    rng = np.random.default_rng(0)
    scores = rng.random((6, 5, 7)).astype(np.float32) * (1 if probabilities else 4)
    scores[rng.random(scores.shape) < 0.2] = np.nan
    thresholds = rng.uniform(0.4, 0.8, 6) * (1 if probabilities else 3)
    around = LocalChangeRate(np.full((5, 7), SHIFT), np.full((5, 7), FLIP)) if probabilities else None
    found = series_change_probability(scores, thresholds, probabilities, WEIGHTS, around)
    for y, x in np.ndindex(5, 7):
        wanted = by_histories(scores[:, y, x], thresholds, probabilities)
        for t in range(6):
            score, last = scores[t, y, x], np.isnan(scores[t + 1 :, y, x]).all()
            by_pair = score > np.float32(thresholds[t])
            if probabilities:
                by_pair = np.log(score / (1 - score)) > np.log(thresholds[t] / (1 - thresholds[t])) + SHIFT + 2 * (
                    1 - WEIGHTS[t]
                )
            if np.isnan(score):
                assert np.isnan(found[t, y, x])
            elif probabilities and not last:
                assert found[t, y, x] == pytest.approx(wanted[t], rel=1e-5)
            elif probabilities:
                assert (found[t, y, x] > kernel.CHANGED) == (wanted[t] > 0.5 or by_pair)
            else:
                assert (found[t, y, x] > kernel.CHANGED) == (by_pair and (last or wanted[t] > 0.5))


def read(looks, weights=None, threshold=0.55, strictness=0.0, flip=0.12):
    """What is marked of one pixel on each date."""
    scores = np.array(looks, np.float32)[:, None, None]
    weights = np.ones(len(looks)) if weights is None else np.array(weights, np.float64)
    around = LocalChangeRate(np.full((1, 1), strictness), np.full((1, 1), flip))
    found = series_change_probability(scores, np.full(len(looks), threshold), True, weights, around)[:, 0, 0]
    return (found > kernel.CHANGED).astype(int).tolist()


def test_weak_looks_count_where_less_is_asked_and_each_stands_by_itself_where_all_goes_over():
    assert read([0.55] * 4, threshold=0.65, strictness=1.2) == [0, 0, 0, 0]
    assert read([0.55] * 4, threshold=0.65, strictness=-0.5) == [1, 1, 1, 1]
    assert read([0.1, 0.7, 0.1, 0.1], flip=0.5) == [0, 1, 0, 0]


def test_what_hides_a_pixel_lets_no_single_bad_look_through():
    gone = [np.nan] * 3
    assert read([0.05, *gone, 0.85, *gone, 0.05]) == [0] * 9


def test_a_pad_may_have_come_while_clouds_hid_it_and_not_under_a_closed_cover():
    pad = [0.02, np.nan, 0.75, 0.75, 0.75]
    assert read(pad, strictness=0.6) == [0, 0, 1, 1, 1]
    assert read(pad, weights=[1, 0.1, 1, 1, 1], strictness=0.6) == [0, 0, 0, 1, 1]


def series_around(boxes, dates=6, size=200):
    """Probabilities at half a metre with boxes (row, column, first date, last date) of 5 by 12 pixels."""
    scores = np.full((dates, size, size), 0.02, np.float32)
    for row, column, first, last in boxes:
        scores[first : last + 1, row : row + 5, column : column + 12] = 0.95
    return scores


def figures(scores, weights=None):
    """Strictness and flip at the middle."""
    weights = np.ones(len(scores)) if weights is None else np.array(weights, np.float64)
    around = local_change_rate(scores, weights, 0.5)
    middle = around.odds_shift.shape[0] // 2
    return around.odds_shift[middle, middle], around.change_probability[middle, middle]


def test_busy_ground_is_read_more_loosely_and_still_ground_more_strictly_within_bounds():
    yard = [(70 + 10 * i, 70 + 15 * j, 2, 5) for i in range(6) for j in range(4)]
    quiet, one, many = (figures(series_around(boxes))[0] for boxes in ([], [(70, 70, 2, 2)], yard))
    assert quiet > one > 0 > many >= -ground_around.MOST_SHIFT[0]
    share = (60 * 0.25 + 1) / (81 * 81 * 6 * 0.25 + 1000)
    assert one == pytest.approx(0.6 * np.log(0.01 / share), rel=1e-6)
    assert figures(np.full((3, 200, 200), np.nan, np.float32))[0] > 0


def test_around_a_wide_pad_scores_are_taken_as_they_are():
    pad = series_around([])
    pad[3:, 70:130, 70:130] = 0.95
    assert figures(pad)[0] == 0.0


def test_what_comes_and_goes_makes_looks_stand_by_themselves():
    rows = [(80 + 10 * i, 75 + 15 * j) for i in range(4) for j in range(4)]
    stays = [(y, x, 2, 5) for y, x in rows]
    trains = [(y, x, t, t) for t, (y, x) in zip((0, 1, 3, 4) * 4, rows, strict=True)]
    assert figures(series_around(stays))[1] == ground_around.USUAL_CHANGE
    assert figures(series_around(trains))[1] == ground_around.MOST_CHANGE
    # a lorry that was there once makes no siding
    assert figures(series_around([(98, 95, 2, 2)]))[1] < 0.45
    # nor does a hazy date on which all seems gone
    hazy = series_around(stays)
    hazy[4] = 0.02
    assert figures(hazy)[1] > 0.3
    assert figures(hazy, [1, 1, 1, 1, 0.5, 1])[1] == ground_around.USUAL_CHANGE


def test_the_rims_of_clouds_make_nothing_busy():
    rows = [(80 + 10 * i, 75 + 15 * j) for i in range(4) for j in range(4)]
    cloudy = series_around([(y, x, t, t) for t, (y, x) in zip((0, 1, 3, 4) * 4, rows, strict=True)])
    for t in (0, 1, 3, 4):
        cloudy[t, 60:74] = np.nan
        cloudy[t, 126:150] = np.nan
        cloudy[t, 95:105] = np.nan
    still = np.where(np.isnan(cloudy), np.nan, np.float32(0.02))
    assert figures(cloudy) == pytest.approx(figures(still))


def test_a_quiet_site_bounds_what_its_busiest_ground_may_do():
    around = LocalChangeRate(np.array([[-0.5, 1.1]]), np.array([[0.5, 0.12]]))
    clear, half = np.ones(4), np.array([1, 1, 0.5, 0.2])
    busy, usual, quiet = (bounded_by_site(around, sure, 1_000_000, clear) for sure in (20_000, 10_000, 1_000))
    np.testing.assert_allclose(busy.odds_shift, around.odds_shift)
    np.testing.assert_allclose(usual.change_probability, around.change_probability)
    np.testing.assert_allclose(quiet.odds_shift, [[1.2 - 0.6, 1.1]])
    np.testing.assert_allclose(quiet.change_probability, ground_around.USUAL_CHANGE)
    np.testing.assert_allclose(
        bounded_by_site(around, 20_000, 1_000_000, half).change_probability, [[(0.5 + 0.12) / 2, 0.12]]
    )


def test_what_is_counted_of_the_site_reaches_its_tiles(tmp_path):
    work = written(
        tmp_path, np.where(np.arange(5)[:, None, None] == 1, 0.9, np.full((5, 60, 140), 0.02)).astype(np.float32)
    )
    assert count_sure(work, Window(0, 0, 60, 100)).tolist() == [6000] + [6000] * 5


def test_the_ground_around_a_pixel_is_the_same_in_any_window():
    rng = np.random.default_rng(3)
    scores = np.kron(rng.random((4, 50, 50)) ** 20, np.ones((1, 4, 6))).astype(np.float32)
    scores[:, 60:70, 90:130] = scores[1, 100:150, 250:] = np.nan
    weights, halo = np.array([1.0, 0.5, 1.0, 0.9]), halo_px(0.5)
    whole = local_change_rate(scores, weights, 0.5)
    part = local_change_rate(scores[:, 20:150, 33:170], weights, 0.5)
    for one, other in zip(whole, part, strict=True):
        assert np.ptp(one) > 0
        assert one[20 : 150 - 2 * halo, 33 : 170 - 2 * halo].tobytes() == np.ascontiguousarray(other).tobytes()


def test_a_date_between_clouds_is_believed_less():
    assert kernel.date_weights(np.array([500, 1000, 20, 0])).tolist() == [0.5, 1.0, 0.1, 0.1]
    for weights, marked in (([1, 1, 1, 1], 1), ([1, 0.2, 0.2, 1], 0)):
        assert read([0.02, 0.99, 0.99, 0.02], weights, threshold=0.8)[1] == marked


def test_a_date_without_near_infrared_gainsays_others_with_it_less_and_is_as_good_as_its_like():
    seen, lacking = np.array([1000, 1000, 1000, 500]), np.array([True, False, True, True])
    weights = kernel.date_weights(seen, lacking)
    assert weights.tolist() == [1.0, 0.5, 1.0, 0.5]
    assert (
        kernel.date_weights(seen, np.zeros(4, bool)).tolist()
        == kernel.date_weights(seen).tolist()
        == [1.0, 1.0, 1.0, 0.5]
    )
    scores = [0.9, 0.001, 0.9, np.nan]
    assert [read(scores, given)[1] for given in (kernel.date_weights(seen), weights)] == [0, 1]


@pytest.mark.parametrize(("weight", "odds"), [(1.0, 0.0), (0.75, 0.5), (0.4, 1.2), (0.1, 1.8)])
def test_series_change_probability_holds_a_last_look_in_haze_back(weight, odds):
    """By twice the weight that its date lacks, in log odds."""
    scores = np.array([0.6, 0.7, 0.85, 0.95], np.float32)
    rate = LocalChangeRate(np.full((1, 4), 0.3), np.full((1, 4), 0.12))
    looks = np.stack([np.full(4, 0.05, np.float32), scores])[:, None]
    found = series_change_probability(looks, np.full(2, 0.55), True, np.array([1.0, weight]), rate)[1, 0]
    above = np.log(scores / (1 - scores)) - np.log(0.55 / 0.45) - 0.3 - odds
    together = series_change_probability(looks, np.full(2, 0.999), True, np.array([1.0, weight]), rate)[1, 0]
    np.testing.assert_allclose(found, np.maximum(1 / (1 + np.exp(-above)), together), rtol=1e-5)
    assert ((found > kernel.CHANGED) == (above > 0)).all()


@pytest.mark.parametrize(
    ("looks", "marked"),
    [
        ([0.01, 0.9, 0.01, 0.01], [0, 0, 0, 0]),
        ([0.01, 0.97, 0.97, 0.01], [0, 1, 1, 0]),
        ([0.01, 0.9, 0.2, 0.9], [0, 1, 1, 1]),
        ([0.01, 0.01, 0.01, 0.9], [0, 0, 0, 1]),
        ([0.01, 0.9, np.nan, np.nan], [0, 1, 0, 0]),
        ([0.9, np.nan, np.nan, 0.01], [0, 0, 0, 0]),
        ([0.54] * 8, [0] + [1] * 7),
        ([0.9], [1]),
    ],
)
def test_what_looks_make_of_each_other(looks, marked):
    assert read(looks) == marked


def written(folder, scores):
    """Score and contrast rasters as a run keeps them, and the work of reading them together."""
    transform = Affine(0.5, 0, 500_000, 0, -0.5, 5_400_000)
    profile = {"driver": "GTiff", "dtype": "float32", "crs": "EPSG:32633", "transform": transform, "nodata": np.nan}
    profile |= {"height": scores.shape[1], "width": scores.shape[2]}
    for t, score in enumerate(scores):
        for name, bands in (("score", score[None]), ("contrast", np.zeros((2, *score.shape), np.float32))):
            with rasterio.open(folder / f"{name}{t}.tif", "w", count=len(bands), **profile) as out:
                out.write(bands)
    paths = [tuple(folder / f"{name}{t}.tif" for t in range(len(scores))) for name in ("score", "contrast")]
    grid = Grid("EPSG:32633", transform, scores.shape[1:])
    return SeriesWork(grid, *paths, (0.75,) * len(scores), True, (1.0,) * len(scores), (True,) * len(scores))


def marked(work, window):
    return np.stack([found[0] for found in series_tile(work, window)]) > kernel.CHANGED


def test_on_sidings_a_date_counts_by_itself_and_nowhere_else(tmp_path):
    scores = np.full((5, 60, 140), 0.02, np.float32)
    scores[1, 20:25, 20:44] = scores[1, 20:25, 100:124] = 0.8
    work = replace(written(tmp_path, scores), sidings=shapely.box(500_005, 5_399_980, 500_030, 5_400_000))
    found = marked(work, Window(0, 0, 60, 140))
    assert found[1, 20:25, 20:44].all()
    assert found.sum() == found[1, 20:25, 20:44].sum()
    assert not marked(replace(work, sidings=None), Window(0, 0, 60, 140)).any()


def test_probabilities_are_read_the_same_however_the_site_is_cut(tmp_path):
    rng = np.random.default_rng(4)
    scores = np.kron(rng.random((4, 20, 25)) ** 4, np.ones((1, 6, 7))).astype(np.float32)
    work = replace(written(tmp_path, scores), sidings=shapely.box(500_010, 5_399_970, 500_040, 5_399_990))
    whole = marked(work, Window(0, 0, 120, 175))
    assert 0.01 < whole.mean() < 0.9
    for window in tiles((120, 175), 64):
        assert (marked(work, window) == whole[(slice(None), *window.slices)]).all()


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """Five dates; a lasting change from the third on, a bad look on the second, a fresh change on the last."""
    folder = tmp_path_factory.mktemp("series")
    base = ground(300, 340)
    for k, date in enumerate(DATES):
        image = base + np.random.default_rng(50 + k).normal(0, 10, base.shape)
        for place, here in ((np.s_[:, 40:80, 40:80], k >= 2), (np.s_[:, 150:190, 40:80], k == 1)):
            image[place] = np.array([5200, 5000, 4800, 4500])[:, None, None] if here else image[place]
        if k == 4:
            image[:, 40:80, 200:240] = np.array([5200, 5000, 4800, 4500])[:, None, None]
        write_scene(folder / f"{date}.tif", image)
    return folder


def workflow(folder, name="site", **more):
    return write_workflow(folder, DATES, name, **{"mask": "none", **more})


def marks(done, date):
    with rasterio.open(done / "change" / f"{date}_mask.tif") as mask:
        found = mask.read(1)
    with rasterio.open(done / "change" / f"{date}_score.tif") as score:
        above = score.read(1) > float(score.tags()["THRESHOLD"])
        assert mask.shape == score.shape
    assert above[found == 1].all()
    return [
        round(float((found[place] == 1).mean()))
        for place in (np.s_[45:75, 45:75], np.s_[155:185, 45:75], np.s_[45:75, 205:235])
    ]


def test_a_single_bad_look_makes_no_change_and_fresh_change_is_shown(series: Path):
    done = run(workflow(series), out=str(series / "out")).path
    assert [marks(done, date) for date in DATES[1:]] == [[0, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 1]]
    pairs = workflow(series, "pairs", change={"method": "cva", "persistence": "none"})
    alone = run(pairs, out=str(series / "out")).path
    assert [marks(alone, date) for date in DATES[1:]] == [[0, 1, 0], [1, 0, 0], [1, 0, 0], [1, 0, 1]]
    with rasterio.open(done / "change" / "first_change.tif") as first:
        assert len(np.unique(first.read(1)[[60, 170, 60], [60, 60, 220]])) == 3


def test_what_is_read_together_is_the_same_however_it_is_cut_and_done_again_only_where_it_must_be(series: Path):
    whole = run(workflow(series, "whole"), out=str(series / "out")).path
    small = run(workflow(series, "whole", compute={"chunk": 128}), out=str(series / "small")).path
    for date in DATES[1:]:
        for kind in ("mask", "score"):
            name = f"change/{date}_{kind}.tif"
            assert (whole / name).read_bytes() == (small / name).read_bytes()
    scores = sorted((whole / ".changedet" / "score").glob("*.gtif"))
    times = [path.stat().st_mtime_ns for path in scores]
    # as after a kill while the masks were written
    record = whole / ".changedet" / "steps" / f"masks_{DATES[2]}.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"identity": None}))
    (whole / "change" / f"{DATES[2]}_mask.tif").unlink()
    run(workflow(series, "whole"), out=str(series / "out"))
    assert [path.stat().st_mtime_ns for path in scores] == times
    name = f"change/{DATES[2]}_mask.tif"
    assert (whole / name).read_bytes() == (small / name).read_bytes()


def test_a_new_date_scores_only_itself_and_is_read_with_the_others(series: Path):
    part = write_workflow(series, DATES[:4], "grows", mask="none")
    folder = run(part, out=str(series / "out")).path
    scores = sorted((folder / ".changedet" / "score").glob("*.gtif"))
    times = [path.stat().st_mtime_ns for path in scores]
    # on the last of two looks the bad one cannot be gainsaid
    assert marks(run(write_workflow(series, DATES[:2], "two", mask="none"), out=str(series / "out")).path, DATES[1])[1]
    run(workflow(series, "grows"), out=str(series / "out"))
    assert [path.stat().st_mtime_ns for path in scores] == times
    assert marks(folder, DATES[4]) == [1, 0, 1]


def test_a_reference_in_the_middle_has_a_series_on_either_side(series: Path):
    done = run(workflow(series, "middle", before=DATES[2]), out=str(series / "out")).path
    # read backwards, the second date is the first look of two and its bad look is not confirmed
    assert marks(done, DATES[0])[0] == marks(done, DATES[1])[0] == 1
    assert marks(done, DATES[1])[1] == 0
    assert marks(done, DATES[4]) == [0, 0, 1]


def test_a_series_without_change_has_no_masks(series: Path):
    done = run(workflow(series, "plain", change={"method": "none"}), out=str(series / "out"))
    assert done.series["changed_area_m2"].isna().all()
    assert not list((done.path / "change").glob("*.tif"))


def test_the_placebo_is_what_single_looks_and_pairs_mark_where_nothing_happened(series: Path):
    plan = make_plan(workflow(series, "placebo"), out=str(series / "out"))
    first = carry_out(plan).summary["placebo"]
    # the bad look lies between two unchanged ones, a fortieth of the rest; the last date has none after it
    size = (300 * 340 - 2 * 1600) * 3 + 3 * 1600
    assert first["single_looks"] == pytest.approx(1600 / size, rel=0.15)
    assert first["pairs"] == []
    assert first["share"] == first["single_looks"]
    assert first["bound"] == max(first["share"], 0.037)
    assert first["false_area_m2"][DATES[1]] == pytest.approx(first["share"] * 300 * 340 * 100, rel=0.02)
    again = carry_out(plan, placebo=True).summary["placebo"]
    assert again["single_looks"] == first["single_looks"]
    assert [(pair["from"], pair["to"]) for pair in again["pairs"]] == list(itertools.pairwise(DATES[1:]))
    # the bad look shows in the pair that it is part of, and the fresh change, which the masks know, in none
    assert again["pairs"][0]["share"] == pytest.approx(1600 / (300 * 340 - 1600), rel=0.15)
    assert again["pairs"][1]["share"] == again["pairs"][2]["share"] == 0
    kept = carry_out(plan).summary["placebo"]
    assert kept == again
    said: list[str] = []
    assert carry_out(plan, placebo=True, progress=lambda what, *_: said.append(what)).summary["placebo"] == again
    assert said == []


def test_a_pair_of_dates_has_no_placebo_of_its_own(series: Path):
    path = write_workflow(series, DATES[:2], "pair", mask="none")
    done = subprocess.run(
        [sys.executable, "-m", "changedet", "run", str(path), "--out", str(series / "out"), "--placebo"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "placebo: 3.70% of what is seen" in done.stdout
    assert "as on simulated sites" in done.stdout
    assert open_run(series / "out" / "pair").summary["placebo"]["single_looks"] is None


def test_single_looks_are_counted_between_clear_unchanged_ones_alone():
    rng = np.random.default_rng(0)
    states = rng.choice(np.array([0, 1, 255], np.uint8), (6, 9, 11), p=[0.6, 0.2, 0.2])
    alone = np.where(states == 255, 255, rng.choice(np.array([0, 1], np.uint8), states.shape)).astype(np.uint8)
    judged = marked = 0
    for y, x in np.ndindex(9, 11):
        for t in range(6):
            before = [s for s in states[:t, y, x] if s != 255]
            after = [s for s in states[t + 1 :, y, x] if s != 255]
            if before and after and before[-1] == after[0] == 0 and alone[t, y, x] != 255:
                judged, marked = judged + 1, marked + int(alone[t, y, x] == 1)
    assert single_look_counts(states, alone) == (judged, marked)
