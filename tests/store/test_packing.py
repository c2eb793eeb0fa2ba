"""Packed rasters come back as they were."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from changedet.store.packing import ClassTile, pack, unpack


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (64, 33)])
def test_unpack_gives_back_what_pack_took(shape: tuple[int, int]) -> None:
    raster = np.random.default_rng(1).integers(0, 9, shape).astype(np.uint8)
    again = unpack(pack(raster), shape)
    np.testing.assert_array_equal(again, raster)
    assert not again.flags.writeable


def test_pack_is_the_same_whatever_the_layout_in_memory() -> None:
    raster = np.random.default_rng(2).integers(0, 9, (6, 8)).astype(np.uint8)
    assert pack(np.asfortranarray(raster)) == pack(raster)
    assert pack(np.zeros((12, 8), np.uint8)[::2]) == pack(np.zeros((6, 8), np.uint8))


def test_class_tile_is_packed_on_its_way_to_another_process_alone() -> None:
    raster = np.zeros((300, 200), np.uint8)
    raster[40:60] = 7
    assert ClassTile(raster).raster is raster
    sent = pickle.dumps(ClassTile(raster))
    assert len(sent) < raster.size / 50
    np.testing.assert_array_equal(pickle.loads(sent).raster, raster)
