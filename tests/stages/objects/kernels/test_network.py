"""The network on a picture."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from changedet.arrays import Singles
from changedet.stages.objects.detector import model_bytes
from changedet.stages.objects.kernels import network
from changedet.stages.objects.kernels.network_peaks import SINE, decoded
from scenarios.yards import simulated

EVEN = [0.6] * 3, [0.2] * 3
PIXEL_M = 0.4


def test_steepest_is_zero_on_even_ground() -> None:
    flat = np.full((3, 40, 40), 0.4, np.float32)
    assert network.steepest(flat) == 0.0
    flat[:, :, 20:] = 0.9
    assert network.steepest(flat) == pytest.approx(0.5)


def test_a_picture_turned_by_half_has_the_same_maps() -> None:
    """So the second look is taken, and its maps are turned back to where they belong."""
    picture = _picture()
    one_way = network.seen(model_bytes(), picture, *EVEN).maps
    other_way = network.seen(model_bytes(), picture[:, ::-1, ::-1], *EVEN).maps[:, ::-1, ::-1]
    sure = one_way[0] > 0
    assert sure.any()
    assert np.abs(other_way - one_way)[:, sure].max() < 0.02


def test_both_networks_say_the_same_of_a_picture_and_its_mirror() -> None:
    """One of them sees it mirrored: without its maps mirrored back hardly a box would have its place."""
    picture = _picture()
    maps = network.seen(model_bytes(), picture, *EVEN).maps
    back = network.seen(model_bytes(), picture[:, :, ::-1], *EVEN).maps[:, :, ::-1].copy()
    back[SINE] *= -1
    first, second = (decoded(found, PIXEL_M, 0.5).boxes for found in (maps, back))
    assert len(first) > 10
    gaps = np.hypot(*(first[:, None, :2] - second[None, :, :2]).transpose(2, 0, 1))
    near, same = gaps.argmin(axis=1), gaps.min(axis=1) < 2 * PIXEL_M
    assert same.mean() > 0.9
    off = np.abs((first[same, 4] - second[near[same], 4] + np.pi / 2) % np.pi - np.pi / 2)
    assert off.max() < np.radians(10)


def test_what_a_peak_depends_on_is_looked_at_again() -> None:
    centre = np.full((512, 512), -9.0, np.float32)
    assert network.looked_at_again(centre) == (slice(0, 0), slice(0, 0))
    centre[300, 200] = centre[310, 500] = 0.0
    assert network.looked_at_again(centre) == (slice(224, 384), slice(128, 512))


def test_a_picture_is_described_by_what_is_clear_of_it() -> None:
    picture = _picture()
    rows, columns = picture.shape[1:]
    whole = network.seen(model_bytes(), picture, *EVEN)
    covered = picture.copy()
    covered[:, rows // 2 :] = 1.0
    clear = np.arange(rows)[:, None] < np.full((1, columns), rows // 2 - 72)
    open_part = network.seen(model_bytes(), picture, *EVEN, clear=clear)
    beside_clouds = network.seen(model_bytes(), covered, *EVEN, clear=clear)
    as_it_is = network.seen(model_bytes(), covered, *EVEN)
    assert whole.described > open_part.described == beside_clouds.described > 0

    def apart(one: network.Seen, other: network.Seen) -> float:
        assert one.description is not None
        assert other.description is not None
        return float(np.abs(one.description - other.description).mean() / np.abs(one.description).mean())

    assert apart(open_part, beside_clouds) < 0.02
    assert apart(open_part, as_it_is) > 0.2


def test_nothing_describes_a_picture_of_which_nothing_is_clear() -> None:
    picture = _picture()
    seen = network.seen(model_bytes(), picture, *EVEN, clear=np.zeros(picture.shape[1:], bool))
    assert (seen.description, seen.described) == (None, 0)


@cache
def _picture() -> Singles:
    yard = simulated(903, PIXEL_M, 90.0)
    image = yard.image[[yard.roles.index(role) for role in ("red", "green", "blue")]]
    low, high = np.percentile(image, [1, 99], axis=(1, 2))
    return network.stretched(image, list(low), list(high))[:, :208, :208]
