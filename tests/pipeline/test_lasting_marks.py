"""Marks that a farther look has to bear out: the next one that shows them decides, over tiles and hidden ground."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
from affine import Affine

from changedet.blocks import Window, tiles
from changedet.grid import Grid
from changedet.kernels import components
from changedet.pipeline import mask_files
from changedet.pipeline.lasting_marks import finish_masks, not_borne_out
from changedet.stages.change.kernels import mark_rims, old_outlines
from changedet.stages.change.kernels.movers import STEP
from changedet.store.packing import pack

SHAPE = (40, 60)
FIELD, PAD = np.s_[5:25, 10:50], np.s_[30:36, 10:50]


def painted(**values):
    """A mask with a value on the field and another on the pad."""
    mask = np.zeros(SHAPE, np.uint8)
    mask[FIELD], mask[PAD] = values.get("field", 0), values.get("pad", 0)
    return mask


def written(folder: Path, *masks) -> list[Path]:
    paths = [folder / f"{k}.tif" for k in range(len(masks))]
    for path, mask in zip(paths, masks, strict=True):
        with rasterio.open(path, "w", driver="GTiff", height=40, width=60, count=1, dtype="uint8", nodata=255) as out:
            out.write(mask, 1)
    return paths


def told(mask, farther, chunk=100, asked=(True, True)):
    """Of the field and the pad, however the site is cut."""
    raw, own = {}, {}
    for window in tiles(SHAPE, chunk):
        part = np.ascontiguousarray(mask[window.slices])
        raw[window] = pack(part)
        place = window.y // chunk, window.x // chunk
        own[window] = place, components.describe_tile(components.label(part), (window.y, window.x), SHAPE[1], ())
    regions = components.join(dict(own.values()))
    ids = {window: regions.ids[place] for window, (place, _) in own.items()}
    return not_borne_out(raw, ids, np.array(asked), farther).tolist()


@pytest.mark.parametrize("chunk", [100, 16])
def test_the_next_look_that_shows_a_mark_tells_whether_it_lasts(tmp_path, chunk):
    mask = painted(field=1, pad=1)
    after, last = written(tmp_path, painted(pad=1), painted(field=1))
    assert told(mask, [after, last], chunk) == [True, False]
    assert told(mask, [last, after], chunk) == [False, True]


def test_what_no_farther_look_shows_is_kept(tmp_path):
    mask = painted(field=1, pad=1)
    (hidden,) = written(tmp_path, painted(field=255, pad=255))
    assert told(mask, [hidden]) == told(mask, []) == [False, False]


def test_a_hidden_look_leaves_the_word_to_the_next(tmp_path):
    hidden, bare = written(tmp_path, painted(field=255, pad=1), painted())
    assert told(painted(field=1, pad=1), [hidden, bare]) == [True, False]


def test_half_of_what_a_look_shows_bears_a_mark_out(tmp_path):
    part = painted(field=1)
    part[5:16] = 0
    most = painted(field=1)
    most[5:14] = 0
    less, more = written(tmp_path, part, most)
    assert told(painted(field=1), [less], asked=(True,)) == [True]
    assert told(painted(field=1), [more], asked=(True,)) == [False]


def test_marks_that_are_in_no_doubt_are_kept(tmp_path):
    (bare,) = written(tmp_path, painted())
    assert told(painted(field=1, pad=1), [bare], asked=(False, True)) == [False, True]


def finishing(in_doubt):
    """The order in which the looks 3, 4 and 6 of a side are finished, the fifth being done, and what each is told."""
    done = []

    def writer(i):
        return SimpleNamespace(
            asks_farther_looks=in_doubt and i == 3, finish=lambda farther=(): done.append((i, [*farther]))
        )

    plan = SimpleNamespace(looks=[SimpleNamespace(date=i) for i in range(7)], mask_file=lambda day: day)
    job = SimpleNamespace(asks_rims=lambda k: k != 1)
    finish_masks(plan, job, [3, 4, 5, 6], {i: writer(i) for i in (3, 4, 6)})
    return done


def test_masks_are_finished_from_the_farthest_where_one_asks_for_another():
    """Of a look that is not compared in near infrared nothing is asked."""
    assert finishing(in_doubt=True) == [(6, []), (4, [5, 6]), (3, [5, 6])]
    assert sorted(finishing(in_doubt=False)) == [(3, []), (4, []), (6, [])]


def along_rim(mask, **means):
    """Figures of rims as of a ripe crop whose outline is new in patches, with others of the means in e-folds."""
    rims, outlines = np.zeros((mark_rims.FIGURES, *SHAPE)), np.zeros((old_outlines.FIGURES, *SHAPE))
    figures = {"DATE": 0.3 * STEP, "REFERENCE": 0.25 * STEP, "NEW": 0.2, "GREEN": 1.0, "LOST": STEP} | means
    outlines[old_outlines.RIM] = mask
    for name, mean in figures.items():
        outlines[getattr(old_outlines, name)] = mean * mask
    return tuple(np.concatenate([rims, outlines]).astype(np.float32))


@pytest.mark.parametrize(
    ("means", "after", "is_marked"),
    [
        ({}, 0, False),  # the next look does not mark the crop
        ({}, 1, True),
        ({}, 255, True),  # or does not show it
        ({"NEW": 0.9}, 0, True),  # its outline is new
    ],
)
def test_a_date_leaves_out_a_crop_that_the_next_look_does_not_mark(tmp_path, monkeypatch, means, after, is_marked):
    monkeypatch.setattr(mask_files, "score_file", lambda _plan, _day: None)
    grid = Grid("EPSG:32633", Affine(0.5, 0, 500_000, 0, -0.5, 5_400_000), SHAPE)
    look, window = SimpleNamespace(date="2023-01-01", name="look"), Window(0, 0, *SHAPE)
    plan = SimpleNamespace(
        site_id="site",
        mask_file=lambda _day: tmp_path / "mask.tif",
        folder=SimpleNamespace(table=lambda _name, _day: tmp_path / "changes.parquet"),
    )
    rasters = mask_files.DateRasters(plan, SimpleNamespace(grid=grid, look=look, reference=None))
    writer = mask_files.MaskWriter(rasters, mask_files.MaskRule("trees", 0.5, 1.0, asks_rims=True), "score")
    mask = painted(field=1)
    figures = mask.astype(np.float32), *along_rim(mask, **means)
    regions = components.describe_tile(components.label(mask), (0, 0), SHAPE[1], figures)
    writer.take(window, mask_files.MaskTile(None, pack(mask), regions))
    assert writer.asks_farther_looks is ("NEW" not in means)
    writer.finish(written(tmp_path, painted(field=after)))
    with rasterio.open(tmp_path / "mask.tif") as found:
        assert (found.read(1)[FIELD] == 1).all() == is_marked
