"""Rectangles fitted to edges."""

from __future__ import annotations

import numpy as np
from planted_boxes import painted

from changedet.stages.objects.kernels import edge_fit
from changedet.stages.objects.kernels.stretch import stretch_limits
from changedet.stages.objects.kernels.working_picture import working_picture


def test_fit_edges_is_right_to_a_fraction_of_a_pixel() -> None:
    truth = np.array([[15.0, 15.0, 12.19, 2.44, 0.6]])
    image = painted(truth, (30, 30), 0.3, first=3)
    picture = working_picture(image, *stretch_limits(image[None]), 0.3, 0.6)
    start = (truth + np.array([0.4, -0.3, 0.6, 0.4, 0.03])) / [0.3, 0.3, 0.3, 0.3, 1.0] - [0.5, 0.5, 0, 0, 0]
    fitted = edge_fit.fit_edges(picture.edges, start, 0.3, 1.2, (1.9, 3.1))
    metres = (fitted + np.array([0.5, 0.5, 0, 0, 0])) * [0.3, 0.3, 0.3, 0.3, 1.0]
    assert np.abs(metres - truth)[0, :4].max() < 0.35
    assert abs(metres[0, 4] - 0.6) < np.radians(1.2)
