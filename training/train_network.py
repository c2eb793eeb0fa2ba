"""Train the container network on simulated scenes alone and write changedet/model/containers.onnx and its card.

    pip install -e '.[train]'
    python training/train_network.py --cache scenes     # one thread; the same seed gives the same network

Scenes 20000 and up are trained on, 30000 and up calibrate; benchmarks/detector.py reports on 900 to 919. Scenes are
drawn once and kept in the cache. A run that was stopped goes on from the cache's checkpoint with --resume.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "training")]

from network_scenes import Boxes, Floats, Scene, cached  # noqa: E402

from benchmarks.detector import hits  # noqa: E402
from changedet.kernels import network, rectangles  # noqa: E402

TRAIN_SEED, CHECK_SEED = 20000, 30000
CHANNELS = (12, 24, 48, 80, 96)
CROP_PX, BATCH = 192, 8
MODEL = ROOT / "changedet" / "model" / "containers.onnx"
MAPS = 7
CHECK_GSDS_M = (0.3, 0.45, 0.7, 1.0)


def _twice(inner: int, outer: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for first in (inner, outer):
        layers += [nn.Conv2d(first, outer, 3, padding=1, bias=False), nn.BatchNorm2d(outer), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class Network(nn.Module):
    """A U-Net: pictures (n, 3, y, x) to maps (n, 7, y, x), see `changedet.kernels.network.maps`."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(_twice(a, b) for a, b in zip((3, *CHANNELS), CHANNELS, strict=False))
        self.up = nn.ModuleList(_twice(a + b, b) for a, b in zip(CHANNELS[:0:-1], CHANNELS[-2::-1], strict=True))
        self.head = nn.Conv2d(CHANNELS[0], MAPS, 1)
        nn.init.constant_(self.head.bias, 0.0)
        with torch.no_grad():
            self.head.bias[0] = -4.0

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        seen, x = [], picture
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else functional.max_pool2d(x, 2))
            seen.append(x)
        for block, other in zip(self.up, seen[-2::-1], strict=True):
            x = block(torch.cat([functional.interpolate(x, scale_factor=2.0, mode="nearest"), other], dim=1))
        out: torch.Tensor = self.head(x)
        return out


def targets(boxes: Boxes, other: NDArray[np.bool_], pixel_m: float, size: int) -> Floats:
    """Maps (7, size, size): centre 0 to 1, sine, cosine, log length, log width, other, and 1 at the centres' pixels."""
    out = np.zeros((MAPS, size, size), np.float32)
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
        sizes = np.log(length * pixel_m / network.LENGTH_M), np.log(width * pixel_m / network.WIDTH_M)
        values = (np.sin(2 * angle), np.cos(2 * angle), *sizes, float(vehicle))
        part[0][better] = peak[better]
        for k, value in enumerate(values, 1):
            part[k][better] = value
        if 0 <= int(x) < size and 0 <= int(y) < size:
            out[0, int(y), int(x)] = out[6, int(y), int(x)] = 1.0
    return out


