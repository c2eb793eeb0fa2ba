"""Train the network of railway tracks on drawn and painted sites, and write it as ONNX.

    python training/train_rails.py --sites DIR... --out changedet/models/rails.onnx

DIR holds sites of `changedet simulate` (kinds trains, port, dense, decoys, growth, earthworks, mixed, winter) and of
training/painter (rail, darkrail, port, dense, decoys, growth, earthworks, lookalikes, quiet), with seeds that teach.
One thread; needs torch and onnx (extra `train`). The network sees any picture of .5 m and says of each metre
whether tracks lie there, and which way they run. Pictures are turned, stretched, bent and fanned out, so
that tracks are so too: those of both hands are straight.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.pipeline.things.kernels.siding_pictures import in_one_light  # noqa: E402
from scenarios.sidings import Axes, axes_of, scenes  # noqa: E402
from training import onnx_files  # noqa: E402
from training.teaching import Course, arguments, on_one_thread, teach  # noqa: E402
from training.train_railcars import DECAY, RATE, RISES, photographed  # noqa: E402

STEP_M = 0.5
CROP_PX = 224
SHARPEST_M = 130.0
"""Radius of the sharpest bend."""
FAN = 0.004
"""By how much tracks part for each metre."""
FINE, WIDE, DEPTH = 16, 32, (1, 2, 4, 8, 4, 2, 1)
WAY_WEIGHT = 0.1
"""Of the tracks' direction against whether there are any."""
KEPT_EVERY = 400
"""Steps after which the network is written as it is by then."""
BED_M, GROUND_M = 2.0, 3.0
"""From an axis within which ballast or a car lies, and from which on it is other ground."""
ANSWERS = ("bed", "cosine", "sine")
"""Log odds of a bed of tracks, cosine and sine of twice their angle from the rows' direction."""


class Scene(NamedTuple):
    """A site on a date: picture (3, y, x), way from metres to its pixels, tracks, a circle to leave out."""

    image: NDArray[np.float32]
    to_pixels: NDArray[np.float64]
    axes: Axes | None
    left_out: tuple[float, float, float] | None


def sites_of(folders: list[Path]) -> Iterator[Scene]:
    """Each site and date."""
    for folder in folders:
        for table in sorted(folder.glob("*/truth/truth.csv")):
            site = table.parents[1]
            axes = axes_of(site)
            left_out = LEFT_OUT.get(site.name)
            for _, image, matrix in scenes(site):
                yield Scene(in_one_light(image), matrix, axes, left_out)


LEFT_OUT = {"lookalikes-1702": (215.0, 435.0, 120.0)}
"""Wagons on sidings that the truth does not name: column, row and radius in pixels."""


