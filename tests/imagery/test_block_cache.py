"""Blocks shared by threads: made once, dropped oldest first, and nothing kept of a failure."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from changedet.imagery.block_cache import BlockCache

# rasterio's own arithmetic on windows uses affine's old operator.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


def test_block_cache_what_many_threads_want_is_made_once() -> None:
    shelf, made = BlockCache(1 << 20), []

    def make() -> np.ndarray:
        made.append(threading.get_ident())
        time.sleep(0.05)
        return np.arange(8)

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: shelf.get("block", make), range(8)))
    assert len(made) == 1
    assert all(found is got[0] for found in got)
    assert not got[0].flags.writeable


def test_block_cache_the_budget_holds_and_the_least_recently_used_goes_first() -> None:
    shelf, made = BlockCache(3 * 8 * 100), []

    def want(key: int) -> None:
        shelf.get(key, lambda: made.append(key) or np.zeros(100))  # type: ignore[func-returns-value]

    for key in (1, 2, 3, 1, 4, 1, 3, 2):
        want(key)
    assert made == [1, 2, 3, 4, 2]


def test_block_cache_a_failure_is_raised_to_all_and_tried_again() -> None:
    shelf = BlockCache(1 << 20)

    def fail() -> np.ndarray:
        time.sleep(0.05)
        raise OSError("damaged")

    def outcome(_: int) -> str:
        with pytest.raises(OSError, match="damaged"):
            shelf.get("block", fail)
        return "raised"

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(outcome, range(4))) == ["raised"] * 4
    assert shelf.get("block", lambda: np.ones(3)).sum() == 3
