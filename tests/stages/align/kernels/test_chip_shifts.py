"""Correlation of fields, down to scenes of a pixel."""

import numpy as np
import pytest

from changedet.stages.align.kernels import chip_shifts as module
from changedet.stages.align.kernels.chip_shifts import (
    chip_shifts,
    chip_spectra,
    correlation_spectrum,
    joint_peak,
    whole,
)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 200), (1, 2, 3)])
def test_correlation_spectrum_of_scenes_of_a_row_or_a_pixel(shape):
    picture = np.random.default_rng(0).random(shape, np.float32)
    assert correlation_spectrum(picture, picture, 0.5).shape == shape[1:]


def test_spectra_of_one_start_serve_every_start_of_the_same_whole_pixels():
    rng = np.random.default_rng(4)
    reference = (rng.normal(size=(2, 64, 64)) + 1j * rng.normal(size=(2, 64, 64))).astype(np.complex64)
    fields = [(np.roll(reference, (5, -3), axis=(1, 2)), reference)]
    spectra = chip_spectra(fields, (5.2, -2.8), 0.5)
    near = 4.6, -3.4
    assert whole(near) == whole((5.2, -2.8)) == (5, -3)
    np.testing.assert_array_equal(
        chip_shifts(spectra, near, 4.0), chip_shifts(chip_spectra(fields, near, 0.5), near, 4.0)
    )
    np.testing.assert_allclose(chip_shifts(spectra, near, 4.0)[0, :2], (5, -3), atol=0.05)
    assert not np.array_equal(spectra[0], chip_spectra(fields, (0.0, 0.0), 0.5)[0])


def test_joint_peak_many_dull_chips_outweigh_one_sharp_one():
    rng = np.random.default_rng(7)

    def noise():
        return (rng.normal(size=(1, 64, 64)) + 1j * rng.normal(size=(1, 64, 64))).astype(np.complex64)

    fields = []
    for _ in range(12):
        ground = noise()
        fields.append((np.roll(ground, (2, -3), (1, 2)) + 5 * noise(), ground + 5 * noise()))
    ship = noise()
    fields.append((np.roll(ship, (-9, 8), (1, 2)), ship))
    spectra = chip_spectra(fields, (1.0, 0.0), 0.0)
    own = chip_shifts(spectra, (1.0, 0.0), 15.0)
    assert own[-1, 2] > 2 * own[:-1, 2].max()
    together = joint_peak(spectra, (1.0, 0.0), own[:, 2], 15.0)
    np.testing.assert_allclose((together.dy, together.dx), (2, -3), atol=0.4)
    assert joint_peak([np.zeros((64, 64), np.complex64)], (0.0, 0.0), np.ones(1), 15.0).quality == 0


def test_spectra_of_large_fields_are_summed_band_by_band(monkeypatch):
    rng = np.random.default_rng(1)
    moving, reference = rng.normal(size=(2, 3, 261, 255, 2)).astype(np.float32).view(np.complex64)[..., 0]
    whole = correlation_spectrum(moving, reference, 0.5)
    monkeypatch.setattr(module, "LARGE_PX", 1 << 30)
    assert (correlation_spectrum(moving, reference, 0.5) == whole).all()
