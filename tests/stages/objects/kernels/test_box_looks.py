"""The second look's pictures, regions and log odds."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.objects.kernels import box_looks
from changedet.stages.objects.kernels.box_looks import (
    AROUND_PX,
    CENTRE_PX,
    PIXEL_M,
    REGIONS,
    SHOWN_PX,
    STEPS_PX,
    Weights,
)

LENGTH_M, WIDTH_M, FIELD_M = 12.2, 2.4, 0.25


class FirstCells:
    """An encoder whose maps are the pictures themselves, each cell its last pixel."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def run(self, names: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Maps of both steps."""
        self.seen.append(inputs["pictures"])
        return [inputs["pictures"][:, :, step - 1 :: step, step - 1 :: step] for step in STEPS_PX]

    def get_modelmeta(self) -> None:
        """Nothing."""


def field(angle: float) -> tuple[np.ndarray, np.ndarray]:
    """A bright box on darker ground, whose second band tells its direction, and where it lies."""
    y, x = (np.mgrid[:200, :200] + 0.5) * FIELD_M - np.array([[[24.0]], [[27.0]]])
    along, across = x * np.sin(angle) - y * np.cos(angle), x * np.cos(angle) + y * np.sin(angle)
    inside = (np.abs(along) <= LENGTH_M / 2) & (np.abs(across) <= WIDTH_M / 2)
    image = np.where(inside, 1.0, -1.0)[..., None].repeat(3, axis=2).astype(np.float32)
    image[..., 1][inside & (along > 3)] = 2.5
    return image, np.array([27.0, 24.0, LENGTH_M, WIDTH_M, angle])


@pytest.mark.parametrize("angle", [0.0, 0.7, np.pi / 2, 2.4])
def test_features_see_pictures_that_lie_along_their_box(angle: float) -> None:
    image, box = field(angle)
    encoder = FirstCells()
    found = box_looks.features(image, box[None], FIELD_M, encoder)
    picture = encoder.seen[0][0]
    assert picture.shape == (3, *SHOWN_PX)
    rows, columns = (np.arange(n) - centre for n, centre in zip(SHOWN_PX, CENTRE_PX, strict=True))
    half = np.array([WIDTH_M, LENGTH_M]) / 2 / PIXEL_M
    inside = (np.abs(rows) < half[0] - 2)[:, None] & (np.abs(columns) < half[1] - 2)
    around = (np.abs(rows) > half[0] + 2)[:, None] | (np.abs(columns) > half[1] + 2)
    assert picture[0][inside].min() > picture[0][around].max()
    greener = picture[1] - picture[0]
    assert greener[inside & (columns > 20)].min() > greener[inside & (columns < 10)].max() + 0.2
    first, second = found[0, : 3 * len(REGIONS)].reshape(-1, 3), found[0, 3 * len(REGIONS) :].reshape(-1, 3)
    for means in (first, second):
        # Band 0 inside is bright, all other regions are ground.
        assert means[0, 0] > means[1:, 0].max() + 1.0


def test_features_of_a_box_do_not_depend_on_the_others() -> None:
    image, box = field(0.4)
    boxes = np.stack([box, box + np.array([3.0, 2.0, -6.0, 0.0, 0.3])])
    both = box_looks.features(image, boxes, FIELD_M, FirstCells())
    np.testing.assert_array_equal(both[1:], box_looks.features(image, boxes[1:], FIELD_M, FirstCells()))


def test_standardised_does_not_depend_on_the_frame() -> None:
    rng = np.random.default_rng(0)
    around = rng.normal(size=(*AROUND_PX, 3)).astype(np.float32)
    plain, dimmed = (box_looks.standardised(part) for part in (around, 0.5 * around - 3))
    np.testing.assert_allclose(dimmed, plain, rtol=0.1, atol=0.02)
    assert plain.shape == (3, *SHOWN_PX)
    assert plain.mean() == pytest.approx(0, abs=0.05)
    assert plain.mean(axis=0).std() == pytest.approx(1, abs=0.1)
    # What is around counts, also where it is not shown.
    around[:4] += 30
    assert box_looks.standardised(around).mean() < -0.1


@pytest.mark.parametrize("step", STEPS_PX)
def test_regions_share_the_cells_of_a_map(step: int) -> None:
    weights = box_looks.regions(np.array([LENGTH_M, 6.1]), np.full(2, WIDTH_M), step)
    assert weights.shape == (2, len(REGIONS), *(n // step for n in SHOWN_PX))
    np.testing.assert_allclose(weights.sum(axis=(2, 3)), 1, atol=1e-5)
    rows, columns = (
        (np.arange(1, n // step + 1) * step - 0.5 - centre) * PIXEL_M
        for n, centre in zip(SHOWN_PX, CENTRE_PX, strict=True)
    )
    inside, sides, ends, rest = weights[0]
    reach = step * PIXEL_M / 2
    assert not inside[np.abs(rows) > WIDTH_M / 2 + reach].any()
    assert not ends[:, np.abs(columns) < LENGTH_M / 2 - reach].any()
    assert not sides[:, np.abs(columns) > LENGTH_M / 2 + reach].any()
    assert rest[-1, -1] == pytest.approx(rest.max())
    wide = (inside.sum(axis=1) > 0).sum() * step * PIXEL_M
    assert wide + 2 * reach >= WIDTH_M
    short = weights[1, 0].sum(axis=0) > 0
    assert short.sum() < (inside.sum(axis=0) > 0).sum()


def test_log_odds_are_weighed_features() -> None:
    image, box = field(0.0)
    found = box_looks.features(image, box[None], FIELD_M, FirstCells())
    count = found.shape[1]
    mean, spread, weight = (np.full(count, value, np.float32) for value in (0.5, 2.0, 1.0))
    weights = Weights(mean, spread, weight, -0.3)
    odds = box_looks.log_odds(image, box[None], FIELD_M, FirstCells(), weights)
    np.testing.assert_allclose(odds, ((found - 0.5) / 2.0).sum(axis=1) - 0.3, rtol=1e-5)
    assert box_looks.log_odds(image, np.empty((0, 5)), FIELD_M, FirstCells(), weights).shape == (0,)


def test_looked_at_adds_log_odds_where_a_look_was_taken() -> None:
    before = np.array([0.5, 0.2, 0.2, 1.0])
    after = box_looks.looked_at(before, np.array([np.log(3.0), np.log(4.0), np.nan, -1.0]))
    np.testing.assert_allclose(after[:3], [0.75, 0.5, 0.2])
    assert 0.99 < after[3] < 1.0


def test_doubtful_leaves_out_the_sure_the_hopeless_and_other_boxes() -> None:
    confidence = np.array([0.1, 0.2, 0.5, 0.85, 0.95, 0.5])
    found = box_looks.doubtful(confidence, np.array([True] * 5 + [False]))
    assert found.tolist() == [False, True, True, True, False, False]
