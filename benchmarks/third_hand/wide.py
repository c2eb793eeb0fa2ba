"""Wide sites: a depot of some hundred metres among fields, woods and villages, over more than a year.

Fields are sown, green, ripe and bare, each in its own month; leafy woods are bare in winter, snow lies on some winter
looks, clouds hide a part of some. What is built comes in steps, as analysts meet it: soil stripped, then paved, then
halls and boxes. Coarse pixels are seen as PlanetScope and Sentinel-2 see them, fine ones as the small sites are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.third_hand import movers, parts, site, stock, truth
from benchmarks.third_hand.camera import Light, radiance
from benchmarks.third_hand.canvas import Array, Canvas
from benchmarks.third_hand.earthworks import raised, stripped
from benchmarks.third_hand.kinds import LOOSE, yard_blocks
from benchmarks.third_hand.noise import Noise
from benchmarks.third_hand.plan import Built, Frame, Plan
from benchmarks.third_hand.sensor import PAD_PX, Sensor, clear, clouded, exposed, on_map
from benchmarks.third_hand.spectra import spectrum
from benchmarks.third_hand.stock import Block
from benchmarks.third_hand.surfaces import Surface

FROM_M = 300.0
"""Wider sites are drawn here: the small kinds end some 230 m from the middle."""
REACH_M, CORE_M = 800.0, (230.0, 190.0)
"""To which distance land is drawn, and half of the length and width of what is left for the depot."""
CELLS = 2
"""Cells of the drawing in a pixel's side, which are finer than any box."""
FEWEST_DAYS, MOST_DAYS = 24, 42
"""Between two looks: a dozen of them are more than a year."""
CLOUDY, SNOWY = 0.25, 0.5
"""Shares of looks with clouds, and of those of winter with snow."""
WINTER = (12, 1, 2)
FINE_M = 0.8
"""Pixels below which a look is that of a small site: its sensor, its view, its place on the map, its air."""
MOST_OFF_NADIR = 7.0
"""Degrees, as PlanetScope and Sentinel-2 see the ground."""
HAZE_ERROR = 0.08
"""Deviation of the haze that a provider's correction takes off, of 0 to 1."""
SNOW = spectrum(0.72, 0.73, 0.72, 0.66)
STOCK = ("20ft", "40ft", "40ft")


@dataclass
class Weather:
    """How much snow lies on each look, 0 to 1."""

    snow: list[float]


def countryside(plan: Plan) -> None:
    """Fields and woods in a patchwork, with roads between them and villages."""
    rng = plan.rng
    _everywhere(plan)
    v = -REACH_M
    while v < REACH_M:
        deep, u = float(rng.uniform(90, 210)), -REACH_M
        while u < REACH_M:
            long = float(rng.uniform(110, 260))
            _parcel(plan, u + long / 2, v + deep / 2, (long - 5, deep - 5))
            u += long
        v += deep
    for at, along in ((float(rng.uniform(210, 260)), True), (float(rng.uniform(-420, -280)), False)):
        size = (2 * REACH_M, 8.0) if along else (8.0, 2 * REACH_M)
        place = (0.0, at) if along else (at, 0.0)
        ring = plan.frame.ring(*place, *size)
        plan.built.append(Built(ring, surfaces=[plan.surface(*place, *size, "asphalt")], built_up=False))


def _everywhere(plan: Plan) -> None:
    seed, own, ring = plan.draw(), plan.rng.uniform(-0.15, 0.2), plan.frame.ring(0, 0, 2 * REACH_M, 2 * REACH_M)

    def made(date: int) -> list[Surface]:
        dry = float(np.clip(0.75 - 0.6 * parts.greenness(plan, date) + own, 0, 1))
        return [Surface(ring, "meadow", seed, plan.frame.angle, dry)]

    plan.seasons.append(made)


