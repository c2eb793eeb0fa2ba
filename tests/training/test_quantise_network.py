"""The network in whole numbers against the one in floats that it was made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from changedet.arrays import Singles
from changedet.kernels.onnx_session import session
from changedet.stages.objects.detector import calibration, model_bytes
from changedet.stages.objects.kernels import network, network_grid
from scenarios.yards import simulated

FLOATS = Path(__file__).resolve().parents[2] / "training" / "networks" / "containers.onnx"


@pytest.fixture(scope="module")
def picture() -> Singles:
    """A yard as the network is given it."""
    yard = simulated(901, 0.5)
    bands = [yard.roles.index(role) for role in ("red", "green", "blue")]
    told = network.statistics(yard.image[None], bands)
    mean, spread = (np.asarray(v, np.float32)[:, None, None] for v in (told.mean, told.spread))
    shown = network_grid.resampled(network.stretched(yard.image[bands], told.low, told.high), network_grid.ratio(0.5))
    return ((shown - mean) / spread)[:, :304, :304]


def test_whole_numbers_draw_what_floats_draw(picture: Singles) -> None:
    """By far less than what two ways round differ in (.4), and at peaks without a bias."""
    whole, floats = (session(c).run(None, {"picture": picture[None]}) for c in (model_bytes(), FLOATS.read_bytes()))
    peaks = floats[0][0, 0] > -1
    assert peaks.sum() > 100
    off = (whole[0] - floats[0])[0][:, peaks]
    assert np.sqrt(np.square(off[0]).mean()) < 0.06
    assert abs(off[0].mean()) < 0.02
    assert np.abs(off[1:5]).max() < 0.1
    np.testing.assert_allclose(whole[1].mean(axis=(2, 3)), floats[1].mean(axis=(2, 3)), atol=0.05)


def test_a_part_of_a_picture_is_drawn_to_the_same_bits(picture: Singles) -> None:
    """Beyond the reach of the edge: sums of whole numbers do not depend on what is computed beside them."""
    reach = network_grid.REACH_PX // network_grid.STRIDE_PX * network_grid.STRIDE_PX * 2
    whole = session(model_bytes()).run(None, {"picture": picture[None]})[0]
    part = session(model_bytes()).run(None, {"picture": np.ascontiguousarray(picture[None, :, 16:, 16:])})[0]
    np.testing.assert_array_equal(whole[..., 16 + reach :, 16 + reach :], part[..., reach:, reach:])


def test_the_calibration_went_along() -> None:
    kept = session(FLOATS.read_bytes()).get_modelmeta().custom_metadata_map["calibration"]
    assert str(calibration()["gsd_m"]) in kept
