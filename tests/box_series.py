"""Series of detected boxes with their truth, for the tests of tracks and series.

The detector imitated here draws scores from logistic-normal distributions. `IMITATED` is what a calibration would find
of it; the tests follow its boxes as those of the detector "imitated".
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.stats import norm

from changedet.kernels.intervals import PLAIN
from changedet.stages.tracks.kernels.detector_tables import TABLES
from changedet.stages.tracks.kernels.emissions import SCORE_EDGES, DetectorTables
from changedet.stages.tracks.stage import track

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
    """Detections of one series and what was truly there: ``truth`` has x, y, angle, kind, rgb, arrive, depart (date
    index)."""

    detections: gpd.GeoDataFrame
    dates: list[dt.date]
    clouds: list[np.ndarray]
    truth: pd.DataFrame

    def clear(self, i: int, points: np.ndarray) -> np.ndarray:
        visible = np.ones(len(points), bool)
        for x, y, radius in self.clouds[i]:
            visible &= np.hypot(points[:, 0] - x, points[:, 1] - y) > radius
        return visible

    def standing(self, i: int) -> np.ndarray:
        return ((self.truth["arrive"] <= i) & (i < self.truth["depart"])).to_numpy()


def score_shares(mean: float, found: float = 1.0) -> np.ndarray:
    """Share of looks in each score bin where the score is sigmoid(N(mean, 1.1)) and a row is there at all."""
    edges = np.log(np.array(SCORE_EDGES) / (1 - np.array(SCORE_EDGES)))
    shares = np.diff(np.concatenate([[0.0], norm.cdf((edges - mean) / 1.1), [1.0]])) * found
    shares[0] += 1.0 - found
    return np.maximum(shares, 0.002)


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


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


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
    """A series: each slot is empty or full and changes with probability `change` an interval; with `visits`, half of
    the slots are full from the first to before the second date of each; `clutter` false boxes a true one and date;
    `cloud` the share of dates with a cloud; `miss` scales how many boxes the detector scores low, `blind` is the share
    of looks at which it finds nothing at all."""
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


def _histories(rng, table, dates, change, fill, growth_from, visits):
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


def _cloud(rng, table):
    centre = table[["x", "y"]].sample(1, random_state=int(rng.integers(1 << 30))).to_numpy()[0]
    return np.array([[*(centre + rng.normal(0, 20, 2)), rng.uniform(25, 80)]])


def _detect(rng, series, i, hard, junk, miss, blind, clutter):
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


def _rows(rng, date, boxes, score, rgb, lean):
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


def rectangles(rows: pd.DataFrame) -> np.ndarray:
    """Rotated rectangles of rows with x, y, length_m, width_m, angle_deg."""
    turn = np.deg2rad(rows["angle_deg"].to_numpy(float))
    ahead = np.column_stack([np.sin(turn), np.cos(turn)]) * rows["length_m"].to_numpy(float)[:, None] / 2
    side = np.column_stack([np.cos(turn), -np.sin(turn)]) * rows["width_m"].to_numpy(float)[:, None] / 2
    centre = rows[["x", "y"]].to_numpy(float)
    ring = np.stack([centre + ahead + side, centre + ahead - side, centre - ahead - side, centre - ahead + side], 1)
    return shapely.polygons(ring) if len(rows) else np.empty(0, object)


def true_events(series: Series, arrivals: bool) -> np.ndarray:
    """Events (n, 3) that clear looks can show: x, y and the index of the first clear look after each."""
    events, n = [], len(series.dates)
    clear = np.stack([series.clear(i, series.truth[["x", "y"]].to_numpy()) for i in range(n)], 1)
    for k, box in enumerate(series.truth.itertuples()):
        own = np.arange(box.arrive, box.depart)
        seen = own[clear[k, own]]
        at, before = (box.arrive, box.arrive > 0) if arrivals else (box.depart, box.depart < n)
        if not before or not len(seen):
            continue
        if arrivals and clear[k, :at].any():
            events.append((box.x, box.y, seen[0]))
        later = np.arange(at, n)[clear[k, at:]] if not arrivals else []
        if len(later):
            events.append((box.x, box.y, later[0]))
    return np.array(events, float).reshape(-1, 3)


def found_events(tracks, arrivals: bool) -> np.ndarray:
    """Events (n, 3) of tracks: x, y and the index of the date that first shows them."""
    index = {pd.Timestamp(date, tz="UTC"): i for i, date in enumerate(tracks.dates)}
    table = tracks.tracks
    table = table[table["not_before"].notna()] if arrivals else table[table["not_after"].notna()]
    when = table["first_seen" if arrivals else "not_after"]
    return np.column_stack([table.geometry.x, table.geometry.y, [index[t] for t in when]]).reshape(-1, 3).astype(float)


def event_f1(true: np.ndarray, found: np.ndarray) -> tuple[int, int, int]:
    """True positives, false ones and misses on the exact date, within 1.6 m."""
    used, hits = np.zeros(len(true), bool), 0
    for x, y, t in found:
        distance = np.hypot(true[:, 0] - x, true[:, 1] - y) + 1e6 * (true[:, 2] != t) + 1e6 * used
        if len(distance) and distance.min() < 1.6:
            used[distance.argmin()] = True
            hits += 1
    return hits, len(found) - hits, len(true) - hits


def followed(series, rows=None):
    """Tracks of the imitated detector; its counts were not calibrated."""
    rows = series.detections if rows is None else rows
    tracks = track(rows, series.dates, clear=series.clear, detector="imitated")
    return replace(tracks, calibration=PLAIN)


DAYS = [dt.date(2023, 1, 10) + dt.timedelta(30 * i) for i in range(8)]


def rows_of(*boxes, **same):
    """Detections from (date index, east, north) with keyword defaults; a fourth item overrides some columns."""
    records = []
    for day, east, north, *own in boxes:
        record = {
            "kind": "20ft",
            "angle_deg": 0.0,
            "confidence": 0.9,
            "counted": True,
            "color": "#963228",
            "tiers": None,
        }
        record |= same | (own[0] if own else {})
        record |= {"date": DAYS[day], "x": 500_000.0 + east, "y": 6_000_000.0 + north, "width_m": 2.44}
        record.setdefault("length_m", LENGTHS[record["kind"]])
        records.append(record)
    columns = ["date", "x", "y", "length_m", "width_m", "angle_deg", "kind", "confidence", "counted", "color", "tiers"]
    table = pd.DataFrame(records, columns=columns)
    table["date"] = pd.to_datetime(table["date"], utc=True).astype("datetime64[ms, UTC]")
    table["object_id"] = np.arange(1, len(table) + 1)
    return gpd.GeoDataFrame(table, geometry=rectangles(table), crs=CRS)


def anchors(count=8):
    """Boxes that never change, so that the site has a stable frame."""
    return [(day, 30.0 * i, 200.0) for i in range(1, count + 1) for day in range(len(DAYS))]


def near_origin(tracks):
    table = tracks.tracks
    return table[(table.geometry.x < 500_015) & (table.geometry.y < 6_000_050)].reset_index(drop=True)


def day_of(stamp):
    return None if pd.isna(stamp) else DAYS.index(stamp.date())
