"""A small sealed run, and a store on loopback that the environment names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_store import Store, named_store
from sealed_runs import small_run

from changedet.store import RunFolder


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("changedet.store.bucket.client.TRIES", 2)
    monkeypatch.setattr("changedet.store.bucket.client.SILENCE_S", 1)
    with named_store(monkeypatch) as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return small_run(tmp_path / "site")
