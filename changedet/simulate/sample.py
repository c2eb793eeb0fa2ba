"""The sample series in `sample_tiles/`, which `write_sample` writes again byte for byte."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from changedet.simulate.files import write_scene, write_truth, write_zones
from changedet.simulate.kinds import make_world
from changedet.simulate.schedule import Sensor, Sky
from changedet.simulate.world import World

SEED, DATES, SIZE_M, GSD_M = 7, 7, 250.0, 0.5
BANDS = ("blue", "green", "red", "nir")
CLOUDY, OTHER_ZONE = 5, 4
"""The date numbers of the cloudy look and of the look on the neighbouring zone's grid."""


def sample_world() -> World:
    """Depot North: growth from the fourth date, another UTM zone on the fifth, clouds on the sixth.

    Returns
    -------
    World
        Of seven dates.
    """
    changes = {CLOUDY: (None, Sky(cloud_cover=0.3)), OTHER_ZONE: (Sensor(GSD_M, BANDS, other_zone=True), None)}
    return make_world("growth", DATES, SEED, GSD_M, SIZE_M, BANDS, "uint16", dt.date(2023, 3, 12), 45, changes)


def write_sample(folder: str | Path) -> None:
    """Write the sample series and its truth.

    Parameters
    ----------
    folder : str or pathlib.Path
        Gets one <date>.tif for each date, and the truth in truth/; made where missing.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    world = sample_world()
    for index, date in enumerate(world.dates):
        write_scene(world, index, folder / f"{date.isoformat()}.tif")
    write_truth(world, folder / "truth")
    write_zones(world, folder)
