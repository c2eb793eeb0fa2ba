"""Familiarity as a number and a sentence."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest

from changedet.errors import ChangedetError
from changedet.models import loader
from changedet.stages.objects import detector, familiarity
from changedet.stages.objects.familiarity import LIMIT, familiarity_of


@pytest.fixture
def known():
    found = familiarity.reference()
    assert found is not None, "training/fit_familiarity.py has to be run again: the network has changed"
    return found


def test_the_reference_is_of_the_network_that_comes_with_it_and_of_the_card(known):
    folder = Path(loader.__file__).parent
    checksum = hashlib.sha256((folder / "familiarity.npz").read_bytes()).hexdigest()
    assert checksum == loader.RELEASED["familiarity.npz"]
    assert checksum in (folder / "containers.md").read_text()
    assert known.mean.shape == (len(known.gsd_m), len(known.sd))


def test_familiarity_says_how_far_a_scene_lies(known):
    at = int(np.abs(known.gsd_m - 0.5).argmin())
    usual = familiarity_of(known.mean[at].tolist(), 0.5)
    assert usual.distance == 0
    assert not usual.is_refused
    assert usual.sentence == "it looks like the scenes that the models were fitted on"
    step = np.sqrt(known.variance[0] * (len(known.variance) + 1)) * known.edge * known.sd * known.axes[0]
    odd = familiarity_of((known.mean[at] + (1 + LIMIT) * step).tolist(), 0.5)
    assert odd.distance == pytest.approx(1 + LIMIT)
    assert odd.is_refused
    assert odd.sentence.endswith("too far for its containers to be counted")


def test_familiarity_is_not_known_without_a_description_or_of_another_network(known, monkeypatch):
    for description in (None, known.sd.tolist()[:-1]):
        found = familiarity_of(description, 0.5)
        assert math.isnan(found.distance)
        assert not found.is_refused
        assert "not known" in found.sentence
    monkeypatch.setattr(detector, "model_bytes", lambda: b"another network")
    assert familiarity.reference.__wrapped__() is None


def test_another_file_is_refused(monkeypatch):
    monkeypatch.setitem(loader.RELEASED, "familiarity.npz", "0" * 64)
    with pytest.raises(ChangedetError, match="not the file of this version"):
        familiarity.reference.__wrapped__()
