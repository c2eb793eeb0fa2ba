"""Whether files that were changed at random are taken or refused in a few lines, and never anything else.

    python benchmarks/fuzz.py [--count 1000] [--seed 0] [--kinds yaml,stac,geojson,tiff,gpkg] [--keep DIR]

Of each kind `--count` cases are made from the seeds in tests/fuzz_corpus (text) and from files written here (TIFF,
GeoPackage). The same seed makes the same cases. With `--keep` files of wrong cases are left there: what taught
something belongs into the corpus.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

import geopandas as gpd  # noqa: E402
import numpy as np  # noqa: E402
import shapely  # noqa: E402
from outcomes import Tally, outcomes, report  # noqa: E402
from small_rasters import CRS, T, write  # noqa: E402

CORPUS = ROOT / "tests" / "fuzz_corpus"
PIXELS = 24
NASTY = (
    *("", " ", "null", "~", "true", "-1", "0", "1e999", "-1e999", ".nan", "NaN", "Infinity", "99999999999999999999"),
    *("0000-00-00", "9999-12-31", "2023-02-30", "2023-06-04T25:00:00Z", "auto", "none", "..", "/", "/dev/zero", "."),
    *("[]", "{}", "[[[[[[[[", "{{{{", "&a [*a]", "*a", "<<: *a", "!!python/object:os.system x", "!!binary aa", "--- a"),
    *("a" * 300, "%s%n", "\x00", "\x1b[31m", "\u202e", "\ud7ff", "é" * 50, "=1+1", "<script>", "file:///etc/passwd"),
    *(
        "EPSG:0",
        "EPSG:4326",
        "EPSG:99999999",
        "+proj=longlat +R=1",
        "+init=/etc/passwd",
        "IGNF:NONE",
        "1e308",
        "1e-320",
    ),
    *("http://127.0.0.1:1/x.tif", "https://[::1", "s3://", "/vsimem/x", "/vsicurl?url=http://127.0.0.1:1/", "1:2:3"),
)
NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutated_text(text: str, dice: random.Random) -> str:
    """A text with one to four places changed: words, lines, characters."""
    for _ in range(dice.randint(1, 4)):
        lines = text.splitlines() or [""]
        k = dice.randrange(len(lines))
        words = lines[k].split(" ")
        w = dice.randrange(len(words))
        choice = dice.randrange(7)
        if choice == 0:
            words[w] = dice.choice(NASTY)
        elif choice == 1:
            key, colon, _ = lines[k].partition(":")
            words = [f"{key}{colon} {dice.choice(NASTY)}"]
        elif choice == 2:
            words = []
        elif choice == 3:
            words += dice.choice(lines).split(" ")
        elif choice == 4:
            at = dice.randrange(len(lines[k]) + 1)
            words = [
                lines[k][:at] + chr(dice.choice((9, 10, 34, 39, 58, 91, 93, 123, 125, 44, 0, 0x2028))) + lines[k][at:]
            ]
        elif choice == 5:
            words = [" " * dice.randint(1, 6) + lines[k].lstrip()]
        else:
            words = [lines[k][: dice.randrange(len(lines[k]) + 1)]]
        lines[k] = " ".join(words)
        text = "\n".join(lines)
    return text


def mutated_json(value: object, dice: random.Random) -> object:
    """A document with one to three of its values replaced, left out, doubled or wrapped."""
    for _ in range(dice.randint(1, 3)):
        holders = list(_holders(value))
        if not holders:
            return dice.choice(NASTY)
        holder, key = dice.choice(holders)
        choice = dice.randrange(6)
        if choice == 0:
            holder[key] = dice.choice(NASTY)  # type: ignore[index]
        elif choice == 1:
            holder[key] = dice.choice((None, True, -1, 0, 1e300, -1e300, float("nan"), 10**30, [], {}, [[]], ""))  # type: ignore[index]
        elif choice == 2:
            del holder[key]  # type: ignore[attr-defined]
        elif choice == 3:
            holder[key] = [holder[key]] * dice.choice((1, 2, 50))  # type: ignore[index]
        elif choice == 4:
            holder[key] = {"a": holder[key]}  # type: ignore[index]
        else:
            other, name = dice.choice(holders)
            holder[key] = json.loads(json.dumps(other[name]))  # type: ignore[index]
    return value


def _holders(value: object) -> Iterator[tuple[object, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield value, key
            yield from _holders(inner)
    elif isinstance(value, list):
        for k, inner in enumerate(value):
            yield value, k
            yield from _holders(inner)


def mutated_bytes(content: bytes, dice: random.Random) -> bytes:
    """Bytes with one to eight places changed, most of them where headers are; some are cut short."""
    found = bytearray(content)
    for _ in range(dice.randint(1, 8)):
        at = min(int(dice.expovariate(1 / 200)), len(found) - 1) if dice.random() < 0.7 else dice.randrange(len(found))
        size = dice.choice((1, 1, 2, 4))
        number = dice.choice(NUMBERS) if dice.random() < 0.6 else dice.getrandbits(8 * size)
        found[at : at + size] = (number % (1 << 8 * size)).to_bytes(size, dice.choice(("little", "big")))
    return bytes(found[: dice.randrange(len(found))]) if dice.random() < 0.1 else bytes(found)


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
    scenes = site.workflow

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


KINDS = ("yaml", "stac", "geojson", "tiff", "gpkg")


def fuzzed(kind: str, count: int, seed: int, folder: Path) -> Tally:
    """A tally of so many cases of a kind."""
    site = Site(folder / kind)
    make = case_maker(kind, site)
    cases = [(f"{seed}/{k}", make(random.Random(f"{kind}/{seed}/{k}"))) for k in range(count)]
    return Tally(kind, outcomes(cases))


def keep(tally: Tally, folder: Path, to: Path) -> None:
    """Leave the files of wrong cases in a folder."""
    site = Site(folder / tally.kind)
    make = case_maker(tally.kind, site)
    for name in tally.wrong:
        case = make(random.Random(f"{tally.kind}/{name}"))
        to.mkdir(parents=True, exist_ok=True)
        content = case.args[-2] if len(case.args) > 1 else case.args[0].encode()  # type: ignore[attr-defined]
        (to / f"{tally.kind}-{name.replace('/', '-')}").write_bytes(content)


def main() -> int:
    """Fuzz all kinds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
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
