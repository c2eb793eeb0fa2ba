"""A run in a notebook: its card, its chart, its map."""

from __future__ import annotations

import builtins
import dataclasses
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import pytest
import shapely
from matplotlib.figure import Figure
from small_runs import DATES

from changedet.errors import InputError
from changedet.pipeline.finished import Run, open_run


def test_a_card_is_short_and_says_what_was_found(reference_run: Path) -> None:
    run = open_run(reference_run)
    made = run._repr_html_()
    assert len(made) < 5000
    assert f"3: {DATES[0]} to {DATES[-1]}" in made
    assert "changed area" in made
    assert "http" not in made
    assert repr(run) == f"Run(path={run.path!r})"


def test_a_card_says_between_which_dates_growth_began(reference_run: Path) -> None:
    run = open_run(reference_run)
    began = {"date": DATES[1], "low": "2023-03-02", "high": "2023-05-01", "probability": 0.93}
    made = Run(run.path, {**run.summary, "onset": {"containers": began}})._repr_html_()
    assert "containers between 2 March and 1 May 2023 (very likely)" in made


def test_a_card_escapes_what_the_run_holds(reference_run: Path) -> None:
    run = open_run(reference_run)
    nasty = Run(run.path, {**run.summary, "name": "<img src=x>", "warnings": ["<b>bold</b>"]})
    assert "<img" not in nasty._repr_html_()
    assert "warning: &lt;b&gt;bold" in nasty._repr_html_()


def test_a_chart_is_drawn_on_given_axes_or_on_new_ones(reference_run: Path) -> None:
    mpl.use("agg")
    from matplotlib import pyplot as plt

    run, given = open_run(reference_run), plt.figure().subplots()
    assert run.plot("changed_area", ax=given) is given
    assert len(given.get_lines()) >= 1
    new = run.plot("changed_area")
    assert new is not given
    assert new.get_title() == run.summary["name"]
    plt.close("all")
    with pytest.raises(InputError, match="containers could not be had on any date"):
        run.plot(ax=given)


def test_a_layer_that_cannot_be_shown_is_told(reference_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = open_run(reference_run)
    with pytest.raises(InputError, match="no layer 'boxes', expected one of tracks, containers, changes, footprint"):
        run.explore("boxes")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="the layer tracks is empty"):
        run.explore()
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] in {"folium", "branca", "mapclassify"}:
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        ImportError, match=r"^run.explore\(\) needs folium and mapclassify; install changedet\[notebook\]$"
    ):
        run.explore("changes")


def test_a_map_runs_nothing_that_stands_in_a_name(
    reference_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("folium", "mapclassify"):
        pytest.importorskip(name, reason="an extra of the package")
    run, script = open_run(reference_run), "<img src=x onerror=alert(1)>"
    frame = run.changes.assign(zone=script, kind=script, confidence=0.5)
    monkeypatch.setattr(type(run), "containers", frame)
    run.explore("containers").save(str(tmp_path / "map.html"))
    page = (tmp_path / "map.html").read_text().replace("\\u003c", "<")
    assert "onerror=alert(1)" in page
    assert "<img src=x" not in page


def test_a_chart_takes_any_name(reference_run: Path, tmp_path: Path) -> None:
    run = dataclasses.replace(open_run(reference_run), summary=open_run(reference_run).summary | {"name": r"a $\frac$"})
    figure = Figure()
    run.plot("changed_area", ax=figure.subplots())
    figure.savefig(tmp_path / "a.png")


def test_a_map_shows_a_layer_and_no_server_learns_the_place(reference_run: Path, tmp_path: Path) -> None:
    for name in ("folium", "mapclassify"):
        pytest.importorskip(name, reason="an extra of the package")
    copy = Path(shutil.copytree(reference_run, tmp_path / "run"))
    shown = open_run(copy).explore("changes")
    shown.save(str(tmp_path / "map.html"))
    page = (tmp_path / "map.html").read_text()
    assert "tile.openstreetmap" not in page
    assert "cartocdn" not in page
    assert DATES[1] in page
    place = gpd.GeoSeries([shapely.union_all(open_run(copy).changes.geometry)], crs=open_run(copy).changes.crs)
    west = place.to_crs(4326).total_bounds[0]
    # Cut, not rounded.
    assert str(west)[:7] in page
