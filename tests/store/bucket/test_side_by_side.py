"""Calls side by side: results as they come, the first failure, and Ctrl-C, which waits for nobody."""

from __future__ import annotations

import threading
import time

import pytest

from changedet.store.bucket import side_by_side as module
from changedet.store.bucket.side_by_side import side_by_side


def test_results_come_with_their_names() -> None:
    assert dict(side_by_side(str.upper, [*"abcdefgh"])) == {one: one.upper() for one in "abcdefgh"}
    assert not [*side_by_side(str.upper, [])]


def test_the_first_failure_ends_it_once_what_is_under_way_has_ended() -> None:
    ended: list[str] = []

    def call(name: str) -> None:
        if name == "bad":
            raise OSError(name)
        time.sleep(0.2)
        ended.append(name)

    with pytest.raises(OSError, match="bad"):
        list(side_by_side(call, ["slow", "bad"]))
    assert ended == ["slow"]


@pytest.mark.parametrize("replaced", [False, True])
def test_ctrl_c_waits_for_nobody_also_where_another_error_takes_its_place(
    monkeypatch: pytest.MonkeyPatch, replaced: bool
) -> None:
    def interrupted(_: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            if replaced:
                # as `threading.Condition` does where Ctrl-C meets it with its lock released
                raise RuntimeError("release unlocked lock")

    go_on = threading.Event()
    monkeypatch.setattr(module, "_next", interrupted)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(side_by_side(lambda _: go_on.wait(20), ["held"]))
    assert time.monotonic() - start < 10
    go_on.set()
