"""A run leaves Python's search for garbage as it found it."""

from __future__ import annotations

import gc

from changedet.at_work import NEW_OBJECTS, at_work


def test_settings_hold_until_the_last_of_two_runs_ends() -> None:
    first, second = at_work(), at_work()
    before = gc.get_threshold()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold() == (max(NEW_OBJECTS, before[0]), *before[1:])
    second.__exit__(None, None, None)
    assert gc.get_threshold() == before
