"""What all tests of imagery need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from changedet.imagery import pixels


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Close the datasets that a test left open, before its folder goes."""
    yield
    pixels.release()
