"""Pictures along found boxes, and their regions."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.yards import Yard
from training import box_looks
from training.box_looks import REGIONS, SHOWN_PX

LENGTH_M, WIDTH_M = 12.2, 2.4


def _field(angle: float) -> tuple[Yard, np.ndarray]:
    """A bright box on darker ground, whose green end tells its direction, and where it lies."""
    gsd_m, size = 0.25, 200
    y, x = (np.mgrid[:size, :size] + 0.5) * gsd_m - np.array([[[24.0]], [[27.0]]])
    along, across = x * np.sin(angle) - y * np.cos(angle), x * np.cos(angle) + y * np.sin(angle)
    inside = (np.abs(along) <= LENGTH_M / 2) & (np.abs(across) <= WIDTH_M / 2)
    image = np.where(inside, 0.6, 0.2)[None].repeat(3, axis=0).astype(np.float32)
    image[1][inside & (along > 3)] = 0.9
    box = np.array([27.0, 24.0, LENGTH_M, WIDTH_M, angle])
    return Yard("", gsd_m, image, ("red", "green", "blue"), box[None], "float32", np.empty((0, 5))), box


@pytest.mark.parametrize("angle", [0.0, 0.7, np.pi / 2, 2.4])
def test_pictures_lie_along_their_box(angle: float) -> None:
    yard, box = _field(angle)
    picture = box_looks.pictures(yard, box[None])[0]
    assert picture.shape == (3, *SHOWN_PX)
    rows, columns = (np.arange(n) - (n - 1) / 2 for n in SHOWN_PX)
    half = np.array([WIDTH_M, LENGTH_M]) / 2 / box_looks.PIXEL_M
    inside = (np.abs(rows) < half[0] - 2)[:, None] & (np.abs(columns) < half[1] - 2)
    around = (np.abs(rows) > half[0] + 2)[:, None] | (np.abs(columns) > half[1] + 2)
    assert picture[0][inside].min() > picture[0][around].max()
    greener = picture[1] - picture[0]
    far = inside & (columns > 20)
    near = inside & (columns < 10)
    assert greener[far].min() > greener[near].max() + 0.2


def test_pictures_do_not_depend_on_the_scene_around() -> None:
    rng = np.random.default_rng(0)
    around = rng.normal(size=(*SHOWN_PX, 3)).astype(np.float32)
    plain, dimmed = (box_looks.standardised(part) for part in (around, 0.5 * around - 3))
    np.testing.assert_allclose(dimmed, plain, rtol=0.1, atol=0.01)
    assert plain.shape == (3, *SHOWN_PX)
    assert plain.mean() == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("step", [4, 8])
def test_regions_share_the_cells_of_a_map(step: int) -> None:
    weights = box_looks.regions(np.array([LENGTH_M, 6.1]), np.full(2, WIDTH_M), step)
    assert weights.shape == (2, len(REGIONS), *(n // step for n in SHOWN_PX))
    np.testing.assert_allclose(weights.sum(axis=(2, 3)), 1, atol=1e-5)
    rows, columns = (((np.arange(n // step) + 1) * step - 0.5 - n / 2) * box_looks.PIXEL_M for n in SHOWN_PX)
    inside, sides, ends, rest = weights[0]
    reach = step * box_looks.PIXEL_M / 2
    assert not inside[np.abs(rows) > WIDTH_M / 2 + reach].any()
    assert not ends[:, np.abs(columns) < LENGTH_M / 2 - reach].any()
    assert not sides[:, np.abs(columns) > LENGTH_M / 2 + reach].any()
    assert rest[0, 0] == rest.max()
    wide = (inside.sum(axis=1) > 0).sum() * step * box_looks.PIXEL_M
    assert wide + 2 * reach >= WIDTH_M
