"""What tests share: their folder and `scenarios` are importable, real scenes are found where there are any."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from compiled_once import take_turns
from real import DATA, WHY

from changedet.at_work import NEW_OBJECTS

# As within a run (`changedet.at_work`): more threads of BLAS wait for the next product more than they compute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
if "PYTEST_XDIST_WORKER" in os.environ:
    take_turns()
# All modules and tests are met again and again otherwise: a third of the seconds that collecting them takes.
gc.disable()


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()
    # As within a run: what tests load on the way is looked through again and again otherwise.
    gc.set_threshold(NEW_OBJECTS)


TALK = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}
TRIED: list[str] | None = None
"""What left the process while a test watches; an audit hook stays for ever, so it must know when."""


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if TRIED is not None and event in TALK:
        TRIED.append(f"{event} {arguments[-1]}")


@pytest.fixture
def silent() -> Iterator[None]:
    """The test fails where anything in this process looks a host up or connects."""
    global TRIED
    if not hasattr(sys, "_changedet_notes"):
        sys.addaudithook(_note)
        sys._changedet_notes = True  # type: ignore[attr-defined]
    TRIED = found = []
    yield
    TRIED = None
    assert found == []


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real scenes."""
    if not DATA.is_dir():
        pytest.skip(WHY)
    return DATA
