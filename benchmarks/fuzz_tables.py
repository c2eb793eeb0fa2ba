"""Files that people fill in or bring along, changed at random: labels, verdicts, samples, truths, positions, fleets.

Kinds of `benchmarks/fuzz.py`. Half of the cases change the bytes of a file, half what cells, columns and shapes hold.
"""

from __future__ import annotations

import datetime as dt
import random
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import geopandas as gpd  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pyogrio  # noqa: E402
import shapely  # noqa: E402
from affine import Affine  # noqa: E402
from shapely.geometry.base import BaseGeometry  # noqa: E402

from benchmarks.fuzz_changes import NASTY, mutated_bytes, mutated_text  # noqa: E402
from changedet.assess.compare.fleet import read_fleet  # noqa: E402
from changedet.assess.labels import checked_labels  # noqa: E402
from changedet.assess.sample import sample_run  # noqa: E402
from changedet.assess.score.run import score_run  # noqa: E402
from changedet.assess.verdicts import belongs, checked_verdicts  # noqa: E402
from changedet.errors import InputError  # noqa: E402
from changedet.grid import Grid  # noqa: E402
from changedet.grid.positions import read_positions  # noqa: E402
from changedet.outputs.gpkg import labels, review, sample  # noqa: E402
from changedet.pipeline.run import run  # noqa: E402
from changedet.simulate import simulate  # noqa: E402

Change = Callable[[random.Random], Callable[[], None]]

GRID = Grid("EPSG:32633", Affine(0.5, 0, 400000, 0, -0.5, 5600120), (240, 240))
DAYS = [dt.date(2023, 3, 1), dt.date(2023, 3, 31)]
POINTS = 32
"""Of a labelled sample."""
TEXTS = 0.4
"""Share of a truth's cases that change its table."""
CELLS: tuple[object, ...] = (
    None,
    True,
    -1,
    0,
    3,
    1.5,
    1e300,
    float("nan"),
    float("inf"),
    10**15,
    b"\xff\xfe",
    dt.date.min,
)
SHAPES: tuple[BaseGeometry | None, ...] = (
    None,
    shapely.Point(),
    shapely.Polygon(),
    shapely.Point(400010, 5600100),
    shapely.Point(1e300, -1e300),
    shapely.Point(0, float("inf")),
    shapely.LineString([(400010, 5600100), (400020, 5600100)]),
    shapely.Polygon([(400000, 5600000), (400010, 5600010), (400010, 5600000), (400000, 5600010)]),
    shapely.box(-180, -90, 180, 90),
    shapely.GeometryCollection([shapely.Point(400010, 5600100), shapely.box(400000, 5600100, 400003, 5600106)]),
    shapely.box(400010, 5600100, 400010, 5600100),
    shapely.Polygon([(400000, 5600000, 5), (400003, 5600000, float("nan")), (400003, 5600006, 5)]),
)


def mutated_frame(frame: gpd.GeoDataFrame, dice: random.Random) -> gpd.GeoDataFrame:
    """A layer with one to three of its cells, columns, rows or shapes changed."""
    frame = frame.copy()
    for _ in range(dice.randint(1, 3)):
        columns = [name for name in frame.columns if name != "geometry"]
        name, row = dice.choice(columns or ["none"]), dice.randrange(max(len(frame), 1))
        choice = dice.randrange(8)
        if choice <= 1 and columns and len(frame):
            cells = frame[name].astype(object).tolist()
            cells[row] = dice.choice((*CELLS, *NASTY))
            frame[name] = [str(cell) for cell in cells] if choice else pd.Series(cells, frame.index, dtype=object)
        elif choice == 2 and columns:
            frame = frame.drop(columns=name)
        elif choice == 3 and columns:
            frame[name] = dice.choice((*CELLS, *NASTY))
        elif choice == 4 and len(frame):
            shapes = frame.geometry.to_numpy().copy()
            shapes[row] = dice.choice(SHAPES)
            frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
        elif choice == 5:
            frame = frame.iloc[: dice.randrange(len(frame) + 1)]
        elif choice == 6 and len(frame):
            frame = gpd.GeoDataFrame(pd.concat([frame, frame.iloc[[row]]], ignore_index=True), crs=frame.crs)
        else:
            frame = frame.set_crs(dice.choice(("EPSG:4326", "EPSG:3857", "EPSG:32733")), allow_override=True)
    return frame


