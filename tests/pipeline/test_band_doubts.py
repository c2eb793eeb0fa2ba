"""Warnings about bands: which dates, which bands, what to do."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_runs import DATES
from small_scenes import write_workflow

from changedet.kernels.band_signs import fitting_order, odd_band
from changedet.pipeline import band_doubts
from changedet.pipeline.band_doubts import BandSigns, band_signs, band_warnings
from changedet.pipeline.run import run

ROLES = ("blue", "green", "red", "nir")
SWAPPED = BandSigns(fits=(("blue", "red"), ("red", "blue")))


def cells(seed: int = 0, *, turned: bool = False) -> np.ndarray:
    """A sample of two cells with plants in squares, or turned round, and ground of some tints: (cell, band, y, x)."""
    random, place = np.random.default_rng(seed), np.random.default_rng(1)
    plants = np.kron(place.uniform(0, 1, (2, 20, 20)), np.ones((1, 4, 4)))[:, None]
    plants = 1 - plants if turned else plants
    light = random.uniform(0.85, 1.0, size=(2, 1, 80, 80)) * (1 + place.normal(0, 0.05, (2, 4, 80, 80)))
    soil, leaves = (np.array(values)[:, None, None] for values in ((0.12, 0.17, 0.26, 0.27), (0.06, 0.08, 0.05, 0.45)))
    return (light * (plants * leaves + (1 - plants) * soil)).astype(np.float32)


def yard(seed: int) -> np.ndarray:
    """As `cells`, with grey paving of all shades in half of the squares."""
    place = np.random.default_rng(7)
    paved, shade = (np.kron(place.uniform(0, 1, (2, 20, 20)), np.ones((1, 4, 4)))[:, None] for _ in range(2))
    return np.where(paved < 0.5, 0.05 + 0.2 * shade, cells(seed)).astype(np.float32)


def looks(*days: int) -> Any:
    return [SimpleNamespace(date=dt.date(2023, 1, day), name=f"{day}.tif") for day in days]


def warnings(*signs: BandSigns | None, reference: int = 0) -> list[str]:
    shown = looks(*range(1, len(signs) + 1))
    return band_warnings(shown, dict(zip([look.date for look in shown], signs, strict=True)), reference)


def test_band_signs_of_bands_as_they_are_said_is_none() -> None:
    assert band_signs(ROLES, cells(), None) is None
    assert band_signs(ROLES, cells(2), cells()) is None


def test_band_signs_names_roles() -> None:
    assert band_signs(ROLES, cells(2)[:, [2, 1, 0, 3]], cells()) == SWAPPED
    found = band_signs(ROLES, cells()[:, [3, 1, 2, 0]], None)
    assert found == BandSigns(near_infrared="blue")


@pytest.mark.parametrize(("order", "roles"), [((2, 1, 0, 3), ("blue", "red")), ((1, 0, 2, 3), ("blue", "green"))])
def test_blue_that_is_blue_on_both_dates_is_not_exchanged(
    order: tuple[int, ...], roles: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a meadow that dried between the dates has it.
    monkeypatch.setattr(band_doubts, "fitting_order", lambda before, after: order)
    before, after = yard(0), yard(2)
    assert band_signs(ROLES, after, before) is None
    assert band_signs(ROLES, after[:, [*order]], before) == BandSigns(fits=(roles, roles[::-1]))
    assert band_signs(ROLES[:3], after[:, :3], before[:, :3]) is not None, "nothing tells it in colours alone"


def test_band_signs_of_blue_panels_on_a_meadow_is_none() -> None:
    random = np.random.default_rng(5)
    panels, tints = (np.kron(random.uniform(0, 1, (2, 20, 20)), np.ones((1, 4, 4)))[:, None] for _ in range(2))
    meadow, panel = (np.array(values)[:, None, None] for values in ((0.05, 0.08, 0.06, 0.3), (0.05, 0.03, 0.025, 0.1)))
    image = np.where(panels < 0.5, panel, meadow) * (1 + random.normal(0, 0.05, (2, 4, 80, 80)))
    image[:, 0] *= 0.7 + 0.6 * tints[:, 0]
    assert odd_band(image.transpose(1, 0, 2, 3).reshape(4, -1).astype(np.float32)) == 0
    assert band_signs(ROLES, image.astype(np.float32), None) is None


def test_band_signs_takes_noise_for_no_near_infrared() -> None:
    image = cells()
    image[:, 0] = np.random.default_rng(3).normal(size=image[:, 0].shape)
    image[:, 3] = 1.5 * image[:, 2]
    image[:, 1] = 0.7 * image[:, 2]
    assert band_signs(ROLES, image, None) is None


def test_band_signs_passes_radar_over() -> None:
    assert band_signs(("vv", "vh"), cells()[:, :2], cells()[:, [1, 0]]) is None


def test_band_warnings_name_date_bands_and_remedy() -> None:
    (said,) = warnings(None, SWAPPED, None)
    assert said.startswith("2023-01-02: its blue fits the red of 2023-01-01 and its red fits the blue better than")
    assert "correct 'bands' of 2.tif" in said


def test_band_warnings_blame_the_reference_where_all_others_agree() -> None:
    (said,) = warnings(SWAPPED, None, SWAPPED, reference=1)
    assert said.startswith("2023-01-02: its blue fits the red of all other dates")
    assert len(warnings(None, SWAPPED)) == 1


def test_band_warnings_tell_dates_of_one_finding_together() -> None:
    odd = BandSigns(near_infrared="blue")
    (said,) = warnings(odd, odd, odd)
    assert said.startswith("2023-01-01, 2023-01-02, 2023-01-03: the band said to be blue behaves as near infrared")
    (said,) = warnings(odd, odd, odd, odd)
    assert said.startswith("2023-01-01 to 2023-01-04, 4 looks: the band said to be blue behaves")
    assert warnings(None, None) == []


def test_band_warnings_tell_dates_of_one_other_order_together() -> None:
    (said,) = warnings(None, SWAPPED, None, SWAPPED)
    assert said.startswith("2023-01-02, 2023-01-04: their blue fits the red of 2023-01-01 and their red fits the blue")
    assert "correct 'bands' of 2.tif, 4.tif (" in said


def test_run_warns_of_a_date_whose_bands_are_exchanged(own: Path) -> None:
    scenes: list[dict[str, object]] = [{"date": day, "path": f"{day}.tif"} for day in DATES]
    scenes[1]["bands"] = {"blue": 3, "green": 2, "red": 1, "nir": 4}
    workflow = write_workflow(own, DATES, scenes=scenes, objects={"method": "none"}, outputs={"formats": ["tables"]})
    said = [words for words in run(workflow, out=str(own / "out")).summary["warnings"] if " fits the " in words]
    assert len(said) == 1
    assert said[0].startswith(f"{DATES[1]}: its blue fits the red of {DATES[0]}")


def test_band_signs_takes_no_season_for_another_order() -> None:
    before, after = cells(), cells(2, turned=True)
    red, nir = ROLES.index("red"), ROLES.index("nir")
    wrong = fitting_order(*(np.moveaxis(one, 1, 0).reshape(4, -1) for one in (before, after)))
    assert (wrong[red], wrong[nir]) == (nir, red), "what was green is bare, and the other way round"
    assert band_signs(ROLES, after, before) is None
    swapped = cells(2)[:, [0, 1, 3, 2]]
    found = band_signs(ROLES, swapped, before)
    assert found is not None
    assert set(found.fits) == {("red", "nir"), ("nir", "red")}
