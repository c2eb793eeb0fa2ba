"""What a detector's rows say of presence and counts. The figures are written by training/fit_tracks.py; do not edit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from changedet.kernels.series import PLAIN, Calibration
from changedet.kernels.tracks import Tables

_TABLES: Final[dict[str, dict[str, Any]]] = {
    "classical": {
        "absent": [0.9129, 0.0204, 0.0215, 0.028, 0.0086, 0.0086],
        "emission": [
            [0.0312, 0.0054, 0.0121, 0.0513, 0.45, 0.45],
            [0.0331, 0.042, 0.1191, 0.3225, 0.2416, 0.2416],
            [0.3066, 0.0993, 0.1063, 0.1648, 0.1615, 0.1615],
            [0.0657, 0.0035, 0.0311, 0.2803, 0.3097, 0.3097],
            [0.7695, 0.0313, 0.02, 0.1052, 0.037, 0.037],
            [0.111, 0.1913, 0.2712, 0.3218, 0.0524, 0.0524],
        ],
        "weight": [0.6038, 0.1835, 0.0843, 0.1283, 0.8058, 0.1942],
        "company": [[0.042, 0.3, 0.658], [0.1632, 0.4, 0.4368]],
        "ease_sd": 0.8615,
        "start": 0.7316,
        "mobile_birth": 0.154,
        "mobile_death": 0.9648,
        "birth": 0.2534,
        "death": 0.0199,
        "precision": 0.9098,
    },
    "learned": {
        "absent": [0.8767, 0.0272, 0.0286, 0.041, 0.0229, 0.0036],
        "emission": [
            [0.0075, 0.0033, 0.0058, 0.0125, 0.0493, 0.9215],
            [0.007, 0.008, 0.0301, 0.1086, 0.3059, 0.5404],
            [0.0465, 0.0535, 0.1347, 0.3155, 0.3592, 0.0906],
            [0.077, 0.001, 0.0031, 0.0729, 0.231, 0.615],
            [0.8039, 0.0102, 0.0093, 0.0586, 0.0598, 0.0581],
            [0.2466, 0.1891, 0.2208, 0.2534, 0.0845, 0.0056],
        ],
        "weight": [0.4881, 0.2752, 0.0818, 0.155, 0.8466, 0.1534],
        "company": [[0.0209, 0.1896, 0.7895], [0.3762, 0.3424, 0.2814]],
        "ease_sd": 1.692,
        "start": 0.7667,
        "mobile_birth": 0.1675,
        "mobile_death": 0.9715,
        "birth": 0.2525,
        "death": 0.0205,
        "precision": 0.9153,
    },
}

_CALIBRATION: Final[dict[str, dict[float, dict[str, Any]]]] = {
    "learned": {
        0.5: {
            "scale": 0.9674148909875007,
            "boxes": (0.76, 1.672),
            "arrivals": (1.095, 4.291),
            "departures": (0.963, 4.385),
        }
    },
    "classical": {
        0.5: {
            "scale": 0.9874161990752301,
            "boxes": (1.204, 2.794),
            "arrivals": (0.803, 11.491),
            "departures": (1.246, 8.997),
        }
    },
}

TABLES: Final[Mapping[str, Tables]] = {name: Tables.of(part) for name, part in _TABLES.items()}
CALIBRATION: Final[Mapping[str, Mapping[float, Calibration]]] = {
    name: {size: Calibration(**own) for size, own in parts.items()} for name, parts in _CALIBRATION.items()
}
"""By detector and ground sampling distance in metres."""
USUAL_M: Final = 0.5


def calibration(detector: str, resolution_m: float) -> Calibration:
    """That of the resolution nearest in proportion; `PLAIN` for a detector without one. NaN counts as half a metre."""
    parts = CALIBRATION.get(detector)
    if not parts:
        return PLAIN
    wanted = math.log(resolution_m if resolution_m > 0 else USUAL_M)
    return parts[min(parts, key=lambda size: abs(math.log(size) - wanted))]
