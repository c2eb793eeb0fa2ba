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
        "absent": [0.9525, 0.0139, 0.0126, 0.0128, 0.0041, 0.0041],
        "emission": [
            [0.0059, 0.0009, 0.0031, 0.0118, 0.0482, 0.9301],
            [0.0095, 0.0059, 0.0256, 0.0937, 0.3366, 0.5286],
            [0.139, 0.0398, 0.0979, 0.3099, 0.296, 0.1173],
            [0.0797, 0.0031, 0.0031, 0.0569, 0.2164, 0.6408],
            [0.8244, 0.007, 0.0052, 0.0536, 0.0446, 0.0651],
            [0.3301, 0.1907, 0.199, 0.2151, 0.0569, 0.0082],
        ],
        "shade": [
            [0.5228, 0.1234, 0.1926, 0.1454, 0.0149, 0.0008],
            [0.0946, 0.0753, 0.1538, 0.2973, 0.2986, 0.0805],
            [0.6585, 0.0969, 0.086, 0.1248, 0.0244, 0.0094],
        ],
        "weight": [0.5947, 0.2076, 0.0418, 0.1559, 0.9121, 0.0879],
        "company": [[0.0319, 0.1766, 0.7916], [0.4429, 0.3062, 0.2509]],
        "ease_sd": 1.9124,
        "start": 0.7655,
        "mobile_birth": 0.1669,
        "mobile_death": 0.9715,
        "birth": 0.2521,
        "death": 0.0205,
        "precision": 0.9307,
    },
}

_CALIBRATION: Final[dict[str, dict[float, dict[str, Any]]]] = {
    "learned": {
        0.3: {
            "scale": 0.9486973704049713,
            "boxes": (1.02, 1.494),
            "arrivals": (0.878, 5.1),
            "departures": (0.974, 4.041),
        },
        0.5: {
            "scale": 0.9926406447397121,
            "boxes": (1.24, 1.592),
            "arrivals": (1.471, 4.097),
            "departures": (0.849, 2.751),
        },
        0.75: {
            "scale": 0.978634819634597,
            "boxes": (1.02, 1.391),
            "arrivals": (1.629, 5.1),
            "departures": (1.494, 4.041),
        },
        1.0: {
            "scale": 0.9551569665000664,
            "boxes": (1.755, 1.391),
            "arrivals": (1.369, 5.1),
            "departures": (2.166, 4.041),
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
