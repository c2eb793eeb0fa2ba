"""Simulated series of detected boxes with their truth, without pictures, for the tests and benchmarks of tracks.

Scores of the imitated detector are logistic-normal. `IMITATED` is what a calibration would find of it; its boxes are
followed as those of the detector "imitated".
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.stats import norm

from changedet.arrays import AnyArray, Bools, Floats
from changedet.stages.tracks.kernels.detector_tables import TABLES
from changedet.stages.tracks.kernels.emissions import SCORE_EDGES, DetectorTables

CRS = "EPSG:32633"
ORIGIN = np.array([400_000.0, 5_600_000.0])
PALETTE = np.array([[150, 50, 40], [40, 70, 130], [60, 110, 70], [170, 170, 165], [190, 120, 50], [90, 60, 50]], float)
COUNT_THRESHOLD = 0.35
COLOR_NOISE = 2.5
"""Half of the looks at one box differ by 3.3 from each other, nine in ten by less than 13 (detected boxes of simulated
scenes, norm over the channels)."""
LENGTHS = {"20ft": 6.06, "40ft": 12.19, "45ft": 13.72}


@dataclass
class Series:
    """Detections of one series and what was truly there.

    Attributes
    ----------
    detections : GeoDataFrame
        Rows of all dates, as a detector leaves them.
    dates : list of date
    clouds : list of float64 (cloud, 3)
        Of each date: centre and radius of its clouds.
    truth : DataFrame
        Columns x, y, angle, kind, rgb, arrive, depart (index of the date).
    """

    detections: gpd.GeoDataFrame
    dates: list[dt.date]
    clouds: list[Floats]
    truth: pd.DataFrame

    def clear(self, i: int, points: Floats) -> Bools:
        """Which of the points (n, 2) no cloud of a date hides."""
        visible = np.ones(len(points), bool)
        for x, y, radius in self.clouds[i]:
            visible &= np.hypot(points[:, 0] - x, points[:, 1] - y) > radius
        return visible

    def standing(self, i: int) -> Bools:
        """Which of the true boxes stand on a date."""
        return np.asarray((self.truth["arrive"] <= i) & (i < self.truth["depart"]), bool)


def score_shares(mean: float, found: float = 1.0) -> Floats:
    """Share of looks in each score bin where the score is sigmoid(N(mean, 1.1)) and a row is there at all."""
    edges = np.log(np.array(SCORE_EDGES) / (1 - np.array(SCORE_EDGES)))
    shares = np.diff(np.concatenate([[0.0], norm.cdf((edges - mean) / 1.1), [1.0]])) * found
    shares[0] += 1.0 - found
    return np.asarray(np.maximum(shares, 0.002))


IMITATED = DetectorTables(
    absent=np.array([0.94, 0.02, 0.02, 0.012, 0.005, 0.003]),
    emission=np.array(
        [score_shares(2.2), score_shares(-0.4), score_shares(2.2, 0.8), score_shares(2.2), score_shares(-0.9, 0.06),
         score_shares(-0.9, 0.5)]
    ),
    shade=np.array([[0.94, 0.02, 0.02, 0.012, 0.005, 0.003], score_shares(-0.4), score_shares(-0.9, 0.5)]),
    weight=np.array([0.7, 0.2, 0.05, 0.05, 0.8, 0.2]), neighbours=np.full((2, 3), 1 / 3), detectability_sd=0.3,
    start=0.6,
    mobile_birth=0.15, mobile_death=0.6, birth=0.08, death=0.08, precision=0.9,
)  # fmt: skip
TABLES["imitated"] = IMITATED  # type: ignore[index]


def sigmoid(x: Floats) -> Floats:
    """Probabilities of log odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def slots(rng: np.random.Generator, blocks: int, angle: float) -> pd.DataFrame:
    """Slots for boxes in blocks of rows, with the pitch of boxes that touch in half of the blocks."""
    rows, side = [], np.array([np.cos(np.deg2rad(angle)), -np.sin(np.deg2rad(angle))])
    ahead = np.array([np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])
    for b in range(blocks):
        kind = rng.choice(["20ft", "40ft", "40ft", "45ft"])
        corner = np.array([(b % 4) * 60.0, (b // 4) * 60.0]) + rng.uniform(0, 8, 2)
        pitch = 2.6 if b % 2 else 3.4
        for i in range(12):
            for j in range(2):
                centre = corner + side * i * pitch + ahead * j * (LENGTHS[kind] + 0.4)
                rows.append((*(ORIGIN + centre), angle, kind))
    return pd.DataFrame(rows, columns=["x", "y", "angle", "kind"])


def simulate(
    seed: int, *, dates: int = 10, blocks: int = 8, change: float = 0.08, fill: float = 0.6, cloud: float = 0.0,
    growth_from: int | None = None, visits: tuple[tuple[int, int], ...] = (), miss: float = 1.0, blind: float = 0.0,
    clutter: float = 0.08, tiers: bool = False,
) -> Series:  # fmt: skip
    """A series of detections with its truth.

    Each slot is empty or full and changes with probability `change` an interval; with `visits`, half of the slots are
    full from the first to before the second date of each. `clutter` is false boxes for each true one and date, `cloud`
    the share of dates with a cloud; `miss` scales how many boxes the detector scores low, `blind` is the share of looks
    at which it detects nothing.
    """
    rng = np.random.default_rng(seed)
    table = slots(rng, blocks, float(rng.uniform(0, 180)))
    steps = np.cumsum(rng.integers(8, 45, dates))
    days = [dt.date(2023, 1, 1) + dt.timedelta(int(d)) for d in steps]
    truth = _histories(rng, table, dates, change, fill, growth_from, visits)
    clouds = [_cloud(rng, table) if rng.random() < cloud else np.empty((0, 3)) for _ in days]
    series = Series(gpd.GeoDataFrame(), days, clouds, truth)
    hard = rng.random(len(truth)) < 0.2
    junk = table.sample(max(2, int(len(table) * clutter / 2)), random_state=seed)[["x", "y", "angle", "kind"]]
    junk[["x", "y"]] += rng.normal(0, 40, (len(junk), 2))
    frames = [_detect(rng, series, i, hard, junk, miss, blind, clutter) for i in range(dates)]
    rows = pd.concat(frames, ignore_index=True)
    rows["object_id"] = np.arange(len(rows)) + 1
    rows["tiers"] = pd.array([1] * len(rows) if tiers else [pd.NA] * len(rows), dtype="Int64")
    series.detections = gpd.GeoDataFrame(rows, geometry=rectangles(rows), crs=CRS)
    return series


def _histories(
    rng: np.random.Generator,
    table: pd.DataFrame,
    dates: int,
    change: float,
    fill: float,
    growth_from: int | None,
    visits: tuple[tuple[int, int], ...],
) -> pd.DataFrame:
    rows = []
    for k, slot in enumerate(table.itertuples(index=False)):
        if visits and k % 2 == 0:
            rows += [(*slot, PALETTE[rng.integers(len(PALETTE))], *visit) for visit in visits]
            continue
        full = bool(rng.random() < (fill if growth_from is None or k % 2 else 0.0))
        start = 0
        box = PALETTE[rng.integers(len(PALETTE))]
        grown = growth_from is not None and k % 2 == 0
        for i in range(1, dates):
            if (grown and i == growth_from) if growth_from is not None else rng.random() < change:
                if full:
                    rows.append((*slot, box, start, i))
                full, start, box = not full, i, PALETTE[rng.integers(len(PALETTE))]
        if full:
            rows.append((*slot, box, start, dates))
    return pd.DataFrame(rows, columns=["x", "y", "angle", "kind", "rgb", "arrive", "depart"])


def _cloud(rng: np.random.Generator, table: pd.DataFrame) -> Floats:
    centre = table[["x", "y"]].sample(1, random_state=int(rng.integers(1 << 30))).to_numpy()[0]
    return np.array([[*(centre + rng.normal(0, 20, 2)), rng.uniform(25, 80)]])


def _detect(
    rng: np.random.Generator,
    series: Series,
    i: int,
    hard: Bools,
    junk: pd.DataFrame,
    miss: float,
    blind: float,
    clutter: float,
) -> pd.DataFrame:
    standing = series.standing(i)
    real = series.truth[standing].reset_index(drop=True)
    lean = np.clip(rng.normal(0, 0.5, 2), -1.3, 1.3)
    tint = rng.normal(0, 8, 3)
    difficulty = hard[standing]
    score = sigmoid(
        np.where(difficulty, rng.normal(-0.4 * miss, 1.1, len(real)), rng.normal(2.2 / miss, 1.1, len(real)))
    )
    if blind:
        score[rng.random(len(real)) < blind] = 0.0
    rgb = np.stack(list(real["rgb"])) if len(real) else np.empty((0, 3))
    own = _rows(rng, series.dates[i], real, score, rgb + tint + rng.normal(0, COLOR_NOISE, (len(real), 3)), lean)
    n = rng.poisson(clutter * max(len(real), 20))
    at = series.truth[["x", "y"]].to_numpy() if len(series.truth) else np.tile(ORIGIN, (4, 1))
    stray = pd.DataFrame(rng.uniform(at.min(0) - 20, at.max(0) + 20, (n, 2)), columns=["x", "y"])
    stray["angle"], stray["kind"] = rng.uniform(0, 180, n), rng.choice(list(LENGTHS), n)
    fixed = junk[rng.random(len(junk)) < 0.5]
    false = pd.concat([stray, fixed], ignore_index=True)
    score = sigmoid(rng.normal(-0.9, 0.7, len(false)))
    other = _rows(rng, series.dates[i], false, score, rng.uniform(30, 220, (len(false), 3)), lean)
    rows = pd.concat([own, other], ignore_index=True)
    visible = series.clear(i, rows[["x", "y"]].to_numpy()) if len(rows) else np.empty(0, bool)
    return rows[visible & (rows["confidence"] > 0.08)]


def _rows(
    rng: np.random.Generator, date: dt.date, boxes: pd.DataFrame, score: Floats, rgb: Floats, lean: Floats
) -> pd.DataFrame:
    n = len(boxes)
    kind = boxes["kind"].to_numpy(object).copy()
    wrong = rng.random(n) < 0.04
    kind[wrong] = rng.choice(["40ft", "45ft"], int(wrong.sum()))
    length = np.array([LENGTHS[k] for k in kind]) * np.exp(rng.normal(0, 0.04, n))
    xy = boxes[["x", "y"]].to_numpy(float) + lean + rng.normal(0, 0.3, (n, 2))
    colors = [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in np.clip(np.rint(rgb), 0, 255).astype(int)]
    return pd.DataFrame(
        {
            "date": pd.Series([pd.Timestamp(date, tz="UTC")] * n, dtype="datetime64[ms, UTC]"),
            "x": xy[:, 0],
            "y": xy[:, 1],
            "length_m": length,
            "width_m": 2.44 * np.exp(rng.normal(0, 0.04, n)),
            "angle_deg": (boxes["angle"].to_numpy(float) + rng.normal(0, 1.5, n)) % 180,
            "confidence": score,
            "counted": score > COUNT_THRESHOLD,
            "kind": kind,
            "color": colors,
            "inferred": False,
        }
    )


def rectangles(rows: pd.DataFrame) -> AnyArray:
    """Rotated rectangles of rows with x, y, length_m, width_m, angle_deg."""
    turn = np.deg2rad(rows["angle_deg"].to_numpy(float))
    ahead = np.column_stack([np.sin(turn), np.cos(turn)]) * rows["length_m"].to_numpy(float)[:, None] / 2
    side = np.column_stack([np.cos(turn), -np.sin(turn)]) * rows["width_m"].to_numpy(float)[:, None] / 2
    centre = rows[["x", "y"]].to_numpy(float)
    ring = np.stack([centre + ahead + side, centre + ahead - side, centre - ahead - side, centre - ahead + side], 1)
    return np.asarray(shapely.polygons(ring)) if len(rows) else np.empty(0, object)
