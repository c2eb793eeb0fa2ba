"""Mesh: triangles with paints. Every primitive takes metres in the site frame and leaves uv in metres on its faces."""

from __future__ import annotations

import numpy as np

#: columns of the face table: reflectance, grain and its size, dirt and its reflectance, ribs, gloss, kind, seed, snow
COLS = (
    "b",
    "g",
    "r",
    "n",
    "amp",
    "su",
    "sv",
    "dirt",
    "db",
    "dg",
    "dr",
    "dn",
    "bump",
    "period",
    "gloss",
    "rough",
    "kind",
    "seed",
    "snow",
)
PLAIN, GROUND, LEAF, WATER = 0.0, 1.0, 2.0, 3.0


def paint(
    bgrn,
    amp=0.06,
    su=3.0,
    sv=3.0,
    dirt=0.0,
    dirt_bgrn=(0.09, 0.11, 0.14, 0.19),
    bump=0.0,
    period=1.0,
    gloss=0.0,
    rough=0.3,
    kind=PLAIN,
    seed=0.0,
    snow=1.0,
):
    return np.array([*bgrn, amp, su, sv, dirt, *dirt_bgrn, bump, period, gloss, rough, kind, seed, snow], np.float32)


def shade(p, f):
    q = p.copy()
    q[:4] = np.clip(q[:4] * f, 0.005, 0.95)
    return q


def but(p, **kw):
    q = p.copy()
    for k, v in kw.items():
        if k == "bgrn":
            q[:4] = v
        else:
            q[COLS.index(k)] = v
    return q