def crop(one: Scene, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A piece of a scene, and `ANSWERS` of each metre: 1 on a bed, 0 beside it, -1 unknown."""
    size = CROP_PX
    at = (np.arange(size) + 0.5 - size / 2) * STEP_M
    x, y = np.meshgrid(at, at)
    angle, scale = rng.uniform(0, 2 * np.pi), np.exp(rng.uniform(-0.18, 0.18))
    bend = rng.choice([-1, 1]) * rng.uniform(0, 1) / SHARPEST_M if rng.random() < 0.5 else 0.0
    fan = rng.uniform(-FAN, FAN) if rng.random() < 0.4 else 0.0
    middle = _middle(one, rng)
    lean = angle if one.axes is None else np.arctan2(*one.axes.along[::-1])
    turn = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])
    spin = angle - lean
    spun = np.array([[np.cos(spin), -np.sin(spin)], [np.sin(spin), np.cos(spin)]])
    flip = rng.choice([-1, 1])

    def source(x: NDArray, y: NDArray) -> NDArray:  # metres of the piece -> metres of the site
        u, v = spun @ np.stack([x.ravel(), flip * y.ravel()]) * scale
        v = (v + bend * u**2 / 2) * (1 + fan * u)
        return (turn @ np.stack([u, v])).T.reshape(*x.shape, 2) + middle

    pixels = (source(x, y) @ one.to_pixels[:, :2].T + one.to_pixels[:, 2] - 0.5).astype(np.float32)
    cut = [cv2.remap(b, pixels, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101) for b in one.image]
    image = photographed(np.nan_to_num(np.stack(cut)), rng)
    xs, ys = x[::2, ::2] + STEP_M / 2, y[::2, ::2] + STEP_M / 2
    label = np.zeros((3, size // 2, size // 2), np.float32)
    here = source(xs, ys)
    if one.axes is not None:
        apart, step = one.axes.apart(here), 0.5
        right, down = (one.axes.apart(source(xs + a, ys + b)) for a, b in ((step, 0.0), (0.0, step)))
        # the gradient of the signed distance is across the track, in the piece's own frame
        gx, gy = (right - apart) / step, (down - apart) / step
        norm = np.hypot(gx, gy).clip(1e-6)
        off = np.abs(apart) / norm
        label[0] = np.where(off < BED_M, 1.0, np.where(off > GROUND_M, 0.0, -1.0))
        along = np.arctan2(gx, -gy)
        label[1], label[2] = np.cos(2 * along), np.sin(2 * along)
    grid = here @ one.to_pixels[:, :2].T + one.to_pixels[:, 2]
    rows, columns = one.image.shape[1:]
    outside = (grid[..., 0] < 0) | (grid[..., 1] < 0) | (grid[..., 0] >= columns) | (grid[..., 1] >= rows)
    label[0][outside] = -1
    if one.left_out is not None:
        column, row, radius = one.left_out
        label[0][np.hypot(grid[..., 0] - column, grid[..., 1] - row) < radius] = -1
    return image, label


def _middle(one: Scene, rng: np.random.Generator) -> NDArray[np.float64]:
    """A place of the scene in metres, often near its tracks."""
    back = np.linalg.inv(np.vstack([one.to_pixels, [0, 0, 1]]))
    rows, columns = one.image.shape[1:]
    for _ in range(20):
        pixel = rng.uniform(0.1, 0.9, 2) * (columns, rows)
        place = (back @ [*pixel, 1.0])[:2]
        if one.axes is None or rng.random() < 0.35 or abs(one.axes.apart(place[None])[0]) < 25:
            break
    return place


class Net(nn.Module):
    """Halved twice, then layers that see 40 m to each side; the answer is given for each metre."""

    def __init__(self) -> None:
        super().__init__()

        def layer(a: int, b: int, size: int, step: int = 1, apart: int = 1) -> nn.Sequential:
            pad = size // 2 * apart
            return nn.Sequential(nn.Conv2d(a, b, size, step, pad, apart, bias=False), nn.BatchNorm2d(b), nn.ReLU())

        self.first = nn.Sequential(layer(3, FINE, 5, 2), layer(FINE, WIDE, 3, 2))
        self.rest = nn.ModuleList(layer(WIDE, WIDE, 3, 1, apart) for apart in DEPTH)
        self.last = nn.Sequential(nn.Conv2d(WIDE, 4 * len(ANSWERS), 3, padding=1), nn.PixelShuffle(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`ANSWERS` for each metre (n, 3, y / 2, x / 2)."""
        x = self.first(x)
        for layer in self.rest:
            x = x + layer(x)
        return self.last(x)


def trained(data: list[Scene], steps: int, rng: np.random.Generator, out_path: Path) -> Net:
    """The network after some steps of eight pieces each, half of them of sites with tracks."""
    net = Net()
    groups = [[k for k, one in enumerate(data) if (one.axes is not None) == has] for has in (True, False)]

    def loss_of_step() -> torch.Tensor:
        chosen = [int(rng.choice(groups[k % 2])) for k in range(8)]
        image, label = (torch.from_numpy(np.stack(a)) for a in zip(*(crop(data[k], rng) for k in chosen), strict=True))
        out = net(image)
        known, on = label[:, 0] >= 0, label[:, 0] == 1
        loss = nn.functional.binary_cross_entropy_with_logits(out[:, 0][known], label[:, 0][known])
        if on.any():
            way = nn.functional.mse_loss(out[:, 1:].permute(0, 2, 3, 1)[on], label[:, 1:].permute(0, 2, 3, 1)[on])
            loss = loss + WAY_WEIGHT * way
        return loss

    def keep(step: int) -> None:
        if step % KEPT_EVERY == 0:
            written(net.eval(), Path(f"{out_path}.{step}"))
            net.train()

    teach(net, Course(steps, RATE, RISES, DECAY, most_slope=np.inf), loss_of_step, keep)
    return net


def written(net: Net, path: Path) -> None:
    """Write the network as ONNX."""
    sizes = {"picture": {2: "y", 3: "x"}, "odds": {2: "v", 3: "u"}}
    onnx_files.write(onnx_files.exported(net, {"picture": (1, 3, 256, 256)}, sizes), path)


def main() -> None:
    """Train and write."""
    parser = arguments(__doc__, seed=1)
    parser.add_argument("--sites", type=Path, nargs="+", required=True)
    parser.add_argument("--steps", type=int, default=3000)
    given = parser.parse_args()
    on_one_thread(given.seed)
    rng = np.random.default_rng(given.seed)
    data = list(sites_of(given.sites))
    print(len(data), "scenes", sum(one.axes is not None for one in data), "with tracks")
    written(trained(data, given.steps, rng, given.out), given.out)


if __name__ == "__main__":
    main()
