"""Train one of the two container networks that training/join_networks.py joins, on simulated scenes alone.

    pip install -e '.[train]'
    python training/train_network.py --recipe plain --cache DIR --out plain.onnx
    python training/train_network.py --recipe wide --cache DIR2 --out wide.onnx     # one thread; a seed, a network
    python training/train_network.py --recipe painted --start wide.onnx --painted DIR3 --cache DIR2 --out both.onnx

Scenes 20000 and up are trained on, 30000 and up calibrate; benchmarks/detector.py reports on 900 to 919. Scenes are
drawn once and kept in the cache. The recipe `painted` goes on from a network, with the scenes of both hands: DIR3 is
filled by training/painted_sites.py. A run that was stopped goes on from the cache's checkpoint with --resume.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from training import painted_sites, warm_start  # noqa: E402
from training.calibration import calibrated, own_yards  # noqa: E402
from training.checksums import write_with_checksum  # noqa: E402
from training.describe_network import described  # noqa: E402
from training.network_crops import MAPS, crop, in_shade  # noqa: E402
from training.network_scenes import WIDE_FROM, Scene, cached  # noqa: E402
from training.recipes import CHECK_SEEDS, PAINTED_SHARE, RECIPES, TRAIN_SEED, Stage, rehearsed  # noqa: E402

CHANNELS = (32, 48, 80, 96)
BATCH = 8
WIDE_HALF = "wide/"
DESCRIBING = 1 + 2 * len(CHANNELS)
"""Layers before those that draw."""
WARM_PICTURES = 24
"""Batches of pictures that measure what goes through a network to go on from."""


def _twice(inner: int, outer: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for first in (inner, outer):
        layers += [nn.Conv2d(first, outer, 3, padding=1, bias=False), nn.BatchNorm2d(outer), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class Network(nn.Module):
    """A U-Net on pixels of twice the size, with centres at the full resolution.

    From pictures (n, 3, y, x) to maps (n, 6, y, x), see `kernels.network.maps`.
    """

    def __init__(self) -> None:
        super().__init__()
        first = nn.Conv2d(3, CHANNELS[0], 4, stride=2, padding=1, bias=False)
        self.stem = nn.Sequential(first, nn.BatchNorm2d(CHANNELS[0]), nn.ReLU(inplace=True))
        self.down = nn.ModuleList(_twice(a, b) for a, b in zip((CHANNELS[0], *CHANNELS), CHANNELS, strict=False))
        self.up = nn.ModuleList(_twice(a + b, b) for a, b in zip(CHANNELS[:0:-1], CHANNELS[-2::-1], strict=True))
        self.head = nn.Conv2d(CHANNELS[0], 4 + MAPS - 1, 1)
        nn.init.zeros_(self.head.bias)
        with torch.no_grad():
            self.head.bias[:4] = -4.0

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """The maps of pictures."""
        seen, x = [], self.stem(picture)
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else functional.max_pool2d(x, 2))
            seen.append(x)
        for block, other in zip(self.up, seen[-2::-1], strict=True):
            x = block(torch.cat([functional.interpolate(x, scale_factor=2.0, mode="nearest"), other], dim=1))
        x = self.head(x)
        rest = functional.interpolate(x[:, 4:], scale_factor=2.0, mode="nearest")
        return torch.cat([functional.pixel_shuffle(x[:, :4], 2), rest], dim=1)


def loss(found: torch.Tensor, wanted: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Focal loss of the centres (Law and Deng 2018), squared errors of the rest weighted by the centre map."""
    heat, peak = wanted[:, 0], wanted[:, MAPS] > 0.5
    p = torch.sigmoid(found[:, 0]).clamp(1e-4, 1 - 1e-4)
    good = -((1 - p) ** 2) * torch.log(p) * (peak * counted)
    bad = -((1 - heat) ** 4) * p**2 * torch.log(1 - p) * (~peak * counted)
    number = (peak * counted).sum().clamp(min=4.0)
    weight = heat * (heat > 0.15) * counted
    total = weight.sum().clamp(min=4.0)
    angle = ((found[:, 1:3] - wanted[:, 1:3]) ** 2).sum(dim=1)
    size = 4 * (found[:, 3] - wanted[:, 3]) ** 2 + 4 * (found[:, 4] - wanted[:, 4]) ** 2
    kind = functional.binary_cross_entropy_with_logits(found[:, 5], wanted[:, 5], reduction="none")
    return (good + bad).sum() / number + ((angle + size + kind) * weight).sum() / total


