"""Train the railcar network on drawn and painted sidings, and write it as ONNX.

    python training/train_railcars.py --own DIR --painted DIR2 --steps 1800 --out changedet/models/railcars.onnx

DIR holds sites of `changedet simulate --kind trains` (seeds 9001 on), DIR2 those of training/painter (kinds rail and
darkrail, seeds 1501 on: what teaches). One thread; needs torch and onnx (extra `train`). The network sees a siding
turned along its tracks (`changedet/pipeline/things/kernels/siding_pictures.py`) and says of each pixel whether a car's
axis lies there and of which kind the car is, and whether it ends there. Beyond its ends a picture goes on as its mirror
image, trains are made to end or to part, and shade and beams are laid over them. With `--join FIRST.onnx` the file
written gives the mean of the answers of that network and of the new one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import geopandas as gpd
import numpy as np
import onnx
import pandas as pd
import shapely
import torch
from numpy.typing import NDArray
from onnx import TensorProto, compose, helper
from torch import nn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.pipeline.things.kernels.siding_pictures import REACH_PX, STEP_M, Turned, continued, turned  # noqa: E402
from scenarios.sidings import Axes, axes_of, scenes, sites  # noqa: E402
from training import onnx_files  # noqa: E402
from training.teaching import Course, arguments, on_one_thread, teach  # noqa: E402

CLASSES = ("none", "flat", "with boxes", "box", "tank", "open", "locomotive")
AXIS_M, BESIDE_M, END_M, INSIDE_M = 0.75, 1.25, 0.75, 1.5
"""Half width of what is an axis, from where on it is none; of an end, from where on it is within a car."""
CUT_M = 14.0
"""Between the last named car and the edge of what is shown a car may be cut that the truth does not name."""
ON_TRACK_M, HALF_TRACK_M = 1.5, 2.5
"""From a track's axis, within which a car stands on it; half of what is shown of a track."""
EVEN, EVEN_PX = 0.5, 20.0
"""Share of ends beyond which the ground is even, as on the real picture; over how many pixels it is averaged."""
CROP = (56, 224)
WIDE, ENDS_WEIGHT = 24, 0.6
RATE, RISES, DECAY = 3e-3, 0.3, 1e-3
UNKNOWN = 255


class Line(NamedTuple):
    """A track's axis in metres of a picture, first + slope u, and whether cars stand on it."""

    first: float
    slope: float
    is_full: bool

    def row(self, column: int) -> int:
        """The row at a column."""
        return round((self.first + self.slope * column * STEP_M) / STEP_M)


class Siding(NamedTuple):
    """A siding on a date: picture (3, v, u), class and end of each pixel (255 where neither is known), its tracks."""

    image: NDArray[np.float32]
    kind: NDArray[np.uint8]
    end: NDArray[np.uint8]
    lines: tuple[Line, ...]


def sidings(folder: Path, rng: np.random.Generator) -> Iterator[Siding]:
    """Each site and date once, with its rectangle turned a little."""
    for site, cars, corners in sites(folder):
        days = pd.to_datetime(cars["date"]).dt.strftime("%Y-%m-%d")
        axes = axes_of(site)
        if axes is None:
            continue
        for day, image, matrix in scenes(site):
            picture = turned(image, matrix, _turned_a_little(corners, rng))
            yield _made(picture, cars[days == day], axes)


