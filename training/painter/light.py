"""Light: a small path tracer over Mitsuba 3 / Dr.Jit. One pass carries four bands (blue, green, red, nir).

The scene is one triangle mesh in metres (z up) with a table of paints per face. Rays come from an orthographic sensor
tilted by the off-nadir angle and cross the plane z = 0 at the nodes of the picture's own grid, so lean, occlusion and
shadow need no further step. Each path: the sun's disc and the sky (Mitsuba's ``sunsky`` radiance, baked per date), a
cosine bounce with sun and sky at the second and a sky test at the third surface, and a glossy lobe for water, glass
and paint.
"""

from __future__ import annotations

import drjit as dr
import mitsuba as mi
import numpy as np
from mesh import COLS, GROUND, LEAF, PLAIN, WATER

mi.set_variant("llvm_ad_rgb")

BANDS = ("blue", "green", "red", "nir")
WAVE = np.array([0.48, 0.56, 0.66, 0.84])
NCOL = len(COLS)


def irradiance(elevation_deg: float, turbidity: float) -> tuple[np.ndarray, np.ndarray]:
    """Sun on a plane facing it, and sky on a level plane, by band, with the sun above the air as 1."""
    mu = np.sin(np.radians(elevation_deg))
    mass = 1.0 / (mu + 0.50572 * (elevation_deg + 6.07995) ** -1.6364)
    rayleigh = 0.00877 * WAVE**-4.05
    aerosol = max(0.01, 0.04608 * turbidity - 0.04586) * WAVE**-1.3
    gas = np.array([0.01, 0.03, 0.02, 0.02])
    direct = np.exp(-(rayleigh + aerosol + gas) * mass)
    scattered = mu * (1 - np.exp(-(rayleigh + 0.95 * aerosol) * mass)) * np.exp(-gas * mass)
    return direct, scattered * 0.62 + 0.03 * mu * direct


def bake_sky(sun_dir: np.ndarray, turbidity: float, diffuse: np.ndarray, overcast: float = 0.0) -> np.ndarray:
    """Sky radiance on a grid of sin(elevation) by azimuth, scaled so that a level plane gets ``diffuse`` by band."""
    nh, na = 24, 96
    up = (np.arange(nh) + 0.5) / nh
    az = (np.arange(na) + 0.5) / na * 2 * np.pi
    u, a = np.meshgrid(up, az, indexing="ij")
    h = np.sqrt(1 - u**2)
    d = np.stack([h * np.cos(a), h * np.sin(a), u]).reshape(3, -1).astype(np.float32)
    sky = mi.load_dict(
        {
            "type": "sunsky",
            "sun_scale": 0.0,
            "turbidity": float(np.clip(turbidity, 1.5, 9.5)),
            "sun_direction": [float(v) for v in sun_dir],
        }
    )
    si = dr.zeros(mi.SurfaceInteraction3f, d.shape[1])
    si.wi = -mi.Vector3f(d[0], d[1], d[2])
    rgb = np.maximum(np.array(sky.eval(si)).reshape(3, nh, na), 0)
    four = np.stack([rgb[2], rgb[1], rgb[0], rgb[0]])
    out = np.empty_like(four)
    for k in range(4):
        scale = diffuse[k] / (2 * np.pi * (four[k] * u).mean())
        out[k] = (1 - overcast) * four[k] * scale + overcast * diffuse[k] / np.pi
    return np.ascontiguousarray(out.transpose(1, 2, 0)).astype(np.float32)


def _noise(n: int = 512) -> np.ndarray:
    """Tileable fractal noise of four independent channels, each of mean 0 and deviation 1."""
    rng = np.random.default_rng(77)
    f = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.fftfreq(n)[None]) * n
    f[0, 0] = 1e9
    out = []
    for k in range(4):
        s = np.fft.fft2(rng.standard_normal((n, n))) * f ** -(1.0 if k < 3 else 0.3) * (f > 6)
        g = np.fft.ifft2(s).real
        out.append(g / g.std())
    return np.stack(out, -1).astype(np.float32)


NOISE = _noise()