class Mesh:
    def __init__(self):
        self.v, self.t, self.f, self.p, self.o = [], [], [], [], []
        self.count = 0
        self.roofs = []  # (what, outline (4, 2)) of buildings
        self.notes = []  # (what, outline (4, 2), top z) of things as wide as a container

    def roof(self, what, x, y, length, width, yaw):
        self.roofs.append((what, self.rect(x, y, 0.0, length, width, yaw)[:, :2]))

    def note(self, what, x, y, top, length, width, yaw):
        self.notes.append((what, self.rect(x, y, 0.0, length, width, yaw)[:, :2], float(top)))

    def add(self, v, t, f, p, oid=-1):
        f = np.asarray(f, np.int64)
        p = np.asarray(p, np.float32)
        self.v.append(np.asarray(v, np.float32))
        self.t.append(np.asarray(t, np.float32))
        self.f.append(f + self.count)
        self.p.append(np.broadcast_to(p, (len(f), p.shape[-1])))
        self.o.append(np.full(len(f), oid, np.int32) if np.isscalar(oid) else np.asarray(oid, np.int32))
        self.count += len(v)

    def extend(self, other):
        for v, t, f, p, o in zip(other.v, other.t, other.f, other.p, other.o, strict=True):
            self.v.append(v), self.t.append(t), self.p.append(p), self.o.append(o)
            self.f.append(f + self.count)
        self.count += other.count

    def arrays(self):
        return (
            np.concatenate(self.v),
            np.concatenate(self.t),
            np.concatenate(self.f),
            np.concatenate(self.p),
            np.concatenate(self.o),
        )

    # -- quads ------------------------------------------------------------------------------------------------------
    def quads(self, q, p, oid=-1):
        """q: (n, 4, 3) corners in turn; p: one paint or n of them."""
        q = np.asarray(q, float).reshape(-1, 4, 3)
        n = len(q)
        lu = np.linalg.norm(q[:, 1] - q[:, 0], axis=1)
        lv = np.linalg.norm(q[:, 3] - q[:, 0], axis=1)
        z = np.zeros(n)
        t = np.stack([np.stack([z, z], -1), np.stack([lu, z], -1), np.stack([lu, lv], -1), np.stack([z, lv], -1)], 1)
        base = np.arange(n)[:, None] * 4
        f = np.concatenate([base + [0, 1, 2], base + [0, 2, 3]])
        p = np.asarray(p)
        if p.ndim == 2:
            p = np.concatenate([p, p])
        self.add(q.reshape(-1, 3), t.reshape(-1, 2), f, p, oid)

    def hexa(self, bottom, top, p_top, p_side, p_end=None, oid=-1):
        """A solid between two quads (4, 3), bottom open. Sides 0-1 and 2-3 run along the length."""
        p_end = p_side if p_end is None else p_end
        q = [top] + [[bottom[i], bottom[(i + 1) % 4], top[(i + 1) % 4], top[i]] for i in range(4)]
        self.quads(q, np.stack([p_top, p_side, p_end, p_side, p_end]), oid)

    @staticmethod
    def rect(x, y, z, length, width, yaw, dx=0.0, dy=0.0):
        c, s = np.cos(yaw), np.sin(yaw)
        pts = np.array([[-length, -width], [length, -width], [length, width], [-length, width]]) / 2 + [dx, dy]
        return np.column_stack([x + pts[:, 0] * c - pts[:, 1] * s, y + pts[:, 0] * s + pts[:, 1] * c, np.full(4, z)])

    def box(self, x, y, z, length, width, height, yaw, p_top, p_side=None, p_end=None, oid=-1, dx=0.0, dy=0.0):
        p_side = p_top if p_side is None else p_side
        lo = self.rect(x, y, z, length, width, yaw, dx, dy)
        hi = lo + [0, 0, height]
        self.hexa(lo, hi, p_top, p_side, p_end, oid)

    def frustum(self, x, y, z, size, top, height, yaw, p_top, p_side, p_end=None, oid=-1, at=(0.0, 0.0), shift=0.0):
        lo = self.rect(x, y, z, size[0], size[1], yaw, *at)
        hi = self.rect(x, y, z + height, top[0], top[1], yaw, at[0] + shift, at[1])
        self.hexa(lo, hi, p_top, p_side, p_end, oid)

    def decal(self, x, y, z, length, width, yaw, p, dx=0.0, dy=0.0, oid=-1):
        self.quads(self.rect(x, y, z, length, width, yaw, dx, dy), p, oid)

    def gable(self, x, y, z, length, width, eave, ridge, yaw, p_roof, p_wall, over=0.4, oid=-1):
        """Ridge along the length. The roof's u runs along the ridge, so ribs (bump in u) fall from ridge to eave."""
        self.box(x, y, z, length, width, eave - 0.05, yaw, p_wall, oid=oid)
        lo = self.rect(x, y, z + eave, length + 2 * over, width + 2 * over, yaw)
        c, s = np.cos(yaw), np.sin(yaw)
        half = length / 2 + over
        r0 = np.array([x - half * c, y - half * s, z + ridge])
        r1 = np.array([x + half * c, y + half * s, z + ridge])
        one, two = but(p_roof), but(p_roof, seed=p_roof[COLS.index("seed")] + 3.7)
        self.quads([[lo[0], lo[1], r1, r0], [lo[2], lo[3], r0, r1]], np.stack([one, two]), oid)
        a = self.rect(x, y, z + eave, length, width, yaw)
        w0 = np.array([x - length / 2 * c, y - length / 2 * s, z + ridge - 0.05])
        w1 = np.array([x + length / 2 * c, y + length / 2 * s, z + ridge - 0.05])
        self.quads([[a[1], a[2], w1, w1], [a[3], a[0], w0, w0]], p_wall, oid)

    def cylinder(self, x, y, z, radius, height, p_side, p_top, n=20, cone=0.0, oid=-1, top_radius=None):
        tr = radius if top_radius is None else top_radius
        a = np.linspace(0, 2 * np.pi, n + 1)
        c, s = np.cos(a), np.sin(a)
        lo = np.column_stack([x + radius * c, y + radius * s, np.full(n + 1, z)])
        hi = np.column_stack([x + tr * c, y + tr * s, np.full(n + 1, z + height)])
        self.quads(np.stack([lo[:-1], lo[1:], hi[1:], hi[:-1]], 1), p_side, oid)
        tip = np.broadcast_to([x, y, z + height + cone], (n, 3))
        self.quads(np.stack([hi[:-1], hi[1:], tip, tip], 1), p_top, oid)

    def tube(self, x, y, z, length, radius, yaw, p, n=14, oid=-1, start=0.0, stop=2 * np.pi, ends=None):
        """A lying cylinder, its axis at height z, or an arch of it."""
        a = np.linspace(start, stop, n + 1)
        c, s = np.cos(yaw), np.sin(yaw)
        off = radius * np.cos(a)
        up = z + radius * np.sin(a)

        def ring(k):
            return np.column_stack([x + k * c - off * s, y + k * s + off * c, up])

        r0, r1 = ring(-length / 2), ring(length / 2)
        self.quads(np.stack([r0[:-1], r1[:-1], r1[1:], r0[1:]], 1), p, oid)
        for k, r in ((-length / 2, r0), (length / 2, r1)):
            mid = np.broadcast_to([x + k * c, y + k * s, z], (n, 3))
            self.quads(np.stack([r[:-1], r[1:], mid, mid], 1), p if ends is None else ends, oid)

    def beam(self, a, b, width, p, oid=-1):
        """A thin square bar from a to b."""
        a, b = np.asarray(a, float), np.asarray(b, float)
        d = b - a
        d = d / max(np.linalg.norm(d), 1e-9)
        h = np.cross(d, [0, 0, 1.0])
        h = np.array([1.0, 0, 0]) if np.linalg.norm(h) < 1e-6 else h / np.linalg.norm(h)
        k = np.cross(d, h)
        r = [(h + k), (h - k), (-h - k), (-h + k)]
        lo = [a + v * width / 2 for v in r]
        hi = [b + v * width / 2 for v in r]
        self.quads([[lo[i], hi[i], hi[(i + 1) % 4], lo[(i + 1) % 4]] for i in range(4)] + [hi], p, oid)

    # -- plants -----------------------------------------------------------------------------------------------------
    def leaves(self, rng, centres, radii, per, size, p, darker=0.25, oid=-1):
        """Clusters of leaf discs (as quads) scattered in the shells of ellipsoids; centres, radii (n, 3)."""
        n = len(centres)
        if not n:
            return
        d = rng.standard_normal((n, per, 3))
        d /= np.linalg.norm(d, axis=-1, keepdims=True)
        r = rng.uniform(0.35, 1.0, (n, per, 1)) ** 0.5
        c = (centres[:, None] + d * r * radii[:, None]).reshape(-1, 3)
        nrm = d.reshape(-1, 3) * [0.6, 0.6, 0.6] + rng.normal(0, 0.45, (n * per, 3)) + [0, 0, 0.45]
        nrm /= np.linalg.norm(nrm, axis=-1, keepdims=True)
        h = np.cross(nrm, rng.standard_normal(nrm.shape))
        h /= np.linalg.norm(h, axis=-1, keepdims=True) + 1e-9
        k = np.cross(nrm, h)
        s = (size * rng.uniform(0.6, 1.3, (n * per, 1))) / 2
        q = np.stack([c - h * s - k * s, c + h * s - k * s, c + h * s + k * s, c - h * s + k * s], 1)
        rows = np.repeat(p if np.ndim(p) == 2 else np.broadcast_to(p, (n, len(p))), per, 0).copy()
        tone = rng.normal(1, 0.13, (n * per, 1)) * (1 - darker * (1 - np.clip(d[..., 2].reshape(-1, 1), -1, 1)) / 2)
        rows[:, :4] = np.clip(rows[:, :4] * tone, 0.008, 0.9)
        self.quads(q, rows, oid)
