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
        "absent": [0.9516, 0.0196, 0.0138, 0.0058, 0.0053, 0.0038],
        "emission": [
            [0.0026, 0.0007, 0.0023, 0.0082, 0.0341, 0.9523],
            [0.0245, 0.0052, 0.0221, 0.0757, 0.2677, 0.6048],
            [0.0726, 0.0284, 0.1355, 0.2867, 0.4351, 0.0417],
            [0.0681, 0.0024, 0.0024, 0.0441, 0.1803, 0.7027],
            [0.8301, 0.0047, 0.0058, 0.0457, 0.0609, 0.0527],
            [0.245, 0.2735, 0.2597, 0.1964, 0.0115, 0.0139],
        ],
        "shade": [
            [0.5349, 0.187, 0.2377, 0.0377, 0.0021, 0.0007],
            [0.0719, 0.0486, 0.167, 0.2853, 0.2781, 0.149],
            [0.7059, 0.0775, 0.1026, 0.0649, 0.0372, 0.012],
        ],
        "weight": [0.6429, 0.1758, 0.0244, 0.1569, 0.9521, 0.0479],
        "company": [[0.0298, 0.2138, 0.7565], [0.4656, 0.2672, 0.2672]],
        "ease_sd": 2.0983,
        "start": 0.7616,
        "mobile_birth": 0.1655,
        "mobile_death": 0.9617,
        "birth": 0.2553,
        "death": 0.0231,
        "precision": 0.9501,
        "look": [-0.3775, -1.8358, 0.5709, 1.3761, -0.0097, 1.4871, -0.2159, 2.0491],
        "sight": [
            [
                [0.7108, 0.1997, 0.0562, 0.0153, 0.0179],
                [0.0608, 0.1679, 0.2117, 0.2944, 0.2652],
                [0.6154, 0.1568, 0.1093, 0.075, 0.0434],
            ],
            [
                [0.1281, 0.3842, 0.3896, 0.0736, 0.0245],
                [0.0083, 0.0511, 0.1581, 0.258, 0.5244],
                [0.0286, 0.1619, 0.2762, 0.3143, 0.219],
            ],
            [
                [0.0667, 0.3565, 0.4261, 0.1304, 0.0203],
                [0.0056, 0.0282, 0.1977, 0.3898, 0.3785],
                [0.0663, 0.2622, 0.366, 0.2219, 0.0836],
            ],
            [
                [0.0179, 0.1765, 0.5754, 0.2072, 0.023],
                [0.006, 0.0459, 0.1816, 0.4371, 0.3293],
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
            "scale": 0.998826159500595,
            "boxes": (1.061, 0.973),
            "arrivals": (0.584, 3.748),
            "departures": (0.62, 2.659),
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
