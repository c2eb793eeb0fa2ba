"""Lone boxes that looks show apart are one place; boxes in company, unlike ones and those of one date are not."""

import numpy as np
import pytest

from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.kernels.lone_boxes import joined_lone_places
from changedet.stages.tracks.kernels.places import find_places

SHOWN = [(1.9, -1.2), (0.2, 0.5), (0.1, -0.6), (-2.3, 1.5), (0.7, 0.0)]
"""Where five looks show one lone box on a slope, metres east and north."""


def boxes(xy, weight=0.9, length=6.1, angle=29.0, rgb=(125, 160, 215)):
    n = len(xy)

    def column(value):
        return np.broadcast_to(np.asarray(value, float), n).copy()

    colours = np.broadcast_to(np.asarray(rgb, float), (n, 3)).copy()
    return Boxes(np.asarray(xy, float), column(length), column(angle), colours, column(weight), np.zeros(n))


def test_find_places_a_lone_box_that_looks_show_metres_apart_is_one_place():
    assert find_places(boxes(SHOWN), np.arange(5), np.full((5, 2), np.nan), 2.0, 4).place.tolist() == [0] * 5


def test_joined_lone_places_keeps_the_others_numbers_in_order():
    xy = [(0.2, 0.5), (0.1, -1.2), (60.0, 0.0), (60.0, 30.0)]
    assert joined_lone_places(boxes(xy), np.array([0, 1, 0, 0]), np.array([3, 1, 0, 2])).tolist() == [1, 1, 0, 2]
    assert joined_lone_places(boxes([]), np.empty(0, int), np.empty(0, int)).tolist() == []


@pytest.mark.parametrize(
    "unlike",
    [
        {"length": [6.1, 12.2]},
        {"angle": [29.0, 40.0]},
        {"rgb": [(125, 160, 215), (180, 90, 60)]},
        {"weight": [0.9, 0.4]},
    ],
)
def test_joined_lone_places_leaves_unlike_and_faint_boxes_apart(unlike):
    own = boxes([(0.0, 0.0), (1.6, 0.8)], **unlike)
    assert joined_lone_places(own, np.array([0, 1]), np.array([0, 1])).tolist() == [0, 1]


def test_joined_lone_places_leaves_apart_what_is_far_in_company_or_of_one_date():
    date, place = np.array([0, 1, 1]), np.array([0, 1, 2])
    for other in ((6.0, 6.0), (3.5, 0.0)):
        assert joined_lone_places(boxes([(0.0, 0.0), (1.6, 0.8), other]), date, place).tolist() == [0, 1, 2]
    far = boxes([(0.0, 0.0), (8.0, 0.0)])
    assert joined_lone_places(far, date[:2], place[:2]).tolist() == [0, 1]
    moved = boxes([(0.0, 0.0), (0.2, 0.1), (4.0, 0.0), (4.1, 0.2)])
    assert joined_lone_places(moved, np.arange(4), np.array([0, 0, 1, 1])).tolist() == [0, 0, 1, 1]
    near = boxes([(0.0, 0.0), (1.6, 0.8)])
    assert joined_lone_places(near, np.array([1, 1]), place[:2]).tolist() == [0, 1]
    assert joined_lone_places(near, date[:2], place[:2]).tolist() == [0, 0]
