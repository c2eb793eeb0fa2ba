"""One site: its dates, its light, its sensors; drawn and written as scenes, a workflow and its truth."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import rasterio
from rasterio.enums import ColorInterp

from benchmarks.third_hand import truth as truths
from benchmarks.third_hand.camera import Light, Top, radiance
from benchmarks.third_hand.canvas import Array, Canvas
from benchmarks.third_hand.kinds import KINDS
from benchmarks.third_hand.noise import Noise
from benchmarks.third_hand.plan import Frame, Plan, stacked
from benchmarks.third_hand.roofs import roof
from benchmarks.third_hand.sensor import PAD_PX, Sensor, Sky, clear, clouded, exposed, on_map
from benchmarks.third_hand.surfaces import lay, track

CELLS, FINEST_M = 4, 0.125
"""Cells of the drawing in a pixel's side; and the coarsest cell, so that coarse pixels are made of more."""
MARGIN_M = 26.0
"""Around the scene: what stands there casts shadows and leans into it."""
ROLES = ("blue", "green", "red", "nir")
SCALE, NO_DATA = 10_000.0, 0
SCREEN_PER_CENT = (0.6, 99.4)
JPEG_QUALITY = 90


def acquisition(rng: np.random.Generator, day: dt.date, latitude: float) -> Light:
    """Sun at about half past ten, and a view up to 24 degrees off nadir."""
    declination = np.radians(-23.44 * np.cos(2 * np.pi * (day.timetuple().tm_yday + 10) / 365.25))
    hour, lat = np.radians(rng.uniform(-26, -8)), np.radians(latitude)
    up = np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * np.cos(hour)
    south = np.sin(lat) * np.cos(declination) * np.cos(hour) - np.cos(lat) * np.sin(declination)
    east = -np.cos(declination) * np.sin(hour)
    azimuth = np.degrees(np.arctan2(east, -south)) % 360
    return Light(
        float(azimuth), float(np.degrees(np.arcsin(up))), float(rng.uniform(0, 360)),
        float(2 + 22 * rng.random() ** 1.4), float(rng.random() ** 2),
    )  # fmt: skip


def instrument(rng: np.random.Generator, gsd_m: float, date: int, site: tuple[float, bool]) -> Sensor:
    """A date's sensor; the first date defines the map and lies where it should."""
    shift = rng.normal(0, 1.2, 2) * gsd_m if date else np.zeros(2)
    shift = np.clip(shift, -3 * gsd_m, 3 * gsd_m)
    return Sensor(
        blur=float(rng.uniform(0.34, 0.5)),
        sharpening=float(site[0] * rng.uniform(0.8, 1.2)),
        noise=float(rng.uniform(0.0012, 0.0035)),
        pansharpened=site[1],
        gain=np.asarray(rng.normal(1, 0.035) * (1 + rng.normal(0, 0.012, 4)), np.float32),
        offset=np.asarray(rng.normal(0, 0.002, 4), np.float32),
        shift_east_m=float(shift[0]),
        shift_north_m=float(shift[1]),
        turn_deg=float(rng.normal(0, 0.012)) if date else 0.0,
        seed=int(rng.integers(2**31)),
    )


def planned(kind: str, seed: int, dates: int) -> Plan:
    """The plan of a site."""
    rng = np.random.default_rng([seed, sorted(KINDS).index(kind), 3])
    day = dt.date(2022, 1, 1) + dt.timedelta(days=int(rng.integers(60, 420)))
    days = [day]
    for _ in range(dates - 1):
        days.append(days[-1] + dt.timedelta(days=int(rng.integers(24, 78))))
    plan = Plan(kind, seed, days, Frame(float(rng.uniform(0, np.pi))), rng)
    KINDS[kind](plan)
    for slot in plan.slots:
        slot.stacks += [slot.stacks[-1] if slot.stacks else ()] * (dates - len(slot.stacks))
    return plan


def drawn(plan: Plan, date: int, noise: Noise, half_m: float, step_m: float) -> Canvas:
    """The site on a date, on a fine grid."""
    canvas = Canvas(half_m, step_m, noise)
    for made in plan.seasons:
        for surface in made(date):
            lay(canvas, surface)
    there = [one for one in plan.built if one.stands(date)]
    for one in there:
        for surface in one.surfaces:
            lay(canvas, surface)
    for u, v, length in plan.tracks:
        x, y = plan.frame.at(u, v)
        track(canvas, x, y, length, plan.frame.angle, plan.seed)
    prisms = [prism for one in there for prism in one.prisms] + plan.moving[date].prisms
    stacks = [prism for slot in plan.slots if (prism := stacked(slot, date))]
    for heap in (heap for one in there for heap in one.heaps):
        canvas.heap(heap)
    for prism in [*prisms, *stacks]:
        canvas.prism(prism, roof)
    canvas.beams += [beam for one in there for beam in one.beams] + plan.moving[date].beams
    return canvas


