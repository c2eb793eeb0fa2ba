"""Small scenes and workflows that whole-run tests share."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import rasterio
import yaml
from affine import Affine
from scipy.ndimage import gaussian_filter

BANDS = {"blue": 1, "green": 2, "red": 3, "nir": 4}


def write_scene(path: Path, image: np.ndarray, *, resolution_m: float = 10.0) -> Path:
    """A GeoTIFF of ``(band, y, x)`` uint16 in UTM 33N, 0 for no data."""
    path.parent.mkdir(parents=True, exist_ok=True)
    transform = Affine(resolution_m, 0, 500_000, 0, -resolution_m, 5_400_000)
    profile = {"driver": "GTiff", "dtype": "uint16", "nodata": 0, "crs": "EPSG:32633", "transform": transform}
    profile |= {"count": len(image), "height": image.shape[1], "width": image.shape[2], "tiled": True}
    with rasterio.open(path, "w", blockxsize=256, blockysize=256, compress="deflate", **profile) as out:
        out.write(image.astype("uint16"))
    return path


def ground(height: int, width: int, seed: int = 1) -> np.ndarray:
    """Textured country ``(4, y, x)``: fields of some pixels, and noise that bands share only in part."""
    rng = np.random.default_rng(seed)
    fields = np.kron(rng.normal(0, 200, (-(-height // 16), -(-width // 16))), np.ones((16, 16)))[:height, :width]
    common = 2000 + fields + rng.normal(0, 40, (height, width))
    return np.stack([common * gain + rng.normal(0, 15, (height, width)) for gain in (0.7, 0.9, 1.0, 1.6)])


def grown_over(image: np.ndarray, column: int = 200) -> np.ndarray:
    """That ground, from a column on with more near infrared.

    Bare ground with noise is outlined in thousands of footprints, which took two thirds of a run's time.
    """
    return np.concatenate([image[:3], image[3:] * np.where(np.arange(image.shape[2]) < column, 1, 1.2)])


def series(folder: Path, height: int, width: int, dates: tuple[str, ...], spot: int = 40) -> dict[str, np.ndarray]:
    """Scenes of those dates; from the second on a bright square stands, which grows, in other light; its truth."""
    base, truth = grown_over(ground(height, width)), {}
    for k, date in enumerate(dates):
        rng = np.random.default_rng(100 + k)
        image = base * (1 + 0.04 * k) + 20 * k + rng.normal(0, 10, base.shape)
        truth[date] = np.zeros((height, width), bool)
        if k:
            truth[date][30 : 30 + spot, 20 : 20 + spot // 2 * (k + 1)] = True
            image[:, truth[date]] = np.array([5200, 5000, 4800, 4500])[:, None]
        write_scene(folder / f"{date}.tif", image)
    return truth


def changing_series(folder: Path, dates: tuple[str, ...], *, over_tiles: bool = False) -> Path:
    """Five dates; a lasting change from the third on, a bad look on the second, a fresh change on the last.

    `over_tiles`: from the third on another one that lies on several tiles of 64 px.
    """
    base, bright = grown_over(ground(300, 340), 250), np.array([5200, 5000, 4800, 4500])[:, None, None]
    for k, date in enumerate(dates):
        image = base + np.random.default_rng(50 + k).normal(0, 10, base.shape)
        if k >= 2:
            image[:, 40:80, 40:80] = bright
        if k == 1:
            image[:, 150:190, 40:80] = bright
        if k >= 2 and over_tiles:
            image[:, 100:150, 90:150] = bright
        if k == 4:
            image[:, 40:80, 200:240] = bright
        write_scene(folder / f"{date}.tif", image)
    return folder


def write_workflow(folder: Path, dates: tuple[str, ...], name: str = "site", **more: object) -> Path:
    """A workflow over those scenes, compared by CVA; `more` replaces top-level keys."""
    content: dict[str, object] = {
        "site": {"id": name},
        "scenes": [{"date": date, "path": f"{date}.tif"} for date in dates],
        "bands": BANDS,
        "change": {"method": "cva"},
        "outputs": {"formats": ["masks", "scores", "scenes", "objects", "tables"]},
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content | more, sort_keys=False))
    return path


def overcast_sky(shape: tuple[int, int], contrast: float = 0.05, seed: int = 0) -> np.ndarray:
    """The top of an overcast sky ``(4, y, x)``: white, its unevenness falling off with the third power of frequency."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1]))
    frequency[0, 0] = 1.0
    spectrum = rng.normal(size=frequency.shape) + 1j * rng.normal(size=frequency.shape)
    uneven = np.fft.irfft2(spectrum * frequency**-1.75, s=shape)
    level = 7000 * (1 + contrast * uneven / uneven.std())
    return np.stack([level * gain for gain in (1.0, 0.99, 0.98, 0.96)]) + rng.normal(0, 20, (4, *shape))


@cache
def blocks_and_grain(seed: int = 0, n: int = 384, bands: int = 2) -> np.ndarray:
    """Blocks and grain, band-limited so that a Fourier shift is exact; read-only."""
    rng = np.random.default_rng(seed)
    out = np.zeros((bands, n, n))
    for _ in range(n * n // 300):
        y, x = rng.integers(0, n, 2)
        h, w = rng.integers(3, 20, 2)
        out[:, y : y + h, x : x + w] = rng.uniform(0, 1, (bands, 1, 1))
    out = np.stack([gaussian_filter(band, 1.0, mode="wrap") for band in out])
    out = 800 + 1500 * out
    out.flags.writeable = False
    return out
