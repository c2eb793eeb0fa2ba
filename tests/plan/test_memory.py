"""The expected peak of memory: near what was measured, and growing with what takes memory."""

import math
from dataclasses import replace

import pytest

from changedet.plan.memory import (
    BEYOND_GRID_M,
    DRAWN_BYTES,
    HALLS_BYTES,
    HALLS_KEPT_BYTES,
    PLAIN_BYTES,
    RAILS_BYTES,
    SEASON_BYTES,
    TOGETHER_BYTES,
    WAITING_BYTES,
    WITNESS_BYTES,
    WITNESSED_BYTES,
    Demand,
    expected_peak,
)
from changedet.stages.change.kernels.outlined_ground import CELL_BYTES

PAIR = Demand((1024, 1024), 4, 2, 1, 2, by_trees=False, detects=False)
SITE = Demand((520, 520), 4, 5, 4, 2, by_trees=True, detects=True)


@pytest.mark.parametrize(
    ("demand", "edge_px", "workers", "peak_mb"),
    [
        (replace(PAIR, shape=(512, 512)), 512, 2, 443),
        (PAIR, 512, 2, 522),
        (replace(PAIR, shape=(2048, 2048), overview_factor=2), 512, 2, 529),
        (replace(PAIR, shape=(2048, 2048), overview_factor=2, halls_px=1_864_135), 512, 2, 842),
        (replace(PAIR, shape=(4096, 4096), overview_factor=3), 512, 2, 590),
        (replace(PAIR, shape=(8192, 8192), overview_factor=6), 512, 2, 612),
        (replace(PAIR, shape=(20_000, 20_000), overview_factor=14), 512, 2, 603),
        (replace(PAIR, dates=4), 512, 2, 669),
        (
            replace(PAIR, shape=(1224, 1224), dates=12, season_halo_px=42, witnesses=5, lasting_cells=1224**2),
            512,
            2,
            1197,
        ),
        (SITE, 1024, 2, 879),
        (replace(SITE, shape=(800, 800), dates=4, gsd_m=0.3), 1024, 2, 1061),
        (replace(SITE, shape=(800, 800), dates=8, gsd_m=0.3), 1024, 2, 1129),
        (replace(SITE, gsd_m=0.5), 1024, 2, 879),
        (replace(SITE, shape=(1200, 1200), dates=2), 1024, 2, 1214),
        (replace(SITE, shape=(2000, 2000), gsd_m=0.5, outlines_cells=1_000_000), 1024, 2, 1588),
    ],
)
def test_expected_peak_is_within_15_percent_of_runs(demand: Demand, edge_px: int, workers: int, peak_mb: int) -> None:
    assert expected_peak(demand, edge_px, workers) / 1e6 == pytest.approx(peak_mb, rel=0.15)


def test_expected_peak_grows_with_workers_tiles_bands_and_dates_up_to_the_workers() -> None:
    least = expected_peak(SITE, 512, 1)
    assert expected_peak(SITE, 512, 2) > least
    assert expected_peak(replace(SITE, shape=(3000, 3000)), 1024, 1) > expected_peak(
        replace(SITE, shape=(3000, 3000)), 512, 1
    )
    assert expected_peak(replace(SITE, bands=8), 512, 1) > least
    assert expected_peak(replace(SITE, detects=False), 512, 1) < least
    many = [expected_peak(replace(PAIR, dates=dates), 512, 2) for dates in (1, 2, 3, 9)]
    assert many[0] == many[1] < many[2] == many[3]


