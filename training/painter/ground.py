"""Ground: a height field and an albedo map of four bands in the site frame, painted anew for every date.

All that is random is drawn from seeds of its own, so a place keeps its stains, joints and grain over the dates; only
season, wetness, wear and what the site's story changes is different.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

#: reflectance of blue, green, red, nir
COLOUR = {
    "asphalt": (0.135, 0.140, 0.142, 0.155),
    "asphalt_new": (0.060, 0.062, 0.064, 0.075),
    "asphalt_old": (0.190, 0.200, 0.205, 0.225),
    "concrete": (0.255, 0.285, 0.305, 0.340),
    "concrete_old": (0.185, 0.210, 0.228, 0.265),
    "gravel": (0.190, 0.218, 0.236, 0.280),
    "gravel_dark": (0.120, 0.132, 0.142, 0.170),
    "dirt": (0.115, 0.152, 0.192, 0.265),
    "dirt_pale": (0.170, 0.215, 0.262, 0.335),
    "soil_red": (0.080, 0.115, 0.190, 0.280),
    "soil_dark": (0.060, 0.078, 0.098, 0.150),
    "sand": (0.225, 0.290, 0.345, 0.420),
    "ballast": (0.115, 0.122, 0.130, 0.150),
    "ballast_rust": (0.075, 0.090, 0.120, 0.170),
    "grass": (0.034, 0.072, 0.056, 0.380),
    "grass_dry": (0.095, 0.140, 0.168, 0.320),
    "grass_winter": (0.055, 0.082, 0.090, 0.230),
    "crop": (0.028, 0.066, 0.042, 0.470),
    "crop_young": (0.045, 0.085, 0.072, 0.340),
    "crop_ripe": (0.125, 0.200, 0.270, 0.420),
    "stubble": (0.130, 0.185, 0.232, 0.340),
    "mulch": (0.050, 0.062, 0.070, 0.170),
    "mud": (0.07, 0.092, 0.115, 0.15),
    "white": (0.62, 0.64, 0.65, 0.64),
    "yellow": (0.14, 0.38, 0.50, 0.60),
    "water": (0.030, 0.038, 0.028, 0.010),
}
COLOUR = {k: np.array(v, np.float32) for k, v in COLOUR.items()}


def season(day_of_year: int, north: bool = True) -> dict:
    """How green grass, crops and leaves are."""
    d = (day_of_year + (0 if north else 182)) % 365
    green = float(np.clip(1.25 * np.exp(-(((d - 150) / 75.0) ** 2)) + 0.1 * np.exp(-(((d - 285) / 30) ** 2)), 0, 1))
    leaf = float(np.clip((d - 95) / 35, 0, 1) * np.clip((320 - d) / 30, 0, 1))
    autumn = float(np.clip((d - 265) / 25, 0, 1) * np.clip((330 - d) / 25, 0, 1))
    dry = float(np.exp(-(((d - 225) / 35.0) ** 2)))
    cold = float(np.clip((60 - d) / 40, 0, 1) + np.clip((d - 320) / 30, 0, 1))
    return {"doy": d, "green": green, "leaf": leaf, "autumn": autumn, "dry": dry, "cold": min(cold, 1.0)}


class Ground:
    def __init__(self, half: float, seed: int, res: float = 0.25, coarse: float = 1.0):
        self.half, self.seed, self.res = half, seed, res
        self.n = int(round(2 * half / res))
        self.m = int(round(2 * half / coarse)) + 1
        self.coarse = coarse
        self._noise = {}
        self.alb = np.zeros((self.n, self.n, 4), np.float32)
        self.z = np.zeros((self.m, self.m), np.float32)
        g = np.linspace(-half, half, self.m)
        self.zx, self.zy = np.meshgrid(g, g)

    # -- noise ------------------------------------------------------------------------------------------------------
    def noise(self, scale: float, key: int = 0, octaves: int = 3) -> np.ndarray:
        """Fractal noise over the site, deviation about 1, its largest cells ``scale`` metres wide."""
        name = (scale, key, octaves)
        if name not in self._noise:
            rng = np.random.default_rng([self.seed, int(scale * 100), key])
            out = np.zeros((self.n, self.n), np.float32)
            weight, total = 1.0, 0.0
            for _ in range(octaves):
                k = max(int(2 * self.half / scale) + 3, 4)
                if scale <= self.res * 1.01:
                    layer = rng.standard_normal((self.n, self.n), dtype=np.float32)
                else:
                    layer = cv2.resize(
                        rng.standard_normal((k, k), dtype=np.float32) * 1.25,
                        (self.n, self.n),
                        interpolation=cv2.INTER_CUBIC,
                    )
                out += weight * layer
                total += weight**2
                weight *= 0.6
                scale /= 2
                if scale < self.res * 0.7:
                    break
            self._noise[name] = out / np.sqrt(total)
        return self._noise[name]

    def window(self, x0, y0, x1, y1):
        i = lambda v: int(np.clip(round((v + self.half) / self.res), 0, self.n))
        return slice(i(y0), max(i(y1), i(y0) + 1)), slice(i(x0), max(i(x1), i(x0) + 1))

    def px(self, pts):
        return np.round((np.asarray(pts, float) + self.half) / self.res * 16 - 8).astype(np.int32)

    def edge(self, x0, y0, x1, y1, soft=0.3, rough=0.0, scale=6.0, key=5):
        """Alpha of a rectangle with a soft, possibly ragged edge, and its window."""
        pad = soft + 3 * rough + self.res
        w = self.window(x0 - pad, y0 - pad, x1 + pad, y1 + pad)
        ys = (np.arange(w[0].start, w[0].stop) + 0.5) * self.res - self.half
        xs = (np.arange(w[1].start, w[1].stop) + 0.5) * self.res - self.half
        dist = np.minimum(np.minimum(xs - x0, x1 - xs)[None], np.minimum(ys - y0, y1 - ys)[:, None])
        if rough:
            dist = dist + rough * self.noise(scale, key, 4)[w]
        return np.clip(dist / max(soft, 1e-3) + 0.5, 0, 1).astype(np.float32), w

    # -- materials --------------------------------------------------------------------------------------------------
    def stuff(self, name, w, key=0, wet=0.0, when=None, tone=1.0, angle=0.0):
        n = self.noise
        k = key % 3
        fine, small = n(self.res, 1, 1)[w], n(1.2, 2 + k)[w]
        mid, big = n(9.0, 3 + k)[w], n(45.0, 4 + k)[w]
        if name in ("grass", "meadow", "verge"):
            when = when or season(180)
            lush = np.clip(when["green"] * 0.75 + 0.22 * mid + 0.14 * big + 0.10 * small - 0.25 * when["dry"], 0, 1)
            brown = COLOUR["grass_dry"] * (1 - when["cold"]) + COLOUR["grass_winter"] * when["cold"]
            a = brown + (COLOUR["grass"] - brown) * lush[..., None]
            bare = np.clip((small * 0.6 + mid * 0.8 - (1.5 if name == "grass" else 0.9)) * 1.2, 0, 0.8)[..., None]
            a = a * (1 - bare) + COLOUR["dirt"] * bare
            grain = 1 + 0.07 * fine + 0.08 * small + 0.06 * mid
        else:
            a = np.broadcast_to(COLOUR[name], (*fine.shape, 4))
            amp = {
                "asphalt": (0.022, 0.035, 0.05, 0.05),
                "asphalt_new": (0.025, 0.03, 0.04, 0.03),
                "asphalt_old": (0.028, 0.05, 0.07, 0.06),
                "concrete": (0.02, 0.03, 0.045, 0.04),
                "concrete_old": (0.025, 0.05, 0.08, 0.06),
                "ballast": (0.12, 0.08, 0.08, 0.05),
            }.get(name, (0.06, 0.08, 0.12, 0.09))
            grain = 1 + amp[0] * fine + amp[1] * small + amp[2] * mid + amp[3] * big
            if name.startswith(("gravel", "dirt", "sand", "soil")):
                hue = np.clip(0.5 + 0.35 * mid + 0.3 * n(20.0, 8 + k)[w], 0, 1)[..., None]
                other = {"gravel": "dirt", "dirt": "dirt_pale", "sand": "dirt_pale"}.get(name, "dirt")
                a = a + (COLOUR[other] - a) * hue * 0.4
        a = a * (np.clip(grain, 0.4, 1.8) * tone)[..., None]
        if wet:
            damp = np.clip(0.55 + 0.35 * mid + 0.25 * small, 0, 1)[..., None] * wet
            a = a * (1 - 0.38 * damp)
        return a.astype(np.float32)

    def lay(self, box, name, soft=0.3, rough=0.0, key=0, alpha=1.0, **kw):
        a, w = self.edge(*box, soft=soft, rough=rough, key=5 + key % 3)
        if a.size == 0:
            return
        a = (a * alpha)[..., None]
        self.alb[w] += (self.stuff(name, w, key, **kw) - self.alb[w]) * a

    def tint(self, alpha, colour, w=(slice(None), slice(None))):
        self.alb[w] += (np.asarray(colour, np.float32) - self.alb[w]) * alpha[..., None]

    def scale(self, alpha, factor, w=(slice(None), slice(None))):
        self.alb[w] *= (1 + (factor - 1) * alpha)[..., None]

    # -- strokes ----------------------------------------------------------------------------------------------------
    def around(self, lines, pad=2.0):
        """The window that holds some lines."""
        lo = np.min([np.min(q, 0) for q in lines], 0) - pad
        hi = np.max([np.max(q, 0) for q in lines], 0) + pad
        return self.window(lo[0], lo[1], hi[0], hi[1])

    def strokes(self, lines, width, w, blur=0.0):
        """Alpha (0 to 1) of polylines in metres within a window."""
        a = np.zeros((w[0].stop - w[0].start, w[1].stop - w[1].start), np.uint8)
        t = max(int(round(width / self.res)), 1)
        off = np.array([w[1].start, w[0].start]) * 16
        for line in lines:
            cv2.polylines(a, [self.px(line) - off.astype(np.int32)], False, 255, t, cv2.LINE_AA, 4)
        a = a.astype(np.float32) / 255 * min(1.0, width / self.res)
        return cv2.GaussianBlur(a, (0, 0), blur / self.res) if blur else a

    def paint_lines(self, lines, width=0.15, colour="white", fade=0.6, key=0):
        if not len(lines):
            return
        w = self.around(lines)
        a = self.strokes(lines, width, w) * np.clip(
            fade + 0.22 * self.noise(3.0, 30 + key % 2)[w] + 0.25 * self.noise(18.0, 31)[w], 0, 0.95
        )
        self.tint(a, COLOUR[colour], w)

    def wear(self, lines, width, blur, factor):
        """Darker or paler bands along lines."""
        w = self.around(lines, 1 + width)
        self.scale(self.strokes(lines, width, w, blur), factor, w)

    def tracks(self, rng, count, box, width=0.45, gauge=1.9, strength=0.12, along="x", bend=0.25, light=0.35):
        """Pairs of tyre tracks wandering through a box."""
        x0, y0, x1, y1 = box
        dark, pale = [], []
        for _ in range(int(count)):
            n = 24
            t = np.linspace(0, 1, n)
            if along == "x":
                x = x0 + (x1 - x0) * (rng.uniform(-0.1, 0.6) + t * rng.uniform(0.3, 1.1))
                y = rng.uniform(y0, y1) + np.cumsum(rng.normal(0, bend, n)) + rng.normal(0, 6) * (t - 0.5) ** 2 * 4
            elif along == "y":
                y = y0 + (y1 - y0) * (rng.uniform(-0.1, 0.6) + t * rng.uniform(0.3, 1.1))
                x = rng.uniform(x0, x1) + np.cumsum(rng.normal(0, bend, n)) + rng.normal(0, 6) * (t - 0.5) ** 2 * 4
            else:
                r = rng.uniform(7, 22)
                a = rng.uniform(0, 6.28) + t * rng.uniform(0.8, 3.0)
                x = rng.uniform(x0, x1) + r * np.cos(a)
                y = rng.uniform(y0, y1) + r * np.sin(a)
            p = np.column_stack([x, y])
            d = np.gradient(p, axis=0)
            d /= np.linalg.norm(d, axis=1, keepdims=True) + 1e-9
            side = np.column_stack([-d[:, 1], d[:, 0]]) * gauge / 2
            (pale if rng.random() < light else dark).extend([p + side, p - side])
        keep, w = self.edge(x0, y0, x1, y1, 1.0)
        if keep.size == 0:
            return
        rag = np.clip(0.75 + 0.4 * self.noise(4.0, 40)[w], 0, 1.3)
        for lines, f in ((dark, 1 - strength * 1.6), (pale, 1 + strength * 1.3)):
            if lines:
                self.scale(self.strokes(lines, width, w, 0.2) * rag * keep, f, w)

    def stains(self, rng, count, box, size=(0.8, 4.0), dark=0.55, stretch=1.0, pale=0.12):
        """Oil and damp patches of ragged outline."""
        x0, y0, x1, y1 = box
        for _ in range(int(count)):
            r = rng.uniform(*size) * rng.uniform(0.4, 1.0)
            cx, cy = rng.uniform(x0, x1), rng.uniform(y0, y1)
            e = stretch * rng.uniform(0.6, 1.6)
            w = self.window(cx - 2.2 * r * e, cy - 2.2 * r, cx + 2.2 * r * e, cy + 2.2 * r)
            ys = ((np.arange(w[0].start, w[0].stop) + 0.5) * self.res - self.half - cy) / r
            xs = ((np.arange(w[1].start, w[1].stop) + 0.5) * self.res - self.half - cx) / (r * e)
            if not (len(xs) and len(ys)):
                continue
            d = np.hypot(ys[:, None], xs[None]) + 0.42 * self.noise(2.5, 44, 4)[w]
            a = np.clip((1.0 - d) * 1.6, 0, 1).astype(np.float32)
            f = 1 + rng.uniform(0.1, 0.35) if rng.random() < pale else 1 - (1 - dark) * rng.uniform(0.25, 1.0)
            self.scale(a, f, w)

    def joints(self, box, size, key=0, depth=0.24, tone=0.06, offset=(0.0, 0.0)):
        """Slabs: each of a tone of its own, with dark joints between."""
        w = self.window(*box)
        ys = (np.arange(w[0].start, w[0].stop) + 0.5) * self.res + 1000 + offset[1]
        xs = (np.arange(w[1].start, w[1].stop) + 0.5) * self.res + 1000 + offset[0]
        iy, ix = (ys // size[1]).astype(int), (xs // size[0]).astype(int)
        t = np.random.default_rng([self.seed, key, 9]).normal(0, tone, (256, 256))
        slab = t[iy[:, None] % 256, ix[None] % 256]
        fy, fx = np.minimum(ys % size[1], size[1] - ys % size[1]), np.minimum(xs % size[0], size[0] - xs % size[0])
        j = np.clip(1 - np.minimum(fy[:, None], fx[None]) / (self.res * 0.7), 0, 1)
        j = j * np.clip(0.7 + 0.4 * self.noise(7.0, 50)[w], 0, 1)
        self.alb[w] *= ((1 + slab) * (1 - depth * j))[..., None].astype(np.float32)

    def patches(self, rng, count, box, f=(0.55, 1.3)):
        """Repaired rectangles of asphalt."""
        x0, y0, x1, y1 = box
        for _ in range(int(count)):
            a, b = rng.uniform(1.2, 12), rng.uniform(0.8, 3.2)
            if rng.random() < 0.5:
                a, b = b, a
            cx, cy = rng.uniform(x0, x1), rng.uniform(y0, y1)
            al, w = self.edge(cx, cy, cx + a, cy + b, 0.25, 0.04, 2.0)
            self.scale(al, rng.uniform(*f), w)

    def cracks(self, rng, count, box, f=0.72, width=0.12):
        x0, y0, x1, y1 = box
        lines = []
        for _ in range(int(count)):
            n = 14
            p = np.array([rng.uniform(x0, x1), rng.uniform(y0, y1)])
            a = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.25)
            step = np.cumsum(rng.normal(0, 0.22, n)) + a
            lines.append(p + np.cumsum(np.column_stack([np.cos(step), np.sin(step)]) * rng.uniform(0.6, 2.0), 0))
        if lines:
            w = self.around(lines)
            self.scale(self.strokes(lines, width, w), f, w)

    def field(self, box, kind, when, key, wet=0.0, angle=None):
        """A farm field in its state of the season, with rows, tractor lines, headland and soil patches."""
        rng = np.random.default_rng([self.seed, key, 21])
        al, w = self.edge(*box, soft=0.8, rough=0.35)
        if al.size == 0:
            return
        d = when["doy"]
        along_x = rng.random() < 0.5 if angle is None else angle == 0
        ys = (np.arange(w[0].start, w[0].stop) + 0.5) * self.res
        xs = (np.arange(w[1].start, w[1].stop) + 0.5) * self.res
        t = (ys[:, None] + 0 * xs[None]) if along_x else (xs[None] + 0 * ys[:, None])
        t = t + 0.12 * self.noise(15.0, 60)[w]
        fine, mid, big = (
            self.noise(self.res, 1, 1)[w],
            self.noise(9.0, 61 + key % 2)[w],
            self.noise(45.0, 64 + key % 2)[w],
        )
        soil = np.array(COLOUR["soil_dark" if rng.random() < 0.5 else "dirt"]) * rng.uniform(0.85, 1.15)
        soil = soil[None, None] * (1 + 0.10 * big + 0.06 * mid)[..., None]
        row = {"maize": 0.75, "beet": 0.5}.get(kind, 0.0)
        if kind in ("wheat", "barley"):
            stages = [
                (0, 0.35, "crop_young"),
                (75, 0.6, "crop_young"),
                (110, 1.0, "crop"),
                (165, 1.0, "crop"),
                (195, 1.0, "crop_ripe"),
                (212, 1.0, "crop_ripe"),
                (216, 1.0, "stubble"),
                (252, 0.9, "stubble"),
                (258, 0.0, "soil_dark"),
                (290, 0.1, "crop_young"),
                (365, 0.35, "crop_young"),
            ]
        elif kind in ("maize", "beet"):
            stages = [
                (0, 0.0, "stubble"),
                (125, 0.0, "crop_young"),
                (150, 0.3, "crop_young"),
                (175, 0.9, "crop"),
                (240, 1.0, "crop"),
                (275, 0.9, "crop_ripe"),
                (283, 0.8, "stubble"),
                (310, 0.7, "stubble"),
                (316, 0.0, "stubble"),
                (365, 0.0, "stubble"),
            ]
        else:  # fallow: ploughed at two dates, weeds between
            stages = [
                (0, 0.0, "grass"),
                (90, 0.1, "grass"),
                (160, 0.6, "grass"),
                (200, 0.7, "grass_dry"),
                (206, 0.0, "grass"),
                (300, 0.25, "crop_young"),
                (365, 0.05, "grass_winter"),
            ]
        shift = rng.uniform(-10, 10)
        q = np.clip(d + shift, 0, 365)
        i = max(k for k, s in enumerate(stages) if s[0] <= q)
        s0, s1 = stages[i], stages[min(i + 1, len(stages) - 1)]
        f = 0 if s1[0] == s0[0] else (q - s0[0]) / (s1[0] - s0[0])
        cover = s0[1] + (s1[1] - s0[1]) * f
        plant = COLOUR[s0[2]] + (COLOUR[s1[2]] - COLOUR[s0[2]]) * f
        vigour = np.clip(cover * (1 + 0.22 * big + 0.12 * mid) + 0.05 * fine, 0, 1)
        if row:
            vigour = np.clip(vigour + (0.35 - 0.3 * cover) * np.sin(2 * np.pi * t / row) * (cover > 0.02), 0, 1)
        a = soil * (1 - vigour[..., None]) + plant * vigour[..., None] * (1 + 0.07 * mid + 0.05 * fine)[..., None]
        # furrows and swaths
        swath = rng.uniform(2.6, 4.2)
        a *= (
            1
            + (0.05 if cover > 0.3 else 0.09) * np.sin(2 * np.pi * t / swath)
            + 0.05 * np.sin(2 * np.pi * t / 0.9) * (cover < 0.3)
        )[..., None]
        bay = np.random.default_rng([self.seed, key]).normal(0, 0.05, 400)
        a *= (1 + bay[((t // (swath * 3)).astype(int)) % 400])[..., None]
        if kind != "fallow" and cover > 0.25:
            lane = rng.choice([18.0, 24.0])
            u = t % lane
            tram = (np.exp(-(((u - 5) / 0.28) ** 2)) + np.exp(-(((u - 6.8) / 0.28) ** 2)))[..., None]
            a = a * (1 - 0.6 * tram) + soil * 0.6 * tram
        if wet:
            a *= 1 - 0.25 * wet
        self.alb[w] += (a.astype(np.float32) - self.alb[w]) * al[..., None]

    def snow(self, amount, keep_clear=None):
        """Snow cover by a noisy threshold, thinner where ``keep_clear`` is high."""
        n = 0.6 * self.noise(25.0, 70) + 0.5 * self.noise(6.0, 71) + 0.25 * self.noise(1.2, 72)
        t = (amount - 0.5) * 3.2 + n
        if keep_clear is not None:
            t = t - 2.6 * keep_clear
        a = np.clip(t * 1.3 + 0.5, 0, 1).astype(np.float32)
        self.tint(a, np.array([0.84, 0.84, 0.83, 0.77]) * (1 + 0.03 * self.noise(9.0, 3)[..., None]))
        return a

    # -- heights ----------------------------------------------------------------------------------------------------
    def height(self, x, y):
        c = (np.asarray(x, float) + self.half) / self.coarse
        r = (np.asarray(y, float) + self.half) / self.coarse
        i = np.clip(np.floor(r).astype(int), 0, self.m - 2)
        j = np.clip(np.floor(c).astype(int), 0, self.m - 2)
        fy, fx = np.clip(r - i, 0, 1), np.clip(c - j, 0, 1)
        z = self.z
        return (z[i, j] * (1 - fx) + z[i, j + 1] * fx) * (1 - fy) + (z[i + 1, j] * (1 - fx) + z[i + 1, j + 1] * fx) * fy

    def relief(self, amplitude):
        z = cv2.resize(self.noise(120.0, 80, 5), (self.m, self.m), interpolation=cv2.INTER_AREA)
        self.z[:] = amplitude * z

    def flatten(self, box, level=None, slope=3.0):
        d = np.minimum(np.minimum(self.zx - box[0], box[2] - self.zx), np.minimum(self.zy - box[1], box[3] - self.zy))
        a = np.clip(1 + d / slope, 0, 1)
        inside = d > 0
        level = float(self.z[inside].mean()) if level is None and inside.any() else (level or 0.0)
        self.z += (level - self.z) * a * a * (3 - 2 * a)

    def mound(self, line, crest, height, slope=1.5, rough=0.05, closed=False):
        """A bank along a polyline: crest width and height in metres, sides 1 in ``slope``; its distance field."""
        pts = np.asarray(line, float)
        if closed:
            pts = np.vstack([pts, pts[:1]])
        d = np.full(self.z.shape, 1e9)
        for a, b in pairwise(pts):
            ab = b - a
            t = np.clip(((self.zx - a[0]) * ab[0] + (self.zy - a[1]) * ab[1]) / max(ab @ ab, 1e-9), 0, 1)
            d = np.minimum(d, np.hypot(self.zx - a[0] - t * ab[0], self.zy - a[1] - t * ab[1]))
        wob = cv2.resize(self.noise(5.0, 81, 3), (self.m, self.m), interpolation=cv2.INTER_AREA)
        h = np.sign(height) * np.clip((crest / 2 + abs(height) * slope - d) / slope + 2 * rough * wob, 0, abs(height))
        h = h * (1 + rough * wob)
        h[d > crest / 2 + abs(height) * slope + 0.5] = 0
        self.z += h
        return d

    def heap(self, x, y, radius, height, stretch=1.0, yaw=0.0):
        dx, dy = self.zx - x, self.zy - y
        u, v = dx * np.cos(yaw) + dy * np.sin(yaw), -dx * np.sin(yaw) + dy * np.cos(yaw)
        wob = cv2.resize(self.noise(4.0, 82, 3), (self.m, self.m), interpolation=cv2.INTER_AREA)
        d = np.hypot(u / stretch, v) / radius + 0.10 * wob
        self.z += height * np.clip(1 - d, 0, 1) ** 0.9 * (1 + 0.05 * wob)
        return d
