"""Whether one network may keep what was fitted for another: only where all scenes are described bit for bit alike."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from scenarios.yards import GSDS_M
from training import fit_familiarity
from training.recipes import TRAIN_SEED


class Network:
    """Describes a picture by its first pixel, but for one scene at one resolution by what its own bytes say."""

    def __init__(self, content: bytes) -> None:
        self.scene, self.gsd, self.more = content

    def run(self, names: list[str], given: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        assert (names, given["picture"].shape) == (["description"], (1, 2, 16, 16)), "whole strides of the network"
        seed, gsd_m = given["picture"][0, :, 0, 0]
        own = (seed - TRAIN_SEED, gsd_m) == (fit_familiarity.TRAINED - 1 - self.scene, GSDS_M[self.gsd])
        return [np.array([seed, gsd_m + own * np.spacing(gsd_m) * self.more])]


@pytest.mark.parametrize(
    ("new", "alike"),
    [
        (b"\x00\x00\x00", True),
        (b"\x00\x00\x01", False),  # the last scene at the first resolution, by one bit
        (b"\x00\x03\x01", False),  # and at the last
        (b"\x01\x00\x01", True),  # a scene that is not among those compared
    ],
)
def test_describes_alike_is_true_of_no_network_that_describes_a_scene_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new: bytes, alike: bool
) -> None:
    def photograph(_: object, seed: int, gsd_m: float) -> SimpleNamespace:
        picture = np.full((2, 16, 20), np.nan)
        picture[:, 0, 0] = seed, gsd_m
        return SimpleNamespace(image=picture)

    monkeypatch.setattr(fit_familiarity, "cached", lambda *_: None)
    monkeypatch.setattr(fit_familiarity, "photograph", photograph)
    monkeypatch.setattr(fit_familiarity.onnxruntime, "InferenceSession", Network)
    assert fit_familiarity.describes_alike(tmp_path, b"\x00\x00\x00", new) == alike
