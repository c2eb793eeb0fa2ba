"""Blocks without seams, supersampling, clouds."""

from __future__ import annotations

import numpy as np
import pytest
from simulated_site import world

from changedet.simulate import Truth, render
from changedet.simulate.render import supersampling, weather


def test_renderer_has_no_seams_between_blocks() -> None:
    image = render(world("quiet", gsd_m=0.5), 0).image.astype(float)
    step = np.abs(np.diff(image, axis=2)).mean(axis=(0, 1))
    assert step[255] < 1.15 * step[245:267].max()


@pytest.mark.parametrize(("gsd_m", "fine"), [(0.3, 3), (0.5, 4), (1.0, 6), (10.0, 6)])
def test_supersampling(gsd_m: float, fine: int) -> None:
    assert supersampling(gsd_m) == fine


def test_weather_clouds_hide() -> None:
    site = world("clouds", seed=2)
    cloudy = [k for k, look in enumerate(site.looks) if look.cloud_cover > 0]
    assert cloudy
    assert cloudy[0] > 0
    truth, look = Truth(site), site.looks[cloudy[0]]
    hidden, share = truth.hidden(cloudy[0])
    assert abs(share - look.cloud_cover) < 0.25
    assert (truth.mask(cloudy[0])[hidden] == 255).all()
    sky = weather(site, look, look.to_ground, look.shape)
    image = render(site, cloudy[0]).image[0].astype(float)
    assert image[(sky.cloud > 0.95) & ~sky.nodata].mean() > 2 * image[~sky.hidden].mean()
    assert (image[sky.nodata] == 0).all()
    assert (image[~sky.nodata] > 0).all()
