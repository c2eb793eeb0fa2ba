"""Vessels on water: what stands out of it, parted where several lie side by side, as rectangles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Floats, Singles
from changedet.kernels import components
from changedet.kernels.morphology import dilated, disc, opened, square
from changedet.pipeline.things.kernels import rafts
from changedet.pipeline.things.kernels.rafts import Part, Patch

OPEN_M: Final = 2.0
"""Radius of an opening: mooring lines, wakes and jetties of less than twice it are taken off."""
LEAST_M2: Final = 40.0
"""Of a vessel: 10 m by 4 m."""
MOST_M2: Final = 40_000.0
"""Of vessels that lie together: more is land. The largest ships cover 400 m by 61 m."""
WIDE_M: Final = 3.0
"""Radius of a disc that fits into wide water: between stacks and in the shade of cranes it fits seldom."""
RING_M: Final = 8.0
"""Around a hull it is looked so far, from `WIDE_M` on, whether it lies in water."""
LEAST_RING: Final = 0.6
"""Share of this ring, beside other hulls, that is wide water; around pieces of land between shades there is none."""
MOST_CONTACT: Final = 2.5
"""Length along which the frame may cut a hull, over the root of the hull's area. A straight shore that crosses a frame
leaves at least 2.83 (a corner with equal legs, half a square); drawn rafts, seeds 1000 to 1039, up to 2.25."""
LENGTHS_M: Final = (8.0, 420.0)
"""Of vessels."""
WIDTHS_M: Final = (4.0, 66.0)
"""Likewise."""
LONG_M: Final = 25.0
LEAST_LONG_WIDTH_M: Final = 4.5
"""From so long on no vessel is narrower: barges of narrow canals have 38.5 m by 5 m, jetties and booms less."""
ASPECTS: Final = (1.25, 9.0)
"""Length over width: pontoons have little of it, jetties more."""
LEAST_FILL: Final = 0.7
"""Share of its rectangle that a hull fills: the waterplane coefficient of ships is .7 to .9."""
CUT: Final = 0.0
"""Log odds from which a raft is cut: even. Of 256 vessels of drawn harbours, seeds 1100 to 1129, 1.0 finds 220, 217 of
220 true; 0.0 finds 228, 225 of 230 true; -1.0 finds 236, 225 of 233 true, with ends half as sure."""
CUT_UNSHAPED: Final = -2.0
"""The same where what would stay whole has no vessel's shape."""
LEAST_REST: Final = 0.1
"""Share of a part's hull beside its rectangle from which it is looked at as another part."""
ENDS: Final = 10
"""Each end is so much of a hull's length, of which its taper is read."""
DEEPEST: Final = 14
"""Cuts one after another: rafts have a dozen barges."""
MARGIN_M: Final = 6.0
"""Beside a part its surroundings are shown with it, for the strips beside cuts."""
BRIDGE_M: Final = 1.0
"""Radius of an opening after a cut: slivers beside it are taken off."""

CONFIDENCE: Final = (0.95, 0.8)
"""Of a vessel that lies alone, and of one cut from a raft; benchmarks/ships.py."""
LENGTH_ERROR: Final = (0.03, 0.1)
"""Standard error of the length as a share of it, likewise."""
MOORED_LENGTH_ERROR: Final = 0.06
"""The same of a ship at a berth, which shade on its deck and cranes make shorter or longer; fifteen ships of painted
ports, seeds 1011 to 1213 (`python benchmarks/ships.py --painted`)."""

WEIGHTS: Final = (5.486, -5.683, 5.811, 0.554, 4.215, 5.413, 0.279, 1.156, 4.214, -1.109, 5.079, -1.271)
"""Of `rafts.FEATURES` in the log odds of a cut; fitted by training/fit_rafts.py on seeds 1000 to 1059."""
BIAS: Final = -17.424
"""As `WEIGHTS`."""


