"""The trees that weigh all dates, read once."""

from __future__ import annotations

import pytest
from ground_codes import ROLES

from changedet.stages.footprint.kernels.surroundings import SeriesTrees
from changedet.stages.footprint.stage import series_trees
from changedet.stages.registry import Facts


@pytest.fixture(scope="session")
def trees() -> SeriesTrees | None:
    """Of pictures of 0.5 m with near infrared."""
    return series_trees(Facts(0.5, ROLES, 4))
