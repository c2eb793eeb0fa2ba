"""Tiles as bytes: the same when they are read, and nothing else when the bytes are not theirs."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pytest

from changedet.blocks import Window
from changedet.kernels import components
from changedet.pipeline.tile import Tile
from changedet.pipeline.tile_records import NoTileError, from_bytes, to_bytes
from changedet.stages.objects.lattice import Description
from changedet.store.packing import ClassTile

WINDOW = Window(512, 0, 6, 8)


def random_tile() -> Tile:
    rng = np.random.default_rng(1)
    mask = (rng.random(WINDOW.shape) > 0.5).astype(np.uint8)
    own = np.ma.MaskedArray(rng.integers(0, 9, (2, *WINDOW.shape)).astype(np.uint16), rng.random((2, 6, 8)) > 0.5)
    score = np.where(mask > 0, np.float32(np.nan), rng.random(WINDOW.shape, np.float32))
    boxes = pd.DataFrame({
        "x_px": [0.1, np.nan, 1e300], "kind": ["20ft", "ä", "x"], "inferred": [True, False, True], "k": [1, 2, 3],
    }).assign(tiers=pd.array([1, pd.NA, 3], dtype="Int64"))  # fmt: skip
    return Tile(
        ClassTile(mask), score, b"packed", regions(mask),
        contrast=rng.random((3, *WINDOW.shape)).astype(np.float32), standing=np.stack([mask, mask]), scene=own,
        boxes=boxes[[True, False, True]], described=((Window(0, 0, 4, 4), Description((0.1, 1 / 3), 7)),),
        built=b"", reference_quality=ClassTile(np.asfortranarray(1 - mask)),
    )  # fmt: skip


def regions(mask: np.ndarray) -> components.TileComponents:
    none = np.zeros((0, 2), np.int64)
    sides = [np.arange(n, dtype=np.int32) for n in (8, 8, 6, 6)]
    return components.TileComponents(np.zeros(0, np.int64), np.array([3, mask[0, 0]]), none, *sides)


def test_a_tile_is_the_same_when_it_is_read() -> None:
    tile = random_tile()
    head, *bodies = to_bytes(WINDOW, tile)
    window, found = from_bytes(bytes(head), b"".join(bodies))
    assert window == WINDOW
    assert (found.raw, found.built, found.described) == (tile.raw, tile.built, tile.described)
    for name in ("score", "contrast", "standing"):
        one, other = getattr(tile, name), getattr(found, name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    for name in ("quality", "reference_quality"):
        np.testing.assert_array_equal(getattr(tile, name).raster, getattr(found, name).raster)
    np.testing.assert_array_equal(tile.scene.mask, found.scene.mask)
    np.testing.assert_array_equal(tile.scene.data, found.scene.data)
    assert found.regions is not None
    for name, value in vars(tile.regions).items():
        assert value.dtype == getattr(found.regions, name).dtype
        np.testing.assert_array_equal(value, getattr(found.regions, name))
    pd.testing.assert_frame_equal(tile.boxes.reset_index(drop=True), found.boxes)


def test_what_a_tile_lacks_stays_away() -> None:
    head, *bodies = to_bytes(WINDOW, Tile(ClassTile(np.zeros(WINDOW.shape, np.uint8)), boxes=pd.DataFrame()))
    _, found = from_bytes(bytes(head), b"".join(bodies))
    assert {name for name, value in vars(found).items() if value is not None} == {"quality", "boxes", "described"}
    assert found.boxes is not None
    assert found.boxes.empty


def test_a_table_that_bytes_cannot_hold_is_no_tile() -> None:
    days = pd.DataFrame({"day": pd.to_datetime(["2023-01-01"])})
    with pytest.raises(NoTileError):
        to_bytes(WINDOW, Tile(ClassTile(np.zeros(WINDOW.shape, np.uint8)), boxes=days))


def said(**arrays: tuple[str, list[int]]) -> bytes:
    return json.dumps({"window": [0, 0, 1, 1], "arrays": arrays, "boxes": None, "described": []}).encode()


ODD = [b"", b"[]", b"{}", b"null", b"\xff", b"[" * 5000, pickle.dumps(print), said(quality=("|O8", [1]))]
ODD += [said(quality=("|u1", [9, 9])), said(quality=("|u1", [-1])), said(score=("<f4", [1, 1]))]


@pytest.mark.parametrize("head", ODD)
def test_bytes_of_something_else_are_no_tile(head: bytes) -> None:
    with pytest.raises(NoTileError):
        from_bytes(head, b"12345678")
