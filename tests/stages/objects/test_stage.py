"""The methods that find boxes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from planted_boxes import BGRN, depot, painted

from changedet.errors import MethodError
from changedet.stages.objects.boxes import COLUMNS
from changedet.stages.objects.stage import choose, classical
from changedet.stages.registry import Facts


def test_classical_settle_ignores_the_order_of_rows() -> None:
    method = classical(Facts(0.5, BGRN))
    image = painted(depot(), (100, 100), 0.5)
    table = method.detect(image, method.fit(image[None]))
    twice = pd.concat(
        [table, table.assign(x_px=table["x_px"] + 0.4, confidence=table["confidence"] - 0.01)], ignore_index=True
    )
    first = method.settle(twice)
    assert len(first) == len(table)
    pd.testing.assert_frame_equal(first, method.settle(twice.sample(frac=1.0, random_state=1)))


def test_classical_detect_gives_an_empty_typed_table_without_data() -> None:
    method = classical(Facts(0.5, BGRN))
    nothing = np.full((4, 64, 64), np.nan, np.float32)
    table = method.detect(nothing, method.fit(nothing[None]))
    full = method.detect(painted(depot(), (100, 100), 0.5), method.fit(painted(depot(), (100, 100), 0.5)[None]))
    assert len(table) == 0
    assert len(full) > 5
    assert list(table.dtypes) == list(full.dtypes)
    assert list(table.columns) == list(COLUMNS)


@pytest.mark.parametrize(("facts", "word"), [(Facts(10.0, BGRN), "pixels wide"), (Facts(0.5, ("vv", "vh")), "radar")])
def test_choose_refuses_and_says_why(facts: Facts, word: str) -> None:
    choice = choose(facts)
    assert choice.method == "none"
    assert word in choice.reason
    with pytest.raises(MethodError, match=word):
        classical(facts)


def test_choose_counts_in_fine_optical_pictures() -> None:
    assert choose(Facts(1.2, BGRN)).method == "learned"


def test_choose_counts_in_pictures_of_nominal_1_2_m() -> None:
    assert choose(Facts(1.2005, BGRN)).method == "learned"
    assert choose(Facts(1.21, BGRN)).method == "none"


def test_choose_says_how_coarse_the_scenes_are_and_not_a_finer_grid() -> None:
    reason = choose(Facts(1.25, BGRN, gsd_m=(3.0, 3.1))).reason
    assert reason.startswith("in pixels of 3 m a container is 0.81 pixels wide")
    assert choose(Facts(0.5, BGRN, gsd_m=(3.0, 3.0))).method == "none", "a fine grid shows no more than its scenes"
    assert choose(Facts(0.5, BGRN, gsd_m=(3.0, 0.5))).method == "learned"


def test_classical_halo_covers_the_reach_and_stays_small() -> None:
    for resolution in (0.3, 0.5, 1.0):
        halo = classical(Facts(resolution, BGRN)).halo_px
        assert halo <= 64
        assert halo * resolution >= 18.0
