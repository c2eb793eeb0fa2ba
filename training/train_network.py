"""Train the container network on simulated scenes alone and write changedet/models/containers.onnx and its card.

    pip install -e '.[train]'
    python training/train_network.py --cache scenes     # one thread; the same seed gives the same network

Scenes 20000 and up are trained on, 30000 and up calibrate; benchmarks/detector.py reports on 900 to 919. Scenes are
drawn once and kept in the cache. A run that was stopped goes on from the cache's checkpoint with --resume.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels.containers import LENGTH_20FT_M, WIDTH_M  # noqa: E402
from changedet.stages.objects import detector  # noqa: E402
from changedet.stages.objects.kernels import network_grid, network_peaks  # noqa: E402
from changedet.stages.objects.kernels.stretch import GAMMA, LIFT, TOP  # noqa: E402
from scenarios.yards import GSDS_M, Yard, hits  # noqa: E402
from training.describe_network import described  # noqa: E402
from training.network_scenes import PIXEL_M, Boxes, Camera, Floats, Scene, cached, photograph  # noqa: E402

TRAIN_SEED = 20000
CHECK_SEEDS = (*range(30000, 30040), *range(30264, 30284))
CHANNELS = (32, 48, 80, 96)
CROP_PX, BATCH = 192, 8
MODEL = ROOT / "changedet" / "models" / "containers.onnx"
MAPS = 6
MOST_ZOOM = 0.06


@dataclass(frozen=True)
class Stage:
    """A stage of the training.

    Attributes
    ----------
    scenes : int
        It is trained on the first so many.
    steps, cycle : int
        The first so many steps of a one-cycle learning rate of so many.
    rate : float
        Greatest learning rate.
    dim : bool
        See `Camera.drawn`.
    """

    scenes: int
    steps: int
    cycle: int
    rate: float
    dim: bool


STAGES = (
    Stage(264, 3000, 3000, 4e-3, False),
    Stage(440, 1000, 3600, 2.5e-3, True),
    Stage(440, 1500, 1500, 2e-3, True),
    Stage(480, 700, 700, 1.5e-3, True),
)
"""The later ones go on with sites of what the first got wrong (`hard_sites`) among their scenes."""


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


def targets(boxes: Boxes, other: NDArray[np.bool_], pixel_m: float, size: int) -> Floats:
    """Maps (7, size, size): centre 0 to 1, sine, cosine, log length, log width, other, and 1 at the centres' pixels."""
    out = np.zeros((MAPS + 1, size, size), np.float32)
    for (x, y, length, width, angle), vehicle in zip(boxes, other, strict=True):
        reach = int(np.ceil(0.27 * length)) + 2
        left, top = max(0, int(x) - reach), max(0, int(y) - reach)
        right, bottom = min(size, int(x) + reach + 1), min(size, int(y) + reach + 1)
        if left >= right or top >= bottom:
            continue
        yy, xx = np.mgrid[top:bottom, left:right] + 0.5
        along = (xx - x) * np.sin(angle) - (yy - y) * np.cos(angle)
        across = (xx - x) * np.cos(angle) + (yy - y) * np.sin(angle)
        # Narrow across, so that touching boxes keep peaks of their own.
        peak = np.exp(-0.5 * ((along / (0.09 * length)) ** 2 + (across / (0.2 * width)) ** 2))
        part = out[:, top:bottom, left:right]
        better = peak > part[0]
        sizes = np.log(length * pixel_m / LENGTH_20FT_M), np.log(width * pixel_m / WIDTH_M)
        values = (np.sin(2 * angle), np.cos(2 * angle), *sizes, float(vehicle))
        part[0][better] = peak[better]
        for k, value in enumerate(values, 1):
            part[k][better] = value
        if 0 <= int(x) < size and 0 <= int(y) < size:
            out[0, int(y), int(x)] = out[MAPS, int(y), int(x)] = 1.0
    return out


