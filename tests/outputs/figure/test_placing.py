"""Labels lie on no box and on no other label, and a line leads to what they name."""

from __future__ import annotations

import shapely

from changedet.outputs.figure.placing import placed

FRAME = (0.0, 0.0, 100.0, 100.0)


def label(place: object, size: tuple[float, float] = (20.0, 6.0)) -> shapely.Polygon:
    x, y = place.x, place.y  # type: ignore[attr-defined]
    return shapely.box(x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)


def test_placed_avoids_boxes_and_what_is_taken() -> None:
    named = shapely.box(40, 40, 60, 60)
    boxes = shapely.box(0, 0, 100, 38)
    taken = [shapely.box(0, 62, 100, 100)]
    found = label(placed((20.0, 6.0), named, FRAME, boxes, taken))
    assert not found.intersects(boxes)
    assert not found.intersects(taken[0])
    assert shapely.box(*FRAME).contains(found)


def test_placed_inside_lies_on_what_it_names() -> None:
    named = shapely.box(50, 50, 100, 100)
    assert named.contains(label(placed((20.0, 6.0), named, FRAME, shapely.Polygon(), [], inside=True)))
    assert not named.contains(label(placed((20.0, 6.0), named, FRAME, shapely.Polygon(), [])))


def test_placed_far_away_has_a_leader_to_the_shape() -> None:
    named = shapely.box(0, 0, 5, 5)
    place = placed((20.0, 6.0), named, FRAME, shapely.Polygon(), [shapely.box(0, 0, 50, 50)])
    assert place.leader is not None
    assert shapely.distance(shapely.Point(place.leader[1]), named) < 1e-9
    assert shapely.distance(shapely.Point(place.leader[0]), label(place)) < 1e-9


def test_placed_says_where_there_is_no_room() -> None:
    named = shapely.box(40, 40, 60, 60)
    assert placed((20.0, 6.0), named, FRAME, shapely.Polygon(), []).is_free
    assert not placed((20.0, 6.0), named, FRAME, shapely.Polygon(), [shapely.box(*FRAME)]).is_free