def test_expected_peak_does_not_grow_with_a_scene_once_its_sample_is_full() -> None:
    wide = [replace(PAIR, shape=(side, side), overview_factor=side // 1024) for side in (8192, 65536)]
    assert expected_peak(wide[0], 512, 2) == expected_peak(wide[1], 512, 2)


def test_tracks_add_to_a_run_what_their_pixels_take() -> None:
    measured = replace(PAIR, dates=4)
    assert expected_peak(replace(measured, rails_px=1000), 512, 3) == expected_peak(measured, 512, 3)
    wide = replace(SITE, rails_px=30_000_000)
    grown = expected_peak(replace(wide, rails_px=31_000_000), 512, 1) - expected_peak(wide, 512, 1)
    assert grown == 1_000_000 * RAILS_BYTES


def test_outlines_of_new_ground_add_what_their_cells_take() -> None:
    wide = replace(SITE, outlines_cells=50_000_000)
    assert expected_peak(replace(SITE, outlines_cells=1_000_000), 512, 1) == expected_peak(SITE, 512, 1)
    grown = expected_peak(replace(wide, outlines_cells=60_000_000), 512, 1) - expected_peak(wide, 512, 1)
    assert grown == 10_000_000 * CELL_BYTES
    assert expected_peak(replace(wide, dates=2), 512, 1) < expected_peak(wide, 512, 1), "no earlier look to ask"


def test_halls_add_to_a_run_what_their_pixels_and_dates_take() -> None:
    wide = replace(SITE, halls_px=20_000_000)
    measured_last = replace(PAIR, dates=4)
    assert expected_peak(replace(measured_last, halls_px=1000), 512, 3) == expected_peak(measured_last, 512, 3)
    grown = expected_peak(replace(wide, halls_px=21_000_000), 512, 1) - expected_peak(wide, 512, 1)
    assert grown == 1_000_000 * (HALLS_BYTES + HALLS_KEPT_BYTES * SITE.dates)


def test_a_tile_that_takes_in_a_narrow_rest_is_promised_as_wide_as_it_is() -> None:
    one, wider, two = (
        expected_peak(replace(SITE, shape=(side, 512), dates=2, detects=False), 512, 2) for side in (512, 560, 600)
    )
    assert max(one, two) < wider


def test_tiles_that_wait_to_be_written_are_promised_where_there_are_several() -> None:
    pair, series, longer = (
        expected_peak(replace(SITE, shape=(2048, 2048), dates=dates), 1024, 2) for dates in (2, 4, 6)
    )
    # Of a pair's four tiles two are at work and two wait; of a series one more than there are workers.
    assert series - pair == 1024 * 1024 * WAITING_BYTES
    assert longer == series


def test_dates_read_together_ask_no_memory_for_what_lies_far_beyond_the_grid() -> None:
    many = replace(SITE, dates=60, gsd_m=0.5)
    small, larger = (expected_peak(replace(many, shape=(side, side)), 512, 1) for side in (300, 500))
    beyond_px = 2 * math.ceil(BEYOND_GRID_M / 0.5)
    pixels = (500 + beyond_px) ** 2 - (300 + beyond_px) ** 2
    assert pixels * 59 * TOGETHER_BYTES <= larger - small < 1.1 * pixels * 59 * TOGETHER_BYTES


def test_seasons_of_a_site_are_promised_by_their_halo_and_dates() -> None:
    coarse = replace(PAIR, shape=(1224, 1224), dates=12, season_halo_px=42)
    peaks = [expected_peak(replace(coarse, dates=dates), 512, 2) for dates in (12, 24, 36)]
    assert peaks[2] - peaks[1] == 12 * 2 * (512 + 2 * 42) ** 2 * SEASON_BYTES
    assert peaks[0] <= peaks[1]
    # In tiles of 3 m the same ground is more pixels.
    assert expected_peak(replace(coarse, dates=24, season_halo_px=130), 512, 2) > 1.2 * peaks[1]
    assert expected_peak(replace(coarse, dates=24), 512, 1) < peaks[1]


def test_dates_read_together_are_promised_without_trees_and_seasons() -> None:
    peaks = [expected_peak(replace(PAIR, dates=dates), 512, 2) for dates in (100, 200)]
    assert peaks[1] - peaks[0] == 100 * 2 * 512 * 512 * PLAIN_BYTES


def test_footprints_in_coarse_pixels_add_what_their_cells_and_dates_take() -> None:
    wide = replace(PAIR, dates=12, lasting_cells=30_000_000)
    assert expected_peak(replace(wide, lasting_cells=100), 512, 1) == expected_peak(
        replace(wide, lasting_cells=0), 512, 1
    )
    grown = expected_peak(replace(wide, lasting_cells=40_000_000), 512, 1) - expected_peak(wide, 512, 1)
    assert grown == 10_000_000 * 12 * DRAWN_BYTES


def test_looks_that_tell_clouds_from_ground_are_promised_with_each_date_at_once() -> None:
    alone, asked = (
        expected_peak(replace(PAIR, shape=(4000, 4000), overview_factor=3, dates=8, witnesses=n), 512, 2)
        for n in (0, 5)
    )
    assert asked - alone == 4 * (4000 * 4000 // 9) * (2 * WITNESS_BYTES * 6 + WITNESSED_BYTES)
