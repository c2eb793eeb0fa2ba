"""Fit how far a scene lies from those that the network was fitted on, and write changedet/models/familiarity.npz.

    python training/fit_familiarity.py --cache FOLDER [--scenes 200] [--out FILE]
    python training/fit_familiarity.py --cache FOLDER --as-by OLD.onnx    # only the layers that draw are new

The network describes the scenes that it was trained on, each pictured by the training's
cameras at one of four resolutions (training/network_scenes.py; FOLDER keeps the scenes, as training/train_network.py
does). Run it whenever the network changes: the file holds the network's SHA-256, and is not used with another one.
Where the new network describes some of the scenes bit for bit as the old one does, nothing is fitted anew.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.blocks import Window  # noqa: E402
from changedet.kernels.containers import CONTAINER_KINDS  # noqa: E402
from changedet.kernels.forest_files import packed  # noqa: E402
from changedet.pipeline.date_files import mean_description  # noqa: E402
from changedet.stages.objects import detector  # noqa: E402
from changedet.stages.objects.kernels import familiarity  # noqa: E402
from changedet.stages.objects.kernels.network_grid import STRIDE_PX  # noqa: E402
from changedet.stages.objects.lattice import cells, in_cell  # noqa: E402
from changedet.stages.objects.stage import STAGE  # noqa: E402
from changedet.stages.registry import Facts  # noqa: E402
from scenarios.yards import GSDS_M, Yard  # noqa: E402
from training.network_scenes import cached, photograph  # noqa: E402
from training.recipes import TRAIN_SEED  # noqa: E402

OUT = ROOT / "changedet" / "models" / "familiarity.npz"
FOLDS = 8
TRAINED = 480
"""Scenes of the training."""
COMPARED = 6
"""Of them, at each resolution, to see whether two networks describe alike."""


class Told(NamedTuple):
    """What the detector makes of a picture: its description, the containers that it counts, and the true ones."""

    description: list[float]
    gsd_m: float
    counted: int
    true: int


def told(yard: Yard) -> Told | None:
    """A whole picture, described as a run averages it over its cells; None where nothing is described."""
    method = STAGE.get("learned").function(Facts(yard.gsd_m, roles=yard.roles, detector="learned"))
    model = method.fit(yard.image[None])
    place = Window(0, 0, *yard.image.shape[1:])
    lattice = list(cells(place, method.cell_px))
    found = [in_cell(yard.image, place, cell, method, model) for cell in lattice]
    described = {c: one.description for c, one in zip(lattice, found, strict=True) if one.description is not None}
    boxes = method.settle(pd.concat([one.boxes for one in found], ignore_index=True))
    counted = (boxes["confidence"] >= method.count_confidence) & boxes["kind"].isin(CONTAINER_KINDS)
    mean = mean_description(described)
    return None if mean is None else Told(mean, yard.gsd_m, int(counted.sum()), len(yard.boxes))


def all_told(folder: Path, scenes: int) -> list[Told]:
    """Of scenes spread over the training's."""
    numbers = np.unique(np.linspace(0, TRAINED - 1, scenes).astype(int))
    yards = (
        photograph(cached(TRAIN_SEED + int(n), folder), TRAIN_SEED + int(n), GSDS_M[k % len(GSDS_M)])
        for k, n in enumerate(numbers)
    )
    return [one for one in map(told, yards) if one is not None]


def by_distance(scenes: list[Told], reference: familiarity.Reference) -> str:
    """How well the scenes are counted by how far they lie."""
    far = np.array([familiarity.distance(np.array(one.description), one.gsd_m, reference) for one in scenes])
    lines = []
    for low, high in pairwise((0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, np.inf)):
        own = [one for one, d in zip(scenes, far, strict=True) if low <= d < high]
        wrong, true = sum(abs(one.counted - one.true) for one in own), sum(one.true for one in own)
        lines.append(f"{low:.2f} to {high:.2f}: {len(own)} scenes, count error {wrong / max(true, 1):.3f}")
    return "\n".join(lines)


def describes_alike(folder: Path, old: bytes, new: bytes) -> bool:
    """Whether two networks describe scenes of the training bit for bit alike."""
    sessions = [onnxruntime.InferenceSession(content) for content in (old, new)]
    for number in np.linspace(0, TRAINED - 1, COMPARED).astype(int):
        seed = TRAIN_SEED + int(number)
        for gsd_m in GSDS_M:
            picture = photograph(cached(seed, folder), seed, gsd_m).image
            rows, columns = (side // STRIDE_PX * STRIDE_PX for side in picture.shape[1:])
            shown = np.nan_to_num(picture[None, :, :rows, :columns])
            both = [session.run(["description"], {"picture": shown})[0] for session in sessions]
            if not np.array_equal(*both):
                return False
    return True


def renamed(path: Path, network: str) -> bytes:
    """The file at a path, for another network."""
    with np.load(path, allow_pickle=False) as kept:
        arrays = {name: np.asarray(kept[name], np.float64) for name in familiarity.Reference._fields}
    return packed(arrays, {"network": network})


def main() -> None:
    """Describe, fit and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the scenes")
    parser.add_argument("--scenes", type=int, default=200, help="how many of the training's")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--as-by", type=Path, help="keep what was fitted for this network, which describes alike")
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    network = hashlib.sha256(detector.model_bytes()).hexdigest()
    if given.as_by is not None:
        if not describes_alike(given.cache, given.as_by.read_bytes(), detector.model_bytes()):
            parser.error(f"{given.as_by} describes scenes otherwise; fit anew without --as-by")
        content = renamed(given.out, network)
        given.out.write_bytes(content)
        print(f"{given.out.name} {hashlib.sha256(content).hexdigest()}")
        return
    scenes = all_told(given.cache, given.scenes)
    table, gsds = np.array([one.description for one in scenes]), np.array([one.gsd_m for one in scenes])
    reference = familiarity.fit(table, gsds, FOLDS)
    arrays = {name: np.asarray(value, np.float64) for name, value in reference._asdict().items()}
    content = packed(arrays, {"network": network})
    given.out.write_bytes(content)
    print(f"{len(table)} scenes of {table.shape[1]} numbers, edge {reference.edge:.2f}")
    print(by_distance(scenes, reference))
    print(f"{given.out.name} {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
