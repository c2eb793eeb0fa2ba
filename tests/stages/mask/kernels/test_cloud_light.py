"""How much brighter one date is than another, whatever the strips in which it is computed."""

import numpy as np
import pytest

from changedet.stages.mask.kernels import cloud_light


def test_brightness_ratio_is_the_same_bits_in_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    before = rng.uniform(500, 1500, (3, 150, 130)).astype(np.float32)
    own = (1.3 * before + rng.normal(0, 40, before.shape)).astype(np.float32)
    own[:, 40:80, 30:70] = 9000
    before[:, 100:120] = np.nan
    valid = rng.random(own.shape[1:]) > 0.05
    whole = cloud_light.brightness_ratio(own, before, valid)
    assert whole is not None
    assert pytest.approx(float(np.nanmedian(whole)), abs=0.1) == 1.0
    monkeypatch.setattr(cloud_light, "TRUST_ROWS", 32)
    assert np.array_equal(whole, cloud_light.brightness_ratio(own, before, valid), equal_nan=True)
