"""The released trees and their card; another file is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from changedet.errors import ChangedetError
from changedet.models import loader
from changedet.stages.change.learned import FEATURES, change_trees


def test_released_trees_are_those_of_their_card():
    folder = Path(loader.__file__).parent
    checksum = hashlib.sha256((folder / "change_trees.npz").read_bytes()).hexdigest()
    assert checksum == loader.RELEASED["change_trees.npz"] == change_trees().sha256
    assert checksum in (folder / "change_trees.md").read_text()
    assert (folder / "change_trees.npz").stat().st_size < 2_000_000


def test_released_trees_refuses_another_file(monkeypatch):
    read = loader.released_trees.__wrapped__
    with pytest.raises(ChangedetError, match="not the file of this version"):
        read("change_trees.npz", FEATURES[:-1])
    monkeypatch.setitem(loader.RELEASED, "change_trees.npz", "0" * 64)
    with pytest.raises(ChangedetError, match="not the file of this version"):
        read("change_trees.npz", FEATURES)
    with pytest.raises(ChangedetError, match=r"lost\.npz: cannot be read"):
        read("lost.npz", FEATURES)


def test_released_content_refuses_another_file(monkeypatch):
    read = loader.released_content.__wrapped__
    checksum = hashlib.sha256(read("railcars.onnx")).hexdigest()
    assert checksum in (Path(loader.__file__).parent / "railcars.md").read_text()
    monkeypatch.setitem(loader.RELEASED, "railcars.onnx", "0" * 64)
    with pytest.raises(ChangedetError, match="not the file of this version"):
        read("railcars.onnx")
