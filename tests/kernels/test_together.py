"""Calls side by side: the same results whoever carries them out, and never a wait for a thread that is busy."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from changedet.blocks.tasks import Pools, stream
from changedet.kernels.together import lanes, together


def _squares(count: int) -> list[int]:
    return together([partial(pow, k, 2) for k in range(count)])


def _who(barrier: threading.Barrier) -> int:
    barrier.wait(10)
    return threading.get_ident()


def _nested(depth: int) -> int:
    if not depth:
        return 1
    return sum(together([partial(_nested, depth - 1)] * 3))


def test_results_stand_in_the_order_of_the_calls() -> None:
    assert _squares(7) == [0, 1, 4, 9, 16, 25, 36]
    with Pools(3):
        assert _squares(7) == [0, 1, 4, 9, 16, 25, 36]
        assert together([]) == []


def test_an_idle_thread_takes_over_what_another_waits_for() -> None:
    with Pools(2) as pools:
        calls = [partial(_who, threading.Barrier(2))] * 2
        assert len(set(together(calls))) == 2
        ((_, found),) = stream([(together, (calls,))], pools=pools)
        assert len(set(found)) == 2


def test_one_worker_has_nobody_to_share_with() -> None:
    with Pools(1) as pools:
        assert lanes() == 1
        ((_, found),) = stream([(together, ([threading.get_ident] * 4,))], pools=pools)
        assert len(set(found)) == 1
        assert found[0] != threading.get_ident()


def test_threads_that_all_share_do_not_wait_for_each_other() -> None:
    with Pools(2) as pools:
        assert sorted(stream([(_nested, (4,))] * 6, pools=pools)) == [(k, 81) for k in range(6)]


def _fails(error: Exception) -> int:
    raise error


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_what_the_first_failing_call_raised_is_raised(workers: int) -> None:
    calls: list[Callable[[], int]] = [int, partial(_fails, KeyError("first")), partial(_fails, ValueError("second"))]
    with Pools(workers), pytest.raises(KeyError, match="first"):
        together(calls)


def test_threads_are_lent_until_their_pool_ends() -> None:
    assert lanes() == 1
    with Pools(2):
        assert lanes() == 2
    assert lanes() == 1
