"""A site most of which was built upon is compared by the ground around it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from small_scenes import ground, write_scene, write_workflow

from changedet.pipeline.finished import Run
from changedet.pipeline.run import run

DATES = ("2023-01-01", "2023-03-01")
SIZE, SITE = 400, slice(140, 260)
"""Side of the scenes and the pixels of the site in their midst; 10 m each."""
GAIN = np.array([0.8, 0.9, 1.1, 1.2])
"""Light of the later date."""


def compared(folder: Path, *, built: bool, around: bool = True) -> Run:
    """A run of a site that is other ground on the later date, or the same; the scenes may show the ground around it."""
    before = ground(SIZE, SIZE)
    after = before.copy()
    if built:
        # Darker where the old ground was brighter: no line that is light leads from one to the other.
        soil = np.array([2600.0, 2900.0, 3100.0, 2500.0])[:, None, None]
        after[:, SITE, SITE] = soil + 0.4 * (ground(120, 120, seed=5) - 1800)
    for date, image in zip(DATES, (before, after * GAIN[:, None, None] + 50), strict=True):
        within = np.zeros(image.shape, bool)
        within[:, SITE, SITE] = True
        write_scene(folder / f"{date}.tif", np.where(within | around, image, 0))
    west, north = 500_000 + 10 * SITE.start, 5_400_000 - 10 * SITE.start
    aoi = {"bbox": [west, north - 1200, west + 1200, north], "crs": "EPSG:32633"}
    more = {"site": {"id": "site", "aoi": aoi}, "mask": {"method": "nodata_only"}}
    return run(write_workflow(folder, DATES, **more), out=str(folder / "out"))


def marked(done: Run) -> float:
    return float((done.mask(DATES[1]).values == 1).mean())


def gains(done: Run) -> np.ndarray:
    (own,) = (entry["normalise"]["gain"] for day, entry in done.provenance["dates"].items() if day == DATES[1])
    return np.array(own)


def test_a_site_that_is_all_new_ground_is_all_change(tmp_path: Path) -> None:
    done = compared(tmp_path, built=True)
    np.testing.assert_allclose(gains(done), 1 / GAIN, rtol=0.03)
    assert marked(done) > 0.95


def test_a_site_that_stayed_is_compared_by_itself(tmp_path: Path) -> None:
    (tmp_path / "with").mkdir(), (tmp_path / "without").mkdir()
    alike = [compared(tmp_path / name, built=False, around=name == "with") for name in ("with", "without")]
    assert gains(alike[0]).tolist() == gains(alike[1]).tolist()
    assert max(marked(one) for one in alike) < 0.01
