"""Vessels of drawn harbours: alone and side by side, with their lengths; jetties and land are none."""

import numpy as np

from changedet.pipeline.things.kernels import vessels
from changedet.pipeline.things.kernels.vessels import Outline, afloat, hulls


def scene() -> tuple[np.ndarray, np.ndarray]:
    """Three barges side by side with gaps of a pixel, a ship alone, a jetty and a quay; and where water is."""
    image = np.random.default_rng(2).normal(50, 1.0, (3, 260, 320)).astype(np.float32)
    for k, bright in enumerate((110, 150, 95)):
        image[:, 100:170, 100 + 21 * k : 120 + 21 * k] = bright
    image[:, 60:84, 200:300] = 130
    image[:, 200:205, 20:300] = 170
    image[:, :30] = 200
    return image, image.mean(axis=0) < 70


def test_a_raft_is_parted_and_a_ship_stays_whole() -> None:
    image, wet = scene()
    shown = np.ones(wet.shape, bool)
    free = afloat(hulls(wet, shown, 0.5), wet, shown, 0.5)
    found = vessels.vessels(image, free, 0.5)
    assert sorted((round(one.length_m), round(one.width_m)) for one in found) == [
        (35, 10),
        (35, 10),
        (35, 10),
        (50, 12),
    ]
    alone = max(found, key=lambda one: one.length_m)
    assert not alone.is_cut
    assert alone.corners.min(axis=0).round().tolist() == [200, 60]


def test_land_is_not_afloat() -> None:
    _, wet = scene()
    shown = np.ones(wet.shape, bool)
    hull = hulls(wet, shown, 0.5)
    assert hull[:25].all()
    assert not afloat(hull, wet, shown, 0.5)[:25].any()


def test_shapes_of_vessels() -> None:
    corners = np.zeros((4, 2))
    assert Outline(corners, 100.0, 18.0, 0.85, 0.4).has_shape()
    assert not Outline(corners, 100.0, 5.0, 0.9, 0.0).has_shape()
    assert not Outline(corners, 20.0, 18.0, 0.9, 0.0).has_shape()
    assert not Outline(corners, 100.0, 18.0, 0.5, 0.0).has_shape()


def at_the_frame(*shape: tuple[slice, slice]) -> np.ndarray:
    """What is afloat of rectangles in water of 260 x 320 pixels of .5 m."""
    wet = np.ones((260, 320), bool)
    for rows, columns in shape:
        wet[rows, columns] = False
    shown = np.ones(wet.shape, bool)
    return afloat(hulls(wet, shown, 0.5), wet, shown, 0.5)


def test_a_raft_that_the_frame_cuts_is_afloat() -> None:
    assert at_the_frame((slice(80, 160), slice(0, 40)))[100:140, :30].all()
    assert at_the_frame((slice(0, 60), slice(0, 40)))[2:50, 2:30].all()


def test_land_that_the_frame_cuts_is_not_afloat() -> None:
    assert not at_the_frame((slice(0, 260), slice(0, 30))).any()
    assert not at_the_frame((slice(240, 260), slice(150, 320))).any()
    steps = tuple((slice(0, 80 - 2 * k), slice(2 * k, 2 * k + 2)) for k in range(40))
    assert not at_the_frame(*steps).any()