@dataclass(frozen=True)
class Outline:
    """A vessel's rectangle in a picture.

    Attributes
    ----------
    corners : float64 (4, 2)
        x, y in pixels from the picture's upper left corner.
    length_m, width_m : float
        Its sides.
    fill : float
        Share of it that is hull, 0 to 1.
    taper : float
        How much narrower the narrower end is than the middle, 0 (a barge) to 1 (a bow).
    is_cut : bool
        Whether it was cut from a raft.
    is_moored : bool
        Whether it lies at a berth.
    """

    corners: Floats
    length_m: float
    width_m: float
    fill: float
    taper: float
    is_cut: bool = False
    is_moored: bool = False

    @property
    def confidence(self) -> float:
        """Share of its like that are vessels, 0 to 1."""
        return CONFIDENCE[self.is_cut]

    @property
    def length_share_error(self) -> float:
        """Standard error of the length as a share of it."""
        return MOORED_LENGTH_ERROR if self.is_moored else LENGTH_ERROR[self.is_cut]

    def has_shape(self) -> bool:
        """Whether its measures are a vessel's.

        Returns
        -------
        bool
            Length, width, their ratio and the share that is hull.
        """
        aspect = self.length_m / max(self.width_m, 1e-6)
        return (
            LENGTHS_M[0] <= self.length_m <= LENGTHS_M[1]
            and WIDTHS_M[0] <= self.width_m <= WIDTHS_M[1]
            and (self.length_m < LONG_M or self.width_m >= LEAST_LONG_WIDTH_M)
            and ASPECTS[0] <= aspect <= ASPECTS[1]
            and self.fill >= LEAST_FILL
        )


def hulls(wet: Bools, shown: Bools, pixel_m: float) -> Bools:
    """Find what stands out of the water.

    Parameters
    ----------
    wet : bool (y, x)
        Open water.
    shown : bool (y, x)
        False where there is no data.
    pixel_m : float

    Returns
    -------
    bool (y, x)
        Land and hulls, without what is thinner than a hull.
    """
    solid = shown & ~wet
    return opened(solid, _disc(OPEN_M / pixel_m))


def afloat(hull: Bools, wet: Bools, shown: Bools, pixel_m: float) -> Bools:
    """Take what lies in open water: land and what is tied to it are left out.

    Parameters
    ----------
    hull : bool (y, x)
        Of `hulls`.
    wet, shown : bool (y, x)
        Likewise.
    pixel_m : float

    Returns
    -------
    bool (y, x)
        Connected hulls around which mostly wide water lies, as far as the picture shows.
    """
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.ndimage import find_objects

    reach = round(RING_M / pixel_m)
    labels = components.label(hull.astype(np.uint8))
    kept = np.zeros(int(labels.max()) + 1, bool)
    sizes = np.bincount(labels.ravel()) * pixel_m**2
    free = np.pad(shown & ((labels == 0) | (sizes > MOST_M2)[labels]), reach)
    dark = np.pad(~shown, reach, constant_values=True)
    ring_disc, near = (_disc(metres / pixel_m) for metres in (RING_M, WIDE_M))
    wide = np.pad(opened(wet, near), reach)
    for k, (rows, columns) in enumerate(find_objects(labels), 1):
        if not LEAST_M2 <= sizes[k] <= MOST_M2:
            continue
        own = np.pad((labels[rows, columns] == k).astype(np.uint8), reach)
        window = slice(rows.start, rows.stop + 2 * reach), slice(columns.start, columns.stop + 2 * reach)
        ring = (cv2.dilate(own, ring_disc) > 0) & (cv2.dilate(own, near) == 0) & free[window]
        in_water = ring.any() and bool(wide[window][ring].mean() >= LEAST_RING)
        kept[k] = in_water and _contact_m(own, dark[window], pixel_m) <= MOST_CONTACT * float(np.sqrt(sizes[k]))
    return np.asarray(kept[labels])


def _contact_m(own: Bytes, dark: Bools, pixel_m: float) -> float:
    """Length along which a hull meets what is not shown."""
    return float(((own > 0) & dilated(dark, square(3))).sum() * pixel_m)


def vessels(image: Singles, hull: Bools, pixel_m: float) -> list[Outline]:
    """Find vessels.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN is no data.
    hull : bool (y, x)
        Of `hulls`, without land.
    pixel_m : float
        Size of a pixel in metres.

    Returns
    -------
    list of Outline
        From the top; those whose shape is a vessel's.
    """
    # Imported here for a quick start.
    from scipy.ndimage import find_objects

    labels = components.label(hull.astype(np.uint8))
    found = []
    filled = np.nan_to_num(image, nan=0.0)
    for k, place in enumerate(find_objects(labels), 1):
        if LEAST_M2 <= int((labels[place] == k).sum()) * pixel_m**2 <= MOST_M2:
            found += _parts(
                filled, labels == k, pixel_m, None, 0, (place[0].start, place[1].start, place[0].stop, place[1].stop)
            )
    return [one for one in found if one.has_shape()]


_Place = tuple[int, int, int, int]