def crop(scene: Scene, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """A piece of a scene, turned, mirrored, zoomed, its colours changed: picture, maps, and where it counts (y, x)."""
    size, zoom = CROP_PX, float(rng.uniform(0.93, 1.07))
    wide = int(np.ceil(size / zoom))
    height, width = scene.picture.shape[1:]
    if len(scene.boxes) and rng.random() < 0.75:
        at = scene.boxes[int(rng.integers(len(scene.boxes))), :2] - rng.uniform(0.1, 0.9, 2) * wide
    else:
        at = rng.uniform(0, 1, 2) * (width - wide, height - wide)
    x0, y0 = (int(np.clip(a, 0, max(0, n - wide))) for a, n in zip(at, (width, height), strict=True))
    picture, stats = recoloured(scene.picture, (slice(y0, y0 + wide), slice(x0, x0 + wide)), rng)
    picture = (picture - stats[0]) / stats[1]
    picture = np.stack([cv2.resize(p, (size, size), interpolation=cv2.INTER_LINEAR) for p in picture])
    hidden = scene.hidden[y0 : y0 + wide, x0 : x0 + wide].astype(np.uint8)
    counted = 1.0 - cv2.resize(hidden, (size, size), interpolation=cv2.INTER_NEAREST).astype(np.float32)
    boxes = scene.boxes.copy()
    boxes[:, :2] = (boxes[:, :2] - (x0, y0)) * zoom
    boxes[:, 2:4] *= zoom
    if rng.random() < 0.5:
        picture, counted = picture[:, :, ::-1], counted[:, ::-1]
        boxes[:, 0], boxes[:, 4] = size - boxes[:, 0], -boxes[:, 4]
    if rng.random() < 0.5:
        picture, counted = picture[:, ::-1], counted[::-1]
        boxes[:, 1], boxes[:, 4] = size - boxes[:, 1], -boxes[:, 4]
    if rng.random() < 0.5:
        picture, counted = picture.transpose(0, 2, 1), counted.T
        boxes[:, [0, 1]], boxes[:, 4] = boxes[:, [1, 0]], np.pi / 2 - boxes[:, 4]
    return (
        np.ascontiguousarray(picture, np.float32),
        targets(boxes, scene.other, scene.pixel_m, size),
        np.ascontiguousarray(counted, np.float32),
    )


def recoloured(
    whole: Floats, where: tuple[slice, slice], rng: np.random.Generator
) -> tuple[Floats, tuple[Floats, Floats]]:
    """A piece with other tones, other band order or grey, and the mean and spread that the whole scene has then."""
    gamma, noise = np.float32(np.exp(rng.normal(0, 0.2))), float(rng.choice([0.0, 0.015]))
    mix = np.eye(3)[rng.permutation(3)] if rng.random() < 0.3 else np.eye(3)
    if rng.random() < 0.2:
        mix = np.tile(rng.dirichlet([2, 2, 2]), (3, 1))
    gain = np.exp(rng.normal(0, 0.05, (3, 1, 1)))

    def changed(part: Floats) -> Floats:
        return np.asarray(np.tensordot(mix, part**gamma, 1) * gain, np.float32)

    sample = changed(whole[:, ::6, ::6])
    piece = changed(whole[(slice(None), *where)])
    piece = (piece + rng.normal(0, noise, piece.shape)).astype(np.float32) if noise else piece
    return piece, (sample.mean(axis=(1, 2), keepdims=True), sample.std(axis=(1, 2), keepdims=True) + 1e-3)


def loss(found: torch.Tensor, wanted: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Focal loss of the centres (Law and Deng 2018), squared errors of the rest weighted by the centre map."""
    heat, peak = wanted[:, 0], wanted[:, 6] > 0.5
    p = torch.sigmoid(found[:, 0]).clamp(1e-4, 1 - 1e-4)
    good = -((1 - p) ** 2) * torch.log(p) * (peak * counted)
    bad = -((1 - heat) ** 4) * p**2 * torch.log(1 - p) * (~peak * counted)
    number = (peak * counted).sum().clamp(min=4.0)
    weight = heat * (heat > 0.15) * counted
    total = weight.sum().clamp(min=4.0)
    angle = ((found[:, 1:3] - wanted[:, 1:3]) ** 2).sum(dim=1)
    size = 4 * (found[:, 3] - wanted[:, 3]) ** 2 + 4 * (found[:, 4] - wanted[:, 4]) ** 2
    kind = functional.binary_cross_entropy_with_logits(found[:, 5], wanted[:, 5], reduction="none")
    return (good + bad).sum() / number + ((angle + size + 0.3 * kind) * weight).sum() / total


def train(folder: Path, scenes: int, steps: int, seed: int, resume: bool) -> Network:
    """The network after `steps` steps of AdamW on a one-cycle rate."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    kept = folder / "checkpoint.pt"
    model = Network()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps, pct_start=0.12)
    begun = 0
    if resume and kept.exists():
        state = torch.load(kept, weights_only=False)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        rate.load_state_dict(state["rate"])
        rng.bit_generator.state, begun = state["rng"], state["step"]
    pool = [cached(TRAIN_SEED + k, folder) for k in range(scenes)]
    weight = np.array([1.0 + min(3.0, len(s.boxes) / 60) for s in pool])
    model.train().to(memory_format=torch.channels_last)
    recent, start = [], time.process_time()
    for step in range(begun, steps):
        chosen = rng.choice(scenes, BATCH, p=weight / weight.sum())
        parts = [crop(pool[int(i)], rng) for i in chosen]
        picture, wanted, counted = (torch.from_numpy(np.stack(p)) for p in zip(*parts, strict=True))
        optimiser.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = model(picture.contiguous(memory_format=torch.channels_last))
        value = loss(found.float(), wanted, counted)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        rate.step()
        recent.append(float(value.detach()))
        if step % 25 == 24 or step == steps - 1:
            spent = time.process_time() - start
            sys.stdout.write(f"step {step + 1} loss {np.mean(recent[-50:]):.3f} {spent:.0f} CPU s\n")
            sys.stdout.flush()
            state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "rate": rate.state_dict()}
            torch.save(state | {"rng": rng.bit_generator.state, "step": step + 1}, kept)
    return model


