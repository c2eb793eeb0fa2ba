"""Whether files that were changed at random are taken or refused in a few lines, and never anything else.

    python benchmarks/fuzz.py [--count 1000] [--seed 0] [--kinds yaml,numbers,stac,geojson,tiff,gpkg,..] [--keep DIR]

Of each kind `--count` cases are made from the seeds in tests/fuzz_corpus (text) and from files written here (TIFF,
GeoPackage); `numbers` puts odd values in place of a workflow's (benchmarks/fuzz_numbers.py); `labels`, `verdicts`,
`sample`, `truth`, `ais` and `fleet` are files that people fill in or bring along (benchmarks/fuzz_tables.py). The same
seed makes the same cases. With `--keep` files of wrong cases are left there:
what taught something belongs into the corpus.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import geopandas as gpd  # noqa: E402
import numpy as np  # noqa: E402
import shapely  # noqa: E402
from small_rasters import CRS, T, write  # noqa: E402

from benchmarks.fuzz_changes import mutated_bytes, mutated_json, mutated_text  # noqa: E402
from benchmarks.fuzz_numbers import number_maker  # noqa: E402
from benchmarks.fuzz_tables import KINDS as TABLES  # noqa: E402
from benchmarks.fuzz_tables import Tables  # noqa: E402
from benchmarks.outcomes import Tally, outcomes, report  # noqa: E402
from changedet.cli.messages import without_undecodable, without_undecodable_error  # noqa: E402

CORPUS = ROOT / "tests" / "fuzz_corpus"
PIXELS = 24


class Site:
    """A folder with two scenes and a workflow, in which one file is put in place of another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        values = np.random.default_rng(1).integers(50, 200, (3, PIXELS, PIXELS)).astype(np.uint8)
        for name, options in {
            "a": {},
            "b": {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "lzw"},
        }.items():
            write(folder / f"{name}.tif", values, descriptions=("blue", "green", "red"), nodata=0, **options)
        area = gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.box(T.c, T.f - 40, T.c + 40, T.f)], crs=CRS)
        area.to_file(folder / "area.gpkg", layer="area", driver="GPKG")
        self.area = (folder / "area.gpkg").read_bytes()
        self.tables = Tables(folder / "tables")
        self.workflow = (
            "site: {id: a}\nscenes:\n  - {date: 2023-06-04, path: a.tif}\n  - {date: 2023-07-04, path: b.tif}\n"
        )

    def planned(self, workflow: str) -> None:
        """Make the plan of a workflow, and read a window of its first scene."""
        from changedet.blocks import Window
        from changedet.imagery.pixels import release
        from changedet.plan import make_plan

        path = self.folder / "w.yaml"
        path.write_bytes(workflow.encode(errors="surrogatepass"))
        try:
            plan = make_plan(path, out=str(self.folder / "out"))
            for look in plan.looks:
                look.read(plan.grid, Window(0, 0, 8, 8), plan.roles)
        finally:
            release()

    def put(self, name: str, content: bytes, workflow: str) -> None:
        """As `planned`, with a file of its own."""
        (self.folder / name).write_bytes(content)
        self.planned(workflow)


def case_maker(kind: str, site: Site) -> Callable[[random.Random], Callable[[], None]]:
    """What makes a case of a kind from dice."""
    if kind in TABLES:
        return site.tables.kind(kind)
    scenes = site.workflow
    if kind == "numbers":
        return number_maker(scenes, site.planned)

    def of_json(names: str, target: str, workflow: str) -> Callable[[random.Random], Callable[[], None]]:
        seeds = [json.loads(path.read_text()) for path in sorted(CORPUS.glob(names))]

        def make(dice: random.Random) -> Callable[[], None]:
            text = json.dumps(mutated_json(json.loads(json.dumps(dice.choice(seeds))), dice), indent=1)
            text = mutated_text(text, dice) if dice.random() < 0.3 else text
            return partial(site.put, target, text.encode(errors="surrogatepass"), workflow)

        return make

    def of_bytes(target: str, content: list[bytes], workflow: str) -> Callable[[random.Random], Callable[[], None]]:
        return lambda dice: partial(site.put, target, mutated_bytes(dice.choice(content), dice), workflow)

    def of_text(dice: random.Random) -> Callable[[], None]:
        seeds = [path.read_text() for path in sorted(CORPUS.glob("*.yaml"))]
        return partial(site.planned, mutated_text(dice.choice(seeds), dice))

    tiffs = [(site.folder / name).read_bytes() for name in ("a.tif", "b.tif")]
    with_area = "{id: a, aoi: area.geojson}"
    makers = {
        "yaml": of_text,
        "stac": of_json("stac*.json", "item.json", "site: {id: a}\nscenes:\n  - {stac: item.json}\n"),
        "geojson": of_json("area*.json", "area.geojson", scenes.replace("{id: a}", with_area)),
        "tiff": of_bytes("c.tif", tiffs, scenes.replace("a.tif", "c.tif")),
        "gpkg": of_bytes("c.gpkg", [site.area], scenes.replace("{id: a}", with_area.replace("area.geojson", "c.gpkg"))),
    }
    return makers[kind]


KINDS = ("yaml", "numbers", "stac", "geojson", "tiff", "gpkg", *TABLES)


def fuzzed(kind: str, count: int, seed: int, folder: Path) -> Tally:
    """A tally of so many cases of a kind."""
    site = Site(folder / kind)
    make = case_maker(kind, site)
    cases = [(f"{seed}/{k}", make(random.Random(f"{kind}/{seed}/{k}"))) for k in range(count)]
    return Tally(kind, outcomes(cases))


def keep(tally: Tally, folder: Path, to: Path) -> None:
    """Leave the files of wrong cases in a folder."""
    if not tally.wrong:
        return
    # Not in the folder of the cases: a sample is drawn once.
    site = Site(folder / "kept" / tally.kind)
    make = case_maker(tally.kind, site)
    for name in tally.wrong:
        case = make(random.Random(f"{tally.kind}/{name}"))
        to.mkdir(parents=True, exist_ok=True)
        # A workflow is a case's only argument; beside any other file stands what reads it.
        content = next((one for one in case.args if isinstance(one, bytes)), None)  # type: ignore[attr-defined]
        text = next((one for one in case.args if isinstance(one, str)), "")  # type: ignore[attr-defined]
        (to / f"{tally.kind}-{name.replace('/', '-')}").write_bytes(content or text.encode(errors="surrogatepass"))


def main() -> int:
    """Fuzz all kinds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    # As in the command: rasterio says that it cannot decode what GDAL quotes, beside the error that it raises.
    sys.unraisablehook, sys.excepthook = without_undecodable, without_undecodable_error
    folder = Path(tempfile.mkdtemp())
    try:
        tallies = [fuzzed(kind, given.count, given.seed, folder) for kind in given.kinds.split(",")]
        if given.keep:
            for tally in tallies:
                keep(tally, folder, given.keep)
        return report(tallies)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