@dataclass(frozen=True)
class Sources:
    """Where the scenes lie, and the network to go on from."""

    own: Path
    painted: Path | None = None
    start: onnx.ModelProto | None = None


def train(sources: Sources, stages: Sequence[Stage], seed: int, resume: bool) -> Network:
    """The network after all stages, averaged over the last steps.

    Each stage begins with a warm restart (Loshchilov and Hutter 2017).
    """
    folder = sources.own
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = Network()
    if sources.start is not None:
        pool = _pool(sources, stages[0])
        shown = (_batch(pool, stages[0], rng)[0] for _ in range(WARM_PICTURES))
        warm_start.warm(model, sources.start, list(shown))
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.99), use_buffers=True)
    kept = folder / "checkpoint.pt"
    state = torch.load(kept, weights_only=False) if resume and kept.exists() else {"stage": 0, "step": 0}
    if "rng" in state:
        rng.bit_generator.state = state["rng"]
    for number in range(state["stage"], len(stages)):
        parts = _parts(model, average, stages[number])
        if number == state["stage"] and "rng" in state:
            for name, part in parts.items():
                part.load_state_dict(state[name])
        begun = state["step"] if number == state["stage"] else 0
        _stage(sources, stages[number], number, begun, parts, rng)
    trained: Network = average.module
    return trained