def exported(model: Network, table: dict[str, list[float]]) -> bytes:
    """ONNX bytes with the calibration among its metadata; the same network gives the same bytes."""
    import io

    import onnx

    stream = io.BytesIO()
    example = torch.zeros(1, 3, 64, 64)
    axes = {"picture": {2: "y", 3: "x"}, "maps": {2: "y", 3: "x"}}
    names = {"input_names": ["picture"], "output_names": ["maps"]}
    torch.onnx.export(model.eval(), (example,), stream, dynamic_axes=axes, opset_version=17, dynamo=False, **names)
    graph = onnx.load_from_string(stream.getvalue())
    onnx.helper.set_model_props(graph, {"calibration": json.dumps(table)})
    return bytes(graph.SerializeToString(deterministic=True))


def judged(model: bytes, scene: Scene) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Of a scene's containers found: peak logits, 1 where a hit, and the number of true ones."""
    stats = [scene.picture[:, ::2, ::2].mean(axis=(1, 2)), scene.picture[:, ::2, ::2].std(axis=(1, 2)) + 1e-3]
    raw = network.decoded(network.maps(model, scene.picture, *stats), scene.pixel_m, -4.0)
    unit = np.array([*[scene.pixel_m] * 4, 1.0])
    real, away = scene.boxes * unit, raw.boxes / unit
    order = np.argsort(-raw.logit, kind="stable")
    order = order[rectangles.suppress(raw.boxes[order], raw.logit[order], 0.3, 0.3)]
    order = order[raw.other[order] < 0.5]
    inside = np.clip(np.floor(away[order, :2]).astype(int), 0, np.array(scene.hidden.shape[::-1]) - 1)
    order = order[~scene.hidden[inside[:, 1], inside[:, 0]]]
    centre = np.clip(np.floor(scene.boxes[:, :2]).astype(int), 0, np.array(scene.hidden.shape[::-1]) - 1)
    real = real[~scene.other & ~scene.hidden[centre[:, 1], centre[:, 0]]]
    good = np.zeros(len(order))
    good[hits(raw.boxes[order], real)[0]] = 1.0
    return raw.logit[order], good, len(real)


def calibrated(model: bytes, folder: Path, scenes: int) -> tuple[dict[str, list[float]], str]:
    """Slope and intercept of the hits' frequency against the logit by resolution, and a line on how well they fit."""
    found: list[tuple[float, Any]] = []
    for k in range(scenes):
        made = cached(CHECK_SEED + k, folder)
        found.append((made.gsd_m, judged(model, made)))
    table: dict[str, list[float]] = {"gsd_m": list(CHECK_GSDS_M), "slope": [], "intercept": []}
    report = []
    for gsd_m in CHECK_GSDS_M:
        near = [j for g, j in found if abs(np.log(g / gsd_m)) < 0.3]
        logit, good = np.concatenate([j[0] for j in near]), np.concatenate([j[1] for j in near])
        slope, intercept = logistic(logit, good)
        table["slope"].append(round(slope, 4))
        table["intercept"].append(round(intercept, 4))
        sure = slope * logit + intercept > 0
        f1 = 2 * good[sure].sum() / (sure.sum() + sum(j[2] for j in near))
        report.append(f"{gsd_m} m: F1 {f1:.3f} ({sum(j[2] for j in near)} boxes)")
    return table, "; ".join(report)


def logistic(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and intercept of a logistic regression, by Newton's method."""
    table, beta = np.column_stack([x, np.ones(len(x))]), np.zeros(2)
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(table @ beta, -30, 30)))
        curve = (table * (p * (1 - p))[:, None]).T @ table + 1e-3 * np.eye(2)
        beta += np.linalg.solve(curve, table.T @ (y - p) - 1e-3 * beta)
    return float(beta[0]), float(beta[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the scenes and the checkpoint")
    parser.add_argument("--scenes", type=int, default=290)
    parser.add_argument("--check-scenes", type=int, default=60)
    parser.add_argument("--steps", type=int, default=720)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.cache.mkdir(parents=True, exist_ok=True)
    model = train(given.cache, given.scenes, given.steps, given.seed, given.resume)
    table, report = calibrated(exported(model, {}), given.cache, given.check_scenes)
    MODEL.parent.mkdir(exist_ok=True)
    MODEL.write_bytes(exported(model, table))
    digest = hashlib.sha256(MODEL.read_bytes()).hexdigest()
    MODEL.with_suffix(".sha256").write_text(digest + "\n")
    sys.stdout.write(f"{MODEL.name} {digest}\n{report}\n")


if __name__ == "__main__":
    main()
