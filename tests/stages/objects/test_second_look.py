"""The second look at boxes in doubt: its files, which boxes get it, what cells and neighbours do to it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from simulated_yard import RGB, yard

from changedet.kernels.containers import OTHER
from changedet.kernels.doubts import HOME_ODDS
from changedet.kernels.onnx_session import session
from changedet.models import loader
from changedet.stages.objects import rescoring, second_look
from changedet.stages.objects.boxes import suppress
from changedet.stages.objects.kernels import box_looks, roof_evidence
from changedet.stages.objects.kernels.box_homes import FREE_ODDS, RINGS_M, TAKEN
from changedet.stages.objects.kernels.context_rescoring import NAMES
from changedet.stages.objects.kernels.network import NetworkStatistics
from changedet.stages.objects.lattice import ObjectMethod
from changedet.stages.objects.rescoring import GROUND, LOOK, PLACE, ROOF
from changedet.stages.objects.stage import STAGE as OBJECTS
from changedet.stages.objects.whole import find
from changedet.stages.registry import Facts

GSD_M = 0.5


def found(cell_px: int | None = None) -> pd.DataFrame:
    """Boxes of a simulated yard with what is known of each, before they are rescored."""
    image, _ = yard(GSD_M, seed=901, kind="dense", size_m=190.0)
    method = OBJECTS.get("learned").function(Facts(GSD_M, RGB, dates=1, gsd_m=(GSD_M,), dtype="uint16"))
    alone = partial(suppress, resolution_m=GSD_M)
    size = cell_px or method.cell_px
    plain = ObjectMethod(method.fit, method.detect, alone, size, method.halo_px, count_confidence=0.0)
    return find(image, plain)


@pytest.fixture(scope="module")
def boxes() -> pd.DataFrame:
    """Found by the method's own cells."""
    return found()