class Tables:
    """Right files of each kind, and what reads them.

    Attributes
    ----------
    folder : Path
        Where the changed ones lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.boxes = _boxes()
        self._run: Path | None = None

    def kind(self, kind: str) -> Change:
        """What makes a case of a kind."""
        if kind in {"ais", "fleet"}:
            text, read = _TEXTS[kind]
            return lambda dice: partial(self._text, mutated_text(text, dice), read)
        made, read = {
            "labels": (self.labels, self.read_labels),
            "verdicts": (self.review, self.read_review),
            "sample": (self._sample, self._read_sample),
            "truth": (lambda: self._truth() / "truth.gpkg", lambda path: self._score(None, path)),
        }[kind]
        of_layers = partial(self._layers, made(), read)
        if kind != "truth":
            return of_layers
        return lambda dice: self._true_table(dice) if dice.random() < TEXTS else of_layers(dice)

    def _layers(self, whole: Path, read: Callable[[Path], None], dice: random.Random) -> Callable[[], None]:
        if dice.random() < 0.5:
            return partial(self._bytes, mutated_bytes(whole.read_bytes(), dice), read)
        layers = {name: pyogrio.read_dataframe(whole, layer=name) for name in pyogrio.list_layers(whole)[:, 0]}
        frames = {name: frame for name, frame in layers.items() if isinstance(frame, gpd.GeoDataFrame)}
        name = dice.choice(sorted(frames))
        return partial(self.written, frames | {name: mutated_frame(frames[name], dice)}, read)

    def _bytes(self, content: bytes, read: Callable[[Path], None]) -> None:
        path = self.folder / "case.gpkg"
        path.write_bytes(content)
        read(path)

    def written(self, frames: dict[str, gpd.GeoDataFrame], read: Callable[[Path], None]) -> None:
        """Write layers and read them; nothing where no file can hold them."""
        path = self.folder / "case.gpkg"
        path.unlink(missing_ok=True)
        for k, (name, frame) in enumerate(frames.items()):
            try:
                pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", append=k > 0)
            except Exception:
                return  # no such file can be written
        read(path)

    def _text(self, text: str, read: Callable[[Path], object]) -> None:
        path = self.folder / "case.csv"
        path.write_bytes(text.encode(errors="surrogatepass"))
        try:
            read(path)
        except ValueError as error:
            raise InputError(str(error)) from None

    def labels(self) -> Path:
        """Two labelled tiles with four boxes."""
        path = self.folder / "labels.gpkg"
        tiles = gpd.GeoDataFrame(
            {"date": [str(DAYS[0]), str(DAYS[1])], "weight": [1.0, 2.0], "labelled": [True, True]},
            geometry=[shapely.box(400000, 5600060, 400060, 5600120), shapely.box(400060, 5600000, 400120, 5600060)],
            crs=GRID.crs,
        )
        drawn = self.boxes.geometry.iloc[:4].reset_index(drop=True)
        own = gpd.GeoDataFrame({"date": [str(DAYS[0])] * 4, "kind": ["20ft"] * 4}, geometry=drawn, crs=GRID.crs)
        pyogrio.write_dataframe(tiles, path, layer=labels.TILES, driver="GPKG")
        pyogrio.write_dataframe(own, path, layer=labels.LABELS, driver="GPKG", append=True)
        return path

    def read_labels(self, path: Path) -> None:
        """As `changedet calibrate` reads them."""
        try:
            tiles, drawn = labels.read_labels(path, GRID.crs)
        except ValueError as error:
            raise InputError(f"{path}: {error}") from None
        checked_labels(tiles, drawn, GRID, DAYS, path)

    def review(self) -> Path:
        """Ten boxes to judge and one that was drawn."""
        path = self.folder / "review.gpkg"
        review.write_review(path, self.boxes, [str(day) for day in DAYS], GRID.crs)
        drawn = gpd.GeoDataFrame(
            {"date": [str(DAYS[0])], "kind": ["20ft"]},
            geometry=[shapely.box(400100, 5600100, 400102.44, 5600106.06)],
            crs=GRID.crs,
        )
        pyogrio.write_dataframe(drawn, path, layer=review.ADDED, append=True)
        return path

    def read_review(self, path: Path) -> None:
        """As `changedet review` reads it."""
        try:
            judged, drawn = review.read_review(path)
        except ValueError as error:
            raise InputError(f"{path}: {error}") from None
        if belongs(judged, self.boxes, drawn, path):
            checked_verdicts(judged, drawn, self.boxes, GRID, DAYS, path)

    @property
    def run(self) -> Path:
        """A small finished run of a simulated site, made once."""
        if self._run is None:
            site = simulate(self.folder / "site", kind="growth", dates=2, size_m=48, gsd_m=0.5, seed=3, name="site")
            self._run = run(site, out=str(self.folder / "out")).path
        return self._run

    def _sample(self) -> Path:
        sample_run(self.run, points=POINTS)
        (path,) = self.run.glob("sample_*.gpkg")
        points = sample.read_sample(path)
        path.unlink()
        points = points.assign(label=(points["stratum"] == "changed").astype(np.int32))
        pyogrio.write_dataframe(points, path, layer=sample.LAYER, driver="GPKG")
        return path

    def _read_sample(self, path: Path) -> None:
        score_run(self.run, path)

    def _truth(self) -> Path:
        return self.run.parents[1] / "site" / "truth"

    def _true_table(self, dice: random.Random) -> Callable[[], None]:
        text = (self._truth() / "truth.csv").read_text()
        return partial(self._score, (mutated_text(text, dice)).encode(errors="surrogatepass"), None)

    def _score(self, table: bytes | None, layers: Path | None) -> None:
        folder = self.folder / "truth"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._truth(), folder)
        if table is not None:
            (folder / "truth.csv").write_bytes(table)
        if layers is not None:
            shutil.copyfile(layers, folder / "truth.gpkg")
        score_run(self.run, folder)


def _boxes() -> gpd.GeoDataFrame:
    """Rows of the layer ``containers``, as a run has them."""
    places = [(400010.0 + 8 * (k % 5), 5600100.0 - 20 * (k // 5)) for k in range(10)]
    return gpd.GeoDataFrame(
        {
            "date": pd.to_datetime([str(DAYS[k % 2]) for k in range(10)], utc=True),
            "object_id": range(1, 11),
            "confidence": 0.9,
            "kind": "20ft",
        },
        geometry=[shapely.box(x, y, x + 2.44, y + 6.06) for x, y in places],
        crs=GRID.crs,
    )


_TEXTS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "ais": (
        "time,mmsi,lon,lat,length\n2024-05-01T12:30:00Z,211000000,13.5,54.1,110\n2024-05-02,1,13.5,54,\n",
        read_positions,
    ),
    "fleet": ("color,share\n#a1b2c3,0.5\n#102030,0.2\n#ffffff,3\n", read_fleet),
}
KINDS = ("labels", "verdicts", "sample", "truth", "ais", "fleet")
