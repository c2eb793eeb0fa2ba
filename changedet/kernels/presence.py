"""What a detector's rows say of presence and counts. Written by training/fit_tracks.py; do not edit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from changedet.kernels.series import Calibration
from changedet.kernels.tracks import Tables

_TABLES: Final[dict[str, dict[str, Any]]] = {
    "classical": {
        "absent": [0.9093, 0.0204, 0.0231, 0.0291, 0.0182],
        "emission": [
            [0.0279, 0.0055, 0.0127, 0.0524, 0.9016],
            [0.0356, 0.042, 0.1159, 0.3213, 0.4853],
            [0.3242, 0.098, 0.1122, 0.1674, 0.2981],
            [0.0657, 0.0035, 0.0311, 0.2803, 0.6194],
            [0.7825, 0.0287, 0.0164, 0.104, 0.0684],
            [0.1312, 0.1903, 0.2677, 0.3067, 0.1041],
        ],
        "weight": [0.6073, 0.194, 0.0704, 0.1283, 0.7894, 0.2106],
        "lone": [0.0422, 0.1667],
        "ease_sd": 1.0338,
        "start": 0.7316,
        "mobile_birth": 0.154,
        "mobile_death": 0.9648,
        "birth": 0.2534,
        "death": 0.0199,
        "precision": 0.9146,
    },
    "learned": {
        "absent": [0.8997, 0.052, 0.0381, 0.0081, 0.0021],
        "emission": [
            [0.015, 0.0292, 0.0343, 0.0913, 0.8301],
            [0.0438, 0.0179, 0.0631, 0.5348, 0.3404],
            [0.0504, 0.1799, 0.2994, 0.2605, 0.2099],
            [0.0526, 0.0093, 0.0402, 0.4056, 0.4923],
            [0.7848, 0.0117, 0.0206, 0.1189, 0.0641],
            [0.1284, 0.3008, 0.3215, 0.2302, 0.019],
        ],
        "weight": [0.5134, 0.1736, 0.2085, 0.1045, 0.8818, 0.1182],
        "lone": [0.1632, 0.588],
        "ease_sd": 1.2409,
        "start": 0.7715,
        "mobile_birth": 0.1577,
        "mobile_death": 0.9568,
        "birth": 0.2619,
        "death": 0.0207,
        "precision": 0.9644,
    },
}

_CALIBRATION: Final[dict[str, dict[str, Any]]] = {
    "learned": {
        "scale": 1.0670823998963606,
        "boxes": (1.84, 2.24),
        "arrivals": (0.0, 8.628),
        "departures": (1.251, 7.58),
    },
    "classical": {
        "scale": 0.9851794982659126,
        "boxes": (0.915, 2.344),
        "arrivals": (0.753, 8.744),
        "departures": (0.708, 6.625),
    },
}

TABLES: Final[Mapping[str, Tables]] = {name: Tables.of(part) for name, part in _TABLES.items()}
CALIBRATION: Final[Mapping[str, Calibration]] = {name: Calibration(**part) for name, part in _CALIBRATION.items()}
