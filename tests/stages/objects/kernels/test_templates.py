"""Directions of a site."""

from __future__ import annotations

import numpy as np
from planted_boxes import depot, painted

from changedet.stages.objects.kernels import templates
from changedet.stages.objects.kernels.stretch import stretch_limits
from changedet.stages.objects.kernels.working_picture import working_picture


def test_dominant_angles_are_those_of_a_site() -> None:
    image = painted(depot(), (100, 100), 0.3)
    picture = working_picture(image, *stretch_limits(image[None]), 0.3, 0.6)
    first = templates.dominant_angles(picture.edges, 3, 6.0)[0]
    assert abs(first - 25.0) <= 1.5
    assert templates.dominant_angles(np.full((20, 20, 1), 0.4, np.float32), 3, 6.0) == []
