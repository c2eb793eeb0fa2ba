"""Kinds of series: each can be drawn, and growth begins when it says."""

from __future__ import annotations

import datetime as dt

import pytest
from simulated_site import BGRN, world

from changedet.simulate import KINDS, Truth, make_world, render
from changedet.simulate.kinds import sensors
from changedet.simulate.twins import twin_worlds


@pytest.mark.parametrize("kind", KINDS)
def test_make_world_every_kind_can_be_drawn(kind: str) -> None:
    size = 1280.0 if kind == "coarse" else 128.0
    site = twin_worlds(3, 1, 1.0, size, BGRN, "uint16", dt.date(2023, 3, 12), 45)[1] if kind == "twin_sites" else None
    site = site or make_world(kind, 3, 1, 10.0 if kind == "coarse" else 1.0, size)
    for index in range(len(site.looks)):
        image = render(site, index).image
        assert image.shape == (len(site.looks[index].bands), *site.looks[index].shape)
        assert image.std() > 0
    assert site.containers or kind in ("decoys", "coarse")


def test_sensors_of_a_mixed_series_share_visible_bands() -> None:
    cameras = sensors("mixed", 12, 0.5, ("blue", "green", "red", "nir"), "uint16")
    assert len(set(cameras)) >= 5
    assert set.intersection(*(set(camera.bands) for camera in cameras)) == {"blue", "green", "red"}


def test_make_world_growth_starts_at_its_onset() -> None:
    site = make_world("growth", 6, 3, 1.0, 200.0)
    series = Truth(site).series()
    assert site.onset_containers is not None
    assert site.onset_footprint is not None
    before, after = series["containers"][: site.onset_containers], series["containers"][site.onset_containers :]
    assert after.min() > before.max() + 4
    area = series["footprint_area_m2"]
    assert area[site.onset_footprint :].min() > 1.2 * area[: site.onset_footprint].max()
    assert set(series["onset_containers"]) == {site.dates[site.onset_containers].isoformat()}


def test_make_world_quiet_has_no_onset() -> None:
    assert set(Truth(world("quiet")).series()["onset_containers"]) == {""}