def crop(scene: Scene, rng: np.random.Generator, dim: bool) -> tuple[Floats, Floats, Floats]:
    """A part of a scene as some camera shows it, turned and mirrored: picture, maps, and where it counts (y, x)."""
    zoom = float(np.exp(rng.uniform(-MOST_ZOOM, MOST_ZOOM)))
    wide_m = CROP_PX * network_grid.PIXEL_M / zoom
    height, width = (n * PIXEL_M for n in scene.codes.shape[:2])
    if len(scene.boxes) and rng.random() < 0.8:
        at = scene.boxes[int(rng.integers(len(scene.boxes))), :2] - rng.uniform(0.1, 0.9, 2) * wide_m
    else:
        at = rng.uniform(0, 1, 2) * (width - wide_m, height - wide_m)
    x0, y0 = (int(np.clip(a, 0, n - wide_m) / PIXEL_M) for a, n in zip(at, (width, height), strict=True))
    n = int(wide_m / PIXEL_M)
    rows, columns = slice(y0, y0 + n), slice(x0, x0 + n)
    sample = scene.codes[::9, ::9]
    picture, counted = photographed(scene, rows, columns, Camera.drawn(rng, sample, dim), rng)
    boxes = scene.boxes.copy()
    boxes[:, :2] -= (x0 * PIXEL_M, y0 * PIXEL_M)
    boxes[:, :4] *= CROP_PX / (n * PIXEL_M)
    size = CROP_PX
    if rng.random() < 0.5:
        picture, counted = picture[:, :, ::-1], counted[:, ::-1]
        boxes[:, 0], boxes[:, 4] = size - boxes[:, 0], -boxes[:, 4]
    if rng.random() < 0.5:
        picture, counted = picture[:, ::-1], counted[::-1]
        boxes[:, 1], boxes[:, 4] = size - boxes[:, 1], -boxes[:, 4]
    if rng.random() < 0.5:
        picture, counted = picture.transpose(0, 2, 1), counted.T
        boxes[:, [0, 1]], boxes[:, 4] = boxes[:, [1, 0]], np.pi / 2 - boxes[:, 4]
    maps = targets(boxes, scene.other, n * PIXEL_M / CROP_PX, size)
    return np.ascontiguousarray(picture, np.float32), maps, np.ascontiguousarray(counted, np.float32)


def photographed(
    scene: Scene, rows: slice, columns: slice, camera: Camera, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """The network's input (3, CROP_PX, CROP_PX) from a part of a scene, and 1 where it counts.

    Stretched and standardised by the statistics of the whole scene, as `kernels.network.statistics` does.
    """
    n = rows.stop - rows.start
    pixels = max(8, round(n * PIXEL_M / camera.gsd_m))
    fine = camera.tones(scene.codes[rows, columns])
    shown = camera.optics(cv2.resize(fine, (pixels, pixels), interpolation=cv2.INTER_AREA), rng)
    whole = camera.tones(scene.codes[::9, ::9]).reshape(-1, 3)
    low, high = np.percentile(whole, [1, 99], axis=0)
    counted = 1.0 - scene.hidden[rows, columns].astype(np.float32)
    if rng.random() < 0.08:
        turn, off = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.1, 0.6))
        yy, xx = np.mgrid[:pixels, :pixels] / pixels - 0.5
        void = xx * np.cos(turn) + yy * np.sin(turn) > off
        shown[void] = 0.0
        low = low * float(rng.random())
        counted[cv2.resize(void.astype(np.uint8), (n, n), interpolation=cv2.INTER_NEAREST) > 0] = 0.0
    high = np.maximum(high, low + 1e-3)
    # Real scenes hold other ground than these, so their percentiles and means lie elsewhere.
    high = low + (high - low) * np.exp(rng.normal(0, 0.08))
    stretched = [np.clip((v - low) / (high - low) + LIFT, 0, TOP) ** GAMMA for v in (shown, whole)]
    how = cv2.INTER_AREA if camera.gsd_m < network_grid.PIXEL_M else cv2.INTER_CUBIC
    picture = cv2.resize(stretched[0].astype(np.float32), (CROP_PX, CROP_PX), interpolation=how)
    mean = stretched[1].mean(axis=0) + rng.normal(0, 0.05)
    spread = (stretched[1].std(axis=0) + 1e-3) * np.exp(rng.normal(0, 0.15))
    counted = cv2.resize(counted, (CROP_PX, CROP_PX), interpolation=cv2.INTER_NEAREST)
    return np.moveaxis((picture - mean) / spread, 2, 0), counted


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


