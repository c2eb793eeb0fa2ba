"""Workers of a cluster with other code than the machine that sends them tasks."""

from __future__ import annotations

from pathlib import Path

import pytest

from changedet.blocks import same_code
from changedet.blocks.same_code import checked, code_here
from changedet.errors import ChangedetError


def test_checked_carries_out_tasks_of_the_same_code() -> None:
    assert checked(code_here(), max, 3, 5) == 5


@pytest.mark.parametrize(("name", "other"), [("changedet", "0123456789ab"), ("numpy", "1.0"), ("python", "2.7")])
def test_checked_names_what_differs(name: str, other: str) -> None:
    with pytest.raises(ChangedetError, match=rf"other code than this machine: {name} {code_here()[name]} for {other};"):
        checked({**code_here(), name: other}, max, 3, 5)


def test_code_here_knows_a_changed_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    monkeypatch.setattr(same_code, "PACKAGE", tmp_path)
    code_here.cache_clear()
    before = code_here()["changedet"]
    (tmp_path / "a.py").write_text("x = 2\n")
    code_here.cache_clear()
    assert code_here()["changedet"] != before
    monkeypatch.undo()
    code_here.cache_clear()
