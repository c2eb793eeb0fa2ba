"""Real pairs in colours as whole runs, as a user has them: aligned, normalised, with boxes followed and masks cleaned.

    python benchmarks/whole_pairs.py [DATA]

`real_pairs.py` judges the methods by themselves; a run does more, and what it does beside can lose what they found.
Pictures without a georeference are laid on a grid of half a metre somewhere. DATA is as there; the runs are made in a
temporary folder. These pairs were looked at when roofs that come and go were given a say: no blind test.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rasterio
import yaml
from numpy.typing import NDArray
from rasterio.transform import from_origin

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.judge_sites import finished  # noqa: E402
from benchmarks.real_pairs import data_folder, figures, read  # noqa: E402
from changedet.store import RunFolder  # noqa: E402

DAYS = (dt.date(2020, 1, 1), dt.date(2021, 1, 1))
"""Invented: the pictures carry none."""
GSD_M = 0.5
CORNER = (500_000.0, 4_000_000.0)
CRS = "EPSG:32650"


def whole_pairs(folder: Path, data: Path, reuse: bool) -> Iterator[tuple[str, dict[str, float]]]:
    """Kappa and F1 of beijing_a, of each tile of levir, and of all these tiles together."""
    beijing = [data / f"beijing_a/beijing_A_{part}.jpg" for part in ("1", "2", "gt")]
    yield "run beijing_a", _figures(*_marked(folder, "beijing", beijing, reuse))
    masks, truths = [], []
    for label in sorted((data / "levir/label").glob("*.png")):
        paths = [data / "levir" / part / label.name for part in ("A", "B", "label")]
        mask, truth = _marked(folder, f"levir-{label.stem}", paths, reuse)
        yield f"run levir {label.stem}", _figures(mask, truth)
        masks.append(mask.ravel())
        truths.append(truth.ravel())
    if masks:
        yield "run levir, all", _figures(np.concatenate(masks), np.concatenate(truths))


def _marked(folder: Path, name: str, paths: list[Path], reuse: bool) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The mask of a run on two pictures, and the truth."""
    site = folder / f"real-pair-{name}"
    site.mkdir(parents=True, exist_ok=True)
    scenes = []
    for day, path in zip(DAYS, paths[:2], strict=True):
        picture = read(path)[:3].astype(np.uint8)
        scene = site / f"{day}.tif"
        shape = {"count": 3, "height": picture.shape[1], "width": picture.shape[2]}
        place = from_origin(*CORNER, GSD_M, GSD_M)
        with rasterio.open(scene, "w", driver="GTiff", dtype="uint8", crs=CRS, transform=place, **shape) as file:
            file.write(picture)
        scenes.append({"date": day, "path": str(scene.resolve())})
    content = {
        "site": {"id": site.name},
        "scenes": scenes,
        "bands": {"red": 1, "green": 2, "blue": 3},
        "outputs": {"dir": "out", "formats": ["masks"]},
    }
    path = site / "workflow.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    run = finished(path, reuse=reuse)[0]
    mask = read(RunFolder(run.path).mask(DAYS[1]))[0].astype(np.uint8)
    return mask, (read(paths[2])[0] > 127).astype(np.uint8)


def _figures(mask: NDArray[np.uint8], truth: NDArray[np.uint8]) -> dict[str, float]:
    accuracy, kappa, f1 = figures(mask, truth)
    return {"kappa": kappa, "F1": f1, "accuracy": accuracy, "marked %": 100 * float(np.mean(mask == 1))}


def main() -> None:
    """Print a line for each pair."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else data_folder()
    with tempfile.TemporaryDirectory() as folder:
        for name, told in whole_pairs(Path(folder), data, reuse=False):
            shown = [f"{key} {value:.2f}" if "%" in key else f"{key} {value:.3f}" for key, value in told.items()]
            print(f"{name}: {'  '.join(shown)}", flush=True)


if __name__ == "__main__":
    main()