def _parts(
    image: Singles, hull: Bools, pixel_m: float, near_rad: float | None, depth: int, place: _Place
) -> list[Outline]:
    """The vessels of one connected hull, whose rectangle (top, left, bottom, right) is given."""
    edge = round(MARGIN_M / pixel_m)
    top, left = max(0, place[0] - edge), max(0, place[1] - edge)
    window = np.ascontiguousarray(image[:, top : place[2] + edge, left : place[3] + edge])
    own = np.ascontiguousarray(hull[top : place[2] + edge, left : place[3] + edge])
    found = _cut(window, own, pixel_m, near_rad, depth)
    return [
        Outline(one.corners + np.array([left, top]), one.length_m, one.width_m, one.fill, one.taper, one.is_cut)
        for one in found
    ]


def _cut(image: Singles, hull: Bools, pixel_m: float, near_rad: float | None, depth: int) -> list[Outline]:
    heading = rafts.heading_of(image.mean(axis=0), hull, near_rad)
    patch = rafts.patch_of(image, hull, heading, pixel_m)
    part = rafts.tightened(patch.hull, Part(0, patch.hull.shape[0], 0, patch.hull.shape[1]))
    if part is None:
        return []
    whole = _outline(patch, part, is_cut=depth > 0)
    from_picture = cv2.invertAffineTransform(patch.to_picture)
    ys, xs = np.nonzero(hull)
    along, across = (from_picture[k, 0] * xs + from_picture[k, 1] * ys + from_picture[k, 2] for k in (0, 1))
    where, features = rafts.cuts_of(part, rafts.planes_of(patch))
    odds = features @ np.array(WEIGHTS) + BIAS
    if depth >= DEEPEST or not len(odds) or odds.max() <= (CUT if whole.has_shape() else CUT_UNSHAPED):
        outside = (along < part.left) | (along >= part.right) | (across < part.top) | (across >= part.bottom)
        is_rest = outside.mean() >= LEAST_REST and depth < DEEPEST
        return [whole, *(_sides(image, hull, pixel_m, heading, depth, [outside]) if is_rest else [])]
    best = int(odds.argmax())
    low = (across if where[best, 0] else along) < where[best, 1] - 0.5
    found = _sides(image, hull, pixel_m, heading, depth, [low, ~low])
    # A vessel is not cut into pieces that are none.
    return found if any(one.has_shape() for one in found) or not whole.has_shape() else [whole]


def _sides(
    image: Singles, hull: Bools, pixel_m: float, heading: float, depth: int, sides: list[Bools]
) -> list[Outline]:
    """The vessels of each side of a cut, given as flags of the hull's pixels."""
    # Imported here for a quick start.
    from scipy.ndimage import find_objects

    ys, xs = np.nonzero(hull)
    found: list[Outline] = []
    for side in sides:
        own = np.zeros(hull.shape, bool)
        own[ys[side], xs[side]] = True
        labels = components.label(opened(own, _disc(BRIDGE_M / pixel_m)).astype(np.uint8))
        for k, place in enumerate(find_objects(labels), 1):
            one = labels == k
            if int(one.sum()) * pixel_m**2 >= LEAST_M2:
                where = (place[0].start, place[1].start, place[0].stop, place[1].stop)
                found += _parts(image, one, pixel_m, heading, depth + 1, where)
    return found


def _outline(patch: Patch, part: Part, *, is_cut: bool) -> Outline:
    inside = patch.hull[part.top : part.bottom, part.left : part.right]
    across_m, along_m = inside.shape[0] * rafts.PIXEL_M, inside.shape[1] * rafts.PIXEL_M
    corners = np.array(
        [[part.left, part.top], [part.right, part.top], [part.right, part.bottom], [part.left, part.bottom]], float
    )
    # Pixel centres to edges: a rectangle ends half a pixel beyond the centres of its pixels.
    at = (corners - 0.5) @ patch.to_picture[:, :2].T + patch.to_picture[:, 2] + 0.5
    lines = inside.sum(axis=0 if along_m >= across_m else 1) / min(inside.shape)
    tenth = max(1, len(lines) // ENDS)
    ends = min(float(lines[:tenth].mean()), float(lines[-tenth:].mean()))
    taper = float(np.clip(1.0 - ends / max(float(np.median(lines)), 1e-6), 0.0, 1.0))
    return Outline(at, max(across_m, along_m), min(across_m, along_m), float(inside.mean()), taper, is_cut)


def _disc(radius_px: float) -> Bytes:
    return disc(2 * round(radius_px) + 1)
