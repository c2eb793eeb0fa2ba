"""Fit the classical detector's scores on simulated scenes and write its `classical_coefficients.py`.

    python training/fit_classical.py            # seeds 100 to 139, about ten CPU minutes

Nothing but simulation is used; the seeds differ from those that benchmarks/detector.py reports (900 to 919). For each
resolution two logistic regressions with a ridge are fitted (each candidate alone, then with its neighbours, whose first
scores come from a model fitted on other scenes), and a slope and an intercept that calibrate the boxes left by
suppression.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.stages.objects.kernels import rectangles  # noqa: E402
from changedet.stages.objects.kernels.box_candidates import Candidates, find_candidates  # noqa: E402
from changedet.stages.objects.kernels.classical import ASKEW_OVERLAP  # noqa: E402
from changedet.stages.objects.kernels.classical_scores import context_features, features  # noqa: E402
from changedet.stages.objects.kernels.logistic import sigmoid  # noqa: E402
from changedet.stages.objects.kernels.stretch import stretch_gamma, stretch_limits  # noqa: E402
from changedet.stages.objects.kernels.working_picture import working_picture  # noqa: E402
from changedet.stages.objects.stage import bands_used  # noqa: E402
from scenarios.yards import GSDS_M, hits, simulated  # noqa: E402

Floats = NDArray[np.float64]
FIT_SEEDS = range(100, 140)
SIZE_M = 200.0
"""Side of a scene."""
SECOND_KINDS = ("trains", "decoys", "dense", "port", "growth", "trains", "decoys", "winter")


@dataclass
class Scene:
    """Candidates of one scene, their overlap with the best true box (n,), and the true boxes."""

    gsd_m: float
    roles: dict[str, int]
    found: Candidates
    overlap: Floats
    truth: Floats

    @property
    def table(self) -> Floats:
        """Features (n, feature) of each candidate alone."""
        return features(self.found, self.roles)

    @property
    def is_row(self) -> NDArray[np.bool_]:
        """Candidates that were cut from a row of touching boxes."""
        return self.found.row >= 0


def scene(seed: int, gsd_m: float, size_m: float, kind: str | None) -> Scene:
    """A simulated scene; with a kind, one of that kind by a worse camera and with another stretch."""
    yard = simulated(seed, gsd_m, size_m, kind=kind)
    bands = bands_used(yard.roles)
    chosen = yard.image[list(bands.values())]
    low, high = stretch_limits(chosen[None])
    if kind is not None:
        chosen = spoilt(chosen, low, high, np.random.default_rng([seed, round(100 * gsd_m)]))
        low, high = (0.0,) * len(chosen), (1.0,) * len(chosen)
    picture = working_picture(chosen, low, high, gsd_m, stretch_gamma(yard.dtype == "uint8"))
    found = find_candidates(picture)
    boxes = found.boxes.copy()
    boxes[:, :2] += 0.5 * picture.pixel_m
    overlap = rectangles.iou_matrix(boxes, yard.boxes)
    best = overlap.max(axis=1) if len(yard.boxes) else np.zeros(len(boxes))
    return Scene(
        gsd_m,
        {role: k for k, role in enumerate(bands)},
        Candidates(boxes, found.measures, found.row),
        best,
        yard.boxes,
    )


def spoilt(
    image: NDArray[np.float32], low: Sequence[float], high: Sequence[float], rng: np.random.Generator
) -> NDArray[np.float32]:
    """A picture (band, y, x) from 0 to 1, as other sensors and archives would show it.

    Another stretch and gamma, blur, paler colours, noise, JPEG: scores fitted on the simulator's own tones alone
    fail on other sensors.
    """
    wide = float(rng.uniform(0.75, 1.6))
    gamma = float(np.exp(rng.normal(0, 0.25)))
    blur = float(rng.uniform(0, 0.7))
    pale = float(rng.choice([0.0, 0.0, 0.4, 0.8, 1.0]))
    z = np.stack([(band - a) / (wide * (b - a)) for band, a, b in zip(image, low, high, strict=True)])
    missing = ~np.isfinite(z)
    z = np.where(missing, 0.5, np.clip(z + rng.uniform(0, 0.05), 0.0, None)).astype(np.float32) ** np.float32(gamma)
    if blur > 0.25:
        z = np.stack([cv2.GaussianBlur(band, (0, 0), blur) for band in z])
    z = (1 - pale) * z + pale * z[:3].mean(axis=0)
    z = z + rng.normal(0, rng.uniform(0, 0.015), z.shape)
    if rng.random() < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 96))]
        coded = [cv2.imencode(".jpg", np.uint8(np.clip(band, 0, 1) * 255), quality)[1] for band in z]
        z = np.stack([np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE)) for code in coded]) / 255.0
    return np.where(missing, np.nan, z).astype(np.float32)


def logistic(table: Floats, label: Floats, weight: Floats, ridge: float) -> Floats:
    """Coefficients of a ridge logistic regression on standardised columns, by Newton's method; the last column is 1."""
    centre, spread = table.mean(axis=0), table.std(axis=0) + 1e-9
    centre[-1], spread[-1] = 0.0, 1.0
    x = (table - centre) / spread
    penalty = np.full(x.shape[1], ridge)
    penalty[-1] = 1e-6
    beta = np.zeros(x.shape[1])
    for _ in range(40):
        p = sigmoid(x @ beta)
        gradient = x.T @ (weight * (label - p)) - penalty * beta
        curve = (x * (weight * p * (1 - p))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(curve, gradient)
        beta += step * min(1.0, 4.0 / (np.abs(step).max() + 1e-12))
        if np.abs(step).max() < 1e-6:
            break
    found = beta / spread
    found[-1] = beta[-1] - (beta[:-1] * centre[:-1] / spread[:-1]).sum()
    return np.asarray(found)


def labels(part: Scene) -> tuple[Floats, Floats]:
    """1 where a candidate is the box, and its weight: 0 for those neither near nor far enough."""
    good, bad = (0.55, 0.42) if part.gsd_m < 0.6 else (0.45, 0.33)
    return (part.overlap >= good).astype(float), ((part.overlap >= good) | (part.overlap < bad)).astype(float)


def fit_one(parts: list[Scene], tables: list[Floats], chosen: list[NDArray[np.bool_]], ridge: float) -> Floats:
    """Coefficients of the chosen candidates of all scenes."""
    rows = [t[c] for t, c in zip(tables, chosen, strict=True)]
    label = [labels(p)[0][c] for p, c in zip(parts, chosen, strict=True)]
    weight = [labels(p)[1][c] for p, c in zip(parts, chosen, strict=True)]
    return logistic(np.concatenate(rows), np.concatenate(label), np.concatenate(weight), ridge)


def first_logits(part: Scene, alone: Floats, alone_row: Floats) -> Floats:
    """Log odds of each candidate alone."""
    return np.where(part.is_row, part.table @ alone_row, part.table @ alone)


def fit_resolution(parts: list[Scene]) -> dict[str, Floats]:
    """All coefficients of one resolution."""
    single, cut = [~p.is_row for p in parts], [p.is_row for p in parts]
    tables = [p.table for p in parts]
    fold = np.arange(len(parts)) // 2 % 4
    around = [np.empty(0)] * len(parts)
    for k in range(4):
        others = [i for i in range(len(parts)) if fold[i] != k]
        models = [
            fit_one([parts[i] for i in others], [tables[i] for i in others], [mask[i] for i in others], r)
            for mask, r in ((single, 3.0), (cut, 30.0))
        ]
        for i in np.flatnonzero(fold == k):
            around[i] = context_features(parts[i].found, first_logits(parts[i], *models))
    out = {
        "alone": fit_one(parts, tables, single, 3.0),
        "alone_row": fit_one(parts, tables, cut, 30.0),
        "together": fit_one(parts, around, single, 3.0),
        "together_row": fit_one(parts, around, cut, 30.0),
    }
    logit = [
        np.where(p.is_row, a @ out["together_row"], a @ out["together"]) for p, a in zip(parts, around, strict=True)
    ]
    out["scale"] = calibrate(parts, logit)
    return out


def calibrate(parts: list[Scene], logits: list[Floats]) -> Floats:
    """Slope and intercept that turn the logits of boxes left by suppression into the frequency of hits."""
    table, label = [], []
    for part, logit in zip(parts, logits, strict=True):
        near = np.flatnonzero(logit > -4.0)
        kept = near[rectangles.suppress(part.found.boxes[near], sigmoid(logit[near]), 0.3, ASKEW_OVERLAP)]
        # Best first, each true box once: a second box on it is false.
        order = kept[np.argsort(-logit[kept], kind="stable")]
        good = np.zeros(len(order))
        good[hits(part.found.boxes[order], part.truth)[0]] = 1.0
        table.append(np.column_stack([logit[order], np.ones(len(order))]))
        label.append(good)
    rows = np.concatenate(table)
    return logistic(rows, np.concatenate(label), np.ones(len(rows)), 1.0)


def written(fitted: dict[float, dict[str, Floats]], note: str) -> str:
    """The source of `classical_coefficients.py`."""

    def table(name: str) -> str:
        lines = ["    [" + ", ".join(f"{v:.5g}" for v in fitted[g][name]) + "]," for g in fitted]
        return "np.array([\n" + "\n".join(lines) + "\n])"

    names = ("alone", "alone_row", "together", "together_row", "scale")
    body = "\n".join(f"_{name.upper()} = {table(name)}  # fmt: skip" for name in names)
    gsds = ", ".join(str(g) for g in fitted)
    return (
        '"""Coefficients of the classical detector\'s scores.\n\n'
        "Written by training/fit_classical.py; do not edit. "
        + note
        + '\n"""\n\nimport numpy as np\n\n'
        + "from changedet.stages.objects.kernels.classical_scores import Coefficients\n\n# ruff: noqa: E501\n"
        + body
        + f"\n\nCOEFFICIENTS = Coefficients(np.array([{gsds}]), {', '.join('_' + n.upper() for n in names)})\n"
        + '"""By resolution, metres."""\n'
    )


def summary(gsd_m: float, parts: list[Scene], fitted: dict[str, Floats]) -> str:
    """A line on one resolution: candidates, true boxes, and the share of these that is among the candidates."""
    best = [rectangles.iou_matrix(p.truth, p.found.boxes).max(axis=1) for p in parts if len(p.truth) and len(p.overlap)]
    recall = float(np.mean(np.concatenate(best) > 0.5))
    count, true = sum(len(p.overlap) for p in parts), sum(len(p.truth) for p in parts)
    scale = fitted["scale"].round(3)
    return f"{gsd_m} m: {count} candidates, {true} true boxes, {recall:.3f} among the candidates, scale {scale}\n"


def main() -> None:
    """Fit all resolutions and write the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    fitted: dict[float, dict[str, Floats]] = {}
    count = 0
    for gsd_m in GSDS_M:
        parts = [
            scene(seed, gsd_m, SIZE_M, kind)
            for seed in FIT_SEEDS
            for kind in (None, SECOND_KINDS[seed % len(SECOND_KINDS)])
        ]
        fitted[gsd_m] = fit_resolution(parts)
        count += sum(len(p.overlap) for p in parts)
        sys.stdout.write(summary(gsd_m, parts, fitted[gsd_m]))
    seeds = f"seeds {FIT_SEEDS.start} to {FIT_SEEDS.stop - 1}"
    note = f"Fitted on {count} candidates in simulated scenes, {seeds}, {SIZE_M:.0f} m wide."
    (ROOT / "changedet" / "stages" / "objects" / "kernels" / "classical_coefficients.py").write_text(
        written(fitted, note)
    )


if __name__ == "__main__":
    main()
