"""Scenes in other processes and threads, and their identities."""

from __future__ import annotations

import gc
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from affine import Affine
from small_rasters import T, grid_like, noise, write

from changedet.blocks import Window
from changedet.imagery.look import Look
from changedet.imagery.opening import open_scene


def test_scene_travels_and_threads_agree(tmp_path: Path) -> None:
    scene = open_scene(write(tmp_path / "a.tif", noise(9, 2, 200, 200)), date="2023-06-04", bands={"red": 1, "nir": 2})
    grid = grid_like(200, 200, Affine(2.0, 0, T.c + 0.7, 0, -2.0, T.f))
    sent = pickle.loads(pickle.dumps(Look((scene,))))
    assert sent.identity == scene.identity
    windows = [Window(y, x, 50, 50) for y in range(0, 200, 50) for x in range(0, 200, 50)]
    expected = [scene.read(grid, window, scene.roles)[0].tobytes() for window in windows]

    def read(window: Window) -> bytes:
        return sent.read(grid, window, scene.roles)[0].tobytes()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, windows * 3)) == expected * 3
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        gc.collect()


def test_scene_a_changed_file_has_another_identity_and_no_stale_pixels(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.full((5, 5), 1, np.uint8))
    first = open_scene(path, date="2023-06-04", bands={"pan": 1})
    assert first.read(grid_like(5, 5), Window(0, 0, 5, 5), ("pan",))[0].max() == 1
    write(tmp_path / "a.tif", np.full((5, 5), 77, np.uint8), compress="deflate")
    second = open_scene(path, date="2023-06-04", bands={"pan": 1})
    assert second.identity != first.identity
    assert second.read(grid_like(5, 5), Window(0, 0, 5, 5), ("pan",))[0].max() == 77
