"""Train the railcar network on drawn and painted sidings, and write it as ONNX.

    python training/train_railcars.py --own DIR --painted DIR2 --out changedet/models/railcars.onnx

DIR holds sites of `changedet simulate --kind trains` (seeds 9001 on), DIR2 those of training/painter (kind rail, seeds
1501 on: what teaches). One thread; needs torch and onnx (extra `train`). The network sees a siding turned along its
tracks (`changedet/pipeline/kernels/siding_pictures.py`) and says of each pixel whether a car's axis lies there and of
which kind the car is, and whether it ends there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import torch
from numpy.typing import NDArray
from torch import nn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.pipeline.kernels.siding_pictures import STEP_M, Turned, turned  # noqa: E402
from scenarios.sidings import scenes, sites  # noqa: E402

CLASSES = ("none", "flat", "with boxes", "box", "tank", "open", "locomotive")
AXIS_M, BESIDE_M, END_M, INSIDE_M = 0.75, 1.25, 0.75, 1.5
"""Half width of what is an axis, from where on it is none; of an end, from where on it is within a car."""
CROP = (56, 224)
WIDE, ENDS_WEIGHT = 24, 0.6
UNKNOWN = 255


class Siding(NamedTuple):
    """A siding on a date: picture (3, v, u), class and end of each pixel (255 where neither is known)."""

    image: NDArray[np.float32]
    kind: NDArray[np.uint8]
    end: NDArray[np.uint8]


def sidings(folder: Path, rng: np.random.Generator) -> Iterator[Siding]:
    """Each site and date once, with its rectangle turned a little."""
    for site, cars, corners in sites(folder):
        days = pd.to_datetime(cars["date"]).dt.strftime("%Y-%m-%d")
        for day, image, matrix in scenes(site):
            picture = turned(image, matrix, _turned_a_little(corners, rng))
            yield _made(picture, cars[days == day])


def _turned_a_little(corners: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    angle, middle = np.radians(rng.normal(0, 1.2)), corners.mean(axis=0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (corners - middle) @ turn.T + middle


def _made(picture: Turned, cars: gpd.GeoDataFrame) -> Siding:
    shape = picture.image.shape[1:]
    kind, end = np.zeros(shape, np.uint8), np.full(shape, UNKNOWN, np.uint8)
    v, u = np.mgrid[: shape[0], : shape[1]] * STEP_M + STEP_M / 2
    for car in cars.itertuples():
        ring = np.asarray(shapely.oriented_envelope(car.geometry).exterior.coords)[:4] - picture.origin
        ring = np.column_stack([ring @ picture.along, ring @ picture.across])
        sides = np.diff(ring[:3], axis=0)
        long = sides[np.argmax(np.hypot(*sides.T))]
        ahead, middle, half = long / np.hypot(*long), ring.mean(axis=0), np.hypot(*long) / 2
        s = (u - middle[0]) * ahead[0] + (v - middle[1]) * ahead[1]
        t = np.abs((v - middle[1]) * ahead[0] - (u - middle[0]) * ahead[1])
        word = "with boxes" if car.loaded else car.kind
        within = np.abs(s) <= half
        kind[within & (t < BESIDE_M) & (kind == 0)] = UNKNOWN
        kind[(np.abs(s) <= half - END_M) & (t < AXIS_M)] = CLASSES.index(word)
        kind[within & (np.abs(s) > half - END_M) & (t < AXIS_M)] = UNKNOWN
        end[(np.abs(s) <= half - INSIDE_M) & (t < AXIS_M)] = 0
        end[(np.abs(np.abs(s) - half) <= END_M) & (t < AXIS_M)] = 1
    kind[~np.isfinite(picture.image).all(axis=0)] = UNKNOWN
    return Siding(np.nan_to_num(picture.image), kind, end)


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
    image, kind, end = one
    rows, columns = CROP
    pad = ((0, max(0, rows - image.shape[1])), (0, max(0, columns - image.shape[2])))
    image = np.pad(image, ((0, 0), *pad))
    kind, end = (np.pad(a, pad, constant_values=UNKNOWN) for a in (kind, end))
    r, c = (int(rng.integers(0, n - m + 1)) for n, m in zip(image.shape[1:], CROP, strict=True))
    image, kind, end = (a[..., r : r + rows, c : c + columns] for a in (image, kind, end))
    for axis in (-1, -2):
        if rng.random() < 0.5:
            image, kind, end = (np.flip(a, axis) for a in (image, kind, end))
    return photographed(image, rng), np.ascontiguousarray(kind[:, ::2]), ends_of(end)


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
    rate = 3e-3
    optimiser = torch.optim.AdamW(net.parameters(), rate, weight_decay=1e-3)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, steps)
    weight = np.array([3.0 if ((one.kind > 0) & (one.kind < UNKNOWN)).any() else 1.0 for one in data])
    shares = torch.tensor([0.6, 1.0, 1.0, 1.0, 1.0, 1.0, 1.5])
    classes, ends = nn.CrossEntropyLoss(shares, ignore_index=UNKNOWN), nn.BCEWithLogitsLoss(reduction="none")
    for step in range(steps):
        pieces = [crop(data[k], rng) for k in rng.choice(len(data), 6, p=weight / weight.sum())]
        image, kind, end = (torch.from_numpy(np.stack(a)) for a in zip(*pieces, strict=True))
        out = net(image)
        asked = end < UNKNOWN
        loss = classes(out[:, :-1], kind.long())
        if asked.any():
            loss = loss + ENDS_WEIGHT * ends(out[:, -1], (end == 1).float())[asked].mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        plan.step()
        if step % 50 == 0:
            print(step, f"{loss.item():.3f}", flush=True)
    return net.eval()


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--own", type=Path, required=True)
    parser.add_argument("--painted", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(given.seed)
    rng = np.random.default_rng(given.seed)
    data = [one for folder in (given.own, given.painted) for _ in range(2) for one in sidings(folder, rng)]
    print(len(data), "sidings")
    net = trained(data, given.steps, rng)
    torch.onnx.export(
        net, (torch.zeros(1, 3, 56, 224),), str(given.out), input_names=["siding"], output_names=["odds"],
        dynamic_axes={"siding": {2: "v", 3: "u"}, "odds": {2: "v", 3: "w"}}, dynamo=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