def _parcel(plan: Plan, u: float, v: float, size: tuple[float, float]) -> None:
    """A field, a wood, a village or a meadow; none of the last three within the depot's ground."""
    rng, what = plan.rng, plan.rng.random()
    beside = abs(u) - size[0] / 2 > CORE_M[0] + 30 or abs(v) - size[1] / 2 > CORE_M[1] + 30
    if what < 0.62 or not beside:
        parts.farm_field(plan, u, v, size, lively=bool(rng.random() < 0.9))
    elif what < 0.72:
        _leafy_wood(plan, u, v, size)
    elif what < 0.8:
        parts.trees(plan, u, v, size, int(size[0] * size[1] / 60))
    elif what < 0.88:
        for row in np.arange(-size[1] / 2 + 18, size[1] / 2 - 10, 38.0):
            parts.houses(plan, u - size[0] / 2 + 12, v + float(row), int(size[0] // 19) - 1)


def _leafy_wood(plan: Plan, u: float, v: float, size: tuple[float, float]) -> None:
    """A wood that is bare in winter: crowns and the shade between them, as a surface."""
    ring, seed = plan.frame.ring(u, v, *size), plan.draw()
    plan.seasons.append(lambda date: [Surface(ring, "wood", seed, plan.frame.angle, parts.greenness(plan, date))])


def depot(plan: Plan, still: bool) -> None:
    """What is there on all looks: a yard with halls and boxes; `still` boxes stay."""
    rng = plan.rng
    parts.yard(plan, -90, -60, (190, 130), str(rng.choice(["concrete", "asphalt", "gravel"])))
    for k in range(3):
        parts.hall(plan, -150 + 55 * k, -20, (float(rng.uniform(30, 46)), float(rng.uniform(22, 34))))
    places = stock.slots(plan, Block(-170, -115, 12, 5, 0.4, 0.4, "old", STOCK, 2.0))
    stock.start(plan, places, 0.7, 2)
    if still:
        stock.rest(places, len(plan.days))
    else:
        for _ in plan.dates[1:]:
            stock.go_on(plan, places, 0.1, 0.12, 3)
    movers.at_work(plan, -90, -60, (180, 120), 6)


def quiet(plan: Plan) -> None:
    """Nothing but season, weather and traffic."""
    countryside(plan)
    depot(plan, still=True)


def growth(plan: Plan) -> None:
    """Two extensions: each stripped, then paved, then with halls and boxes."""
    countryside(plan)
    depot(plan, still=False)
    rng, last = plan.rng, len(plan.days) - 1
    begin = int(rng.integers(2, 4))
    extension(plan, 110, -60, (170, 140), min(begin, last))
    extension(plan, -60, 95, (220, 120), min(begin + int(rng.integers(3, 5)), last))


def extension(plan: Plan, u: float, v: float, size: tuple[float, float], since: int) -> None:
    """A yard that is stripped on a look, paved two looks later, and filled from the next on."""
    rng, dates = plan.rng, len(plan.days)
    ring = plan.frame.ring(u, v, *size)
    plan.built.append(Built(ring, since, surfaces=[Surface(ring, "earth", plan.draw(), plan.frame.angle)]))
    paved = since + 2
    if paved >= dates:
        return
    parts.yard(plan, u, v, (size[0] - 8, size[1] - 8), str(rng.choice(["gravel", "concrete", "asphalt"])), since=paved)
    parts.hall(plan, u - size[0] / 4, v + size[1] / 5, (size[0] / 3, size[1] / 4), since=paved + 1)
    bays, rows = int((size[0] - 40) / 13), 5
    blocks = [
        Block(u - size[0] / 2 + 14, v - size[1] / 2 + 12 + 24 * k, bays, rows, 0.4, 0.4, f"new-{k}", STOCK, 2.0)
        for k in range(2)
    ]
    for places in (stock.slots(plan, block) for block in blocks):
        for date in plan.dates:
            if date <= paved:
                stock.empty(places)
            else:
                stock.go_on(plan, places, 0.05, 0.35, 3)


def earthworks(plan: Plan) -> None:
    """Soil stripped step by step, with pits and banks, and one gravel pad."""
    countryside(plan)
    depot(plan, still=True)
    rng, last = plan.rng, len(plan.days) - 1
    begin = int(rng.integers(2, 4))
    for k, (u, v, size) in enumerate(((110, -60, (210, 150)), (-40, 110, (240, 120)), (150, 110, (130, 110)))):
        stripped(plan, u, v, size, min(begin + 2 * k, last))
    for _ in range(10):
        at = float(rng.uniform(20, 190)), float(rng.uniform(-110, 0))
        size3 = float(rng.uniform(20, 60)), float(rng.uniform(10, 22)), float(rng.choice([-3.0, 2.5, 3.5]))
        raised(plan, *at, size3, min(begin + int(rng.integers(0, 5)), last), float(rng.uniform(0, 3)))
    parts.yard(plan, -40, 100, (120, 60), "gravel", since=min(begin + 5, last))


def port(plan: Plan) -> None:
    """A terminal on a shore; land is made out of the water."""
    countryside(plan)
    rng, edge = plan.rng, -40.0
    sea, seed = plan.frame.ring(0, edge - REACH_M / 2, 2 * REACH_M, REACH_M), plan.draw()
    glints = rng.random(len(plan.days)) * 0.8
    plan.seasons.append(lambda date: [Surface(sea, "water", seed, 0.0, float(glints[date]))])
    parts.yard(plan, -60, edge + 70, (360, 140), "concrete")
    for k in range(4):
        places = stock.slots(plan, Block(-225, edge + 40 + 24 * k, 24, 6, 0.4, 0.4, f"old-{k}", STOCK, 1.0))
        stock.start(plan, places, 0.7, 3)
        for _ in plan.dates[1:]:
            stock.go_on(plan, places, 0.12, 0.12, 3)
    since = int(rng.integers(3, 5))
    made = plan.frame.ring(180, edge - 55, 160, 120)
    plan.built.append(Built(made, since, surfaces=[Surface(made, "earth", plan.draw(), plan.frame.angle)]))
    parts.yard(plan, 180, edge - 55, (156, 116), "concrete", since=min(since + 3, len(plan.days) - 1))
    for date in plan.dates:
        if rng.random() < 0.6:
            movers.ship(plan, (date, date + 1), float(rng.uniform(-130, 30)), edge, float(rng.uniform(140, 200)))


def dense(plan: Plan) -> None:
    """A packed yard of deep blocks with some turnover."""
    countryside(plan)
    rng = plan.rng
    parts.yard(plan, 0, 0, (300, 180), str(rng.choice(["concrete", "asphalt"])))
    most = int(rng.integers(3, 6))
    for places in yard_blocks(plan, (295, 172), int(rng.integers(5, 9)), 0.3, float(rng.uniform(8, 15)), 1.0):
        stock.start(plan, places, float(rng.uniform(0.85, 1)), most)
        for _ in plan.dates[1:]:
            stock.go_on(plan, places, 0.1, 0.12, most)
    movers.at_work(plan, 0, 0, (280, 170), 10)
    parts.clutter(plan, 0, 87, (280, 8), 14)


def rail(plan: Plan) -> None:
    """Tracks with trains of container wagons among others, a yard of boxes beside."""
    countryside(plan)
    rng, middle, count = plan.rng, 75.0, 6
    size = 2 * REACH_M, 4.7 * count + 6
    bed = plan.surface(0, middle, *size, "ballast")
    plan.built.append(Built(plan.frame.ring(0, middle, *size), surfaces=[bed]))
    for k in range(count):
        v = middle + 4.7 * (k - (count - 1) / 2)
        plan.tracks.append((0.0, v, 2 * REACH_M))
        for date in plan.dates:
            if rng.random() < 0.6:
                mix = "containers" if rng.random() < 0.6 else "other"
                at, long = float(rng.uniform(-150, 150)), float(rng.uniform(120, 300))
                movers.train(plan, (date, date + 1), at, v, long, mix)
    parts.yard(plan, 0, 0, (260, 80), str(rng.choice(["asphalt", "concrete", "gravel"])))
    for k in range(2):
        places = stock.slots(plan, Block(-120, -30 + 26 * k, 14, 4, 0.4, 0.4, f"yard-{k + 1}", LOOSE, 1.5))
        stock.start(plan, places, 0.8, 3)
        for _ in plan.dates[1:]:
            stock.go_on(plan, places, 0.12, 0.12, 3)
    movers.at_work(plan, 0, 0, (240, 70), 6)


KINDS: dict[str, Callable[[Plan], None]] = {
    "earthworks": earthworks, "growth": growth, "port": port, "quiet": quiet, "dense": dense, "rail": rail,
}  # fmt: skip
"""The seeds know their places in this order."""


def planned(kind: str, seed: int, dates: int) -> tuple[Plan, Weather]:
    """The plan of a site, and the snow on it."""
    rng = np.random.default_rng([seed, [*KINDS].index(kind), 11])
    day = dt.date(2022, 1, 1) + dt.timedelta(days=int(rng.integers(100, 420)))
    days = [day]
    for _ in range(dates - 1):
        days.append(days[-1] + dt.timedelta(days=int(rng.integers(FEWEST_DAYS, MOST_DAYS))))
    plan = Plan(kind, seed, days, Frame(float(rng.uniform(0, np.pi))), rng)
    KINDS[kind](plan)
    for slot in plan.slots:
        slot.stacks += [slot.stacks[-1] if slot.stacks else ()] * (dates - len(slot.stacks))
    snow = [float(rng.uniform(0.75, 1)) * (d.month in WINTER and rng.random() < SNOWY) for d in days]
    plan.cover = [float(rng.uniform(0.1, 0.45)) * bool(k and rng.random() < CLOUDY) for k in range(dates)]
    return plan, Weather([0.0, *snow[1:]])


def snowed(canvas: Canvas, noise: Noise, depth: float, seed: int) -> None:
    """Snow over everything, thinner in places."""
    rng = np.random.default_rng(seed)
    cover = np.clip(depth + 0.15 * noise.read("cloud", canvas.height.shape, rng, 6.0), 0, 0.97)[..., None]
    canvas.albedo = np.asarray((1 - cover) * canvas.albedo + cover * SNOW, np.float32)


def instrument(rng: np.random.Generator) -> Sensor:
    """What is left of a look's light when it has been corrected for the air; the coarse camera adds noise and shift."""
    gain = np.asarray(rng.normal(1, 0.03) * (1 + rng.normal(0, 0.01, 4)), np.float32)
    offset = np.asarray(rng.normal(0, 0.003, 4), np.float32)
    return Sensor(0.3, 0.0, 0.001, False, gain, offset, 0.0, 0.0, 0.0, int(rng.integers(2**31)))


def corrected(image: Array, light: Light, rng: np.random.Generator) -> Array:
    """Reflectance at the ground, as providers make it: the air taken off again, its haze known but for an error."""
    known = replace(light, haze=float(np.clip(light.haze + rng.normal(0, HAZE_ERROR), 0, 1)))
    return np.asarray((image - known.path) / known.clearness, np.float32)


def make(kind: str, out: Path, seed: int, gsd_m: float, size_m: float, dates: int) -> Path:
    """Write a wide site in the form of `site.make`; the path of its workflow file."""
    side = round(size_m / gsd_m)
    (plan, weather), noise = planned(kind, seed, dates), Noise(seed)
    rng = np.random.default_rng([seed, [*KINDS].index(kind), 78])
    latitude = float(rng.uniform(35, 54))
    lights = [site.acquisition(rng, day, latitude) for day in plan.days]
    if gsd_m < FINE_M:
        own = float(rng.choice([0.0, 0.5, 0.9])), bool(rng.random() < 0.75)
        sensors = [site.instrument(rng, gsd_m, k, own) for k in plan.dates]
    else:
        lights = [replace(one, off_nadir=float(rng.uniform(0, MOST_OFF_NADIR))) for one in lights]
        sensors = [instrument(rng) for _ in plan.dates]
    skies = [
        clouded(noise, side, gsd_m, lights[k], plan.cover[k], seed + k) if plan.cover[k] else clear(side)
        for k in plan.dates
    ]
    origin = (500_000.0 + 4000 * (seed % 9), 4_600_000.0 + 5000 * (seed % 11))
    told = truth.Truth(plan, origin, side * gsd_m, gsd_m, 32631 + seed % 6)
    (out / "scenes").mkdir(parents=True, exist_ok=True)
    for k in plan.dates:
        canvas = site.drawn(plan, k, noise, (side / 2 + PAD_PX + round(site.MARGIN_M / gsd_m)) * gsd_m, gsd_m / CELLS)
        if weather.snow[k]:
            snowed(canvas, noise, weather.snow[k], seed + k)
        fine, tops = radiance(canvas, lights[k])
        image = exposed(fine, CELLS, lights[k], skies[k], sensors[k], noise)
        if gsd_m < FINE_M:
            image = on_map(image, gsd_m, sensors[k])
        else:
            shown: Array = image[PAD_PX:-PAD_PX, PAD_PX:-PAD_PX]
            image = corrected(shown, lights[k], np.random.default_rng([seed, k, 79]))
        told.tops.append(tops)
        site.write_scene(out / "scenes" / f"{plan.days[k]}.tif", image, told, "rgbn16")
    truth.write(told, out / "truth", lights, sensors, skies)
    path = out / "workflow.yaml"
    path.write_text(site.workflow_text(plan, lights, "rgbn16"))
    return path