def scene(
    plan: Plan, date: int, noise: Noise, grid: tuple[float, int], seen: tuple[Light, Sensor, Sky]
) -> tuple[Array, dict[int, Top]]:
    """Reflectances (side, side, 4) of a date on a map grid of a pixel size and a side; what is seen of tops."""
    gsd_m, side = grid
    light, sensor, sky = seen
    cells = max(CELLS, int(np.ceil(gsd_m / FINEST_M)))
    step = gsd_m / cells
    half = (side / 2 + PAD_PX + round(MARGIN_M / gsd_m)) * gsd_m
    fine, tops = radiance(drawn(plan, date, noise, half, step), light)
    return on_map(exposed(fine, cells, light, sky, sensor, noise), gsd_m, sensor), tops


def aslant(light: Light, seed: int, day: dt.date, off_nadir: tuple[float, float]) -> Light:
    """The same light, seen from an off-nadir angle within bounds, in degrees, from where it was seen before."""
    drawn_angle = np.random.default_rng([seed, day.toordinal()]).uniform(*off_nadir)
    return replace(light, off_nadir=float(drawn_angle))


def make(
    kind: str, out: Path, seed: int, gsd_m: float, size_m: float, dates: int, bands: str,
    off_nadir: tuple[float, float] | None = None,
) -> Path:  # fmt: skip
    """Write a site, on request with all looks from far aslant; the path of its workflow file."""
    side = round(size_m / gsd_m)
    plan, noise = planned(kind, seed, dates), Noise(seed)
    rng = np.random.default_rng([seed, sorted(KINDS).index(kind), 77])
    site = float(rng.choice([0.0, 0.5, 0.9])), bool(rng.random() < 0.75)
    latitude = float(rng.uniform(28, 56))
    lights = [acquisition(rng, day, latitude) for day in plan.days]
    if off_nadir is not None:
        lights = [aslant(light, seed, day, off_nadir) for light, day in zip(lights, plan.days, strict=True)]
    sensors = [instrument(rng, gsd_m, date, site) for date in plan.dates]
    skies = [
        clouded(noise, side, gsd_m, lights[date], plan.cover[date], seed + date) if plan.cover[date] else clear(side)
        for date in plan.dates
    ]
    epsg, origin = 32631 + seed % 6, (500_000.0 + 4000 * (seed % 9), 4_600_000.0 + 5000 * (seed % 11))
    truth = truths.Truth(plan, origin, side * gsd_m, gsd_m, epsg)
    (out / "scenes").mkdir(parents=True, exist_ok=True)
    for date in plan.dates:
        image, tops = scene(plan, date, noise, (gsd_m, side), (lights[date], sensors[date], skies[date]))
        truth.tops.append(tops)
        write_scene(out / "scenes" / f"{plan.days[date]}.tif", image, truth, bands)
    truths.write(truth, out / "truth", lights, sensors, skies)
    path = out / "workflow.yaml"
    path.write_text(workflow_text(plan, lights, bands))
    return path


def write_scene(path: Path, image: Array, truth: truths.Truth, bands: str) -> None:
    """Write a look's reflectances (side, side, 4) as its scene."""
    if bands == "rgb8":
        values, roles = _screen(image), ("red", "green", "blue")
    else:
        values, roles = np.clip(np.rint(image * SCALE), 1, 65_535).astype(np.uint16).transpose(2, 0, 1), ROLES
    profile = {
        "driver": "GTiff", "dtype": values.dtype, "count": len(roles), "height": truth.side, "width": truth.side,
        "crs": f"EPSG:{truth.epsg}", "transform": truth.transform, "compress": "deflate", "tiled": True,
        "nodata": NO_DATA,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.write(values)
        file.descriptions = roles
        file.colorinterp = [getattr(ColorInterp, role, ColorInterp.undefined) for role in roles]


def _screen(image: Array) -> np.ndarray:
    """Red, green and blue stretched to 8 bits and pressed as JPEG, as pictures are passed on."""
    low, high = np.percentile(image[..., :3], SCREEN_PER_CENT, axis=(0, 1))
    shown = np.clip((image[..., :3] - low) / (high - low), 0, 1) ** (1 / 1.25)
    _, pressed = cv2.imencode(".jpg", np.rint(255 * shown).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return np.maximum(cv2.imdecode(pressed, cv2.IMREAD_COLOR)[..., ::-1].transpose(2, 0, 1), 1)


def workflow_text(plan: Plan, lights: list[Light], bands: str) -> str:
    """The workflow file of a site."""
    lines = [
        "site:",
        f"  id: {plan.kind}-{plan.seed}",
        f"  name: Third hand ({plan.kind}, seed {plan.seed})",
        "scenes:",
    ]
    for day, light in zip(plan.days, lights, strict=True):
        sun = f"sun: {{azimuth_deg: {light.sun_azimuth:.2f}, elevation_deg: {light.sun_elevation:.2f}}}"
        view = f"view: {{azimuth_deg: {light.view_azimuth:.2f}, off_nadir_deg: {light.off_nadir:.2f}}}"
        lines.append(f"  - {{date: {day}, path: scenes/{day}.tif, {sun}, {view}}}")
    order = "red: 1, green: 2, blue: 3" if bands == "rgb8" else "blue: 1, green: 2, red: 3, nir: 4"
    return "\n".join([*lines, f"bands: {{{order}}}", f"before: {plan.days[0]}", "outputs: {dir: out}", ""])