def test_released_weights_are_those_of_the_card() -> None:
    folder = Path(loader.__file__).parent
    card = (folder / "box_looks.md").read_text()
    weighed = second_look.WEIGHTS, second_look.PLACES, second_look.HOMES
    for name in (second_look.ENCODER, second_look.GROUND_COLOURS, *weighed):
        checksum = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert checksum == loader.RELEASED[name]
        assert checksum in card
    weights = second_look.released_weights()
    encoder = session(loader.released_content(second_look.ENCODER))
    blank = np.zeros((1, 3, *box_looks.SHOWN_PX), np.float32)
    maps = encoder.run(None, {"pictures": blank})
    for drawn, step in zip(maps, box_looks.STEPS_PX, strict=True):
        assert drawn.shape[2:] == tuple(size // step for size in box_looks.SHOWN_PX)
    features = sum(drawn.shape[1] for drawn in maps) * len(box_looks.REGIONS)
    assert weights.mean.shape == weights.spread.shape == weights.weight.shape == (features,)
    assert (weights.spread > 0).all()


def test_weights_of_places_are_of_the_maps_of_halls() -> None:
    halls = second_look.halls_of(np.zeros((3, 96, 96), np.float32), GSD_M)
    channels = sum(len(drawn) for drawn in halls.maps)
    for name, parts in ((second_look.PLACES, 1), (second_look.HOMES, len(RINGS_M))):
        weights = second_look.released_weights(name)
        assert weights.mean.shape == weights.spread.shape == weights.weight.shape == (channels * parts,)
        assert (weights.spread > 0).all()


def test_look_odds_are_of_containers_in_doubt_and_in_line_alone(boxes: pd.DataFrame) -> None:
    company = rescoring.by_company(boxes, GSD_M)
    doubtful = box_looks.doubtful(company.confidence, company.is_container)
    in_line = box_looks.in_line(company.known("row_sum"))
    looked, compared = (boxes[name].notna().to_numpy() for name in (LOOK, GROUND))
    assert (doubtful & in_line).sum() > 10
    assert (doubtful & ~in_line).sum() > 4
    # A cell decides by its own boxes, before those of its neighbours are joined: at most a few differ.
    assert (looked != doubtful & in_line).mean() < 0.02
    assert (compared != doubtful).mean() < 0.02
    assert not looked[company.confidence > 0.99].any()


def test_look_odds_are_the_same_with_cells_of_any_size(boxes: pd.DataFrame) -> None:
    small = found(256)
    pair = boxes.merge(small, how="inner", on=["color", "kind", "tiers"], suffixes=("", "_small"))
    near = (pair["x_px"] - pair["x_px_small"]).abs().lt(0.05) & (pair["y_px"] - pair["y_px_small"]).abs().lt(0.05)
    pair = pair[near]
    both = pair[LOOK].notna() & pair[f"{LOOK}_small"].notna()
    assert both.sum() > 10
    np.testing.assert_allclose(pair.loc[both, LOOK], pair.loc[both, f"{LOOK}_small"], atol=0.05)


def test_look_odds_need_a_box_within_the_cell(boxes: pd.DataFrame) -> None:
    image, _ = yard(GSD_M, seed=901, kind="dense", size_m=190.0)
    method = OBJECTS.get("learned").function(Facts(GSD_M, RGB, dates=1, gsd_m=(GSD_M,), dtype="uint16"))
    values = image.to_numpy()
    table = method.detect(values, method.fit(values[None]))
    place, size, halo = table[["y_px", "x_px"]].to_numpy(), np.array(values.shape[1:]), method.halo_px
    inside = ((place >= halo) & (place < size - halo)).all(axis=1)
    assert table.loc[~inside, LOOK].isna().all()
    assert table.loc[inside, LOOK].notna().any()


def test_look_odds_leave_other_boxes_and_other_cells_out(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({"kind": [OTHER, "20ft", "20ft", "20ft", "20ft"]})
    features = np.zeros((5, len(NAMES)), np.float32)
    features[:4, NAMES.index("row_sum")] = 2 * box_looks.IN_LINE
    company = rescoring.Company(np.array([0.5, 0.5, 0.5, 0.95, 0.5]), table["kind"].to_numpy(object), features)
    monkeypatch.setattr(rescoring, "by_company", lambda *_: company)
    image = np.random.default_rng(0).random((3, 80, 80), dtype=np.float32)
    boxes = np.array([[20.0, 20.0, 6.1, 2.44, 0.3]] * 5)
    model = NetworkStatistics((0.0,) * 3, (1.0,) * 3, (0.5,) * 3, (0.3,) * 3)
    inside = np.array([True, True, False, True, True])
    found = second_look.looks(table, inside, image, boxes, model, GSD_M, in_colour=True)
    assert np.isfinite(found.odds).tolist() == [False, True, False, False, False]
    assert abs(found.odds[1]) < 5
    # Roofs are looked for beneath sure boxes, too: a roof may be full of them.
    assert np.isfinite(found.roof).tolist() == [False, True, False, True, True]
    assert np.isfinite(found.place).tolist() == [False, True, False, True, True]
    assert np.isfinite(found.home).tolist() == [False, True, False, True, True]
    assert np.isfinite(found.ground).tolist() == [False, True, False, False, True]
    grey = second_look.looks(table, inside, image, boxes, model, GSD_M, in_colour=False)
    np.testing.assert_array_equal(grey.odds, found.odds)
    assert np.isnan(grey.roof).all()
    assert np.isnan(grey.place).all()
    assert np.isnan(grey.home).all()
    assert np.isnan(grey.ground).all()
    coarse = second_look.looks(table, inside, image, boxes, replace(model, gsd_m=1.0), GSD_M, in_colour=True)
    np.testing.assert_array_equal(coarse.odds, found.odds)
    assert np.isnan(coarse.ground).all()
    nothing = second_look.looks(table, inside & (np.arange(5) == 3), image, boxes, model, GSD_M, in_colour=True)
    assert np.isnan(nothing.roof).all()


def test_roofs_are_told_from_yards() -> None:
    rng = np.random.default_rng(1)
    image = rng.normal(0.3, 0.01, (3, 240, 240)).astype(np.float32)
    image[:, 60:140, 40:160] = 0.9
    image[:, 140:152, 40:160] = 0.05
    odds = roof_evidence.beneath(second_look.halls_of(image, GSD_M).odds[0], np.array([[50.0, 50.0], [100.0, 100.0]]))
    assert odds[0] > odds[1] + 3


def test_rescored_adds_a_look_to_boxes_in_doubt(boxes: pd.DataFrame) -> None:
    plain = rescoring.rescored(boxes.drop(columns=[LOOK, ROOF, GROUND, PLACE]), GSD_M)
    more = rescoring.rescored(boxes.assign(**{LOOK: 1.0, ROOF: np.nan, GROUND: np.nan, PLACE: np.nan}), GSD_M)
    assert list(more.columns) == list(plain.columns)
    before, after = plain["confidence"].to_numpy(), more["confidence"].to_numpy()
    doubtful = box_looks.doubtful(before, (plain["kind"] != OTHER).to_numpy())
    looked = doubtful & box_looks.in_line(rescoring.by_company(boxes, GSD_M).known("row_sum"))
    np.testing.assert_array_equal(after[~looked], before[~looked])
    odds = np.log(after / (1 - after)) - np.log(before / (1 - before))
    np.testing.assert_allclose(odds[looked], 1.0)
    by_ground = rescoring.rescored(boxes.assign(**{LOOK: 0.0, ROOF: np.nan, GROUND: 1.0, PLACE: np.nan}), GSD_M)
    compared = by_ground["confidence"].to_numpy()
    np.testing.assert_allclose(compared[looked], after[looked])
    assert (compared > before)[doubtful].all()
    np.testing.assert_array_equal(compared[~doubtful], before[~doubtful])
    none = rescoring.rescored(boxes.assign(**{LOOK: np.nan, ROOF: -1.0, GROUND: np.nan, PLACE: np.nan}), GSD_M)
    pd.testing.assert_frame_equal(none, plain)


def test_rescored_takes_from_boxes_on_roofs(boxes: pd.DataFrame) -> None:
    plain = rescoring.rescored(boxes.assign(**{ROOF: np.nan}), GSD_M)
    less = rescoring.rescored(boxes.assign(**{ROOF: 3.0}), GSD_M)
    assert list(less.columns) == list(plain.columns)
    container = (plain["kind"] != OTHER).to_numpy()
    before, after = plain["confidence"].to_numpy(), less["confidence"].to_numpy()
    above = container & (before > box_looks.DOUBTFUL[0])
    assert above.sum() > 50
    assert (after[above] < before[above]).all()
    np.testing.assert_array_equal(after[~above], before[~above])


def test_yards_are_no_roofs(boxes: pd.DataFrame) -> None:
    asked = boxes[ROOF].dropna()
    assert len(asked) > 50
    assert (asked < 0).mean() > 0.95


def test_rescored_takes_from_boxes_among_houses_and_keeps_what_is_known_of_it(boxes: pd.DataFrame) -> None:
    plain = rescoring.rescored(boxes.drop(columns=HOME_ODDS), GSD_M)
    found = rescoring.rescored(boxes.assign(**{HOME_ODDS: FREE_ODDS + 1.0}), GSD_M)
    assert (found[HOME_ODDS] == FREE_ODDS + 1.0).all()
    before, after = plain["confidence"].to_numpy(), found["confidence"].to_numpy()
    above = (plain["kind"] != OTHER).to_numpy() & (before > box_looks.DOUBTFUL[0])
    odds = np.log(after / (1 - after)) - np.log(before / (1 - before))
    assert (odds[above] < 1e-9).all()
    # of boxes that stand in a row end to end a place says nothing
    assert odds[above].min() == pytest.approx(-TAKEN)
    assert odds[above].max() > -0.1
    np.testing.assert_array_equal(after[~above], before[~above])


def test_yards_do_not_lie_among_houses(boxes: pd.DataFrame) -> None:
    asked = boxes[HOME_ODDS].dropna()
    assert len(asked) > 50
    assert (asked < 0).mean() > 0.95


def test_rescored_adds_what_places_say_to_boxes_in_question(boxes: pd.DataFrame) -> None:
    plain = rescoring.rescored(boxes.assign(**{PLACE: np.nan}), GSD_M)
    container, before = (plain["kind"] != OTHER).to_numpy(), plain["confidence"].to_numpy()
    above = container & (before > box_looks.DOUBTFUL[0])
    more, less = (
        rescoring.rescored(boxes.assign(**{PLACE: odds}), GSD_M)["confidence"].to_numpy() for odds in (1.0, -1.0)
    )
    odds = [np.log(sure[above] / (1 - sure[above])) for sure in (less, before, more)]
    assert (odds[0] < odds[1] + 1e-9).all()
    assert (odds[1] < odds[2] + 1e-9).all()
    # of boxes that stand side by side in lines a place says nothing, of all that stand in none what it knows
    alone = ~box_looks.in_line(rescoring.by_company(boxes, GSD_M).known("row_sum"))[above]
    assert alone.sum() > 4
    for moved in (odds[1] - odds[0], odds[2] - odds[1]):
        assert moved.min() < 0.1
        np.testing.assert_allclose(moved[alone], 1.0)
    np.testing.assert_array_equal(more[~above], before[~above])
