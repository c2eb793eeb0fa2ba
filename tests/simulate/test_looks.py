"""Sun and shift of an acquisition."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from simulated_site import world
from skimage.registration import phase_cross_correlation

from changedet.simulate import render
from changedet.simulate.looks import sun_position


def test_look_shift_is_where_the_content_lies() -> None:
    """The same date drawn with and without its shift: phase correlation finds what the truth reports."""
    site = world("quiet", gsd_m=0.5)
    look = site.looks[2]
    assert (site.looks[0].shift_east_m, site.looks[0].shift_north_m) == (0, 0)
    back = np.array([0, 0, look.shift_east_m, 0, 0, look.shift_north_m])
    still = replace(site, looks=[replace(look, to_ground=look.to_ground + back)])
    moved, kept = (np.float32(render(s, k).image[2]) for s, k in ((replace(site, looks=[look]), 0), (still, 0)))
    (down, right), _, _ = phase_cross_correlation(moved, kept, upsample_factor=50, normalization=None)
    assert right * look.gsd_m == pytest.approx(look.shift_east_m, abs=0.1)
    assert -down * look.gsd_m == pytest.approx(look.shift_north_m, abs=0.1)
    assert abs(look.shift_east_m) + abs(look.shift_north_m) > 0.3


def test_sun_position() -> None:
    azimuth, elevation = sun_position(dt.date(2023, 12, 21), 50.0, 10.5)
    assert 150 < azimuth < 165
    assert 10 < elevation < 16
