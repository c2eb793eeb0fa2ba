"""Radar pairs: what pixels hold, and the number of looks in a run."""

from __future__ import annotations

import numpy as np
import pytest
from small_scenes import write_scene, write_workflow

import changedet
from changedet.stages.change.stage import STAGE as CHANGE
from changedet.stages.registry import Facts


def speckle(rng, mean, looks):
    return mean * rng.gamma(looks, 1.0 / looks, np.shape(mean))


@pytest.mark.parametrize(
    ("quantity", "dtype"), [("amplitude", "uint16"), ("intensity", "float32"), ("decibel", "float32")]
)
def test_omnibus_scores_amplitudes_intensities_and_decibels_alike(quantity, dtype):
    rng = np.random.default_rng(5)
    ground = np.full((1, 256, 256), 0.2)
    ground[:, 100:140, 90:150] = 2.0
    pair = [speckle(rng, mean, 4.4) for mean in (np.full_like(ground, 0.2), ground)]
    given = [{"amplitude": np.sqrt(p) * 100, "intensity": p, "decibel": 10 * np.log10(p)}[quantity] for p in pair]
    registered = CHANGE.get("omnibus")
    found = {}
    for enl in ("auto", 4.4):
        made = registered.function(Facts(10.0, ("vv",), dtype=dtype), **registered.resolve({"enl": enl}))
        before, after = (p.astype(np.float32) for p in given)
        model = made.fit(before[None], after[None])
        marked = made.apply(before, after, model=model) > model.threshold
        found[enl] = model.looks
        assert marked[102:138, 92:148].mean() > 0.99
        assert marked[:90].mean() < 1e-3
    # nine independent pixels are averaged
    assert found["auto"] == pytest.approx(9 * 4.4, rel=0.15)
    assert found[4.4] == pytest.approx(9 * 4.4, rel=0.15)


def test_a_series_states_its_number_of_looks_in_run_and_summary(tmp_path):
    rng = np.random.default_rng(7)
    days = ("2024-01-01", "2024-01-13", "2024-01-25")
    for day in days:
        amplitude = 200 * np.sqrt(speckle(rng, np.ones((1, 192, 192)), 4.4))
        write_scene(tmp_path / f"{day}.tif", np.clip(amplitude, 1, 65535))
    off = {stage: {"method": "none"} for stage in ("mask", "align", "normalise", "objects", "tracks")}
    path = write_workflow(tmp_path, days, bands={"vv": 1}, change={"method": "auto"}, **off)
    finished = changedet.run(path)
    told = finished.summary["enl"]
    assert set(told) == set(days[1:])
    assert list(told.values()) == pytest.approx([9 * 4.4] * 2, rel=0.25)
    assert '"looks"' in (finished.path / "run.json").read_text()
