"""The bar of many sites: on a terminal alone, and never among results."""

from __future__ import annotations

import io
import sys

import pytest

from changedet.cli.bars import SitesBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("terminal", "quiet", "shown"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_sites_bar_is_shown_on_a_terminal_and_makes_room_for_results(
    terminal: bool, quiet: bool, shown: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stderr = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    with SitesBar(3, quiet=quiet) as bar:
        bar.begin("planning")
        bar.show(3)
        bar.begin("sites")
        bar.show(2)
        with bar.away():
            print("north 7")
    assert capsys.readouterr().out == "north 7\n"
    assert ("sites" in stderr.getvalue() and "2/3" in stderr.getvalue()) == shown
    assert bool(stderr.getvalue()) == shown
