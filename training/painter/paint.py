"""Paint a series of satellite scenes of a depot, yard, railway or port by path tracing, with its truth.

python paint.py KIND OUT_DIR --seed N [--gsd 0.5] [--size-m 300] [--dates 6] [--bands rgbn|rgb|pan] [--eight-bit]
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import rasterio
import sensor
from rasterio.transform import from_origin
from sites import KINDS, Site
from truth import Frame, Truth

HOURS = {"parks": (7.0, 17.0), "colonies": (7.5, 16.5), "rakes": (7.5, 16.5), "twins": (8.0, 16.0)}
"""Local solar hours at which a kind is seen; others around noon, as satellites pass."""
AROUND_NOON = (10.0, 14.0)


def sun_position(lat: float, day: dt.date, hour: float) -> tuple[float, float]:
    """Azimuth clockwise from north and elevation, degrees, at a local solar hour."""
    n = day.timetuple().tm_yday
    g = 2 * np.pi * (n - 81) / 365.25
    dec = np.radians(23.44) * np.sin(g)
    ha, la = np.radians(15 * (hour - 12)), np.radians(lat)
    el = np.arcsin(np.sin(la) * np.sin(dec) + np.cos(la) * np.cos(dec) * np.cos(ha))
    az = np.arctan2(-np.cos(dec) * np.sin(ha), np.cos(la) * np.sin(dec) - np.sin(la) * np.cos(dec) * np.cos(ha))
    return float(np.degrees(az) % 360), float(np.degrees(el))


def calendar(kind: str, n: int, rng) -> list[dt.date]:
    year = int(rng.integers(2019, 2025))
    if kind == "winter":
        start, span = dt.date(year, 11, int(rng.integers(1, 25))), 120
    elif kind in ("growth", "earthworks", "port", "rail", "dense", "stores"):
        start, span = dt.date(year, int(rng.integers(2, 6)), int(rng.integers(1, 28))), int(rng.integers(150, 280))
    else:
        start, span = dt.date(year, int(rng.integers(1, 8)), int(rng.integers(1, 28))), 360
    t = np.linspace(0, span, n) + rng.uniform(-0.3, 0.3, n) * span / max(n, 1)
    t = np.round(t - t[0]).astype(int)
    return [start + dt.timedelta(int(k)) for k in t]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("kind", choices=KINDS)
    p.add_argument("out", type=Path)
    p.add_argument("--seed", type=int, required=True)
    p.add_argument("--gsd", type=float, default=0.5, help="metres a pixel")
    p.add_argument("--size-m", type=float, default=300.0)
    p.add_argument("--dates", type=int, default=6)
    p.add_argument("--bands", choices=("rgbn", "rgb", "pan"), default="rgbn")
    p.add_argument(
        "--eight-bit", action="store_true", help="uint8, stretched per date, instead of uint16 reflectance x 10000"
    )
    p.add_argument(
        "--jpeg", type=int, default=0, help="with --eight-bit and rgb or pan: the quality of a passage through JPEG"
    )
    p.add_argument("--spp", type=int, default=9, help="paths per fine pixel (there are ss x ss of them in a pixel)")
    p.add_argument("--ss", type=int, default=2, help="fine pixels along a pixel")
    p.add_argument(
        "--sharp", choices=("auto", "native", "pansharp"), default="auto", help="pan-sharpened colours, or native ones"
    )
    p.add_argument("--cloud", choices=("auto", "no", "yes"), default="auto", help="clouds on one date")
    p.add_argument("--max-off-nadir", type=float, default=25.0)
    p.add_argument("--min-off-nadir", type=float, default=0.0, help="from here to --max-off-nadir, any angle alike")
    p.add_argument("--shift-px", type=float, default=0.5, help="deviation of a date's misplacement, pixels")
    p.add_argument("--only", type=int, default=None, help="paint this date alone (to look at); no truth")
    p.add_argument("--tops", action="store_true", help="write truth/tops.gpkg and things.gpkg alone, without painting")
    a = p.parse_args()

    if not a.tops:
        import light

    rng = np.random.default_rng([a.seed, KINDS.index(a.kind), 99])
    lat = float(rng.uniform(52, 60) if a.kind == "winter" else rng.uniform(24, 57))
    lon = float(rng.uniform(-120, 140))
    dates = calendar(a.kind, a.dates, rng)
    days = [(d - dates[0]).days for d in dates]
    zone = int((lon + 180) // 6) + 1
    from pyproj import Transformer

    e, n = Transformer.from_crs(4326, 32600 + zone, always_xy=True).transform(lon, lat)
    e, n = round(e / 4) * 4.0, round(n / 4) * 4.0
    frame = Frame(e, n, float(rng.uniform(-np.pi / 2, np.pi / 2)), 32600 + zone)
    px = int(round(a.size_m / a.gsd))
    half = px * a.gsd / 2
    extent = (e - half, n - half, e + half, n + half)
    transform = from_origin(extent[0], extent[3], a.gsd, a.gsd)
    grid = {"width": px, "height": px, "transform": transform, "crs": f"EPSG:{frame.epsg}"}
    site = Site(
        a.kind, a.seed, a.size_m, days, [d.timetuple().tm_yday for d in dates], res=0.25 if a.gsd >= 0.4 else 0.15
    )
    truth = Truth(site, frame, [str(d) for d in dates], extent, a.out / "truth")
    (a.out / "scenes").mkdir(parents=True, exist_ok=True)
    sharp = a.sharp == "pansharp" or (a.sharp == "auto" and rng.random() < 0.5)
    cloudy = (
        int(rng.integers(1, max(a.dates, 2))) if a.cloud == "yes" or (a.cloud == "auto" and rng.random() < 0.3) else -1
    )
    sigma = float(rng.choice([0.30, 0.38, 0.46, 0.60], p=[0.3, 0.35, 0.2, 0.15]))
    crisp = float(rng.choice([0.0, 0.25, 0.5]))
    scenes = []
    for i, date in enumerate(dates):
        t0, c0 = time.time(), time.process_time()
        r = np.random.default_rng([a.seed, KINDS.index(a.kind), 100 + i])
        sun_az, sun_el = sun_position(lat, date, r.uniform(*HOURS.get(a.kind, AROUND_NOON)))
        sun_el = max(sun_el, 8.0)
        turbidity = float(r.uniform(2.2, 6.5))
        off = float(min(r.beta(1.3, 1.8) * 25, a.max_off_nadir))
        if a.min_off_nadir > 0:
            drawn_angle = np.random.default_rng([a.seed, KINDS.index(a.kind), 300 + i])
            off = float(drawn_angle.uniform(a.min_off_nadir, a.max_off_nadir))
        view_az = float(r.uniform(0, 360))
        shift = r.normal(0, a.shift_px * a.gsd, 2) if i else np.zeros(2)
        g, m, tops, look = site.look(i) if a.only in (None, i) else (None,) * 4
        if m is None:
            continue
        if a.only is None:
            truth.add_tops(i, tops, m.notes)
            truth.add_things(i, m.roofs)
        if a.tops:
            continue
        turned = lambda az: np.array(
            [
                np.sin(np.radians(az)) * frame.c + np.cos(np.radians(az)) * frame.s,
                -np.sin(np.radians(az)) * frame.s + np.cos(np.radians(az)) * frame.c,
            ]
        )
        el = np.radians(sun_el)
        sun = np.array([*(turned(sun_az) * np.cos(el)), np.sin(el)])
        o = np.radians(off)
        eye = np.array([*(turned(view_az) * np.sin(o)), -np.cos(o)])
        direct, diffuse = light.irradiance(sun_el, turbidity)
        sky = light.bake_sky(sun, turbidity, diffuse)
        v, uv, f, table, owner = m.arrays()
        c1 = time.process_time()
        pic = light.Picture(v, uv, f, table, g.alb, (-g.half, -g.half, g.half, g.half))
        pad = 3
        fine = (np.arange((px + 2 * pad) * a.ss) + 0.5) * (a.gsd / a.ss) - pad * a.gsd
        E, N = np.meshgrid(extent[0] + fine - shift[0], extent[3] - fine - shift[1])
        x, y = frame.into(E.ravel(), N.ravel())
        spp = int(round(a.spp * (1.6 if sun_el < 25 else 1.0)))  # more of a low sun's light is sky light
        out, first = pic.render(x, y, eye, sun, direct, sky, spp, a.seed * 50 + i, look.snow, step=a.gsd / a.ss)
        c2 = time.process_time()
        fine_img = out.reshape(4, *E.shape)
        img = sensor.shrink(fine_img, a.ss, pad, float(sigma * r.uniform(0.9, 1.2)))
        alpha = None
        if i == cloudy:
            az = np.radians(sun_az)
            alpha, shade = sensor.cloud((px, px), a.gsd, r, (np.sin(az), np.cos(az)), r.uniform(0.12, 0.35))
            dark = diffuse / (diffuse + direct * sun[2])
            img = img * (1 - shade * (1 - 1.25 * dark[:, None, None]) * 0.95)
            img = img * (1 - alpha) + alpha * (np.array([0.72, 0.71, 0.70, 0.68])[:, None, None] * (0.8 + 0.25 * alpha))
        img, _ = sensor.atmosphere(img, r, turbidity, np.cos(o))
        if sharp and a.bands != "pan":
            img = sensor.pansharpen(img)
        if crisp:
            img = sensor.sharpen(img, crisp)
        img = sensor.noise(img, r, r.uniform(70, 180))
        # how much of each box the picture shows
        face = first.astype(np.int64)
        ok = face < len(owner)
        who = np.where(ok, owner[np.where(ok, face, 0)], -1)
        who = who[who >= 0]
        counts = np.bincount(who, minlength=len(tops)) if len(tops) else np.zeros(0)
        cell = (a.gsd / a.ss) ** 2
        seen = {k: min(1.0, counts[k] * cell / (b.length * 2.44)) for k, (_, b, _) in tops.items()}
        path = a.out / "scenes" / f"{date}.tif"
        bands = {"rgbn": img, "rgb": img[[2, 1, 0]], "pan": np.tensordot(sensor.PAN, img, 1)[None]}[a.bands]
        names = {"rgbn": ("blue", "green", "red", "nir"), "rgb": ("red", "green", "blue"), "pan": ("pan",)}[a.bands]
        if a.eight_bit:
            lo, hi = np.quantile(bands, 0.003), np.quantile(bands, 0.995)
            data = np.clip(1 + 254 * ((bands - lo) / (hi - lo)).clip(0, 1) ** 0.8, 1, 255).round().astype(np.uint8)
            if a.jpeg and len(data) in (1, 3):
                kind = cv2.IMREAD_COLOR if len(data) == 3 else cv2.IMREAD_GRAYSCALE
                code = cv2.imencode(".jpg", data.transpose(1, 2, 0).copy(), [cv2.IMWRITE_JPEG_QUALITY, a.jpeg])[1]
                data = np.maximum(np.atleast_3d(cv2.imdecode(code, kind)).transpose(2, 0, 1), 1)
        else:
            data = np.clip(bands * 10000, 1, 65535).round().astype(np.uint16)
        hour = f"{10 + int(r.integers(0, 2)):02d}:{int(r.integers(0, 60)):02d}:00"
        profile = {
            "driver": "GTiff",
            "dtype": data.dtype,
            "count": len(data),
            "nodata": 0,
            "tiled": True,
            "blockxsize": 256,
            "blockysize": 256,
            "compress": "deflate",
            "predictor": 2,
            **grid,
        }
        with rasterio.open(path, "w", **profile) as dst:
            dst.write(data)
            dst.descriptions = names
            dst.update_tags(
                TIFFTAG_DATETIME=f"{date:%Y:%m:%d} {hour}",
                software="painter",
                kind=a.kind,
                seed=str(a.seed),
                sun_azimuth=f"{sun_az:.2f}",
                sun_elevation=f"{sun_el:.2f}",
                view_azimuth=f"{view_az:.2f}",
                off_nadir=f"{off:.2f}",
            )
        scenes.append(
            f"  - {{date: {date}, path: scenes/{date}.tif, "
            f"sun: {{azimuth_deg: {sun_az:.2f}, elevation_deg: {sun_el:.2f}}}, "
            f"view: {{azimuth_deg: {view_az:.2f}, off_nadir_deg: {off:.2f}}}}}"
        )
        extra = {"shift": shift, "gsd": a.gsd, "sun": (sun_az, sun_el), "view": (view_az, off)}
        if a.only is None:
            truth.add(i, look, tops, seen, alpha, extra, grid)
        print(
            f"{date} sun {sun_el:.0f} deg, view {off:.0f} deg, {len(f)} faces, {len(tops)} boxes; "
            f"site {c1 - c0:.1f}, light {c2 - c1:.1f}, "
            f"all {time.process_time() - c0:.1f} CPU s, {time.time() - t0:.1f} s",
            file=sys.stderr,
            flush=True,
        )
    if a.only is not None:
        return
    truth.write_tops()
    truth.write_things()
    if a.tops:
        return
    truth.write()
    ident = f"painter-{a.kind}-{a.seed}"
    zones = truth.outlines(a.out, ident)
    bands = {"rgbn": "{blue: 1, green: 2, red: 3, nir: 4}", "rgb": "{red: 1, green: 2, blue: 3}", "pan": "{pan: 1}"}[
        a.bands
    ]
    lines = [
        f"# Written by painter: kind {a.kind}, seed {a.seed}. Its truth is in truth/.",
        "site:",
        f"  id: {ident}",
        f"  name: Painted site ({a.kind}, seed {a.seed})",
        "  aoi: aoi.geojson",
        *(["  zones: zones.geojson"] if zones else []),
        "scenes:",
        *scenes,
        f"bands: {bands}",
        f"before: {dates[0]}",
        "outputs: {dir: out}",
        "",
    ]
    (a.out / "workflow.yaml").write_text("\n".join(lines))


if __name__ == "__main__":
    main()