def _turned_a_little(corners: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    angle, middle = np.radians(rng.normal(0, 1.2)), corners.mean(axis=0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (corners - middle) @ turn.T + middle


def _made(picture: Turned, cars: gpd.GeoDataFrame, axes: Axes) -> Siding:
    shape = picture.image.shape[1:]
    kind, end = np.zeros(shape, np.uint8), np.full(shape, UNKNOWN, np.uint8)
    v, u = np.mgrid[: shape[0], : shape[1]] * STEP_M + STEP_M / 2
    places = []
    for car in cars.itertuples():
        ring = np.asarray(shapely.oriented_envelope(car.geometry).exterior.coords)[:4] - picture.origin
        ring = np.column_stack([ring @ picture.along, ring @ picture.across])
        sides = np.diff(ring[:3], axis=0)
        long = sides[np.argmax(np.hypot(*sides.T))]
        ahead, middle, half = long / np.hypot(*long), ring.mean(axis=0), np.hypot(*long) / 2
        places.append((float(middle[0]), float(middle[1]), float(half)))
        s = (u - middle[0]) * ahead[0] + (v - middle[1]) * ahead[1]
        t = np.abs((v - middle[1]) * ahead[0] - (u - middle[0]) * ahead[1])
        word = "with boxes" if car.loaded else car.kind
        within = np.abs(s) <= half
        kind[within & (t < BESIDE_M) & (kind == 0)] = UNKNOWN
        kind[(np.abs(s) <= half - END_M) & (t < AXIS_M)] = CLASSES.index(word)
        kind[within & (np.abs(s) > half - END_M) & (t < AXIS_M)] = UNKNOWN
        end[(np.abs(s) <= half - INSIDE_M) & (t < AXIS_M)] = 0
        end[(np.abs(np.abs(s) - half) <= END_M) & (t < AXIS_M)] = 1
    seen = np.isfinite(picture.image).all(axis=0)
    for part in _cut_cars(places, seen):
        kind[part], end[part] = UNKNOWN, UNKNOWN
    kind[~seen], end[~seen] = UNKNOWN, UNKNOWN
    kind, end = (np.pad(a, ((0, 0), (REACH_PX, REACH_PX)), constant_values=UNKNOWN) for a in (kind, end))
    image = np.nan_to_num(continued(picture.image, REACH_PX))
    return Siding(image, kind, end, _lines(picture, cars, axes))


def _cut_cars(places: list[tuple[float, float, float]], seen: NDArray[np.bool_]) -> Iterator[tuple[int, slice]]:
    """Row and columns between the last car of each track (u, v, half its length) and the edge of what is shown."""
    for middle in sorted({round(v) for _, v, _ in places}):
        own = [one for one in places if abs(one[1] - middle) < 2.0]
        low, high = min(own, key=lambda one: one[0] - one[2]), max(own, key=lambda one: one[0] + one[2])
        for (u, v, half), side in ((low, -1), (high, 1)):
            rows = range(max(0, int((v - BESIDE_M) / STEP_M)), min(len(seen), int((v + BESIDE_M) / STEP_M) + 1))
            for row in rows:
                shown = np.flatnonzero(seen[row])
                if not len(shown):
                    continue
                edge, near = (shown[0] if side < 0 else shown[-1] + 1) * STEP_M, u + side * half
                if abs(edge - near) <= CUT_M:
                    first, last = sorted((int(edge / STEP_M), int(near / STEP_M)))
                    yield row, slice(max(0, first), max(0, last))


def _lines(picture: Turned, cars: gpd.GeoDataFrame, axes: Axes) -> tuple[Line, ...]:
    """Tracks of the site in the picture with its continued ends."""
    normal = np.array([-axes.along[1], axes.along[0]])
    down = picture.across @ normal
    at = np.column_stack([cars.geometry.centroid.x, cars.geometry.centroid.y]).reshape(-1, 2) @ normal
    slope = float(-(picture.along @ normal) / down)
    firsts = (axes.offsets - picture.origin @ normal) / down - slope * REACH_PX * STEP_M
    full = [bool((np.abs(at - offset) < ON_TRACK_M).any()) for offset in axes.offsets]
    return tuple(Line(float(first), slope, is_full) for first, is_full in zip(firsts, full, strict=True))


class Net(nn.Module):
    """Two layers at full size, then at half size along the tracks; up to 20 m are seen to both sides."""

    def __init__(self) -> None:
        super().__init__()

        def layer(a: int, b: int, size: tuple[int, int], step: int = 1, apart: int = 1) -> nn.Sequential:
            pad = (size[0] // 2, size[1] // 2 * apart)
            return nn.Sequential(
                nn.Conv2d(a, b, size, (1, step), pad, (1, apart), bias=False), nn.BatchNorm2d(b), nn.ReLU()
            )

        self.first = nn.Sequential(layer(3, 16, (5, 5)), layer(16, WIDE, (3, 5), 2))
        self.rest = nn.ModuleList(layer(WIDE, WIDE, (3, 5), 1, apart) for apart in (1, 2, 4, 1, 2, 4))
        self.last = nn.Conv2d(WIDE, len(CLASSES) + 1, (3, 3), padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Log odds (n, class and end, v, u / 2)."""
        x = self.first(x)
        for layer in self.rest:
            x = x + layer(x)
        return self.last(x)


def crop(one: Siding, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.uint8]]:
    """A piece of a siding as another camera would see it."""
    if rng.random() < 0.5:
        one = ended(one, rng)
    image, kind, end, _ = one
    rows, columns = CROP
    pad = ((0, max(0, rows - image.shape[1])), (0, max(0, columns - image.shape[2])))
    image = np.pad(image, ((0, 0), *pad))
    kind, end = (np.pad(a, pad, constant_values=UNKNOWN) for a in (kind, end))
    r, c = (int(rng.integers(0, n - m + 1)) for n, m in zip(image.shape[1:], CROP, strict=True))
    image, kind, end = (a[..., r : r + rows, c : c + columns] for a in (image, kind, end))
    for axis in (-1, -2):
        if rng.random() < 0.5:
            image, kind, end = (np.flip(a, axis) for a in (image, kind, end))
    return photographed(hidden(image, rng), rng), np.ascontiguousarray(kind[:, ::2]), ends_of(end)


def ended(one: Siding, rng: np.random.Generator) -> Siding:
    """Trains that end, or have a gap: tracks are shown bare there, as a bare one beside them is."""
    full, bare = [line for line in one.lines if line.is_full], [line for line in one.lines if not line.is_full]
    if not full or not bare:
        return one
    image, kind, end = one.image.copy(), one.kind.copy(), one.end.copy()
    high, wide = kind.shape
    half = round(HALF_TRACK_M / STEP_M)
    for line in full:
        if rng.random() < 0.4:
            continue
        other, is_even = bare[int(rng.integers(len(bare)))], bool(rng.random() < EVEN)
        at = int(rng.integers(0, wide))
        ground = _even_ground(one, other, half)
        columns = np.arange(at, wide) if rng.random() < 0.5 else np.arange(0, at)
        if rng.random() < 0.3:
            columns = np.arange(at, min(wide, at + int(rng.integers(30, 160))))
        for column in columns:
            to, source = line.row(column), other.row(column)
            low, last = max(-half, -to, -source), min(half + 1, high - to, high - source)
            if last > low:
                shown = one.image[:, source + low : source + last, column]
                image[:, to + low : to + last, column] = ground[:, column, None] if is_even else shown
                kind[to + low : to + last, column], end[to + low : to + last, column] = 0, UNKNOWN
        for edge in {*columns[:1], *columns[-1:]} - {0, wide - 1}:
            row, part = line.row(edge), slice(max(0, edge - 2), edge + 3)
            rows = slice(max(0, row - half), row + half + 1)
            kind[rows, part], end[rows, part] = UNKNOWN, UNKNOWN
    return Siding(image, kind, end, one.lines)


def _even_ground(one: Siding, line: Line, half: int) -> NDArray[np.float32]:
    """Colour of the ground along a bare track (3, u), as where rails do not show."""
    rows = np.clip([line.row(column) for column in range(one.kind.shape[1])], half, one.kind.shape[0] - half - 1)
    band = np.stack([one.image[:, r - half : r + half + 1, u].mean(axis=1) for u, r in enumerate(rows)], axis=1)
    return np.asarray(cv2.GaussianBlur(band, (0, 0), EVEN_PX, sigmaY=1e-3), np.float32)


def hidden(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Shade and beams of cranes laid over a piece: what stands below stays what it is."""
    image = image.copy()
    high, wide = image.shape[1:]
    for _ in range(int(rng.integers(0, 3))):
        shape = np.zeros((high, wide), np.float32)
        at, lean = rng.uniform(-20, wide), rng.uniform(-1.0, 1.0) * high
        across = rng.uniform(2, 6) if rng.random() < 0.5 else rng.uniform(10, 70)
        top, bottom = (0, high) if rng.random() < 0.6 else sorted(rng.integers(0, high, 2))
        ring = np.array([[at, top], [at + across, top], [at + across + lean, bottom], [at + lean, bottom]])
        cv2.fillPoly(shape, [np.round(ring).astype(np.int32)], 1.0)
        shape = np.asarray(cv2.GaussianBlur(shape, (0, 0), rng.uniform(0.4, 1.2)))
        if across < 6 and rng.random() < 0.6:
            level = rng.uniform(-2.5, 4.5) + rng.normal(0, 0.5, 3)
            image = image * (1 - shape) + level[:, None, None].astype(np.float32) * shape
        else:
            dark, share = rng.uniform(-3.0, -1.0), rng.uniform(0.4, 0.85)
            image = image * (1 - share * shape) + share * shape * np.float32(dark)
    return image.astype(np.float32)


def ends_of(end: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ends at half size: an end where one of the two pixels is one."""
    pair = np.stack([end[:, ::2], end[:, 1::2]])
    return np.where((pair == 1).any(axis=0), 1, pair.min(axis=0)).astype(np.uint8)


def photographed(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Colours exchanged or lost, light, blur, coarser pixels, noise."""
    image = image[rng.permutation(3)] if rng.random() < 0.5 else image
    if rng.random() < 0.25:
        image = np.repeat(image.mean(axis=0, keepdims=True), 3, axis=0)
    elif rng.random() < 0.4:
        image = image + rng.uniform(-0.5, 1.0) * (image - image.mean(axis=0, keepdims=True))
    gain, offset = rng.uniform(0.6, 1.6), rng.normal(0, 0.3)
    bent = np.sign(image) * np.abs(image) ** rng.uniform(0.8, 1.2)
    stacked = np.ascontiguousarray(np.moveaxis(bent * gain + offset, 0, 2), np.float32)
    if rng.random() < 0.5:
        scale, size = rng.uniform(0.5, 1.0), stacked.shape[1::-1]
        small = cv2.resize(stacked, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        stacked = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    noise = rng.normal(0, rng.uniform(0, 0.25), stacked.shape)
    return np.clip(np.moveaxis(stacked + noise, 2, 0), -5, 5).astype(np.float32)


def trained(data: list[Siding], steps: int, rng: np.random.Generator) -> Net:
    """The network after some steps of six pieces each; pieces with cars are taken three times as often."""
    net = Net()
    weight = np.array([3.0 if ((one.kind > 0) & (one.kind < UNKNOWN)).any() else 1.0 for one in data])
    shares = torch.tensor([0.6, 1.0, 1.0, 1.0, 1.0, 1.0, 1.5])
    classes, ends = nn.CrossEntropyLoss(shares, ignore_index=UNKNOWN), nn.BCEWithLogitsLoss(reduction="none")

    def loss_of_step() -> torch.Tensor:
        pieces = [crop(data[k], rng) for k in rng.choice(len(data), 6, p=weight / weight.sum())]
        image, kind, end = (torch.from_numpy(np.stack(a)) for a in zip(*pieces, strict=True))
        out = net(image)
        asked = end < UNKNOWN
        loss = classes(out[:, :-1], kind.long())
        if asked.any():
            loss = loss + ENDS_WEIGHT * ends(out[:, -1], (end == 1).float())[asked].mean()
        return loss

    teach(net, Course(steps, RATE, RISES, DECAY, most_slope=np.inf), loss_of_step)
    return net


def main() -> None:
    """Train and write."""
    parser = arguments(__doc__, seed=1)
    parser.add_argument("--own", type=Path, required=True)
    parser.add_argument("--painted", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--join", type=Path)
    given = parser.parse_args()
    on_one_thread(given.seed)
    rng = np.random.default_rng(given.seed)
    data = [one for folder in (given.own, given.painted) for _ in range(2) for one in sidings(folder, rng)]
    print(len(data), "sidings")
    net = trained(data, given.steps, rng)
    sizes = {"siding": {2: "v", 3: "u"}, "odds": {2: "v", 3: "w"}}
    content = onnx_files.exported(net, {"siding": (1, 3, *CROP)}, sizes)
    if given.join is not None:
        model = joined(onnx.load(given.join), onnx.load_from_string(content))
        content = bytes(model.SerializeToString(deterministic=True))
    onnx_files.write(content, given.out)


def joined(first: onnx.ModelProto, second: onnx.ModelProto) -> onnx.ModelProto:
    """One network that gives the mean of the log odds of two."""
    parts = [compose.add_prefix(model, f"{k}/") for k, model in enumerate((first, second))]
    nodes = [helper.make_node("Identity", ["siding"], [f"{k}/siding"]) for k in range(2)]
    nodes += [node for part in parts for node in part.graph.node]
    nodes += [
        helper.make_node("Add", ["0/odds", "1/odds"], ["both"]),
        helper.make_node("Mul", ["both", "half"], ["odds"]),
    ]
    weights = [weight for part in parts for weight in part.graph.initializer]
    half = helper.make_tensor("half", TensorProto.FLOAT, [], [0.5])
    graph = helper.make_graph(nodes, "joined", first.graph.input, first.graph.output, [*weights, half])
    model = helper.make_model(graph, opset_imports=first.opset_import, ir_version=first.ir_version)
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    main()
