"""Train the network that compares two dates in colours alone, and write it as ONNX.

    python training/train_change_colours.py --weights efficientnet-lite0-57934424.pth --pairs DIR --painted DIR2 ..
        --out changedet/models/change_colours.onnx

As `train_change_network.py`, with one block of the encoder more (stride 16), on more sites, longer, and in two rounds:
the second adds houses among trees and halls, of which the first saw few. About half of all pairs are shown without near
infrared, half of these as pictures from the web. DIR keeps simulated pairs, the folders DIR2 hold painted sites that
teach (seeds from 1000 on). One thread; needs torch and onnx (extra `train`).
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels.shown_pictures import MISSING  # noqa: E402
from scenarios.pairs import GSDS_M, bare_pairs  # noqa: E402
from training import onnx_files  # noqa: E402
from training.fit_change import WITH_PAINTED, as_seen, kept_pairs  # noqa: E402
from training.folded_layers import frozen  # noqa: E402
from training.teaching import arguments, corner, on_one_thread, turned  # noqa: E402
from training.train_change_network import (  # noqa: E402
    ON_CHANGE,
    Cropped,
    Example,
    Head,
    Network,
    example,
    exported,
    taught,
    taught_by_painter,
    varied,
)

SITES, DATES = 168, 3
SETTLED = (*range(43_000, 43_100), 43_101, 43_103, 43_105, 43_107)
"""Seeds of sites with houses and halls; the four last ones as they came when the network was trained."""
SETTLED_KINDS = ("settlement", "works", "settlement", "settlement")
TIMES, OTHER_TIMES = {"earthworks": 3, "growth": 3, "stores": 2, "quiet": 3, "decoys": 3, "winter": 6}, 2
"""Painted pairs are shown so often as often as simulated ones; snow the most, as few of them have any."""
ROUNDS = ((4200, 4e-3, 0.45), (1600, 2e-3, 0.5))
"""Steps and rate of both rounds, and the share of pairs with near infrared that are shown without it."""
WEB = 0.5
"""Share of those without it that are shown as pictures from the web."""
CROP_PX, SCALES = 320, (1.0, 1.0, 1.25, 1.6)
"""Width of what is shown, and pixels along one of it."""
SAME = 1e-3
"""Levels nearer than that are one."""
TAPS = {0: 16, 2: 24, 4: 40, 7: 80}
STRIDES = {1: 2, 3: 2, 5: 2}
PADS = {1: (1, 0, 1, 0), 5: (1, 0, 1, 0)}
"""As in `train_change_network`, with the blocks of stride 16."""


def simulated(folder: Path) -> Iterator[Example]:
    """First and last pair of each site, as it is, the last also as a picture from the web."""
    of = WITH_PAINTED["rgbn"]
    for _, found in kept_pairs(folder, of.first, SITES, DATES, of):
        for place, colours in ((0, False), (-1, False), (-1, True)):
            yield from map(example, as_seen(found, colours, place))


def settled(folder: Path) -> Iterator[Example]:
    """The same of sites with houses among trees and halls, mostly as pictures from the web."""
    for seed in SETTLED:
        k = seed - SETTLED[0]
        path = folder / f"settled-{seed}.pickle"
        if not path.exists():
            kind, gsd_m = SETTLED_KINDS[k // 2 % len(SETTLED_KINDS)], GSDS_M[k % len(GSDS_M)]
            found = list(bare_pairs(seed, kind, gsd_m, DATES, seasons=k % 3 != 0, coarser=False, various=k % 2 == 0))
            path.write_bytes(pickle.dumps(found, 4))
        found = pickle.loads(path.read_bytes())  # noqa: S301 - written above
        for place, colours in ((0, True), (-1, True), (-1, False)):
            yield from map(example, as_seen(found, colours, place))


def from_the_web(pair: Tensor, rng: np.random.Generator) -> Tensor:
    """Dates (2, 4, y, x) in eight bits, sharpened, through JPEG."""
    out = pair.clone()
    for k in range(2):
        picture = (pair[k, :3].numpy().transpose(1, 2, 0) / 2 + 0.5).clip(0, 1) * 200
        soft = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.6, 1.0)))
        picture = soft + float(rng.choice([0.0, 1.0, 1.4])) * (picture - soft)
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 97))]
        code = cv2.imencode(".jpg", picture.round().clip(0, 255).astype(np.uint8), quality)
        back = np.asarray(cv2.imdecode(code[1], cv2.IMREAD_COLOR), np.float32) / 100 - 1
        out[k, :3] = torch.tensor(back.transpose(2, 0, 1))
    return out


def cropped(colours_alone: float) -> Cropped:
    """Parts of examples: turned, mirrored, in either order of time, at times coarser and without near infrared."""

    def part_of(found: Example, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        pictures, truth = found
        wanted = truth == 1 if rng.random() < ON_CHANGE else None
        side = min(round(CROP_PX * float(rng.choice(SCALES))), *truth.shape)
        y, x = corner(wanted, truth.shape, side, rng, to_edge=False)
        pair = torch.tensor(pictures[:, :, y : y + side, x : x + side])
        target = torch.tensor(truth[y : y + side, x : x + side])
        if side != CROP_PX:
            pair = functional.interpolate(pair, size=CROP_PX, mode="area")
            sized = functional.interpolate(target[None, None].float(), size=CROP_PX, mode="nearest")
            target = sized[0, 0].to(torch.uint8)
        pair, target = turned((pair, target), rng)
        missing = (pair - MISSING).abs() < SAME
        pair = varied(pair.flip(0) if rng.random() < 0.5 else pair, rng)
        if bool(missing[:, 3].all()) or rng.random() < colours_alone:
            pair = from_the_web(pair, rng) if rng.random() < WEB else pair
            pair[:, 3] = MISSING
        return torch.where(missing.all(1, keepdim=True), MISSING, pair), target

    return part_of


def main() -> None:
    """Train the head and write the network."""
    parser = arguments(__doc__, seed=2)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, required=True, help="keeps the simulated pairs here")
    parser.add_argument("--painted", type=Path, nargs="*", default=[], help="folders of painted sites that teach too")
    args = parser.parse_args()
    on_one_thread(args.seed)
    args.pairs.mkdir(parents=True, exist_ok=True)
    encoder = frozen(args.weights, TAPS, STRIDES, PADS)
    own, theirs, added = list(simulated(args.pairs)), list(taught_by_painter(args.painted)), list(settled(args.pairs))
    first = [*own, *(one for kind, one in theirs for _ in range(TIMES.get(kind, OTHER_TIMES)))]
    encoder.standardise([torch.tensor(pictures[:, :3]) for pictures, _ in own[::8]])
    network = Network(encoder, Head(TAPS)).eval()
    nn.init.constant_(cast("Tensor", cast("nn.Conv2d", network.head.out[-1]).bias), -3.0)
    for k, (steps, rate, colours_alone) in enumerate(ROUNDS):
        torch.manual_seed(args.seed + k)
        rng = np.random.default_rng(args.seed + k)
        taught(network, first + added if k else first, steps, rate, rng, cropped(colours_alone))
    onnx_files.write(exported(network), args.out)


if __name__ == "__main__":
    main()
