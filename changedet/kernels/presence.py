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
            "scale": 0.9679303020273945,
            "boxes": (0.796, 1.645),
            "arrivals": (0.728, 4.984),
            "departures": (0.962, 3.995),
        }
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
