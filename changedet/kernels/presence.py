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
            [
                0.16666666666666666,
                0.16666666666666666,
                0.16666666666666666,
                0.16666666666666666,
                0.16666666666666666,
                0.16666666666666666,
            ],
            [
                0.16666666666666666,
                0.16666666666666666,
                0.16666666666666666,
                0.16666666666666666,
                0.16666666666666666,
                0.16666666666666666,
            ],
            [
                0.16666666666666666,
                0.16666666666666666,
                0.16666666666666666,
                0.16666666666666666,
                0.16666666666666666,
                0.16666666666666666,
            ],
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
        "absent": [0.9524, 0.0137, 0.0127, 0.0131, 0.0041, 0.0041],
        "emission": [
            [0.0064, 0.001, 0.0035, 0.0127, 0.0483, 0.9282],
            [0.0103, 0.0058, 0.0251, 0.0911, 0.3373, 0.5304],
            [0.1165, 0.0386, 0.0973, 0.331, 0.3155, 0.1012],
            [0.0778, 0.0031, 0.0031, 0.0571, 0.2168, 0.6421],
            [0.8247, 0.0069, 0.0055, 0.0535, 0.0453, 0.0641],
            [0.3173, 0.1949, 0.201, 0.2237, 0.0546, 0.0084],
        ],
        "shade": [
            [0.0016, 0.2582, 0.403, 0.3043, 0.0312, 0.0016],
            [0.0002, 0.0816, 0.1713, 0.3272, 0.3297, 0.0899],
            [0.0015, 0.2872, 0.2493, 0.3659, 0.0714, 0.0248],
        ],
        "weight": [0.5992, 0.205, 0.0402, 0.1556, 0.9161, 0.0839],
        "company": [[0.0298, 0.1935, 0.7766], [0.448, 0.3104, 0.2416]],
        "ease_sd": 1.9161,
        "start": 0.7658,
        "mobile_birth": 0.1669,
        "mobile_death": 0.9713,
        "birth": 0.2523,
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
            "scale": 0.9981116856436401,
            "boxes": (0.981, 1.311),
            "arrivals": (0.703, 4.789),
            "departures": (0.774, 3.294),
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
