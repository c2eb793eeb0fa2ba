"""A run keeps BLAS to one thread and leaves the process as it found it."""

from __future__ import annotations

import gc

from threadpoolctl import threadpool_info, threadpool_limits

from changedet.at_work import NEW_OBJECTS, at_work


def settings() -> tuple[list[int], tuple[int, ...]]:
    return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"], gc.get_threshold()


def test_settings_hold_until_the_last_of_two_runs_ends() -> None:
    first, second = at_work(), at_work()
    with threadpool_limits(2, "blas"):
        before = settings()
        first.__enter__()
        assert set(settings()[0]) == {1}
        assert gc.get_threshold()[0] == max(NEW_OBJECTS, before[1][0])
        second.__enter__()
        first.__exit__(None, None, None)
        assert set(settings()[0]) == {1}
        second.__exit__(None, None, None)
        assert settings() == before