def _parts(model: Network, average: AveragedModel, stage: Stage) -> dict[str, Any]:
    """The state of a stage, which a checkpoint keeps."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, stage.rate, total_steps=stage.cycle, pct_start=0.1)
    return {"model": model, "average": average, "optimiser": optimiser, "rate": rate}


def _pool(sources: Sources, stage: Stage) -> tuple[list[Scene], NDArray[np.float64]]:
    """Scenes of a stage and how likely each is drawn."""
    numbers = rehearsed(stage)
    pool = [cached(TRAIN_SEED + int(k), sources.own) for k in numbers]
    weight = np.array([1.0 + min(2.0, len(s.boxes) / 60) for s in pool])
    weight[numbers >= WIDE_FROM] *= stage.often
    if not stage.painted or sources.painted is None:
        return pool, weight / weight.sum()
    painted = [scene for name in stage.painted for scene in painted_sites.scenes(sources.painted / name)]
    shares = [(1 - PAINTED_SHARE) * weight / weight.sum(), np.full(len(painted), PAINTED_SHARE / len(painted))]
    return pool + painted, np.concatenate(shares)


def _batch(
    pool: tuple[list[Scene], NDArray[np.float64]], stage: Stage, rng: np.random.Generator
) -> tuple[torch.Tensor, ...]:
    """Pictures, maps, and where they count, of parts of scenes drawn at random."""
    scenes, weight = pool
    chosen = rng.choice(len(scenes), BATCH, p=weight)
    others = rng.integers(len(scenes), size=BATCH) if stage.wide else ()
    foreign: list[Scene | None] = [scenes[int(i)] for i in others] or [None] * BATCH
    if stage.painted:
        foreign[::2] = [None] * (BATCH // 2)
    shown = [
        in_shade(scenes[int(i)], rng) if stage.shaded and rng.random() < stage.shaded else scenes[int(i)]
        for i in chosen
    ]
    batch = [
        crop(scene, rng, stage.dim, other, sparse=stage.sparse > 0.0 and bool(rng.random() < stage.sparse))
        for scene, other in zip(shown, foreign, strict=True)
    ]
    return tuple(torch.from_numpy(np.stack(p)) for p in zip(*batch, strict=True))


def _stage(
    sources: Sources, stage: Stage, number: int, begun: int, parts: dict[str, Any], rng: np.random.Generator
) -> None:
    if begun == stage.steps:
        return
    folder, model, optimiser = sources.own, parts["model"], parts["optimiser"]
    pool = _pool(sources, stage)
    model.train().to(memory_format=torch.channels_last)
    for norm in model.modules():
        if stage.is_settled and isinstance(norm, nn.BatchNorm2d):
            norm.eval()
    for part in (model.stem, model.down) if stage.draws_alone else ():
        part.requires_grad_(False)
    recent, start = [], time.process_time()
    for step in range(begun, stage.steps):
        picture, wanted, counted = _batch(pool, stage, rng)
        optimiser.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = model(picture.contiguous(memory_format=torch.channels_last))
        value = loss(found.float(), wanted, counted)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        parts["rate"].step()
        parts["average"].update_parameters(model)
        recent.append(float(value.detach()))
        if step % 50 == 49 or step == stage.steps - 1:
            spent = time.process_time() - start
            sys.stdout.write(f"stage {number} step {step + 1} loss {np.mean(recent[-100:]):.3f} {spent:.0f} CPU s\n")
            sys.stdout.flush()
            state = {name: part.state_dict() for name, part in parts.items()}
            state |= {"rng": rng.bit_generator.state, "stage": number, "step": step + 1}
            torch.save(state, folder / "checkpoint.part")
            (folder / "checkpoint.part").replace(folder / "checkpoint.pt")


def exported(model: Network, table: dict[str, list[float]]) -> bytes:
    """ONNX bytes with the calibration among its metadata; the same network gives the same bytes."""
    stream = io.BytesIO()
    example = torch.zeros(1, 3, 64, 64)
    axes = {"picture": {2: "y", 3: "x"}, "maps": {2: "y", 3: "x"}}
    names = {"input_names": ["picture"], "output_names": ["maps"]}
    torch.onnx.export(model.eval(), (example,), stream, dynamic_axes=axes, opset_version=17, dynamo=False, **names)
    graph = described(onnx.load_from_string(stream.getvalue()))
    onnx.helper.set_model_props(graph, {"calibration": json.dumps(table)})
    return bytes(graph.SerializeToString(deterministic=True))


def main() -> None:
    """Train, calibrate and write the network with its checksum."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the scenes and the checkpoint")
    parser.add_argument("--start", type=Path, help="go on from this network, or from one half of these two")
    parser.add_argument("--half", default=WIDE_HALF, help="which half: %(default)s or plain/")
    parser.add_argument("--painted", type=Path, help="folder of training/painted_sites.py")
    parser.add_argument("--before", type=Path, help="the network that --start went on from, for --share")
    parser.add_argument(
        "--share",
        type=float,
        default=0.5,
        help="of the way from the weights of --before or --start (default: %(default)s)",
    )
    parser.add_argument("--recipe", choices=tuple(RECIPES), required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, help="of the first stage, the later ones left out: does a seed repeat?")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args()
    if any(stage.painted for stage in RECIPES[given.recipe]) and not (given.start and given.painted):
        parser.error(f"--recipe {given.recipe} needs --start and --painted")
    torch.set_num_threads(1)
    given.cache.mkdir(parents=True, exist_ok=True)
    stages: tuple[Stage, ...] = RECIPES[given.recipe]
    if given.steps is not None:
        stages = (replace(stages[0], steps=given.steps, cycle=given.steps),)
    start = warm_start.half(onnx.load(given.start), given.half) if given.start else None
    model = train(Sources(given.cache, given.painted, start), stages, given.seed, given.resume)
    seeds = CHECK_SEEDS.get(given.recipe, ())
    table: dict[str, list[float]] = {}
    if seeds and given.steps is None:
        table = calibrated(exported(model, {}), lambda gsd_m: own_yards(given.cache, seeds, gsd_m))
    content = exported(model, table)
    if start is not None:
        kept = DESCRIBING if stages[-1].draws_alone else 0
        before = warm_start.half(onnx.load(given.before), given.half) if given.before else start
        mixed = warm_start.between(before, onnx.load_from_string(content), given.share, kept)
        content = bytes(mixed.SerializeToString(deterministic=True))
    write_with_checksum(content, given.out)


if __name__ == "__main__":
    main()
