"""Sensor: point spread, area average, pan-sharpening, haze, gain, noise, clouds."""

from __future__ import annotations

import cv2
import numpy as np

PAN = np.array([0.12, 0.30, 0.34, 0.24])


def shrink(fine: np.ndarray, ss: int, pad: int, sigma_px: float) -> np.ndarray:
    """(4, H*ss, W*ss) to (4, H, W): Gaussian optics, the detector's square, the border cut off."""
    out = []
    for band in fine:
        soft = cv2.GaussianBlur(band, (0, 0), max(sigma_px * ss, 0.3))
        h, w = soft.shape
        out.append(soft.reshape(h // ss, ss, w // ss, ss).mean((1, 3))[pad:-pad, pad:-pad])
    return np.stack(out)


def pansharpen(ms: np.ndarray, ratio: int = 4) -> np.ndarray:
    """What a provider's pan-sharpened product is: colours at 4x coarser pixels, detail from the pan band."""
    pan = np.tensordot(PAN, ms, 1)
    h, w = pan.shape
    low = [cv2.resize(b, (max(w // ratio, 1), max(h // ratio, 1)), interpolation=cv2.INTER_AREA) for b in ms]
    up = np.stack([cv2.resize(b, (w, h), interpolation=cv2.INTER_CUBIC) for b in low])
    mean = np.maximum(np.tensordot(PAN, up, 1), 1e-3)
    return np.clip(up * np.clip(pan / mean, 0.15, 6.0), 0.002, None)


def sharpen(a: np.ndarray, amount: float) -> np.ndarray:
    return np.stack([b + amount * (b - cv2.GaussianBlur(b, (0, 0), 0.9)) for b in a])


def atmosphere(a: np.ndarray, rng, turbidity: float, cos_view: float) -> tuple[np.ndarray, dict]:
    """Path light and dimming of the upward way, and the date's own gains."""
    haze = np.array([0.055, 0.030, 0.017, 0.008]) * (0.4 + 0.22 * turbidity) * rng.uniform(0.5, 1.1)
    dim = np.exp(-np.array([0.16, 0.11, 0.08, 0.05]) * (0.4 + 0.18 * turbidity) / cos_view)
    gain = rng.uniform(0.92, 1.10) * rng.normal(1, 0.02, 4)
    return (a * dim[:, None, None] + haze[:, None, None]) * gain[:, None, None], {
        "haze": haze * gain,
        "gain": dim * gain,
    }


def noise(a: np.ndarray, rng, snr: float) -> np.ndarray:
    """Shot and read noise: ``snr`` at a reflectance of .2; a faint column pattern."""
    sd = 0.2 / snr * np.sqrt(np.maximum(a, 0) / 0.2 * 0.85 + 0.15)
    column = rng.normal(0, 0.0003, (a.shape[0], 1, a.shape[2]))
    return a + rng.standard_normal(a.shape) * sd + column


def cloud(shape, gsd, rng, sun_site, amount):
    """Opacity of cloud and of its shadow (both 0 to 1), as fractal blobs; the shadow lies away from the sun."""
    h, w = shape
    pad = int(220 / gsd)
    field = np.zeros((h + 2 * pad, w + 2 * pad), np.float32)
    scale, weight = 130.0, 1.0
    for _ in range(6):
        k = (max(int(field.shape[0] * gsd / scale) + 3, 4), max(int(field.shape[1] * gsd / scale) + 3, 4))
        field += weight * cv2.resize(
            rng.standard_normal(k).astype(np.float32), field.shape[::-1], interpolation=cv2.INTER_CUBIC
        )
        scale, weight = scale / 2, weight * 0.55
    t = np.quantile(field, 1 - amount)
    thick = np.clip((field - t) / field.std() * 1.6, 0, 1)
    alpha = (1 - (1 - thick) ** 2) * 0.97
    e, n = sun_site
    far = min(rng.uniform(80, 200), 200)
    dx, dy = int(np.clip(-e * far / gsd, -pad, pad)), int(np.clip(n * far / gsd, -pad, pad))
    soft = cv2.GaussianBlur(alpha, (0, 0), 4 / gsd)
    shadow = soft[pad - dy : pad - dy + h, pad - dx : pad - dx + w]
    return alpha[pad : pad + h, pad : pad + w], shadow
