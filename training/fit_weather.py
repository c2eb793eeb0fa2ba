"""Fit the forests of clouds and their shadows (`changedet/models/weather.npz`) on simulated dates.

    python training/fit_weather.py -o changedet/models/weather.npz [--held-out 89000-89011]

A date and the first one of its site are averaged to cells of 2 to 4 m, as the mask stage sees them, after an alignment
that errs by up to half a cell. Clouds are up to five times as wide as `simulate` draws them, large white things are new
on a few, a third are stretched 8-bit pictures, some have no near infrared or no sun direction. There are
two steps: the second takes the first one's probabilities around a cell as features, for its fit from forests that did
not see the site. The figures of the held-out seeds are printed at the end.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing import Pool
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels import boosted_trees, forest_files  # noqa: E402
from changedet.kernels.block_means import block_mean  # noqa: E402
from changedet.simulate import World, make_world  # noqa: E402
from changedet.simulate.render import weather as sky_of  # noqa: E402
from changedet.stages.mask.kernels.cloud_context import (  # noqa: E402
    CONTEXT_NAMES,
    HiddenProbability,
    context_layers,
)
from changedet.stages.mask.kernels.cloud_features import FEATURE_NAMES, cloud_features  # noqa: E402
from changedet.stages.mask.kernels.cloud_light import CloudBands, filled, usual_light  # noqa: E402
from changedet.stages.mask.kernels.cloud_trees import cloud_probabilities  # noqa: E402
from scenarios.pairs import registered  # noqa: E402
from training.progress import say  # noqa: E402

KINDS = ("clouds", "growth", "clouds", "clouds", "trains", "clouds", "port", "clouds", "winter", "clouds", "earthworks",
         "clouds", "winter", "dense", "clouds", "quiet", "clouds", "decoys")  # fmt: skip
DATES = 5
GSD_M = 0.5
FACTORS = (4, 4, 6, 5, 4, 8)
WIDEST = 5.0
"""How much wider than simulated clouds those for fitting are, at most."""
PICTURES, WITHOUT_NIR, WITHOUT_SUN = 0.3, 0.25, 0.25
BUILT = 0.15
"""Share of the dates on which large white things are new."""
UNMATCHED = 0.5
"""Share of the dates whose shadows are not matched with clouds: else a missing match would mean that there is none."""
OPAQUE, SHADED = 0.1, 0.2
"""From which share of the light on a cell is hidden by a cloud, by its shadow: as the simulator's truth has it."""
EVERY = 5
"""One in so many cells is fitted on."""
TREES, RATE = 80, 0.14

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Date:
    """Overviews (band, y, x) of a date and the first one, with the truth (y, x) of each cell."""

    seed: int
    own: Floats
    before: Floats
    cloud: Bools
    shadow: Bools
    bands: CloudBands
    sun_azimuth_deg: float | None

    @property
    def valid(self) -> Bools:
        """Cells with data on both dates."""
        return np.asarray(np.isfinite(self.own).all(axis=0) & np.isfinite(self.before).all(axis=0), bool)


def dates(seed: int) -> Iterator[Date]:
    """The dates of a seed's site; kind, cells and clouds follow from it."""
    rng = np.random.default_rng([seed, 31])
    kind = KINDS[seed % len(KINDS)]
    start = dt.date(2022, 1, 1) + dt.timedelta(int(rng.integers(0, 365)))
    world = make_world(kind, DATES, seed, GSD_M, 256.0, start=start, interval_days=int(rng.integers(20, 120)))
    widths = np.exp(rng.uniform(0, np.log(WIDEST), DATES)) * (rng.random(DATES) < 0.6)
    wider = [replace(o, cloud_scale_m=o.cloud_scale_m * max(1.0, w)) for o, w in zip(world.looks, widths, strict=True)]
    world = replace(world, looks=wider)
    for index in range(1, DATES):
        yield _date(world, seed, index, FACTORS[seed % len(FACTORS)], np.random.default_rng([seed, 32, index]))


def _listed(seed: int) -> list[Date]:
    return list(dates(seed))


def drawn(seeds: Sequence[int]) -> list[Date]:
    """The dates of all seeds, by two processes."""
    with Pool(2) as pool:
        return [date for found in pool.imap(_listed, seeds) for date in found]


