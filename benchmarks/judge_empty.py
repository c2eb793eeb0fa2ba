"""Real pictures without any container: what single looks at them list, and what their intervals say."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import rasterio
import yaml
from rasterio.transform import from_origin

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.judge_sites import finished  # noqa: E402

PICTURES = (
    ("streets/*.png", 0.13),
    ("yards/P0003_buses.png", 0.1157),
    ("levir/[AB]/*", 0.5),
    ("beijing_a/*_[12].jpg", 0.5),
)
"""Towns, streets and a bus depot, with metres to a pixel."""
FINEST_M = 0.3
"""What is finer is averaged to about this, as pictures from above are."""


def empty(folder: Path, data: Path, reuse: bool) -> Iterator[tuple[str, dict[str, object]]]:
    """Containers listed on each picture with their interval; in the last row all, and how many intervals hold none."""
    listed, held, refused, looks = 0, 0, 0, 0
    for pattern, pixel_m in PICTURES:
        for path in sorted(data.glob(pattern)):
            name = f"{path.parent.name}-{path.stem}".lower().replace("_", "-")
            done = finished(_workflow(folder / f"empty-{name}", name, path, pixel_m), reuse=reuse)[0]
            row = done.series.iloc[0]
            low, high = float(row["containers_low"]), float(row["containers_high"])
            looks, listed = looks + 1, listed + int(row["containers"])
            refused, held = refused + int(np.isnan(low)), held + int(low <= 0)
            yield f"empty {name}", {"boxes": int(row["containers"]), "low": low, "high": high}
    if looks:
        yield "empty, all", {"looks": looks, "boxes": listed, "intervals that hold none": held, "refused": refused}


def _workflow(site: Path, name: str, path: Path, pixel_m: float) -> Path:
    """A single look at a picture, set down anywhere."""
    site.mkdir(parents=True, exist_ok=True)
    times = max(1, round(FINEST_M / pixel_m))
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1]
    high, wide = (side // times for side in picture.shape[:2])
    image = cv2.resize(picture[: high * times, : wide * times], (wide, high), interpolation=cv2.INTER_AREA)
    profile = {"driver": "GTiff", "height": high, "width": wide, "count": 3, "dtype": "uint8", "crs": "EPSG:32632"}
    place = from_origin(600_000.0, 5_300_000.0, pixel_m * times, pixel_m * times)
    with rasterio.open(site / "scene.tif", "w", **profile, transform=place, photometric="RGB") as target:
        # 0 would be no data
        target.write(np.moveaxis(image.clip(1, 255), 2, 0))
        target.descriptions = ("red", "green", "blue")
    found = site / "workflow.yaml"
    scenes = [{"path": "scene.tif", "date": "2024-05-01"}]
    content = {"site": {"id": name}, "scenes": scenes, "outputs": {"dir": "out"}}
    found.write_text(yaml.safe_dump(content, sort_keys=False).replace("'2024-05-01'", "2024-05-01"))
    return found