class Picture:
    """A mesh with its paints, ready to be seen under any light."""

    def __init__(self, vertices, uvs, faces, table, ground, ground_box):
        mesh = mi.Mesh("site", len(vertices), len(faces), has_vertex_texcoords=True)
        p = mi.traverse(mesh)
        p["vertex_positions"] = np.ascontiguousarray(vertices, np.float32).ravel()
        p["vertex_texcoords"] = np.ascontiguousarray(uvs, np.float32).ravel()
        p["faces"] = np.ascontiguousarray(faces, np.uint32).ravel()
        p.update()
        self.scene = mi.load_dict({"type": "scene", "m": mesh})
        self.mesh = mesh
        self.table = [mi.Float(np.ascontiguousarray(table[:, k], np.float32)) for k in range(NCOL)]
        self.faces = len(faces)
        self.ground = mi.Texture2f(mi.TensorXf(np.ascontiguousarray(ground, np.float32)), wrap_mode=dr.WrapMode.Clamp)
        self.box = [mi.Float(float(v)) for v in ground_box]
        dr.make_opaque(*self.box)
        self.noise = mi.Texture2f(mi.TensorXf(NOISE), wrap_mode=dr.WrapMode.Repeat)

    # -- surfaces ---------------------------------------------------------------------------------------------------
    def _col(self, name, prim, on):
        return dr.gather(mi.Float, self.table[COLS.index(name)], prim, on)

    def _ground(self, p, on):
        x0, y0, x1, y1 = self.box
        return self.ground.eval(mi.Point2f((p.x - x0) / (x1 - x0), (p.y - y0) / (y1 - y0)), on)

    def _flat(self, si, on):
        """Paint without its grain: enough for what a bounce meets."""
        prim = si.prim_index
        ground = self._col("kind", prim, on) == GROUND
        g = self._ground(si.p, on & ground)
        return [dr.select(ground, g[k], self._col("bgrn"[k], prim, on)) for k in range(4)]

    def _paint(self, si, on, snow):
        prim = si.prim_index
        kind = self._col("kind", prim, on)
        seed = self._col("seed", prim, on)
        su, sv = self._col("su", prim, on), self._col("sv", prim, on)
        u, v = si.uv.x, si.uv.y
        off = seed * 0.6180339
        # the noise's largest features are a sixth of its period wide: su and sv are about the grain's size in metres
        a = self.noise.eval(mi.Point2f(u / (su * 5) + off, v / (sv * 5) + seed * 0.3819), on)
        b = self.noise.eval(mi.Point2f(u / 37.0 + off * 1.7, v / 37.0 + seed * 0.77), on)
        c = self.noise.eval(mi.Point2f(u / 120.0 + off * 0.3, v / 120.0 + seed * 0.1), on)
        grain = 1 + self._col("amp", prim, on) * (0.75 * a[0] + 0.45 * b[0])
        dirt = self._col("dirt", prim, on)
        w = dr.clip(dirt * (1 + 0.9 * b[1] + 0.45 * a[2]), 0, 1)
        ground = kind == GROUND
        g = self._ground(si.p, on & ground)
        # snow lies on what looks up
        flake = dr.clip((snow * self._col("snow", prim, on) * 3.4 - 1.7 + 0.8 * c[2] + 0.2 * b[2]) * 1.8, 0, 0.97)
        flake = dr.select((si.n.z > 0.6) & (snow > 0), flake, 0)
        out = []
        for k, white in enumerate((0.86, 0.86, 0.85, 0.78)):
            base = self._col("bgrn"[k], prim, on) * grain
            base = base * (1 - w) + self._col(("db", "dg", "dr", "dn")[k], prim, on) * w * grain
            base = base * (1 - flake) + white * flake
            out.append(dr.select(ground, g[k], dr.clip(base, 0.004, 0.95)))
        return out, kind, a, b

    def _normal(self, si, d, on, a, b, kind):
        n = mi.Normal3f(si.n)
        prim = si.prim_index
        bump, period = self._col("bump", prim, on), self._col("period", prim, on)
        t = dr.normalize(si.dp_du)
        phase = dr.sin(2 * dr.pi * si.uv.x / dr.maximum(period, 1e-3))
        tilt = bump * phase
        rib = (bump != 0) & (kind == PLAIN)
        n = dr.select(rib, dr.normalize(n + t * tilt), n)
        wave = kind == WATER
        n = dr.select(wave, dr.normalize(n + bump * mi.Normal3f(a[0], a[1], 0)), n)
        return dr.select(dr.dot(n, d) > 0, -n, n)

    # -- light ------------------------------------------------------------------------------------------------------
    def _sky(self, d, on):
        az = dr.atan2(d.y, d.x) / (2 * dr.pi)
        return self.sky.eval(mi.Point2f(dr.select(az < 0, az + 1, az), dr.maximum(d.z, 0.0)), on)

    def render(self, px, py, view_dir, sun_dir, direct, sky, spp, seed, snow=0.0, step=0.25):
        """Reflectance (pi L over the light on open level ground) at points (px, py) of the plane z = 0.

        Returns (4, len) averages over ``spp`` paths, and the face first met by the middle path.
        """
        n = len(px)
        self.sky = mi.Texture2f(mi.TensorXf(sky), wrap_mode=dr.WrapMode.Repeat)
        sun = mi.Vector3f([float(v) for v in sun_dir])
        eye = mi.Vector3f([float(v) for v in view_dir])
        level = float(sun_dir[2])
        up = (np.arange(sky.shape[0]) + 0.5) / sky.shape[0]
        diffuse = 2 * np.pi * (sky * up[:, None, None]).mean((0, 1))
        total = direct * level + diffuse
        E = [mi.Float(float(direct[k] / total[k])) for k in range(4)]  # of the level ground's light
        K = [mi.Float(float(np.pi / total[k])) for k in range(4)]
        step, snow = mi.Float(float(step)), mi.Float(float(snow))
        dr.make_opaque(sun, eye, step, snow, *E, *K)
        X, Y = mi.Float(px.astype(np.float32)), mi.Float(py.astype(np.float32))
        total_out = np.zeros((4, n), np.float32)
        first = None
        sampler = mi.load_dict({"type": "independent"})
        for s in range(spp):
            # the same random start in each pass, moved on by a lattice: far less grain than fresh numbers
            sampler.seed(seed, n)
            walk = [
                mi.Float(float((s * q) % 1.0))
                for q in (0.7548777, 0.5698403, 0.6180340, 0.4142136, 0.8191725, 0.6710436, 0.5497005, 0.3247180)
            ]
            dr.make_opaque(*walk)
            out, prim = self._trace(X, Y, step, eye, sun, E, K, sampler, snow, walk)
            dr.eval(out, prim)
            total_out += np.stack([np.array(o) for o in out])
            if s == 0:
                first = np.array(prim)
        return total_out / spp, first

    def _disc(self, axis, sample, half_angle):
        f = mi.Frame3f(axis)
        q = mi.warp.square_to_uniform_disk_concentric(sample) * half_angle
        return dr.normalize(axis + f.s * q.x + f.t * q.y)

    def _trace(self, X, Y, step, eye, sun, E, K, sampler, snow, walk):
        def pair(k):
            q = sampler.next_2d() + mi.Point2f(walk[2 * k], walk[2 * k + 1])
            return q - dr.floor(q)

        j = pair(0)
        p = mi.Point3f(X + (j.x - 0.5) * step, Y + (j.y - 0.5) * step, 0.0) - eye * 400.0
        ray = mi.Ray3f(p, eye)
        si = self.scene.ray_intersect(ray)
        on = si.is_valid()
        paint, kind, a, b = self._paint(si, on, snow)
        n = self._normal(si, eye, on, a, b, kind)
        leaf = kind == LEAF
        lift = dr.select(dr.dot(si.n, eye) > 0, -1.0, 1.0)
        start = si.p + si.n * lift * 2e-3
        ls = self._disc(sun, pair(1), 0.00466)
        cos = dr.dot(n, ls)
        # leaves let a third of the light through
        cos = dr.select(leaf, dr.select(cos > 0, 0.85 * cos, -0.45 * cos), dr.maximum(cos, 0))
        start_sun = dr.select(leaf, si.p + ls * 0.02, start)
        lit = on & (cos > 0)
        shade = self.scene.ray_test(mi.Ray3f(start_sun, ls), lit)
        # a leaf in the shade of leaves still gets light that came through them
        direct = dr.select(lit & ~shade, cos, dr.select(leaf & lit & shade, 0.26 * cos, 0))
        out = [paint[k] * E[k] * direct for k in range(4)]
        # gloss
        prim = si.prim_index
        gloss, rough = self._col("gloss", prim, on), self._col("rough", prim, on)
        h = dr.normalize(ls - eye)
        m = 2 / (rough * rough + 1e-4)
        lobe = (m + 2) / 8 * dr.power(dr.maximum(dr.dot(n, h), 0), m)
        fres = gloss * (1 + (1 / dr.maximum(gloss, 0.02) - 1) * dr.power(1 - dr.clip(dr.dot(n, -eye), 0, 1), 5))
        mirror = eye - 2 * dr.dot(n, eye) * mi.Vector3f(n)
        sk = self._sky(dr.normalize(mirror), on & (gloss > 0))
        glint = dr.select(lit & ~shade & (gloss > 0), fres * lobe * cos, 0)
        for k in range(4):
            out[k] += dr.select(gloss > 0, E[k] * glint + fres * K[k] * sk[k], 0)
        # bounce
        f = mi.Frame3f(n)
        w1 = f.to_world(mi.warp.square_to_cosine_hemisphere(pair(2)))
        ray1 = mi.Ray3f(dr.select(leaf, si.p + w1 * 0.02, start), dr.normalize(w1))
        si1 = self.scene.ray_intersect(ray1, on)
        hit1 = si1.is_valid() & on
        s1 = self._sky(ray1.d, on & ~hit1)
        flat = self._flat(si1, hit1)
        n1 = dr.select(dr.dot(si1.n, ray1.d) > 0, -si1.n, si1.n)
        start1 = si1.p + n1 * 2e-3
        c1 = dr.maximum(dr.dot(n1, sun), 0)
        shade1 = self.scene.ray_test(mi.Ray3f(start1, sun), hit1 & (c1 > 0))
        c1 = dr.select(hit1 & ~shade1, c1, 0)
        f1 = mi.Frame3f(n1)
        w2 = f1.to_world(mi.warp.square_to_cosine_hemisphere(pair(3)))
        shut2 = self.scene.ray_test(mi.Ray3f(start1, w2), hit1)
        s2 = self._sky(w2, hit1 & ~shut2)
        for k in range(4):
            far = flat[k] * (E[k] * c1 + dr.select(shut2, 0.05, K[k] * s2[k]))
            out[k] += paint[k] * dr.select(hit1, far, K[k] * s1[k])
            out[k] = dr.select(on, out[k], 0.05)
        return out, dr.select(on, prim, 0xFFFFFFFF)
