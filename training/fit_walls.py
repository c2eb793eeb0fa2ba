"""Fit what tells the walls of stacks from containers in looks from far aslant: weights of `kernels/wall_faces.py`.

    python training/painted_sites.py --folder DIR --painter-python PY     # paints what DIR lacks
    python training/fit_walls.py --painted DIR                            # one CPU minute; prints the weights

The released detector's boxes of `painted_sites.FROM_ASLANT` teach, each that lies as a wall of a true one does: a
logistic regression says which of them are none. Run it whenever the network of boxes changes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet import detect_containers  # noqa: E402
from changedet.imagery.angles import ViewAngles  # noqa: E402
from changedet.kernels.colour import hex_rgb  # noqa: E402
from changedet.kernels.containers import OTHER  # noqa: E402
from changedet.stages.objects.kernels import wall_faces  # noqa: E402
from scenarios.yards import Yard, as_array, found_boxes, hits  # noqa: E402
from training import painted_sites  # noqa: E402
from training.network_scenes import PIXEL_M  # noqa: E402

LEAST = 0.1
"""Confidence of boxes that a run keeps."""
FOLDS = 6
PROBABILITIES = (0.5, 0.7, 0.9)
"""From which the boxes left out of the fit are reported."""
Pairs = tuple[NDArray[np.float64], NDArray[np.bool_]]


def pairs(site: Path) -> Iterator[Pairs]:
    """Features of boxes beside true ones, by date, and which of them are none; those that are not judged left out."""
    table = pd.read_csv(site / "truth" / "truth.csv").set_index("date")
    for entry, scene in painted_sites.clear_dates(site):
        with rasterio.open(site / str(entry["path"])) as source:
            image, gsd_m = source.read([1, 2, 3]).astype(np.float32), float(source.transform.a)
        yard = Yard(site.name, gsd_m, image, ("blue", "green", "red"), scene.boxes, "uint16", np.empty((0, 5)))
        found = detect_containers(as_array(yard), min_confidence=LEAST)
        boxes, sure = found_boxes(found), found["confidence"].to_numpy(np.float64)
        at = np.clip((boxes[:, :2] / PIXEL_M).astype(int), 0, np.array(scene.hidden.shape[::-1]) - 1)
        is_judged, true = ~scene.hidden[at[:, 1], at[:, 0]], np.zeros(len(boxes), bool)
        true[hits(boxes, scene.boxes)[0]] = True
        look = table.loc[str(entry["date"])]
        view = ViewAngles(float(look["off_nadir_deg"]), float(look["view_azimuth_deg"])).displacement or (0.0, 0.0)
        shown = np.where(found["kind"] != OTHER, sure, 0.0)
        colours = hex_rgb(found["color"].to_numpy(object))
        own = wall_faces.faces(boxes, shown, colours, np.array([view[0], -view[1]]))
        kept = true[own.roof] & is_judged[own.wall]
        yield own.features[kept], ~true[own.wall[kept]]


def main() -> None:
    """Fit, and print the weights in the order of `wall_faces.WEIGHTS`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--painted", type=Path, required=True, help="folder of training/painted_sites.py")
    folder = parser.parse_args().painted
    taught = [(site.name, *one) for site in painted_sites.FROM_ASLANT for one in pairs(folder / site.name)]
    group = np.concatenate([np.repeat(name, len(wrong)) for name, _, wrong in taught])
    features, wrong = (np.concatenate([one[k] for one in taught]) for k in (1, 2))
    model = make_pipeline(StandardScaler(), LogisticRegression())
    left_out = cross_val_predict(model, features, wrong, groups=group, cv=GroupKFold(FOLDS), method="predict_proba")[
        :, 1
    ]
    for least in PROBABILITIES:
        told = left_out > least
        print(
            f"from {least}: {(told & wrong).sum()} of {wrong.sum()} walls, {(told & ~wrong).sum()} of {(~wrong).sum()}"
        )
    scaler, fitted = model.fit(features, wrong)
    slope = fitted.coef_[0] / scaler.scale_
    print(np.round([fitted.intercept_[0] - slope @ scaler.mean_, *slope], 3).tolist())


if __name__ == "__main__":
    main()
