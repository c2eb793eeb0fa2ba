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
        "look": [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        "sight": [
            [[0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2]],
            [[0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2]],
            [[0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2]],
            [[0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2]],
        ],
    },
    "learned": {
        "absent": [0.9512, 0.0193, 0.0142, 0.006, 0.0053, 0.0039],
        "emission": [
            [0.0027, 0.0009, 0.0026, 0.0078, 0.0347, 0.9513],
            [0.025, 0.0051, 0.0228, 0.0758, 0.2755, 0.5959],
            [0.0841, 0.0336, 0.1417, 0.2886, 0.415, 0.037],
            [0.0683, 0.0024, 0.0024, 0.0442, 0.1809, 0.7018],
            [0.83, 0.0047, 0.0061, 0.0457, 0.0607, 0.0527],
            [0.2407, 0.2796, 0.2545, 0.1991, 0.0119, 0.0143],
        ],
        "shade": [
            [0.5325, 0.1858, 0.241, 0.038, 0.0021, 0.0007],
            [0.0767, 0.0475, 0.1662, 0.2854, 0.2755, 0.1487],
            [0.7025, 0.0799, 0.1025, 0.0648, 0.0384, 0.0119],
        ],
        "weight": [0.6474, 0.1728, 0.0228, 0.157, 0.9536, 0.0464],
        "company": [[0.0299, 0.213, 0.7571], [0.4582, 0.2651, 0.2767]],
        "ease_sd": 2.3381,
        "start": 0.7637,
        "mobile_birth": 0.1655,
        "mobile_death": 0.9617,
        "birth": 0.2561,
        "death": 0.0232,
        "precision": 0.9501,
        "look": [-0.3725, -1.8335, 0.5974, 1.3894, -0.027, 1.4641, -0.2223, 2.0671],
        "sight": [
            [
                [0.7063, 0.2038, 0.0568, 0.0151, 0.0179],
                [0.0531, 0.1686, 0.2148, 0.2702, 0.2933],
                [0.6189, 0.1562, 0.1051, 0.0774, 0.0423],
            ],
            [
                [0.1233, 0.3918, 0.3863, 0.074, 0.0247],
                [0.0082, 0.0483, 0.159, 0.2603, 0.5241],
                [0.028, 0.1589, 0.271, 0.3084, 0.2336],
            ],
            [
                [0.0619, 0.3687, 0.4218, 0.1268, 0.0206],
                [0.005, 0.0249, 0.194, 0.3532, 0.4229],
                [0.0627, 0.2657, 0.3612, 0.2239, 0.0866],
            ],
            [
                [0.023, 0.1765, 0.5652, 0.2123, 0.023],
                [0.0061, 0.0467, 0.1846, 0.4402, 0.3225],
                [0.0244, 0.122, 0.3171, 0.4146, 0.122],
            ],
        ],
    },
}

_CALIBRATION: Final[dict[str, dict[float, dict[str, Any]]]] = {
    "learned": {
        0.3: {
            "scale": 0.9992499540462009,
            "boxes": (1.082, 1.03),
            "arrivals": (0.843, 3.679),
            "departures": (0.695, 2.711),
        },
        0.5: {
            "scale": 1.000211283695835,
            "boxes": (1.082, 1.03),
            "arrivals": (0.619, 3.679),
            "departures": (0.695, 2.711),
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
