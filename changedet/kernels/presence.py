"""What a detector's rows say of presence and counts. Written by training/fit_tracks.py; do not edit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from changedet.kernels.series import Calibration
from changedet.kernels.tracks import Tables

_TABLES: Final[dict[str, dict[str, Any]]] = {
    "classical": {
        "absent": [0.9129, 0.0204, 0.0215, 0.028, 0.0171],
        "emission": [
            [0.0312, 0.0054, 0.0121, 0.0513, 0.9],
            [0.0331, 0.042, 0.1191, 0.3225, 0.4832],
            [0.3066, 0.0993, 0.1063, 0.1648, 0.323],
            [0.0657, 0.0035, 0.0311, 0.2803, 0.6194],
            [0.7695, 0.0313, 0.02, 0.1052, 0.074],
            [0.111, 0.1913, 0.2712, 0.3218, 0.1048],
        ],
        "weight": [0.6038, 0.1835, 0.0843, 0.1283, 0.8058, 0.1942],
        "lone": [0.042, 0.1632],
        "ease_sd": 0.8615,
        "start": 0.7316,
        "mobile_birth": 0.154,
        "mobile_death": 0.9648,
        "birth": 0.2534,
        "death": 0.0199,
        "precision": 0.9098,
    },
    "learned": {
        "absent": [0.8925, 0.0196, 0.0271, 0.038, 0.0229],
        "emission": [
            [0.0087, 0.0044, 0.0078, 0.0252, 0.954],
            [0.0137, 0.0238, 0.12, 0.2821, 0.5604],
            [0.1554, 0.1061, 0.1026, 0.0962, 0.5397],
            [0.0435, 0.0029, 0.0029, 0.0435, 0.9072],
            [0.8049, 0.0146, 0.0145, 0.0653, 0.1007],
            [0.1517, 0.1919, 0.2854, 0.2975, 0.0735],
        ],
        "weight": [0.6727, 0.1398, 0.0391, 0.1484, 0.8343, 0.1657],
        "lone": [0.0684, 0.47],
        "ease_sd": 0.2,
        "start": 0.7192,
        "mobile_birth": 0.156,
        "mobile_death": 0.9745,
        "birth": 0.2475,
        "death": 0.0198,
        "precision": 0.9213,
    },
}

_CALIBRATION: Final[dict[str, dict[str, Any]]] = {
    "learned": {
        "scale": 0.9747743099576943,
        "boxes": (0.907, 1.372),
        "arrivals": (0.414, 5.217),
        "departures": (0.71, 6.919),
    },
    "classical": {
        "scale": 0.9874161990752301,
        "boxes": (1.204, 2.794),
        "arrivals": (0.803, 11.491),
        "departures": (1.246, 8.997),
    },
}

TABLES: Final[Mapping[str, Tables]] = {name: Tables.of(part) for name, part in _TABLES.items()}
CALIBRATION: Final[Mapping[str, Calibration]] = {name: Calibration(**part) for name, part in _CALIBRATION.items()}
