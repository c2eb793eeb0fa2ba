"""What is printed of sites, wherever they were carried out."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from changedet.cli import run_site
from changedet.cli.run_site import Options, Printed, Site
from changedet.errors import InputError
from changedet.pipeline import run as pipeline_run


def options(**given: bool) -> Options:
    names = ("fresh", "placebo", "robust", "as_json", "quiet", "verbose")
    return Options(**{name: given.get(name, False) for name in names})


PLAN: Any = SimpleNamespace(site_id="north", scheduler="threads")


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (InputError("a.tif: is torn"), 2, "a.tif: is torn"),
        (RuntimeError("out of\nluck"), 1, "changedet: RuntimeError: out of luck"),
        (
            MemoryError("none left"),
            1,
            "changedet: memory ran out; nothing is lost, run again with more of it (none left)",
        ),
    ],
)
@pytest.mark.parametrize("verbose", [False, True])
def test_carried_out_takes_any_error_for_the_failure_of_its_site(
    error: Exception, status: int, line: str, verbose: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(pipeline_run, "carry_out", fails)
    site = run_site.carried_out(PLAN, options(verbose=verbose))
    assert (site.status, site.lines[-1], site.text) == (status, line, "")
    assert (site.lines[0] == "Traceback (most recent call last):") == verbose
    assert len(site.lines) == 1 or verbose
    assert site.row[0] == "north"
    assert site.result == {"site": "north", "error": str(error)}


def test_carried_out_takes_ctrl_c_for_no_failure_of_a_site(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            # as a lock of Python's does that Ctrl-C leaves half released
            raise RuntimeError("release unlocked lock")

    monkeypatch.setattr(pipeline_run, "carry_out", fails)
    with pytest.raises(KeyboardInterrupt):
        run_site.carried_out(PLAN, options())


def test_printed_sums_up_in_a_table_or_an_array_and_gives_the_highest_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sites = [
        Site(status, (f"warning: {name}",), name.upper(), (name, *"-----", "-"), {"site": name})
        for name, status in (("a", 0), ("b", 2), ("c", 1))
    ]
    for given in ({}, {"as_json": True}, {"quiet": True}):
        printed = Printed(options(**given), 3)
        for site in sites:
            printed.add(site)
        assert printed.end() == 2
        out, err = capsys.readouterr()
        assert err.splitlines() == ["warning: a", "warning: b", "warning: c"]
        if "as_json" in given:
            assert json.loads(out.removeprefix("A\nB\nC\n")) == [{"site": "a"}, {"site": "b"}, {"site": "c"}]
        else:
            assert out.startswith("A\nB\nC\n")
            assert ("growth began" in out) != ("quiet" in given)
