"""Ships at a quay: two with a gap, none for a crane, fenders or a berth of water."""

import numpy as np

from changedet.pipeline.things.kernels.berth_profile import moored, turned

PIXEL_M = 0.5


def berth() -> np.ndarray:
    return np.zeros((60, 600), bool)


def test_two_ships_with_a_crane_between() -> None:
    dry = berth()
    dry[4:34, 20:240] = True
    dry[4:40, 300:520] = True
    dry[:, 264:280] = True
    dry[4:34, 100:106] = False
    dry[0:2] = True
    first, second = moored(dry, PIXEL_M)
    assert first.along == (10.0, 120.0)
    assert first.across == (2.0, 17.0)
    assert second.along == (150.0, 260.0)
    assert second.across == (2.0, 20.0)


def test_fenders_cranes_and_boats_are_no_ships() -> None:
    dry = berth()
    assert moored(dry, PIXEL_M) == []
    dry[0:3] = True
    dry[:, 100:120] = True
    dry[10:30, 300:360] = True
    assert moored(dry, PIXEL_M) == []


def ship_with_cranes() -> np.ndarray:
    """A ship from 40 m to 160 m, a boom 2 m before it, and its house behind 8 m of shade."""
    dry = berth()
    dry[4:34, 80:280] = True
    dry[4:34, 296:320] = True
    dry[:, 66:76] = True
    return dry


def test_booms_beside_a_ship_are_no_part_of_it_and_its_house_behind_shade_is() -> None:
    (ship,) = moored(ship_with_cranes(), PIXEL_M)
    assert ship.along == (40.0, 160.0)
    assert ship.across == (2.0, 17.0)


def test_a_boom_over_a_ships_end_takes_nothing_off() -> None:
    dry = ship_with_cranes()
    dry[:, 78:88] = True
    (ship,) = moored(dry, PIXEL_M)
    assert ship.along == (39.0, 160.0)


def test_a_boat_behind_a_ship_is_no_house_of_it() -> None:
    dry = ship_with_cranes()
    dry[:, 290:330] = False
    dry[24:34, 296:320] = True
    (ship,) = moored(dry, PIXEL_M)
    assert ship.along == (40.0, 140.0)


def test_a_corner_of_water_behind_lines_at_the_quay_is_no_stern() -> None:
    dry = berth()
    dry[4:34, 80:280] = True
    for column in range(280, 340):
        dry[4 : 34 - (column - 280) // 2, column] = True
    (ship,) = moored(dry, PIXEL_M)
    assert ship.along[0] == 40.0
    assert 140.0 <= ship.along[1] <= 158.0


def test_a_vessel_outside_another_is_no_part_of_it() -> None:
    dry = berth()
    dry[2:26, 80:280] = True
    dry[36:56, 120:260] = True
    (ship,) = moored(dry, PIXEL_M)
    assert ship.across == (1.0, 13.0)
    assert ship.along == (40.0, 140.0)


def test_a_turned_berth_lies_upright() -> None:
    mask = np.zeros((300, 300), bool)
    corners = np.array([[50.0, 40.0], [210.0, 160.0], [26.0, 72.0]])
    inside = (corners[1] - corners[0]) * 0.5 + (corners[2] - corners[0]) * 0.25 + corners[0]
    mask[int(inside[1]) - 1 : int(inside[1]) + 2, int(inside[0]) - 1 : int(inside[0]) + 2] = True
    found = turned(mask, corners)
    assert found.shape == (40, 200)
    rows, columns = np.nonzero(found)
    assert abs(rows.mean() - 10) < 1.5
    assert abs(columns.mean() - 100) < 1.5
