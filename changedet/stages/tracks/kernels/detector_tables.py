"""How each detector's scores depend on presence, and its counts' intervals.

The figures are written by training/fit_tracks.py; do not edit them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, TypedDict

from changedet.kernels.doubts import NO_DOUBTS
from changedet.kernels.intervals import PLAIN, Calibration
from changedet.stages.tracks.kernels.doubt_weights import WEIGHTS
from changedet.stages.tracks.kernels.emissions import DetectorTables, Fitted


class _FittedCalibration(TypedDict):
    scale: float
    boxes: tuple[float, float]
    arrivals: tuple[float, float]
    departures: tuple[float, float]


_TABLES: Final[Mapping[str, Fitted]] = {
    "classical": {
        "absent": [0.9051, 0.0246, 0.0229, 0.0288, 0.0179, 0.0006],
        "emission": [
            [0.0381, 0.0038, 0.0109, 0.0302, 0.1682, 0.7487],
            [0.0299, 0.0138, 0.0434, 0.1572, 0.5488, 0.2069],
            [0.1966, 0.0805, 0.1269, 0.2924, 0.2522, 0.0515],
            [0.0799, 0.0129, 0.0284, 0.3222, 0.3531, 0.2036],
            [0.7826, 0.0232, 0.019, 0.1099, 0.047, 0.0184],
            [0.1527, 0.2047, 0.2515, 0.2881, 0.0961, 0.007],
        ],
        "shade": [
            [0.9051, 0.0246, 0.0229, 0.0288, 0.0179, 0.0006],
            [0.1966, 0.0805, 0.1269, 0.2924, 0.2522, 0.0515],
            [0.1527, 0.2047, 0.2515, 0.2881, 0.0961, 0.007],
        ],
        "weight": [0.3516, 0.3201, 0.2073, 0.121, 0.8255, 0.1745],
        "neighbours": [[0.0235, 0.2151, 0.7614], [0.1783, 0.398, 0.4237]],
        "detectability_sd": 1.3152,
        "start": 0.7677,
        "mobile_birth": 0.1562,
        "mobile_death": 0.9587,
        "birth": 0.2597,
        "death": 0.021,
        "precision": 0.9142,
        "container_precision": 0.9142,
        "appearance_weights": [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        "appearance": [
            [[0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2]],
            [[0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2]],
            [[0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2]],
            [[0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2]],
        ],
        "outline": [[0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2]],
    },
    "learned": {
        "absent": [0.9517, 0.0194, 0.0139, 0.0059, 0.0053, 0.0038],
        "emission": [
            [0.0024, 0.0006, 0.0022, 0.0072, 0.0329, 0.9546],
            [0.0252, 0.005, 0.0213, 0.073, 0.2614, 0.6141],
            [0.0705, 0.0253, 0.1381, 0.2774, 0.4441, 0.0445],
            [0.0678, 0.0024, 0.0024, 0.0439, 0.1842, 0.6994],
            [0.8302, 0.005, 0.006, 0.0441, 0.0612, 0.0535],
            [0.2419, 0.2789, 0.2542, 0.1992, 0.0118, 0.014],
        ],
        "shade": [
            [0.5342, 0.1881, 0.2373, 0.0376, 0.0021, 0.0007],
            [0.0693, 0.0492, 0.1686, 0.2844, 0.2764, 0.1521],
            [0.7024, 0.0793, 0.1034, 0.0641, 0.0387, 0.0121],
        ],
        "weight": [0.6423, 0.1763, 0.0244, 0.1571, 0.9527, 0.0473],
        "neighbours": [[0.0305, 0.2249, 0.7447], [0.4552, 0.2657, 0.2791]],
        "detectability_sd": 1.9454,
        "start": 0.7582,
        "mobile_birth": 0.1654,
        "mobile_death": 0.9618,
        "birth": 0.2545,
        "death": 0.0231,
        "precision": 0.951,
        "container_precision": 0.951,
        "appearance_weights": [-0.3885, -1.8336, 0.5634, 1.3674, -0.0002, 1.5035, -0.2168, 2.0351],
        "appearance": [
            [
                [0.719, 0.1909, 0.057, 0.0152, 0.018],
                [0.0623, 0.1621, 0.2219, 0.2918, 0.2618],
                [0.6199, 0.1562, 0.1062, 0.0741, 0.0436],
            ],
            [
                [0.1281, 0.3678, 0.406, 0.0736, 0.0245],
                [0.0085, 0.0544, 0.1608, 0.2551, 0.5212],
                [0.0286, 0.1619, 0.2762, 0.3143, 0.219],
            ],
            [
                [0.0725, 0.3449, 0.4319, 0.1304, 0.0203],
                [0.0055, 0.0276, 0.1934, 0.4033, 0.3702],
                [0.0678, 0.2625, 0.3628, 0.2212, 0.0855],
            ],
            [
                [0.018, 0.1825, 0.563, 0.2134, 0.0231],
                [0.006, 0.0459, 0.1896, 0.4291, 0.3293],
                [0.0233, 0.1163, 0.3023, 0.3953, 0.1628],
            ],
        ],
        "outline": [
            [0.832, 0.1177, 0.046, 0.0038, 0.0006],
            [0.0371, 0.2827, 0.3058, 0.2606, 0.1138],
            [0.832, 0.1177, 0.046, 0.0038, 0.0006],
        ],
    },
}

_HARD: Final[Mapping[str, Fitted]] = {
    "learned": {
        "absent": [0.8693, 0.0505, 0.0274, 0.0288, 0.0146, 0.0094],
        "emission": [
            [0.007, 0.0023, 0.0093, 0.0274, 0.1182, 0.8357],
            [0.0134, 0.0237, 0.096, 0.2493, 0.4515, 0.166],
            [0.3423, 0.0789, 0.0935, 0.1744, 0.1079, 0.203],
            [0.1996, 0.0108, 0.0257, 0.1238, 0.2532, 0.387],
            [0.7478, 0.0217, 0.0137, 0.074, 0.0716, 0.0712],
            [0.1758, 0.0987, 0.0789, 0.0752, 0.1302, 0.4411],
        ],
        "shade": [
            [0.4975, 0.2177, 0.2019, 0.0579, 0.0179, 0.0071],
            [0.0878, 0.0643, 0.2007, 0.2789, 0.2332, 0.1351],
            [0.5875, 0.1124, 0.1246, 0.1277, 0.029, 0.0188],
        ],
        "weight": [0.493, 0.261, 0.0741, 0.1719, 0.7139, 0.2861],
        "neighbours": [[0.0158, 0.1346, 0.8496], [0.3374, 0.2757, 0.3869]],
        "detectability_sd": 4.0,
        "start": 0.7582,
        "mobile_birth": 0.1654,
        "mobile_death": 0.9618,
        "birth": 0.2545,
        "death": 0.0231,
        "precision": 0.8972,
        "container_precision": 0.9885,
        "appearance_weights": [-0.5608, -1.6932, 0.3991, 0.9757, 0.1384, 1.1944, -0.2919, 1.3581],
        "appearance": [
            [
                [0.3889, 0.3963, 0.1554, 0.0401, 0.0192],
                [0.0188, 0.1349, 0.3103, 0.3406, 0.1954],
                [0.3033, 0.333, 0.203, 0.1101, 0.0507],
            ],
            [
                [0.0172, 0.2503, 0.5177, 0.1733, 0.0415],
                [0.0014, 0.0303, 0.1846, 0.3551, 0.4287],
                [0.0173, 0.1488, 0.3126, 0.3264, 0.1949],
            ],
            [
                [0.0101, 0.2779, 0.4523, 0.2414, 0.0183],
                [0.0151, 0.0352, 0.206, 0.5176, 0.2261],
                [0.0286, 0.226, 0.4286, 0.2623, 0.0545],
            ],
            [
                [0.0019, 0.0801, 0.5345, 0.3482, 0.0354],
                [0.0044, 0.0281, 0.1881, 0.5141, 0.2652],
                [0.0103, 0.0309, 0.3814, 0.4639, 0.1134],
            ],
        ],
        "outline": [
            [0.7152, 0.1934, 0.0831, 0.0074, 0.0008],
            [0.0307, 0.1741, 0.4812, 0.3038, 0.0102],
            [0.7152, 0.1934, 0.0831, 0.0074, 0.0008],
        ],
    }
}


_CALIBRATION: Final[Mapping[str, Mapping[float, _FittedCalibration]]] = {
    "learned": {
        0.3: {
            "scale": 0.9992499540462009,
            "boxes": (1.082, 1.03),
            "arrivals": (0.843, 3.679),
            "departures": (0.695, 2.711),
        },
        0.5: {
            "scale": 0.9987769005438638,
            "boxes": (1.061, 0.986),
            "arrivals": (0.582, 3.555),
            "departures": (0.673, 2.66),
        },
        0.75: {
            "scale": 0.9783975445430041,
            "boxes": (1.082, 1.03),
            "arrivals": (0.619, 3.679),
            "departures": (1.175, 2.711),
        },
        1.0: {
            "scale": 0.9855100157168932,
            "boxes": (1.082, 1.03),
            "arrivals": (0.619, 3.679),
            "departures": (1.707, 2.711),
        },
    },
    "classical": {
        0.5: {
            "scale": 1.0087150245274668,
            "boxes": (1.451, 5.765),
            "arrivals": (1.718, 8.317),
            "departures": (1.581, 6.338),
        }
    },
}

TABLES: Final[Mapping[str, DetectorTables]] = {name: DetectorTables.of(part) for name, part in _TABLES.items()}
"""By detector."""
HARD_TABLES: Final[Mapping[str, DetectorTables]] = {name: DetectorTables.of(part) for name, part in _HARD.items()}
"""By detector, of sites on which boxes are often missed."""
CALIBRATION: Final[Mapping[str, Mapping[float, Calibration]]] = {
    name: {size: Calibration(**own) for size, own in parts.items()} for name, parts in _CALIBRATION.items()
}
"""By detector and ground sampling distance in metres."""
USUAL_GSD_M: Final = 0.5
"""The ground sampling distance with most calibration sites, for images whose own is unknown."""


def calibration(detector: str, resolution_m: float) -> Calibration:
    """Scale and intervals of a detector's counts, of the fitted resolution nearest in proportion.

    Parameters
    ----------
    detector : str
        Name of the objects method.
    resolution_m : float
        Ground pixel size in metres; NaN counts as `USUAL_GSD_M`.

    Returns
    -------
    Calibration
        `PLAIN` for a detector without one.
    """
    parts = CALIBRATION.get(detector)
    if not parts:
        return PLAIN
    wanted = math.log(resolution_m if resolution_m > 0 else USUAL_GSD_M)
    nearest = parts[min(parts, key=lambda size: abs(math.log(size) - wanted))]
    return nearest._replace(doubts=WEIGHTS.get(detector, NO_DOUBTS))
