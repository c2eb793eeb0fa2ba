"""Masks cut into tiles of any sizes, for what must not depend on how an image is cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import strategies as st


def cuts(draw, length):
    """Where an axis is cut: (start, stop) of each part."""
    inner = draw(st.sets(st.integers(1, max(1, length - 1)), max_size=5))
    edges = [0, *sorted(i for i in inner if i < length), length]
    return list(pairwise(edges))


@st.composite
def tiled_masks(draw):
    shape = draw(st.tuples(st.integers(1, 24), st.integers(1, 24)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mask = (rng.random(shape) < draw(st.sampled_from([0.1, 0.3, 0.45, 0.6, 0.9]))).astype(np.uint8)
    mask[rng.random(shape) < 0.1] = 255
    return mask, cuts(draw, shape[0]), cuts(draw, shape[1])


def windows(rows, columns):
    for i, (y0, y1) in enumerate(rows):
        for j, (x0, x1) in enumerate(columns):
            yield (i, j), (slice(y0, y1), slice(x0, x1))