def _date(world: World, seed: int, index: int, factor: int, rng: np.random.Generator) -> Date:
    first, look = world.looks[0], world.looks[index]
    nir = rng.random() >= WITHOUT_NIR
    roles = ("blue", "green", "red", *(("nir",) if nir else ()))
    before, own = registered(world, index, [look.bands.index(role) for role in roles], rng)
    sky = sky_of(world, look, first.to_ground, first.shape)
    own, before = (np.where(image == 0, np.nan, image) for image in (own, before))
    if rng.random() < BUILT:
        own = _built(own, before, sky.cloud, sky.shadow, rng)
    if rng.random() < PICTURES:
        own, before = _stretched(own, rng), _stretched(before, rng)
    # an alignment that errs by less than a cell: both are averaged from another corner
    apart = rng.integers(-(factor // 2), factor // 2 + 1, 2)
    before = np.roll(before, apart, (1, 2))
    cells = [block_mean(image, (factor, factor)).astype(np.float32) for image in (own, before)]
    cloud, shadow = (block_mean(layer[None], (factor, factor))[0] for layer in (sky.cloud, sky.shadow))
    sun = None if rng.random() < WITHOUT_SUN else float(look.sun_azimuth_deg)
    hidden = cloud > OPAQUE
    bands = CloudBands((0, 1, 2), 3 if nir else None)
    return Date(seed, cells[0], cells[1], hidden, (shadow > SHADED) & ~hidden, bands, sun)


def _built(own: Floats, before: Floats, cloud: Floats, shadow: Floats, rng: np.random.Generator) -> Floats:
    """With new roofs and slabs: white with sharp edges that is no cloud."""
    out, usual = own.copy(), np.nanmedian(before[:3])
    for _ in range(rng.integers(1, 6)):
        size = rng.uniform(12, 90, 2) / GSD_M
        at, turn = rng.uniform(0, own.shape[1], 2), float(rng.uniform(0, 180))
        corners = [cv2.boxPoints(((float(at[0]), float(at[1])), (float(size[0]), float(size[1])), turn))]
        if rng.random() < 0.4:  # a wing
            wing = (float(size[1]), float(size[0] * rng.uniform(0.4, 0.9)))
            corners.append(cv2.boxPoints(((float(corners[0][0, 0]), float(corners[0][0, 1])), wing, turn)))
        place = np.zeros(own.shape[1:], np.uint8)
        for corner in corners:
            cv2.fillPoly(place, [corner.astype(np.int32)], 1)
        level = rng.uniform(2.5, 8)
        tint = 1 + rng.normal(0, 0.03, (len(own), 1, 1))
        grain = 1 + 0.03 * rng.normal(size=own.shape)
        seen = usual * level * tint * grain * (1 - 0.85 * shadow)
        where = (place > 0) & np.isfinite(own).all(axis=0)
        # a cloud covers them as it covers the ground
        out = np.where(where, (1 - cloud) * seen + cloud * np.maximum(own, seen), out)
    return np.asarray(out, np.float32)


def _stretched(image: Floats, rng: np.random.Generator) -> Floats:
    """As an 8-bit picture: stretched between percentiles, with a gamma, clipped."""
    seen = image[:, np.isfinite(image).all(axis=0)]
    low, high = np.percentile(seen, 0.5), np.percentile(seen, rng.uniform(97.5, 99.9))
    scaled = np.clip((image - low) / max(float(high - low), 1.0), 0, 1) ** rng.uniform(0.55, 1.0)
    return np.asarray(np.rint(1 + 254 * scaled), np.float32)


def table(date: Date, first: Sequence[boosted_trees.Forest] | None) -> Floats:
    """Features (feature, y, x) of the first step or, with its forests, of the second."""
    valid = date.valid
    own, before = filled(date.own, valid), filled(date.before, valid)
    usual = usual_light(own, before, valid, date.bands)
    rows = cloud_features(own, before, valid, date.bands, usual)
    if first is None:
        return rows
    cells = np.ascontiguousarray(rows[:, valid].T)
    hidden, cloud = (1 / (1 + np.exp(-boosted_trees.margins(one, cells, len(one.root)))) for one in first)
    answer = HiddenProbability(*(np.full(valid.shape, np.nan, np.float32) for _ in range(2)))
    answer.cloud[valid], answer.shadow[valid] = np.minimum(cloud, hidden), np.maximum(hidden - cloud, 0)
    layers = list(context_layers(answer, valid, date.sun_azimuth_deg))
    if np.random.default_rng([date.seed, 34, int(valid.sum())]).random() < UNMATCHED:
        layers[:4] = [np.full_like(layer, np.nan) for layer in layers[:4]]
    return np.stack([*rows, *layers])


def rows_of(
    sites: Sequence[Date], first: Mapping[int, Sequence[boosted_trees.Forest]] | None = None
) -> tuple[Floats, Bools, Bools]:
    """Cells (row, feature), whether hidden, whether by a cloud; `first` by the parity of the seed."""
    x, hidden, cloud = [], [], []
    for k, date in enumerate(sites):
        valid = date.valid
        chosen = valid & (np.random.default_rng([date.seed, 33, k]).random(valid.shape) < 1 / EVERY)
        x.append(table(date, None if first is None else first[date.seed % 2])[:, chosen].T)
        hidden.append((date.cloud | date.shadow)[chosen])
        cloud.append(date.cloud[chosen])
    return np.concatenate(x), np.concatenate(hidden), np.concatenate(cloud)


def grown(x: Floats, y: Bools) -> boosted_trees.Forest:
    """A forest fitted on cells (row, feature)."""
    model = HistGradientBoostingClassifier(
        max_iter=TREES, learning_rate=RATE, max_leaf_nodes=24, min_samples_leaf=150, l2_regularization=5.0,
        max_features=0.5, early_stopping=False, random_state=0,
    )  # fmt: skip
    model.fit(x, y)
    return forest_files.from_boosting([step[0].nodes for step in model._predictors], model._baseline_prediction)


def pair(rows: tuple[Floats, Bools, Bools]) -> list[boosted_trees.Forest]:
    """Forests of what is hidden, and of what a cloud hides."""
    return [grown(rows[0], label) for label in rows[1:]]


def fit(seeds: Sequence[int]) -> list[boosted_trees.Forest]:
    """The pairs of forests of both steps."""
    sites = drawn(seeds)
    say(f"{len(sites)} dates drawn")
    halves = {k: pair(rows_of([date for date in sites if date.seed % 2 != k])) for k in (0, 1)}
    first = pair(rows_of(sites))
    say("first step")
    second = pair(rows_of(sites, halves))
    say("second step")
    return [*first, *second]


def report(seeds: Sequence[int], forests: Sequence[boosted_trees.Forest]) -> None:
    """Shares of the open cells that are masked, and of the cells left open that are hidden, on other seeds."""
    sites = drawn(seeds)
    answers = [
        cloud_probabilities(d.own, d.before, np.zeros_like(d.valid), d.bands, d.sun_azimuth_deg, forests) for d in sites
    ]
    for least in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        sums = np.zeros(5)
        for date, answer in zip(sites, answers, strict=True):
            masked = answer.cloud + answer.shadow > least
            hidden, seen = date.cloud | date.shadow, date.valid
            clear = not hidden[seen].any()
            parts = (seen & ~hidden, masked & seen & ~hidden, seen & ~masked, hidden & seen & ~masked)
            sums += [*(part.sum() for part in parts), (masked & seen).sum() if clear else 0]
        print(f"from {least}: of open cells masked {sums[1] / sums[0]:.4f}, of cells left hidden "
              f"{sums[3] / sums[2]:.4f}, cells masked on clear dates {int(sums[4])}", flush=True)  # fmt: skip


def main() -> None:
    """Fit the forests, write the file and print the figures of held-out seeds."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seeds", default="88000-88143")
    parser.add_argument("--held-out", default="89000-89017")
    args = parser.parse_args()
    span = {
        name: range(*(int(n) + k for k, n in enumerate(getattr(args, name).split("-"))))
        for name in ("seeds", "held_out")
    }
    forests = fit(span["seeds"])
    about = {"features": [*FEATURE_NAMES, *CONTEXT_NAMES], "seeds": args.seeds}
    args.out.write_bytes(forest_files.dump(forests, about))
    report(span["held_out"], forests)


if __name__ == "__main__":
    main()
