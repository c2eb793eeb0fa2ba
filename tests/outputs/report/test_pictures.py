"""Pictures: all of them stay within what a report may weigh."""

from __future__ import annotations

import numpy as np

from changedet.outputs.report import pictures


def test_fitted_pictures_are_shrunk_until_they_fit() -> None:
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 255, (900, 900, 3), dtype=np.uint8)
    big = pictures._encoded(".jpg", noise, [])
    fitting = pictures.fitted({("q", str(i)): big for i in range(30)})
    assert sum(map(len, fitting.values())) <= pictures.PICTURE_BYTES < 30 * len(big)
    assert len(fitting) == 30
