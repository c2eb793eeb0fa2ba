"""What a detector's rows say of presence and counts. The figures are written by training/fit_tracks.py; do not edit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from changedet.kernels.series import PLAIN, Calibration
from changedet.kernels.tracks import Tables

_TABLES: Final[dict[str, dict[str, Any]]] = {
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
        "company": [[0.0235, 0.2151, 0.7614], [0.1783, 0.398, 0.4237]],
        "ease_sd": 1.3152,
        "start": 0.7677,
        "mobile_birth": 0.1562,
        "mobile_death": 0.9587,
        "birth": 0.2597,
        "death": 0.021,
        "precision": 0.9142,
    },
    "learned": {
        "absent": [0.9622, 0.0159, 0.01, 0.005, 0.0036, 0.0032],
        "emission": [
            [0.0038, 0.0009, 0.0026, 0.0089, 0.0397, 0.9441],
            [0.0231, 0.0052, 0.0246, 0.0823, 0.2884, 0.5764],
            [0.1198, 0.03, 0.1906, 0.2865, 0.314, 0.0592],
            [0.0762, 0.003, 0.003, 0.0539, 0.1921, 0.6717],
            [0.8266, 0.005, 0.0072, 0.0428, 0.0607, 0.0578],
            [0.2036, 0.3037, 0.2293, 0.188, 0.038, 0.0374],
        ],
        "shade": [
            [0.5241, 0.2073, 0.2384, 0.0272, 0.0023, 0.0008],
            [0.0733, 0.0485, 0.169, 0.2993, 0.2696, 0.1402],
            [0.6873, 0.0843, 0.1038, 0.0703, 0.0411, 0.0132],
        ],
        "weight": [0.6253, 0.1887, 0.0276, 0.1584, 0.9577, 0.0423],
        "company": [[0.0291, 0.1704, 0.8005], [0.4196, 0.2686, 0.3118]],
        "ease_sd": 2.0248,
        "start": 0.7638,
        "mobile_birth": 0.1659,
        "mobile_death": 0.9719,
        "birth": 0.2513,
        "death": 0.0205,
        "precision": 0.9479,
    },
}

_CALIBRATION: Final[dict[str, dict[float, dict[str, Any]]]] = {
    "learned": {
        0.3: {
            "scale": 0.9966901718300625,
            "boxes": (1.204, 1.119),
            "arrivals": (0.784, 5.324),
            "departures": (0.789, 2.373),
        },
        0.5: {
            "scale": 0.99581828302435,
            "boxes": (1.204, 1.119),
            "arrivals": (0.784, 5.324),
            "departures": (0.789, 2.373),
        },
        0.75: {
            "scale": 0.9790554692434623,
            "boxes": (1.204, 1.119),
            "arrivals": (0.798, 5.324),
            "departures": (1.388, 2.373),
        },
        1.0: {
            "scale": 0.983337977059706,
            "boxes": (1.204, 1.119),
            "arrivals": (1.467, 5.324),
            "departures": (1.921, 2.373),
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
