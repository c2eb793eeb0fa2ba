import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from changedet.kernels.morphology import closed, dilated, disc, eroded, opened, square


def around(mask: np.ndarray, element: np.ndarray, beyond: bool) -> np.ndarray:
    reach = len(element) // 2
    return sliding_window_view(np.pad(mask, reach, constant_values=beyond), element.shape)[..., element > 0]


@pytest.mark.parametrize("element", [square(3), square(5), disc(7)], ids=["3", "5", "disc"])
def test_masks_are_opened_and_closed_by_what_fits_in(element: np.ndarray) -> None:
    mask = np.random.default_rng(5).random((40, 50)) < 0.8
    wide, narrow = around(mask, element, False).any(axis=-1), around(mask, element, True).all(axis=-1)
    assert np.array_equal(dilated(mask, element), wide)
    assert np.array_equal(eroded(mask, element), narrow)
    assert np.array_equal(opened(mask, element), around(narrow, element, False).any(axis=-1))
    assert np.array_equal(closed(mask, element), around(wide, element, True).all(axis=-1))


def test_elements_have_the_side_that_is_asked_for() -> None:
    assert square(5).sum() == 25
    assert disc(5).shape == (5, 5)
    assert disc(5)[0].tolist() == [0, 0, 1, 0, 0]
