"""Fit the second look at boxes in doubt, and write changedet/models/box_looks.onnx and box_looks.npz.

    pip install -e '.[train]'        # and the weights, taken by hand: see docs/design.md
    python training/fit_looks.py --weights efficientnet-lite0-57934424.pth --painted DIR [DIR ...]

About seven CPU minutes. The first stages of EfficientNet-Lite0, frozen, see a picture along each box (`photo_encoder`,
`changedet/stages/objects/kernels/box_looks.py`); means of their maps are the features of a logistic regression, fitted
on boxes in doubt of the released detector in own scenes (`OWN`) and the painted sites of each DIR
(training/painted_sites.py, `TAUGHT`, `ONCE_MORE` and `LOOKED_AT`). The painted ones have a slope and an intercept of
their own for the confidence before, so that the weights of the features are those that both hands share. The offset is
the greatest at which on neither hand more boxes count than before, on sites left out of the fit. A box's log odds are
then those before the look, and these. Run it whenever the network or its company changes.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels.containers import OTHER  # noqa: E402
from changedet.kernels.onnx_session import Session, session  # noqa: E402
from changedet.stages.objects import detector, rescoring  # noqa: E402
from changedet.stages.objects.boxes import rectangles_of, suppress  # noqa: E402
from changedet.stages.objects.kernels import box_looks, network  # noqa: E402
from changedet.stages.objects.kernels.box_looks import Weights  # noqa: E402
from changedet.stages.objects.stage import STAGE  # noqa: E402
from changedet.stages.objects.whole import find  # noqa: E402
from changedet.stages.registry import Facts  # noqa: E402
from scenarios.yards import GSDS_M, Yard, as_array, hits, simulated  # noqa: E402
from training import painted_sites  # noqa: E402
from training.network_scenes import photograph, scene  # noqa: E402

OUT = ROOT / "changedet" / "models"
OWN = range(50000, 50440)
"""Seeds of own scenes, and of sites with their sizes."""
OWN_SITES = (("", range(1000, 1040), 200.0), ("decoys", range(1100, 1116), 250.0), ("wide", range(1120, 1128), 250.0))
OWN_FEW = 11
"""Every so manieth of them."""
PAINTED_GSDS_M = (0.3, 0.5, 0.75)
TAUGHT_ON = (0.03, 0.95)
"""Confidences of the boxes that teach: more than are looked at (`box_looks.DOUBTFUL`)."""
STRENGTH = 0.01
"""Inverse of the penalty of the weights (scikit-learn's C), of features of spread `SPREAD`."""
SPREAD = 0.1
LEAST_SPREAD = 1e-3
FOLDS = 4
MOST_OFFSET, OFFSET_STEP = 3.0, 1e-4
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Teaching:
    """Boxes in doubt: features (n, feature), log odds before the look, whether each is one, is painted, its site."""

    features: Singles
    before: Floats
    right: Bools
    painted: Bools
    site: NDArray[np.str_]

    def part(self, rows: NDArray[np.intp]) -> Teaching:
        """Some of the boxes."""
        return Teaching(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @property
    def weight(self) -> Floats:
        """Both hands alike."""
        share = max(self.painted.mean(), 1e-9), max(1 - self.painted.mean(), 1e-9)
        return np.where(self.painted, 0.5 / share[0], 0.5 / share[1])


def found(yard: Yard) -> pd.DataFrame:
    """All boxes of a picture before they are rescored, with what a second look says of them."""
    facts = Facts(yard.gsd_m, yard.roles, dates=1, gsd_m=(yard.gsd_m,), dtype=yard.dtype)
    method = STAGE.get("learned").function(facts)
    alone = partial(suppress, resolution_m=yard.gsd_m)
    plain = type(method)(
        method.fit, method.detect, alone, method.cell_px, method.halo_px, count_confidence=0.0, observe=method.observe
    )
    return find(as_array(yard), plain)


def candidates(yard: Yard) -> pd.DataFrame:
    """All boxes of a picture before they are rescored from their neighbours or looked at again."""
    return found(yard).drop(columns=[rescoring.LOOK, rescoring.ROOF, rescoring.GROUND], errors="ignore")


def truly(table: pd.DataFrame, yard: Yard) -> Bools:
    """Whether each box of a table is a container of the picture."""
    own, which = hits(rectangles_of(table, yard.gsd_m), np.concatenate([yard.boxes, yard.others]))
    right = np.zeros(len(table), bool)
    right[own] = which < len(yard.boxes)
    return right


def shown(yard: Yard) -> Singles:
    """The picture (y, x, 3) as looks see it."""
    bands = list(detector.bands_used(yard.roles))
    scene = network.statistics(yard.image[None], bands)
    stretched = network.stretched(yard.image[bands], scene.low, scene.high)
    mean, spread = (np.asarray(v, np.float32)[:, None, None] for v in (scene.mean, scene.spread))
    return np.ascontiguousarray(np.moveaxis((stretched - mean) / spread, 0, 2))


def boxes_in_doubt(yard: Yard, is_painted: bool, site: str, encoder: Session) -> Teaching | None:
    """Containers of a picture that get a second look."""
    table = candidates(yard)
    if "logit" not in table or table.empty:
        return None
    judged = rescoring.rescored(table, yard.gsd_m)
    boxes, sure = rectangles_of(judged, yard.gsd_m), judged["confidence"].to_numpy(float)
    right = truly(judged, yard)
    rows = np.flatnonzero((judged["kind"] != OTHER).to_numpy() & (sure > TAUGHT_ON[0]) & (sure < TAUGHT_ON[1]))
    if not rows.size:
        return None
    features = box_looks.features(shown(yard), boxes[rows], yard.gsd_m, encoder)
    painted, name = np.full(len(rows), is_painted), np.full(len(rows), site)
    return Teaching(features, logit(sure[rows]), right[rows], painted, name)


def weights_of(boxes: Teaching) -> Weights:
    """Weights of the features that both hands share, each hand with a slope and an intercept of its own."""
    mean = boxes.features.mean(axis=0)
    spread = (boxes.features.std(axis=0) + LEAST_SPREAD) / SPREAD
    own = [boxes.before, boxes.before * boxes.painted, boxes.painted]
    table = np.column_stack([*own, (boxes.features - mean) / spread])
    model = LogisticRegression(C=STRENGTH, max_iter=200).fit(table, boxes.right, sample_weight=boxes.weight)
    return Weights(mean, spread, np.asarray(model.coef_[0][len(own) :], np.float32), 0.0)


def odds(boxes: Teaching, weights: Weights) -> Floats:
    """Log odds (n,) after a look."""
    more = (boxes.features - weights.mean) / weights.spread @ weights.weight.astype(np.float64)
    return np.asarray(boxes.before + more + weights.offset)


def left_out(boxes: Teaching) -> Floats:
    """Log odds (n,) after a look by weights that were fitted on other sites."""
    found = np.zeros(len(boxes.before))
    for taught, others in GroupKFold(FOLDS).split(found, groups=boxes.site):
        found[others] = odds(boxes.part(others), weights_of(boxes.part(taught)))
    return found


def offset_of(found: Floats, boxes: Teaching) -> float:
    """The greatest offset at which on neither hand more boxes count than before: a look is to take boxes away."""

    def more(offset: float, own: Bools) -> float:
        return float(np.sum(found[own] + offset > 0)) - float(np.sum(boxes.before[own] > 0))

    hands = boxes.painted, ~boxes.painted
    return round(min(brentq(more, -MOST_OFFSET, MOST_OFFSET, args=(own,), xtol=OFFSET_STEP) for own in hands), 3)


def teaching(folders: Sequence[Path], encoder: Session) -> Teaching:
    """Boxes in doubt of pictures of both hands."""
    parts = [part for part in (boxes_in_doubt(*given, encoder) for given in pictures(folders)) if part is not None]
    return Teaching(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Teaching.__dataclass_fields__)
    )


def own_yards() -> Iterator[Yard]:
    """Every `OWN_FEW`-th own scene at all pixel sizes."""
    for seed in OWN[::OWN_FEW]:
        drawn = scene(seed)
        yield from (photograph(drawn, seed, gsd_m) for gsd_m in GSDS_M)
    for kind, seeds, size_m in OWN_SITES:
        for seed in seeds[::OWN_FEW]:
            yield from (simulated(seed, gsd_m, size_m, kind=kind or None) for gsd_m in GSDS_M)


def pictures(folders: Sequence[Path]) -> Iterator[tuple[Yard, bool, str]]:
    """Pictures of both hands, whether they are painted, and the names of their sites."""
    yield from ((yard, False, yard.name) for yard in own_yards())
    sites = [site for folder in folders for site in sorted(folder.iterdir()) if (site / "workflow.yaml").exists()]
    yield from ((yard, True, site.name) for site in sites for yard in painted_sites.yards([site], PAINTED_GSDS_M))


def dump(weights: Weights) -> bytes:
    """Bytes of box_looks.npz."""
    stream = io.BytesIO()
    np.savez(stream, **weights._asdict())
    return stream.getvalue()


def log_loss(found: Floats, right: Bools) -> float:
    """Mean of the logarithmic loss, natural."""
    return float(np.mean(np.logaddexp(0, np.where(right, -found, found))))


def _figures(found: Floats, right: Bools) -> str:
    true, false = int((right & (found > 0)).sum()), int((~right & (found > 0)).sum())
    return f"log loss {log_loss(found, right):.3f}, {true} true and {false} false counted"


def report(boxes: Teaching, found: Floats) -> str:
    """Figures on sites left out, before and after the look."""
    lines = [f"{len(boxes.right)} boxes, {int(boxes.painted.sum())} painted, {int(boxes.right.sum())} true"]
    for name, rows in (("own", np.flatnonzero(~boxes.painted)), ("painted", np.flatnonzero(boxes.painted))):
        before, after = (_figures(v[rows], boxes.right[rows]) for v in (boxes.before, found))
        lines.append(f"{name}, sites left out: {before} before, {after} after the look")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fit, write both files, and print their checksums."""
    import torch

    from training import photo_encoder

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="of EfficientNet-Lite0, as the wheel has them")
    parser.add_argument("--painted", type=Path, nargs="+", required=True, help="folders of training/painted_sites.py")
    parser.add_argument("--out", type=Path, default=OUT, help="folder")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    state = torch.load(given.weights, map_location="cpu", weights_only=True)
    encoder = photo_encoder.exported(state, *box_looks.SHOWN_PX)
    boxes = teaching(given.painted, session(encoder))
    found = left_out(boxes)
    fitted = weights_of(boxes)._replace(offset=offset_of(found, boxes))
    sys.stdout.write(report(boxes, found + fitted.offset))
    for name, content in (("box_looks.onnx", encoder), ("box_looks.npz", dump(fitted))):
        (given.out / name).write_bytes(content)
        sys.stdout.write(f"{name} {hashlib.sha256(content).hexdigest()}\n")


if __name__ == "__main__":
    main()
