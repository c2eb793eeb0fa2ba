"""Which scenes are better compared on a finer grid."""

from __future__ import annotations

import pytest

from changedet.workflow.finer_grid import FINER_M, wants_finer_grid

BANDS = ("blue", "green", "red", "nir")


@pytest.mark.parametrize(
    ("resolution_m", "roles", "wanted"),
    [
        (3.0, BANDS, True),
        (1.5, BANDS[:3], True),
        (FINER_M, BANDS, False),
        (10.0, BANDS, False),
        (3.0, ("vv",), False),
        (3.0, BANDS[1:], True),
        (3.0, BANDS[1:3], False),
    ],
)
def test_wants_finer_grid_for_colours_in_pixels_a_little_too_coarse(
    resolution_m: float, roles: tuple[str, ...], wanted: bool
) -> None:
    assert wants_finer_grid(resolution_m, roles) is wanted