def train(folder: Path, stages: Sequence[Stage], seed: int, resume: bool) -> Network:
    """The network after all stages, averaged over the last steps.

    Each stage begins with a warm restart (Loshchilov and Hutter 2017).
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = Network()
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
        _stage(folder, stages[number], number, begun, parts, rng)
    trained: Network = average.module
    return trained


def _parts(model: Network, average: AveragedModel, stage: Stage) -> dict[str, Any]:
    """The state of a stage, which a checkpoint keeps."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, stage.rate, total_steps=stage.cycle, pct_start=0.1)
    return {"model": model, "average": average, "optimiser": optimiser, "rate": rate}


def _stage(
    folder: Path, stage: Stage, number: int, begun: int, parts: dict[str, Any], rng: np.random.Generator
) -> None:
    if begun == stage.steps:
        return
    model, optimiser = parts["model"], parts["optimiser"]
    pool = [cached(TRAIN_SEED + k, folder) for k in range(stage.scenes)]
    weight = np.array([1.0 + min(2.0, len(s.boxes) / 60) for s in pool])
    model.train().to(memory_format=torch.channels_last)
    recent, start = [], time.process_time()
    for step in range(begun, stage.steps):
        chosen = rng.choice(len(pool), BATCH, p=weight / weight.sum())
        batch = [crop(pool[int(i)], rng, stage.dim) for i in chosen]
        picture, wanted, counted = (torch.from_numpy(np.stack(p)) for p in zip(*batch, strict=True))
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


def peak_labels(model: bytes, yard: Yard) -> NDArray[np.float64]:
    """Peaks of a picture (n, 3): logit, margin, and 1 where the box is one of its class."""
    raw = detector.peaks(yard.image, yard.roles, yard.gsd_m, model)
    good = np.zeros(len(raw.logit))
    for which, truth in ((raw.other > 0, yard.others), (raw.other <= 0, yard.boxes)):
        mine = np.flatnonzero(which)
        good[mine[hits(raw.boxes[mine], truth)[0]]] = 1.0
    return np.column_stack([raw.logit, network_peaks.margins(raw), good])


def calibrated(model: bytes, folder: Path) -> dict[str, list[float]]:
    """Weights by resolution of a logistic regression of hits, see `kernels.network_peaks.confidence`."""
    table: dict[str, list[float]] = {"gsd_m": list(GSDS_M), "slope": [], "margin": [], "intercept": []}
    for gsd_m in GSDS_M:
        yards = (photograph(cached(seed, folder), seed, gsd_m) for seed in CHECK_SEEDS)
        peaks = np.concatenate([peak_labels(model, yard) for yard in yards])
        slope, margin, intercept = logistic(peaks[:, :2], peaks[:, 2])
        for name, value in zip(("slope", "margin", "intercept"), (slope, max(0.0, margin), intercept), strict=True):
            table[name].append(round(value, 4))
        sys.stdout.write(f"{gsd_m} m: {len(peaks)} peaks, {int(peaks[:, 2].sum())} hits\n")
    return table


def logistic(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, ...]:
    """Weights of the columns and intercept of a logistic regression, by Newton's method."""
    table, beta = np.column_stack([x, np.ones(len(x))]), np.zeros(x.shape[1] + 1)
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(table @ beta, -30, 30)))
        curve = (table * (p * (1 - p))[:, None]).T @ table + 1e-3 * np.eye(len(beta))
        beta += np.linalg.solve(curve, table.T @ (y - p) - 1e-3 * beta)
    return tuple(float(b) for b in beta)


def main() -> None:
    """Train, calibrate and write the network with its checksum."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the scenes and the checkpoint")
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--steps", type=int, help="of the first stage, the later ones left out: does a seed repeat?")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.cache.mkdir(parents=True, exist_ok=True)
    stages = STAGES if given.steps is None else (replace(STAGES[0], steps=given.steps, cycle=given.steps),)
    model = train(given.cache, stages, given.seed, given.resume)
    table = calibrated(exported(model, {}), given.cache) if given.steps is None else {}
    given.out.write_bytes(exported(model, table))
    digest = hashlib.sha256(given.out.read_bytes()).hexdigest()
    given.out.with_suffix(".sha256").write_text(digest + "\n")
    sys.stdout.write(f"{given.out.name} {digest}\n")


if __name__ == "__main__":
    main()
