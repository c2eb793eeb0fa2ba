"""Open water of single dates, on request."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from affine import Affine

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.kernels.pixel_classes import CLEAR, GREY, NODATA, SNOW
from changedet.pipeline.things import waters as module
from changedet.pipeline.things.waters import Waters

GRID = Grid("EPSG:32636", Affine(0.5, 0, 500_000, 0, -0.5, 4_000_000), (600, 600))
FIELD = shapely.box(500_020, 3_999_902, 500_200, 3_999_998)
LAND, SEA = shapely.box(500_020, 3_999_960, 500_280, 3_999_990), shapely.box(500_020, 3_999_720, 500_280, 3_999_880)


HIDDEN: dict[dt.date, int] = {}
"""What the quality raster tells of dates that are not clear."""


@pytest.fixture(autouse=True)
def kept_quality(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run has written of each date."""

    def at_corners(day: dt.date, _whole: Grid, grid: Grid) -> np.ndarray:
        return np.full(grid.shape, HIDDEN.get(day, CLEAR), np.uint8)

    HIDDEN.clear()
    monkeypatch.setattr(module, "at_corners", at_corners)


def itself(day: dt.date) -> dt.date:
    """In place of the path of a date's quality raster."""
    return day


class Harbour:
    """A look with rough land above and water below; its last columns show nothing."""

    date = dt.date(2024, 5, 1)

    def __init__(self) -> None:
        self.reads = 0

    def overview(
        self, grid: Grid, factor: int, roles: tuple[str, ...], _moved: object
    ) -> tuple[np.ndarray, np.ndarray]:
        self.reads += 1
        shape = grid.coarsened(factor).shape
        rng = np.random.default_rng(4)
        image = rng.normal(150, 40, (len(roles), *shape)).astype(np.float32)
        image[:, shape[0] // 3 :] = rng.normal(50, 1.0, (len(roles), *shape))[:, shape[0] // 3 :]
        image[-1, shape[0] // 3 :] -= 30
        image[-1, : shape[0] // 3] += 60
        quality = np.full(shape, CLEAR, np.uint8)
        quality[:, -60:] = NODATA
        image[:, :, -60:] = np.nan
        return image, quality

    def read(self, grid: Grid, window: Window, roles: tuple[str, ...], _moved: object) -> tuple[np.ndarray, np.ndarray]:
        assert roles == ("green", "nir")
        part = (slice(window.y, window.y + window.height), slice(window.x, window.x + window.width))
        factor = round(grid.resolution_m / GRID.resolution_m)
        reads = self.reads
        image, quality = self.overview(GRID, factor, ("blue", "green", "red", "nir"), None)
        self.reads = reads
        return image[[1, 3]][(slice(None), *part)], quality[part]


def plan_of(look: Harbour, roles: tuple[str, ...]) -> SimpleNamespace:
    facts = SimpleNamespace(panchromatic=False)
    return SimpleNamespace(grid=GRID, roles=roles, looks=[look], facts=facts, quality_file=itself)


MODELS = {Harbour.date: SimpleNamespace(alignment=SimpleNamespace(displacement=None))}


def test_the_share_of_what_is_shown_and_one_look_a_date() -> None:
    look = Harbour()
    waters = Waters(plan_of(look, ("blue", "green", "red", "nir")), MODELS)  # type: ignore[arg-type]
    assert waters.share(0, FIELD) == 0.0
    assert look.reads == 0, "a field needs no look at the whole date"
    assert waters.share(0, SEA) == pytest.approx(1.0, abs=0.01)
    assert waters.share(0, LAND) == pytest.approx(0.0, abs=0.01)
    assert waters.share(0, shapely.box(500_270, 3_999_720, 500_295, 3_999_880)) == 0.0, "nothing is shown there"
    assert look.reads == 1


@pytest.mark.parametrize("kind", [SNOW, GREY])
def test_neither_snow_nor_grey_is_water_though_it_is_darker_in_the_near_infrared(kind: int) -> None:
    HIDDEN[Harbour.date] = kind
    assert Waters(plan_of(Harbour(), ("blue", "green", "red", "nir")), MODELS).share(0, SEA) == 0.0  # type: ignore[arg-type]


def test_without_blue_and_near_infrared_nothing_is_water() -> None:
    look = Harbour()
    assert Waters(plan_of(look, ("green", "red")), MODELS).share(0, SEA) == 0.0  # type: ignore[arg-type]
    assert look.reads == 0


@pytest.mark.parametrize(
    ("roles", "is_grey", "found"), [("bgr", False, True), ("rgb", False, False), ("bgr", True, False)]
)
def test_without_near_infrared_what_lasts_is_water_where_it_is_blue(roles: str, is_grey: bool, found: bool) -> None:
    # the look is darkest in its last band
    named = tuple({"r": "red", "g": "green", "b": "blue"}[one] for one in roles)
    plan = plan_of(Harbour(), named)
    plan.facts.panchromatic = is_grey
    (water,) = Waters(plan, MODELS).lasting()  # type: ignore[arg-type]
    assert (water.intersection(SEA).area > 0.8 * SEA.area) == found
    assert water.is_empty != found


class Dry(Harbour):
    """A look at rough land alone."""

    def overview(
        self, grid: Grid, factor: int, roles: tuple[str, ...], _moved: object
    ) -> tuple[np.ndarray, np.ndarray]:
        image, quality = super().overview(grid, factor, roles, _moved)
        rng = np.random.default_rng(5)
        return rng.normal(150, 40, image.shape).astype(np.float32), quality


class Berthed(Harbour):
    """A look with a ship on the water."""

    def overview(
        self, grid: Grid, factor: int, roles: tuple[str, ...], _moved: object
    ) -> tuple[np.ndarray, np.ndarray]:
        image, quality = super().overview(grid, factor, roles, _moved)
        image[:, 150:170, 60:180] = 220.0
        return image, quality


SHIP = shapely.box(500_062, 3_999_832, 500_178, 3_999_848)


def series_of(*looks: Harbour, roles: tuple[str, ...] = ("blue", "green", "red", "nir")) -> Waters:
    for day, look in enumerate(looks, 1):
        look.date = dt.date(2024, 5, day)  # type: ignore[misc]
    models = {look.date: SimpleNamespace(alignment=SimpleNamespace(displacement=None)) for look in looks}
    facts = SimpleNamespace(panchromatic=False)
    plan = SimpleNamespace(grid=GRID, roles=roles, looks=list(looks), facts=facts, quality_file=itself)
    return Waters(plan, models)  # type: ignore[arg-type]


def test_water_is_borne_out_by_two_dates_of_three() -> None:
    whole, dry, _ = series_of(Harbour(), Dry(), Harbour()).lasting()
    shown = SEA.intersection(shapely.box(500_000, 3_999_700, 500_240, 4_000_000))
    assert whole.intersection(SEA).area == pytest.approx(shown.area, rel=0.02)
    assert whole.intersection(LAND).area == pytest.approx(0.0, abs=30.0)
    assert dry.is_empty
    looks = Dry(), Dry(), Harbour()
    assert all(one.is_empty for one in series_of(*looks).lasting())
    assert looks[2].reads == 0, "two dry dates of three say enough"


def test_where_a_ship_lies_on_most_dates_the_others_show_water() -> None:
    free, *berthed = series_of(Harbour(), Berthed(), Berthed(), Berthed()).lasting()
    assert free.intersection(SHIP).area == pytest.approx(SHIP.area, rel=0.02)
    assert all(one.intersection(SHIP).area == 0 and one.intersection(SEA).area > 0 for one in berthed)


def test_by_colours_a_date_shows_water_where_the_series_bears_it_out() -> None:
    colours = ("blue", "green", "red")
    waters = series_of(Harbour(), Berthed(), Berthed(), roles=colours)
    assert [round(waters.share(day, SHIP)) for day in range(3)] == [1, 0, 0]
    assert series_of(Harbour(), Dry(), Dry(), roles=colours).share(0, SHIP) == 0.0, "one date of three"
