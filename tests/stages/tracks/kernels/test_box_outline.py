"""What a look's own outline says of a box."""

from __future__ import annotations

import numpy as np

from changedet.stages.tracks.kernels.appearance import DARK
from changedet.stages.tracks.kernels.box_outline import ACROSS_M, ALONG, NAMES, OUTLINE, outline_bins, outline_figures


def lit(box: float, ground: float, bands: int = 4) -> np.ndarray:
    """Light (1, point, band) of a box that fills its place, 6 m long, on plain ground."""
    across = np.where(np.abs(ACROSS_M) < 1.22, box, ground)
    along = np.where(np.abs(np.array(ALONG) * (3.0 + 1.5)) < 3.0, box, ground)
    return np.tile(np.concatenate([across, along])[None, :, None], (1, 1, bands))


def figure(light: np.ndarray, name: str) -> float:
    return float(outline_figures(light)[0, OUTLINE.index(name)])


def test_a_box_has_sides_and_ends_and_none_in_its_middle():
    step = np.log((0.8 + DARK) / (0.2 + DARK))
    for name in ("weaker side", "stronger side", "weaker end", "stronger end", "lesser contrast", "greater contrast"):
        np.testing.assert_allclose(figure(lit(0.8, 0.2), name), step)
    assert figure(lit(0.8, 0.2), "middle") == figure(lit(0.8, 0.2), "midst") == figure(lit(0.8, 0.2), "outside") == 0.0


def test_bare_ground_has_no_step_at_all_and_a_dark_box_one_downwards():
    assert not outline_figures(lit(0.4, 0.4)).any()
    assert figure(lit(0.1, 0.4), "higher step") < 0.0 < figure(lit(0.8, 0.4), "lower step")


def test_no_side_is_the_first():
    light = lit(0.8, 0.2)
    light[:, : len(ACROSS_M) // 3] = 0.5
    turned = np.concatenate([light[:, : len(ACROSS_M)][:, ::-1], light[:, len(ACROSS_M) :][:, ::-1]], axis=1)
    np.testing.assert_allclose(outline_figures(turned), outline_figures(light))
    assert figure(light, "weaker side") < figure(light, "stronger side")


def test_the_colour_is_of_the_visible_bands_alone():
    light = lit(0.5, 0.2)
    light[..., 3] = 0.9
    assert figure(light, "saturation") == 0.0
    light[..., 0] = 0.1
    assert figure(light, "saturation") > 1.0


def test_figures_need_light_and_three_bands_are_enough():
    light = lit(0.8, 0.2, 3)
    assert np.isfinite(outline_figures(light)).all()
    light[0, 0] = np.nan
    assert np.isnan(outline_figures(light)).any()
    assert outline_figures(np.empty((0, *light.shape[1:]))).shape == (0, len(OUTLINE))
    assert len(NAMES) == len(set(NAMES))


def test_outline_bins_leave_out_what_was_not_asked():
    odds = np.array([[np.nan, -4.0, -2.0], [0.0, 2.0, 4.0]])
    np.testing.assert_array_equal(outline_bins(odds), [[0, 1, 2], [3, 4, 5]])
